//! The host of the room: links, clock and store around the server core.
//!
//! It is as little obliging as a host may be: it tells of each event once,
//! reads a link again only when new bytes or the room ask for it, writes again
//! only when the link says so, and asks the polls in changing order. Now and
//! then it does what is without cause, which must be harmless, and loses time.

use core::net::SocketAddr;
use std::collections::VecDeque;

use snug_core::id::ClientId;
use snug_core::io::{Received, receive, transmit};
use snug_core::server::Server;
use snug_core::store::UploadSlot;

use super::agenda::{Agenda, Event};
use super::crowd::Crowd;
use super::disk::Folder;
use super::flaw::{Flaw, Kind};
use super::link::Near;
use super::peer::Peer;
use super::room::Room;
use super::tally::{Fault, Tally};
use super::wire::Toward;
use super::work::Work;
use crate::support::random::Random;

/// The server, its links and all around them.
#[derive(Debug)]
pub(crate) struct House<'m> {
    pub(crate) server: Server<'m, Folder>,
    pub(crate) crowd: Crowd<'m>,
    pub(crate) room: Room,
    pub(crate) agenda: Agenda,
    pub(crate) random: Random,
    pub(crate) tally: Tally,
    pub(crate) flaw: Flaw,
    pub(crate) work: Work,
    /// The machine has other things to do now and then.
    pub(crate) busy: bool,
    /// Who is in which place of the table.
    pub(crate) by_place: Vec<Option<usize>>,
    news: VecDeque<usize>,
}

impl<'m> House<'m> {
    pub(crate) fn new(
        server: Server<'m, Folder>,
        crowd: Crowd<'m>,
        random: Random,
        flaw: Flaw,
    ) -> Self {
        let by_place = vec![None; server.capacity()];
        let room = Room::new(usize::from(crowd.config.line_limit));
        Self {
            agenda: Agenda::new(crowd.now),
            server,
            crowd,
            room,
            random,
            tally: Tally::default(),
            flaw,
            work: Work::default(),
            busy: false,
            by_place,
            news: VecDeque::new(),
        }
    }

