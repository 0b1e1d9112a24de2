//! Files under way, to the folder and from it: each has a slot and a block.
//!
//! A peer's bytes go straight into the block of its [`upload`], or past it where
//! nobody has to see them, and those of a
//! [`download`] are sent from there. What the store cannot do yet waits in the
//! block, and so does the peer, and nobody else.

mod download;
mod upload;

use core::net::IpAddr;

use sha2::{Digest as _, Sha256};

use crate::id::ClientId;
use crate::store::{self, Draft, Loan, Store, TransferSlot};
use crate::wire::digest::Digest;
use crate::wire::name::FileName;
use crate::wire::notice::{Refusal, Reply};

use download::Download;
pub(crate) use upload::Upload;

/// Kept free before each block: for bytes of an upload that turn out to belong
/// there, and for the line before a part.
pub const HEADROOM: usize = 24;

/// The most bytes of a part, so that chat can go between two.
pub(crate) const MOST_OF_PART: u64 = 65_536;

/// What a transfer under way is; lent to the room.
#[derive(Debug)]
pub struct Transfer {
    /// The file's; it stays here, since a name is large to be moved about.
    name: Option<FileName>,
    job: Option<Job>,
}

impl Transfer {
    /// No transfer yet; to fill the memory that is lent.
    pub const VACANT: Self = Self { name: None, job: None };
}

#[derive(Debug)]
struct Job {
    /// Whose it is.
    owner: ClientId,
    way: Way,
}

#[derive(Debug)]
enum Way {
    Up(Upload),
    Down(Download),
}

/// Whose upload it is: the client, and the address whose quota it counts for.
pub(crate) type Owner = (ClientId, IpAddr);

/// How far a transfer came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// It waits for its peer: there is room for more bytes, or a
    /// [`Piece`] to be taken.
    Peer,
    /// It waits for the store.
    Busy,
    /// It can go on, and should let others go first.
    More,
    /// A file of so many bytes is stored.
    Stored(u64),
    /// All that was asked for of a file is sent, and its digest is still to be
    /// told.
    Sent(Digest),
    /// It cannot go on.
    Failed(Refusal),
}

/// What a transfer has for its peer.
#[derive(Debug)]
pub(crate) enum Piece<'a> {
    Line(Reply<'a>),
    /// Of a part, with its line.
    Bytes(&'a [u8]),
    /// Of a part that the store lends.
    Lent,
}

/// Why a step did not come to its end.
type Setback = store::Setback<Refusal>;

/// Where a transfer stands after a step: goes on with the next, or not.
type Stepped = Result<Option<Progress>, Setback>;

/// All transfers under way.
#[derive(Debug)]
pub(crate) struct Transfers<'m> {
    slots: &'m mut [Transfer],
    blocks: &'m mut [u8],
    /// Bytes of a block, without the headroom.
    block: usize,
}

impl<'m> Transfers<'m> {
    /// `blocks` is shared out among the slots.
    pub(crate) fn new(slots: &'m mut [Transfer], blocks: &'m mut [u8]) -> Self {
        let count = slots.len().min(usize::from(u16::MAX));
        let slots = slots.get_mut(..count).unwrap_or_default();
        let block = (blocks.len() / count.max(1)).saturating_sub(HEADROOM);
        Self { slots, blocks, block }
    }

    /// Bytes of a block.
    pub(crate) fn block_len(&self) -> usize {
        self.block
    }

    /// How many transfers there can be.
    pub(crate) fn capacity(&self) -> usize {
        self.slots.len()
    }

    /// A slot that is free; looks at all of them.
    pub(crate) fn free(&self) -> Option<TransferSlot> {
        let index = self.slots.iter().position(|slot| slot.job.is_none())?;
        Some(TransferSlot::new(index as u16))
    }

    /// Whether the file with a digest is being put; looks at all slots.
    pub(crate) fn puts(&self, digest: Digest) -> bool {
        let jobs = self.slots.iter().filter_map(|slot| slot.job.as_ref());
        jobs.filter_map(Job::upload).any(|upload| upload.digest() == Some(digest))
    }

    /// Begins an upload in a free slot, with `reserved` bytes of quota.
    pub(crate) fn begin(
        &mut self,
        slot: TransferSlot,
        owner: Owner,
        name: &FileName,
        reserved: u64,
    ) {
        self.start(slot, owner.0, name, Way::Up(Upload::new(owner.1, reserved)));
    }

    /// Begins an upload of which everything is known.
    pub(crate) fn put(&mut self, slot: TransferSlot, owner: Owner, draft: &Draft<'_>) {
        self.start(slot, owner.0, draft.name, Way::Up(Upload::of(owner.1, draft)));
    }

    /// Begins a download in a free slot, without the first `offset` bytes.
    pub(crate) fn fetch(
        &mut self,
        slot: TransferSlot,
        owner: ClientId,
        name: &FileName,
        offset: u64,
    ) {
        self.start(slot, owner, name, Way::Down(Download::new(offset)));
    }

    fn start(&mut self, slot: TransferSlot, owner: ClientId, name: &FileName, way: Way) {
        if let Some(place) = self.slots.get_mut(slot.index()) {
            place.name = Some(name.clone());
            place.job = Some(Job { owner, way });
        }
    }

    /// Whose transfer a slot has.
    pub(crate) fn owner(&self, slot: TransferSlot) -> Option<ClientId> {
        self.job(slot).map(|job| job.owner)
    }

    /// The upload in a slot.
    pub(crate) fn upload(&self, slot: TransferSlot) -> Option<&Upload> {
        self.job(slot).and_then(Job::upload)
    }

