//! Coming and going: nobody comes, stores or goes untold.

use core::net::SocketAddr;
use core::time::Duration;

use super::client::{Answer, Client, Stage};
use super::speech::Voice;
use super::{QUIET, Server};
use crate::hash;
use crate::id::ClientId;
use crate::log::Audience;
use crate::store::Store;
use crate::table::Queue;
use crate::time::Instant;
use crate::wire::frame::Pause;
use crate::wire::nick::Nick;
use crate::wire::notice::{Notice, Prefix, Refusal, Reply, render};

/// How long a nick is kept for the address of its owner, who left.
const NICK_KEPT: Duration = Duration::from_mins(1);

/// Nobody was let in, since all places are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct RoomFull;

/// What to tell somebody who cannot be let in, before closing.
pub fn full_notice(out: &mut [u8]) -> usize {
    refusal_notice(out, Refusal::RoomFull)
}

/// What to tell somebody whom the caller does not let in, before closing.
pub fn refusal_notice(out: &mut [u8], why: Refusal) -> usize {
    render(out, Reply::Refused(why))
}

impl<S: Store> Server<'_, S> {
    /// Whether newcomers should be let in now: not while the log is pressed.
    pub fn accepts(&self) -> bool {
        !self.is_pressed()
    }

    /// Somebody connected from `addr`. An IPv4 address mapped into IPv6 is
    /// shown as IPv4.
    // A whole client is on its stack, and is to be nowhere else.
    #[inline(never)]
    pub fn handle_connected(
        &mut self,
        now: Instant,
        addr: SocketAddr,
    ) -> Result<ClientId, RoomFull> {
        let addr = SocketAddr::new(addr.ip().to_canonical(), addr.port());
        let mut client = Client::new(addr, self.log.end());
        client.marks.entered = true;
        client.timers.quiet = now + QUIET;
        let id = self.table.insert(client).ok_or(RoomFull)?;
        let place = id.place();
        self.tally.came += 1;
        self.by_addr.insert(self.hash_addr(addr), place);
        self.measure_prefix(place);
        self.table.push(Queue::Marked, place);
        self.announce(now);
        if let Some(client) = self.table.tenant_mut(place) {
            // Told at once, however long the notice may have to wait.
            let online = self.online + u32::from(client.marks.entered);
            client.outbox.cursor = self.log.end();
            let _ = client.outbox.answers.push_back(Answer::Greeting(online));
        }
        self.fall_behind(place);
        self.table.push(Queue::Quiet, place);
        self.table.push(Queue::Urgent, place);
        Ok(id)
    }

    /// The peer has ended its sending (FIN). It is served to the end.
    pub fn handle_ended(&mut self, now: Instant, id: ClientId) {
        let Some(place) = self.here(id) else { return };
        if let Some(client) = self.table.tenant_mut(place) {
            client.spoke = true;
            client.pause = Pause::End;
        }
        self.digest(now, place);
    }

    /// The link is gone (reset, or an error); the caller has dropped it. What
    /// came whole before is still done; nothing else is guessed.
    pub fn handle_gone(&mut self, now: Instant, id: ClientId) {
        let Some(place) = self.here(id) else { return };
        self.fall_silent(place);
        if let Some(client) = self.table.tenant_mut(place) {
            client.gone = true;
            client.stage = client.stage.max(Stage::Here);
            client.pause = client.pause.max(Pause::Burst);
        }
        self.digest(now, place);
    }

    /// Lets a client whose link is gone leave, once nothing of what it said
    /// waits to be done. A header that waits for a slot is not waited for.
    pub(super) fn let_gone_go(&mut self, now: Instant, place: u32) {
        let Some(client) = self.table.tenant(place).filter(|client| client.gone) else { return };
        let stays = client.is_settling()
            || (client.body.is_some() && client.input.len() > 0)
            || self.table.is_in_any([Queue::Held, Queue::Marked, Queue::Resumed], place);
        if !stays {
            self.part(now, place);
        }
    }

    /// A client whose link is to be closed. Its id is good for nothing more.
    pub fn poll_close(&mut self) -> Option<ClientId> {
        let place = self.table.pop(Queue::Closing)?;
        let id = self.table.id(place);
        if let Some(client) = self.table.tenant_mut(place) {
            client.gone = true;
        }
        self.vacate(place);
        Some(id)
    }

    /// Ends a client's stay, and a file that is not whole. Its place is free
    /// again after its leave was told and its link closed.
    pub(super) fn part(&mut self, now: Instant, place: u32) {
        use Queue::{Held, Moving, Paced, Quiet, Resumed, Slot, Working};
        let Some(client) = self.table.tenant_mut(place) else { return };
        if client.stage == Stage::Left {
            return;
        }
        client.stage = Stage::Left;
        self.fall_silent(place);
        for queue in [Quiet, Moving, Held, Paced, Slot, Working, Resumed] {
            self.table.leave(queue, place);
        }
        self.abandon_transfer(place);
        self.forget_names(now, place);
        let Some(client) = self.table.tenant_mut(place) else { return };
        client.marks.left = true;
        if !client.gone {
            self.table.push(Queue::Closing, place);
        }
        self.table.push(Queue::Marked, place);
        self.announce(now);
    }

    /// Lets a client go once it has its answers, and hears it no more.
    pub(super) fn dismiss(&mut self, now: Instant, place: u32) {
        let Some(client) = self.table.tenant_mut(place) else { return };
        if client.stage >= Stage::Leaving {
            return;
        }
        client.stage = Stage::Leaving;
        client.body = None;
        if !self.goes_on_alone(place) {
            self.cut_transfer(place);
        }
        if self.table.tenant(place).is_some_and(|client| client.transfer.is_none()) {
            self.table.leave(Queue::Moving, place);
        }
        self.see_off(now, place);
    }

    /// Tells the room what is marked, as far as nobody who reads would lose a
    /// line by it. Each mark is told once, so this costs what happened.
    #[inline]
    pub(super) fn announce(&mut self, now: Instant) {
        while let Some(place) = self.table.first(Queue::Marked)
            && !self.is_outrun()
        {
            self.announce_next(now, place);
        }
    }

    fn announce_next(&mut self, now: Instant, place: u32) {
        let Some(client) = self.table.tenant_mut(place) else { return };
        let audience = Audience::AllBut(place);
        let mut online = self.online;
        let mut line = [0; 160];
        let len = if core::mem::take(&mut client.marks.entered) {
            online += 1;
            render(&mut line, Notice::Entered(client.shown(), online))
        } else if core::mem::take(&mut client.marks.uploaded) {
            render(&mut line, Notice::Uploaded(client.shown()))
        } else if core::mem::take(&mut client.marks.left) {
            online = online.saturating_sub(1);
            render(&mut line, Notice::Left(client.shown(), online))
        } else {
            self.table.leave(Queue::Marked, place);
            self.resume(place);
            self.vacate(place);
            return;
        };
        self.online = online;
        self.append_line(now, audience, &line[..len]);
    }

    /// Frees the place of a client that has left, was told of and is closed.
    fn vacate(&mut self, place: u32) {
        let Some(client) = self.table.tenant(place) else { return };
        let told = !client.marks.left && !self.table.is_in(Queue::Marked, place);
        if client.stage == Stage::Left && client.gone && told {
            self.table.remove(place);
        }
    }

    /// A name is no longer anybody's; a nick is kept for its owner's address.
    /// The client keeps its own copy, for the notice.
    fn forget_names(&mut self, now: Instant, place: u32) {
        let Some(client) = self.table.tenant(place) else { return };
        let (addr, nick) = (client.addr, client.nick.clone());
        self.by_addr.remove(self.hash_addr(addr), place);
        if let Some(nick) = nick {
            self.by_nick.remove(nick.fold_hash(self.config.seed), place);
            self.kept.keep(nick, addr.ip(), now + NICK_KEPT);
        }
    }

    /// Gives a client a name; whether it is free.
    pub(super) fn rename(&mut self, now: Instant, place: u32, nick: Nick) -> bool {
        let hash = nick.fold_hash(self.config.seed);
        let Some(client) = self.table.tenant(place) else { return false };
        let taken = self.find_nick(&nick).is_some_and(|other| other != place);
        if taken || self.kept.is_kept_from(&nick, client.addr.ip(), now) {
            return false;
        }
        if let Some(old) = client.nick.clone() {
            self.by_nick.remove(old.fold_hash(self.config.seed), place);
        }
        self.by_nick.insert(hash, place);
        if let Some(client) = self.table.tenant_mut(place) {
            client.nick = Some(nick);
            client.renames = client.renames.wrapping_add(1);
        }
        self.measure_prefix(place);
        true
    }

    /// The client with a nick, whatever the case.
    pub(super) fn find_nick(&self, nick: &Nick) -> Option<u32> {
        self.by_nick.find(nick.fold_hash(self.config.seed)).find(|&place| {
            let other = self.table.tenant(place).and_then(|client| client.nick.as_ref());
            other.is_some_and(|other| other.same(nick))
        })
    }

    /// The client at an address.
    pub(super) fn find_addr(&self, addr: SocketAddr) -> Option<u32> {
        let mut places = self.by_addr.find(self.hash_addr(addr));
        places.find(|&place| self.table.tenant(place).is_some_and(|client| client.addr == addr))
    }

    fn measure_prefix(&mut self, place: u32) {
        self.voice = Voice::NONE;
        let mut line = [0; 160];
        let Some(client) = self.table.tenant_mut(place) else { return };
        client.prefix_len = render(&mut line, Prefix::Text(client.shown())) as u8;
    }

    fn hash_addr(&self, addr: SocketAddr) -> u64 {
        hash::of_addr(self.config.seed, addr)
    }
}
