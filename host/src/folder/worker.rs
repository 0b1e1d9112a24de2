//! The threads that wait for the disk, so that the room need not.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender};
use std::thread::{self, JoinHandle};

use snug_core::store::{StoreError, UploadSlot};
use snug_core::wire::name::FileName;

use super::directory::Directory;
use super::draft::Draft;
use crate::{Wake, explain};

/// What is to be done for the upload in a slot, in the order of sending.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) slot: UploadSlot,
    pub(super) step: Step,
}

/// A step in the life of an upload.
#[derive(Debug)]
pub(super) enum Step {
    Create(Box<FileName>),
    Append(Block),
    Prepend(Block),
    Commit,
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

    fn bytes(&self) -> &[u8] {
        &self.buffer[..self.length]
    }
}

/// A job that was done, with the step's buffer on its way back.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) job: Job,
    pub(super) result: Result<(), StoreError>,
}

/// What a thread works on: the files under way in every `stride`th slot.
pub(super) struct Worker {
    pub(super) directory: Arc<Directory>,
    /// By slot; none before a create and after an error.
    pub(super) drafts: Box<[Option<Draft>]>,
    pub(super) stride: usize,
    pub(super) jobs: Receiver<Job>,
    pub(super) done: SyncSender<Done>,
    pub(super) wake: Arc<Wake>,
}

impl Worker {
    /// Starts the thread; it ends when nobody can send jobs any more, and what
    /// was not committed by then goes.
    pub(super) fn start(self) -> io::Result<JoinHandle<()>> {
        let thread = thread::Builder::new().name("folder".into()).spawn(|| self.run());
        thread.map_err(|e| explain("cannot start a thread for the folder", &e))
    }

    fn run(mut self) {
        while let Ok(job) = self.jobs.recv() {
            let result = self.perform(&job);
            if self.done.send(Done { job, result }).is_ok() {
                (self.wake)();
            }
        }
    }

    fn perform(&mut self, job: &Job) -> Result<(), StoreError> {
        let draft = &mut self.drafts[job.slot.index() / self.stride];
        let result = take_step(&self.directory, draft, &job.step);
        if result.is_err() {
            *draft = None;
        }
        result
    }
}

fn take_step(
    directory: &Arc<Directory>,
    draft: &mut Option<Draft>,
    step: &Step,
) -> Result<(), StoreError> {
    match step {
        Step::Create(name) => *draft = Some(Draft::begin(directory, FileName::clone(name))?),
        Step::Append(block) => draft.as_mut().ok_or(StoreError::Failed)?.append(block.bytes())?,
        Step::Prepend(block) => draft.as_mut().ok_or(StoreError::Failed)?.prepend(block.bytes())?,
        Step::Commit => draft.take().ok_or(StoreError::Failed)?.publish()?,
        Step::Abort => *draft = None,
    }
    Ok(())
}
