//! A file here that is to go out.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;

use mio::Waker;
use rustix::fs::OFlags;
use snug_core::wire::name::FileName;

use super::error::FileError;
use super::hash::{Hashing, read_at};

/// A file that was found and can be read.
#[derive(Debug)]
pub(in crate::cli) struct Source {
    /// What it will be called in the room.
    pub(in crate::cli) name: FileName,
    /// Its length when it was opened.
    pub(in crate::cli) size: u64,
    version: Version,
    file: File,
}

/// What changes with the bytes of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Version {
    size: u64,
    seconds: i64,
    nanoseconds: i64,
}

impl Source {
    /// Opens what stands at `path`, without waiting for the other end of a pipe.
    pub(in crate::cli) fn open(path: &Path) -> Result<Self, FileError> {
        let last = path.file_name().unwrap_or_default();
        let name = FileName::parse(last.as_encoded_bytes()).map_err(FileError::Name)?;
        let flags = OFlags::NONBLOCK.bits().cast_signed();
        let file = OpenOptions::new().read(true).custom_flags(flags).open(path);
        let file = file.map_err(FileError::Read)?;
        let found = file.metadata().map_err(FileError::Read)?;
        if !found.is_file() {
            return Err(FileError::NotAFile);
        }
        let version = Version::of(&found);
        Ok(Self { name, size: version.size, version, file })
    }

    /// Begins to hash all of it.
    pub(super) fn hash(&self, waker: &Arc<Waker>) -> io::Result<Hashing> {
        Hashing::start(&self.file, self.size, waker)
    }

    /// Reads the bytes from `at` on; the end is an error, since more were there.
    pub(in crate::cli) fn read_at(&self, into: &mut [u8], at: u64) -> io::Result<usize> {
        read_at(&self.file, into, at)
    }

    /// Whether its bytes may be others than when it was opened.
    pub(super) fn has_changed(&self) -> bool {
        self.file.metadata().is_ok_and(|found| Version::of(&found) != self.version)
    }
}

impl Version {
    fn of(found: &Metadata) -> Self {
        Self { size: found.len(), seconds: found.mtime(), nanoseconds: found.mtime_nsec() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_a_file_is_told() {
        let told = |path: &str| Source::open(path.as_ref()).unwrap_err().to_string();
        assert_eq!(told("/"), "there is no file name; write one between the quotes");
        assert_eq!(told("/tmp"), "that is not a file");
        assert_eq!(told("/dev/null"), "that is not a file");
        assert_eq!(told("/no/x"), "it cannot be read: there is no such file or folder");
    }

    #[test]
    fn it_is_known_when_it_changes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a b.txt");
        std::fs::write(&path, "1,2").unwrap();
        let source = Source::open(&path).unwrap();
        assert_eq!((source.name.as_str(), source.size), ("a b.txt", 3));
        assert!(!source.has_changed());
        std::fs::write(&path, "1,2,3").unwrap();
        assert!(source.has_changed());
        let mut bytes = [0; 8];
        assert_eq!(source.read_at(&mut bytes, 1).unwrap(), 4);
        assert_eq!(&bytes[..4], b",2,3");
        assert!(source.read_at(&mut bytes, 5).is_err());
    }
}
