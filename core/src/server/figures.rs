//! What a room has done since it began, in numbers.

use core::net::IpAddr;

use super::Server;
use super::client::Client;
use crate::memory::{Chain, Place, Rank};
use crate::store::{Store, TransferSlot};

/// What is counted as it happens: an addition each, in numbers that do not
/// overflow in any room's life.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    pub(super) came: u64,
    pub(super) received: u64,
    pub(super) sent: u64,
    pub(super) skipped: u64,
    pub(super) unshown: u64,
    pub(super) refused: u64,
    pub(super) stored: u64,
    pub(super) fetched: u64,
}

/// How a room does: [`Server::figures`].
///
/// Counts are since the start of the room, and sizes in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct Figures {
    /// Clients that are here now, as [`Server::online`] has it.
    pub online: u32,
    /// Clients that came.
    pub came: u64,
    /// Lines that stood in the log: texts, notices, and what was said to one
    /// alone. Each counts once, however many read it.
    pub lines: u64,
    /// Bytes that came from clients, files included.
    pub received: u64,
    /// Bytes that the links of clients took.
    pub sent: u64,
    /// Lines that slow readers missed, once for each who did.
    pub skipped: u64,
    /// Lines that were gone before the [console](Server::console) took them.
    pub unshown: u64,
    /// What clients asked for and did not get.
    pub refused: u64,
    /// Files that were stored.
    pub stored: u64,
    /// Files, or rests of files, that were fetched to their end.
    pub fetched: u64,
    /// Transfers that are under way now, to the store and from it.
    pub transfers: usize,
    /// Memory that the room was lent.
    pub memory_lent: usize,
    /// What of it holds something now: clients and what they said, lines,
    /// blocks of files. Of tables that are kept for all, nothing counts.
    pub memory_used: usize,
}

impl<S: Store> Server<'_, S> {
    /// How the room does. Looks at every place and transfer slot once.
    pub fn figures(&self) -> Figures {
        let transfers = self.transfers_under_way();
        let Tally { came, received, sent, skipped, unshown, refused, stored, fetched } = self.tally;
        Figures {
            online: self.online,
            came,
            lines: self.log.head(),
            received,
            sent,
            skipped,
            unshown,
            refused,
            stored,
            fetched,
            transfers,
            memory_lent: self.lent,
            memory_used: self.clients_use()
                + self.log.lag(self.log.oldest())
                + transfers * self.transfers.block_len(),
        }
    }

    /// Bytes that count for an address: what it has stored since the start, and
    /// what is reserved for its uploads under way. The most is
    /// [`Config::max_address`](super::Config::max_address). Looks at every
    /// account once.
    ///
    /// Where more addresses have stored something than there are accounts, those
    /// that have stored the least are forgotten.
    pub fn counted_for(&self, ip: IpAddr) -> u64 {
        self.accounts.total(ip)
    }

    fn clients_use(&self) -> usize {
        self.tenants().map(|(_, client)| CLIENT_COST + client.input.len()).sum()
    }

    fn transfers_under_way(&self) -> usize {
        // As many as slots are counted in.
        let slots = (0..self.transfers.capacity() as u16).map(TransferSlot::new);
        slots.filter(|&slot| self.transfers.owner(slot).is_some()).count()
    }
}

/// Bytes of the tables that a client takes, whatever it says.
const CLIENT_COST: usize = size_of::<Place<Client>>() + size_of::<Rank>() + 2 * size_of::<Chain>();
