//! The memory that a room is lent, taken once at the start.

use snug_core::memory::{
    Account, Chain, Client, HEADROOM, Kept, LINE_COST, Line, Memory, Place, Rank, Transfer,
};

use crate::options::ServerOptions;

/// Bytes that are held of each client at least, so that who writes much is
/// read in few calls. Pages of it that no client has filled are never touched.
const INPUT: usize = 32 << 10;
/// Nicks that are kept for those who left.
const MOST_KEPT: usize = 1024;
/// Addresses whose uploads are counted.
const ACCOUNTS: usize = 1024;

/// What [`Memory`] lends, owned.
///
/// Of the bytes of peers and files (input, blocks) the system gives each page
/// when it is first used. The log, which goes round, uses each of its own sooner
/// or later, and the tables are a few hundred bytes a client: those are filled
/// in here.
#[derive(Debug)]
pub struct RoomMemory {
    clients: Vec<Place<Client>>,
    ranks: Vec<Rank>,
    by_addr: Vec<Chain>,
    by_nick: Vec<Chain>,
    kept: Vec<Kept>,
    input: Vec<u8>,
    log: Vec<u8>,
    lines: Vec<Line>,
    transfers: Vec<Transfer>,
    blocks: Vec<u8>,
    accounts: Vec<Account>,
}

impl RoomMemory {
    /// Memory for a room of `clients` with these options.
    pub fn new(clients: usize, options: &ServerOptions) -> Self {
        let transfers = usize::from(options.max_transfers);
        let lines = (options.log_size / LINE_COST).next_power_of_two();
        Self {
            clients: (0..clients).map(|_| Place::VACANT).collect(),
            ranks: vec![Rank::NONE; clients],
            by_addr: vec![Chain::EMPTY; clients],
            by_nick: vec![Chain::EMPTY; clients],
            kept: vec![Kept::NONE; clients.min(MOST_KEPT)],
            input: vec![0; clients * INPUT.max(options.line_limit + 4)],
            log: filled(lines * LINE_COST),
            lines: vec![Line::EMPTY; lines],
            transfers: (0..transfers).map(|_| Transfer::VACANT).collect(),
            blocks: vec![0; transfers * (options.block_size + HEADROOM)],
            accounts: vec![Account::EMPTY; ACCOUNTS],
        }
    }

    /// Lends all of it.
    pub fn lend(&mut self) -> Memory<'_> {
        Memory {
            clients: &mut self.clients,
            ranks: &mut self.ranks,
            by_addr: &mut self.by_addr,
            by_nick: &mut self.by_nick,
            kept: &mut self.kept,
            input: &mut self.input,
            log: &mut self.log,
            lines: &mut self.lines,
            transfers: &mut self.transfers,
            blocks: &mut self.blocks,
            accounts: &mut self.accounts,
        }
    }
}

/// Memory of which the system has given every page. One that it finds in the
/// middle of a burst holds up all who are to get that, and a MiB of lines takes
/// 256 of them.
fn filled(len: usize) -> Vec<u8> {
    // Zeros would be pages that are not there yet.
    vec![b'\n'; len]
}
