//! Files in parts, to the folder and from it, with chat in between.

use core::time::Duration;

use sha2::{Digest as _, Sha256};
use snug_core::server::Config;
use snug_core::store::StoreError;
use snug_core::wire::digest::Digest;

use crate::support::ground::{Ground, Sizes};
use crate::support::memory_store::{Pace, Step};
use crate::support::random::{Random, for_seeds};
use crate::support::world::{Peer, World};

const UPLOADED: &str = "> User 10.0.0.2:5000 has uploaded a file\n";

fn digest(bytes: impl AsRef<[u8]>) -> Digest {
    Digest::new(Sha256::digest(bytes.as_ref()).into())
}

fn stored(size: usize) -> String {
    format!("> Your file has been uploaded ({size} bytes)\n")
}

fn put(name: &str, bytes: impl AsRef<[u8]>) -> String {
    format!("#put '{name}' {} {}\n", bytes.as_ref().len(), digest(bytes))
}

fn part(bytes: &str) -> String {
    format!("#part {}\n{bytes}", bytes.len())
}

/// Ada and Bob, both line peers, have read all so far.
fn two_of(world: &mut World<'_>) -> (Peer, Peer) {
    let (ada, bob) = (world.join_lines(), world.join_lines());
    world.read(ada);
    (ada, bob)
}

#[test]
fn chat_goes_between_the_parts_of_an_upload() {
    let mut ground = Ground::new(Sizes::default());
    let mut world = World::new(&mut ground);
    let (ada, bob) = two_of(&mut world);
    let file = "0123456789".repeat(100);
    world.send(bob, put("my file", &file));
    assert_eq!(world.read(bob), "#have 'my file' 0\n");
    world.send(bob, part(&file[..700]) + "wait for it\n#who\n");
    world.send(ada, "take your time\n");
    assert_eq!(world.read(ada), "[10.0.0.2:5000] wait for it\n");
    let got = world.read(bob);
    assert!(got.ends_with("> 2 users\n[10.0.0.1:5000] take your time\n"), "{got}");
    world.send(bob, part(&file[700..]) + "there\n");
    assert_eq!(world.read(bob), stored(1_000));
    assert_eq!(world.read(ada), format!("{UPLOADED}[10.0.0.2:5000] there\n"));
    assert_eq!(world.file("my file"), Some(file));
}

#[test]
fn an_empty_file_needs_no_part() {
    let mut ground = Ground::new(Sizes::default());
    let mut world = World::new(&mut ground);
    let (ada, bob) = two_of(&mut world);
    world.send(bob, put("a", ""));
    assert_eq!(world.read(bob), format!("#have 'a' 0\n{}", stored(0)));
    assert_eq!(world.read(ada), UPLOADED);
    assert_eq!(world.file("a").as_deref(), Some(""));
}

/// Whoever comes with the same bytes goes on where the first one broke off.
#[test]
fn an_upload_goes_on_after_its_link_was_lost() {
    for (block, kept) in [(512, 1_536), (64, 1_984)] {
        let mut ground = Ground::new(Sizes { block, ..Sizes::default() });
        let mut world = World::new(&mut ground);
        let (ada, bob) = two_of(&mut world);
        let file = "0123456789".repeat(500);
        world.send(bob, put("a", &file) + &part(&file[..2_000]));
        assert_eq!(world.read(bob), "#have 'a' 0\n");
        world.reset(bob);
        assert_eq!(world.file("a"), None);
        world.send(ada, put("b", &file));
        let answer = world.read(ada);
        let have = format!("#have 'b' {kept}\n");
        assert!(answer.ends_with(&have), "{answer}");
        world.send(ada, part(&file[kept..]));
        assert_eq!(world.read(ada), stored(5_000));
        assert_eq!(world.file("b"), Some(file));
        assert!(world.store().kept.is_empty());
    }
}

