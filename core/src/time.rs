//! Points in time, handed in by the caller.
//!
//! The core reads no clock: every call that may depend on time takes the
//! [`Instant`] at which it is made. Any monotonic clock will do.

use core::ops::Add;
use core::time::Duration;

/// A point in time: milliseconds since a start that the caller chooses.
///
/// ```
/// use core::time::Duration;
/// use snug_core::time::Instant;
///
/// let now = Instant::from_millis(1_000);
/// let later = now + Duration::from_millis(60);
/// assert_eq!(later.since(now), Duration::from_millis(60));
/// assert_eq!(now.since(later), Duration::ZERO);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Instant(u64);

impl Instant {
    /// The caller's start of time.
    pub const ZERO: Self = Self(0);

    /// The point `millis` milliseconds after the start.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the start.
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// The time from `earlier` until this, zero if `earlier` is later.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    /// Saturates at the end of time; fractions of a millisecond are dropped.
    fn add(self, delay: Duration) -> Self {
        let millis = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(millis))
    }
}
