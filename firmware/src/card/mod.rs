//! Files on an SD card: a FAT16 or FAT32 volume behind [`Store`].
//!
//! A file is a *draft* while its bytes come: a chain of clusters under a name
//! of Snug's own. When all are safe it gets its name, in one write where
//! another file stands under it. So whatever stands under a name is whole, and
//! a loss of power leaves at worst a draft, which is cleared up at the start,
//! or some clusters that nobody has, which any `fsck` gives back.
//!
//! Work is done in small pieces: one block, one look at the directory, or 64
//! clusters to be freed in each [pass](CardStore::begin_pass).
//!
//! # Trade-offs
//!
//! The crates that know FAT were tried first. They take 34 KiB of flash and
//! 10 KiB of stack, free a whole chain in one go, and none can give a standing
//! file new bytes in one write. What whole files in one folder need is small.

mod directory;
mod names;
mod sd;
mod sectors;
mod volume;

use heapless::Vec;
use snug_core::store::{Store, StoreError, UploadSlot};
use snug_core::wire::name::FileName;

use crate::board::Spi;
use directory::{Place, Standing};
use names::LongName;
use sd::{SECTOR, SdCard, Sector};
use sectors::Sectors;
use volume::{Fault, Volume};

/// What a [`CardStore`] lives in. All zero, so that it costs no flash.
#[derive(Debug)]
pub(crate) struct CardMemory<const N: usize> {
    sector: Sector,
    drafts: Vec<Option<Draft>, N>,
}

impl<const N: usize> CardMemory<N> {
    /// Memory for `N` uploads at once.
    pub(crate) const fn new() -> Self {
        Self { sector: [0; SECTOR], drafts: Vec::new() }
    }
}

/// A store on the card, for `N` uploads at once.
#[derive(Debug)]
pub(crate) struct CardStore<const N: usize> {
    /// None without a card that can be used.
    volume: Option<Volume>,
    drafts: &'static mut [Option<Draft>],
    /// What is to be thrown away, by the slot that it comes from.
    rubbish: [Option<Rubbish>; N],
    /// Uploads that were told to wait.
    waiting: [bool; N],
    /// Who is asked first, so that everybody has a turn.
    turn: usize,
    /// Whether the piece of work of this pass is still to be done.
    may_work: bool,
    used: u64,
}

/// A file whose bytes come.
#[derive(Debug)]
struct Draft {
    /// Its entry, once there is a cluster to hold.
    place: Option<Place>,
    first: u32,
    last: u32,
    size: u32,
}

/// What is left of a draft, or of a file that was replaced.
#[derive(Clone, Copy, Debug)]
struct Rubbish {
    place: Option<Place>,
    chain: Option<u32>,
}

impl<const N: usize> CardStore<N> {
    /// The card in the slot as it is now. Without one that can be used, every
    /// file is refused.
    pub(crate) fn open(spi: Spi, memory: &'static mut CardMemory<N>) -> Self {
        let CardMemory { sector, drafts } = memory;
        while drafts.push(None).is_ok() {}
        let card = SdCard::start(spi).ok().map(|card| Sectors::new(card, sector));
        let mut store = Self {
            volume: card.and_then(|sectors| Volume::mount(sectors).ok()),
            drafts,
            rubbish: [None; N],
            waiting: [false; N],
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
        let Some(slot) = self.rubbish.iter().position(Option::is_some) else { return };
        let (Some(volume), Some(rubbish)) = (self.volume.as_mut(), self.rubbish[slot]) else {
            return;
        };
        // What cannot be thrown away stays where it is: space is lost, no file.
        self.rubbish[slot] = throw_away(volume, rubbish).unwrap_or(None);
    }

    /// An upload that was told to wait and can go on now.
    pub(crate) fn poll_stored(&mut self) -> Option<UploadSlot> {
        if !self.may_work {
            return None;
        }
        let next = (self.turn..N).chain(0..self.turn).find(|&slot| self.waiting[slot])?;
        self.waiting[next] = false;
        self.turn = (next + 1) % N;
        Some(UploadSlot::new(next as u16))
    }

    /// Whether there is work for the next pass.
    pub(crate) fn is_busy(&self) -> bool {
        self.waiting.contains(&true) || self.rubbish.iter().any(Option::is_some)
    }

    /// Takes the pass's piece of work, or makes the upload wait for another.
    fn work(&mut self, slot: UploadSlot) -> nb::Result<&mut Volume, StoreError> {
        if core::mem::take(&mut self.may_work) {
            // Without a card nothing was ever begun.
            return self.volume.as_mut().ok_or(nb::Error::Other(StoreError::ReadOnly));
        }
        self.waiting[slot.index()] = true;
        Err(nb::Error::WouldBlock)
    }
}

impl<const N: usize> Store for CardStore<N> {
    fn used(&self) -> u64 {
        self.used
    }

