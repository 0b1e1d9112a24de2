//! Files in parts to the folder.

use snug_core::server::Config;
use snug_core::store::StoreError;

use super::{UPLOADED, digest, part, put, stored, two_of};
use crate::support::ground::{Ground, Sizes};
use crate::support::memory_store::{Pace, Step};
use crate::support::world::World;

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
