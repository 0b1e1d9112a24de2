//! All who are at the far ends, and what they have stored.

use core::cell::RefCell;
use std::rc::Rc;

use snug_core::server::Config;

use super::deeds::{Deeds, Promise, Truth};
use super::disk::{Disk, digest_of};
use super::peer::{PATIENCE, Peer};
use super::room::World;
use super::words::is_file_name;

/// All peers of one life of the room.
#[derive(Debug)]
pub(crate) struct Crowd<'m> {
    pub(crate) now: u64,
    pub(crate) config: Config,
    /// Uploads that there can be at once.
    pub(crate) slots: usize,
    /// Bytes of a block.
    pub(crate) block: usize,
    pub(crate) peers: Vec<Peer<'m>>,
    pub(crate) deeds: Deeds,
    pub(crate) disk: Rc<RefCell<Disk>>,
    /// Bytes that stood in the folder when this life began.
    pub(crate) found: u64,
}

impl World for Crowd<'_> {
    fn truth(&mut self, peer: usize) -> &mut Truth {
        &mut self.peers[peer].truth
    }

    fn deeds(&mut self) -> &mut Deeds {
        &mut self.deeds
    }

    fn may_leave(&self, at: usize) -> bool {
        let peer = &self.peers[at];
        let farewell = peer.farewell;
        let over = farewell.ended || farewell.quit || farewell.reset || farewell.unclear;
        over || peer.truth.put_out || self.is_stuck(peer) || self.has_stalled(at)
    }

    fn is_durable(&self, name: &str, number: usize) -> bool {
        let disk = self.disk.borrow();
        disk.durable.get(name).is_some_and(|file| file.number >= number)
    }
}

impl Crowd<'_> {
    /// Whether a peer's link has taken nothing for too long, up to now.
    fn is_stuck(&self, peer: &Peer<'_>) -> bool {
        let stuck = peer.full && peer.blocked.is_some_and(|since| self.now >= since + PATIENCE);
        stuck || self.now < peer.excused
    }

    /// Whether a file to or from a peer has been on its way for too long.
    fn has_stalled(&self, at: usize) -> bool {
        let timeout = u64::try_from(self.config.stall_timeout.as_millis()).expect("it is short");
        let fetch = self.peers[at].transfer.as_ref();
        fetch.is_some_and(|transfer| self.now >= transfer.begun + timeout)
            || self.deeds.uploads.iter().any(|upload| {
                upload.owner == at && upload.stored.is_none() && self.now >= upload.begun + timeout
            })
    }

    /// Holds what the disk has stored against what was sent.
    pub(crate) fn inspect(&mut self) {
        let disk = Rc::clone(&self.disk);
        let mut disk = disk.borrow_mut();
        if disk.commits.is_empty() && disk.touched.is_empty() {
            return;
        }
        assert!(disk.touched.is_empty(), "half a file stands under {:?}", disk.touched);
        for (name, file) in core::mem::take(&mut disk.commits) {
            let mut uploads = self.deeds.uploads.iter_mut();
            let sent = uploads.find(|upload| {
                let promised = upload.promise.map(|promise| promise.digest) == file.digest;
                let is_it = upload.name == name && upload.bytes == file.bytes && promised;
                upload.stored.is_none() && !upload.given_up && is_it
            });
            let len = file.bytes.len();
            let upload = sent.unwrap_or_else(|| {
                panic!(
                    "nobody sent the {len} bytes of {name}: {:?}",
                    String::from_utf8_lossy(&file.bytes)
                )
            });
            assert!(!upload.refused, "{name} was refused and is stored");
            let right = file.digest.is_none_or(|digest| digest == digest_of(&file.bytes));
            assert!(right, "{name} does not have the digest that was promised");
            (upload.stored, upload.gained) = (Some(file.number), file.gained);
            disk.tally.resumed += u64::from(file.gained < len as u64);
            let ip = upload.ip;
            assert!(len as u64 <= self.config.max_file, "{name} is too large");
            assert!(self.deeds.stored_by(ip) <= self.config.max_address, "{ip} stores too much");
        }
        assert!(disk.used() <= self.config.max_folder.max(self.found), "the folder is too full");
    }

    /// Whether there is a reason for a file not to be stored.
    pub(crate) fn may_be_refused(&self, id: usize) -> bool {
        let upload = &self.deeds.uploads[id];
        let size = upload.bytes.len() as u64;
        let tried = self.deeds.tried_by(upload.ip, id) + size;
        let all: u64 = self.deeds.uploads.iter().map(|upload| upload.bytes.len() as u64).sum();
        !is_file_name(&upload.name)
            || self.slots == 0
            || size > self.config.max_file
            || tried > self.config.max_address
            || self.found + all > self.config.max_folder
            || self.disk.borrow().failed.contains(&upload.name)
            || self.may_break(id)
    }

    /// Whether there is a reason for what was promised of a file not to hold.
    fn may_break(&self, id: usize) -> bool {
        let upload = &self.deeds.uploads[id];
        let Some(Promise { digest, replace, broken, stopped }) = upload.promise else {
            return false;
        };
        let disk = self.disk.borrow();
        let stood = disk.versions.iter().any(|version| version.name == upload.name);
        let twice = self.deeds.is_twice(id);
        broken || stopped || (stood && !replace) || twice || disk.garbled.contains(&digest)
    }

    /// Whether there is a reason for a file not to be sent, which was asked for
    /// at a time.
    pub(crate) fn may_be_withheld(&self, name: &str, offset: usize, time: u64) -> bool {
        let disk = self.disk.borrow();
        let versions = disk.versions.iter().filter(|version| version.name == name);
        let versions: Vec<_> = versions.filter(|version| version.until >= time).collect();
        let stood = versions.iter().any(|version| version.from <= time);
        let short = versions.iter().any(|version| version.bytes.len() < offset);
        let failed = disk.failed.iter().any(|other| other == name);
        !stood || short || failed || self.slots == 0
    }
}
