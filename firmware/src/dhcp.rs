//! The device's address, from the network.

use core::fmt::Write as _;

use heapless::String;
use smoltcp::iface::SocketHandle;
use smoltcp::socket::dhcpv4::{Event, Socket};
use smoltcp::wire::{IpCidr, Ipv4Address, Ipv4Cidr};

use crate::board::Uart;
use crate::{DevicePool, DeviceRoom, PORT};

/// Begins to ask for an address.
pub fn start(pool: &mut DevicePool) -> SocketHandle {
    pool.add(Socket::new()).expect("SLOTS has one for it")
}

/// Takes the address that the network gives, or takes away.
pub fn follow(room: &mut DeviceRoom, asker: SocketHandle, uart: &mut Uart) {
    match room.socket::<Socket<'_>>(asker).poll() {
        None => {}
        Some(Event::Deconfigured) => set(room, None, None),
        Some(Event::Configured(lease)) => {
            let (address, router) = (lease.address, lease.router);
            set(room, Some(address), router);
            let mut line = String::<64>::new();
            // Shorter than 64 bytes, whatever the address is.
            let _ =
                writeln!(line, "The address is {address}.\nChat server started on port {PORT}.");
            uart.say(&line);
        }
    }
}

fn set(room: &mut DeviceRoom, address: Option<Ipv4Cidr>, router: Option<Ipv4Address>) {
    room.interface().update_ip_addrs(|all| {
        all.clear();
        // There is room for two.
        all.extend(address.map(IpCidr::Ipv4));
    });
    let ways = room.interface().routes_mut();
    ways.remove_default_ipv4_route();
    if let Some(router) = router {
        // There is room for the one route.
        let _ = ways.add_default_ipv4_route(router);
    }
}
