//! What happens when: a clock that jumps from event to event.

use core::cmp::Reverse;
use std::collections::BinaryHeap;

use snug_core::time::Instant;

use super::wire::Toward;

/// Something that happens at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Event {
    /// Bytes may arrive at an end of a peer's link.
    Arrive(usize, Toward),
    /// A peer does the next thing that comes to its mind.
    Act(usize),
    /// A peer that reads in sips takes the next one.
    Sip(usize),
    /// A link that refused a write, though it had room, may be asked again.
    Retry(usize),
    /// The store is done with what a slot had to wait for.
    Stored(usize),
    /// Something goes wrong.
    Trouble,
    /// Somebody comes.
    Guest,
}

/// The clock and what is still to happen.
#[derive(Debug)]
pub(crate) struct Agenda {
    pub(crate) now: u64,
    events: BinaryHeap<Reverse<(u64, u64, Event)>>,
    /// Keeps what happens at the same time in order.
    count: u64,
}

impl Agenda {
    pub(crate) fn new(now: u64) -> Self {
        Self { now, events: BinaryHeap::new(), count: 0 }
    }

    pub(crate) fn instant(&self) -> Instant {
        Instant::from_millis(self.now)
    }

    pub(crate) fn at(&mut self, time: u64, event: Event) {
        self.count += 1;
        self.events.push(Reverse((time, self.count, event)));
    }

    pub(crate) fn after(&mut self, millis: u64, event: Event) {
        self.at(self.now + millis, event);
    }

    /// When the next event happens.
    pub(crate) fn next(&self) -> Option<u64> {
        self.events.peek().map(|Reverse((time, ..))| *time)
    }

    /// An event whose time has come.
    pub(crate) fn due(&mut self) -> Option<Event> {
        self.next().filter(|&time| time <= self.now)?;
        self.events.pop().map(|Reverse((.., event))| event)
    }
}
