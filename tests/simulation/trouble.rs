//! What goes wrong.

use super::agenda::Event;
use super::disk::Mood;
use super::house::House;
use super::peer::Habit;
use super::tally::Fault;
use super::wire::{Weather, Wire};

impl House<'_> {
    /// Something goes wrong.
    pub(crate) fn trouble(&mut self) {
        if self.crowd.peers.is_empty() {
            return;
        }
        let at = self.random.of(0..self.crowd.peers.len());
        match self.random.of(0..100) {
            0..46 => self.disturb(),
            46..50 => self.operate(at),
            50..62 => self.stall(at),
            62..68 => self.part_the_net(),
            68..70 => self.reset(at),
            70..82 => self.nap(at),
            82..90 => self.change_weather(at),
            90..97 => self.upset_disk(),
            _ if self.peer(at).is_active() => self.end(at),
            _ => {}
        }
    }

    /// Some time, rather short.
    fn while_(&mut self) -> u64 {
        let most = *self.random.pick(&[20, 100, 1_000, 5_000, 45_000]);
        self.agenda.now + 1 + self.random.next() % most
    }

    fn stall(&mut self, at: usize) {
        self.tally.suffer(Fault::Stalled);
        let (until, way) = (self.while_(), self.random.one_in(2));
        let link = &mut self.peer(at).link;
        let wire = if way { &mut link.to_room } else { &mut link.to_peer };
        wire.stall(until);
    }

    /// Some peers cannot be reached for a while, nor reach the room.
    fn part_the_net(&mut self) {
        let until = self.while_();
        if self.random.one_in(3) {
            self.host.part(until);
        }
        for at in 0..self.crowd.peers.len() {
            if self.random.one_in(3) && !self.peer(at).over {
                self.tally.suffer(Fault::Partition);
                let link = &mut self.peer(at).link;
                link.to_room.stall(until);
                link.to_peer.stall(until);
            }
        }
    }

    pub(crate) fn reset(&mut self, at: usize) {
        if self.peer(at).over || self.peer(at).farewell.reset {
            return;
        }
        self.tally.suffer(Fault::Reset);
        let all = self.random.one_in(2);
        let peer = self.peer(at);
        peer.link.reset(all);
        peer.farewell.reset = true;
        peer.outbox.clear();
        let direct = self.random.one_in(3);
        self.note(at);
        if direct {
            // Some hosts see it at once, whatever the room wants to read.
            self.tell_reset(at);
        }
        self.tell_writable(at);
    }

    /// A peer reads slowly or not at all for a while, or again.
    fn nap(&mut self, at: usize) {
        if self.peer(at).over {
            return;
        }
        self.tally.suffer(Fault::Nap);
        let bytes = *self.random.pick(&[0, 1, 40, 400]);
        let every = *self.random.pick(&[10, 100, 1_000]);
        let peer = self.peer(at);
        if matches!(peer.habit, Habit::Eager) {
            peer.habit = Habit::Sips(bytes, every);
            self.agenda.after(every, Event::Sip(at));
        } else {
            peer.habit = Habit::Eager;
        }
    }

    fn change_weather(&mut self, at: usize) {
        self.host.change_weather(&mut self.random);
        let (there, back) =
            (Weather::at_random(&mut self.random), Weather::at_random(&mut self.random));
        let link = &mut self.peer(at).link;
        link.to_room.weather = there;
        link.to_peer.weather = back;
    }

    /// The machine loses power: nothing of this life is left but the disk.
    pub(crate) fn lose_power(&mut self) {
        self.tally.suffer(Fault::Power);
        self.crowd.disk.borrow_mut().lose_power();
    }

    fn upset_disk(&mut self) {
        let mood = Mood::at_random(&mut self.random);
        self.crowd.disk.borrow_mut().mood = mood;
    }

    /// From now on all goes well, for all who are still here.
    pub(crate) fn heal(&mut self) {
        let now = self.agenda.now;
        self.busy = false;
        self.host.heal();
        self.crowd.disk.borrow_mut().mood = Mood::FINE;
        for at in 0..self.crowd.peers.len() {
            let peer = self.peer(at);
            peer.habit = Habit::Eager;
            let heal = |wire: &mut Wire| wire.heal(now);
            heal(&mut peer.link.to_room);
            heal(&mut peer.link.to_peer);
            self.read(at, usize::MAX);
            self.tell_writable(at);
        }
    }

    /// A peer reads up to `most` bytes.
    pub(crate) fn read(&mut self, at: usize, most: usize) {
        let now = self.agenda.now;
        self.peer(at).read(now, most);
        self.understand(at);
        self.tell_writable(at);
    }
}
