//! Files that are whole get their names: those that are ready together, together.
//!
//! A file is synced, renamed, and the folder synced behind that; only then is it
//! told of. What one sync writes of the file system's journal the next one need
//! not, and the folder has to be synced once for all names that it got. So files
//! that end at the same time wait for the disk a few times, not twice each.

use std::io;

use snug_core::store::StoreError;
use snug_core::wire::name::FileName;

use super::digests::Identity;
use super::directory::{Directory, store_error};
use super::draft::Draft;
use super::worker::let_others;

/// Makes files safe and gives them their names. Tells of each the name of what
/// is worth summing, or why it has no name; where that was taken meanwhile, the
/// file is left to a later try under another.
pub(super) fn publish(
    directory: &Directory,
    mut drafts: Vec<Draft>,
) -> Vec<Result<Option<FileName>, StoreError>> {
    if drafts.len() > 1 {
        for draft in &mut drafts {
            draft.begin_rest();
            let_others();
        }
    }
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
