//! Many uploads at once, and servers that end in the middle of them.

#[path = "support/peer.rs"]
mod peer;
#[path = "support/served.rs"]
mod served;
#[path = "support/site.rs"]
mod site;

use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use std::sync::{Arc, Barrier};
use std::thread;

use rustix::process::Signal;

use peer::{Peer, wait_until};
use served::Served;
use site::{Site, noise, picture, sha256, table};

/// Somebody with a file.
struct Uploader {
    peer: Peer,
    speaks_lines: bool,
    name: String,
    file: Vec<u8>,
}

impl Uploader {
    /// One of many: dialect, kind and size of file go by its number.
    fn new(room: &Served, number: usize) -> Self {
        let speaks_lines = number.is_multiple_of(2);
        let peer = if speaks_lines { room.line() } else { room.classic() };
        let size = 20_000 + number * 3_001;
        let seed = number as u32;
        let (kind, file) = match number % 3 {
            0 => ("png", picture(seed, size)),
            1 => ("csv", table(size / 8)),
            _ => ("bin", noise(seed, size)),
        };
        Self { peer, speaks_lines, name: format!("{number}.{kind}"), file }
    }

    fn send_half(&mut self) {
        let end = if self.speaks_lines { "\n" } else { "" };
        let header = format!("#upload '{}' {}{end}", self.name, self.file.len());
        self.peer.send(header);
        self.peer.send(&self.file[..self.file.len() / 2]);
    }

    fn send_rest(&mut self) {
        for piece in self.file[self.file.len() / 2..].chunks(4096) {
            self.peer.send(piece);
        }
    }

    fn as_expected(&self) -> (&str, &[u8]) {
        (&self.name, &self.file)
    }
}

/// Lines that somebody says, numbered so that none can be missed.
fn words(speaker: &str, number: usize) -> String {
    format!("[{speaker}] this is line {number:05}")
}

/// Talks to `listener` until `over`; tells how many lines it took.
fn talk(speaker: &mut Peer, listener: &mut Peer, over: impl Fn() -> bool) -> usize {
    let mut number = 0;
    while !over() {
        speaker.send(format!("this is line {number:05}\n"));
        listener.until(words(&speaker.addr, number) + "\n");
        number += 1;
        thread::sleep(Duration::from_millis(1));
    }
    number
}

#[test]
fn sixty_four_at_once_while_the_room_chats() {
    let room = Served::start(&[]);
    let (mut ada, mut bob, mut old) = (room.line(), room.line(), room.classic());
    let mut uploaders: Vec<_> = (0..64).map(|number| Uploader::new(&room, number)).collect();
    let (halfway, done) = (Barrier::new(64), AtomicUsize::new(0));
    let lines = thread::scope(|scope| {
        for uploader in &mut uploaders {
            scope.spawn(|| {
                uploader.send_half();
                halfway.wait();
                uploader.send_rest();
                if uploader.speaks_lines {
                    uploader.peer.until("> Your file has been uploaded ");
                }
                done.fetch_add(1, Ordering::Relaxed);
            });
        }
        talk(&mut ada, &mut bob, || done.load(Ordering::Relaxed) == 64)
    });
    // All who read only now have every line, too, and in order.
    for number in 0..lines {
        old.until(words(&ada.addr, number));
    }
    let mut told = 0;
    while told < 64 {
        told += usize::from(hears_of_a_file(&mut ada));
    }
    for uploader in uploaders.iter_mut().filter(|uploader| !uploader.speaks_lines) {
        for number in 0..lines {
            uploader.peer.until(words(&ada.addr, number));
        }
    }
    let expected: Vec<_> = uploaders.iter().map(Uploader::as_expected).collect();
    room.assert_serves(&expected);
}

fn hears_of_a_file(peer: &mut Peer) -> bool {
    peer.line().ends_with(" has uploaded a file")
}

/// Those take a way of their own into the folder, past the room. What is said
/// behind one is a line again, and of one that is cut off nothing is left.
#[test]
fn long_files_come_whole_however_they_are_cut() {
    let room = Served::start(&[]);
    let mut ada = room.line();
    let mut uploaders = [0, 1].map(|number| Uploader {
        file: noise(number as u32 + 7, 5_000_003),
        ..Uploader::new(&room, number)
    });
    for uploader in &mut uploaders {
        let (file, name) = (uploader.file.clone(), "half".to_owned());
        let mut half = Uploader { peer: room.line(), speaks_lines: true, file, name };
        half.send_half();
        wait_until("it has begun", || room.site.drafts() == 1);
        drop(half);
        wait_until("it is gone", || room.site.drafts() == 0);
        uploader.send_half();
        uploader.send_rest();
        uploader.peer.send("behind the file");
        uploader.peer.end_sending();
        ada.until(format!("[{}] behind the file", uploader.peer.addr));
    }
    // What it splices it does not write itself.
    let written = room.written();
    assert!(written.is_none_or(|bytes| bytes < 10_000_000), "{written:?}");
    room.assert_serves(&[uploaders[0].as_expected(), uploaders[1].as_expected()]);
}

