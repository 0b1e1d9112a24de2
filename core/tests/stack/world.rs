//! A room on one stack, its peers on another, a cable, and a clock that is
//! moved by hand.

use core::time::Duration;
use std::collections::HashMap;

use smoltcp::iface::{self, Interface, SocketHandle, SocketSet, SocketStorage};
use smoltcp::socket::tcp::{Socket, SocketBuffer};
use smoltcp::wire::{EthernetAddress, IpCidr, Ipv4Address};
use snug_core::io::smoltcp::{Pool, PoolMemory, Room, SPARE};
use snug_core::memory::StaticMemory;
use snug_core::server::{Config, Server};
use snug_core::store::{Store, StoreError, TransferSlot};
use snug_core::time::Instant;
use snug_core::wire::name::FileName;

use super::cable::{End, cable};

/// Clients of the room.
pub(crate) const CLIENTS: usize = 3;
const SOCKETS: usize = CLIENTS + SPARE;
/// The line limit is half of what a socket takes, as on a device.
const LINE: usize = 508;
const PORT: u16 = 9999;
/// Where the socket listens that is not the room's.
pub(crate) const OWN_PORT: u16 = 7;
const SERVER: Ipv4Address = Ipv4Address::new(10, 0, 0, 1);

pub(crate) struct World {
    pub(crate) room: Room<'static, Files, End, SOCKETS>,
    /// The socket that was added to the room's.
    pub(crate) own: SocketHandle,
    pub(crate) now: Instant,
    interface: Interface,
    device: End,
    peers: SocketSet<'static>,
    next_port: u16,
    /// When the room wants to be called again.
    due: Option<Instant>,
    /// The peers' machine is off.
    pub(crate) silent: bool,
}

impl World {
    pub(crate) fn new() -> Self {
        let (mut here, mut there) = cable(1);
        let memory = leak(StaticMemory::<CLIENTS, 128, 512, 2, 536>::new());
        let config = Config { line_limit: LINE as u16, ..Config::default() };
        let server = Server::new(memory.lend(), config, Files::default()).unwrap();
        let sockets = leak(PoolMemory::<SOCKETS, 1024, 1024, { SOCKETS + 1 }>::new());
        let mut pool = Pool::new(sockets, PORT);
        let own = pool.add(listener()).unwrap();
        assert!(pool.add(listener()).is_none(), "all slots are taken");
        let interface = interface(&mut here, 1, SERVER);
        let peers = (0..128).map(|_| SocketStorage::EMPTY).collect::<Vec<_>>();
        Self {
            room: Room::new(server, pool, interface, here),
            own,
            now: Instant::from_millis(1),
            interface: self::interface(&mut there, 2, Ipv4Address::new(10, 0, 0, 2)),
            device: there,
            peers: SocketSet::new(Vec::leak(peers)),
            next_port: 50_000,
            due: None,
            silent: false,
        }
    }

    /// The cable loses one frame of so many.
    pub(crate) fn lose(&mut self, of: usize) {
        self.room.device().treat(|treatment| treatment.lose = of);
        self.device.treat(|treatment| treatment.lose = of);
    }

    /// Both stacks do what there is to do.
    pub(crate) fn settle(&mut self) {
        for _ in 0..1000 {
            let now = self.now;
            self.due = self.room.poll(now);
            let now_there = smoltcp::time::Instant::from_millis(now.as_millis().cast_signed());
            if self.silent {
                while let Some(frame) = smoltcp::phy::Device::receive(&mut self.device, now_there) {
                    drop(frame);
                }
            } else {
                self.interface.poll(now_there, &mut self.device, &mut self.peers);
            }
            let comes = |due: Option<u64>| due.is_some_and(|due| due <= now.as_millis());
            let frames = comes(self.room.device().due()) || comes(self.device.due());
            if !frames && self.due.is_none_or(|due| due > now) {
                return;
            }
        }
        panic!("the stacks never come to rest");
    }

