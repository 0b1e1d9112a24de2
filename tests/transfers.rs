//! Files in parts, both ways, through the real `srv`, whatever ends meanwhile.

#[path = "support/peer.rs"]
mod peer;
#[path = "support/served.rs"]
mod served;
#[path = "support/site.rs"]
mod site;

use core::time::Duration;
use std::fs::{self, File, Permissions};
use std::io::Write as _;
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt};
use std::sync::Arc;
use std::thread;

use rustix::process::Signal;

use peer::{Peer, wait_until};
use served::Served;
use site::{noise, picture, sha256, table};

/// Bytes of a part.
const PART: usize = 65_536;

fn put(name: &str, file: &[u8]) -> String {
    format!("#put '{name}' {} {}\n", file.len(), sha256(file))
}

/// Sends from where the server wants it up to `end`.
fn send_parts(peer: &mut Peer, file: &[u8], end: usize) -> usize {
    peer.until("#have '");
    let line = peer.line();
    let have = line.rsplit_once("' ").expect("it is told").1.parse().unwrap();
    for part in file[have..end].chunks(PART) {
        peer.send(format!("#part {}\n", part.len()));
        peer.send(part);
    }
    have
}

/// All of a file from `offset` on, and how often somebody said `word` meanwhile.
fn fetch(peer: &mut Peer, name: &str, offset: usize, word: &str) -> (Vec<u8>, usize) {
    peer.send(format!("#get '{name}' {offset}\n"));
    let (file, heard, _) = take_file(peer, word);
    (file, heard)
}

/// What comes of a file that was asked for, how often somebody said `word`
/// meanwhile, and the digest.
fn take_file(peer: &mut Peer, word: &str) -> (Vec<u8>, usize, String) {
    let (mut file, mut heard) = (Vec::new(), 0);
    loop {
        let line = peer.line();
        if let Some(len) = line.strip_prefix("#part ") {
            file.extend(peer.take(len.parse().unwrap()));
        } else if let Some(sum) = line.strip_prefix("#sum ") {
            return (file, heard, sum.to_owned());
        } else {
            assert!(line.starts_with("#file ") || line.starts_with(['[', '>', '<']), "{line}");
            heard += usize::from(line.ends_with(word));
        }
    }
}

#[test]
fn files_go_both_ways_whole() {
    let room = Served::start(&["--block-size", "5000"]);
    let (mut ada, mut bob) = (room.line(), room.line());
    let files =
        [("a picture.png", picture(1, 300_000)), ("t.csv", table(9_000)), ("empty", Vec::new())];
    for (name, file) in &files {
        ada.send(put(name, file));
        assert_eq!(send_parts(&mut ada, file, file.len()), 0);
        ada.until(format!("> Your file has been uploaded ({} bytes)\n", file.len()));
        bob.until(format!("> User {} has uploaded a file\n", ada.addr));
        assert_eq!(fetch(&mut bob, name, 0, "?").0, *file);
        assert_eq!(fetch(&mut bob, name, file.len() / 2, "?").0, file[file.len() / 2..]);
        bob.send(format!("#get '{name}' {}\n", file.len() + 1));
        bob.until("! #get: the file is shorter than that; fetch it from its start\n");
    }
    ada.send("#files\n");
    let list = String::from_utf8(ada.until("> 3 files\n")).unwrap();
    for (name, file) in &files {
        assert!(list.contains(&format!("#stored '{name}' {} ", file.len())), "{list}");
    }
    let expected: Vec<_> = files.iter().map(|(name, file)| (*name, file.as_slice())).collect();
    room.assert_serves(&expected);
}

/// Ended by whatever, the server goes on with a file where it was.
#[test]
fn an_upload_outlives_its_server() {
    for signal in [Signal::KILL, Signal::TERM] {
        let file = noise(7, 3_000_000);
        let mut room = Served::start(&[]);
        let mut ada = room.line();
        ada.send(put("a", &file));
        send_parts(&mut ada, &file, 2_000_000);
        ada.send("#who\n");
        ada.until("> 1 user\n");
        room.signal(signal);
        room.ends();
        assert_eq!((room.site.drafts(), room.site.standing().len()), (1, 0));
        let room = Served::start_on(Arc::clone(&room.site), &[]);
        let mut bob = room.line();
        bob.send(put("b", &file));
        let have = send_parts(&mut bob, &file, file.len());
        // What was in the room's hands is lost, no more.
        assert!((2_000_000 - 3 * PART..=2_000_000).contains(&have), "{have}");
        bob.until("> Your file has been uploaded (3000000 bytes)\n");
        room.assert_serves(&[("b", &file)]);
    }
}

