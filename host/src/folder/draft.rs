//! A file on its way, until it has its name.

use std::fs::File;
use std::io::Seek;
use std::sync::Arc;

use snug_core::store::StoreError;
use snug_core::wire::name::FileName;

use super::directory::{Directory, store_error};

/// A file under a temporary name; dropped, it leaves nothing behind.
#[derive(Debug)]
pub(super) struct Draft {
    temporary: Temporary,
    name: FileName,
    length: u64,
}

impl Draft {
    /// A new empty file that shall have `name` one day.
    pub(super) fn begin(directory: &Arc<Directory>, name: FileName) -> Result<Self, StoreError> {
        directory.standing(&name)?;
        Ok(Self { temporary: Temporary::create(directory)?, name, length: 0 })
    }

    /// Writes `block` after what is there.
    pub(super) fn append(&mut self, block: &[u8]) -> Result<(), StoreError> {
        self.temporary.write(block)?;
        self.length += block.len() as u64;
        Ok(())
    }

    /// Puts `bytes` before what is there, which is copied for that.
    pub(super) fn prepend(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        let longer = Temporary::create(&self.temporary.directory)?;
        longer.write(bytes)?;
        longer.copy(&mut self.temporary.file)?;
        self.temporary = longer;
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// Makes the file safe and gives it its name.
    pub(super) fn publish(self) -> Result<(), StoreError> {
        let Self { temporary, name, length } = self;
        temporary.directory.disk.sync(&temporary.file).map_err(store_error)?;
        temporary.directory.publish(&temporary.name, &name, length)
    }
}

#[derive(Debug)]
struct Temporary {
    directory: Arc<Directory>,
    file: File,
    name: String,
}

impl Temporary {
    fn create(directory: &Arc<Directory>) -> Result<Self, StoreError> {
        let (file, name) = directory.create()?;
        Ok(Self { directory: Arc::clone(directory), file, name })
    }

    fn write(&self, bytes: &[u8]) -> Result<(), StoreError> {
        self.directory.disk.write(&self.file, bytes).map_err(store_error)
    }

    /// Writes all of `from`.
    fn copy(&self, from: &mut File) -> Result<(), StoreError> {
        from.rewind().map_err(|_| StoreError::Failed)?;
        self.directory.disk.copy(from, &self.file).map_err(store_error)
    }
}

impl Drop for Temporary {
    /// Finds nothing to remove when the file has taken its name: temporary
    /// names are never given twice.
    fn drop(&mut self) {
        self.directory.remove(&self.name);
    }
}
