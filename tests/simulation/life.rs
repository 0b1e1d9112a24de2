//! One life of a room: from its first guest to its end, orderly or not.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use snug_core::client::{Buffers, Mode};
use snug_core::time::Instant;

use super::agenda::Event;
use super::disk::Version;
use super::errand::Errands;
use super::house::House;
use super::link::Link;
use super::peer::{Habit, Peer, Tongue};
use super::player::Player;
use super::wire::{Toward, Weather, Wire, happens};
use crate::support::random::Random;

/// How lively a life is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Temper {
    /// Milliseconds between the deeds of a peer, on average.
    pub(crate) pace: u64,
    /// Milliseconds between troubles, on average.
    pub(crate) trouble: u64,
    /// Milliseconds between guests, on average.
    pub(crate) guests: u64,
    /// Guests in a life.
    pub(crate) most_guests: usize,
    /// All links are fine, and everybody reads.
    pub(crate) calm: bool,
}

/// A life that goes on.
pub(crate) struct Life<'m> {
    pub(crate) house: House<'m>,
    pub(crate) temper: Temper,
    /// Memory for the client cores that are still to come.
    pub(crate) buffers: Vec<Buffers<'m>>,
    /// Guests that wait until the room accepts them.
    waiting: usize,
    /// Nobody does anything more.
    pub(crate) quiet: bool,
    /// Bytes of the room's log.
    pub(crate) log: usize,
    /// All files that could be seen, when all is over.
    pub(crate) versions: Vec<Version>,
}

impl<'m> Life<'m> {
    pub(crate) fn new(
        house: House<'m>,
        temper: Temper,
        buffers: Vec<Buffers<'m>>,
        log: usize,
    ) -> Self {
        Self { house, temper, buffers, waiting: 0, quiet: false, log, versions: Vec::new() }
    }

    /// Puts the first guests and troubles on the agenda.
    pub(crate) fn begin(&mut self) {
        for _ in 0..self.house.random.of(2..6) {
            self.house.agenda.after(0, Event::Guest);
        }
        self.house.agenda.after(self.temper.trouble, Event::Trouble);
    }

    /// Lets time pass, and what is due meanwhile happen; how often somebody
    /// had to be woken.
    pub(crate) fn run_until(&mut self, end: u64) -> usize {
        let mut wakes = 0;
        self.house.settle();
        self.collect_completions();
        loop {
            self.house.plan();
            let Some(next) = self.next().filter(|&next| next <= end) else { break };
            wakes += 1;
            let late = self.house.busy && happens(&mut self.house.random, 50);
            let late = if late { self.house.random.next() % 20 } else { 0 };
            let now = self.house.agenda.now.max(next) + late;
            self.house.set_now(now);
            while let Some(event) = self.house.agenda.due() {
                self.happen(event);
            }
            self.tick_players();
            self.house.settle();
            self.collect_completions();
            self.let_guests_in();
        }
        self.house.set_now(end.max(self.house.agenda.now));
        wakes
    }

    fn next(&mut self) -> Option<u64> {
        let players = self.house.crowd.peers.iter().filter(|peer| !peer.over);
        let players = players.filter_map(|peer| match &peer.tongue {
            Tongue::Core(player) => player.client.poll_timeout(),
            _ => None,
        });
        let player = players.map(Instant::as_millis).min();
        let room = self.house.due();
        [self.house.agenda.next(), room, player].into_iter().flatten().min()
    }

    fn tick_players(&mut self) {
        let now = self.house.agenda.instant();
        for peer in &mut self.house.crowd.peers {
            if let Tongue::Core(player) = &mut peer.tongue
                && !peer.over
            {
                player.tick(now);
                let due = player.client.poll_timeout();
                assert!(due.is_none_or(|due| due > now), "a client has always something to do");
            }
        }
    }