#[test]
fn who_finds_no_slot_waits_for_one() {
    let room = Served::start(&["--max-transfers", "2"]);
    let mut uploaders: Vec<_> = (0..12).map(|number| Uploader::new(&room, number)).collect();
    thread::scope(|scope| {
        for uploader in &mut uploaders {
            scope.spawn(|| {
                uploader.send_half();
                uploader.send_rest();
            });
        }
    });
    let all = || room.site.standing().len() == 12;
    wait_until("all files stand", all);
    let expected: Vec<_> = uploaders.iter().map(Uploader::as_expected).collect();
    room.assert_serves(&expected);
}

#[test]
fn of_many_under_one_name_one_stands_whole() {
    let room = Served::start(&[]);
    let mut listener = room.line();
    let mut uploaders: Vec<_> = (0..16).map(|number| Uploader::new(&room, number)).collect();
    for uploader in &mut uploaders {
        uploader.name = "same".to_owned();
    }
    thread::scope(|scope| {
        for uploader in &mut uploaders {
            scope.spawn(|| {
                uploader.send_half();
                uploader.send_rest();
            });
        }
    });
    for _ in 0..16 {
        listener.until(" has uploaded a file\n");
    }
    let standing = room.site.stored("same");
    assert!(uploaders.iter().any(|uploader| uploader.file == standing));
    room.assert_serves(&[("same", &standing)]);
}

/// A room in which a file stands and eight more are under way, one of them
/// under the same name.
fn room_with_uploads_under_way() -> (Served, Vec<Uploader>, Vec<u8>) {
    let room = Served::start(&[]);
    let standing = picture(99, 5_000);
    let mut ada = room.line();
    ada.send(format!("#upload 0.png {}\n", standing.len()));
    ada.send(&standing);
    ada.until("> Your file has been uploaded");
    let mut uploaders: Vec<_> = (0..8).map(|number| Uploader::new(&room, number)).collect();
    for uploader in &mut uploaders {
        uploader.file.resize(200_000, 7);
        uploader.send_half();
    }
    wait_until("all have begun", || room.site.drafts() == 8);
    (room, uploaders, standing)
}

#[test]
fn a_kill_leaves_no_half_file_and_a_start_sweeps() {
    let (mut room, mut uploaders, standing) = room_with_uploads_under_way();
    room.signal(Signal::KILL);
    room.ends();
    assert_eq!(room.site.drafts(), 8);
    let site = Arc::clone(&room.site);
    for uploader in &mut uploaders {
        uploader.peer.is_put_out();
    }

    let room = Served::start_on(site, &[]);
    room.assert_serves(&[("0.png", &standing)]);
    // What was cut off can be sent again.
    let mut again = Uploader::new(&room, 1);
    again.send_half();
    again.send_rest();
    wait_until("it stands", || room.site.standing().len() == 2);
    room.assert_serves(&[("0.png", &standing), again.as_expected()]);
}

#[test]
fn an_end_leaves_nothing_half() {
    for signal in [Signal::TERM, Signal::INT] {
        let (mut room, _uploaders, standing) = room_with_uploads_under_way();
        room.signal(signal);
        assert_eq!(room.ends().code(), Some(0));
        assert_eq!(room.site.drafts(), 0);
        room.site.assert_holds(&[("0.png", &standing)]);
    }
}

#[test]
fn whatever_stands_after_a_kill_is_whole() {
    let site = Arc::new(Site::new());
    for round in 0..4 {
        let mut room = Served::start_on(Arc::clone(&site), &[]);
        let mut listener = room.line();
        // Not the classic one with a table: sent again and again without a pause,
        // its header and the digits of the table read as one large file, too.
        let numbers = (0..7).filter(|number| number % 6 != 1);
        let uploaders: Vec<_> = numbers.map(|number| Uploader::new(&room, number)).collect();
        let expected: Vec<_> =
            uploaders.iter().map(|u| (u.name.clone(), sha256(&u.file))).collect();
        let threads = uploaders.into_iter().map(|uploader| thread::spawn(|| repeat(uploader)));
        let threads: Vec<_> = threads.collect();
        for _ in 0..=3 * round {
            listener.until(" has uploaded a file\n");
        }
        room.signal(Signal::KILL);
        room.ends();
        for thread in threads {
            thread.join().unwrap();
        }
        for (name, hash) in site.standing() {
            assert!(expected.contains(&(name.clone(), hash)), "{name} is broken");
        }
    }
    let room = Served::start_on(site, &[]);
    wait_until("the leftovers are gone", || room.site.drafts() == 0);
}

/// Sends the same file until the server is gone.
fn repeat(mut uploader: Uploader) {
    let end = if uploader.speaks_lines { "\n" } else { "" };
    let header = format!("#upload '{}' {}{end}", uploader.name, uploader.file.len());
    let whole = [header.as_bytes(), &uploader.file].concat();
    while whole.chunks(4096).all(|piece| uploader.peer.try_send(piece).is_ok()) {}
}
