//! What is on the disk, in which order, before the store says that it is.

use std::fs;
use std::os::unix::fs::MetadataExt;

use tempfile::TempDir;

use super::witness::{Seen, Witness};
use super::*;
use crate::folder::disk::Call;
use crate::folder::draft::{Draft, Plan};
use crate::folder::publish::publish;

fn witness(bench: &Bench) -> &Witness {
    &bench.store.directory.disk.witness
}

fn seen(bench: &Bench) -> Vec<Call> {
    witness(bench).seen().iter().map(|seen| seen.kind).collect()
}

fn inode(folder: &TempDir, name: &str) -> u64 {
    fs::metadata(folder.path().join(name)).unwrap().ino()
}

#[test]
fn a_file_is_written_synced_named_and_its_name_synced_and_then_committed() {
    let (folder, mut bench) = bench(1);
    bench.put(0, "a", &text(150)).unwrap();
    let (file, itself) = (inode(&folder, "a"), inode(&folder, "."));
    let order = [
        (Call::Create, file),
        (Call::Write, file),
        (Call::Write, file),
        (Call::Write, file),
        (Call::Sync, file),
        (Call::Rename, file),
        (Call::SyncFolder, itself),
    ];
    let order = order.map(|(kind, inode)| Seen { kind, inode });
    assert_eq!(witness(&bench).seen(), order);
}

#[test]
fn a_file_with_bytes_put_before_it_is_synced_as_a_whole() {
    let (folder, mut bench) = bench(1);
    bench.create(0, "a").unwrap();
    bench.write(0, b"456").unwrap();
    bench.prepend(0, b"123").unwrap();
    bench.commit(0).unwrap();
    let file = inode(&folder, "a");
    let of_file = witness(&bench).seen().into_iter().filter(|seen| seen.inode == file);
    let kinds: Vec<_> = of_file.map(|seen| seen.kind).collect();
    assert_eq!(kinds, [Call::Create, Call::Write, Call::Write, Call::Sync, Call::Rename]);
    assert_eq!(seen(&bench).last(), Some(&Call::SyncFolder));
}

/// In stretches of an eighth, as far as these are long enough.
#[test]
fn a_long_file_goes_to_the_disk_while_it_comes() {
    for (size, stretch) in [(16, 4), (48, 6), (1024, 8)].map(|(s, t)| (s << 20, t << 20)) {
        let folder = tempfile::tempdir().unwrap();
        let directory = Arc::new(Directory::open(folder.path()).unwrap());
        let mut draft = Draft::begin(&directory, &Plan::new(&file_name("a"), size)).unwrap();
        let block = vec![7; stretch / 4];
        for _ in 0..9 {
            draft.append(&block).unwrap();
        }
        publish(&directory, vec![draft]).remove(0).unwrap();
        let calls: Vec<_> = directory.disk.witness.seen().iter().map(|seen| seen.kind).collect();
        let full = [[Call::Write; 4].as_slice(), &[Call::BeginWriteback]].concat();
        let end = [Call::Write, Call::Sync, Call::Rename, Call::SyncFolder];
        assert_eq!(calls, [&[Call::Create], &full[..], &full[..], &end].concat(), "{size}");
        let length = fs::metadata(folder.path().join("a")).unwrap().len();
        assert_eq!(length, 9 * block.len() as u64);
    }
}

/// The disk would begin with it a moment before it is told to end with it.
#[test]
fn the_last_stretch_of_a_long_file_is_left_to_its_sync() {
    let folder = tempfile::tempdir().unwrap();
    let directory = Arc::new(Directory::open(folder.path()).unwrap());
    let mut draft = Draft::begin(&directory, &Plan::new(&file_name("a"), 16 << 20)).unwrap();
    for _ in 0..4 {
        draft.append(&vec![7; 4 << 20]).unwrap();
    }
    publish(&directory, vec![draft]).remove(0).unwrap();
    let calls: Vec<_> = directory.disk.witness.seen().iter().map(|seen| seen.kind).collect();
    let stretch = [Call::Write, Call::BeginWriteback];
    let end = [Call::Write, Call::Sync, Call::Rename, Call::SyncFolder];
    assert_eq!(calls, [&[Call::Create], &stretch[..], &stretch, &stretch, &end].concat());
}

#[test]
fn nothing_is_committed_while_one_of_these_steps_is_under_way() {
    for step in [Call::Write, Call::Sync, Call::Rename, Call::SyncFolder] {
        let (folder, mut bench) = bench(1);
        bench.create(0, "a").unwrap();
        witness(&bench).hold(step);
        bench.write(0, b"text").unwrap();
        assert_eq!(bench.store.commit(slot(0), &file_name("a")), Err(nb::Error::WouldBlock));
        witness(&bench).await_held();
        while bench.store.poll_stored().is_some() {}
        assert_eq!(
            bench.store.commit(slot(0), &file_name("a")),
            Err(nb::Error::WouldBlock),
            "{step:?}"
        );
        let named = names(&folder).contains(&"a".into());
        assert_eq!(named, step == Call::SyncFolder, "{step:?}");
        witness(&bench).let_go();
        bench.commit(0).unwrap();
        assert_eq!(names(&folder), ["a"]);
    }
}

