//! Coming, staying and going.

use core::time::Duration;

use snug_core::server::{Config, RoomFull, full_notice};
use snug_core::store::TransferSlot;

use crate::support::ground::{Ground, Sizes};
use crate::support::memory_store::Pace;
use crate::support::world::World;

#[test]
fn who_ends_its_sending_is_served_to_the_end() {
    let mut ground = Ground::new(Sizes::default());
    let mut world = World::new(&mut ground);
    let (ada, bob, eve) = (world.join_lines(), world.join_classic(), world.join_lines());
    world.read(ada);
    world.push(bob, "last words");
    world.end(bob);
    assert_eq!(
        world.read(ada),
        "[10.0.0.2:5000] last words\n< The user 10.0.0.2:5000 left (2 users online)\n"
    );
    world.read(eve);
    world.push(eve, "#who\n");
    world.settle();
    world.push(eve, "#nick eve\nbye");
    world.end(eve);
    assert_eq!(
        world.read(eve),
        "#user 10.0.0.1:5000 10.0.0.1:5000\n#user 10.0.0.3:5000 10.0.0.3:5000\n> 2 users\n\
         > Your name is set\n"
    );
    assert!(world.link(eve).is_over());
    assert_eq!(
        world.read(ada),
        "> User 10.0.0.3:5000 is now eve\n[eve] bye\n< The user eve left (1 user online)\n"
    );
}

#[test]
fn what_came_before_a_reset_is_heard() {
    let mut ground = Ground::new(Sizes::default());
    let mut world = World::new(&mut ground);
    let (ada, bob, eve) = (world.join_lines(), world.join_classic(), world.join_lines());
    world.read(ada);
    world.push(bob, "last words");
    world.reset(bob);
    world.push(eve, "whole\nhalf");
    world.reset(eve);
    assert_eq!(
        world.read(ada),
        "[10.0.0.2:5000] last words\n< The user 10.0.0.2:5000 left (2 users online)\n\
         [10.0.0.3:5000] whole\n< The user 10.0.0.3:5000 left (1 user online)\n"
    );
}

#[test]
fn a_full_room_lets_nobody_in() {
    let mut ground = Ground::new(Sizes { clients: 2, ..Sizes::default() });
    let mut world = World::new(&mut ground);
    let (ada, bob) = (world.join(), world.join());
    assert_eq!(world.join_from(World::addr(9)), Err(RoomFull));
    let mut page = [0; 80];
    let len = full_notice(&mut page);
    assert_eq!(&page[..len], b"! the room is full; try again later\n");
    world.end(bob);
    let eve = world.join();
    assert_eq!(world.server.online(), 2);
    assert_eq!(world.read(eve), "> Connected to the chat server (2 users online)");
    assert!(world.is_in(ada));
}

#[test]
fn ids_that_outlived_their_client_miss() {
    let mut ground = Ground::new(Sizes { clients: 2, ..Sizes::default() });
    let mut world = World::new(&mut ground);
    let (ada, bob) = (world.join_lines(), world.join_lines());
    let gone = world.id(bob);
    world.end(bob);
    let eve = world.join_lines();
    assert_eq!(world.id(eve).index(), gone.index());
    world.read(ada);
    let now = world.now;
    for id in [gone, gone] {
        assert!(!world.server.contains(id));
        assert!(world.server.space(id).is_empty());
        assert!(world.server.pending(id).is_empty());
        world.server.handle_received(now, id, 3);
        world.server.handle_pause(now, id);
        world.server.handle_blocked(now, id);
        world.server.handle_writable(id);
        world.server.handle_sent(now, id, 3);
        world.server.handle_ended(now, id);
        world.server.handle_gone(now, id);
        world.settle();
    }
    world.server.handle_stored(now, TransferSlot::new(0));
    world.server.handle_stored(now, TransferSlot::new(999));
    world.advance(100_000);
    assert_eq!((world.read(ada), world.read(eve)), (String::new(), String::new()));
    assert!(world.is_in(ada) && world.is_in(eve));
    world.send(ada, "hi\n");
    assert_eq!(world.read(eve), "[10.0.0.1:5000] hi\n");
}

#[test]
fn who_takes_nothing_is_put_out() {
    let mut ground = Ground::new(Sizes::default());
    let mut world = World::new(&mut ground);
    let (ada, bob) = (world.join_lines(), world.join_lines());
    world.block(bob, 0);
    world.send(ada, "one\n");
    world.advance(29_999);
    assert!(world.is_in(bob));
    world.block(bob, 1);
    world.unblock(bob);
    world.read(bob);
    world.block(bob, 0);
    world.send(ada, "two\n");
    world.advance(29_999);
    assert!(world.is_in(bob));
    world.read(ada);
    world.advance(1);
    assert!(!world.is_in(bob));
    assert_eq!(world.read(ada), "< The user 10.0.0.2:5000 left (1 user online)\n");
}

