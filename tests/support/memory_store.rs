//! A folder in memory that can be slow, full, or fail.
//!
//! It also watches its caller: a call that had to wait must be made again with
//! the same arguments, and the calls for a slot must come in their order.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use snug_core::store::{self, Listed, Opened, Store, StoreError, TransferSlot};
use snug_core::wire::digest::Digest;
use snug_core::wire::name::FileName;

/// What a store is asked to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Create(String, u64),
    Begin(String, u64, Digest, bool),
    Write(Vec<u8>),
    Take,
    Prepend(Vec<u8>),
    Commit,
    Open(String),
    Read(u64, usize),
}

/// A call without its arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Create,
    Begin,
    Write,
    Prepend,
    Commit,
    Open,
    Read,
}

impl Step {
    pub(crate) const ALL: [Self; 7] = [
        Self::Create,
        Self::Begin,
        Self::Write,
        Self::Prepend,
        Self::Commit,
        Self::Open,
        Self::Read,
    ];
}

/// How long a store takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Pace {
    /// No time.
    #[default]
    Quick,
    /// Each call has to wait once.
    Slow,
    /// Until the pace changes, calls wait.
    Halted,
}

/// A folder in memory.
#[derive(Debug, Default)]
pub(crate) struct MemoryStore {
    /// The finished files.
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    pub(crate) pace: Pace,
    /// The step that fails, and how.
    pub(crate) fails: Option<(Step, StoreError)>,
    /// Bytes that the finished files may have.
    pub(crate) space: Option<u64>,
    /// Files under way, by slot.
    pub(crate) drafts: BTreeMap<usize, Draft>,
    /// What is kept of unfinished files.
    pub(crate) kept: BTreeMap<Digest, Vec<u8>>,
    /// The digests of contents that it has learned.
    pub(crate) known: BTreeMap<Vec<u8>, Digest>,
    /// Files that are read, by slot.
    pub(crate) readers: BTreeMap<usize, Vec<u8>>,
    /// Bytes of a known file that it lends at once, at most.
    pub(crate) lends: usize,
    /// Bytes of an upload that it takes past the room at once, at most.
    pub(crate) takes: usize,
    /// Bytes that it took so.
    pub(crate) taken: usize,
    /// From where on the next loan of a slot is.
    lent: BTreeMap<usize, usize>,
    waiting: BTreeMap<usize, Call>,
    ready: BTreeSet<usize>,
    /// How many times it was called.
    pub(crate) calls: usize,
    /// Files that were finished, under whatever name.
    pub(crate) commits: usize,
    /// Bytes that uploads brought, as far as they were finished or kept.
    pub(crate) gained: u64,
}

/// A file under way.
#[derive(Debug)]
pub(crate) struct Draft {
    name: String,
    bytes: Vec<u8>,
    /// Length of the first block, and whether a shorter one came.
    block: Option<usize>,
    last: bool,
    promise: Option<(Digest, bool)>,
    /// Bytes that an earlier upload brought.
    kept: usize,
}

impl Draft {
    fn gained(&self) -> u64 {
        (self.bytes.len() - self.kept) as u64
    }
}

impl MemoryStore {
    /// The slots that wait for the caller to be told that they can go on.
    pub(crate) fn take_completions(&mut self) -> Vec<TransferSlot> {
        if self.pace == Pace::Halted || self.waiting.is_empty() {
            return Vec::new();
        }
        let slots: Vec<_> = self.waiting.keys().filter(|at| !self.ready.contains(at)).collect();
        let slots: Vec<_> = slots.into_iter().copied().collect();
        self.ready.extend(&slots);
        slots.into_iter().map(|at| TransferSlot::new(u16::try_from(at).unwrap())).collect()
    }

    fn call(&mut self, slot: TransferSlot, step: Step, call: impl FnOnce() -> Call) -> Verdict {
        self.calls += 1;
        let at = slot.index();
        if self.pace == Pace::Quick && self.waiting.is_empty() {
            return self.verdict(step);
        }
        let call = call();
        if let Some(before) = self.waiting.get(&at) {
            assert_eq!(*before, call, "a call is made again with the same arguments");
        }
        let done = match self.pace {
            Pace::Quick => true,
            Pace::Slow => self.ready.contains(&at),
            Pace::Halted => false,
        };
        if !done {
            self.waiting.insert(at, call);
            return Err(nb::Error::WouldBlock);
        }
        self.forget(at);
        self.verdict(step)
    }

