//! The threads that wait for the disk, so that the room need not.

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
use super::pipe::Pipe;
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
    /// Begins a file; a pipe for what comes is left here for the room.
    Begin(Box<Plan>, Option<Pipe>),
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
    /// Where the names of files go that are to be summed.
    pub(super) unsummed: SyncSender<FileName>,
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
        while let Ok(mut job) = self.jobs.recv() {
            let result = self.perform(&mut job);
            if self.done.send(Done { job, result }).is_ok() {
                (self.wake)();
            }
            let_others();
        }
        for file in self.files.into_iter().flatten() {
            if let Open::Draft(draft) = file {
                draft.keep();
            }
        }
    }

    fn perform(&mut self, job: &mut Job) -> Result<u64, StoreError> {
        let file = &mut self.files[job.slot.index() / self.stride];
        let result = take_step(&self.directory, &self.unsummed, file, &mut job.step);
        if result.is_err() {
            *file = None;
        }
        result
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

/// About a tenth of the room's share of a core that both want.
const LESS_URGENT: i32 = 10;

fn take_step(
    directory: &Arc<Directory>,
    unsummed: &SyncSender<FileName>,
    file: &mut Option<Open>,
    step: &mut Step,
) -> Result<u64, StoreError> {
    match step {
        Step::Begin(plan, pipe) => {
            let draft = Draft::begin(directory, plan)?;
            *pipe = plan.pipe();
            let length = draft.length();
            *file = Some(Open::Draft(Box::new(draft)));
            return Ok(length);
        }
        Step::Open(name, shared) => {
            let source = directory.open_file(name)?;
            let size = source.size;
            *file = Some(Open::File(Arc::clone(&source.file)));
            *shared = Some(source);
            return Ok(size);
        }
        Step::Read(block, offset) => {
            let count = match file.as_ref().ok_or(StoreError::Failed)? {
                Open::Draft(draft) => draft.read(*offset, block.bytes_mut())?,
                Open::File(file) => {
                    Disk::read(file, *offset, block.bytes_mut()).map_err(store_error)?
                }
            };
            block.want(count);
            return Ok(count as u64);
        }
        Step::Fill(pipe, offset) => match file {
            Some(Open::File(file)) => pipe.fill(file, *offset),
            _ => return Err(StoreError::Failed),
        },
        Step::Append(block) => draft_in(file)?.append(block.bytes())?,
        Step::Pour(pipe) => draft_in(file)?.append_piped(pipe)?,
        Step::Prepend(block) => draft_in(file)?.prepend(block.bytes())?,
        Step::Commit => {
            if let Some(name) = take_draft(file)?.publish()? {
                // Where too many wait already, whoever fetches it has it summed.
                let _ = unsummed.try_send(name);
            }
        }
        Step::Keep => take_draft(file)?.keep(),
        Step::Abort => *file = None,
    }
    Ok(0)
}

fn draft_in(file: &mut Option<Open>) -> Result<&mut Draft, StoreError> {
    match file {
        Some(Open::Draft(draft)) => Ok(draft),
        _ => Err(StoreError::Failed),
    }
}

fn take_draft(file: &mut Option<Open>) -> Result<Draft, StoreError> {
    match file.take() {
        Some(Open::Draft(draft)) => Ok(*draft),
        _ => Err(StoreError::Failed),
    }
}
