//! Files on an SD card: a FAT16 or FAT32 volume behind [`Store`].
//!
//! A file is a *draft* while its bytes come: a chain of clusters under a name
//! of Snug's own. When all are safe it gets its name, in one write where
//! another file stands under it. So whatever stands under a name is whole, and
//! a loss of power leaves at worst a draft, which is cleared up at the start,
//! or some clusters that nobody has, which any `fsck` gives back.
//!
//! A draft whose upload broke off is kept for a later try, until the next start
//! or until the space is needed. A file that is read stays as it was opened: if
//! it is replaced meanwhile, its clusters are freed when the last reader is done.
//!
//! Work is done in small pieces: one block, 256 entries of the directory, or 64
//! clusters to be freed in each [pass](CardStore::begin_pass).
//!
//! # Trade-offs
//!
//! The crates that know FAT were tried first. They take 34 KiB of flash and
//! 10 KiB of stack, free a whole chain in one go, and none can give a standing
//! file new bytes in one write. What whole files in one folder need is small.

mod directory;
mod draft;
mod listing;
mod names;
mod reader;
mod sd;
mod sectors;
mod volume;

use core::mem;

use heapless::Vec;
use snug_core::store::{self, Listed, Opened, Store, StoreError, TransferSlot};
use snug_core::wire::digest::Digest;
use snug_core::wire::name::FileName;

use crate::board::Spi;
use directory::Look;
use draft::{Chain, Draft, Kept, Rubbish};
use names::LongName;
use reader::Reader;
use sd::{SECTOR, SdCard, Sector};
use sectors::Sectors;
use volume::{Fault, Volume};

/// What a [`CardStore`] lives in. All zero, so that it costs no flash.
#[derive(Debug)]
pub(crate) struct CardMemory<const N: usize> {
    sector: Sector,
    desks: Vec<Desk, N>,
}

impl<const N: usize> CardMemory<N> {
    /// Memory for `N` transfers at once.
    pub(crate) const fn new() -> Self {
        Self { sector: [0; SECTOR], desks: Vec::new() }
    }
}

/// What there is for each transfer.
#[derive(Debug, Default)]
struct Desk {
    /// A file that comes.
    draft: Option<Draft>,
    /// A file that goes, or what there was of the draft when it was begun.
    reader: Option<Reader>,
    /// An unfinished file, whosever it was.
    kept: Option<Kept>,
    /// What is to be thrown away before the next transfer.
    rubbish: Option<Rubbish>,
    /// The look at the directory that is under way.
    look: Look,
    /// The transfer was told to wait.
    waits: bool,
}

impl Desk {
    /// Looks for the name of the transfer, or goes on with it in another pass.
    fn look(&mut self, volume: &mut Volume, name: &LongName<'_>) -> nb::Result<Look, StoreError> {
        if volume.look(name, &mut self.look).map_err(blame)? {
            return Ok(mem::take(&mut self.look));
        }
        self.waits = true;
        Err(nb::Error::WouldBlock)
    }
}

/// A store on the card, for so many transfers at once as it has memory for.
#[derive(Debug)]
pub(crate) struct CardStore {
    /// None without a card that can be used.
    volume: Option<Volume>,
    desks: &'static mut [Desk],
    /// Who is asked first, so that everybody has a turn.
    turn: usize,
    /// Whether the piece of work of this pass is still to be done.
    may_work: bool,
    used: u64,
}

impl CardStore {
    /// The card in the slot as it is now. Without one that can be used, every
    /// file is refused.
    pub(crate) fn open<const N: usize>(spi: Spi, memory: &'static mut CardMemory<N>) -> Self {
        let CardMemory { sector, desks } = memory;
        while desks.push(Desk::default()).is_ok() {}
        let card = SdCard::start(spi).ok().map(|card| Sectors::new(card, sector));
        let mut store = Self {
            volume: card.and_then(|sectors| Volume::mount(sectors).ok()),
            desks,
            turn: 0,
            may_work: true,
            used: 0,
        };
        match store.volume.as_mut().map(Volume::clear_up) {
            Some(Ok(used)) => store.used = used,
            Some(Err(_)) => store.volume = None,
            None => {}
        }
        store
    }

    /// Whether there is a card that can be used.
    pub(crate) fn has_card(&self) -> bool {
        self.volume.is_some()
    }

    /// From here on one piece of work may be done.
    pub(crate) fn begin_pass(&mut self) {
        self.may_work = true;
        let Some(volume) = self.volume.as_mut() else { return };
        if let Some(rubbish) =
            self.desks.iter_mut().map(|desk| &mut desk.rubbish).find(|r| r.is_some())
        {
            // What cannot be thrown away stays where it is: space is lost, no
            // file.
            *rubbish = rubbish.and_then(|rubbish| rubbish.throw_away(volume).unwrap_or(None));
        }
    }

