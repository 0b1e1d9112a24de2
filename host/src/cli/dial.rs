//! Connecting again: when.

use core::hash::BuildHasher as _;
use core::time::Duration;
use std::hash::RandomState;

/// The first pause, more or less. A server that is started again is back soon.
const FIRST: Duration = Duration::from_millis(500);

/// The longest pause, more or less.
const LONGEST: Duration = Duration::from_secs(30);

/// Pauses between tries that grow, each somewhere between a half and the whole
/// of its length, so that all who lost the same server do not come back at once.
#[derive(Debug)]
pub(super) struct Pauses {
    next: Duration,
    chance: RandomState,
}

impl Pauses {
    pub(super) fn new() -> Self {
        Self { next: FIRST, chance: RandomState::new() }
    }

    /// How long to wait before the next try.
    pub(super) fn next(&mut self) -> Duration {
        let whole = self.next;
        self.next = (whole * 2).min(LONGEST);
        let chance = self.chance.hash_one(whole) as u32;
        self.chance = RandomState::new();
        whole / 2 + (whole / 2).mul_f64(f64::from(chance) / f64::from(u32::MAX))
    }

    /// The connection has lasted: the next pause is the first again.
    pub(super) fn reset(&mut self) {
        self.next = FIRST;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_end_at_the_longest() {
        let mut pauses = Pauses::new();
        for whole in [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000] {
            let whole = Duration::from_millis(whole);
            let pause = pauses.next();
            assert!(whole / 2 <= pause && pause <= whole, "{pause:?} of {whole:?}");
        }
        pauses.reset();
        assert!(pauses.next() <= FIRST);
    }

    #[test]
    fn pauses_differ() {
        let first = |_| Pauses::new().next();
        let some: std::collections::HashSet<_> = (0..8).map(first).collect();
        assert!(some.len() > 1);
    }
}
