//! One thing to do.

use core::fmt;
use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use mio::Waker;
use snug_core::client::{Client, Event, FarEnd, Kind, SayError, TransferError};
use snug_core::time::Instant;
use snug_core::wire::name::FileName;

use super::bar::Bar;
use super::list::List;
use crate::cli::files::{FileError, Phase, Transfer};

/// What is wanted.
#[derive(Clone, Debug)]
pub(super) enum Wish {
    Say(String),
    Put { path: PathBuf, replace: bool },
    Get { name: Box<FileName>, folder: PathBuf, replace: bool },
    List(List),
}

/// A wish that is being worked on.
#[derive(Debug)]
pub(super) enum Job {
    Say(Speech),
    Move(Transfer, Bar),
    List { list: List, asked: bool },
}

/// Texts, and how it is known that the room has them.
#[derive(Debug)]
pub(super) struct Speech {
    lines: VecDeque<String>,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Nothing has gone out.
    Unsaid,
    /// Some has, or all.
    Said,
    /// Snug was asked for something that it answers after the texts.
    Asked,
}

/// Why a wish did not come true.
#[derive(Debug)]
pub(super) enum Failure {
    File(FileError),
    Refused(String),
    /// The connection broke, and saying it again might say it twice.
    Unconfirmed,
    /// It cannot be said to this server.
    Unspeakable(SayError),
    /// A classic server has no list.
    NoList,
    Output(io::Error),
}

impl Wish {
    pub(super) fn begin(&self, quiet: bool, waker: &Arc<Waker>) -> Result<Job, FileError> {
        let transfer = match self {
            Self::Say(text) => {
                let lines = text.lines().map(str::to_owned).collect();
                return Ok(Job::Say(Speech { lines, stage: Stage::Unsaid }));
            }
            Self::List(list) => return Ok(Job::List { list: *list, asked: false }),
            Self::Put { path, replace } => Transfer::put(path, *replace, waker)?,
            Self::Get { name, folder, replace } => {
                Transfer::get((**name).clone(), folder, *replace, waker)?
            }
        };
        let bar = Bar::new(transfer.name().as_str(), quiet);
        Ok(Job::Move(transfer, bar))
    }
}

impl fmt::Display for Wish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Say(_) => f.write_str("the text"),
            Self::Put { path, .. } => write!(f, "'{}'", path.display()),
            Self::Get { name, .. } => write!(f, "'{name}'"),
            Self::List(_) => f.write_str("the list of files"),
        }
    }
}

impl Job {
    /// Does what can be done now; whether that was all.
    pub(super) fn advance(
        &mut self,
        now: Instant,
        client: &mut Client<'_>,
    ) -> Result<bool, Failure> {
        match self {
            Self::Say(speech) => speech.advance(now, client),
            Self::List { asked: true, .. } => Ok(false),
            Self::List { asked, .. } => match client.list_files(now) {
                Err(TransferError::Classic) => Err(Failure::NoList),
                outcome => {
                    *asked = outcome.is_ok();
                    Ok(false)
                }
            },
            Self::Move(transfer, bar) => {
                transfer.advance(now, client)?;
                bar.show(transfer.progress());
                Ok(transfer.is_done())
            }
        }
    }

    /// Where the very same file stood, so that nothing had to be done.
    pub(super) fn where_it_was(&self) -> Option<&'static str> {
        match self {
            Self::Move(transfer, _) if transfer.was_there() => Some(transfer.destination()),
            _ => None,
        }
    }

    pub(super) fn timeout(&self) -> Option<Instant> {
        match self {
            Self::Move(transfer, _) => transfer.timeout(),
            _ => None,
        }
    }

    /// Takes an event; whether that was the last one.
    pub(super) fn handle(&mut self, event: &Event<'_>) -> Result<bool, Failure> {
        match (self, *event) {
            (Self::Move(transfer, _), event) => {
                transfer.handle(&event)?;
                Ok(false)
            }
            (_, Event::Message { kind: Kind::Refused, text }) => {
                Err(Failure::Refused(text.strip_prefix("! ").unwrap_or(text).to_owned()))
            }
            (Self::Say(speech), Event::Message { kind: Kind::Told, text }) => {
                Ok(speech.stage == Stage::Asked && text == END_OF_HISTORY)
            }
            (Self::List { list, .. }, Event::Stored { name, size, age }) => {
                let age = age.map(|age| age.as_secs());
                list.write(name, size, age).map_err(Failure::Output)?;
                Ok(false)
            }
            (Self::List { .. }, Event::Listed(_)) => Ok(true),
            _ => Ok(false),
        }
    }

    /// The connection is gone; whether it can go on with the next one.
    pub(super) fn lost(&mut self) -> Result<(), Failure> {
        match self {
            Self::Say(Speech { stage: Stage::Unsaid, .. }) | Self::List { asked: false, .. } => {
                Ok(())
            }
            // What was said or listed already would be so again.
            Self::Say(_) | Self::List { .. } => Err(Failure::Unconfirmed),
            Self::Move(transfer, _) => {
                transfer.lost();
                Ok(())
            }
        }
    }

    /// Whether nothing is expected of the server: a file here is looked at.
    pub(super) fn works_alone(&self) -> bool {
        matches!(self, Self::Move(transfer, _) if transfer.progress().phase == Phase::Hashing)
    }

    /// Bytes that are done, to tell a connection that brings something from one
    /// that does not.
    pub(super) fn done(&self) -> u64 {
        match self {
            Self::Move(transfer, _) => transfer.progress().done,
            _ => 0,
        }
    }

    /// Tells something to the one who waits.
    pub(super) fn tell(&self, what: impl fmt::Display) {
        match self {
            Self::Move(_, bar) => bar.say(what),
            _ => eprintln!("cli: {what}"),
        }
    }
}

/// What Snug answers to [`ASK`].
const END_OF_HISTORY: &str = "> end of history";

/// A command that changes nothing and is answered after what was said before.
const ASK: &str = "#history 0";

impl Speech {
    fn advance(&mut self, now: Instant, client: &mut Client<'_>) -> Result<bool, Failure> {
        while let Some(line) = self.lines.front() {
            let snug = client.far_end() == FarEnd::Snug;
            let escape = if snug && line.starts_with('#') { "#" } else { "" };
            match client.say(now, &format!("{escape}{line}")) {
                Ok(()) => self.stage = Stage::Said,
                Err(SayError::NotYet) => return Ok(false),
                Err(why) => return Err(Failure::Unspeakable(why)),
            }
            self.lines.pop_front();
        }
        match client.far_end() {
            FarEnd::Snug if self.stage != Stage::Asked => {
                if client.say(now, ASK).is_ok() {
                    self.stage = Stage::Asked;
                }
                Ok(false)
            }
            FarEnd::Snug | FarEnd::Unknown => Ok(false),
            // It never says anything to who speaks.
            FarEnd::Classic => Ok(client.pending().is_empty()),
        }
    }
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(error) if error.is_in_the_way() => {
                write!(f, "{error}; add --replace, or rename it")
            }
            Self::File(error) => error.fmt(f),
            Self::Refused(reason) => f.write_str(reason),
            Self::Unconfirmed => f.write_str("the connection broke before it was confirmed"),
            Self::Unspeakable(SayError::TooLong) => f.write_str("a line of it is too long"),
            Self::Unspeakable(_) => f.write_str("that cannot be said to this server"),
            Self::NoList => f.write_str("this server lists no files"),
            Self::Output(error) => write!(f, "it cannot be written: {error}"),
        }
    }
}
