//! Slow peers: what they may cost the others, and when they are left behind.
//!
//! As long as nobody is more than half the log behind, a slow peer costs nobody
//! anything. When somebody is, the log is *pressed*: who writes much waits, and
//! nobody is let in. At the end of each patience, who is more than half behind
//! and took little is taken forward to the newest line. The other half of the
//! log is for those who write little, and for notices; if it runs out first,
//! the furthest behind is taken forward at once.

use super::Server;
use super::client::{Answer, Outbox};
use crate::log::{Audience, Cursor};
use crate::store::Store;
use crate::table::Queue;
use crate::time::Instant;

/// The patience under way.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Window {
    /// Counts patiences; what a client said and took counts in one of them.
    pub(super) number: u32,
    pub(super) since: Instant,
    /// Whether the log was pressed when it began.
    pub(super) pressed: bool,
}

impl<S: Store> Server<'_, S> {
    /// Whether somebody whose link is full is more than half the log behind.
    pub(super) fn is_pressed(&self) -> bool {
        self.laggards.at(0).is_some_and(|(_, line)| self.is_half_behind(line))
    }

    /// Whether somebody who would take lines if they were offered is more than
    /// half the log behind: then sending comes before saying.
    pub(super) fn is_outrun(&self) -> bool {
        [Queue::InStep, Queue::Urgent].into_iter().any(|queue| {
            let first = self.table.first(queue).and_then(|place| self.table.tenant(place));
            first.is_some_and(|client| {
                self.log.lag(client.outbox.cursor) * 2 > self.log.capacity()
                    && !self.log.is_overrun(client.outbox.cursor)
            })
        })
    }

    /// Whether a client may say something now. Where it may not, it is held
    /// until it may. A client is never made to wait for itself.
    pub(super) fn may_speak(&mut self, now: Instant, place: u32) -> bool {
        self.turn_window(now);
        let pressed =
            self.laggards.first_but(place).is_some_and(|(_, line)| self.is_half_behind(line));
        let share = self.log.capacity() / 64;
        let number = self.window.number;
        let Some(client) = self.table.tenant_mut(place) else { return false };
        let much = client.speech_in(number).wrote as usize > share;
        !((pressed && much) || self.is_outrun())
    }

    /// Appends a line; whoever is the furthest behind makes room for it.
    pub(super) fn append_line(&mut self, now: Instant, audience: Audience, line: &[u8]) {
        self.append(now, audience, line.len() + 1, |out| {
            out[..line.len()].copy_from_slice(line);
            out[line.len()] = b'\n';
            line.len() + 1
        });
    }

    /// Appends a line of at most `most` bytes that `write` fills in, newline
    /// included. Takes forward only those whose lines it would write over.
    pub(super) fn append(
        &mut self,
        now: Instant,
        audience: Audience,
        most: usize,
        write: impl FnOnce(&mut [u8]) -> usize,
    ) -> usize {
        let room = self.log.capacity() - 2 * most;
        while let Some((place, line)) = self.laggards.at(0)
            && self.log.lag(Cursor { next: line, sent: 0 }) > room
        {
            self.take_forward(place);
        }
        let len = self.log.append(audience, most, write);
        self.turn_window(now);
        len
    }

    /// Begins a new patience when the last is over, or the log became pressed.
    pub(super) fn turn_window(&mut self, now: Instant) {
        let pressed = self.is_pressed();
        let over = now.since(self.window.since) >= self.config.patience;
        if over && pressed && self.window.pressed {
            self.judge();
        }
        if over || (pressed && !self.window.pressed) {
            self.window.number = self.window.number.wrapping_add(1);
            self.window.since = now;
            self.release_held();
        }
        self.window.pressed = self.is_pressed();
    }

    /// When the patience under way ends, if anybody waits for that.
    pub(super) fn window_ends(&self) -> Option<Instant> {
        let awaited = self.window.pressed || self.table.first(Queue::Held).is_some();
        awaited.then_some(self.window.since + self.config.patience)
    }

    /// Takes forward who is more than half behind and took less than 1/8 of
    /// the log in this patience. Looks at all whose link is full, once in a
    /// patience. From the back: whoever is moved sinks to where all is judged.
    fn judge(&mut self) {
        let (number, enough) = (self.window.number, self.log.capacity() / 8);
        for rank in (0..self.laggards.len()).rev() {
            let Some((place, line)) = self.laggards.at(rank) else { continue };
            let Some(client) = self.table.tenant_mut(place) else { continue };
            let took = client.speech_in(number).took as usize;
            if took < enough && self.is_half_behind(line) {
                self.take_forward(place);
            }
        }
    }

    /// Takes a client to the newest line; it is told what it missed, and a
    /// line that it had half is ended. Looks at the lines that it missed.
    pub(super) fn take_forward(&mut self, place: u32) {
        let newest = self.log.newest();
        let Some(client) = self.table.tenant_mut(place) else { return };
        let reader = client.reader(place);
        let Outbox { cursor, answers, skipped, .. } = &mut client.outbox;
        if cursor.next >= newest.next {
            return;
        }
        if cursor.sent > 0 {
            // Room: two places are kept for what no command asks for.
            let _ = answers.push_front(Answer::Cut);
            cursor.next += 1;
        }
        *skipped = skipped.saturating_add(self.log.count(cursor.next, newest.next, reader));
        *cursor = newest;
        if self.laggards.contains(place) {
            self.laggards.set(place, newest.next);
        }
    }

    /// Lets those go on who waited for a patience to end.
    fn release_held(&mut self) {
        while let Some(place) = self.table.pop(Queue::Held) {
            self.table.push(Queue::Resumed, place);
        }
    }

    fn is_half_behind(&self, line: u64) -> bool {
        self.log.lag(Cursor { next: line, sent: 0 }) * 2 > self.log.capacity()
    }
}
