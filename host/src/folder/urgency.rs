//! How little the folder's threads want the core that the room's is on.

use std::thread;

/// About a tenth of the room's share of a core that both want.
pub(super) const LESS_URGENT: i32 = 10;

/// Lets threads that are more urgent go first, by so many steps of `nice`: work
/// on files, however much, is to keep the room's thread from its core for no
/// longer than the system needs to change to it.
pub(super) fn be_less_urgent(steps: i32) {
    // Linux has a priority for each thread; elsewhere it would be the room's, too.
    // A sandbox may forbid it, and then all goes on as it is.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::nice(steps);
    #[cfg(not(target_os = "linux"))]
    let _ = steps;
}

/// Lets threads that have just become ready have the core: Linux may leave it to
/// one that is less urgent for some milliseconds, as long as that does not wait.
pub(super) fn let_others() {
    thread::yield_now();
}
