//! A room, its links and its clock, run until nothing more happens.
//!
//! The world treats the room as the least obliging host would: it tells of each
//! event once, reads a link again only when the room or new bytes ask for it,
//! and asks the polls in changing order.

use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::time::Duration;

use embedded_io::{Read, Write};
use snug_core::id::ClientId;
use snug_core::io::{Received, receive, transmit};
use snug_core::server::{Config, RoomFull, Server};
use snug_core::store::{Bypass, Loan};
use snug_core::time::Instant;

use super::ground::Ground;
use super::memory_link::{LinkError, MemoryLink};
use super::memory_store::MemoryStore;
use super::model::Model;
use super::random::Random;

/// Steps after which a room that has not come to rest never will.
const MOST_STEPS: usize = 200_000;

/// Somebody at the far end of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Peer(pub(crate) usize);

/// A room and all around it.
#[derive(Debug)]
pub(crate) struct World<'m> {
    pub(crate) server: Server<'m, MemoryStore>,
    pub(crate) now: Instant,
    /// What the console has shown, where it is to be kept.
    pub(crate) model: Option<Model>,
    seats: Vec<Seat>,
    order: Random,
}

#[derive(Debug)]
struct Seat {
    /// None when the room is done with it.
    id: Option<ClientId>,
    last_id: ClientId,
    addr: SocketAddr,
    near: MemoryLink,
    far: MemoryLink,
    /// To be read, since something came or the room said so.
    news: bool,
    /// A write found no room.
    full: bool,
}

impl<'m> World<'m> {
    pub(crate) fn new(ground: &'m mut Ground) -> Self {
        Self::with(ground, Config::default())
    }

    pub(crate) fn with(ground: &'m mut Ground, config: Config) -> Self {
        let server = Server::new(ground.lend(), config, MemoryStore::default());
        let server = server.expect("the sizes fit");
        let now = Instant::from_millis(5_000);
        Self { server, now, model: None, seats: Vec::new(), order: Random::new(1) }
    }

    /// Asks the polls in the order that a seed gives.
    pub(crate) fn shuffle(&mut self, seed: u64) {
        self.order = Random::new(seed);
    }

