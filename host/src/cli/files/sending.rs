//! A file that goes out: hashed, put from where the server wants it, confirmed.

use core::time::Duration;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use mio::Waker;
use snug_core::client::{Client, Event, OfferError, TransferError, UNDER_WAY};
use snug_core::time::Instant;
use snug_core::wire::digest::Digest;
use snug_core::wire::name::FileName;

use super::error::FileError;
use super::hash::{Hashing, digest};
use super::source::Source;
use super::{Phase, Progress, end};

/// After what time a file is put again that somebody else puts just now: that
/// may be this machine over a link of which the server does not know yet that
/// it is gone.
const AGAIN: Duration = Duration::from_secs(2);

/// How often a file is put again for that reason: until a server that asks its
/// silent peers after 30 s, three times, must have noticed.
const CLASHES: u32 = 30;

/// A file on its way to the room.
#[derive(Debug)]
pub(in crate::cli) struct Sending {
    source: Source,
    replace: bool,
    /// The hash of its bytes, which is known before any stage but the first.
    digest: Digest,
    stage: Stage,
    /// The next byte that goes out.
    at: u64,
    /// All went out on a connection that was lost before the answer came.
    unanswered: bool,
    /// Nothing had to go out: the very same file stood there.
    was_there: bool,
    /// How often somebody else put it at the same time.
    clashes: u32,
}

#[derive(Debug)]
enum Stage {
    Hashing(Hashing),
    /// It can be put.
    Ready,
    /// Somebody else puts it just now.
    Clashed,
    /// It can be put again at this time.
    Resting(Instant),
    /// It was put, and the server has not said from where it wants it.
    Asked,
    /// It goes out in parts; or all of it is out, and the answer is to come.
    Giving,
    /// It goes out, or is out, as to a classic server.
    Offered,
    /// It was refused for this reason. If it stands there all the same, that is
    /// what was wanted: it came by itself, or the answer was lost.
    Doubt(FileError),
    /// The server was asked for the hash of what stands there.
    Comparing(FileError),
    /// The server is to be told that no more comes, for this reason.
    Ending(FileError),
    Done,
}

impl Sending {
    pub(super) fn begin(path: &Path, replace: bool, waker: &Arc<Waker>) -> Result<Self, FileError> {
        let source = Source::open(path)?;
        let hashing = source.hash(waker).map_err(FileError::Read)?;
        Ok(Self {
            source,
            replace,
            digest: Digest::new([0; 32]),
            stage: Stage::Hashing(hashing),
            at: 0,
            unanswered: false,
            was_there: false,
            clashes: 0,
        })
    }

    pub(super) fn name(&self) -> &FileName {
        &self.source.name
    }

    pub(super) fn was_there(&self) -> bool {
        self.was_there
    }

    pub(super) fn progress(&self) -> Progress {
        let total = self.source.size;
        let (phase, done) = match &self.stage {
            Stage::Hashing(hashing) => (Phase::Hashing, hashing.done()),
            Stage::Done => (Phase::Done, total),
            Stage::Giving | Stage::Offered if self.at == total => (Phase::Settling, total),
            Stage::Giving | Stage::Offered => (Phase::Moving, self.at),
            _ => (Phase::Asking, self.at),
        };
        Progress { phase, done, total }
    }

    pub(super) fn timeout(&self) -> Option<Instant> {
        match self.stage {
            Stage::Resting(until) => Some(until),
            _ => None,
        }
    }

    pub(super) fn lost(&mut self) {
        self.unanswered |= matches!(self.stage, Stage::Giving) && self.at == self.source.size;
        if !matches!(self.stage, Stage::Hashing(_) | Stage::Ending(_) | Stage::Done) {
            self.stage = Stage::Ready;
        }
    }

    pub(super) fn stop(&mut self) {
        if !matches!(self.stage, Stage::Ending(_) | Stage::Offered | Stage::Done) {
            self.stage = Stage::Ending(FileError::Stopped);
        }
    }

