//! What goes to a client: answers, rendered when the link takes them, and the
//! room's lines, from the log as they lie.

use core::mem;

use super::Server;
use super::answers::Front;
use super::client::{Answer, Half, Outbox, Stage};
use crate::id::ClientId;
use crate::log::{Cursor, LINE_COST, Reader, Run};
use crate::store::{Loan, Store};
use crate::table::Queue;
use crate::time::Instant;
use crate::wire::Dialect;

/// Bytes that leave in one write, at most (and the rest of a line): so that
/// one peer's backlog does not keep the others waiting.
const MOST_AT_ONCE: usize = 256 << 10;
/// Bytes of the longest answer: one that tells of a file with the longest name.
pub(super) const PAGE: usize = 320;

/// What [`Server::pending`] gave: to whom, of which kind, how many bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Offer {
    to: ClientId,
    kind: Kind,
    len: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Of the room's lines, before the numbered one.
    Lines { next: u64 },
    /// Of the lines that the first answer repeats.
    History,
    /// The rest of the first answer's line.
    Answer,
    /// Of a line of its transfer, or of a part of the file.
    Piece,
}

/// What is a client's next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Answer,
    Lines,
    Piece,
}

impl<S: Store> Server<'_, S> {
    /// Who has something to send and a link that may take it.
    ///
    /// Write what is [`pending`](Self::pending), then tell of it with
    /// [`handle_sent`](Self::handle_sent) or
    /// [`handle_blocked`](Self::handle_blocked). Costs as much as peers have to
    /// be looked at that have nothing to send: each once for each line that
    /// came meanwhile and is not for it.
    pub fn poll_transmit(&mut self, now: Instant) -> Option<ClientId> {
        loop {
            self.announce(now);
            let place = self.next_to_send()?;
            if self.next_for(place).is_some() {
                return Some(self.table.id(place));
            }
            self.rest(now, place);
        }
    }

    /// By turns, so that who has always something urgent cannot keep those
    /// waiting who are in step.
    fn next_to_send(&mut self) -> Option<u32> {
        self.turn = !self.turn;
        let urgent = self.table.first(Queue::Urgent);
        let in_step = self.first_in_step().map(|(place, _)| place);
        if self.turn { urgent.or(in_step) } else { in_step.or(urgent) }
    }

    /// Who is in step, the longest, and was not asked about the newest line
    /// that is for more than one; with the line that it comes to next.
    pub(super) fn first_in_step(&self) -> Option<(u32, u64)> {
        let place = self.table.first(Queue::InStep)?;
        let next = self.table.tenant(place)?.outbox.cursor.next;
        (next < self.log.told()).then_some((place, next))
    }

    /// Whether there is a line for a client.
    fn has_lines(&mut self, place: u32) -> bool {
        let Some(client) = self.table.tenant_mut(place) else { return false };
        let reader = client.reader(place);
        client.stage == Stage::Here && self.log.settle(&mut client.outbox.cursor, reader)
    }

    /// What goes first to a client. For who is in step there nearly always is a
    /// line, and nothing else has to be looked at. Asked twice a delivery: two calls
    /// would be 30 instructions more.
    #[inline]
    fn next_for(&mut self, place: u32) -> Option<Next> {
        if self.is_just_in_step(place) && self.has_lines(place) {
            return Some(Next::Lines);
        }
        self.next_up(place)
    }

    /// Whether a client is in step, and there is nothing for it but lines: all
    /// else has made it urgent.
    fn is_just_in_step(&self, place: u32) -> bool {
        let just =
            self.table.is_in(Queue::InStep, place) && !self.table.is_in(Queue::Urgent, place);
        debug_assert!(!just || self.has_nothing_else(place), "what is owed is urgent");
        just
    }

    fn has_nothing_else(&self, place: u32) -> bool {
        let outbox = self.table.tenant(place).map(|client| &client.outbox);
        outbox.is_none_or(|outbox| outbox.answers.is_empty() && !outbox.in_piece)
    }

    /// Brings a client's outbox up to date, and says what goes first: the rest
    /// of what is half out, then answers, lines, and of a file what is left of
    /// the link.
    #[inline]
    fn next_up(&mut self, place: u32) -> Option<Next> {
        let client = self.table.tenant_mut(place)?;
        let reader = client.reader(place);
        let lines = client.stage == Stage::Here;
        let Outbox { cursor, answers, skipped, in_piece, .. } = &mut client.outbox;
        if *in_piece {
            return Some(Next::Piece);
        }
        if cursor.sent > 0 {
            return Some(Next::Lines);
        }
        if answers.is_empty() && lines && *skipped > 0 && reader.dialect() == Dialect::Line {
            let _ = answers.push_back(Answer::Skipped(mem::take(skipped)));
        }
        if !answers.is_empty() {
            return Some(Next::Answer);
        }
        if lines && self.log.settle(cursor, reader) {
            return Some(Next::Lines);
        }
        let slot = client.transfer?.slot;
        self.transfers.piece(slot).map(|_| Next::Piece)
    }

    /// What is to be sent to a client now: of the room's lines all that lies
    /// together, for a classic peer one message. Nothing else is to be told to
    /// the room between this and what became of it.
    pub fn pending(&mut self, id: ClientId) -> &[u8] {
        self.make_offer(id, false).0
    }

    /// What is [pending](Self::pending), and what is right behind it where lines
    /// stand in between that are not for the client, or the end of the log.
    pub fn pending_both(&mut self, id: ClientId) -> (&[u8], &[u8]) {
        self.make_offer(id, true)
    }

    /// What is to be sent to a client where nothing is
    /// [`pending`](Self::pending): a part of a file that the store
    /// [lends](Store::lend). Tell as ever how many bytes the link took, those of
    /// the line with them.
    pub fn pending_loan(&mut self, id: ClientId) -> Option<Loan<'_>> {
        self.offer = None;
        let place = self.here(id)?;
        if self.next_up(place) != Some(Next::Piece) {
            return None;
        }
        let loan = self.transfers.loan(self.table.tenant(place)?.transfer?.slot)?;
        let len = loan.line.len() + loan.len;
        self.offer = Some(Offer { to: id, kind: Kind::Piece, len });
        Some(loan)
    }

    fn make_offer(&mut self, id: ClientId, both: bool) -> (&[u8], &[u8]) {
        self.offer = None;
        let Some(place) = self.here(id) else { return (&[], &[]) };
        let front = match self.next_for(place) {
            None => return (&[], &[]),
            Some(Next::Lines) => return self.offer_lines(id, both),
            Some(Next::Answer) => self.render_front(place),
            Some(Next::Piece) => self.render_piece(place),
        };
        let sent = self.table.tenant(place).map_or(0, |client| client.outbox.sent);
        let (kind, bytes) = match front {
            Front::History { cursor, until } => {
                let run = self.log.run(cursor, Reader::OBSERVER, until, MOST_AT_ONCE);
                (Kind::History, run.bytes)
            }
            Front::Page(len) => (Kind::Answer, rest_of(&self.page, sent, len)),
            Front::Line(len) => (Kind::Piece, rest_of(&self.page, sent, len)),
            Front::Part(slot) => (Kind::Piece, self.transfers.part(slot)),
        };
        self.offer = Some(Offer { to: id, kind, len: bytes.len() });
        (bytes, &[])
    }

    fn offer_lines(&mut self, id: ClientId, both: bool) -> (&[u8], &[u8]) {
        let Some(client) = self.table.tenant(id.place()) else { return (&[], &[]) };
        let (cursor, reader) = (client.outbox.cursor, client.reader(id.place()));
        // Who leaves, or has answers to get, gets the rest of its line alone.
        let more = client.stage == Stage::Here && client.outbox.answers.is_empty();
        let until = if more { u64::MAX } else { cursor.next + 1 };
        let first = self.log.run(cursor, reader, until, MOST_AT_ONCE);
        let mut second = Run { bytes: &[], next: first.next };
        if both && more && first.next < self.log.head() {
            second = self.log.run_behind(first, reader, MOST_AT_ONCE);
        }
        let len = first.bytes.len() + second.bytes.len();
        self.offer = Some(Offer { to: id, kind: Kind::Lines { next: second.next }, len });
        (first.bytes, second.bytes)
    }

    /// The link took `count` bytes of what was [`pending`](Self::pending).
    pub fn handle_sent(&mut self, now: Instant, id: ClientId, count: usize) {
        let Some(offer) = self.offer.take().filter(|offer| offer.to == id) else { return };
        let Some(place) = self.here(id) else { return };
        let count = count.min(offer.len);
        self.tally.sent += count as u64;
        self.advance(now, place, offer, count);
        if self.has_all_lines(offer, count) && self.table.rotate(Queue::InStep, place) {
            // In step as before. What else there is for it has made it urgent.
            return;
        }
        if self.line_up(now, place) {
            if count > 0 {
                self.table.leave(Queue::Stuck, place);
            }
            self.table.push(Queue::Urgent, place);
        }
    }

    /// Moves a client over what it took of an offer.
    fn advance(&mut self, now: Instant, place: u32, offer: Offer, count: usize) {
        let number = self.window.number;
        let Some(client) = self.table.tenant_mut(place) else { return };
        let reader = client.reader(place);
        let outbox = &mut client.outbox;
        match offer.kind {
            Kind::Lines { next } => {
                let cursor = &mut outbox.cursor;
                let before = cursor.next;
                if count == offer.len {
                    *cursor = Cursor { next: next.max(before), sent: 0 };
                } else {
                    self.log.advance(cursor, reader, count);
                }
                let lines = (cursor.next - before) as usize;
                client.speech_in(number).take(count.max(lines * LINE_COST));
            }
            Kind::History => {
                if let Some(Answer::History { cursor, .. }) = outbox.answers.front_mut() {
                    self.log.advance(cursor, Reader::OBSERVER, count);
                    let rest = self.log.run(*cursor, Reader::OBSERVER, cursor.next + 1, 0);
                    outbox.half = Half::of(rest.bytes);
                }
            }
            Kind::Answer => self.took_answer(place, count, offer.len),
            Kind::Piece => self.took_piece(now, place, count, offer.len),
        }
    }

    /// Whether who took so much of an offer has all lines that there are.
    fn has_all_lines(&self, offer: Offer, count: usize) -> bool {
        let Kind::Lines { next } = offer.kind else { return false };
        count == offer.len && next == self.log.head()
    }

    /// The link of a client takes nothing more now. It is left alone until
    /// [`handle_writable`](Self::handle_writable).
    pub fn handle_blocked(&mut self, now: Instant, id: ClientId) {
        let Some(place) = self.here(id) else { return };
        if !self.line_up(now, place) {
            return;
        }
        self.table.leave(Queue::Urgent, place);
        if !self.table.is_in(Queue::Stuck, place) {
            self.set_stuck(now, place);
        }
        self.turn_window(now);
    }

    /// The link of a client may take something again.
    pub fn handle_writable(&mut self, id: ClientId) {
        let Some(place) = self.here(id) else { return };
        if self.table.is_in(Queue::Stuck, place) {
            self.table.push(Queue::Urgent, place);
        }
    }

    /// Puts a client where it belongs: behind, if there is more for it, or at
    /// rest. Tells whether there is more.
    fn line_up(&mut self, now: Instant, place: u32) -> bool {
        let more = self.next_up(place).is_some();
        if more {
            self.fall_behind(place);
        } else {
            self.rest(now, place);
        }
        more
    }

    /// A client has all that there is for it. A newcomer does not have the
    /// room's lines yet, and stays behind until it gets them.
    fn rest(&mut self, now: Instant, place: u32) {
        self.table.leave(Queue::Urgent, place);
        self.table.leave(Queue::Stuck, place);
        let stage = self.table.tenant(place).map_or(Stage::Left, |client| client.stage);
        if stage == Stage::Fresh {
            return;
        }
        self.laggards.remove(place);
        if stage == Stage::Here {
            self.fall_in(place);
        } else {
            // It gets no more lines, and must not be asked for them for ever
            // while it waits for a file.
            self.table.leave(Queue::InStep, place);
            self.see_off(now, place);
        }
    }

    /// Puts a client among those in step, behind all of whom the next line is
    /// the same or an earlier one; as far as there is a choice behind its
    /// neighbour in memory: what is written to one after the other then lies one
    /// after the other, here and in a system that made its links one by one.
    fn fall_in(&mut self, place: u32) {
        let next = |place| self.table.tenant(place).map(|client| client.outbox.cursor.next);
        let neighbour = place.checked_sub(1).filter(|&neighbour| {
            self.table.is_in(Queue::InStep, neighbour) && next(neighbour) == next(place)
        });
        match neighbour {
            Some(neighbour) => self.table.push_behind(Queue::InStep, place, neighbour),
            None => self.table.push(Queue::InStep, place),
        }
    }

    /// Nothing more is sent to a client.
    pub(super) fn fall_silent(&mut self, place: u32) {
        for queue in [Queue::InStep, Queue::Urgent, Queue::Stuck] {
            self.table.leave(queue, place);
        }
        self.laggards.remove(place);
        if let Some(client) = self.table.tenant_mut(place) {
            client.outbox.answers.clear();
            client.outbox.in_piece = false;
            client.outbox.cursor = self.log.end();
        }
    }

    /// Lets a client go that has its last answers, and its file settled.
    pub(super) fn see_off(&mut self, now: Instant, place: u32) {
        let Some(client) = self.table.tenant(place) else { return };
        let Outbox { cursor, answers, in_piece, .. } = &client.outbox;
        let owed = *in_piece || cursor.sent > 0 || !answers.is_empty();
        if client.stage != Stage::Leaving || client.is_settling() {
            return;
        }
        if owed {
            self.make_urgent(place);
        } else if client.transfer.is_none() {
            self.part(now, place);
        }
    }

    /// Something is to be sent to a client at once, if its link takes it.
    pub(super) fn make_urgent(&mut self, place: u32) {
        let gone = self.table.tenant(place).is_none_or(|c| c.gone || c.stage == Stage::Left);
        if !gone && !self.table.is_in(Queue::Stuck, place) {
            self.table.push(Queue::Urgent, place);
        }
    }
}

/// What is left of the `len` bytes on a page.
fn rest_of(page: &[u8], sent: u16, len: usize) -> &[u8] {
    page.get(usize::from(sent)..len).unwrap_or_default()
}
