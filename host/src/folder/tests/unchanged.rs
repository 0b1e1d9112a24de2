//! Tests of the digests that are known of files, and of what makes them unknown
//! again.

use core::time::Duration;
use std::fs::{self, File, Permissions};
use std::io::Write as _;
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt};
use std::thread;
use std::time::Instant;

use sha2::{Digest as _, Sha256};

use super::*;
use crate::folder::disk::Call;
use crate::folder::draft::SOON;
use crate::folder::hasher::PATIENCE;

/// Not that of any file here: the store does not look.
const DIGEST: Digest = Digest::new([7; 32]);

/// Waits until the clock that dates files has moved on.
pub(super) fn next_tick() {
    let mut probe = tempfile::tempfile().unwrap();
    let mut date = || {
        probe.write_all(b"x").unwrap();
        let metadata = probe.metadata().unwrap();
        (metadata.ctime(), metadata.ctime_nsec())
    };
    let first = date();
    while date() == first {
        thread::sleep(Duration::from_millis(1));
    }
}

impl Bench {
    fn begin_known(&mut self, name: &str) {
        let name = file_name(name);
        let draft = store::Draft { name: &name, size: 200, digest: DIGEST, replace: true };
        self.finish(|store| store.begin(slot(0), &draft)).unwrap();
        self.write(0, &text(200)).unwrap();
    }

    /// Commits what was begun, and does something when that comes to a step.
    pub(super) fn commit_and(&mut self, step: Call, meanwhile: impl FnOnce()) {
        self.store.directory.disk.witness.hold(step);
        let _ = self.store.commit(slot(0), &file_name("a"));
        self.store.directory.disk.witness.await_held();
        meanwhile();
        self.store.directory.disk.witness.let_go();
        self.commit(0).unwrap();
    }

    /// Puts a file of 200 bytes whose digest is known.
    fn put_known(&mut self, name: &str) {
        self.begin_known(name);
        self.commit_and(Call::Rename, next_tick);
        assert_eq!(self.known(name), Some(DIGEST));
    }

    pub(super) fn open_file(&mut self, name: &str) -> Opened {
        let name = file_name(name);
        self.finish(|store| store.open(slot(0), &name)).unwrap()
    }

    /// The digest that is known of a file.
    fn known(&mut self, name: &str) -> Option<Digest> {
        let Opened { digest, .. } = self.open_file(name);
        self.store.abort(slot(0));
        digest
    }

    /// The first that is known of a file, within 20 s.
    fn await_known(&mut self, name: &str) -> Option<Digest> {
        let since = Instant::now();
        let mut digest = self.known(name);
        while digest.is_none() && since.elapsed() < Duration::from_secs(20) {
            thread::sleep(Duration::from_millis(1));
            digest = self.known(name);
        }
        digest
    }

    /// Opens a file, does something while it is read, and learns its digest.
    pub(super) fn learn(&mut self, name: &str, meanwhile: impl FnOnce()) {
        self.open_file(name);
        meanwhile();
        self.store.learn(slot(0), DIGEST);
        self.store.abort(slot(0));
    }
}

#[test]
fn a_file_that_was_put_is_known_and_read_from_anywhere() {
    let (_folder, mut bench) = bench(1);
    bench.put_known("a");
    assert_eq!(bench.open_file("a"), Opened { size: 200, digest: Some(DIGEST) });
    let mut block = [0; 64];
    assert_eq!(bench.finish(|store| store.read(slot(0), 150, &mut block)), Ok(50));
    assert_eq!(block[..50], text(200)[150..]);
}

/// An upload tells no digest. The hasher waits for the other file.
#[test]
fn a_large_file_that_began_alone_is_summed_as_it_comes() {
    let (_folder, mut bench) = bench(2);
    let bytes = text(300_000);
    bench.create_of(0, "a", SOON as usize + 1);
    bench.create_of(1, "b", 200);
    bench.write(0, &bytes).unwrap();
    bench.commit_and(Call::Rename, next_tick);
    assert_eq!(bench.known("a"), Some(Digest::new(Sha256::digest(&bytes).into())));
}

#[test]
fn what_is_put_in_front_is_summed_too() {
    let (_folder, mut bench) = bench(1);
    bench.create_of(0, "a", SOON as usize + 1);
    bench.write(0, &text(200_000)).unwrap();
    bench.prepend(0, b"x").unwrap();
    bench.write(0, &text(100_000)).unwrap();
    bench.commit_and(Call::Rename, next_tick);
    let bytes = [b"x".as_slice(), &text(200_000), &text(100_000)].concat();
    assert_eq!(bench.await_known("a"), Some(Digest::new(Sha256::digest(&bytes).into())));
}

