//! Hashes for the room's tables: seeded, so that peers cannot choose what
//! collides. They are not cryptographic.

use core::net::{IpAddr, SocketAddr};

/// The finish of `SplitMix64` (Steele, Lea, Flood 2014): each bit of the input
/// moves about half of the bits, so that differences of two keys do not cancel
/// out for most seeds, as they may with a multiplication alone (FNV).
pub(crate) const fn mix(hash: u64) -> u64 {
    let hash = hash.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

/// A hash of an address with its port.
pub(crate) fn of_addr(seed: u64, addr: SocketAddr) -> u64 {
    let ip = match addr.ip() {
        IpAddr::V4(ip) => u128::from(ip.to_bits()),
        IpAddr::V6(ip) => ip.to_bits(),
    };
    let words = [(ip >> 64) as u64, ip as u64, u64::from(addr.port())];
    words.into_iter().fold(mix(seed), |hash, word| mix(hash ^ word))
}

/// A hash of some bytes.
pub(crate) fn of_bytes(seed: u64, bytes: &[u8]) -> u32 {
    bytes.iter().fold(mix(seed), |hash, &byte| mix(hash ^ u64::from(byte))) as u32
}
