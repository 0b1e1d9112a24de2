//! A room on smoltcp: a pool of its sockets, and one call that drives all.
//!
//! A [`Room`] holds a [`Server`], a [`Pool`] of sockets, smoltcp's interface
//! and the device driver below it. The caller lends the memory and calls
//! [`Room::poll`] when a frame came, when the time has come that the last call
//! gave, and when the store has finished something. Of this the room is told
//! before, slot by slot, with [`Server::handle_stored`] of [`Room::server`]:
//! how a store tells which slots they are is between the caller and the store.
//!
//! Work per call is bounded: [`FRAMES`] frames are taken in, and each socket is
//! read from and written to a few times. A call looks at every socket; a pool
//! is as small as the stack that it belongs to.

mod link;
mod pool;

use core::fmt;

use embedded_io::WriteReady;
use smoltcp::iface::{Interface, PollIngressSingleResult, PollResult, SocketHandle};
use smoltcp::phy::Device;
use smoltcp::socket::AnySocket;

pub use link::{LinkError, SocketLink};
pub use pool::{Pool, PoolMemory, SPARE};

use super::{Received, receive, transmit};
use crate::id::ClientId;
use crate::server::Server;
use crate::store::Store;
use crate::time::Instant;

/// Frames that are taken in by one [`Room::poll`].
pub const FRAMES: usize = 16;
/// Reads of each link in one [`Room::poll`].
const READS: usize = 4;
/// Writes in one [`Room::poll`], to all links together.
const WRITES: usize = 64;
/// Frames that each socket sends at the end of one [`Room::poll`].
const ROUNDS: usize = 4;

/// A room with its network stack, of `N` sockets.
pub struct Room<'m, S, D, const N: usize> {
    server: Server<'m, S>,
    pool: Pool<'m, N>,
    interface: Interface,
    device: D,
}

impl<'m, S: Store, D: Device, const N: usize> Room<'m, S, D, N> {
    /// A room that nobody has entered.
    ///
    /// The interface has its address already. `N` should be the room's clients
    /// and [`SPARE`] more.
    pub fn new(server: Server<'m, S>, pool: Pool<'m, N>, interface: Interface, device: D) -> Self {
        Self { server, pool, interface, device }
    }

