//! The files, in a folder of the host, written by threads of their own.
//!
//! - `directory`: the folder by its descriptor, all that is done by name
//! - `disk`: the calls that it takes, each in one place
//! - `digests`: what is known of files that do not change
//! - `draft`: a file on its way, under a temporary name; `kept`: those that
//!   were not finished
//! - `hasher`: sums what has come, while nobody wants the processor
//! - `keeper`: what stands there, listed and removed for who keeps the room
//! - `listing`: the finished files, one after the other
//! - `pipe`: what is read and nobody has to see goes by it
//! - `slot`: the room's side of a transfer; `worker`: the threads that wait for
//!   the disk
//!
//! A file is written under a temporary name, made safe (`fsync`), renamed over
//! its final name, and the folder made safe; only then is it committed. So half
//! a file never stands under a name, and a replaced file is whole until the new
//! one is. Of what an earlier run left unfinished, files that came by `#put` are
//! kept for a day, as far as there is room, and all else is swept out at start.
//!
//! # Trade-offs
//!
//! - Each slot has two buffers, so that the network fills one while the disk
//!   takes the other; they are copied into, so that the room's memory stays the
//!   room's. More would hide longer pauses of the disk at the cost of memory.
//! - The system is told to begin with the disk every few MiB, not left to collect
//!   a file in its memory until the sync: that would be one long wait at the
//!   end. A file that is removed before its sync was written for nothing.
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

use snug_core::store::{self, Listed, Opened, Store, StoreError, TransferSlot};
use snug_core::wire::digest::Digest;
use snug_core::wire::name::FileName;

use crate::Wake;

mod digests;
mod directory;
mod disk;
mod draft;
mod hasher;
mod keeper;
mod kept;
mod listing;
mod pipe;
mod slot;
#[cfg(test)]
mod tests;
mod worker;

use directory::Directory;
use draft::Plan;
use hasher::Hasher;
pub use keeper::{Keeper, RemovalError};
use listing::Listing;
use slot::{BUFFERS, Phase, Slot};
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
/// [`poll_stored`](Self::poll_stored) which transfers can go on.
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
    /// None only while it is dropped.
    hasher: Option<Hasher>,
    done: Receiver<Done>,
    listing: Listing,
}

impl FolderStore {
    /// Starts the threads, for `slots` transfers at once with blocks of up to
    /// `block_size` bytes. Takes two blocks of memory for each slot.
    ///
    /// What is kept of unfinished files makes room where all files together
    /// would take more than `quota` bytes.
    pub fn start(
        folder: Folder,
        slots: u16,
        block_size: usize,
        quota: u64,
        wake: Wake,
    ) -> io::Result<Self> {
        let Folder(mut directory) = folder;
        directory.quota = quota;
        let directory = Arc::new(directory);
        let count = usize::from(slots);
        let (report, done) = sync_channel(count * JOBS);
        let stride = count.clamp(1, THREADS);
        let wake = Arc::new(wake);
        let hasher = Hasher::start(Arc::clone(&directory))?;
        let worker = |jobs| Worker {
            directory: Arc::clone(&directory),
            files: (0..count.div_ceil(stride)).map(|_| None).collect(),
            stride,
            jobs,
            done: report.clone(),
            wake: Arc::clone(&wake),
            unsummed: hasher.names(),
        };
        let threads = (0..stride).map(|_| {
            let (jobs, queue) = sync_channel(count.div_ceil(stride) * JOBS);
            Ok(Thread { jobs, join: worker(queue).start()? })
        });
        Ok(Self {
            threads: threads.collect::<io::Result<_>>()?,
            hasher: Some(hasher),
            slots: (0..slots).map(|_| Slot::new(block_size)).collect(),
            directory,
            block_size,
            done,
            listing: Listing::default(),
        })
    }

    /// One who lists and removes files, from whatever thread.
    pub fn keeper(&self) -> Keeper {
        Keeper::new(&self.directory)
    }

    /// The next slot in which something was done since; its transfer may go on.
    ///
    /// Told of those that have ended, too: a new one may have waited for that.
    pub fn poll_stored(&mut self) -> Option<TransferSlot> {
        let Done { job, result } = self.done.try_recv().ok()?;
        self.slots[job.slot.index()].settle(job.step, result);
        Some(job.slot)
    }

    /// Moves the next `most` bytes that are [lent](Store::lend) to a socket, as
    /// far as it takes them now; tells how many.
    pub fn hand_over(
        &mut self,
        slot: TransferSlot,
        most: usize,
        socket: impl AsFd,
    ) -> io::Result<usize> {
        let pipe = self.slots[slot.index()].pipe();
        pipe.ok_or(io::ErrorKind::InvalidInput)?.drain(most, socket)
    }

    /// Hands a step to the slot's thread, whose queue has room for all that
    /// a slot can have under way. Only a thread that died does not take it.
    fn send(&self, slot: TransferSlot, step: Step) -> Result<(), StoreError> {
        let thread = &self.threads[slot.index() % self.threads.len()];
        thread.jobs.try_send(Job { slot, step }).map_err(|_| StoreError::Failed)
    }

    /// Begins or opens a file by a step, and tells its bytes once that is done.
    fn set_out(
        &mut self,
        slot: TransferSlot,
        step: impl FnOnce() -> Step,
    ) -> nb::Result<u64, StoreError> {
        match self.slots[slot.index()].phase {
            Phase::Empty => {
                self.send(slot, step())?;
                self.slots[slot.index()].phase = Phase::Opening;
                Err(nb::Error::WouldBlock)
            }
            Phase::Opening | Phase::Ending => Err(nb::Error::WouldBlock),
            Phase::Opened(length) => {
                self.slots[slot.index()].phase = Phase::Open;
                Ok(length)
            }
            phase => self.fail(slot, phase.error()),
        }
    }

