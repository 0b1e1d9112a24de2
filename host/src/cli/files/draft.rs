//! A file that comes, in the folder where it shall stand.

use std::fs::File;
use std::io::{self, ErrorKind, Write as _};
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{
    AtFlags, CWD, FileType, FlockOperation, Mode, OFlags, RenameFlags, Stat, flock, fstat, fsync,
    ftruncate, linkat, openat, renameat, statat, unlinkat,
};
use rustix::io::Errno;
use rustix::process::geteuid;
use sha2::{Digest as _, Sha256};
use snug_core::wire::name::FileName;

use super::error::FileError;
use super::hash::digest;
use crate::within;

/// The folder into which files come.
#[derive(Debug)]
pub(super) struct Folder(OwnedFd);

/// What has come of a file, under a name of its own: `.NAME.snug-part`.
///
/// It stays when the program ends, however that happens, so that another try
/// goes on where this one stood. Nobody else writes to it meanwhile.
#[derive(Debug)]
pub(super) struct Draft {
    folder: OwnedFd,
    file: File,
    temporary: String,
    name: FileName,
    len: u64,
}

impl Folder {
    pub(super) fn open(path: &Path) -> Result<Self, FileError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = openat(CWD, path, flags, Mode::empty());
        folder.map(Self).map_err(|errno| FileError::Folder(errno.into()))
    }

    /// Whether something stands under a name, be it a link that leads nowhere.
    pub(super) fn has(&self, name: &FileName) -> bool {
        look(&self.0, name.as_str()).is_ok()
    }

    /// The file that stands under a name, to be read; nothing that a link leads to.
    pub(super) fn read(&self, name: &FileName) -> io::Result<File> {
        let flags = OFlags::RDONLY | OFlags::NONBLOCK;
        let file = File::from(within::open(&self.0, name.as_str(), flags, Mode::empty())?);
        if file.metadata()?.is_file() { Ok(file) } else { Err(ErrorKind::InvalidInput.into()) }
    }

    /// What an earlier try has left of a file.
    pub(super) fn find(&self, name: &FileName) -> Result<Option<Draft>, FileError> {
        match self.open_draft(name, OFlags::empty(), Mode::empty()) {
            Err(FileError::Write(error)) if error.kind() == ErrorKind::NotFound => Ok(None),
            found => found.map(Some),
        }
    }

    /// A new draft, or what an earlier try has left.
    pub(super) fn create(&self, name: &FileName) -> Result<Draft, FileError> {
        self.open_draft(name, OFlags::CREATE, Mode::from_raw_mode(0o666))
    }

    /// The name is a single component, and no link under it is followed.
    fn open_draft(&self, name: &FileName, create: OFlags, mode: Mode) -> Result<Draft, FileError> {
        let temporary = temporary(name);
        let foreign = || FileError::Foreign(temporary.clone());
        let flags = OFlags::RDWR | OFlags::NONBLOCK | create;
        let file = match within::open(&self.0, &temporary, flags, mode) {
            Err(Errno::LOOP | Errno::ISDIR | Errno::NXIO) => return Err(foreign()),
            opened => File::from(opened.map_err(write_error)?),
        };
        let found = fstat(&file).map_err(write_error)?;
        if !is_own(&found) {
            return Err(foreign());
        }
        // Where there are no locks, there is nobody to keep out.
        if let Err(Errno::WOULDBLOCK) = flock(&file, FlockOperation::NonBlockingLockExclusive) {
            return Err(FileError::InUse);
        }
        let folder = self.0.try_clone().map_err(FileError::Write)?;
        let len = u64::try_from(found.st_size).unwrap_or(0);
        Ok(Draft { folder, file, temporary, name: name.clone(), len })
    }
}

impl Draft {
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// Takes back all but the first `len` bytes; what is written then follows.
    pub(super) fn truncate(&mut self, len: u64) -> Result<(), FileError> {
        ftruncate(&self.file, len).map_err(write_error)?;
        io::Seek::seek(&mut self.file, io::SeekFrom::Start(len)).map_err(FileError::Write)?;
        self.len = len;
        Ok(())
    }

