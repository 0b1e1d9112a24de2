//! Files under way: reassembled into blocks, and from there into a store.
//!
//! A peer's bytes go straight into the block of its upload; a full block goes
//! to the [`Store`]. What the store cannot take yet waits in the block, and so
//! does the peer, and nobody else.

use core::net::IpAddr;

use heapless::Vec;

use crate::id::ClientId;
use crate::store::{Setback, Store, StoreError, UploadSlot};
use crate::wire::header::Glued;
use crate::wire::name::FileName;

/// Kept free before each block, for bytes that turn out to belong there.
pub const HEADROOM: usize = 24;

/// What an upload under way is; lent to the room.
#[derive(Debug)]
pub struct Upload {
    job: Option<Job>,
}

impl Upload {
    /// No upload yet; to fill the memory that is lent.
    pub const VACANT: Self = Self { job: None };
}

/// An upload under way.
#[derive(Debug)]
pub(crate) struct Job {
    /// Whose it is.
    pub(crate) owner: ClientId,
    /// The address whose quota it counts for.
    pub(crate) ip: IpAddr,
    /// Bytes that are reserved for it.
    pub(crate) reserved: u64,
    name: FileName,
    /// Where the bytes begin that the store does not have, from the start of
    /// the headroom.
    from: usize,
    /// Bytes in the block.
    fill: usize,
    /// Bytes that the store has.
    stored: u64,
    /// Goes before all others, since the block with the first bytes is gone.
    prefix: Glued,
    /// All bytes are in.
    complete: bool,
    /// The store was offered the first bytes and must be offered the same.
    offered: bool,
    step: Step,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// The store has not begun the file.
    Create,
    /// Bytes come, and go to the store by blocks.
    Receive,
    /// The store has all but the prefix.
    Prepend,
    /// The store has all.
    Commit,
}

/// How far an upload came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// There is room for more bytes.
    Room,
    /// The store is busy.
    Busy,
    /// The file is stored, with its size.
    Done(u64),
    /// The store cannot keep it.
    Failed(StoreError),
}

/// All uploads under way.
#[derive(Debug)]
pub(crate) struct Uploads<'m> {
    slots: &'m mut [Upload],
    blocks: &'m mut [u8],
    /// Bytes of a block, without the headroom.
    block: usize,
}

impl<'m> Uploads<'m> {
    /// `blocks` is shared out among the slots.
    pub(crate) fn new(slots: &'m mut [Upload], blocks: &'m mut [u8]) -> Self {
        let count = slots.len().min(usize::from(u16::MAX));
        let slots = slots.get_mut(..count).unwrap_or_default();
        let block = (blocks.len() / count.max(1)).saturating_sub(HEADROOM);
        Self { slots, blocks, block }
    }

    /// Bytes of a block.
    pub(crate) fn block_len(&self) -> usize {
        self.block
    }

    /// How many uploads there can be.
    pub(crate) fn capacity(&self) -> usize {
        self.slots.len()
    }

    /// A slot that is free; looks at all of them.
    pub(crate) fn free(&self) -> Option<UploadSlot> {
        let index = self.slots.iter().position(|slot| slot.job.is_none())?;
        Some(UploadSlot::new(index as u16))
    }

    /// Begins an upload in a free slot, with `reserved` bytes of quota.
    pub(crate) fn begin(
        &mut self,
        slot: UploadSlot,
        owner: (ClientId, IpAddr),
        name: FileName,
        reserved: u64,
    ) {
        self.slots[slot.index()].job = Some(Job {
            owner: owner.0,
            ip: owner.1,
            reserved,
            name,
            from: HEADROOM,
            fill: 0,
            stored: 0,
            prefix: Vec::new(),
            complete: false,
            offered: false,
            step: Step::Create,
        });
    }

    /// The upload in a slot.
    pub(crate) fn job(&self, slot: UploadSlot) -> Option<&Job> {
        self.slots.get(slot.index())?.job.as_ref()
    }

