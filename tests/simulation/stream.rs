//! What one peer heard, held against what the room was told.
//!
//! A stream is right when it can be explained: from the first byte to the last
//! it is the greeting, the room's lines in order, answers in the order of the
//! questions, private texts, and the skips that were told. Where a byte can be
//! explained in two ways, `search` follows both.

use super::deeds::{Deeds, Truth};
use super::disk::Version;
use super::pages::Page;
use super::parts::Leg;
use super::room::Room;

pub(crate) const CUT: &str = " …[cut]";

/// A stream and all that can explain it.
pub(crate) struct Stream<'a> {
    pub(crate) peer: usize,
    pub(crate) bytes: &'a [u8],
    pub(crate) room: &'a Room,
    pub(crate) truth: &'a Truth,
    pub(crate) deeds: &'a Deeds,
    /// It was seen when it came.
    pub(crate) was_seen: bool,
    /// Its link was full at some time.
    pub(crate) was_full: bool,
    /// It is here to the end and has read all: nothing may be missing.
    pub(crate) complete: bool,
    /// The files that could be seen, and the bytes of a part.
    pub(crate) versions: &'a [Version],
    pub(crate) block: usize,
    /// Bytes of the room's log.
    pub(crate) log: usize,
    /// What all private texts take of it.
    pub(crate) privates: usize,
}

/// How far an explanation came.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    pub(crate) at: usize,
    /// The room's line that comes next.
    pub(crate) next: usize,
    /// What is answered next.
    pub(crate) asked: usize,
    pub(crate) phase: Phase,
    pub(crate) page: Page,
    pub(crate) leg: Leg,
    /// Lines that were skipped in the classic dialect, which cannot say so.
    pub(crate) untold: usize,
    /// Whether lines are skipped here is what is looked at.
    pub(crate) skipping: bool,
    pub(crate) lines: u64,
    /// How many of the lines came before the switch.
    pub(crate) classic_lines: u64,
    pub(crate) skipped: u64,
    pub(crate) answers: Vec<Answer>,
    /// What became of each transfer.
    pub(crate) transfers: Vec<Answer>,
    /// Private texts that came, and how many were among the skipped.
    pub(crate) privates: Vec<usize>,
    pub(crate) privates_lost: usize,
}

/// The dialect in which the next byte stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Phase {
    #[default]
    Greeting,
    Classic,
    Lines,
}

/// What became of something that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Granted,
    Refused(String),
}

impl State {
    /// What was asked next has its answer.
    pub(crate) fn answer(&mut self, answer: Answer) {
        self.answers.push(answer);
        self.asked += 1;
        self.page = Page::None;
    }
}

impl Stream<'_> {
    /// Whether all is explained, and nothing is missing.
    pub(super) fn ends(&self, state: &State) -> bool {
        if state.at < self.bytes.len() {
            return false;
        }
        let told = state.phase == Phase::Classic || state.untold == 0;
        let all = state.phase != Phase::Greeting
            && state.page == Page::None
            && self.next_line(state).is_none()
            && state.leg == Leg::None
            && state.asked == self.truth.asked.len()
            && state.transfers.len() == self.truth.transfers.len();
        !self.complete || (all && told)
    }

    /// What may come next, each with the state behind it.
    pub(super) fn follow(&self, state: &State) -> Vec<State> {
        let rest = &self.bytes[state.at..];
        match (state.phase, &state.leg) {
            (Phase::Greeting, _) => self.greeting(state, rest),
            (Phase::Classic, _) => self.classic(state, rest),
            (Phase::Lines, &Leg::Part(n, at, end)) => self.part(state, n, at, end),
            (Phase::Lines, _) => match rest.iter().position(|&byte| byte == b'\n') {
                Some(len) => {
                    let line = String::from_utf8_lossy(&rest[..len]);
                    let state = State { at: state.at + len + 1, ..state.clone() };
                    self.line(state, &line)
                }
                None => self.tail(state).into_iter().collect(),
            },
        }
    }

    /// The link ended in the middle of something.
    pub(super) fn tail(&self, state: &State) -> Option<State> {
        (!self.complete).then(|| State { at: self.bytes.len(), ..state.clone() })
    }

    /// Whether a peer may miss what comes before the line `to`: its link was
    /// full, or it was not let in yet, and it was half the log behind.
    pub(super) fn may_skip(&self, state: &State, to: usize) -> bool {
        self.may_ever_skip(state) && self.weight(state.next, to + 1) >= self.log / 2
    }

    pub(super) fn may_ever_skip(&self, state: &State) -> bool {
        self.was_full || state.lines == 0
    }

    /// The most that lines take of the log, with what is lost at the end of a
    /// lap and a line that was cut; private ones may stand anywhere.
    pub(crate) fn weight(&self, from: usize, to: usize) -> usize {
        self.room.weight(from, to) + self.privates + 2 * self.room.limit
    }

    /// Lines between two that a peer gets in a dialect.
    pub(crate) fn count(&self, from: usize, to: usize, phase: Phase) -> usize {
        (from..to).filter(|&n| self.is_for(n, phase)).count()
    }

    pub(super) fn next_line(&self, state: &State) -> Option<usize> {
        self.next_lines(state).next()
    }

    pub(super) fn next_lines(&self, state: &State) -> impl Iterator<Item = usize> {
        let phase = state.phase;
        (state.next..self.room.lines.len()).filter(move |&n| self.is_for(n, phase))
    }

    pub(super) fn is_for(&self, n: usize, phase: Phase) -> bool {
        let line = &self.room.lines[n];
        line.who != self.peer && (phase == Phase::Lines || !line.not_classic)
    }
}