    /// Time goes by, in steps of 10 ms as a device's clock does, and both
    /// stacks do what falls due.
    pub(crate) fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while self.now < end {
            self.now = self.now + Duration::from_millis(10);
            self.settle();
        }
    }

    pub(crate) fn connect(&mut self) -> SocketHandle {
        self.connect_to(PORT)
    }

    pub(crate) fn connect_to(&mut self, port: u16) -> SocketHandle {
        let buffer = || SocketBuffer::new(Vec::leak(vec![0; 4096]));
        let mut socket = Socket::new(buffer(), buffer());
        socket.set_nagle_enabled(false);
        self.next_port += 1;
        socket.connect(self.interface.context(), (SERVER, port), self.next_port).unwrap();
        let peer = self.peers.add(socket);
        self.settle();
        peer
    }

    pub(crate) fn socket(&mut self, peer: SocketHandle) -> &mut Socket<'static> {
        self.peers.get_mut(peer)
    }

    /// A peer sends as much as its socket takes; how much that was.
    pub(crate) fn send(&mut self, peer: SocketHandle, bytes: &[u8]) -> usize {
        let sent = self.socket(peer).send_slice(bytes).unwrap();
        self.settle();
        sent
    }

    /// A peer sends all of it, however long that takes.
    pub(crate) fn send_all(&mut self, peer: SocketHandle, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let sent = self.send(peer, bytes);
            bytes = &bytes[sent..];
            self.pass(Duration::from_millis(10));
        }
    }

    /// What has come for a peer.
    pub(crate) fn heard(&mut self, peer: SocketHandle) -> String {
        let mut bytes = Vec::new();
        let mut piece = [0; 4096];
        while let Ok(count @ 1..) = self.socket(peer).recv_slice(&mut piece) {
            bytes.extend_from_slice(&piece[..count]);
            self.settle();
        }
        String::from_utf8(bytes).unwrap()
    }
}

fn leak<T>(value: T) -> &'static mut T {
    Box::leak(Box::new(value))
}

fn interface(device: &mut End, number: u8, address: Ipv4Address) -> Interface {
    let hardware = EthernetAddress([2, 0, 0, 0, 0, number]);
    let config = iface::Config::new(hardware.into());
    let mut interface = Interface::new(config, device, smoltcp::time::Instant::ZERO);
    interface.update_ip_addrs(|all| all.push(IpCidr::new(address.into(), 24)).unwrap());
    interface
}

/// Files by name, in memory.
#[derive(Default)]
pub(crate) struct Files {
    pub(crate) stored: HashMap<String, Vec<u8>>,
    drafts: HashMap<TransferSlot, Vec<u8>>,
}

impl Store for Files {
    fn used(&self) -> u64 {
        self.stored.values().map(|bytes| bytes.len() as u64).sum()
    }

    fn create(&mut self, slot: TransferSlot, _: &FileName, _: u64) -> nb::Result<(), StoreError> {
        self.drafts.insert(slot, Vec::new());
        Ok(())
    }

    fn write(&mut self, slot: TransferSlot, block: &[u8]) -> nb::Result<(), StoreError> {
        let draft = self.drafts.get_mut(&slot).ok_or(StoreError::Failed)?;
        draft.extend_from_slice(block);
        Ok(())
    }

    fn commit(&mut self, slot: TransferSlot, name: &FileName) -> nb::Result<(), StoreError> {
        let bytes = self.drafts.remove(&slot).ok_or(StoreError::Failed)?;
        self.stored.insert(name.as_str().into(), bytes);
        Ok(())
    }

    fn abort(&mut self, slot: TransferSlot) {
        self.drafts.remove(&slot);
    }
}

/// A socket of the caller's own.
fn listener() -> Socket<'static> {
    let buffer = || SocketBuffer::new(Vec::leak(vec![0; 64]));
    let mut socket = Socket::new(buffer(), buffer());
    socket.listen(OWN_PORT).unwrap();
    socket
}
