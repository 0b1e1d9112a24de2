//! Sockets that listen, serve and listen again.
//!
//! smoltcp has no backlog: a connection needs a socket that listens when it
//! comes, or it is refused. So a pool has a few sockets more than there are
//! clients, and each of them goes round: it listens, serves a client, says its
//! last words, listens again.

use core::mem;
use core::net::{IpAddr, SocketAddr};
use core::time::Duration;

use heapless::Vec;
use smoltcp::iface::{SocketHandle, SocketSet, SocketStorage};
use smoltcp::socket::AnySocket;
use smoltcp::socket::tcp::{Socket, SocketBuffer, State};
use smoltcp::wire::{IpAddress, IpEndpoint};

use super::link::SocketLink;
use crate::id::ClientId;
use crate::memory::full_of;
use crate::server::full_notice;
use crate::time::Instant;

/// Sockets that a pool should have beyond the room's clients: one listens while
/// another tells a newcomer that the room is full.
pub const SPARE: usize = 2;

/// How often a silent peer is asked whether it is still there.
const KEEP_ALIVE: Duration = Duration::from_secs(30);
/// A peer that answers nothing for so long is dead: two questions lost.
const DEAD: Duration = Duration::from_secs(75);
/// How long a newcomer may take for its handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long the last words to a peer, and its goodbye, may take.
const LINGER: Duration = Duration::from_secs(3);

/// Where a socket is on its round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Listens, or shakes hands.
    Open,
    /// Serves a client.
    Serves(ClientId),
    /// Says its last words, until then at most.
    Leaves(Instant),
}

/// A socket, and where it is.
#[derive(Clone, Copy, Debug)]
struct Seat {
    handle: SocketHandle,
    stage: Stage,
}

/// What a [`Pool`] lives in: as many sockets as `buffers` has entries.
///
/// `N` is [`SPARE`] more than the room has clients. `RX` is how much a peer may
/// send before it is read; `TX` should be twice the room's line limit, so that
/// lines leave whole. `ALL` may be more than `N`, by the sockets that the caller
/// [adds](Pool::add).
#[derive(Debug)]
pub struct PoolMemory<'m, const N: usize, const RX: usize, const TX: usize, const ALL: usize = N> {
    buffers: [([u8; RX], [u8; TX]); N],
    sockets: Vec<SocketStorage<'m>, ALL>,
}

impl<const N: usize, const RX: usize, const TX: usize, const ALL: usize>
    PoolMemory<'_, N, RX, TX, ALL>
{
    /// Memory for `N` sockets, all zero: a `static` of it costs no flash.
    pub const fn new() -> Self {
        Self { buffers: [([0; RX], [0; TX]); N], sockets: Vec::new() }
    }
}

impl<const N: usize, const RX: usize, const TX: usize, const ALL: usize> Default
    for PoolMemory<'_, N, RX, TX, ALL>
{
    fn default() -> Self {
        Self::new()
    }
}

/// The sockets of a room.
#[derive(Debug)]
pub struct Pool<'m, const N: usize> {
    sockets: SocketSet<'m>,
    seats: [Seat; N],
    port: u16,
    /// Slots that the caller has used, and how many there are beside the seats.
    added: usize,
    slots: usize,
}

impl<'m, const N: usize> Pool<'m, N> {
    /// A pool whose sockets listen on `port`, which must not be 0.
    pub fn new<const RX: usize, const TX: usize, const ALL: usize>(
        memory: &'m mut PoolMemory<'m, N, RX, TX, ALL>,
        port: u16,
    ) -> Self {
        const { assert!(ALL >= N) };
        let storage = full_of(&mut memory.sockets, || SocketStorage::EMPTY);
        let mut sockets = SocketSet::new(storage);
        let mut seats = [Seat { handle: SocketHandle::default(), stage: Stage::Open }; N];
        for (seat, (rx, tx)) in seats.iter_mut().zip(&mut memory.buffers) {
            let rx = SocketBuffer::new(&mut rx[..]);
            let tx = SocketBuffer::new(&mut tx[..]);
            let mut socket = Socket::new(rx, tx);
            // A line is worth a segment of its own: TCP_NODELAY, in other words.
            socket.set_nagle_enabled(false);
            socket.set_keep_alive(Some(KEEP_ALIVE.into()));
            seat.handle = sockets.add(socket);
        }
        let mut pool = Self { sockets, seats, port, added: 0, slots: ALL - N };
        pool.reopen();
        pool
    }

