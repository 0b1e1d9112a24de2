//! Somebody in a room, be it on this machine or on a device.

#![allow(dead_code, reason = "each test uses a part of it")]

use core::time::Duration;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::thread;

#[cfg(target_os = "linux")]
use socket2::SockFilter;
use socket2::SockRef;

const PATIENCE: Duration = Duration::from_secs(20);
/// Longer than a room takes for quiet, so that bursts stay apart.
pub(crate) const QUIET: Duration = Duration::from_millis(150);

/// Somebody in the room.
pub(crate) struct Person {
    pub(crate) stream: TcpStream,
    heard: Vec<u8>,
}

impl Person {
    /// Somebody who has just connected.
    pub(crate) fn new(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, heard: Vec::new() }
    }

    /// Waits until the room has let it in.
    pub(crate) fn comes_in(mut self) -> Self {
        self.hears("> Connected to the chat server (");
        thread::sleep(QUIET);
        self
    }

    /// Sends bytes as they are.
    pub(crate) fn sends(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).unwrap();
    }

    /// Becomes a line peer.
    pub(crate) fn switches(&mut self) {
        self.sends("\n");
        self.hears("#help");
    }

    /// Waits until it hears this; all that it heard up to it.
    pub(crate) fn hears(&mut self, part: &str) -> String {
        let mut looked = 0;
        loop {
            let rest = &self.heard[looked..];
            if let Some(at) = rest.windows(part.len()).position(|piece| piece == part.as_bytes()) {
                let heard = self.takes(looked + at + part.len());
                return String::from_utf8_lossy(&heard).into_owned();
            }
            looked = self.heard.len().saturating_sub(part.len());
            self.listens(part);
        }
    }

    /// Waits for so many bytes, whatever they are.
    pub(crate) fn takes(&mut self, count: usize) -> Vec<u8> {
        while self.heard.len() < count {
            self.listens("the rest of its bytes");
        }
        self.heard.drain(..count).collect()
    }

    /// Waits for more, which should be something.
    fn listens(&mut self, something: &str) {
        let mut piece = [0; 4096];
        match self.stream.read(&mut piece) {
            Ok(count @ 1..) => self.heard.extend(&piece[..count]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            end => {
                let last = &self.heard[self.heard.len().saturating_sub(300)..];
                panic!("{end:?} instead of {something:?}; heard {}", last.escape_ascii());
            }
        }
    }

    /// Hangs up with a reset.
    pub(crate) fn resets(self) {
        SockRef::from(&self.stream).set_linger(Some(Duration::ZERO)).unwrap();
    }

    /// From now on its system takes nothing that comes for it, as if it were
    /// gone; it acknowledges nothing, either.
    #[cfg(target_os = "linux")]
    pub(crate) fn loses_all(&self) {
        // `ret #0` of the packet filter.
        let take_nothing = SockFilter::new(0x06, 0, 0, 0);
        SockRef::from(&self.stream).attach_filter(&[take_nothing]).unwrap();
    }

    /// Waits until the room hangs up.
    pub(crate) fn is_put_out(&mut self) {
        match self.stream.read_to_end(&mut Vec::new()) {
            Err(error) if error.kind() != ErrorKind::ConnectionReset => panic!("{error}"),
            _ => {}
        }
    }

    /// Uploads a file as a line peer; whether it is stored.
    pub(crate) fn uploads(&mut self, name: &str, bytes: &[u8]) -> bool {
        self.heard.clear();
        self.sends(format!("#upload '{name}' {}\n", bytes.len()));
        self.sends(bytes);
        let answer = loop {
            let line = self.hears("\n");
            if line.starts_with("> Your file") || line.starts_with('!') {
                break line;
            }
        };
        !answer.starts_with('!')
    }
}
