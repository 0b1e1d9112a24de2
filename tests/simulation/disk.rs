//! A medium that is slow, full, failing, or loses power.
//!
//! It keeps two pictures: the files as they can be seen, and as they would be
//! found after a loss of power. It remembers what could be seen when, so that
//! what a peer fetches can be held against that.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use sha2::{Digest as _, Sha256};
use snug_core::store::StoreError;
use snug_core::wire::digest::Digest;

use super::flaw::Flaw;
use super::tally::{Fault, Tally};
use super::wire::happens;
use crate::support::random::Random;

/// A file and which one of all it was, in the order of their commits.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) bytes: Rc<[u8]>,
    pub(crate) number: usize,
    /// What was promised of a file that came in parts.
    pub(crate) digest: Option<Digest>,
    /// Bytes that its last try brought.
    pub(crate) gained: u64,
}

/// A file as it could be seen under its name for a while.
#[derive(Clone, Debug)]
pub(crate) struct Version {
    pub(crate) name: String,
    pub(crate) bytes: Rc<[u8]>,
    pub(crate) digest: Digest,
    pub(crate) from: u64,
    pub(crate) until: u64,
}

pub(crate) fn digest_of(bytes: &[u8]) -> Digest {
    Digest::new(Sha256::digest(bytes).into())
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
    /// All that could be seen in this life.
    pub(crate) versions: Vec<Version>,
    /// Unfinished files by their digests, and those of which a loss of power
    /// has spoiled some bytes.
    pub(super) kept: BTreeMap<Digest, Vec<u8>>,
    pub(crate) garbled: BTreeSet<Digest>,
    /// Calls that did what they were asked for.
    pub(crate) served: u64,
    /// Names in the order in which they were seen first.
    pub(super) names: Vec<String>,
    pub(super) drafts: BTreeMap<usize, Draft>,
    /// Files that are read, by slot.
    pub(super) open: BTreeMap<usize, Open>,
    waits: BTreeMap<usize, (Call, u64)>,
    count: usize,
    pub(super) lost_space: u64,
}

/// A file that is being written.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) name: String,
    pub(super) size: u64,
    pub(super) bytes: Vec<u8>,
    pub(super) digest: Option<Digest>,
    pub(super) replace: bool,
    /// Bytes that an earlier try left.
    pub(super) kept: usize,
    /// How far what was left is read.
    pub(super) read: usize,
    /// Bytes of the last block.
    pub(super) block: Option<usize>,
}

