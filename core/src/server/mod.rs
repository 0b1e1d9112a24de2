//! The room: what happened in, what to do out.
//!
//! A [`Server`] does nothing by itself. Its methods are of three kinds.
//!
//! - `handle_*` tell it what happened: [`handle_connected`], [`handle_received`]
//!   (into the [`space`] that it gave), [`handle_pause`], [`handle_ended`],
//!   [`handle_gone`], [`handle_sent`] (of what was [`pending`]),
//!   [`handle_blocked`], [`handle_writable`], [`handle_stored`],
//!   [`handle_timeout`]; and, where somebody sits at a console,
//!   [`handle_shown`] (of what [`console`] gave), [`handle_typed`] and
//!   [`handle_kicked`].
//! - `poll_*` say what to do next: [`poll_receive`], [`poll_transmit`] and
//!   [`poll_close`]. After any `handle_*`, each is to be called until it has
//!   nothing more, in any order; then [`poll_timeout`] once, which names a time
//!   as long as anything waits for it.
//! - all others are questions.
//!
//! [`handle_connected`]: Server::handle_connected
//! [`handle_received`]: Server::handle_received
//! [`space`]: Server::space
//! [`handle_pause`]: Server::handle_pause
//! [`handle_ended`]: Server::handle_ended
//! [`handle_gone`]: Server::handle_gone
//! [`handle_sent`]: Server::handle_sent
//! [`pending`]: Server::pending
//! [`handle_blocked`]: Server::handle_blocked
//! [`handle_writable`]: Server::handle_writable
//! [`handle_stored`]: Server::handle_stored
//! [`handle_timeout`]: Server::handle_timeout
//! [`handle_shown`]: Server::handle_shown
//! [`console`]: Server::console
//! [`handle_typed`]: Server::handle_typed
//! [`handle_kicked`]: Server::handle_kicked
//! [`poll_receive`]: Server::poll_receive
//! [`poll_transmit`]: Server::poll_transmit
//! [`poll_close`]: Server::poll_close
//! [`poll_timeout`]: Server::poll_timeout

mod answers;
mod client;
mod commands;
mod console;
mod downloads;
mod figures;
mod membership;
mod operator;
mod pressure;
mod puts;
mod rate;
mod receive;
mod speech;
mod timers;
mod transfers;
mod transmit;
mod uploads;

use core::time::Duration;
use core::{error, fmt};

pub use client::Client;
pub use figures::Figures;
pub use membership::{RoomFull, full_notice, refusal_notice};

use crate::accounts::Accounts;
use crate::id::ClientId;
use crate::laggards::Laggards;
use crate::log::{Cursor, Log};
use crate::memory::Memory;
use crate::names::{Chains, KeptNicks};
use crate::store::Store;
use crate::table::Table;
use crate::transfer::Transfers;

/// How long a link must have nothing to read to count as quiet; from then on
/// an open SIZE is all there is, and half a character stays half. Long beside
/// a local network's round trip, short beside a person's patience.
pub const QUIET: Duration = Duration::from_millis(60);

/// Places are counted in 32 bits, and whatever is not below this means nobody.
const MOST_CLIENTS: usize = 1 << 31;

/// How a room behaves. The sizes of its memory are not here but in the lengths
/// of what is lent to it.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Config {
    /// Bytes that a line may have, with its prefix and its newline. Texts
    /// above it go out in pieces.
    pub line_limit: u16,
    /// How long those who read wait, at most, for those who do not.
    pub patience: Duration,
    /// A peer that has bytes waiting and takes none for so long is put out.
    pub write_timeout: Duration,
    /// A transfer that moves less than 4 KiB in this time ends.
    pub stall_timeout: Duration,
    /// Bytes that a client may say in a second, counted as the others get
    /// them, and a second's worth at once; 0 for as many as it likes.
    pub max_chat: u32,
    /// Bytes that a file may have.
    pub max_file: u64,
    /// Bytes that one address may store, while the room runs.
    pub max_address: u64,
    /// Bytes that all files together may have.
    pub max_folder: u64,
    /// For the hashes of the room's tables: chosen at random, never told.
    pub seed: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            line_limit: 4096,
            patience: Duration::from_secs(1),
            write_timeout: Duration::from_secs(30),
            stall_timeout: Duration::from_mins(1),
            max_chat: 0,
            max_file: 1 << 30,
            max_address: 16 << 30,
            max_folder: 16 << 30,
            seed: 0,
        }
    }
}

