//! What one peer heard, held against what the room was told.
//!
//! A stream is right when it can be explained: from the first byte to the last
//! it is the greeting, the room's lines in order, answers in the order of the
//! questions, private texts, and the skips that were told. Where a byte can be
//! explained in two ways, both are followed.

use std::collections::HashSet;

use snug_core::server::full_notice;

use super::deeds::{Asked, Deeds, Truth};
use super::pages::Page;
use super::room::Room;
use super::words::online;

pub(crate) const SWITCHED: &str = "\n> This is Snug; #help lists what it knows\n";
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
    /// Lines that were skipped in the classic dialect, which cannot say so.
    pub(crate) untold: usize,
    /// Whether lines are skipped here is what is looked at.
    pub(crate) skipping: bool,
    pub(crate) lines: u64,
    /// How many of the lines came before the switch.
    pub(crate) classic_lines: u64,
    pub(crate) skipped: u64,
    pub(crate) answers: Vec<Answer>,
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

/// What is said to one for whom there is no place.
fn full() -> Vec<u8> {
    let mut notice = vec![0; 128];
    let len = full_notice(&mut notice);
    notice.truncate(len);
    notice
}

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
type Key = (usize, usize, usize, usize, usize, bool, Page);

impl State {
    /// What was asked next has its answer.
    pub(crate) fn answer(&mut self, answer: Answer) {
        self.answers.push(answer);
        self.asked += 1;
        self.page = Page::None;
    }

    fn key(&self) -> Key {
        let Self { at, next, asked, untold, privates_lost, skipping, .. } = *self;
        (at, next, asked, untold, privates_lost, skipping, self.page.clone())
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
             next answer: {:?}\n  {:?}, {:?}, {} untold, full: {}",
            self.truth.shown,
            best.at,
            String::from_utf8_lossy(after),
            self.weight(best.next, self.room.lines.len()),
            self.log,
            self.truth.asked.get(best.asked),
            best.phase,
            best.page,
            best.untold,
            self.was_full,
        )
    }

    /// Whether all is explained, and nothing is missing.
    fn ends(&self, state: &State) -> bool {
        if state.at < self.bytes.len() {
            return false;
        }
        let told = state.phase == Phase::Classic || state.untold == 0;
        let all = state.phase != Phase::Greeting
            && state.page == Page::None
            && self.next_line(state).is_none()
            && state.asked == self.truth.asked.len();
        !self.complete || (all && told)
    }

    /// What may come next, each with the state behind it.
    fn follow(&self, state: &State) -> Vec<State> {
        let rest = &self.bytes[state.at..];
        match state.phase {
            Phase::Greeting => self.greeting(state, rest),
            Phase::Classic => self.classic(state, rest),
            Phase::Lines => match rest.iter().position(|&byte| byte == b'\n') {
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
    fn tail(&self, state: &State) -> Option<State> {
        (!self.complete).then(|| State { at: self.bytes.len(), ..state.clone() })
    }

    fn greeting(&self, state: &State, rest: &[u8]) -> Vec<State> {
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

    fn classic(&self, state: &State, rest: &[u8]) -> Vec<State> {
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
            for behind in self.classic_line(moved, rest, self.room.lines[n].text.as_bytes()) {
                if self.bytes[behind.at..].starts_with(b"\n") {
                    let at = behind.at + 1;
                    found.push(State { at, phase: Phase::Lines, ..behind.clone() });
                }
                found.push(behind);
            }
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
            found.extend(self.classic_line(moved, rest, line));
        }
        found.reverse();
        found
    }

    /// A line whole, or as much of it as came before it was cut, or ended.
    fn classic_line(&self, state: State, rest: &[u8], line: &[u8]) -> Vec<State> {
        let common = rest.iter().zip(line).take_while(|(a, b)| a == b).count();
        let mut found: Vec<_> = self.classic_cut(&state, rest, common).into_iter().collect();
        if common == line.len() {
            let (at, lines) = (state.at + common, state.lines + 1);
            found.push(State { at, lines, classic_lines: lines, ..state });
        } else if common == rest.len() {
            found.extend(self.tail(&state));
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
        let until = self.next_line(state).unwrap_or(self.room.lines.len());
        let mut found = vec![switched.clone()];
        for next in state.next..until {
            if self.is_for(next, Phase::Lines) {
                found.push(State { next: next + 1, ..switched.clone() });
            }
        }
        found
    }

    /// The switch where the peer had the half of a line: the other half has a
    /// newline already, and more lines may have come with it.
    fn late_switch(&self, state: &State, line: &str) -> Option<State> {
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

    /// What a whole line may be.
    fn line(&self, state: State, line: &str) -> Vec<State> {
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

    /// Whether a peer may miss what comes before the line `to`: its link was
    /// full, or it was not let in yet, and it was half the log behind.
    fn may_skip(&self, state: &State, to: usize) -> bool {
        self.may_ever_skip(state) && self.weight(state.next, to + 1) >= self.log / 2
    }

    fn may_ever_skip(&self, state: &State) -> bool {
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

    fn next_line(&self, state: &State) -> Option<usize> {
        self.next_lines(state).next()
    }

    fn next_lines(&self, state: &State) -> impl Iterator<Item = usize> {
        let phase = state.phase;
        (state.next..self.room.lines.len()).filter(move |&n| self.is_for(n, phase))
    }

    fn is_for(&self, n: usize, phase: Phase) -> bool {
        let line = &self.room.lines[n];
        line.who != self.peer && (phase == Phase::Lines || !line.not_classic)
    }
}
