//! A line's entry in the index: where it stands and whom it is for.

use crate::wire::Dialect;

/// Nobody: where no line is yet.
const NOBODY: u32 = u32::MAX;
/// Who sees the room without being in it.
const OBSERVER: u32 = u32::MAX - 1;

/// Whom a line is for; clients are named by their place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Audience {
    /// All peers.
    All,
    /// All peers but one; what the classic server has a sentence for.
    AllBut(u32),
    /// All line peers but one.
    LinePeersBut(u32),
    /// One peer alone.
    Only(u32),
}

/// Where a line stands and whom it is for; lent to the room as its index.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    start: u32,
    len: u16,
    scope: Scope,
    who: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    AllBut,
    LinePeersBut,
    Only,
}

impl Line {
    /// No line yet; to fill the memory that is lent.
    pub const EMPTY: Self = Self { start: 0, len: 0, scope: Scope::AllBut, who: NOBODY };

    /// A line of `len` bytes at `start`; both fit, since the ring is at most
    /// `u32::MAX` long and a line `u16::MAX`.
    pub(super) fn new(start: usize, len: usize, audience: Audience) -> Self {
        let (scope, who) = match audience {
            Audience::All => (Scope::AllBut, NOBODY),
            Audience::AllBut(who) => (Scope::AllBut, who),
            Audience::LinePeersBut(who) => (Scope::LinePeersBut, who),
            Audience::Only(who) => (Scope::Only, who),
        };
        Self { start: start as u32, len: len as u16, scope, who }
    }

    pub(super) fn start(&self) -> usize {
        self.start as usize
    }

    pub(super) fn is_for(&self, reader: Reader) -> bool {
        let is_named = self.who == reader.who;
        let is_meant = is_named == (self.scope == Scope::Only);
        is_meant && (self.scope != Scope::LinePeersBut || reader.dialect == Dialect::Line)
    }

    /// Who does not get it: a bit for each place, modulo 64.
    pub(super) fn excluded(&self) -> u64 {
        match self.scope {
            Scope::AllBut | Scope::LinePeersBut => bit_of(self.who),
            Scope::Only => u64::MAX,
        }
    }

    pub(super) fn end(&self) -> usize {
        self.start() + usize::from(self.len)
    }

    /// Bytes of this line on the wire: a classic message has no newline.
    pub(super) fn wire_len(&self, dialect: Dialect) -> usize {
        match dialect {
            Dialect::Classic => usize::from(self.len) - 1,
            Dialect::Line => usize::from(self.len),
        }
    }
}

/// Who reads the log: decides which lines, and in which form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reader {
    who: u32,
    dialect: Dialect,
}

impl Reader {
    /// The one who sees what all see and nothing that was for one alone: the
    /// console, and the history as anybody gets it.
    pub(crate) const OBSERVER: Self = Self { who: OBSERVER, dialect: Dialect::Line };

    pub(crate) const fn new(place: u32, dialect: Dialect) -> Self {
        Self { who: place, dialect }
    }

    pub(crate) const fn dialect(self) -> Dialect {
        self.dialect
    }

    pub(super) const fn place(self) -> u32 {
        self.who
    }
}

/// The bit of a place, modulo 64.
pub(super) const fn bit_of(place: u32) -> u64 {
    1 << (place % 64)
}
