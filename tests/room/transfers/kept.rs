//! What is kept of a file that did not come to its end.

use snug_core::server::Config;

use super::{digest, part, put, stored, two_of};
use crate::support::ground::{Ground, Sizes};
use crate::support::world::World;

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
