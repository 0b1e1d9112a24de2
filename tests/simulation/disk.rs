//! A folder that is slow, full, failing, or loses power.
//!
//! It keeps two pictures: the files as they can be seen, and as they would be
//! found after a loss of power. Like the store of the room's tests it watches
//! its caller: a call that had to wait is made again with the same arguments.

use core::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use snug_core::store::{Store, StoreError, UploadSlot};
use snug_core::wire::name::FileName;

use super::flaw::Flaw;
use super::tally::{Fault, Tally};
use super::wire::happens;
use crate::support::random::Random;

/// A file and which one of all it was, in the order of their commits.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) bytes: Rc<[u8]>,
    pub(crate) number: usize,
}

/// How the medium behaves.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mood {
    /// A call has to wait once in so many times, up to `wait` milliseconds.
    pub(crate) slow: usize,
    pub(crate) wait: u64,
    /// A call fails once in so many times.
    pub(crate) fails: usize,
    /// Bytes that the medium has room for.
    pub(crate) space: u64,
}

impl Mood {
    pub(crate) const FINE: Self = Self { slow: 0, wait: 1, fails: 0, space: u64::MAX };

    pub(crate) fn at_random(random: &mut Random) -> Self {
        Self {
            slow: *random.pick(&[0, 1, 2, 10]),
            wait: *random.pick(&[5, 200, 20_000]),
            fails: *random.pick(&[0, 0, 0, 5, 30]),
            space: *random.pick(&[u64::MAX, u64::MAX, u64::MAX, 3_000, 0]),
        }
    }
}

/// The medium, which outlives the room that stores on it.
#[derive(Debug)]
pub(crate) struct Disk {
    pub(crate) now: u64,
    pub(crate) mood: Mood,
    pub(crate) flaw: Flaw,
    pub(crate) random: Random,
    pub(crate) tally: Tally,
    /// The files as they can be seen.
    pub(crate) visible: BTreeMap<String, Stored>,
    /// The files as a loss of power would leave them.
    pub(crate) durable: BTreeMap<String, Stored>,
    /// What was committed, and not looked at yet.
    pub(crate) commits: Vec<(String, Stored)>,
    /// Names that changed without a commit: never, unless something is broken.
    pub(crate) touched: Vec<String>,
    /// Names of files that could not be kept.
    pub(crate) failed: Vec<String>,
    /// When a slot that waits can go on, and not told yet.
    pub(crate) completions: Vec<(usize, u64)>,
    drafts: BTreeMap<usize, Draft>,
    waits: BTreeMap<usize, (Call, u64)>,
    count: usize,
    lost_space: u64,
}

#[derive(Debug)]
struct Draft {
    name: String,
    size: u64,
    bytes: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Call {
    Create(String, u64),
    Write(Vec<u8>),
    Prepend(Vec<u8>),
    Commit,
}

impl Disk {
    pub(crate) fn new(seed: u64, flaw: Flaw) -> Self {
        Self {
            now: 0,
            mood: Mood::FINE,
            flaw,
            random: Random::new(seed),
            tally: Tally::default(),
            visible: BTreeMap::new(),
            durable: BTreeMap::new(),
            commits: Vec::new(),
            touched: Vec::new(),
            failed: Vec::new(),
            completions: Vec::new(),
            drafts: BTreeMap::new(),
            waits: BTreeMap::new(),
            count: 0,
            lost_space: 0,
        }
    }

    /// A life begins, in which nothing has failed yet.
    pub(crate) fn begin(&mut self, now: u64) {
        self.now = now;
        self.mood = Mood::FINE;
        self.failed.clear();
    }

    /// The room and its machine lose power: what was under way is gone, but
    /// for a commit, which may have come through or not.
    pub(crate) fn lose_power(&mut self) {
        let committing: Vec<_> =
            self.waits.iter().filter(|(_, (call, _))| *call == Call::Commit).collect();
        let committing: Vec<_> = committing.into_iter().map(|(&slot, _)| slot).collect();
        for slot in committing {
            if self.random.one_in(2) {
                self.finish(slot);
            }
        }
        self.drafts.clear();
        self.waits.clear();
        self.completions.clear();
        self.commits.clear();
        self.visible = self.durable.clone();
    }

    /// Bytes of the files as they can be seen.
    pub(crate) fn used(&self) -> u64 {
        self.visible.values().map(|file| file.bytes.len() as u64).sum()
    }

    /// Whether nothing is under way.
    pub(crate) fn is_idle(&self) -> bool {
        self.drafts.is_empty() && self.waits.is_empty()
    }

    /// Files that were begun.
    pub(crate) fn begun(&self) -> usize {
        self.drafts.len()
    }

