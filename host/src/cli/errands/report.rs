//! How it goes, for people on standard error and for programs as objects.

use core::fmt::Display;
use std::io;

use super::job::{Failure, Job, Wish};
use crate::cli::own::Own;
use crate::record::Record;

/// Tells how it goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Report {
    /// Programs read standard output.
    pub(super) objects: bool,
    /// Nothing but failures is told.
    pub(super) quiet: bool,
}

impl Report {
    /// A wish has come true; `place` is where the very same file stood before.
    pub(super) fn done(self, wish: &Wish, place: Option<&str>) {
        if self.quiet {
            return;
        }
        if let Some(place) = place {
            eprintln!("cli: {wish}: it is {place} already");
        }
        match wish {
            Wish::Say(text) => self.object(Own::Said { text }),
            Wish::Put { path, .. } => self.object(Own::Uploaded { file: &path.to_string_lossy() }),
            Wish::Get { name, .. } => self.object(Own::Fetched { file: name.as_str() }),
            // Its files were told.
            Wish::List(_) => {}
        }
    }

    /// A wish has not come true.
    pub(super) fn failed(self, wish: &Wish, why: &Failure) {
        match (wish, why) {
            (Wish::Say(text), Failure::Unconfirmed) => self.object(Own::Doubtful { text }),
            _ => self.object(Own::Refused { text: &format!("{wish}: {why}") }),
        }
        eprintln!("cli: {wish}: {why}");
    }

    /// The server does not call the user so.
    pub(super) fn unnamed(self, nick: &str, why: &str) {
        self.object(Own::Refused { text: &format!("'{nick}': {why}") });
        eprintln!("cli: '{nick}': {why}");
    }

    /// The connection is lost, and will be tried again.
    pub(super) fn lost(self, job: &Job, why: &str, then: impl Display) {
        if !self.quiet {
            self.object(Own::Lost { text: why });
            job.tell(format_args!("{why}; {then}"));
        }
    }

    /// It is there again.
    pub(super) fn back(self) {
        if !self.quiet {
            self.object(Own::Back);
        }
    }

    /// There is no connection, and none to come.
    pub(super) fn given_up(self, room: &str, why: impl Display) {
        self.object(Own::Lost { text: &why.to_string() });
        eprintln!("cli: {room}: {why}");
    }

    fn object(self, what: Own<'_>) {
        if self.objects {
            // Nobody may be there to read it; the status says it too.
            let _ = Record::now(what).write_to(&mut io::stdout());
        }
    }
}
