//! The limits at the door and on chat, as options of `srv`.

use std::time::Instant;

use core::time::Duration;

use super::running::{Peer, Srv};

#[test]
fn who_has_enough_connections_is_told_so() {
    let srv = Srv::start(&["--max-per-address", "2"]);
    let (mut first, second) = (srv.join(), srv.join());
    let mut third = srv.connect();
    let told = "! your address has no more connections here; close one first\n";
    assert_eq!(third.next_line().as_deref(), Some(told));
    assert_eq!(third.next_line(), None);

    second.leave();
    first.wait_for("left (1 user online)");
    let _fourth = srv.join();
    first.wait_for("entered (2 users online)");
}

#[test]
fn who_connects_too_often_is_told_so() {
    let srv = Srv::start(&["--max-per-address", "3", "--max-new", "1"]);
    for _ in 0..3 {
        srv.join().leave();
    }
    let told = "! your address connects too often; try again in a minute\n";
    // A second may have gone by, and let one more in.
    let mut newcomers = (0..3).map(|_| srv.connect());
    assert!(newcomers.any(|mut newcomer| newcomer.next_line().as_deref() == Some(told)));
}

#[test]
fn this_machine_is_spared_unless_a_limit_is_asked_for() {
    let srv = Srv::start(&["--max-clients", "8"]);
    let mut peers: Vec<_> = (0..8).map(|_| srv.join()).collect();
    peers[7].send("#who\n");
    peers[7].wait_for("8 users");
    let mut ninth = srv.connect();
    assert_eq!(ninth.next_line().as_deref(), Some("! the room is full; try again later\n"));
}

#[test]
fn a_house_behind_one_address_comes_in_twice() {
    // What is set for strangers unless one asks for something else.
    let srv = Srv::start(&["--max-per-address", "512", "--max-new", "50"]);
    for _ in 0..2 {
        let house: Vec<_> = (0..120).map(|_| srv.join()).collect();
        // All are cut off at once, and come back at once.
        house.into_iter().for_each(Peer::leave);
    }
}

#[test]
fn who_says_too_much_waits_and_the_others_do_not() {
    let srv = Srv::start(&["--max-chat", "1000"]);
    let (mut loud, mut calm, mut reader) = (srv.join(), srv.join(), srv.join());
    let began = Instant::now();
    for number in 0..30 {
        loud.send(&format!("{number:0>80}\n"));
    }
    calm.send("may I?\n");
    reader.wait_for("may I?");
    let others = began.elapsed();
    reader.wait_for(&format!("{:0>80}", 29));
    // 30 lines of 100 bytes: the first second's worth at once, then the rest.
    let all = began.elapsed();
    assert!(all >= Duration::from_millis(1800), "{all:?}");
    assert!(others < all / 2, "{others:?} of {all:?}");
}
