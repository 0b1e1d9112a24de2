//! Files that are read, listed, and begun again.

use std::collections::BTreeMap;

use snug_core::store::{Draft, Store, StoreError, TransferSlot};
use snug_core::wire::digest::Digest;
use snug_core::wire::name::FileName;

use super::card::CardStore;
use super::{BLOCK, ask, medium, noise, open, open_for, reader, tidy, upload};

const FIRST: TransferSlot = TransferSlot::new(0);
const SECOND: TransferSlot = TransferSlot::new(1);

fn parse(name: &str) -> FileName {
    FileName::parse(name.as_bytes()).unwrap()
}

/// Reads on from `offset` to the end, by blocks.
fn read_on(store: &mut CardStore, slot: TransferSlot, mut offset: u64) -> Vec<u8> {
    let mut all = Vec::new();
    loop {
        let mut block = [0; BLOCK];
        let count = ask(store, |store| store.read(slot, offset, &mut block)).unwrap();
        all.extend_from_slice(&block[..count]);
        offset += count as u64;
        if count < BLOCK {
            return all;
        }
    }
}

fn download(store: &mut CardStore, name: &str) -> Result<Vec<u8>, StoreError> {
    let opened = ask(store, |store| store.open(SECOND, &parse(name)))?;
    let bytes = read_on(store, SECOND, 0);
    assert_eq!(bytes.len() as u64, opened.size);
    store.abort(SECOND);
    Ok(bytes)
}

fn listed(store: &mut CardStore) -> Vec<(String, u64)> {
    let (mut all, mut from) = (Vec::new(), 0);
    while let Some(file) = store.list(from) {
        assert!(file.next > from);
        from = file.next;
        all.push((file.name.as_str().to_owned(), file.size));
    }
    all
}

#[test]
fn files_are_read_and_listed_as_they_were_uploaded() {
    let medium = medium();
    let mut store = open(&medium);
    let mut model = BTreeMap::new();
    let names = [
        "a",
        "KURZ.TXT",
        "Ein langer Name, länger als acht und drei.txt",
        "日本語 🦀",
        // A character that stands in two entries, one half in each.
        "before the c🦀b",
    ];
    for (round, name) in names.into_iter().cycle().take(40).enumerate() {
        let sizes = [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 40 * BLOCK + 7];
        let bytes = noise(sizes[round % sizes.len()], round);
        upload(&mut store, name, &bytes).unwrap();
        model.insert(name.to_owned(), bytes);
        for (name, bytes) in &model {
            assert!(download(&mut store, name).as_ref() == Ok(bytes), "{name}, round {round}");
        }
        let mut found = listed(&mut store);
        found.sort();
        let expected = model.iter().map(|(name, bytes)| (name.clone(), bytes.len() as u64));
        assert_eq!(found, expected.collect::<Vec<_>>());
    }
    for missing in ["b", "A", "kurz.txt", "~SNUG-A.TMP", "what?"] {
        assert_eq!(download(&mut store, missing), Err(StoreError::Missing), "{missing}");
    }
    let longest = "x".repeat(255);
    upload(&mut store, &longest, b"x").unwrap();
    assert!(listed(&mut store).contains(&(longest, 1)));
}

#[test]
fn a_reader_keeps_its_version_and_nothing_is_lost_by_that() {
    let medium = medium();
    let mut store = open(&medium);
    let versions = [noise(9_000, 1), noise(9_001, 2), noise(9_002, 3)];
    upload(&mut store, "file", &versions[0]).unwrap();
    ask(&mut store, |store| store.open(FIRST, &parse("file"))).unwrap();
    ask(&mut store, |store| store.open(SECOND, &parse("file"))).unwrap();
    let mut start = [0; BLOCK];
    ask(&mut store, |store| store.read(SECOND, 0, &mut start)).unwrap();

    // Two slots are all there are, so the first one makes way.
    store.abort(FIRST);
    for version in &versions[1..] {
        upload(&mut store, "file", version).unwrap();
        tidy(&mut store);
    }
    let held = versions[0].len().div_ceil(BLOCK);
    let contents = reader::read(&medium.borrow());
    assert_eq!((contents.files.len(), contents.lost), (1, held), "one version and the reader's");
    assert!(contents.files["file"] == versions[2]);
    let rest = read_on(&mut store, SECOND, BLOCK as u64);
    assert!([&start[..], &rest].concat() == versions[0]);
    store.abort(SECOND);
    tidy(&mut store);
    assert_eq!(reader::read(&medium.borrow()).lost, 0);
    assert!(download(&mut store, "file").unwrap() == versions[2]);
}

