//! Much goes past peers that do not read, or hardly: what that costs the
//! server, and those who do read.

use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::thread;
use std::time::Instant;

use crate::peer::{Peer, wait_until};
use crate::served::Served;

const MIB: usize = 1 << 20;

/// Few places and not too large a log, so that all memory is soon touched. While somebody is
/// behind, half of the log goes past in a patience: 40 MiB/s.
const ROOM: [&str; 10] = [
    "--max-clients",
    "8",
    "--log-size",
    "4M",
    "--patience",
    "50ms",
    "--max-transfers",
    "2",
    "--block-size",
    "4K",
];

/// As many as that option says.
const CLIENTS: usize = 8;

/// Bytes of a line as it is said; with its prefix it is nearly of the limit.
const LINE: usize = 4000;

/// Sends `bytes` in lines that are numbered from 0.
fn flood(writer: &mut Peer, bytes: usize) {
    let fill = "x".repeat(LINE - 8);
    for number in 0..bytes.div_ceil(LINE) {
        writer.send(format!("{number:07}{fill}\n"));
    }
}

/// Hears all of those lines, each once and in order, whatever comes between.
fn hear(reader: &mut Peer, from: &str, lines: usize) {
    let start = format!("[{from}] ");
    let mut next = 0;
    while next < lines {
        let line = reader.line();
        if let Some(text) = line.strip_prefix(&start) {
            assert_eq!(text[..7].parse(), Ok(next));
            assert_eq!(text.len(), LINE - 1);
            next += 1;
        }
    }
}

/// People of all kinds: one who writes as fast as it can, one who reads, one
/// who says little and one who listens to it, one who never reads, and one who
/// takes a byte now and then.
struct Cast {
    writer: Peer,
    reader: Peer,
    calm: Peer,
    listener: Peer,
    trickle: Peer,
    _asleep: Peer,
}

impl Cast {
    fn of(room: &Served) -> Self {
        let narrow = || {
            let mut peer = Peer::connect_narrow(room.at);
            peer.send("\n");
            peer
        };
        let [writer, reader, calm, listener] = [(); 4].map(|()| room.line());
        Self { writer, reader, calm, listener, trickle: narrow(), _asleep: narrow() }
    }

    /// So many bytes go past; tells how long who said little was not heard.
    fn play(&mut self, bytes: usize) -> Vec<Duration> {
        let from = self.writer.addr.clone();
        let over = AtomicBool::new(false);
        thread::scope(|scope| {
            let flooding = scope.spawn(|| flood(&mut self.writer, bytes));
            scope.spawn(|| trickle(&mut self.trickle, &over));
            let calm = scope.spawn(|| talk(&mut self.calm, &mut self.listener, &over));
            hear(&mut self.reader, &from, bytes.div_ceil(LINE));
            flooding.join().unwrap();
            over.store(true, Ordering::Relaxed);
            calm.join().unwrap()
        })
    }
}

/// Fills all places of the room once, with people who say long lines and store
/// files, so that nothing is left that the room was lent and has not touched.
fn touch_everything(room: &Served) {
    let crowd = (0..CLIENTS).map(|number| {
        let mut peer = room.line();
        peer.send("y".repeat(200_000) + "\n");
        peer.send(format!("#upload {} 100000\n{}", number % 2, "z".repeat(100_000)));
        peer
    });
    let crowd: Vec<_> = crowd.collect();
    for mut peer in crowd {
        peer.until("> Your file has been uploaded");
    }
    wait_until("all have left", || room.console.so_far().ends_with(b"(0 user online)\n"));
}

#[test]
fn who_never_reads_takes_no_memory_and_nobody_elses_lines() {
    let room = Served::start(&ROOM);
    touch_everything(&room);
    let mut cast = Cast::of(&room);
    cast.play(16 * MIB);
    let before = room.memory();
    let mut waits = cast.play(128 * MIB);
    let after = room.memory();
    waits.sort();
    let (median, longest) = (waits[waits.len() / 2], waits[waits.len() - 1]);
    // `.ci/steps/67-release` reads these.
    println!("waits of who says little: {}", waits.len());
    println!("median wait: {} us", median.as_micros());
    println!("longest wait: {} us", longest.as_micros());
    println!("memory grown by: {} bytes", after.saturating_sub(before));
    assert!(after <= before, "it grew from {before} to {after} bytes");
}

/// No line waits for the system to find a page for it.
#[test]
fn the_memory_for_lines_is_there_before_they_are() {
    let room = Served::start(&["--log-size", "32M"]);
    assert!(room.memory() >= 32 * MIB as u64);
}

/// Says a line each tenth of a second until `over`; how long each took.
fn talk(speaker: &mut Peer, listener: &mut Peer, over: &AtomicBool) -> Vec<Duration> {
    let mut waits = Vec::new();
    while !over.load(Ordering::Relaxed) {
        let began = Instant::now();
        let text = format!("{} is little", waits.len());
        speaker.send(format!("{text}\n"));
        listener.until(format!("[{}] {text}\n", speaker.addr));
        waits.push(began.elapsed());
        thread::sleep(Duration::from_millis(100));
    }
    waits
}

/// Takes a byte now and then until `over`.
fn trickle(reader: &mut Peer, over: &AtomicBool) {
    while !over.load(Ordering::Relaxed) {
        reader.take_byte();
        thread::sleep(Duration::from_millis(20));
    }
}
