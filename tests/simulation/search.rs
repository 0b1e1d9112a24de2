//! The search for an explanation of a stream.

use std::collections::HashSet;

use super::pages::Page;
use super::parts::Leg;
use super::stream::{State, Stream};

/// A search for explanations of a stream, depth first.
pub(crate) struct Ways<'a> {
    stream: &'a Stream<'a>,
    open: Vec<State>,
    seen: HashSet<Key>,
    /// The one that came furthest.
    best: State,
    steps: usize,
}

/// Steps of a search before a stream counts as unclear.
const MOST_STEPS: usize = 2_000_000;

impl Iterator for Ways<'_> {
    type Item = State;

    fn next(&mut self) -> Option<State> {
        while let Some(state) = self.open.pop().filter(|_| self.steps < MOST_STEPS) {
            self.steps += 1;
            if !self.seen.insert(state.key()) {
                continue;
            }
            if self.stream.ends(&state) {
                return Some(state);
            }
            self.open.extend(self.stream.follow(&state));
            if state.at >= self.best.at {
                self.best = state;
            }
        }
        None
    }
}

/// What makes a difference to what comes behind a state.
type Key = ([usize; 6], bool, Page, Leg);

impl State {
    fn key(&self) -> Key {
        let Self { at, next, asked, untold, privates_lost, skipping, leg, .. } = *self;
        let places = [at, next, asked, untold, privates_lost, self.transfers.len()];
        (places, skipping, self.page.clone(), leg)
    }
}

impl Stream<'_> {
    /// The ways in which the stream can be explained, the likeliest first.
    pub(crate) fn ways(&self) -> Ways<'_> {
        let open = self.beginnings().collect();
        Ways { stream: self, open, seen: HashSet::new(), best: State::default(), steps: 0 }
    }

    /// It came when so many lines had been said, if that was seen, and up to
    /// when it was told of if not.
    fn beginnings(&self) -> impl Iterator<Item = State> {
        let since = self.truth.since;
        let entered = self.truth.entered.unwrap_or(self.room.lines.len());
        let until = if self.was_seen { since } else { entered.max(since) };
        (since..=until).map(|next| State { next, ..State::default() })
    }

    /// The first of them; there must be one.
    pub(crate) fn explain(&self) -> State {
        let mut ways = self.ways();
        ways.next().unwrap_or_else(|| panic!("{}", self.complaint(&ways.best)))
    }

    fn complaint(&self, best: &State) -> String {
        let from = best.at.saturating_sub(200);
        let before = String::from_utf8_lossy(&self.bytes[from..best.at]);
        let after = &self.bytes[best.at..self.bytes.len().min(best.at + 200)];
        let next = self.next_line(best).map(|n| &self.room.lines[n].text);
        format!(
            "what {} heard cannot be explained behind byte {}\n  before: {before:?}\n  found: {:?}\n  \
             next line of the room: {next:?} ({} more bytes, the log has {})\n  \
             next answer: {:?}\n  next transfer: {:?}\n  {:?}, {:?}, {:?}, {} untold, full: {}",
            self.truth.shown,
            best.at,
            String::from_utf8_lossy(after),
            self.weight(best.next, self.room.lines.len()),
            self.log,
            self.truth.asked.get(best.asked),
            self.truth.transfers.get(best.transfers.len()),
            best.phase,
            best.page,
            best.leg,
            best.untold,
            self.was_full,
        )
    }
}
