//! A FAT16 or FAT32 volume: where it is, and its chains of clusters.
//!
//! After Microsoft's "FAT: General Overview of On-Disk Format", 1.03.

use super::sd::{CardError, SECTOR};
use super::sectors::Sectors;

/// Entries of the table that are looked at, or freed, in one go.
const LOOK: u32 = 2048;
const FREE: usize = 64;
/// The first cluster; numbers below have other meanings.
const FIRST: u32 = 2;

/// Why something cannot be done on a volume.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The card fails.
    Card,
    /// No space.
    Full,
    /// It is no volume, or contradicts itself.
    Nonsense,
}

impl From<CardError> for Fault {
    fn from(_: CardError) -> Self {
        Self::Card
    }
}

/// Where the root directory is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Root {
    /// In so many sectors from a place on (FAT16).
    Fixed(u32, u32),
    /// In a chain of clusters (FAT32).
    Chain(u32),
}

/// The volume.
#[derive(Debug)]
pub(super) struct Volume {
    pub(super) sectors: Sectors,
    pub(super) root: Root,
    /// A cluster of a root that is a chain, and how many come before it: who
    /// goes through the directory need not go through the table each time.
    pub(super) near: Option<(u32, u32)>,
    /// No entry of the directory before this one is free.
    pub(super) free_from: u32,
    /// Changes of the directory; wraps.
    pub(super) changes: u32,
    table: u32,
    /// Bytes of an entry of the table.
    width: u32,
    /// Where cluster 2 begins.
    data: u32,
    /// Sectors of a cluster.
    pub(super) cluster: u32,
    /// One above the last cluster.
    end: u32,
    /// Where to look for a free cluster next.
    next: u32,
    /// Clusters that were looked at since a free one was found.
    looked: u32,
}

impl Volume {
    /// The volume on a card: in its first partition, or all over it.
    pub(super) fn mount(mut sectors: Sectors) -> Result<Self, Fault> {
        let first = sectors.read(0)?;
        let marked = first[510..] == [0x55, 0xAA];
        let boot = matches!(first[0], 0xEB | 0xE9);
        let start = if boot { 0 } else { number(&first[0x1C6..], 4) };
        let bytes = sectors.read(start)?;
        let clusters_of = number(&bytes[13..], 1);
        let reserved = number(&bytes[14..], 2);
        let copies = number(&bytes[16..], 1);
        let root_entries = number(&bytes[17..], 2);
        let all = either(number(&bytes[19..], 2), number(&bytes[32..], 4));
        let table_len = either(number(&bytes[22..], 2), number(&bytes[36..], 4));
        let chain = number(&bytes[44..], 4);
        let info = number(&bytes[48..], 2);
        let sane =
            marked && number(&bytes[11..], 2) == SECTOR as u32 && clusters_of.is_power_of_two();
        let table = start + reserved;
        let fixed = table + copies * table_len;
        let data = fixed + root_entries.div_ceil(16);
        let count = (start + all).checked_sub(data).ok_or(Fault::Nonsense)? / clusters_of.max(1);
        // Below 4085 clusters it is FAT12, which no card needs.
        if !sane || count < 4085 || copies == 0 {
            return Err(Fault::Nonsense);
        }
        let (width, root) = match count {
            ..65525 => (2, Root::Fixed(fixed, root_entries.div_ceil(16))),
            _ => (4, Root::Chain(chain)),
        };
        if width == 4 {
            forget_free(&mut sectors, start + info)?;
        }
        sectors.copy(table, table_len, copies);
        let end = FIRST + count;
        Ok(Self {
            sectors,
            root,
            near: None,
            free_from: 0,
            changes: 0,
            table,
            width,
            data,
            cluster: clusters_of,
            end,
            next: FIRST,
            looked: 0,
        })
    }

    /// Bytes of a cluster.
    pub(super) fn cluster_len(&self) -> u32 {
        self.cluster * SECTOR as u32
    }

