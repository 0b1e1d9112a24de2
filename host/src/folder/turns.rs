//! Whose turn it is: few uploads come by a pipe at once, each for a while.
//!
//! # Trade-offs
//!
//! - Files that all come at once would all end at once, and until then each of them
//!   would be taken from a MiB at a time. So each has some MiB taken in a row, while
//!   others wait: first come is sooner done, and all together are.
//! - Each thread that writes has turns of its own: one that waits for its disk
//!   holds up nobody's but its own.
//! - A turn ends by the clock, too, so that nobody waits long where the disk is
//!   slow, and as soon as nothing comes: who has a slow line keeps nobody waiting.
//!   Who waits is not who keeps its file from going on; the room is told so.

use core::time::Duration;
use std::collections::VecDeque;
use std::io;
use std::os::fd::AsFd;
use std::time::Instant;

use snug_core::store::TransferSlot;

use super::pipe::{Pipe, SIZE};

/// Turns of a thread at once: one that it works on, and one that is being received.
pub(super) const MOST: usize = 2;
/// Bytes of a turn, where others wait.
const BYTES: usize = 16 << 20;
/// How long it is, at most.
const TIME: Duration = Duration::from_millis(250);

/// Who of a thread's slots has a turn, and who waits for one; each stands in one
/// place at most.
#[derive(Debug, Default)]
pub(super) struct Turns {
    under_way: Vec<Turn>,
    waiting: VecDeque<TransferSlot>,
    /// Pipes that nobody has.
    idle: Vec<Pipe>,
}

#[derive(Debug)]
struct Turn {
    slot: TransferSlot,
    /// None while it is under way.
    pipe: Option<Pipe>,
    /// Bytes that are left of it.
    left: usize,
    until: Instant,
    /// It ends when the pipe comes back.
    over: bool,
}

impl Turns {
    /// How many bytes a slot can get now: 0 where it has to wait, none where there
    /// is no pipe for it. Who waits for a turn is told by [`next`](Self::next).
    pub(super) fn ask(&mut self, slot: TransferSlot) -> Option<usize> {
        if let Some(turn) = self.under_way.iter().find(|turn| turn.slot == slot) {
            return Some(if turn.pipe.is_some() { SIZE } else { 0 });
        }
        if self.under_way.len() < MOST && self.waiting.is_empty() {
            let pipe = self.idle.pop().or_else(Pipe::new)?;
            self.under_way.push(Turn::new(slot, pipe));
            return Some(SIZE);
        }
        if !self.waiting.contains(&slot) {
            self.waiting.push_back(slot);
        }
        Some(0)
    }

    /// Whether something of a slot is under way.
    pub(super) fn is_busy(&self, slot: TransferSlot) -> bool {
        self.under_way.iter().any(|turn| turn.slot == slot && turn.pipe.is_none())
    }

    /// The pipe of a slot with what a socket has now, up to `most` bytes, if that
    /// is anything; its turn goes on when it comes [back](Self::take_back).
    pub(super) fn take_in(
        &mut self,
        slot: TransferSlot,
        most: usize,
        socket: impl AsFd,
    ) -> io::Result<Option<Pipe>> {
        let Some(turn) = self.under_way.iter_mut().find(|turn| turn.slot == slot) else {
            return Ok(None);
        };
        let Some(pipe) = &mut turn.pipe else { return Ok(None) };
        let count = pipe.take_in(most, socket)?;
        turn.left = turn.left.saturating_sub(count);
        Ok(if count > 0 { turn.pipe.take() } else { None })
    }

    /// What was in a slot's pipe is written, or never will be.
    pub(super) fn take_back(&mut self, slot: TransferSlot, pipe: Pipe) {
        let Some(at) = self.under_way.iter().position(|turn| turn.slot == slot) else { return };
        if pipe.held() > 0 || self.under_way[at].over {
            self.under_way.swap_remove(at);
            self.keep(pipe);
        } else {
            self.under_way[at].pipe = Some(pipe);
        }
    }

    /// Ends a slot's turn, if it has one and nothing of it is under way; whether
    /// somebody has waited for that.
    fn pass(&mut self, slot: TransferSlot) -> bool {
        let here = |turn: &Turn| turn.slot == slot && turn.pipe.is_some();
        let Some(at) = self.under_way.iter().position(here) else { return false };
        self.end(at);
        !self.waiting.is_empty()
    }

    /// A slot wants no turn for now: ends the one that it has, as soon as nothing of
    /// it is under way, and its waiting. Whether somebody has waited for that.
    pub(super) fn leave(&mut self, slot: TransferSlot) -> bool {
        self.waiting.retain(|&other| other != slot);
        for turn in self.under_way.iter_mut().filter(|turn| turn.slot == slot) {
            turn.over = true;
        }
        self.pass(slot)
    }

    /// Who has its turn now, having waited for it.
    pub(super) fn next(&mut self) -> Option<TransferSlot> {
        let &slot = self.waiting.front()?;
        if self.under_way.len() == MOST {
            let now = Instant::now();
            let at = self.under_way.iter().position(|turn| turn.has_had(now))?;
            self.end(at);
        }
        self.waiting.pop_front();
        // Without a pipe it is told so when it asks again.
        if let Some(pipe) = self.idle.pop().or_else(Pipe::new) {
            self.under_way.push(Turn::new(slot, pipe));
        }
        Some(slot)
    }

