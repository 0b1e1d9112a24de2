//! The room, its host, and all around them.
//!
//! The host runs the room; the house sees to it that the room is told the
//! time, that what it says is held against the truth, and that it comes to
//! rest. Now and then it says what is without cause, which must be harmless,
//! and loses time.

use snug_core::store::TransferSlot;

use super::agenda::{Agenda, Event};
use super::crowd::Crowd;
use super::errand::Errand;
use super::flaw::Flaw;
use super::host::{Around, Host};
use super::peer::Peer;
use super::room::Room;
use super::tally::{Fault, Tally};
use super::wire::Toward;
use super::work::Work;
use crate::support::random::Random;

/// The room with its host, its model, and the people.
pub(crate) struct House<'m> {
    pub(crate) host: Box<dyn Host<'m> + 'm>,
    pub(crate) crowd: Crowd<'m>,
    pub(crate) room: Room,
    pub(crate) agenda: Agenda,
    pub(crate) random: Random,
    pub(crate) tally: Tally,
    pub(crate) flaw: Flaw,
    pub(crate) work: Work,
    /// The machine has other things to do now and then.
    pub(crate) busy: bool,
    /// What the operator says, as far as the room has not taken it.
    pub(crate) typed: Vec<u8>,
    /// What client cores could not end, and others may go on with.
    pub(crate) errands: Vec<Errand>,
}

impl<'m> House<'m> {
    pub(crate) fn new(
        host: Box<dyn Host<'m> + 'm>,
        crowd: Crowd<'m>,
        random: Random,
        flaw: Flaw,
    ) -> Self {
        let room = Room::new(usize::from(crowd.config.line_limit));
        Self {
            agenda: Agenda::new(crowd.now),
            host,
            crowd,
            room,
            random,
            tally: Tally::default(),
            flaw,
            work: Work::default(),
            busy: false,
            typed: Vec::new(),
            errands: Vec::new(),
        }
    }