/// Each byte counts once for its address, however often the link was lost.
#[test]
fn what_was_kept_is_not_counted_again() {
    let mut ground = Ground::new(Sizes::default());
    let config = Config { max_address: 5_000, ..Config::default() };
    let mut world = World::with(&mut ground, config);
    let file = "0123456789".repeat(400);
    let come = |world: &mut World<'_>, port| {
        let mut addr = World::addr(1);
        addr.set_port(port);
        let peer = world.join_from(addr).unwrap();
        world.send(peer, "\n");
        world.read(peer);
        peer
    };
    for (port, end) in [(1, 1_000), (2, 2_000), (3, 4_000)] {
        let peer = come(&mut world, port);
        world.send(peer, put("a", &file));
        let have = world.read(peer).rsplit_once(' ').unwrap().1.trim().parse().unwrap();
        world.send(peer, part(&file[have..end]));
        if end < file.len() {
            world.reset(peer);
        }
    }
    assert_eq!(world.file("a"), Some(file));
    let peer = come(&mut world, 4);
    world.send(peer, put("b", "x".repeat(1_001)));
    let full = "! #put: your address has no more room for files here\n";
    assert_eq!(world.read(peer), full);
    world.send(peer, put("b", "x".repeat(1_000)));
    assert_eq!(world.read(peer), "#have 'b' 0\n");
}

/// What is kept is summed again a block at a time, so that nobody waits.
#[test]
fn other_things_happen_while_what_was_kept_is_summed() {
    let mut ground = Ground::new(Sizes::default());
    let mut world = World::new(&mut ground);
    let (_, bob) = two_of(&mut world);
    let file = "x".repeat(100 * 512);
    world.store().kept.insert(digest(&file), file[..99 * 512].into());
    world.push(bob, put("a", &file));
    let mut turns = 0;
    let mut before = world.store().calls;
    while world.turn() {
        let calls = world.store().calls;
        assert!(calls <= before + 3, "the beginning, and a block or two");
        before = calls;
        turns += 1;
    }
    assert!(turns >= 98, "{turns}");
    assert_eq!(world.read(bob), format!("#have 'a' {}\n", 99 * 512));
}

#[test]
fn bytes_that_do_not_have_the_digest_are_dropped() {
    let mut ground = Ground::new(Sizes::default());
    let mut world = World::new(&mut ground);
    let (ada, bob) = two_of(&mut world);
    let file = "0123456789".repeat(100);
    world.send(bob, put("a", &file) + &part(&"x".repeat(1_000)) + "hello\n");
    let refused = "! #put: the bytes do not have that SHA256; send them again\n";
    assert_eq!(world.read(bob), format!("#have 'a' 0\n{refused}"));
    assert_eq!(world.read(ada), "[10.0.0.2:5000] hello\n");
    assert!(world.file("a").is_none() && world.store().kept.is_empty());
    world.send(bob, put("a", &file) + &part(&file));
    assert_eq!(world.read(bob), format!("#have 'a' 0\n{}", stored(1_000)));
}

#[test]
fn a_standing_file_is_replaced_only_when_that_was_said() {
    let mut ground = Ground::new(Sizes::default());
    let mut world = World::new(&mut ground);
    let (_, bob) = two_of(&mut world);
    let exists = "! #put: a file of that name stands already; add replace, or rename yours\n";
    world.send(bob, put("a", "old") + &part("old"));
    world.read(bob);
    world.send(bob, put("a", "newer"));
    assert_eq!(world.read(bob), exists);
    // One that was not there at the beginning counts as well.
    world.send(bob, put("b", "newer"));
    world.store().files.insert("b".into(), b"somebody's".into());
    world.send(bob, part("newer"));
    assert_eq!(world.read(bob), format!("#have 'b' 0\n{exists}"));
    // Its bytes are not sent again.
    world.send(bob, put("c", "newer"));
    assert_eq!(world.read(bob), format!("#have 'c' 5\n{}", stored(5)));
    world.send(bob, put("a", "newer").trim_end().to_owned() + " replace\n" + &part("newer"));
    assert_eq!(world.read(bob), format!("#have 'a' 0\n{}", stored(5)));
    assert_eq!(world.file("a").as_deref(), Some("newer"));
    assert_eq!(world.file("b").as_deref(), Some("somebody's"));
}

