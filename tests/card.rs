//! The firmware's store against a card in memory and a naive reader of FAT:
//! random uploads, and a loss of power at every single write.

#[path = "card/board.rs"]
mod board;
#[allow(dead_code)]
#[path = "../firmware/src/card/mod.rs"]
mod card;
#[path = "card/reader.rs"]
mod reader;
#[path = "card/transfers.rs"]
mod transfers;

use core::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use board::{Medium, Spi};
use card::{CardMemory, CardStore};
use snug_core::store::{Store, StoreError, TransferSlot};
use snug_core::wire::name::FileName;

const TRANSFERS: usize = 2;
const BLOCK: usize = 512;

fn medium() -> Rc<RefCell<Medium>> {
    let medium = Rc::<RefCell<Medium>>::default();
    reader::format(&mut medium.borrow_mut());
    medium
}

fn open(medium: &Rc<RefCell<Medium>>) -> CardStore {
    open_for::<TRANSFERS>(medium)
}

fn open_for<const N: usize>(medium: &Rc<RefCell<Medium>>) -> CardStore {
    let store = CardStore::open(Spi::new(medium), Box::leak(Box::new(CardMemory::<N>::new())));
    assert!(store.has_card());
    store
}

/// Asks a store, turn by turn, until it has an answer.
fn ask<T>(
    store: &mut CardStore,
    mut question: impl FnMut(&mut CardStore) -> nb::Result<T, StoreError>,
) -> Result<T, StoreError> {
    for _ in 0..1000 {
        match question(store) {
            Ok(answer) => return Ok(answer),
            Err(nb::Error::Other(error)) => return Err(error),
            Err(nb::Error::WouldBlock) => {
                store.begin_pass();
                let _ = store.poll_stored();
            }
        }
    }
    panic!("the store never comes to an end");
}

fn upload(store: &mut CardStore, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
    let slot = TransferSlot::new(0);
    let name = FileName::parse(name.as_bytes()).unwrap();
    let mut all = || {
        ask(store, |store| store.create(slot, &name, bytes.len() as u64))?;
        for block in bytes.chunks(BLOCK) {
            ask(store, |store| store.write(slot, block))?;
        }
        ask(store, |store| store.commit(slot, &name))
    };
    let done = all();
    if done.is_err() {
        store.abort(slot);
    }
    done
}

fn tidy(store: &mut CardStore) {
    while store.is_busy() {
        store.begin_pass();
        let _ = store.poll_stored();
    }
}

fn noise(len: usize, seed: usize) -> Vec<u8> {
    (0..len).map(|at| (at.wrapping_mul(seed * 2 + 1) >> 3) as u8).collect()
}

#[test]
fn files_are_read_as_they_were_written() {
    let medium = medium();
    let mut store = open(&medium);
    let mut model = BTreeMap::new();
    let mut state = 1_usize;
    let mut next = |below: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    for round in 0..400 {
        let name = format!("file {} with a long name", next(12));
        let bytes = noise(next(20_000), round);
        upload(&mut store, &name, &bytes).unwrap();
        model.insert(name, bytes);
        tidy(&mut store);
        let contents = reader::read(&medium.borrow());
        assert!(contents.files == model, "round {round}");
        assert_eq!(contents.lost, 0, "round {round}");
    }
    assert_eq!(store.used(), model.values().map(|bytes| bytes.len() as u64).sum::<u64>());
    // The same after a new start.
    assert_eq!(open(&medium).used(), store.used());
}

#[test]
fn a_loss_of_power_at_any_write_leaves_whole_files() {
    let (old, new) = (noise(3_000, 1), noise(5_000, 2));
    for cut in 0.. {
        let medium = medium();
        let mut store = open(&medium);
        upload(&mut store, "replaced", &old).unwrap();
        tidy(&mut store);
        let before = medium.borrow().writes;
        medium.borrow_mut().writes_left = Some(cut);
        upload(&mut store, "replaced", &new).unwrap();
        upload(&mut store, "a new one", &new).unwrap();
        tidy(&mut store);
        let all = medium.borrow().writes - before < cut;
        medium.borrow_mut().writes_left = None;
        open(&medium);
        let contents = reader::read(&medium.borrow());
        for (name, bytes) in &contents.files {
            assert!(["replaced", "a new one"].contains(&name.as_str()), "{name} at write {cut}");
            assert!(
                *bytes == new || (*bytes == old && name == "replaced"),
                "{name} at write {cut}"
            );
        }
        assert!(contents.files.contains_key("replaced"), "at write {cut}");
        // What is lost for good is no more than a file that was replaced.
        assert!(contents.lost <= old.len().div_ceil(BLOCK), "at write {cut}");
        if all {
            assert_eq!(contents.lost, 0);
            return;
        }
    }
}

#[test]
fn an_upload_that_is_given_up_leaves_nothing() {
    let medium = medium();
    let mut store = open(&medium);
    let (slot, name) = (TransferSlot::new(1), FileName::parse(b"never").unwrap());
    for blocks in 0..300 {
        ask(&mut store, |store| store.create(slot, &name, 0)).unwrap();
        for _ in 0..blocks {
            ask(&mut store, |store| store.write(slot, &[7; BLOCK])).unwrap();
        }
        store.abort(slot);
    }
    tidy(&mut store);
    let contents = reader::read(&medium.borrow());
    assert!(contents.files.is_empty());
    assert_eq!(contents.lost, 0);
}

#[test]
fn a_full_card_says_so_and_takes_what_fits() {
    let medium = medium();
    let mut store = open(&medium);
    let most = reader::CLUSTERS as usize * BLOCK;
    assert_eq!(upload(&mut store, "too much", &vec![1; most + 1]), Err(StoreError::Full));
    upload(&mut store, "all", &vec![2; most]).unwrap();
    assert_eq!(upload(&mut store, "more", b"x"), Err(StoreError::Full));
    upload(&mut store, "empty", b"").unwrap();
}

#[test]
fn a_full_directory_says_so() {
    let medium = medium();
    let mut store = open(&medium);
    let stored = (0..300).take_while(|n| upload(&mut store, &format!("{n}"), b"x").is_ok()).count();
    // Two entries each, and one is wanted for the draft meanwhile.
    assert_eq!(stored, 191);
    tidy(&mut store);
    let contents = reader::read(&medium.borrow());
    assert_eq!((contents.files.len(), contents.lost), (191, 0));
}