    fn happen(&mut self, event: Event) {
        let house = &mut self.house;
        match event {
            Event::Arrive(at, toward) => arrive(house, at, toward),
            Event::Act(at) if self.quiet => house.finish(at),
            Event::Act(at) => house.act(at, self.temper.pace),
            Event::Sip(at) => {
                if let Habit::Sips(bytes, every) = house.peer(at).habit {
                    house.read(at, bytes);
                    if !house.peer(at).over {
                        house.agenda.after(every, Event::Sip(at));
                    }
                }
            }
            Event::Retry(at) => house.tell_writable(at),
            Event::Stored(slot) => house.tell_stored(slot),
            Event::Trouble if !self.quiet => {
                let pause = 1 + house.random.next() % (2 * self.temper.trouble);
                house.agenda.after(pause, Event::Trouble);
                if !self.temper.calm {
                    house.trouble();
                }
            }
            Event::Guest if !self.quiet => {
                self.waiting += 1;
                let pause = 1 + house.random.next() % (2 * self.temper.guests);
                house.agenda.after(pause, Event::Guest);
            }
            Event::Trouble | Event::Guest => {}
        }
    }

    fn collect_completions(&mut self) {
        let completions = core::mem::take(&mut self.house.crowd.disk.borrow_mut().completions);
        for (slot, time) in completions {
            self.house.agenda.at(time, Event::Stored(slot));
        }
    }

    /// Guests come in when the room accepts them.
    fn let_guests_in(&mut self) {
        let mut some = false;
        while self.waiting > 0 && self.house.host.server().accepts() {
            self.waiting -= 1;
            if self.house.crowd.peers.len() < self.temper.most_guests {
                self.invite();
                some = true;
            }
        }
        if some {
            self.house.settle();
            self.collect_completions();
        }
    }

    fn invite(&mut self) {
        let addr = self.some_addr();
        let tongue = match self.house.random.of(0..10) {
            0..5 => Tongue::Lines,
            5..7 => Tongue::Classic,
            n => self.some_core(if n < 9 { Mode::Line } else { Mode::Classic }),
        };
        let mut weather = [Weather::FINE; 2];
        if !self.temper.calm && !self.house.random.one_in(3) {
            weather = [(); 2].map(|()| Weather::at_random(&mut self.house.random));
        }
        // A header and the file's first bytes fit, so that they can be sent
        // together.
        let capacity = *self.house.random.pick(&[900, 4_000, 1 << 16, 1 << 20]);
        if let Some(at) = self.welcome(addr, tongue, weather, capacity) {
            let wait = self.house.random.next() % (2 * self.temper.pace);
            self.house.agenda.after(wait, Event::Act(at));
        }
    }

    /// Lets somebody in; None when the room is full.
    pub(crate) fn welcome(
        &mut self,
        addr: SocketAddr,
        tongue: Tongue<'m>,
        weather: [Weather; 2],
        capacity: usize,
    ) -> Option<usize> {
        let capacity = if self.temper.calm { 1 << 24 } else { capacity };
        let link = Link {
            to_room: Wire::new(weather[0], capacity),
            to_peer: Wire::new(weather[1], capacity),
            refused: false,
        };
        self.house.admit(Peer::new(addr, tongue, link))
    }

    /// A new port at one of a few addresses.
    fn some_addr(&mut self) -> SocketAddr {
        let port = 5_000 + self.house.crowd.peers.len() as u16;
        let ip = match self.house.random.of(0..4) {
            0 if self.house.host.is_direct() => IpAddr::V6(Ipv6Addr::LOCALHOST),
            n => IpAddr::V4(Ipv4Addr::new(10, 0, 0, n as u8 + 1)),
        };
        SocketAddr::new(ip, port)
    }

    fn some_core(&mut self, mode: Mode) -> Tongue<'m> {
        let Some(buffers) = self.buffers.pop() else { return Tongue::Lines };
        let random = Random::new(self.house.random.next());
        let errands = Errands::new(self.house.flaw, random);
        let now = self.house.agenda.instant();
        Tongue::Core(Box::new(Player::new(mode, now, buffers, errands)))
    }
}

fn arrive(house: &mut House<'_>, at: usize, toward: Toward) {
    let now = house.agenda.now;
    let peer = house.peer(at);
    peer.scheduled[toward as usize] = None;
    match toward {
        Toward::Room => {
            if peer.link.to_room.arrive(now) {
                house.note(at);
            }
        }
        Toward::Peer => {
            peer.link.to_peer.arrive(now);
            if matches!(peer.habit, Habit::Eager) {
                house.read(at, usize::MAX);
            }
        }
    }
}
