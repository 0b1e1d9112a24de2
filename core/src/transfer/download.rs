//! A file from the store to its peer, block by block.

use sha2::{Digest as _, Sha256};

use super::{MOST_OF_PART, Piece, Progress, Setback, Stepped};
use crate::store::{Store, TransferSlot};
use crate::wire::digest::Digest;
use crate::wire::name::FileName;
use crate::wire::notice::{Refusal, Reply};

/// A file that is being sent.
#[derive(Debug)]
pub(super) struct Download {
    /// Bytes of the file; 0 before it is open.
    size: u64,
    /// The first byte that is sent.
    offset: u64,
    /// Bytes that were read so far, all of them summed.
    read: u64,
    sum: Sha256,
    /// Bytes in the block, and how many of them the peer has.
    fill: usize,
    sent: usize,
    step: Step,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// The store has not opened the file.
    Open,
    /// What is not sent is read, since the digest is that of the whole file.
    Pass,
    /// The peer is to be told that the file comes.
    Announce,
    /// The next block is to be read.
    Read,
    /// The peer is to be told that a part comes.
    Part,
    /// The peer is to get the part.
    Bytes,
    /// The peer is to be told the digest.
    Sum,
    /// The peer has all that it gets.
    Done,
}

impl Download {
    pub(super) fn new(offset: u64) -> Self {
        let (size, read, fill, sent) = (0, 0, 0, 0);
        Self { size, offset, read, sum: Sha256::new(), fill, sent, step: Step::Open }
    }

    /// What the peer is to get next.
    pub(super) fn piece<'a>(&self, name: &'a FileName, block: &'a [u8]) -> Option<Piece<'a>> {
        let line = match self.step {
            Step::Open | Step::Pass | Step::Read | Step::Done => return None,
            Step::Bytes => return block.get(self.sent..self.fill).map(Piece::Bytes),
            Step::Announce => Reply::File(name, self.size),
            Step::Part => Reply::Part(self.fill),
            Step::Sum => Reply::Sum(Digest::new(self.sum.clone().finalize().into())),
        };
        Some(Piece::Line(line))
    }

    /// The peer took a line, or `count` bytes.
    pub(super) fn took(&mut self, count: usize) {
        self.step = match self.step {
            Step::Announce => Step::Read,
            Step::Part => Step::Bytes,
            Step::Sum => Step::Done,
            Step::Bytes => {
                self.sent += count;
                if self.sent < self.fill { Step::Bytes } else { Step::Read }
            }
            step => step,
        };
    }

    /// Does the next step, with a block at most.
    pub(super) fn step(
        &mut self,
        slot: TransferSlot,
        name: &FileName,
        block: &mut [u8],
        store: &mut impl Store,
    ) -> Stepped {
        match self.step {
            Step::Open => {
                self.size = store.open(slot, name)?;
                if self.offset > self.size {
                    return Err(Setback::Failed(Refusal::BeyondEnd));
                }
                self.step = Step::Pass;
            }
            Step::Pass if self.read == self.offset => self.step = Step::Announce,
            Step::Pass => {
                self.read_block(slot, block, store, self.offset)?;
                return Ok(Some(Progress::More));
            }
            Step::Read if self.read == self.size => self.step = Step::Sum,
            Step::Read => {
                self.read_block(slot, block, store, self.size)?;
                self.step = Step::Part;
            }
            Step::Announce | Step::Part | Step::Bytes | Step::Sum => {
                return Ok(Some(Progress::Peer));
            }
            Step::Done => return Ok(Some(Progress::Done(self.size))),
        }
        Ok(None)
    }

    /// Reads as much as fits of what stands before `end`, which is not yet
    /// reached, and sums it.
    fn read_block(
        &mut self,
        slot: TransferSlot,
        block: &mut [u8],
        store: &mut impl Store,
        end: u64,
    ) -> Result<(), Setback> {
        let most = (end - self.read).min(MOST_OF_PART);
        let len = block.len().min(usize::try_from(most).unwrap_or(usize::MAX));
        let count = store.read(slot, self.read, &mut block[..len])?;
        if count == 0 {
            return Err(Setback::Failed(Refusal::Changed));
        }
        self.fill = count.min(len);
        self.sent = 0;
        self.sum.update(&block[..self.fill]);
        self.read += self.fill as u64;
        Ok(())
    }
}