    /// Ends the transfer of a slot by a step.
    fn end(&mut self, slot: TransferSlot, step: Step) {
        let phase = match self.slots[slot.index()].phase {
            Phase::Empty | Phase::Committed => Phase::Empty,
            Phase::Ending => Phase::Ending,
            _ if self.send(slot, step).is_ok() => Phase::Ending,
            _ => Phase::Empty,
        };
        let place = &mut self.slots[slot.index()];
        place.clear();
        place.phase = phase;
    }

    /// Copies `bytes` into a free buffer and sends it along in a step.
    fn pass_on(
        &mut self,
        slot: TransferSlot,
        bytes: &[u8],
        step: fn(Block) -> Step,
    ) -> nb::Result<(), StoreError> {
        let place = &mut self.slots[slot.index()];
        match place.phase {
            Phase::Open if bytes.len() > self.block_size => {
                self.fail(slot, StoreError::Unsupported)
            }
            Phase::Open => {
                let mut block = place.buffers.pop().ok_or(nb::Error::WouldBlock)?;
                block.fill(bytes);
                Ok(self.send(slot, step(block))?)
            }
            phase => self.fail(slot, phase.error()),
        }
    }

    fn fail<T>(&mut self, slot: TransferSlot, error: StoreError) -> nb::Result<T, StoreError> {
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
        slot: TransferSlot,
        name: &FileName,
        size: u64,
    ) -> nb::Result<(), StoreError> {
        self.set_out(slot, || Step::Begin(Box::new(Plan::new(name, size)))).map(drop)
    }

    fn begin(
        &mut self,
        slot: TransferSlot,
        draft: &store::Draft<'_>,
    ) -> nb::Result<u64, StoreError> {
        self.set_out(slot, || Step::Begin(Box::new(Plan::of(draft))))
    }

    fn write(&mut self, slot: TransferSlot, block: &[u8]) -> nb::Result<(), StoreError> {
        self.pass_on(slot, block, Step::Append)
    }

    fn prepend(&mut self, slot: TransferSlot, bytes: &[u8]) -> nb::Result<(), StoreError> {
        self.pass_on(slot, bytes, Step::Prepend)
    }

    fn commit(&mut self, slot: TransferSlot, _: &FileName) -> nb::Result<(), StoreError> {
        match self.slots[slot.index()].phase {
            Phase::Open => {
                self.send(slot, Step::Commit)?;
                self.slots[slot.index()].phase = Phase::Committing;
                Err(nb::Error::WouldBlock)
            }
            Phase::Committing => Err(nb::Error::WouldBlock),
            Phase::Committed => {
                self.slots[slot.index()].phase = Phase::Empty;
                Ok(())
            }
            phase => self.fail(slot, phase.error()),
        }
    }

    fn abort(&mut self, slot: TransferSlot) {
        self.end(slot, Step::Abort);
    }

    fn keep(&mut self, slot: TransferSlot) {
        self.end(slot, Step::Keep);
    }

    fn kept(&self, digest: Digest) -> u64 {
        self.directory.kept.length(digest)
    }

    fn open(&mut self, slot: TransferSlot, name: &FileName) -> nb::Result<Opened, StoreError> {
        let size = self.set_out(slot, || Step::Open(Box::new(name.clone()), None))?;
        Ok(Opened { size, digest: self.slots[slot.index()].digest() })
    }

    fn learn(&mut self, slot: TransferSlot, digest: Digest) {
        if let Some(identity) = self.slots[slot.index()].identity() {
            self.directory.digests.learn(identity, digest);
        }
    }

    fn read(
        &mut self,
        slot: TransferSlot,
        offset: u64,
        block: &mut [u8],
    ) -> nb::Result<usize, StoreError> {
        let place = &mut self.slots[slot.index()];
        if place.phase != Phase::Open {
            let error = place.phase.error();
            return self.fail(slot, error);
        }
        let most = block.len().min(self.block_size);
        let block = &mut block[..most];
        if let Some(count) = place.take_read(offset, block) {
            return Ok(count);
        }
        if let Some(count) = place.read_at_once(offset, block) {
            return Ok(count);
        }
        if let Some(step) = place.begin_read(offset, most) {
            self.send(slot, step)?;
        }
        Err(nb::Error::WouldBlock)
    }

    fn lend(
        &mut self,
        slot: TransferSlot,
        offset: u64,
        most: usize,
    ) -> nb::Result<usize, StoreError> {
        let place = &mut self.slots[slot.index()];
        match place.phase {
            Phase::Open if place.filling => Err(nb::Error::WouldBlock),
            Phase::Open => match place.pipe().map_or(0, |pipe| pipe.held()) {
                0 => match place.begin_fill(offset) {
                    Some(step) => {
                        self.send(slot, step)?;
                        Err(nb::Error::WouldBlock)
                    }
                    None => Ok(0),
                },
                held => Ok(held.min(most)),
            },
            phase => self.fail(slot, phase.error()),
        }
    }

    fn list(&mut self, from: u64) -> Option<Listed> {
        self.listing.next(&self.directory, from)
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
        if let Some(hasher) = self.hasher.take() {
            hasher.end();
        }
    }
}

#[derive(Debug)]
struct Thread {
    jobs: SyncSender<Job>,
    join: JoinHandle<()>,
}

/// The most jobs that a slot has under way: create, commit, abort, and one for
/// each buffer.
const JOBS: usize = BUFFERS + 3;

/// As many as let one slow `fsync` pass without holding up all uploads.
const THREADS: usize = 4;
