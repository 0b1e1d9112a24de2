//! Tests of the folder as the room uses it.
//!
//! - `bench`: a store, and who works with it
//! - `lent`: files that go to a socket without a copy
//! - `order`: what is on the disk before the store says so
//! - `parts`: files in parts, and those that go
//! - `piped`: files that come by a socket without a copy
//! - `unchanged`: digests that are known of files
//! - `witness`: sees and forbids what is done to the disk

mod bench;
#[cfg(target_os = "linux")]
mod lent;
mod order;
mod parts;
#[cfg(target_os = "linux")]
mod piped;
mod unchanged;
pub(super) mod witness;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::sync::Arc;

use rustix::fs::{CWD, FileType, Mode, mknodat};
use snug_core::store::{self, Opened, Store, StoreError, TransferSlot};
use snug_core::wire::digest::Digest;
use snug_core::wire::name::FileName;

pub(super) use bench::{Bench, bench, file_name, names, slot, text};

use super::job::{Block, Step};
use super::slot::{BUFFERS, Phase, Slot};
use super::*;
use bench::BLOCK;

#[test]
fn a_file_has_its_name_only_when_it_is_whole() {
    let (folder, mut bench) = bench(1);
    let bytes = text(10 * BLOCK + 3);
    bench.create(0, "notes.txt").unwrap();
    bench.write(0, &bytes).unwrap();
    assert!(names(&folder).iter().all(|name| name.starts_with(".snug-")));
    assert_eq!(bench.store.used(), 0);
    bench.commit(0).unwrap();
    assert_eq!(names(&folder), ["notes.txt"]);
    let path = folder.path().join("notes.txt");
    assert_eq!(fs::read(&path).unwrap(), bytes);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7133, 0);
    assert_eq!(bench.store.used(), bytes.len() as u64);
}

#[test]
fn an_empty_file_is_a_file() {
    let (folder, mut bench) = bench(1);
    bench.put(0, "empty", b"").unwrap();
    assert_eq!(fs::read(folder.path().join("empty")).unwrap(), b"");
}

#[test]
fn a_replaced_file_is_whole_until_the_new_one_is() {
    let (folder, mut bench) = bench(1);
    let path = folder.path().join("a");
    bench.put(0, "a", &text(100)).unwrap();
    bench.create(0, "a").unwrap();
    bench.write(0, &text(30)).unwrap();
    assert_eq!(fs::read(&path).unwrap(), text(100));
    bench.commit(0).unwrap();
    assert_eq!(fs::read(&path).unwrap(), text(30));
    assert_eq!(bench.store.used(), 30);
    assert_eq!(names(&folder), ["a"]);
}

#[test]
fn calls_may_be_made_again_without_cause() {
    let (folder, mut bench) = bench(1);
    let name = file_name("a");
    for _ in 0..20 {
        assert_eq!(bench.store.create(slot(0), &name, 5), Err(nb::Error::WouldBlock));
    }
    bench.create(0, "a").unwrap();
    bench.write(0, b"hello").unwrap();
    for _ in 0..20 {
        assert_eq!(bench.store.commit(slot(0), &file_name("a")), Err(nb::Error::WouldBlock));
    }
    bench.commit(0).unwrap();
    assert_eq!(fs::read(folder.path().join("a")).unwrap(), b"hello");
}

#[test]
fn an_abort_leaves_nothing_and_the_slot_free() {
    let (folder, mut bench) = bench(1);
    let name = file_name("a");
    let abort_after: [fn(&mut Bench); 4] = [
        |_| {},
        |bench| bench.create(0, "a").unwrap(),
        |bench| {
            bench.create(0, "a").unwrap();
            bench.write(0, &text(500)).unwrap();
        },
        |bench| {
            bench.create(0, "a").unwrap();
            bench.prepend(0, b"x").unwrap();
        },
    ];
    for before in abort_after {
        before(&mut bench);
        bench.store.abort(slot(0));
        bench.store.abort(slot(0));
    }
    // In the midst of a create, again and again without a look at what is done.
    for _ in 0..100 {
        let _ = bench.store.create(slot(0), &name, 5);
        bench.store.abort(slot(0));
    }
    bench.put(0, "b", b"hello").unwrap();
    assert_eq!(names(&folder), ["b"]);
    assert_eq!(bench.store.used(), 5);
}

