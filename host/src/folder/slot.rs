//! The room's side of a transfer: what was asked of its thread, and answered.

use core::mem;
use std::io;
use std::os::fd::AsFd;

use snug_core::store::StoreError;
use snug_core::wire::digest::Digest;

use super::digests::Identity;
use super::directory::Source;
use super::disk::Disk;
use super::pipe::{FEW, Pipe, SIZE};
use super::worker::{Block, Step};

/// Buffers of a slot.
pub(super) const BUFFERS: usize = 2;

/// A transfer, as far as the room was told.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) phase: Phase,
    /// The buffers that are not under way.
    pub(super) buffers: Vec<Block>,
    /// What was read and from which offset on, until the room takes it.
    read: Option<(u64, Block)>,
    /// The offset from which on something is being read.
    reading: Option<u64>,
    /// The file that is read, as far as it is open.
    source: Option<Source>,
    /// By which it goes, or comes, unless it is read or written.
    pipe: Option<Pipe>,
    /// The pipe is under way.
    pub(super) piping: bool,
}

impl Slot {
    pub(super) fn new(block_size: usize) -> Self {
        let buffers = (0..BUFFERS).map(|_| Block::new(block_size)).collect();
        let (read, reading, source, pipe, piping) = (None, None, None, None, false);
        Self { phase: Phase::Empty, buffers, read, reading, source, pipe, piping }
    }

    /// Takes note of a step that was done, and its buffer back.
    pub(super) fn settle(&mut self, step: Step, result: Result<u64, StoreError>) {
        self.phase = self.phase.after(&step, result);
        match step {
            Step::Read(block, offset) if self.reading == Some(offset) && result.is_ok() => {
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
            Step::Pour(pipe) if mem::take(&mut self.piping) => self.pipe = Some(pipe),
            // The next transfer's begins when all steps of this one are done.
            Step::Begin(_, pipe) if self.phase != Phase::Ending => self.pipe = pipe,
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

    /// How many of the next `most` bytes of a file that comes can be piped now,
    /// if they can at all.
    pub(super) fn space_in_pipe(&self, most: u64) -> Option<usize> {
        if self.phase != Phase::Open || most <= FEW {
            return None;
        }
        let space = if self.piping { 0 } else { self.pipe.as_ref().map(|_| SIZE)? };
        Some(usize::try_from(most).map_or(space, |most| most.min(space)))
    }

    /// A step that appends what a socket has now of a file, and how many bytes
    /// that is. Behind an error there is no pipe any more.
    pub(super) fn take_from(&mut self, socket: impl AsFd, most: usize) -> Option<(Step, usize)> {
        let mut pipe = self.pipe.take()?;
        let taken = pipe.take_in(most, socket);
        self.piping = taken.as_ref().is_ok_and(|&count| count > 0);
        match taken {
            Ok(count) if self.piping => return Some((Step::Pour(pipe), count)),
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => {}
            _ => self.pipe = Some(pipe),
        }
        None
    }

    /// The transfer is over.
    pub(super) fn clear(&mut self) {
        self.buffers.extend(self.read.take().map(|(_, block)| block));
        self.reading = None;
        self.source = None;
        self.pipe = None;
        self.piping = false;
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
    pub(super) fn after(self, step: &Step, result: Result<u64, StoreError>) -> Self {
        match (self, step, result) {
            (Self::Ending, Step::Abort | Step::Keep, _) => Self::Empty,
            // The first error says why; what follows comes of it.
            (Self::Ending | Self::Broken(_), ..) => self,
            (_, _, Err(error)) => Self::Broken(error),
            (_, Step::Begin(..) | Step::Open(..), Ok(length)) => Self::Opened(length),
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