    fn create(
        &mut self,
        slot: UploadSlot,
        name: &FileName,
        size: u64,
    ) -> nb::Result<(), StoreError> {
        if u32::try_from(size).is_err() {
            return Err(nb::Error::Other(StoreError::Full));
        }
        let long = LongName::new(name.as_str()).ok_or(StoreError::BadName)?;
        if self.rubbish[slot.index()].is_some() {
            self.may_work = false;
        }
        let look = self.work(slot)?.look(&long).map_err(blame)?;
        if look.standing.is_some_and(|standing| !standing.is_it) {
            return Err(nb::Error::Other(StoreError::BadName));
        }
        let draft = Draft { place: None, first: 0, last: 0, size: 0 };
        self.drafts[slot.index()] = Some(draft);
        Ok(())
    }

    fn write(&mut self, slot: UploadSlot, block: &[u8]) -> nb::Result<(), StoreError> {
        self.work(slot)?;
        let (Some(volume), Some(draft)) = (&mut self.volume, &mut self.drafts[slot.index()]) else {
            return Err(nb::Error::Other(StoreError::Failed));
        };
        if draft.append(volume, slot.index(), block).map_err(blame)? {
            return Ok(());
        }
        self.waiting[slot.index()] = true;
        Err(nb::Error::WouldBlock)
    }

    fn commit(&mut self, slot: UploadSlot, name: &FileName) -> nb::Result<(), StoreError> {
        self.work(slot)?;
        let (Some(volume), Some(draft)) = (&mut self.volume, &mut self.drafts[slot.index()]) else {
            return Err(nb::Error::Other(StoreError::Failed));
        };
        let replaced = draft.commit(volume, name)?;
        let old = replaced.map_or(0, |standing| u64::from(standing.size));
        self.used = self.used.saturating_sub(old) + u64::from(draft.size);
        self.drafts[slot.index()] = None;
        let chain = replaced.map(|standing| standing.cluster).filter(|&chain| chain != 0);
        self.rubbish[slot.index()] = chain.map(|_| Rubbish { place: None, chain });
        Ok(())
    }

    fn abort(&mut self, slot: UploadSlot) {
        self.waiting[slot.index()] = false;
        if let Some(draft) = self.drafts[slot.index()].take() {
            let chain = (draft.first != 0).then_some(draft.first);
            let rubbish = Rubbish { place: draft.place, chain };
            self.rubbish[slot.index()] = chain.map(|_| rubbish);
        }
    }
}

impl Draft {
    /// Appends a block; false where more of the card has to be looked at first.
    fn append(&mut self, volume: &mut Volume, slot: usize, block: &[u8]) -> Result<bool, Fault> {
        let within = self.size % volume.cluster_len();
        if within == 0 {
            let last = (self.size > 0).then_some(self.last);
            let Some(cluster) = volume.allocate(last)? else { return Ok(false) };
            self.last = cluster;
            if self.size == 0 {
                self.first = cluster;
                self.place = Some(volume.put_draft(slot, cluster)?);
            }
        }
        let mut sector = [0; SECTOR];
        sector[..block.len()].copy_from_slice(block);
        let number = volume.sector_of(self.last) + within / SECTOR as u32;
        volume.sectors.write(number, &sector)?;
        self.size += block.len() as u32;
        Ok(true)
    }

    /// Gives the file its name; what stood under it.
    fn commit(
        &mut self,
        volume: &mut Volume,
        name: &FileName,
    ) -> Result<Option<Standing>, StoreError> {
        let long = LongName::new(name.as_str()).ok_or(StoreError::BadName)?;
        volume.sectors.flush().map_err(|_| StoreError::Failed)?;
        let look = volume.look(&long).map_err(blame)?;
        match look.standing {
            Some(standing) if !standing.is_it => return Err(StoreError::BadName),
            Some(standing) => volume.exchange(standing.place, self.first, self.size),
            None => volume.put(&long, &look, self.first, self.size),
        }
        .map_err(blame)?;
        if let Some(place) = self.place.take() {
            volume.remove(place).map_err(blame)?;
        }
        Ok(look.standing)
    }
}

/// Throws some of it away; what is left.
fn throw_away(volume: &mut Volume, rubbish: Rubbish) -> Result<Option<Rubbish>, Fault> {
    if let Some(place) = rubbish.place {
        // The entry goes first: it must not hold what others may have.
        volume.remove(place)?;
        return Ok(Some(Rubbish { place: None, ..rubbish }));
    }
    let Some(chain) = rubbish.chain else { return Ok(None) };
    let rest = volume.free(chain)?;
    Ok(rest.map(|chain| Rubbish { place: None, chain: Some(chain) }))
}

fn blame(fault: Fault) -> StoreError {
    match fault {
        Fault::Full => StoreError::Full,
        Fault::Card | Fault::Nonsense => StoreError::Failed,
    }
}
