//! A file that comes: asked for from where the draft ends, checked, named.

use std::path::Path;
use std::sync::Arc;

use mio::Waker;
use sha2::{Digest as _, Sha256};
use snug_core::client::{Client, Event, TransferError};
use snug_core::time::Instant;
use snug_core::wire::name::FileName;

use super::draft::{Draft, Folder};
use super::error::FileError;
use super::hash::{Hashing, digest};
use super::task::Task;
use super::{Phase, Progress, end};

/// A file on its way from the room.
#[derive(Debug)]
pub(in crate::cli) struct Receiving {
    name: FileName,
    folder: Folder,
    replace: bool,
    stage: Stage,
    /// What has come so far, once something has.
    draft: Option<Draft>,
    /// The hash of the bytes in the draft.
    hash: Sha256,
    /// Bytes of the whole file, as far as they are known.
    total: u64,
    /// Bytes that were asked for begin here.
    offset: u64,
    /// The draft may be of another file than the one that stands there now:
    /// some of it came before the last time that it was asked for.
    resumed: bool,
    waker: Arc<Waker>,
}

#[derive(Debug)]
enum Stage {
    /// What stands in the draft is hashed.
    Hashing(Hashing),
    /// It can be asked for, from the offset on.
    Ready,
    Asked,
    Taking,
    /// All is here and is the file.
    Naming(Task<Result<(), FileError>>),
    /// The server is to be told that no more is wanted, for this reason.
    Ending(FileError),
    Done,
}

impl Receiving {
    pub(super) fn begin(
        name: FileName,
        folder: &Path,
        replace: bool,
        waker: &Arc<Waker>,
    ) -> Result<Self, FileError> {
        let folder = Folder::open(folder)?;
        if !replace && folder.has(&name) {
            return Err(FileError::Standing);
        }
        let draft = folder.find(&name)?;
        let offset = draft.as_ref().map_or(0, Draft::len);
        let stage = match &draft {
            Some(draft) if offset > 0 => {
                let hashing = Hashing::start(draft.file(), offset, waker);
                Stage::Hashing(hashing.map_err(FileError::Write)?)
            }
            _ => Stage::Ready,
        };
        let waker = Arc::clone(waker);
        let hash = Sha256::new();
        let resumed = offset > 0;
        Ok(Self { name, folder, replace, stage, draft, hash, total: 0, offset, resumed, waker })
    }

    pub(super) fn name(&self) -> &FileName {
        &self.name
    }

    pub(super) fn progress(&self) -> Progress {
        let total = self.total.max(self.len());
        let (phase, done) = match &self.stage {
            Stage::Hashing(hashing) => (Phase::Hashing, hashing.done()),
            Stage::Naming(_) => (Phase::Settling, total),
            Stage::Done => (Phase::Done, total),
            Stage::Taking => (Phase::Moving, self.len()),
            _ => (Phase::Asking, self.len()),
        };
        Progress { phase, done, total }
    }

    pub(super) fn lost(&mut self) {
        if matches!(self.stage, Stage::Asked | Stage::Taking) {
            self.go_on();
        }
    }

    pub(super) fn stop(&mut self) {
        if !matches!(self.stage, Stage::Ending(_) | Stage::Naming(_) | Stage::Done) {
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
                    self.hash = hash.map_err(FileError::Write)?;
                    self.ask(now, client)?;
                }
            },
            Stage::Ready => self.ask(now, client)?,
            Stage::Naming(task) => match task.outcome() {
                None => self.stage = Stage::Naming(task),
                Some(named) => named.map_err(FileError::Write).flatten()?,
            },
            Stage::Ending(why) => self.stage = Stage::Ending(end(why, now, client)?),
            stage => self.stage = stage,
        }
        Ok(())
    }

    pub(super) fn handle(&mut self, event: &Event<'_>) -> Result<(), FileError> {
        self.stage = match (self.take_stage(), *event) {
            (Stage::Asked, Event::File { size }) => {
                let begun = self.prepare(size);
                begun.map_or_else(Stage::Ending, |()| Stage::Taking)
            }
            (Stage::Taking, Event::Part(bytes)) => {
                let written = self.write(bytes);
                written.map_or_else(Stage::Ending, |()| Stage::Taking)
            }
            (Stage::Taking, Event::Sum(sum)) => {
                if self.len() == self.total && digest(self.hash.clone()) == sum {
                    self.publish()?
                } else {
                    self.begin_again()?
                }
            }
            // The draft may be longer than what stands there now.
            (Stage::Asked, Event::Refused { .. }) if self.offset > 0 => {
                self.offset = 0;
                Stage::Ready
            }
            (Stage::Asked | Stage::Taking, Event::Refused { reason }) => {
                return Err(FileError::Refused(reason.to_owned()));
            }
            (Stage::Asked | Stage::Taking, Event::Stopped) => return Err(FileError::Stopped),
            (stage, _) => stage,
        };
        Ok(())
    }

    fn take_stage(&mut self) -> Stage {
        core::mem::replace(&mut self.stage, Stage::Done)
    }

    /// Bytes that are here.
    fn len(&self) -> u64 {
        self.draft.as_ref().map_or(0, Draft::len)
    }

    /// Asks for the rest, next time.
    fn go_on(&mut self) {
        self.offset = self.len();
        self.resumed = self.offset > 0;
        self.stage = Stage::Ready;
    }

    fn ask(&mut self, now: Instant, client: &mut Client<'_>) -> Result<(), FileError> {
        self.stage = match client.get(now, &self.name, self.offset) {
            Ok(()) => Stage::Asked,
            Err(TransferError::Classic) => return Err(FileError::Classic),
            Err(_) => Stage::Ready,
        };
        Ok(())
    }

    /// The file begins to come.
    fn prepare(&mut self, size: u64) -> Result<(), FileError> {
        self.total = size;
        if self.draft.is_none() {
            self.draft = Some(self.folder.create(&self.name)?);
        }
        if self.offset == 0 {
            self.resumed = false;
            self.hash = Sha256::new();
        }
        let offset = self.offset;
        self.draft.as_mut().map_or(Ok(()), |draft| draft.truncate(offset))
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), FileError> {
        self.hash.update(bytes);
        self.draft.as_mut().map_or(Ok(()), |draft| draft.append(bytes))
    }

    fn publish(&mut self) -> Result<Stage, FileError> {
        let Some(draft) = self.draft.take() else { return Ok(Stage::Done) };
        let replace = self.replace;
        let task = Task::start(&self.waker, move || draft.publish(replace));
        task.map(Stage::Naming).map_err(FileError::Write)
    }

    /// What has come is not the file. If some of it came earlier, that was of
    /// another one, and this one is fetched from its start, once.
    fn begin_again(&mut self) -> Result<Stage, FileError> {
        if self.resumed {
            self.offset = 0;
            return Ok(Stage::Ready);
        }
        if let Some(draft) = self.draft.take() {
            draft.discard();
        }
        Err(FileError::Digest)
    }
}
