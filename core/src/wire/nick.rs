//! Nicks: the names that people go by in the room.

use core::{error, fmt, str};

use super::fold::fold;
use crate::hash::mix;

/// The most characters that a nick may have.
pub const MAX_NICK: usize = 16;

/// Names that no peer may have, whatever their case: who hears them from the
/// server or reads them on its own screen must know who is meant.
pub const RESERVED_NICKS: [&str; 2] = ["server", "you"];

/// A character of UTF-8 has 4 bytes at most.
const MAX_BYTES: usize = 4 * MAX_NICK;

/// The name of a person: 1 to 16 letters and digits of any script, `_`, `-`.
///
/// The first is a letter, so that a nick is never taken for an address.
///
/// `==` compares the spelling. Who asks whether two nicks would be one name in
/// the room asks [`same`](Self::same).
///
/// # Trade-offs
///
/// Letters are what Unicode calls alphabetic. Marks that are not are refused
/// (the accent U+0301, but also the virama of Indic scripts), so that é is one
/// character and not sometimes two. Letters that look alike in two scripts are
/// two letters: telling them apart takes tables larger than all of Snug.
///
/// # Example: comparing names
///
/// ```
/// use snug_core::wire::nick::{Nick, NickError};
///
/// let street = Nick::parse("Straße".as_bytes())?;
/// assert!(street.same(&Nick::parse("STRAẞE".as_bytes())?));
/// assert_eq!(Nick::parse(b"Server"), Err(NickError::Reserved));
/// # Ok::<(), NickError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Nick(heapless::String<MAX_BYTES, u8>);

impl Nick {
    /// The nick that these bytes are, if they are one; nothing is trimmed.
    pub fn parse(raw: &[u8]) -> Result<Self, NickError> {
        let text = str::from_utf8(raw).map_err(|_| NickError::Character)?;
        match flaw_of(text) {
            Some(flaw) => Err(flaw),
            None => text.try_into().map(Self).map_err(|_| NickError::TooLong),
        }
    }

    /// The nick as its owner spells it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether both are one name in the room: alike but for their case.
    pub fn same(&self, other: &Self) -> bool {
        folded(self.as_str()).eq(folded(other.as_str()))
    }

    /// A number that is equal for nicks that are the [`same`](Self::same).
    ///
    /// It is for a hash table of the room's nicks, which peers should not be
    /// able to fill with collisions: `seed` is to be chosen at random when the
    /// room starts and never told. It is not a cryptographic hash.
    pub fn fold_hash(&self, seed: u64) -> u64 {
        folded(self.as_str()).fold(mix(seed), |hash, c| mix(hash ^ u64::from(c)))
    }
}

impl AsRef<str> for Nick {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for Nick {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Why bytes are no nick.
///
/// Shown, it is what follows the `! ` of a refusal: why, and what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum NickError {
    /// No nick at all.
    Empty,
    /// More than [`MAX_NICK`] characters.
    TooLong,
    /// The first character is no letter.
    NoLetter,
    /// A character that is no letter, no digit, no `_` and no `-`.
    Character,
    /// One of [`RESERVED_NICKS`].
    Reserved,
}

impl fmt::Display for NickError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "there is no nick; write one of 1 to 16 characters",
            Self::TooLong => "a nick may have 16 characters at most; choose a shorter one",
            Self::NoLetter => "a nick begins with a letter; choose another",
            Self::Character => "a nick may hold letters, digits, _ and - alone; choose another",
            Self::Reserved => "this nick is for nobody; choose another",
        })
    }
}

impl error::Error for NickError {}

fn flaw_of(nick: &str) -> Option<NickError> {
    let Some(first) = nick.chars().next() else { return Some(NickError::Empty) };
    if !is_letter(first) {
        Some(NickError::NoLetter)
    } else if !nick.chars().all(|c| is_letter(c) || c.is_numeric() || matches!(c, '_' | '-')) {
        Some(NickError::Character)
    } else if nick.chars().nth(MAX_NICK).is_some() {
        Some(NickError::TooLong)
    } else if RESERVED_NICKS.iter().any(|reserved| folded(reserved).eq(folded(nick))) {
        Some(NickError::Reserved)
    } else {
        None
    }
}