#[test]
fn nothing_waiting_nothing_is_awaited() {
    let mut ground = Ground::new(Sizes::default());
    let mut world = World::new(&mut ground);
    let (ada, bob) = (world.join_lines(), world.join_classic());
    world.block(bob, 0);
    world.send(ada, "#me waves\n#nick ada\n#msg ada hi\n");
    world.advance(100_000);
    assert!(world.is_in(bob));
    assert_eq!(world.server.poll_timeout(), None);
}

#[test]
fn who_uploads_need_not_read() {
    let mut ground = Ground::new(Sizes::default());
    let mut world = World::new(&mut ground);
    let (ada, bob) = (world.join_lines(), world.join_classic());
    world.block(bob, 0);
    world.send(bob, "#upload 'a' 100000");
    world.advance(60);
    world.send(ada, "one\n");
    for _ in 0..20 {
        world.send(bob, [b'x'; 5_000]);
        world.advance(10_000);
        assert!(world.is_in(bob));
    }
    assert_eq!(world.file("a").map(|file| file.len()), Some(100_000));
    world.advance(30_000);
    assert!(!world.is_in(bob));
}

#[test]
fn uploads_that_stand_still_are_put_out() {
    let mut ground = Ground::new(Sizes::default());
    let mut world = World::new(&mut ground);
    let ada = world.join_lines();
    for header in ["#upload 'a' 9000", "#upload 'a' ", "#upload", "#upload 'a' 15x"] {
        let bob = world.join_classic();
        world.read(ada);
        world.send(bob, header);
        world.advance(59_999);
        assert!(world.is_in(bob), "{header}");
        world.advance(61);
        assert!(!world.is_in(bob), "{header}");
        assert_eq!(
            world.read(ada),
            format!("< The user {} left (1 user online)\n", world.name(bob))
        );
    }
    assert!(world.store().drafts.is_empty());
    let bob = world.join_classic();
    world.send(bob, "#upload 'a' 9000");
    world.advance(60);
    world.send(bob, [b'x'; 4_095]);
    world.advance(59_900);
    assert!(world.is_in(bob));
    world.send(bob, "x");
    world.advance(59_000);
    assert!(world.is_in(bob));
    world.advance(2_000);
    assert!(!world.is_in(bob));
}

#[test]
fn what_only_looked_like_a_header_does_not_put_out() {
    let mut ground = Ground::new(Sizes::default());
    let mut world = World::new(&mut ground);
    let (ada, bob, eve) = (world.join_lines(), world.join_classic(), world.join_classic());
    world.read(ada);
    world.send(bob, "#upload");
    world.advance(1_000);
    world.send(bob, "ing is fun");
    world.send(eve, "#upload");
    world.advance(1_000);
    world.send(eve, "\n");
    world.advance(100_000);
    assert!(world.is_in(bob) && world.is_in(eve));
    assert_eq!(world.read(ada), "[10.0.0.2:5000] #uploading is fun\n");
}

#[test]
fn a_store_that_is_slow_puts_nobody_out() {
    for (before, takes) in [(0, 0), (0, 700), (5_000, 0), (5_000, 700)] {
        let mut ground = Ground::new(Sizes::default());
        let mut world = World::new(&mut ground);
        let (ada, bob) = (world.join_lines(), world.join_classic());
        world.store().takes = takes;
        world.block(bob, 0);
        world.send(bob, "#upload 'a' 9000");
        world.advance(60);
        world.send(bob, vec![b'x'; before]);
        world.store().pace = Pace::Halted;
        world.send(bob, vec![b'x'; 9_000 - before]);
        world.send(ada, "still there?\n");
        for _ in 0..10 {
            world.advance(30_000);
        }
        assert!(world.is_in(bob), "{before} {takes}");
        world.store().pace = Pace::Slow;
        world.settle();
        assert_eq!(world.file("a").map(|file| file.len()), Some(9_000));
        world.read(ada);
    }
}

#[test]
fn timers_without_length_do_no_harm() {
    let mut ground = Ground::new(Sizes::default());
    let config = Config {
        patience: Duration::ZERO,
        write_timeout: Duration::ZERO,
        stall_timeout: Duration::ZERO,
        ..Config::default()
    };
    let mut world = World::with(&mut ground, config);
    let (ada, bob) = (world.join_lines(), world.join_classic());
    world.store().pace = Pace::Halted;
    world.send(bob, "#upload 'a' 3");
    world.advance(60);
    world.block(bob, 0);
    world.send(ada, "hm\n");
    world.advance(100);
}