    /// The room.
    pub fn server(&mut self) -> &mut Server<'m, S> {
        &mut self.server
    }

    /// The pool, to add sockets to it.
    pub fn pool(&mut self) -> &mut Pool<'m, N> {
        &mut self.pool
    }

    /// The stack's interface, to change its address.
    pub fn interface(&mut self) -> &mut Interface {
        &mut self.interface
    }

    /// A socket that was [added](Pool::add) to the pool.
    ///
    /// # Panics
    ///
    /// If that socket is of another type.
    pub fn socket<T: AnySocket<'m>>(&mut self, handle: SocketHandle) -> &mut T {
        self.pool.sockets().get_mut(handle)
    }

    /// The device driver.
    pub fn device(&mut self) -> &mut D {
        &mut self.device
    }

    /// Does all that is to be done now, and says when to call again if no frame
    /// comes before: `now` itself where there is more to do, never for `None`.
    pub fn poll(&mut self, now: Instant) -> Option<Instant> {
        if self.server.poll_timeout().is_some_and(|due| due <= now) {
            self.server.handle_timeout(now);
        }
        let mut more = self.take_in(now);
        self.let_in(now);
        more |= self.read(now);
        more |= self.write(now);
        while let Some(id) = self.server.poll_close() {
            self.pool.let_out(now, id);
        }
        self.pool.hurry(now);
        more |= self.send_out(now);
        self.pool.reopen();
        self.pool.line_up();
        if more { Some(now) } else { self.due(now) }
    }

    fn due(&mut self, now: Instant) -> Option<Instant> {
        let stack = self.interface.poll_at(stack_time(now), self.pool.sockets());
        let stack = stack.map(|due| Instant::from_millis(due.total_millis().cast_unsigned()));
        let due = [self.server.poll_timeout(), self.pool.poll_timeout(), stack];
        due.into_iter().flatten().min().map(|due| due.max(now))
    }

    /// Takes in what came, frame by frame; whether there may be more.
    ///
    /// A socket must listen again as soon as it can, since the next frame may
    /// be somebody who wants to come in, and behind those that do not, since it
    /// may also be somebody who has come in.
    fn take_in(&mut self, now: Instant) -> bool {
        for _ in 0..FRAMES {
            let Self { interface, device, pool, .. } = self;
            match interface.poll_ingress_single(stack_time(now), device, pool.sockets()) {
                PollIngressSingleResult::None => return false,
                PollIngressSingleResult::PacketProcessed => {}
                PollIngressSingleResult::SocketStateChanged => {
                    if self.pool.has_done() {
                        self.send_out(now);
                        self.pool.reopen();
                    }
                    self.pool.line_up();
                }
            }
        }
        true
    }

    /// Lets newcomers in, as long as the room takes any, or tells them that it
    /// is full.
    fn let_in(&mut self, now: Instant) {
        while self.server.accepts() {
            let Some((at, addr)) = self.pool.newcomer() else { return };
            match self.server.handle_connected(now, addr) {
                Ok(id) => self.pool.seat(at, id),
                Err(_) => self.pool.turn_away(now, at),
            }
        }
    }

    /// Reads where there is something; whether there may be more.
    fn read(&mut self, now: Instant) -> bool {
        for _ in 0..READS {
            let mut more = false;
            for at in 0..N {
                // Whom this lets go on is read below like everybody else.
                more |= self.server.poll_receive(now).is_some();
                more |= self.read_seat(now, at);
            }
            if !more {
                return false;
            }
        }
        true
    }

    /// Reads once from who sits in a seat; whether there may be more.
    fn read_seat(&mut self, now: Instant, at: usize) -> bool {
        let Some(id) = self.pool.client(at) else { return false };
        let Some(mut link) = self.pool.link(id) else { return false };
        // One who has to wait is not read, but must not hang on when gone.
        let received = if link.is_gone() {
            self.server.handle_gone(now, id);
            Err(nb::Error::Other(LinkError::Gone))
        } else {
            receive(&mut self.server, now, id, &mut link)
        };
        match received {
            Ok(Received::More) => return true,
            Ok(Received::Waits | Received::Ended) | Err(nb::Error::WouldBlock) => {}
            Err(nb::Error::Other(_)) => self.pool.drop_link(now, id),
        }
        false
    }

    /// Writes where something is due; whether there may be more.
    fn write(&mut self, now: Instant) -> bool {
        for at in 0..N {
            let Some(id) = self.pool.client(at) else { continue };
            if self.pool.link(id).is_some_and(|mut link| link.write_ready() == Ok(true)) {
                self.server.handle_writable(id);
            }
        }
        for _ in 0..WRITES {
            let Some(id) = self.server.poll_transmit(now) else { return false };
            self.write_to(now, id);
        }
        true
    }

    fn write_to(&mut self, now: Instant, id: ClientId) {
        let Some(mut link) = self.pool.link(id) else {
            self.server.handle_gone(now, id);
            return;
        };
        match transmit(&mut self.server, now, id, &mut link) {
            Err(nb::Error::Other(_)) => self.pool.drop_link(now, id),
            // A segment for each write: a classic peer takes what comes
            // together for one message.
            _ => {
                self.poll_egress(now);
            }
        }
    }

    /// Sends what the sockets have; whether there may be more.
    fn send_out(&mut self, now: Instant) -> bool {
        (0..ROUNDS).all(|_| self.poll_egress(now))
    }

    /// Sends a frame a socket, at most; whether any was sent.
    fn poll_egress(&mut self, now: Instant) -> bool {
        let Self { interface, device, pool, .. } = self;
        let sent = interface.poll_egress(stack_time(now), device, pool.sockets());
        sent == PollResult::SocketStateChanged
    }
}

impl<S, D, const N: usize> fmt::Debug for Room<'_, S, D, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Room").field("pool", &self.pool).finish_non_exhaustive()
    }
}

fn stack_time(now: Instant) -> smoltcp::time::Instant {
    smoltcp::time::Instant::from_millis(now.as_millis().cast_signed())
}
