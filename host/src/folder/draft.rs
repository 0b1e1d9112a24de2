//! A file on its way, until it has its name.

use core::ops::{Range, RangeInclusive};
use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::sync::Arc;
use std::time::SystemTime;

use sha2::{Digest as _, Sha256};
use snug_core::store::{self, StoreError};
use snug_core::wire::digest::Digest;
use snug_core::wire::name::FileName;

use super::digests::Identity;
use super::directory::{Directory, kept_name, store_error};
use super::disk::Disk;
use super::pipe::{FEW, Pipe};
use super::urgency::let_others;

/// Bytes after which the system is to begin to write to the disk, at least and at
/// most: enough for it to write them in one go, and few beside what a disk writes
/// in a second.
const STRETCH: RangeInclusive<u64> = (4 << 20)..=(8 << 20);

/// So few bytes are summed within a moment, and that can be behind their upload.
pub(super) const SOON: u64 = 32 << 20;

/// What a file that comes shall be.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    name: FileName,
    size: u64,
    replace: bool,
    /// By which it is kept where it is not finished.
    digest: Option<Digest>,
}

impl Plan {
    /// A file of which its name is known, and that it has at most `size` bytes.
    pub(super) fn new(name: &FileName, size: u64) -> Self {
        Self { name: name.clone(), size, replace: true, digest: None }
    }

    /// A file of which everything is known.
    pub(super) fn of(draft: &store::Draft<'_>) -> Self {
        let store::Draft { name, size, digest, replace } = *draft;
        Self { name: name.clone(), size, replace, digest: Some(digest) }
    }

    /// Whether what comes may go by a pipe: where that is much and nobody has to
    /// see it.
    pub(super) fn is_piped(&self) -> bool {
        self.digest.is_none() && self.size > FEW
    }

    /// Whether it is so much that its digest is worked out while it comes, as long as
    /// no other file wants the processor: nobody else tells it.
    fn is_summed(&self, alone: bool) -> bool {
        alone && self.digest.is_none() && self.size > SOON
    }

    /// Bytes after which the disk begins: an eighth of the file, within limits.
    /// Files that come together end together, and what each has left for its
    /// sync then adds up.
    fn stretch(&self) -> u64 {
        (self.size / 8).clamp(*STRETCH.start(), *STRETCH.end())
    }
}

/// A file under a temporary name; dropped, it leaves nothing behind.
#[derive(Debug)]
pub(super) struct Draft {
    temporary: Temporary,
    plan: Plan,
    length: u64,
    /// Bytes with which the disk was to begin.
    begun: u64,
    /// The digest of what is there, where it is worked out while that comes: of a
    /// large file that began alone, so of one at a time.
    sum: Option<Sha256>,
}

impl Draft {
    /// A file that shall have its name one day: a new one, or as far as an
    /// earlier try came.
    pub(super) fn begin(directory: &Arc<Directory>, plan: &Plan) -> Result<Self, StoreError> {
        let standing = directory.standing(&plan.name)?;
        if standing.is_some() && !plan.replace {
            return Err(StoreError::Exists);
        }
        let (temporary, length) = match plan.digest {
            Some(digest) if directory.alone => Temporary::take_up(directory, digest, plan.size)?,
            _ => (Temporary::create(directory)?, 0),
        };
        // Not before: what is there of it would make room for all of it.
        let alone = directory.promise(plan.size);
        let sum = plan.is_summed(alone).then(Sha256::new);
        Ok(Self { temporary, plan: plan.clone(), length, begun: length, sum })
    }

    /// Bytes that are there.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Writes `block` after what is there.
    pub(super) fn append(&mut self, block: &[u8]) -> Result<(), StoreError> {
        self.temporary.write(block)?;
        if let Some(sum) = &mut self.sum {
            sum.update(block);
        }
        self.grew(block.len());
        Ok(())
    }

    /// Writes what is in a pipe after what is there: by way of `scratch`, where it
    /// has to be seen.
    pub(super) fn append_piped(
        &mut self,
        pipe: &mut Pipe,
        scratch: &mut [u8],
    ) -> Result<(), StoreError> {
        if self.sum.is_none() {
            let count = pipe.held();
            self.temporary.pour(pipe)?;
            self.grew(count);
        }
        while pipe.held() > 0 {
            self.append(pipe.take_out(scratch).map_err(|_| StoreError::Failed)?)?;
            let_others();
        }
        Ok(())
    }

    /// A stretch that is full goes on to the disk while the next one comes.
    fn grew(&mut self, count: usize) {
        let stretch = self.plan.stretch();
        let full = self.length / stretch;
        self.length += count as u64;
        let now_full = self.length / stretch;
        if now_full > full {
            self.begin_until(now_full * stretch);
        }
    }

    fn begin_until(&mut self, end: u64) {
        if end > self.begun {
            self.temporary.begin_writeback(self.begun..end);
            self.begun = end;
        }
    }

    /// Puts `bytes` before what is there, which is copied for that.
    pub(super) fn prepend(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        let longer = Temporary::create(&self.temporary.directory)?;
        longer.write(bytes)?;
        longer.copy(&mut self.temporary.file)?;
        self.temporary = longer;
        self.length += bytes.len() as u64;
        self.begun = 0;
        self.sum = None;
        Ok(())
    }

