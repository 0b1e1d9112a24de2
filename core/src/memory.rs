//! The memory that a room lives in, lent by whoever runs it.
//!
//! Sizes are chosen by the lengths of the slices: at run time on a host (which
//! fills vectors), in one `static` on a device ([`StaticMemory`]).

use heapless::Vec;

pub use crate::accounts::Account;
pub use crate::laggards::Rank;
pub use crate::log::{LINE_COST, Line};
pub use crate::names::{Chain, Kept};
pub use crate::server::Client;
pub use crate::table::Place;
pub use crate::transfer::{HEADROOM, Transfer};

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
    /// Files that may be under way at once, to the store or from it.
    pub transfers: &'m mut [Transfer],
    /// Shared out among the transfers: a block and [`HEADROOM`] for each.
    pub blocks: &'m mut [u8],
    /// Addresses whose uploads are counted: as many as uploads at least, so
    /// that whoever has one under way is counted, and more to remember them.
    pub accounts: &'m mut [Account],
}

impl Memory<'_> {
    /// Bytes of all that is lent.
    pub fn size(&self) -> usize {
        size_of_val(self.clients)
            + size_of_val(self.ranks)
            + size_of_val(self.by_addr)
            + size_of_val(self.by_nick)
            + size_of_val(self.kept)
            + size_of_val(self.input)
            + size_of_val(self.log)
            + size_of_val(self.lines)
            + size_of_val(self.transfers)
            + size_of_val(self.blocks)
            + size_of_val(self.accounts)
    }
}

/// A room's memory in one piece, for a `static` on a device.
///
/// `LINES` is the size of the log in units of [`LINE_COST`] bytes, `INPUT` the
/// bytes that are held of each client, `BLOCK` a transfer's block with its
/// [`HEADROOM`].
///
/// Before it is lent it is all zero, so that a `static` of it costs a device no
/// flash, and it is filled where it lies, so that nothing of its size ever
/// stands on the stack.
///
/// ```
/// use snug_core::memory::StaticMemory;
///
/// // Eight clients, 8 KiB of log, four files under way by blocks of 512 bytes.
/// let mut memory = StaticMemory::<8, 128, 512, 4, 536>::new();
/// assert!(core::mem::size_of_val(&memory) < 25 * 1024);
/// let lent = memory.lend();
/// assert_eq!(lent.log.len(), 8 * 1024);
/// ```
#[derive(Debug)]
pub struct StaticMemory<
    const CLIENTS: usize,
    const LINES: usize,
    const INPUT: usize,
    const TRANSFERS: usize,
    const BLOCK: usize,
> {
    clients: Vec<Place<Client>, CLIENTS>,
    ranks: Vec<Rank, CLIENTS>,
    by_addr: Vec<Chain, CLIENTS>,
    by_nick: Vec<Chain, CLIENTS>,
    kept: Vec<Kept, CLIENTS>,
    input: [[u8; INPUT]; CLIENTS],
    log: [[u8; LINE_COST]; LINES],
    lines: Vec<Line, LINES>,
    transfers: Vec<Transfer, TRANSFERS>,
    blocks: [[u8; BLOCK]; TRANSFERS],
    accounts: Vec<Account, CLIENTS>,
}

impl<
    const CLIENTS: usize,
    const LINES: usize,
    const INPUT: usize,
    const TRANSFERS: usize,
    const BLOCK: usize,
> StaticMemory<CLIENTS, LINES, INPUT, TRANSFERS, BLOCK>
{
    /// Memory that nobody has used.
    pub const fn new() -> Self {
        Self {
            clients: Vec::new(),
            ranks: Vec::new(),
            by_addr: Vec::new(),
            by_nick: Vec::new(),
            kept: Vec::new(),
            input: [[0; INPUT]; CLIENTS],
            log: [[0; LINE_COST]; LINES],
            lines: Vec::new(),
            transfers: Vec::new(),
            blocks: [[0; BLOCK]; TRANSFERS],
            accounts: Vec::new(),
        }
    }

    /// Lends all of it to a room, as good as new.
    pub fn lend(&mut self) -> Memory<'_> {
        Memory {
            clients: full_of(&mut self.clients, || Place::VACANT),
            ranks: full_of(&mut self.ranks, || Rank::NONE),
            by_addr: full_of(&mut self.by_addr, || Chain::EMPTY),
            by_nick: full_of(&mut self.by_nick, || Chain::EMPTY),
            kept: full_of(&mut self.kept, || Kept::NONE),
            input: self.input.as_flattened_mut(),
            log: self.log.as_flattened_mut(),
            lines: full_of(&mut self.lines, || Line::EMPTY),
            transfers: full_of(&mut self.transfers, || Transfer::VACANT),
            blocks: self.blocks.as_flattened_mut(),
            accounts: full_of(&mut self.accounts, || Account::EMPTY),
        }
    }
}

/// Fills all places of `items` one by one, where they lie.
pub(crate) fn full_of<T, const N: usize>(items: &mut Vec<T, N>, empty: fn() -> T) -> &mut [T] {
    items.clear();
    while items.push(empty()).is_ok() {}
    items
}

impl<
    const CLIENTS: usize,
    const LINES: usize,
    const INPUT: usize,
    const TRANSFERS: usize,
    const BLOCK: usize,
> Default for StaticMemory<CLIENTS, LINES, INPUT, TRANSFERS, BLOCK>
{
    fn default() -> Self {
        Self::new()
    }
}
