//! Making text safe, so that it can be shown on any terminal.
//!
//! Safe text is UTF-8 in which every character but the tab stands in its line
//! and keeps the order of what is around it: nothing in it moves a cursor,
//! ends a line, forges a notice or turns writing around. What would do so is
//! not dropped but shown:
//!
//! | raw | safe |
//! |---|---|
//! | what is not UTF-8 (a maximal subpart, as in the Unicode Standard, 3.9) | U+FFFD |
//! | C0 controls, but not the tab | their pictures, U+2400 to U+241F |
//! | DEL | its picture, U+2421 |
//! | C1 controls | U+FFFD |
//! | line and paragraph separator | U+2424, the picture of a newline |
//! | marks, embeddings, overrides and isolates of bidirectional text | U+FFFD |
//!
//! **Safe text is never shorter than raw**: whatever is replaced takes at most
//! the three bytes of what stands for it, and all else stays as it was. So
//! `taken <= written`, text that is as long as it may be raw may not be so any
//! more when safe, and safe text made safe again is the same.
//!
//! # Trade-offs
//!
//! Plain ASCII is looked at once, in blocks that compilers turn into vectors; tabs
//! are left out of it, so that there is one bound to test. All else is looked at
//! twice more, by `core` for being UTF-8 and in blocks for bytes that can begin
//! something unsafe: most scripts pass at the speed of `core`'s look (about 1 GB/s).
//! Arabic and typographic signs share their first bytes with what is unsafe and are
//! looked at one by one (a quarter of that); exact tests of two and three bytes
//! would be faster, and a second list of what is unsafe.

use core::str;

const REPLACEMENT: char = char::REPLACEMENT_CHARACTER;
const NEWLINE_PICTURE: char = '\u{2424}';
const DELETE_PICTURE: char = '\u{2421}';

/// How far [`make_safe`] came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Safe {
    /// Bytes of the raw text that were used up.
    pub taken: usize,
    /// Bytes of safe text that were written; never less than `taken`.
    pub written: usize,
}

/// Writes `raw`, made safe, into `out`: as many whole characters as fit.
///
/// A character that is not whole at the end of `raw` is taken as broken. A
/// caller to whom the rest may still come withholds it: [`cut_character`] says
/// how much that is. The work is bounded by the length of `out`, however long
/// `raw` is.
///
/// # Example: making a line safe
///
/// ```
/// use snug_core::wire::text::make_safe;
///
/// let mut out = [0; 16];
/// let safe = make_safe(b"red: \x1b[31m", &mut out);
/// assert_eq!(safe.taken, 10);
/// assert_eq!(&out[..safe.written], "red: \u{241b}[31m".as_bytes());
/// ```
#[inline]
pub fn make_safe(raw: &[u8], out: &mut [u8]) -> Safe {
    if raw.len() <= out.len() && is_plain(raw) {
        out[..raw.len()].copy_from_slice(raw);
        return Safe { taken: raw.len(), written: raw.len() };
    }
    replace_unsafe(raw, out)
}

fn replace_unsafe(raw: &[u8], out: &mut [u8]) -> Safe {
    let raw = within_reach(raw, out.len());
    let mut page = Page { room: out, safe: Safe::default() };
    match str::from_utf8(raw) {
        Ok(text) => page.write(text),
        // Slower, byte for byte, but nobody means to send this.
        Err(_) => raw.utf8_chunks().all(|chunk| page.write_chunk(&chunk)),
    };
    page.safe
}

/// Length of the character at the end of `raw` that may still become whole.
///
/// From 0 to 3 bytes. What no further byte can make valid is not counted, so
/// nothing waits in vain.
pub fn cut_character(raw: &[u8]) -> usize {
    let may_become_whole = |tail: &[u8]| {
        str::from_utf8(tail).is_err_and(|e| e.valid_up_to() == 0 && e.error_len().is_none())
    };
    let mut tails = (1..=3).map_while(|n| raw.get(raw.len().checked_sub(n)?..));
    tails.find(|tail| may_become_whole(tail)).map_or(0, <[u8]>::len)
}

/// Whether `text` is safe as it stands: [`make_safe`] would only copy it.
pub fn is_safe(text: &str) -> bool {
    safe_length(text) == text.len()
}

