//! Who is called what: clients by address and by nick, and nicks kept.

use core::net::IpAddr;

use crate::time::Instant;
use crate::wire::nick::Nick;

const NIL: u32 = u32::MAX;

/// The head of a chain, and the link of the client with the same index; lent
/// to the room, two for each client.
#[derive(Clone, Copy, Debug)]
pub struct Chain {
    first: u32,
    next: u32,
}

impl Chain {
    /// No chain yet; to fill the memory that is lent.
    pub const EMPTY: Self = Self { first: NIL, next: NIL };
}

/// Clients by the hash of a key that they have: chains of places.
///
/// A look-up takes as many steps as there are clients with the same bucket.
/// The hashes are seeded, so that peers cannot choose them all alike.
#[derive(Debug)]
pub(crate) struct Chains<'m> {
    chains: &'m mut [Chain],
}

impl<'m> Chains<'m> {
    /// No clients yet.
    pub(crate) fn new(chains: &'m mut [Chain]) -> Self {
        Self { chains }
    }

    /// Adds a client.
    pub(crate) fn insert(&mut self, hash: u64, client: u32) {
        let bucket = self.bucket(hash);
        self.chains[client as usize].next = self.chains[bucket].first;
        self.chains[bucket].first = client;
    }

    /// Takes a client out, if it is in.
    pub(crate) fn remove(&mut self, hash: u64, client: u32) {
        let bucket = self.bucket(hash);
        let next = self.chains[client as usize].next;
        if self.chains[bucket].first == client {
            self.chains[bucket].first = next;
            return;
        }
        let before = self.find(hash).find(|&at| self.chains[at as usize].next == client);
        if let Some(before) = before {
            self.chains[before as usize].next = next;
        }
    }

    /// The clients that may have a key with this hash.
    pub(crate) fn find(&self, hash: u64) -> impl Iterator<Item = u32> + '_ {
        let first = self.chains.get(self.bucket(hash)).map_or(NIL, |chain| chain.first);
        let some = |at: u32| (at != NIL).then_some(at);
        core::iter::successors(some(first), move |&at| some(self.chains[at as usize].next))
    }

    fn bucket(&self, hash: u64) -> usize {
        (hash % self.chains.len().max(1) as u64) as usize
    }
}

/// A nick that is kept for an address; lent to the room.
#[derive(Clone, Debug)]
pub struct Kept {
    nick: Option<Nick>,
    ip: IpAddr,
    until: Instant,
}

impl Kept {
    /// No nick yet; to fill the memory that is lent.
    pub const NONE: Self =
        Self { nick: None, ip: IpAddr::V4(core::net::Ipv4Addr::UNSPECIFIED), until: Instant::ZERO };
}

/// Nicks whose owners left a short while ago. Where there are more than places
/// the one that was kept the longest is given up.
#[derive(Debug)]
pub(crate) struct KeptNicks<'m> {
    places: &'m mut [Kept],
    next: usize,
}

impl<'m> KeptNicks<'m> {
    /// None yet.
    pub(crate) fn new(places: &'m mut [Kept]) -> Self {
        Self { places, next: 0 }
    }

    /// Keeps a nick for an address until a time.
    pub(crate) fn keep(&mut self, nick: Nick, ip: IpAddr, until: Instant) {
        if let Some(place) = self.places.get_mut(self.next) {
            *place = Kept { nick: Some(nick), ip, until };
            self.next = (self.next + 1) % self.places.len();
        }
    }

    /// Whether a nick is kept for somebody else; looks at all that are kept.
    pub(crate) fn is_kept_from(&self, nick: &Nick, ip: IpAddr, now: Instant) -> bool {
        self.places.iter().any(|kept| {
            kept.ip != ip
                && kept.until > now
                && kept.nick.as_ref().is_some_and(|other| other.same(nick))
        })
    }
}
