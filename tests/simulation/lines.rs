//! Lines of a stream, each of which tells what it is.

use super::pages::Page;
use super::stream::{CUT, State, Stream};

pub(crate) const PUT_OUT: &str = "! you are put out; ask who keeps the room";

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
        found.extend(self.transfer(&state, line));
        found.extend(self.put_out(&state, line));
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

    /// The operator has put it out.
    fn put_out(&self, state: &State, line: &str) -> Option<State> {
        (self.truth.put_out && line == PUT_OUT).then(|| state.clone())
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
        // One that is cut may begin as others do that came before.
        let comes_next = |at: &usize| {
            let from = self.deeds.privates[*at].from;
            let last = |&&other: &&usize| self.deeds.privates[other].from == from;
            state.privates.iter().rev().find(last).is_none_or(|other| other < at)
        };
        let at = (0..self.deeds.privates.len()).filter(is_it).find(comes_next)?;
        let private = &self.deeds.privates[at];
        assert!(self.truth.names.iter().any(|name| name == to), "{line:?} is for somebody else");
        let whole = private.body == body || line.ends_with(CUT);
        assert!(whole && !from.is_empty(), "{line:?} is not whole");
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
        (0..=most).flat_map(|private| self.jumps(state, count, private)).collect()
    }

    /// The ways in which `count` messages, so many of them private, were
    /// skipped. What was skipped before the switch was counted as in the
    /// classic dialect, without that for which this has no sentence.
    fn jumps(&self, state: &State, count: usize, private: usize) -> Vec<State> {
        let Some(last) = self.room.lines.len().checked_sub(1) else { return Vec::new() };
        let lines: Vec<_> = self.next_lines(state).collect();
        let unspeakable = |n: usize| self.room.lines[lines[n]].not_classic;
        let counted = count - state.untold - private;
        let mut found = Vec::new();
        let mut silent = (0..counted.min(lines.len())).filter(|&n| unspeakable(n)).count();
        for passed in counted..=lines.len() {
            if passed - counted > silent {
                break;
            }
            let mut to = State { untold: 0, ..state.clone() };
            to.next = lines[..passed].last().map_or(state.next, |n| n + 1);
            to.skipped += count as u64;
            to.privates_lost += private;
            // Lines of its own may be the newest.
            let newest = self.next_line(&to).unwrap_or(last).min(last);
            if count == state.untold || self.may_skip(state, newest) {
                found.push(to);
            }
            if state.lines != state.classic_lines || passed == lines.len() {
                break;
            }
            silent += usize::from(unspeakable(passed));
        }
        found
    }
}
