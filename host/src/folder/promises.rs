//! Room that is promised to files under way, and whether there are any.

use core::time::Duration;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// The bytes that files under way may come to take.
#[derive(Debug, Default)]
pub(super) struct Promises {
    bytes: Mutex<u64>,
    none: Condvar,
}

impl Promises {
    /// How many they are.
    pub(super) fn bytes(&self) -> u64 {
        *self.lock()
    }

    /// A file begins that may come to take so many.
    pub(super) fn make(&self, bytes: u64) {
        *self.lock() += bytes;
    }

    /// Such a file is under way no more.
    pub(super) fn forget(&self, bytes: u64) {
        let mut all = self.lock();
        *all -= bytes;
        if *all == 0 {
            self.none.notify_all();
        }
    }

    /// Waits until no file is under way, so long at most.
    pub(super) fn await_none(&self, patience: Duration) {
        let all = self.lock();
        // What a thread that panicked left behind is a number all the same.
        let _ = self.none.wait_timeout_while(all, patience, |all| *all > 0);
    }

    fn lock(&self) -> MutexGuard<'_, u64> {
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner)
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
        promises.make(3);
        promises.make(4);
        thread::scope(|scope| {
            let waits = scope.spawn(|| promises.await_none(LONG));
            promises.forget(3);
            promises.await_none(Duration::from_millis(20));
            assert!(!waits.is_finished());
            promises.forget(4);
            waits.join().unwrap();
        });
        assert!(start.elapsed() < LONG);
        assert_eq!(promises.bytes(), 0);
    }
}