#[test]
fn an_abort_during_a_commit_leaves_the_whole_file_or_none() {
    let (folder, mut bench) = bench(1);
    for _ in 0..20 {
        bench.create(0, "a").unwrap();
        bench.write(0, b"hello").unwrap();
        assert_eq!(bench.store.commit(slot(0), &file_name("a")), Err(nb::Error::WouldBlock));
        bench.store.abort(slot(0));
        bench.put(0, "b", b"after").unwrap();
        let stands = fs::read(folder.path().join("a"));
        assert!(stands.is_err() || stands.unwrap() == b"hello");
        assert_eq!(bench.store.used(), 5 * names(&folder).len() as u64);
    }
}

#[test]
fn what_is_no_file_keeps_its_name() {
    let (folder, mut bench) = bench(1);
    let outside = tempfile::NamedTempFile::new().unwrap();
    fs::write(outside.path(), "precious").unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("folder")).unwrap();
    symlink(outside.path(), at("link")).unwrap();
    symlink("nowhere", at("dangling")).unwrap();
    mknodat(CWD, at("pipe"), FileType::Fifo, Mode::RWXU, 0).unwrap();
    let before = names(&folder);
    for name in ["folder", "link", "dangling", "pipe"] {
        assert_eq!(bench.put(0, name, b"x"), Err(StoreError::BadName), "{name}");
    }
    assert_eq!(names(&folder), before);
    assert_eq!(fs::read(outside.path()).unwrap(), b"precious");
}

#[test]
fn a_link_that_comes_before_the_commit_is_not_followed_or_replaced() {
    let (folder, mut bench) = bench(1);
    let outside = tempfile::NamedTempFile::new().unwrap();
    bench.create(0, "a").unwrap();
    bench.write(0, b"hello").unwrap();
    symlink(outside.path(), folder.path().join("a")).unwrap();
    assert_eq!(bench.commit(0), Err(StoreError::BadName));
    assert_eq!(names(&folder), ["a"]);
    assert!(folder.path().join("a").is_symlink());
    assert_eq!(fs::read(outside.path()).unwrap(), b"");
    bench.put(0, "b", b"x").unwrap();
    assert_eq!(bench.store.used(), 1);
}

#[test]
fn bytes_can_be_put_in_front() {
    let (folder, mut bench) = bench(1);
    bench.create(0, "a").unwrap();
    bench.write(0, &text(300)).unwrap();
    bench.prepend(0, b"12").unwrap();
    bench.write(0, b"end").unwrap();
    bench.prepend(0, b"0").unwrap();
    bench.commit(0).unwrap();
    let bytes = fs::read(folder.path().join("a")).unwrap();
    assert_eq!(bytes, [b"012".as_slice(), &text(300), b"end"].concat());
    assert_eq!(bench.store.used(), bytes.len() as u64);
    assert_eq!(names(&folder), ["a"]);
}

#[test]
fn leftovers_are_swept_and_files_counted_at_start() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at(".snug-1-2-3"), "half").unwrap();
    fs::write(at("whole"), "12345").unwrap();
    fs::write(at(".hidden"), "123").unwrap();
    fs::create_dir(at(".snug-folder")).unwrap();
    fs::write(at(".snug-folder").join("deep"), "1").unwrap();
    symlink("whole", at(".snug-link")).unwrap();
    let bench = Bench::open(folder.path(), 1).unwrap();
    assert_eq!(names(&folder), [".hidden", ".snug-folder", ".snug-link", "whole"]);
    assert_eq!(bench.store.used(), 8);
}

#[test]
fn a_folder_has_one_server() {
    let (folder, mut first) = bench(1);
    first.create(0, "a").unwrap();
    let error = Bench::open(folder.path(), 1).err().unwrap();
    assert_eq!(error.kind(), io::ErrorKind::ResourceBusy);
    let shown = folder.path().display();
    let sentence = format!("cannot use the folder {shown}: another server uses it");
    assert_eq!(error.to_string(), sentence);
    first.commit(0).unwrap();
    drop(first);
    Bench::open(folder.path(), 1).unwrap();
}

#[test]
fn the_folder_is_made_and_may_not_be_a_file() {
    let above = tempfile::tempdir().unwrap();
    let path = above.path().join("deep").join("server");
    Bench::open(&path, 1).unwrap().put(0, "a", b"x").unwrap();
    assert!(Bench::open(&path.join("a"), 1).is_err());
}

#[test]
fn a_store_that_goes_takes_its_half_files_along() {
    let (folder, mut bench) = bench(3);
    bench.put(0, "a", b"x").unwrap();
    for index in 0..3 {
        bench.create(index, "b").unwrap();
        bench.write(index, &text(100)).unwrap();
    }
    drop(bench);
    assert_eq!(names(&folder), ["a"]);
}