    /// The address of the `n`th to come, counted from 1.
    pub(crate) fn addr(n: usize) -> SocketAddr {
        let [_, b, c, d] = u32::try_from(n).unwrap().to_be_bytes();
        SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, b, c, d)), 5000)
    }

    pub(crate) fn join(&mut self) -> Peer {
        self.join_from(Self::addr(self.seats.len() + 1)).expect("there is a place")
    }

    /// Comes and is told nothing yet.
    pub(crate) fn join_from(&mut self, addr: SocketAddr) -> Result<Peer, RoomFull> {
        let id = self.server.handle_connected(self.now, addr)?;
        assert!(self.server.contains(id));
        let (near, far) = MemoryLink::pair(usize::MAX);
        let seat = Seat { id: Some(id), last_id: id, addr, near, far, news: false, full: false };
        self.seats.push(seat);
        self.settle();
        Ok(Peer(self.seats.len() - 1))
    }

    /// Comes, is greeted, and becomes a line peer.
    pub(crate) fn join_lines(&mut self) -> Peer {
        let peer = self.join();
        self.send(peer, "\n");
        let text = self.read(peer);
        assert!(text.ends_with("\n> This is Snug; #help lists what it knows\n"), "{text}");
        peer
    }

    /// Comes, is greeted, and stays classic.
    pub(crate) fn join_classic(&mut self) -> Peer {
        let peer = self.join();
        self.advance(60);
        self.read(peer);
        peer
    }

    pub(crate) fn name(&self, peer: Peer) -> String {
        self.seats[peer.0].addr.to_string()
    }

    /// The id that the room gave, whether or not it is still good.
    pub(crate) fn id(&self, peer: Peer) -> ClientId {
        self.seats[peer.0].last_id
    }

    /// Whether the room has not closed or lost the link.
    pub(crate) fn is_in(&self, peer: Peer) -> bool {
        self.seats[peer.0].id.is_some()
    }

    /// The far end of a link.
    pub(crate) fn link(&self, peer: Peer) -> &MemoryLink {
        &self.seats[peer.0].far
    }

    pub(crate) fn store(&mut self) -> &mut MemoryStore {
        self.server.store_mut()
    }

    /// The text of a file that is stored.
    pub(crate) fn file(&self, name: &str) -> Option<String> {
        let bytes = self.server.store().files.get(name)?;
        Some(String::from_utf8_lossy(bytes).into_owned())
    }

    /// Sends bytes in one burst.
    pub(crate) fn send(&mut self, peer: Peer, bytes: impl AsRef<[u8]>) {
        self.push(peer, bytes);
        self.settle();
    }

    /// Sends bytes that the room sees when it runs the next time.
    pub(crate) fn push(&mut self, peer: Peer, bytes: impl AsRef<[u8]>) {
        let seat = &mut self.seats[peer.0];
        // The room may have closed; then nobody hears it.
        let _ = seat.far.write_all(bytes.as_ref());
        seat.news = true;
    }

    /// Ends the peer's sending.
    pub(crate) fn end(&mut self, peer: Peer) {
        self.seats[peer.0].far.end();
        self.seats[peer.0].news = true;
        self.settle();
    }

    /// Takes the peer's link down.
    pub(crate) fn reset(&mut self, peer: Peer) {
        self.seats[peer.0].far.reset();
        self.seats[peer.0].news = true;
        self.settle();
    }

    /// Lets `capacity` bytes be under way to a peer that does not read.
    pub(crate) fn block(&self, peer: Peer, capacity: usize) {
        self.seats[peer.0].far.set_capacity(capacity);
    }

    /// Lets a peer read as it likes again, but reads nothing yet.
    pub(crate) fn unblock(&mut self, peer: Peer) {
        self.seats[peer.0].far.set_capacity(usize::MAX);
        self.tell_writable(peer);
    }

    /// All that has come to a peer, and comes when it is read.
    pub(crate) fn read(&mut self, peer: Peer) -> String {
        String::from_utf8(self.read_bytes(peer)).expect("what the room says is UTF-8")
    }

    /// The same where it may end within a character.
    pub(crate) fn read_bytes(&mut self, peer: Peer) -> Vec<u8> {
        let mut all = Vec::new();
        loop {
            let some = self.read_some(peer, 1 << 20);
            if some.is_empty() {
                return all;
            }
            all.extend(some);
        }
    }

    /// Up to `most` bytes of what has come to a peer.
    pub(crate) fn read_some(&mut self, peer: Peer, most: usize) -> Vec<u8> {
        let seat = &mut self.seats[peer.0];
        let mut bytes = vec![0; most.min(seat.far.waiting())];
        let count = seat.far.read(&mut bytes).unwrap_or(0);
        bytes.truncate(count);
        self.tell_writable(peer);
        bytes
    }

    /// All that has come to a peer, write by write.
    pub(crate) fn writes(&mut self, peer: Peer) -> Vec<String> {
        let far = &mut self.seats[peer.0].far;
        let writes = core::iter::from_fn(|| far.next_write());
        writes.map(|bytes| String::from_utf8(bytes).expect("it is UTF-8")).collect()
    }

    /// All that is on the console since the last time.
    pub(crate) fn console(&mut self) -> String {
        let mut all = Vec::new();
        loop {
            let some = self.server.console(1000).to_vec();
            if some.is_empty() {
                return String::from_utf8(all).expect("the console is UTF-8");
            }
            self.server.handle_shown(some.len());
            all.extend(some);
        }
    }

    /// Time passes, and what is due meanwhile happens when it is due.
    pub(crate) fn advance(&mut self, millis: u64) {
        let end = self.now + Duration::from_millis(millis);
        while let Some(due) = self.server.poll_timeout().filter(|&due| due <= end) {
            self.now = self.now.max(due);
            self.settle();
        }
        self.now = end;
    }

    /// Runs the room until nothing more happens.
    pub(crate) fn settle(&mut self) {
        for _ in 0..MOST_STEPS {
            if !self.turn() {
                return;
            }
        }
        panic!("the room does not come to rest");
    }

    /// Runs the room until it has something due, once; whether it had.
    pub(crate) fn turn(&mut self) -> bool {
        let mut steps = 0;
        while self.step() || self.step_store() {
            steps += 1;
            assert!(steps < MOST_STEPS, "the room does not come to rest");
        }
        let due = self.server.poll_timeout().is_some_and(|due| due <= self.now);
        if due {
            self.server.handle_timeout(self.now);
        }
        due
    }

    /// Asks each poll once; whether any had something to do.
    fn step(&mut self) -> bool {
        let first = self.order.of(0..5);
        let mut any = false;
        for which in 0..5 {
            any |= match (first + which) % 5 {
                0 => self.step_read(),
                1 => self.step_go_on(),
                2 => self.step_write(),
                3 => self.step_store(),
                _ => self.step_close(),
            };
            self.step_show();
        }
        any
    }

    fn step_read(&mut self) -> bool {
        let Some(at) = self.seats.iter().position(|seat| seat.news) else { return false };
        let Some(id) = self.seats[at].id else {
            self.seats[at].news = false;
            return true;
        };
        let passed = self.receive_past(id, at);
        let seat = &mut self.seats[at];
        match passed.unwrap_or_else(|| receive(&mut self.server, self.now, id, &mut seat.near)) {
            Ok(Received::More) => {}
            Ok(Received::Waits | Received::Ended) | Err(nb::Error::WouldBlock) => {
                seat.news = false;
            }
            Err(nb::Error::Other(_)) => seat.id = None,
        }
        true
    }

    /// What the store takes past the room goes from the link's hands to its.
    fn receive_past(&mut self, id: ClientId, at: usize) -> Option<nb::Result<Received, LinkError>> {
        let Bypass { slot, most } = self.server.bypass(id)?;
        let mut bytes = vec![0; self.server.store_mut().space_past(slot, most)?];
        if bytes.is_empty() {
            self.server.handle_crowded(id);
            return Some(Ok(Received::Waits));
        }
        // All but bytes is the room's to find.
        let count = self.seats[at].near.read(&mut bytes).ok().filter(|&count| count > 0)?;
        self.server.store_mut().take(slot, &bytes[..count]);
        self.server.handle_bypassed(self.now, id, count);
        Some(Ok(Received::More))
    }

    fn step_go_on(&mut self) -> bool {
        let Some(id) = self.server.poll_receive(self.now) else { return false };
        self.seat(id).news = true;
        true
    }

    fn step_write(&mut self) -> bool {
        let Some(id) = self.server.poll_transmit(self.now) else { return false };
        let now = self.now;
        let at = self.seats.iter().position(|seat| seat.id == Some(id)).expect("it is here");
        let seat = &mut self.seats[at];
        assert!(!seat.full, "a link that is full is left alone");
        match transmit(&mut self.server, now, id, &mut seat.near) {
            Ok(0) => self.write_lent(id, at),
            Ok(_) => {}
            Err(nb::Error::WouldBlock) => seat.full = true,
            Err(nb::Error::Other(_)) => seat.id = None,
        }
        true
    }

    /// What the store lends goes from its hands to the link's.
    fn write_lent(&mut self, id: ClientId, at: usize) {
        let Some(Loan { slot, line, len }) = self.server.pending_loan(id) else { return };
        let (line, now) = (line.to_vec(), self.now);
        let bytes = [&line, self.server.store_mut().loan(slot, len)].concat();
        let seat = &mut self.seats[at];
        if let Ok(count) = seat.near.write(&bytes) {
            let moved = count.saturating_sub(line.len());
            self.server.store_mut().moved(slot, moved);
            self.server.handle_sent(now, id, count);
        } else {
            seat.full = true;
            self.server.handle_blocked(now, id);
        }
    }

    fn step_store(&mut self) -> bool {
        let slots = self.server.store_mut().take_completions();
        for &slot in &slots {
            self.server.handle_stored(self.now, slot);
        }
        !slots.is_empty()
    }

    fn step_close(&mut self) -> bool {
        let Some(id) = self.server.poll_close() else { return false };
        if let Some(seat) = self.seats.iter_mut().find(|seat| seat.id == Some(id)) {
            seat.id = None;
            seat.near.end();
        }
        true
    }

    fn step_show(&mut self) {
        if self.model.is_some() {
            let text = self.console();
            self.model.get_or_insert_default().hear(&text);
        }
    }

    fn seat(&mut self, id: ClientId) -> &mut Seat {
        self.seats.iter_mut().find(|seat| seat.id == Some(id)).expect("it is here")
    }

    fn tell_writable(&mut self, peer: Peer) {
        let seat = &mut self.seats[peer.0];
        if core::mem::take(&mut seat.full)
            && let Some(id) = seat.id
        {
            self.server.handle_writable(id);
        }
        self.settle();
    }
}
