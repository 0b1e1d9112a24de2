//! The threads that read and write files, so that the room need not wait for
//! the disk.

use std::fs::File;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SendError, SyncSender};
use std::thread::{self, JoinHandle};

use snug_core::store::StoreError;

use super::directory::{Directory, store_error};
use super::disk::Disk;
use super::draft::Draft;
use super::job::{Job, Report, Step, Whole};
use super::urgency::{LESS_URGENT, be_less_urgent, let_others};
use crate::explain;

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
    pub(super) report: Report,
    /// Where files go that are whole.
    pub(super) whole: SyncSender<Whole>,
    /// For what comes by a pipe and has to be seen.
    pub(super) scratch: Box<[u8]>,
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
            let_others();
        }
        for file in self.files.into_iter().flatten() {
            if let Open::Draft(draft) = file {
                draft.keep();
            }
        }
    }

    /// Does a job, but for a commit: others wait for the syncs of that.
    fn take(&mut self, mut job: Job) {
        let file = &mut self.files[job.slot.index() / self.stride];
        let taken = take_step(&self.directory, file, &mut job.step, &mut self.scratch);
        if taken.is_err() {
            *file = None;
        }
        match taken {
            Ok(Taken::Bytes(count)) => self.report.tell(job, Ok(count)),
            Ok(Taken::Whole(draft)) => {
                // Only a thread that died does not take it.
                if let Err(SendError(Whole { job, .. })) =
                    self.whole.send(Whole { job, draft: *draft })
                {
                    self.report.tell(job, Err(StoreError::Failed));
                }
            }
            Err(error) => self.report.tell(job, Err(error)),
        }
    }
}

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
    scratch: &mut [u8],
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
        Step::Pour(pipe) => draft_in(file)?.append_piped(pipe, scratch)?,
        Step::Prepend(block) => draft_in(file)?.prepend(block.bytes())?,
        Step::Commit => {
            let mut draft = take_draft(file)?;
            draft.begin_rest();
            return Ok(Taken::Whole(draft));
        }
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