#[test]
fn what_cannot_be_put_is_refused() {
    let mut ground = Ground::new(Sizes::default());
    let config = Config { max_file: 9, ..Config::default() };
    let mut world = World::with(&mut ground, config);
    let (ada, bob) = two_of(&mut world);
    for (line, refused) in [
        (put("../a", "x"), "#put: a file name may not hold / or \\; leave the folders out"),
        (put("a", "0123456789"), "#put: a file may have 9 bytes at most here"),
        ("#put 'a' 1 12\n".into(), "write #put 'NAME' SIZE SHA256 [replace]"),
        ("#put 'a' 1\n".into(), "write #put 'NAME' SIZE SHA256 [replace]"),
    ] {
        world.send(bob, line);
        assert_eq!(world.read(bob), format!("! {refused}\n"));
    }
    world.send(ada, put("a", "012345678"));
    world.send(bob, put("b", "012345678"));
    let twice = "! #put: somebody sends the same file just now; wait for it\n";
    assert_eq!(world.read(bob), twice);
    world.send(ada, put("b", "x"));
    let busy = "! #put: another transfer of yours is under way; #stop ends it\n";
    assert_eq!(world.read(ada), format!("#have 'a' 0\n{busy}"));
    world.store().fails = Some((Step::Begin, StoreError::Full));
    world.send(bob, put("c", "x"));
    assert_eq!(world.read(bob), "! #put: the disk is full; ask who keeps it\n");
}

/// Whatever is wrong with a part, the wire stays in step.
#[test]
fn parts_that_are_not_wanted_are_dropped() {
    let mut ground = Ground::new(Sizes::default());
    let mut world = World::new(&mut ground);
    let (ada, bob) = two_of(&mut world);
    let none = "! #put: no upload waits for a part; begin one with #put\n";
    world.send(bob, part("#quit\nstray") + "hello\n");
    assert_eq!(
        (world.read(bob).as_str(), world.read(ada).as_str()),
        (none, "[10.0.0.2:5000] hello\n")
    );
    // Those behind it are dropped without a word.
    world.send(bob, part("#quit\n") + &part("#quit\n") + "hello\n");
    assert_eq!(
        (world.read(bob), world.read(ada)),
        (String::new(), "[10.0.0.2:5000] hello\n".into())
    );
    let too_large = "! #put: a part has 65536 bytes at most, and ends with its file\n";
    for (size, sent) in [(3, 4), (70_000, 65_537)] {
        world.send(bob, put("a", "x".repeat(size)) + &part(&"#quit\n".repeat(sent)[..sent]));
        let answer = world.read(bob);
        assert_eq!(answer, format!("#have 'a' 0\n{too_large}"));
        assert_eq!(world.is_in(bob), sent < 65_537, "what is too large to drop ends the stay");
    }
    assert!(world.store().drafts.is_empty() && world.store().files.is_empty());
}

/// A script need not wait for the offset where it knows that it is 0.
#[test]
fn a_part_that_comes_early_waits() {
    let mut ground = Ground::new(Sizes::default());
    let mut world = World::new(&mut ground);
    let (ada, bob) = two_of(&mut world);
    for fails in [false, true] {
        world.store().pace = Pace::Halted;
        world.store().fails = fails.then_some((Step::Begin, StoreError::Full));
        world.send(bob, put("b", "xyz") + &part("xyz") + "hello\n");
        assert_eq!((world.read(bob), world.read(ada)), (String::new(), String::new()));
        world.store().pace = Pace::Quick;
        world.settle();
        let answer = world.read(bob);
        if fails {
            assert_eq!(answer, "! #put: the disk is full; ask who keeps it\n");
            assert_eq!(world.read(ada), "[10.0.0.2:5000] hello\n");
        } else {
            assert_eq!(answer, format!("#have 'b' 0\n{}", stored(3)));
            assert_eq!(world.read(ada), format!("{UPLOADED}[10.0.0.2:5000] hello\n"));
            world.store().files.clear();
        }
    }
}

