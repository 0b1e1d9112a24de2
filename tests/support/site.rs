//! The site of a `srv`: its folder, and what is around it.

#![allow(dead_code, reason = "each test uses a part of it")]

use core::fmt::Write as _;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::peer::wait_until;

/// A temporary folder with a file that nobody may touch, and a folder `work`
/// to run in.
pub(crate) struct Site {
    root: TempDir,
}

const PRECIOUS: &[u8] = b"nobody may touch this";

impl Site {
    pub(crate) fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        fs::set_permissions(root.path(), fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(root.path().join("precious"), PRECIOUS).unwrap();
        fs::create_dir(root.path().join("work")).unwrap();
        Self { root }
    }

    pub(crate) fn root(&self) -> &Path {
        self.root.path()
    }

    /// Where the server runs.
    pub(crate) fn work(&self) -> PathBuf {
        self.root.path().join("work")
    }

    /// Where the server keeps its files.
    pub(crate) fn folder(&self) -> PathBuf {
        self.work().join("server")
    }

    pub(crate) fn precious(&self) -> PathBuf {
        self.root.path().join("precious")
    }

    /// The content of a stored file.
    #[track_caller]
    pub(crate) fn stored(&self, name: &str) -> Vec<u8> {
        fs::read(self.folder().join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    /// Files under way.
    pub(crate) fn drafts(&self) -> usize {
        names(&self.folder()).iter().filter(|name| name.starts_with(".snug-")).count()
    }

    /// No upload is under way, just these files stand in the folder, whole, and
    /// nothing else stands anywhere.
    #[track_caller]
    pub(crate) fn assert_holds(&self, files: &[(&str, &[u8])]) {
        wait_until("the drafts are gone", || self.drafts() == 0);
        let expected: BTreeMap<_, _> =
            files.iter().map(|&(name, bytes)| (name.to_owned(), sha256(bytes))).collect();
        assert_eq!(self.standing(), expected);
        assert_eq!(fs::read(self.precious()).unwrap(), PRECIOUS);
        assert_eq!(names(self.root()), ["precious", "work"]);
        let beside = names(&self.work());
        assert!(beside.is_empty() || beside == ["server"], "{beside:?}");
    }

    /// The regular files that stand under a name of theirs, with their hashes.
    pub(crate) fn standing(&self) -> BTreeMap<String, String> {
        let path = |name: &String| self.folder().join(name);
        let files = names(&self.folder()).into_iter();
        files
            .filter(|name| !name.starts_with(".snug-"))
            .filter(|name| fs::symlink_metadata(path(name)).is_ok_and(|m| m.is_file()))
            .map(|name| (name.clone(), sha256(&fs::read(path(&name)).unwrap())))
            .collect()
    }
}

/// What stands in a folder, in order.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let name = |entry: fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
    let mut names: Vec<_> = entries.map(|entry| name(entry.unwrap())).collect();
    names.sort();
    names
}

/// The SHA-256 in hexadecimal digits.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// Bytes without any order, always the same for a seed; every byte occurs.
pub(crate) fn noise(seed: u32, len: usize) -> Vec<u8> {
    let mut state = u64::from(seed).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..len).map(|_| next()).collect()
}

/// A binary file that begins like a picture.
pub(crate) fn picture(seed: u32, len: usize) -> Vec<u8> {
    [&b"\x89PNG\r\n\x1a\n"[..], &noise(seed, len)].concat()
}

/// A table whose first bytes could be digits of a size.
pub(crate) fn table(lines: usize) -> Vec<u8> {
    (0..lines).flat_map(|n| format!("{n}{n},{},3\n", 2 * n).into_bytes()).collect()
}
