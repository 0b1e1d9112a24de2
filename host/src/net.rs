//! Names, listeners, and what an accepted socket is set to.

use core::net::{IpAddr, SocketAddr};
use core::time::Duration;
use std::io::{self, ErrorKind};
use std::net::{self, ToSocketAddrs};
use std::os::fd::AsFd;
use std::time::Instant;

use mio::net::TcpListener;
use rustix::io::Errno;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use socket2::{Domain, Protocol, SockRef, Socket, TcpKeepalive, Type};

use crate::explain;

/// All addresses that `host` stands for, each once, in the resolver's order.
///
/// An IPv6 address may stand in brackets. No name at all means all IPv4
/// addresses of this machine, as it does for the classic server.
pub fn resolve(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    let bare = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
    let name = if bare.is_empty() { "0.0.0.0" } else { bare };
    let found = (name, port).to_socket_addrs();
    let mut distinct = Vec::new();
    for address in found.map_err(|e| explain(format_args!("cannot find {name}"), &e))? {
        if !distinct.contains(&address) {
            distinct.push(address);
        }
    }
    Ok(distinct)
}

/// Listens on every address of `host`, on the same port everywhere.
///
/// Port 0 lets the system choose one; [`port`] tells which. Addresses that this
/// machine does not have are left out as long as there is another one. An
/// address that is in use is an error even then: of two servers that share a
/// name, a client would reach the one or the other by chance.
pub fn listen(host: &str, port: u16) -> io::Result<Vec<TcpListener>> {
    let addresses = resolve(host, port)?;
    let mut tries = 8;
    loop {
        match listen_on_all(&addresses) {
            // The port that was free on the first address is taken on another.
            Err(e) if port == 0 && e.kind() == ErrorKind::AddrInUse && tries > 0 => tries -= 1,
            listeners => return listeners,
        }
    }
}

/// The port that all these listeners share.
pub fn port(listeners: &[TcpListener]) -> io::Result<u16> {
    let first = listeners.first().ok_or(ErrorKind::NotConnected)?;
    Ok(first.local_addr()?.port())
}

/// Whether these can be reached from this machine alone.
pub fn only_loopback(listeners: &[TcpListener]) -> io::Result<bool> {
    for listener in listeners {
        if !canonical(listener.local_addr()?).ip().is_loopback() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The addresses by which others reach these, in the order of the listeners.
///
/// A wildcard stands for all addresses of this machine that others can name:
/// not its loopback, unless there is nothing else, and none that hold on one
/// link alone.
pub fn reachable(listeners: &[TcpListener]) -> io::Result<Vec<SocketAddr>> {
    let mut found = Vec::new();
    for listener in listeners {
        let at = listener.local_addr()?;
        if !at.ip().is_unspecified() {
            found.push(canonical(at));
            continue;
        }
        let both = at.is_ipv6() && !SockRef::from(listener).only_v6().unwrap_or(true);
        let is_meant = |ip: &IpAddr| both || ip.is_ipv4() == at.is_ipv4();
        let own = own_addresses().into_iter().filter(is_meant);
        found.extend(own.map(|ip| SocketAddr::new(ip, at.port())));
    }
    Ok(found)
}

/// What this machine goes by; nothing where the system does not tell.
fn own_addresses() -> Vec<IpAddr> {
    let all = if_addrs::get_if_addrs().unwrap_or_default();
    let up = all.iter().filter(|own| own.is_oper_up() && !own.is_link_local());
    let (loopback, others): (Vec<_>, Vec<_>) = up.partition(|own| own.is_loopback());
    let named = if others.is_empty() { loopback } else { others };
    named.iter().map(|own| own.ip()).collect()
}

/// The address as it is shown: IPv4 that came in through IPv6 is IPv4.
pub fn canonical(address: SocketAddr) -> SocketAddr {
    match address.ip().to_canonical() {
        ip @ IpAddr::V4(_) => SocketAddr::new(ip, address.port()),
        IpAddr::V6(_) => address,
    }
}

/// How long a peer's system may be silent.
#[derive(Clone, Copy, Debug)]
pub struct Silence {
    /// Then it is asked whether it is still there, up to three times, a third
    /// of this apart.
    idle: Duration,
    /// Then it is dead, be it asked or sent something.
    dead: Duration,
}

impl Silence {
    /// Asks after `idle`. Who takes nothing for `stuck` is the room's to put
    /// out, and not dead before.
    pub fn new(idle: Duration, stuck: Duration) -> Self {
        Self { idle, dead: (idle * 2).max(stuck) }
    }
}

/// Sets a peer's socket up: no delay for small lines, and dead peers found.
pub fn tune(peer: &impl AsFd, silence: Silence) -> io::Result<()> {
    let socket = SockRef::from(peer);
    socket.set_tcp_nodelay(true)?;
    socket.set_tcp_keepalive(&keep_alive(silence.idle))?;
    // Keep-alive asks nobody who still owes an acknowledgement.
    limit_delivery(peer, silence.dead)
}

/// Lets the system give up what a peer was sent and does not take for so long;
/// zero is the system's own patience.
///
/// Elsewhere than on Linux the system's own patience holds, some minutes.
pub fn limit_delivery(peer: &impl AsFd, patience: Duration) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    SockRef::from(peer).set_tcp_user_timeout(Some(patience))?;
    let _ = (peer, patience);
    Ok(())
}

/// A limit of delivery that does not hold for a while.
///
/// A peer that sends a file may read nothing meanwhile. For Linux it is dead
/// then, be it as talkative as it likes: a connection may stand with no room at
/// the other end for as long as the limit is, and no longer.
#[derive(Debug)]
pub struct Lifted {
    limit: Duration,
    since: Instant,
    /// When the limit is as it was, once it holds again. The system counts from
    /// when the peer took something last, so that the time meanwhile comes on
    /// top until then.
    until: Option<Instant>,
}

impl Lifted {
    /// Leaves a peer to the system's own patience.
    pub fn of(peer: &impl AsFd) -> io::Result<Self> {
        #[cfg(target_os = "linux")]
        let limit = SockRef::from(peer).tcp_user_timeout()?.unwrap_or_default();
        #[cfg(not(target_os = "linux"))]
        let limit = Duration::ZERO;
        limit_delivery(peer, Duration::ZERO)?;
        Ok(Self { limit, since: Instant::now(), until: None })
    }

    /// Leaves it to that again, where it is not.
    pub fn again(&mut self, peer: &impl AsFd) -> io::Result<()> {
        let Some(until) = self.until.take() else { return Ok(()) };
        if Instant::now() >= until {
            self.since = Instant::now();
        }
        limit_delivery(peer, Duration::ZERO)
    }

    /// Limits it again, or goes on with that; whether the limit is as it was.
    pub fn end(&mut self, peer: &impl AsFd) -> io::Result<bool> {
        let now = Instant::now();
        if let Some(until) = self.until {
            let over = now >= until;
            return if over { limit_delivery(peer, self.limit).map(|()| true) } else { Ok(false) };
        }
        let patience = self.limit + now.duration_since(self.since);
        self.until = Some(now + patience);
        limit_delivery(peer, patience).map(|()| false)
    }
}

/// Lets this process open as many files and sockets as it may; tells how many.
pub fn raise_descriptor_limit() -> u64 {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    match setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        Ok(()) => maximum.unwrap_or(u64::MAX),
        Err(_) => current.unwrap_or(u64::MAX),
    }
}

