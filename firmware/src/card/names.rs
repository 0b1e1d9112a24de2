//! Names as FAT has them: long ones in UTF-16 by pieces, short ones in 11
//! bytes.

use core::iter;

use snug_core::wire::fold::fold;

/// Units of a piece of a long name: what one entry of a directory holds.
const PIECE: usize = 13;
/// Where in an entry the units of its piece stand.
const UNITS: [usize; PIECE] = [1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30];

/// All that an entry of a directory holds.
pub(super) type Entry = [u8; 32];

/// Short names that begin so are those of files that are not whole yet.
pub(super) const DRAFT: &[u8; 6] = b"~SNUG-";

/// A name that FAT can hold. Its units are made where they are wanted: all of
/// them would take 510 bytes of the stack.
#[derive(Debug)]
pub(super) struct LongName<'n> {
    name: &'n str,
    /// Units of the name.
    len: usize,
    /// Where in the name the pieces begin.
    starts: [Start; 20],
}

/// A character's first byte, and whether a piece begins with its second unit.
#[derive(Clone, Copy, Debug, Default)]
struct Start {
    byte: u8,
    within: bool,
}

impl<'n> LongName<'n> {
    /// The name, if FAT can hold it and keep it apart from others.
    pub(super) fn new(name: &'n str) -> Option<Self> {
        let forbidden = |byte: u8| byte < b' ' || b"\"*/:<>?\\|\x7f".contains(&byte);
        let draft = name.as_bytes().iter().zip(DRAFT).all(|(a, b)| a.eq_ignore_ascii_case(b));
        // It drops dots and spaces at the end, so that `a.` would be `a`.
        if name.bytes().any(forbidden) || name.ends_with(['.', ' ']) || draft {
            return None;
        }
        let mut long = Self { name, len: 0, starts: [Start::default(); 20] };
        for (byte, character) in name.char_indices() {
            for within in [false, true].into_iter().take(character.len_utf16()) {
                if long.len.is_multiple_of(PIECE) {
                    let byte = u8::try_from(byte).ok()?;
                    *long.starts.get_mut(long.len / PIECE)? = Start { byte, within };
                }
                long.len += 1;
            }
        }
        Some(long)
    }

    /// How many entries it takes, beside that of the short name.
    pub(super) fn pieces(&self) -> usize {
        self.len.div_ceil(PIECE)
    }

    /// The units of a piece: behind its end a zero, then ones.
    fn piece(&self, index: usize) -> [u16; PIECE] {
        let Start { byte, within } = self.starts[index];
        let mut rest = self.name[byte.into()..].encode_utf16().skip(within.into());
        let mut padding = iter::once(0).chain(iter::repeat(u16::MAX));
        [(); PIECE].map(|()| rest.next().or_else(|| padding.next()).unwrap_or(u16::MAX))
    }

    /// The entry of a piece before that of a short name.
    pub(super) fn entry(&self, index: usize, short: &[u8; 11]) -> Entry {
        let mut entry = [0; 32];
        let last = if index + 1 == self.pieces() { 0x40 } else { 0 };
        entry[0] = (index as u8 + 1) | last;
        entry[11] = LONG;
        entry[13] = checksum(short);
        for (at, unit) in UNITS.into_iter().zip(self.piece(index)) {
            entry[at..at + 2].copy_from_slice(&unit.to_le_bytes());
        }
        entry
    }

    /// A short name that no other file here has: by the place of its entry,
    /// which is the file's own as long as it stands.
    pub(super) fn alias(&self, place: u32) -> [u8; 11] {
        let mut alias = [b' '; 11];
        alias[0] = b'~';
        for (at, byte) in alias[1..8].iter_mut().rev().enumerate() {
            *byte = b"0123456789ABCDEF"[(place >> (4 * at) & 0xF) as usize];
        }
        let kind = self.name.rsplit_once('.').map_or("", |(_, kind)| kind);
        let letters = kind.bytes().filter(u8::is_ascii_alphanumeric);
        for (byte, letter) in alias[8..].iter_mut().zip(letters) {
            *byte = letter.to_ascii_uppercase();
        }
        alias
    }
}

/// How near an entry's name comes to the one that is looked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Likeness {
    /// Another name.
    #[default]
    None,
    /// Another name that FAT takes for the same.
    Similar,
    /// The same.
    Same,
}

/// A name that is looked for, entry by entry.
#[derive(Debug, Default)]
pub(super) struct Search {
    /// The likeness of the pieces so far.
    likeness: Likeness,
    /// The piece that should come next, counted down; 0 for the short name.
    next: u8,
    checksum: u8,
    /// There was a long name.
    long: bool,
}

/// In an entry's attributes.
const LONG: u8 = 0x0F;
const VOLUME: u8 = 0x08;

impl Search {
    /// Takes the next entry; if it is a file's or folder's, how like its name
    /// is.
    pub(super) fn take(&mut self, name: &LongName<'_>, entry: &Entry) -> Option<Likeness> {
        if entry[11] == LONG {
            self.take_piece(name, entry);
            return None;
        }
        let long = self.long && self.next == 0 && self.checksum == checksum(short_of(entry));
        self.long = false;
        if !is_file(entry) {
            return None;
        }
        let short = likeness_of_short(name, entry, long);
        Some(if long { short.max(self.likeness) } else { short })
    }

