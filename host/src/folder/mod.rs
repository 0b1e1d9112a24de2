//! The files, in a folder of the host, written by threads of their own.
//!
//! - `bypass`: what goes past the room, from a socket to a file or back
//! - `directory`: the folder by its descriptor, all that is done by name
//! - `disk`: the calls that it takes, each in one place
//! - `digests`: what is known of files that do not change
//! - `draft`: a file on its way, under a temporary name; `kept`: those that
//!   were not finished
//! - `hasher`: sums what has come, while nobody wants the processor
//! - `keeper`: what stands there, listed and removed for who keeps the room
//! - `listing`: the finished files, one after the other
//! - `pipe`: what comes or goes and nobody has to see goes by it
//! - `promises`: the room that files under way may come to take
//! - `slot`: the room's side of a transfer; `job`: what it asks of the threads
//!   that wait for the disk; `worker`: those that write; `publisher`: those that
//!   give files that are whole their names; `pair`: one of each; `store`: the
//!   folder as the room's store, with those
//! - `turns`: whose turn it is to have a file come by a pipe; `urgency`: how
//!   little all these threads want the core
//!
//! A file is written under a temporary name, made safe (`fsync`), renamed over
//! its final name, and the folder made safe; only then is it committed. So half
//! a file never stands under a name, and a replaced file is whole until the new
//! one is; files that are whole at the same time are named together, and share that
//! last sync. Of what an earlier run left unfinished, files that came by `#put` are
//! kept for a day, as far as there is room, and all else is swept out at start.
//!
//! # Trade-offs
//!
//! - Each slot has two buffers, so that the network fills one while the disk
//!   takes the other; they are copied into, so that the room's memory stays the
//!   room's. More would hide longer pauses of the disk at the cost of memory.
//!   What the room need not see goes by a pipe instead, where there is one.
//! - A large file that begins while no other comes is summed as it comes, so that its
//!   digest is known when it has its name. Where the link and the disk are faster
//!   than SHA-256 that holds it up.
//! - The system is told to begin with the disk every few MiB, not left to collect
//!   a file in its memory until the sync: that would be one long wait at the
//!   end. A file that is removed before its sync was written for nothing.
//! - A slot's jobs go to one thread, in order, up to the commit, and to another
//!   for that; slots share the few threads. A slow write holds up the uploads of
//!   its own thread, never the room; a slow `fsync` only files that wait for one,
//!   too, and these are then named together.
//! - [`used`](snug_core::store::Store::used) counts what the server does. Files
//!   that others put in or remove meanwhile are counted at the next start.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;

mod bypass;
mod digests;
mod directory;
mod disk;
mod draft;
mod hasher;
mod job;
mod keeper;
mod kept;
mod listing;
mod pair;
mod pipe;
mod promises;
mod publisher;
mod slot;
mod store;
#[cfg(test)]
mod tests;
mod turns;
mod urgency;
mod worker;

use directory::Directory;
pub use keeper::{Keeper, RemovalError};
pub use store::FolderStore;

/// A folder that this server alone has, without the threads that write to it.
///
/// Between the two is the moment to [confine](crate::sandbox) the process: a
/// thread is confined as the one that started it was by then.
#[derive(Debug)]
pub struct Folder(Directory);

impl Folder {
    /// Opens the folder `path`, made if missing. Fails when another server has
    /// it.
    pub fn open(path: &Path) -> io::Result<Self> {
        Directory::open(path).map(Self)
    }
}

impl AsFd for Folder {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