    /// The next bytes that it lends.
    pub(crate) fn loan(&self, slot: TransferSlot, len: usize) -> &[u8] {
        let from = self.lent[&slot.index()];
        &self.readers[&slot.index()][from..from + len]
    }

    /// So many of them are on their way.
    pub(crate) fn moved(&mut self, slot: TransferSlot, count: usize) {
        *self.lent.get_mut(&slot.index()).expect("it lends them") += count;
    }

    /// How many of the next bytes of an upload it takes past the room now: 0
    /// while it is busy, none where they are to be written.
    pub(crate) fn space_past(&mut self, slot: TransferSlot, most: u64) -> Option<usize> {
        if self.takes == 0 {
            if self.waiting.get(&slot.index()) == Some(&Call::Take) {
                self.forget(slot.index());
            }
            return None;
        }
        match self.call(slot, Step::Write, || Call::Take) {
            Ok(()) => Some(usize::try_from(most).unwrap().min(self.takes)),
            Err(nb::Error::WouldBlock) => Some(0),
            Err(nb::Error::Other(_)) => None,
        }
    }

    /// Appends bytes that came past the room.
    pub(crate) fn take(&mut self, slot: TransferSlot, bytes: &[u8]) {
        self.draft(slot).bytes.extend_from_slice(bytes);
        self.taken += bytes.len();
    }

    fn forget(&mut self, at: usize) {
        self.waiting.remove(&at);
        self.ready.remove(&at);
    }

    fn verdict(&self, step: Step) -> Verdict {
        match self.fails {
            Some((at, why)) if at == step => Err(nb::Error::Other(why)),
            _ => Ok(()),
        }
    }

    fn draft(&mut self, slot: TransferSlot) -> &mut Draft {
        self.drafts.get_mut(&slot.index()).expect("an upload begins with create")
    }
}

type Verdict = nb::Result<(), StoreError>;

impl Store for MemoryStore {
    fn used(&self) -> u64 {
        self.files.values().map(|bytes| bytes.len() as u64).sum()
    }

