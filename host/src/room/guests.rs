//! Who is here from which address, and how fast more may come from it.
//!
//! Nobody alone should be able to fill the room, or to keep everybody reading
//! who comes and who goes. Both limits are for each address, so that one who
//! overdoes it is in nobody else's way. An IPv6 address counts with all of its
//! /64, for a single machine has that many (RFC 7934).
//!
//! # Trade-offs
//!
//! - The speed is kept in a table without addresses: a hash chooses the place.
//!   Two addresses may share one by chance, and one that comes too fast then
//!   costs the other some patience; in exchange there is nothing to sweep out
//!   and nothing to overflow, whoever comes.
//! - Where a limit was not asked for, this machine's own addresses are spared:
//!   all who come through a tunnel (SSH, stunnel) seem to come from there.

use core::hash::BuildHasher;
use core::net::IpAddr;
use std::collections::HashMap;
use std::hash::RandomState;

use snug_core::time::Instant;
use snug_core::wire::notice::Refusal;

use crate::options::ServerOptions;

/// Places for the speed of addresses.
const PACES: usize = 4096;
/// New connections in a second from one address, where no limit was set. A
/// room that comes back after a restart is let in at once all the same.
const USUAL_NEW: u32 = 50;

/// What one address may have.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    here: Limit,
    new: Limit,
    /// New connections that may come at once.
    burst: u32,
}

/// How much of something; 0 for no limit.
#[derive(Clone, Copy, Debug)]
struct Limit {
    most: u32,
    /// Whether it is for this machine's own addresses, too.
    for_all: bool,
}

impl Limits {
    /// What the options say for a room of so many clients.
    pub fn new(options: &ServerOptions, clients: usize) -> Self {
        let clients = u32::try_from(clients).unwrap_or(u32::MAX);
        let here = Limit::new(options.max_per_address, clients.div_ceil(2));
        let new = Limit::new(options.max_new, USUAL_NEW);
        let at_once = if here.most == 0 { clients } else { here.most };
        Self { here, new, burst: at_once.max(new.most) }
    }
}

impl Limit {
    fn new(asked: Option<u32>, usual: u32) -> Self {
        Self { most: asked.unwrap_or(usual), for_all: asked.is_some() }
    }

    fn is_for(self, ip: IpAddr) -> bool {
        self.most > 0 && (self.for_all || !ip.to_canonical().is_loopback())
    }
}

/// The connections of each address.
#[derive(Debug)]
pub(super) struct Guests {
    limits: Limits,
    /// Has room for twice as many as there are seats, so that it never grows:
    /// what the standard library does instead is to tidy up where it is.
    here: HashMap<Origin, u32>,
    paces: Box<[Pace]>,
    hasher: RandomState,
}

/// What counts as one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Origin {
    V4(u32),
    V6(u64),
}

/// New connections that are still allowed, in thousandths.
#[derive(Clone, Copy, Debug, Default)]
struct Pace {
    left: u64,
    since: Option<Instant>,
}

impl Guests {
    /// Nobody yet, of whom at most `seats` will be here; nothing is allocated
    /// later.
    pub(super) fn new(limits: Limits, seats: usize) -> Self {
        Self {
            limits,
            here: HashMap::with_capacity(2 * seats),
            paces: vec![Pace::default(); PACES].into(),
            hasher: RandomState::new(),
        }
    }

    /// Whether somebody may come in from an address, and why not.
    pub(super) fn admit(&mut self, now: Instant, ip: IpAddr) -> Result<(), Refusal> {
        let Limits { here, new, burst } = self.limits;
        let origin = Origin::of(ip);
        if here.is_for(ip) && self.here.get(&origin).is_some_and(|&count| count >= here.most) {
            return Err(Refusal::AddressCrowded);
        }
        if new.is_for(ip) {
            let place = self.hasher.hash_one(origin) as usize % PACES;
            return self.paces[place].take(now, new.most, burst);
        }
        Ok(())
    }

    /// Somebody came in.
    pub(super) fn enter(&mut self, ip: IpAddr) {
        *self.here.entry(Origin::of(ip)).or_default() += 1;
    }

    /// Somebody who came in has left.
    pub(super) fn leave(&mut self, ip: IpAddr) {
        let origin = Origin::of(ip);
        let Some(count) = self.here.get_mut(&origin) else { return };
        *count -= 1;
        if *count == 0 {
            self.here.remove(&origin);
        }
    }
}

