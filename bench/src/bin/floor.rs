//! The floor: the least that a room costs on one thread.
//!
//! It reads lines, puts the sender's prefix before each, and writes all that is
//! there for a peer at once. It knows no limits, no slow peers and no safe
//! text, and its memory grows as it likes: it is what the kernel and the copy
//! cost, for a room to be held against.

use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::ops::Range;

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Registry, Token};
use socket2::{Domain, Socket, Type};

const LISTENER: Token = Token(usize::MAX);

struct Peer {
    stream: TcpStream,
    prefix: Vec<u8>,
    /// The line that came in part.
    half: Vec<u8>,
    /// What the link did not take.
    pending: Vec<u8>,
    /// Where in the batch it came in.
    from: usize,
    /// What of the batch is its own.
    own: Vec<Range<usize>>,
}

#[derive(Default)]
struct Relay {
    peers: Vec<Option<Peer>>,
    /// Lines that came in this turn, as they go out.
    batch: Vec<u8>,

    online: usize,
    read: Vec<u8>,
    scratch: Vec<u8>,
}

fn main() -> io::Result<()> {
    let mut listener = listen()?;
    let mut poll = Poll::new()?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    let mut events = Events::with_capacity(1024);
    let mut relay = Relay { read: vec![0; 64 << 10], ..Relay::default() };
    loop {
        if let Err(error) = poll.poll(&mut events, None)
            && error.kind() != ErrorKind::Interrupted
        {
            return Err(error);
        }
        for event in &events {
            if event.token() == LISTENER {
                relay.accept(&listener, poll.registry())?;
                continue;
            }
            if event.is_writable() {
                relay.flush(event.token().0);
            }
            if event.is_readable() {
                relay.read(event.token().0);
            }
        }
        relay.deliver();
    }
}

/// Has room for as many who wait to be let in as the system gives to anybody: who
/// is refused there tries again after a second.
fn listen() -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into())?;
    socket.listen(i32::from(u16::MAX))?;
    socket.set_nonblocking(true)?;
    Ok(TcpListener::from_std(socket.into()))
}

impl Relay {
    fn accept(&mut self, listener: &TcpListener, registry: &Registry) -> io::Result<()> {
        while let Ok((mut stream, addr)) = listener.accept() {
            let index = self
                .peers
                .iter()
                .position(Option::is_none)
                .filter(|_| self.online < self.peers.len());
            let index = index.unwrap_or(self.peers.len());
            stream.set_nodelay(true)?;
            registry.register(
                &mut stream,
                Token(index),
                Interest::READABLE | Interest::WRITABLE,
            )?;
            self.online += 1;
            let count = self.online;
            let greeting = format!("> Connected to the chat server ({count} users online)\n");
            let notice = format!("> New user {addr} entered ({count} users online)\n");
            self.batch.extend_from_slice(notice.as_bytes());
            let peer = Peer {
                stream,
                prefix: format!("[{addr}] ").into(),
                half: Vec::new(),
                pending: Vec::new(),
                from: self.batch.len(),
                own: Vec::new(),
            };
            if index == self.peers.len() {
                self.peers.push(None);
            }
            let peer = self.peers[index].insert(peer);
            peer.send(greeting.as_bytes());
        }
        Ok(())
    }

    /// Puts the lines of a peer into the batch.
    fn read(&mut self, index: usize) {
        let Some(peer) = &mut self.peers[index] else { return };
        loop {
            match peer.stream.read(&mut self.read) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Ok(0) | Err(_) => return self.part(index),
                Ok(count) => {
                    let start = self.batch.len();
                    peer.frame(&self.read[..count], &mut self.batch);
                    if self.batch.len() > start {
                        peer.own.push(start..self.batch.len());
                    }
                    if count < self.read.len() {
                        return;
                    }
                }
            }
        }
    }

    fn part(&mut self, index: usize) {
        let Some(peer) = self.peers[index].take() else { return };
        self.online -= 1;
        let addr = String::from_utf8_lossy(&peer.prefix[1..peer.prefix.len() - 2]);
        let notice = format!("< The user {addr} left ({} users online)\n", self.online);
        self.batch.extend_from_slice(notice.as_bytes());
    }

    fn flush(&mut self, index: usize) {
        let Some(peer) = &mut self.peers[index] else { return };
        if !peer.pending.is_empty() {
            let pending = std::mem::take(&mut peer.pending);
            peer.send(&pending);
        }
    }

    /// Writes the batch to all, to each without its own lines.
    fn deliver(&mut self) {
        if self.batch.is_empty() {
            return;
        }
        for peer in self.peers.iter_mut().flatten() {
            if peer.own.is_empty() {
                peer.send(&self.batch[peer.from..]);
            } else {
                self.scratch.clear();
                let mut at = peer.from;
                for own in peer.own.drain(..) {
                    self.scratch.extend_from_slice(&self.batch[at..own.start]);
                    at = own.end;
                }
                self.scratch.extend_from_slice(&self.batch[at..]);
                peer.send(&self.scratch);
            }
            peer.from = 0;
        }
        self.batch.clear();
    }
}

impl Peer {
    /// Appends whole lines to `out`, each with the prefix; empty ones are none.
    fn frame(&mut self, mut bytes: &[u8], out: &mut Vec<u8>) {
        while let Some(end) = memchr::memchr(b'\n', bytes) {
            let (line, rest) = bytes.split_at(end + 1);
            if !self.half.is_empty() || line.len() > 1 {
                out.extend_from_slice(&self.prefix);
                out.append(&mut self.half);
                out.extend_from_slice(line);
            }
            bytes = rest;
        }
        self.half.extend_from_slice(bytes);
    }

    fn send(&mut self, bytes: &[u8]) {
        let mut sent = 0;
        if self.pending.is_empty() && !bytes.is_empty() {
            sent = self.stream.write(bytes).unwrap_or(0);
        }
        self.pending.extend_from_slice(&bytes[sent..]);
    }
}