#[test]
fn an_upload_that_fails_is_told_and_its_parts_pass_by() {
    let mut ground = Ground::new(Sizes::default());
    let mut world = World::new(&mut ground);
    let (ada, bob) = two_of(&mut world);
    let file = "0123456789".repeat(200);
    world.send(bob, put("a", &file));
    world.read(bob);
    world.store().fails = Some((Step::Write, StoreError::Full));
    world.send(bob, part(&file[..1_000]) + &part(&file[1_000..]) + "hello\n");
    assert_eq!(world.read(bob), "! #put: the disk is full; ask who keeps it\n");
    assert_eq!(world.read(ada), "[10.0.0.2:5000] hello\n");
    assert!(world.store().drafts.is_empty());
}

#[test]
fn an_upload_that_does_not_move_ends_and_is_kept() {
    let mut ground = Ground::new(Sizes::default());
    let mut world = World::new(&mut ground);
    let (_, bob) = two_of(&mut world);
    let file = "0123456789".repeat(2_000);
    world.send(bob, put("a", &file) + &part(&file[..5_000]));
    world.advance(59_000);
    // Chat does not move a file on.
    world.send(bob, "hello\n");
    world.advance(2_000);
    assert!(world.is_in(bob));
    world.send(bob, part(&file[5_000..9_000]));
    world.advance(60_000);
    assert!(!world.is_in(bob));
    assert_eq!(world.store().kept.values().map(Vec::len).collect::<Vec<_>>(), [8_704]);
}

#[test]
fn chat_goes_between_the_parts_of_a_download() {
    let mut ground = Ground::new(Sizes::default());
    let mut world = World::new(&mut ground);
    let (ada, bob) = two_of(&mut world);
    let file = "0123456789".repeat(120);
    world.store().files.insert("a".into(), file.clone().into());
    world.block(bob, 100);
    world.send(bob, "#get a\n");
    let mut got = String::new();
    while got.len() < 700 {
        got += &String::from_utf8(world.read_some(bob, 50)).unwrap();
        if got.len() == 300 {
            world.send(ada, "hello\n");
            world.send(bob, "#who\n");
        }
    }
    world.unblock(bob);
    got += &world.read(bob);
    let users = "#user 10.0.0.1:5000 10.0.0.1:5000\n#user 10.0.0.2:5000 10.0.0.2:5000\n> 2 users\n";
    let expected = [
        "#file 'a' 1200\n",
        &part(&file[..512]),
        users,
        "[10.0.0.1:5000] hello\n",
        &part(&file[512..1_024]),
        &part(&file[1_024..]),
        &format!("#sum {}\n", digest(&file)),
    ];
    assert_eq!(got, expected.concat());
    assert!(world.store().readers.is_empty());
}

#[test]
fn a_download_from_an_offset_on() {
    let mut ground = Ground::new(Sizes::default());
    let mut world = World::new(&mut ground);
    let (_, bob) = two_of(&mut world);
    let file = "0123456789".repeat(120);
    world.store().files.insert("it's a".into(), file.clone().into());
    world.store().files.insert("empty".into(), Vec::new());
    for (offset, rest) in [(700, part(&file[700..])), (1_200, String::new())] {
        world.send(bob, format!("#get 'it's a' {offset}\n"));
        let sum = digest(&file);
        assert_eq!(world.read(bob), format!("#file 'it's a' 1200\n{rest}#sum {sum}\n"));
    }
    world.send(bob, "#get empty\n");
    assert_eq!(world.read(bob), format!("#file 'empty' 0\n#sum {}\n", digest("")));
    for (line, refused) in [
        ("#get 'it's a' 1201", "#get: the file is shorter than that; fetch it from its start"),
        ("#get b", "#get: there is no such file; #files lists what there is"),
        ("#get ../a", "#get: a file name may not hold / or \\; leave the folders out"),
        ("#get", "write #get 'NAME' [OFFSET]"),
        ("#stop", "no transfer of yours is under way"),
    ] {
        world.send(bob, format!("{line}\n"));
        assert_eq!(world.read(bob), format!("! {refused}\n"), "{line}");
    }
}

/// One version of a file, whatever happens to its name meanwhile.
#[test]
fn a_file_that_is_replaced_is_sent_as_it_was() {
    let mut ground = Ground::new(Sizes::default());
    let mut world = World::new(&mut ground);
    let (ada, bob) = two_of(&mut world);
    let file = "0123456789".repeat(200);
    world.store().files.insert("a".into(), file.clone().into());
    world.block(bob, 600);
    world.send(bob, "#get a\n");
    world.send(ada, "#upload a 3\nnew");
    world.unblock(bob);
    let got = world.read(bob);
    assert!(got.ends_with(&format!("#sum {}\n", digest(&file))), "{got}");
    assert_eq!(world.file("a").as_deref(), Some("new"));
}

