//! Files that are refused, cannot be kept, or have to wait.

use snug_core::server::Config;
use snug_core::store::StoreError;

use crate::support::ground::{Ground, Sizes};
use crate::support::memory_store::{Pace, Step};
use crate::support::world::World;

#[test]
fn what_fits_no_reading_is_refused() {
    for bytes in ["#upload 'a' 5hello, world", "#upload 'a' x", "#upload 'a' 99999999999999999999x"]
    {
        let mut ground = Ground::new(Sizes::default());
        let mut world = World::new(&mut ground);
        let (ada, bob) = (world.join_lines(), world.join_classic());
        world.read(ada);
        world.send(bob, bytes);
        world.advance(60);
        world.end(bob);
        assert!(!world.is_in(bob), "{bytes}");
        assert!(world.store().drafts.is_empty());
        let heard = world.read(ada);
        assert!(heard.ends_with("< The user 10.0.0.2:5000 left (1 user online)\n"), "{heard}");
    }
}

#[test]
fn refused_files_pass_by() {
    let config =
        Config { max_file: 1_000, max_address: 1_500, max_folder: 2_000, ..Config::default() };
    let mut ground = Ground::new(Sizes::default());
    let mut world = World::with(&mut ground, config);
    let (ada, bob) = (world.join_lines(), world.join_classic());
    world.read(ada);
    let refused = [
        ("'../x' 10", 10, "! a file name may not hold / or \\; leave the folders out\n"),
        ("'' 10", 10, "! there is no file name; write one between the quotes\n"),
        ("'a' 1001", 1_001, "! a file may have 1000 bytes at most here\n"),
    ];
    for (header, size, answer) in refused {
        world.send(ada, format!("#upload {header}\n{}hi\n", "x".repeat(size)));
        assert_eq!(world.read(ada), answer);
        assert_eq!(world.read(bob), "[10.0.0.1:5000] hi");
        world.send(bob, format!("#upload {header}"));
        world.advance(60);
        world.send(bob, "x".repeat(size));
        world.send(bob, "hi");
        assert_eq!(world.read(ada), "[10.0.0.2:5000] hi\n");
    }
    assert!(world.server.store().files.is_empty());
    // By address, whatever the connection; then by folder.
    world.send(ada, format!("#upload a 1000\n{}", "a".repeat(1_000)));
    world.end(ada);
    let mut addr = World::addr(1);
    addr.set_port(99);
    let again = world.join_from(addr).unwrap();
    world.send(
        again,
        format!("\n#upload b 501\n{}#upload b 500\n{}", "b".repeat(501), "b".repeat(500)),
    );
    let answers = world.read(again);
    assert!(answers.contains("! your address has no more room for files here\n"));
    assert!(answers.ends_with("> Your file has been uploaded (500 bytes)\n"), "{answers}");
    let eve = world.join_lines();
    world.send(eve, format!("#upload c 501\n{}#upload c 500\n", "c".repeat(501)));
    assert_eq!(world.read(eve), "! the folder has no more room; ask who keeps it\n");
    // What is reserved counts.
    world.send(again, "x\n#upload d 1\nd");
    assert!(world.read(again).ends_with("! your address has no more room for files here\n"));
    world.reset(eve);
    assert_eq!(world.server.store().files.len(), 2);
    let sue = world.join_lines();
    world.send(sue, format!("#upload c 500\n{}", "c".repeat(500)));
    assert_eq!(world.read(sue), "> Your file has been uploaded (500 bytes)\n");
}

#[test]
fn refused_files_that_are_too_large_close() {
    let mut ground = Ground::new(Sizes::default());
    let mut world = World::new(&mut ground);
    let (ada, bob) = (world.join_lines(), world.join_classic());
    let (least, most) = (16 << 20, (16 << 20) + 1);
    world.send(ada, format!("#upload ../a {most}\n"));
    assert_eq!(
        world.read(ada).lines().last(),
        Some("! a file name may not hold / or \\; leave the folders out")
    );
    assert!(!world.is_in(ada));
    world.send(bob, format!("#upload '../a' {least}"));
    world.advance(60);
    assert!(world.is_in(bob));
    let eve = world.join_lines();
    world.send(eve, "#upload a 99999999999999999999999\n");
    assert_eq!(world.read(eve), "! a file may have 18446744073709551615 bytes at most\n");
    assert!(!world.is_in(eve));
}