impl Origin {
    fn of(ip: IpAddr) -> Self {
        match ip.to_canonical() {
            IpAddr::V4(ip) => Self::V4(ip.to_bits()),
            IpAddr::V6(ip) => Self::V6((ip.to_bits() >> 64) as u64),
        }
    }
}

impl Pace {
    fn take(&mut self, now: Instant, rate: u32, burst: u32) -> Result<(), Refusal> {
        let passed = self.since.map_or(u64::MAX, |since| now.since(since).as_millis() as u64);
        let given = passed.saturating_mul(u64::from(rate));
        self.left = self.left.saturating_add(given).min(u64::from(burst) * 1000);
        self.since = Some(now);
        self.left = self.left.checked_sub(1000).ok_or(Refusal::AddressHasty)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NO_LIMIT: Limit = Limit { most: 0, for_all: true };

    fn guests(here: Limit, new: Limit, burst: u32) -> Guests {
        Guests::new(Limits { here, new, burst }, 8)
    }

    fn only(most: u32) -> Limit {
        Limit { most, for_all: true }
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn an_address_has_as_many_as_it_may_until_one_leaves() {
        let mut guests = guests(only(2), NO_LIMIT, 0);
        let (one, other) = (ip("192.0.2.1"), ip("192.0.2.2"));
        for _ in 0..2 {
            guests.admit(Instant::ZERO, one).unwrap();
            guests.enter(one);
        }
        assert_eq!(guests.admit(Instant::ZERO, one), Err(Refusal::AddressCrowded));
        guests.admit(Instant::ZERO, other).unwrap();
        guests.leave(one);
        guests.admit(Instant::ZERO, one).unwrap();
    }

    #[test]
    fn mapped_ipv4_is_ipv4_and_a_network_of_ipv6_is_one() {
        let mut guests = guests(only(1), NO_LIMIT, 0);
        guests.enter(ip("192.0.2.1"));
        guests.enter(ip("2001:db8:1:2::1"));
        for taken in ["::ffff:192.0.2.1", "2001:db8:1:2:3:4:5:6"] {
            assert!(guests.admit(Instant::ZERO, ip(taken)).is_err(), "{taken}");
        }
        guests.admit(Instant::ZERO, ip("2001:db8:1:3::1")).unwrap();
    }

    #[test]
    fn who_comes_too_fast_waits_and_nobody_else() {
        let mut guests = guests(NO_LIMIT, only(2), 3);
        let one = ip("192.0.2.1");
        for _ in 0..3 {
            guests.admit(Instant::ZERO, one).unwrap();
        }
        assert_eq!(guests.admit(Instant::ZERO, one), Err(Refusal::AddressHasty));
        let others = (2..=255).map(|last| IpAddr::from([192, 0, 2, last]));
        let let_in = others.filter(|&ip| guests.admit(Instant::ZERO, ip).is_ok()).count();
        assert!(let_in > 240, "two of them share a place by a rare chance: {let_in}");
        assert!(guests.admit(Instant::from_millis(499), one).is_err());
        guests.admit(Instant::from_millis(500), one).unwrap();
        assert!(guests.admit(Instant::from_millis(501), one).is_err());
        let came = (0..10).filter(|_| guests.admit(Instant::from_millis(60_000), one).is_ok());
        assert_eq!(came.count(), 3);
    }

    #[test]
    fn the_usual_limits_spare_this_machine() {
        let usual = Limit::new(None, 1);
        let mut guests = guests(usual, usual, 1);
        for own in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
            for _ in 0..3 {
                guests.admit(Instant::ZERO, ip(own)).unwrap();
                guests.enter(ip(own));
            }
        }
        guests.admit(Instant::ZERO, ip("192.0.2.1")).unwrap();
        assert!(guests.admit(Instant::ZERO, ip("192.0.2.1")).is_err());
    }

    #[test]
    fn a_full_room_that_comes_and_goes_takes_no_more_memory() {
        let mut guests = guests(only(1), NO_LIMIT, 0);
        let before = guests.here.capacity();
        for round in 0_u32..10_000 {
            guests.enter(IpAddr::from((round + 8).to_be_bytes()));
            if round >= 8 {
                guests.leave(IpAddr::from(round.to_be_bytes()));
            }
        }
        assert_eq!((guests.here.len(), guests.here.capacity()), (8, before));
    }
}