    /// What is under way of a slot will never come back.
    pub(super) fn lose(&mut self, slot: TransferSlot) {
        self.under_way.retain(|turn| turn.slot != slot);
    }

    fn end(&mut self, at: usize) {
        if let Some(pipe) = self.under_way.swap_remove(at).pipe {
            self.keep(pipe);
        }
    }

    /// Keeps a pipe for the next turn, unless something is in it that nobody wants.
    fn keep(&mut self, pipe: Pipe) {
        if pipe.held() == 0 {
            self.idle.push(pipe);
        }
    }
}

impl Turn {
    fn new(slot: TransferSlot, pipe: Pipe) -> Self {
        Self { slot, pipe: Some(pipe), left: BYTES, until: Instant::now() + TIME, over: false }
    }

    /// Whether it has lasted long enough, and nothing of it is under way.
    fn has_had(&self, now: Instant) -> bool {
        self.pipe.is_some() && (self.left == 0 || self.until <= now)
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::io::Write;
    use std::os::unix::net::UnixStream;

    use super::*;

    /// In which a test is over.
    const LONG: Duration = Duration::from_mins(10);

    fn slot(index: usize) -> TransferSlot {
        TransferSlot::new(u16::try_from(index).unwrap())
    }

    /// As many as can have a turn have one, and two more wait.
    fn crowded() -> Turns {
        let mut turns = Turns::default();
        for index in 0..MOST {
            assert_eq!(turns.ask(slot(index)), Some(SIZE));
        }
        for index in [MOST, MOST + 1, MOST] {
            assert_eq!(turns.ask(slot(index)), Some(0));
        }
        for turn in &mut turns.under_way {
            turn.until += LONG;
        }
        assert_eq!(turns.next(), None);
        turns
    }

    /// Has four bytes under way of what a slot gets.
    fn set_out(turns: &mut Turns, index: usize) -> Pipe {
        let (near, mut far) = UnixStream::pair().unwrap();
        far.write_all(b"text").unwrap();
        let pipe = turns.take_in(slot(index), SIZE, &near).unwrap().unwrap();
        assert_eq!(turns.ask(slot(index)), Some(0));
        pipe
    }

    fn emptied(mut pipe: Pipe) -> Pipe {
        let (near, _far) = UnixStream::pair().unwrap();
        assert_eq!(pipe.drain(4, &near).unwrap(), 4);
        pipe
    }

    #[test]
    fn who_waits_has_the_turn_of_who_has_nothing_to_send() {
        let mut turns = crowded();
        assert!(turns.pass(slot(1)));
        assert!(!turns.pass(slot(1)), "it has none any more");
        assert_eq!(turns.ask(slot(1)), Some(0), "others were first");
        assert_eq!(turns.next(), Some(slot(MOST)));
        assert_eq!(turns.ask(slot(MOST)), Some(SIZE));
        for (passes, next) in [(0, MOST + 1), (MOST, 1)] {
            assert!(turns.pass(slot(passes)));
            assert_eq!(turns.next(), Some(slot(next)));
        }
        assert!(!turns.pass(slot(1)), "nobody waits");
        assert_eq!((turns.next(), turns.ask(slot(0))), (None, Some(SIZE)));
    }

    #[test]
    fn a_turn_ends_by_bytes_and_by_the_clock_where_others_wait() {
        let mut turns = crowded();
        turns.under_way[1].left = 4;
        let pipe = set_out(&mut turns, 1);
        assert_eq!(turns.next(), None, "it is under way");
        turns.take_back(slot(1), emptied(pipe));
        assert_eq!(turns.next(), Some(slot(MOST)));
        turns.under_way[0].until = Instant::now();
        assert_eq!(turns.next(), Some(slot(MOST + 1)));
        for turn in &mut turns.under_way {
            turn.left = 0;
        }
        assert_eq!((turns.next(), turns.ask(slot(MOST))), (None, Some(SIZE)), "nobody waits");
    }

    #[test]
    fn what_is_over_makes_room_when_nothing_is_under_way_any_more() {
        let mut turns = crowded();
        let pipe = set_out(&mut turns, 0);
        assert!(!turns.leave(slot(0)));
        assert_eq!(turns.next(), None);
        turns.take_back(slot(0), emptied(pipe));
        assert!(!turns.leave(slot(MOST)), "it only waited");
        assert_eq!(turns.next(), Some(slot(MOST + 1)));
        assert!(turns.under_way.iter().all(|turn| turn.pipe.as_ref().unwrap().held() == 0));
    }

    #[test]
    fn a_pipe_with_something_in_it_is_given_to_nobody() {
        let mut turns = crowded();
        let pipe = set_out(&mut turns, 0);
        turns.take_back(slot(0), pipe);
        assert!(turns.idle.is_empty());
        assert_eq!(turns.next(), Some(slot(MOST)));
        assert_eq!(set_out(&mut turns, MOST).held(), 4);
        turns.lose(slot(MOST));
        assert_eq!(turns.next(), Some(slot(MOST + 1)));
    }
}
