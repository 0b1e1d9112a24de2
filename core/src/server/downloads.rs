//! `#get`: a file from the store to a peer, between the room's lines.

use super::Server;
use super::answers::Front;
use super::client::{Ongoing, Way};
use crate::store::Store;
use crate::table::Queue;
use crate::time::Instant;
use crate::transfer::Piece;
use crate::wire::command::Word;
use crate::wire::name::{FileName, FileNameError};
use crate::wire::notice::{Refusal, render};

impl<S: Store> Server<'_, S> {
    /// Begins to send a file, or refuses to; false where it has to wait for a
    /// slot.
    pub(super) fn begin_get(
        &mut self,
        now: Instant,
        place: u32,
        name: Result<&FileName, FileNameError>,
        offset: u64,
    ) -> bool {
        let Some(client) = self.table.tenant(place) else { return true };
        let busy = client.transfer.is_some();
        let name = match name {
            Ok(name) if !busy && self.transfers.capacity() > 0 => name,
            refused => {
                let why = match refused {
                    Err(why) => Refusal::FileName(why),
                    Ok(_) if busy => Refusal::Busy,
                    Ok(_) => Refusal::Missing,
                };
                self.refuse_transfer(place, Word::Get, why);
                return true;
            }
        };
        let Some(slot) = self.transfers.free() else {
            self.table.push(Queue::Slot, place);
            return false;
        };
        self.transfers.fetch(slot, self.table.id(place), name, offset);
        if let Some(client) = self.table.tenant_mut(place) {
            client.transfer = Some(Ongoing::new(slot, Way::Down));
        }
        self.start_moving(now, place);
        self.drive(now, slot);
        true
    }

    /// Renders what a client's transfer has for it, far from the lines, too.
    #[inline(never)]
    pub(super) fn render_piece(&mut self, place: u32) -> Front {
        let ongoing = self.table.tenant(place).and_then(|client| client.transfer);
        let Some(Ongoing { slot, .. }) = ongoing else { return Front::Line(0) };
        match self.transfers.piece(slot) {
            Some(Piece::Line(line)) => Front::Line(render(&mut self.page, line)),
            Some(Piece::Bytes(_) | Piece::Lent) => Front::Part(slot),
            None => Front::Line(0),
        }
    }

    /// The link of a client took `count` of `len` bytes of its transfer's line,
    /// or of a part.
    pub(super) fn took_piece(&mut self, now: Instant, place: u32, count: usize, len: usize) {
        let Some(client) = self.table.tenant_mut(place) else { return };
        let Some(Ongoing { slot, way, stops, .. }) = client.transfer else { return };
        if count == 0 {
            return;
        }
        client.timers.moved = client.timers.moved.saturating_add(count as u32);
        if let Some(Piece::Line(_)) = self.transfers.piece(slot) {
            client.outbox.in_piece = true;
            if count < len {
                client.outbox.sent += count as u16;
                return;
            }
            client.outbox.sent = 0;
        }
        self.transfers.took(slot, count);
        let piece = self.transfers.piece(slot);
        client.outbox.in_piece = matches!(piece, Some(Piece::Bytes(_) | Piece::Lent));
        if stops && !client.outbox.in_piece {
            self.stop_transfer(place);
            self.resume(place);
            return;
        }
        if way == Way::Parts {
            // A part may have come early.
            self.resume(place);
            self.settle_put(now, place);
        }
        self.drive(now, slot);
    }
}
