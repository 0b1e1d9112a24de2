//! The folder by its descriptor: all that is done to it by name.

use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::process;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use rustix::fs::{CWD, FileType, FlockOperation, Mode, OFlags, Stat, flock, openat};
use rustix::io::Errno;
use snug_core::store::StoreError;
use snug_core::wire::digest::Digest;
use snug_core::wire::name::{FileName, TEMPORARY_PREFIX};

use super::digests::{Digests, Identity};
use super::disk::Disk;
use super::kept::Kept;
use super::pipe::{FEW, Pipe};
use super::promises::Promises;
use crate::explain;

/// Begins with the prefix of all temporary names.
const KEPT_PREFIX: &str = ".snug-part-";

/// A folder that was opened once; nothing outside of it is reached from here.
///
/// Every name used below is a single component, a [`FileName`] or one of our
/// own temporary names, and no link under such a name is ever followed.
#[derive(Debug)]
pub(super) struct Directory {
    pub(super) disk: Disk,
    /// Tells the temporary names of this run from those of another.
    run: String,
    /// Temporary names given so far.
    names: AtomicU64,
    /// Bytes of the finished files.
    used: AtomicU64,
    /// No other server has the folder: what is under a name that is made of a
    /// digest is this one's.
    pub(super) alone: bool,
    /// Bytes that all files may take, unfinished ones with them.
    pub(super) quota: u64,
    pub(super) promises: Promises,
    /// What is there of files that were not finished.
    pub(super) kept: Kept,
    pub(super) digests: Digests,
    /// Held while a file takes its name, so that `used` counts right when two
    /// take the same.
    naming: Mutex<()>,
}

impl Directory {
    /// Opens the folder, made if missing, for this server alone.
    ///
    /// What an earlier run left unfinished is removed.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let shown = path.display();
        let failed = |e| explain(format_args!("cannot use the folder {shown}"), &e);
        fs::create_dir_all(path).map_err(failed)?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let fd = openat(CWD, path, flags, Mode::empty()).map_err(|e| failed(e.into()))?;
        let locked = lock(&fd).map_err(failed)?;
        // A folder that was just made must outlive a loss of power, too; where
        // the one above cannot be opened, the system sees to it in its time.
        let _ = File::open(path.join("..")).and_then(|above| above.sync_all());
        let directory = Self {
            disk: Disk::new(fd),
            run: run_mark(),
            names: AtomicU64::new(0),
            used: AtomicU64::new(0),
            alone: locked,
            quota: u64::MAX,
            promises: Promises::default(),
            kept: Kept::default(),
            digests: Digests::new(),
            naming: Mutex::new(()),
        };
        directory.survey(locked).map_err(|e| failed(e.into()))?;
        Ok(directory)
    }

    /// Bytes of the finished files.
    pub(super) fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    /// Makes a new empty file; tells its temporary name.
    pub(super) fn create(&self) -> Result<(File, String), StoreError> {
        let number = self.names.fetch_add(1, Ordering::Relaxed);
        let name = format!("{TEMPORARY_PREFIX}{}-{number}", self.run);
        let file = self.disk.create(&name).map_err(store_error)?;
        Ok((file, name))
    }

    /// Bytes of the file under `name`, if there is one.
    ///
    /// Anything but a file (a folder, a link, a pipe) is a bad name.
    pub(super) fn standing(&self, name: &FileName) -> Result<Option<u64>, StoreError> {
        match self.disk.look(name.as_str()) {
            Ok(stat) => file_size(&stat).map(Some).ok_or(StoreError::BadName),
            Err(Errno::NOENT) => Ok(None),
            Err(e) => Err(store_error(e)),
        }
    }

    /// Opens the file under `name` to be read.
    pub(super) fn open_file(&self, name: &FileName) -> Result<Source, StoreError> {
        let file = self.disk.open(name.as_str(), false).map_err(|error| match error {
            Errno::NOENT => StoreError::Missing,
            error => store_error(error),
        })?;
        let identity = Identity::of(&file).map_err(|_| StoreError::Failed)?;
        let digest = self.digests.of(identity);
        let settled = identity.is_settled(SystemTime::now());
        let size = identity.size;
        Ok(Source {
            file: Arc::new(file),
            size,
            digest,
            pipe: digest.filter(|_| size > FEW).and_then(|_| Pipe::new()),
            identity: settled.then_some(identity),
        })
    }

    /// Gives the file `temporary` of `size` bytes its name, in place of an
    /// older file where it may `replace` one. The folder is to be synced behind
    /// that.
    pub(super) fn give_name(
        &self,
        temporary: &str,
        name: &FileName,
        size: u64,
        replace: bool,
    ) -> Result<(), StoreError> {
        let naming = self.naming.lock().unwrap_or_else(PoisonError::into_inner);
        let replaced = self.standing(name)?.unwrap_or(0);
        let renamed = if replace {
            self.disk.rename(temporary, name.as_str())
        } else {
            self.disk.rename_new(temporary, name.as_str())
        };
        renamed.map_err(store_error)?;
        let used = self.used().saturating_sub(replaced).saturating_add(size);
        self.used.store(used, Ordering::Relaxed);
        drop(naming);
        Ok(())
    }

    /// Removes a temporary file; if that fails, the next start does it.
    pub(super) fn remove(&self, temporary: &str) {
        let _ = self.disk.remove(temporary);
    }

    /// A file under way may take up to `size` bytes; what is kept of others
    /// makes room for it. Tells whether it is the only one under way.
    pub(super) fn promise(&self, size: u64) -> bool {
        let alone = self.promises.make(size);
        self.trim();
        alone
    }

    /// Keeps what is there of an unfinished file, as long as there is room.
    pub(super) fn keep(&self, digest: Digest, length: u64) {
        self.kept.give_back(digest, Some((length, SystemTime::now())));
        self.trim();
    }

    /// Drops what was kept too long, or takes room that others need.
    fn trim(&self) {
        let taken = self.used().saturating_add(self.promises.bytes());
        let room = self.quota.saturating_sub(taken);
        while let Some(digest) = self.kept.take_above(room, SystemTime::now()) {
            self.remove(&kept_name(digest));
            self.kept.give_back(digest, None);
        }
    }

    /// Removes the file under `name`; nothing but a file is removed.
    pub(super) fn delete(&self, name: &FileName) -> rustix::io::Result<()> {
        let naming = self.naming.lock().unwrap_or_else(PoisonError::into_inner);
        let stat = self.disk.look(name.as_str())?;
        let size = file_size(&stat).ok_or(Errno::ISDIR)?;
        self.disk.remove(name.as_str())?;
        self.used.store(self.used().saturating_sub(size), Ordering::Relaxed);
        drop(naming);
        self.disk.sync_folder()
    }

    /// Counts the files, and sweeps out leftovers if nobody else has any here.
    fn survey(&self, sweep: bool) -> rustix::io::Result<()> {
        let mut used = 0u64;
        self.disk.list(|name| {
            let Some(stat) = self.disk.look(name).ok() else { return };
            let Some(size) = file_size(&stat) else { return };
            if !name.to_bytes().starts_with(TEMPORARY_PREFIX.as_bytes()) {
                used = used.saturating_add(size);
            } else if let Some(digest) = digest_of_kept(name.to_bytes()).filter(|_| sweep) {
                self.kept.give_back(digest, Some((size, modified(&stat))));
            } else if sweep {
                let _ = self.disk.remove(name);
            }
        })?;
        self.used.store(used, Ordering::Relaxed);
        Ok(())
    }
}

