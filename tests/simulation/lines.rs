//! Lines of a stream, each of which tells what it is.

use super::pages::Page;
use super::stream::{CUT, Phase, State, Stream};

impl Stream<'_> {
    /// What a whole line may be.
    pub(super) fn line(&self, state: State, line: &str) -> Vec<State> {
        if state.page != Page::None {
            return self.turn(state, line);
        }
        let mut found = Vec::new();
        if let Some(n) = self.next_line(&state)
            && self.room.lines[n].text == line
        {
            found.push(State { next: n + 1, lines: state.lines + 1, ..state.clone() });
        }
        found.extend(self.late_switch(&state, line));
        found.extend(self.cut(&state, line));
        found.extend(self.private(&state, line));
        found.extend(self.skips(&state, line));
        found.extend(self.begin_answer(state, line));
        found
    }

    fn cut(&self, state: &State, line: &str) -> Option<State> {
        let half = line.strip_suffix(CUT).filter(|half| self.was_full && !half.is_empty())?;
        let n = self.next_line(state)?;
        let whole = &self.room.lines[n].text;
        // The bytes may have ended within a character.
        let half = half.trim_end_matches(char::REPLACEMENT_CHARACTER);
        whole.starts_with(half).then(|| State { next: n + 1, ..state.clone() })
    }

    fn private(&self, state: &State, line: &str) -> Option<State> {
        if let Some(half) = line.strip_suffix(CUT).filter(|_| self.was_full)
            && half.starts_with('[')
            && !half.contains("] ")
        {
            // It is cut before what it says, so it is lost.
            return Some(State { privates_lost: state.privates_lost + 1, ..state.clone() });
        }
        let (names, body) = line.strip_prefix('[')?.split_once("] ")?;
        let (from, to) = names.split_once(" > ")?;
        let body = body.strip_suffix(CUT).filter(|_| self.was_full).unwrap_or(body);
        let is_it = |at: &usize| {
            let private = &self.deeds.privates[*at];
            private.to == self.peer && private.body.starts_with(body)
        };
        let at = (0..self.deeds.privates.len()).find(is_it)?;
        let private = &self.deeds.privates[at];
        assert!(self.truth.names.iter().any(|name| name == to), "{line:?} is for somebody else");
        let whole = private.body == body || line.ends_with(CUT);
        let last = |&&other: &&usize| self.deeds.privates[other].from == private.from;
        let in_order = state.privates.iter().rev().find(last).is_none_or(|&other| other < at);
        assert!(whole && in_order && !from.is_empty(), "{line:?} is not whole, or not in order");
        let mut state = state.clone();
        state.privates.push(at);
        Some(state)
    }

    /// `> N messages skipped`: N lines of the room, or some of them private.
    fn skips(&self, state: &State, line: &str) -> Vec<State> {
        let Some(rest) = line.strip_prefix("> ") else { return Vec::new() };
        let Some((count, words)) = rest.split_once(' ') else { return Vec::new() };
        let Ok(count) = count.parse::<usize>() else { return Vec::new() };
        let said = if count == 1 { "message skipped" } else { "messages skipped" };
        if words != said || count < state.untold {
            return Vec::new();
        }
        let privates = self.deeds.privates.iter().filter(|private| private.to == self.peer);
        let left = privates.count().saturating_sub(state.privates.len() + state.privates_lost);
        let most = left.min(count - state.untold);
        let jumps = (0..=most).filter_map(|private| self.jump(state, count, private, 0));
        let mut found: Vec<_> = jumps.collect();
        if state.lines == state.classic_lines {
            // Some may have been skipped before the switch, and counted as in
            // the classic dialect.
            let jumps = (1..=count).filter_map(|classic| self.jump(state, count, 0, classic));
            found.extend(jumps);
        }
        found
    }

    fn jump(&self, state: &State, count: usize, private: usize, classic: usize) -> Option<State> {
        let mut to = State { phase: Phase::Classic, ..state.clone() };
        for n in 0..count.checked_sub(state.untold + private)? {
            if n >= classic {
                to.phase = Phase::Lines;
            }
            to.next = self.next_line(&to)? + 1;
        }
        to.phase = Phase::Lines;
        // Lines of its own may be the newest.
        let last = self.room.lines.len().checked_sub(1)?;
        let newest = self.next_line(&to).unwrap_or(last).min(last);
        if !self.may_skip(state, newest) && count > state.untold {
            return None;
        }
        to.untold = 0;
        to.skipped += count as u64;
        to.privates_lost += private;
        Some(to)
    }
}
