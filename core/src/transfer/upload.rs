//! A file from its peer to the store: reassembled into blocks.

use core::net::IpAddr;

use heapless::Vec;
use sha2::{Digest as _, Sha256};

use super::{HEADROOM, Progress, Setback, Stepped, digest_of};
use crate::store::{Draft, Store, TransferSlot};
use crate::wire::digest::Digest;
use crate::wire::header::Glued;
use crate::wire::name::FileName;
use crate::wire::notice::{Refusal, Reply};

/// A file that is being received.
#[derive(Debug)]
pub(crate) struct Upload {
    /// The address whose quota it counts for.
    pub(crate) ip: IpAddr,
    /// Bytes that are reserved for it.
    pub(crate) reserved: u64,
    /// What is known of it beforehand; a classic header tells too little.
    promise: Option<Promise>,
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
    /// The store has no space for what goes past the block.
    crowded: bool,
    step: Step,
}

/// What a `#put` says of its file.
#[derive(Debug)]
struct Promise {
    size: u64,
    digest: Digest,
    replace: bool,
    /// Bytes that an earlier try left.
    kept: u64,
    /// Of the bytes that the store has, as far as they were summed.
    sum: Sha256,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// The store has not begun the file.
    Create,
    /// What an earlier try left is read, up to here, for the digest.
    Recall(u64),
    /// The peer is to be told what is there already.
    Announce,
    /// Bytes come, and go to the store by blocks or past them.
    Receive,
    /// The store has all but the prefix.
    Prepend,
    /// The store has all.
    Commit,
}

impl Upload {
    /// A file of at most `reserved` bytes.
    pub(super) fn new(ip: IpAddr, reserved: u64) -> Self {
        Self {
            ip,
            reserved,
            promise: None,
            from: HEADROOM,
            fill: 0,
            stored: 0,
            prefix: Vec::new(),
            complete: false,
            offered: false,
            crowded: false,
            step: Step::Create,
        }
    }

    /// A file of which everything is known.
    pub(super) fn of(ip: IpAddr, draft: &Draft<'_>) -> Self {
        let Draft { size, digest, replace, .. } = *draft;
        let promise = Promise { size, digest, replace, kept: 0, sum: Sha256::new() };
        Self { promise: Some(promise), ..Self::new(ip, size) }
    }

    /// The digest that was promised, if one was.
    pub(crate) fn digest(&self) -> Option<Digest> {
        self.promise.as_ref().map(|promise| promise.digest)
    }

    /// Bytes that the store got by this try.
    pub(crate) fn gained(&self) -> u64 {
        self.stored - self.promise.as_ref().map_or(0, |promise| promise.kept)
    }

    /// Bytes that a part may have now: what the file lacks, where it is known
    /// and the peer knows from where to send.
    pub(crate) fn wants(&self) -> Option<u64> {
        let promise = self.promise.as_ref().filter(|_| self.step == Step::Receive)?;
        Some(promise.size - self.stored - (HEADROOM + self.fill - self.from) as u64)
    }