    /// Reads what is there from an offset on.
    pub(super) fn read(&self, offset: u64, into: &mut [u8]) -> Result<usize, StoreError> {
        Disk::read(&self.temporary.file, offset, into).map_err(store_error)
    }

    /// Lets the disk begin with what is left: who syncs the file only waits.
    pub(super) fn begin_rest(&mut self) {
        self.begin_until(self.length);
    }

    /// Makes what is there survive a loss of power; tells which file that is.
    pub(super) fn sync(&self) -> Result<io::Result<Identity>, StoreError> {
        self.temporary.directory.disk.sync(&self.temporary.file).map_err(store_error)?;
        Ok(Identity::of(&self.temporary.file))
    }

    /// Gives the file its name, which the folder may still forget.
    pub(super) fn take_name(&self) -> Result<(), StoreError> {
        let Self { temporary, plan: Plan { name, replace, .. }, length, .. } = self;
        temporary.directory.give_name(&temporary.name, name, *length, *replace)
    }

    /// Keeps the digest of what was `written` and has its name, where it is
    /// certain that nobody else has written to it since.
    pub(super) fn remember(&self, written: io::Result<Identity>) {
        let Temporary { directory, file, .. } = &self.temporary;
        let sum = || Some(Digest::new(self.sum.clone()?.finalize().into()));
        if let (Some(digest), Ok(written), Ok(named)) =
            (self.plan.digest.or_else(sum), written, Identity::of(file))
            && named.has_bytes_of(&written)
            && named.is_settled(SystemTime::now())
        {
            directory.digests.learn(named, digest);
        }
    }

    /// The name of a file whose digest nobody knows. One of few bytes is summed
    /// as soon as it is fetched.
    pub(super) fn unsummed(&self) -> Option<FileName> {
        let unsummed = self.plan.digest.is_none() && self.sum.is_none() && self.length > FEW;
        unsummed.then(|| self.plan.name.clone())
    }

    /// Leaves what is there to a later try.
    pub(super) fn keep(mut self) {
        if self.length > 0
            && let Some(digest) = self.temporary.digest.take()
        {
            self.temporary.kept = true;
            let (directory, length) = (Arc::clone(&self.temporary.directory), self.length);
            // All of it takes no room any more, only what is there.
            drop(self);
            directory.keep(digest, length);
        }
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        self.temporary.directory.promises.forget(self.plan.size);
    }
}

#[derive(Debug)]
struct Temporary {
    directory: Arc<Directory>,
    file: File,
    name: String,
    digest: Option<Digest>,
    kept: bool,
}

impl Temporary {
    fn create(directory: &Arc<Directory>) -> Result<Self, StoreError> {
        let (file, name) = directory.create()?;
        let directory = Arc::clone(directory);
        Ok(Self { directory, file, name, digest: None, kept: false })
    }

    /// What an earlier try left of a file of `size` bytes, with its length.
    fn take_up(
        directory: &Arc<Directory>,
        digest: Digest,
        size: u64,
    ) -> Result<(Self, u64), StoreError> {
        directory.kept.take(digest);
        let name = kept_name(digest);
        let opened = open_kept(directory, &name, size);
        if opened.is_err() {
            directory.kept.give_back(digest, None);
        }
        let (file, length) = opened?;
        let directory = Arc::clone(directory);
        Ok((Self { directory, file, name, digest: Some(digest), kept: false }, length))
    }

    fn write(&self, bytes: &[u8]) -> Result<(), StoreError> {
        self.directory.disk.write(&self.file, bytes).map_err(store_error)
    }

    fn pour(&self, pipe: &mut Pipe) -> Result<(), StoreError> {
        pipe.pour(&self.directory.disk, &self.file).map_err(store_error)
    }

    fn begin_writeback(&self, part: Range<u64>) {
        self.directory.disk.begin_writeback(&self.file, part);
    }

    /// Writes all of `from`.
    fn copy(&self, from: &mut File) -> Result<(), StoreError> {
        from.rewind().map_err(|_| StoreError::Failed)?;
        self.directory.disk.copy(from, &self.file).map_err(store_error)
    }
}

impl Drop for Temporary {
    /// Finds nothing to remove when the file has taken its name: temporary
    /// names are never given twice, and that of a digest not before it is given
    /// back.
    fn drop(&mut self) {
        if !self.kept {
            self.directory.remove(&self.name);
        }
        if let Some(digest) = self.digest {
            self.directory.kept.give_back(digest, None);
        }
    }
}

/// What is there under the name of a try, or a new file: with the end of what
/// is there as the place to write to.
fn open_kept(directory: &Directory, name: &str, size: u64) -> Result<(File, u64), StoreError> {
    if let Ok(mut file) = directory.disk.open(name, true) {
        // Longer than the file shall be, it is part of something else.
        if let Some(length) = file.seek(SeekFrom::End(0)).ok().filter(|&length| length <= size) {
            return Ok((file, length));
        }
    }
    directory.remove(name);
    directory.disk.create(name).map(|file| (file, 0)).map_err(store_error)
}