    /// Lets a call wait, or fail, or pass.
    fn call(&mut self, slot: usize, call: impl FnOnce() -> Call) -> nb::Result<(), StoreError> {
        if let Some((before, until)) = self.waits.get(&slot) {
            assert_eq!(*before, call(), "a call is made again with the same arguments");
            if *until > self.now {
                return Err(nb::Error::WouldBlock);
            }
            self.waits.remove(&slot);
        } else if happens(&mut self.random, self.mood.slow) {
            self.tally.suffer(Fault::StoreWait);
            let until = self.now + 1 + self.random.next() % self.mood.wait;
            self.waits.insert(slot, (call(), until));
            self.completions.push((slot, until));
            return Err(nb::Error::WouldBlock);
        }
        if happens(&mut self.random, self.mood.fails) {
            return self.fail(slot, StoreError::Failed);
        }
        Ok(())
    }

    fn fail(&mut self, slot: usize, why: StoreError) -> nb::Result<(), StoreError> {
        self.tally.suffer(Fault::StoreFailure);
        if let Some(draft) = self.drafts.get(&slot) {
            self.failed.push(draft.name.clone());
            if self.flaw.shows(Flaw::StoredAnyway, &mut self.random) {
                self.finish(slot);
            }
        }
        Err(nb::Error::Other(why))
    }

    fn draft(&mut self, slot: usize) -> &mut Draft {
        self.drafts.get_mut(&slot).expect("an upload begins with create")
    }

    /// Gives a file its name.
    fn finish(&mut self, slot: usize) {
        let draft = self.drafts.remove(&slot).expect("an upload begins with create");
        let file = Stored { bytes: draft.bytes.into(), number: self.count };
        self.count += 1;
        self.visible.insert(draft.name.clone(), file.clone());
        if !self.flaw.shows(Flaw::NotSynced, &mut self.random) {
            self.durable.insert(draft.name.clone(), file.clone());
        }
        self.commits.push((draft.name, file));
    }

    fn spoil_early(&mut self, slot: usize) {
        if self.flaw.shows(Flaw::EarlyName, &mut self.random) {
            let draft = &self.drafts[&slot];
            let file = Stored { bytes: draft.bytes.clone().into(), number: self.count };
            self.visible.insert(draft.name.clone(), file);
            self.touched.push(draft.name.clone());
        }
    }
}

/// A room's handle on the disk.
#[derive(Clone, Debug)]
pub(crate) struct Folder(pub(crate) Rc<RefCell<Disk>>);

impl Store for Folder {
    fn used(&self) -> u64 {
        let disk = self.0.borrow();
        disk.used() + disk.lost_space
    }

    fn create(
        &mut self,
        slot: UploadSlot,
        name: &FileName,
        size: u64,
    ) -> nb::Result<(), StoreError> {
        let (disk, slot) = (&mut *self.0.borrow_mut(), slot.index());
        assert!(!disk.drafts.contains_key(&slot), "a slot has one upload");
        let name = name.as_str().to_owned();
        let verdict = disk.call(slot, || Call::Create(name.clone(), size));
        let full = disk.used().saturating_add(size) > disk.mood.space;
        match verdict {
            Ok(()) if full => {
                disk.failed.push(name);
                return disk.fail(slot, StoreError::Full);
            }
            Err(nb::Error::Other(_)) => disk.failed.push(name.clone()),
            _ => {}
        }
        verdict?;
        disk.drafts.insert(slot, Draft { name, size, bytes: Vec::new() });
        Ok(())
    }

    fn write(&mut self, slot: UploadSlot, block: &[u8]) -> nb::Result<(), StoreError> {
        let (disk, slot) = (&mut *self.0.borrow_mut(), slot.index());
        disk.call(slot, || Call::Write(block.into()))?;
        if !disk.flaw.shows(Flaw::LostBlock, &mut disk.random) {
            disk.draft(slot).bytes.extend_from_slice(block);
        }
        disk.spoil_early(slot);
        Ok(())
    }

    fn prepend(&mut self, slot: UploadSlot, bytes: &[u8]) -> nb::Result<(), StoreError> {
        let (disk, slot) = (&mut *self.0.borrow_mut(), slot.index());
        disk.call(slot, || Call::Prepend(bytes.into()))?;
        disk.draft(slot).bytes.splice(..0, bytes.iter().copied());
        Ok(())
    }

    fn commit(&mut self, slot: UploadSlot, _: &FileName) -> nb::Result<(), StoreError> {
        let (disk, slot) = (&mut *self.0.borrow_mut(), slot.index());
        disk.call(slot, || Call::Commit)?;
        disk.finish(slot);
        Ok(())
    }

    fn abort(&mut self, slot: UploadSlot) {
        let (disk, slot) = (&mut *self.0.borrow_mut(), slot.index());
        disk.waits.remove(&slot);
        if let Some(draft) = disk.drafts.remove(&slot)
            && disk.flaw == Flaw::LostSpace
        {
            disk.lost_space += draft.size.max(1);
        }
    }
}
