//! A socket as the core's links are: ready or not, and never waiting.

use core::fmt;
use core::time::Duration;
use std::error;
use std::io::{self, IoSlice, Read};
use std::net::Shutdown;

use embedded_io::{ErrorKind, ErrorType, ReadReady, Write as _, WriteReady};
use mio::event::Event;
use mio::net::TcpStream;
use mio::{Interest, Registry, Token};
use snug_core::io::Link;

use crate::net::{self, Lifted};

/// What a poll tells of a link, unless that is left alone.
const ALL: Interest = Interest::READABLE.add(Interest::WRITABLE);

/// How long the system keeps what a peer was sent and does not take, once the
/// room has ended the connection. Megabytes may wait, and a peer that never
/// reads could leave one such connection behind after the other.
const DELIVERY: Duration = Duration::from_secs(10);

/// Bytes that are copied at most to leave in one write.
const COPIED: usize = 16 << 10;

/// A TCP connection, with what the last events and calls told of it.
///
/// Readiness is told by edges: what an event said holds until a call finds it
/// used up. A short read has emptied the socket, a short write has filled it;
/// that spares the call that would only say so.
#[derive(Debug)]
pub struct TcpLink {
    stream: TcpStream,
    readable: bool,
    writable: bool,
    /// The peer has ended its sending: there is always something to read.
    ended: bool,
    /// What the poll tells of it.
    interest: Interest,
    /// The peer sends a file, and may leave what it is sent, or has done so. Kept
    /// elsewhere, so that what each write looks at lies together.
    lifted: Option<Box<Lifted>>,
}

impl TcpLink {
    /// The link over a connection. It is taken to be ready until it is not.
    pub fn new(stream: TcpStream) -> Self {
        Self { stream, readable: true, writable: true, ended: false, interest: ALL, lifted: None }
    }

    /// Has a poll tell of it.
    pub(super) fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        registry.register(&mut self.stream, token, ALL)
    }

    /// Has that poll tell of what comes, and of what has come; or not.
    pub(super) fn listen(&mut self, listens: bool, registry: &Registry, token: Token) {
        let interest = if listens { ALL } else { Interest::WRITABLE };
        if self.interest != interest
            && registry.reregister(&mut self.stream, token, interest).is_ok()
        {
            self.interest = interest;
        }
    }

    /// Has the poll tell nothing of it any more.
    pub(super) fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        registry.deregister(&mut self.stream)
    }

    /// Whether a read would find something, as far as is known.
    pub fn is_readable(&self) -> bool {
        self.readable || self.ended
    }

    /// Notes what an event says.
    pub fn note(&mut self, event: &Event) {
        self.readable |= event.is_readable() || event.is_error();
        self.writable |= event.is_writable() || event.is_error();
        self.ended |= event.is_read_closed() || event.is_error();
    }

    /// Notes whether the peer sends a file: the classic client reads nothing
    /// meanwhile, however long that takes. Whether it moves on is the room's to
    /// watch.
    pub fn sends_file(&mut self, file: bool) {
        // Nothing is to be done about a connection that is gone already.
        if file {
            match &mut self.lifted {
                Some(lifted) => drop(lifted.again(&self.stream)),
                None => self.lifted = Lifted::of(&self.stream).ok().map(Box::new),
            }
        } else if let Some(lifted) = &mut self.lifted
            && lifted.end(&self.stream).unwrap_or(true)
        {
            self.lifted = None;
        }
    }

    /// What came of a write of so many bytes.
    fn wrote(&mut self, most: usize, written: io::Result<usize>) -> Result<usize, LinkError> {
        self.writable = matches!(written, Ok(count) if count == most);
        written.map_err(LinkError)
    }

    /// Writes what something follows at once, so that both leave together.
    pub(super) fn begin(&mut self, bytes: &[u8]) -> Result<usize, LinkError> {
        let written = send(&self.stream, bytes, true);
        self.wrote(bytes.len(), written)
    }

    /// What comes of a `transfer` of so many bytes that writes to the socket
    /// itself.
    pub(super) fn take(
        &mut self,
        most: usize,
        transfer: impl FnOnce(&TcpStream) -> io::Result<usize>,
    ) -> Result<usize, LinkError> {
        let written = transfer(&self.stream);
        self.wrote(most, written)
    }

    /// The socket, for who takes from it what [is there](Self::unread).
    pub(super) fn socket(&self) -> &TcpStream {
        &self.stream
    }

    /// Bytes that have come and were not read; none where nobody can tell.
    pub(super) fn unread(&self) -> u64 {
        rustix::io::ioctl_fionread(&self.stream).unwrap_or(0)
    }

    /// Ends this side's sending; what was sent still arrives, if the peer takes
    /// it in time.
    pub fn end(&mut self) {
        // Nothing is to be done about a connection that is gone already.
        let _ = net::limit_delivery(&self.stream, DELIVERY);
        let _ = self.stream.shutdown(Shutdown::Write);
    }
}

