//! The calls that reach the disk: each stands here, and nowhere else.
//!
//! So whoever wants to know what is done to the folder, and in which order,
//! reads or watches this file. Tests watch it (`tests/witness.rs`).

use core::ffi::CStr;
#[cfg(target_os = "linux")]
use core::num::NonZero;
use core::ops::Range;
use std::fs::File;
#[cfg(target_os = "linux")]
use std::io::IoSliceMut;
#[cfg(target_os = "linux")]
use std::io::Read;
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::FileExt;

use rustix::fs::{
    AtFlags, Dir, FileType, Mode, OFlags, RenameFlags, Stat, fstat, fsync, renameat, renameat_with,
    statat, unlinkat,
};
use rustix::io::{Errno, Result};
#[cfg(target_os = "linux")]
use rustix::{
    fs::{Advice, fadvise},
    io::{ReadWriteFlags, preadv2},
    pipe::{SpliceFlags, splice},
};

use crate::within;

/// The folder by its descriptor; every name is a single component.
#[derive(Debug)]
pub(super) struct Disk {
    /// Holds the lock, too, until it is closed.
    folder: OwnedFd,
    #[cfg(test)]
    pub(super) witness: super::tests::witness::Witness,
}

/// What is done to the folder or to a file in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Call {
    Create,
    Write,
    BeginWriteback,
    Sync,
    Rename,
    SyncFolder,
    Remove,
}

impl Disk {
    /// All that can be done in an open folder.
    pub(super) fn new(folder: OwnedFd) -> Self {
        Self {
            folder,
            #[cfg(test)]
            witness: super::tests::witness::Witness::default(),
        }
    }

    /// Makes a file that was not there.
    pub(super) fn create(&self, name: &str) -> Result<File> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL;
        let create = || within::open(&self.folder, name, flags, Mode::from_raw_mode(0o644));
        perform(self, Call::Create, || self.look(name), create).map(File::from)
    }

    /// Opens a file that is there: to be read, or to be written to as well.
    pub(super) fn open(&self, name: &str, write: bool) -> Result<File> {
        // Or a pipe would wait for its other end before it can be told apart.
        let flags = OFlags::NONBLOCK | if write { OFlags::RDWR } else { OFlags::RDONLY };
        let file = within::open(&self.folder, name, flags, Mode::empty())?;
        match FileType::from_raw_mode(fstat(&file)?.st_mode) {
            FileType::RegularFile => Ok(File::from(file)),
            _ => Err(Errno::INVAL),
        }
    }

    /// Reads what stands at an offset, until the buffer is full or the file
    /// ends.
    pub(super) fn read(file: &File, mut offset: u64, mut into: &mut [u8]) -> Result<usize> {
        let most = into.len();
        while !into.is_empty() {
            match file.read_at(into, offset) {
                Ok(0) => break,
                Ok(count) => {
                    offset += count as u64;
                    into = &mut into[count..];
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(errno(&error)),
            }
        }
        Ok(most - into.len())
    }

    /// Writes all of `bytes` where the file stands.
    pub(super) fn write(&self, file: &File, bytes: &[u8]) -> Result<()> {
        perform(
            self,
            Call::Write,
            || fstat(file),
            || {
                let mut file = file;
                file.write_all(bytes).map_err(|e| errno(&e))
            },
        )
    }

    /// Writes what is left to read of `from` where `file` stands.
    pub(super) fn copy(&self, mut from: &File, file: &File) -> Result<()> {
        perform(
            self,
            Call::Write,
            || fstat(file),
            || {
                let mut to = file;
                io::copy(&mut from, &mut to).map(drop).map_err(|e| errno(&e))
            },
        )
    }

    /// Writes what stands in a pipe where `file` stands, `most` bytes at most;
    /// tells how many.
    #[cfg(target_os = "linux")]
    pub(super) fn pour(&self, pipe: &File, most: usize, file: &File) -> Result<usize> {
        let pour = || match splice(pipe, None, file, None, most, SpliceFlags::NONBLOCK) {
            // A file system that has no way to take it from there.
            Err(Errno::INVAL) => copy_some(pipe, most, file).map_err(|e| errno(&e)),
            poured => poured,
        };
        perform(self, Call::Write, || fstat(file), pour)
    }

    /// Lets the system begin to write what was written to a part of a file to
    /// the medium, so that a sync later waits for less. It promises nothing, and
    /// what fails in it is told by the sync.
    pub(super) fn begin_writeback(&self, file: &File, part: Range<u64>) {
        let begin = || begin_writeback(file, part);
        // What the system does not begin now, the sync does.
        let _ = perform(self, Call::BeginWriteback, || fstat(file), begin);
    }

    /// Makes what was written to a file survive a loss of power.
    pub(super) fn sync(&self, file: &File) -> Result<()> {
        perform(self, Call::Sync, || fstat(file), || fsync(file))
    }

    /// Reads what stands at an offset, as far as that is in memory.
    #[cfg(target_os = "linux")]
    pub(super) fn read_at_once(file: &File, offset: u64, into: &mut [u8]) -> Result<usize> {
        let mut into = [IoSliceMut::new(into)];
        preadv2(file, &mut into, offset, ReadWriteFlags::NOWAIT)
    }

    /// Elsewhere nobody tells, so that it is read by who may wait.
    #[cfg(not(target_os = "linux"))]
    pub(super) fn read_at_once(_: &File, _: u64, _: &mut [u8]) -> Result<usize> {
        Err(Errno::AGAIN)
    }

    /// Has an empty pipe hold what stands at an offset, as much as goes into it
    /// and no more than `most`; tells how much. It waits for the disk, and the
    /// pipe can be asked for nothing meanwhile.
    #[cfg(target_os = "linux")]
    pub(super) fn fill(
        pipe: impl AsFd,
        most: usize,
        file: &File,
        mut offset: u64,
    ) -> Result<usize> {
        let (pipe, mut held) = (pipe.as_fd(), 0);
        while held < most {
            match splice(file, Some(&mut offset), pipe, None, most - held, SpliceFlags::NONBLOCK) {
                // A page takes the same room, however little of it is wanted:
                // the pipe can be full before it has so many bytes.
                Ok(0) | Err(Errno::AGAIN) => break,
                Ok(count) => held += count,
                Err(Errno::INTR) => {}
                Err(_) if held > 0 => break,
                Err(error) => return Err(error),
            }
        }
        Ok(held)
    }

    /// Gives a file another name, in place of what has it.
    pub(super) fn rename(&self, from: &str, to: &str) -> Result<()> {
        let rename = || renameat(&self.folder, from, &self.folder, to);
        perform(self, Call::Rename, || self.look(to), rename)
    }

    /// Gives a file another name that nothing has.
    pub(super) fn rename_new(&self, from: &str, to: &str) -> Result<()> {
        let folder = &self.folder;
        let rename = || match renameat_with(folder, from, folder, to, RenameFlags::NOREPLACE) {
            // A file system, or a system, that cannot promise it: the names are
            // this server's alone, and it looks first.
            Err(Errno::INVAL | Errno::NOSYS) => match self.look(to) {
                Err(Errno::NOENT) => renameat(folder, from, folder, to),
                looked => Err(looked.err().unwrap_or(Errno::EXIST)),
            },
            renamed => renamed,
        };
        perform(self, Call::Rename, || self.look(to), rename)
    }

    /// Makes the names in the folder survive a loss of power.
    pub(super) fn sync_folder(&self) -> Result<()> {
        perform(
            self,
            Call::SyncFolder,
            || fstat(&self.folder),
            || match fsync(&self.folder) {
                // A file system that has no such thing for folders.
                Err(Errno::INVAL) => Ok(()),
                synced => synced,
            },
        )
    }

    /// Removes a file.
    pub(super) fn remove(&self, name: impl rustix::path::Arg) -> Result<()> {
        let remove = || unlinkat(&self.folder, name, AtFlags::empty());
        perform(self, Call::Remove, || fstat(&self.folder), remove)
    }

    /// Looks at what stands under a name, be it a link.
    pub(super) fn look(&self, name: impl rustix::path::Arg) -> Result<Stat> {
        statat(&self.folder, name, AtFlags::SYMLINK_NOFOLLOW)
    }

    /// The names in the folder, from the first one on.
    pub(super) fn names(&self) -> Result<Dir> {
        Dir::read_from(&self.folder)
    }

    /// Calls `each` with every name in the folder.
    pub(super) fn list(&self, mut each: impl FnMut(&CStr)) -> Result<()> {
        for entry in self.names()? {
            each(entry?.file_name());
        }
        Ok(())
    }
}

