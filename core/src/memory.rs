//! The memory that a room lives in, lent by whoever runs it.
//!
//! Sizes are chosen by the lengths of the slices: at run time on a host (which
//! fills vectors), in one `static` on a device ([`StaticMemory`]).

pub use crate::accounts::Account;
pub use crate::laggards::Rank;
pub use crate::log::{LINE_COST, Line};
pub use crate::names::{Chain, Kept};
pub use crate::server::Client;
pub use crate::table::Place;
pub use crate::upload::{HEADROOM, Upload};

/// All that a room is lent.
///
/// The room holds as many clients as there are places in `clients`; the other
/// slices with an entry a client must not be shorter. Elements are to be their
/// type's empty value, bytes may be anything.
#[derive(Debug)]
pub struct Memory<'m> {
    /// One a client.
    pub clients: &'m mut [Place<Client>],
    /// One a client.
    pub ranks: &'m mut [Rank],
    /// One a client.
    pub by_addr: &'m mut [Chain],
    /// One a client.
    pub by_nick: &'m mut [Chain],
    /// Nicks that are kept for those who left, as many as are wanted.
    pub kept: &'m mut [Kept],
    /// Bytes that came and are not used up, shared out among the clients: the
    /// line limit and four more for each, or a longer piece for fewer reads.
    pub input: &'m mut [u8],
    /// The room's lines: [`LINE_COST`] times a power of two (what is above one
    /// is not used), and at least four lines of the line limit.
    pub log: &'m mut [u8],
    /// One for each [`LINE_COST`] bytes of the log; if fewer, less of the log
    /// is used.
    pub lines: &'m mut [Line],
    /// Uploads that may be under way at once.
    pub uploads: &'m mut [Upload],
    /// Shared out among the uploads: a block and [`HEADROOM`] for each.
    pub blocks: &'m mut [u8],
    /// Addresses whose uploads are counted: as many as uploads at least, so
    /// that whoever has one under way is counted, and more to remember them.
    pub accounts: &'m mut [Account],
}

/// A room's memory in one piece, for a `static` on a device.
///
/// `LINES` is the size of the log in units of [`LINE_COST`] bytes, `INPUT` the
/// bytes that are held of each client, `BLOCK` an upload's block with its
/// [`HEADROOM`].
///
/// ```
/// use snug_core::memory::StaticMemory;
///
/// // Eight clients, 8 KiB of log, four uploads by blocks of 512 bytes.
/// let mut memory = StaticMemory::<8, 128, 512, 4, 536>::new();
/// assert!(core::mem::size_of_val(&memory) < 24 * 1024);
/// let lent = memory.lend();
/// assert_eq!(lent.log.len(), 8 * 1024);
/// ```
#[derive(Debug)]
pub struct StaticMemory<
    const CLIENTS: usize,
    const LINES: usize,
    const INPUT: usize,
    const UPLOADS: usize,
    const BLOCK: usize,
> {
    clients: [Place<Client>; CLIENTS],
    ranks: [Rank; CLIENTS],
    by_addr: [Chain; CLIENTS],
    by_nick: [Chain; CLIENTS],
    kept: [Kept; CLIENTS],
    input: [[u8; INPUT]; CLIENTS],
    log: [[u8; LINE_COST]; LINES],
    lines: [Line; LINES],
    uploads: [Upload; UPLOADS],
    blocks: [[u8; BLOCK]; UPLOADS],
    accounts: [Account; CLIENTS],
}

impl<
    const CLIENTS: usize,
    const LINES: usize,
    const INPUT: usize,
    const UPLOADS: usize,
    const BLOCK: usize,
> StaticMemory<CLIENTS, LINES, INPUT, UPLOADS, BLOCK>
{
    /// Memory that nobody has used.
    pub const fn new() -> Self {
        Self {
            clients: [const { Place::VACANT }; CLIENTS],
            ranks: [Rank::NONE; CLIENTS],
            by_addr: [Chain::EMPTY; CLIENTS],
            by_nick: [Chain::EMPTY; CLIENTS],
            kept: [const { Kept::NONE }; CLIENTS],
            input: [[0; INPUT]; CLIENTS],
            log: [[0; LINE_COST]; LINES],
            lines: [Line::EMPTY; LINES],
            uploads: [const { Upload::VACANT }; UPLOADS],
            blocks: [[0; BLOCK]; UPLOADS],
            accounts: [Account::EMPTY; CLIENTS],
        }
    }

    /// Lends all of it to a room.
    pub const fn lend(&mut self) -> Memory<'_> {
        Memory {
            clients: &mut self.clients,
            ranks: &mut self.ranks,
            by_addr: &mut self.by_addr,
            by_nick: &mut self.by_nick,
            kept: &mut self.kept,
            input: self.input.as_flattened_mut(),
            log: self.log.as_flattened_mut(),
            lines: &mut self.lines,
            uploads: &mut self.uploads,
            blocks: self.blocks.as_flattened_mut(),
            accounts: &mut self.accounts,
        }
    }
}

impl<
    const CLIENTS: usize,
    const LINES: usize,
    const INPUT: usize,
    const UPLOADS: usize,
    const BLOCK: usize,
> Default for StaticMemory<CLIENTS, LINES, INPUT, UPLOADS, BLOCK>
{
    fn default() -> Self {
        Self::new()
    }
}