/// Bytes on the disk that are not what was sent are found out, and dropped.
#[test]
fn what_was_broken_meanwhile_is_not_taken() {
    let file = noise(7, 1_000_000);
    let room = Served::start(&[]);
    let mut ada = room.line();
    ada.send(put("a", &file));
    send_parts(&mut ada, &file, 500_000);
    ada.send("#stop\n");
    ada.until("> Your transfer has been stopped\n");
    let kept = site::names(&room.site.folder());
    let path = room.site.folder().join(&kept[0]);
    let mut bytes = fs::read(&path).unwrap();
    bytes[1_000] ^= 1;
    fs::write(&path, bytes).unwrap();
    ada.send(put("a", &file));
    assert!(send_parts(&mut ada, &file, file.len()) > 0);
    ada.until("! #put: the bytes do not have that SHA256; send them again\n");
    ada.send(put("a", &file));
    assert_eq!(send_parts(&mut ada, &file, file.len()), 0);
    ada.until("> Your file has been uploaded");
    room.assert_serves(&[("a", &file)]);
}

#[test]
fn many_fetch_while_the_room_chats_and_the_file_is_replaced() {
    let room = Served::start(&["--max-transfers", "5"]);
    let file = noise(9, 2_000_000);
    let mut ada = room.line();
    ada.send(put("a", &file));
    send_parts(&mut ada, &file, file.len());
    ada.until("> Your file has been uploaded");
    let mut others: Vec<_> = (0..12).map(|_| room.line()).collect();
    thread::scope(|scope| {
        for peer in &mut others {
            let file = &file;
            scope.spawn(move || {
                let (got, _) = fetch(peer, "a", 0, "word");
                assert!(got == *file || got == b"newer", "{} bytes", got.len());
            });
        }
        for _ in 0..50 {
            ada.send("word\n");
        }
        ada.send("#upload a 5\nnewer");
        ada.until("> Your file has been uploaded");
    });
    wait_until("all files are closed", || room.descriptors() < 60);
    room.assert_serves(&[("a", b"newer")]);
}

/// Waits until the clock that dates files has moved on.
fn next_tick() {
    let mut probe = tempfile::tempfile().unwrap();
    let mut date = || {
        probe.write_all(b"x").unwrap();
        let metadata = probe.metadata().unwrap();
        (metadata.ctime(), metadata.ctime_nsec())
    };
    let first = date();
    while date() == first {
        thread::sleep(Duration::from_millis(1));
    }
}

/// Has the server know the digest of a file that is `a` from now on.
fn make_known(room: &Served, ada: &mut Peer, file: &[u8]) {
    ada.send(format!("#upload a {}\n", file.len()));
    ada.send(file);
    ada.until(format!("> Your file has been uploaded ({} bytes)\n", file.len()));
    // It changes after its bytes came, so that the dates tell of each change
    // that comes later.
    next_tick();
    fs::set_permissions(room.site.folder().join("a"), Permissions::from_mode(0o600)).unwrap();
    assert!(fetch(ada, "a", 0, "?").0 == file);
}

/// What comes of the file up to a line that begins with `end`.
fn parts_until(peer: &mut Peer, end: &str) -> Vec<u8> {
    let mut file = Vec::new();
    loop {
        let line = peer.line();
        if line.starts_with(end) {
            return file;
        }
        if let Some(len) = line.strip_prefix("#part ") {
            file.extend(peer.take(len.parse().unwrap()));
        }
    }
}

