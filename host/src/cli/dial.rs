//! Connecting again: when, and without keeping anybody waiting.

use core::hash::BuildHasher;
use core::time::Duration;
use std::hash::RandomState;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::thread;

use mio::Waker;

use super::link::Link;

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

/// A try to connect, in a thread of its own: names and addresses that do not
/// answer take their time.
#[derive(Debug)]
pub(super) struct Dial {
    outcome: Receiver<io::Result<Link>>,
}

impl Dial {
    /// Starts to connect; `waker` wakes the one who polls for the outcome.
    pub(super) fn start(host: &str, port: u16, waker: Arc<Waker>) -> io::Result<Self> {
        let (sender, outcome) = channel();
        let host = host.to_owned();
        thread::Builder::new().name("dial".into()).spawn(move || {
            // Who does not wait any more is not to be told.
            let _ = sender.send(Link::connect(&host, port));
            let _ = waker.wake();
        })?;
        Ok(Self { outcome })
    }

    /// What came of it, if that is known by now.
    pub(super) fn outcome(&self) -> Option<io::Result<Link>> {
        match self.outcome.try_recv() {
            Ok(outcome) => Some(outcome),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => Some(Err(io::ErrorKind::NotConnected.into())),
        }
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
