//! What comes from the server, on its way to the user.

use std::io;

use snug_core::client::Kind;

use super::desk::Desk;
use super::front::Scene;
use super::recall::{self, MARK, Recall, Seen};
use crate::news::News;

/// Rooms with more people than this are not asked who they are.
const MOST_USERS: u32 = 1000;

/// The sentence by which a server says that a private text is on its way.
const DELIVERED: &str = "Your message has been delivered";

/// Tells what is news from what the user has seen, and from answers to what the
/// user has not asked.
#[derive(Debug)]
pub(super) struct Ear<'a> {
    seen: &'a mut Seen,
    /// What was missed since the last visit, until it has come.
    recall: Option<Recall>,
    /// Who is there, until that has come.
    roster: Roster,
}

/// How far the list of who is there is, which nobody but Tab wants to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Roster {
    Unwanted,
    Wanted,
    Asked,
}

impl<'a> Ear<'a> {
    /// `again`: whether the user has been here before.
    pub(super) fn new(seen: &'a mut Seen, again: bool, wants_roster: bool) -> Self {
        let roster = if wants_roster { Roster::Wanted } else { Roster::Unwanted };
        Self { seen, recall: again.then(Recall::default), roster }
    }

    /// What a server that turns out to be Snug is to be told and asked.
    pub(super) fn questions(&mut self, desk: &Desk) -> Vec<String> {
        let mut lines: Vec<_> =
            desk.me.wanted().map(|nick| format!("#nick {nick}")).into_iter().collect();
        if self.recall.is_some() {
            lines.push("#history 0".to_owned());
            lines.push(format!("#history {}", recall::ASKED));
        }
        if self.roster == Roster::Wanted {
            self.roster = Roster::Asked;
            lines.push("#who".to_owned());
        }
        lines
    }

    /// Takes note of a line and shows it, or keeps it until it is known whether
    /// it was shown before.
    pub(super) fn hear(&mut self, desk: &mut Desk, kind: Kind, text: &str) -> io::Result<()> {
        let news = News::of(kind, text);
        desk.me.heard(&news);
        if news == (News::Told { text: DELIVERED }) {
            desk.said.delivered();
        }
        if self.is_of_the_roster(&news) {
            return desk.show(&Scene::Present(&news));
        }
        if !news.is_of_the_room() && text != MARK {
            return desk.show(&Scene::Heard { kind, text, old: false });
        }
        let Some(recall) = &mut self.recall else { return self.tell(desk, kind, text) };
        if recall.add(text) {
            self.tell_missed(desk)?;
        }
        Ok(())
    }

    /// The server is a classic one and repeats nothing: what was held back is
    /// news.
    pub(super) fn forgo_recall(&mut self, desk: &mut Desk) -> io::Result<()> {
        for line in self.recall.take().map(Recall::into_lines).unwrap_or_default() {
            self.tell(desk, Kind::of(&line), &line)?;
        }
        desk.doubt(&[])
    }

    fn tell(&mut self, desk: &mut Desk, kind: Kind, text: &str) -> io::Result<()> {
        if News::of(kind, text).is_of_the_room() {
            self.seen.add(text);
        }
        desk.show(&Scene::Heard { kind, text, old: false })
    }

    fn tell_missed(&mut self, desk: &mut Desk) -> io::Result<()> {
        let Some(recall) = self.recall.take() else { return Ok(()) };
        for line in recall.missed(self.seen, &desk.me) {
            self.seen.add(line);
            desk.show(&Scene::Heard { kind: Kind::of(line), text: line, old: true })?;
        }
        let own = recall.own(&desk.me);
        desk.doubt(&own)
    }

    /// Whether a line belongs to the answer that only Tab wants to see.
    fn is_of_the_roster(&mut self, news: &News<'_>) -> bool {
        match *news {
            News::Welcome { online } if online > MOST_USERS => {
                self.roster = Roster::Unwanted;
                false
            }
            News::User { .. } => self.roster == Roster::Asked,
            News::Told { text } if self.roster == Roster::Asked && is_count_of_users(text) => {
                self.roster = Roster::Unwanted;
                true
            }
            _ => false,
        }
    }
}

/// What ends an answer to `#who`.
fn is_count_of_users(told: &str) -> bool {
    let count = told.strip_suffix(" users").or(told.strip_suffix(" user"));
    count.is_some_and(|count| count.bytes().all(|byte| byte.is_ascii_digit()))
}
