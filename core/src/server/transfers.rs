//! Transfers under way: driven by the store and the peer, to their end.

use core::mem;

use super::Server;
use super::client::{Answer, Ongoing, Stage, Way};
use super::uploads::MOST_DROPPED;
use crate::id::ClientId;
use crate::store::{Store, TransferSlot};
use crate::table::Queue;
use crate::time::Instant;
use crate::transfer::Progress;
use crate::wire::command::Word;
use crate::wire::frame::Pause;
use crate::wire::notice::Refusal;

impl<S: Store> Server<'_, S> {
    /// The store can go on with a transfer (a completion, or just a guess).
    pub fn handle_stored(&mut self, now: Instant, slot: TransferSlot) {
        self.drive(now, slot);
        if let Some(place) = self.transfers.owner(slot).map(ClientId::place) {
            self.resume(place);
        }
    }

    /// Goes on with a transfer as far as its store and its peer do.
    pub(super) fn drive(&mut self, now: Instant, slot: TransferSlot) {
        let Some(place) = self.transfers.owner(slot).map(ClientId::place) else { return };
        match self.transfers.drive(slot, &mut self.store) {
            Progress::Peer if self.transfers.piece(slot).is_some() => self.make_urgent(place),
            Progress::Peer | Progress::Busy => {}
            Progress::More => self.table.push(Queue::Working, place),
            Progress::Stored(size) => self.finish_transfer(now, place, Answer::Stored(size)),
            Progress::Sent(digest) => {
                if let Some(client) = self.table.tenant_mut(place) {
                    client.sum = digest;
                }
                self.finish_transfer(now, place, Answer::Sum);
            }
            Progress::Failed(why) => self.fail_transfer(now, place, why),
        }
    }

    /// Goes on with the transfer of a client that let others go first.
    pub(super) fn work(&mut self, now: Instant, place: u32) {
        let ongoing = self.table.tenant(place).and_then(|client| client.transfer);
        if let Some(Ongoing { slot, .. }) = ongoing {
            self.drive(now, slot);
        }
    }

    /// A file is stored, and now it is true and told; or it is sent, and nothing
    /// is left that could be stopped.
    fn finish_transfer(&mut self, now: Instant, place: u32, answer: Answer) {
        let Some(ongoing) = self.take_transfer(place) else { return };
        self.free_slot(ongoing.slot, true);
        self.answer(place, answer);
        if ongoing.way == Way::Down {
            self.tally.fetched += 1;
            self.store.abort(ongoing.slot);
        } else if let Some(client) = self.table.tenant_mut(place) {
            self.tally.stored += 1;
            client.marks.uploaded = true;
            self.table.push(Queue::Marked, place);
            self.announce(now);
        }
        self.go_on_after_transfer(now, place);
    }

    /// A transfer cannot go on; what is still to come of a file is dropped.
    pub(super) fn fail_transfer(&mut self, now: Instant, place: u32, why: Refusal) {
        let Some(ongoing) = self.take_transfer(place) else { return };
        // Who is told that a name is taken may give another one.
        let keep = ongoing.way == Way::Parts && why == Refusal::Exists;
        self.let_go(ongoing.slot, keep);
        match ongoing.way {
            Way::Whole => self.refuse(place, why),
            Way::Parts => self.refuse_put(place, why),
            Way::Down => self.refuse_transfer(place, Word::Get, why),
        }
        let Some(client) = self.table.tenant_mut(place) else { return };
        let coming = client.body.as_mut().map_or(0, |body| {
            body.dropped = true;
            body.readings.room()
        });
        if coming > MOST_DROPPED {
            self.dismiss(now, place);
        }
        self.go_on_after_transfer(now, place);
    }

    /// A client that was let go stayed for its transfer alone.
    fn go_on_after_transfer(&mut self, now: Instant, place: u32) {
        self.start_reading(now, place);
        let Some(client) = self.table.tenant(place) else { return };
        match client.stage {
            Stage::Leaving => self.see_off(now, place),
            Stage::Left => {}
            Stage::Fresh | Stage::Here => self.resume(place),
        }
    }

    /// Ends the transfer of a client that leaves; of an upload in parts, what
    /// came so far is kept.
    pub(super) fn abandon_transfer(&mut self, place: u32) {
        let Some(ongoing) = self.take_transfer(place) else { return };
        let keep = ongoing.way == Way::Parts && !ongoing.settling;
        self.let_go(ongoing.slot, keep);
    }

    /// Whether a transfer needs nothing more of what its client says: its bytes
    /// are all there, or may be, or are for who has only ended its sending.
    pub(super) fn goes_on_alone(&self, place: u32) -> bool {
        let Some(client) = self.table.tenant(place) else { return false };
        let ended = client.pause == Pause::End;
        client.is_settling() || (ended && (client.is_fetching() || self.awaits_offset(place)))
    }

    /// Ends the transfer of a client as it asks for.
    pub(super) fn stop_transfer(&mut self, place: u32) {
        if self.table.tenant(place).is_none_or(|client| client.transfer.is_none()) {
            self.refuse(place, Refusal::NoTransfer);
        } else if self.cut_transfer(place) {
            self.answer(place, Answer::Stopped);
        }
    }

    /// Ends the transfer of a client, but behind what is half out, or the wire
    /// were out of step; whether it has ended.
    pub(super) fn cut_transfer(&mut self, place: u32) -> bool {
        let Some(client) = self.table.tenant_mut(place) else { return false };
        if client.outbox.in_piece
            && let Some(ongoing) = client.transfer.as_mut()
        {
            ongoing.stops = true;
            return false;
        }
        self.abandon_transfer(place);
        true
    }

    /// Refuses the transfer that a command has begun, or wants to.
    pub(super) fn refuse_transfer(&mut self, place: u32, word: Word, why: Refusal) {
        let why = match why {
            Refusal::Unsupported => Refusal::NotHere,
            why => why,
        };
        self.tally.refused += 1;
        self.answer(place, Answer::Failed(word, why));
    }

    /// A client has no transfer any more.
    fn take_transfer(&mut self, place: u32) -> Option<Ongoing> {
        self.table.leave(Queue::Working, place);
        let client = self.table.tenant_mut(place)?;
        let ongoing = client.transfer.take()?;
        if mem::take(&mut client.outbox.in_piece) {
            client.outbox.sent = 0;
        }
        if client.body.is_none() {
            self.table.leave(Queue::Moving, place);
        }
        Some(ongoing)
    }

    /// Ends a transfer before its end; whether what came is to be kept.
    fn let_go(&mut self, slot: TransferSlot, keep: bool) {
        if keep {
            self.store.keep(slot);
        } else {
            self.store.abort(slot);
        }
        self.free_slot(slot, keep);
    }

    /// Gives a slot and its quota back; `gained` says whether the store has
    /// kept what an upload brought.
    fn free_slot(&mut self, slot: TransferSlot, gained: bool) {
        if let Some(upload) = self.transfers.end(slot) {
            let gained = if gained { upload.gained() } else { 0 };
            self.accounts.release(upload.ip, upload.reserved, gained);
        }
    }

    /// Whether a peer with a transfer or a header is kept waiting by the store.
    pub(super) fn waits_for_store(&mut self, place: u32) -> bool {
        let Some(client) = self.table.tenant(place) else { return false };
        let settles = client.is_settling();
        match client.transfer {
            _ if self.table.is_in(Queue::Slot, place) => true,
            None => false,
            Some(Ongoing { slot, .. }) if self.transfers.piece(slot).is_some() => false,
            Some(Ongoing { way: Way::Down, .. }) => true,
            Some(Ongoing { slot, .. }) => settles || self.transfers.is_crowded(slot),
        }
    }
}
