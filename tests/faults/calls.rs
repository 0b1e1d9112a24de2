//! A call from elsewhere while people talk is seen to, however soon they fall
//! silent.

use rustix::process::Signal;

use crate::peer::Peer;
use crate::served::Served;

/// People who hear all that is said: enough for the room to be busy with it while
/// the next is said.
const PEOPLE: usize = 40;
/// How many of them talk at once, and what they say, one after the other.
const TALKERS: usize = 3;
const BURSTS: usize = 24;
/// How many rooms are told to end in the midst of it.
const ROOMS: usize = 24;

/// A busy room looks for more of what is said between its reads. What else it
/// finds there is for its next turn, and there must be one.
#[test]
fn a_room_that_is_told_to_end_while_many_talk_does() {
    for number in 0..ROOMS {
        let mut room = Served::start(&["--quiet"]);
        let mut people: Vec<Peer> = (0..PEOPLE).map(|_| room.line()).collect();
        for burst in 0..BURSTS {
            if burst == BURSTS - 1 - number % 8 {
                room.signal(Signal::TERM);
            }
            // It may have ended by now.
            let _ = people[burst % TALKERS].try_send("text\n".repeat(10));
        }
        assert!(room.ends().success());
    }
}
