//! Waiting for what happens next: asleep, or awake for a moment.
//!
//! To put a thread to sleep and to wake it takes a machine longer than a line to
//! a few peers. Who answers within microseconds would find the room asleep
//! each time. So where the last wait was short, the room's thread asks for events
//! for about as long as it has just worked, for a [`MOMENT`] at most, and sleeps
//! then. So it takes no more than about twice the processor's time that it works
//! for, and where people talk, who pause for longer, none beside that. Nor where
//! what was said takes others much longer to read than it took to write: it would
//! be asleep again before they answer.
//!
//! Where several events come at once it does not: more is on its way, and who takes
//! each as it comes writes more often.

use core::time::Duration;
use std::io::{self, ErrorKind};
use std::thread;
use std::time::Instant;

use mio::{Events, Poll, Registry};

/// A wait is short that is over within this: as long as Linux keeps an idle
/// processor awake for the same reason where it is a guest (`guest_halt_poll_ns`).
const MOMENT: Duration = Duration::from_micros(200);

/// What the room's thread waits with.
#[derive(Debug)]
pub(super) struct Watch {
    poll: Poll,
    /// The last wait was short, and for one event.
    alert: bool,
    /// The last wait was shorter than half the work before it.
    busy: bool,
    /// When it was over.
    since: Instant,
}

impl Watch {
    pub(super) fn new(poll: Poll) -> Self {
        Self { poll, alert: false, busy: false, since: Instant::now() }
    }

    /// Where to say what is to be waited for.
    pub(super) fn registry(&self) -> &Registry {
        self.poll.registry()
    }

    /// Whether others have waited for this thread lately, more than it for them.
    pub(super) fn is_busy(&self) -> bool {
        self.busy
    }

    /// Waits until there are events, for up to `patience`, or a moment more.
    ///
    /// Stays awake only if it `may`: threads beside this one that have work to
    /// do need the core more. No patience at all is no wait.
    pub(super) fn wait(
        &mut self,
        events: &mut Events,
        patience: Option<Duration>,
        may: bool,
    ) -> io::Result<()> {
        if patience == Some(Duration::ZERO) {
            return self.ask(events, patience);
        }
        let start = Instant::now();
        let worked = start - self.since;
        let awake = if may { self.awake(worked) } else { Duration::ZERO };
        self.since = loop {
            let now = Instant::now();
            let asleep = now - start >= awake;
            self.ask(events, if asleep { patience } else { Some(Duration::ZERO) })?;
            if asleep || !events.is_empty() {
                break Instant::now();
            }
            // Who says the next line may be waiting for this core.
            thread::yield_now();
        };
        let waited = self.since - start;
        self.busy = waited < worked / 2;
        let alone = events.iter().nth(1).is_none();
        self.alert = alone && is_short(waited, worked);
        Ok(())
    }

    /// How long a wait begins awake that comes behind so much work.
    fn awake(&self, worked: Duration) -> Duration {
        if self.alert { worked.min(MOMENT) } else { Duration::ZERO }
    }

    fn ask(&mut self, events: &mut Events, patience: Option<Duration>) -> io::Result<()> {
        match self.poll.poll(events, patience) {
            Err(error) if error.kind() != ErrorKind::Interrupted => Err(error),
            _ => Ok(()),
        }
    }
}

/// Whether the next wait may well be over while this thread stays awake. Twice the
/// work, since a wait is longer that was spent asleep.
fn is_short(waited: Duration, worked: Duration) -> bool {
    waited < MOMENT.min(2 * worked)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use mio::net::UnixStream;
    use mio::{Interest, Token, Waker};

    use super::*;

    const LONG: Option<Duration> = Some(Duration::from_mins(1));

    /// A watch, and what ends its waits.
    struct Bench {
        watch: Watch,
        waker: Waker,
        events: Events,
    }

    impl Bench {
        fn new() -> Self {
            let poll = Poll::new().unwrap();
            let waker = Waker::new(poll.registry(), Token(1)).unwrap();
            Self { watch: Watch::new(poll), waker, events: Events::with_capacity(8) }
        }

        /// A wait behind some work that is over at once, unless the machine is
        /// elsewhere: then once more.
        fn wait_briefly(&mut self) {
            self.wait_until(|watch| watch.alert);
        }

        /// Such waits until the watch has taken one as it is meant.
        fn wait_until(&mut self, holds: impl Fn(&Watch) -> bool) {
            for _ in 0..1000 {
                thread::sleep(MOMENT);
                self.waker.wake().unwrap();
                self.watch.wait(&mut self.events, LONG, true).unwrap();
                assert_eq!(self.events.iter().count(), 1);
                if holds(&self.watch) {
                    return;
                }
            }
            panic!("no wait was short");
        }
    }

    #[test]
    fn is_alert_behind_a_short_wait_and_not_behind_a_long_one() {
        let mut bench = Bench::new();
        assert!(!bench.watch.alert);
        bench.wait_briefly();
        bench.watch.wait(&mut bench.events, Some(20 * MOMENT), true).unwrap();
        assert!(bench.events.is_empty());
        assert!(!bench.watch.alert, "nothing came, and it would sleep at once now");
        bench.wait_briefly();
    }

    #[test]
    fn stays_awake_for_as_long_as_it_worked_and_a_moment_at_most() {
        let mut bench = Bench::new();
        assert_eq!(bench.watch.awake(MOMENT), Duration::ZERO);
        bench.wait_briefly();
        assert_eq!(bench.watch.awake(MOMENT / 3), MOMENT / 3);
        assert_eq!(bench.watch.awake(3 * MOMENT), MOMENT);
    }

    #[test]
    fn what_is_short_depends_on_the_work_before() {
        assert!(is_short(MOMENT / 4, MOMENT / 4));
        assert!(is_short(MOMENT / 4, 9 * MOMENT));
        assert!(!is_short(MOMENT / 4, MOMENT / 8));
        assert!(!is_short(MOMENT, 9 * MOMENT));
    }

    #[test]
    fn several_events_at_once_are_no_reason_to_stay_awake() {
        let mut bench = Bench::new();
        let mut pairs = [(); 2].map(|()| UnixStream::pair().unwrap());
        for (token, (near, _)) in pairs.iter_mut().enumerate() {
            bench.watch.registry().register(near, Token(7 + token), Interest::READABLE).unwrap();
        }
        bench.wait_briefly();
        for (_, far) in &mut pairs {
            far.write_all(b"text").unwrap();
        }
        thread::sleep(MOMENT);
        bench.watch.wait(&mut bench.events, LONG, true).unwrap();
        assert_eq!(bench.events.iter().count(), 2);
        assert!(!bench.watch.alert);
    }

    #[test]
    fn is_busy_behind_a_wait_that_was_short_beside_the_work() {
        let mut bench = Bench::new();
        assert!(!bench.watch.is_busy());
        bench.wait_until(Watch::is_busy);
        bench.watch.wait(&mut bench.events, Some(20 * MOMENT), true).unwrap();
        assert!(!bench.watch.is_busy(), "it waited far longer than it had worked");
    }

    #[test]
    fn no_patience_is_no_wait() {
        let mut bench = Bench::new();
        bench.wait_briefly();
        bench.watch.wait(&mut bench.events, Some(Duration::ZERO), true).unwrap();
        assert!(bench.watch.alert, "a turn that has more to do says nothing about waits");
    }
}
