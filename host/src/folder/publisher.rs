//! Gives files that are whole their names: those that are ready together, together.
//!
//! A file is synced, renamed, and the folder synced behind that; only then is it
//! told of. What one sync writes of the file system's journal the next one need
//! not, and the folder has to be synced once for all names that it got. So files
//! that end at the same time wait for the disk a few times, not twice each.

use core::iter;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender};
use std::thread::{self, JoinHandle};

use snug_core::store::StoreError;
use snug_core::wire::name::FileName;

use super::digests::Identity;
use super::directory::{Directory, store_error};
use super::draft::Draft;
use super::hasher::Unsummed;
use super::job::{Report, Whole};
use super::urgency::{LESS_URGENT, be_less_urgent, let_others};
use crate::explain;

/// Files that are named together, at most: each waits for all of them.
const TOGETHER: usize = 16;

/// A thread that waits for syncs, so that one which writes need not.
pub(super) struct Publisher {
    pub(super) directory: Arc<Directory>,
    pub(super) whole: Receiver<Whole>,
    pub(super) report: Report,
    /// Where files go that are to be summed.
    pub(super) unsummed: SyncSender<Unsummed>,
}

impl Publisher {
    /// Starts the thread; it ends when nobody can send files any more, and all
    /// that were sent have their names.
    pub(super) fn start(self) -> io::Result<JoinHandle<()>> {
        let thread = thread::Builder::new().name("publisher".into()).spawn(|| self.run());
        thread.map_err(|e| explain("cannot start a thread for syncs", &e))
    }

    fn run(self) {
        be_less_urgent(LESS_URGENT);
        while let Ok(first) = self.whole.recv() {
            let all = iter::once(first).chain(self.whole.try_iter()).take(TOGETHER);
            let (jobs, drafts): (Vec<_>, _) = all.map(|whole| (whole.job, whole.draft)).unzip();
            for (job, named) in jobs.into_iter().zip(publish(&self.directory, drafts)) {
                if let Ok(Some(name)) = &named {
                    // Where too many wait already, whoever fetches it has it summed.
                    let _ = self.unsummed.try_send(Unsummed::new(name.clone()));
                }
                self.report.tell(job, named.map(|_| 0));
            }
            let_others();
        }
    }
}

/// Makes files safe and gives them their names. Tells of each the name of what
/// is worth summing, or why it has no name; where that was taken meanwhile, the
/// file is left to a later try under another.
pub(super) fn publish(
    directory: &Directory,
    drafts: Vec<Draft>,
) -> Vec<Result<Option<FileName>, StoreError>> {
    let synced: Vec<_> = drafts.into_iter().map(Synced::of).collect();
    let named: Vec<_> = synced.into_iter().map(|synced| Named::of(synced?)).collect();
    let folder = if named.iter().any(Result::is_ok) {
        directory.disk.sync_folder().map_err(store_error)
    } else {
        Ok(())
    };
    named.into_iter().map(|named| named.and_then(|named| folder.map(|()| named.settle()))).collect()
}

/// A file whose bytes survive a loss of power.
struct Synced {
    draft: Draft,
    written: io::Result<Identity>,
}

impl Synced {
    fn of(draft: Draft) -> Result<Self, StoreError> {
        let written = draft.sync();
        let_others();
        let written = written?;
        Ok(Self { draft, written })
    }
}

/// One that has its name, too; the folder may still forget it.
struct Named(Synced);

impl Named {
    fn of(synced: Synced) -> Result<Self, StoreError> {
        match synced.draft.take_name() {
            Ok(()) => Ok(Self(synced)),
            Err(error) => {
                if error == StoreError::Exists {
                    synced.draft.keep();
                }
                Err(error)
            }
        }
    }

    /// Nothing can be lost of it any more; its name, where it is worth summing.
    fn settle(self) -> Option<FileName> {
        let Synced { draft, written } = self.0;
        draft.remember(written);
        draft.unsummed()
    }
}
