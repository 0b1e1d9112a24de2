//! Tests of files that come in parts, and of those that go.

use core::time::Duration;
use std::fs::{self, File, FileTimes};
use std::os::unix::fs::symlink;
use std::thread;
use std::time::SystemTime;

use rustix::fs::{CWD, FileType, Mode, mknodat};
use snug_core::wire::digest::Digest;

use super::*;
use crate::folder::disk::Call;

fn digest(n: u8) -> Digest {
    Digest::new([n; 32])
}

/// The name under which unfinished bytes stand.
fn kept(n: u8) -> String {
    format!(".snug-part-{}", digest(n))
}

impl Bench {
    fn begin(&mut self, index: u16, name: &str, size: u64, n: u8) -> Result<u64, StoreError> {
        let name = file_name(name);
        let draft = store::Draft { name: &name, size, digest: digest(n), replace: false };
        self.finish(|store| store.begin(slot(index), &draft))
    }

    fn read(&mut self, index: u16, offset: u64, most: usize) -> Result<Vec<u8>, StoreError> {
        let mut block = vec![0; most];
        let count = self.finish(|store| store.read(slot(index), offset, &mut block))?;
        block.truncate(count);
        Ok(block)
    }

    fn read_all(&mut self, index: u16) -> Result<Vec<u8>, StoreError> {
        let mut all = Vec::new();
        loop {
            let block = self.read(index, all.len() as u64, 64)?;
            if block.is_empty() {
                return Ok(all);
            }
            all.extend(block);
        }
    }

    fn fetch(&mut self, index: u16, name: &str) -> Result<Vec<u8>, StoreError> {
        let name = file_name(name);
        self.finish(|store| store.open(slot(index), &name))?;
        let all = self.read_all(index);
        self.store.abort(slot(index));
        all
    }

    fn list(&mut self) -> Vec<(String, u64)> {
        let (mut all, mut from) = (Vec::new(), 0);
        while let Some(file) = self.store.list(from) {
            all.push((file.name.as_str().to_owned(), file.size));
            from = file.next;
        }
        all.sort();
        all
    }
}

#[test]
fn an_unfinished_file_is_kept_and_gone_on_with() {
    let (folder, mut bench) = bench(5);
    let bytes = text(200);
    assert_eq!(bench.begin(0, "a", 200, 1), Ok(0));
    bench.write(0, &bytes[..128]).unwrap();
    bench.store.keep(slot(0));
    // Another slot is another thread's: it waits until the first is done.
    assert_eq!(bench.begin(1, "b", 200, 1), Ok(128));
    assert_eq!(names(&folder), [kept(1)]);
    assert_eq!(bench.read(1, 0, 64).unwrap(), &bytes[..64]);
    assert_eq!(bench.read(1, 64, 64).unwrap(), &bytes[64..128]);
    assert!(bench.read(1, 128, 64).unwrap().is_empty());
    bench.write(1, &bytes[128..]).unwrap();
    assert_eq!(bench.store.used(), 0);
    bench.commit(1).unwrap();
    assert_eq!(fs::read(folder.path().join("b")).unwrap(), bytes);
    assert_eq!((names(&folder), bench.store.used()), (vec!["b".into()], 200));
    // Nothing is left to go on with.
    assert_eq!(bench.begin(2, "c", 200, 1), Ok(0));
    bench.store.abort(slot(2));
    drop(bench);
    assert_eq!(names(&folder), ["b"]);
}

/// Ended, or killed: then its file is there as well, under the same name.
#[test]
fn an_unfinished_file_outlives_its_server() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = Bench::open(folder.path(), 1).unwrap();
    bench.begin(0, "a", 100, 1).unwrap();
    bench.write(0, &text(64)).unwrap();
    bench.store.keep(slot(0));
    drop(bench);
    fs::write(folder.path().join(kept(2)), "killed").unwrap();
    fs::write(folder.path().join(".snug-1-2-3"), "no digest").unwrap();
    fs::write(folder.path().join(".snug-part-abc"), "no digest").unwrap();
    let mut bench = Bench::open(folder.path(), 1).unwrap();
    assert_eq!(names(&folder), [kept(1), kept(2)]);
    assert_eq!((bench.store.used(), bench.list()), (0, vec![]));
    assert_eq!(bench.begin(0, "a", 100, 1), Ok(64));
    bench.store.abort(slot(0));
    // What is longer than the file is none of it.
    assert_eq!(bench.begin(0, "b", 5, 2), Ok(0));
    bench.write(0, b"hello").unwrap();
    bench.commit(0).unwrap();
    assert_eq!(fs::read(folder.path().join("b")).unwrap(), b"hello");
    assert_eq!(names(&folder), ["b"]);
}

