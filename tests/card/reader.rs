//! Reads a FAT16 volume as simply as can be, to hold the store against.

use std::collections::{BTreeMap, HashSet};

use crate::board::Medium;

/// A volume as the tests make it: no partition, two tables of 32 sectors.
pub(crate) const CLUSTERS: u32 = 8000;
const TABLE: u32 = 1;
const TABLE_LEN: u32 = 32;
const ROOT: u32 = TABLE + 2 * TABLE_LEN;
const ROOT_LEN: u32 = 24;
const DATA: u32 = ROOT + ROOT_LEN;

/// An empty volume with clusters of one sector.
pub(crate) fn format(medium: &mut Medium) {
    let mut boot = [0; 512];
    boot[0] = 0xEB;
    boot[11..13].copy_from_slice(&512_u16.to_le_bytes());
    boot[13] = 1;
    boot[14] = 1;
    boot[16] = 2;
    boot[17..19].copy_from_slice(&(ROOT_LEN as u16 * 16).to_le_bytes());
    boot[19..21].copy_from_slice(&((DATA + CLUSTERS) as u16).to_le_bytes());
    boot[22..24].copy_from_slice(&(TABLE_LEN as u16).to_le_bytes());
    boot[510..].copy_from_slice(&[0x55, 0xAA]);
    medium.sectors.insert(0, boot);
}

/// What is on the volume.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    /// Files by their long names, or short ones where they have no others.
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    /// Clusters that no file has and that are not free.
    pub(crate) lost: usize,
}

/// All files; panics where two share a cluster or a chain is broken.
pub(crate) fn read(medium: &Medium) -> Contents {
    let mut contents = Contents::default();
    let mut taken = HashSet::new();
    let mut long: Vec<u16> = Vec::new();
    for place in 0..ROOT_LEN * 16 {
        let sector = medium.read(ROOT + place / 16);
        let entry = &sector[(place % 16) as usize * 32..][..32];
        match (entry[0], entry[11]) {
            (0, _) => break,
            (0xE5, _) => long.clear(),
            (_, 0x0F) => {
                let units = [1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30];
                let piece = units.map(|at| u16::from_le_bytes([entry[at], entry[at + 1]]));
                long.splice(0..0, piece);
            }
            _ => {
                long.truncate(long.iter().position(|&unit| unit == 0).unwrap_or(long.len()));
                let name = if long.is_empty() {
                    String::from_utf8_lossy(&entry[..11]).into()
                } else {
                    String::from_utf16(&long).unwrap()
                };
                long.clear();
                let first = u16::from_le_bytes([entry[26], entry[27]]);
                let size = u32::from_le_bytes(entry[28..32].try_into().unwrap());
                let bytes = read_chain(medium, first.into(), size as usize, &mut taken);
                assert!(contents.files.insert(name.clone(), bytes).is_none(), "{name} twice");
            }
        }
    }
    let used = (2..CLUSTERS + 2).filter(|&cluster| table_entry(medium, cluster) != 0).count();
    contents.lost = used - taken.len();
    contents
}

fn read_chain(medium: &Medium, first: u32, size: usize, taken: &mut HashSet<u32>) -> Vec<u8> {
    let (mut bytes, mut cluster) = (Vec::new(), first);
    while (2..CLUSTERS + 2).contains(&cluster) {
        assert!(taken.insert(cluster), "cluster {cluster} is in two chains");
        bytes.extend_from_slice(&medium.read(DATA + cluster - 2));
        cluster = table_entry(medium, cluster);
        assert!(cluster != 0, "a chain leads into free space");
    }
    assert!(bytes.len() >= size, "a chain is too short");
    bytes.truncate(size);
    bytes
}

fn table_entry(medium: &Medium, cluster: u32) -> u32 {
    let at = (cluster % 256) as usize * 2;
    let sector = medium.read(TABLE + cluster / 256);
    u16::from_le_bytes([sector[at], sector[at + 1]]).into()
}