    /// The first sector of a cluster.
    pub(super) fn sector_of(&self, cluster: u32) -> u32 {
        self.data + (cluster - FIRST) * self.cluster
    }

    /// Whether there is such a cluster.
    pub(super) fn has(&self, cluster: u32) -> bool {
        (FIRST..self.end).contains(&cluster)
    }

    /// The cluster behind one; nothing at the end of its chain.
    pub(super) fn after(&mut self, cluster: u32) -> Result<Option<u32>, Fault> {
        if !self.has(cluster) {
            return Err(Fault::Nonsense);
        }
        let next = self.entry(cluster)?;
        Ok(self.has(next).then_some(next))
    }

    /// A free cluster, put behind `last` if there is one. Nothing where more
    /// of the table has to be looked at.
    pub(super) fn allocate(&mut self, last: Option<u32>) -> Result<Option<u32>, Fault> {
        for _ in 0..LOOK {
            if self.looked >= self.end - FIRST {
                // Freeing sets this to 0.
                return Err(Fault::Full);
            }
            let cluster = self.next;
            self.next = if cluster + 1 < self.end { cluster + 1 } else { FIRST };
            self.looked += 1;
            if self.entry(cluster)? == 0 {
                self.looked = 0;
                self.set_entry(cluster, u32::MAX >> 4)?;
                if let Some(last) = last {
                    self.link(last, cluster)?;
                }
                return Ok(Some(cluster));
            }
        }
        Ok(None)
    }

    /// Puts a cluster behind the last of a chain.
    pub(super) fn link(&mut self, last: u32, next: u32) -> Result<(), Fault> {
        self.set_entry(last, next)
    }

    /// Frees the first clusters of a chain; the one to go on with, if any.
    pub(super) fn free(&mut self, chain: u32) -> Result<Option<u32>, Fault> {
        let mut rest = Some(chain);
        for _ in 0..FREE {
            let Some(cluster) = rest else { break };
            rest = self.after(cluster)?;
            self.set_entry(cluster, 0)?;
        }
        self.looked = 0;
        if rest.is_none() {
            self.sectors.flush()?;
        }
        Ok(rest)
    }

    fn entry(&mut self, cluster: u32) -> Result<u32, Fault> {
        let (sector, at) = self.place(cluster);
        let value = number(&self.sectors.read(sector)?[at..], self.width as usize);
        // The upper four bits of FAT32's entries are not part of the number.
        Ok(value & u32::MAX >> 4)
    }

    fn set_entry(&mut self, cluster: u32, value: u32) -> Result<(), Fault> {
        let (sector, at) = self.place(cluster);
        let width = self.width as usize;
        let bytes = &mut self.sectors.edit(sector)?[at..at + width];
        let upper = bytes.get(3).map_or(0, |byte| byte & 0xF0);
        bytes.copy_from_slice(&value.to_le_bytes()[..width]);
        if let Some(byte) = bytes.get_mut(3) {
            *byte = *byte & 0x0F | upper;
        }
        Ok(())
    }

    /// The sector and the place in it of a cluster's entry.
    fn place(&self, cluster: u32) -> (u32, usize) {
        let offset = cluster * self.width;
        (self.table + offset / SECTOR as u32, offset as usize % SECTOR)
    }
}

/// FAT32 keeps a count of free clusters. Here it is left open, which is allowed
/// and cannot go wrong.
fn forget_free(sectors: &mut Sectors, info: u32) -> Result<(), Fault> {
    const COUNT: usize = 488;
    if sectors.read(info)?.starts_with(b"RRaA") {
        sectors.edit(info)?[COUNT..COUNT + 4].fill(0xFF);
        sectors.flush()?;
    }
    Ok(())
}

/// A number of up to four bytes, the lowest first.
pub(super) fn number(bytes: &[u8], width: usize) -> u32 {
    bytes[..width].iter().rev().fold(0, |number, &byte| number << 8 | u32::from(byte))
}

fn either(one: u32, other: u32) -> u32 {
    if one == 0 { other } else { one }
}