    pub(super) fn advance(
        &mut self,
        now: Instant,
        client: &mut Client<'_>,
    ) -> Result<(), FileError> {
        match self.take_stage() {
            Stage::Hashing(hashing) => match hashing.outcome() {
                None => self.stage = Stage::Hashing(hashing),
                Some(hash) => {
                    self.digest = digest(hash.map_err(FileError::Read)?);
                    self.ask(now, client)?;
                }
            },
            Stage::Ready => self.ask(now, client)?,
            Stage::Clashed => self.stage = Stage::Resting(now + AGAIN),
            Stage::Resting(until) if now >= until => self.ask(now, client)?,
            Stage::Giving => match self.give(client) {
                Ok(()) => self.stage = Stage::Giving,
                Err(why) => {
                    self.stage = Stage::Ending(why);
                    return self.advance(now, client);
                }
            },
            Stage::Offered if client.is_uploading() => {
                self.give(client)?;
                self.stage = Stage::Offered;
            }
            Stage::Doubt(why) => {
                // From its end on, so that no byte comes.
                let asked = client.get(now, &self.source.name, self.source.size).is_ok();
                self.stage = if asked { Stage::Comparing(why) } else { Stage::Doubt(why) };
            }
            Stage::Ending(why) => self.stage = Stage::Ending(end(why, now, client)?),
            stage => self.stage = stage,
        }
        Ok(())
    }

    pub(super) fn handle(&mut self, event: &Event<'_>) -> Result<(), FileError> {
        self.stage = match (self.take_stage(), *event) {
            (Stage::Asked, Event::Have { offset }) => {
                self.at = offset;
                Stage::Giving
            }
            (Stage::Giving | Stage::Offered | Stage::Ending(_), Event::Uploaded) => Stage::Done,
            (Stage::Asked, Event::Refused { reason }) => self.refused(reason)?,
            (Stage::Giving, Event::Refused { .. }) if self.source.has_changed() => {
                return Err(FileError::Changed);
            }
            (Stage::Giving, Event::Refused { reason }) => {
                return Err(FileError::Refused(reason.to_owned()));
            }
            (Stage::Comparing(why), Event::File { size }) if size != self.source.size => {
                Stage::Ending(why)
            }
            (Stage::Comparing(_), Event::Sum(sum)) if sum == self.digest => {
                self.was_there = !self.unanswered;
                Stage::Done
            }
            (Stage::Comparing(why), Event::Sum(_) | Event::Refused { .. }) => return Err(why),
            (Stage::Asked | Stage::Giving, Event::Stopped) => return Err(FileError::Stopped),
            (stage, _) => stage,
        };
        Ok(())
    }

    fn take_stage(&mut self) -> Stage {
        core::mem::replace(&mut self.stage, Stage::Done)
    }

    /// What to do when the server does not want the file.
    fn refused(&mut self, reason: &str) -> Result<Stage, FileError> {
        if reason == UNDER_WAY && self.clashes < CLASHES {
            self.clashes += 1;
            return Ok(Stage::Clashed);
        }
        let why = FileError::Refused(reason.to_owned());
        if self.unanswered || why.is_in_the_way() { Ok(Stage::Doubt(why)) } else { Err(why) }
    }

    /// Puts the file; or offers it, if the server is classic.
    fn ask(&mut self, now: Instant, client: &mut Client<'_>) -> Result<(), FileError> {
        let Source { name, size, .. } = &self.source;
        self.stage = match client.put(now, name, *size, self.digest, self.replace) {
            Ok(()) => Stage::Asked,
            Err(TransferError::Classic) => match client.offer(now, name, *size) {
                Ok(()) => {
                    self.at = 0;
                    Stage::Offered
                }
                Err(OfferError::SpaceInName) => return Err(FileError::SpaceInName),
                Err(_) => Stage::Ready,
            },
            Err(_) => Stage::Ready,
        };
        Ok(())
    }

    /// Gives the bytes that are wanted now.
    fn give(&mut self, client: &mut Client<'_>) -> Result<(), FileError> {
        let space = client.body_space();
        if space.is_empty() {
            return Ok(());
        }
        let len = self.source.read_at(space, self.at).map_err(|error| match error.kind() {
            ErrorKind::UnexpectedEof => FileError::Changed,
            _ => FileError::Read(error),
        })?;
        client.handle_body(len);
        self.at += len as u64;
        Ok(())
    }
}