    /// What the peer is to be told.
    pub(super) fn answer<'n>(&self, name: &'n FileName) -> Option<Reply<'n>> {
        (self.step == Step::Announce).then_some(Reply::Have(name, self.stored))
    }

    /// The peer was told.
    pub(super) fn answered(&mut self) {
        if self.step == Step::Announce {
            self.step = Step::Receive;
        }
    }

    pub(super) fn space<'b>(&self, memory: &'b mut [u8]) -> &'b mut [u8] {
        let early = self.promise.is_some() && self.step != Step::Receive;
        let from = if early { memory.len() } else { HEADROOM + self.fill };
        &mut memory[from..]
    }

    pub(super) fn filled(&mut self, count: usize) {
        self.fill += count;
    }

    /// Whether the next bytes are of no interest to anybody but the store, which
    /// has all that came before them.
    pub(super) fn is_between_blocks(&self) -> bool {
        self.promise.is_none() && self.step == Step::Receive && self.fill == 0
    }

    /// The store got that many bytes from elsewhere than the block.
    pub(super) fn bypassed(&mut self, count: u64) {
        self.stored += count;
        self.offered = true;
    }

    /// The store has no space for what goes past the block, until the next step.
    pub(super) fn crowd(&mut self) {
        self.crowded = true;
    }

    /// Whether the next bytes have to wait for the store, wherever they go.
    pub(super) fn is_crowded(&self, memory: &mut [u8]) -> bool {
        self.crowded || self.space(memory).is_empty()
    }

    /// All bytes are in, and `prefix` goes before them: into the headroom, or
    /// aside when the first block is out of the house.
    pub(super) fn complete(&mut self, memory: &mut [u8], prefix: &[u8]) {
        self.complete = true;
        if self.offered {
            // It fits: both hold what can be glued to a header.
            let _ = self.prefix.extend_from_slice(prefix);
        } else {
            self.from -= prefix.len();
            memory[self.from..HEADROOM].copy_from_slice(prefix);
        }
    }

    /// Does the next step, with a block at most; `memory` is the headroom and
    /// the block.
    pub(super) fn step(
        &mut self,
        slot: TransferSlot,
        name: &FileName,
        memory: &mut [u8],
        store: &mut impl Store,
    ) -> Stepped {
        self.crowded = false;
        match self.step {
            Step::Create => self.create(slot, name, store)?,
            Step::Recall(at) if at == self.stored => self.step = Step::Announce,
            Step::Recall(at) => {
                self.recall(slot, &mut memory[HEADROOM..], store, at)?;
                return Ok(Some(Progress::More));
            }
            Step::Announce => return Ok(Some(Progress::Peer)),
            Step::Receive => {
                let bytes = &memory[self.from..HEADROOM + self.fill];
                let block = memory.len() - HEADROOM;
                if bytes.is_empty() && self.complete {
                    self.step = Step::Prepend;
                } else if bytes.len() >= block || self.complete {
                    let bytes = &bytes[..bytes.len().min(block)];
                    self.offered = true;
                    store.write(slot, bytes)?;
                    self.wrote(bytes);
                } else {
                    return Ok(Some(Progress::Peer));
                }
            }
            Step::Prepend => {
                if !self.prefix.is_empty() {
                    store.prepend(slot, &self.prefix)?;
                    self.stored += self.prefix.len() as u64;
                }
                self.check()?;
                self.step = Step::Commit;
            }
            Step::Commit => {
                store.commit(slot, name)?;
                return Ok(Some(Progress::Stored(self.stored)));
            }
        }
        Ok(None)
    }

    fn create(
        &mut self,
        slot: TransferSlot,
        name: &FileName,
        store: &mut impl Store,
    ) -> Result<(), Setback> {
        let Some(promise) = &mut self.promise else {
            store.create(slot, name, self.reserved)?;
            self.step = Step::Receive;
            return Ok(());
        };
        let Promise { size, digest, replace, .. } = *promise;
        promise.kept = store.begin(slot, &Draft { name, size, digest, replace })?;
        promise.kept = promise.kept.min(size);
        self.stored = promise.kept;
        self.step = Step::Recall(0);
        Ok(())
    }

    /// Sums a block of what an earlier try left, from `at` on.
    fn recall(
        &mut self,
        slot: TransferSlot,
        block: &mut [u8],
        store: &mut impl Store,
        at: u64,
    ) -> Result<(), Setback> {
        let len = block.len().min(usize::try_from(self.stored - at).unwrap_or(usize::MAX));
        let count = store.read(slot, at, &mut block[..len])?.min(len);
        if count == 0 {
            return Err(Setback::Failed(Refusal::Changed));
        }
        if let Some(promise) = &mut self.promise {
            promise.sum.update(&block[..count]);
        }
        self.step = Step::Recall(at + count as u64);
        Ok(())
    }

    fn wrote(&mut self, bytes: &[u8]) {
        if let Some(promise) = &mut self.promise {
            promise.sum.update(bytes);
        }
        self.stored += bytes.len() as u64;
        self.from += bytes.len();
        if self.from == HEADROOM + self.fill {
            self.from = HEADROOM;
            self.fill = 0;
        }
    }

    /// Whether the bytes are those that were promised.
    fn check(&self) -> Result<(), Setback> {
        let Some(promise) = &self.promise else { return Ok(()) };
        if digest_of(&promise.sum) == promise.digest {
            Ok(())
        } else {
            Err(Setback::Failed(Refusal::Digest))
        }
    }
}