fn listen_on_all(addresses: &[SocketAddr]) -> io::Result<Vec<TcpListener>> {
    let mut listeners = Vec::new();
    let mut missing = None;
    for &(mut address) in addresses {
        if address.port() == 0 && !listeners.is_empty() {
            address.set_port(port(&listeners)?);
        }
        match bound(address) {
            Ok(listener) => listeners.push(listener),
            Err(e) => {
                let error = explain(format_args!("cannot listen on {address}"), &e);
                if !is_elsewhere(&e) {
                    return Err(error);
                }
                missing = Some(error);
            }
        }
    }
    match missing {
        Some(error) if listeners.is_empty() => Err(error),
        _ => Ok(listeners),
    }
}

fn bound(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    socket.set_reuse_address(true)?;
    if address.is_ipv6() && address.ip().is_unspecified() {
        socket.set_only_v6(false)?;
    }
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(TcpListener::from_std(net::TcpListener::from(socket)))
}

/// Whether this machine lacks the address, or its whole family.
fn is_elsewhere(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::ADDRNOTAVAIL | Errno::AFNOSUPPORT))
}

fn keep_alive(idle: Duration) -> TcpKeepalive {
    let apart = (idle / 3).max(Duration::from_secs(1));
    TcpKeepalive::new().with_time(idle).with_interval(apart).with_retries(3)
}

/// More than any system grants; it cuts this down to what it has.
const BACKLOG: i32 = 65_535;

#[cfg(test)]
mod tests {
    use core::net::Ipv4Addr;
    use std::io::Write;
    use std::net::TcpStream;

    use super::*;

    #[test]
    fn resolves_each_address_once() {
        let found = resolve("localhost", 7).unwrap();
        assert!(found.iter().all(|a| a.ip().is_loopback() && a.port() == 7));
        for (i, address) in found.iter().enumerate() {
            assert!(!found[..i].contains(address));
        }
        assert_eq!(resolve("[::1]", 7).unwrap(), resolve("::1", 7).unwrap());
        assert_eq!(resolve("", 7).unwrap(), resolve("0.0.0.0", 7).unwrap());
    }

    #[test]
    fn says_which_name_it_cannot_find() {
        let error = resolve("no such host", 7).unwrap_err();
        assert!(error.to_string().starts_with("cannot find no such host: "), "{error}");
    }

    #[test]
    fn listens_on_one_chosen_port_everywhere() {
        let listeners = listen("localhost", 0).unwrap();
        let port = port(&listeners).unwrap();
        assert_ne!(port, 0);
        for listener in &listeners {
            assert_eq!(listener.local_addr().unwrap().port(), port);
            TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        }
        assert!(only_loopback(&listeners).unwrap());
    }