    pub(super) fn append(&mut self, bytes: &[u8]) -> Result<(), FileError> {
        self.file.write_all(bytes).map_err(FileError::Write)?;
        self.len += bytes.len() as u64;
        Ok(())
    }

    /// Makes the file safe and gives it its name.
    pub(super) fn publish(self, replace: bool) -> Result<(), FileError> {
        fsync(&self.file).map_err(write_error)?;
        if replace {
            self.take_over()?;
        } else {
            self.take_name()?;
        }
        match fsync(&self.folder) {
            // A file system that has no such thing for folders.
            Err(Errno::INVAL) => Ok(()),
            synced => synced.map_err(write_error),
        }
    }

    /// It is not to be gone on with.
    pub(super) fn discard(self) {
        let _ = unlinkat(&self.folder, &self.temporary, AtFlags::empty());
    }

    /// The name in place of what has it; what is no file keeps it.
    fn take_over(&self) -> Result<(), FileError> {
        match look(&self.folder, self.name.as_str()) {
            Ok(standing) if is_folder(&standing) => return Err(FileError::Standing),
            _ => {}
        }
        let (folder, to) = (&self.folder, self.name.as_str());
        renameat(folder, &self.temporary, folder, to).map_err(write_error)
    }

    /// The name if nobody has it, in one step: between a look and a rename
    /// somebody else could take it.
    fn take_name(&self) -> Result<(), FileError> {
        let (folder, to) = (&self.folder, self.name.as_str());
        let taken = match rename_to_free(folder, &self.temporary, to) {
            // A kernel or a file system that cannot; most have links instead.
            Err(Errno::NOSYS | Errno::INVAL) => self.link_name(to),
            taken => taken,
        };
        taken.map_err(|errno| match errno {
            Errno::EXIST => FileError::Standing,
            other => write_error(other),
        })
    }

    fn link_name(&self, to: &str) -> rustix::io::Result<()> {
        linkat(&self.folder, &self.temporary, &self.folder, to, AtFlags::empty())?;
        unlinkat(&self.folder, &self.temporary, AtFlags::empty())
    }
}

#[cfg(any(target_os = "linux", target_vendor = "apple"))]
fn rename_to_free(folder: &OwnedFd, from: &str, to: &str) -> rustix::io::Result<()> {
    rustix::fs::renameat_with(folder, from, folder, to, RenameFlags::NOREPLACE)
}

#[cfg(not(any(target_os = "linux", target_vendor = "apple")))]
fn rename_to_free(_: &OwnedFd, _: &str, _: &str) -> rustix::io::Result<()> {
    Err(Errno::NOSYS)
}

fn look(folder: &OwnedFd, name: &str) -> rustix::io::Result<Stat> {
    statat(folder, name, AtFlags::SYMLINK_NOFOLLOW)
}

/// Whether it is a file that nobody else can reach under another name or own:
/// in a folder that all may write to, somebody could have laid out anything.
fn is_own(found: &Stat) -> bool {
    let is_file = FileType::from_raw_mode(found.st_mode) == FileType::RegularFile;
    is_file && found.st_nlink == 1 && found.st_uid == geteuid().as_raw()
}

fn is_folder(found: &Stat) -> bool {
    FileType::from_raw_mode(found.st_mode) == FileType::Directory
}

fn write_error(errno: Errno) -> FileError {
    FileError::Write(errno.into())
}

/// The longest name that common file systems allow, in bytes.
const MAX_NAME: usize = 255;

/// Where a file is until it has its name: hidden, and told apart from all other
/// drafts even if the name is too long to stand in it whole.
fn temporary(name: &FileName) -> String {
    let whole = format!(".{name}.snug-part");
    if whole.len() <= MAX_NAME {
        return whole;
    }
    let mark = digest(Sha256::new_with_prefix(name.as_str())).to_string();
    let start = &name.as_str()[..name.as_str().floor_char_boundary(200)];
    format!(".{start}~{}.snug-part", &mark[..16])
}
