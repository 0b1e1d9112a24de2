//! How long a pass of the main loop takes, for `firmware/pace`.
//!
//! Without the feature `pace` nothing of this is in the image.

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use crate::board::Clock;

/// The longest pass so far, in the timer's cycles. `firmware/pace` reads it from
/// outside, so that telling it takes no time.
static WORST: AtomicU32 = AtomicU32::new(0);
/// All passes together, likewise; wraps.
static BUSY: AtomicU32 = AtomicU32::new(0);

/// A pass of the main loop.
pub struct Pass {
    began: u32,
}

impl Pass {
    /// Now one begins.
    pub fn begin() -> Self {
        Self { began: cycles() }
    }

    /// Now it ends.
    pub fn end(self) {
        if cfg!(feature = "pace") {
            let took = cycles().wrapping_sub(self.began);
            WORST.store(WORST.load(Relaxed).max(took), Relaxed);
            BUSY.store(BUSY.load(Relaxed).wrapping_add(took), Relaxed);
        }
    }
}

fn cycles() -> u32 {
    if cfg!(feature = "pace") { Clock::cycles() } else { 0 }
}
