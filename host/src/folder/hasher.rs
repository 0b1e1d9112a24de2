//! Sums files that have come, in time that nobody else wants, so that who fetches
//! one first need not wait for its digest.
//!
//! # Trade-offs
//!
//! - A large file that begins alone is summed while it comes (`draft`). All others
//!   are summed behind their uploads, and for a moment not while others come: that
//!   would take the processor when uploads want it most.
//! - From memory, but for a few MiB: what the system has dropped by then is not
//!   worth a disk that others wait for. Who fetches such a file first has it
//!   summed on the way, and so has who comes before it is its turn.

use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::fs::File;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::{Instant, SystemTime};

use sha2::{Digest as _, Sha256};
use snug_core::wire::digest::Digest;
use snug_core::wire::name::FileName;

use super::digests::Identity;
use super::directory::Directory;
use super::disk::Disk;
use super::urgency::{be_less_urgent, let_others};
use crate::explain;

/// Files that wait for their turn, at most; what comes beyond is not summed.
const MOST: usize = 256;
/// Bytes that are summed before anything else is looked at.
const BLOCK: usize = 64 << 10;
/// Blocks of a file that may have to come from the disk.
const MOST_DROPPED: usize = 256;
/// How long a file waits until no other comes: then it is summed all the same.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);
/// Steps of `nice`: as little as there is of a core that somebody else wants.
const LESS_URGENT: i32 = 19;

/// A file that is to be summed.
#[derive(Debug)]
pub(super) struct Unsummed {
    name: FileName,
    since: Instant,
}

impl Unsummed {
    /// One that has just got its name.
    pub(super) fn new(name: FileName) -> Self {
        Self { name, since: Instant::now() }
    }
}

/// The thread that sums.
#[derive(Debug)]
pub(super) struct Hasher {
    files: SyncSender<Unsummed>,
    ends: Arc<AtomicBool>,
    join: JoinHandle<()>,
}

impl Hasher {
    /// Starts it.
    pub(super) fn start(directory: Arc<Directory>) -> io::Result<Self> {
        let ends = Arc::new(AtomicBool::new(false));
        let (files, queue) = sync_channel(MOST);
        let work = Work { directory, ends: Arc::clone(&ends) };
        let thread = thread::Builder::new().name("hasher".into()).spawn(move || work.run(&queue));
        let join = thread.map_err(|e| explain("cannot start a thread for digests", &e))?;
        Ok(Self { files, ends, join })
    }

    /// Where files go that are to be summed.
    pub(super) fn queue(&self) -> SyncSender<Unsummed> {
        self.files.clone()
    }

    /// Waits for its end, which comes when nobody else can send files: what is
    /// not summed by now will not be.
    pub(super) fn end(self) {
        let Self { files, ends, join } = self;
        ends.store(true, Ordering::Relaxed);
        drop(files);
        // A thread that panicked has told so itself.
        let _ = join.join();
    }
}

/// What it has for that.
struct Work {
    directory: Arc<Directory>,
    ends: Arc<AtomicBool>,
}

impl Work {
    fn run(&self, files: &Receiver<Unsummed>) {
        be_less_urgent(LESS_URGENT);
        let mut block = vec![0; BLOCK];
        while let Ok(Unsummed { name, since }) = files.recv()
            && !self.ends()
        {
            self.directory.promises.await_none(PATIENCE.saturating_sub(since.elapsed()));
            // It may be gone by now, changed, or dropped from memory.
            let _ = self.sum(&name, &mut block);
        }
    }

    /// Learns the digest of what stands under a name, where each change of it
    /// would show.
    fn sum(&self, name: &FileName, block: &mut [u8]) -> Option<()> {
        let file = self.directory.disk.open(name.as_str(), false).ok()?;
        let identity = Identity::of(&file).ok()?;
        let known = &self.directory.digests;
        if identity.is_settled(SystemTime::now()) && known.of(identity).is_none() {
            known.learn(identity, self.digest(&file, identity, block)?);
        }
        Some(())
    }

    /// The digest of a file that stays the same all the while.
    fn digest(&self, file: &File, identity: Identity, block: &mut [u8]) -> Option<Digest> {
        let (mut sum, mut offset, mut dropped) = (Sha256::new(), 0, 0);
        while offset < identity.size {
            let_others();
            let count = match Disk::read_at_once(file, offset, block) {
                Err(_) if dropped < MOST_DROPPED => {
                    dropped += 1;
                    Disk::read(file, offset, block)
                }
                read => read,
            };
            let count = count.ok().filter(|&count| count > 0)?;
            sum.update(&block[..count]);
            offset += count as u64;
            if self.ends() || Identity::of(file).ok()? != identity {
                return None;
            }
        }
        Some(Digest::new(sum.finalize().into()))
    }

    fn ends(&self) -> bool {
        self.ends.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::FileExt;

    use super::*;
    use crate::folder::Folder;

    #[test]
    fn what_changes_meanwhile_has_no_digest() {
        let path = tempfile::tempdir().unwrap();
        let Folder(directory) = Folder::open(path.path()).unwrap();
        let work = Work { directory: Arc::new(directory), ends: Arc::default() };
        let mut block = vec![0; BLOCK];
        let file = File::create_new(path.path().join("a")).unwrap();
        let identity = Identity::of(&file).unwrap();
        assert_eq!(
            work.digest(&file, identity, &mut block),
            Some(Digest::new(Sha256::digest([]).into()))
        );

        let bytes = vec![7; 3 * BLOCK];
        file.write_all_at(&bytes, 0).unwrap();
        let identity = Identity::of(&file).unwrap();
        let file = File::open(path.path().join("a")).unwrap();
        let digest = Digest::new(Sha256::digest(&bytes).into());
        assert_eq!(work.digest(&file, identity, &mut block), Some(digest));
        std::fs::remove_file(path.path().join("a")).unwrap();
        assert_eq!(work.digest(&file, identity, &mut block), None, "it has changed since");

        let identity = Identity::of(&file).unwrap();
        work.ends.store(true, Ordering::Relaxed);
        assert_eq!(work.digest(&file, identity, &mut block), None, "the server ends");
    }
}
