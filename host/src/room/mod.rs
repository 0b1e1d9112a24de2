//! The room on this machine: one thread that waits, reads, writes, waits.
//!
//! A turn of [`Room::run`] costs what happened: events, bytes, lines due. The
//! disk has threads of its own ([`folder`](crate::folder)), and so have the
//! terminal ([`console`](crate::console)) and who types there
//! ([`operator`](crate::operator)).

mod bypass;
mod door;
mod guests;
mod lent;
mod link;
mod memory;
mod seats;
mod watch;

use core::time::Duration;
use std::io;
use std::sync::Arc;

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token, Waker};
use snug_core::io::{Received, receive, transmit};
use snug_core::server::Server;
use snug_core::time::Instant;
use snug_core::wire::notice::Refusal;

pub use guests::Limits;
pub use link::{LinkError, TcpLink};
pub use memory::RoomMemory;

use crate::clock::Clock;
use crate::folder::FolderStore;
use crate::journal::Journal;
use crate::net::{self, Silence};
use crate::operator::{Attended, Operator};
use crate::signals::Signals;
use crate::{Wake, explain};
use bypass::receive_past;
use door::{Door, turn_away};
use lent::transmit_lent;
use seats::{Seats, Sends};
use watch::Watch;

/// Tokens below are seats, by the place of their client.
const SIGNALS: Token = Token(usize::MAX - 1);
const WAKE: Token = Token(usize::MAX - 2);
const FIRST_LISTENER: usize = usize::MAX / 2;

/// Events that are taken at once.
const EVENTS: usize = 1024;
/// Newcomers, reads and writes before events are looked for again: few enough
/// to stay fair, enough for waiting to cost little beside them.
const NEWCOMERS: usize = 64;
const READS: usize = 256;
const WRITES: usize = 4096;
/// Reads of files' bytes, of a block or of what goes into a pipe, before events
/// are looked for again: so that a line waits for these, not for one of each file.
const BLOCKS: usize = 4;
/// Bytes of lines that are not kept back for more from those who have all others:
/// to copy so many costs the system about as much as a write does, and peers could
/// read them meanwhile.
const PLENTY: usize = 32 << 10;
/// Bytes that count as a write more: so that a turn sends about a MiB, however
/// fast those read who are far behind or fetch files.
const WRITE: usize = 256;

/// A room with its sockets, its folder and who keeps it.
#[derive(Debug)]
pub struct Room<'m> {
    watch: Watch,
    server: Server<'m, FolderStore>,
    door: Door,
    seats: Seats,
    journal: Journal,
    operator: Operator,
    signals: Signals,
    clock: Clock,
    silence: Silence,
    /// Connections that were closed at the door.
    turned_away: u64,
    /// Whether somebody called who is no client: it is seen to at the start of a
    /// turn.
    called: bool,
    /// Whether a signal asks to end.
    ends: bool,
}

/// How the threads beside the room's wake it, and what it waits with.
#[derive(Debug)]
pub struct Waiting {
    poll: Poll,
    waker: Arc<Waker>,
    signals: Signals,
}

impl Waiting {
    /// A poll, and a waker for it. From here on a signal waits for the room.
    pub fn new() -> io::Result<Self> {
        let poll = Poll::new().map_err(|e| explain("cannot wait for events", &e))?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKE)?);
        let mut signals = Signals::take_over()?;
        poll.registry().register(&mut signals, SIGNALS, Interest::READABLE)?;
        Ok(Self { poll, waker, signals })
    }

    /// A call that wakes the room.
    pub fn wake(&self) -> Wake {
        let waker = Arc::clone(&self.waker);
        Box::new(move || {
            // It fails only where the room is gone.
            let _ = waker.wake();
        })
    }
}