    /// A transfer that was told to wait and can go on now.
    pub(crate) fn poll_stored(&mut self) -> Option<TransferSlot> {
        if !self.may_work {
            return None;
        }
        let all = self.desks.len();
        let next = (self.turn..all).chain(0..self.turn).find(|&at| self.desks[at].waits)?;
        self.desks[next].waits = false;
        self.turn = (next + 1) % all;
        Some(TransferSlot::new(next as u16))
    }

    /// Whether there is work for the next pass.
    pub(crate) fn is_busy(&self) -> bool {
        self.desks.iter().any(|desk| desk.waits || desk.rubbish.is_some())
    }

    /// Takes the pass's piece of work, or makes the transfer wait for another.
    fn work(&mut self, slot: TransferSlot) -> nb::Result<(&mut Volume, &mut Desk), StoreError> {
        let desk = &mut self.desks[slot.index()];
        if mem::take(&mut self.may_work) {
            // Without a card nothing was ever begun.
            let volume = self.volume.as_mut().ok_or(nb::Error::Other(StoreError::ReadOnly))?;
            return Ok((volume, desk));
        }
        desk.waits = true;
        Err(nb::Error::WouldBlock)
    }

    /// The same to begin with, when nothing is left of the one before.
    fn work_anew(
        &mut self,
        slot: TransferSlot,
    ) -> nb::Result<(&mut Volume, &mut Desk), StoreError> {
        if self.desks[slot.index()].rubbish.is_some() {
            self.may_work = false;
        }
        self.work(slot)
    }

    /// Looks whether a file can come in, and may replace what stands.
    fn admit(
        &mut self,
        slot: TransferSlot,
        name: &FileName,
        size: u64,
        replace: bool,
    ) -> nb::Result<(), StoreError> {
        if u32::try_from(size).is_err() {
            return Err(nb::Error::Other(StoreError::Full));
        }
        let long = LongName::new(name.as_str()).ok_or(StoreError::BadName)?;
        let (volume, desk) = self.work_anew(slot)?;
        match desk.look(volume, &long)?.standing {
            Some(standing) if !standing.is_it => Err(nb::Error::Other(StoreError::BadName)),
            Some(_) if !replace => Err(nb::Error::Other(StoreError::Exists)),
            _ => Ok(()),
        }
    }

    /// Whether there will be more space on the card: unfinished files that are
    /// kept give way.
    fn makes_room(&mut self, slot: TransferSlot) -> bool {
        if self.desks.iter().all(|desk| desk.rubbish.is_none()) {
            let kept = self.desks.iter_mut().find_map(|desk| desk.kept.take());
            let Some(Kept { chain, .. }) = kept else { return false };
            self.desks[slot.index()].rubbish = chain.rubbish();
        }
        true
    }

    /// A number that no draft on the card has.
    fn free_number(&self) -> u8 {
        let chains = |number| {
            self.desks.iter().any(|desk| {
                let draft = desk.draft.as_ref().map(|draft| draft.chain.number);
                let kept = desk.kept.as_ref().map(|kept| kept.chain.number);
                draft == Some(number) || kept == Some(number)
            })
        };
        // Each desk has two chains at most.
        (0..2 * self.desks.len() as u8).find(|&number| !chains(number)).unwrap_or(0)
    }

    /// The clusters of a file that was replaced: free when nobody reads it.
    fn let_go(&mut self, slot: TransferSlot, first: u32) {
        let mut read = false;
        for reader in self.desks.iter_mut().filter_map(|desk| desk.reader.as_mut()) {
            read |= reader.loses_name(first);
        }
        if !read && first != 0 {
            self.desks[slot.index()].rubbish = Some(Rubbish { place: None, chain: Some(first) });
        }
    }
}

impl Store for CardStore {
    fn used(&self) -> u64 {
        self.used
    }

    fn create(
        &mut self,
        slot: TransferSlot,
        name: &FileName,
        size: u64,
    ) -> nb::Result<(), StoreError> {
        self.admit(slot, name, size, true)?;
        let chain = Chain::new(self.free_number());
        self.desks[slot.index()].draft = Some(Draft { promise: None, chain });
        Ok(())
    }

