//! Files whose bytes come, and what is left of them.

use snug_core::store::StoreError;
use snug_core::wire::digest::Digest;

use super::blame;
use super::directory::{Look, Place, Standing};
use super::names::LongName;
use super::sd::SECTOR;
use super::volume::{Fault, Volume};

/// A file whose bytes come.
#[derive(Debug)]
pub(super) struct Draft {
    /// Its digest, and whether it may replace a file; none of a file that is
    /// not kept when it breaks off.
    pub(super) promise: Option<(Digest, bool)>,
    pub(super) chain: Chain,
}

/// An unfinished file that nobody sends just now.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) digest: Digest,
    pub(super) chain: Chain,
}

/// Clusters with a draft's bytes.
#[derive(Debug)]
pub(super) struct Chain {
    /// Its entry, once there is a cluster to hold.
    place: Option<Place>,
    /// What the entry's name has of its own.
    pub(super) number: u8,
    pub(super) first: u32,
    last: u32,
    pub(super) size: u32,
}

/// What is left of a draft, or of a file that was replaced.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rubbish {
    pub(super) place: Option<Place>,
    pub(super) chain: Option<u32>,
}

impl Draft {
    /// Gives the file its name, for which it was looked; what stood under it.
    pub(super) fn commit(
        &mut self,
        volume: &mut Volume,
        name: &LongName<'_>,
        look: &Look,
    ) -> Result<Option<Standing>, StoreError> {
        let Chain { first, size, .. } = self.chain;
        match look.standing {
            Some(standing) if !standing.is_it => return Err(StoreError::BadName),
            Some(_) if matches!(self.promise, Some((_, false))) => return Err(StoreError::Exists),
            Some(standing) => volume.exchange(standing.place, first, size),
            None => volume.put(name, look, first, size),
        }
        .map_err(blame)?;
        if let Some(place) = self.chain.place.take() {
            volume.remove(place).map_err(blame)?;
        }
        Ok(look.standing)
    }
}

impl Chain {
    /// No clusters yet.
    pub(super) fn new(number: u8) -> Self {
        Self { place: None, number, first: 0, last: 0, size: 0 }
    }

    /// Appends a block; false where more of the card has to be looked at first.
    pub(super) fn append(&mut self, volume: &mut Volume, block: &[u8]) -> Result<bool, Fault> {
        let within = self.size % volume.cluster_len();
        if within == 0 {
            let last = (self.size > 0).then_some(self.last);
            let Some(cluster) = volume.allocate(last)? else { return Ok(false) };
            self.last = cluster;
            if self.size == 0 {
                self.first = cluster;
                self.place = Some(volume.put_draft(self.number, cluster)?);
            }
        }
        let number = volume.sector_of(self.last) + within / SECTOR as u32;
        match block.try_into() {
            Ok(whole) => volume.sectors.write(number, whole)?,
            Err(_) => volume.sectors.renew(number)?[..block.len()].copy_from_slice(block),
        }
        self.size += block.len() as u32;
        Ok(true)
    }

    /// All of it is to be thrown away.
    pub(super) fn rubbish(self) -> Option<Rubbish> {
        (self.first != 0).then_some(Rubbish { place: self.place, chain: Some(self.first) })
    }
}

impl Rubbish {
    /// Throws some of it away; what is left.
    pub(super) fn throw_away(self, volume: &mut Volume) -> Result<Option<Self>, Fault> {
        if let Some(place) = self.place {
            // The entry goes first: it must not hold what others may have.
            volume.remove(place)?;
            return Ok(Some(Self { place: None, ..self }));
        }
        let Some(chain) = self.chain else { return Ok(None) };
        let rest = volume.free(chain)?;
        Ok(rest.map(|chain| Self { place: None, chain: Some(chain) }))
    }
}