#[test]
fn a_transfer_stops_when_its_peer_says_so() {
    let mut ground = Ground::new(Sizes::default());
    let mut world = World::new(&mut ground);
    let (_, bob) = two_of(&mut world);
    let file = "0123456789".repeat(300);
    world.store().files.insert("a".into(), file.clone().into());
    world.block(bob, 600);
    world.send(bob, "#get a\n");
    world.send(bob, "#stop\n");
    world.unblock(bob);
    let got = world.read(bob);
    let stopped = "> Your transfer has been stopped\n";
    let (first, second) = (part(&file[..512]), part(&file[512..1_024]));
    assert_eq!(got, format!("#file 'a' 3000\n{first}{second}{stopped}"));
    let other = "9876543210".repeat(300);
    world.send(bob, put("b", &other) + &part(&other[..1_100]) + "#stop\n#stop\n");
    let none = "! no transfer of yours is under way\n";
    assert_eq!(world.read(bob), format!("#have 'b' 0\n{stopped}{none}"));
    world.send(bob, put("b", &other));
    assert_eq!(world.read(bob), "#have 'b' 1024\n");
}

/// A file that is out to the last byte is not told to be stopped, even where
/// its peer has not got all of the line that ends it.
#[test]
fn what_is_all_sent_cannot_be_stopped() {
    let none = "! no transfer of yours is under way\n";
    let file = "0123456789".repeat(40);
    let whole = format!("#file 'a' 400\n{}#sum {}\n", part(&file), digest(&file));
    for (last, answer, stays) in [("#stop\n", none, true), ("#quit\n", "", false)] {
        for lacking in 1..=60 {
            let mut ground = Ground::new(Sizes::default());
            let mut world = World::new(&mut ground);
            let (_, bob) = two_of(&mut world);
            world.store().files.insert("a".into(), file.clone().into());
            world.block(bob, whole.len() - lacking);
            world.send(bob, "#get a\n");
            world.send(bob, last);
            world.unblock(bob);
            assert_eq!(world.read(bob), format!("{whole}{answer}"), "{last} {lacking}");
            assert_eq!(world.is_in(bob), stays, "{last} {lacking}");
            assert!(world.store().readers.is_empty(), "{last} {lacking}");
        }
    }
}

/// What a peer says behind a `#stop` waits until its transfer has ended.
#[test]
fn a_stop_comes_before_what_is_said_behind_it() {
    let stopped = "> Your transfer has been stopped\n";
    let mut ground = Ground::new(Sizes::default());
    let mut world = World::new(&mut ground);
    let (ada, bob) = two_of(&mut world);
    let file = "0123456789".repeat(100);
    world.store().files.insert("a".into(), file.clone().into());
    world.store().files.insert("b".into(), b"text".into());
    world.block(bob, 100);
    world.send(bob, "#get a\n");
    world.send(bob, "#stop\n#get b\nhello\n");
    world.unblock(bob);
    let other = format!("#file 'b' 4\n{}#sum {}\n", part("text"), digest("text"));
    let first = part(&file[..512]);
    assert_eq!(world.read(bob), format!("#file 'a' 1000\n{first}{stopped}{other}"));
    assert_eq!(world.read(ada), "[10.0.0.2:5000] hello\n");
    world.block(bob, 5);
    world.send(bob, put("c", "xyz"));
    world.send(bob, "#stop\n".to_owned() + &part("xyz") + "hello\n");
    world.unblock(bob);
    let none = "! #put: no upload waits for a part; begin one with #put\n";
    assert_eq!(world.read(bob), format!("#have 'c' 0\n{stopped}{none}"));
    assert_eq!(world.read(ada), "[10.0.0.2:5000] hello\n");
    // Nobody waits for a link that is gone.
    world.block(bob, 100);
    world.send(bob, "#get a\n");
    world.send(bob, "#stop\nbye\n");
    world.reset(bob);
    world.unblock(bob);
    let left = "< The user 10.0.0.2:5000 left (1 user online)\n";
    assert_eq!(world.read(ada), format!("[10.0.0.2:5000] bye\n{left}"));
}

