//! Queues that go round in memory of their own.

use std::collections::VecDeque;

/// An empty queue that takes `places` without growing, with all of its pages.
///
/// Going round it would come to use each of them, and a page that the system
/// finds in the middle of a burst holds up whoever waits for that. `filler` is
/// what it is written with, and nothing of zeros only: those would be pages that
/// are not there yet.
pub(crate) fn ring<T: Clone>(places: usize, filler: T) -> VecDeque<T> {
    let mut ring = VecDeque::from(vec![filler; places]);
    ring.clear();
    ring
}