    fn begin(
        &mut self,
        slot: TransferSlot,
        draft: &store::Draft<'_>,
    ) -> nb::Result<u64, StoreError> {
        let store::Draft { name, size, digest, replace } = *draft;
        self.admit(slot, name, size, replace)?;
        let is_it = |kept: &mut Kept| kept.digest == digest && u64::from(kept.chain.size) <= size;
        let kept = self.desks.iter_mut().find_map(|desk| desk.kept.take_if(is_it));
        let chain = kept.map_or_else(|| Chain::new(self.free_number()), |kept| kept.chain);
        let desk = &mut self.desks[slot.index()];
        desk.reader = Some(Reader::new(chain.first, chain.size));
        let size = chain.size.into();
        desk.draft = Some(Draft { promise: Some((digest, replace)), chain });
        Ok(size)
    }

    fn kept(&self, digest: Digest) -> u64 {
        let mut kept = self.desks.iter().filter_map(|desk| desk.kept.as_ref());
        kept.find(|kept| kept.digest == digest).map_or(0, |kept| kept.chain.size.into())
    }

    fn write(&mut self, slot: TransferSlot, block: &[u8]) -> nb::Result<(), StoreError> {
        let (volume, desk) = self.work(slot)?;
        desk.reader = None;
        let draft = desk.draft.as_mut().ok_or(StoreError::Failed)?;
        match draft.chain.append(volume, block) {
            Ok(true) => return Ok(()),
            Ok(false) => {}
            Err(Fault::Full) if self.makes_room(slot) => {}
            Err(fault) => return Err(nb::Error::Other(blame(fault))),
        }
        self.desks[slot.index()].waits = true;
        Err(nb::Error::WouldBlock)
    }

    fn commit(&mut self, slot: TransferSlot, name: &FileName) -> nb::Result<(), StoreError> {
        let long = LongName::new(name.as_str()).ok_or(StoreError::BadName)?;
        let (volume, desk) = self.work(slot)?;
        volume.sectors.flush().map_err(|_| StoreError::Failed)?;
        let look = desk.look(volume, &long)?;
        let draft = desk.draft.as_mut().ok_or(StoreError::Failed)?;
        let replaced = draft.commit(volume, &long, &look)?;
        let size = u64::from(draft.chain.size);
        (desk.draft, desk.reader) = (None, None);
        let (old, chain) = replaced.map_or((0, 0), |file| (u64::from(file.size), file.cluster));
        self.used = self.used.saturating_sub(old) + size;
        self.let_go(slot, chain);
        Ok(())
    }

    fn abort(&mut self, slot: TransferSlot) {
        let desk = &mut self.desks[slot.index()];
        desk.waits = false;
        desk.look = Look::default();
        if let Some(draft) = desk.draft.take() {
            desk.rubbish = draft.chain.rubbish();
            desk.reader = None;
        } else if let Some(first) = desk.reader.take().and_then(Reader::nameless) {
            self.let_go(slot, first);
        }
    }

    fn keep(&mut self, slot: TransferSlot) {
        let desk = &mut self.desks[slot.index()];
        match desk.draft.take_if(|draft| draft.promise.is_some() && draft.chain.size > 0) {
            Some(Draft { promise: Some((digest, _)), chain, .. }) => {
                (desk.waits, desk.reader, desk.look) = (false, None, Look::default());
                let free = self.desks.iter().position(|desk| desk.kept.is_none());
                let at = free.unwrap_or(slot.index());
                let older = self.desks[at].kept.replace(Kept { digest, chain });
                self.desks[slot.index()].rubbish = older.and_then(|kept| kept.chain.rubbish());
            }
            _ => self.abort(slot),
        }
    }

    fn open(&mut self, slot: TransferSlot, name: &FileName) -> nb::Result<Opened, StoreError> {
        let long = LongName::new(name.as_str()).ok_or(StoreError::Missing)?;
        let (volume, desk) = self.work_anew(slot)?;
        let look = desk.look(volume, &long)?;
        let file = look.standing.filter(|file| file.is_it).ok_or(StoreError::Missing)?;
        desk.reader = Some(Reader::new(file.cluster, file.size));
        Ok(Opened { size: file.size.into(), digest: None })
    }

    fn read(
        &mut self,
        slot: TransferSlot,
        offset: u64,
        block: &mut [u8],
    ) -> nb::Result<usize, StoreError> {
        let (volume, desk) = self.work(slot)?;
        let reader = desk.reader.as_mut().ok_or(StoreError::Failed)?;
        let offset = u32::try_from(offset).map_err(|_| StoreError::Failed)?;
        Ok(reader.read(volume, offset, block).map_err(blame)?)
    }

    fn list(&mut self, from: u64) -> Option<Listed> {
        let from = u32::try_from(from).ok()?;
        self.volume.as_mut()?.list(from).unwrap_or(None)
    }
}

fn blame(fault: Fault) -> StoreError {
    match fault {
        Fault::Full => StoreError::Full,
        Fault::Card | Fault::Nonsense => StoreError::Failed,
    }
}
