//! A host over smoltcp: the room on one stack, as on a device, its peers on
//! another, and a cable between them that loses, doubles, spoils and reorders
//! frames.
//!
//! What a peer's link carries goes into a socket of the peers' stack, and what
//! comes out of that goes over the link. So the links may still do what they
//! like, and the network comes on top.

use core::net::IpAddr;
use core::time::Duration;
use std::collections::HashMap;

use embedded_io::{Read, ReadReady, Write, WriteReady};
use smoltcp::iface::{Config, Interface, PollResult, SocketHandle, SocketSet};
use smoltcp::socket::tcp::{Socket, SocketBuffer, State};
use smoltcp::wire::{
    EthernetAddress, EthernetFrame, IpCidr, Ipv4Address, Ipv4Packet, TcpPacket, TcpSeqNumber,
};
use snug_core::io::smoltcp::{Pool, PoolMemory, Room, SPARE};
use snug_core::server::Server;
use snug_core::time::Instant;

use super::agenda::Event;
use super::folder::Folder;
use super::host::{Around, Host};
use super::link::{LinkError, Near};
use super::tally::{Fault, Tally};
use super::wire::Fate;
use crate::cable::{End, Treatment, cable};
use crate::support::random::Random;

/// Clients of a room on a stack, at most.
pub(crate) const MOST_CLIENTS: usize = 6;
const SOCKETS: usize = MOST_CLIENTS + SPARE;
/// What the sockets of the room live in.
pub(crate) type Sockets<'m> = PoolMemory<'m, SOCKETS, BUFFER, BUFFER>;

const ROOM: Ipv4Address = Ipv4Address::new(10, 9, 9, 9);
const PORT: u16 = 9999;
/// Bytes that a socket takes in each direction. The room writes again to one
/// that was full when half of it is free.
const BUFFER: usize = 1024;
/// Milliseconds between two tries to get something through, at most.
const LONGEST_WAIT: u64 = 60_000;

/// Two stacks and the cable.
pub(crate) struct Stack<'m> {
    room: Room<'m, Folder, End, SOCKETS>,
    /// When all was done last.
    now: Instant,
    /// When the room's stack or the room want to be asked again.
    due: Option<u64>,
    peers: Interface,
    end: End,
    sockets: SocketSet<'static>,
    /// By the numbers of the peers.
    seats: Vec<Seat>,
    /// Up to where the other end has room, as far as the room and the peers
    /// know, by the peers' ports.
    windows: [HashMap<u16, TcpSeqNumber>; 2],
}

/// The socket of a peer.
#[derive(Debug)]
struct Seat {
    /// None when nothing more comes from it.
    handle: Option<SocketHandle>,
    /// Bytes that the peer took since the room was sure to know of it.
    taken: usize,
}

impl<'m> Stack<'m> {
    pub(crate) fn new(
        server: Server<'m, Folder>,
        memory: &'m mut Sockets<'m>,
        now: Instant,
        seed: u64,
    ) -> Self {
        let (mut here, mut there) = cable(seed);
        let interface = interface(&mut here, 1, ROOM, now);
        let mut peers = self::interface(&mut there, 2, Ipv4Address::new(10, 0, 0, 1), now);
        // Its peers have many addresses.
        peers.set_any_ip(true);
        let sockets = SocketSet::new(Vec::new());
        let room = Room::new(server, Pool::new(memory, PORT), interface, here);
        Self {
            room,
            now,
            due: None,
            peers,
            end: there,
            sockets,
            seats: Vec::new(),
            windows: Default::default(),
        }
    }

    fn treat(&mut self, change: impl Fn(&mut Treatment)) {
        self.room.device().treat(&change);
        self.end.treat(&change);
    }

    fn sent(&mut self) -> u64 {
        self.room.device().fates().sent + self.end.fates().sent
    }

    /// How often the store has done what the room asked it for.
    fn served(&mut self) -> u64 {
        self.room.server().store().0.borrow().served
    }

    /// Cuts off the ends of streams behind more than the other's socket has room
    /// for, as far as who sends them can know.
    ///
    /// smoltcp 0.14 sends them: when it repeats a segment early, it does not
    /// look at the other's window. And where it gets one, it takes the end for
    /// the byte behind what it had room for, so that what stood there is
    /// missing. Other stacks cut off the end with what they have no room for.
    fn cut_early_ends(&mut self, now: u64) {
        let ends = [&*self.room.device(), &self.end];
        for (end, windows) in ends.into_iter().zip(&mut self.windows) {
            end.inspect(now, |frame| {
                // What smoltcp tells with a probe of one byte, it does not hold to.
                if let Some(Segment { port, window, len, .. }) = segment(frame)
                    && len != 1
                {
                    let known = windows.entry(port).or_insert(window);
                    *known = window.max(*known);
                }
            });
        }
        for (end, windows) in ends.into_iter().rev().zip(&self.windows) {
            end.inspect(now, |frame| {
                let Some(Segment { port, end, ends, .. }) = segment(frame) else { return };
                if ends && windows.get(&port).is_some_and(|&window| end > window) {
                    cut_end(frame);
                }
            });
        }
    }

