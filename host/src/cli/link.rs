//! The way to the server.

use core::net::SocketAddr;
use core::time::Duration;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream, ToSocketAddrs};

use mio::event::Event;
use mio::{Interest, Registry, Token};
use snug_core::client::Client;
use snug_core::time::Instant;

use crate::net::{Silence, canonical, tune};

/// How long one address of a server may take to answer: two lost packets of
/// the handshake (they are sent again after 1 s and 3 s) and a slow link.
const CONNECT_PATIENCE: Duration = Duration::from_secs(5);

/// After what silence of the server it is asked whether it is still there.
const KEEP_ALIVE: Duration = Duration::from_secs(30);

/// A connection, and what is known of its readiness.
#[derive(Debug)]
pub(super) struct Link {
    stream: mio::net::TcpStream,
    readable: bool,
    writable: bool,
}

impl Link {
    /// A connection to the first address of `host` that takes it.
    ///
    /// The error is that of the last address.
    pub(super) fn connect(host: &str, port: u16) -> io::Result<Self> {
        let mut failed = io::Error::from(ErrorKind::NotFound);
        for address in (host, port).to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, CONNECT_PATIENCE) {
                Ok(stream) => return Self::over(stream),
                Err(error) => failed = error,
            }
        }
        Err(failed)
    }

    /// Without delay: a text is small, and the next may be long in coming.
    fn over(stream: TcpStream) -> io::Result<Self> {
        tune(&stream, Silence::new(KEEP_ALIVE, KEEP_ALIVE))?;
        stream.set_nonblocking(true)?;
        let stream = mio::net::TcpStream::from_std(stream);
        Ok(Self { stream, readable: true, writable: true })
    }

    pub(super) fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        registry.register(&mut self.stream, token, Interest::READABLE | Interest::WRITABLE)
    }

    /// Where the connection comes from: what the server shows for its user, but
    /// for address translation in between.
    pub(super) fn address(&self) -> io::Result<SocketAddr> {
        self.stream.local_addr().map(canonical)
    }

    /// Takes note of what a poll has told.
    pub(super) fn wake(&mut self, event: &Event) {
        self.readable |= event.is_readable() || event.is_error();
        self.writable |= event.is_writable();
    }

    pub(super) fn is_readable(&self) -> bool {
        self.readable
    }

    pub(super) fn is_writable(&self) -> bool {
        self.writable
    }

    /// Reads once; whether something came.
    pub(super) fn receive(&mut self, now: Instant, client: &mut Client<'_>) -> bool {
        match self.stream.read(client.space()) {
            Ok(len) if len > 0 => {
                client.handle_received(now, len);
                return true;
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => client.handle_pause(now),
            Err(error) if error.kind() == ErrorKind::Interrupted => return false,
            // Whatever ails the link, the server cannot be reached by it again.
            Ok(_) | Err(_) => client.handle_end(now),
        }
        self.readable = false;
        false
    }

    /// Writes once; the bytes that went.
    pub(super) fn send(&mut self, now: Instant, client: &mut Client<'_>) -> usize {
        match self.stream.write(client.pending()) {
            Ok(len) => {
                client.handle_sent(now, len);
                return len;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => {
                self.writable = false;
                // A broken link says so on reading too, after what it still has.
                self.readable |= error.kind() != ErrorKind::WouldBlock;
            }
        }
        0
    }

    /// Ends our sending. That fails on a broken link, which reading will tell.
    pub(super) fn end(&self) {
        let _ = self.stream.shutdown(Shutdown::Write);
    }
}
