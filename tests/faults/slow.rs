//! Peers that do not read beside one that writes fast.

use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::thread;

use crate::peer::Peer;
use crate::served::Served;
use crate::site::noise;

/// Bytes of a line without its prefix; enough lines to fill all that the
/// system holds for a connection.
const LINE: usize = 1000;
const LINES: usize = 6000;

/// While somebody is behind, half of the log is written in a patience: 5 MB/s.
const ROOM: [&str; 4] = ["--log-size", "2M", "--patience", "200ms"];

fn line(number: usize) -> String {
    format!("line {number:06} {}\n", "x".repeat(LINE))
}

/// The number of a line as it is heard.
fn number(heard: &str) -> usize {
    let number = heard.split("line ").nth(1).and_then(|rest| rest.get(..6)?.parse().ok());
    number.unwrap_or_else(|| panic!("{heard}"))
}

/// A room with somebody who writes, somebody who reads, and somebody whose
/// system takes little; all have heard something.
fn room_of_three(options: &[&str]) -> (Served, Peer, Peer, Peer) {
    let room = Served::start(&[&ROOM, options].concat());
    let (mut ada, mut bob) = (room.line(), room.line());
    let mut slow = Peer::connect_narrow(room.at);
    bob.until("(3 users online)\n");
    ada.send("let us begin\n");
    slow.until("let us begin");
    bob.until("let us begin\n");
    (room, ada, bob, slow)
}

fn write_all(writer: &mut Peer) {
    for number in 0..LINES {
        writer.send(line(number));
    }
}

fn hear_all(reader: &mut Peer) {
    for expected in 0..LINES {
        assert_eq!(number(&reader.line()), expected);
    }
}

#[test]
fn who_never_reads_misses_lines_and_nobody_else_does() {
    let (room, mut ada, mut bob, mut slow) = room_of_three(&[]);
    slow.send("\n");
    slow.until("lists what it knows\n");
    thread::scope(|scope| {
        scope.spawn(|| write_all(&mut ada));
        hear_all(&mut bob);
    });

    // Now it reads, and is told how many it missed: none is unaccounted for.
    let caught_up = AtomicBool::new(false);
    thread::scope(|scope| {
        let reading = scope.spawn(|| {
            let accounted = account(&mut slow);
            caught_up.store(true, Ordering::Relaxed);
            accounted
        });
        let mut next = LINES;
        while !caught_up.load(Ordering::Relaxed) {
            ada.send(line(next));
            next += 1;
            thread::sleep(Duration::from_millis(20));
        }
        let (heard, missed, last) = reading.join().unwrap();
        assert!(missed > 0, "nothing was missed");
        assert_eq!(heard + missed, last + 1);
    });
    room.assert_serves(&[]);
}

/// Reads until a line that was said after the flood; tells how many lines came,
/// how many were missed, and the number of the last.
fn account(slow: &mut Peer) -> (usize, usize, usize) {
    let (mut heard, mut missed) = (0, 0);
    loop {
        let line = slow.line();
        if let Some(told) = line.strip_prefix("> ") {
            let count = told.split(' ').next().and_then(|count| count.parse::<usize>().ok());
            missed += count.unwrap_or_else(|| panic!("{line}"));
            continue;
        }
        heard += 1;
        if line.ends_with(" …[cut]") {
            continue;
        }
        let number = number(&line);
        assert_eq!(number + 1, heard + missed, "a line is missing or out of order");
        assert!(line.ends_with(&"x".repeat(LINE)));
        if number >= LINES {
            return (heard, missed, number);
        }
    }
}

#[test]
fn who_takes_nothing_is_put_out() {
    let (room, mut ada, mut bob, slow) = room_of_three(&["--send-timeout", "500ms"]);
    thread::scope(|scope| {
        scope.spawn(|| write_all(&mut ada));
        let left = format!("< The user {} left (2 users online)", slow.addr);
        let mut expected = 0;
        let mut has_left = false;
        while expected < LINES || !has_left {
            let line = bob.line();
            if line == left {
                has_left = true;
            } else {
                assert_eq!(number(&line), expected);
                expected += 1;
            }
        }
    });
    room.assert_serves(&[]);
}

#[test]
fn who_uploads_need_not_read() {
    let (room, mut ada, mut bob, mut slow) = room_of_three(&["--send-timeout", "700ms"]);
    let told = format!("> User {} has uploaded a file\n", slow.addr);
    let file = noise(1, 40 * 4092);
    thread::scope(|scope| {
        scope.spawn(|| write_all(&mut ada));
        scope.spawn(|| {
            slow.send(format!("#upload 'slow' {}", file.len()));
            for piece in file.chunks(4092) {
                slow.send(piece);
                thread::sleep(Duration::from_millis(50));
            }
        });
        bob.until(told);
    });
    room.assert_serves(&[("slow", &file)]);
}
