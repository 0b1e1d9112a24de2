extern crate std;

use std::format;
use std::string::{String, ToString};
use std::vec;
use std::vec::Vec;

mod parts;

use super::*;
use crate::dice::Dice;
use crate::store::StoreError;

const BLOCK: usize = 64;
const SLOT: TransferSlot = TransferSlot::new(1);

/// What a store was asked for.
#[derive(Clone, Debug, PartialEq)]
enum Call {
    Create(String, u64),
    Write(Vec<u8>),
    Prepend(Vec<u8>),
    Commit,
}

/// A store that is busy and fails as its script says.
struct Scripted {
    dice: Dice,
    /// Busy once in so many calls; never for 0.
    busy: usize,
    /// Fails at the call of this number.
    fails: Option<usize>,
    done: Vec<Call>,
    /// What it was asked for when it was busy: to be asked for again.
    asked: Option<Call>,
    file: Vec<u8>,
}

impl Scripted {
    fn new(seed: u64, busy: usize, fails: Option<usize>) -> Self {
        let dice = Dice::new(seed);
        Self { dice, busy, fails, done: vec![], asked: None, file: vec![] }
    }

    fn called(&mut self, slot: TransferSlot, call: Call) -> nb::Result<(), StoreError> {
        assert_eq!(slot, SLOT);
        if let Some(asked) = self.asked.take() {
            assert_eq!(asked, call, "a call is made again as it was");
        }
        if self.busy > 0 && self.dice.once_in(self.busy) {
            self.asked = Some(call);
            return Err(nb::Error::WouldBlock);
        }
        if self.fails == Some(self.done.len()) {
            return Err(StoreError::Full.into());
        }
        self.done.push(call);
        Ok(())
    }
}

impl Store for Scripted {
    fn used(&self) -> u64 {
        0
    }

    fn create(
        &mut self,
        slot: TransferSlot,
        name: &FileName,
        size: u64,
    ) -> nb::Result<(), StoreError> {
        self.called(slot, Call::Create(name.as_str().into(), size))
    }

    fn write(&mut self, slot: TransferSlot, block: &[u8]) -> nb::Result<(), StoreError> {
        self.called(slot, Call::Write(block.to_vec()))?;
        self.file.extend_from_slice(block);
        Ok(())
    }

    fn prepend(&mut self, slot: TransferSlot, bytes: &[u8]) -> nb::Result<(), StoreError> {
        self.called(slot, Call::Prepend(bytes.to_vec()))?;
        self.file.splice(..0, bytes.iter().copied());
        Ok(())
    }

    fn commit(&mut self, slot: TransferSlot, _: &FileName) -> nb::Result<(), StoreError> {
        self.called(slot, Call::Commit)
    }

    fn abort(&mut self, _: TransferSlot) {}
}

fn name() -> FileName {
    FileName::parse(b"a").unwrap()
}

fn begin(uploads: &mut Transfers<'_>, reserved: u64) {
    uploads.begin(SLOT, (ClientId::new(7, 0), [10, 0, 0, 1].into()), &name(), reserved);
}

/// Sends a file as the room does: `prefix` is found to belong to it when all
/// else is in, bytes come `step` at a time, and the store is tried now and then.
fn send(
    uploads: &mut Transfers<'_>,
    store: &mut Scripted,
    prefix: &[u8],
    file: &[u8],
    step: usize,
) -> Progress {
    begin(uploads, (prefix.len() + file.len()) as u64);
    let mut progress = uploads.drive(SLOT, store);
    let mut rest = file;
    while !rest.is_empty() {
        if let Progress::Failed(_) = progress {
            return progress;
        }
        let space = uploads.space(SLOT);
        let count = rest.len().min(space.len()).min(step);
        space[..count].copy_from_slice(&rest[..count]);
        uploads.filled(SLOT, count);
        rest = &rest[count..];
        let is_full = uploads.space(SLOT).is_empty();
        if is_full || store.dice.once_in(4) {
            progress = uploads.drive(SLOT, store);
            assert_ne!(progress, Progress::Stored(0));
        }
    }
    if let Progress::Failed(_) = progress {
        return progress;
    }
    uploads.complete(SLOT, prefix);
    loop {
        match uploads.drive(SLOT, store) {
            Progress::Busy => assert!(store.asked.is_some()),
            Progress::Peer => panic!("all is in"),
            end => return end,
        }
    }
}