#[test]
fn a_file_that_cannot_be_synced_gets_no_name() {
    for step in [Call::Write, Call::Sync, Call::Rename] {
        let (folder, mut bench) = bench(1);
        bench.put(0, "a", b"older").unwrap();
        witness(&bench).fail(step);
        bench.create(0, "a").unwrap();
        bench.write(0, b"newer").unwrap();
        assert_eq!(bench.commit(0), Err(StoreError::Failed), "{step:?}");
        assert_eq!(fs::read(folder.path().join("a")).unwrap(), b"older", "{step:?}");
        assert_eq!(names(&folder), ["a"], "{step:?}");
    }
}

#[test]
fn a_name_that_cannot_be_synced_is_not_committed() {
    let (folder, mut bench) = bench(1);
    witness(&bench).fail(Call::SyncFolder);
    let name = file_name("a");
    bench.finish(|store| store.create(slot(0), &name, 4)).unwrap();
    bench.write(0, b"text").unwrap();
    assert_eq!(bench.commit(0), Err(StoreError::Failed));
    // It stands, whole, but may not after a loss of power: nobody is told.
    assert_eq!(fs::read(folder.path().join("a")).unwrap(), b"text");
}

/// Slots whose files one thread writes.
const OF_ONE_THREAD: [u16; 3] = [0, 4, 8];

/// A store one of whose threads has a file to sync, and then, all at once, what
/// `then` has the others do.
fn while_one_is_synced(then: impl FnOnce(&TempDir, &mut Bench)) -> (TempDir, Bench) {
    let (folder, mut bench) = bench(12);
    for (index, name) in OF_ONE_THREAD.into_iter().zip(["a", "b", "c"]) {
        bench.create(index, name).unwrap();
        bench.write(index, name.as_bytes()).unwrap();
    }
    while seen(&bench).len() < 6 {
        bench.rest();
    }
    witness(&bench).hold(Call::Sync);
    assert_eq!(commit(&mut bench, 0), Err(nb::Error::WouldBlock));
    witness(&bench).await_held();
    then(&folder, &mut bench);
    witness(&bench).let_go();
    bench.commit(0).unwrap();
    (folder, bench)
}

fn commit(bench: &mut Bench, index: u16) -> nb::Result<(), StoreError> {
    bench.store.commit(slot(index), &file_name("it has its name already"))
}

fn commit_two(_: &TempDir, bench: &mut Bench) {
    for index in [4, 8] {
        assert_eq!(commit(bench, index), Err(nb::Error::WouldBlock));
    }
}

#[test]
fn files_that_are_whole_together_are_named_together_and_each_is_synced_before() {
    let (folder, mut bench) = while_one_is_synced(commit_two);
    bench.commit(4).unwrap();
    bench.commit(8).unwrap();
    assert_eq!(names(&folder), ["a", "b", "c"]);
    let [a, b, c, itself] = ["a", "b", "c", "."].map(|name| inode(&folder, name));
    let order = [
        (Call::Sync, a),
        (Call::Rename, a),
        (Call::SyncFolder, itself),
        (Call::BeginWriteback, b),
        (Call::BeginWriteback, c),
        (Call::Sync, b),
        (Call::Sync, c),
        (Call::Rename, b),
        (Call::Rename, c),
        (Call::SyncFolder, itself),
    ];
    let order = order.map(|(kind, inode)| Seen { kind, inode });
    assert_eq!(witness(&bench).seen()[6..], order);
}

/// Also where the last bytes have filled a stretch.
#[test]
fn of_files_that_are_named_together_the_disk_begins_with_all_that_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let directory = Arc::new(Directory::open(folder.path()).unwrap());
    let drafts = ["a", "b"].map(|name| {
        let mut draft = Draft::begin(&directory, &Plan::new(&file_name(name), 8 << 20)).unwrap();
        for _ in 0..2 {
            draft.append(&vec![7; 4 << 20]).unwrap();
        }
        draft
    });
    for named in publish(&directory, drafts.into()) {
        named.unwrap();
    }
    let calls = directory.disk.witness.seen();
    let begun = calls.iter().filter(|seen| seen.kind == Call::BeginWriteback).count();
    assert_eq!(begun, 2 + 2, "the first stretch of each, and the last");
}

#[test]
fn of_files_that_are_named_together_one_can_fail() {
    let (folder, mut bench) = while_one_is_synced(|folder, bench| {
        commit_two(folder, bench);
        fs::create_dir(folder.path().join("b")).unwrap();
    });
    assert_eq!(bench.commit(4), Err(StoreError::BadName));
    bench.commit(8).unwrap();
    assert_eq!(names(&folder), ["a", "b", "c"]);
    assert!(folder.path().join("b").is_dir());
}

#[test]
fn what_is_to_be_done_behind_a_commit_is_done_behind_it() {
    let (folder, mut bench) = while_one_is_synced(|folder, bench| {
        commit_two(folder, bench);
        bench.store.abort(slot(4));
    });
    bench.commit(8).unwrap();
    // It came too late, and the slot is free.
    bench.put(4, "d", b"d").unwrap();
    assert_eq!(names(&folder), ["a", "b", "c", "d"]);
}

#[test]
fn files_whose_names_cannot_be_synced_are_not_committed() {
    let folder = tempfile::tempdir().unwrap();
    let directory = Arc::new(Directory::open(folder.path()).unwrap());
    let draft = |name| Draft::begin(&directory, &Plan::new(&file_name(name), 4)).unwrap();
    let drafts = ["a", "b"].map(draft);
    directory.disk.witness.fail(Call::SyncFolder);
    let named = publish(&directory, drafts.into());
    assert_eq!(named, [Err(StoreError::Failed), Err(StoreError::Failed)]);
    assert_eq!(names(&folder), ["a", "b"]);
}