/// The fillers of Hangul are letters by their category, but nobody sees them:
/// with them anybody could be anybody.
fn is_letter(c: char) -> bool {
    let is_filler = matches!(c, '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}');
    c.is_alphabetic() && !is_filler
}

fn folded(text: &str) -> impl Iterator<Item = char> {
    text.chars().map(fold)
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::collections::HashSet;
    use std::format;
    use std::string::ToString;

    use super::*;
    use crate::wire::text::is_safe;

    fn nick(text: &str) -> Nick {
        Nick::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn nicks_stay_as_they_are() {
        for text in ["a", "Bob", "a-b_c9", "Жук", "ろく", "李", "x½", "é", "abcdefghijklmnop"]
        {
            assert_eq!(nick(text).to_string(), text);
            assert!(is_safe(text));
        }
        assert_eq!(nick(&"𐐷".repeat(16)).as_str().len(), MAX_BYTES);
    }

    #[test]
    fn each_flaw_has_its_error() {
        let flaws: [(&[u8], NickError); 17] = [
            (b"", NickError::Empty),
            (b"\xff", NickError::Character),
            (b"1st", NickError::NoLetter),
            (b"_a", NickError::NoLetter),
            (b" a", NickError::NoLetter),
            ("\u{3164}".as_bytes(), NickError::NoLetter),
            (b"127.0.0.1:9", NickError::NoLetter),
            (b"a b", NickError::Character),
            (b"a]", NickError::Character),
            (b"a\n", NickError::Character),
            ("e\u{301}".as_bytes(), NickError::Character),
            ("a\u{202e}".as_bytes(), NickError::Character),
            ("a\u{200b}".as_bytes(), NickError::Character),
            (b"abcdefghijklmnopq", NickError::TooLong),
            (b"SERVER", NickError::Reserved),
            (b"You", NickError::Reserved),
            ("\u{17f}erver".as_bytes(), NickError::Reserved),
        ];
        for (raw, flaw) in flaws {
            assert_eq!(Nick::parse(raw), Err(flaw), "{raw:x?}");
        }
    }

    #[test]
    fn case_makes_no_other_name() {
        let same = [
            ("bob", "BoB"),
            ("straße", "STRAẞE"),
            ("ΟΔΟΣ", "οδος"),
            ("οδοσ", "οδος"),
            ("\u{212a}im", "kim"),
            ("\u{1c5}", "\u{1c6}"),
        ];
        for (one, other) in same {
            assert!(nick(one).same(&nick(other)), "{one} {other}");
            assert_eq!(nick(one).fold_hash(7), nick(other).fold_hash(7), "{one} {other}");
        }
        assert!(!nick("bob").same(&nick("bobb")));
        assert!(!nick("bob").same(&nick("rob")));
        assert!(!nick("straße").same(&nick("strasse")));
    }

    #[test]
    fn no_letter_is_unsafe() {
        let letters = ('\0'..=char::MAX).filter(|&c| is_letter(c) || c.is_numeric());
        assert!(letters.into_iter().all(|c| is_safe(c.encode_utf8(&mut [0; 4]))));
    }

    #[test]
    fn hashes_differ_by_name_and_by_seed() {
        let nicks = (0..10_000).map(|n| nick(&format!("n{n}")));
        let hashes: HashSet<u64> =
            nicks.flat_map(|n| [0, 1].map(|seed| n.fold_hash(seed))).collect();
        assert_eq!(hashes.len(), 20_000);
        let low: HashSet<u64> = hashes.iter().map(|hash| hash % 4_096).collect();
        assert!(low.len() > 4_000, "low bits are used: {}", low.len());
    }

    #[test]
    fn errors_speak_of_the_constants() {
        assert!(NickError::TooLong.to_string().contains(&MAX_NICK.to_string()));
    }
}
