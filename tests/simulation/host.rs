//! What stands between the room and the links of its peers.
//!
//! There are two: [`Plain`](super::plain::Plain) hands the links to the room
//! as they are, [`Stack`](super::stack::Stack) puts two network stacks and a
//! cable between them. Neither knows what is right; the script and the oracle
//! do not know which of them is at work.

use snug_core::server::Server;

use super::agenda::Agenda;
use super::flaw::Flaw;
use super::folder::Folder;
use super::link::Near;
use super::peer::Peer;
use super::tally::Tally;
use super::work::Work;
use crate::support::random::Random;

/// A host of the room. Peers are known by their numbers.
pub(crate) trait Host<'m> {
    fn server(&mut self) -> &mut Server<'m, Folder>;

    /// Brings a peer to the room; whether it may have a place.
    fn connect(&mut self, at: usize, around: &mut Around<'_, 'm>) -> bool;

    /// Does what is next to be done; whether there was anything.
    fn step(&mut self, around: &mut Around<'_, 'm>) -> bool;

    /// When there is something to be done again.
    fn due(&mut self) -> Option<u64>;

    /// The link of a peer has something to be read.
    fn note(&mut self, at: usize, around: &mut Around<'_, 'm>);

    /// The link of a peer can take something again.
    fn tell_writable(&mut self, at: usize, around: &mut Around<'_, 'm>);

    /// The link of a peer was reset, which some hosts see at once.
    fn tell_reset(&mut self, _at: usize, _around: &mut Around<'_, 'm>) {}

    /// Says something of a peer that is without cause.
    fn disturb(&mut self, _at: usize, _around: &mut Around<'_, 'm>) {}

    /// Whether the room still knows a peer, as far as the host can tell.
    fn knows(&mut self, _at: usize) -> bool {
        false
    }

    /// Whether what is sent in one piece comes in one, as the header of a
    /// classic upload must, and a connection is made at once.
    fn is_direct(&self) -> bool;

    /// The network changes, is parted up to a time, or is fine from now on.
    fn change_weather(&mut self, _random: &mut Random) {}
    fn part(&mut self, _until: u64) {}
    fn heal(&mut self) {}

    /// Adds what the network did.
    fn count(&mut self, _tally: &mut Tally) {}
}

/// What a host sees of the world.
pub(crate) struct Around<'a, 'm> {
    pub(crate) peers: &'a mut [Peer<'m>],
    pub(crate) agenda: &'a mut Agenda,
    pub(crate) random: &'a mut Random,
    pub(crate) tally: &'a mut Tally,
    pub(crate) work: &'a mut Work,
    pub(crate) flaw: Flaw,
}

impl Around<'_, '_> {
    /// The near end of a peer's link.
    pub(crate) fn near(&mut self, at: usize) -> Near<'_> {
        Near {
            link: &mut self.peers[at].link,
            now: self.agenda.now,
            random: self.random,
            tally: self.tally,
            flaw: self.flaw,
        }
    }
}