    /// Passes on what a peer's link and its socket have for each other; how
    /// many bytes that were.
    fn pump(&mut self, at: usize, around: &mut Around<'_, 'm>) -> usize {
        let Seat { handle: Some(handle), taken } = &mut self.seats[at] else { return 0 };
        let socket = self.sockets.get_mut::<Socket<'_>>(*handle);
        let mut near = around.near(at);
        let sent = send(socket, &mut near);
        let heard = hear(socket, &mut near);
        let refused = core::mem::take(&mut near.link.refused);
        if refused {
            around.agenda.after(1 + around.random.next() % 50, Event::Retry(at));
        }
        let peer = &mut around.peers[at];
        peer.connected |= socket.may_send();
        *taken += heard;
        if *taken >= BUFFER / 2 {
            // The room knows as soon as an acknowledgement comes through.
            *taken = 0;
            peer.free(around.agenda.now, LONGEST_WAIT);
            peer.blocked = Some(around.agenda.now);
        }
        if is_over(socket) {
            peer.connected = false;
            peer.link.to_peer.send_end(around.agenda.now);
            socket.close();
            self.seats[at].handle = None;
        }
        sent + heard
    }
}

/// What matters of a TCP segment.
struct Segment {
    /// The peer's, whoever sends it.
    port: u16,
    len: usize,
    /// Behind its last byte.
    end: TcpSeqNumber,
    /// Behind the last byte for which who sends it has room.
    window: TcpSeqNumber,
    /// It ends its stream.
    ends: bool,
}

/// The segment of a connection in a frame, if nothing of it is spoiled.
fn segment(frame: &[u8]) -> Option<Segment> {
    let frame = EthernetFrame::new_checked(frame).ok()?;
    let packet =
        Ipv4Packet::new_checked(frame.payload()).ok().filter(Ipv4Packet::verify_checksum)?;
    let tcp = TcpPacket::new_checked(packet.payload()).ok()?;
    let whole = tcp.verify_checksum(&packet.src_addr().into(), &packet.dst_addr().into());
    // The first one and those that reset know nothing of the other's bytes.
    if !whole || !tcp.ack() || tcp.rst() {
        return None;
    }
    let port = if tcp.src_port() == PORT { tcp.dst_port() } else { tcp.src_port() };
    let window = tcp.ack_number() + usize::from(tcp.window_len());
    let len = tcp.payload().len();
    Some(Segment { port, len, end: tcp.seq_number() + len, window, ends: tcp.fin() })
}

/// Lets a segment end nothing.
fn cut_end(frame: &mut [u8]) {
    let mut frame = EthernetFrame::new_unchecked(frame);
    let mut packet = Ipv4Packet::new_unchecked(frame.payload_mut());
    let (from, to) = (packet.src_addr().into(), packet.dst_addr().into());
    let mut tcp = TcpPacket::new_unchecked(packet.payload_mut());
    tcp.set_fin(false);
    tcp.fill_checksum(&from, &to);
}

/// What the link has goes into the socket, as much as that takes.
fn send(socket: &mut Socket<'_>, near: &mut Near<'_>) -> usize {
    if near.link.to_room.fate == Fate::Reset {
        socket.abort();
    }
    let mut count = 0;
    let mut bytes = [0; BUFFER];
    while socket.can_send() && near.read_ready() == Ok(true) {
        let room = socket.send_capacity() - socket.send_queue();
        match near.read(&mut bytes[..room]) {
            Ok(0) => socket.close(),
            Ok(some) => count += socket.send_slice(&bytes[..some]).expect("it can send"),
            Err(LinkError::NotNow) => break,
            Err(LinkError::Reset) => socket.abort(),
        }
    }
    count
}

/// What the socket has goes over the link, as much as that takes.
fn hear(socket: &mut Socket<'_>, near: &mut Near<'_>) -> usize {
    let mut count = 0;
    while socket.can_recv() && near.write_ready() == Ok(true) {
        let taken = socket.recv(|bytes| near.write(bytes).map_or((0, 0), |count| (count, count)));
        match taken.expect("it can receive") {
            0 => break,
            some => count += some,
        }
    }
    count
}