    pub(crate) fn peer(&mut self, at: usize) -> &mut Peer<'m> {
        &mut self.crowd.peers[at]
    }

    /// Lets somebody in; whether there was a place.
    pub(crate) fn admit(
        &mut self,
        make: impl FnOnce(ClientId) -> Peer<'m>,
        addr: SocketAddr,
    ) -> bool {
        let now = self.agenda.instant();
        let Ok(id) = self.server.handle_connected(now, addr) else {
            let taken =
                self.crowd.peers.iter().filter(|peer| !peer.truth.left || peer.id.is_some());
            assert!(taken.count() >= self.server.capacity(), "the room is full of nobody");
            return false;
        };
        let at = self.crowd.peers.len();
        let mut peer = make(id);
        peer.truth.shown = addr.to_string();
        peer.truth.names.push(addr.to_string());
        self.room.connect(at, &mut peer.truth);
        self.by_place[id.index()] = Some(at);
        self.crowd.peers.push(peer);
        self.work.event();
        self.overhear();
        let peer = &mut self.crowd.peers[at];
        self.room.connect(at, &mut peer.truth);
        self.tally.peers += 1;
        true
    }

    /// Runs the room until nothing more happens now.
    pub(crate) fn settle(&mut self) {
        self.work.begin();
        // A host that is late tells of the time before it tells of bytes: what
        // the room waited for is over by then.
        let now = self.agenda.instant();
        if self.server.poll_timeout().is_some_and(|due| due <= now) {
            self.server.handle_timeout(now);
            self.overhear();
        }
        loop {
            let progress = self.step();
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
            self.server.handle_timeout(now);
            self.work.timeout();
            self.overhear();
        }
        self.tally.calls += self.work.end();
    }

    /// When the room wants to be asked again.
    pub(crate) fn due(&mut self) -> Option<u64> {
        if self.flaw.shows(Kind::BusyLoop, &mut self.random) {
            return Some(self.agenda.now);
        }
        self.server.poll_timeout().map(snug_core::time::Instant::as_millis)
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
    fn overhear(&mut self) {
        loop {
            let text = self.server.console(1 << 16);
            if text.is_empty() {
                return;
            }
            let text = str::from_utf8(text).expect("what the room says is UTF-8").to_owned();
            self.server.handle_shown(text.len());
            self.crowd.inspect();
            self.room.hear(&text, &mut self.crowd);
        }
    }

    /// A link has something to be read.
    pub(crate) fn note(&mut self, at: usize) {
        let peer = &mut self.crowd.peers[at];
        if peer.id.is_some() && !peer.news {
            peer.news = true;
            self.news.push_back(at);
        }
        self.work.event();
    }

    /// Asks each poll once; whether any had something to do.
    fn step(&mut self) -> bool {
        let first = self.random.of(0..4);
        let mut any = false;
        for which in 0..4 {
            any |= match (first + which) % 4 {
                0 => self.step_read(),
                1 => self.step_go_on(),
                2 => self.step_write(),
                _ => self.step_close(),
            };
        }
        any
    }

    fn step_read(&mut self) -> bool {
        let Some(at) = self.news.pop_front() else { return false };
        let now = self.agenda.instant();
        let peer = &mut self.crowd.peers[at];
        peer.news = false;
        let Some(id) = peer.id else { return true };
        let mut near = Near {
            link: &mut peer.link,
            now: self.agenda.now,
            random: &mut self.random,
            tally: &mut self.tally,
            flaw: &mut self.flaw,
        };
        let before = near.link.to_room.waiting();
        let received = receive(&mut self.server, now, id, &mut near);
        self.work.moved(before - peer.link.to_room.waiting());
        match received {
            Ok(Received::More) => {
                peer.news = true;
                self.news.push_back(at);
            }
            Ok(Received::Waits | Received::Ended) | Err(nb::Error::WouldBlock) => {}
            Err(nb::Error::Other(_)) => peer.id = None,
        }
        true
    }

    fn step_go_on(&mut self) -> bool {
        let Some(id) = self.server.poll_receive(self.agenda.instant()) else { return false };
        let at = self.find(id);
        self.work.poll();
        let peer = &mut self.crowd.peers[at];
        if !peer.news {
            peer.news = true;
            self.news.push_back(at);
        }
        true
    }

    fn step_write(&mut self) -> bool {
        let now = self.agenda.instant();
        let Some(id) = self.server.poll_transmit(now) else { return false };
        let at = self.find(id);
        let peer = &mut self.crowd.peers[at];
        assert!(!peer.full, "a link that is full is left alone");
        let mut near = Near {
            link: &mut peer.link,
            now: self.agenda.now,
            random: &mut self.random,
            tally: &mut self.tally,
            flaw: &mut self.flaw,
        };
        let before = near.link.to_peer.room();
        let sent = transmit(&mut self.server, now, id, &mut near);
        let moved = before.saturating_sub(peer.link.to_peer.room());
        self.work.moved(moved);
        match sent {
            Ok(()) if moved > 0 => peer.blocked = None,
            Ok(()) => {}
            Err(nb::Error::WouldBlock) => self.block(at),
            Err(nb::Error::Other(_)) => peer.id = None,
        }
        true
    }

    fn block(&mut self, at: usize) {
        let now = self.agenda.now;
        let peer = &mut self.crowd.peers[at];
        peer.full = true;
        peer.was_full = true;
        peer.blocked.get_or_insert(now);
        if core::mem::take(&mut peer.link.refused) {
            self.agenda.after(1 + self.random.next() % 50, Event::Retry(at));
        } else {
            self.tally.suffer(Fault::Full);
        }
    }

    fn step_close(&mut self) -> bool {
        let Some(id) = self.server.poll_close() else { return false };
        let at = self.find(id);
        self.work.poll();
        let now = self.agenda.now;
        let peer = &mut self.crowd.peers[at];
        peer.id = None;
        peer.link.to_peer.send_end(now);
        true
    }

    fn find(&self, id: ClientId) -> usize {
        let at = self.by_place[id.index()].expect("the place was let");
        assert_eq!(self.crowd.peers[at].id, Some(id), "the room asks for somebody who is here");
        at
    }

    /// A link can take something again.
    pub(crate) fn tell_writable(&mut self, at: usize) {
        let peer = &mut self.crowd.peers[at];
        let open = peer.link.to_peer.room() > 0 || peer.farewell.reset;
        if !peer.full || !open {
            return;
        }
        if let Some(id) = peer.id
            && !self.flaw.shows(Kind::LostWakeUp, &mut self.random)
        {
            self.work.event();
            self.server.handle_writable(id);
        }
        self.crowd.peers[at].full = false;
    }

    /// Says something to the room that is without cause.
    pub(crate) fn disturb(&mut self) {
        self.tally.suffer(Fault::Spurious);
        self.work.event();
        let now = self.agenda.instant();
        match self.random.of(0..4) {
            0 => self.server.handle_timeout(now),
            1 if self.crowd.slots > 0 => {
                let slot = self.random.of(0..self.crowd.slots);
                self.server.handle_stored(now, UploadSlot::new(slot as u16));
            }
            _ if self.crowd.peers.is_empty() => {}
            _ => self.disturb_peer(),
        }
        self.overhear();
    }

    /// Speaks of somebody who may be gone: an id that outlived its client
    /// misses.
    fn disturb_peer(&mut self) {
        let at = self.random.of(0..self.crowd.peers.len());
        let (now, peer) = (self.agenda.instant(), &self.crowd.peers[at]);
        let (id, full) = (peer.was, peer.full);
        match (peer.id, peer.truth.left) {
            (Some(_), _) => {
                if !full {
                    self.server.handle_writable(id);
                }
                return self.note(at);
            }
            (None, false) => return,
            (None, true) => {}
        }
        assert!(!self.server.contains(id) && self.server.space(id).is_empty());
        self.server.handle_received(now, id, 40);
        self.server.handle_pause(now, id);
        self.server.handle_sent(now, id, 40);
        self.server.handle_blocked(now, id);
        self.server.handle_ended(now, id);
        self.server.handle_gone(now, id);
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
