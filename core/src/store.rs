//! Where files go, and where they come from.

use core::time::Duration;

use crate::wire::digest::Digest;
use crate::wire::name::FileName;
use crate::wire::notice::Refusal;

/// The place of a transfer under way, from 0 to the number of transfers that
/// the room was lent memory for; a store keeps its own arrays by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct TransferSlot(u16);

impl TransferSlot {
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
/// The room calls, for each upload, [`create`](Self::create) or
/// [`begin`](Self::begin), then [`write`](Self::write) until all bytes are in,
/// once in a while [`prepend`](Self::prepend), then [`commit`](Self::commit);
/// or at any point [`abort`](Self::abort) or [`keep`](Self::keep). For each
/// download it calls [`open`](Self::open), then [`read`](Self::read) as long as
/// it likes, or [`lend`](Self::lend), at the file's end maybe
/// [`learn`](Self::learn), then `abort`.
///
/// A call that would have to wait answers [`nb::Error::WouldBlock`] and is made
/// again, with the same arguments, after the caller told the room that the slot
/// can go on ([`handle_stored`](crate::server::Server::handle_stored)). Until
/// then it may be made again without cause; that must be harmless.
///
/// A store may answer `Ok` to a write before the bytes are safe, and tell of a
/// failure at a later call. `commit` tells the truth: after its `Ok` the file
/// stands whole under its name, and a loss of power does not take it away.
///
/// Between two writes it may get bytes of an upload from elsewhere, where who
/// drives the room moves them by itself ([`Bypass`]).
///
/// A store that has `used`, `create`, `write`, `commit` and `abort` alone takes
/// `#upload`. Its room refuses `#put` and `#get`, and answers `#files` as if
/// there were none, since a list has no word for files that cannot be told.
pub trait Store {
    /// Bytes that the finished files take, for the folder's quota.
    fn used(&self) -> u64;

    /// Begins a file that shall have `name` and, as far as is known, at most
    /// `size` bytes; nothing stands under `name` before the commit, and what
    /// does is replaced then.
    fn create(
        &mut self,
        slot: TransferSlot,
        name: &FileName,
        size: u64,
    ) -> nb::Result<(), StoreError>;

    /// Begins a file of which everything is known, or goes on with one that was
    /// [kept](Self::keep): tells how many bytes of it there are already, with
    /// which [`write`](Self::write) goes on. Until then [`read`](Self::read)
    /// gives them.
    fn begin(&mut self, slot: TransferSlot, draft: &Draft<'_>) -> nb::Result<u64, StoreError> {
        let _ = (slot, draft);
        Err(nb::Error::Other(StoreError::Unsupported))
    }

    /// Bytes that [`begin`](Self::begin) would go on from, as far as is known
    /// without waiting: they count for somebody already.
    fn kept(&self, digest: Digest) -> u64 {
        let _ = digest;
        0
    }

    /// Appends a block. All blocks of a file but its last have the same length,
    /// and so has each that follows what was kept.
    fn write(&mut self, slot: TransferSlot, block: &[u8]) -> nb::Result<(), StoreError>;

    /// Puts up to 24 bytes before what was written so far.
    ///
    /// Needed only where the header of a classic upload could be read in more
    /// than one way and the file is longer than a block. A store that cannot
    /// do it loses such an upload, nothing else.
    fn prepend(&mut self, slot: TransferSlot, bytes: &[u8]) -> nb::Result<(), StoreError> {
        let _ = (slot, bytes);
        Err(nb::Error::Other(StoreError::Unsupported))
    }

    /// Makes the file safe and gives it its name, in place of an older one. It
    /// is the name that the file was begun with: a store need not keep it.
    fn commit(&mut self, slot: TransferSlot, name: &FileName) -> nb::Result<(), StoreError>;

    /// Drops what was written, or lets go of what was opened. Never waits: what
    /// takes time is done later, and a new transfer in the same slot may wait
    /// for it.
    fn abort(&mut self, slot: TransferSlot);

    /// Ends an upload that was [begun](Self::begin), and keeps what was written
    /// under its digest for a later `begin`: for a day, say, as long as there
    /// is room, or, as here, not at all. Never waits, like `abort`.
    fn keep(&mut self, slot: TransferSlot) {
        self.abort(slot);
    }

    /// Opens a file to be read. What is read from now on is this version of it,
    /// whatever happens to its name.
    fn open(&mut self, slot: TransferSlot, name: &FileName) -> nb::Result<Opened, StoreError> {
        let _ = (slot, name);
        Err(nb::Error::Other(StoreError::Unsupported))
    }

    /// Reads from `offset` on into `block`; tells how many bytes there were: as
    /// many as fit, fewer only at the file's end. Calls follow each other
    /// without a gap, and the first one is for the first byte; for whatever
    /// byte it likes where [`open`](Self::open) told the digest.
    fn read(
        &mut self,
        slot: TransferSlot,
        offset: u64,
        block: &mut [u8],
    ) -> nb::Result<usize, StoreError> {
        let _ = (slot, offset, block);
        Err(nb::Error::Other(StoreError::Unsupported))
    }