/// Whether nothing more will come from the room.
fn is_over(socket: &Socket<'_>) -> bool {
    use State::{CloseWait, Closed, Closing, LastAck, TimeWait};
    let ended = matches!(socket.state(), CloseWait | Closing | LastAck | TimeWait | Closed);
    ended && !socket.can_recv()
}

impl<'m> Host<'m> for Stack<'m> {
    fn server(&mut self) -> &mut Server<'m, Folder> {
        self.room.server()
    }

    fn connect(&mut self, at: usize, around: &mut Around<'_, 'm>) -> bool {
        let peer = &mut around.peers[at];
        let buffer = || SocketBuffer::new(vec![0; BUFFER]);
        let mut socket = Socket::new(buffer(), buffer());
        socket.set_nagle_enabled(false);
        // A host gives up on a dead line as the room does.
        socket.set_timeout(Some(Duration::from_secs(75).into()));
        socket.set_keep_alive(Some(Duration::from_secs(30).into()));
        let IpAddr::V4(ip) = peer.addr.ip() else { panic!("the stack has no IPv6") };
        let (there, here) = ((ROOM, PORT), (ip, peer.addr.port()));
        socket.connect(self.peers.context(), there, here).expect("the address is good");
        self.seats.push(Seat { handle: Some(self.sockets.add(socket)), taken: 0 });
        // Nobody sees its link get full.
        peer.was_full = true;
        peer.full = true;
        peer.blocked = Some(around.agenda.now);
        true
    }

    /// Lets each stack do what it can at once.
    fn step(&mut self, around: &mut Around<'_, 'm>) -> bool {
        let now = around.agenda.instant();
        self.now = now;
        let (before, served) = (self.sent(), self.served());
        let moved: usize = (0..self.seats.len()).map(|at| self.pump(at, around)).sum();
        self.cut_early_ends(now.as_millis());
        let polled = self.peers.poll(stack_time(now), &mut self.end, &mut self.sockets);
        let changed = polled == PollResult::SocketStateChanged;
        self.cut_early_ends(now.as_millis());
        self.due = self.room.poll(now).map(Instant::as_millis);
        let sent = self.sent() - before;
        // Of a kept file a block is read again at each call, and nothing leaves.
        let stored = self.served() > served;
        let active = moved > 0 || sent > 0 || changed || stored;
        around.work.moved(usize::from(active));
        active || self.due().is_some_and(|due| due <= now.as_millis())
    }

    fn due(&mut self) -> Option<u64> {
        let stack = self.peers.poll_at(stack_time(self.now), &self.sockets);
        let stack = stack.map(|due| due.total_millis().cast_unsigned());
        let dues = [self.due, stack, self.end.due(), self.room.device().due()];
        dues.into_iter().flatten().min()
    }

    fn note(&mut self, _at: usize, _around: &mut Around<'_, 'm>) {}

    fn tell_writable(&mut self, _at: usize, _around: &mut Around<'_, 'm>) {}

    fn is_direct(&self) -> bool {
        false
    }

    fn change_weather(&mut self, random: &mut Random) {
        let new = Treatment {
            lose: *random.pick(&[0, 100, 20, 8]),
            double: *random.pick(&[0, 50, 10]),
            spoil: *random.pick(&[0, 50, 20]),
            delay: *random.pick(&[0, 1, 20]),
            jitter: *random.pick(&[0, 5, 40, 300]),
            ..Treatment::default()
        };
        self.treat(|treatment| *treatment = new);
    }

    fn part(&mut self, until: u64) {
        self.treat(|treatment| treatment.parted = until);
    }

    fn heal(&mut self) {
        self.treat(|treatment| *treatment = Treatment::default());
    }

    fn count(&mut self, tally: &mut Tally) {
        for fates in [self.room.device().fates(), self.end.fates()] {
            tally.add(Fault::LostFrame, fates.lost);
            tally.add(Fault::DoubledFrame, fates.doubled);
            tally.add(Fault::SpoiledFrame, fates.spoiled);
            tally.add(Fault::OvertakenFrame, fates.overtaken);
        }
    }
}

fn interface(device: &mut End, number: u8, address: Ipv4Address, now: Instant) -> Interface {
    let hardware = EthernetAddress([2, 0, 0, 0, 0, number]);
    let mut config = Config::new(hardware.into());
    config.random_seed = u64::from(number);
    let mut interface = Interface::new(config, device, stack_time(now));
    let network = IpCidr::new(address.into(), 8);
    interface.update_ip_addrs(|all| all.push(network).expect("there is room for one"));
    interface
}

fn stack_time(now: Instant) -> smoltcp::time::Instant {
    smoltcp::time::Instant::from_millis(now.as_millis().cast_signed())
}