/// Why a room cannot be made of the memory that is lent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ConfigError {
    /// A line must have room for 256 bytes at least.
    LineLimit,
    /// The log must have room for four lines of the limit.
    Log,
    /// There must be a place for one client at least.
    Clients,
    /// Each client needs input for a line and four bytes.
    Input,
    /// A block must have room for 64 bytes at least.
    Block,
    /// Each address that uploads must have its account.
    Accounts,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LineLimit => "a line must have room for 256 bytes",
            Self::Log => "the log must have room for four lines",
            Self::Clients => "there must be a place for a client",
            Self::Input => "a client's input must have room for a line and four bytes",
            Self::Block => "a block must have room for 64 bytes",
            Self::Accounts => "there must be an account for each upload",
        })
    }
}

impl error::Error for ConfigError {}

/// A chat room with a file drop.
#[derive(Debug)]
pub struct Server<'m, S> {
    config: Config,
    store: S,
    table: Table<'m, Client>,
    laggards: Laggards<'m>,
    by_addr: Chains<'m>,
    by_nick: Chains<'m>,
    kept: KeptNicks<'m>,
    log: Log<'m>,
    transfers: Transfers<'m>,
    accounts: Accounts<'m>,
    /// What came from the clients, shared out by place.
    input: &'m mut [u8],
    /// Bytes of each client's share.
    share: usize,
    /// Clients whose coming was told and whose going was not.
    online: u32,
    /// The patience under way.
    window: pressure::Window,
    voice: speech::Voice,
    /// What [`Server::pending`] gave last.
    offer: Option<transmit::Offer>,
    /// Whose turn it is to be sent to: who has something urgent, or who is in
    /// step.
    turn: bool,
    /// An answer, as it is rendered.
    page: [u8; transmit::PAGE],
    console: Cursor,
    /// What the operator said in the patience under way.
    speech: client::Speech,
    tally: figures::Tally,
    /// Bytes of memory that were lent.
    lent: usize,
}

impl<'m, S: Store> Server<'m, S> {
    /// An empty room in the memory that is lent to it.
    pub fn new(memory: Memory<'m>, mut config: Config, store: S) -> Result<Self, ConfigError> {
        // A timer that is set again as it runs out must not be due at once.
        config.write_timeout = config.write_timeout.max(Duration::from_millis(1));
        config.stall_timeout = config.stall_timeout.max(Duration::from_millis(1));
        let lent = memory.size();
        let Memory { clients, ranks, by_addr, by_nick, kept, input, .. } = memory;
        let Memory { log, lines, transfers, blocks, accounts, .. } = memory;
        let places = clients.len();
        let fewest = ranks.len().min(by_addr.len()).min(by_nick.len());
        if places == 0 || places > fewest || places >= MOST_CLIENTS {
            return Err(ConfigError::Clients);
        }
        let server = Self {
            config,
            store,
            table: Table::new(clients),
            laggards: Laggards::new(ranks),
            by_addr: Chains::new(by_addr),
            by_nick: Chains::new(by_nick),
            kept: KeptNicks::new(kept),
            log: Log::new(log, lines),
            transfers: Transfers::new(transfers, blocks),
            accounts: Accounts::new(accounts),
            share: input.len() / places,
            input,
            online: 0,
            window: pressure::Window::default(),
            voice: speech::Voice::NONE,
            offer: None,
            turn: false,
            page: [0; transmit::PAGE],
            console: Cursor::default(),
            speech: client::Speech::default(),
            tally: figures::Tally::default(),
            lent,
        };
        server.check()?;
        Ok(server)
    }

    fn check(&self) -> Result<(), ConfigError> {
        let line = usize::from(self.config.line_limit);
        if line < 256 {
            Err(ConfigError::LineLimit)
        } else if self.log.capacity() < 4 * line {
            Err(ConfigError::Log)
        } else if self.share < line + 4 || self.share > u32::MAX as usize {
            Err(ConfigError::Input)
        } else if self.transfers.capacity() > 0 && self.transfers.block_len() < 64 {
            Err(ConfigError::Block)
        } else if self.accounts.capacity() < self.transfers.capacity().min(self.table.capacity()) {
            Err(ConfigError::Accounts)
        } else {
            Ok(())
        }
    }

    /// Clients whose coming was told to the room and whose going was not.
    pub fn online(&self) -> u32 {
        self.online
    }

    /// How many clients there can be.
    pub fn capacity(&self) -> usize {
        self.table.capacity()
    }

    /// Bytes of a block, as they go to the store.
    pub fn block_len(&self) -> usize {
        self.transfers.block_len()
    }

    /// The store.
    pub fn store(&self) -> &S {
        &self.store
    }

    /// The store, to tell it what it must know.
    pub fn store_mut(&mut self) -> &mut S {
        &mut self.store
    }

    /// Whether a client is here; an id that outlived its client never is.
    pub fn contains(&self, id: ClientId) -> bool {
        self.here(id).is_some()
    }

    /// The place of a client that has not left.
    fn here(&self, id: ClientId) -> Option<u32> {
        let place = self.table.find(id)?;
        let stage = self.table.tenant(place)?.stage;
        (stage < client::Stage::Left).then_some(place)
    }
}
