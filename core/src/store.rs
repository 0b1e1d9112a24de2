//! Where uploaded files go.

use crate::wire::name::FileName;

/// The place of an upload under way, from 0 to the number of uploads that the
/// room was lent memory for; a store keeps its own arrays by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct UploadSlot(u16);

impl UploadSlot {
    /// The slot in place `index`.
    pub const fn new(index: u16) -> Self {
        Self(index)
    }

    /// The place.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A folder, a card, a flash: whatever keeps files by name.
///
/// The room calls, for each upload, [`create`](Self::create), then
/// [`write`](Self::write) until all bytes are in, once in a while
/// [`prepend`](Self::prepend), then [`commit`](Self::commit); or at any point
/// [`abort`](Self::abort).
///
/// A call that would have to wait answers [`nb::Error::WouldBlock`] and is made
/// again, with the same arguments, after the caller told the room that the slot
/// can go on ([`handle_stored`](crate::server::Server::handle_stored)). Until
/// then it may be made again without cause; that must be harmless.
///
/// A store may answer `Ok` to a write before the bytes are safe, and tell of a
/// failure at a later call. `commit` tells the truth: after its `Ok` the file
/// stands whole under its name, and a loss of power does not take it away.
pub trait Store {
    /// Bytes that the finished files take, for the folder's quota.
    fn used(&self) -> u64;

    /// Begins a file that shall have `name` and, as far as is known, at most
    /// `size` bytes; nothing stands under `name` before the commit.
    fn create(
        &mut self,
        slot: UploadSlot,
        name: &FileName,
        size: u64,
    ) -> nb::Result<(), StoreError>;

    /// Appends a block. All blocks of a file but its last have the same length.
    fn write(&mut self, slot: UploadSlot, block: &[u8]) -> nb::Result<(), StoreError>;

    /// Puts up to 24 bytes before what was written so far.
    ///
    /// Needed only where the header of a classic upload could be read in more
    /// than one way and the file is longer than a block. A store that cannot
    /// do it loses such an upload, nothing else.
    fn prepend(&mut self, slot: UploadSlot, bytes: &[u8]) -> nb::Result<(), StoreError> {
        let _ = (slot, bytes);
        Err(nb::Error::Other(StoreError::Unsupported))
    }

    /// Makes the file safe and gives it its name, in place of an older one.
    fn commit(&mut self, slot: UploadSlot) -> nb::Result<(), StoreError>;

    /// Drops what was written. Never waits: what takes time is done later, and
    /// a `create` in the same slot may wait for it.
    fn abort(&mut self, slot: UploadSlot);
}

/// The store of a room without one: every upload is refused.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoStore;

impl Store for NoStore {
    fn used(&self) -> u64 {
        0
    }

    fn create(&mut self, _: UploadSlot, _: &FileName, _: u64) -> nb::Result<(), StoreError> {
        Err(nb::Error::Other(StoreError::ReadOnly))
    }

    fn write(&mut self, _: UploadSlot, _: &[u8]) -> nb::Result<(), StoreError> {
        Err(nb::Error::Other(StoreError::ReadOnly))
    }

    fn commit(&mut self, _: UploadSlot) -> nb::Result<(), StoreError> {
        Err(nb::Error::Other(StoreError::ReadOnly))
    }

    fn abort(&mut self, _: UploadSlot) {}
}

/// Why a store cannot keep a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum StoreError {
    /// No space, or above a limit of the medium.
    Full,
    /// The medium does not let itself be written to.
    ReadOnly,
    /// Something that is not a file stands under the name, or the medium
    /// cannot have such a name.
    BadName,
    /// The store cannot do this.
    Unsupported,
    /// The medium failed.
    Failed,
}

/// Why a call to a store did not come to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Setback {
    /// It is to be made again later.
    Busy,
    /// The file cannot be kept.
    Failed(StoreError),
}

impl From<nb::Error<StoreError>> for Setback {
    fn from(error: nb::Error<StoreError>) -> Self {
        match error {
            nb::Error::WouldBlock => Self::Busy,
            nb::Error::Other(why) => Self::Failed(why),
        }
    }
}
