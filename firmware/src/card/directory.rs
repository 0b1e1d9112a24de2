//! The root directory of a volume: where Snug's files stand.

use super::names::{DRAFT, Entry, Likeness, LongName, Search, is_file, short_of};
use super::sd::SECTOR;
use super::volume::{Fault, Root, Volume, number};

/// Bytes of an entry, and entries of a sector.
const ENTRY: usize = 32;
const ENTRIES: u32 = (SECTOR / ENTRY) as u32;
/// Sectors of the directory that are looked at; files beyond have no room. It
/// bounds what a look costs.
const MOST: u32 = 128;
/// Entries that are looked at in one go.
const LOOK: u32 = 256;
/// Drafts that may lie about after a loss of power.
const MOST_DRAFTS: usize = 16;
/// In an entry's attributes.
pub(super) const FOLDER: u8 = 0x10;
const HIDDEN: u8 = 0x02;
/// January 1st, 1980: there is no clock.
const NO_DATE: u16 = 1 << 5 | 1;

/// The number of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place(u32);

/// A file that stands in the directory.
#[derive(Clone, Copy, Debug)]
pub(super) struct Standing {
    pub(super) place: Place,
    /// Its first cluster, 0 for none.
    pub(super) cluster: u32,
    pub(super) size: u32,
    /// It has the very name that was looked for, and is no folder.
    pub(super) is_it: bool,
}

/// A look at the directory for a name, and for room for it: as far as it came.
#[derive(Debug, Default)]
pub(super) struct Look {
    pub(super) standing: Option<Standing>,
    /// Where so many entries are free as the name takes.
    room: Option<u32>,
    /// The entry to go on with, and how many right before it are free.
    place: u32,
    free: u32,
    search: Search,
    /// Changes that the directory had seen when the look began.
    changes: u32,
}

impl Volume {
    /// Goes on with a look for a name; whether that is all. It begins anew when
    /// the directory was changed meanwhile.
    pub(super) fn look(&mut self, name: &LongName<'_>, look: &mut Look) -> Result<bool, Fault> {
        if look.changes != self.changes {
            *look = Look { changes: self.changes, ..Look::default() };
        }
        for _ in 0..LOOK {
            let Some(entry) = self.entry_at(look.place)? else { return Ok(true) };
            if look.take(name, &entry) {
                return Ok(true);
            }
            look.place += 1;
        }
        Ok(false)
    }

    /// Puts a new file where a look found room for its name.
    pub(super) fn put(
        &mut self,
        name: &LongName<'_>,
        look: &Look,
        cluster: u32,
        size: u32,
    ) -> Result<(), Fault> {
        let room = match look.room {
            Some(room) => room,
            None => self.extend_root()?,
        };
        let pieces = name.pieces();
        let short = name.alias(room + pieces as u32);
        for index in 0..pieces {
            let entry = name.entry(pieces - 1 - index, &short);
            self.set_entry_at(Place(room + index as u32), &entry)?;
        }
        // The last one makes it a file. It is written last.
        self.set_entry_at(Place(room + pieces as u32), &entry(&short, 0, cluster, size))?;
        Ok(self.sectors.flush()?)
    }

    /// Gives a file that stands other bytes, in one write.
    pub(super) fn exchange(&mut self, place: Place, cluster: u32, size: u32) -> Result<(), Fault> {
        let Some(mut changed) = self.entry_at(place.0)? else { return Err(Fault::Nonsense) };
        set_bytes(&mut changed, cluster, size);
        self.set_entry_at(place, &changed)?;
        Ok(self.sectors.flush()?)
    }

    /// Puts a draft, which holds a chain until it has a name.
    pub(super) fn put_draft(&mut self, number: u8, cluster: u32) -> Result<Place, Fault> {
        let mut short = *b"~SNUG-A TMP";
        short[6] += number;
        for place in self.free_from..MOST * ENTRIES {
            let Some(old) = self.entry_at(place)? else { break };
            if matches!(old[0], 0 | 0xE5) {
                return self.put_draft_at(place, &entry(&short, HIDDEN, cluster, 0));
            }
        }
        let place = self.extend_root()?;
        self.put_draft_at(place, &entry(&short, HIDDEN, cluster, 0))
    }

