//! SHA-256 of what stands in a file.

use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use mio::Waker;
use sha2::{Digest as _, Sha256};
use snug_core::wire::digest::Digest;

use super::task::Task;

/// Bytes that are read at once.
const PIECE: usize = 256 * 1024;

/// The first bytes of a file on their way through the hash.
///
/// Dropped, it ends, and lets go of the file and of what locks it has.
#[derive(Debug)]
pub(super) struct Hashing {
    task: Task<io::Result<Sha256>>,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    /// Bytes that were hashed.
    done: AtomicU64,
    cancelled: AtomicBool,
}

impl Hashing {
    /// Hashes the first `len` bytes of `file`, which has to have as many.
    pub(super) fn start(file: &File, len: u64, waker: &Arc<Waker>) -> io::Result<Self> {
        let file = file.try_clone()?;
        let shared = Arc::new(Shared::default());
        let own = Arc::clone(&shared);
        let task = Task::start(waker, move || hash(&file, len, &own))?;
        Ok(Self { task, shared })
    }

    /// Bytes that were hashed so far.
    pub(super) fn done(&self) -> u64 {
        self.shared.done.load(Ordering::Relaxed)
    }

    /// What came of it, if that is known by now.
    pub(super) fn outcome(&self) -> Option<io::Result<Sha256>> {
        self.task.outcome().map(io::Result::flatten)
    }
}

impl Drop for Hashing {
    fn drop(&mut self) {
        self.shared.cancelled.store(true, Ordering::Relaxed);
        self.task.join();
    }
}

/// What was hashed is all.
pub(super) fn digest(hash: Sha256) -> Digest {
    Digest::new(hash.finalize().into())
}

fn hash(file: &File, len: u64, shared: &Shared) -> io::Result<Sha256> {
    let mut hash = Sha256::new();
    let mut piece = vec![0; PIECE];
    let mut at = 0;
    while at < len {
        if shared.cancelled.load(Ordering::Relaxed) {
            return Err(ErrorKind::Interrupted.into());
        }
        let wanted = usize::try_from(len - at).map_or(PIECE, |left| left.min(PIECE));
        let count = read_at(file, &mut piece[..wanted], at)?;
        hash.update(&piece[..count]);
        at += count as u64;
        shared.done.store(at, Ordering::Relaxed);
    }
    Ok(hash)
}

/// Reads something; the end is an error, since more was there.
pub(super) fn read_at(file: &File, into: &mut [u8], at: u64) -> io::Result<usize> {
    loop {
        match file.read_at(into, at) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

#[cfg(test)]
mod tests {
    use mio::{Events, Poll, Token};

    use super::*;

    #[test]
    fn a_part_of_a_file_is_hashed() {
        let poll = &mut Poll::new().unwrap();
        let waker = Arc::new(Waker::new(poll.registry(), Token(0)).unwrap());
        let bytes: Vec<u8> = (0..PIECE * 2 + 77).map(|i| (i * 31) as u8).collect();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, &bytes).unwrap();
        let file = File::open(&path).unwrap();
        for len in [0, 1, PIECE, bytes.len()] {
            let hashing = Hashing::start(&file, len as u64, &waker).unwrap();
            let hash = outcome(poll, &hashing).unwrap();
            assert_eq!(hashing.done(), len as u64);
            assert_eq!(hash.finalize(), Sha256::digest(&bytes[..len]));
        }
        let beyond = Hashing::start(&file, bytes.len() as u64 + 1, &waker).unwrap();
        assert_eq!(outcome(poll, &beyond).unwrap_err().kind(), ErrorKind::UnexpectedEof);
    }

    fn outcome(poll: &mut Poll, hashing: &Hashing) -> io::Result<Sha256> {
        loop {
            if let Some(outcome) = hashing.outcome() {
                return outcome;
            }
            poll.poll(&mut Events::with_capacity(1), None).unwrap();
        }
    }
}
