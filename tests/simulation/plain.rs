//! A host that hands the links to the room as they are.
//!
//! It is as little obliging as a host may be: it tells of each event once,
//! reads a link again only when new bytes or the room ask for it, writes again
//! only when the link says so, and asks the polls in changing order.

use std::collections::VecDeque;

use snug_core::id::ClientId;
use snug_core::io::{Received, receive, transmit};
use snug_core::server::Server;
use snug_core::time::Instant;

use super::agenda::Event;
use super::flaw::Flaw;
use super::folder::Folder;
use super::host::{Around, Host};
use super::tally::Fault;

/// Milliseconds until the room has written to a link that it knows to be free.
const DELAY: u64 = 100;

/// The room and the links that are to be read.
#[derive(Debug)]
pub(crate) struct Plain<'m> {
    server: Server<'m, Folder>,
    /// By what the room knows, or knew, each peer.
    ids: Vec<ClientId>,
    /// Who is in which place of the table.
    by_place: Vec<Option<usize>>,
    news: VecDeque<usize>,
}

impl<'m> Plain<'m> {
    pub(crate) fn new(server: Server<'m, Folder>) -> Self {
        let by_place = vec![None; server.capacity()];
        Self { server, ids: Vec::new(), by_place, news: VecDeque::new() }
    }

    fn step_read(&mut self, around: &mut Around<'_, 'm>) -> bool {
        let Some(at) = self.news.pop_front() else { return false };
        around.peers[at].news = false;
        if !around.peers[at].connected {
            return true;
        }
        let now = around.agenda.instant();
        let before = around.peers[at].link.to_room.waiting();
        let received = receive(&mut self.server, now, self.ids[at], &mut around.near(at));
        let peer = &mut around.peers[at];
        around.work.moved(before - peer.link.to_room.waiting());
        match received {
            Ok(Received::More) => self.read_later(at, around),
            Ok(Received::Waits | Received::Ended) | Err(nb::Error::WouldBlock) => {}
            Err(nb::Error::Other(_)) => peer.connected = false,
        }
        true
    }

    fn step_go_on(&mut self, around: &mut Around<'_, 'm>) -> bool {
        let now = around.agenda.instant();
        let Some(id) = self.server.poll_receive(now) else { return false };
        let at = self.find(id, around);
        around.work.poll();
        self.read_later(at, around);
        true
    }

    fn read_later(&mut self, at: usize, around: &mut Around<'_, 'm>) {
        if !core::mem::replace(&mut around.peers[at].news, true) {
            self.news.push_back(at);
        }
    }

    fn step_write(&mut self, around: &mut Around<'_, 'm>) -> bool {
        let now = around.agenda.instant();
        let Some(id) = self.server.poll_transmit(now) else { return false };
        let at = self.find(id, around);
        assert!(!around.peers[at].full, "a link that is full is left alone");
        let before = around.peers[at].link.to_peer.room();
        let sent = transmit(&mut self.server, now, id, &mut around.near(at));
        let peer = &mut around.peers[at];
        let moved = before.saturating_sub(peer.link.to_peer.room());
        around.work.moved(moved);
        match sent {
            Ok(_) if moved > 0 => peer.blocked = None,
            Ok(_) => {}
            Err(nb::Error::WouldBlock) => block(at, around),
            Err(nb::Error::Other(_)) => peer.connected = false,
        }
        true
    }

    fn step_close(&mut self, around: &mut Around<'_, 'm>) -> bool {
        let Some(id) = self.server.poll_close() else { return false };
        let at = self.find(id, around);
        around.work.poll();
        let peer = &mut around.peers[at];
        peer.connected = false;
        peer.link.to_peer.send_end(around.agenda.now);
        true
    }

    fn find(&self, id: ClientId, around: &Around<'_, 'm>) -> usize {
        let at = self.by_place[id.index()].expect("the place was let");
        let here = self.ids[at] == id && around.peers[at].connected;
        assert!(here, "the room asks for somebody who is not here");
        at
    }

    /// Says all there is to say of somebody who is gone: an id that outlived
    /// its client misses.
    fn speak_of(&mut self, now: Instant, id: ClientId) {
        assert!(!self.server.contains(id) && self.server.space(id).is_empty());
        self.server.handle_received(now, id, 40);
        self.server.handle_pause(now, id);
        self.server.handle_sent(now, id, 40);
        self.server.handle_blocked(now, id);
        self.server.handle_ended(now, id);
        self.server.handle_gone(now, id);
    }
}

fn block(at: usize, around: &mut Around<'_, '_>) {
    let peer = &mut around.peers[at];
    peer.full = true;
    peer.was_full = true;
    peer.blocked.get_or_insert(around.agenda.now);
    if core::mem::take(&mut peer.link.refused) {
        around.agenda.after(1 + around.random.next() % 50, Event::Retry(at));
    } else {
        around.tally.suffer(Fault::Full);
    }
}

impl<'m> Host<'m> for Plain<'m> {
    fn server(&mut self) -> &mut Server<'m, Folder> {
        &mut self.server
    }

    fn connect(&mut self, at: usize, around: &mut Around<'_, 'm>) -> bool {
        let (now, peer) = (around.agenda.instant(), &mut around.peers[at]);
        let Ok(id) = self.server.handle_connected(now, peer.addr) else { return false };
        self.ids.push(id);
        self.by_place[id.index()] = Some(at);
        peer.connected = true;
        true
    }

    /// Asks each poll once.
    fn step(&mut self, around: &mut Around<'_, 'm>) -> bool {
        let first = around.random.of(0..4);
        let mut any = false;
        for which in 0..4 {
            any |= match (first + which) % 4 {
                0 => self.step_read(around),
                1 => self.step_go_on(around),
                2 => self.step_write(around),
                _ => self.step_close(around),
            };
        }
        any
    }

    fn due(&mut self) -> Option<u64> {
        self.server.poll_timeout().map(Instant::as_millis)
    }

    fn note(&mut self, at: usize, around: &mut Around<'_, 'm>) {
        if around.peers[at].connected {
            self.read_later(at, around);
        }
    }

    fn tell_writable(&mut self, at: usize, around: &mut Around<'_, 'm>) {
        let peer = &around.peers[at];
        let open = peer.link.to_peer.room() > 0 || peer.farewell.reset;
        if !peer.full || !open {
            return;
        }
        if peer.connected && !around.flaw.shows(Flaw::LostWakeUp, around.random) {
            around.work.event();
            self.server.handle_writable(self.ids[at]);
        }
        let peer = &mut around.peers[at];
        peer.full = false;
        peer.free(around.agenda.now, DELAY);
    }

    fn tell_reset(&mut self, at: usize, around: &mut Around<'_, 'm>) {
        if core::mem::take(&mut around.peers[at].connected) {
            self.server.handle_gone(around.agenda.instant(), self.ids[at]);
        }
    }

    fn disturb(&mut self, at: usize, around: &mut Around<'_, 'm>) {
        let (peer, id) = (&around.peers[at], self.ids[at]);
        match (peer.connected, peer.truth.left) {
            (true, _) => {
                if !peer.full {
                    self.server.handle_writable(id);
                }
                self.note(at, around);
                around.work.event();
            }
            (false, true) => self.speak_of(around.agenda.instant(), id),
            (false, false) => {}
        }
    }

    fn knows(&mut self, at: usize) -> bool {
        self.server.contains(self.ids[at])
    }

    fn is_direct(&self) -> bool {
        true
    }
}
