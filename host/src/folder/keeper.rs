//! What stands in the folder: listed, and removed, for who keeps the room.

use core::{error, fmt, iter};
use std::io;
use std::sync::Arc;

use rustix::io::Errno;
use snug_core::store::Listed;
use snug_core::wire::name::FileName;

use super::directory::Directory;
use super::listing::Listing;

/// The folder, for a thread that may wait for the disk.
#[derive(Clone, Debug)]
pub struct Keeper {
    directory: Arc<Directory>,
}

impl Keeper {
    pub(super) fn new(directory: &Arc<Directory>) -> Self {
        Self { directory: Arc::clone(directory) }
    }

    /// All files by name, be they uploaded or put there by somebody else. What
    /// no peer could name is left out.
    pub fn files(&self) -> Vec<Listed> {
        let mut listing = Listing::default();
        let mut next = |from| listing.next(&self.directory, from);
        let listed = iter::successors(next(0), |listed| next(listed.next));
        let mut files: Vec<_> = listed.collect();
        files.sort_unstable_by(|a, b| a.name.as_str().cmp(b.name.as_str()));
        files
    }

    /// Removes a file, for good: the folder is synced before this returns.
    ///
    /// An upload of that name which is under way is not touched. Fails where
    /// nothing has the name, or something that is not a file.
    pub fn remove(&self, name: &FileName) -> Result<(), RemovalError> {
        Ok(self.directory.delete(name)?)
    }
}

/// Why a file was not removed; shown, it says what to do.
#[derive(Debug)]
#[non_exhaustive]
pub enum RemovalError {
    /// Nothing has the name.
    NoSuchFile,
    /// What has the name is a folder, a link or the like.
    NotAFile,
    /// The system did not do it.
    System(io::Error),
}

impl From<Errno> for RemovalError {
    fn from(error: Errno) -> Self {
        match error {
            Errno::NOENT => Self::NoSuchFile,
            Errno::ISDIR => Self::NotAFile,
            error => Self::System(error.into()),
        }
    }
}

impl fmt::Display for RemovalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchFile => f.write_str("no file has that name; /files lists what there is"),
            Self::NotAFile => f.write_str("what has that name is no file; see to it yourself"),
            Self::System(error) => write!(f, "the file cannot be removed: {error}"),
        }
    }
}

impl error::Error for RemovalError {}

#[cfg(test)]
mod tests {
    use core::time::Duration;
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::time::SystemTime;

    use snug_core::store::Store;

    use super::super::tests::{bench, file_name, names};
    use super::*;

    #[test]
    fn files_are_listed_by_name_with_size_and_age() {
        let (folder, mut bench) = bench(1);
        bench.put(0, "b c", b"text").unwrap();
        bench.put(0, "a", b"").unwrap();
        fs::create_dir(folder.path().join("folder")).unwrap();
        symlink("a", folder.path().join("link")).unwrap();
        fs::write(folder.path().join("no\nname"), "x").unwrap();
        bench.create(0, "under way").unwrap();
        let old = SystemTime::now() - Duration::from_hours(1);
        fs::File::open(folder.path().join("a")).unwrap().set_modified(old).unwrap();

        let files = bench.store.keeper().files();
        let found: Vec<_> = files.iter().map(|file| (file.name.as_str(), file.size)).collect();
        assert_eq!(found, [("a", 0), ("b c", 4)]);
        assert!(files[0].age >= Some(Duration::from_hours(1)), "{:?}", files[0].age);
        assert!(files[1].age < Some(Duration::from_mins(30)), "{:?}", files[1].age);
    }

    #[test]
    fn a_file_that_is_removed_counts_no_more() {
        let (folder, mut bench) = bench(1);
        bench.put(0, "a", b"1234").unwrap();
        bench.put(0, "b", b"56").unwrap();
        let keeper = bench.store.keeper();
        keeper.remove(&file_name("a")).unwrap();
        assert_eq!((names(&folder), bench.store.used()), (vec!["b".into()], 2));
        let error = keeper.remove(&file_name("a")).unwrap_err();
        assert!(matches!(error, RemovalError::NoSuchFile), "{error}");
        assert_eq!(bench.store.used(), 2);
        bench.put(0, "a", b"7").unwrap();
        assert_eq!(bench.store.used(), 3);
    }

    #[test]
    fn nothing_but_a_file_is_removed() {
        let (folder, bench) = bench(1);
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("kept"), "text").unwrap();
        symlink(outside.path().join("kept"), folder.path().join("link")).unwrap();
        fs::create_dir(folder.path().join("folder")).unwrap();
        for name in ["link", "folder"] {
            let error = bench.store.keeper().remove(&file_name(name)).unwrap_err();
            assert!(matches!(error, RemovalError::NotAFile), "{name}: {error}");
        }
        assert_eq!(names(&folder), ["folder", "link"]);
    }

    #[test]
    fn an_upload_under_way_is_not_touched_by_a_removal() {
        let (folder, mut bench) = bench(1);
        bench.put(0, "a", b"older").unwrap();
        bench.create(0, "a").unwrap();
        bench.write(0, b"newer").unwrap();
        bench.store.keeper().remove(&file_name("a")).unwrap();
        bench.commit(0).unwrap();
        assert_eq!(fs::read(folder.path().join("a")).unwrap(), b"newer");
        assert_eq!(bench.store.used(), 5);
    }
}
