//! The room on a microcontroller: snug-core over smoltcp, on an LM3S6965.
//!
//! This file is the whole of the application. What it needs of the board is in
//! `board`, and what it needs of Snug is a library.

#![no_std]
#![no_main]

mod board;
mod budget;
mod card;
#[cfg(feature = "dhcp")]
mod dhcp;
mod pace;

use cortex_m_rt::entry;
use smoltcp::iface::{self, Interface};
use smoltcp::wire::{EthernetAddress, IpCidr, Ipv4Address};
use snug_core::io::smoltcp::{Pool, PoolMemory, Room, SPARE};
use snug_core::memory::{HEADROOM, StaticMemory};
use snug_core::server::{Config, Server};
use snug_core::time::Instant;
use static_cell::ConstStaticCell;

use board::{Board, Frames, Mac, Spi, Uart};
use card::{CardMemory, CardStore};
use pace::Pass;

const PORT: u16 = 9999;
const HARDWARE_ADDRESS: [u8; 6] = [0x02, 0x53, 0x6E, 0x75, 0x67, 0x01];
const ADDRESS: IpCidr =
    IpCidr::new(smoltcp::wire::IpAddress::Ipv4(Ipv4Address::new(10, 0, 2, 15)), 24);
const GATEWAY: Ipv4Address = Ipv4Address::new(10, 0, 2, 2);

/// Clients at once.
const CLIENTS: usize = 8;
/// Bytes of a line, with its prefix.
const LINE: usize = 508;
/// Bytes that are held of each client: a line and four.
const INPUT: usize = LINE + 4;
/// The room's lines, in units of 64 bytes.
const LOG: usize = 8 * 1024 / 64;
/// Files under way at once, and bytes of a block: a sector of the card.
const TRANSFERS: usize = 4;
const BLOCK: usize = 512 + HEADROOM;
const SOCKETS: usize = CLIENTS + SPARE;
/// Sockets with that of DHCP.
const SLOTS: usize = SOCKETS + cfg!(feature = "dhcp") as usize;
/// Bytes of a file.
const MAX_FILE: u64 = 64 << 20;

type DeviceServer = Server<'static, CardStore>;
#[cfg(feature = "dhcp")]
type DevicePool = Pool<'static, SOCKETS>;
type DeviceRoom = Room<'static, CardStore, Mac, SOCKETS>;

static MEMORY: ConstStaticCell<StaticMemory<CLIENTS, LOG, INPUT, TRANSFERS, BLOCK>> =
    ConstStaticCell::new(StaticMemory::new());
static SOCKET_MEMORY: ConstStaticCell<PoolMemory<'static, SOCKETS, 1024, 1024, SLOTS>> =
    ConstStaticCell::new(PoolMemory::new());
static CARD_MEMORY: ConstStaticCell<CardMemory<TRANSFERS>> =
    ConstStaticCell::new(CardMemory::new());
static FRAMES: ConstStaticCell<Frames> = ConstStaticCell::new(Frames::new());

#[entry]
fn main() -> ! {
    let board = Board::start(FRAMES.take(), HARDWARE_ADDRESS).expect("main runs once");
    let Board { mut clock, mut uart, mac, spi } = board;
    let mut room = room(mac, spi, clock.noise());
    if !room.server().store().has_card() {
        uart.say("There is no card that can be used; files are refused.\n");
    }
    #[cfg(feature = "dhcp")]
    let asker = dhcp::start(room.pool());
    #[cfg(not(feature = "dhcp"))]
    uart.say("Chat server started on port 9999.\n");

    loop {
        let pass = Pass::begin();
        let now = clock.now();
        go_on_storing(room.server(), now);
        let due = room.poll(now);
        #[cfg(feature = "dhcp")]
        dhcp::follow(&mut room, asker, &mut uart);
        show(room.server(), &mut uart);
        pass.end();
        if !room.server().store().is_busy() {
            clock.sleep(due);
        }
    }
}

/// The room in the memory above. Its parts are moved together on the stack, and
/// are gone from there before anybody comes.
#[inline(never)]
fn room(mut mac: Mac, spi: Spi, seed: u64) -> DeviceRoom {
    let store = CardStore::open(spi, CARD_MEMORY.take());
    let server = Server::new(MEMORY.take().lend(), config(seed), store);
    let server = server.expect("the sizes above fit together");
    let pool = Pool::new(SOCKET_MEMORY.take(), PORT);
    let interface = interface(&mut mac, seed);
    Room::new(server, pool, interface, mac)
}

/// How the room behaves.
fn config(seed: u64) -> Config {
    Config { line_limit: LINE as u16, max_file: MAX_FILE, seed, ..Config::default() }
}

/// Lets an upload go on that waits for the card: one block or so a turn.
fn go_on_storing(server: &mut DeviceServer, now: Instant) {
    server.store_mut().begin_pass();
    while let Some(slot) = server.store_mut().poll_stored() {
        server.handle_stored(now, slot);
    }
}

/// The stack's end of the cable.
fn interface(mac: &mut Mac, seed: u64) -> Interface {
    let mut config = iface::Config::new(EthernetAddress(HARDWARE_ADDRESS).into());
    config.random_seed = seed;
    let mut interface = Interface::new(config, mac, smoltcp::time::Instant::ZERO);
    if cfg!(not(feature = "dhcp")) {
        interface.update_ip_addrs(|all| {
            // There is room for two.
            let _ = all.push(ADDRESS);
        });
        // There is room for the one route.
        let _ = interface.routes_mut().add_default_ipv4_route(GATEWAY);
    }
    interface
}

/// Shows the room's lines on the console, as far as it takes them now.
fn show(server: &mut DeviceServer, uart: &mut Uart) {
    loop {
        let lines = server.console(256);
        let shown = uart.offer(lines);
        let all = shown == lines.len();
        server.handle_shown(shown);
        if shown == 0 || !all {
            return;
        }
    }
}
