//! A link between the room and a peer, and its end in the room.

use core::fmt;

use embedded_io::{Error, ErrorKind, ErrorType, Read, ReadReady, Write, WriteReady};
use snug_core::io;

use super::flaw::Flaw;
use super::tally::{Fault, Tally};
use super::wire::{Care, Fate, Wire, happens};
use crate::support::random::Random;

/// Both directions of a link.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) to_room: Wire,
    pub(crate) to_peer: Wire,
    /// The last write was refused though there was room.
    pub(crate) refused: bool,
}

impl Link {
    /// Takes the link down.
    pub(crate) fn reset(&mut self, all: bool) {
        self.to_room.reset(all);
        self.to_peer.reset(all);
    }
}

/// The room's end of a link, while it is used.
#[derive(Debug)]
pub(crate) struct Near<'a> {
    pub(crate) link: &'a mut Link,
    pub(crate) now: u64,
    pub(crate) random: &'a mut Random,
    pub(crate) tally: &'a mut Tally,
    pub(crate) flaw: Flaw,
}

/// Why a link does not do what it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LinkError {
    NotNow,
    Reset,
}

impl ErrorType for Near<'_> {
    type Error = LinkError;
}

impl ReadReady for Near<'_> {
    fn read_ready(&mut self) -> Result<bool, LinkError> {
        Ok(self.link.to_room.ready(self.now))
    }
}

impl Read for Near<'_> {
    fn read(&mut self, out: &mut [u8]) -> Result<usize, LinkError> {
        let wire = &mut self.link.to_room;
        match (wire.waiting(), wire.fate) {
            (0, Fate::Reset) => return Err(LinkError::Reset),
            (0, Fate::Ended) => return Ok(0),
            (0, Fate::Open) => return Err(LinkError::NotNow),
            _ => {}
        }
        let mut most = out.len();
        if most > 1 && happens(self.random, wire.weather.short_read) {
            self.tally.suffer(Fault::ShortRead);
            most = self.random.of(1..most.min(40));
        }
        Ok(wire.take(&mut out[..most]))
    }
}

impl WriteReady for Near<'_> {
    fn write_ready(&mut self) -> Result<bool, LinkError> {
        let wire = &self.link.to_peer;
        Ok(wire.fate == Fate::Reset || wire.room() > 0)
    }
}

impl io::Link for Near<'_> {
    const WRITES_BOTH: bool = true;

    fn write_both(&mut self, first: &[u8], second: &[u8]) -> Result<usize, LinkError> {
        self.write(&[first, second].concat())
    }
}

impl Write for Near<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, LinkError> {
        let wire = &mut self.link.to_peer;
        if wire.fate == Fate::Reset {
            return Err(LinkError::Reset);
        }
        if happens(self.random, wire.weather.refuse) {
            self.tally.suffer(Fault::Refused);
            self.link.refused = true;
            return Err(LinkError::NotNow);
        }
        let mut count = bytes.len().min(wire.room());
        if count > 1 && happens(self.random, wire.weather.short_write) {
            self.tally.suffer(Fault::ShortWrite);
            count = self.random.of(1..count);
        }
        let sent = self.flaw.spoil(&bytes[..count], self.random);
        wire.send(self.now, &sent, Care::None, self.random, self.tally);
        Ok(count)
    }

    fn flush(&mut self) -> Result<(), LinkError> {
        Ok(())
    }
}

impl Error for LinkError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotNow => ErrorKind::Interrupted,
            Self::Reset => ErrorKind::ConnectionReset,
        }
    }
}

impl fmt::Display for LinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl core::error::Error for LinkError {}
