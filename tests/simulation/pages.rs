//! Answers of a peer's stream, and those of several lines above all.

use snug_core::wire::command::COMMANDS;

use super::deeds::Asked;
use super::disk::Version;
use super::lines::PUT_OUT;
use super::stream::{Answer, CUT, Phase, State, Stream};

/// The answer of several lines in which a stream is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Page {
    #[default]
    None,
    /// Those who are here, as far as they were listed.
    Who(Vec<String>),
    /// The files, as far as they were listed.
    Files(Vec<String>),
    /// Lines that were before: the first, the one behind the last, how many.
    History(usize, usize, usize),
    /// So many lines of the help.
    Help(usize),
}

impl Stream<'_> {
    /// A line may be the first of the answer that is due.
    pub(crate) fn begin_answer(&self, mut state: State, line: &str) -> Vec<State> {
        let Some(asked) = self.truth.asked.get(state.asked) else { return Vec::new() };
        if self.waits_for_transfer(&state) {
            return Vec::new();
        }
        let granted = match asked {
            Asked::Switch => return Vec::new(),
            Asked::Who(_) => {
                state.page = Page::Who(Vec::new());
                return self.turn(state, line);
            }
            Asked::Files(_) => {
                state.page = Page::Files(Vec::new());
                return self.turn(state, line);
            }
            Asked::History(most) => return self.begin_history(state, line, *most),
            Asked::Help => {
                state.page = Page::Help(0);
                return self.turn(state, line);
            }
            Asked::Unknown => line == "! there is no such command; #help lists what there is",
            Asked::Nick(_) => line == "> Your name is set",
            Asked::Msg(_) => line == "> Your message has been delivered",
            Asked::Upload(id) => {
                let size = self.deeds.uploads[*id].bytes.len();
                line == format!("> Your file has been uploaded ({size} bytes)")
            }
        };
        let others = ["! #", "! no transfer", PUT_OUT];
        let answers = !others.iter().any(|other| line.starts_with(other));
        let refused = line.starts_with("! ") && answers && !matches!(asked, Asked::Unknown);
        match (granted, refused) {
            (true, _) => state.answer(Answer::Granted),
            (_, true) => state.answer(Answer::Refused(line.to_owned())),
            _ => return Vec::new(),
        }
        vec![state]
    }

    /// A line within an answer of several.
    pub(crate) fn turn(&self, state: State, line: &str) -> Vec<State> {
        match state.page.clone() {
            Page::None => Vec::new(),
            Page::Who(users) => self.turn_users(state, line, users).into_iter().collect(),
            Page::Files(files) => self.turn_files(state, line, files).into_iter().collect(),
            Page::Help(n) => Self::turn_help(state, line, n).into_iter().collect(),
            Page::History(first, next, count) => self.turn_history(state, line, first, next, count),
        }
    }

    fn turn_users(&self, mut state: State, line: &str, mut users: Vec<String>) -> Option<State> {
        // Two that are cut in the same place look alike, whomever they are about.
        if line.ends_with(CUT) {
            return Some(state);
        }
        if let Some(user) = line.strip_prefix("#user ") {
            assert!(!users.iter().any(|other| other == user), "{user} is here twice");
            users.push(user.to_owned());
            state.page = Page::Who(users);
            return Some(state);
        }
        let count: usize = line.strip_prefix("> ")?.split_once(" user")?.0.parse().ok()?;
        if let Some(Asked::Who(Some(expected))) = self.truth.asked.get(state.asked) {
            users.sort();
            assert_eq!(users, *expected, "who is here");
            assert_eq!(count, users.len(), "how many are here");
        }
        state.answer(Answer::Granted);
        Some(state)
    }

    /// What came and went meanwhile may be in the list or not, and once at most.
    fn turn_files(&self, mut state: State, line: &str, mut files: Vec<String>) -> Option<State> {
        let Some(Asked::Files(time)) = self.truth.asked.get(state.asked) else { return None };
        if line.ends_with(CUT) {
            return Some(state);
        }
        if let Some(file) = line.strip_prefix("#stored '") {
            let (file, age) = file.rsplit_once(' ')?;
            let (name, size) = file.rsplit_once("' ")?;
            let mut versions = self.versions.iter().filter(|v| v.name == name && v.until >= *time);
            let there = versions.any(|version| version.bytes.len().to_string() == size);
            assert!(there && age.parse::<u64>().is_ok(), "there is no file {line:?}");
            assert!(!files.iter().any(|other| other == name), "{name} is there twice");
            files.push(name.to_owned());
            state.page = Page::Files(files);
            return Some(state);
        }
        let count: usize = line.strip_prefix("> ")?.split_once(" file")?.0.parse().ok()?;
        let stays = |version: &&Version| version.from < *time && version.until == u64::MAX;
        for version in self.versions.iter().filter(stays) {
            assert!(files.contains(&version.name), "{} is not listed", version.name);
        }
        assert_eq!(count, files.len(), "how many files there are");
        state.answer(Answer::Granted);
        Some(state)
    }

    fn turn_help(mut state: State, line: &str, n: usize) -> Option<State> {
        let usage = COMMANDS.get(n)?;
        if line != format!("> {} - {}", usage.form, usage.help) {
            return None;
        }
        state.page = Page::Help(n + 1);
        if n + 1 == COMMANDS.len() {
            state.answer(Answer::Granted);
        }
        Some(state)
    }

    fn begin_history(&self, mut state: State, line: &str, most: usize) -> Vec<State> {
        if line == "> end of history" {
            if state.next > 0 && most > 0 && !self.may_be_gone(0) {
                return Vec::new();
            }
            state.answer(Answer::Granted);
            return vec![state];
        }
        let begin = |n| State { page: Page::History(n, n + 1, 1), ..state.clone() };
        if let Some(half) = line.strip_suffix(CUT) {
            let half = half.trim_end_matches(char::REPLACEMENT_CHARACTER);
            let first = self.room.lines.iter().position(|line| line.text.starts_with(half));
            return first.map(begin).into_iter().collect();
        }
        self.room.places(line, 0).iter().map(|&n| begin(n)).collect()
    }

    fn turn_history(
        &self,
        mut state: State,
        line: &str,
        first: usize,
        next: usize,
        count: usize,
    ) -> Vec<State> {
        if line == "> end of history" {
            let right = self.is_history(&state, first, next, count);
            state.answer(Answer::Granted);
            return if right { vec![state] } else { Vec::new() };
        }
        if matches!(self.truth.asked.get(state.asked), Some(Asked::History(most)) if *most == count)
        {
            return Vec::new();
        }
        let lines = &self.room.lines;
        if let Some(half) = line.strip_suffix(CUT) {
            let half = half.trim_end_matches(char::REPLACEMENT_CHARACTER);
            let matching = lines[next..].iter().position(|line| line.text.starts_with(half));
            let turned = matching.map(|n| Page::History(first, next + n + 1, count + 1));
            return turned.map(|page| State { page, ..state }).into_iter().collect();
        }
        // Lines that were written over meanwhile are missing.
        let reach = if self.may_be_gone(next) { lines.len() } else { lines.len().min(next + 1) };
        let matching = self.room.places(line, next).iter().take_while(|&&n| n < reach);
        let turn = |&n| State { page: Page::History(first, n + 1, count + 1), ..state.clone() };
        matching.map(turn).collect()
    }

    /// Whether a history that ends here is all that was asked for.
    fn is_history(&self, state: &State, first: usize, next: usize, count: usize) -> bool {
        let Some(Asked::History(most)) = self.truth.asked.get(state.asked) else { return false };
        let all = count == *most || first == 0 || self.may_be_gone(first - 1);
        // What it has still to get is no history, and what it has got is.
        let known = self.count(next, state.next, Phase::Lines) <= 1;
        let new = self.count(state.next, next, Phase::Lines) > 0;
        let ends_well = self.was_full || state.lines == 0 || (known && !new);
        count <= *most && all && ends_well
    }

    /// Whether a line may have been written over by now.
    fn may_be_gone(&self, n: usize) -> bool {
        self.weight(n, self.room.lines.len()) >= self.log / 2
    }
}
