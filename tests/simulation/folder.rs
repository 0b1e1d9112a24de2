//! The room's handle on the disk: a store as rooms have it.
//!
//! Like the store of the room's tests it watches its caller: a call that had to
//! wait is made again with the same arguments, and reads and blocks follow each
//! other as is promised.

use core::cell::RefCell;
use core::time::Duration;
use std::rc::Rc;

use snug_core::store::{self, Listed, Opened, Store, StoreError, TransferSlot};
use snug_core::wire::name::FileName;

use super::disk::{Call, Disk, Draft, Open};
use super::flaw::Flaw;

/// A room's handle on the disk.
#[derive(Clone, Debug)]
pub(crate) struct Folder(pub(crate) Rc<RefCell<Disk>>);

impl Disk {
    /// Begins a file, if the medium has room for it.
    fn begin_draft(
        &mut self,
        slot: usize,
        call: Call,
        mut draft: Draft,
    ) -> nb::Result<u64, StoreError> {
        assert!(!self.drafts.contains_key(&slot), "a slot has one upload");
        let verdict = self.call(slot, || call);
        if let Err(nb::Error::Other(_)) = verdict {
            self.failed.push(draft.name.clone());
        }
        verdict?;
        if self.used().saturating_add(draft.size) > self.mood.space {
            self.failed.push(draft.name);
            return self.fail(slot, StoreError::Full).map(|()| 0);
        }
        let kept = draft.digest.and_then(|digest| self.kept.remove(&digest));
        // What was kept may be gone: a day is over, say.
        draft.bytes = kept.filter(|_| !self.random.one_in(10)).unwrap_or_default();
        draft.kept = draft.bytes.len();
        let kept = draft.kept as u64;
        self.drafts.insert(slot, draft);
        Ok(kept)
    }

    fn stands(&self, draft: &Draft) -> bool {
        draft.digest.is_some() && !draft.replace && self.visible.contains_key(&draft.name)
    }
}

impl Draft {
    fn new(name: &FileName, size: u64) -> Self {
        let name = name.as_str().to_owned();
        let (bytes, digest, replace) = (Vec::new(), None, true);
        Self { name, size, bytes, digest, replace, kept: 0, read: 0, block: None }
    }
}

/// What stands from a place on, as much as fits; reads follow each other.
fn read_on(bytes: &[u8], read: &mut usize, offset: u64, block: &mut [u8]) -> usize {
    assert_eq!(offset, *read as u64, "reads follow each other");
    let count = block.len().min(bytes.len() - *read);
    block[..count].copy_from_slice(&bytes[*read..][..count]);
    *read += count;
    count
}

impl Store for Folder {
    fn used(&self) -> u64 {
        let disk = self.0.borrow();
        disk.used() + disk.lost_space
    }

    fn create(
        &mut self,
        slot: TransferSlot,
        name: &FileName,
        size: u64,
    ) -> nb::Result<(), StoreError> {
        let call = Call::Create(name.as_str().to_owned(), size);
        let draft = Draft::new(name, size);
        self.0.borrow_mut().begin_draft(slot.index(), call, draft).map(|_| ())
    }

    fn begin(
        &mut self,
        slot: TransferSlot,
        draft: &store::Draft<'_>,
    ) -> nb::Result<u64, StoreError> {
        let store::Draft { name, size, digest, replace } = *draft;
        let call = Call::Begin(name.as_str().to_owned(), size, digest, replace);
        let draft = Draft { digest: Some(digest), replace, ..Draft::new(name, size) };
        let disk = &mut *self.0.borrow_mut();
        if disk.stands(&draft) && disk.random.one_in(2) {
            disk.forget_call(slot.index());
            return Err(nb::Error::Other(StoreError::Exists));
        }
        disk.begin_draft(slot.index(), call, draft)
    }

