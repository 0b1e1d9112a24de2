//! A file from the store to its peer, block by block.

use sha2::{Digest as _, Sha256};

use super::{MOST_OF_PART, Piece, Progress, Setback, Stepped};
use crate::store::{Opened, Store, TransferSlot};
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
    /// Bytes that were read so far, or are not to be.
    read: u64,
    /// Of the whole file, where the store has told it.
    digest: Option<Digest>,
    /// Of all that was read, where it has not.
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
    /// What is not sent is read where it has to be summed.
    Pass,
    /// The peer is to be told that the file comes.
    Announce,
    /// The next block is to be read.
    Read,
    /// The peer is to be told that a part comes.
    Part,
    /// The peer is to get the part.
    Bytes,
    /// The peer is to be told the digest of the whole file.
    Sum(Digest),
    /// The peer has all that it gets.
    Done,
}

impl Download {
    pub(super) fn new(offset: u64) -> Self {
        let (size, read, fill, sent) = (0, 0, 0, 0);
        let (digest, sum) = (None, Sha256::new());
        Self { size, offset, read, digest, sum, fill, sent, step: Step::Open }
    }

    /// What the peer is to get next.
    pub(super) fn piece<'a>(&self, name: &'a FileName, block: &'a [u8]) -> Option<Piece<'a>> {
        let line = match self.step {
            Step::Open | Step::Pass | Step::Read | Step::Done => return None,
            Step::Bytes => return block.get(self.sent..self.fill).map(Piece::Bytes),
            Step::Announce => Reply::File(name, self.size),
            Step::Part => Reply::Part(self.fill),
            Step::Sum(digest) => Reply::Sum(digest),
        };
        Some(Piece::Line(line))
    }

    /// The peer took a line, or `count` bytes.
    pub(super) fn took(&mut self, count: usize) {
        self.step = match self.step {
            Step::Announce => Step::Read,
            Step::Part => Step::Bytes,
            Step::Sum(_) => Step::Done,
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
                let Opened { size, digest } = store.open(slot, name)?;
                if self.offset > size {
                    return Err(Setback::Failed(Refusal::BeyondEnd));
                }
                (self.size, self.digest) = (size, digest);
                self.read = digest.map_or(0, |_| self.offset);
                self.step = Step::Pass;
            }
            Step::Pass if self.read == self.offset => self.step = Step::Announce,
            Step::Pass => {
                self.read_block(slot, block, store, self.offset)?;
                return Ok(Some(Progress::More));
            }
            Step::Read if self.read == self.size => {
                self.step = Step::Sum(self.digest.unwrap_or_else(|| self.learn(slot, store)));
            }
            Step::Read => {
                self.read_block(slot, block, store, self.size)?;
                self.step = Step::Part;
            }
            Step::Announce | Step::Part | Step::Bytes | Step::Sum(_) => {
                return Ok(Some(Progress::Peer));
            }
            Step::Done => return Ok(Some(Progress::Done(self.size))),
        }
        Ok(None)
    }

    /// The digest of all that was read; the store may keep it.
    fn learn(&self, slot: TransferSlot, store: &mut impl Store) -> Digest {
        let digest = Digest::new(self.sum.clone().finalize().into());
        store.learn(slot, digest);
        digest
    }

    /// Reads as much as fits of what stands before `end`, which is not yet
    /// reached, and sums it unless the digest is known.
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
        if self.digest.is_none() {
            self.sum.update(&block[..self.fill]);
        }
        self.read += self.fill as u64;
        Ok(())
    }
}
