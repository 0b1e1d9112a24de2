//! Uploads: let in by name, size and quota; fed; whole.

use super::Server;
use super::client::{Body, Ongoing, Way};
use super::receive::direct;
use crate::id::ClientId;
use crate::store::{Bypass, Store, TransferSlot};
use crate::table::Queue;
use crate::time::Instant;
use crate::wire::frame::Pause;
use crate::wire::header::{Left, Readings};
use crate::wire::name::{FileName, FileNameError};
use crate::wire::notice::Refusal;

/// A refused file up to this many bytes is read to its end and dropped, so that
/// the wire stays in step; above it, the connection is closed.
pub(super) const MOST_DROPPED: u64 = 16 << 20;

impl<S: Store> Server<'_, S> {
    /// Lets an upload in, or refuses it; false where it has to wait for a slot.
    pub(super) fn begin_upload(
        &mut self,
        now: Instant,
        place: u32,
        name: Result<&FileName, FileNameError>,
        readings: Readings,
    ) -> bool {
        match self.admit(place, name, readings.clone(), 0) {
            Err(why) => self.drop_upload(now, place, why, readings),
            Ok((name, readings)) => {
                let Some(slot) = self.transfers.free() else {
                    self.table.push(Queue::Slot, place);
                    return false;
                };
                self.start_upload(now, place, slot, name, readings);
            }
        }
        true
    }

    /// Rules out what the limits do not allow. Of the file, `kept` bytes count
    /// for somebody's address already.
    pub(super) fn admit<'n>(
        &self,
        place: u32,
        name: Result<&'n FileName, FileNameError>,
        mut readings: Readings,
        kept: u64,
    ) -> Result<(&'n FileName, Readings), Refusal> {
        let name = name.map_err(Refusal::FileName)?;
        if self.transfers.capacity() == 0 {
            return Err(Refusal::ReadOnly);
        }
        let client = self.table.tenant(place).ok_or(Refusal::Header)?;
        if client.transfer.is_some() {
            return Err(Refusal::Busy);
        }
        let address = self.accounts.total(client.addr.ip()).saturating_sub(kept);
        let folder = self.store.used().saturating_add(self.accounts.reserved());
        let limits = [
            (self.config.max_file, Refusal::FileTooLarge(self.config.max_file)),
            (self.config.max_address.saturating_sub(address), Refusal::AddressFull),
            (self.config.max_folder.saturating_sub(folder), Refusal::FolderFull),
        ];
        for (most, refusal) in limits {
            readings.limit(most);
            if readings.left() == Left::None {
                return Err(refusal);
            }
        }
        Ok((name, readings))
    }

    fn start_upload(
        &mut self,
        now: Instant,
        place: u32,
        slot: TransferSlot,
        name: &FileName,
        readings: Readings,
    ) {
        let owner = self.table.id(place);
        let Some(client) = self.table.tenant_mut(place) else { return };
        let (ip, reserved) = (client.addr.ip(), readings.largest().unwrap_or(0));
        self.accounts.reserve(ip, reserved);
        self.transfers.begin(slot, (owner, ip), name, reserved);
        let base = readings.last_start();
        let first = readings.from(base);
        self.transfers.space(slot)[..first.len()].copy_from_slice(first);
        self.transfers.filled(slot, first.len());
        client.transfer = Some(Ongoing::new(slot, Way::Whole));
        client.body = Some(Body { readings, base: base as u8, dropped: false });
        self.start_moving(now, place);
        self.drive(now, slot);
    }

    /// Refuses an upload, and lets its bytes pass by where that is bearable.
    fn drop_upload(&mut self, now: Instant, place: u32, why: Refusal, mut readings: Readings) {
        self.refuse(place, why);
        readings.limit(MOST_DROPPED);
        if readings.left() == Left::None {
            self.dismiss(now, place);
            return;
        }
        if let Some(client) = self.table.tenant_mut(place) {
            client.body = Some(Body { readings, base: 0, dropped: true });
        }
        self.start_moving(now, place);
    }

    /// Where the next bytes of a client are a file's that nobody has to see: who
    /// drives the room may move them from the link to the store, instead of
    /// reading them into the [`space`](Self::space), and tells how many by
    /// [`handle_bypassed`](Self::handle_bypassed), or that it has to wait with
    /// them by [`handle_crowded`](Self::handle_crowded).
    ///
    /// So it is for `#upload`s, once their size is beyond doubt and the store
    /// has all that came before; what comes by `#put` is summed by the room.
    pub fn bypass(&self, id: ClientId) -> Option<Bypass> {
        let place = self.here(id)?;
        let client = self.table.tenant(place)?;
        let slot = direct(client).filter(|_| self.reads(place))?;
        if !self.transfers.can_be_bypassed(slot) {
            return None;
        }
        let readings = &client.body.as_ref()?.readings;
        let Left::One(start) = readings.left() else { return None };
        Some(Bypass { slot, most: readings.lacking(start) }).filter(|bypass| bypass.most > 0)
    }

    /// The store got `count` bytes of a client's file, no more than a
    /// [`bypass`](Self::bypass) allowed just before.
    pub fn handle_bypassed(&mut self, now: Instant, id: ClientId, count: usize) {
        let Some(bypass) = self.bypass(id) else { return };
        let Some(place) = self.note_received(id, count) else { return };
        let most = usize::try_from(bypass.most).unwrap_or(usize::MAX);
        self.transfers.bypassed(bypass.slot, count.min(most) as u64);
        self.took_body(now, place, count.min(most));
        self.digest(now, place);
    }

    /// The store has no space now for what a [`bypass`](Self::bypass) allowed: the
    /// client waits for it, and until [`handle_stored`](Self::handle_stored) it
    /// is not the client who keeps the file from going on.
    pub fn handle_crowded(&mut self, id: ClientId) {
        if let Some(Bypass { slot, .. }) = self.bypass(id) {
            self.transfers.crowd(slot);
        }
    }

    /// Feeds a client's file with what came; whether there may be more frames.
    pub(super) fn feed(&mut self, now: Instant, place: u32, bytes: &[u8]) -> bool {
        let Some(client) = self.table.tenant_mut(place) else { return false };
        let Some(body) = client.body.as_ref() else { return true };
        let room = usize::try_from(body.readings.room()).unwrap_or(usize::MAX);
        let mut count = bytes.len().min(room);
        if let Some(slot) = client.body_slot() {
            let space = self.transfers.space(slot);
            count = count.min(space.len());
            space[..count].copy_from_slice(&bytes[..count]);
            self.transfers.filled(slot, count);
        }
        if let Some(client) = self.table.tenant_mut(place) {
            client.input.consume(count);
        }
        self.took_body(now, place, count);
        self.settle_body(now, place) || count > 0
    }

    /// Notes that bytes of a file came, and hands them on.
    pub(super) fn took_body(&mut self, now: Instant, place: u32, count: usize) {
        let Some(client) = self.table.tenant_mut(place) else { return };
        let Some(body) = client.body.as_mut() else { return };
        body.readings.take(count as u64);
        if count > 0 {
            client.timers.moved = client.timers.moved.saturating_add(count as u32);
            client.timers.moved_at = now;
        }
        if let Some(slot) = client.body_slot()
            && self.transfers.space(slot).is_empty()
        {
            self.drive(now, slot);
        }
    }

    /// Ends a file where its bytes, or the link, say that it ends; whether
    /// they did.
    fn settle_body(&mut self, now: Instant, place: u32) -> bool {
        let Some(client) = self.table.tenant_mut(place) else { return false };
        let Some(body) = client.body.as_ref() else { return false };
        let readings = &body.readings;
        let settled = client.pause >= Pause::Quiet && client.input.len() == 0;
        let end = match readings.left() {
            Left::One(start) if readings.lacking(start) == 0 => Some(start),
            Left::None => {
                self.fail_transfer(now, place, Refusal::Header);
                self.dismiss(now, place);
                return true;
            }
            _ => readings.whole().filter(|_| settled),
        };
        let Some(start) = end else {
            if client.pause == Pause::End && client.input.len() == 0 {
                self.dismiss(now, place);
            } else if readings.left() == Left::Several {
                self.await_quiet(now, place);
            }
            return false;
        };
        self.complete(now, place, start);
        true
    }

    /// All bytes of a client's file, or of a part of it, are in.
    fn complete(&mut self, now: Instant, place: u32, start: usize) {
        self.start_reading(now, place);
        // What follows the file waits for no quiet of before.
        self.table.leave(Queue::Quiet, place);
        let Some(client) = self.table.tenant_mut(place) else { return };
        let Some(body) = client.body.take() else { return };
        match client.transfer {
            Some(Ongoing { slot, way: Way::Whole, .. }) if !body.dropped => {
                let prefix = body.readings.between(start, usize::from(body.base));
                self.settle_upload(now, place, slot, prefix);
            }
            Some(_) => self.settle_put(now, place),
            None => self.table.leave(Queue::Moving, place),
        }
    }

    /// All bytes of a client's file are in, and `prefix` goes before them.
    pub(super) fn settle_upload(
        &mut self,
        now: Instant,
        place: u32,
        slot: TransferSlot,
        prefix: &[u8],
    ) {
        self.table.leave(Queue::Moving, place);
        if let Some(Ongoing { settling, .. }) = self.transfer_mut(place) {
            *settling = true;
        }
        self.transfers.complete(slot, prefix);
        self.drive(now, slot);
    }

    fn transfer_mut(&mut self, place: u32) -> Option<&mut Ongoing> {
        self.table.tenant_mut(place)?.transfer.as_mut()
    }
}