/// Who is let go gets to the end of what it has half, and nothing within it.
#[test]
fn nothing_is_said_within_a_part() {
    let too_large = format!("#upload x {}\n", 1_u64 << 40);
    for last in ["#who\n#quit\n", "#part 99999\n", &too_large] {
        let mut ground = Ground::new(Sizes::default());
        let mut world = World::new(&mut ground);
        let (_, bob) = two_of(&mut world);
        let file = "0123456789".repeat(100);
        world.store().files.insert("a".into(), file.clone().into());
        world.block(bob, 100);
        world.send(bob, "#get a\n");
        world.send(bob, last);
        assert!(world.is_in(bob), "{last}");
        world.unblock(bob);
        let got = world.read(bob);
        let begun = format!("#file 'a' 1000\n{}", part(&file[..512]));
        assert!(got.starts_with(&begun), "{last} {got}");
        assert!(got.ends_with("> Your transfer has been stopped\n"), "{last} {got}");
        assert!(!world.is_in(bob) && world.store().readers.is_empty());
    }
}

/// Who is let go and takes what it has half too slowly keeps no slot for that.
#[test]
fn who_is_let_go_must_move_on() {
    let mut ground = Ground::new(Sizes { block: 8_000, ..Sizes::default() });
    let config = Config { write_timeout: Duration::from_secs(500), ..Config::default() };
    let mut world = World::with(&mut ground, config);
    let (_, bob) = two_of(&mut world);
    world.store().files.insert("a".into(), vec![b'x'; 20_000]);
    world.block(bob, 100);
    world.send(bob, "#get a\n");
    world.send(bob, "#quit\n");
    world.advance(59_000);
    assert!(world.is_in(bob));
    world.advance(1_000);
    assert!(!world.is_in(bob));
    assert!(world.store().readers.is_empty());
}

/// `printf '\n#get a\n' | nc -N HOST PORT`
#[test]
fn who_has_said_all_still_gets_the_file() {
    let mut ground = Ground::new(Sizes::default());
    let mut world = World::new(&mut ground);
    let file = "0123456789".repeat(300);
    world.store().files.insert("a".into(), file.clone().into());
    world.store().pace = Pace::Slow;
    let bob = world.join_lines();
    world.block(bob, 10);
    world.send(bob, "#get a\n");
    world.end(bob);
    world.unblock(bob);
    let got = world.read(bob);
    assert!(got.ends_with(&format!("#sum {}\n", digest(&file))), "{got}");
    assert!(!world.is_in(bob));
}

/// A file of which nothing lacks is put as soon as it is asked for.
#[test]
fn who_has_said_all_still_puts_a_file_that_is_there() {
    for pace in [Pace::Quick, Pace::Slow] {
        for (file, kept) in [("", ""), ("xyz", "xyz"), ("xyz", "")] {
            let mut ground = Ground::new(Sizes::default());
            let mut world = World::new(&mut ground);
            let bob = world.join_lines();
            world.store().pace = pace;
            if !kept.is_empty() {
                world.store().kept.insert(digest(file), kept.into());
            }
            world.block(bob, 5);
            world.push(bob, put("a", file));
            world.end(bob);
            world.unblock(bob);
            let done = if kept == file { stored(file.len()) } else { String::new() };
            assert_eq!(world.read(bob), format!("#have 'a' {}\n{done}", kept.len()));
            assert!(!world.is_in(bob));
            assert_eq!(world.file("a").is_some(), kept == file);
            assert!(world.store().drafts.is_empty());
        }
    }
}

/// Nobody stalls whose chat the room does not take.
#[test]
fn who_has_to_wait_with_its_chat_does_not_stall() {
    let mut ground = Ground::new(Sizes::default());
    let config = Config { max_chat: 10, ..Config::default() };
    let mut world = World::with(&mut ground, config);
    let (_, bob) = two_of(&mut world);
    world.send(bob, put("a", "xyz") + &"x".repeat(1_000) + "\nhello\n" + &part("xyz"));
    world.advance(61_000);
    assert!(world.is_in(bob));
    world.advance(60_000);
    assert_eq!(world.read(bob), format!("#have 'a' 0\n{}", stored(3)));
}

