//! The files, in a folder of the host, written by threads of their own.
//!
//! - `directory`: the folder by its descriptor, all that is done by name
//! - `disk`: the calls that it takes, each in one place
//! - `draft`: a file on its way, under a temporary name
//! - `worker`: the threads that wait for the disk
//!
//! A file is written under a temporary name, made safe (`fsync`), renamed over
//! its final name, and the folder made safe; only then is it committed. So half
//! a file never stands under a name, and a replaced file is whole until the new
//! one is. What an earlier run left unfinished is swept out at start.
//!
//! # Trade-offs
//!
//! - Each slot has two buffers, so that the network fills one while the disk
//!   takes the other; they are copied into, so that the room's memory stays the
//!   room's. More would hide longer pauses of the disk at the cost of memory.
//! - A slot's jobs go to one thread, in order; slots share the few threads. A
//!   slow `fsync` holds up the uploads of its own thread, never the room.
//! - [`used`](Store::used) counts what the server does. Files that others put
//!   in or remove meanwhile are counted at the next start.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use snug_core::store::{Store, StoreError, UploadSlot};
use snug_core::wire::name::FileName;

use crate::Wake;

mod directory;
mod disk;
mod draft;
#[cfg(test)]
mod order;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod witness;
mod worker;

use directory::Directory;
use worker::{Block, Done, Job, Step, Worker};

/// A folder that this server alone has, without the threads that write to it.
///
/// Between the two is the moment to [confine](crate::sandbox) the process: a
/// thread is confined as the one that started it was by then.
#[derive(Debug)]
pub struct Folder(Directory);

impl Folder {
    /// Opens the folder `path`, made if missing. Fails when another server has
    /// it.
    pub fn open(path: &Path) -> io::Result<Self> {
        Directory::open(path).map(Self)
    }
}

impl AsFd for Folder {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// A folder as a store for the room.
///
/// After the `wake` that it was opened with was called, the room's thread asks
/// [`poll_stored`](Self::poll_stored) which uploads can go on.
///
/// An error of [`write`](Store::write), [`prepend`](Store::prepend) or
/// [`commit`](Store::commit) ends the upload as an [`abort`](Store::abort) does.
/// An abort that comes while a commit is under way may come too late; the file
/// then stands, whole.
#[derive(Debug)]
pub struct FolderStore {
    directory: Arc<Directory>,
    slots: Box<[Slot]>,
    block_size: usize,
    threads: Vec<Thread>,
    done: Receiver<Done>,
}

impl FolderStore {
    /// Starts the threads, for `slots` uploads at once with blocks of up to
    /// `block_size` bytes. Takes two blocks of memory for each slot.
    pub fn start(folder: Folder, slots: u16, block_size: usize, wake: Wake) -> io::Result<Self> {
        let directory = Arc::new(folder.0);
        let count = usize::from(slots);
        let (report, done) = sync_channel(count * JOBS);
        let stride = count.clamp(1, THREADS);
        let wake = Arc::new(wake);
        let worker = |jobs| Worker {
            directory: Arc::clone(&directory),
            drafts: (0..count.div_ceil(stride)).map(|_| None).collect(),
            stride,
            jobs,
            done: report.clone(),
            wake: Arc::clone(&wake),
        };
        let threads = (0..stride).map(|_| {
            let (jobs, queue) = sync_channel(count.div_ceil(stride) * JOBS);
            Ok(Thread { jobs, join: worker(queue).start()? })
        });
        Ok(Self {
            threads: threads.collect::<io::Result<_>>()?,
            slots: (0..slots).map(|_| Slot::new(block_size)).collect(),
            directory,
            block_size,
            done,
        })
    }

    /// The next slot in which something was done since; its upload may go on.
    ///
    /// Told of aborted uploads, too: a create may have waited for that.
    pub fn poll_stored(&mut self) -> Option<UploadSlot> {
        let Done { job, result } = self.done.try_recv().ok()?;
        self.slots[job.slot.index()].settle(job.step, result);
        Some(job.slot)
    }

    /// Hands a step to the slot's thread, whose queue has room for all that
    /// a slot can have under way. Only a thread that died does not take it.
    fn send(&self, slot: UploadSlot, step: Step) -> Result<(), StoreError> {
        let thread = &self.threads[slot.index() % self.threads.len()];
        thread.jobs.try_send(Job { slot, step }).map_err(|_| StoreError::Failed)
    }

    fn advance(
        &mut self,
        slot: UploadSlot,
        step: Step,
        phase: Phase,
    ) -> nb::Result<(), StoreError> {
        self.send(slot, step)?;
        self.slots[slot.index()].phase = phase;
        Err(nb::Error::WouldBlock)
    }