    fn write(&mut self, slot: TransferSlot, block: &[u8]) -> nb::Result<(), StoreError> {
        let (disk, slot) = (&mut *self.0.borrow_mut(), slot.index());
        disk.call(slot, || Call::Write(block.into()))?;
        let draft = disk.draft(slot);
        let longest = draft.block.get_or_insert(block.len());
        assert!(block.len() <= *longest, "all blocks but the last are alike");
        draft.block = Some(if block.len() < *longest { 0 } else { *longest });
        if !disk.flaw.shows(Flaw::LostBlock, &mut disk.random) {
            disk.draft(slot).bytes.extend_from_slice(block);
        }
        disk.spoil_early(slot);
        Ok(())
    }

    fn prepend(&mut self, slot: TransferSlot, bytes: &[u8]) -> nb::Result<(), StoreError> {
        let (disk, slot) = (&mut *self.0.borrow_mut(), slot.index());
        disk.call(slot, || Call::Prepend(bytes.into()))?;
        disk.draft(slot).bytes.splice(..0, bytes.iter().copied());
        Ok(())
    }

    fn commit(&mut self, slot: TransferSlot, _: &FileName) -> nb::Result<(), StoreError> {
        let (disk, slot) = (&mut *self.0.borrow_mut(), slot.index());
        disk.call(slot, || Call::Commit)?;
        if disk.stands(&disk.drafts[&slot]) {
            return Err(nb::Error::Other(StoreError::Exists));
        }
        disk.finish(slot);
        Ok(())
    }

    fn abort(&mut self, slot: TransferSlot) {
        let (disk, slot) = (&mut *self.0.borrow_mut(), slot.index());
        disk.forget_call(slot);
        disk.open.remove(&slot);
        if let Some(draft) = disk.drafts.remove(&slot)
            && disk.flaw == Flaw::LostSpace
        {
            disk.lost_space += draft.size.max(1);
        }
    }

    fn keep(&mut self, slot: TransferSlot) {
        let (disk, slot) = (&mut *self.0.borrow_mut(), slot.index());
        disk.forget_call(slot);
        if let Some(draft) = disk.drafts.remove(&slot) {
            disk.keep(draft);
        }
    }

    fn open(&mut self, slot: TransferSlot, name: &FileName) -> nb::Result<Opened, StoreError> {
        let (disk, slot) = (&mut *self.0.borrow_mut(), slot.index());
        assert!(!disk.open.contains_key(&slot), "a slot has one download");
        let name = name.as_str().to_owned();
        let verdict = disk.call(slot, || Call::Open(name.clone()));
        if let Err(nb::Error::Other(_)) = verdict {
            disk.failed.push(name.clone());
        }
        verdict?;
        let file = disk.visible.get(&name).ok_or(StoreError::Missing)?;
        let (bytes, size) = (Rc::clone(&file.bytes), file.bytes.len() as u64);
        disk.open.insert(slot, Open { name, bytes, read: 0 });
        Ok(Opened { size, digest: None })
    }

    fn read(
        &mut self,
        slot: TransferSlot,
        offset: u64,
        block: &mut [u8],
    ) -> nb::Result<usize, StoreError> {
        let (disk, slot) = (&mut *self.0.borrow_mut(), slot.index());
        disk.call(slot, || Call::Read(offset, block.len()))?;
        if let Some(open) = disk.open.get_mut(&slot) {
            if disk.flaw.shows(Flaw::TornRead, &mut disk.random) {
                let other = disk.visible.values().find(|file| file.bytes.len() > open.bytes.len());
                open.bytes = other.map_or(Rc::clone(&open.bytes), |file| Rc::clone(&file.bytes));
            }
            let Open { bytes, read, .. } = open;
            return Ok(read_on(bytes, read, offset, block));
        }
        let Draft { bytes, read, .. } = disk.draft(slot);
        Ok(read_on(bytes, read, offset, block))
    }

    fn list(&mut self, from: u64) -> Option<Listed> {
        let disk = self.0.borrow();
        let names = disk.names.iter().enumerate().skip(usize::try_from(from).ok()?);
        let mut seen = names.filter_map(|(n, name)| Some((n, name, disk.visible.get(name)?)));
        let (n, name, file) = seen.next()?;
        let age = Duration::from_millis(disk.now - disk.since(name));
        Some(Listed {
            name: FileName::parse(name.as_bytes()).ok()?,
            size: file.bytes.len() as u64,
            age: Some(age),
            next: n as u64 + 1,
        })
    }
}
