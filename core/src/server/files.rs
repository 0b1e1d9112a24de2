//! Uploads: let in by name, size and quota; fed; settled.

use super::Server;
use super::client::{Answer, Body, Stage};
use crate::store::{Store, StoreError, UploadSlot};
use crate::table::Queue;
use crate::time::Instant;
use crate::upload::Progress;
use crate::wire::frame::Pause;
use crate::wire::header::{Left, Readings};
use crate::wire::name::{FileName, FileNameError};
use crate::wire::notice::Refusal;

/// A refused file up to this many bytes is read to its end and dropped, so that
/// the wire stays in step; above it, the connection is closed.
const MOST_DROPPED: u64 = 16 << 20;

impl<S: Store> Server<'_, S> {
    /// Lets an upload in, or refuses it; false where it has to wait for a slot.
    pub(super) fn begin_upload(
        &mut self,
        now: Instant,
        place: u32,
        name: Result<FileName, FileNameError>,
        readings: Readings,
    ) -> bool {
        match self.admit(place, name, readings.clone()) {
            Err(why) => self.drop_upload(now, place, why, readings),
            Ok((name, readings)) => {
                let Some(slot) = self.uploads.free() else {
                    self.table.push(Queue::Upload, place);
                    return false;
                };
                self.start_upload(now, place, slot, name, readings);
            }
        }
        true
    }

    /// Rules out what the limits do not allow.
    fn admit(
        &self,
        place: u32,
        name: Result<FileName, FileNameError>,
        mut readings: Readings,
    ) -> Result<(FileName, Readings), Refusal> {
        let name = name.map_err(Refusal::FileName)?;
        if self.uploads.capacity() == 0 {
            return Err(Refusal::Store(StoreError::ReadOnly));
        }
        let client = self.table.tenant(place).ok_or(Refusal::Header)?;
        let address = self.accounts.total(client.addr.ip());
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
        slot: UploadSlot,
        name: FileName,
        readings: Readings,
    ) {
        let owner = self.table.id(place);
        let Some(client) = self.table.tenant_mut(place) else { return };
        let (ip, reserved) = (client.addr.ip(), readings.largest().unwrap_or(0));
        self.accounts.reserve(ip, reserved);
        self.uploads.begin(slot, (owner, ip), name, reserved);
        let base = readings.last_start();
        let first = readings.from(base);
        self.uploads.space(slot)[..first.len()].copy_from_slice(first);
        self.uploads.filled(slot, first.len());
        client.upload = Some(slot);
        client.body = Some(Body { readings, base: base as u8 });
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
            client.body = Some(Body { readings, base: 0 });
        }
        self.start_moving(now, place);
    }

    /// Feeds a client's file with what came; whether there may be more frames.
    pub(super) fn feed(&mut self, now: Instant, place: u32, bytes: &[u8]) -> bool {
        let Some(client) = self.table.tenant_mut(place) else { return false };
        let Some(body) = client.body.as_ref() else { return true };
        let room = usize::try_from(body.readings.room()).unwrap_or(usize::MAX);
        let mut count = bytes.len().min(room);
        if let Some(slot) = client.upload {
            let space = self.uploads.space(slot);
            count = count.min(space.len());
            space[..count].copy_from_slice(&bytes[..count]);
            self.uploads.filled(slot, count);
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
        if let Some(slot) = client.upload
            && self.uploads.space(slot).is_empty()
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
                self.fail_upload(now, place, Refusal::Header);
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

    /// All bytes of a client's file are in.
    fn complete(&mut self, now: Instant, place: u32, start: usize) {
        self.table.leave(Queue::Moving, place);
        let Some(client) = self.table.tenant_mut(place) else { return };
        let Some(body) = client.body.take() else { return };
        if let Some(slot) = client.upload {
            let prefix = body.readings.between(start, usize::from(body.base));
            self.uploads.complete(slot, prefix);
            self.drive(now, slot);
        }
    }

    /// The store can go on with an upload (a completion, or just a guess).
    pub fn handle_stored(&mut self, now: Instant, slot: UploadSlot) {
        self.drive(now, slot);
        if let Some(job) = self.uploads.job(slot) {
            let owner = job.owner.place();
            self.resume(owner);
        }
    }

    /// Goes on with an upload as far as its store does.
    fn drive(&mut self, now: Instant, slot: UploadSlot) {
        let Some(owner) = self.uploads.job(slot).map(|job| job.owner.place()) else { return };
        match self.uploads.drive(slot, &mut self.store) {
            Progress::Room | Progress::Busy => {}
            Progress::Done(size) => self.finish_upload(now, owner, slot, size),
            Progress::Failed(why) => self.fail_upload(now, owner, Refusal::Store(why)),
        }
    }

    /// The file is stored: now it is true, and told.
    fn finish_upload(&mut self, now: Instant, place: u32, slot: UploadSlot, size: u64) {
        self.free_slot(slot, size);
        let Some(client) = self.table.tenant_mut(place) else { return };
        client.upload = None;
        client.marks.uploaded = true;
        client.answer(Answer::Stored(size));
        self.make_urgent(place);
        self.table.push(Queue::Marked, place);
        self.announce(now);
        self.go_on_after_upload(now, place);
    }

    /// The file cannot be kept; what is still to come of it is dropped.
    fn fail_upload(&mut self, now: Instant, place: u32, why: Refusal) {
        self.abandon_upload(place);
        self.refuse(place, why);
        let Some(client) = self.table.tenant_mut(place) else { return };
        let coming = client.body.as_ref().map_or(0, |body| body.readings.room());
        if coming > MOST_DROPPED {
            self.dismiss(now, place);
        }
        self.go_on_after_upload(now, place);
    }

    /// A client that was let go stayed for its upload alone.
    fn go_on_after_upload(&mut self, now: Instant, place: u32) {
        let Some(client) = self.table.tenant(place) else { return };
        match client.stage {
            Stage::Leaving => self.see_off(now, place),
            Stage::Left => {}
            Stage::Fresh | Stage::Here => self.resume(place),
        }
    }

    /// Drops what a client's upload has stored, if it has one.
    pub(super) fn abandon_upload(&mut self, place: u32) {
        let Some(client) = self.table.tenant_mut(place) else { return };
        if let Some(slot) = client.upload.take() {
            self.store.abort(slot);
            self.free_slot(slot, 0);
        }
    }

    /// Gives a slot and its quota back; who waits for one is resumed for it.
    fn free_slot(&mut self, slot: UploadSlot, stored: u64) {
        if let Some(job) = self.uploads.end(slot) {
            self.accounts.release(job.ip, job.reserved, stored);
        }
    }

    /// Whether the peer in a file or header is kept waiting by the store.
    pub(super) fn waits_for_store(&mut self, place: u32) -> bool {
        let Some(client) = self.table.tenant(place) else { return false };
        match client.upload {
            Some(slot) => client.is_settling() || self.uploads.space(slot).is_empty(),
            None => self.table.is_in(Queue::Upload, place),
        }
    }
}
