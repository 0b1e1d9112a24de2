//! Somebody at the far end of a link.

use core::mem;
use core::net::SocketAddr;
use std::collections::VecDeque;

use snug_core::client::Mode;
use snug_core::time::Instant;

use super::deeds::{Asked, Truth};
use super::ear::Ear;
use super::link::Link;
use super::player::Player;
use super::tally::Tally;
use super::transfers::Ongoing;
use super::wire::{Care, Fate, Wire};
use crate::support::random::Random;

/// How a peer speaks.
#[derive(Debug)]
pub(crate) enum Tongue<'m> {
    /// Lines, from a script.
    Lines,
    /// The classic dialect, from a script.
    Classic,
    /// As a client core has it.
    Core(Box<Player<'m>>),
}

/// How a peer reads.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Habit {
    /// All that comes, at once.
    Eager,
    /// So many bytes in so many milliseconds.
    Sips(usize, u64),
}

/// Something to be sent.
#[derive(Debug)]
pub(crate) enum Parcel {
    Bytes(Vec<u8>, Care),
    Gap,
    End,
}

/// How a peer has ended its stay, or why it may be put out.
#[derive(Clone, Copy, Debug, Default)]
#[allow(clippy::struct_excessive_bools, reason = "they go with each other in any way")]
pub(crate) struct Farewell {
    /// It ends its sending after what it has to send.
    pub(crate) ended: bool,
    pub(crate) quit: bool,
    pub(crate) reset: bool,
    /// It sent a header that may be refused in a way that closes.
    pub(crate) unclear: bool,
    /// It says nothing more, as somebody whose machine hangs.
    pub(crate) mute: bool,
}

/// Milliseconds after which a peer that takes nothing is put out.
pub(crate) const PATIENCE: u64 = 30_000;

/// Somebody at the far end of a link.
#[derive(Debug)]
#[allow(clippy::struct_excessive_bools, reason = "they go with each other in any way")]
pub(crate) struct Peer<'m> {
    pub(crate) addr: SocketAddr,
    pub(crate) tongue: Tongue<'m>,
    pub(crate) habit: Habit,
    pub(crate) truth: Truth,
    pub(crate) link: Link,
    /// Its link leads to the room.
    pub(crate) connected: bool,
    /// Its link is to be read by the room.
    pub(crate) news: bool,
    /// The room knows that its link takes nothing.
    pub(crate) full: bool,
    /// Since when its link takes nothing, as far as is known.
    pub(crate) blocked: Option<u64>,
    pub(crate) was_full: bool,
    /// Up to when the room may put it out for what is over.
    pub(crate) excused: u64,
    pub(crate) farewell: Farewell,
    /// It has seen the end of what the room sends.
    pub(crate) over: bool,
    pub(crate) outbox: VecDeque<Parcel>,
    pub(crate) heard: Vec<u8>,
    pub(crate) ear: Ear,
    /// What it transfers, as far as it knows.
    pub(crate) transfer: Option<Ongoing>,
    /// When arrivals at both ends are on the agenda.
    pub(crate) scheduled: [Option<u64>; 2],
    pub(crate) count: usize,
}

impl<'m> Peer<'m> {
    /// Somebody who has yet to connect.
    pub(crate) fn new(addr: SocketAddr, tongue: Tongue<'m>, link: Link) -> Self {
        let mut truth = Truth { shown: addr.to_string(), ..Truth::default() };
        truth.names.push(addr.to_string());
        if let Tongue::Core(player) = &tongue
            && player.mode == Mode::Line
        {
            truth.asked.push(Asked::Switch);
        }
        Self {
            addr,
            tongue,
            habit: Habit::Eager,
            truth,
            link,
            connected: false,
            news: false,
            full: false,
            blocked: None,
            was_full: false,
            excused: 0,
            farewell: Farewell::default(),
            over: false,
            outbox: VecDeque::new(),
            heard: Vec::new(),
            ear: Ear::default(),
            transfer: None,
            scheduled: [None; 2],
            count: 0,
        }
    }

