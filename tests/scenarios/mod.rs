//! What happens in every room, wherever it runs: written once, run against
//! `srv` by `tests/scenarios.rs` and against the device by `tests/device.rs`.

mod files;
mod parts;
mod people;
mod trouble;

use core::net::SocketAddr;
use std::collections::BTreeMap;
use std::net::TcpStream;

use rustix::net::{AddressFamily, SocketType, connect, socket, sockopt};
use sha2::{Digest, Sha256};

pub(crate) use files::*;
pub(crate) use parts::*;
pub(crate) use people::*;
pub(crate) use trouble::*;

use crate::person::{Person, QUIET};

/// Places for clients in a room of the scenarios.
pub(crate) const CLIENTS: usize = 8;

/// Uploads that go on at once in them.
pub(crate) const TRANSFERS: usize = 4;

/// A room that runs somewhere and has places for [`CLIENTS`].
pub(crate) trait Place {
    /// Bytes of a file that all buffers on the way to a peer cannot take.
    const LARGE: usize;

    /// Starts it, with no files.
    fn start() -> Self;

    /// Where it can be reached.
    fn addr(&self) -> SocketAddr;

    /// Waits until its console has shown a line with this in it.
    fn shows(&mut self, part: &str);

    /// Cuts off everybody who is there, without a word to either side, until
    /// the room could have found out.
    fn cuts_off(&mut self, people: &[Person]);

    /// Ends it; the files that it has, by name.
    fn end(self) -> Files;
}

/// Files by name.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// Calls a macro with the names of all scenarios.
macro_rules! each_scenario {
    ($run:ident) => {
        $run! {
            people_of_both_dialects_talk
            everybody_is_counted
            a_full_room_tells_newcomers_and_lets_them_in_later
            files_stand_as_they_were_sent
            names_are_kept_or_refused
            a_file_of_which_half_came_does_not_stand
            more_upload_than_there_are_slots_while_others_talk
            files_go_both_ways_in_parts_with_chat_in_between
            an_upload_that_broke_off_goes_on
            what_stands_is_replaced_only_on_demand
            a_reader_gets_the_version_that_it_began_with
            transfers_end_when_they_are_stopped
            a_reset_is_a_leave_at_every_stage
            who_does_not_read_keeps_nobody_waiting
            a_dead_peer_is_found_and_its_place_is_free
        }
    };
}

/// Connects, whatever comes of it. One at a time: behind QEMU only one can
/// wait to be let in.
fn knock(place: &impl Place) -> Person {
    Person::new(TcpStream::connect(place.addr()).unwrap())
}

/// Somebody classic in the room.
fn join(place: &impl Place) -> Person {
    knock(place).comes_in()
}

/// Somebody who speaks in lines in the room.
fn join_lines(place: &impl Place) -> Person {
    let mut person = join(place);
    person.switches();
    person
}

/// The same, and its system takes hardly anything that it does not read.
fn join_narrow(place: &impl Place) -> Person {
    let narrow = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    sockopt::set_socket_recv_buffer_size(&narrow, 4096).unwrap();
    connect(&narrow, &place.addr()).unwrap();
    let mut person = Person::new(narrow.into()).comes_in();
    person.switches();
    person
}

/// Just these files stand.
#[track_caller]
fn assert_holds(found: &Files, expected: &[(&str, &[u8])]) {
    let names: Vec<_> = expected.iter().map(|(name, _)| *name).collect();
    let mut sorted = names.clone();
    sorted.sort_unstable();
    assert_eq!(found.keys().collect::<Vec<_>>(), sorted);
    for (name, bytes) in expected {
        assert_eq!(Sha256::digest(&found[*name]), Sha256::digest(bytes), "{name}");
    }
}

/// Bytes without a pattern that a mix-up could keep.
pub(crate) fn noise(len: usize, seed: u32) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2) | 1;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..len).map(|_| next()).collect()
}