    /// Ends an upload: the slot is free.
    pub(crate) fn end(&mut self, slot: UploadSlot) -> Option<Job> {
        self.slots.get_mut(slot.index())?.job.take()
    }

    /// Room for the next bytes; empty while the store is busy with a block.
    pub(crate) fn space(&mut self, slot: UploadSlot) -> &mut [u8] {
        let Some(fill) = self.job(slot).map(|job| job.fill) else { return &mut [] };
        let start = self.headroom(slot) + HEADROOM;
        &mut self.blocks[start + fill..start + self.block]
    }

    /// That many bytes were put into [`Self::space`].
    pub(crate) fn filled(&mut self, slot: UploadSlot, count: usize) {
        if let Some(job) = job_in(self.slots, slot) {
            job.fill += count;
        }
    }

    /// All bytes are in, and `prefix` goes before them: into the headroom, or
    /// aside when the first block is out of the house.
    pub(crate) fn complete(&mut self, slot: UploadSlot, prefix: &[u8]) {
        let start = self.headroom(slot) + HEADROOM;
        let Some(job) = job_in(self.slots, slot) else { return };
        job.complete = true;
        if job.offered {
            // It fits: both hold what can be glued to a header.
            let _ = job.prefix.extend_from_slice(prefix);
        } else {
            job.from -= prefix.len();
            self.blocks[start - prefix.len()..start].copy_from_slice(prefix);
        }
    }

    /// Goes on with an upload as far as the store takes it. After it is done or
    /// has failed, it is to be ended.
    pub(crate) fn drive(&mut self, slot: UploadSlot, store: &mut impl Store) -> Progress {
        loop {
            match self.step(slot, store) {
                Ok(None) => {}
                Ok(Some(progress)) => return progress,
                Err(Setback::Busy) => return Progress::Busy,
                Err(Setback::Failed(why)) => return Progress::Failed(why),
            }
        }
    }

    fn step(
        &mut self,
        slot: UploadSlot,
        store: &mut impl Store,
    ) -> Result<Option<Progress>, Setback> {
        let (headroom, block) = (self.headroom(slot), self.block);
        let Some(job) = job_in(self.slots, slot) else { return Ok(Some(Progress::Room)) };
        match job.step {
            Step::Create => {
                store.create(slot, &job.name, job.reserved)?;
                job.step = Step::Receive;
            }
            Step::Receive => {
                let bytes = &self.blocks[headroom + job.from..headroom + HEADROOM + job.fill];
                if bytes.is_empty() && job.complete {
                    job.step = Step::Prepend;
                } else if bytes.len() >= block || job.complete {
                    let bytes = &bytes[..bytes.len().min(block)];
                    job.offered = true;
                    store.write(slot, bytes)?;
                    job.wrote(bytes.len());
                } else {
                    return Ok(Some(Progress::Room));
                }
            }
            Step::Prepend => {
                if !job.prefix.is_empty() {
                    store.prepend(slot, &job.prefix)?;
                    job.stored += job.prefix.len() as u64;
                }
                job.step = Step::Commit;
            }
            Step::Commit => {
                store.commit(slot)?;
                return Ok(Some(Progress::Done(job.stored)));
            }
        }
        Ok(None)
    }

    fn headroom(&self, slot: UploadSlot) -> usize {
        slot.index() * (self.block + HEADROOM)
    }
}

/// Of the slots alone, so that the blocks can be used beside it.
fn job_in(slots: &mut [Upload], slot: UploadSlot) -> Option<&mut Job> {
    slots.get_mut(slot.index())?.job.as_mut()
}

impl Job {
    fn wrote(&mut self, count: usize) {
        self.stored += count as u64;
        self.from += count;
        if self.from == HEADROOM + self.fill {
            self.from = HEADROOM;
            self.fill = 0;
        }
    }
}

#[cfg(test)]
mod tests;
