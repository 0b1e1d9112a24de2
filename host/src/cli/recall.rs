//! What the user has missed while the connection was away.
//!
//! The server repeats the room's lines with `#history`. Which of them the user
//! has seen is told by the lines themselves, for they carry no number: the last
//! lines that were seen are looked for among the repeated ones, and what comes
//! after them was missed.
//!
//! # Trade-offs
//!
//! Where the room says the same again and again, the place can be ambiguous.
//! The place with the longest run of seen lines before it wins, and of several
//! the last: rather a line is missed than one shown twice.

use std::collections::VecDeque;

use snug_core::client::Kind;

use super::me::Me;
use crate::news::News;

/// Lines that are kept to be known again.
const KEPT: usize = 256;

/// Lines that the server is asked for.
pub(super) const ASKED: usize = 1000;

/// The last lines that were seen.
#[derive(Debug, Default)]
pub(super) struct Seen {
    lines: VecDeque<String>,
}

impl Seen {
    /// The user has seen this line of the room.
    pub(super) fn add(&mut self, line: &str) {
        if self.lines.len() == KEPT {
            self.lines.pop_front();
        }
        self.lines.push_back(line.to_owned());
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// How many of the repeated lines come before the first that was missed.
    ///
    /// None of them, where no line is known: then the server was started again
    /// or has forgotten what the user knows.
    fn known_of(&self, repeated: &[&str]) -> usize {
        let run = |end: usize| {
            let seen = self.lines.iter().rev();
            let before = repeated[..end].iter().rev();
            seen.zip(before).take_while(|(seen, line)| seen.as_str() == **line).count()
        };
        (1..=repeated.len()).max_by_key(|&end| run(end)).filter(|&end| run(end) > 0).unwrap_or(0)
    }
}

/// A repetition on its way, between two marks.
///
/// The server is asked for nothing and then for its history. The first answer
/// ends the lines that came live; they are in the second one too.
#[derive(Debug, Default)]
pub(super) struct Recall {
    marks: usize,
    lines: Vec<String>,
}

/// Lines that are held back at most, whatever the server sends.
const MOST: usize = 4 * ASKED;

/// What ends each of both answers.
pub(super) const MARK: &str = "> end of history";

impl Recall {
    /// Takes a line of the room, or a mark; true when that was all.
    pub(super) fn add(&mut self, line: &str) -> bool {
        if line != MARK {
            self.lines.push(line.to_owned());
        } else if self.marks == 0 {
            self.lines.clear();
        }
        self.marks += usize::from(line == MARK);
        self.marks == 2 || self.lines.len() >= MOST
    }

    /// The lines so far: they are live, for this server repeats none.
    pub(super) fn into_lines(self) -> Vec<String> {
        self.lines
    }

    /// What the room has of the user's, as far as that was on the connection
    /// before this one.
    pub(super) fn own(&self, me: &Me) -> Vec<News<'_>> {
        let came = self.lines.iter().rposition(|line| is_earlier_coming(line, me));
        let since = &self.lines[came.map_or(0, |at| at + 1)..];
        let news = since.iter().map(|line| News::of(Kind::of(line), line));
        news.filter(|news| news.who().is_some_and(|who| me.is(who))).collect()
    }

    /// The lines that the user has missed: all but what was seen, what was
    /// before the user came, and what the user has said, done and caused.
    pub(super) fn missed<'a>(&'a self, seen: &Seen, me: &Me) -> Vec<&'a str> {
        let came = self.lines.iter().rposition(|line| is_earlier_coming(line, me));
        if came.is_none() && seen.is_empty() {
            return Vec::new();
        }
        let since = self.lines[came.map_or(0, |at| at + 1)..].iter().map(String::as_str);
        let others: Vec<_> =
            since.filter(|line| !who(line).is_some_and(|who| me.is(who))).collect();
        others[seen.known_of(&others)..].to_vec()
    }
}

fn who(line: &str) -> Option<&str> {
    News::of(Kind::of(line), line).who()
}

/// Whether it is the user who came, on a connection before this one.
fn is_earlier_coming(line: &str, me: &Me) -> bool {
    matches!(News::of(Kind::of(line), line), News::Join { who, .. } if me.was(who))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missed(seen: &[&str], repeated: &[&str]) -> Vec<String> {
        let mut last = Seen::default();
        for line in seen {
            last.add(line);
        }
        let mut recall = Recall::default();
        assert!(!recall.add("[live] goes into both"));
        assert!(!recall.add(MARK));
        assert!(repeated.iter().all(|line| !recall.add(line)));
        assert!(recall.add(MARK));
        let mut me = Me::default();
        me.connected("old".to_owned());
        me.connected("me".to_owned());
        recall.missed(&last, &me).into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn what_comes_after_the_last_seen_line_was_missed() {
        assert_eq!(missed(&["a", "b"], &["a", "b", "c", "d"]), ["c", "d"]);
        assert_eq!(missed(&["x", "a"], &["a", "b"]), ["b"]);
        assert!(missed(&["a", "b"], &["a", "b"]).is_empty());
        assert!(missed(&["a", "b"], &[]).is_empty());
    }

    #[test]
    fn of_a_room_that_is_not_known_all_was_missed() {
        assert_eq!(missed(&["a"], &["c", "d"]), ["c", "d"]);
    }

    #[test]
    fn what_was_before_the_user_came_is_no_news() {
        let came = "> New user old entered (2 users online)";
        assert_eq!(missed(&[], &["b", came, "c"]), ["c"]);
        assert_eq!(missed(&["c"], &["b", "c", came, "c", "d"]), ["d"]);
        assert!(missed(&[], &["b", "c"]).is_empty());
    }

    #[test]
    fn lines_that_repeat_are_not_shown_twice() {
        assert_eq!(missed(&["x", "t", "t"], &["x", "t", "t", "t"]), ["t"]);
        assert!(missed(&["t", "t"], &["t", "t", "t"]).is_empty());
    }

    #[test]
    fn what_the_user_said_is_no_news() {
        let repeated = ["a", "[me] hello", "< The user me left (1 user online)", "b"];
        assert_eq!(missed(&["a"], &repeated), ["b"]);
        assert_eq!(missed(&["a", "b"], &["a", "[me] hello", "b", "c"]), ["c"]);
    }
}
