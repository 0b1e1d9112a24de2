//! Files in parts from the folder.

use core::time::Duration;

use snug_core::server::Config;

use super::{digest, part, two_of};
use crate::support::ground::{Ground, Sizes};
use crate::support::memory_store::Pace;
use crate::support::world::World;

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

/// What the store lends goes out in parts like all else: chat gets between two,
/// and who stops, or is let go, gets to the end of the one that is half out.
#[test]
fn what_is_lent_comes_in_parts_with_chat_in_between() {
    let file = "0123456789".repeat(120);
    let stopped = "> Your transfer has been stopped\n";
    let (first, rest) = (part(&file[..700]), part(&file[700..]));
    let sum = format!("#sum {}\n", digest(&file));
    let users = "#user 10.0.0.1:5000 10.0.0.1:5000\n#user 10.0.0.2:5000 10.0.0.2:5000\n> 2 users\n";
    let hello = "[10.0.0.1:5000] hello\n";
    for pace in [Pace::Quick, Pace::Slow] {
        for (said, then, stays) in [
            ("#who\n", [users, hello, &rest, &sum].concat(), true),
            ("#stop\n", [stopped, hello].concat(), true),
            ("#quit\n", stopped.to_owned(), false),
        ] {
            let mut ground = Ground::new(Sizes::default());
            let mut world = World::new(&mut ground);
            let (ada, bob) = two_of(&mut world);
            world.store().files.insert("a".into(), file.clone().into());
            world.store().known.insert(file.clone().into(), digest(&file));
            (world.store().lends, world.store().pace) = (700, pace);
            world.block(bob, 20);
            world.send(bob, "#get a\n");
            let mut got = String::new();
            while got.len() < 100 {
                got += &String::from_utf8(world.read_some(bob, 7)).unwrap();
            }
            world.send(bob, said);
            world.send(ada, "hello\n");
            world.unblock(bob);
            got += &world.read(bob);
            assert_eq!(got, format!("#file 'a' 1200\n{first}{then}"), "{said} {pace:?}");
            assert!(world.store().readers.is_empty());
            assert_eq!(world.is_in(bob), stays);
        }
    }
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
