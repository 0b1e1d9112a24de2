//! What is on the disk, in which order, before the store says that it is.

use std::fs;
use std::os::unix::fs::MetadataExt;

use tempfile::TempDir;

use super::witness::{Seen, Witness};
use super::*;
use crate::folder::disk::Call;
use crate::folder::draft::{Draft, Plan};
use crate::folder::publisher::publish;

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
        (Call::BeginWriteback, file),
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
    let written = [Call::Create, Call::Write, Call::Write, Call::BeginWriteback];
    assert_eq!(kinds, [&written[..], &[Call::Sync, Call::Rename]].concat());
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

/// Slots whose files one pair of threads has.
const OF_ONE_THREAD: [u16; 3] = [0, 4, 8];

/// A store in which a file is being synced, until what `then` asks for of the same
/// threads is done as far as it can be.
fn while_one_is_synced(then: impl FnOnce(&TempDir, &mut Bench)) -> (TempDir, Bench) {
    let (folder, mut bench) = bench(16);
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
    let none = bench.finish(|store| store.open(slot(12), &file_name("none")));
    assert_eq!(none, Err(StoreError::Missing));
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
        (Call::BeginWriteback, a),
        (Call::BeginWriteback, b),
        (Call::BeginWriteback, c),
        (Call::Sync, a),
        (Call::Rename, a),
        (Call::SyncFolder, itself),
        (Call::Sync, b),
        (Call::Sync, c),
        (Call::Rename, b),
        (Call::Rename, c),
        (Call::SyncFolder, itself),
    ];
    let order = order.map(|(kind, inode)| Seen { kind, inode });
    assert_eq!(witness(&bench).seen()[6..], order);
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
fn an_abort_behind_a_commit_comes_too_late() {
    let (folder, mut bench) = while_one_is_synced(|folder, bench| {
        commit_two(folder, bench);
        bench.store.abort(slot(4));
        bench.create(12, "in between").unwrap();
        let next = bench.store.create(slot(4), &file_name("d"), 0);
        assert_eq!(next, Err(nb::Error::WouldBlock), "the commit is under way");
        bench.store.abort(slot(12));
    });
    bench.commit(8).unwrap();
    // The slot is free.
    bench.put(4, "d", b"d").unwrap();
    assert_eq!(names(&folder), ["a", "b", "c", "d"]);
}

/// More than are named together at once.
#[test]
fn a_store_that_ends_gives_all_their_names_that_were_committed() {
    const FILES: u16 = 80;
    let (folder, mut bench) = bench(FILES);
    for index in 0..FILES {
        bench.create(index, &index.to_string()).unwrap();
    }
    witness(&bench).hold(Call::Sync);
    for index in 0..FILES {
        assert_eq!(commit(&mut bench, index), Err(nb::Error::WouldBlock));
    }
    witness(&bench).await_held();
    witness(&bench).let_go();
    drop(bench);
    let mut expected: Vec<_> = (0..FILES).map(|index| index.to_string()).collect();
    expected.sort();
    assert_eq!(names(&folder), expected);
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
