//! What the room asks of the folder's threads, these of each other, and what they
//! answer.

use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use snug_core::store::{StoreError, TransferSlot};
use snug_core::wire::name::FileName;

use super::directory::Source;
use super::draft::{Draft, Plan};
use super::pipe::Pipe;
use crate::Wake;

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

    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
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

/// A file that is whole, with the job to give it its name.
pub(super) struct Whole {
    pub(super) job: Job,
    pub(super) draft: Draft,
}

/// Where the room is told what was done.
#[derive(Clone)]
pub(super) struct Report {
    pub(super) done: SyncSender<Done>,
    pub(super) wake: Arc<Wake>,
}

impl Report {
    /// Tells what a job came to.
    pub(super) fn tell(&self, job: Job, result: Result<u64, StoreError>) {
        if self.done.send(Done { job, result }).is_ok() {
            (self.wake)();
        }
    }
}
