//! What the operator is told, as text and as an object.

use core::fmt;

use serde::Serialize;
use snug_core::server::{Figures, Server};
use snug_core::store::{Listed, Store};
use snug_core::time::Instant;

/// Something that the operator asked for, and nobody else is told.
///
/// Shown, it has the form that the wire gives such a line: `#` for a list, `> `
/// for what is told, `! ` for what was not done and what to do instead.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
#[non_exhaustive]
pub enum Answer {
    /// Somebody who is here.
    User {
        /// The name: a nick, or the address.
        who: String,
        /// The address.
        address: String,
    },
    /// The end of those who are here.
    Users {
        /// How many that were.
        online: u32,
    },
    /// A file that stands in the folder.
    Stored {
        /// Its name.
        name: String,
        /// Its length in bytes.
        size: u64,
        /// For how many seconds it has stood there.
        age: u64,
    },
    /// The end of the files.
    Files {
        /// How many that were.
        files: usize,
        /// Bytes of all of them.
        size: u64,
    },
    /// How the room does.
    Figures(Report),
    /// Anything else.
    Told {
        /// A sentence.
        text: String,
    },
    /// What was asked for is not done.
    Refused {
        /// Why, and what to do.
        text: String,
    },
}

impl Answer {
    pub(super) fn told(text: impl Into<String>) -> Self {
        Self::Told { text: text.into() }
    }

    pub(super) fn refused(text: impl Into<String>) -> Self {
        Self::Refused { text: text.into() }
    }
}

impl From<&Listed> for Answer {
    fn from(file: &Listed) -> Self {
        let age = file.age.unwrap_or_default().as_secs();
        Self::Stored { name: file.name.to_string(), size: file.size, age }
    }
}

impl From<Report> for Answer {
    fn from(report: Report) -> Self {
        Self::Figures(report)
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User { who, address } => write!(f, "#user {who} {address}"),
            Self::Users { online: 1 } => f.write_str("> 1 user"),
            Self::Users { online } => write!(f, "> {online} users"),
            Self::Stored { name, size, age } => write!(f, "#stored '{name}' {size} {age}"),
            Self::Files { files: 1, size } => write!(f, "> 1 file, {size} bytes"),
            Self::Files { files, size } => write!(f, "> {files} files, {size} bytes"),
            Self::Figures(report) => report.fmt(f),
            Self::Told { text } => write!(f, "> {text}"),
            Self::Refused { text } => write!(f, "! {text}"),
        }
    }
}

/// How the room does; counts since its start, sizes in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Seconds since the start.
    pub up: u64,
    /// Clients that are here.
    pub online: u32,
    /// Clients that there can be.
    pub places: usize,
    /// Clients that came.
    pub came: u64,
    /// Connections that were closed at the door.
    pub turned_away: u64,
    /// Lines that the room, or one of it, was told.
    pub lines: u64,
    /// Lines that slow readers missed, once for each who did.
    pub skipped: u64,
    /// Lines that this console missed.
    pub unshown: u64,
    /// What clients asked for and did not get.
    pub refused: u64,
    /// Bytes that came from clients.
    pub received: u64,
    /// Bytes that went to clients.
    pub sent: u64,
    /// Files that were stored.
    pub stored: u64,
    /// Files, or rests of files, that were fetched to their end.
    pub fetched: u64,
    /// Transfers that are under way.
    pub transfers: usize,
    /// Bytes of the files in the folder.
    pub folder: u64,
    /// Memory that the room was lent.
    pub memory_lent: usize,
    /// What of it holds something.
    pub memory_used: usize,
}

impl Report {
    /// The report of a room whose clock stood at zero when it began.
    pub(super) fn of<S: Store>(now: Instant, server: &Server<'_, S>, turned_away: u64) -> Self {
        let figures = server.figures();
        let Figures { online, came, lines, skipped, unshown, refused, .. } = figures;
        let Figures { received, sent, stored, fetched, transfers, .. } = figures;
        let Figures { memory_lent, memory_used, .. } = figures;
        let up = now.since(Instant::ZERO).as_secs();
        let (places, folder) = (server.capacity(), server.store().used());
        Self {
            up,
            online,
            places,
            came,
            turned_away,
            lines,
            skipped,
            unshown,
            refused,
            received,
            sent,
            stored,
            fetched,
            transfers,
            folder,
            memory_lent,
            memory_used,
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { up, online, places, came, turned_away, lines, skipped, unshown, .. } = self;
        let Self { refused, received, sent, stored, fetched, transfers, folder, .. } = self;
        let Self { memory_lent, memory_used, .. } = self;
        writeln!(f, "> up: {up} s")?;
        writeln!(
            f,
            "> clients: {online} of {places} here, {came} came, {turned_away} turned away"
        )?;
        writeln!(f, "> lines: {lines}; slow readers missed {skipped}, this console {unshown}")?;
        writeln!(f, "> refused: {refused}")?;
        writeln!(f, "> bytes: {received} received, {sent} sent")?;
        writeln!(f, "> files: {stored} stored, {fetched} fetched, {folder} bytes in the folder")?;
        writeln!(f, "> transfers: {transfers} under way")?;
        write!(f, "> memory: {memory_lent} bytes lent, {memory_used} used")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_have_the_form_of_the_wire() {
        let user = Answer::User { who: "ada".into(), address: "[::1]:9".into() };
        let stored = Answer::Stored { name: "a b".into(), size: 3, age: 61 };
        for (answer, text) in [
            (user, "#user ada [::1]:9"),
            (Answer::Users { online: 0 }, "> 0 users"),
            (Answer::Users { online: 1 }, "> 1 user"),
            (stored, "#stored 'a b' 3 61"),
            (Answer::Files { files: 1, size: 3 }, "> 1 file, 3 bytes"),
            (Answer::Files { files: 2, size: 3 }, "> 2 files, 3 bytes"),
            (Answer::told("done"), "> done"),
            (Answer::refused("no"), "! no"),
        ] {
            assert_eq!(answer.to_string(), text);
        }
        let report = Answer::from(Report::default()).to_string();
        assert!(report.lines().all(|line| line.starts_with("> ")), "{report}");
    }
}
