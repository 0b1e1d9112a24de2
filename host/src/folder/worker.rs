//! The threads that wait for the disk, so that the room need not.

use core::mem;
use std::fs::File;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender};
use std::thread::{self, JoinHandle};

use snug_core::store::{StoreError, TransferSlot};
use snug_core::wire::name::FileName;

use super::directory::{Directory, Source, store_error};
use super::disk::Disk;
use super::draft::{Draft, Plan};
use super::hasher::Unsummed;
use super::pipe::Pipe;
use super::publish::publish;
use crate::{Wake, explain};

/// What is to be done for the transfer in a slot, in the order of sending.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) slot: TransferSlot,
    pub(super) step: Step,
}

/// A step in the life of a transfer.
#[derive(Debug)]
pub(super) enum Step {
    Begin(Box<Plan>),
    Append(Block),
    /// Appends what a pipe holds.
    Pour(Pipe),
    Prepend(Block),
    Commit,
    /// Leaves an unfinished file to a later try.
    Keep,
    /// Opens a file to be read; it is left here for the room, too.
    Open(Box<FileName>, Option<Source>),
    /// Reads from an offset on, as much as is wanted.
    Read(Block, u64),
    /// Fills the pipe from an offset on.
    Fill(Pipe, u64),
    Abort,
}

/// A buffer that is lent to one block after the other.
#[derive(Debug)]
pub(super) struct Block {
    buffer: Box<[u8]>,
    length: usize,
}

impl Block {
    /// Room for blocks of up to `capacity` bytes.
    pub(super) fn new(capacity: usize) -> Self {
        Self { buffer: vec![0; capacity].into(), length: 0 }
    }

    /// Takes a copy of `bytes`, which must not be more than there is room for.
    pub(super) fn fill(&mut self, bytes: &[u8]) {
        self.buffer[..bytes.len()].copy_from_slice(bytes);
        self.length = bytes.len();
    }

    /// Wants up to `count` bytes, which must not be more than there is room for.
    pub(super) fn want(&mut self, count: usize) {
        self.length = count;
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.buffer[..self.length]
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.buffer[..self.length]
    }
}

/// A job that was done, with the step's buffer on its way back.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) job: Job,
    /// Bytes that there are of a file that was begun or opened, or read.
    pub(super) result: Result<u64, StoreError>,
}

/// The file of a slot.
#[derive(Debug)]
pub(super) enum Open {
    Draft(Box<Draft>),
    File(Arc<File>),
}

/// What a thread works on: the files under way in every `stride`th slot.
pub(super) struct Worker {
    pub(super) directory: Arc<Directory>,
    /// By slot; none before it is begun or opened, and after an error.
    pub(super) files: Box<[Option<Open>]>,
    pub(super) stride: usize,
    pub(super) jobs: Receiver<Job>,
    pub(super) done: SyncSender<Done>,
    pub(super) wake: Arc<Wake>,
    /// Where files go that are to be summed.
    pub(super) unsummed: SyncSender<Unsummed>,
    /// Files that are whole, with the jobs to give them their names.
    pub(super) whole: Vec<(Job, Draft)>,
}

impl Worker {
    /// Starts the thread; it ends when nobody can send jobs any more. What was
    /// not committed by then goes, or is kept where it can be.
    pub(super) fn start(self) -> io::Result<JoinHandle<()>> {
        let thread = thread::Builder::new().name("folder".into()).spawn(|| self.run());
        thread.map_err(|e| explain("cannot start a thread for the folder", &e))
    }

    fn run(mut self) {
        be_less_urgent(LESS_URGENT);
        while let Ok(job) = self.jobs.recv() {
            self.take(job);
            for _ in 0..TOGETHER {
                match self.jobs.try_recv() {
                    Ok(job) => self.take(job),
                    Err(_) => break,
                }
            }
            self.publish();
        }
        for file in self.files.into_iter().flatten() {
            if let Open::Draft(draft) = file {
                draft.keep();
            }
        }
    }