fn bytes(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at % 251) as u8).collect()
}

/// All sizes around blocks, all prefixes, whatever the store does meanwhile.
#[test]
fn what_is_stored_is_what_was_sent() {
    let sizes = (0..=2).chain((1..=4).flat_map(|n| n * BLOCK - 24..=n * BLOCK + 2));
    let mut slots = [const { Transfer::VACANT }; 3];
    let mut blocks = [0; 3 * (BLOCK + HEADROOM)];
    let mut seed = 0;
    for size in sizes {
        for prefix in 0..=22 {
            for (step, busy) in [(1, 2), (7, 0), (7, 3), (BLOCK, 2), (1_000, 0)] {
                seed += 1;
                blocks.fill(b'?');
                let mut uploads = Transfers::new(&mut slots, &mut blocks);
                let whole = bytes(prefix + size);
                let mut store = Scripted::new(seed, busy, None);
                let (first, rest) = whole.split_at(prefix);
                let end = send(&mut uploads, &mut store, first, rest, step);
                assert_eq!(end, Progress::Stored(whole.len() as u64), "{size} {prefix} {step}");
                assert_eq!(store.file, whole, "{size} {prefix} {step}");
                is_in_order(&store.done, &whole);
                assert_eq!(
                    uploads.end(SLOT).map(|upload| upload.reserved),
                    Some(whole.len() as u64)
                );
                assert_eq!(uploads.free(), Some(TransferSlot::new(0)));
                let others = [&blocks[..BLOCK + HEADROOM], &blocks[2 * (BLOCK + HEADROOM)..]];
                assert!(others.concat().iter().all(|&byte| byte == b'?'));
            }
        }
    }
}

fn is_in_order(calls: &[Call], whole: &[u8]) {
    let [create, writes @ .., commit] = calls else { panic!("{calls:?}") };
    assert_eq!((create, commit), (&Call::Create("a".into(), whole.len() as u64), &Call::Commit));
    let writes = match writes {
        [writes @ .., Call::Prepend(bytes)] => {
            assert!((1..=24).contains(&bytes.len()));
            assert!(!writes.is_empty(), "what fits before a block goes with it");
            writes
        }
        writes => writes,
    };
    let len = |call: &Call| match call {
        Call::Write(block) => block.len(),
        call => panic!("{call:?}"),
    };
    if let [blocks @ .., last] = writes {
        assert!(blocks.iter().all(|block| len(block) == BLOCK));
        assert!((1..=BLOCK).contains(&len(last)));
    }
}

/// A file is prepended to only where its first block was offered before.
#[test]
fn a_prefix_goes_into_the_first_block_where_it_can() {
    for (size, prepends) in [(0, false), (BLOCK - 1, false), (BLOCK, true), (BLOCK + 1, true)] {
        let (mut slots, mut blocks) =
            ([const { Transfer::VACANT }; 2], [0; 2 * (BLOCK + HEADROOM)]);
        let mut uploads = Transfers::new(&mut slots, &mut blocks);
        let mut store = Scripted::new(0, 0, None);
        send(&mut uploads, &mut store, b"12", &bytes(size), 9);
        let prepended = store.done.contains(&Call::Prepend(b"12".to_vec()));
        assert_eq!(prepended, prepends, "{size}");
    }
}

