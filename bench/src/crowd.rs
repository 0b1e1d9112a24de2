//! Many connections on one thread.
//!
//! # Trade-offs
//!
//! It does not sleep while it waits, unless told to. A thread that sleeps in
//! `epoll_wait` is woken by whoever writes to it: on one machine each of the
//! server's writes would pay for that or not, depending on who is a little
//! faster, and the same server would cost the one or the other half as much
//! again. Receivers elsewhere cost a server nothing of the kind. But where others
//! want its core, too, one that never sleeps has had its share of it when
//! something comes at last, and would measure its own waiting for a turn.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use socket2::{Domain, Protocol, Socket, Type};

/// Connections from one loopback address; the next ones come from another, so
/// that ports do not run out.
const PER_ADDRESS: usize = 10_000;
/// Bytes that are read at once.
const BUFFER: usize = 256 << 10;

/// Connections to one server.
pub struct Crowd {
    poll: Poll,
    events: Events,
    server: SocketAddr,
    peers: Vec<Peer>,
    buffer: Box<[u8]>,
    idle: Duration,
    sleeps: bool,
}

struct Peer {
    stream: TcpStream,
    /// What the link did not take yet.
    unsent: VecDeque<u8>,
}

impl Crowd {
    /// Nobody yet.
    pub fn new(server: SocketAddr) -> io::Result<Self> {
        Ok(Self {
            poll: Poll::new()?,
            events: Events::with_capacity(1024),
            server,
            peers: Vec::new(),
            buffer: vec![0; BUFFER].into(),
            idle: Duration::ZERO,
            sleeps: false,
        })
    }

    /// Nobody yet; waits asleep.
    pub fn sleeping(server: SocketAddr) -> io::Result<Self> {
        Ok(Self { sleeps: true, ..Self::new(server)? })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.peers.len()
    }

    /// Whether nobody is there.
    pub fn is_empty(&self) -> bool {
        self.peers.is_empty()
    }

    /// Time in which there was nothing to read or write.
    pub fn idle(&self) -> Duration {
        self.idle
    }

    /// Connects one more; which one it is.
    pub fn connect(&mut self) -> io::Result<usize> {
        let index = self.peers.len();
        let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))?;
        let from = Ipv4Addr::new(127, 0, 0, 1 + (index / PER_ADDRESS) as u8);
        socket.set_tcp_nodelay(true)?;
        if index >= PER_ADDRESS {
            socket.bind(&SocketAddr::from((from, 0)).into())?;
        }
        socket.connect(&self.server.into())?;
        socket.set_nonblocking(true)?;
        let mut stream = TcpStream::from_std(socket.into());
        let interest = Interest::READABLE | Interest::WRITABLE;
        self.poll.registry().register(&mut stream, Token(index), interest)?;
        self.peers.push(Peer { stream, unsent: VecDeque::new() });
        Ok(index)
    }

    /// Connects `count` more, each saying `hello`, and reads meanwhile.
    pub fn gather(&mut self, count: usize, hello: &[u8]) -> io::Result<()> {
        for _ in 0..count {
            let peer = self.connect()?;
            self.send(peer, hello)?;
            if peer.is_multiple_of(32) {
                self.turn(Duration::ZERO, |_, _| Ok(()))?;
            }
        }
        Ok(())
    }

    /// Reads until nothing came for `quiet`.
    pub fn settle(&mut self, quiet: Duration) -> io::Result<()> {
        let mut last = Instant::now();
        while last.elapsed() < quiet {
            if self.turn(quiet, |_, _| Ok(()))? > 0 {
                last = Instant::now();
            }
        }
        Ok(())
    }

    /// Sends, as far as the link takes it; the rest goes when it takes more.
    pub fn send(&mut self, peer: usize, bytes: &[u8]) -> io::Result<()> {
        let peer = &mut self.peers[peer];
        let mut sent = 0;
        if peer.unsent.is_empty() {
            sent = match peer.stream.write(bytes) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
                sent => sent?,
            };
        }
        peer.unsent.extend(&bytes[sent..]);
        Ok(())
    }

    /// Whether a peer's link has taken all that was sent.
    pub fn has_sent(&self, peer: usize) -> bool {
        self.peers[peer].unsent.is_empty()
    }

    /// Waits up to `patience` and reads what there is, as `(peer, bytes)`; no
    /// bytes stand for the end. Returns how many bytes came.
    pub fn turn(
        &mut self,
        patience: Duration,
        mut take: impl FnMut(usize, &[u8]) -> io::Result<()>,
    ) -> io::Result<usize> {
        self.wait(patience)?;
        let mut came = 0;
        for event in &self.events {
            let index = event.token().0;
            let peer = &mut self.peers[index];
            if event.is_writable() {
                peer.flush()?;
            }
            while event.is_readable() {
                match peer.stream.read(&mut self.buffer) {
                    Ok(count) => {
                        came += count;
                        take(index, &self.buffer[..count])?;
                        // A short read has emptied the socket.
                        if count < self.buffer.len() {
                            break;
                        }
                    }
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(came)
    }

    fn wait(&mut self, patience: Duration) -> io::Result<()> {
        let start = Instant::now();
        let at_once = if self.sleeps { patience } else { Duration::ZERO };
        loop {
            match self.poll.poll(&mut self.events, Some(at_once)) {
                Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error),
                _ => {}
            }
            let waited = start.elapsed();
            if !self.events.is_empty() || waited >= patience {
                self.idle += waited;
                return Ok(());
            }
        }
    }

    /// Reads until `done`, which is told what came, or fails after `patience`
    /// in which nothing did.
    pub fn read_until(
        &mut self,
        patience: Duration,
        mut done: impl FnMut(usize, &[u8]) -> io::Result<bool>,
    ) -> io::Result<()> {
        let mut last = Instant::now();
        let mut over = false;
        while !over {
            let came = self.turn(Duration::from_millis(100), |peer, bytes| {
                over |= done(peer, bytes)?;
                Ok(())
            })?;
            if came > 0 {
                last = Instant::now();
            } else if last.elapsed() > patience {
                return Err(io::Error::new(ErrorKind::TimedOut, "the server says nothing more"));
            }
        }
        Ok(())
    }
}

impl Peer {
    fn flush(&mut self) -> io::Result<()> {
        while !self.unsent.is_empty() {
            match self.stream.write(self.unsent.as_slices().0) {
                Ok(count) => drop(self.unsent.drain(..count)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
