//! A TCP socket of smoltcp as the core's links are.

use core::{error, fmt};

use embedded_io::{ErrorKind, ErrorType, Read, ReadReady, Write, WriteReady};
use smoltcp::socket::tcp::{Socket, State};

use crate::io::Link;

/// A socket that is in somebody's hands for the moment.
///
/// smoltcp says `Ok(0)` where there is nothing yet and embedded-io where there
/// will be nothing more, so the end is told from the socket's state.
#[derive(Debug)]
pub struct SocketLink<'l, 'm> {
    socket: &'l mut Socket<'m>,
}

impl<'l, 'm> SocketLink<'l, 'm> {
    /// The link over a socket that is, or was, connected.
    pub fn new(socket: &'l mut Socket<'m>) -> Self {
        Self { socket }
    }

    /// Whether the connection is gone and all that came over it is read.
    pub fn is_gone(&self) -> bool {
        self.socket.state() == State::Closed && !self.socket.can_recv()
    }

    /// Whether the peer has ended its sending and all of it is read.
    fn is_ended(&self) -> bool {
        use State::{CloseWait, Closing, LastAck, TimeWait};
        let ended = matches!(self.socket.state(), CloseWait | LastAck | Closing | TimeWait);
        ended && !self.socket.can_recv()
    }

    /// Whether so much of the send buffer is free that what is written next
    /// fits as a whole, unless it is longer than half of it.
    fn has_room(&self) -> bool {
        let capacity = self.socket.send_capacity();
        self.socket.may_send() && self.socket.send_queue() <= capacity / 2
    }
}

impl ErrorType for SocketLink<'_, '_> {
    type Error = LinkError;
}

impl ReadReady for SocketLink<'_, '_> {
    fn read_ready(&mut self) -> Result<bool, LinkError> {
        if self.is_gone() {
            return Err(LinkError::Gone);
        }
        Ok(self.socket.can_recv() || self.is_ended())
    }
}

impl WriteReady for SocketLink<'_, '_> {
    /// Ready when half of the send buffer is free. A classic peer takes what
    /// comes together for one message, so a line should not leave in two.
    fn write_ready(&mut self) -> Result<bool, LinkError> {
        if self.socket.may_send() { Ok(self.has_room()) } else { Err(LinkError::Gone) }
    }
}

impl Link for SocketLink<'_, '_> {}

impl Read for SocketLink<'_, '_> {
    fn read(&mut self, space: &mut [u8]) -> Result<usize, LinkError> {
        if self.is_gone() {
            return Err(LinkError::Gone);
        }
        match self.socket.recv_slice(space) {
            Ok(0) if !space.is_empty() => Err(LinkError::NotNow),
            Ok(count) => Ok(count),
            Err(_) if self.is_ended() => Ok(0),
            Err(_) => Err(LinkError::NotNow),
        }
    }
}

impl Write for SocketLink<'_, '_> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, LinkError> {
        match self.socket.send_slice(bytes) {
            Ok(0) if !bytes.is_empty() => Err(LinkError::NotNow),
            Ok(count) => Ok(count),
            Err(_) => Err(LinkError::Gone),
        }
    }

    /// Does nothing: the stack sends when it is polled.
    fn flush(&mut self) -> Result<(), LinkError> {
        Ok(())
    }
}

/// Why a socket did not do what it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum LinkError {
    /// Nothing to read or no room to write now.
    NotNow,
    /// The connection is gone.
    Gone,
}

impl fmt::Display for LinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotNow => "not now",
            Self::Gone => "the connection is gone",
        })
    }
}

impl error::Error for LinkError {}

impl embedded_io::Error for LinkError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotNow => ErrorKind::Interrupted,
            Self::Gone => ErrorKind::ConnectionReset,
        }
    }
}
