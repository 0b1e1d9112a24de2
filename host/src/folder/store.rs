//! The folder as the room's store: what is asked for in one call, and done by
//! another thread.

use core::fmt;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};

use snug_core::store::{self, Listed, Opened, Store, StoreError, TransferSlot};
use snug_core::wire::digest::Digest;
use snug_core::wire::name::FileName;

use super::Folder;
use super::directory::Directory;
use super::draft::Plan;
use super::hasher::Hasher;
use super::job::{Block, Done, Job, Report, Step};
use super::keeper::Keeper;
use super::listing::Listing;
use super::pair::{JOBS, PAIRS, Pair};
use super::slot::{Phase, Slot};
use super::turns::Turns;
use crate::Wake;

/// A folder as a store for the room.
///
/// After the `wake` that it was opened with was called, the room's thread asks
/// [`poll_stored`](Self::poll_stored) which transfers can go on.
///
/// An error of [`write`](Store::write), [`prepend`](Store::prepend) or
/// [`commit`](Store::commit) ends the upload as an [`abort`](Store::abort) does.
/// An abort that comes while a commit is under way may come too late; the file
/// then stands, whole.
pub struct FolderStore {
    pub(super) directory: Arc<Directory>,
    pub(super) slots: Box<[Slot]>,
    block_size: usize,
    pairs: Vec<Pair>,
    /// None only while it is dropped.
    hasher: Option<Hasher>,
    done: Receiver<Done>,
    /// Jobs that the threads have, or have done and nobody was told of.
    jobs: usize,
    listing: Listing,
    pub(super) wake: Arc<Wake>,
}

impl FolderStore {
    /// Starts the threads, for `slots` transfers at once with blocks of up to
    /// `block_size` bytes. Takes two blocks of memory for each slot, and 256 KiB for
    /// each of up to four threads; in pipes the system may hold up to a MiB for each
    /// file that goes, and for each of the eight that come at once by a pipe.
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
        let (sender, done) = sync_channel(count * JOBS);
        let wake = Arc::new(wake);
        let report = Report { done: sender, wake: Arc::clone(&wake) };
        let stride = count.clamp(1, PAIRS);
        let hasher = Hasher::start(Arc::clone(&directory))?;
        let share = count.div_ceil(stride);
        let pair = |_| Pair::start(&directory, &report, hasher.queue(), share, stride);
        Ok(Self {
            pairs: (0..stride).map(pair).collect::<io::Result<_>>()?,
            hasher: Some(hasher),
            slots: (0..slots).map(|_| Slot::new(block_size)).collect(),
            directory,
            block_size,
            done,
            jobs: 0,
            listing: Listing::default(),
            wake,
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
        let Ok(Done { job: Job { slot, step }, result }) = self.done.try_recv() else {
            return self.pairs.iter_mut().find_map(|pair| pair.turns.next());
        };
        self.jobs -= 1;
        let place = &mut self.slots[slot.index()];
        place.answer(&step, result);
        match step {
            Step::Pour(pipe) => self.turns(slot).take_back(slot, pipe),
            step => place.settle(step, result.is_ok()),
        }
        Some(slot)
    }

    /// Whether the threads that wait for the disk have nothing to do.
    pub fn is_at_rest(&self) -> bool {
        self.jobs == 0
    }

    /// Hands a step to the slot's thread, whose queue has room for all that
    /// a slot can have under way. Only a thread that died does not take it.
    pub(super) fn send(&mut self, slot: TransferSlot, step: Step) -> Result<(), StoreError> {
        self.pair(slot).jobs.try_send(Job { slot, step }).map_err(|_| StoreError::Failed)?;
        self.slots[slot.index()].jobs += 1;
        self.jobs += 1;
        Ok(())
    }

    /// The threads that have all jobs of a slot.
    fn pair(&mut self, slot: TransferSlot) -> &mut Pair {
        let count = self.pairs.len();
        &mut self.pairs[slot.index() % count]
    }

    /// Whose turn it is among the slots of these threads.
    pub(super) fn turns(&mut self, slot: TransferSlot) -> &mut Turns {
        &mut self.pair(slot).turns
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
            _ => self.send(slot, step).map_or(Phase::Empty, |()| Phase::Ending),
        };
        self.leave(slot);
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

impl fmt::Debug for FolderStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { directory, pairs, jobs, .. } = self;
        let mut shown = f.debug_struct("FolderStore");
        shown.field("directory", directory).field("pairs", pairs).field("jobs", jobs);
        shown.finish_non_exhaustive()
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
                self.leave(slot);
                self.slots[slot.index()].phase = Phase::Committing;
                Err(nb::Error::WouldBlock)
            }
            Phase::Committing => Err(nb::Error::WouldBlock),
            Phase::Committed => {
                let place = &mut self.slots[slot.index()];
                place.clear();
                place.phase = Phase::Empty;
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
            Phase::Open if place.piping => Err(nb::Error::WouldBlock),
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
        let joins: Vec<_> = self.pairs.drain(..).flat_map(|pair| pair.joins).collect();
        for join in joins {
            // A thread that panicked has told so itself.
            let _ = join.join();
        }
        if let Some(hasher) = self.hasher.take() {
            hasher.end();
        }
    }
}