/// The part of `raw` that can fit into `room` bytes, whole characters alone.
///
/// As safe text is never shorter than raw, `room + 1` bytes are enough: for a
/// character of `n` bytes that this cuts, less than `n` bytes are left, and at
/// most 2; too few for it and for what would stand in its place.
fn within_reach(raw: &[u8], room: usize) -> &[u8] {
    match raw.get(..room.saturating_add(1)) {
        Some(near) if near.len() < raw.len() => {
            near.get(..near.len() - cut_character(near)).unwrap_or(near)
        }
        _ => raw,
    }
}

/// Whether all bytes are printable ASCII: what most lines are, and neither
/// broken nor unsafe. The last block overlaps the one before it.
fn is_plain(bytes: &[u8]) -> bool {
    let (blocks, rest) = bytes.as_chunks::<BLOCK>();
    let Some(last) = bytes.last_chunk::<BLOCK>() else {
        return rest.iter().all(|&byte| above_blank(byte) <= above_blank(b'~'));
    };
    let mut most = [0; BLOCK];
    for block in blocks.iter().chain([last]) {
        for (most, &byte) in most.iter_mut().zip(block) {
            *most = above_blank(byte).max(*most);
        }
    }
    most.iter().fold(0, |all, &most| most.max(all)) <= above_blank(b'~')
}

/// How far a byte is above the blank; what is below it is above all of ASCII.
const fn above_blank(byte: u8) -> u8 {
    byte.wrapping_sub(b' ')
}

/// What is being written, and how far it is.
struct Page<'o> {
    /// What is not written to yet.
    room: &'o mut [u8],
    safe: Safe,
}

/// Each answers whether all of it fitted.
impl Page<'_> {
    fn write(&mut self, mut text: &str) -> bool {
        loop {
            // Were it no boundary, each character would be looked at.
            let (safe, rest) = text.split_at_checked(safe_length(text)).unwrap_or(("", text));
            if !self.copy(safe) {
                return false;
            }
            let mut rest = rest.chars();
            let Some(character) = rest.next() else { return true };
            let picture = picture_of(character).unwrap_or(character);
            if !self.put(picture, character.len_utf8()) {
                return false;
            }
            text = rest.as_str();
        }
    }

    fn write_chunk(&mut self, chunk: &str::Utf8Chunk<'_>) -> bool {
        let broken = chunk.invalid().len();
        self.write(chunk.valid()) && (broken == 0 || self.put(REPLACEMENT, broken))
    }

    fn copy(&mut self, safe: &str) -> bool {
        let fitting = safe.floor_char_boundary(self.room.len());
        let (Some(from), Some(to)) = (safe.get(..fitting), self.room.split_off_mut(..fitting))
        else {
            return false;
        };
        to.copy_from_slice(from.as_bytes());
        self.advance(fitting, fitting);
        fitting == safe.len()
    }

    fn put(&mut self, picture: char, taken: usize) -> bool {
        let written = picture.len_utf8();
        let Some(room) = self.room.split_off_mut(..written) else { return false };
        picture.encode_utf8(room);
        self.advance(taken, written);
        true
    }

    fn advance(&mut self, taken: usize, written: usize) {
        debug_assert!(taken <= written, "safe text is never shorter than raw");
        self.safe.taken += taken;
        self.safe.written += written;
    }
}

/// What stands for a character that is not safe; none for one that is.
fn picture_of(character: char) -> Option<char> {
    match character {
        '\t' => None,
        '\0'..='\x1f' => char::from_u32(0x2400 + u32::from(character)),
        '\x7f' => Some(DELETE_PICTURE),
        '\u{2028}' | '\u{2029}' => Some(NEWLINE_PICTURE),
        '\u{80}'..='\u{9f}'
        | '\u{61c}'
        | '\u{200e}'
        | '\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2066}'..='\u{2069}' => Some(REPLACEMENT),
        _ => None,
    }
}

/// Length of what comes before the first character that is not safe.
///
/// Blocks without a suspect are passed over. They may end within a character,
/// but no suspect does: it is the first byte of its character.
fn safe_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut start = 0;
    while let Some(rest @ [_, ..]) = bytes.get(start..) {
        start += harmless_length(rest);
        let block = bytes.iter().enumerate().skip(start).take(BLOCK);
        let mut suspects = block.filter(|&(_, &byte)| is_suspect(byte));
        if let Some((at, _)) = suspects.find(|&(at, _)| is_unsafe_at(text, at)) {
            return at;
        }
        start += BLOCK;
    }
    bytes.len()
}