/// While a store is busy with the beginning of a file, its block fills.
#[test]
fn a_block_waits_for_its_file() {
    let (mut slots, mut blocks) = ([const { Transfer::VACANT }; 2], [0; 2 * (BLOCK + HEADROOM)]);
    let mut uploads = Transfers::new(&mut slots, &mut blocks);
    let mut store = Scripted::new(0, 1, None);
    begin(&mut uploads, 70);
    assert_eq!(uploads.drive(SLOT, &mut store), Progress::Busy);
    assert_eq!(uploads.space(SLOT).len(), BLOCK);
    uploads.filled(SLOT, BLOCK);
    assert_eq!(uploads.drive(SLOT, &mut store), Progress::Busy);
    assert!(uploads.space(SLOT).is_empty());
    store.busy = 0;
    assert_eq!(uploads.drive(SLOT, &mut store), Progress::Peer);
    assert_eq!(uploads.space(SLOT).len(), BLOCK);
}

#[test]
fn a_failure_is_told_wherever_it_comes() {
    let whole = bytes(3 * BLOCK);
    for (step, busy) in [(5, 0), (5, 2), (BLOCK, 0)] {
        for fails in 0.. {
            let (mut slots, mut blocks) =
                ([const { Transfer::VACANT }; 2], [0; 2 * (BLOCK + HEADROOM)]);
            let mut uploads = Transfers::new(&mut slots, &mut blocks);
            let mut store = Scripted::new(9, busy, Some(fails));
            let end = send(&mut uploads, &mut store, &whole[..5], &whole[5..], step);
            if end == Progress::Stored(whole.len() as u64) {
                // Create, three writes, prepend, commit.
                assert_eq!(fails, 6);
                break;
            }
            assert_eq!(end, Progress::Failed(Refusal::DiskFull));
            assert_eq!(store.done.len(), fails);
            assert!(uploads.end(SLOT).is_some());
            assert_eq!(uploads.drive(SLOT, &mut store), Progress::Peer, "nobody is there");
        }
    }
}

#[test]
fn memory_is_shared_out() {
    for (count, len, block) in [
        (1, 600, 576),
        (4, 4 * 536, 512),
        (4, 4 * 536 + 3, 512),
        (3, 0, 0),
        (0, 600, 576),
        (2, 40, 0),
    ] {
        let mut slots: Vec<_> = (0..count).map(|_| Transfer::VACANT).collect();
        let mut blocks = vec![0; len];
        let mut uploads = Transfers::new(&mut slots, &mut blocks);
        assert_eq!((uploads.capacity(), uploads.block_len()), (count, block));
        assert_eq!(uploads.free().is_some(), count > 0);
        assert!(uploads.owner(TransferSlot::new(9)).is_none());
        assert!(uploads.end(TransferSlot::new(9)).is_none());
        uploads.filled(TransferSlot::new(0), 0);
    }
}

/// A store that cannot prepend loses such a file and says so.
#[test]
fn stores_need_not_prepend() {
    struct Plain;
    impl Store for Plain {
        fn used(&self) -> u64 {
            0
        }
        fn create(&mut self, _: TransferSlot, _: &FileName, _: u64) -> nb::Result<(), StoreError> {
            Ok(())
        }
        fn write(&mut self, _: TransferSlot, _: &[u8]) -> nb::Result<(), StoreError> {
            Ok(())
        }
        fn commit(&mut self, _: TransferSlot, _: &FileName) -> nb::Result<(), StoreError> {
            Ok(())
        }
        fn abort(&mut self, _: TransferSlot) {}
    }
    let (mut slots, mut blocks) = ([const { Transfer::VACANT }; 2], [0; 2 * (BLOCK + HEADROOM)]);
    let mut uploads = Transfers::new(&mut slots, &mut blocks);
    begin(&mut uploads, 70);
    uploads.filled(SLOT, BLOCK);
    assert_eq!(uploads.drive(SLOT, &mut Plain), Progress::Peer);
    uploads.complete(SLOT, b"1");
    let unsupported = Progress::Failed(Refusal::Unsupported);
    assert_eq!(uploads.drive(SLOT, &mut Plain), unsupported);
}
