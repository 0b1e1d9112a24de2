//! One direction of a link, with its weather.
//!
//! Bytes come in the order in which they were sent, and nothing else is sure:
//! they come late, cut, joined or not for a while, and only so many can be
//! under way.
//!
//! Two things are granted, since the classic wire has no meaning without them:
//! what a sender keeps [`Together`](Care::Together) arrives at one time, and
//! after a [`Load::Gap`] nothing arrives before the reader has found that the
//! link was quiet. So a classic header is never broken by a pause that is the
//! network's alone.

use std::collections::VecDeque;

use super::tally::{Fault, Tally};
use crate::support::random::Random;

/// The two directions of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Toward {
    Room,
    Peer,
}

/// How carefully bytes are to be carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Care {
    /// As it comes.
    None,
    /// In one piece.
    Together,
}

/// How a link behaves; each is `one in n`, 0 for never.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Weather {
    /// Milliseconds that all bytes take.
    pub(crate) delay: u64,
    /// Milliseconds that they may take longer.
    pub(crate) jitter: u64,
    pub(crate) cut: usize,
    pub(crate) merge: usize,
    pub(crate) stall: usize,
    pub(crate) short_read: usize,
    pub(crate) short_write: usize,
    /// A write finds no room though the link had said that there is some.
    pub(crate) refuse: usize,
}

impl Weather {
    pub(crate) const FINE: Self = Self {
        delay: 1,
        jitter: 0,
        cut: 0,
        merge: 0,
        stall: 0,
        short_read: 0,
        short_write: 0,
        refuse: 0,
    };

    pub(crate) fn at_random(random: &mut Random) -> Self {
        let mut often = || *random.pick(&[0, 2, 3, 5, 20]);
        let (cut, merge, short_read, short_write) = (often(), often(), often(), often());
        Self {
            delay: *random.pick(&[0, 1, 20, 150]),
            jitter: *random.pick(&[0, 5, 40, 400]),
            cut,
            merge,
            stall: *random.pick(&[0, 0, 100, 1000]),
            short_read,
            short_write,
            refuse: *random.pick(&[0, 0, 0, 50]),
        }
    }
}

/// Whether something that happens once in `n` times happens now.
pub(crate) fn happens(random: &mut Random, n: usize) -> bool {
    n > 0 && random.one_in(n)
}

#[derive(Debug)]
enum Load {
    Bytes(Vec<u8>),
    /// Nothing passes before the reader has found quiet.
    Gap,
    End,
}

/// How a stream ended for its reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Open,
    Ended,
    Reset,
}

/// One direction of a link.
#[derive(Debug)]
pub(crate) struct Wire {
    pub(crate) weather: Weather,
    pub(crate) fate: Fate,
    /// Bytes that may be under way or unread.
    pub(crate) capacity: usize,
    flights: VecDeque<(u64, Load)>,
    arrived: VecDeque<u8>,
    aloft: usize,
    /// Nothing arrives before.
    stalled: u64,
    /// When what was sent last arrives.
    last: u64,
    /// Since when the reader knows that there is nothing to read.
    noticed: Option<u64>,
}

/// How long a gap is, from when the reader found quiet: the room's own measure
/// and a little.
const GAP: u64 = 65;

impl Wire {
    pub(crate) fn new(weather: Weather, capacity: usize) -> Self {
        Self {
            weather,
            fate: Fate::Open,
            capacity,
            flights: VecDeque::new(),
            arrived: VecDeque::new(),
            aloft: 0,
            stalled: 0,
            last: 0,
            noticed: None,
        }
    }

    pub(crate) fn room(&self) -> usize {
        self.capacity.saturating_sub(self.aloft + self.arrived.len())
    }

    pub(crate) fn waiting(&self) -> usize {
        self.arrived.len()
    }