/// Where another server may have the folder, a name that both would give is
/// given by neither, and nothing is kept.
#[test]
fn in_a_folder_that_cannot_be_locked_nobody_goes_on_with_anything() {
    let path = tempfile::tempdir().unwrap();
    fs::write(path.path().join(kept(1)), "another's").unwrap();
    let mut folder = Folder::open(path.path()).unwrap();
    folder.0.alone = false;
    let mut bench = Bench::on(folder, 1).unwrap();
    assert_eq!(bench.begin(0, "a", 100, 1), Ok(0));
    bench.write(0, b"mine").unwrap();
    assert_eq!(fs::read(path.path().join(kept(1))).unwrap(), b"another's");
    bench.store.keep(slot(0));
    drop(bench);
    assert_eq!(names(&path), [kept(1)]);
}

#[test]
fn what_waits_for_too_long_or_takes_room_goes() {
    let folder = tempfile::tempdir().unwrap();
    let aged = |n: u8, hours: u64| {
        let file = File::create(folder.path().join(kept(n))).unwrap();
        file.set_len(2_000).unwrap();
        let then = SystemTime::now() - Duration::from_hours(hours);
        file.set_times(FileTimes::new().set_modified(then)).unwrap();
    };
    aged(1, 25);
    aged(2, 3);
    aged(3, 2);
    aged(4, 1);
    let mut bench = Bench::open(folder.path(), 1).unwrap();
    // The folder's quota is 10,000: there is room for this beside three.
    bench.put(0, "a", &text(4_000)).unwrap();
    assert_eq!(names(&folder), [kept(2), kept(3), kept(4), "a".into()]);
    bench.begin(0, "b", 3_000, 5).unwrap();
    assert_eq!(names(&folder), [kept(4), kept(5), "a".into()]);
    bench.store.keep(slot(0));
    bench.begin(0, "c", 6_001, 6).unwrap();
    assert_eq!(names(&folder), [kept(6), "a".into()]);
}

/// What is there of a file takes no room beside what the file may take.
#[test]
fn a_file_as_large_as_the_room_is_gone_on_with() {
    let (folder, mut bench) = bench(1);
    let bytes = text(9_990);
    let mut there = 0;
    for end in [64, 6_400, 9_984] {
        assert_eq!(bench.begin(0, "a", 9_990, 1), Ok(there as u64));
        bench.write(0, &bytes[there..end]).unwrap();
        bench.store.keep(slot(0));
        there = end;
    }
    assert_eq!(bench.begin(0, "a", 9_990, 1), Ok(9_984));
    bench.write(0, &bytes[there..]).unwrap();
    bench.commit(0).unwrap();
    assert_eq!(fs::read(folder.path().join("a")).unwrap(), bytes);
}

/// Nobody goes on with a file whose name another thread is about to remove.
#[test]
fn what_is_about_to_go_is_not_gone_on_with() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(kept(1)), text(64)).unwrap();
    let mut bench = Bench::open(folder.path(), 2).unwrap();
    bench.store.directory.disk.witness.hold(Call::Remove);
    let (large, small) = (file_name("large"), file_name("small"));
    assert!(bench.store.create(slot(0), &large, 10_000).is_err());
    bench.store.directory.disk.witness.await_held();
    let draft = store::Draft { name: &small, size: 100, digest: digest(1), replace: false };
    // Time enough for a thread that does not wait.
    let begun = (0..100).any(|_| {
        thread::sleep(Duration::from_millis(1));
        let _ = bench.store.poll_stored();
        bench.store.begin(slot(1), &draft).is_ok()
    });
    bench.store.directory.disk.witness.let_go();
    assert!(!begun, "it waits for what is done to its file");
    assert_eq!(bench.begin(1, "small", 100, 1), Ok(0));
    bench.write(1, &text(100)).unwrap();
    bench.commit(1).unwrap();
}

/// What was opened for a transfer that has ended is none of the next one's.
#[test]
fn what_is_opened_too_late_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(kept(1)), [7; 64]).unwrap();
    let mut bench = Bench::open(folder.path(), 1).unwrap();
    bench.put(0, "a", &text(64)).unwrap();
    assert_eq!(bench.store.open(slot(0), &file_name("a")), Err(nb::Error::WouldBlock));
    bench.store.abort(slot(0));
    assert_eq!(bench.begin(0, "b", 128, 1), Ok(64));
    assert_eq!(bench.read(0, 0, 64), Ok(vec![7; 64]));
}

