//! A peer of the room: a socket on which every wait is bounded.

#![allow(dead_code, reason = "each test uses a part of it")]

use core::fmt::Write as _;
use core::net::SocketAddr;
use core::time::Duration;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Instant;

use rustix::net::sockopt::set_socket_linger;
use rustix::net::{AddressFamily, SocketType, connect, socket, sockopt};
#[cfg(target_os = "linux")]
use socket2::{SockFilter, SockRef};

/// How long a test waits for anything that must come.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Shorter than the quiet that ends a classic header, even on a busy machine.
const WELL_WITHIN_QUIET: Duration = Duration::from_millis(35);

/// The answer to a peer's first newline.
pub(crate) const SWITCHED: &str = "\n> This is Snug; #help lists what it knows\n";

/// A connection to the room.
pub(crate) struct Peer {
    reader: BufReader<TcpStream>,
    /// Its address, as the room shows it.
    pub(crate) addr: String,
}

impl Peer {
    /// A connection on which nothing was read yet.
    pub(crate) fn connect(to: SocketAddr) -> Self {
        Self::over(TcpStream::connect_timeout(&to, PATIENCE).unwrap())
    }

    /// A connection whose system takes hardly anything that nobody reads.
    pub(crate) fn connect_narrow(to: SocketAddr) -> Self {
        let family = if to.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
        let narrow = socket(family, SocketType::STREAM, None).unwrap();
        sockopt::set_socket_recv_buffer_size(&narrow, 4096).unwrap();
        connect(&narrow, &to).unwrap();
        Self::over(TcpStream::from(narrow))
    }

    fn over(stream: TcpStream) -> Self {
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        let addr = stream.local_addr().unwrap().to_string();
        Self { reader: BufReader::new(stream), addr }
    }

    /// One send.
    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.try_send(bytes).unwrap();
    }

    /// One send, to a room that may have closed already.
    pub(crate) fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> std::io::Result<()> {
        self.reader.get_mut().write_all(bytes.as_ref())
    }

    /// Sends of which none comes so late that the link was quiet before it.
    ///
    /// Whether that worked: on a busy machine anybody can be held up. Try again
    /// with a new peer then.
    pub(crate) fn send_in_pieces(&mut self, pieces: &[&[u8]]) -> bool {
        let mut sent: Option<Instant> = None;
        for piece in pieces {
            if sent.is_some() {
                std::thread::sleep(Duration::from_millis(2));
            }
            // A room that closed in between is for the caller to judge.
            let _ = self.try_send(piece);
            if sent.is_some_and(|sent| sent.elapsed() > WELL_WITHIN_QUIET) {
                return false;
            }
            sent = Some(Instant::now());
        }
        true
    }

    /// What comes next is this, to the byte.
    #[track_caller]
    pub(crate) fn expect(&mut self, expected: impl AsRef<[u8]>) {
        let expected = expected.as_ref();
        let mut got = Vec::new();
        while got.len() < expected.len() && expected.starts_with(&got) {
            let came = match self.reader.fill_buf() {
                Ok([]) => panic!("ended after {}, not {}", shown(&got), shown(expected)),
                Ok(came) => &came[..came.len().min(expected.len() - got.len())],
                Err(e) => panic!("{e} after {}, not {}", shown(&got), shown(expected)),
            };
            got.extend_from_slice(came);
            let count = came.len();
            self.reader.consume(count);
        }
        assert_eq!(shown(&got), shown(expected));
    }

    /// A line, without its newline.
    #[track_caller]
    pub(crate) fn line(&mut self) -> String {
        let line = self.until("\n");
        String::from_utf8(line).unwrap().trim_end_matches('\n').to_owned()
    }

    /// The next `len` bytes.
    #[track_caller]
    pub(crate) fn take(&mut self, len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        self.reader.read_exact(&mut bytes).unwrap();
        bytes
    }

    /// All that comes up to and with `end`.
    #[track_caller]
    pub(crate) fn until(&mut self, end: impl AsRef<[u8]>) -> Vec<u8> {
        let end = end.as_ref();
        let mut came = Vec::new();
        while !came.ends_with(end) {
            match self.reader.read_until(end[end.len() - 1], &mut came) {
                Ok(0) => panic!("ended after {}, without {}", shown(&came), shown(end)),
                Ok(_) => {}
                Err(e) => panic!("{e} after {}, without {}", shown(&came), shown(end)),
            }
        }
        came
    }

    /// What comes first, be it a greeting or a refusal.
    #[track_caller]
    pub(crate) fn words(&mut self) -> String {
        let came = self.reader.fill_buf().unwrap();
        let words = String::from_utf8(came.to_vec()).unwrap();
        self.reader.consume(words.len());
        words
    }

    /// Takes one byte from the system, and no more with it.
    #[track_caller]
    pub(crate) fn take_byte(&mut self) {
        self.reader.get_mut().read_exact(&mut [0]).unwrap();
    }

    /// Nothing comes for a while.
    #[track_caller]
    pub(crate) fn expect_nothing(&mut self, during: Duration) {
        self.reader.get_ref().set_read_timeout(Some(during)).unwrap();
        loop {
            match self.reader.fill_buf() {
                Ok(came) => panic!("{} came", shown(came)),
                // A signal ends a read that has a timeout; socket(7).
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => break assert!(is_timeout(e.kind()), "{e}"),
            }
        }
        self.reader.get_ref().set_read_timeout(Some(PATIENCE)).unwrap();
    }

    /// The room closes the connection in good order; tells what came before.
    #[track_caller]
    pub(crate) fn ends(&mut self) -> Vec<u8> {
        let mut last = Vec::new();
        if let Err(e) = self.reader.read_to_end(&mut last) {
            panic!("{e} after {}", shown(&last));
        }
        last
    }

    /// The connection is over, be it closed or reset; tells what came before.
    #[track_caller]
    pub(crate) fn is_put_out(&mut self) -> Vec<u8> {
        let mut last = Vec::new();
        if let Err(e) = self.reader.read_to_end(&mut last) {
            assert!(!is_timeout(e.kind()), "still open after {}", shown(&last));
        }
        last
    }

    /// Ends the sending; reading goes on.
    pub(crate) fn end_sending(&self) {
        self.reader.get_ref().shutdown(Shutdown::Write).unwrap();
    }

    /// Hangs up with a reset.
    pub(crate) fn reset(self) {
        set_socket_linger(self.reader.get_ref(), Some(Duration::ZERO)).unwrap();
    }

    /// From now on its system takes nothing that comes for it, and acknowledges
    /// nothing, as if it were gone.
    #[cfg(target_os = "linux")]
    pub(crate) fn dies(&self) {
        // `ret #0` of the packet filter.
        let take_nothing = SockFilter::new(0x06, 0, 0, 0);
        SockRef::from(self.reader.get_ref()).attach_filter(&[take_nothing]).unwrap();
    }

    /// Another handle of the same connection, to write from another thread.
    pub(crate) fn writer(&self) -> TcpStream {
        self.reader.get_ref().try_clone().unwrap()
    }
}

/// What comes to be true while one waits.
#[track_caller]
pub(crate) fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < PATIENCE, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Bytes as they can be read in a report, the end of many alone.
pub(crate) fn shown(bytes: &[u8]) -> String {
    let last = &bytes[bytes.len().saturating_sub(2000)..];
    let mut out = String::new();
    if last.len() < bytes.len() {
        let _ = write!(out, "({} bytes) …", bytes.len());
    }
    out + &last.escape_ascii().to_string()
}

fn is_timeout(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::WouldBlock | ErrorKind::TimedOut)
}
