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

/// Tries in a row that bring nothing, where nobody sits who can end it: about
/// two minutes with the pauses. A server that is started again, or a machine,
/// is back by then.
const MOST: u32 = 10;

/// Tries to come back, with pauses that grow, each somewhere between a half and
/// the whole of its length, so that all who lost the same server do not come
/// back at once.
#[derive(Debug)]
pub(super) struct Tries {
    /// Those that are left, if they are limited.
    left: Option<u32>,
    most: Option<u32>,
    pause: Duration,
    chance: RandomState,
}

impl Tries {
    /// As many as it takes: there is a user who can end it.
    pub(super) fn endless() -> Self {
        Self::new(None)
    }

    /// Not many, or none.
    pub(super) fn limited(none: bool) -> Self {
        Self::new(Some(if none { 0 } else { MOST }))
    }

    fn new(most: Option<u32>) -> Self {
        Self { left: most, most, pause: FIRST, chance: RandomState::new() }
    }

    /// How long to wait before the next try, if there is to be one.
    pub(super) fn next(&mut self) -> Option<Duration> {
        if let Some(left) = &mut self.left {
            *left = left.checked_sub(1)?;
        }
        let whole = self.pause;
        self.pause = (whole * 2).min(LONGEST);
        let chance = self.chance.hash_one(whole) as u32;
        self.chance = RandomState::new();
        Some(whole / 2 + (whole / 2).mul_f64(f64::from(chance) / f64::from(u32::MAX)))
    }

    /// A try has brought something: the next is the first again.
    pub(super) fn reset(&mut self) {
        (self.left, self.pause) = (self.most, FIRST);
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
        let mut tries = Tries::endless();
        for whole in [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000] {
            let whole = Duration::from_millis(whole);
            let pause = tries.next().unwrap();
            assert!(whole / 2 <= pause && pause <= whole, "{pause:?} of {whole:?}");
        }
        tries.reset();
        assert!(tries.next().unwrap() <= FIRST);
    }

    #[test]
    fn pauses_differ() {
        let first = |_| Tries::endless().next();
        let some: std::collections::HashSet<_> = (0..8).map(first).collect();
        assert!(some.len() > 1);
    }

    #[test]
    fn limited_tries_end_and_are_given_anew() {
        let mut tries = Tries::limited(false);
        for _ in 0..2 {
            let pauses: Vec<_> = core::iter::from_fn(|| tries.next()).collect();
            assert_eq!(pauses.len(), MOST as usize);
            let all = pauses.iter().sum::<Duration>().as_secs();
            assert!((70..=152).contains(&all), "{all}");
            tries.reset();
        }
        assert_eq!(Tries::limited(true).next(), None);
    }
}
