//! Addresses as they are shown: as the standard library shows them.
//!
//! Those of IPv4 are written here. One stands before each text of who has no
//! nick, and for its five numbers the machinery of [`core::fmt`] takes several
//! times as long.

use core::fmt::{self, Display};
use core::net::{SocketAddr, SocketAddrV4};

/// Characters of the longest address of IPv4, with its port.
const LONGEST: usize = 21;

/// Shows an address.
pub(super) fn show(addr: SocketAddr, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match addr {
        SocketAddr::V4(addr) => {
            let mut page = [0; LONGEST];
            let text = write(addr, &mut page);
            f.write_str(str::from_utf8(text).unwrap_or_default())
        }
        SocketAddr::V6(addr) => addr.fmt(f),
    }
}

/// Writes an address at the end of a page, from its last digit on.
fn write(addr: SocketAddrV4, page: &mut [u8; LONGEST]) -> &[u8] {
    let [a, b, c, d] = addr.ip().octets().map(u16::from);
    let mut start = page.len();
    let mut put = |byte| {
        start = start.saturating_sub(1);
        if let Some(place) = page.get_mut(start) {
            *place = byte;
        }
    };
    for (mut number, behind) in [(addr.port(), None), (d, Some(b':')), (c, DOT), (b, DOT), (a, DOT)]
    {
        if let Some(byte) = behind {
            put(byte);
        }
        loop {
            put(b'0' + (number % 10) as u8);
            number /= 10;
            if number == 0 {
                break;
            }
        }
    }
    page.get(start..).unwrap_or_default()
}

const DOT: Option<u8> = Some(b'.');

#[cfg(test)]
mod tests {
    extern crate std;

    use core::net::{Ipv4Addr, Ipv6Addr};
    use std::string::ToString;

    use super::*;
    use crate::dice::Dice;

    struct Shown(SocketAddr);

    impl Display for Shown {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            show(self.0, f)
        }
    }

    #[test]
    fn agrees_with_std() {
        const OCTETS: [u8; 10] = [0, 1, 9, 10, 99, 100, 101, 199, 200, 255];
        const PORTS: [u16; 8] = [0, 9, 10, 999, 1000, 10_000, 50_426, 65_535];
        let mut dice = Dice::new(7);
        for _ in 0..10_000 {
            let ip = Ipv4Addr::from([(); 4].map(|()| dice.pick(&OCTETS)));
            let port = dice.pick(&PORTS);
            let addr = SocketAddr::from((ip, port));
            assert_eq!(Shown(addr).to_string(), addr.to_string());
        }
        let addr = SocketAddr::from((Ipv6Addr::LOCALHOST, 7));
        assert_eq!(Shown(addr).to_string(), "[::1]:7");
    }
}