impl ErrorType for TcpLink {
    type Error = LinkError;
}

impl ReadReady for TcpLink {
    fn read_ready(&mut self) -> Result<bool, LinkError> {
        Ok(self.is_readable())
    }
}

impl WriteReady for TcpLink {
    fn write_ready(&mut self) -> Result<bool, LinkError> {
        Ok(self.writable)
    }
}

impl embedded_io::Read for TcpLink {
    fn read(&mut self, space: &mut [u8]) -> Result<usize, LinkError> {
        let read = self.stream.read(space);
        self.readable = matches!(read, Ok(count) if count == space.len());
        read.map_err(LinkError)
    }
}

impl embedded_io::Write for TcpLink {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, LinkError> {
        let written = send(&self.stream, bytes, false);
        self.wrote(bytes.len(), written)
    }

    fn flush(&mut self) -> Result<(), LinkError> {
        Ok(())
    }
}

impl Link for TcpLink {
    const WRITES_BOTH: bool = true;

    /// Copies both where they are short: a call that takes pieces costs the system
    /// more than that.
    fn write_both(&mut self, first: &[u8], second: &[u8]) -> Result<usize, LinkError> {
        let mut both = heapless::Vec::<u8, COPIED>::new();
        let fit = both.extend_from_slice(first).and_then(|()| both.extend_from_slice(second));
        if fit.is_ok() {
            return self.write(&both);
        }
        let written = rustix::io::writev(&self.stream, &[first, second].map(IoSlice::new));
        self.wrote(first.len() + second.len(), written.map_err(Into::into))
    }
}

/// Sends as much as the socket takes; `more` may follow at once, to leave with
/// it.
///
/// Linux is asked without the C library, for which each such call is one at
/// which a thread could be cancelled: to be paid for with every line to every
/// peer.
#[cfg(target_os = "linux")]
fn send(stream: &TcpStream, bytes: &[u8], more: bool) -> io::Result<usize> {
    use rustix::net::SendFlags;
    let more = if more { SendFlags::MORE } else { SendFlags::empty() };
    rustix::net::send(stream, bytes, SendFlags::NOSIGNAL | more).map_err(Into::into)
}

#[cfg(not(target_os = "linux"))]
fn send(mut stream: &TcpStream, bytes: &[u8], _more: bool) -> io::Result<usize> {
    io::Write::write(&mut stream, bytes)
}

/// Why a socket did not do what it was asked for.
#[derive(Debug)]
pub struct LinkError(io::Error);

impl fmt::Display for LinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl error::Error for LinkError {}

impl embedded_io::Error for LinkError {
    /// "Not now" is told as interrupted, as the core's pump expects.
    fn kind(&self) -> ErrorKind {
        match self.0.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted => ErrorKind::Interrupted,
            kind => kind.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net::TcpListener;

    use mio::{Events, Poll};

    use super::*;

    const AT_ONCE: Option<Duration> = Some(Duration::ZERO);
    const LONG: Option<Duration> = Some(Duration::from_secs(20));

    /// A link, and its peer.
    fn connected() -> (TcpLink, std::net::TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let peer = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let accepted = listener.accept().unwrap().0;
        accepted.set_nonblocking(true).unwrap();
        (TcpLink::new(TcpStream::from_std(accepted)), peer)
    }

    #[test]
    fn two_pieces_leave_together_be_they_copied_or_not() {
        let (mut link, mut peer) = connected();
        let long = [b'x'; COPIED];
        for (first, second) in [
            (&b"one, "[..], &b"two"[..]),
            (&long[5..], b"whole"),
            (&long[4..], b"a byte"),
            (b"first, ", &long),
            (&long, b", second"),
        ] {
            let both = [first, second].concat();
            assert_eq!(link.write_both(first, second).unwrap(), both.len());
            let mut read = vec![0; both.len()];
            peer.read_exact(&mut read).unwrap();
            assert_eq!(read, both);
            assert!(link.write_ready().unwrap(), "it took all");
        }
    }

    #[test]
    fn of_one_that_is_left_alone_nothing_is_told_until_it_is_heard() {
        let (mut link, mut peer) = connected();
        let (mut poll, mut events) = (Poll::new().unwrap(), Events::with_capacity(4));
        link.register(poll.registry(), Token(7)).unwrap();
        link.listen(false, poll.registry(), Token(7));
        for _ in 0..3 {
            peer.write_all(b"text").unwrap();
            while link.unread() < 4 {}
            poll.poll(&mut events, AT_ONCE).unwrap();
            assert!(!events.iter().any(Event::is_readable));
        }
        link.listen(true, poll.registry(), Token(7));
        poll.poll(&mut events, LONG).unwrap();
        assert!(events.iter().any(|event| event.token() == Token(7) && event.is_readable()));
    }
}