impl<'m> Room<'m> {
    /// A room that has not let anybody in yet.
    pub fn new(
        waiting: Waiting,
        server: Server<'m, FolderStore>,
        listeners: Vec<mio::net::TcpListener>,
        limits: Limits,
        (journal, operator): (Journal, Operator),
        silence: Silence,
    ) -> io::Result<Self> {
        let Waiting { poll, signals, .. } = waiting;
        let mut door = Door::new(listeners);
        for (index, listener) in door.listeners().iter_mut().enumerate() {
            let token = Token(FIRST_LISTENER + index);
            poll.registry().register(listener, token, Interest::READABLE)?;
        }
        let seats = Seats::new(server.capacity(), limits);
        let clock = Clock::start();
        Ok(Self {
            watch: Watch::new(poll),
            server,
            door,
            seats,
            journal,
            operator,
            signals,
            clock,
            silence,
            turned_away: 0,
            called: false,
            ends: false,
        })
    }

    /// Serves until a signal, or the operator, asks to end.
    pub fn run(mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(EVENTS);
        loop {
            let Attended { busy, quit } = self.turn(&mut events)?;
            let patience = if busy || quit { Some(Duration::ZERO) } else { self.patience() };
            let rest = self.server.store().is_at_rest();
            self.watch.wait(&mut events, patience, rest)?;
            self.take(&events);
            if quit || self.ends {
                self.end();
                return Ok(());
            }
        }
    }

    /// What was said last still leaves, as far as the links take it at once.
    fn end(mut self) {
        self.write(self.clock.now(), WRITES);
        self.journal.follow(&mut self.server);
        self.journal.close();
    }

    /// How long nothing is due.
    fn patience(&self) -> Option<Duration> {
        let now = self.clock.now();
        let opens = self.door.opens(now).filter(|_| self.server.accepts());
        let due = [self.server.poll_timeout(), self.seats.poll_timeout(), opens];
        let due = due.into_iter().flatten().min()?;
        // The clock has whole milliseconds: what is due in one is not due yet.
        Some(due.since(now).max(Duration::from_millis(1)))
    }

    /// Notes what happened.
    fn take(&mut self, events: &Events) {
        for event in events {
            let Token(seat) = event.token();
            if seat < FIRST_LISTENER {
                if let Some(id) = self.seats.note(seat, event) {
                    self.server.handle_writable(id);
                }
                continue;
            }
            self.called = true;
            match event.token() {
                SIGNALS => {
                    let asked = self.signals.asked();
                    self.ends |= asked.end;
                    self.operator.ask_figures(asked.figures);
                }
                WAKE => {}
                Token(listener) => self.door.knocked(listener - FIRST_LISTENER),
            }
        }
    }

    /// Does what is to be done now; whether some of it is left for later.
    fn turn(&mut self, events: &mut Events) -> io::Result<Attended> {
        let now = self.clock.now();
        self.called = false;
        while let Some(slot) = self.server.store_mut().poll_stored() {
            self.server.handle_stored(now, slot);
        }
        self.let_in(now);
        let mut more = self.exchange(now, events)?;
        more |= self.expire(now) | self.called;
        self.close(now);
        let Self { operator, server, journal, turned_away, .. } = self;
        let attended = operator.attend(now, server, journal, *turned_away);
        Ok(Attended { busy: attended.busy || more, ..attended })
    }

    /// Handles what is due by the clock; whether there was something.
    ///
    /// It comes after the reads: if this thread was held up, what came in
    /// between came in time, and the link was not quiet.
    fn expire(&mut self, now: Instant) -> bool {
        self.seats.sweep(now);
        let due = self.server.poll_timeout().is_some_and(|due| due <= now);
        if due {
            self.server.handle_timeout(now);
        }
        due
    }

    fn let_in(&mut self, now: Instant) {
        for _ in 0..NEWCOMERS {
            if !self.server.accepts() {
                return;
            }
            let Some((stream, addr)) = self.door.next(now) else { return };
            if let Err(why) = self.seats.guests.admit(now, addr.ip()) {
                self.turn_away(stream, why);
                continue;
            }
            // A peer that cannot be set up is gone already.
            if net::tune(&stream, self.silence).is_err() {
                continue;
            }
            match self.server.handle_connected(now, addr) {
                Ok(id) => {
                    let link = TcpLink::new(stream);
                    if self.seats.seat(id, link, addr.ip(), self.watch.registry()).is_err() {
                        self.server.handle_gone(now, id);
                    }
                }
                Err(_) => self.turn_away(stream, Refusal::RoomFull),
            }
        }
    }