/// Nor while others come.
#[test]
fn what_is_small_or_did_not_begin_alone_is_summed_behind_its_upload() {
    let (_folder, mut small) = bench(2);
    small.create_of(0, "a", SOON as usize);
    small.create_of(1, "b", 200);
    is_summed_behind_its_upload(small);

    let (_folder, mut second) = bench(2);
    second.create_of(1, "b", 200);
    second.create_of(0, "a", SOON as usize + 1);
    is_summed_behind_its_upload(second);
}

/// The file `a` in the first slot is, while `b` comes in the second.
fn is_summed_behind_its_upload(mut bench: Bench) {
    let bytes = text(300_000);
    bench.write(0, &bytes).unwrap();
    let start = Instant::now();
    bench.commit_and(Call::Rename, next_tick);
    thread::sleep(PATIENCE / 10);
    let digest = bench.known("a");
    assert!(digest.is_none() || start.elapsed() > PATIENCE, "b still comes");

    bench.store.abort(slot(1));
    assert_eq!(bench.await_known("a"), Some(Digest::new(Sha256::digest(&bytes).into())));
}

#[test]
fn a_file_that_is_changed_or_replaced_is_not_known() {
    let (folder, mut bench) = bench(1);
    let path = folder.path().join("a");
    let open = || File::options().write(true).open(&path).unwrap();
    let changes: [&dyn Fn(); 6] = [
        &|| open().write_all_at(b"x", 100).unwrap(),
        &|| open().set_len(100).unwrap(),
        // The date of the bytes is set back, as copies of files do.
        &|| {
            let modified = open().metadata().unwrap().modified().unwrap();
            open().write_all_at(b"x", 100).unwrap();
            open().set_modified(modified).unwrap();
        },
        &|| {
            let modified = open().metadata().unwrap().modified().unwrap();
            let other = folder.path().join("b");
            fs::write(&other, text(200)).unwrap();
            File::options().write(true).open(&other).unwrap().set_modified(modified).unwrap();
            fs::rename(&other, &path).unwrap();
        },
        &|| {
            fs::remove_file(&path).unwrap();
            fs::write(&path, text(200)).unwrap();
        },
        &|| fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap(),
    ];
    for (n, change) in changes.iter().enumerate() {
        bench.put_known("a");
        next_tick();
        change();
        assert_eq!(bench.known("a"), None, "change {n}");
    }
    bench.put_known("a");
    bench.put(0, "a", &text(200)).unwrap();
    assert_eq!(bench.known("a"), None);
}

/// What anybody writes to a file after it has its name is dated later than what
/// came by the room.
#[test]
fn a_file_that_is_changed_before_its_commit_ends_is_not_known() {
    let (folder, mut bench) = bench(1);
    bench.begin_known("a");
    bench.commit_and(Call::SyncFolder, || {
        next_tick();
        let path = folder.path().join("a");
        File::options().write(true).open(&path).unwrap().write_all_at(b"x", 100).unwrap();
        next_tick();
        // So that the date of its bytes is not the last one.
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    });
    assert_eq!(bench.known("a"), None);
}

#[test]
fn a_file_that_was_read_to_its_end_is_known() {
    let (_folder, mut bench) = bench(1);
    bench.create(0, "a").unwrap();
    bench.write(0, &text(200)).unwrap();
    bench.commit_and(Call::Rename, next_tick);
    assert_eq!(bench.known("a"), None);
    bench.learn("a", || {});
    assert_eq!(bench.known("a"), Some(DIGEST));
}

#[test]
fn a_file_that_changes_while_it_is_read_is_not_known() {
    let (folder, mut bench) = bench(1);
    bench.create(0, "a").unwrap();
    bench.write(0, &text(200)).unwrap();
    bench.commit_and(Call::Rename, next_tick);
    bench.learn("a", || {
        let file = File::options().write(true).open(folder.path().join("a")).unwrap();
        file.write_all_at(b"x", 100).unwrap();
    });
    assert_eq!(bench.known("a"), None);
}

/// Its next change could have the same date as the last one.
#[test]
fn a_file_that_was_written_to_just_now_is_not_learned() {
    let (folder, mut bench) = bench(1);
    let path = folder.path().join("a");
    fs::write(&path, text(200)).unwrap();
    bench.learn("a", || {});
    assert_eq!(bench.known("a"), None);
    next_tick();
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    bench.learn("a", || {});
    assert_eq!(bench.known("a"), Some(DIGEST));
}