    /// Copies `bytes` into a free buffer and sends it along in a step.
    fn pass_on(
        &mut self,
        slot: UploadSlot,
        bytes: &[u8],
        step: fn(Block) -> Step,
    ) -> nb::Result<(), StoreError> {
        let place = &mut self.slots[slot.index()];
        match place.phase {
            Phase::Open if bytes.len() > self.block_size => {
                self.fail(slot, StoreError::Unsupported)
            }
            Phase::Open => {
                let mut block = place.blocks.pop().ok_or(nb::Error::WouldBlock)?;
                block.fill(bytes);
                Ok(self.send(slot, step(block))?)
            }
            phase => self.fail(slot, phase.error()),
        }
    }

    fn fail(&mut self, slot: UploadSlot, error: StoreError) -> nb::Result<(), StoreError> {
        self.abort(slot);
        Err(nb::Error::Other(error))
    }
}

impl Store for FolderStore {
    fn used(&self) -> u64 {
        self.directory.used()
    }

    fn create(
        &mut self,
        slot: UploadSlot,
        name: &FileName,
        _size: u64,
    ) -> nb::Result<(), StoreError> {
        match self.slots[slot.index()].phase {
            Phase::Empty => {
                self.advance(slot, Step::Create(Box::new(name.clone())), Phase::Creating)
            }
            Phase::Creating | Phase::Aborting => Err(nb::Error::WouldBlock),
            Phase::Created => {
                self.slots[slot.index()].phase = Phase::Open;
                Ok(())
            }
            phase => self.fail(slot, phase.error()),
        }
    }

    fn write(&mut self, slot: UploadSlot, block: &[u8]) -> nb::Result<(), StoreError> {
        self.pass_on(slot, block, Step::Append)
    }

    fn prepend(&mut self, slot: UploadSlot, bytes: &[u8]) -> nb::Result<(), StoreError> {
        self.pass_on(slot, bytes, Step::Prepend)
    }

    fn commit(&mut self, slot: UploadSlot) -> nb::Result<(), StoreError> {
        match self.slots[slot.index()].phase {
            Phase::Open => self.advance(slot, Step::Commit, Phase::Committing),
            Phase::Committing => Err(nb::Error::WouldBlock),
            Phase::Committed => {
                self.slots[slot.index()].phase = Phase::Empty;
                Ok(())
            }
            phase => self.fail(slot, phase.error()),
        }
    }

    fn abort(&mut self, slot: UploadSlot) {
        let phase = match self.slots[slot.index()].phase {
            Phase::Empty | Phase::Committed => Phase::Empty,
            Phase::Aborting => Phase::Aborting,
            _ if self.send(slot, Step::Abort).is_ok() => Phase::Aborting,
            _ => Phase::Empty,
        };
        self.slots[slot.index()].phase = phase;
    }
}

impl Drop for FolderStore {
    /// Waits for the threads: commits under way are finished, all else goes.
    fn drop(&mut self) {
        let joins: Vec<_> = self.threads.drain(..).map(|thread| thread.join).collect();
        for join in joins {
            // A thread that panicked has told so itself.
            let _ = join.join();
        }
    }
}

#[derive(Debug)]
struct Thread {
    jobs: SyncSender<Job>,
    join: JoinHandle<()>,
}

/// The room's side of an upload.
#[derive(Debug)]
struct Slot {
    phase: Phase,
    /// The buffers that are not under way.
    blocks: Vec<Block>,
}

impl Slot {
    fn new(block_size: usize) -> Self {
        let blocks = (0..BLOCKS).map(|_| Block::new(block_size)).collect();
        Self { phase: Phase::Empty, blocks }
    }

    /// Takes note of a step that was done, and its buffer back.
    fn settle(&mut self, step: Step, result: Result<(), StoreError>) {
        self.phase = self.phase.after(&step, result);
        if let Step::Append(block) | Step::Prepend(block) = step {
            self.blocks.push(block);
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Empty,
    Creating,
    /// Created, but the room was not told yet.
    Created,
    Open,
    /// Failed, but the room was not told yet.
    Broken(StoreError),
    Committing,
    /// Committed, but the room was not told yet.
    Committed,
    /// Steps of an upload that is over are still under way.
    Aborting,
}

impl Phase {
    fn after(self, step: &Step, result: Result<(), StoreError>) -> Self {
        match (self, step, result) {
            (Self::Aborting, Step::Abort, _) => Self::Empty,
            // The first error says why; what follows comes of it.
            (Self::Aborting | Self::Broken(_), ..) => self,
            (_, _, Err(error)) => Self::Broken(error),
            (_, Step::Create(_), Ok(())) => Self::Created,
            (_, Step::Commit, Ok(())) => Self::Committed,
            (_, _, Ok(())) => self,
        }
    }

    /// The answer to a call that this phase has no success for.
    fn error(self) -> StoreError {
        match self {
            Self::Broken(error) => error,
            _ => StoreError::Failed,
        }
    }
}

/// Buffers of a slot.
const BLOCKS: usize = 2;

/// The most jobs that a slot has under way: create, commit, abort, and a write
/// for each buffer.
const JOBS: usize = BLOCKS + 3;

/// As many as let one slow `fsync` pass without holding up all uploads.
const THREADS: usize = 4;