    fn turn_away(&mut self, stream: TcpStream, why: Refusal) {
        self.turned_away += 1;
        turn_away(stream, why);
    }

    /// Reads and writes until nothing is left to do, or events are to be looked
    /// for again; whether the latter. Each can make work for the other: what is
    /// said is to be sent, and a peer that has its answers may ask for more.
    fn exchange(&mut self, now: Instant, events: &mut Events) -> io::Result<bool> {
        let (mut reads, mut writes) = (0, 0);
        while reads < READS && writes < WRITES {
            let read = self.listen(now, READS - reads, events)?;
            let written = self.write(now, WRITES - writes);
            if read + written == 0 {
                // What this leads to is seen to in the next turn.
                return Ok(self.read(now, Sends::File, BLOCKS) > 0);
            }
            reads += read;
            writes += written;
        }
        self.read(now, Sends::File, BLOCKS);
        Ok(true)
    }

    /// Reads lines, so often at most; tells how often. Where others wait for the
    /// room, and not it for them, it looks for events in between, until there are
    /// none or [`PLENTY`] is to leave: what is said while others are read leaves
    /// with that, and a write to each peer costs far more than a look.
    fn listen(&mut self, now: Instant, most: usize, events: &mut Events) -> io::Result<usize> {
        let mut reads = self.read(now, Sends::Lines, most);
        let mut more = reads > 0 && self.watch.is_busy();
        while more && reads < most && self.server.backlog() < PLENTY {
            self.watch.wait(events, Some(Duration::ZERO), false)?;
            self.take(events);
            let read = self.read(now, Sends::Lines, most - reads);
            reads += read;
            more = read > 0;
        }
        Ok(reads)
    }

    /// Reads where there is something, so often at most; tells how often.
    fn read(&mut self, now: Instant, those: Sends, most: usize) -> usize {
        for count in 0..most {
            while let Some(id) = self.server.poll_receive(now) {
                self.seats.hear(id, self.watch.registry());
                self.seats.read_later(id);
            }
            let Some(id) = self.seats.next_readable(those) else { return count };
            let Some(link) = self.seats.link(id) else { continue };
            let received = match receive_past(&mut self.server, now, id, link) {
                Some(received) => Ok(received),
                None => receive(&mut self.server, now, id, link),
            };
            match received {
                Ok(Received::More) => self.seats.read_again(id, self.server.takes_file(id)),
                Ok(Received::Waits) if self.server.takes_file(id) => {
                    self.seats.leave_alone(id, self.watch.registry());
                }
                Ok(Received::Waits | Received::Ended) | Err(nb::Error::WouldBlock) => {}
                Err(nb::Error::Other(_)) => drop(self.seats.clear(id)),
            }
        }
        most
    }

    /// Writes where something is due, so often at most; tells how often, with
    /// large writes counted as many.
    fn write(&mut self, now: Instant, most: usize) -> usize {
        let mut count = 0;
        while count < most {
            let Some(id) = self.server.poll_transmit(now) else { break };
            count += 1;
            let Some(link) = self.seats.link(id) else {
                self.server.handle_gone(now, id);
                continue;
            };
            let sent = match transmit(&mut self.server, now, id, link) {
                Ok(0) => transmit_lent(&mut self.server, now, id, link),
                sent => sent,
            };
            match sent {
                Ok(sent) => count += sent / WRITE,
                Err(nb::Error::WouldBlock) => {}
                Err(nb::Error::Other(_)) => drop(self.seats.clear(id)),
            }
        }
        count
    }

    fn close(&mut self, now: Instant) {
        while let Some(id) = self.server.poll_close() {
            self.seats.let_out(now, id, self.watch.registry());
        }
    }
}
