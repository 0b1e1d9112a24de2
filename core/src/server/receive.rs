//! What comes from a client: bytes into frames, frames into deeds.

use core::mem;

use super::client::{Answer, Client, Stage};
use super::commands::borrowed;
use super::speech::Manner;
use super::{QUIET, Server};
use crate::id::ClientId;
use crate::store::{Store, TransferSlot};
use crate::table::Queue;
use crate::time::Instant;
use crate::wire::frame::{Decoded, Frame, Pause, Text};
use crate::wire::header::Header;
use crate::wire::name::FileName;
use crate::wire::notice::Refusal;

impl<S: Store> Server<'_, S> {
    /// Where to put the next bytes of a client; empty while it has to wait.
    ///
    /// File bytes go straight into the block of their upload, if not
    /// [past the room](Self::bypass).
    pub fn space(&mut self, id: ClientId) -> &mut [u8] {
        let Some(place) = self.here(id) else { return &mut [] };
        if !self.reads(place) {
            return &mut [];
        }
        let share = self.share;
        let Some(client) = self.table.tenant_mut(place) else { return &mut [] };
        let room = client.body.as_ref().map_or(u64::MAX, |body| body.readings.room());
        let room = usize::try_from(room).unwrap_or(usize::MAX);
        if let Some(slot) = direct(client) {
            let space = self.transfers.space(slot);
            let len = space.len().min(room);
            return &mut space[..len];
        }
        let all = &mut self.input[place as usize * share..][..share];
        let window = &mut client.input;
        if window.start > 0 {
            all.copy_within(window.start as usize..window.end as usize, 0);
            window.end -= window.start;
            window.start = 0;
        }
        // Not past the file, or what follows it would become one burst.
        let end = share.min(room.max(window.end as usize));
        &mut all[window.end as usize..end]
    }

    /// `count` bytes of a client stand in the [`space`](Self::space) that was
    /// given last. Handles all frames in them: bounded by the bytes.
    pub fn handle_received(&mut self, now: Instant, id: ClientId, count: usize) {
        let Some(place) = self.note_received(id, count) else { return };
        let Some(client) = self.table.tenant_mut(place) else { return };
        match direct(client) {
            Some(slot) => {
                self.transfers.filled(slot, count);
                self.took_body(now, place, count);
            }
            None => client.input.end += count as u32,
        }
        self.digest(now, place);
    }

    /// Notes that `count` bytes of a client came: there is no quiet.
    pub(super) fn note_received(&mut self, id: ClientId, count: usize) -> Option<u32> {
        let place = self.here(id)?;
        self.tally.received += count as u64;
        self.table.leave(Queue::Quiet, place);
        let client = self.table.tenant_mut(place)?;
        client.spoke = true;
        client.pause = Pause::None;
        Some(place)
    }

    /// Whether the next bytes of a client are a file's: they can wait for lines.
    pub fn takes_file(&self, id: ClientId) -> bool {
        let client = self.here(id).and_then(|place| self.table.tenant(place));
        client.is_some_and(|client| client.body.is_some())
    }

    /// A read of a client's link found nothing: a burst is over, and quiet
    /// begins.
    pub fn handle_pause(&mut self, now: Instant, id: ClientId) {
        let Some(place) = self.here(id) else { return };
        let Some(client) = self.table.tenant_mut(place) else { return };
        if client.pause == Pause::None {
            client.pause = Pause::Burst;
            self.digest(now, place);
        }
    }

    /// A client whose input can go on after it had to wait: read its link.
    pub fn poll_receive(&mut self, now: Instant) -> Option<ClientId> {
        while let Some(place) = self.next_to_go_on(now) {
            self.digest(now, place);
            if self.reads(place) {
                return Some(self.table.id(place));
            }
        }
        None
    }

    fn next_to_go_on(&mut self, now: Instant) -> Option<u32> {
        if self.is_outrun() {
            return None;
        }
        if let Some(place) = self.table.pop(Queue::Resumed) {
            return Some(place);
        }
        if self.table.first(Queue::Slot).is_some() && self.transfers.free().is_some() {
            return self.table.pop(Queue::Slot);
        }
        self.next_to_speak(now)
    }

    /// Who is held and may speak again. All are held for the same reason, but
    /// for the one who is the furthest behind: it does not wait for itself.
    fn next_to_speak(&mut self, now: Instant) -> Option<u32> {
        let behind = self.laggards.at(0).map(|(place, _)| place);
        let behind = behind.filter(|&place| self.table.is_in(Queue::Held, place));
        let either = [behind, self.table.first(Queue::Held)];
        let place = either.into_iter().flatten().find(|&place| self.may_speak(now, place))?;
        self.table.leave(Queue::Held, place);
        Some(place)
    }

    /// Whether a client's link is to be read: until its burst is over even when
    /// it has to wait, so that the next one is not taken for a part of it; and
    /// on until quiet where that is to tell where a header ends.
    pub(super) fn reads(&self, place: u32) -> bool {
        let Some(client) = self.table.tenant(place) else { return false };
        let ends = client.gone || client.stage >= Stage::Leaving || client.pause == Pause::End;
        let goes_on = client.pause == Pause::None || self.table.is_in(Queue::Quiet, place);
        let waits = || self.is_held(place) || self.table.is_in(Queue::Resumed, place);
        !ends && (goes_on || !waits())
    }

    /// Lets a client's input go on, where it waits for nothing else.
    pub(super) fn resume(&mut self, place: u32) {
        let here = self.table.tenant(place).is_some_and(|client| client.stage < Stage::Left);
        if here {
            self.table.push(Queue::Resumed, place);
        }
    }

    /// Whether a client's next frame has to wait.
    pub(super) fn is_held(&self, place: u32) -> bool {
        let Some(client) = self.table.tenant(place) else { return true };
        // A file's bytes make no more answers than its header had room for.
        client.stage >= Stage::Leaving
            || client.is_settling()
            || client.is_stopping()
            || (client.body.is_none() && !client.can_be_answered())
            || self.table.is_in_any(WAITS, place)
    }

    /// Handles what a client said, as far as neither it nor the room needs to
    /// wait. The input steps aside meanwhile, since its frames are acted on by
    /// the whole room.
    pub(super) fn digest(&mut self, now: Instant, place: u32) {
        let mut input = mem::take(&mut self.input);
        let share = input.len().min((place as usize + 1) * self.share);
        let own = &input[share - self.share..share];
        while !self.is_held(place) && !self.is_outrun() && self.digest_next(now, place, own) {}
        self.await_end_of_header(now, place, own);
        mem::swap(&mut self.input, &mut input);
        if self.is_outrun() {
            self.resume(place);
        } else if self.table.tenant(place).is_some_and(|client| client.spoke) {
            self.wake_fresh(place);
        }
        self.let_gone_go(now, place);
    }

    /// Handles one frame, or a piece of a file; whether there may be more.
    fn digest_next(&mut self, now: Instant, place: u32, own: &[u8]) -> bool {
        let room = self.text_room(place);
        let Some(client) = self.table.tenant_mut(place) else { return false };
        let window = client.input;
        let bytes = &own[window.start as usize..window.end as usize];
        if client.body.is_some() {
            return self.feed(now, place, bytes);
        }
        let full = bytes.len() == own.len();
        match client.decoder.decode(bytes, client.pause, room, full) {
            Decoded::Frame(frame, used) => self.act(now, place, frame, used, own),
            Decoded::More => self.await_more(now, place),
            Decoded::Wait => self.await_quiet(now, place),
            Decoded::Header => self.await_header(now, place),
        }
    }

    fn act(&mut self, now: Instant, place: u32, frame: Frame<'_>, used: usize, own: &[u8]) -> bool {
        let transfers = self.table.tenant(place).is_some_and(|client| client.transfer.is_some());
        if !transfers && !matches!(frame, Frame::Upload(_)) {
            // What looked like the start of a header was none.
            self.table.leave(Queue::Moving, place);
        }
        match frame {
            Frame::Text(text) => return self.act_text(now, place, &text, own),
            Frame::Upload(header) => return self.act_upload(now, place, header, used),
            Frame::Command(line) => return self.act_command(now, place, line, used),
            Frame::Nothing => {}
            Frame::Switch => self.switch(place),
            Frame::TooLong => {
                self.refuse(place, Refusal::TooLong(self.config.line_limit));
            }
            Frame::Unreadable | Frame::Http => self.dismiss(now, place),
        }
        self.consume(place, used);
        true
    }

    /// Says a text, and the whole lines that follow it in the client's input as
    /// long as nobody else has to be asked.
    fn act_text(&mut self, now: Instant, place: u32, text: &Text<'_>, own: &[u8]) -> bool {
        if !self.gets_the_floor(now, place) {
            return false;
        }
        let taken = self.say(now, place, Manner::Text, text.raw);
        let headroom = self.headroom(now);
        let Some(client) = self.table.tenant_mut(place) else { return false };
        let used = client.decoder.took_text(text, taken);
        client.input.consume(used);
        if let Some(input) = own.get(client.input.range()) {
            self.say_more(place, input, headroom);
        }
        true
    }

    fn act_upload(&mut self, now: Instant, place: u32, header: Header<'_>, used: usize) -> bool {
        let name = FileName::parse(header.name);
        if !self.begin_upload(now, place, borrowed(&name), header.readings) {
            return false;
        }
        self.consume(place, used);
        true
    }

    /// The peer's first newline: from now on it gets lines.
    fn switch(&mut self, place: u32) {
        if let Some(client) = self.table.tenant_mut(place) {
            client.answer(Answer::Switched);
        }
        self.make_urgent(place);
    }

    pub(super) fn refuse(&mut self, place: u32, why: Refusal) {
        self.tally.refused += 1;
        if let Some(client) = self.table.tenant_mut(place) {
            client.answer(Answer::Refused(why));
        }
        self.make_urgent(place);
    }

    pub(super) fn consume(&mut self, place: u32, used: usize) {
        if let Some(client) = self.table.tenant_mut(place) {
            client.input.consume(used);
        }
    }

    /// Nothing is left to handle: at the end, the peer is let go.
    fn await_more(&mut self, now: Instant, place: u32) -> bool {
        if self.pause(place) == Pause::End {
            self.dismiss(now, place);
        }
        false
    }

    pub(super) fn await_quiet(&mut self, now: Instant, place: u32) -> bool {
        let waits = self.table.is_in(Queue::Quiet, place);
        let Some(client) = self.table.tenant_mut(place) else { return false };
        if client.pause == Pause::Burst && !waits {
            client.timers.quiet = now + QUIET;
            self.table.push(Queue::Quiet, place);
        }
        false
    }

    /// The header of who has to wait is not decoded yet, and the quiet behind it
    /// begins all the same: later the file would stick to it.
    fn await_end_of_header(&mut self, now: Instant, place: u32, own: &[u8]) {
        let Some(client) = self.table.tenant(place) else { return };
        if own.get(client.input.range()).is_some_and(|input| client.decoder.opens_upload(input)) {
            self.await_quiet(now, place);
        }
    }

    /// A header has begun: it must move on, and ends with quiet or more bytes.
    fn await_header(&mut self, now: Instant, place: u32) -> bool {
        if self.pause(place) == Pause::End {
            self.dismiss(now, place);
            return false;
        }
        self.start_moving(now, place);
        self.await_quiet(now, place)
    }

    fn pause(&self, place: u32) -> Pause {
        self.table.tenant(place).map_or(Pause::End, |client| client.pause)
    }

    /// With a newcomer's first byte it gets the room's lines, in the dialect
    /// that it turned out to speak.
    pub(super) fn wake_fresh(&mut self, place: u32) {
        let Some(client) = self.table.tenant_mut(place) else { return };
        if client.stage == Stage::Fresh {
            client.stage = Stage::Here;
            self.make_urgent(place);
        }
    }
}

/// Where a client stands whose next frame has to wait.
const WAITS: [Queue; 4] = [Queue::Held, Queue::Paced, Queue::Slot, Queue::Marked];

/// The slot of the upload into which a client's bytes go straight.
pub(super) fn direct(client: &Client) -> Option<TransferSlot> {
    client.body_slot().filter(|_| client.input.len() == 0)
}
