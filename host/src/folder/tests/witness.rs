//! Sees what is done to the folder, in order; can forbid some of it.

use core::time::Duration;
use std::sync::{Condvar, Mutex};

use rustix::io::{Errno, Result};

use crate::folder::disk::Call;

/// A call that was made and came back well, and the inode that it was about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::folder) struct Seen {
    pub(in crate::folder) kind: Call,
    pub(in crate::folder) inode: u64,
}

/// Written by the folder's threads, read by the test.
#[derive(Debug, Default)]
pub(in crate::folder) struct Witness {
    notes: Mutex<Notes>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Notes {
    seen: Vec<Seen>,
    failing: Option<Call>,
    held: Option<Call>,
    waiting: bool,
}

impl Witness {
    /// All calls so far that came back well.
    pub(in crate::folder) fn seen(&self) -> Vec<Seen> {
        self.notes.lock().unwrap().seen.clone()
    }

    /// From now on, calls of this kind fail with an error of the medium.
    pub(in crate::folder) fn fail(&self, kind: Call) {
        self.notes.lock().unwrap().failing = Some(kind);
    }

    /// From now on, calls of all kinds succeed again.
    pub(in crate::folder) fn succeed(&self) {
        self.notes.lock().unwrap().failing = None;
    }

    /// From now on, calls of this kind wait until they are let go.
    pub(in crate::folder) fn hold(&self, kind: Call) {
        self.notes.lock().unwrap().held = Some(kind);
    }

    /// Waits until a call waits.
    pub(in crate::folder) fn await_held(&self) {
        let notes = self.notes.lock().unwrap();
        let waited = self.changed.wait_timeout_while(notes, LONG, |notes| !notes.waiting);
        assert!(!waited.unwrap().1.timed_out(), "the call is never made");
    }

    /// Lets held calls go.
    pub(in crate::folder) fn let_go(&self) {
        self.notes.lock().unwrap().held = None;
        self.changed.notify_all();
    }

    /// Before a call: whether it may be made, and not before it may.
    pub(in crate::folder) fn allow(&self, kind: Call) -> Result<()> {
        let mut notes = self.notes.lock().unwrap();
        if notes.failing == Some(kind) {
            return Err(Errno::IO);
        }
        if notes.held != Some(kind) {
            return Ok(());
        }
        notes.waiting = true;
        self.changed.notify_all();
        let mut notes = self.changed.wait_while(notes, |notes| notes.held == Some(kind)).unwrap();
        notes.waiting = false;
        Ok(())
    }

    /// After a call that came back well.
    pub(in crate::folder) fn note(&self, kind: Call, inode: u64) {
        self.notes.lock().unwrap().seen.push(Seen { kind, inode });
    }
}

const LONG: Duration = Duration::from_secs(20);
