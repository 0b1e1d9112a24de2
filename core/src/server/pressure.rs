//! Slow peers: what they may cost the others, and when they are left behind.
//!
//! As long as nobody is more than half the log behind, a slow peer costs nobody
//! anything. When somebody is, the log is *pressed*: who writes much waits, and
//! nobody is let in. At the end of each patience, who is more than half behind
//! and took little is taken forward to the newest line. The other half of the
//! log is for those who write little, and for notices; if it runs out first,
//! the furthest behind is taken forward at once.

use super::Server;
use super::client::{Answer, Half, Outbox};
use crate::log::{Audience, Cursor};
use crate::store::Store;
use crate::table::Queue;
use crate::time::Instant;

/// No client has this place: leaves nobody out of account.
const NOBODY: u32 = u32::MAX;

/// The patience under way.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Window {
    /// Counts patiences; what a client said and took counts in one of them.
    pub(super) number: u32,
    pub(super) ends: Instant,
    /// Whether the log was pressed when it began.
    pub(super) pressed: bool,
}

impl<S: Store> Server<'_, S> {
    /// Whether somebody who is not in step is more than half the log behind.
    pub(super) fn is_pressed(&self) -> bool {
        self.laggards.at(0).is_some_and(|(_, line)| self.is_half_behind(line))
    }

    /// Whether somebody who would take lines if they were offered may be more
    /// than half the log behind: then sending comes before hearing, so that who
    /// reads loses nothing. Over as soon as nobody has anything to send.
    pub(super) fn is_outrun(&self) -> bool {
        let outrun = self.first_in_step().is_some_and(|(_, line)| self.is_half_behind(line));
        outrun || (self.is_pressed() && self.table.first(Queue::Urgent).is_some())
    }

    /// Bytes of lines that are to leave to those who had all lines: what came since
    /// the first of them was served. Each line takes
    /// [`LINE_COST`](crate::log::LINE_COST) on the average at least, for whomever it
    /// is; what others have still to get does not count.
    pub fn backlog(&self) -> usize {
        self.first_in_step().map_or(0, |(_, line)| self.lag(line))
    }

    /// Bytes of lines that may be appended while nobody has to be asked: all are
    /// in step, and far from being outrun. Each line is to count as its
    /// [`LINE_COST`](crate::log::LINE_COST) at least.
    pub(super) fn headroom(&self, now: Instant) -> usize {
        if self.config.max_chat > 0 || !self.is_calm(now) {
            return 0;
        }
        // What is wasted at the end of the log is less than a line.
        let wasted = usize::from(self.config.line_limit);
        (self.log.capacity() / 2).saturating_sub(self.backlog() + wasted)
    }

    /// Whether a client may say something now. Where it may not, it is held
    /// until it may. A client is never made to wait for itself.
    pub(super) fn may_speak(&mut self, now: Instant, place: u32) -> bool {
        if self.is_calm(now) {
            return true;
        }
        self.turn_window(now);
        self.settle_first(place);
        let pressed =
            self.laggards.first_but(place).is_some_and(|(_, line)| self.is_half_behind(line));
        let number = self.window.number;
        let Some(client) = self.table.tenant_mut(place) else { return false };
        let wrote = client.speech_in(number).wrote;
        !(pressed && self.is_much(wrote))
    }

    /// Whether so many bytes are more than anybody may write in a patience
    /// while the log is pressed.
    pub(super) fn is_much(&self, wrote: u32) -> bool {
        wrote as usize > self.log.capacity() / 64
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
    /// included.
    pub(super) fn append(
        &mut self,
        now: Instant,
        audience: Audience,
        most: usize,
        write: impl FnOnce(&mut [u8]) -> usize,
    ) -> usize {
        self.make_room(most);
        let len = self.log.append(audience, most, write);
        debug_assert!(!self.has_overrun(), "nobody's next line is written over");
        self.turn_window(now);
        len
    }

    /// Lets a line of `most` bytes be appended: those whose lines it would write
    /// over are taken forward.
    pub(super) fn make_room(&mut self, most: usize) {
        let room = self.log.capacity() - 2 * most;
        while let Some((place, line)) = self.laggards.at(0)
            && self.lag(line) > room
        {
            if self.settle(place) <= line {
                self.take_forward(place);
            }
        }
    }

    /// Whether all are in step in a patience that goes on: the usual case, in
    /// which nobody has to be looked at.
    fn is_calm(&self, now: Instant) -> bool {
        now < self.window.ends && !self.window.pressed && self.laggards.len() == 0
    }

    /// Begins a new patience when the last is over, or the log became pressed.
    pub(super) fn turn_window(&mut self, now: Instant) {
        if self.is_calm(now) {
            return;
        }
        let over = now >= self.window.ends;
        self.settle_first(NOBODY);
        let pressed = self.is_pressed();
        if over && pressed && self.window.pressed {
            self.judge();
        }
        if over || (pressed && !self.window.pressed) {
            self.window.number = self.window.number.wrapping_add(1);
            self.window.ends = now + self.config.patience;
            self.release_held();
        }
        self.window.pressed = self.is_pressed();
    }

    /// When the patience under way ends, if anybody waits for that.
    pub(super) fn window_ends(&self) -> Option<Instant> {
        let awaited = self.window.pressed || self.table.first(Queue::Held).is_some();
        awaited.then_some(self.window.ends)
    }

    /// Takes forward who is more than half behind and took less than 1/8 of
    /// the log in this patience. Looks at all who are not in step, once in a
    /// patience. From the back: whoever is moved sinks to where all is judged.
    fn judge(&mut self) {
        let (number, enough) = (self.window.number, self.log.capacity() / 8);
        for rank in (0..self.laggards.len()).rev() {
            let Some((place, line)) = self.laggards.at(rank) else { continue };
            let Some(client) = self.table.tenant_mut(place) else { continue };
            let took = client.speech_in(number).took as usize;
            if took < enough && self.is_half_behind(line) {
                let line = self.settle(place);
                if self.is_half_behind(line) {
                    self.take_forward(place);
                }
            }
        }
    }

    /// Puts a client that is not in step where it belongs among those.
    pub(super) fn fall_behind(&mut self, place: u32) {
        self.table.leave(Queue::InStep, place);
        if let Some(client) = self.table.tenant_mut(place) {
            client.pass_lines(self.log.end());
            self.laggards.set(place, client.outbox.cursor.next);
        }
    }

    /// Takes who is the furthest behind, but for one, over lines that are not
    /// for it, until that makes no difference. Each peer passes each line once.
    fn settle_first(&mut self, but: u32) {
        while let Some((place, line)) = self.laggards.first_but(but)
            && self.is_half_behind(line)
            && self.settle(place) > line
        {}
    }

    /// Takes a client that is not in step over lines that are not for it;
    /// returns the line that it comes to next.
    fn settle(&mut self, place: u32) -> u64 {
        let Some(client) = self.table.tenant_mut(place) else { return self.log.head() };
        let reader = client.reader(place);
        client.pass_lines(self.log.end());
        let cursor = &mut client.outbox.cursor;
        self.log.settle(cursor, reader);
        let next = cursor.next;
        self.laggards.set(place, next);
        next
    }

    /// Takes a client to the newest line; it is told what it missed, and a
    /// line that it had half is ended. Looks at the lines that it missed.
    pub(super) fn take_forward(&mut self, place: u32) {
        let newest = self.log.newest();
        let Some(client) = self.table.tenant_mut(place) else { return };
        let reader = client.reader(place);
        let Outbox { cursor, answers, skipped, half, .. } = &mut client.outbox;
        if cursor.next < newest.next {
            if cursor.sent > 0 {
                *half = Half::of(self.log.run(*cursor, reader, cursor.next + 1, 0).bytes);
                // Room: two places are kept for what no command asks for.
                let _ = answers.push_front(Answer::Cut);
                cursor.next += 1;
            }
            let missed = self.log.count(cursor.next, newest.next, reader);
            self.tally.skipped += u64::from(missed);
            *skipped = skipped.saturating_add(missed);
            *cursor = newest;
        }
        self.fall_behind(place);
    }

    /// Lets those go on who waited for a patience to end.
    fn release_held(&mut self) {
        while let Some(place) = self.table.pop(Queue::Held) {
            self.table.push(Queue::Resumed, place);
        }
    }

    fn is_half_behind(&self, line: u64) -> bool {
        self.lag(line) * 2 > self.log.capacity()
    }

    fn lag(&self, line: u64) -> usize {
        self.log.lag(Cursor { next: line, sent: 0 })
    }

    /// Whether a line is gone that somebody had still to come to; never, since
    /// who reads is waited for and who does not is taken forward.
    fn has_overrun(&self) -> bool {
        let firsts = [self.first_in_step(), self.laggards.at(0)];
        let lost = |(_, next)| self.log.is_overrun(Cursor { next, sent: 0 });
        firsts.into_iter().flatten().any(lost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::ClientId;
    use crate::memory::{LINE_COST, StaticMemory};
    use crate::server::Config;
    use crate::store::NoStore;

    type TestMemory = StaticMemory<2, 256, 512, 0, 0>;

    fn join(server: &mut Server<'_, NoStore>, port: u16) -> ClientId {
        let addr = core::net::SocketAddr::from(([127, 0, 0, 1], port));
        let id = server.handle_connected(Instant::ZERO, addr).unwrap();
        say(server, id, b"\n");
        drain(server);
        id
    }

    fn say(server: &mut Server<'_, NoStore>, id: ClientId, line: &[u8]) {
        server.space(id)[..line.len()].copy_from_slice(line);
        server.handle_received(Instant::ZERO, id, line.len());
    }

    fn drain(server: &mut Server<'_, NoStore>) {
        while let Some(id) = server.poll_transmit(Instant::ZERO) {
            let len = server.pending(id).len();
            server.handle_sent(Instant::ZERO, id, len);
        }
    }

    #[test]
    fn what_was_said_is_backlog_until_all_have_it() {
        let mut memory = TestMemory::new();
        let config = Config { line_limit: 256, ..Config::default() };
        let mut server = Server::new(memory.lend(), config, NoStore).unwrap();
        let (ada, bob) = (join(&mut server, 40_001), join(&mut server, 40_002));
        assert_eq!(server.backlog(), 0);
        say(&mut server, ada, b"short\n");
        assert_eq!(server.backlog(), LINE_COST);
        say(&mut server, ada, &[[b'x'; 150].as_slice(), b"\n"].concat());
        let lines = "[127.0.0.1:40001] short\n".len() + "[127.0.0.1:40001] \n".len() + 150;
        assert_eq!(server.backlog(), lines);
        drain(&mut server);
        assert_eq!(server.backlog(), 0);
        // A link that takes nothing is not waited for.
        say(&mut server, ada, b"short\n");
        assert_eq!(server.poll_transmit(Instant::ZERO), Some(bob));
        server.handle_blocked(Instant::ZERO, bob);
        drain(&mut server);
        assert_eq!(server.backlog(), 0);
    }
}