    fn take_piece(&mut self, name: &LongName<'_>, entry: &Entry) {
        let index = entry[0] & 0x3F;
        if entry[0] & 0x40 != 0 {
            let fits = usize::from(index) == name.pieces();
            self.likeness = if fits { Likeness::Same } else { Likeness::None };
            (self.long, self.checksum) = (true, entry[13]);
        } else if index != self.next || self.checksum != entry[13] {
            (self.long, self.likeness) = (false, Likeness::None);
        }
        self.next = index.saturating_sub(1);
        if self.likeness > Likeness::None {
            let units = UNITS.map(|at| u16::from_le_bytes([entry[at], entry[at + 1]]));
            self.likeness = self.likeness.min(compare(&units, &name.piece(self.next.into())));
        }
    }
}

/// A short name beside a long one is another name of the same file.
fn likeness_of_short(name: &LongName<'_>, entry: &Entry, long: bool) -> Likeness {
    let mut shown = [0; 12];
    let len = show_short(entry, &mut shown);
    if len != name.len {
        return Likeness::None;
    }
    // It has one piece: short names are shorter.
    let likeness = compare(&shown[..len], &name.piece(0)[..len]);
    if long { likeness.min(Likeness::Similar) } else { likeness }
}

/// A name that is read, entry by entry.
#[derive(Debug)]
pub(super) struct Spelling {
    units: [u16; 20 * PIECE],
    len: usize,
    /// The piece that should come next, counted down; 0 for the short name.
    next: usize,
    checksum: u8,
}

impl Spelling {
    pub(super) fn new() -> Self {
        Self { units: [0; 20 * PIECE], len: 0, next: 0, checksum: 0 }
    }

    /// Takes the next entry; with the last one of a name, that name.
    pub(super) fn take(&mut self, entry: &Entry) -> Option<&[u16]> {
        if entry[11] == LONG && entry[0] != 0xE5 {
            self.take_piece(entry);
            return None;
        }
        let long = self.len > 0 && self.next == 0 && self.checksum == checksum(short_of(entry));
        let len = if long {
            let name = &self.units[..self.len];
            name.iter().position(|&unit| unit == 0).unwrap_or(self.len)
        } else {
            let mut shown = [0; 12];
            let len = show_short(entry, &mut shown);
            self.units[..12].copy_from_slice(&shown);
            len
        };
        self.len = 0;
        Some(&self.units[..len])
    }

    /// The last piece comes first, and says how many there are.
    fn take_piece(&mut self, entry: &Entry) {
        let index = usize::from(entry[0] & 0x3F);
        if entry[0] & 0x40 != 0 {
            (self.len, self.next, self.checksum) = (index * PIECE, index, entry[13]);
        }
        let fits = index == self.next && self.checksum == entry[13];
        let Some(at) = index.checked_sub(1).filter(|&at| fits && at < 20) else {
            self.len = 0;
            return;
        };
        self.next = at;
        for (unit, from) in self.units[at * PIECE..][..PIECE].iter_mut().zip(UNITS) {
            *unit = u16::from_le_bytes([entry[from], entry[from + 1]]);
        }
    }
}

/// Whether an entry is that of a file or folder.
pub(super) fn is_file(entry: &Entry) -> bool {
    !matches!(entry[0], 0 | 0xE5) && entry[11] & VOLUME == 0
}

/// The short name in an entry.
pub(super) fn short_of(entry: &Entry) -> &[u8; 11] {
    entry.first_chunk().unwrap_or(b"           ")
}

/// The short name as it is shown: with a dot, and lower case where marked.
fn show_short(entry: &Entry, out: &mut [u16; 12]) -> usize {
    let (base, kind) = entry[..11].split_at(8);
    let part = |bytes: &[u8], lower: bool| {
        let end = bytes.iter().rposition(|&byte| byte != b' ').map_or(0, |last| last + 1);
        let mut part = [0; 8];
        for (unit, byte) in part.iter_mut().zip(&bytes[..end]) {
            *unit = u16::from(if lower { byte.to_ascii_lowercase() } else { *byte });
        }
        (part, end)
    };
    let (base, base_len) = part(base, entry[12] & 0x08 != 0);
    let (kind, kind_len) = part(kind, entry[12] & 0x10 != 0);
    out[..base_len].copy_from_slice(&base[..base_len]);
    if kind_len == 0 {
        return base_len;
    }
    out[base_len] = u16::from(b'.');
    out[base_len + 1..][..kind_len].copy_from_slice(&kind[..kind_len]);
    base_len + 1 + kind_len
}

fn compare(one: &[u16], other: &[u16]) -> Likeness {
    if one == other {
        Likeness::Same
    } else if one.iter().copied().map(caseless).eq(other.iter().copied().map(caseless)) {
        Likeness::Similar
    } else {
        Likeness::None
    }
}

/// A unit without its case, where that is one unit; FAT compares without.
fn caseless(unit: u16) -> u16 {
    let folded = char::from_u32(unit.into()).map(|character| u32::from(fold(character)));
    folded.and_then(|folded| u16::try_from(folded).ok()).unwrap_or(unit)
}

/// What ties the pieces of a long name to their short name.
fn checksum(short: &[u8; 11]) -> u8 {
    short.iter().fold(0_u8, |sum, &byte| sum.rotate_right(1).wrapping_add(byte))
}
