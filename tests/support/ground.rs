//! The memory that a test's room lives in.

use snug_core::memory::{
    Account, Chain, Client, HEADROOM, Kept, LINE_COST, Line, Memory, Place, Rank, Transfer,
};

/// How large a room is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    pub(crate) clients: usize,
    /// Bytes of input of each client.
    pub(crate) input: usize,
    pub(crate) log: usize,
    pub(crate) transfers: usize,
    /// Bytes of a block.
    pub(crate) block: usize,
    pub(crate) accounts: usize,
}

impl Default for Sizes {
    fn default() -> Self {
        Self { clients: 8, input: 4100, log: 1 << 18, transfers: 3, block: 512, accounts: 8 }
    }
}

impl Sizes {
    /// The smallest log for lines of 256 bytes, and little of all else.
    pub(crate) const TINY: Self =
        Self { clients: 8, input: 260, log: 1024, transfers: 1, block: 64, accounts: 4 };
}

/// Memory to lend to a room.
#[derive(Debug)]
pub(crate) struct Ground {
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

impl Ground {
    pub(crate) fn new(sizes: Sizes) -> Self {
        let Sizes { clients, input, log, transfers, block, accounts } = sizes;
        Self {
            clients: (0..clients).map(|_| Place::VACANT).collect(),
            ranks: vec![Rank::NONE; clients],
            by_addr: vec![Chain::EMPTY; clients],
            by_nick: vec![Chain::EMPTY; clients],
            kept: vec![Kept::NONE; clients],
            input: vec![0; clients * input],
            log: vec![0; log],
            lines: vec![Line::EMPTY; log / LINE_COST],
            transfers: (0..transfers).map(|_| Transfer::VACANT).collect(),
            blocks: vec![0; transfers * (block + HEADROOM)],
            accounts: vec![Account::EMPTY; accounts],
        }
    }

    pub(crate) fn lend(&mut self) -> Memory<'_> {
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
