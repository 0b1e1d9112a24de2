//! The files of the room on standard output, as whoever reads it likes them.

use core::time::Duration;
use std::io::{self, IsTerminal, Write as _};

use indicatif::{BinaryBytes, HumanDuration};

use crate::news::News;
use crate::record::Record;

/// In which form a list is written; each file is a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum List {
    /// In columns, for people.
    Columns,
    /// With tabs in between, for programs.
    Tabs,
    /// As objects, as they are in a pipe.
    Objects,
}

impl List {
    /// The form that fits where standard output goes.
    pub(super) fn fitting(json: bool) -> Self {
        match io::stdout().is_terminal() {
            _ if json => Self::Objects,
            true => Self::Columns,
            false => Self::Tabs,
        }
    }

    /// Writes a file: its name, bytes, and for how many seconds it has been
    /// there, if that is known.
    pub(super) fn write(self, name: &str, size: u64, age: Option<u64>) -> io::Result<()> {
        let mut out = io::stdout().lock();
        match self {
            Self::Columns => {
                let size = BinaryBytes(size).to_string();
                let age = shown(age.map(|age| HumanDuration(Duration::from_secs(age))));
                writeln!(out, "{size:>12}  {age:>12}  {name}")
            }
            Self::Tabs => writeln!(out, "{size}\t{}\t{name}", shown(age)),
            Self::Objects => Record::now(News::Stored { name, size, age }).write_to(&mut out),
        }
    }
}

fn shown(age: Option<impl ToString>) -> String {
    age.map_or_else(|| "-".to_owned(), |age| age.to_string())
}
