//! What the user has said and nobody may have heard.
//!
//! The wire has no receipts. When a connection breaks, what the link had not
//! even taken is certainly not heard, and is said again on the next one. Of
//! what it had taken, the last lines may be lost. The room's history tells
//! which, where it has one; otherwise the user is told of the doubt.
//!
//! # Trade-offs
//!
//! To ask the server after each line for a sign that it was read would leave no
//! doubt, at the price of twice the lines. What is kept here costs nothing as
//! long as no connection breaks.

use core::time::Duration;
use std::collections::VecDeque;

use snug_core::time::Instant;

use crate::news::News;

/// A link that died in silence is given up after about that time (see
/// [`link`](super::link)): what was said earlier is heard.
const LONGEST: Duration = Duration::from_mins(1);

/// So long before something came what was said is heard: the link was alive,
/// and no server takes longer to read a line.
const ALIVE: Duration = Duration::from_secs(2);

/// Lines that are kept.
const KEPT: usize = 64;

/// The user's last lines, as they are on the wire.
#[derive(Debug, Default)]
pub(super) struct Said {
    lines: VecDeque<Line>,
    doubts: Vec<String>,
    again: VecDeque<String>,
}

#[derive(Debug)]
struct Line {
    text: String,
    at: Instant,
    /// Bytes of the connection that went before it.
    behind: u64,
}

impl Said {
    /// A line goes out now, behind so many bytes of its connection.
    pub(super) fn add(&mut self, now: Instant, line: &str, behind: u64) {
        if is_speech(line) {
            if self.lines.len() == KEPT {
                self.lines.pop_front();
            }
            self.lines.push_back(Line { text: line.to_owned(), at: now, behind });
        }
    }

    /// The server has told that a text to one alone is delivered, and with it
    /// is heard what was said before.
    pub(super) fn delivered(&mut self) {
        if let Some(at) = self.lines.iter().position(|line| line.text.starts_with("#msg ")) {
            self.lines.drain(..=at);
        }
    }

    /// The connection is gone, over which something came `heard` last, and
    /// `sent` bytes went.
    pub(super) fn lost(&mut self, now: Instant, heard: Instant, sent: u64) {
        for line in self.lines.drain(..) {
            if line.behind >= sent {
                self.again.push_back(line.text);
            } else if now < line.at + LONGEST && heard < line.at + ALIVE {
                self.doubts.push(line.text);
            }
        }
    }

    /// A line that has to be said again.
    pub(super) fn again(&mut self) -> Option<String> {
        self.again.pop_front()
    }

    /// It cannot be said yet.
    pub(super) fn put_off(&mut self, line: String) {
        self.again.push_front(line);
    }

    /// Whether nothing has to be said again, or is in doubt.
    pub(super) fn is_settled(&self) -> bool {
        self.again.is_empty() && self.doubts.is_empty()
    }

    /// What may be lost, as it was typed, given what the room has of the user's.
    /// It is not asked about twice.
    pub(super) fn unheard(&mut self, of_the_room: &[News<'_>]) -> Vec<String> {
        let mut heard: Vec<_> = of_the_room.iter().filter_map(on_the_wire).collect();
        let mut unheard = core::mem::take(&mut self.doubts);
        unheard.retain(|line| match heard.iter().position(|heard| heard == line) {
            Some(at) => {
                heard.swap_remove(at);
                false
            }
            None => true,
        });
        for line in &mut unheard {
            if line.starts_with("##") {
                line.remove(0);
            }
        }
        unheard
    }

    /// All that may be lost or was never said, for there is no next connection.
    pub(super) fn give_up(&mut self) -> Vec<String> {
        self.doubts.extend(self.again.drain(..));
        self.unheard(&[])
    }
}

/// Whether a line is meant for people: they miss it when it is lost.
fn is_speech(line: &str) -> bool {
    let commands = ["##", "#me ", "#msg "];
    !line.is_empty() && (!line.starts_with('#') || commands.iter().any(|c| line.starts_with(c)))
}

/// A line of the room as its sender sent it.
fn on_the_wire(news: &News<'_>) -> Option<String> {
    match *news {
        News::Text { text, .. } if text.starts_with('#') => Some(format!("#{text}")),
        News::Text { text, .. } => Some(text.to_owned()),
        News::Action { text, .. } => Some(format!("#me {text}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Instant {
        Instant::ZERO + Duration::from_secs(seconds)
    }

    /// What was said at these times, ten bytes a line, on a connection that is
    /// lost a hundred seconds after its beginning.
    fn lost(said: &[(u64, &str)], heard: u64, sent: u64) -> Said {
        let mut all = Said::default();
        for (number, (time, line)) in said.iter().enumerate() {
            all.add(at(*time), line, 10 * number as u64);
        }
        all.lost(at(100), at(heard), sent);
        all
    }

    #[test]
    fn what_the_link_did_not_take_is_said_again() {
        let mut said = lost(&[(99, "one"), (99, "two"), (99, "three")], 0, 15);
        assert_eq!(said.again(), Some("three".to_owned()));
        assert_eq!(said.again(), None);
        assert_eq!(said.unheard(&[]), ["one", "two"]);
        assert!(said.is_settled());
    }

    #[test]
    fn what_was_said_long_ago_is_heard() {
        let said = [(20, "minutes"), (50, "before"), (70, "just"), (99, "now")];
        assert_eq!(lost(&said, 0, 100).unheard(&[]), ["before", "just", "now"]);
        assert_eq!(lost(&said, 71, 100).unheard(&[]), ["just", "now"]);
        assert_eq!(lost(&said, 80, 100).unheard(&[]), ["now"]);
    }

    #[test]
    fn what_the_room_has_is_heard() {
        let said = [(99, "hi"), (99, "##tag"), (99, "#me waves"), (99, "hi"), (99, "#who")];
        let text = |text| News::Text { who: "ada", text };
        let waves = News::Action { who: "ada", text: "waves" };
        let unheard = lost(&said, 0, 100).unheard(&[text("hi"), text("#tag"), waves]);
        assert_eq!(unheard, ["hi"]);
        assert_eq!(lost(&said, 0, 100).unheard(&[]), ["hi", "#tag", "#me waves", "hi"]);
    }

    #[test]
    fn what_was_delivered_is_heard_with_all_before() {
        let mut said = Said::default();
        for line in ["one", "#msg bob two", "three"] {
            said.add(at(99), line, 0);
        }
        said.delivered();
        said.lost(at(100), at(0), 1);
        assert_eq!(said.give_up(), ["three"]);
    }
}