    /// Adds a socket of the caller's, for DHCP, say: it is polled with the
    /// others. `None` if all the memory's slots have one.
    ///
    /// [`Room::socket`](super::Room::socket) gives it back.
    pub fn add<T: AnySocket<'m>>(&mut self, socket: T) -> Option<SocketHandle> {
        (self.added < self.slots).then(|| {
            self.added += 1;
            self.sockets.add(socket)
        })
    }

    /// The sockets, for the stack to poll.
    pub(super) fn sockets(&mut self) -> &mut SocketSet<'m> {
        &mut self.sockets
    }

    /// The seat of a socket that a newcomer has connected to.
    pub(super) fn newcomer(&self) -> Option<(usize, SocketAddr)> {
        (0..N).find_map(|at| {
            let socket = self.socket(at);
            let open = self.seats[at].stage == Stage::Open && socket.may_send();
            Some((at, address(socket.remote_endpoint().filter(|_| open)?)))
        })
    }

    /// Gives the newcomer in a seat to its client.
    pub(super) fn seat(&mut self, at: usize, id: ClientId) {
        self.seats[at].stage = Stage::Serves(id);
        self.socket_mut(at).set_timeout(Some(DEAD.into()));
    }

    /// Tells the newcomer in a seat that there is no room, and closes.
    pub(super) fn turn_away(&mut self, now: Instant, at: usize) {
        let mut line = [0; 128];
        let len = full_notice(&mut line);
        // Nothing was sent before, so it fits.
        let _ = self.socket_mut(at).send_slice(&line[..len]);
        self.let_go(now, at);
    }

    /// Closes the link of a client after its last words.
    pub(super) fn let_out(&mut self, now: Instant, id: ClientId) {
        if let Some(at) = self.find(id) {
            self.let_go(now, at);
        }
    }

    fn let_go(&mut self, now: Instant, at: usize) {
        self.socket_mut(at).close();
        self.seats[at].stage = Stage::Leaves(now + LINGER);
    }

    /// The client in a seat, if it serves one.
    pub(super) fn client(&self, at: usize) -> Option<ClientId> {
        match self.seats.get(at)?.stage {
            Stage::Serves(id) => Some(id),
            Stage::Open | Stage::Leaves(_) => None,
        }
    }

    /// The link of a client; looks at all seats.
    pub(super) fn link(&mut self, id: ClientId) -> Option<SocketLink<'_, 'm>> {
        let at = self.find(id)?;
        Some(SocketLink::new(self.socket_mut(at)))
    }

    fn find(&self, id: ClientId) -> Option<usize> {
        self.seats.iter().position(|seat| seat.stage == Stage::Serves(id))
    }

    /// Drops the link of a client that is gone.
    pub(super) fn drop_link(&mut self, now: Instant, id: ClientId) {
        if let Some(at) = self.find(id) {
            self.socket_mut(at).abort();
            self.seats[at].stage = Stage::Leaves(now);
        }
    }

    /// Cuts off those who linger too long, and where nobody listens any more
    /// also those who have their last words and do not hang up.
    pub(super) fn hurry(&mut self, now: Instant) {
        let listens = self.seats.iter().any(|seat| seat.stage == Stage::Open);
        for at in 0..N {
            let Stage::Leaves(until) = self.seats[at].stage else { continue };
            let told = self.socket(at).state() == State::FinWait2;
            if until <= now || (told && !listens) {
                self.socket_mut(at).abort();
            }
        }
    }

    /// When somebody will have lingered too long.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let leaving = self.seats.iter().filter_map(|seat| match seat.stage {
            Stage::Leaves(until) => Some(until),
            Stage::Open | Stage::Serves(_) => None,
        });
        leaving.min()
    }

    /// Whether a socket could listen again.
    pub(super) fn has_done(&self) -> bool {
        (0..N).any(|at| self.is_done(at))
    }

    fn is_done(&self, at: usize) -> bool {
        let done = matches!(self.socket(at).state(), State::Closed | State::TimeWait);
        done && self.client(at).is_none()
    }

    /// Lets sockets listen again that are done. Only after the stack has sent
    /// what it had to: the last acknowledgement or reset would be lost.
    pub(super) fn reopen(&mut self) {
        for at in 0..N {
            if self.is_done(at) {
                self.seats[at].stage = Stage::Open;
                let port = self.port;
                let socket = self.socket_mut(at);
                socket.set_timeout(Some(HANDSHAKE.into()));
                // The socket is closed and the port is not 0.
                let _ = socket.listen(port);
            }
        }
    }

    /// Lets the sockets that listen come behind all others.
    ///
    /// smoltcp gives a segment to the first socket that takes it, and one that
    /// listens takes every SYN, also the second of somebody who is let in by
    /// another already. What that one says next would find the wrong socket
    /// first, which would reset the connection.
    pub(super) fn line_up(&mut self) {
        let mut back = N;
        for front in 0..N {
            if !self.socket(front).is_listening() {
                continue;
            }
            let busy = (front + 1..back).rev().find(|&at| !self.socket(at).is_listening());
            let Some(busy) = busy else { return };
            self.swap(front, busy);
            back = busy;
        }
    }

    /// Lets two sockets change places, each with where it is on its round.
    fn swap(&mut self, front: usize, back: usize) {
        let handles = [self.seats[front].handle, self.seats[back].handle];
        let both = self.sockets.iter_mut().filter(|(handle, _)| handles.contains(handle));
        let mut both = both.filter_map(|(_, socket)| Socket::downcast_mut(socket));
        if let (Some(first), Some(second)) = (both.next(), both.next()) {
            mem::swap(first, second);
        }
        let stage = self.seats[front].stage;
        self.seats[front].stage = mem::replace(&mut self.seats[back].stage, stage);
    }

    fn socket(&self, at: usize) -> &Socket<'m> {
        self.sockets.get(self.seats[at].handle)
    }

    fn socket_mut(&mut self, at: usize) -> &mut Socket<'m> {
        self.sockets.get_mut(self.seats[at].handle)
    }
}

fn address(endpoint: IpEndpoint) -> SocketAddr {
    // Without the stack's feature for it there is no IPv6, and only one arm.
    #[allow(unreachable_patterns)]
    let ip = match endpoint.addr {
        IpAddress::Ipv4(ip) => IpAddr::V4(ip),
        other => IpAddr::from(other),
    };
    SocketAddr::new(ip, endpoint.port)
}
