//! Components that are broken on purpose: the canaries.
//!
//! A flaw does its harm once in a while, in what the room writes, in what it
//! is told, or in the store. The oracle must find each of them.

use crate::simulation::wire::happens;
use crate::support::random::Random;

/// What is broken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Flaw {
    #[default]
    None,
    /// A byte that the room sent is lost.
    LostByte,
    /// A byte that the room sent is another.
    WrongByte,
    /// A line that the room said to a peer is lost.
    LostLine,
    /// A line that the room said to a peer comes twice.
    DoubledLine,
    /// Two lines that the room said to a peer change places.
    SwappedLines,
    /// N of `(N users online)` is one too many.
    WrongCount,
    /// N of `> N messages skipped` is one too many.
    WrongSkips,
    /// A text that a peer said is lost, for everybody.
    LostText,
    /// A text that a peer said is said twice.
    DoubledText,
    /// What was for one peer alone is said to all.
    Indiscretion,
    /// The room is not told that a link can take more.
    LostWakeUp,
    /// The room has always something to do at once.
    BusyLoop,
    /// A file gets its name before it is whole.
    EarlyName,
    /// A file is called stored before it would outlive a loss of power.
    NotSynced,
    /// A file loses its last block.
    LostBlock,
    /// A file that is fetched goes on as another.
    TornRead,
    /// A file that is refused is stored all the same.
    StoredAnyway,
    /// Space that a file reserved is never given back.
    LostSpace,
    /// The store never comes back to a call, so that its slot stays taken.
    LostCall,
    /// A client core does not tell what the room has of a file.
    LostHave,
    /// A client core does not tell of a part of a file.
    LostPart,
    /// A client core calls a file stored that was refused.
    FalseEnd,
    /// A client core tells of the end of a transfer twice.
    DoubledEnd,
}

/// A flaw shows once in so many times.
const ODDS: usize = 12;

impl Flaw {
    pub(crate) const ALL: [Self; 23] = [
        Self::LostByte,
        Self::WrongByte,
        Self::LostLine,
        Self::DoubledLine,
        Self::SwappedLines,
        Self::WrongCount,
        Self::WrongSkips,
        Self::LostText,
        Self::DoubledText,
        Self::Indiscretion,
        Self::LostWakeUp,
        Self::BusyLoop,
        Self::EarlyName,
        Self::NotSynced,
        Self::LostBlock,
        Self::TornRead,
        Self::StoredAnyway,
        Self::LostSpace,
        Self::LostCall,
        Self::LostHave,
        Self::LostPart,
        Self::FalseEnd,
        Self::DoubledEnd,
    ];

    /// Whether it is this flaw, and shows now.
    pub(crate) fn shows(self, flaw: Self, random: &mut Random) -> bool {
        self == flaw && happens(random, ODDS)
    }

    /// What becomes of bytes that the room writes to a peer.
    pub(crate) fn spoil(self, bytes: &[u8], random: &mut Random) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        if self == Self::None {
            return bytes;
        }
        let before = bytes.clone();
        match self {
            Self::LostByte => drop_byte(&mut bytes),
            Self::WrongByte => change_byte(&mut bytes),
            Self::LostLine => edit_lines(&mut bytes, |lines| lines.truncate(lines.len() - 1)),
            Self::DoubledLine => edit_lines(&mut bytes, |lines| lines.extend_from_within(..1)),
            Self::SwappedLines => edit_lines(&mut bytes, |lines| lines.reverse()),
            Self::WrongCount => add_one(&mut bytes, " online)"),
            Self::WrongSkips => add_one(&mut bytes, " skipped"),
            _ => {}
        }
        if bytes == before || !happens(random, ODDS) {
            return before;
        }
        bytes
    }
}

fn drop_byte(bytes: &mut Vec<u8>) {
    if !bytes.is_empty() {
        bytes.remove(bytes.len() / 2);
    }
}

fn change_byte(bytes: &mut [u8]) {
    let at = bytes.len() / 2;
    if let Some(byte) = bytes.get_mut(at) {
        *byte ^= 1;
    }
}

/// Edits bytes that are whole lines of peers' texts and nothing else.
fn edit_lines(bytes: &mut Vec<u8>, edit: impl FnOnce(&mut Vec<Vec<u8>>)) {
    let whole = bytes.starts_with(b"[") && bytes.ends_with(b"\n");
    let mut lines: Vec<_> = bytes.split_inclusive(|&byte| byte == b'\n').map(Vec::from).collect();
    if whole && lines.iter().all(|line| line.starts_with(b"[")) {
        edit(&mut lines);
        *bytes = lines.concat();
    }
}

/// Adds one to the number in the first line that ends with `end`.
fn add_one(bytes: &mut [u8], end: &str) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let Some(at) = text.find(end) else { return };
    let digit = text[..at].rfind(|c: char| c.is_ascii_digit());
    if let Some(digit) = digit.filter(|&digit| at - digit < 12) {
        bytes[digit] = if bytes[digit] == b'9' { b'8' } else { bytes[digit] + 1 };
    }
}