    fn put_draft_at(&mut self, place: u32, entry: &Entry) -> Result<Place, Fault> {
        self.set_entry_at(Place(place), entry)?;
        self.free_from = place + 1;
        self.sectors.flush()?;
        Ok(Place(place))
    }

    /// Takes an entry out, safely. What it held is not freed by that.
    pub(super) fn remove(&mut self, place: Place) -> Result<(), Fault> {
        let Some(mut entry) = self.entry_at(place.0)? else { return Err(Fault::Nonsense) };
        entry[0] = 0xE5;
        self.set_entry_at(place, &entry)?;
        self.free_from = self.free_from.min(place.0);
        Ok(self.sectors.flush()?)
    }

    /// Clears up after a loss of power; the bytes of all files together.
    pub(super) fn clear_up(&mut self) -> Result<u64, Fault> {
        let mut drafts = [None; MOST_DRAFTS];
        let mut free = drafts.iter_mut();
        let mut used = 0;
        self.free_from = MOST * ENTRIES;
        for place in 0..MOST * ENTRIES {
            let Some(entry) = self.entry_at(place)? else { break };
            if matches!(entry[0], 0 | 0xE5) {
                self.free_from = self.free_from.min(place);
            }
            if entry[0] == 0 {
                break;
            }
            if is_file(&entry) && entry.starts_with(DRAFT) {
                if let Some(draft) = free.next() {
                    *draft = Some(standing(Place(place), &entry, false));
                }
            } else if is_file(&entry) && entry[11] & FOLDER == 0 {
                used += u64::from(standing(Place(place), &entry, true).size);
            }
        }
        for draft in drafts.into_iter().flatten() {
            self.discard(draft)?;
        }
        Ok(used)
    }

    /// Takes a draft out, and frees what it holds if no file got it already.
    fn discard(&mut self, draft: Standing) -> Result<(), Fault> {
        let named = self.has_file_at(draft.cluster)?;
        self.remove(draft.place)?;
        let mut rest = (draft.cluster != 0 && !named).then_some(draft.cluster);
        while let Some(chain) = rest {
            rest = self.free(chain)?;
        }
        Ok(())
    }

    fn has_file_at(&mut self, cluster: u32) -> Result<bool, Fault> {
        for place in 0..MOST * ENTRIES {
            let Some(entry) = self.entry_at(place)? else { break };
            let other = is_file(&entry) && !short_of(&entry).starts_with(DRAFT);
            if other && standing(Place(place), &entry, true).cluster == cluster {
                return Ok(true);
            }
            if entry[0] == 0 {
                break;
            }
        }
        Ok(false)
    }

    /// The entry with a number; nothing behind the end of what is looked at.
    pub(super) fn entry_at(&mut self, place: u32) -> Result<Option<Entry>, Fault> {
        if place >= MOST * ENTRIES {
            return Ok(None);
        }
        let Some(sector) = self.root_sector(place / ENTRIES)? else { return Ok(None) };
        let at = (place % ENTRIES) as usize * ENTRY;
        Ok(self.sectors.read(sector)?[at..].first_chunk().copied())
    }

    fn set_entry_at(&mut self, place: Place, entry: &Entry) -> Result<(), Fault> {
        let sector = self.root_sector(place.0 / ENTRIES)?.ok_or(Fault::Full)?;
        let at = (place.0 % ENTRIES) as usize * ENTRY;
        self.sectors.edit(sector)?[at..at + ENTRY].copy_from_slice(entry);
        self.changes = self.changes.wrapping_add(1);
        Ok(())
    }