    /// Does a job, but for a commit: that comes with the others. Until then its
    /// digest is taken; the room begins no other file with that.
    fn take(&mut self, mut job: Job) {
        if self.whole.iter().any(|(whole, _)| whole.slot == job.slot) {
            // What is to be done behind the commit is not done before it.
            self.publish();
        }
        let file = &mut self.files[job.slot.index() / self.stride];
        match take_step(&self.directory, file, &mut job.step) {
            Ok(Taken::Bytes(count)) => self.report(job, Ok(count)),
            Ok(Taken::Whole(draft)) => self.whole.push((job, *draft)),
            Err(error) => {
                *file = None;
                self.report(job, Err(error));
            }
        }
        let_others();
    }

    /// Gives the files that are whole their names.
    fn publish(&mut self) {
        let (jobs, drafts): (Vec<_>, Vec<_>) = mem::take(&mut self.whole).into_iter().unzip();
        for (job, result) in jobs.into_iter().zip(publish(&self.directory, drafts)) {
            if let Ok(Some(name)) = result.as_ref() {
                // Where too many wait already, whoever fetches it has it summed.
                let _ = self.unsummed.try_send(Unsummed::new(name.clone()));
            }
            self.report(job, result.map(|_| 0));
        }
        let_others();
    }

    fn report(&self, job: Job, result: Result<u64, StoreError>) {
        if self.done.send(Done { job, result }).is_ok() {
            (self.wake)();
        }
    }
}

/// Lets threads that are more urgent go first, by so many steps of `nice`: work
/// on files, however much, is to keep the room's thread from its core for no
/// longer than the system needs to change to it.
pub(super) fn be_less_urgent(steps: i32) {
    // Linux has a priority for each thread; elsewhere it would be the room's, too.
    // A sandbox may forbid it, and then all goes on as it is.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::nice(steps);
    #[cfg(not(target_os = "linux"))]
    let _ = steps;
}

/// Lets threads that have just become ready have the core: Linux may leave it to
/// one that is less urgent for some milliseconds, as long as that does not wait.
pub(super) fn let_others() {
    thread::yield_now();
}

/// Jobs that a commit may wait for, so that other commits among them come with it.
const TOGETHER: usize = 16;

/// About a tenth of the room's share of a core that both want.
const LESS_URGENT: i32 = 10;

/// What a step came to.
enum Taken {
    /// Bytes that there are of a file that was begun or opened, or read.
    Bytes(u64),
    /// The file is whole, and has no name yet.
    Whole(Box<Draft>),
}

fn take_step(
    directory: &Arc<Directory>,
    file: &mut Option<Open>,
    step: &mut Step,
) -> Result<Taken, StoreError> {
    match step {
        Step::Begin(plan) => {
            let draft = Draft::begin(directory, plan)?;
            let length = draft.length();
            *file = Some(Open::Draft(Box::new(draft)));
            return Ok(Taken::Bytes(length));
        }
        Step::Open(name, shared) => {
            let source = directory.open_file(name)?;
            let size = source.size;
            *file = Some(Open::File(Arc::clone(&source.file)));
            *shared = Some(source);
            return Ok(Taken::Bytes(size));
        }
        Step::Read(block, offset) => {
            let count = match file.as_ref().ok_or(StoreError::Failed)? {
                Open::Draft(draft) => draft.read(*offset, block.bytes_mut())?,
                Open::File(file) => {
                    Disk::read(file, *offset, block.bytes_mut()).map_err(store_error)?
                }
            };
            block.want(count);
            return Ok(Taken::Bytes(count as u64));
        }
        Step::Fill(pipe, offset) => match file {
            Some(Open::File(file)) => pipe.fill(file, *offset),
            _ => return Err(StoreError::Failed),
        },
        Step::Append(block) => draft_in(file)?.append(block.bytes())?,
        Step::Pour(pipe) => draft_in(file)?.append_piped(pipe)?,
        Step::Prepend(block) => draft_in(file)?.prepend(block.bytes())?,
        Step::Commit => return take_draft(file).map(Taken::Whole),
        Step::Keep => take_draft(file)?.keep(),
        Step::Abort => *file = None,
    }
    Ok(Taken::Bytes(0))
}

fn draft_in(file: &mut Option<Open>) -> Result<&mut Draft, StoreError> {
    match file {
        Some(Open::Draft(draft)) => Ok(draft),
        _ => Err(StoreError::Failed),
    }
}

fn take_draft(file: &mut Option<Open>) -> Result<Box<Draft>, StoreError> {
    match file.take() {
        Some(Open::Draft(draft)) => Ok(draft),
        _ => Err(StoreError::Failed),
    }
}