    pub(crate) fn peer(&mut self, at: usize) -> &mut Peer<'m> {
        &mut self.crowd.peers[at]
    }

    /// The host, and what it sees.
    fn hosting(&mut self) -> (&mut (dyn Host<'m> + 'm), Around<'_, 'm>) {
        let around = Around {
            peers: &mut self.crowd.peers,
            agenda: &mut self.agenda,
            random: &mut self.random,
            tally: &mut self.tally,
            work: &mut self.work,
            flaw: self.flaw,
        };
        (&mut *self.host, around)
    }

    /// Lets somebody in; its number, if there was a place.
    pub(crate) fn admit(&mut self, peer: Peer<'m>) -> Option<usize> {
        let at = self.crowd.peers.len();
        self.crowd.peers.push(peer);
        let (host, mut around) = self.hosting();
        if !host.connect(at, &mut around) {
            self.crowd.peers.pop();
            let taken = self.crowd.peers.iter().filter(|peer| !peer.truth.left || peer.connected);
            let capacity = self.host.server().capacity();
            assert!(taken.count() >= capacity, "the room is full of nobody");
            return None;
        }
        self.room.connect(at, &mut self.crowd.peers[at].truth);
        self.work.event();
        self.overhear();
        if self.host.is_direct() {
            self.crowd.peers[at].truth.since = self.room.lines.len();
        }
        self.tally.peers += 1;
        Some(at)
    }

    /// Runs the room until nothing more happens now.
    pub(crate) fn settle(&mut self) {
        self.work.begin();
        // A host that is late tells of the time before it tells of bytes: what
        // the room waited for is over by then.
        let now = self.agenda.instant();
        if self.host.server().poll_timeout().is_some_and(|due| due <= now) {
            self.host.server().handle_timeout(now);
            self.overhear();
        }
        loop {
            let (host, mut around) = self.hosting();
            let progress = host.step(&mut around);
            self.overhear();
            self.crowd.inspect();
            self.lose_time();
            if progress {
                continue;
            }
            let now = self.agenda.instant();
            if self.due().is_none_or(|due| due > self.agenda.now) {
                break;
            }
            let served = self.crowd.disk.borrow().served;
            self.host.server().handle_timeout(now);
            self.work.timeout(self.crowd.disk.borrow().served > served);
            self.overhear();
        }
        self.tally.calls += self.work.end();
    }

    /// When the room wants to be asked again.
    pub(crate) fn due(&mut self) -> Option<u64> {
        if self.flaw == Flaw::BusyLoop {
            return Some(self.agenda.now);
        }
        self.host.due()
    }

    /// The machine is busy with something else for a while.
    fn lose_time(&mut self) {
        if self.busy && self.random.one_in(300) {
            self.tally.suffer(Fault::Busy);
            let lost = 1 + self.random.next() % 30;
            self.set_now(self.agenda.now + lost);
        }
    }

    pub(crate) fn set_now(&mut self, now: u64) {
        self.agenda.now = now;
        self.crowd.now = now;
        self.crowd.disk.borrow_mut().now = now;
    }

    /// Holds what the console shows against the truth.
    pub(crate) fn overhear(&mut self) {
        loop {
            let text = self.host.server().console(1 << 16);
            if text.is_empty() {
                return;
            }
            let text = str::from_utf8(text).expect("what the room says is UTF-8").to_owned();
            self.host.server().handle_shown(text.len());
            self.crowd.inspect();
            self.room.hear(&text, &mut self.crowd);
        }
    }

    /// A link has something to be read.
    pub(crate) fn note(&mut self, at: usize) {
        let (host, mut around) = self.hosting();
        host.note(at, &mut around);
        self.work.event();
    }

    /// A link may take something again.
    pub(crate) fn tell_writable(&mut self, at: usize) {
        let (host, mut around) = self.hosting();
        host.tell_writable(at, &mut around);
    }

    /// A link was reset, and the host sees it before it reads.
    pub(crate) fn tell_reset(&mut self, at: usize) {
        let (host, mut around) = self.hosting();
        host.tell_reset(at, &mut around);
    }

    /// The store can go on with a slot.
    pub(crate) fn tell_stored(&mut self, slot: usize) {
        let now = self.agenda.instant();
        self.work.event();
        self.host.server().handle_stored(now, TransferSlot::new(slot as u16));
    }

    /// Says something to the room that is without cause.
    pub(crate) fn disturb(&mut self) {
        self.tally.suffer(Fault::Spurious);
        self.work.event();
        let now = self.agenda.instant();
        match self.random.of(0..4) {
            0 => self.host.server().handle_timeout(now),
            1 if self.crowd.slots > 0 => {
                let slot = self.random.of(0..self.crowd.slots);
                self.tell_stored(slot);
            }
            _ if self.crowd.peers.is_empty() => {}
            _ => {
                let at = self.random.of(0..self.crowd.peers.len());
                let (host, mut around) = self.hosting();
                host.disturb(at, &mut around);
            }
        }
        self.overhear();
    }

    /// What was done and suffered so far.
    pub(crate) fn count(&mut self) -> Tally {
        let mut tally = self.tally;
        self.host.count(&mut tally);
        tally
    }

    /// Puts on the agenda when bytes arrive, for all links.
    pub(crate) fn plan(&mut self) {
        let now = self.agenda.now;
        for (at, peer) in self.crowd.peers.iter_mut().enumerate() {
            peer.flush(now, &mut self.random, &mut self.tally);
            for (which, toward) in [Toward::Room, Toward::Peer].into_iter().enumerate() {
                let wire = if which == 0 { &peer.link.to_room } else { &peer.link.to_peer };
                let due = wire.due().map(|due| due.max(now));
                if due.is_some() && due != peer.scheduled[which] {
                    peer.scheduled[which] = due;
                    self.agenda.at(due.unwrap_or(now), Event::Arrive(at, toward));
                }
            }
        }
    }
}