    /// A sector of the directory; nothing behind its end.
    fn root_sector(&mut self, index: u32) -> Result<Option<u32>, Fault> {
        let mut cluster = match self.root {
            Root::Fixed(start, count) => return Ok((index < count).then_some(start + index)),
            Root::Chain(first) => first,
        };
        let wanted = index / self.cluster;
        let mut at = 0;
        if let Some((near_at, near)) = self.near.filter(|&(near_at, _)| near_at <= wanted) {
            (at, cluster) = (near_at, near);
        }
        while at < wanted {
            let Some(next) = self.after(cluster)? else { return Ok(None) };
            (at, cluster) = (at + 1, next);
        }
        self.near = Some((at, cluster));
        Ok(Some(self.sector_of(cluster) + index % self.cluster))
    }

    /// Lets the directory grow by a cluster, if it can; the first new entry.
    fn extend_root(&mut self) -> Result<u32, Fault> {
        let Root::Chain(mut last) = self.root else { return Err(Fault::Full) };
        let mut clusters = 1;
        while let Some(next) = self.after(last)? {
            (last, clusters) = (next, clusters + 1);
        }
        // A name has 21 entries at most, fewer than a cluster of two sectors.
        if clusters * self.cluster >= MOST || self.cluster < 2 {
            return Err(Fault::Full);
        }
        let added = self.allocate(None)?.ok_or(Fault::Full)?;
        for sector in 0..self.cluster {
            self.sectors.renew(self.sector_of(added) + sector)?;
        }
        self.link(last, added)?;
        let first = clusters * self.cluster * ENTRIES;
        self.close_gap(first)?;
        self.free_from = self.free_from.min(first);
        Ok(first)
    }

    /// Marks what is unused before an entry as free: a zero would be the end.
    fn close_gap(&mut self, end: u32) -> Result<(), Fault> {
        for place in (0..end).rev() {
            let Some(mut entry) = self.entry_at(place)?.filter(|entry| entry[0] == 0) else {
                break;
            };
            entry[0] = 0xE5;
            self.set_entry_at(Place(place), &entry)?;
        }
        Ok(())
    }
}

impl Look {
    /// Takes the next entry; whether it was the last one to look at.
    fn take(&mut self, name: &LongName<'_>, entry: &Entry) -> bool {
        if matches!(entry[0], 0 | 0xE5) {
            let wanted = name.pieces() as u32 + 1;
            self.free += 1;
            if self.free >= wanted && self.room.is_none() {
                self.room = Some(self.place + 1 - wanted);
            }
            self.search = Search::default();
            // Behind a zero there are no entries.
            return entry[0] == 0 && self.room.is_some();
        }
        self.free = 0;
        let likeness = self.search.take(name, entry).unwrap_or_default();
        if likeness > Likeness::None {
            let is_it = likeness == Likeness::Same && entry[11] & FOLDER == 0;
            self.standing = Some(standing(Place(self.place), entry, is_it));
        }
        likeness > Likeness::None
    }
}

fn standing(place: Place, entry: &Entry, is_it: bool) -> Standing {
    let cluster = number(&entry[20..], 2) << 16 | number(&entry[26..], 2);
    Standing { place, cluster, size: size_of(entry), is_it }
}

/// Bytes of a file.
pub(super) fn size_of(entry: &Entry) -> u32 {
    number(&entry[28..], 4)
}

fn entry(short: &[u8; 11], attributes: u8, cluster: u32, size: u32) -> Entry {
    let mut entry = [0; ENTRY];
    entry[..11].copy_from_slice(short);
    entry[11] = attributes;
    for date in [16, 18, 24] {
        entry[date..date + 2].copy_from_slice(&NO_DATE.to_le_bytes());
    }
    set_bytes(&mut entry, cluster, size);
    entry
}

fn set_bytes(entry: &mut Entry, cluster: u32, size: u32) {
    let [low @ .., third, fourth] = cluster.to_le_bytes();
    entry[20..22].copy_from_slice(&[third, fourth]);
    entry[26..28].copy_from_slice(&low);
    entry[28..].copy_from_slice(&size.to_le_bytes());
}