/// A file that is being read, up to a place.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) name: String,
    pub(super) bytes: Rc<[u8]>,
    pub(super) read: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Call {
    Create(String, u64),
    Begin(String, u64, Digest, bool),
    Write(Vec<u8>),
    Prepend(Vec<u8>),
    Commit,
    Open(String),
    Read(u64, usize),
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
            versions: Vec::new(),
            kept: BTreeMap::new(),
            garbled: BTreeSet::new(),
            served: 0,
            names: Vec::new(),
            drafts: BTreeMap::new(),
            open: BTreeMap::new(),
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
        self.versions.retain(|version| version.until == u64::MAX);
        self.garbled.retain(|digest| self.kept.contains_key(digest));
    }

    /// The room and its machine lose power: what was under way is gone, but
    /// for a commit, which may have come through or not, and what can be gone
    /// on with, which may have suffered.
    pub(crate) fn lose_power(&mut self) {
        let committing = self.waits.iter().filter(|(_, (call, _))| *call == Call::Commit);
        let committing: Vec<_> = committing.map(|(&slot, _)| slot).collect();
        for slot in committing {
            if self.random.one_in(2) {
                self.finish(slot);
            }
        }
        for draft in core::mem::take(&mut self.drafts).into_values() {
            self.keep(draft);
        }
        for (digest, bytes) in core::mem::take(&mut self.kept) {
            self.batter(digest, bytes);
        }
        self.open.clear();
        self.waits.clear();
        self.completions.clear();
        self.commits.clear();
        self.forget_versions();
        self.visible = self.durable.clone();
        for (name, file) in self.visible.clone() {
            self.versions.push(Version::new(&name, &file.bytes, self.now));
        }
    }

    /// What a loss of power leaves of an unfinished file.
    fn batter(&mut self, digest: Digest, mut bytes: Vec<u8>) {
        match self.random.of(0..5) {
            0 => return,
            1 => bytes.truncate(self.random.of(0..bytes.len() + 1)),
            2 if !bytes.is_empty() => {
                let at = self.random.of(0..bytes.len());
                bytes[at] ^= 1;
                self.garbled.insert(digest);
            }
            _ => {}
        }
        self.kept.insert(digest, bytes);
    }

    /// Keeps an unfinished file, if its digest is known.
    pub(super) fn keep(&mut self, draft: Draft) {
        if let Some(digest) = draft.digest {
            self.kept.insert(digest, draft.bytes);
        }
    }

    fn forget_versions(&mut self) {
        for version in &mut self.versions {
            version.until = version.until.min(self.now);
        }
    }

    /// Bytes of the files as they can be seen.
    pub(crate) fn used(&self) -> u64 {
        self.visible.values().map(|file| file.bytes.len() as u64).sum()
    }

    /// Whether nothing is under way.
    pub(crate) fn is_idle(&self) -> bool {
        self.drafts.is_empty() && self.open.is_empty() && self.waits.is_empty()
    }

    /// Files that were begun.
    pub(crate) fn begun(&self) -> usize {
        self.drafts.len()
    }

    /// Lets a call wait, or fail, or pass.
    pub(super) fn call(
        &mut self,
        slot: usize,
        call: impl FnOnce() -> Call,
    ) -> nb::Result<(), StoreError> {
        if let Some((before, until)) = self.waits.get(&slot) {
            assert_eq!(*before, call(), "a call is made again with the same arguments");
            if *until > self.now {
                return Err(nb::Error::WouldBlock);
            }
            self.waits.remove(&slot);
        } else if self.flaw.shows(Flaw::LostCall, &mut self.random) {
            self.waits.insert(slot, (call(), u64::MAX));
            return Err(nb::Error::WouldBlock);
        } else if happens(&mut self.random, self.mood.slow) {
            self.tally.suffer(Fault::StoreWait);
            let until = self.now + 1 + self.random.next() % self.mood.wait;
            self.waits.insert(slot, (call(), until));
            self.completions.push((slot, until));
            return Err(nb::Error::WouldBlock);
        }
        self.served += 1;
        if happens(&mut self.random, self.mood.fails) {
            return self.fail(slot, StoreError::Failed);
        }
        Ok(())
    }

    pub(super) fn fail(&mut self, slot: usize, why: StoreError) -> nb::Result<(), StoreError> {
        self.tally.suffer(Fault::StoreFailure);
        if let Some(open) = self.open.get(&slot) {
            self.failed.push(open.name.clone());
        }
        if let Some(draft) = self.drafts.get(&slot) {
            self.failed.push(draft.name.clone());
            if self.flaw.shows(Flaw::StoredAnyway, &mut self.random) {
                self.finish(slot);
            }
        }
        Err(nb::Error::Other(why))
    }

    /// A slot is done with, whatever was to be done.
    pub(super) fn forget_call(&mut self, slot: usize) {
        self.waits.remove(&slot);
    }

    pub(super) fn draft(&mut self, slot: usize) -> &mut Draft {
        self.drafts.get_mut(&slot).expect("an upload begins with create")
    }

    /// Gives a file its name.
    pub(super) fn finish(&mut self, slot: usize) {
        let draft = self.drafts.remove(&slot).expect("an upload begins with create");
        let gained = (draft.bytes.len() - draft.kept) as u64;
        let (bytes, digest) = (Rc::from(draft.bytes), draft.digest);
        let file = Stored { bytes, number: self.count, digest, gained };
        self.count += 1;
        self.show(&draft.name, &file);
        if !self.flaw.shows(Flaw::NotSynced, &mut self.random) {
            self.durable.insert(draft.name.clone(), file.clone());
        }
        self.commits.push((draft.name, file));
    }

    /// From now on a file can be seen.
    fn show(&mut self, name: &str, file: &Stored) {
        if self.visible.insert(name.to_owned(), file.clone()).is_some() {
            let old = |version: &&mut Version| version.name == name && version.until == u64::MAX;
            let old = self.versions.iter_mut().find(old).expect("it could be seen");
            old.until = self.now;
        } else if !self.names.iter().any(|other| other == name) {
            self.names.push(name.to_owned());
        }
        self.versions.push(Version::new(name, &file.bytes, self.now));
    }

    /// Since when a file has stood under a name that can be seen.
    pub(super) fn since(&self, name: &str) -> u64 {
        let is_it = |version: &&Version| version.name == name && version.until == u64::MAX;
        self.versions.iter().find(is_it).map_or(self.now, |version| version.from)
    }

    pub(super) fn spoil_early(&mut self, slot: usize) {
        if self.flaw.shows(Flaw::EarlyName, &mut self.random) {
            self.touched.push(self.drafts[&slot].name.clone());
        }
    }
}

impl Version {
    fn new(name: &str, bytes: &Rc<[u8]>, from: u64) -> Self {
        let (name, bytes, digest) = (name.to_owned(), Rc::clone(bytes), digest_of(bytes));
        Self { name, bytes, digest, from, until: u64::MAX }
    }
}
