//! The room of a device on this machine: the same pool of smoltcp's sockets,
//! over a TAP interface of Linux instead of an Ethernet controller.
//!
//! ```sh
//! sudo ip tuntap add name tap0 mode tap user $USER
//! sudo ip addr add 192.168.69.1/24 dev tap0
//! sudo ip link set tap0 up
//! cargo run -p snug-core --features smoltcp --example tap -- tap0
//! nc 192.168.69.2 9999
//! sudo ip link delete tap0
//! ```
//!
//! There is no store: files are refused, and the room goes on.

use core::error::Error;
use core::hash::BuildHasher;
use std::env;
use std::hash::RandomState;
use std::io::{self, Write};
use std::os::fd::AsRawFd;

use smoltcp::iface::{self, Interface};
use smoltcp::phy::{self, Medium, TunTapInterface};
use smoltcp::wire::{EthernetAddress, IpCidr, Ipv4Address};
use snug_core::io::smoltcp::{Pool, PoolMemory, Room, SPARE};
use snug_core::memory::StaticMemory;
use snug_core::server::{Config, Server};
use snug_core::store::NoStore;
use snug_core::time::Instant;

const ADDRESS: Ipv4Address = Ipv4Address::new(192, 168, 69, 2);
const HARDWARE_ADDRESS: [u8; 6] = [0x02, 0x53, 0x6E, 0x75, 0x67, 0x02];
const PORT: u16 = 9999;

/// Clients at once, bytes of a line, and the room's lines in units of 64 bytes.
const CLIENTS: usize = 8;
const LINE: usize = 508;
const LOG: usize = 8 * 1024 / 64;

fn main() -> Result<(), Box<dyn Error>> {
    let name = env::args().nth(1).ok_or("name a TAP interface, such as tap0")?;
    let mut tap = TunTapInterface::new(&name, Medium::Ethernet)?;
    let frames = tap.as_raw_fd();

    // On a device these two are statics.
    let memory = Box::leak(Box::new(StaticMemory::<CLIENTS, LOG, { LINE + 4 }, 0, 0>::new()));
    let sockets = Box::leak(Box::new(PoolMemory::<{ CLIENTS + SPARE }, 1024, 1024>::new()));

    let config = Config { line_limit: LINE as u16, seed: seed(), ..Config::default() };
    let server = Server::new(memory.lend(), config, NoStore)?;
    let interface = interface(&mut tap);
    let mut room = Room::new(server, Pool::new(sockets, PORT), interface, tap);
    println!("Chat server started on port {PORT}.");

    let start = std::time::Instant::now();
    loop {
        let now = Instant::from_millis(start.elapsed().as_millis() as u64);
        let due = room.poll(now);
        show(room.server())?;
        let pause = due.map(|due| due.as_millis() - now.as_millis());
        phy::wait(frames, pause.map(smoltcp::time::Duration::from_millis))?;
    }
}

/// The stack's end of the cable.
fn interface(tap: &mut TunTapInterface) -> Interface {
    let mut config = iface::Config::new(EthernetAddress(HARDWARE_ADDRESS).into());
    config.random_seed = seed();
    let mut interface = Interface::new(config, tap, smoltcp::time::Instant::ZERO);
    let address = IpCidr::new(ADDRESS.into(), 24);
    interface.update_ip_addrs(|all| all.push(address).expect("there is room for two"));
    interface
}

/// Shows the room's lines.
fn show(server: &mut Server<'_, NoStore>) -> io::Result<()> {
    let mut out = io::stdout().lock();
    loop {
        let lines = server.console(256);
        let len = lines.len();
        if len == 0 {
            return out.flush();
        }
        out.write_all(lines)?;
        server.handle_shown(len);
    }
}

/// A number that nobody can foresee: the hasher's keys are random.
fn seed() -> u64 {
    RandomState::new().hash_one(())
}