    #[test]
    fn tells_that_an_address_is_in_use() {
        let first = listen("127.0.0.1", 0).unwrap();
        let taken = port(&first).unwrap();
        let error = listen("127.0.0.1", taken).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
        assert!(error.to_string().contains(&format!("cannot listen on 127.0.0.1:{taken}")));
    }

    #[test]
    fn leaves_out_addresses_of_other_machines() {
        // 192.0.2.0/24 is nobody's (RFC 5737).
        let foreign = SocketAddr::from(([192, 0, 2, 1], 0));
        let own = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        assert_eq!(listen_on_all(&[foreign, own]).unwrap().len(), 1);
        let error = listen_on_all(&[foreign]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddrNotAvailable);
    }

    #[test]
    fn takes_ipv4_in_through_the_ipv6_wildcard() {
        let Ok(listeners) = listen("::", 0) else { return };
        assert!(!only_loopback(&listeners).unwrap());
        let port = port(&listeners).unwrap();
        let client = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
        let (peer, address) = loop {
            match listeners[0].accept() {
                Err(e) if e.kind() == ErrorKind::WouldBlock => {}
                accepted => break accepted.unwrap(),
            }
        };
        assert_eq!(canonical(address), client.local_addr().unwrap());
        tune(&peer, Silence::new(Duration::from_secs(30), Duration::ZERO)).unwrap();
        assert!(peer.nodelay().unwrap());
    }

    #[test]
    fn tells_by_which_addresses_it_is_reached() {
        let listeners = listen("127.0.0.1", 0).unwrap();
        let own = listeners[0].local_addr().unwrap();
        assert_eq!(reachable(&listeners).unwrap(), [own]);

        let listeners = listen("0.0.0.0", 0).unwrap();
        let found = reachable(&listeners).unwrap();
        assert!(!found.is_empty(), "a machine has its loopback at least");
        for address in found {
            assert!(address.is_ipv4() && !address.ip().is_unspecified(), "{address}");
            TcpStream::connect(address).unwrap();
        }
    }

    /// A peer that reads nothing and is left by this side.
    #[test]
    fn gives_up_what_a_peer_does_not_take() {
        let listener = net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let _deaf = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (mut peer, _) = listener.accept().unwrap();
        peer.set_nonblocking(true).unwrap();
        while peer.write(&[0; 16_384]).is_ok() {}
        limit_delivery(&peer, Duration::from_millis(300)).unwrap();
        peer.set_nonblocking(false).unwrap();
        peer.set_write_timeout(Some(Duration::from_secs(20))).unwrap();
        // The system may still find room for some.
        let error = loop {
            if let Err(error) = peer.write_all(&[0; 16_384]) {
                break error;
            }
        };
        if cfg!(target_os = "linux") {
            assert_eq!(error.kind(), ErrorKind::TimedOut);
        }
    }

    /// The same peer, but it is known to be busy for now.
    #[cfg(target_os = "linux")]
    #[test]
    fn keeps_what_a_peer_does_not_take_while_the_limit_is_lifted() {
        let listener = net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let _deaf = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (mut peer, _) = listener.accept().unwrap();
        limit_delivery(&peer, Duration::from_millis(300)).unwrap();
        let mut lifted = Lifted::of(&peer).unwrap();
        peer.set_nonblocking(true).unwrap();
        while peer.write(&[0; 16_384]).is_ok() {}
        std::thread::sleep(Duration::from_secs(2));
        assert!(peer.take_error().unwrap().is_none());
        assert!(!lifted.end(&peer).unwrap());
        assert!(limit_of(&peer) >= Duration::from_millis(2300));
    }

    /// Parts of a file come, and lines between them.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_limit_that_was_lifted_often_is_the_same_in_the_end() {
        let (peer, limit) =
            (Socket::new(Domain::IPV4, Type::STREAM, None), Duration::from_millis(20));
        let peer = peer.unwrap();
        limit_delivery(&peer, limit).unwrap();
        let mut lifted = Lifted::of(&peer).unwrap();
        let since = Instant::now();
        for _ in 0..10 {
            lifted.again(&peer).unwrap();
            assert_eq!(limit_of(&peer), Duration::ZERO);
            std::thread::sleep(Duration::from_millis(1));
            lifted.end(&peer).unwrap();
            assert!(limit_of(&peer) > limit);
        }
        while !lifted.end(&peer).unwrap() {
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(since.elapsed() >= limit, "what stood before has its time");
        assert_eq!(limit_of(&peer), limit);
    }

    #[cfg(target_os = "linux")]
    fn limit_of(peer: &impl AsFd) -> Duration {
        SockRef::from(peer).tcp_user_timeout().unwrap().unwrap_or_default()
    }

    #[test]
    fn leaves_true_ipv6_as_it_is() {
        let address: SocketAddr = "[fe80::1%3]:50426".parse().unwrap();
        assert_eq!(canonical(address), address);
        assert_eq!(canonical("[::1]:9".parse().unwrap()).to_string(), "[::1]:9");
    }

    #[test]
    fn raises_the_limit_to_what_is_allowed() {
        let limit = raise_descriptor_limit();
        assert_eq!(getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX), limit);
    }
}
