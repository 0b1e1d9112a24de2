//! A file from the store to its peer, block by block.

use core::ops::Range;

use sha2::{Digest as _, Sha256};

use super::{HEADROOM, MOST_OF_PART, Piece, Progress, Setback, Stepped, digest_of};
use crate::store::{Loan, Opened, Store, TransferSlot};
use crate::wire::digest::Digest;
use crate::wire::name::FileName;
use crate::wire::notice::{Refusal, Reply, render};

/// A file that is being sent.
#[derive(Debug)]
pub(super) struct Download {
    /// Bytes of the file; 0 before it is open.
    size: u64,
    /// The first byte that is sent.
    offset: u64,
    /// Bytes that were read so far, or are not to be.
    read: u64,
    /// Of the whole file, as soon as it is known.
    digest: Option<Digest>,
    /// Of all that was read until then.
    sum: Sha256,
    /// What the peer is to get of the part in the block, from the start of the
    /// headroom: the part's line stands right before its bytes. A part that is
    /// lent is counted as if it were there.
    part: Range<usize>,
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
    /// The peer is to get the part.
    Part,
    /// The same, but its bytes are with the store.
    Lent,
}

impl Download {
    pub(super) fn new(offset: u64) -> Self {
        let (size, read, part) = (0, 0, 0..0);
        let (digest, sum) = (None, Sha256::new());
        Self { size, offset, read, digest, sum, part, step: Step::Open }
    }

    /// What the peer is to get next; `memory` is the headroom and the block.
    pub(super) fn piece<'a>(&self, name: &'a FileName, memory: &'a [u8]) -> Option<Piece<'a>> {
        match self.step {
            Step::Open | Step::Pass | Step::Read => None,
            Step::Part => memory.get(self.part.clone()).map(Piece::Bytes),
            Step::Lent => Some(Piece::Lent),
            Step::Announce => Some(Piece::Line(Reply::File(name, self.size))),
        }
    }

    /// The peer took a line, or `count` bytes of a part.
    pub(super) fn took(&mut self, count: usize) {
        self.step = match self.step {
            Step::Announce => Step::Read,
            step @ (Step::Part | Step::Lent) => {
                self.part.start += count;
                if self.part.is_empty() { Step::Read } else { step }
            }
            step => step,
        };
    }

    /// What the peer is to get of a part that the store lends.
    pub(super) fn loan<'a>(&self, slot: TransferSlot, memory: &'a [u8]) -> Option<Loan<'a>> {
        let line = memory.get(self.part.start..HEADROOM).unwrap_or_default();
        let len = self.part.len() - line.len();
        (self.step == Step::Lent).then_some(Loan { slot, line, len })
    }

    /// Does the next step, with a block at most.
    pub(super) fn step(
        &mut self,
        slot: TransferSlot,
        name: &FileName,
        (headroom, block): (&mut [u8; HEADROOM], &mut [u8]),
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
                return Ok(Some(Progress::Sent(self.finish(slot, store))));
            }
            Step::Read => {
                self.step = if self.borrow(slot, store)? {
                    Step::Lent
                } else {
                    self.read_block(slot, block, store, self.size)?;
                    Step::Part
                };
                self.announce_part(headroom);
            }
            Step::Announce | Step::Part | Step::Lent => return Ok(Some(Progress::Peer)),
        }
        Ok(None)
    }

    /// All is sent, and the digest known; the store may keep it.
    fn finish(&self, slot: TransferSlot, store: &mut impl Store) -> Digest {
        self.digest.unwrap_or_else(|| {
            let digest = digest_of(&self.sum);
            store.learn(slot, digest);
            digest
        })
    }

    /// Has the store lend the next part, unless it must be seen or the store
    /// does not lend; whether it does.
    fn borrow(&mut self, slot: TransferSlot, store: &mut impl Store) -> Result<bool, Setback> {
        if self.digest.is_none() {
            return Ok(false);
        }
        let most = (self.size - self.read).min(MOST_OF_PART) as usize;
        let count = store.lend(slot, self.read, most)?.min(most);
        self.read += count as u64;
        self.part = HEADROOM..HEADROOM + count;
        Ok(count > 0)
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
        let count = count.min(len);
        if self.digest.is_none() {
            self.sum.update(&block[..count]);
        }
        self.read += count as u64;
        self.part = HEADROOM..HEADROOM + count;
        Ok(())
    }

    /// Puts the line of a part before its bytes, so that both leave in one
    /// write.
    fn announce_part(&mut self, headroom: &mut [u8; HEADROOM]) {
        let len = render(headroom, Reply::Part(self.part.len())).min(HEADROOM);
        self.part.start = HEADROOM - len;
        headroom.copy_within(..len, self.part.start);
    }
}
