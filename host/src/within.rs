//! Opening what stands in a folder, and nothing that a link leads to.

use std::os::fd::OwnedFd;

use rustix::fs::{Mode, OFlags, openat};
use rustix::io::{Errno, Result};

/// Opens what has a name, a single component, in a folder; be it no link.
pub(crate) fn open(folder: &OwnedFd, name: &str, flags: OFlags, mode: Mode) -> Result<OwnedFd> {
    let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC;
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
