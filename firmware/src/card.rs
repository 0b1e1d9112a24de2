//! A store for a board without a card: nothing can be kept.

use snug_core::store::{Store, StoreError, UploadSlot};
use snug_core::wire::name::FileName;

/// Refuses every file.
#[derive(Debug)]
pub struct NoStore;

impl Store for NoStore {
    fn used(&self) -> u64 {
        0
    }

    fn create(&mut self, _: UploadSlot, _: &FileName, _: u64) -> nb::Result<(), StoreError> {
        Err(nb::Error::Other(StoreError::ReadOnly))
    }

    fn write(&mut self, _: UploadSlot, _: &[u8]) -> nb::Result<(), StoreError> {
        Err(nb::Error::Other(StoreError::ReadOnly))
    }

    fn commit(&mut self, _: UploadSlot) -> nb::Result<(), StoreError> {
        Err(nb::Error::Other(StoreError::ReadOnly))
    }

    fn abort(&mut self, _: UploadSlot) {}
}
