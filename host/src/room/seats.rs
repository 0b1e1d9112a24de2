//! The links of those who are in the room, by the place of their client.

use core::net::{IpAddr, Ipv6Addr};
use core::time::Duration;
use std::collections::VecDeque;
use std::io;

use mio::event::Event;
use mio::{Registry, Token};
use snug_core::id::ClientId;
use snug_core::time::Instant;

use super::guests::{Guests, Limits};
use super::link::TcpLink;
use crate::ring::ring;

/// How long a link that the room closes stays open for reading. Closing it with
/// bytes unread would reset it, and take back the last words that it was sent.
const LINGER: Duration = Duration::from_secs(1);
/// Links that linger at once; beyond, the oldest is closed.
const MOST_LINGERING: usize = 64;

/// What comes from somebody, as far as is known.
#[derive(Clone, Copy, Debug)]
pub(super) enum Sends {
    Lines,
    File,
}

/// A place and whose link stands there.
#[derive(Debug)]
struct Seat {
    id: ClientId,
    link: TcpLink,
    sends: Sends,
}

/// All links.
#[derive(Debug)]
pub(super) struct Seats {
    /// Where those come from who sit here.
    pub(super) guests: Guests,
    by_place: Vec<Option<Seat>>,
    /// Where who sits at a place comes from: not among what each write looks at.
    from: Vec<IpAddr>,
    /// Places whose links may have something to read, each at most once; by
    /// what they send.
    readable: [VecDeque<usize>; 2],
    /// Whether a place is among those, whoever sits there.
    queued: Vec<bool>,
    lingering: VecDeque<(Instant, TcpLink)>,
}

impl Seats {
    /// Seats for so many clients; nothing is allocated later but for who sends a
    /// file.
    pub(super) fn new(count: usize, limits: Limits) -> Self {
        Self {
            guests: Guests::new(limits, count),
            by_place: (0..count).map(|_| None).collect(),
            from: vec![Ipv6Addr::UNSPECIFIED.into(); count],
            readable: [(); 2].map(|()| ring(count, usize::MAX)),
            queued: vec![false; count],
            lingering: VecDeque::with_capacity(MOST_LINGERING),
        }
    }

    /// Gives a newcomer its seat.
    pub(super) fn seat(
        &mut self,
        id: ClientId,
        mut link: TcpLink,
        from: IpAddr,
        registry: &Registry,
    ) -> io::Result<()> {
        link.register(registry, Token(id.index()))?;
        self.by_place[id.index()] = Some(Seat { id, link, sends: Sends::Lines });
        self.from[id.index()] = from;
        self.guests.enter(from);
        self.read_later(id);
        Ok(())
    }

    /// Notes an event; whose seat it is about.
    pub(super) fn note(&mut self, index: usize, event: &Event) -> Option<ClientId> {
        let seat = self.by_place.get_mut(index)?.as_mut()?;
        seat.link.note(event);
        let id = seat.id;
        if seat.link.is_readable() {
            self.read_later(id);
        }
        event.is_writable().then_some(id)
    }

    /// The link of a client.
    pub(super) fn link(&mut self, id: ClientId) -> Option<&mut TcpLink> {
        let seat = self.by_place.get_mut(id.index())?.as_mut()?;
        (seat.id == id).then_some(&mut seat.link)
    }

    /// Leaves a client alone until it is to be [heard](Self::hear) again: where
    /// what comes from it cannot be read now, be it a file, the system would wake
    /// this thread for each packet.
    pub(super) fn leave_alone(&mut self, id: ClientId, registry: &Registry) {
        if let Some(link) = self.link(id) {
            link.listen(false, registry, Token(id.index()));
        }
    }

    /// Hears a client again, and what has come from it meanwhile.
    pub(super) fn hear(&mut self, id: ClientId, registry: &Registry) {
        if let Some(link) = self.link(id) {
            link.listen(true, registry, Token(id.index()));
        }
    }

    /// Puts a client behind those who are to be read.
    pub(super) fn read_later(&mut self, id: ClientId) {
        let queued = &mut self.queued[id.index()];
        let seat = self.by_place[id.index()].as_ref();
        if let Some(seat) = seat.filter(|_| !*queued) {
            *queued = true;
            self.readable[seat.sends as usize].push_back(id.index());
        }
    }

    /// Does so with one that was just read, and of whom a file comes, or not.
    pub(super) fn read_again(&mut self, id: ClientId, file: bool) {
        if let Some(seat) = self.by_place[id.index()].as_mut() {
            seat.sends = if file { Sends::File } else { Sends::Lines };
            seat.link.sends_file(file);
        }
        self.read_later(id);
    }

    /// Who of those is to be read next.
    pub(super) fn next_readable(&mut self, those: Sends) -> Option<ClientId> {
        loop {
            let index = self.readable[those as usize].pop_front()?;
            self.queued[index] = false;
            if let Some(seat) = self.by_place[index].as_ref() {
                return Some(seat.id);
            }
        }
    }

    /// Takes the link of a client that is gone.
    pub(super) fn clear(&mut self, id: ClientId) -> Option<TcpLink> {
        let seat = self.by_place[id.index()].take_if(|seat| seat.id == id)?;
        self.guests.leave(self.from[id.index()]);
        Some(seat.link)
    }

    /// Closes the link of a client that the room lets go.
    pub(super) fn let_out(&mut self, now: Instant, id: ClientId, registry: &Registry) {
        let Some(mut link) = self.clear(id) else { return };
        if link.deregister(registry).is_err() {
            return;
        }
        link.end();
        if self.lingering.len() == MOST_LINGERING {
            self.lingering.pop_front();
        }
        self.lingering.push_back((now + LINGER, link));
    }

    /// When a lingering link is to be closed.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.lingering.front().map(|&(until, _)| until)
    }

    /// Closes links that have lingered long enough.
    pub(super) fn sweep(&mut self, now: Instant) {
        while self.lingering.front().is_some_and(|&(until, _)| until <= now) {
            self.lingering.pop_front();
        }
    }
}
