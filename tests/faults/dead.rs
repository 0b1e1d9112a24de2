//! Peers that are gone without a word, and one that only seems to be.

use core::time::Duration;
use std::thread;
use std::time::Instant;

use crate::peer::{PATIENCE, Peer};
use crate::served::Served;

/// Who is dead is found within 2 s.
const QUICK: [&str; 4] = ["--keep-alive", "1s", "--send-timeout", "2s"];

/// What it is sent meanwhile waits for its acknowledgement, and keep-alive asks
/// nobody who owes one.
#[test]
fn who_dies_while_others_talk_is_found() {
    let room = Served::start(&QUICK);
    let (mut ada, mut bob, dead) = (room.line(), room.line(), room.line());
    dead.dies();
    let began = Instant::now();
    for number in 0.. {
        assert!(began.elapsed() < PATIENCE, "a dead peer stays");
        ada.send(format!("line {number}\n"));
        let came = bob.until(format!("] line {number}\n"));
        if String::from_utf8(came).unwrap().contains(" left (2 users online)\n") {
            break;
        }
        thread::sleep(Duration::from_millis(50));
    }
    room.assert_serves(&[]);
}

/// The classic client reads nothing while it uploads, however long that takes.
#[test]
fn who_uploads_may_leave_what_others_say() {
    let room = Served::start(&QUICK);
    let mut uploader = Peer::connect_narrow(room.at);
    uploader.until(" online)");
    let mut ada = room.line();
    uploader.send("#upload 'slow.bin' 50000");
    thread::sleep(Duration::from_millis(150));
    // Far more than its system takes without it.
    for number in 0..200 {
        ada.send(format!("line {number} {}\n", "x".repeat(500)));
    }
    // Longer than twice what a dead one is given. Now and then so much later
    // that its system is asked meanwhile whether it has room again.
    for number in 0..50 {
        uploader.send([7; 1000]);
        thread::sleep(Duration::from_millis(if number % 20 == 5 { 500 } else { 100 }));
    }
    ada.until(" has uploaded a file\n");
    uploader.until("line 199 ");
    room.assert_serves(&[("slow.bin", &vec![7; 50_000])]);
}
