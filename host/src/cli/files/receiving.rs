//! A file that comes: asked for from where the draft ends, checked, named.

use std::path::Path;
use std::sync::Arc;

use mio::Waker;
use sha2::{Digest as _, Sha256};
use snug_core::client::{Client, Event, TransferError};
use snug_core::time::Instant;
use snug_core::wire::digest::Digest;
use snug_core::wire::name::FileName;
use snug_core::wire::notice::Refusal;

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
    /// Nothing had to come: the very same file stood here.
    was_there: bool,
    waker: Arc<Waker>,
}

#[derive(Debug)]
enum Stage {
    /// What stands here under the file's name is hashed: it may be the same.
    Checking(Hashing),
    /// The server can be asked for the hash of its own.
    Doubt(Digest),
    /// The server was asked for it.
    Comparing(Digest),
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
        let is_taken = !replace && folder.has(&name);
        let mut receiving = Self {
            name,
            folder,
            replace,
            stage: Stage::Ready,
            draft: None,
            hash: Sha256::new(),
            total: 0,
            offset: 0,
            resumed: false,
            was_there: false,
            waker: Arc::clone(waker),
        };
        if is_taken {
            receiving.check()?;
        } else {
            receiving.look_back()?;
        }
        Ok(receiving)
    }

    /// Looks whether what stands here is the file.
    fn check(&mut self) -> Result<(), FileError> {
        // What is no file, or cannot be read, is in the way as well.
        let standing = self.folder.read(&self.name).map_err(|_| FileError::Standing)?;
        let len = standing.metadata().map_err(FileError::Read)?.len();
        let hashing = Hashing::start(&standing, len, &self.waker).map_err(FileError::Read)?;
        (self.total, self.offset) = (len, len);
        self.stage = Stage::Checking(hashing);
        Ok(())
    }

    /// Looks what an earlier try has left.
    fn look_back(&mut self) -> Result<(), FileError> {
        self.draft = self.folder.find(&self.name)?;
        self.offset = self.len();
        self.resumed = self.offset > 0;
        if let Some(draft) = self.draft.as_ref().filter(|_| self.resumed) {
            let hashing = Hashing::start(draft.file(), self.offset, &self.waker);
            self.stage = Stage::Hashing(hashing.map_err(FileError::Write)?);
        }
        Ok(())
    }

    pub(super) fn name(&self) -> &FileName {
        &self.name
    }

    pub(super) fn was_there(&self) -> bool {
        self.was_there
    }

    pub(super) fn progress(&self) -> Progress {
        let total = self.total.max(self.len());
        let (phase, done) = match &self.stage {
            Stage::Checking(hashing) | Stage::Hashing(hashing) => (Phase::Hashing, hashing.done()),
            Stage::Naming(_) => (Phase::Settling, total),
            Stage::Done => (Phase::Done, total),
            Stage::Taking => (Phase::Moving, self.len()),
            _ => (Phase::Asking, self.len()),
        };
        Progress { phase, done, total }
    }

    pub(super) fn lost(&mut self) {
        match self.stage {
            Stage::Asked | Stage::Taking => self.go_on(),
            Stage::Comparing(digest) => self.stage = Stage::Doubt(digest),
            _ => {}
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
            Stage::Checking(hashing) => match hashing.outcome() {
                None => self.stage = Stage::Checking(hashing),
                Some(hash) => {
                    self.stage = Stage::Doubt(digest(hash.map_err(|_| FileError::Standing)?));
                    return self.advance(now, client);
                }
            },
            Stage::Doubt(digest) => {
                // From its end on, so that no byte comes.
                let asked = self.ask(now, client)?;
                self.stage = if asked { Stage::Comparing(digest) } else { Stage::Doubt(digest) };
            }
            Stage::Hashing(hashing) => match hashing.outcome() {
                None => self.stage = Stage::Hashing(hashing),
                Some(hash) => {
                    self.hash = hash.map_err(FileError::Write)?;
                    self.stage = Stage::Ready;
                    return self.advance(now, client);
                }
            },
            Stage::Ready => {
                let asked = self.ask(now, client)?;
                self.stage = if asked { Stage::Asked } else { Stage::Ready };
            }
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
            (Stage::Comparing(_), Event::File { size }) if size != self.total => {
                Stage::Ending(FileError::Standing)
            }
            (Stage::Comparing(digest), Event::Sum(sum)) if sum == digest => self.spare(),
            (Stage::Comparing(_), Event::Sum(_)) => return Err(FileError::Standing),
            (Stage::Comparing(_), Event::Refused { reason })
                if reason == Refusal::BeyondEnd.to_string() =>
            {
                return Err(FileError::Standing);
            }
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
            (Stage::Comparing(_) | Stage::Asked | Stage::Taking, Event::Refused { reason }) => {
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

    /// The very same file stands here.
    fn spare(&mut self) -> Stage {
        // What an earlier try has left is of no use any more.
        if let Ok(Some(draft)) = self.folder.find(&self.name) {
            draft.discard();
        }
        self.was_there = true;
        Stage::Done
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

    /// Asks for what stands behind the offset; false if that has to wait.
    fn ask(&self, now: Instant, client: &mut Client<'_>) -> Result<bool, FileError> {
        match client.get(now, &self.name, self.offset) {
            Err(TransferError::Classic) => Err(FileError::Classic),
            asked => Ok(asked.is_ok()),
        }
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
