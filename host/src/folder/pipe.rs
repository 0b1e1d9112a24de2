//! Bytes on their way between a file and a link, without a copy: in a pipe.
//!
//! It holds the very pages that the system has of the file, or of what came by
//! the link. Who has to do with the file waits for the disk; who has to do with
//! the link never does. A pipe that the one is at lets the other do nothing, so
//! it goes from the one to the other, as a buffer does.

use std::fs::File;
use std::io;
#[cfg(target_os = "linux")]
use std::io::Read as _;
use std::os::fd::{AsFd, OwnedFd};

use rustix::io::Errno;
#[cfg(target_os = "linux")]
use rustix::pipe::{PipeFlags, SpliceFlags, fcntl_setpipe_size, pipe_with, splice};

use super::disk::Disk;
#[cfg(target_os = "linux")]
use super::urgency::let_others;

/// Both ends of a pipe, and how many bytes are in it.
#[derive(Debug)]
#[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "none is made there"))]
pub(super) struct Pipe {
    input: OwnedFd,
    output: File,
    held: usize,
}

/// So few bytes are sooner read, by the room itself, than piped.
pub(super) const FEW: u64 = 65_536;

/// Bytes that a pipe has room for: as many as Linux gives to everybody. Each
/// time that it is filled takes two changes of threads.
pub(super) const SIZE: usize = 1 << 20;

/// Bytes that are appended to a file at once: Linux may let nobody else have the
/// core until that is done. It takes the longer for a byte the fewer there are.
pub(super) const PIECE: usize = 256 << 10;

impl Pipe {
    /// Bytes that are in it.
    pub(super) fn held(&self) -> usize {
        self.held
    }
}

#[cfg(target_os = "linux")]
impl Pipe {
    /// An empty one; none where the system has no more of that size.
    pub(super) fn new() -> Option<Self> {
        let (output, input) = pipe_with(PipeFlags::CLOEXEC).ok()?;
        fcntl_setpipe_size(&input, SIZE).ok()?;
        Some(Self { input, output: output.into(), held: 0 })
    }

    /// Takes what stands in a file from `offset` on, as much as has room. It
    /// stays empty where that fails: who then reads finds out why.
    pub(super) fn fill(&mut self, file: &File, offset: u64) {
        self.held = Disk::fill(&self.input, SIZE, file, offset).unwrap_or(0);
    }

    /// Takes what a socket has now, if it is empty: up to `most` bytes, 0 where
    /// there will be no more.
    ///
    /// What came is never too much for it, but may come in too many pieces: that
    /// there is less than `most` tells nothing of the socket.
    pub(super) fn take_in(&mut self, most: usize, from: impl AsFd) -> io::Result<usize> {
        self.held = splice(from, None, &self.input, None, most.min(SIZE), SpliceFlags::NONBLOCK)?;
        Ok(self.held)
    }

    /// Appends all that is in it to a file.
    pub(super) fn pour(&mut self, disk: &Disk, file: &File) -> rustix::io::Result<()> {
        while self.held > 0 {
            match disk.pour(&self.output, self.held.min(PIECE), file) {
                Ok(0) => return Err(Errno::IO),
                Ok(count) => self.held -= count,
                Err(Errno::INTR) => {}
                Err(error) => return Err(error),
            }
            let_others();
        }
        Ok(())
    }

    /// Copies what is in it, as much as has room.
    pub(super) fn take_out<'a>(&mut self, into: &'a mut [u8]) -> io::Result<&'a [u8]> {
        let count = self.held.min(into.len());
        let taken = &mut into[..count];
        self.output.read_exact(taken)?;
        self.held -= count;
        Ok(taken)
    }

    /// Gives a socket what it takes now of the next `most` bytes, of which there
    /// must be so many.
    pub(super) fn drain(&mut self, most: usize, to: impl AsFd) -> io::Result<usize> {
        let more = if most < self.held { SpliceFlags::MORE } else { SpliceFlags::empty() };
        match splice(&self.output, None, to, None, most, SpliceFlags::NONBLOCK | more)? {
            // The system has lost a page, and the peer cannot be told within a part.
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            count => {
                self.held = self.held.saturating_sub(count);
                Ok(count)
            }
        }
    }
}

/// Elsewhere a pipe has copies.
#[cfg(not(target_os = "linux"))]
impl Pipe {
    pub(super) fn new() -> Option<Self> {
        None
    }

    pub(super) fn fill(&mut self, _: &File, _: u64) {}

    pub(super) fn take_in(&mut self, _: usize, _: impl AsFd) -> io::Result<usize> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(super) fn pour(&mut self, _: &Disk, _: &File) -> rustix::io::Result<()> {
        Err(Errno::OPNOTSUPP)
    }

    pub(super) fn take_out<'a>(&mut self, _: &'a mut [u8]) -> io::Result<&'a [u8]> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(super) fn drain(&mut self, _: usize, _: impl AsFd) -> io::Result<usize> {
        Err(io::ErrorKind::Unsupported.into())
    }
}
