//! Names for clients that outlive them safely.

use core::fmt;

/// A client of a room: its place in the table and which tenant of it.
///
/// An id that outlived its client misses, it never hits the next tenant of the
/// same place (until a place has been let 2^32 times).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientId {
    index: u32,
    generation: u32,
}

impl ClientId {
    pub(crate) const fn new(index: u32, generation: u32) -> Self {
        Self { index, generation }
    }

    /// The place in the table, from 0 to the room's size; for the caller's own
    /// arrays beside the room's (links, say).
    pub const fn index(self) -> usize {
        self.index as usize
    }

    pub(crate) const fn place(self) -> u32 {
        self.index
    }

    pub(crate) const fn generation(self) -> u32 {
        self.generation
    }
}

impl fmt::Debug for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClientId({}.{})", self.index, self.generation)
    }
}
#[cfg(feature = "defmt")]
impl defmt::Format for ClientId {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "ClientId({=u32}.{=u32})", self.index, self.generation);
    }
}