#[test]
fn a_folder_that_goes_is_an_error_that_comes_later() {
    let (folder, mut bench) = bench(2);
    bench.create(0, "a").unwrap();
    bench.create(1, "b").unwrap();
    bench.write(0, b"hello").unwrap();
    folder.close().unwrap();
    bench.prepend(0, b"x").unwrap();
    assert_eq!(bench.commit(0), Err(StoreError::Failed));
    assert_eq!(bench.commit(1), Err(StoreError::Failed));
    assert_eq!(bench.create(0, "c"), Err(StoreError::Failed));
    assert_eq!(bench.create(0, "c"), Err(StoreError::Failed));
    assert_eq!(bench.store.used(), 0);
}

#[test]
fn calls_out_of_order_are_refused() {
    let (folder, mut bench) = bench(1);
    assert_eq!(bench.write(0, b"x"), Err(StoreError::Failed));
    assert_eq!(bench.commit(0), Err(StoreError::Failed));
    bench.create(0, "a").unwrap();
    let long = text(BLOCK + 1);
    assert_eq!(bench.finish(|s| s.write(slot(0), &long)), Err(StoreError::Unsupported));
    assert_eq!(bench.write(0, b"x"), Err(StoreError::Failed));
    bench.put(0, "a", b"x").unwrap();
    assert_eq!(names(&folder), ["a"]);
}

#[test]
fn a_write_beyond_the_buffers_waits() {
    let (_folder, mut bench) = bench(1);
    bench.create(0, "a").unwrap();
    // Nobody looks at what is done, so no buffer comes back.
    for _ in 0..BUFFERS {
        assert_eq!(bench.store.write(slot(0), b"x"), Ok(()));
    }
    assert_eq!(bench.store.write(slot(0), b"x"), Err(nb::Error::WouldBlock));
    bench.write(0, b"x").unwrap();
    bench.commit(0).unwrap();
    assert_eq!(bench.store.used(), 3);
}

/// Uploads of random sizes to few names in many slots, some of them aborted, a
/// step here and a step there, held against a map.
#[test]
fn many_uploads_go_on_at_once() {
    const SLOTS: u16 = 37;
    let (folder, mut bench) = bench(SLOTS);
    let mut model = BTreeMap::new();
    let mut random = 1u32;
    let mut roll = |below: u32| {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        usize::try_from((random >> 8) % below).unwrap()
    };
    let mut under_way: Vec<Option<(String, Vec<u8>, usize)>> = vec![None; SLOTS.into()];
    for _ in 0..3000 {
        let index = roll(SLOTS.into());
        let number = u16::try_from(index).unwrap();
        let Some((name, bytes, written)) = &mut under_way[index] else {
            let upload = (format!("file {}", roll(10)), text(roll(400)), 0);
            bench.create(number, &upload.0).unwrap();
            under_way[index] = Some(upload);
            continue;
        };
        if roll(40) == 0 {
            bench.store.abort(slot(number));
            under_way[index] = None;
        } else if *written < bytes.len() {
            let end = bytes.len().min(*written + BLOCK);
            bench.write(number, &bytes[*written..end]).unwrap();
            *written = end;
        } else {
            bench.commit(number).unwrap();
            model.insert(name.clone(), bytes.clone());
            under_way[index] = None;
        }
    }
    let total: usize = model.values().map(Vec::len).sum();
    assert_eq!(bench.store.used(), total as u64);
    drop(bench);
    assert_eq!(names(&folder), model.keys().cloned().collect::<Vec<_>>());
    for (name, bytes) in &model {
        assert_eq!(&fs::read(folder.path().join(name)).unwrap(), bytes, "{name}");
    }
}

#[test]
fn the_first_error_is_the_one_that_is_told() {
    let (mut slot, block) = (Slot::new(0), Step::Append(Block::new(0)));
    (slot.phase, slot.jobs) = (Phase::Open, 3);
    for (step, error) in [
        (&block, StoreError::Full),
        (&block, StoreError::Failed),
        (&Step::Commit, StoreError::Failed),
    ] {
        slot.answer(step, Err(error));
        assert_eq!(slot.phase, Phase::Broken(StoreError::Full));
    }
}

/// A thread that writes can be done before one that syncs is.
#[test]
fn a_slot_is_free_when_nothing_of_it_is_under_way() {
    let ends = [(Step::Abort, Step::Commit), (Step::Commit, Step::Abort)];
    for ((first, last), result) in ends.into_iter().zip([Ok(0), Err(StoreError::Failed)]) {
        let mut slot = Slot::new(0);
        (slot.phase, slot.jobs) = (Phase::Ending, 2);
        slot.answer(&first, result);
        assert_eq!(slot.phase, Phase::Ending);
        slot.answer(&last, Ok(0));
        assert_eq!(slot.phase, Phase::Empty);
    }
}