#[test]
fn the_last_of_two_readers_frees_what_was_replaced() {
    let medium = medium();
    let mut store = super::open_for::<3>(&medium);
    upload(&mut store, "file", &noise(5_000, 1)).unwrap();
    let readers = [TransferSlot::new(1), TransferSlot::new(2)];
    for slot in readers {
        ask(&mut store, |store| store.open(slot, &parse("file"))).unwrap();
    }
    upload(&mut store, "file", b"new").unwrap();
    for (slot, lost) in readers.into_iter().zip([10, 0]) {
        assert!(read_on(&mut store, slot, 0) == noise(5_000, 1));
        store.abort(slot);
        tidy(&mut store);
        assert_eq!(reader::read(&medium.borrow()).lost, lost);
    }
}

fn begin(
    store: &mut CardStore,
    slot: TransferSlot,
    name: &str,
    size: usize,
    number: u8,
    replace: bool,
) -> Result<u64, StoreError> {
    let (name, digest) = (parse(name), Digest::new([number; 32]));
    let draft = Draft { name: &name, size: size as u64, digest, replace };
    ask(store, |store| store.begin(slot, &draft))
}

fn write(store: &mut CardStore, slot: TransferSlot, bytes: &[u8]) {
    for block in bytes.chunks(BLOCK) {
        ask(store, |store| store.write(slot, block)).unwrap();
    }
}

#[test]
fn an_unfinished_file_goes_on_where_it_broke_off() {
    let medium = medium();
    let mut store = open(&medium);
    let bytes = noise(20 * BLOCK + 5, 1);
    let mut sent = 0;
    for (number, slot) in [FIRST, SECOND, SECOND, FIRST].into_iter().enumerate() {
        let kept = begin(&mut store, slot, "file", bytes.len(), 1, false).unwrap() as usize;
        assert_eq!(kept, sent);
        assert!(read_on(&mut store, slot, 0) == bytes[..kept]);
        let more = (number + 1) * 2 * BLOCK;
        write(&mut store, slot, &bytes[sent..sent + more]);
        sent += more;
        store.keep(slot);
        // Another one goes its own way meanwhile.
        upload(&mut store, "other", &noise(3_000, number)).unwrap();
    }
    assert_eq!(begin(&mut store, FIRST, "file", bytes.len(), 1, false), Ok(sent as u64));
    write(&mut store, FIRST, &bytes[sent..]);
    ask(&mut store, |store| store.commit(FIRST, &parse("file"))).unwrap();
    tidy(&mut store);
    let contents = reader::read(&medium.borrow());
    assert!(contents.files["file"] == bytes);
    assert_eq!((contents.files.len(), contents.lost), (2, 0));
}

#[test]
fn what_stands_is_replaced_only_on_demand() {
    let medium = medium();
    let mut store = open(&medium);
    assert_eq!(begin(&mut store, FIRST, "file", 3, 1, false), Ok(0));
    upload_in_between(&mut store);
    write(&mut store, FIRST, b"new");
    assert_eq!(
        ask(&mut store, |store| store.commit(FIRST, &parse("file"))),
        Err(StoreError::Exists)
    );
    store.abort(FIRST);
    assert_eq!(begin(&mut store, FIRST, "file", 3, 1, false), Err(StoreError::Exists));
    assert_eq!(begin(&mut store, FIRST, "file", 3, 1, true), Ok(0));
    write(&mut store, FIRST, b"new");
    ask(&mut store, |store| store.commit(FIRST, &parse("file"))).unwrap();
    tidy(&mut store);
    let contents = reader::read(&medium.borrow());
    assert_eq!((&*contents.files["file"], contents.lost), (&b"new"[..], 0));
}