#[test]
fn no_upload_slots_at_all() {
    let mut ground = Ground::new(Sizes { transfers: 0, ..Sizes::default() });
    let mut world = World::new(&mut ground);
    let ada = world.join_lines();
    world.send(ada, "#upload a 2\nxx#help\n");
    assert!(
        world.read(ada).starts_with("! the folder cannot be written to; ask who keeps it\n> #")
    );
}

#[test]
fn a_store_that_fails_at_any_step() {
    let whys = [StoreError::Full, StoreError::ReadOnly, StoreError::BadName, StoreError::Failed];
    for pace in [Pace::Quick, Pace::Slow] {
        for step in [Step::Create, Step::Write, Step::Commit] {
            for (why, takes) in whys.into_iter().zip([0, 1, 700, 700]) {
                let mut ground = Ground::new(Sizes::default());
                let mut world = World::new(&mut ground);
                let (ada, bob) = (world.join_lines(), world.join_lines());
                world.read(ada);
                (world.store().pace, world.store().takes) = (pace, takes);
                world.store().fails = Some((step, why));
                world.send(bob, format!("#upload a 2000\n{}", "x".repeat(1_000)));
                world.send(bob, format!("{}after\n", "x".repeat(1_000)));
                let answer = world.read(bob);
                assert!(answer.starts_with("! ") && answer.lines().count() == 1, "{answer}");
                assert_eq!(world.read(ada), "[10.0.0.2:5000] after\n");
                world.store().fails = None;
                world.send(bob, "#upload a 2\nxx");
                assert_eq!(world.read(bob), "> Your file has been uploaded (2 bytes)\n");
                assert!(world.store().drafts.is_empty());
            }
        }
    }
}

#[test]
fn all_slots_taken() {
    let mut ground = Ground::new(Sizes { transfers: 1, ..Sizes::default() });
    let mut world = World::new(&mut ground);
    let ada = world.join_lines();
    let bob = world.join_lines();
    let (eve, sue, tom) = (world.join_classic(), world.join_lines(), world.join_lines());
    world.read(ada);
    world.send(bob, "#upload b 4\nbo");
    world.send(eve, "#upload 'e' 4");
    world.advance(60);
    world.send(eve, "body");
    world.send(sue, "#upload s 4\nbodyhi\n");
    world.send(tom, "#upload t 4\nbody");
    for _ in 0..5 {
        world.advance(50_000);
        world.send(bob, "");
        world.send(ada, "waiting?\n");
        assert!(world.is_in(eve) && world.is_in(sue) && world.is_in(tom));
        if !world.is_in(bob) {
            break;
        }
    }
    // It stalled, and made way for one after the other.
    assert!(!world.is_in(bob));
    let heard = world.read(ada);
    let notices: Vec<_> = heard.lines().filter(|line| !line.starts_with('[')).collect();
    assert_eq!(
        notices,
        [
            "< The user 10.0.0.2:5000 left (4 users online)",
            "> User 10.0.0.3:5000 has uploaded a file",
            "> User 10.0.0.4:5000 has uploaded a file",
            "> User 10.0.0.5:5000 has uploaded a file",
        ]
    );
    assert!(heard.contains("\n[10.0.0.4:5000] hi\n"));
    assert_eq!(world.server.store().files.len(), 3);
}

#[test]
fn who_leaves_gives_its_turn_to_the_next() {
    let mut ground = Ground::new(Sizes { transfers: 1, ..Sizes::default() });
    let mut world = World::new(&mut ground);
    let bob = world.join_lines();
    let (eve, sue) = (world.join_lines(), world.join_lines());
    world.send(bob, "#upload b 4\nbo");
    world.send(eve, "#upload e 4\nbody");
    world.send(sue, "#upload s 4\nbody");
    // All at once: the slot is free, and who is first for it goes too.
    let (now, ids) = (world.now, [world.id(bob), world.id(eve)]);
    world.server.handle_gone(now, ids[0]);
    world.server.handle_gone(now, ids[1]);
    world.settle();
    assert_eq!(world.file("s").as_deref(), Some("body"));
    assert_eq!(world.file("e"), None);
}

#[test]
fn a_store_that_has_no_space() {
    let mut ground = Ground::new(Sizes::default());
    let mut world = World::new(&mut ground);
    let ada = world.join_lines();
    world.store().space = Some(10);
    world.send(ada, "#upload a 6\n123456#upload b 6\n123456hi\n#upload c 4\n1234");
    assert_eq!(
        world.read(ada),
        "> Your file has been uploaded (6 bytes)\n! the disk is full; ask who keeps it\n\
         > Your file has been uploaded (4 bytes)\n"
    );
}