fn is_unsafe_at(text: &str, at: usize) -> bool {
    let character = text.get(at..).and_then(|rest| rest.chars().next());
    character.is_some_and(|character| picture_of(character).is_some())
}

/// Length of the blocks before the first that holds a suspect. The last block
/// overlaps the one before where the bytes are no whole number of blocks.
fn harmless_length(bytes: &[u8]) -> usize {
    let (blocks, _) = bytes.as_chunks::<BLOCK>();
    let harmless = blocks.iter().take_while(|block| !any_suspect(block)).count();
    let last = bytes.last_chunk().filter(|_| harmless == blocks.len());
    if last.is_some_and(|last| !any_suspect(last)) {
        return bytes.len();
    }
    BLOCK * harmless
}

/// Bytes that are looked at together.
const BLOCK: usize = 32;

/// Without an early end, so that it becomes a few vector instructions.
fn any_suspect(block: &[u8; BLOCK]) -> bool {
    block.iter().fold(0, |any, &byte| any | u8::from(is_suspect(byte))) != 0
}

/// Controls of ASCII, and the first bytes of all else that is not safe: U+0080
/// to U+009F begin with C2, U+061C with D8, U+200E to U+2069 with E2.
#[expect(clippy::needless_bitwise_bool, reason = "branches would keep it from being a vector")]
const fn is_suspect(byte: u8) -> bool {
    let control = (byte < b' ') & (byte != b'\t') | (byte == 0x7f);
    control | (byte == 0xc2) | (byte == 0xd8) | (byte == 0xe2)
}

#[cfg(test)]
mod tests {
    extern crate std;

    use core::ops::RangeInclusive;
    use std::string::String;
    use std::vec;
    use std::vec::Vec;

    use super::*;

    /// Bytes at which something changes, and parts of every kind of character.
    const BYTES: [u8; 22] = [
        0x00, 0x09, 0x0a, 0x41, 0x7f, 0x80, 0x81, 0x8e, 0x9c, 0x9f, 0xa6, 0xa8, 0xbf, 0xc2, 0xd8,
        0xe0, 0xe2, 0xed, 0xf0, 0xf4, 0xf5, 0xff,
    ];

    /// Those with anything in them that is not like its neighbours.
    const SOME_PLANES: RangeInclusive<char> = '\0'..='\u{1ffff}';

    /// The oracle: what the module says, said once more and slowly.
    fn oracle(raw: &[u8]) -> String {
        let shown = |c: char| match u32::from(c) {
            9 => c,
            n @ 0..=31 => char::from_u32(0x2400 + n).unwrap(),
            0x7f => '\u{2421}',
            0x2028..=0x2029 => '\u{2424}',
            0x80..=0x9f | 0x61c | 0x200e..=0x200f | 0x202a..=0x202e | 0x2066..=0x2069 => '\u{fffd}',
            _ => c,
        };
        String::from_utf8_lossy(raw).chars().map(shown).collect()
    }

    /// As many characters as fit into `room`.
    fn fitting(text: &str, room: usize) -> &str {
        let end = |(at, c): (usize, char)| at + c.len_utf8();
        let ends = text.char_indices().map(end).take_while(|&end| end <= room);
        &text[..ends.last().unwrap_or(0)]
    }

    fn made_safe(raw: &[u8]) -> String {
        let mut out = vec![0; 3 * raw.len()];
        let safe = make_safe(raw, &mut out);
        assert_eq!(safe.taken, raw.len());
        out.truncate(safe.written);
        String::from_utf8(out).unwrap()
    }

    fn check(raw: &[u8]) {
        let whole = oracle(raw);
        assert_eq!(made_safe(raw), whole, "{raw:x?}");
        assert!(whole.len() >= raw.len() && is_safe(&whole), "{raw:x?}");
        assert_eq!(made_safe(whole.as_bytes()), whole, "{raw:x?}");
        if let Ok(text) = str::from_utf8(raw) {
            assert_eq!(is_safe(text), text == whole, "{raw:x?}");
        }
    }

    /// With `room` bytes to write to; the rest goes on where this ended.
    fn check_room(raw: &[u8], room: usize) {
        let whole = oracle(raw);
        let mut out = vec![0; room];
        let safe = make_safe(raw, &mut out);
        let start = fitting(&whole, room);
        assert_eq!(&out[..safe.written], start.as_bytes(), "{raw:x?} {room}");
        assert!(safe.taken <= safe.written);
        assert_eq!(&whole[safe.written..], oracle(&raw[safe.taken..]), "{raw:x?} {room}");
    }

