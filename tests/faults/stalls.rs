//! Uploads that do not move on.

use core::time::Duration;
use std::thread;
use std::time::Instant;

use crate::peer::wait_until;
use crate::served::Served;
use crate::site::noise;

#[test]
fn a_stalled_upload_ends_and_nobody_waits_for_it() {
    let room = Served::start(&["--stall", "300ms"]);
    let mut bob = room.line();
    for said in [
        &b"#upload 'half' 10000some of it"[..],
        b"#upload '../x' 10000some of it",
        b"#upload 'half' 5",
        b"#upload 'half' ",
        b"#upload 'half'",
        b"#upload ",
        b"#upload",
        b"\n#upload half 10000\nsome of it",
    ] {
        let mut ada = room.classic();
        let began = Instant::now();
        ada.send(said);
        bob.send("nobody waits\n");
        ada.until("nobody waits");
        ada.is_put_out();
        let took = began.elapsed();
        let shown = said.escape_ascii();
        assert!(took >= Duration::from_millis(250), "{shown}: {took:?}");
        bob.until(format!("< The user {} left (1 user online)\n", ada.addr));
    }
    room.assert_serves(&[]);
}

#[test]
fn a_trickle_ends_too() {
    let room = Served::start(&["--stall", "300ms"]);
    let mut ada = room.classic();
    ada.send("#upload 'trickle' 100000");
    wait_until("it is put out", || {
        thread::sleep(Duration::from_millis(20));
        ada.try_send("little").is_err()
    });
    room.assert_serves(&[]);
}

#[test]
fn a_slow_upload_that_moves_on_is_let() {
    let room = Served::start(&["--stall", "1s"]);
    let (mut ada, mut bob) = (room.classic(), room.line());
    let file = noise(1, 15 * 8192);
    ada.send(format!("#upload 'slow' {}", file.len()));
    for piece in file.chunks(8192) {
        thread::sleep(Duration::from_millis(100));
        ada.send(piece);
    }
    bob.until("has uploaded a file\n");
    // Afterwards it may be silent as long as it likes.
    ada.until("entered");
    thread::sleep(Duration::from_millis(1100));
    ada.send("still here");
    bob.until("still here\n");
    room.assert_serves(&[("slow", &file)]);
}

#[test]
fn who_waits_for_a_slot_does_not_stall() {
    let room = Served::start(&["--stall", "300ms", "--max-transfers", "1"]);
    let (mut ada, mut bob) = (room.line(), room.line());
    bob.send("#upload first 10000000\n");
    wait_until("it has begun", || room.site.drafts() == 1);
    ada.send("#upload second 5\nhello");
    let end = Instant::now() + Duration::from_millis(900);
    let mut sent = 0;
    while Instant::now() < end {
        bob.send([0; 8192]);
        sent += 8192;
        thread::sleep(Duration::from_millis(10));
    }
    bob.send(vec![0; 10_000_000 - sent]);
    ada.until("> Your file has been uploaded (5 bytes)\n");
    room.assert_serves(&[("first", &vec![0; 10_000_000]), ("second", b"hello")]);
}
