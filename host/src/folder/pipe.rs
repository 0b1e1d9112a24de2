//! Bytes of a file on their way to a link, without a copy: in a pipe.
//!
//! It holds the very pages that the system has of the file. Who fills it waits
//! for the disk; who drains it never does, since the pages are there and stay.
//! A pipe that is being filled lets nobody drain it, so it goes from the one to
//! the other, as a buffer does.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};

#[cfg(target_os = "linux")]
use rustix::pipe::{PipeFlags, SpliceFlags, fcntl_setpipe_size, pipe_with, splice};

#[cfg(target_os = "linux")]
use super::disk::Disk;

/// Both ends of a pipe, and how many bytes are in it.
#[derive(Debug)]
#[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "none is made there"))]
pub(super) struct Pipe {
    input: OwnedFd,
    output: OwnedFd,
    held: usize,
}

/// So few bytes are sooner read, by the room itself, than lent.
pub(super) const FEW: u64 = 65_536;

/// Bytes that a pipe has room for: as many as Linux gives to everybody. Each
/// time that it is filled takes two changes of threads.
#[cfg(target_os = "linux")]
const SIZE: usize = 1 << 20;

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
        Some(Self { input, output, held: 0 })
    }

    /// Takes what stands in a file from `offset` on, as much as has room. It
    /// stays empty where that fails: who then reads finds out why.
    pub(super) fn fill(&mut self, file: &File, offset: u64) {
        self.held = Disk::fill(&self.input, SIZE, file, offset).unwrap_or(0);
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

    pub(super) fn drain(&mut self, _: usize, _: impl AsFd) -> io::Result<usize> {
        Err(io::ErrorKind::Unsupported.into())
    }
}
