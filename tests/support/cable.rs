//! An Ethernet cable between two stacks, which does to frames what it likes:
//! it loses, doubles, spoils and delays them, each by its own measure, so that
//! they also overtake each other.

use core::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use smoltcp::phy::{self, DeviceCapabilities};
use smoltcp::time::Instant;

use super::random::Random;

/// How a cable treats frames; each is `one in n`, 0 for never.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Treatment {
    pub(crate) lose: usize,
    pub(crate) double: usize,
    pub(crate) spoil: usize,
    /// Milliseconds that a frame takes, and that it may take longer.
    pub(crate) delay: u64,
    pub(crate) jitter: u64,
    /// All that is sent before is lost.
    pub(crate) parted: u64,
}

/// What became of the frames, in figures.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Fates {
    pub(crate) sent: u64,
    pub(crate) lost: u64,
    pub(crate) doubled: u64,
    pub(crate) spoiled: u64,
    pub(crate) overtaken: u64,
}

/// One direction of a cable.
#[derive(Debug)]
struct Strand {
    treatment: Treatment,
    fates: Fates,
    random: Random,
    /// By when they arrive; what was sent first comes first at the same time.
    frames: BTreeMap<(u64, u64), Vec<u8>>,
}

/// One end of a cable.
#[derive(Debug)]
pub(crate) struct End {
    comes: Rc<RefCell<Strand>>,
    goes: Rc<RefCell<Strand>>,
}

/// A cable by its ends.
pub(crate) fn cable(seed: u64) -> (End, End) {
    let (there, back) = (Strand::new(seed), Strand::new(!seed));
    let end = |comes: &Rc<_>, goes: &Rc<_>| End { comes: Rc::clone(comes), goes: Rc::clone(goes) };
    (end(&there, &back), end(&back, &there))
}

impl End {
    /// How the frames that this end sends are treated from now on.
    pub(crate) fn treat(&self, change: impl FnOnce(&mut Treatment)) {
        change(&mut self.goes.borrow_mut().treatment);
    }

    /// What became of the frames that this end has sent.
    pub(crate) fn fates(&self) -> Fates {
        self.goes.borrow().fates
    }

    /// Shows the frames that have come to this end by `now`, which may be changed.
    pub(crate) fn inspect(&self, now: u64, mut look: impl FnMut(&mut [u8])) {
        let mut comes = self.comes.borrow_mut();
        comes.frames.range_mut(..=(now, u64::MAX)).for_each(|(_, frame)| look(frame));
    }

    /// When the next frame comes to this end, in milliseconds.
    pub(crate) fn due(&self) -> Option<u64> {
        self.comes.borrow().frames.keys().next().map(|&(at, _)| at)
    }
}

impl Strand {
    fn new(seed: u64) -> Rc<RefCell<Self>> {
        Rc::new(RefCell::new(Self {
            treatment: Treatment::default(),
            fates: Fates::default(),
            random: Random::new(seed),
            frames: BTreeMap::new(),
        }))
    }

    fn happens(&mut self, n: usize) -> bool {
        n > 0 && self.random.one_in(n)
    }

    fn send(&mut self, now: u64, mut frame: Vec<u8>) {
        let Treatment { lose, double, spoil, parted, .. } = self.treatment;
        if now < parted || self.happens(lose) {
            self.fates.lost += 1;
            return;
        }
        if self.happens(double) {
            self.fates.doubled += 1;
            self.carry(now, frame.clone());
        }
        if self.happens(spoil) {
            self.fates.spoiled += u64::from(self.spoil(&mut frame));
        }
        self.carry(now, frame);
    }

    fn carry(&mut self, now: u64, frame: Vec<u8>) {
        let Treatment { delay, jitter, .. } = self.treatment;
        let late = if jitter > 0 { self.random.next() % jitter } else { 0 };
        let at = now + delay + late;
        self.fates.sent += 1;
        self.fates.overtaken += u64::from(self.frames.keys().any(|&(other, _)| other > at));
        self.frames.insert((at, self.fates.sent), frame);
    }

    /// Changes a byte behind the Ethernet header, whose own checksum a stack
    /// never gets to see; of an IPv4 packet, since ARP has none. The sum over
    /// 16-bit words that IP and TCP have finds each change of one byte.
    fn spoil(&mut self, frame: &mut [u8]) -> bool {
        let ipv4 = frame.get(12..14) == Some(&[8, 0]);
        if ipv4 {
            let at = self.random.of(14..frame.len());
            frame[at] ^= self.random.of(1..256) as u8;
        }
        ipv4
    }
}

impl phy::Device for End {
    type RxToken<'a> = Incoming;
    type TxToken<'a> = Outgoing;

    fn receive(&mut self, now: Instant) -> Option<(Incoming, Outgoing)> {
        let mut comes = self.comes.borrow_mut();
        let next = comes.frames.first_entry().filter(|next| next.key().0 <= millis(now))?;
        Some((Incoming(next.remove()), self.transmit_at(now)))
    }

    fn transmit(&mut self, now: Instant) -> Option<Outgoing> {
        Some(self.transmit_at(now))
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.max_transmission_unit = 1514;
        capabilities
    }
}

impl End {
    fn transmit_at(&self, now: Instant) -> Outgoing {
        Outgoing { goes: Rc::clone(&self.goes), now: millis(now) }
    }
}

fn millis(now: Instant) -> u64 {
    now.total_millis().cast_unsigned()
}

pub(crate) struct Incoming(Vec<u8>);

impl phy::RxToken for Incoming {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, read: F) -> R {
        read(&self.0)
    }
}

pub(crate) struct Outgoing {
    goes: Rc<RefCell<Strand>>,
    now: u64,
}

impl phy::TxToken for Outgoing {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, write: F) -> R {
        let mut frame = vec![0; len];
        let result = write(&mut frame);
        self.goes.borrow_mut().send(self.now, frame);
        result
    }
}
