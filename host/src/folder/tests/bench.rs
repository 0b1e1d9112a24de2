//! A store in a folder of its own, and who works with it.

use core::time::Duration;
use std::fs;
use std::sync::mpsc;

use tempfile::TempDir;

use super::*;

pub(super) const BLOCK: usize = 64;
const QUOTA: u64 = 10_000;

pub(in crate::folder) fn slot(index: u16) -> TransferSlot {
    TransferSlot::new(index)
}

pub(in crate::folder) fn file_name(name: &str) -> FileName {
    FileName::parse(name.as_bytes()).unwrap()
}

/// A store, and a room's thread that has nothing else to do.
pub(in crate::folder) struct Bench {
    pub(in crate::folder) store: FolderStore,
    woken: mpsc::Receiver<()>,
}

impl Bench {
    pub(in crate::folder) fn open(path: &Path, slots: u16) -> io::Result<Self> {
        Self::on(Folder::open(path)?, slots)
    }

    pub(in crate::folder) fn on(folder: Folder, slots: u16) -> io::Result<Self> {
        let (wake, woken) = mpsc::channel();
        let wake = Box::new(move || wake.send(()).unwrap_or(()));
        Ok(Self { store: FolderStore::start(folder, slots, BLOCK, QUOTA, wake)?, woken })
    }

    /// Makes a call until it does not have to wait any more.
    pub(in crate::folder) fn finish<T>(
        &mut self,
        mut call: impl FnMut(&mut FolderStore) -> nb::Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        loop {
            match call(&mut self.store) {
                Err(nb::Error::WouldBlock) => self.rest(),
                Err(nb::Error::Other(error)) => return Err(error),
                Ok(done) => return Ok(done),
            }
        }
    }

    pub(in crate::folder) fn rest(&mut self) {
        self.woken.recv_timeout(Duration::from_secs(20)).expect("a thread wakes the room");
        while self.store.poll_stored().is_some() {}
    }

    /// Whether the room was woken since it was asked last.
    pub(in crate::folder) fn was_woken(&self) -> bool {
        self.woken.try_iter().count() > 0
    }

    pub(in crate::folder) fn create(&mut self, index: u16, name: &str) -> Result<(), StoreError> {
        let name = file_name(name);
        self.finish(|store| store.create(slot(index), &name, 0))
    }

    /// Begins a file that is to have so many bytes.
    pub(in crate::folder) fn create_of(&mut self, index: u16, name: &str, size: usize) {
        let name = file_name(name);
        self.finish(|store| store.create(slot(index), &name, size as u64)).unwrap();
    }

    pub(in crate::folder) fn write(&mut self, index: u16, bytes: &[u8]) -> Result<(), StoreError> {
        bytes.chunks(BLOCK).try_for_each(|block| self.finish(|s| s.write(slot(index), block)))
    }

    pub(in crate::folder) fn prepend(
        &mut self,
        index: u16,
        bytes: &[u8],
    ) -> Result<(), StoreError> {
        self.finish(|store| store.prepend(slot(index), bytes))
    }

    pub(in crate::folder) fn commit(&mut self, index: u16) -> Result<(), StoreError> {
        let name = file_name("it has its name already");
        self.finish(|store| store.commit(slot(index), &name))
    }

    pub(in crate::folder) fn put(
        &mut self,
        index: u16,
        name: &str,
        bytes: &[u8],
    ) -> Result<(), StoreError> {
        self.create(index, name)?;
        self.write(index, bytes)?;
        self.commit(index)
    }
}

/// A folder that nothing else is in, and a store on it.
pub(in crate::folder) fn bench(slots: u16) -> (TempDir, Bench) {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::open(folder.path(), slots).unwrap();
    (folder, bench)
}

/// Names in the folder, sorted.
pub(in crate::folder) fn names(folder: &TempDir) -> Vec<String> {
    let entries = fs::read_dir(folder.path()).unwrap();
    let mut names: Vec<_> =
        entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

pub(in crate::folder) fn text(length: usize) -> Vec<u8> {
    (0..length).map(|i| u8::try_from(i % 251).unwrap()).collect()
}