    /// Whether it still does things.
    pub(crate) fn is_active(&self) -> bool {
        let Farewell { ended, quit, reset, mute, .. } = self.farewell;
        !(self.over || self.truth.put_out || ended || quit || reset || mute)
    }

    /// Its link can take something, which the room knows after `delay` at the
    /// latest.
    pub(crate) fn free(&mut self, now: u64, delay: u64) {
        if self.blocked.is_some_and(|since| now + delay >= since + PATIENCE) {
            self.excused = now + delay;
        }
    }

    pub(crate) fn put(&mut self, bytes: impl Into<Vec<u8>>) {
        self.outbox.push_back(Parcel::Bytes(bytes.into(), Care::None));
    }

    /// Sends something that a pause before it sets apart and none cuts.
    pub(crate) fn put_apart(&mut self, bytes: impl Into<Vec<u8>>) {
        self.outbox.push_back(Parcel::Gap);
        self.outbox.push_back(Parcel::Bytes(bytes.into(), Care::Together));
    }

    /// Gives its link what it has to send, as far as there is room.
    pub(crate) fn flush(&mut self, now: u64, random: &mut Random, tally: &mut Tally) {
        self.draw(now);
        if self.farewell.reset || self.link.to_room.fate == Fate::Reset {
            self.outbox.clear();
        }
        while let Some(parcel) = self.outbox.pop_front() {
            if let Some(rest) = pass(&mut self.link.to_room, parcel, now, random, tally) {
                self.outbox.push_front(rest);
                return;
            }
            self.draw(now);
        }
    }

    /// Takes from its client core what that has to send.
    fn draw(&mut self, now: u64) {
        let Tongue::Core(player) = &mut self.tongue else { return };
        if !self.outbox.is_empty() || self.farewell.ended {
            return;
        }
        player.fill();
        if let Some(id) = player.errands.all_given.take() {
            self.truth.sent_all(id);
        }
        let bytes = player.client.pending().to_vec();
        if bytes.is_empty() {
            return;
        }
        let classic = !player.is_in_lines();
        let header = classic && bytes.starts_with(b"#upload '");
        if header || mem::replace(&mut player.header_out, header) {
            self.outbox.push_back(Parcel::Gap);
        }
        player.client.handle_sent(Instant::from_millis(now), bytes.len());
        let care = if header { Care::Together } else { Care::None };
        player.header_out = header;
        self.outbox.push_back(Parcel::Bytes(bytes, care));
    }

    /// Reads up to `most` bytes; how many there were.
    pub(crate) fn read(&mut self, now: u64, most: usize) -> usize {
        let wire = &mut self.link.to_peer;
        let mut bytes = vec![0; most.min(wire.waiting())];
        let count = wire.take(&mut bytes);
        self.heard.extend_from_slice(&bytes);
        let ends = wire.waiting() == 0 && wire.fate != Fate::Open;
        let now = Instant::from_millis(now);
        if let Tongue::Core(player) = &mut self.tongue {
            if count > 0 {
                player.hear(now, &bytes);
            }
            if ends && !self.over {
                player.end(now);
            }
        }
        self.over |= ends;
        count
    }
}

/// Gives a parcel to a wire; what there was no room for is given back.
fn pass(
    wire: &mut Wire,
    parcel: Parcel,
    now: u64,
    random: &mut Random,
    tally: &mut Tally,
) -> Option<Parcel> {
    match parcel {
        Parcel::Gap => wire.send_gap(),
        Parcel::End => wire.send_end(now),
        Parcel::Bytes(bytes, Care::Together) if bytes.len() > wire.room() => {
            return Some(Parcel::Bytes(bytes, Care::Together));
        }
        Parcel::Bytes(mut bytes, care) => {
            let rest = bytes.split_off(bytes.len().min(wire.room()));
            wire.send(now, &bytes, care, random, tally);
            return (!rest.is_empty()).then_some(Parcel::Bytes(rest, care));
        }
    }
    None
}