    fn create(&mut self, slot: TransferSlot, name: &FileName, size: u64) -> Verdict {
        let at = slot.index();
        assert!(!self.drafts.contains_key(&at), "a slot has one upload");
        self.call(slot, Step::Create, || Call::Create(name.as_str().into(), size))?;
        if self.space.is_some_and(|space| self.used() + size > space) {
            return Err(nb::Error::Other(StoreError::Full));
        }
        let name = name.as_str().into();
        let bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0).min(1 << 20));
        self.drafts
            .insert(at, Draft { name, bytes, block: None, last: false, promise: None, kept: 0 });
        Ok(())
    }

    fn write(&mut self, slot: TransferSlot, block: &[u8]) -> Verdict {
        self.call(slot, Step::Write, || Call::Write(block.into()))?;
        let draft = self.draft(slot);
        let whole = *draft.block.get_or_insert(block.len());
        assert!(!draft.last && block.len() <= whole, "all blocks but the last are alike");
        draft.last = block.len() < whole;
        draft.bytes.extend_from_slice(block);
        Ok(())
    }

    fn prepend(&mut self, slot: TransferSlot, bytes: &[u8]) -> Verdict {
        self.call(slot, Step::Prepend, || Call::Prepend(bytes.into()))?;
        assert!(bytes.len() <= 24);
        self.draft(slot).bytes.splice(..0, bytes.iter().copied());
        Ok(())
    }

    fn commit(&mut self, slot: TransferSlot, name: &FileName) -> Verdict {
        self.call(slot, Step::Commit, || Call::Commit)?;
        let stands = self.files.contains_key(name.as_str());
        let draft = self.draft(slot);
        assert_eq!(draft.name, name.as_str(), "a file gets the name that it was begun with");
        if stands && draft.promise.is_some_and(|(_, replace)| !replace) {
            return Err(nb::Error::Other(StoreError::Exists));
        }
        let draft = self.drafts.remove(&slot.index()).expect("it was there just now");
        if let Some((digest, _)) = draft.promise {
            self.known.insert(draft.bytes.clone(), digest);
        }
        self.gained += draft.gained();
        self.files.insert(draft.name, draft.bytes);
        self.commits += 1;
        Ok(())
    }

    fn abort(&mut self, slot: TransferSlot) {
        self.forget(slot.index());
        self.drafts.remove(&slot.index());
        self.readers.remove(&slot.index());
        self.lent.remove(&slot.index());
    }

    fn begin(
        &mut self,
        slot: TransferSlot,
        draft: &store::Draft<'_>,
    ) -> nb::Result<u64, StoreError> {
        let store::Draft { name, size, digest, replace } = *draft;
        let name = String::from(name.as_str());
        self.call(slot, Step::Begin, || Call::Begin(name.clone(), size, digest, replace))?;
        if !replace && self.files.contains_key(&name) {
            return Err(nb::Error::Other(StoreError::Exists));
        }
        let bytes = self.kept.remove(&digest).unwrap_or_default();
        let promise = Some((digest, replace));
        let draft = Draft { name, kept: bytes.len(), bytes, block: None, last: false, promise };
        let kept = draft.kept as u64;
        self.drafts.insert(slot.index(), draft);
        Ok(kept)
    }

    fn kept(&self, digest: Digest) -> u64 {
        self.kept.get(&digest).map_or(0, |bytes| bytes.len() as u64)
    }

    fn keep(&mut self, slot: TransferSlot) {
        self.forget(slot.index());
        let Some(draft) = self.drafts.remove(&slot.index()) else { return };
        if let Some((digest, _)) = draft.promise {
            self.gained += draft.gained();
            self.kept.insert(digest, draft.bytes);
        }
    }

    fn open(&mut self, slot: TransferSlot, name: &FileName) -> nb::Result<Opened, StoreError> {
        self.call(slot, Step::Open, || Call::Open(name.as_str().into()))?;
        let bytes = self.files.get(name.as_str()).ok_or(StoreError::Missing)?.clone();
        let opened = Opened { size: bytes.len() as u64, digest: self.known.get(&bytes).copied() };
        self.readers.insert(slot.index(), bytes);
        Ok(opened)
    }

    fn learn(&mut self, slot: TransferSlot, digest: Digest) {
        let bytes = self.readers.get(&slot.index()).expect("it is still open");
        self.known.insert(bytes.clone(), digest);
    }

    fn read(
        &mut self,
        slot: TransferSlot,
        offset: u64,
        block: &mut [u8],
    ) -> nb::Result<usize, StoreError> {
        self.call(slot, Step::Read, || Call::Read(offset, block.len()))?;
        let draft = self.drafts.get(&slot.index()).map(|draft| &draft.bytes);
        let bytes = draft.or(self.readers.get(&slot.index())).expect("it was opened or begun");
        let rest = &bytes[usize::try_from(offset).unwrap()..];
        let count = rest.len().min(block.len());
        block[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }

    fn lend(
        &mut self,
        slot: TransferSlot,
        offset: u64,
        most: usize,
    ) -> nb::Result<usize, StoreError> {
        if self.lends == 0 {
            return Ok(0);
        }
        self.call(slot, Step::Read, || Call::Read(offset, most))?;
        let offset = usize::try_from(offset).unwrap();
        let at = *self.lent.entry(slot.index()).or_insert(offset);
        assert_eq!(at, offset, "all of a loan is moved before the next");
        let left = self.readers[&slot.index()].len() - offset;
        Ok(left.min(self.lends).min(most))
    }

    fn list(&mut self, from: u64) -> Option<Listed> {
        let (name, bytes) = self.files.iter().nth(usize::try_from(from).unwrap())?;
        let name = FileName::parse(name.as_bytes()).expect("it was one");
        let age = Some(Duration::from_secs(61));
        Some(Listed { name, size: bytes.len() as u64, age, next: from + 1 })
    }
}
