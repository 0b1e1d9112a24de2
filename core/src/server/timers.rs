//! Time: what is due, and when something will be.
//!
//! Each kind of timer has one length, so a queue of clients in the order in
//! which their timers were set is in the order in which they run out.

use super::Server;
use super::client::{Client, Timers};
use crate::store::Store;
use crate::table::Queue;
use crate::time::Instant;
use crate::wire::frame::Pause;

/// What a transfer must move within the stall timeout.
const LEAST_MOVED: u32 = 4096;

impl<S: Store> Server<'_, S> {
    /// When [`handle_timeout`](Self::handle_timeout) is to be called next, if
    /// nothing happens before: at once while another poll has something left,
    /// which it may only have since the last time it was asked.
    pub fn poll_timeout(&self) -> Option<Instant> {
        use Queue::{Closing, Marked, Resumed, Urgent, Working};
        let queues = [Resumed, Marked, Urgent, Closing, Working];
        let left = queues.into_iter().any(|queue| self.table.first(queue).is_some());
        if left || self.first_in_step().is_some() {
            return Some(Instant::ZERO);
        }
        let quiet = self.due(Queue::Quiet, |timers| timers.quiet);
        let stuck = self.due(Queue::Stuck, |timers| timers.stuck);
        let moving = self.due(Queue::Moving, |timers| timers.moving);
        let paced = self.due(Queue::Paced, |timers| timers.paced);
        [quiet, stuck, moving, paced, self.window_ends()].into_iter().flatten().min()
    }

    /// Time has passed. Handles what is due: bounded by that, and by a block of
    /// a file that is read again for its digest.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some(place) = self.expired(now, Queue::Quiet, |timers| timers.quiet) {
            self.fall_quiet(now, place);
        }
        while let Some(place) = self.expired(now, Queue::Stuck, |timers| timers.stuck) {
            self.give_up_on_stuck(now, place);
        }
        while let Some(place) = self.expired(now, Queue::Moving, |timers| timers.moving) {
            self.give_up_on_stalled(now, place);
        }
        while let Some(place) = self.expired(now, Queue::Paced, |timers| timers.paced) {
            self.resume(place);
        }
        if let Some(place) = self.table.pop(Queue::Working) {
            self.work(now, place);
        }
        self.turn_window(now);
    }

    fn due(&self, queue: Queue, timer: fn(&Timers) -> Instant) -> Option<Instant> {
        let first = self.table.first(queue)?;
        self.table.tenant(first).map(|client| timer(&client.timers))
    }

    fn expired(
        &mut self,
        now: Instant,
        queue: Queue,
        timer: fn(&Timers) -> Instant,
    ) -> Option<u32> {
        self.due(queue, timer).filter(|&due| due <= now)?;
        self.table.pop(queue)
    }

    fn fall_quiet(&mut self, now: Instant, place: u32) {
        let Some(client) = self.table.tenant_mut(place) else { return };
        if client.pause == Pause::Burst && !client.gone {
            client.pause = Pause::Quiet;
            self.digest(now, place);
        }
        self.wake_fresh(place);
    }

    /// Puts out who takes nothing, unless its own upload moves on: the classic
    /// client does not read while it sends a file.
    fn give_up_on_stuck(&mut self, now: Instant, place: u32) {
        let patience = self.config.write_timeout;
        let waits = self.waits_for_store(place);
        let Some(client) = self.table.tenant_mut(place) else { return };
        let uploads = client.body.is_some() || client.put().is_some();
        let uploads = uploads && now.since(client.timers.moved_at) < patience;
        if uploads || waits {
            self.set_stuck(now, place);
        } else {
            self.part(now, place);
        }
    }

    /// Ends a transfer, or a header, that does not move. Where it waits for the
    /// store or for a slot, or its next part behind a text that the room does
    /// not take yet, it is not the peer that stalls.
    fn give_up_on_stalled(&mut self, now: Instant, place: u32) {
        let waits = self.waits_for_store(place);
        let silenced = self.table.is_in_any([Queue::Held, Queue::Paced], place);
        let Some(client) = self.table.tenant(place) else { return };
        let held_up = waits || (silenced && client.put().is_some());
        if held_up || client.timers.moved >= LEAST_MOVED {
            self.set_moving(now, place);
        } else {
            self.part(now, place);
        }
    }

    /// From now on a client must move on, if it does not have to already.
    pub(super) fn start_moving(&mut self, now: Instant, place: u32) {
        if !self.table.is_in(Queue::Moving, place) {
            self.set_moving(now, place);
        }
    }

    fn set_moving(&mut self, now: Instant, place: u32) {
        let stall = self.config.stall_timeout;
        if let Some(Client { timers, .. }) = self.table.tenant_mut(place) {
            timers.moving = now + stall;
            timers.moved = 0;
            self.table.push(Queue::Moving, place);
        }
    }

    /// A client's upload is over, beside which it did not have to read: the
    /// time in which it must take something begins anew.
    pub(super) fn start_reading(&mut self, now: Instant, place: u32) {
        if self.table.is_in(Queue::Stuck, place) {
            self.table.leave(Queue::Stuck, place);
            self.set_stuck(now, place);
        }
    }

    /// From now on a client must take something.
    pub(super) fn set_stuck(&mut self, now: Instant, place: u32) {
        if let Some(Client { timers, .. }) = self.table.tenant_mut(place) {
            timers.stuck = now + self.config.write_timeout;
            self.table.push(Queue::Stuck, place);
        }
    }
}