/// It gets no more lines, and it is nobody's concern how many there are.
#[test]
fn the_room_goes_on_while_who_has_said_all_waits_for_a_file() {
    let mut ground = Ground::new(Sizes::TINY);
    let mut world = World::with(&mut ground, Config { line_limit: 256, ..Config::default() });
    let (ada, bob) = two_of(&mut world);
    let file = "0123456789".repeat(30);
    world.store().files.insert("a".into(), file.clone().into());
    world.store().pace = Pace::Halted;
    world.send(bob, "#get a\n");
    world.end(bob);
    for n in 0..30 {
        world.send(ada, format!("line {n} of some, and all are said at once\n"));
        assert!(world.console().contains(&format!("] line {n} ")));
    }
    world.store().pace = Pace::Slow;
    world.block(bob, 60);
    world.settle();
    assert!(!world.read_some(bob, 60).is_empty());
    assert!(world.server.accepts(), "nobody is behind");
    world.unblock(bob);
    let got = world.read(bob);
    assert!(got.ends_with(&format!("#sum {}\n", digest(&file))), "{got}");
}

#[test]
fn who_takes_too_little_of_a_file_is_put_out() {
    let mut ground = Ground::new(Sizes::default());
    let config = Config { write_timeout: Duration::from_secs(500), ..Config::default() };
    let mut world = World::with(&mut ground, config);
    let (_, bob) = two_of(&mut world);
    world.store().files.insert("a".into(), vec![b'x'; 20_000]);
    world.block(bob, 1_000);
    world.send(bob, "#get a\n");
    world.advance(59_000);
    world.read_some(bob, 1_000);
    for _ in 0..4 {
        world.read_some(bob, 1_000);
    }
    world.advance(2_000);
    assert!(world.is_in(bob));
    world.advance(60_000);
    assert!(!world.is_in(bob));
    assert!(world.store().readers.is_empty());
}

#[test]
fn transfers_wait_for_a_slot() {
    let mut ground = Ground::new(Sizes { transfers: 1, ..Sizes::default() });
    let mut world = World::new(&mut ground);
    let (ada, bob) = two_of(&mut world);
    world.store().files.insert("a".into(), b"text".into());
    world.send(ada, "#upload b 5\n012");
    world.send(bob, "#get a\n");
    world.send(bob, "patience\n");
    assert_eq!((world.read(bob), world.read(ada)), (String::new(), String::new()));
    world.send(ada, "34");
    let got = world.read(bob);
    let file = format!("#file 'a' 4\n{}#sum {}\n", part("text"), digest("text"));
    assert!(got.contains(&file), "{got}");
    assert!(world.read(ada).ends_with("[10.0.0.2:5000] patience\n"));
}

#[test]
fn a_room_without_slots_or_a_store_that_knows_less_refuses() {
    let mut ground = Ground::new(Sizes { transfers: 0, ..Sizes::default() });
    let mut world = World::new(&mut ground);
    let (_, bob) = two_of(&mut world);
    world.send(bob, format!("#get a\n{}#files\n", put("a", "x")));
    let refused = "! #get: there is no such file; #files lists what there is\n\
                   ! #put: the folder cannot be written to; ask who keeps it\n> 0 files\n";
    assert_eq!(world.read(bob), refused);
    let mut ground = Ground::new(Sizes::default());
    let mut world = World::new(&mut ground);
    let (_, bob) = two_of(&mut world);
    for step in [Step::Open, Step::Begin] {
        world.store().fails = Some((step, StoreError::Unsupported));
        world.send(bob, if step == Step::Open { "#get a\n".into() } else { put("a", "x") });
        let answer = world.read(bob);
        assert!(
            answer.ends_with(": this room cannot do that; #help lists what it knows\n"),
            "{answer}"
        );
    }
}

