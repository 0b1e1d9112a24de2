//! Files between this machine and the room, in both directions.
//!
//! - [`source`]: a file here, which is to go out
//! - [`draft`]: a file that comes, under a name of its own until it is whole
//! - [`hash`]: SHA-256, off the thread that talks
//! - [`sending`], [`receiving`]: how far one is, whatever happens to the link
//!
//! A [`Transfer`] is driven by whoever has the link: [`advance`] before each
//! sending and after each wake, [`handle`] for each event of the client,
//! [`lost`] when the connection is gone and another client comes.
//!
//! [`advance`]: Transfer::advance
//! [`handle`]: Transfer::handle
//! [`lost`]: Transfer::lost

mod draft;
mod error;
mod hash;
mod receiving;
mod sending;
mod source;
mod task;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;

use mio::Waker;
use snug_core::client::{Client, Event};
use snug_core::time::Instant;
use snug_core::wire::name::FileName;

pub(super) use self::error::FileError;
use self::receiving::Receiving;
use self::sending::Sending;
pub(super) use self::source::Source;

/// A file on its way, which comes to its end, or fails, over any number of
/// connections.
#[derive(Debug)]
pub(super) enum Transfer {
    /// To the room.
    Sending(Box<Sending>),
    /// From the room.
    Receiving(Box<Receiving>),
}

/// How far a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Progress {
    pub(super) phase: Phase,
    /// Bytes of the phase that are done.
    pub(super) done: u64,
    /// Bytes of the file, as far as they are known.
    pub(super) total: u64,
}

/// What is done with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// What stands here is hashed.
    Hashing,
    /// The server has not said yet what is wanted, or what comes.
    Asking,
    /// It is on its way.
    Moving,
    /// All bytes are over; it is made safe and gets its name.
    Settling,
    /// It is there.
    Done,
}

impl Transfer {
    /// Sends the file at `path` under its last name. One that stands there is
    /// in the way, unless `replace`, or unless it is the very same; a classic
    /// server replaces it unasked.
    ///
    /// `waker` wakes whoever is to call [`advance`](Self::advance).
    pub(super) fn put(path: &Path, replace: bool, waker: &Arc<Waker>) -> Result<Self, FileError> {
        Sending::begin(path, replace, waker).map(|sending| Self::Sending(Box::new(sending)))
    }

    /// Fetches the file `name` into `folder`. One that stands there is in the
    /// way, unless `replace`, or unless it is the very same.
    pub(super) fn get(
        name: FileName,
        folder: &Path,
        replace: bool,
        waker: &Arc<Waker>,
    ) -> Result<Self, FileError> {
        let receiving = Receiving::begin(name, folder, replace, waker)?;
        Ok(Self::Receiving(Box::new(receiving)))
    }

    /// What it is called in the room.
    pub(super) fn name(&self) -> &FileName {
        match self {
            Self::Sending(sending) => sending.name(),
            Self::Receiving(receiving) => receiving.name(),
        }
    }

    pub(super) fn progress(&self) -> Progress {
        match self {
            Self::Sending(sending) => sending.progress(),
            Self::Receiving(receiving) => receiving.progress(),
        }
    }

    pub(super) fn is_done(&self) -> bool {
        self.progress().phase == Phase::Done
    }

    /// Whether nothing had to go out or come, since the very same file stood
    /// where it should get.
    pub(super) fn was_there(&self) -> bool {
        match self {
            Self::Sending(sending) => sending.was_there(),
            Self::Receiving(receiving) => receiving.was_there(),
        }
    }

    /// Where it should get, as seen from here.
    pub(super) fn destination(&self) -> &'static str {
        match self {
            Self::Sending(_) => "there",
            Self::Receiving(_) => "here",
        }
    }

    /// Does what can be done now. An error is the transfer's end, and if the
    /// client is [uploading](Client::is_uploading) then, that of its connection
    /// too: a classic server waits for all that it was promised.
    pub(super) fn advance(
        &mut self,
        now: Instant,
        client: &mut Client<'_>,
    ) -> Result<(), FileError> {
        match self {
            Self::Sending(sending) => sending.advance(now, client),
            Self::Receiving(receiving) => receiving.advance(now, client),
        }
    }

    /// When to call [`advance`](Self::advance) though nothing has happened.
    pub(super) fn timeout(&self) -> Option<Instant> {
        match self {
            Self::Sending(sending) => sending.timeout(),
            Self::Receiving(_) => None,
        }
    }

    /// Takes an event of the client. An error is the transfer's end.
    pub(super) fn handle(&mut self, event: &Event<'_>) -> Result<(), FileError> {
        match self {
            Self::Sending(sending) => sending.handle(event),
            Self::Receiving(receiving) => receiving.handle(event),
        }
    }

    /// The connection is gone; it goes on with the next client.
    pub(super) fn lost(&mut self) {
        match self {
            Self::Sending(sending) => sending.lost(),
            Self::Receiving(receiving) => receiving.lost(),
        }
    }

    /// Ends it before its time, with [`FileError::Stopped`] as soon as the
    /// server has taken note. What has come so far stays for another try.
    pub(super) fn stop(&mut self) {
        match self {
            Self::Sending(sending) => sending.stop(),
            Self::Receiving(receiving) => receiving.stop(),
        }
    }
}

/// Has the server send, or take, no more; an error, which is `why`, as soon as it
/// does neither.
fn end(why: FileError, now: Instant, client: &mut Client<'_>) -> Result<FileError, FileError> {
    if !client.is_transferring() {
        return Err(why);
    }
    // Where there is no room for it now, there will be.
    let _ = client.stop(now);
    Ok(why)
}
