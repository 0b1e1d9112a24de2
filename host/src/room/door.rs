//! The door: who comes in, who is told that there is no room.

use core::net::SocketAddr;
use core::time::Duration;
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::net::UnixDatagram;

use mio::net::{TcpListener, TcpStream};
use rustix::io::Errno;
use snug_core::server::refusal_notice;
use snug_core::time::Instant;
use snug_core::wire::notice::Refusal;

/// How long nobody is let in when the system has no descriptor left.
const PAUSE: Duration = Duration::from_millis(200);

/// The listeners, and a descriptor in reserve: when there is no other left, it
/// serves to tell a newcomer so, rather than to leave it waiting.
#[derive(Debug)]
pub(super) struct Door {
    listeners: Vec<TcpListener>,
    /// Listeners that may have somebody waiting.
    waiting: Vec<bool>,
    reserve: Option<UnixDatagram>,
    shut_until: Instant,
}

impl Door {
    pub(super) fn new(listeners: Vec<TcpListener>) -> Self {
        let waiting = vec![true; listeners.len()];
        Self { listeners, waiting, reserve: reserve(), shut_until: Instant::ZERO }
    }

    pub(super) fn listeners(&mut self) -> &mut [TcpListener] {
        &mut self.listeners
    }

    /// Somebody knocked at the listener with this index.
    pub(super) fn knocked(&mut self, listener: usize) {
        self.waiting[listener] = true;
    }

    /// When the door is to be looked at again, if somebody waits at it.
    pub(super) fn opens(&self, now: Instant) -> Option<Instant> {
        let waits = self.waiting.contains(&true);
        waits.then(|| self.shut_until.max(now))
    }

    /// Somebody who came, or nothing if nobody is waiting.
    pub(super) fn next(&mut self, now: Instant) -> Option<(TcpStream, SocketAddr)> {
        if now < self.shut_until {
            return None;
        }
        loop {
            let at = self.waiting.iter().position(|&waiting| waiting)?;
            match self.listeners[at].accept() {
                Ok(newcomer) => return Some(newcomer),
                Err(error) if is_of_the_newcomer(&error) => {}
                Err(error) if is_shortage(&error) => {
                    self.shut(now, at);
                    return None;
                }
                Err(_) => self.waiting[at] = false,
            }
        }
    }

    /// Tells one newcomer, over the reserve, that there is no room, and shuts
    /// the door for a moment.
    fn shut(&mut self, now: Instant, at: usize) {
        self.reserve = None;
        if let Ok((stream, _)) = self.listeners[at].accept() {
            turn_away(stream, Refusal::RoomFull);
        }
        self.reserve = reserve();
        self.shut_until = now + PAUSE;
    }
}

/// Tells somebody why there is no way in, and closes.
pub(super) fn turn_away(mut stream: TcpStream, why: Refusal) {
    let mut line = [0; 128];
    let len = refusal_notice(&mut line, why);
    // What came already is read, or closing would take the notice back. A
    // newcomer that does not take the line at once does without it.
    let _ = stream.read(&mut [0; 512]);
    let _ = stream.write(&line[..len]);
}

/// A socket that nobody ever hears of: it takes a descriptor and a place in the
/// system's table of open files, and needs no name, which a sandbox would hide.
fn reserve() -> Option<UnixDatagram> {
    UnixDatagram::unbound().ok()
}

/// Whether it was the newcomer that failed, not the listener: it hung up while
/// it waited (accept(2)), or a signal came.
fn is_of_the_newcomer(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::Interrupted)
        || Errno::from_io_error(error) == Some(Errno::PROTO)
}

/// Whether this process or the system has no descriptor or memory left.
fn is_shortage(error: &io::Error) -> bool {
    let shortage = [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM];
    Errno::from_io_error(error).is_some_and(|errno| shortage.contains(&errno))
}
