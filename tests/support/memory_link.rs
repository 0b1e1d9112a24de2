//! Two ends of a byte stream in memory.
//!
//! It behaves as TCP does where a room can tell: bytes are cut and joined as
//! the reader and the buffer have it, an end may close its sending and still
//! read, and after a reset what came before can still be read.

use core::cell::RefCell;
use core::fmt;
use std::collections::VecDeque;
use std::rc::Rc;

use embedded_io::{Error, ErrorKind, ErrorType, Read, ReadReady, Write, WriteReady};
use snug_core::io::Link;

/// One end of a link.
#[derive(Clone, Debug)]
pub(crate) struct MemoryLink {
    incoming: Rc<RefCell<Pipe>>,
    outgoing: Rc<RefCell<Pipe>>,
}

/// One direction of a link.
#[derive(Debug)]
struct Pipe {
    bytes: VecDeque<u8>,
    /// Bytes that may be under way.
    capacity: usize,
    /// Bytes that a read gives at most.
    piece: usize,
    /// Lengths of the writes that `bytes` came in.
    writes: VecDeque<usize>,
    ended: bool,
    reset: bool,
}

/// Why a link does not do what it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LinkError {
    /// Not now.
    NotNow,
    /// The other end is gone.
    Reset,
}

impl MemoryLink {
    /// Both ends of a new link that takes `capacity` bytes either way.
    pub(crate) fn pair(capacity: usize) -> (Self, Self) {
        let (one, other) = (Pipe::new(capacity), Pipe::new(capacity));
        let near = Self { incoming: Rc::clone(&one), outgoing: Rc::clone(&other) };
        (near, Self { incoming: other, outgoing: one })
    }

    /// From now on the other end can have `capacity` bytes under way to this
    /// one; with 0 it is blocked.
    pub(crate) fn set_capacity(&self, capacity: usize) {
        self.incoming.borrow_mut().capacity = capacity;
    }

    /// From now on the other end reads at most `piece` bytes at once.
    pub(crate) fn set_piece(&self, piece: usize) {
        self.outgoing.borrow_mut().piece = piece;
    }

    /// Ends the sending of this end (FIN); it can still read.
    pub(crate) fn end(&self) {
        self.outgoing.borrow_mut().ended = true;
    }

    /// Takes the link down for both ends (RST).
    pub(crate) fn reset(&self) {
        self.outgoing.borrow_mut().reset = true;
        self.incoming.borrow_mut().reset = true;
    }

    /// Whether the other end has ended its sending, and all of it was read.
    pub(crate) fn is_over(&self) -> bool {
        let pipe = self.incoming.borrow();
        pipe.bytes.is_empty() && (pipe.ended || pipe.reset)
    }

    /// Bytes that this end can read now.
    pub(crate) fn waiting(&self) -> usize {
        self.incoming.borrow().bytes.len()
    }

    /// Bytes from this end that the other has not read yet.
    pub(crate) fn unread(&self) -> usize {
        self.outgoing.borrow().bytes.len()
    }

    /// The next bytes that the other end wrote at once, or what is left of
    /// them: what a `recv` gives to a reader that is quick enough.
    pub(crate) fn next_write(&self) -> Option<Vec<u8>> {
        let len = *self.incoming.borrow().writes.front()?;
        let mut bytes = vec![0; len];
        self.incoming.borrow_mut().take(&mut bytes);
        Some(bytes)
    }
}

impl Pipe {
    fn new(capacity: usize) -> Rc<RefCell<Self>> {
        Rc::new(RefCell::new(Self {
            bytes: VecDeque::new(),
            capacity,
            piece: usize::MAX,
            writes: VecDeque::new(),
            ended: false,
            reset: false,
        }))
    }

    fn take(&mut self, out: &mut [u8]) -> usize {
        let count = out.len().min(self.bytes.len());
        for (byte, taken) in out.iter_mut().zip(self.bytes.drain(..count)) {
            *byte = taken;
        }
        let mut left = count;
        while let Some(first) = self.writes.front_mut() {
            if left < *first {
                *first -= left;
                break;
            }
            left -= *first;
            self.writes.pop_front();
        }
        count
    }

    fn room(&self) -> usize {
        self.capacity.saturating_sub(self.bytes.len())
    }
}

impl ErrorType for MemoryLink {
    type Error = LinkError;
}

impl Read for MemoryLink {
    fn read(&mut self, out: &mut [u8]) -> Result<usize, LinkError> {
        let mut pipe = self.incoming.borrow_mut();
        if pipe.bytes.is_empty() {
            return match (pipe.reset, pipe.ended) {
                (true, _) => Err(LinkError::Reset),
                (_, true) => Ok(0),
                _ => Err(LinkError::NotNow),
            };
        }
        let piece = out.len().min(pipe.piece);
        Ok(pipe.take(&mut out[..piece]))
    }
}

impl ReadReady for MemoryLink {
    fn read_ready(&mut self) -> Result<bool, LinkError> {
        let pipe = self.incoming.borrow();
        Ok(pipe.reset || pipe.ended || !pipe.bytes.is_empty())
    }
}

impl Write for MemoryLink {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, LinkError> {
        let mut pipe = self.outgoing.borrow_mut();
        if pipe.reset {
            return Err(LinkError::Reset);
        }
        let count = bytes.len().min(pipe.room());
        if count == 0 {
            return Err(LinkError::NotNow);
        }
        pipe.bytes.extend(&bytes[..count]);
        pipe.writes.push_back(count);
        Ok(count)
    }

    fn flush(&mut self) -> Result<(), LinkError> {
        Ok(())
    }
}

impl Link for MemoryLink {
    const WRITES_BOTH: bool = true;

    fn write_both(&mut self, first: &[u8], second: &[u8]) -> Result<usize, LinkError> {
        let count = self.write(first)?;
        if count < first.len() {
            return Ok(count);
        }
        let more = self.write(second).unwrap_or(0);
        let mut pipe = self.outgoing.borrow_mut();
        if more > 0 {
            pipe.writes.pop_back();
        }
        if let Some(one) = pipe.writes.back_mut() {
            *one += more;
        }
        Ok(count + more)
    }
}

impl WriteReady for MemoryLink {
    fn write_ready(&mut self) -> Result<bool, LinkError> {
        let pipe = self.outgoing.borrow();
        Ok(pipe.reset || pipe.room() > 0)
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
