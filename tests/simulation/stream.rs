//! What one peer heard, held against what the room was told.
//!
//! A stream is right when it can be explained: from the first byte to the last
//! it is the greeting, the room's lines in order, answers in the order of the
//! questions, private texts, and the skips that were told. Where a byte can be
//! explained in two ways, both are followed.

use std::collections::HashSet;

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

/// Explanations that are followed before a stream counts as unclear.
const MOST_STEPS: usize = 2_000_000;
const MOST_ENDS: usize = 32;

impl State {
    /// What makes a difference to what comes behind it.
    fn key(&self) -> (usize, usize, usize, usize, usize, bool, Page) {
        let Self { at, next, asked, untold, privates_lost, skipping, .. } = *self;
        (at, next, asked, untold, privates_lost, skipping, self.page.clone())
    }
}

impl Stream<'_> {
    /// All ways in which the stream can be explained; at least one.
    pub(crate) fn explain(&self) -> Vec<State> {
        let mut open = vec![State { next: self.truth.since, ..State::default() }];
        let (mut ends, mut best) = (Vec::new(), State::default());
        let mut seen = HashSet::new();
        for _ in 0..MOST_STEPS {
            let Some(state) = open.pop() else { break };
            if !seen.insert(state.key()) {
                continue;
            }
            if state.at == self.bytes.len() && self.may_end(&state) {
                ends.push(state);
                if ends.len() == MOST_ENDS {
                    break;
                }
                continue;
            }
            if state.at >= best.at {
                best = state.clone();
            }
            open.extend(self.follow(&state));
        }
        assert!(!ends.is_empty(), "{}", self.complaint(&best));
        ends
    }

    fn complaint(&self, best: &State) -> String {
        let from = best.at.saturating_sub(200);
        let before = String::from_utf8_lossy(&self.bytes[from..best.at]);
        let after = &self.bytes[best.at..self.bytes.len().min(best.at + 200)];
        let next = self.next_line(best).map(|n| &self.room.lines[n].text);
        format!(
            "what {} heard cannot be explained behind byte {}\n  before: {before:?}\n  found: {:?}\n  \
             next line of the room: {next:?}\n  next answer: {:?}\n  {:?}, {:?}, {} untold, full: {}",
            self.truth.shown,
            best.at,
            String::from_utf8_lossy(after),
            self.truth.asked.get(best.asked),
            best.phase,
            best.page,
            best.untold,
            self.was_full,
        )
    }

    fn may_end(&self, state: &State) -> bool {
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
        let text = format!("> Connected to the chat server {}", online(self.truth.greeting));
        if rest.starts_with(text.as_bytes()) {
            let at = state.at + text.len();
            return vec![State { at, phase: Phase::Classic, ..state.clone() }];
        }
        let cut = text.as_bytes().starts_with(rest);
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
        self.answer(&mut switched, Answer::Granted);
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
        if !asked || !line.is_empty() || !rest.starts_with(answer) {
            return None;
        }
        let mut switched = State { at: state.at + answer.len(), ..state.clone() };
        self.answer(&mut switched, Answer::Granted);
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
        let newest = to.next.min(self.room.lines.len().checked_sub(1)?);
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

    pub(crate) fn answer(&self, state: &mut State, answer: Answer) {
        state.answers.push(answer);
        state.asked += 1;
        state.page = Page::None;
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
        line.who != self.peer && (phase == Phase::Lines || !line.line_peers_only)
    }
}
