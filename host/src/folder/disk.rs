//! The calls that reach the disk: each stands here, and nowhere else.
//!
//! So whoever wants to know what is done to the folder, and in which order,
//! reads or watches this file. Tests watch it (`witness`).

use core::ffi::CStr;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{
    AtFlags, Dir, Mode, OFlags, Stat, fstat, fsync, openat, renameat, statat, unlinkat,
};
use rustix::io::{Errno, Result};

/// The folder by its descriptor; every name is a single component.
#[derive(Debug)]
pub(super) struct Disk {
    /// Holds the lock, too, until it is closed.
    folder: OwnedFd,
    #[cfg(test)]
    pub(super) witness: super::witness::Witness,
}

/// What is done to the folder or to a file in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Call {
    Create,
    Write,
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
            witness: super::witness::Witness::default(),
        }
    }

    /// Makes a file that was not there.
    pub(super) fn create(&self, name: &str) -> Result<File> {
        perform(self, Call::Create, || self.look(name), || open_new(&self.folder, name))
            .map(File::from)
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

    /// Makes what was written to a file survive a loss of power.
    pub(super) fn sync(&self, file: &File) -> Result<()> {
        perform(self, Call::Sync, || fstat(file), || fsync(file))
    }

    /// Gives a file another name, in place of what has it.
    pub(super) fn rename(&self, from: &str, to: &str) -> Result<()> {
        let rename = || renameat(&self.folder, from, &self.folder, to);
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

    /// Calls `each` with every name in the folder.
    pub(super) fn list(&self, mut each: impl FnMut(&CStr)) -> Result<()> {
        for entry in Dir::read_from(&self.folder)? {
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

fn open_new(folder: &OwnedFd, name: &str) -> Result<OwnedFd> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mode = Mode::from_raw_mode(0o644);
    match open_beneath(folder, name, flags, mode) {
        // An old kernel, or a sandbox that does not know the call. For a single
        // component these flags alone keep the promise, too.
        Err(Errno::NOSYS | Errno::PERM) => openat(folder, name, flags, mode),
        opened => opened,
    }
}

#[cfg(target_os = "linux")]
fn open_beneath(folder: &OwnedFd, name: &str, flags: OFlags, mode: Mode) -> Result<OwnedFd> {
    use rustix::fs::{ResolveFlags, openat2};
    let within = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    openat2(folder, name, flags, mode, within)
}

#[cfg(not(target_os = "linux"))]
fn open_beneath(_: &OwnedFd, _: &str, _: OFlags, _: Mode) -> Result<OwnedFd> {
    Err(Errno::NOSYS)
}