    /// Sets aside up to `most` bytes of the open file from `offset` on, to go to
    /// the peer without a copy in the room's block; tells how many, or 0 where
    /// they are to be [read](Self::read).
    ///
    /// Asked only where [`open`](Self::open) told the digest, so that nobody has
    /// to see the bytes. Who drives the room moves them to the link, as a
    /// [`Loan`] says, before the room asks for the next. So only a store whose
    /// room is driven by somebody who asks for
    /// [`pending_loan`](crate::server::Server::pending_loan) may lend.
    fn lend(
        &mut self,
        slot: TransferSlot,
        offset: u64,
        most: usize,
    ) -> nb::Result<usize, StoreError> {
        let _ = (slot, offset, most);
        Ok(0)
    }

    /// What was read of the open file, from its first byte to its last, has this
    /// digest. A store that can tell whether the file has changed since it was
    /// opened may tell it the next time; else the room sums it up anew.
    fn learn(&mut self, slot: TransferSlot, digest: Digest) {
        let _ = (slot, digest);
    }

    /// The next of the finished files, in an order of the store's own: after
    /// the one whose [`Listed::next`] is `from`, and the first for 0.
    ///
    /// Called for each line of a list as a peer takes it, so it must tell from
    /// memory or from what the medium has at hand. What comes and goes in
    /// between may be in the list or not.
    fn list(&mut self, from: u64) -> Option<Listed> {
        let _ = from;
        None
    }
}

/// A file that is to come, of which everything is known but its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Draft<'a> {
    /// The name that it shall have.
    pub name: &'a FileName,
    /// Its bytes, all of them.
    pub size: u64,
    /// Its digest. The store keeps unfinished files by it, and need not check
    /// it: the room does before the commit.
    pub digest: Digest,
    /// Whether it may replace a file. If not, and there is one under its name
    /// by the [commit](Store::commit), that fails with [`StoreError::Exists`],
    /// and what was written is kept, if that can be; `begin` may tell so as well.
    pub replace: bool,
}

/// A file that is open to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Opened {
    /// Its bytes.
    pub size: u64,
    /// Its digest, where the store [learned](Store::learn) it, or committed the
    /// file as a [draft](Draft) of it, and the file has certainly not changed
    /// since. The room then sums nothing, and reads nothing that is not sent.
    pub digest: Option<Digest>,
}

/// What a peer is to get of a file that the store [lends](Store::lend).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loan<'a> {
    /// Whose file it is.
    pub slot: TransferSlot,
    /// What is left of the part's line, which goes first.
    pub line: &'a [u8],
    /// The next bytes of the file that the store has set aside, all of them.
    pub len: usize,
}

/// Bytes of a file that nobody has to see: they may go from the link of who
/// uploads it to the store [past the room](crate::server::Server::bypass).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bypass {
    /// Whose file it is.
    pub slot: TransferSlot,
    /// The bytes that the file still lacks.
    pub most: u64,
}

/// A finished file in the folder.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Listed {
    /// Its name.
    pub name: FileName,
    /// Its bytes.
    pub size: u64,
    /// How long it has been there; none where there is no clock.
    pub age: Option<Duration>,
    /// From where [`Store::list`] goes on; never 0.
    pub next: u64,
}

/// The store of a room without one: every upload is refused.
#[derive(Clone, Copy, Debug, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct NoStore;

impl Store for NoStore {
    fn used(&self) -> u64 {
        0
    }

    fn create(&mut self, _: TransferSlot, _: &FileName, _: u64) -> nb::Result<(), StoreError> {
        Err(nb::Error::Other(StoreError::ReadOnly))
    }

    fn write(&mut self, _: TransferSlot, _: &[u8]) -> nb::Result<(), StoreError> {
        Err(nb::Error::Other(StoreError::ReadOnly))
    }

    fn commit(&mut self, _: TransferSlot, _: &FileName) -> nb::Result<(), StoreError> {
        Err(nb::Error::Other(StoreError::ReadOnly))
    }

    fn abort(&mut self, _: TransferSlot) {}
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
    /// There is no such file.
    Missing,
    /// A file stands under the name, and was not to be replaced.
    Exists,
    /// The medium failed.
    Failed,
}

impl From<StoreError> for Refusal {
    fn from(why: StoreError) -> Self {
        match why {
            StoreError::Full => Self::DiskFull,
            StoreError::ReadOnly => Self::ReadOnly,
            StoreError::BadName => Self::BadName,
            StoreError::Unsupported => Self::Unsupported,
            StoreError::Missing => Self::Missing,
            StoreError::Exists => Self::Exists,
            StoreError::Failed => Self::DiskFailed,
        }
    }
}

/// Why a call to a store did not come to its end; `E` says it to the peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Setback<E> {
    /// It is to be made again later.
    Busy,
    /// The file cannot be kept, or sent.
    Failed(E),
}

impl<E: From<StoreError>> From<nb::Error<StoreError>> for Setback<E> {
    fn from(error: nb::Error<StoreError>) -> Self {
        match error {
            nb::Error::WouldBlock => Self::Busy,
            nb::Error::Other(why) => Self::Failed(why.into()),
        }
    }
}
