//! The classic part of a stream: the greeting, lines without an end, and the
//! switch to those that have one.

use snug_core::server::full_notice;

use super::deeds::Asked;
use super::stream::{Answer, CUT, Phase, State, Stream};
use super::words::online;

const SWITCHED: &str = "\n> This is Snug; #help lists what it knows\n";

impl Stream<'_> {
    pub(super) fn greeting(&self, state: &State, rest: &[u8]) -> Vec<State> {
        let untold = self.truth.entered.is_none_or(|told| told >= state.next);
        let count = self.room.online(state.next) + u32::from(untold);
        let text = format!("> Connected to the chat server {}", online(count));
        if rest.starts_with(text.as_bytes()) {
            let at = state.at + text.len();
            return vec![State { at, phase: Phase::Classic, ..state.clone() }];
        }
        let turned_away = self.truth.entered.is_none() && full().starts_with(rest);
        let cut = turned_away || text.as_bytes().starts_with(rest);
        self.tail(state).filter(|_| cut).into_iter().collect()
    }

    pub(super) fn classic(&self, state: &State, rest: &[u8]) -> Vec<State> {
        if state.skipping {
            return self.skip_untold(state, rest);
        }
        let mut found = Vec::new();
        if self.may_ever_skip(state) {
            // Looked at last, and seldom: whatever explains more without it.
            found.push(State { skipping: true, ..state.clone() });
        }
        found.extend(self.switch(state, rest));
        if let Some(n) = self.next_line(state) {
            let moved = State { next: n + 1, ..state.clone() };
            found.extend(self.classic_line(&moved, rest, self.room.lines[n].text.as_bytes()));
        }
        found
    }

    /// Lines are missing, which the classic dialect has no words for.
    fn skip_untold(&self, state: &State, rest: &[u8]) -> Vec<State> {
        let mut found = Vec::new();
        let last = self.room.lines.len().saturating_sub(1);
        if rest.is_empty() && !self.is_for(last, state.phase) && self.may_skip(state, last) {
            // The newest line, to which it was taken forward, is its own.
            let untold = state.untold + self.next_lines(state).count();
            found.push(State { untold, next: last + 1, skipping: false, ..state.clone() });
        }
        for (jump, n) in self.next_lines(state).enumerate().skip(1) {
            let line = self.room.lines[n].text.as_bytes();
            if rest.first() != line.first() || !self.may_skip(state, n) {
                continue;
            }
            let untold = state.untold + jump;
            let moved = State { untold, next: n + 1, skipping: false, ..state.clone() };
            found.extend(self.classic_line(&moved, rest, line));
        }
        found.reverse();
        found
    }

    /// A line whole, or as much of it as came before it was cut, or ended; what
    /// was half out at the switch has a newline.
    fn classic_line(&self, state: &State, rest: &[u8], line: &[u8]) -> Vec<State> {
        let common = rest.iter().zip(line).take_while(|(a, b)| a == b).count();
        let cut = self.classic_cut(state, rest, common);
        let (at, lines) = (state.at + common, state.lines + 1);
        let whole = || State { at, lines, classic_lines: lines, ..state.clone() };
        let mut found = Vec::new();
        for behind in cut.into_iter().chain((common == line.len()).then(whole)) {
            if self.bytes[behind.at..].starts_with(b"\n") {
                let at = behind.at + 1;
                found.push(State { at, phase: Phase::Lines, ..behind.clone() });
            }
            found.push(behind);
        }
        if common < line.len() && common == rest.len() {
            found.extend(self.tail(state));
        }
        found
    }

    fn classic_cut(&self, state: &State, rest: &[u8], common: usize) -> Option<State> {
        let cut = CUT.as_bytes();
        let is_cut = |n: &usize| {
            let rest = &rest[*n..];
            rest.starts_with(cut) || (!self.complete && cut.starts_with(rest))
        };
        let n = (1..=common).find(is_cut).filter(|_| self.was_full)?;
        let at = self.bytes.len().min(state.at + n + cut.len());
        Some(State { at, ..state.clone() })
    }

    /// The switch to lines. What the classic dialect has no sentence for may
    /// have gone by already, or not.
    fn switch(&self, state: &State, rest: &[u8]) -> Vec<State> {
        let asked = matches!(self.truth.asked.get(state.asked), Some(Asked::Switch));
        if !asked || !rest.starts_with(SWITCHED.as_bytes()) {
            let cut = asked && SWITCHED.as_bytes().starts_with(rest);
            return self.tail(state).filter(|_| cut).into_iter().collect();
        }
        let mut switched = State { phase: Phase::Lines, ..state.clone() };
        switched.at += SWITCHED.len();
        switched.answer(Answer::Granted);
        let mut found = vec![switched.clone()];
        let until = self.next_line(state).unwrap_or(self.room.lines.len());
        let passed = (state.next..until).filter(|&n| self.is_for(n, Phase::Lines));
        found.extend(passed.map(|n| State { next: n + 1, ..switched.clone() }));
        found
    }

    /// The switch where the peer had the half of a line: the other half has a
    /// newline already, and more lines may have come with it.
    pub(super) fn late_switch(&self, state: &State, line: &str) -> Option<State> {
        let asked = matches!(self.truth.asked.get(state.asked), Some(Asked::Switch));
        let rest = &self.bytes[state.at..];
        let answer = &SWITCHED.as_bytes()[1..];
        if !asked || !line.is_empty() {
            return None;
        }
        if !rest.starts_with(answer) {
            return self.tail(state).filter(|_| answer.starts_with(rest));
        }
        let mut switched = State { at: state.at + answer.len(), ..state.clone() };
        switched.answer(Answer::Granted);
        Some(switched)
    }
}

/// What is said to one for whom there is no place.
fn full() -> Vec<u8> {
    let mut notice = vec![0; 128];
    let len = full_notice(&mut notice);
    notice.truncate(len);
    notice
}