impl AsFd for Disk {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.folder.as_fd()
    }
}

/// Copies up to `most` bytes from a pipe that holds so many.
#[cfg(target_os = "linux")]
fn copy_some(mut pipe: &File, most: usize, mut file: &File) -> io::Result<usize> {
    let mut block = vec![0; most.min(64 << 10)];
    let count = pipe.read(&mut block)?;
    file.write_all(&block[..count])?;
    Ok(count)
}

/// Linux begins with what it is told not to keep in memory, and keeps it until
/// that is done; elsewhere that is not known to be so.
#[cfg(target_os = "linux")]
fn begin_writeback(file: &File, part: Range<u64>) -> Result<()> {
    let length = NonZero::new(part.end.saturating_sub(part.start));
    fadvise(file, part.start, length, Advice::DontNeed)
}

#[cfg(not(target_os = "linux"))]
fn begin_writeback(_: &File, _: Range<u64>) -> Result<()> {
    Ok(())
}

/// Makes a call; `about` is what it was made on, once it came back well.
#[cfg(not(test))]
fn perform<T>(
    _: &Disk,
    _: Call,
    _about: impl FnOnce() -> Result<Stat>,
    call: impl FnOnce() -> Result<T>,
) -> Result<T> {
    call()
}

/// Makes a call before the eyes of a test.
#[cfg(test)]
fn perform<T>(
    disk: &Disk,
    kind: Call,
    about: impl FnOnce() -> Result<Stat>,
    call: impl FnOnce() -> Result<T>,
) -> Result<T> {
    disk.witness.allow(kind)?;
    let done = call()?;
    disk.witness.note(kind, about()?.st_ino);
    Ok(done)
}

fn errno(error: &io::Error) -> Errno {
    Errno::from_io_error(error).unwrap_or(Errno::IO)
}
