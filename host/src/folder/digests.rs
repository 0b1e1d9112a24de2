//! The digests of files, for as long as these do not change.
//!
//! A file is known by what the system tells of it: which one it is, how long,
//! and when it was written to and changed last. Who writes to it, replaces it or
//! sets its dates gives it another identity, and nobody can set the date of the
//! last change.
//!
//! Such dates come from a clock with ticks (a few milliseconds; on FAT 2 s), and
//! two changes in one tick have the same. So nothing is learned of a file whose
//! next change may be dated like its last one.
//!
//! # Trade-offs
//!
//! - The digests are in memory, of fixed size, and gone with the server. To
//!   leave them with the files (extended attributes) would be one more thing
//!   that can be wrong, and not every file system has it.
//! - A file that rots on the disk keeps its identity, and is told by the digest
//!   that it once had: who fetches it finds out.

use core::time::Duration;
use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use snug_core::wire::digest::Digest;

/// The most files whose digests are kept: few enough to look through, more than
/// a room fetches in one evening. With 100 bytes of memory each.
const MOST: usize = 1024;

/// After so long without a change the next one has another date: longer than
/// any clock's tick, and than the system leaves bytes that came through a
/// mapping without a date (on Linux until they are written out, 30 s).
const SETTLED: Duration = Duration::from_mins(1);

/// What the digests of files are, those that were asked for least lately first.
#[derive(Debug)]
pub(super) struct Digests(Mutex<VecDeque<(Identity, Digest)>>);

impl Digests {
    /// Nothing is known yet; the memory for all is taken.
    pub(super) fn new() -> Self {
        Self(Mutex::new(VecDeque::with_capacity(MOST)))
    }

    /// The digest of a file, if that is known.
    pub(super) fn of(&self, file: Identity) -> Option<Digest> {
        let mut known = self.lock();
        let at = known.iter().position(|(one, _)| *one == file)?;
        let (file, digest) = known.remove(at)?;
        known.push_back((file, digest));
        Some(digest)
    }

    /// A file has this digest, and did when it was so. It must have been
    /// [settled](Identity::is_settled) before the first of its bytes was read,
    /// or before anybody else could write to it.
    pub(super) fn learn(&self, file: Identity, digest: Digest) {
        let mut known = self.lock();
        known.retain(|(one, _)| !one.is_same_file(file));
        if known.len() == MOST {
            known.pop_front();
        }
        known.push_back((file, digest));
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<(Identity, Digest)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Which file it is, and in which state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    device: u64,
    inode: u64,
    pub(super) size: u64,
    /// When its bytes were changed last, as far as anybody says.
    modified: Date,
    /// When anything of it was changed last: its bytes, its name, these dates.
    changed: Date,
}

/// Seconds since 1970, and nanoseconds.
type Date = (i64, i64);

impl Identity {
    /// That of an open file.
    pub(super) fn of(file: &File) -> io::Result<Self> {
        let seen = file.metadata()?;
        Ok(Self {
            device: seen.dev(),
            inode: seen.ino(),
            size: seen.size(),
            modified: (seen.mtime(), seen.mtime_nsec()),
            changed: (seen.ctime(), seen.ctime_nsec()),
        })
    }

    /// Whether its next change, from now on, will have another date.
    pub(super) fn is_settled(&self, now: SystemTime) -> bool {
        self.was_named_since_written() || self.is_older_than(SETTLED, now)
    }

    /// Whether it is as it was `before`, but for its name.
    pub(super) fn has_bytes_of(&self, before: &Self) -> bool {
        self.is_same_file(*before) && (self.size, self.modified) == (before.size, before.modified)
    }

    /// Whether something but its bytes was changed after these, so that the
    /// clock has moved on and the next write has another date than the last.
    /// Where dates are whole seconds, the two may have clocks of their own.
    fn was_named_since_written(&self) -> bool {
        self.changed > self.modified && self.modified.1 != 0
    }

    fn is_older_than(&self, age: Duration, now: SystemTime) -> bool {
        let (seconds, nanos) = self.changed;
        let (Ok(seconds), Ok(nanos)) = (seconds.try_into(), nanos.try_into()) else { return false };
        let changed = SystemTime::UNIX_EPOCH + Duration::new(seconds, nanos);
        now.duration_since(changed).is_ok_and(|past| past > age)
    }

    fn is_same_file(&self, other: Self) -> bool {
        (self.device, self.inode) == (other.device, other.inode)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn file(inode: u64) -> Identity {
        let (modified, changed) = ((100, 5), (100, 5));
        Identity { device: 1, inode, size: 3, modified, changed }
    }

    fn digest(n: u64) -> Digest {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&n.to_be_bytes());
        Digest::new(bytes)
    }

    #[test]
    fn a_digest_is_that_of_one_state_of_one_file() {
        let known = Digests::new();
        known.learn(file(1), digest(1));
        assert_eq!(known.of(file(1)), Some(digest(1)));
        let others = [
            file(2),
            Identity { device: 2, ..file(1) },
            Identity { size: 4, ..file(1) },
            Identity { modified: (100, 6), ..file(1) },
            Identity { changed: (100, 6), ..file(1) },
            Identity { changed: (99, 5), ..file(1) },
        ];
        for other in others {
            assert_eq!(known.of(other), None, "{other:?}");
        }
        // What it was before, it will not be again.
        known.learn(Identity { size: 4, ..file(1) }, digest(2));
        assert_eq!(known.of(file(1)), None);
    }

    #[test]
    fn the_memory_is_of_fixed_size_and_what_is_asked_for_stays() {
        let known = Digests::new();
        let capacity = known.lock().capacity();
        known.learn(file(0), digest(0));
        for n in 1..3 * MOST as u64 {
            known.learn(file(n), digest(n));
            assert_eq!(known.of(file(0)), Some(digest(0)), "{n}");
        }
        assert_eq!(known.lock().len(), MOST);
        assert_eq!(known.lock().capacity(), capacity);
        let newest = 3 * MOST as u64 - 1;
        assert_eq!(known.of(file(newest)), Some(digest(newest)));
        assert_eq!(known.of(file(MOST as u64)), None);
    }

    #[test]
    fn nothing_is_trusted_whose_next_change_may_not_show() {
        let fresh = file(1);
        for now in [99, 100, 101, 160] {
            assert!(!fresh.is_settled(at(now)), "{now}: within a tick, or the clock was set");
        }
        assert!(fresh.is_settled(at(161)));
        let named = Identity { changed: (100, 6), ..fresh };
        assert!(named.is_settled(at(100)), "the next write is dated later than the last");
        let touched = Identity { changed: (99, 5), ..fresh };
        assert!(!touched.is_settled(at(100)), "dated into the future");
        let coarse = Identity { modified: (100, 0), ..fresh };
        assert!(!coarse.is_settled(at(100)), "the next write may have the same second");
        assert!(coarse.is_settled(at(161)));
        let early = Identity { changed: (-1, 0), ..fresh };
        assert!(!early.is_settled(at(161)));
    }

    #[test]
    fn a_new_name_leaves_the_bytes_what_they_were() {
        let named = Identity { changed: (101, 0), ..file(1) };
        assert!(named.has_bytes_of(&file(1)));
        for other in
            [file(2), Identity { size: 4, ..file(1) }, Identity { modified: (100, 6), ..file(1) }]
        {
            assert!(!named.has_bytes_of(&other), "{other:?}");
        }
    }
}