#[test]
fn a_standing_file_is_not_replaced_unasked() {
    let (folder, mut bench) = bench(1);
    bench.put(0, "a", b"old").unwrap();
    assert_eq!(bench.begin(0, "a", 3, 1), Err(StoreError::Exists));
    // One that comes meanwhile counts too, be it from outside.
    bench.begin(0, "b", 3, 1).unwrap();
    bench.write(0, b"new").unwrap();
    fs::write(folder.path().join("b"), "somebody's").unwrap();
    assert_eq!(bench.commit(0), Err(StoreError::Exists));
    assert_eq!(fs::read(folder.path().join("b")).unwrap(), b"somebody's");
    // What came need not come again under another name.
    assert_eq!(names(&folder), [kept(1), "a".into(), "b".into()]);
    assert_eq!(bench.store.kept(digest(1)), 3);
    assert_eq!(bench.begin(0, "c", 3, 1), Ok(3));
    bench.store.abort(slot(0));
    let name = file_name("a");
    let draft = store::Draft { name: &name, size: 3, digest: digest(1), replace: true };
    bench.finish(|store| store.begin(slot(0), &draft)).unwrap();
    bench.write(0, b"new").unwrap();
    bench.commit(0).unwrap();
    assert_eq!(fs::read(folder.path().join("a")).unwrap(), b"new");
    assert_eq!(bench.store.used(), 3);
}

#[test]
fn a_file_is_read_as_it_was_when_it_was_opened() {
    let (_folder, mut bench) = bench(2);
    for size in [0, 1, 63, 64, 65, 640, 1_000] {
        bench.put(0, "a", &text(size)).unwrap();
        let name = file_name("a");
        let opened = bench.finish(|store| store.open(slot(0), &name)).unwrap();
        assert_eq!(opened, Opened { size: size as u64, digest: None });
        bench.put(1, "a", b"newer").unwrap();
        assert_eq!(bench.read_all(0), Ok(text(size)));
        bench.store.abort(slot(0));
    }
    assert_eq!(bench.fetch(0, "a"), Ok(b"newer".to_vec()));
    assert_eq!(bench.fetch(0, "b"), Err(StoreError::Missing));
    // A read ahead that nobody takes holds no buffer back.
    bench.put(0, "a", &text(1_000)).unwrap();
    let name = file_name("a");
    bench.finish(|store| store.open(slot(0), &name)).unwrap();
    bench.read(0, 0, 64).unwrap();
    bench.store.abort(slot(0));
    bench.put(0, "b", &text(1_000)).unwrap();
    assert_eq!(bench.fetch(0, "b"), Ok(text(1_000)));
}

#[test]
fn what_is_no_file_is_neither_read_nor_listed() {
    let (folder, mut bench) = bench(1);
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret"), "secret").unwrap();
    let within = |name: &str| folder.path().join(name);
    symlink(outside.path().join("secret"), within("link")).unwrap();
    fs::create_dir(within("folder")).unwrap();
    mknodat(CWD, within("pipe"), FileType::Fifo, Mode::RWXU, 0).unwrap();
    fs::write(within(".snug-1"), "the server's").unwrap();
    fs::write(within("a\nb"), "not to be shown").unwrap();
    fs::write(within("plain"), "from outside").unwrap();
    for name in ["link", "folder", "pipe"] {
        assert_eq!(bench.fetch(0, name), Err(StoreError::BadName), "{name}");
    }
    assert_eq!(bench.fetch(0, "plain"), Ok(b"from outside".to_vec()));
    assert_eq!(bench.list(), [("plain".into(), 12)]);
}

/// Two lists at once, each from its own place, over more names than are read
/// from the system at once.
#[test]
fn all_files_are_listed_once_each() {
    let (folder, mut bench) = bench(1);
    let all: Vec<_> = (0..3_000).map(|n| (format!("file {n:04}"), n % 7)).collect();
    for (name, size) in &all {
        fs::write(folder.path().join(name), text(*size as usize)).unwrap();
    }
    assert_eq!(bench.list(), all);
    let (mut one, mut other) = (0, 0);
    let mut seen = Vec::new();
    while let Some(file) = bench.store.list(one) {
        one = file.next;
        seen.push((file.name.as_str().to_owned(), file.size));
        if seen.len() % 3 == 0 {
            other = bench.store.list(other).map_or(0, |file| file.next);
        }
    }
    seen.sort();
    assert_eq!(seen, all);
    let age = bench.store.list(0).unwrap().age.unwrap();
    assert!(age < Duration::from_hours(1), "{age:?}");
}