/// Its bytes go to the link without a copy, and nobody can tell by what comes:
/// chat stands between its parts, and it ends behind one.
#[test]
fn a_known_file_comes_like_any_other() {
    let room = Served::start(&[]);
    let file = noise(6, 12_000_000);
    let mut ada = room.line();
    make_known(&room, &mut ada, &file);
    let mut bob = Peer::connect_narrow(room.at);
    for offset in [0, 70_001] {
        bob.send(format!("\n#get a {offset}\n"));
        bob.until(format!("#file 'a' {}\n", file.len()));
        ada.send("word\n");
        ada.send("#who\n");
        ada.until("> 2 users\n");
        let (rest, heard, sum) = take_file(&mut bob, "word");
        assert!(rest == file[offset..], "{} bytes", rest.len());
        assert_eq!((heard, sum), (1, sha256(&file)));
    }
    bob.send("#get a 5\n");
    bob.until("#part 65536\n");
    let mut got = bob.take(100);
    bob.send("#stop\n");
    got.extend(bob.take(PART - 100));
    got.extend(parts_until(&mut bob, "> Your transfer has been stopped"));
    assert!(got.len() < file.len() - 5 && got == file[5..][..got.len()], "{} bytes", got.len());
    bob.send(format!("#get a {}\n", file.len() - 7));
    assert_eq!(take_file(&mut bob, "?").0, file[file.len() - 7..]);
}

/// What is gone from a file is not sent, and its peer is told.
#[test]
fn a_known_file_that_becomes_shorter_is_not_sent_as_if_it_were_whole() {
    const LEFT: usize = 8_000_000;
    let room = Served::start(&[]);
    let file = noise(8, 12_000_000);
    let mut ada = room.line();
    make_known(&room, &mut ada, &file);
    let mut bob = Peer::connect_narrow(room.at);
    bob.send("\n#get a\n");
    bob.until(format!("#file 'a' {}\n", file.len()));
    let stands = File::options().write(true).open(room.site.folder().join("a")).unwrap();
    stands.set_len(LEFT as u64).unwrap();
    let got = parts_until(&mut bob, "! #get: the file has become shorter");
    // The system may have taken some of the rest before it was gone.
    assert!(got[..LEFT] == file[..LEFT] && got.len() < file.len(), "{} bytes", got.len());
}

/// Known once, the digest is that of the file as it was: it comes with the rest
/// of it, and tells who fetches it where somebody writes to it meanwhile.
#[test]
fn a_known_digest_tells_of_a_file_that_changes_while_it_is_fetched() {
    const OFFSET: usize = 100_000;
    let room = Served::start(&[]);
    let file = noise(5, 12_000_000);
    let path = room.site.folder().join("a");
    let mut ada = room.line();
    make_known(&room, &mut ada, &file);

    let mut bob = Peer::connect_narrow(room.at);
    bob.send(format!("\n#get a {OFFSET}\n"));
    bob.until(format!("#file 'a' {}\n", file.len()));
    // Its end has not left yet: the system takes a few MB ahead, at most.
    let mut other = file.clone();
    *other.last_mut().unwrap() ^= 1;
    let stands = File::options().write(true).open(&path).unwrap();
    stands.write_all_at(&other[file.len() - 1..], file.len() as u64 - 1).unwrap();
    let (rest, _, sum) = take_file(&mut bob, "?");
    assert!(rest == other[OFFSET..], "{} bytes", rest.len());
    assert_eq!(sum, sha256(&file), "who knows the first bytes finds out");

    ada.send(format!("#get a {OFFSET}\n"));
    let (rest, _, sum) = take_file(&mut ada, "?");
    assert!(rest == other[OFFSET..], "{} bytes", rest.len());
    assert_eq!(sum, sha256(&other));
    room.assert_serves(&[("a", &other)]);
}

/// What `nc -N` does: it says all it has, and waits for the answer.
#[test]
fn a_pipe_gets_a_file_after_it_has_said_all() {
    let room = Served::start(&[]);
    let file = noise(3, 700_000);
    let mut ada = room.line();
    // A script that knows that nothing is there yet need not wait.
    let header = put("a", &file);
    let parts =
        file.chunks(PART).map(|part| [format!("#part {}\n", part.len()).as_bytes(), part].concat());
    ada.send([header.into_bytes(), parts.collect::<Vec<_>>().concat()].concat());
    ada.until("> Your file has been uploaded");
    let mut nc = room.join();
    nc.send("\n#get a\n");
    nc.end_sending();
    let all = nc.ends();
    let sum = format!("#sum {}\n", sha256(&file));
    assert!(all.windows(sum.len()).any(|bytes| bytes == sum.as_bytes()));
    room.assert_serves(&[("a", &file)]);
}