impl AsFd for Directory {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.disk.as_fd()
    }
}

/// A file that was opened to be read.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) file: Arc<File>,
    pub(super) size: u64,
    /// That of the whole file, if it is known.
    pub(super) digest: Option<Digest>,
    /// To lend its bytes by, where nobody has to sum them.
    pub(super) pipe: Option<Pipe>,
    /// As the file was when it was opened, if each change since then shows.
    pub(super) identity: Option<Identity>,
}

/// The blame for an error of the system.
pub(super) fn store_error(error: Errno) -> StoreError {
    match error {
        Errno::NOSPC | Errno::DQUOT | Errno::FBIG => StoreError::Full,
        Errno::EXIST => StoreError::Exists,
        Errno::ROFS | Errno::ACCESS | Errno::PERM => StoreError::ReadOnly,
        Errno::ISDIR | Errno::NAMETOOLONG | Errno::INVAL | Errno::ILSEQ | Errno::LOOP => {
            StoreError::BadName
        }
        _ => StoreError::Failed,
    }
}

/// Locks the folder against other servers; tells whether it can be locked.
///
/// Some network file systems have no locks for folders. A server works there,
/// but must take every leftover for somebody else's file under way.
fn lock(fd: &OwnedFd) -> io::Result<bool> {
    match flock(fd, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(true),
        Err(Errno::WOULDBLOCK) => {
            Err(io::Error::new(ErrorKind::ResourceBusy, "another server uses it"))
        }
        Err(_) => Ok(false),
    }
}

/// The name under which an unfinished file is kept, and also comes: so that a
/// server that is killed keeps it as well.
pub(super) fn kept_name(digest: Digest) -> String {
    format!("{KEPT_PREFIX}{digest}")
}

fn digest_of_kept(name: &[u8]) -> Option<Digest> {
    Digest::parse(name.strip_prefix(KEPT_PREFIX.as_bytes())?)
}

/// When a file was written to last.
pub(super) fn modified(stat: &Stat) -> SystemTime {
    let seconds = u64::try_from(stat.st_mtime).unwrap_or(0);
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

/// The size of what was looked at, if it is a regular file.
pub(super) fn file_size(stat: &Stat) -> Option<u64> {
    let is_file = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
    is_file.then(|| u64::try_from(stat.st_size).unwrap_or(0))
}

/// Process and time: a process id alone comes again.
fn run_mark() -> String {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    format!("{:x}-{:x}", process::id(), now.as_micros())
}
