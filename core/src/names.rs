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

#[cfg(test)]
mod tests {
    extern crate std;

    use std::collections::{BTreeSet, HashMap};
    use std::format;
    use std::vec;
    use std::vec::Vec;

    use super::*;
    use crate::dice::Dice;

    /// Whatever the hashes, the clients of a hash are among those found, those
    /// of another bucket are not, and nobody twice.
    #[test]
    fn chains_agree_with_a_map() {
        for (clients, hashes) in [(1, 3), (7, 5), (16, 100), (40, 2), (64, usize::MAX >> 1)] {
            let mut dice = Dice::new(clients as u64);
            let mut memory = vec![Chain::EMPTY; clients];
            let mut chains = Chains::new(&mut memory);
            let mut model: HashMap<u32, u64> = HashMap::new();
            for _ in 0..5_000 {
                let client = dice.below(clients) as u32;
                let hash = dice.below(hashes) as u64;
                match model.get(&client).copied() {
                    None => {
                        chains.remove(hash, client);
                        chains.insert(hash, client);
                        model.insert(client, hash);
                    }
                    Some(own) => {
                        if hash % clients as u64 != own % clients as u64 {
                            chains.remove(hash, client);
                        }
                        chains.remove(own, client);
                        chains.remove(own, client);
                        model.remove(&client);
                    }
                }
                let hash = model.values().next().copied().unwrap_or(hash);
                let found: Vec<u32> = chains.find(hash).collect();
                let bucket = |hash: &u64| hash % clients as u64;
                let same: BTreeSet<u32> = model
                    .iter()
                    .filter(|(_, other)| bucket(other) == bucket(&hash))
                    .map(|(client, _)| *client)
                    .collect();
                assert_eq!(found.len(), same.len());
                assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), same);
            }
        }
    }

    #[test]
    fn no_chains_at_all() {
        assert_eq!(Chains::new(&mut []).find(7).count(), 0);
    }

    fn ip(n: usize) -> IpAddr {
        [10, 0, 0, n as u8].into()
    }

    #[test]
    fn kept_nicks_agree_with_a_list() {
        let nicks: Vec<_> =
            (0..6).map(|n| Nick::parse(format!("nick{n}").as_bytes()).unwrap()).collect();
        for places in [0, 1, 2, 5, 100] {
            let mut dice = Dice::new(places as u64);
            let mut memory = vec![Kept::NONE; places];
            let mut kept = KeptNicks::new(&mut memory);
            let mut model: Vec<(Nick, IpAddr, Instant)> = vec![];
            for millis in 0..2_000 {
                let now = Instant::from_millis(millis);
                let (nick, from) = (&nicks[dice.below(6)], ip(dice.below(3)));
                if dice.once_in(4) {
                    let until = Instant::from_millis(millis + 20);
                    kept.keep(nick.clone(), from, until);
                    model.push((nick.clone(), from, until));
                    if model.len() > places {
                        model.remove(0);
                    }
                }
                let expected = model
                    .iter()
                    .any(|(other, ip, until)| other == nick && *ip != from && now < *until);
                assert_eq!(kept.is_kept_from(nick, from, now), expected);
            }
        }
    }

    #[test]
    fn a_nick_is_kept_whatever_its_case() {
        let mut memory = [Kept::NONE];
        let mut kept = KeptNicks::new(&mut memory);
        let nick = |name: &str| Nick::parse(name.as_bytes()).unwrap();
        kept.keep(nick("Ada"), ip(1), Instant::from_millis(60));
        assert!(kept.is_kept_from(&nick("aDA"), ip(2), Instant::from_millis(59)));
        assert!(!kept.is_kept_from(&nick("aDA"), ip(2), Instant::from_millis(60)));
        assert!(!kept.is_kept_from(&nick("aDA"), ip(1), Instant::ZERO));
        assert!(!kept.is_kept_from(&nick("bob"), ip(2), Instant::ZERO));
    }
}
