//! The files of a volume, one after the other.

use heapless::Vec;
use snug_core::store::Listed;
use snug_core::wire::name::FileName;

use super::directory::{FOLDER, size_of};
use super::names::{DRAFT, Spelling, is_file, short_of};
use super::volume::{Fault, Volume};

impl Volume {
    /// The first file whose entries begin at `from` or behind. A name that is
    /// none for Snug is passed over.
    pub(super) fn list(&mut self, from: u32) -> Result<Option<Listed>, Fault> {
        let mut spelling = Spelling::new();
        for place in from.. {
            let Some(entry) = self.entry_at(place)?.filter(|entry| entry[0] != 0) else { break };
            let Some(name) = spelling.take(&entry) else { continue };
            let hidden = entry[11] & FOLDER != 0 || short_of(&entry).starts_with(DRAFT);
            if !is_file(&entry) || hidden {
                continue;
            }
            if let Some(name) = in_utf8(name).and_then(|name| FileName::parse(&name).ok()) {
                let next = u64::from(place) + 1;
                return Ok(Some(Listed { name, size: size_of(&entry).into(), age: None, next }));
            }
        }
        Ok(None)
    }
}

/// A name as Snug has it; none that is too long for it.
fn in_utf8(units: &[u16]) -> Option<Vec<u8, 255>> {
    let mut bytes = Vec::new();
    for character in char::decode_utf16(units.iter().copied()) {
        let mut encoded = [0; 4];
        let encoded = character.ok()?.encode_utf8(&mut encoded);
        bytes.extend_from_slice(encoded.as_bytes()).ok()?;
    }
    Some(bytes)
}