    /// Ends a transfer: the slot is free. Gives back what was an upload.
    pub(crate) fn end(&mut self, slot: TransferSlot) -> Option<Upload> {
        match self.slots.get_mut(slot.index())?.job.take()?.way {
            Way::Up(upload) => Some(upload),
            Way::Down(_) => None,
        }
    }

    /// Room for the next bytes; empty while the store is busy with a block, or
    /// no bytes are wanted yet.
    pub(crate) fn space(&mut self, slot: TransferSlot) -> &mut [u8] {
        match self.parts(slot) {
            Some((Job { way: Way::Up(upload), .. }, _, memory)) => upload.space(memory),
            _ => &mut [],
        }
    }

    /// That many bytes were put into [`Self::space`].
    pub(crate) fn filled(&mut self, slot: TransferSlot, count: usize) {
        if let Some((Job { way: Way::Up(upload), .. }, ..)) = self.parts(slot) {
            upload.filled(count);
        }
    }

    /// Whether the next bytes of an upload may go past its block.
    pub(crate) fn can_be_bypassed(&self, slot: TransferSlot) -> bool {
        self.upload(slot).is_some_and(Upload::is_between_blocks)
    }

    /// That many bytes did.
    pub(crate) fn bypassed(&mut self, slot: TransferSlot, count: u64) {
        if let Some((Job { way: Way::Up(upload), .. }, ..)) = self.parts(slot) {
            upload.bypassed(count);
        }
    }

    /// The store has no space for them until it can go on.
    pub(crate) fn crowd(&mut self, slot: TransferSlot) {
        if let Some((Job { way: Way::Up(upload), .. }, ..)) = self.parts(slot) {
            upload.crowd();
        }
    }

    /// Whether the next bytes of an upload have to wait for the store.
    pub(crate) fn is_crowded(&mut self, slot: TransferSlot) -> bool {
        match self.parts(slot) {
            Some((Job { way: Way::Up(upload), .. }, _, memory)) => upload.is_crowded(memory),
            _ => true,
        }
    }

    /// All bytes are in, and `prefix` goes before them.
    pub(crate) fn complete(&mut self, slot: TransferSlot, prefix: &[u8]) {
        if let Some((Job { way: Way::Up(upload), .. }, _, memory)) = self.parts(slot) {
            upload.complete(memory, prefix);
        }
    }

    /// What a transfer has for its peer now.
    pub(crate) fn piece(&self, slot: TransferSlot) -> Option<Piece<'_>> {
        let Transfer { name: Some(name), job: Some(job) } = self.slots.get(slot.index())? else {
            return None;
        };
        match &job.way {
            Way::Up(upload) => upload.answer(name).map(Piece::Line),
            Way::Down(download) => {
                let start = self.start_of(slot);
                download.piece(name, self.blocks.get(start..start + HEADROOM + self.block)?)
            }
        }
    }

    /// The rest of the part that a peer is to get now, with its line.
    pub(crate) fn part(&self, slot: TransferSlot) -> &[u8] {
        match self.piece(slot) {
            Some(Piece::Bytes(bytes)) => bytes,
            _ => &[],
        }
    }

    /// The rest of the part that the store lends to a peer now, with its line.
    pub(crate) fn loan(&self, slot: TransferSlot) -> Option<Loan<'_>> {
        match &self.job(slot)?.way {
            Way::Down(download) => download.loan(slot, self.blocks.get(self.start_of(slot)..)?),
            Way::Up(_) => None,
        }
    }

    /// The peer took `count` bytes of a piece: all of them, if it was a line.
    /// The transfer may go on.
    pub(crate) fn took(&mut self, slot: TransferSlot, count: usize) {
        match self.parts(slot) {
            Some((Job { way: Way::Up(upload), .. }, ..)) => upload.answered(),
            Some((Job { way: Way::Down(download), .. }, ..)) => download.took(count),
            None => {}
        }
    }

    /// Goes on with a transfer as far as the store and the peer let it, for a
    /// block or two at most. After it is done or has failed, it is to be ended.
    pub(crate) fn drive(&mut self, slot: TransferSlot, store: &mut impl Store) -> Progress {
        let Some((job, name, memory)) = self.parts(slot) else { return Progress::Peer };
        loop {
            let stepped = match &mut job.way {
                Way::Up(upload) => upload.step(slot, name, memory, store),
                Way::Down(download) => match memory.split_first_chunk_mut() {
                    Some(memory) => download.step(slot, name, memory, store),
                    None => return Progress::Peer,
                },
            };
            match stepped {
                Ok(None) => {}
                Ok(Some(progress)) => return progress,
                Err(Setback::Busy) => return Progress::Busy,
                Err(Setback::Failed(why)) => return Progress::Failed(why),
            }
        }
    }

    fn job(&self, slot: TransferSlot) -> Option<&Job> {
        self.slots.get(slot.index())?.job.as_ref()
    }

    /// A slot's transfer, its name, and its block with the headroom.
    fn parts(&mut self, slot: TransferSlot) -> Option<(&mut Job, &FileName, &mut [u8])> {
        let start = self.start_of(slot);
        let Transfer { name, job } = self.slots.get_mut(slot.index())?;
        let memory = self.blocks.get_mut(start..start + HEADROOM + self.block)?;
        Some((job.as_mut()?, name.as_ref()?, memory))
    }

    fn start_of(&self, slot: TransferSlot) -> usize {
        slot.index() * (self.block + HEADROOM)
    }
}

impl Job {
    fn upload(&self) -> Option<&Upload> {
        match &self.way {
            Way::Up(upload) => Some(upload),
            Way::Down(_) => None,
        }
    }
}

/// The digest of all that was summed so far. Out of line: the end of a hash is
/// much code, and both ways need it.
#[inline(never)]
fn digest_of(sum: &Sha256) -> Digest {
    Digest::new(sum.clone().finalize().into())
}

#[cfg(test)]
mod tests;