fn upload_in_between(store: &mut CardStore) {
    assert_eq!(begin(store, SECOND, "file", 3, 2, false), Ok(0));
    write(store, SECOND, b"old");
    ask(store, |store| store.commit(SECOND, &parse("file"))).unwrap();
}

/// What one of them does to the directory while the other looks through it does
/// not lead that one astray.
#[test]
fn two_take_the_same_name_at_once() {
    for turns in 1..4 {
        let medium = medium();
        let mut store = open_for::<6>(&medium);
        let slots = [0, 1, 2, 3, 4, 5].map(TransferSlot::new);
        // A gap at the start of the directory, and more entries behind it than
        // are looked at in one go.
        for slot in &slots[2..] {
            ask(&mut store, |store| store.create(*slot, &parse("never"), 1)).unwrap();
            write(&mut store, *slot, b"x");
        }
        for number in 0..150 {
            upload(&mut store, &format!("file {number}"), b"x").unwrap();
        }
        slots[2..].iter().for_each(|slot| store.abort(*slot));
        tidy(&mut store);

        let name = parse("both");
        let sent = [noise(700, 1), noise(900, 2)];
        for (slot, bytes) in slots.iter().zip(&sent) {
            ask(&mut store, |store| store.create(*slot, &name, 900)).unwrap();
            write(&mut store, *slot, bytes);
        }
        // The first looks as far as it comes in so many turns.
        let mut done = false;
        for _ in 0..turns {
            done = done || store.commit(slots[0], &name).is_ok();
            store.begin_pass();
            let _ = store.poll_stored();
        }
        ask(&mut store, |store| store.commit(slots[1], &name)).unwrap();
        if !done {
            ask(&mut store, |store| store.commit(slots[0], &name)).unwrap();
        }
        tidy(&mut store);
        let contents = reader::read(&medium.borrow());
        assert_eq!((contents.files.len(), contents.lost), (151, 0), "after {turns} turns");
        assert!(sent.contains(&contents.files["both"]), "after {turns} turns");
    }
}

#[test]
fn kept_files_give_way_to_newer_ones_and_to_a_full_card() {
    let medium = medium();
    let mut store = open(&medium);
    // As many are kept as there are slots; each further one ousts another.
    for number in 0..9 {
        begin(&mut store, FIRST, "file", 9 * BLOCK, number, false).unwrap();
        write(&mut store, FIRST, &noise(4 * BLOCK, 1));
        store.keep(FIRST);
        tidy(&mut store);
    }
    let contents = reader::read(&medium.borrow());
    assert_eq!(contents.files.len(), super::TRANSFERS, "two drafts: {:?}", contents.files.keys());
    let most = reader::CLUSTERS as usize * BLOCK;
    upload(&mut store, "all", &vec![2; most]).unwrap();
    tidy(&mut store);
    let contents = reader::read(&medium.borrow());
    assert_eq!((contents.files.len(), contents.lost), (1, 0));
    // None of them is left, after a new start neither.
    assert_eq!(begin(&mut store, FIRST, "file", 9 * BLOCK, 8, false), Ok(0));
}

#[test]
fn a_new_start_forgets_what_was_kept() {
    let medium = medium();
    let mut store = open(&medium);
    begin(&mut store, FIRST, "file", 9 * BLOCK, 1, false).unwrap();
    write(&mut store, FIRST, &noise(4 * BLOCK, 1));
    store.keep(FIRST);
    let mut store = open(&medium);
    assert_eq!(begin(&mut store, FIRST, "file", 9 * BLOCK, 1, false), Ok(0));
    store.abort(FIRST);
    let contents = reader::read(&medium.borrow());
    assert_eq!((contents.files.len(), contents.lost), (0, 0));
}
