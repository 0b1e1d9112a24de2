//! Files under way: how many they are, and the room that is promised to them.

use core::time::Duration;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// What is promised to files under way.
#[derive(Debug, Default)]
pub(super) struct Promises {
    all: Mutex<All>,
    none: Condvar,
}

#[derive(Debug, Default)]
struct All {
    files: usize,
    /// Bytes that they may come to take.
    bytes: u64,
}

impl Promises {
    /// The bytes that files under way may come to take.
    pub(super) fn bytes(&self) -> u64 {
        self.lock().bytes
    }

    /// A file begins that may come to take so many; whether it is the only one.
    pub(super) fn make(&self, bytes: u64) -> bool {
        let mut all = self.lock();
        all.files += 1;
        all.bytes += bytes;
        all.files == 1
    }

    /// Such a file is under way no more.
    pub(super) fn forget(&self, bytes: u64) {
        let mut all = self.lock();
        all.files -= 1;
        all.bytes -= bytes;
        if all.files == 0 {
            self.none.notify_all();
        }
    }

    /// Waits until no file is under way, so long at most.
    pub(super) fn await_none(&self, patience: Duration) {
        let all = self.lock();
        // What a thread that panicked left behind are numbers all the same.
        let _ = self.none.wait_timeout_while(all, patience, |all| all.files > 0);
    }

    fn lock(&self) -> MutexGuard<'_, All> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::thread;
    use std::time::Instant;

    use super::*;

    const LONG: Duration = Duration::from_secs(20);

    #[test]
    fn who_waits_goes_on_when_the_last_file_is_under_way_no_more() {
        let promises = Promises::default();
        let start = Instant::now();
        promises.await_none(LONG);
        assert!(promises.make(3));
        assert!(!promises.make(0));
        thread::scope(|scope| {
            let waits = scope.spawn(|| promises.await_none(LONG));
            promises.forget(3);
            promises.await_none(Duration::from_millis(20));
            assert!(!waits.is_finished());
            promises.forget(0);
            waits.join().unwrap();
        });
        assert!(start.elapsed() < LONG);
        assert_eq!(promises.bytes(), 0);
    }
}
