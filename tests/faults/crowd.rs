//! More people than usual, than places, and than descriptors.

use core::time::Duration;
use std::thread;

use rustix::process::{Resource, Rlimit, getrlimit, prlimit, setrlimit};

use crate::peer::Peer;
use crate::served::Served;

const FULL: &str = "! the room is full; try again later\n";

/// Time on a processor in a second that nobody would call spinning.
const IDLE: Duration = Duration::from_millis(200);

/// What the server uses while one looks on for half a second.
fn use_when_left_alone(room: &Served) -> Duration {
    let before = room.used_time();
    thread::sleep(Duration::from_millis(500));
    2 * room.used_time().saturating_sub(before)
}

/// 2,000 where the server is optimised, as it is in a step of `.ci/run`.
const CROWD: u64 = if cfg!(debug_assertions) { 600 } else { 2_000 };

#[test]
fn very_many_who_are_silent_cost_nothing() {
    let maximum = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).unwrap();
    // Fewer where a machine allows no more, beside the other tests' descriptors.
    let count = maximum.map_or(CROWD, |most| CROWD.min(most.saturating_sub(400)));
    let room = Served::start(&["--max-clients", "2100"]);
    let mut crowd: Vec<Peer> = Vec::new();
    for count in 1..=count {
        let mut peer = room.join();
        let s = if count > 1 { "s" } else { "" };
        peer.expect(format!("> Connected to the chat server ({count} user{s} online)"));
        crowd.push(peer);
    }
    let mut last = crowd.pop().unwrap();
    crowd[0].until(format!("({count} users online)"));
    last.send("hello, all");
    let text = format!("[{}] hello, all", last.addr);
    for peer in &mut crowd {
        peer.until(&text);
    }
    assert!(use_when_left_alone(&room) < IDLE);
    room.assert_serves(&[]);
    drop(last);
    crowd.truncate(1);
    crowd[0].until("(1 user online)");
    room.assert_serves(&[]);
}

#[test]
fn between_lines_it_sleeps() {
    let room = Served::start(&[]);
    let (mut ada, mut bob) = (room.line(), room.line());
    // Who answers at once is waited for awake; who pauses is not.
    for number in 0..200 {
        ada.send(format!("{number}\n"));
        bob.until(format!("[{}] {number}", ada.addr));
    }
    let before = room.used_time();
    for _ in 0..50 {
        thread::sleep(Duration::from_millis(10));
        ada.send("and so on\n");
        bob.until(format!("[{}] and so on", ada.addr));
    }
    assert!(2 * room.used_time().saturating_sub(before) < IDLE);
}

#[test]
fn a_full_room_says_so() {
    let room = Served::start(&["--max-clients", "3"]);
    let (mut ada, _bob, eve) = (room.line(), room.classic(), room.line());
    for _ in 0..20 {
        let mut late = room.join();
        assert_eq!(String::from_utf8(late.ends()).unwrap(), FULL);
    }
    // Nobody heard of those.
    ada.until("(3 users online)\n");
    drop(eve);
    assert!(ada.line().starts_with("< The user "));
    drop(ada);
    room.assert_serves(&[]);
}

#[test]
fn no_more_are_let_in_than_there_are_descriptors_for() {
    let script = r#"ulimit -n 84; exec "$0" "$@""#;
    let room = Served::start_through(script, &["--max-transfers", "4"]);
    let said = String::from_utf8(room.complaints.so_far()).unwrap();
    assert_eq!(said, "srv: the system has descriptors for 8 clients, not 1024\n");
    let mut inside: Vec<_> = (0..8).map(|_| room.line()).collect();
    for _ in 0..20 {
        assert_eq!(String::from_utf8(room.join().ends()).unwrap(), FULL);
    }
    // Links of those who were let go stay for a while, more than there are
    // descriptors for. Whoever comes then is let in or told.
    inside.truncate(4);
    let mut gone = Vec::new();
    for _ in 0..120 {
        let mut peer = room.join();
        let words = peer.words();
        if words != FULL {
            assert!(words.starts_with("> Connected to the chat server"), "{words}");
            peer.send("\n#quit\n");
            peer.is_put_out();
        }
        gone.push(peer);
    }
    assert!(use_when_left_alone(&room) < IDLE);
    room.assert_serves(&[]);
}

#[test]
fn without_descriptors_it_does_not_spin_and_newcomers_are_told() {
    let room = Served::start(&[]);
    let mut ada = room.line();
    let few = Some(room.descriptors() as u64 + 3);
    let before = prlimit(
        Some(room.pid()),
        Resource::Nofile,
        Rlimit { current: few, maximum: getrlimit(Resource::Nofile).maximum },
    );
    let before = before.unwrap();
    let mut crowd: Vec<_> = (0..20).map(|_| room.join()).collect();
    let (mut inside, mut told) = (Vec::new(), 0);
    assert!(use_when_left_alone(&room) < IDLE);
    for mut peer in crowd.drain(..10) {
        match peer.words().as_str() {
            FULL => told += 1,
            words => {
                assert!(words.starts_with("> Connected to the chat server"), "{words}");
                inside.push(peer);
            }
        }
    }
    // A few descriptors were free below the highest.
    assert!(told > 0 && inside.len() < 8, "{told} told, {} inside", inside.len());
    ada.send("we are few\n");
    for peer in &mut inside {
        peer.until(format!("[{}] we are few", ada.addr));
    }
    // Those who wait come in when there are descriptors again.
    prlimit(Some(room.pid()), Resource::Nofile, before).unwrap();
    for mut peer in crowd {
        let words = peer.words();
        assert!(words == FULL || words.starts_with("> Connected to the chat"), "{words}");
    }
    drop(inside);
    room.assert_serves(&[]);
}
