//! A file on its way, until it has its name.

use std::fs::File;
use std::io::{self, Seek, Write};
use std::sync::Arc;

use rustix::io::Errno;
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
        self.temporary.file.write_all(block).map_err(|e| failure(&e))?;
        self.length += block.len() as u64;
        Ok(())
    }

    /// Puts `bytes` before what is there, which is copied for that.
    pub(super) fn prepend(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        let mut longer = Temporary::create(&self.temporary.directory)?;
        longer.file.write_all(bytes).map_err(|e| failure(&e))?;
        self.temporary.file.rewind().map_err(|e| failure(&e))?;
        io::copy(&mut self.temporary.file, &mut longer.file).map_err(|e| failure(&e))?;
        self.temporary = longer;
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// Makes the file safe and gives it its name.
    pub(super) fn publish(self) -> Result<(), StoreError> {
        let Self { temporary, name, length } = self;
        temporary.file.sync_all().map_err(|e| failure(&e))?;
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
}

impl Drop for Temporary {
    /// Finds nothing to remove when the file has taken its name: temporary
    /// names are never given twice.
    fn drop(&mut self) {
        self.directory.remove(&self.name);
    }
}

fn failure(error: &io::Error) -> StoreError {
    Errno::from_io_error(error).map_or(StoreError::Failed, store_error)
}