    /// Sends bytes for which there is room.
    pub(crate) fn send(
        &mut self,
        now: u64,
        bytes: &[u8],
        care: Care,
        random: &mut Random,
        tally: &mut Tally,
    ) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let cut = care == Care::None && rest.len() > 1 && happens(random, self.weather.cut);
            let len = if cut { random.of(1..rest.len()) } else { rest.len() };
            if cut {
                tally.suffer(Fault::Cut);
            }
            let (piece, others) = rest.split_at(len);
            let at = self.arrival(now, random, tally);
            self.aloft += len;
            self.flights.push_back((at, Load::Bytes(piece.to_vec())));
            rest = others;
        }
    }

    fn arrival(&mut self, now: u64, random: &mut Random, tally: &mut Tally) -> u64 {
        let Weather { delay, jitter, merge, stall, .. } = self.weather;
        if happens(random, stall) {
            tally.suffer(Fault::Stalled);
            self.stall(now + 10 + random.next() % 5_000);
        }
        let late = if jitter > 0 { random.next() % jitter } else { 0 };
        if late > 30 {
            tally.suffer(Fault::Late);
        }
        let mut at = now + delay + late;
        if happens(random, merge) {
            tally.suffer(Fault::Merged);
            at = at.next_multiple_of(250);
        }
        self.last = self.last.max(at);
        self.last
    }

    pub(crate) fn send_gap(&mut self) {
        self.flights.push_back((self.last, Load::Gap));
    }

    pub(crate) fn send_end(&mut self, now: u64) {
        self.last = self.last.max(now + self.weather.delay);
        self.flights.push_back((self.last, Load::End));
    }

    /// Nothing arrives before `until`.
    pub(crate) fn stall(&mut self, until: u64) {
        self.stalled = self.stalled.max(until);
    }

    /// From now on all goes well.
    pub(crate) fn heal(&mut self, now: u64) {
        self.weather = Weather::FINE;
        self.stalled = now;
        self.capacity = self.capacity.max(1 << 16);
        for (at, _) in &mut self.flights {
            *at = now;
        }
        self.last = now;
    }

    /// The link is gone; `all` says that what had arrived is too.
    pub(crate) fn reset(&mut self, all: bool) {
        self.flights.clear();
        self.aloft = 0;
        if all {
            self.arrived.clear();
        }
        self.fate = Fate::Reset;
    }

    /// When the next bytes arrive, as far as is known.
    pub(crate) fn due(&self) -> Option<u64> {
        let (at, load) = self.flights.front()?;
        let at = (*at).max(self.stalled);
        match load {
            Load::Gap if !self.arrived.is_empty() => None,
            Load::Gap => self.noticed.map(|since| at.max(since + GAP)),
            _ => Some(at),
        }
    }

    /// Lets arrive what is due; whether that is news to the reader.
    pub(crate) fn arrive(&mut self, now: u64) -> bool {
        let mut news = false;
        while self.due().is_some_and(|at| at <= now) {
            match self.flights.pop_front() {
                Some((_, Load::Bytes(bytes))) => {
                    self.aloft -= bytes.len();
                    self.arrived.extend(bytes);
                    self.noticed = None;
                    news = true;
                }
                Some((_, Load::End)) => {
                    self.fate = Fate::Ended;
                    news = true;
                }
                Some((_, Load::Gap)) | None => {}
            }
        }
        news
    }

    /// Whether a read would give something; where not, the reader knows now.
    pub(crate) fn ready(&mut self, now: u64) -> bool {
        let ready = !self.arrived.is_empty() || self.fate != Fate::Open;
        if !ready {
            self.noticed.get_or_insert(now);
        }
        ready
    }

    /// Takes what has arrived, as much as `out` has room for.
    pub(crate) fn take(&mut self, out: &mut [u8]) -> usize {
        let count = out.len().min(self.arrived.len());
        for (byte, taken) in out.iter_mut().zip(self.arrived.drain(..count)) {
            *byte = taken;
        }
        count
    }
}
