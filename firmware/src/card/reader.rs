//! Files that are read from their first byte on.

use super::sd::SECTOR;
use super::volume::{Fault, Volume};

/// A file that is read, whatever happens to its name.
#[derive(Debug)]
pub(super) struct Reader {
    /// Its first cluster.
    first: u32,
    size: u32,
    /// The cluster that was read last, and how many come before it.
    cluster: u32,
    index: u32,
    /// Its name is another file's by now, and its clusters are free when nobody
    /// reads it any more.
    nameless: bool,
}

impl Reader {
    /// A file by its first cluster and its bytes.
    pub(super) fn new(first: u32, size: u32) -> Self {
        Self { first, size, cluster: first, index: 0, nameless: false }
    }

    /// Reads from `offset` on; how many bytes there were. It must be where the
    /// last call ended, or began.
    pub(super) fn read(
        &mut self,
        volume: &mut Volume,
        offset: u32,
        block: &mut [u8],
    ) -> Result<usize, Fault> {
        let count = block.len().min(self.size.saturating_sub(offset) as usize);
        let mut done = 0;
        while done < count {
            let at = offset + done as u32;
            let sector = self.sector(volume, at)?;
            let within = at as usize % SECTOR;
            let bytes = &volume.sectors.read(sector)?[within..];
            let len = bytes.len().min(count - done);
            block[done..done + len].copy_from_slice(&bytes[..len]);
            done += len;
        }
        Ok(count)
    }

    /// The sector of a byte, in the same cluster as the last one or in the next.
    fn sector(&mut self, volume: &mut Volume, at: u32) -> Result<u32, Fault> {
        let (index, within) = (at / volume.cluster_len(), at % volume.cluster_len());
        if index == self.index + 1 {
            self.cluster = volume.after(self.cluster)?.ok_or(Fault::Nonsense)?;
            self.index = index;
        }
        if index != self.index || !volume.has(self.cluster) {
            return Err(Fault::Nonsense);
        }
        Ok(volume.sector_of(self.cluster) + within / SECTOR as u32)
    }

    /// A file by its first cluster has no name any more; whether it is this one.
    pub(super) fn loses_name(&mut self, first: u32) -> bool {
        let is_it = self.first == first;
        self.nameless |= is_it;
        is_it
    }

    /// The first cluster of a file that has no name any more.
    pub(super) fn nameless(self) -> Option<u32> {
        self.nameless.then_some(self.first)
    }
}
