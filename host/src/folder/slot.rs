//! The room's side of a transfer: what was asked of its threads, and answered.

use core::mem;

use snug_core::store::StoreError;
use snug_core::wire::digest::Digest;

use super::digests::Identity;
use super::directory::Source;
use super::disk::Disk;
use super::job::{Block, Step};
use super::pipe::{FEW, Pipe};

/// Buffers of a slot.
pub(super) const BUFFERS: usize = 2;

/// A transfer, as far as the room was told.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) phase: Phase,
    /// Jobs that the threads have, or have done and nobody was told of.
    pub(super) jobs: usize,
    /// The buffers that are not under way.
    pub(super) buffers: Vec<Block>,
    /// What was read and from which offset on, until the room takes it.
    read: Option<(u64, Block)>,
    /// The offset from which on something is being read.
    reading: Option<u64>,
    /// The file that is read, as far as it is open.
    source: Option<Source>,
    /// By which it goes, unless it is read.
    pipe: Option<Pipe>,
    /// The pipe is under way.
    pub(super) piping: bool,
    /// What comes may go by a pipe.
    pub(super) piped: bool,
}

impl Slot {
    pub(super) fn new(block_size: usize) -> Self {
        let buffers = (0..BUFFERS).map(|_| Block::new(block_size)).collect();
        let (read, reading, source, pipe) = (None, None, None, None);
        let (piping, piped) = (false, false);
        Self { phase: Phase::Empty, jobs: 0, buffers, read, reading, source, pipe, piping, piped }
    }

    /// Learns what a step came to.
    pub(super) fn answer(&mut self, step: &Step, result: Result<u64, StoreError>) {
        self.jobs -= 1;
        self.phase = match self.phase {
            Phase::Ending if self.jobs == 0 => Phase::Empty,
            phase => phase.after(step, result),
        };
    }

    /// Takes back what a step was done with.
    pub(super) fn settle(&mut self, step: Step, done: bool) {
        match step {
            Step::Read(block, offset) if self.reading == Some(offset) && done => {
                self.reading = None;
                self.read = Some((offset, block));
            }
            Step::Append(block) | Step::Prepend(block) | Step::Read(block, _) => {
                self.buffers.push(block);
            }
            // Where nothing came, it is read, and that tells why.
            Step::Fill(pipe, _) if mem::take(&mut self.piping) => {
                self.pipe = Some(pipe).filter(|pipe| pipe.held() > 0);
            }
            Step::Begin(plan) => self.piped = plan.is_piped(),
            Step::Open(_, mut source) if self.phase != Phase::Ending => {
                self.pipe = source.as_mut().and_then(|source| source.pipe.take());
                self.source = source;
            }
            _ => {}
        }
    }

    /// The digest of the file that is read, if it is known.
    pub(super) fn digest(&self) -> Option<Digest> {
        self.source.as_ref()?.digest
    }

    /// That of the file that is read, where its digest may be kept.
    pub(super) fn identity(&self) -> Option<Identity> {
        self.source.as_ref()?.identity
    }

    /// Reads what the system has in memory, without waiting for the disk: all
    /// of `into`, or nothing.
    pub(super) fn read_at_once(&self, offset: u64, into: &mut [u8]) -> Option<usize> {
        let count = Disk::read_at_once(&self.source.as_ref()?.file, offset, into).ok()?;
        (count == into.len()).then_some(count)
    }

    /// What was read from `offset` on, if that has come; bytes read from
    /// elsewhere are of no use any more.
    pub(super) fn take_read(&mut self, offset: u64, into: &mut [u8]) -> Option<usize> {
        let (at, block) = self.read.take()?;
        let count = block.bytes().len().min(into.len());
        into[..count].copy_from_slice(&block.bytes()[..count]);
        self.buffers.push(block);
        (at == offset).then_some(count)
    }

    /// A step that reads `count` bytes from `offset` on, unless that is under
    /// way already or there is no buffer for it.
    pub(super) fn begin_read(&mut self, offset: u64, count: usize) -> Option<Step> {
        if self.reading.is_some() {
            return None;
        }
        let mut block = self.buffers.pop()?;
        block.want(count);
        self.reading = Some(offset);
        Some(Step::Read(block, offset))
    }

    /// The pipe with what is lent, unless it is being filled or there is none.
    pub(super) fn pipe(&mut self) -> Option<&mut Pipe> {
        self.pipe.as_mut()
    }

    /// A step that has what stands from `offset` on lent, unless that is
    /// impossible, or so little that it is sooner read.
    pub(super) fn begin_fill(&mut self, offset: u64) -> Option<Step> {
        self.source.as_ref().filter(|source| source.size > offset + FEW)?;
        let pipe = self.pipe.take()?;
        self.piping = true;
        Some(Step::Fill(pipe, offset))
    }

    /// Whether the next `most` bytes of a file that comes may go by a pipe.
    pub(super) fn is_piped(&self, most: u64) -> bool {
        self.phase == Phase::Open && self.piped && most > FEW
    }

    /// The transfer is over.
    pub(super) fn clear(&mut self) {
        self.buffers.extend(self.read.take().map(|(_, block)| block));
        self.reading = None;
        self.source = None;
        self.pipe = None;
        self.piping = false;
        self.piped = false;
    }
}

/// How far a transfer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Empty,
    Opening,
    /// Begun or opened, with so many bytes, but the room was not told yet.
    Opened(u64),
    Open,
    /// Failed, but the room was not told yet.
    Broken(StoreError),
    Committing,
    /// Committed, but the room was not told yet.
    Committed,
    /// Steps of a transfer that is over are still under way.
    Ending,
}

impl Phase {
    fn after(self, step: &Step, result: Result<u64, StoreError>) -> Self {
        match (self, step, result) {
            // The first error says why; what follows comes of it.
            (Self::Ending | Self::Broken(_), ..) => self,
            (_, _, Err(error)) => Self::Broken(error),
            (_, Step::Begin(_) | Step::Open(..), Ok(length)) => Self::Opened(length),
            (_, Step::Commit, Ok(_)) => Self::Committed,
            (_, _, Ok(_)) => self,
        }
    }

    /// The answer to a call that this phase has no success for.
    pub(super) fn error(self) -> StoreError {
        match self {
            Self::Broken(error) => error,
            _ => StoreError::Failed,
        }
    }
}