    /// In two pieces, of which the first withholds what may become whole.
    fn check_cut(raw: &[u8], at: usize) {
        let at = at - cut_character(&raw[..at]);
        let joined = oracle(&raw[..at]) + &oracle(&raw[at..]);
        assert_eq!(joined, oracle(raw), "{raw:x?} {at}");
    }

    fn each_string(length: usize, check: &mut impl FnMut(&[u8])) {
        let mut digits = vec![0; length];
        for number in 0..BYTES.len().pow(u32::try_from(length).unwrap()) {
            let mut rest = number;
            for digit in &mut digits {
                *digit = BYTES[rest % BYTES.len()];
                rest /= BYTES.len();
            }
            check(&digits);
        }
    }

    #[test]
    fn every_short_string_is_as_the_oracle_says() {
        for length in 0..=3 {
            each_string(length, &mut |raw| {
                check(raw);
                (0..=3 * length).for_each(|room| check_room(raw, room));
                (0..=length).for_each(|at| check_cut(raw, at));
            });
        }
    }

    #[test]
    fn strings_of_four_bytes_are_as_the_oracle_says() {
        each_string(4, &mut |raw| {
            assert_eq!(made_safe(raw), oracle(raw), "{raw:x?}");
            check_cut(raw, 3);
        });
    }

    #[test]
    fn every_character_is_as_the_oracle_says() {
        let mut buffer = [0; 4];
        for c in SOME_PLANES {
            let raw = c.encode_utf8(&mut buffer).as_bytes();
            assert_eq!(made_safe(raw), oracle(raw));
            for cut in 1..raw.len() {
                assert_eq!(cut_character(&raw[..cut]), cut, "{c:?}");
            }
            assert_eq!(cut_character(raw), 0, "{c:?}");
        }
    }

    #[test]
    fn blocks_hide_nothing() {
        let unsafe_parts: [&[u8]; 6] =
            [b"\n", b"\x7f", b"\xff", b"\xc2\x85", b"\xe2\x80\xae", b"\xd8\x9c"];
        for length in BLOCK - 4..=2 * BLOCK + 4 {
            for (at, part) in (0..=length).flat_map(|at| unsafe_parts.map(|part| (at, part))) {
                let mut raw = vec![b'a'; length];
                raw.splice(at..at, part.iter().copied());
                check(&raw);
                check_room(&raw, BLOCK);
            }
        }
    }

    #[test]
    fn long_mixtures_are_as_the_oracle_says() {
        let mut state = 1_u64;
        let mut below = |n: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            usize::try_from(state >> 33).unwrap() % n
        };
        let words =
            ["plain text of some length ", "né ", "سلام ", "“quoted” ", "汉字", "🦀", "\u{202e}"];
        for _ in 0..2_000 {
            let mut raw = Vec::new();
            for _ in 0..below(12) {
                match below(3) {
                    0 => raw.push(BYTES[below(BYTES.len())]),
                    _ => raw.extend_from_slice(words[below(words.len())].as_bytes()),
                }
            }
            check(&raw);
            check_room(&raw, below(raw.len() + 8));
            check_cut(&raw, below(raw.len() + 1));
        }
    }

    #[test]
    fn a_broken_character_fits_where_its_whole_would_not() {
        // Three bytes of a crab and then no fourth: one replacement character.
        check_room(b"\xf0\x9f\xa6A", 3);
        let mut out = [0; 3];
        assert_eq!(make_safe(b"\xf0\x9f\xa6A", &mut out), Safe { taken: 3, written: 3 });
        assert_eq!(make_safe("🦀".as_bytes(), &mut out), Safe::default());
    }

    #[test]
    fn what_can_never_become_whole_is_not_waited_for() {
        for raw in
            [&b""[..], b"A", b"\x80", b"\xc0", b"\xe0\x80", b"\xed\xa0", b"\xf4\x90", b"\xf5"]
        {
            assert_eq!(cut_character(raw), 0, "{raw:x?}");
        }
        assert_eq!(cut_character(b"A\xf0\x9f\xa6"), 3);
        assert_eq!(cut_character(b"\xf0\x9f\xa6\xe2"), 1);
    }
}