#[test]
fn files_are_listed_with_size_and_age() {
    let mut ground = Ground::new(Sizes::default());
    let mut world = World::new(&mut ground);
    let (_, bob) = two_of(&mut world);
    world.send(bob, "#files\n");
    assert_eq!(world.read(bob), "> 0 files\n");
    for (name, size) in [("a", 0), ("it's", 12), ("z", 3)] {
        world.store().files.insert(name.into(), vec![b'x'; size]);
    }
    let list = "#stored 'a' 0 61\n#stored 'it's' 12 61\n#stored 'z' 3 61\n> 3 files\n";
    world.send(bob, "#files\n");
    assert_eq!(world.read(bob), list);
    world.block(bob, 5);
    world.send(bob, "#files\n");
    let mut got = world.read_some(bob, 5);
    // What is half out ends where it has changed meanwhile.
    world.store().files.insert("a".into(), vec![b'x'; 7]);
    world.unblock(bob);
    got.extend(world.read_bytes(bob));
    let got = String::from_utf8(got).unwrap();
    assert!(got.starts_with("#stor"), "{got}");
    assert!(got.ends_with(&format!(" …[cut]\n{}", list.replace("'a' 0", "'a' 7"))), "{got}");
}

/// Whatever is lost on the way, all of the file comes over in the end.
#[test]
fn at_random_transfers_come_whole() {
    for_seeds(0..80, |mut random| {
        let sizes =
            Sizes { transfers: random.of(1..4), block: random.of(64..600), ..Sizes::default() };
        let mut ground = Ground::new(sizes);
        let mut world = World::new(&mut ground);
        world.shuffle(random.next());
        world.store().pace = *random.pick(&[Pace::Quick, Pace::Slow]);
        let file: String =
            (0..random.of(0..6_000)).map(|_| *random.pick(&['a', 'b', '\n'])).collect();
        while world.file("a").is_none() {
            put_some(&mut world, &file, &mut random);
        }
        assert_eq!(world.file("a").as_ref(), Some(&file));
        let peer = world.join_lines();
        assert_eq!(fetch(&mut world, peer, &mut random), file);
        assert!(world.store().drafts.is_empty() && world.store().readers.is_empty());
    });
}

/// Puts a file by parts in pieces, until the link is lost.
fn put_some(world: &mut World<'_>, file: &str, random: &mut Random) {
    let peer = world.join_lines();
    world.send(peer, put("a", file));
    let answer = world.read(peer);
    let have = answer.lines().find_map(|line| line.strip_prefix("#have 'a' ")).expect("it is told");
    let mut at: usize = have.parse().unwrap();
    while at < file.len() {
        let end = (at + random.of(1..2_000)).min(file.len());
        let bytes = part(&file[at..end]) + random.pick::<&str>(&["", "chat\n", "#who\n"]);
        let (first, second) = bytes.split_at(random.of(0..bytes.len()));
        world.send(peer, first);
        if random.one_in(6) {
            world.reset(peer);
            return;
        }
        world.send(peer, second);
        at = end;
    }
    let answer = world.read(peer);
    assert!(have == file.len().to_string() || answer.contains(&stored(file.len())), "{answer}");
}

/// All of a file, which is read and stopped and gone on with at random.
fn fetch(world: &mut World<'_>, peer: Peer, random: &mut Random) -> String {
    let mut got = String::new();
    loop {
        world.block(peer, random.of(1..3_000));
        world.send(peer, format!("#get a {}\n", got.len()));
        let stops = random.one_in(2);
        let mut text = String::new();
        if stops {
            text = String::from_utf8(world.read_some(peer, random.of(1..3_000))).unwrap();
            world.send(peer, "#stop\n");
        }
        world.unblock(peer);
        text += &world.read(peer);
        let mut rest = text.as_str();
        while let Some((line, behind)) = rest.split_once('\n') {
            rest = behind;
            if let Some(len) = line.strip_prefix("#part ") {
                let (bytes, behind) = rest.split_at(len.parse().unwrap());
                got += bytes;
                rest = behind;
            } else if let Some(sum) = line.strip_prefix("#sum ") {
                assert_eq!(sum, digest(&got).to_string());
                return got;
            }
        }
    }
}
