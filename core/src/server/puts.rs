//! `#put`: a file of which everything is known, in parts.

use super::Server;
use super::client::{Body, Client, Ongoing, Stage, Way};
use crate::store::{Draft, Store};
use crate::table::Queue;
use crate::time::Instant;
use crate::transfer::{MOST_OF_PART, Upload};
use crate::wire::command::Word;
use crate::wire::digest::Digest;
use crate::wire::header::{Left, Readings};
use crate::wire::name::{FileName, FileNameError};
use crate::wire::notice::Refusal;

/// What a `#put` says of its file, its name aside.
#[derive(Clone, Copy, Debug)]
pub(super) struct Promise {
    pub(super) size: u64,
    pub(super) digest: Digest,
    pub(super) replace: bool,
}

impl<S: Store> Server<'_, S> {
    /// Lets a file in, or refuses it; false where it has to wait for a slot.
    pub(super) fn begin_put(
        &mut self,
        now: Instant,
        place: u32,
        name: Result<&FileName, FileNameError>,
        promise: Promise,
    ) -> bool {
        let Promise { size, digest, replace } = promise;
        let kept = self.store.kept(digest);
        let name = match self.admit(place, name, Readings::of(size), kept) {
            Ok(_) if self.transfers.puts(digest) => {
                self.refuse_put(place, Refusal::Twice);
                return true;
            }
            Ok((name, _)) => name,
            Err(why) => {
                self.refuse_put(place, why);
                return true;
            }
        };
        let Some(slot) = self.transfers.free() else {
            self.table.push(Queue::Slot, place);
            return false;
        };
        let owner = self.table.id(place);
        let Some(client) = self.table.tenant_mut(place) else { return true };
        client.adrift = false;
        client.transfer = Some(Ongoing::new(slot, Way::Parts));
        let ip = client.addr.ip();
        self.accounts.reserve(ip, size);
        self.transfers.put(slot, (owner, ip), &Draft { name, size, digest, replace });
        self.start_moving(now, place);
        self.drive(now, slot);
        true
    }

    /// The next part of a file comes; false where it has to wait, since the
    /// peer was not told yet from where to send.
    ///
    /// One that is not wanted is dropped, and ends the upload; one that is too
    /// large to drop ends the stay.
    pub(super) fn begin_part(&mut self, now: Instant, place: u32, size: u64) -> bool {
        let Some(client) = self.table.tenant(place) else { return true };
        let wants = match client.put() {
            None => None,
            Some(slot) => match self.transfers.upload(slot).and_then(Upload::wants) {
                None => return false,
                wants => wants,
            },
        };
        let wanted = wants.is_some_and(|wants| size <= wants.min(MOST_OF_PART));
        if wants.is_some() && !wanted {
            self.fail_transfer(now, place, Refusal::PartTooLarge);
        } else if !wanted && !client.adrift {
            self.refuse_put(place, Refusal::NoUpload);
        }
        let mut readings = Readings::of(size);
        readings.limit(MOST_OF_PART);
        if readings.left() == Left::None {
            self.dismiss(now, place);
        } else if let Some(client) = self.table.tenant_mut(place) {
            client.body = Some(Body { readings, base: 0, dropped: !wanted });
            self.start_moving(now, place);
        }
        true
    }

    /// Whether a peer waits to be told how much of its file is there already.
    pub(super) fn awaits_offset(&self, place: u32) -> bool {
        let slot = self.table.tenant(place).and_then(Client::put);
        let upload = slot.and_then(|slot| self.transfers.upload(slot));
        upload.is_some_and(|upload| upload.wants().is_none())
    }

    /// A part is in, or the peer knows how much is there: settles the file if
    /// that is all of it. Of who is let go nothing more comes.
    pub(super) fn settle_put(&mut self, now: Instant, place: u32) {
        let Some(client) = self.table.tenant(place) else { return };
        let Some(slot) = client.put() else { return };
        match self.transfers.upload(slot).and_then(Upload::wants) {
            Some(0) => self.settle_upload(now, place, slot, &[]),
            Some(_) if client.stage == Stage::Leaving => self.abandon_transfer(place),
            _ => {}
        }
    }

    pub(super) fn refuse_put(&mut self, place: u32, why: Refusal) {
        if let Some(client) = self.table.tenant_mut(place) {
            client.adrift = true;
        }
        self.refuse_transfer(place, Word::Put, why);
    }
}
