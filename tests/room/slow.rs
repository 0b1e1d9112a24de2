//! Slow peers: what they cost the others, and what they lose.

use snug_core::server::Config;

use crate::support::ground::{Ground, Sizes};
use crate::support::world::{Peer, World};

/// A log of 16 KiB: half of it are 8,192 bytes, 1/8 2,048, 1/64 256.
const SIZES: Sizes =
    Sizes { log: 1 << 14, clients: 8, input: 1_028, transfers: 1, block: 64, accounts: 1 };

fn config() -> Config {
    Config { line_limit: 1_024, ..Config::default() }
}

/// A text whose line has 128 bytes for a line peer.
fn text(n: usize) -> String {
    format!("{n:03}{}\n", "x".repeat(128 - 16 - 4))
}

fn say(world: &mut World<'_>, peer: Peer, numbers: core::ops::Range<usize>) {
    for n in numbers {
        world.send(peer, text(n));
    }
}

/// The numbers of the texts that were heard.
fn heard(text: &str) -> Vec<usize> {
    let numbers = text.lines().filter_map(|line| line.get(16..19)?.parse().ok());
    numbers.collect()
}

#[test]
fn up_to_half_the_log_nobody_waits() {
    let mut ground = Ground::new(SIZES);
    let mut world = World::with(&mut ground, config());
    let (ada, bob, eve) = (world.join_lines(), world.join_lines(), world.join_lines());
    world.read(ada);
    world.read(bob);
    world.block(bob, 0);
    for n in 0..64 {
        say(&mut world, ada, n..n + 1);
        assert_eq!(heard(&world.read(eve)), [n]);
        assert!(world.server.accepts());
    }
    // For seconds: it is behind and takes nothing, but it is in nobody's way.
    world.advance(20_000);
    assert!(world.server.accepts());
    world.unblock(bob);
    assert_eq!(heard(&world.read(bob)), (0..64).collect::<Vec<_>>());
}

#[test]
fn a_pressed_log_holds_who_writes_much() {
    let mut ground = Ground::new(SIZES);
    let mut world = World::with(&mut ground, config());
    let (ada, bob) = (world.join_lines(), world.join_lines());
    let (eve, sue) = (world.join_lines(), world.join_lines());
    for peer in [ada, bob, eve, sue] {
        world.read(peer);
    }
    world.block(bob, 0);
    say(&mut world, ada, 0..100);
    let some = heard(&world.read(eve));
    // More than half of the log, and the share of a new patience.
    assert_eq!(some, (0..67).collect::<Vec<_>>());
    assert!(!world.server.accepts());
    // Who writes little goes on, and so do notices, uploads and commands.
    world.send(sue, "#nick sue\nlittle\n#upload a 2\nxx");
    assert_eq!(
        world.read(eve),
        "> User 10.0.0.4:5000 is now sue\n[sue] little\n> User sue has uploaded a file\n"
    );
    let tom = world.join();
    assert!(world.read(eve).contains("> New user 10.0.0.5:5000 entered"));
    // It was already at the second at which the patience ends that it must
    // have taken something.
    world.advance(999);
    assert!(!world.server.accepts());
    assert_eq!(world.read(eve), "");
    world.advance(1);
    assert!(world.server.accepts());
    assert_eq!(heard(&world.read(eve)), (67..100).collect::<Vec<_>>());
    world.unblock(bob);
    let text = world.read(bob);
    // It goes on with what was the newest line.
    assert!(text.starts_with("> 70 messages skipped\n> New user 10.0.0.5:5000 entered"), "{text}");
    assert_eq!(heard(&text), (67..100).collect::<Vec<_>>());
    assert!(world.is_in(tom));
}

#[test]
fn who_takes_enough_is_waited_for() {
    let mut ground = Ground::new(SIZES);
    let mut world = World::with(&mut ground, config());
    let (ada, bob) = (world.join_lines(), world.join_lines());
    world.read(ada);
    world.block(bob, 0);
    let mut all = String::new();
    world.push(ada, (0..400).map(text).collect::<String>());
    world.settle();
    for _ in 0..60 {
        // 2,048 bytes in a patience are 1/8 of the log.
        for _ in 0..4 {
            world.advance(250);
            world.block(bob, 512);
            world.read_some(bob, 0);
            all.push_str(core::str::from_utf8(&world.read_some(bob, 512)).unwrap());
            world.block(bob, 0);
        }
    }
    assert!(!all.contains("skipped"), "{all}");
    assert_eq!(heard(&all), (0..400).collect::<Vec<_>>());
}

#[test]
fn who_takes_too_little_is_not() {
    let mut ground = Ground::new(SIZES);
    let mut world = World::with(&mut ground, config());
    let (ada, bob) = (world.join_lines(), world.join_lines());
    world.read(ada);
    world.block(bob, 0);
    world.push(ada, (0..80).map(text).collect::<String>());
    world.settle();
    world.block(bob, 1_900);
    world.read_some(bob, 0);
    world.block(bob, 0);
    world.advance(1_000);
    world.unblock(bob);
    let text = world.read(bob);
    let cut = 1_900 - 14 * 128;
    let (line, rest) = text[14 * 128..].split_once('\n').unwrap();
    assert_eq!(line.strip_suffix(" …[cut]").map(str::len), Some(cut));
    let (skipped, rest) = rest.split_once('\n').unwrap();
    let first = heard(rest)[0];
    assert_eq!(skipped, format!("> {} messages skipped", first - 15));
    assert_eq!(heard(rest), (first..80).collect::<Vec<_>>());
}

#[test]
fn a_classic_peer_that_is_taken_forward_is_told_nothing() {
    let mut ground = Ground::new(SIZES);
    let mut world = World::with(&mut ground, config());
    let (ada, bob) = (world.join_lines(), world.join_classic());
    world.read(ada);
    world.block(bob, 20);
    say(&mut world, ada, 0..80);
    world.advance(1_000);
    world.unblock(bob);
    let text = world.read(bob);
    assert!(text.starts_with("[10.0.0.1:5000] 000x …[cut][10.0.0.1:5000] 06"), "{text}");
    assert!(!text.contains("skipped") && !text.contains('\n'));
}

#[test]
fn the_other_half_running_out_moves_at_once() {
    let mut ground = Ground::new(SIZES);
    let mut world = World::with(&mut ground, config());
    let (ada, bob, eve) = (world.join_lines(), world.join_lines(), world.join_lines());
    for peer in [ada, bob, eve] {
        world.read(peer);
    }
    world.block(bob, 0);
    say(&mut world, ada, 0..80);
    let mut online = 3;
    let mut notices = Vec::new();
    // Joins and leaves, at the same moment.
    for _ in 0..100 {
        let tom = world.join();
        online += 1;
        notices.push(format!("> New user {} entered ({online} users online)", world.name(tom)));
        world.reset(tom);
        online -= 1;
        notices.push(format!("< The user {} left ({online} users online)", world.name(tom)));
    }
    let lines = world.read(eve);
    let some: Vec<_> = lines.lines().filter(|line| !line.starts_with('[')).collect();
    assert_eq!(some, notices);
    world.unblock(bob);
    let text = world.read(bob);
    let (skipped, rest) = text.split_once('\n').unwrap();
    let skipped: usize = skipped.split(' ').nth(1).unwrap().parse().unwrap();
    let all: Vec<_> = lines.lines().collect();
    assert_eq!(rest.lines().collect::<Vec<_>>(), all[skipped..][..rest.lines().count()]);
    assert!(text.contains("messages skipped\n"));
}

#[test]
fn a_peer_never_waits_for_itself() {
    let mut ground = Ground::new(SIZES);
    let mut world = World::with(&mut ground, config());
    let (ada, bob) = (world.join_lines(), world.join_lines());
    world.read(ada);
    world.read(bob);
    world.block(bob, 0);
    say(&mut world, ada, 0..100);
    // Ada is held for bob, but bob is not: it alone is behind.
    world.push(bob, (100..300).map(text).collect::<String>());
    world.settle();
    assert_eq!(heard(&world.read(ada)), (100..300).collect::<Vec<_>>());
    assert!(world.is_in(bob));
}

#[test]
fn who_is_behind_goes_on_when_nobody_else_is() {
    let mut ground = Ground::new(SIZES);
    let mut world = World::with(&mut ground, config());
    let (ada, bob, eve) = (world.join_lines(), world.join_lines(), world.join_lines());
    for peer in [ada, bob, eve] {
        world.read(peer);
    }
    world.block(ada, 0);
    world.block(bob, 0);
    say(&mut world, eve, 0..100);
    // Both are held for each other, eve before them.
    world.push(ada, (100..110).map(text).collect::<String>());
    world.push(bob, (200..210).map(text).collect::<String>());
    world.settle();
    assert_eq!(heard(&world.read(eve)).len(), 6);
    // Ada catches up, and now bob waits for nobody.
    world.unblock(ada);
    let text = world.read(ada);
    assert_eq!(heard(&text).last(), Some(&209));
}

#[test]
fn lines_for_others_put_nobody_behind() {
    let mut ground = Ground::new(SIZES);
    let mut world = World::with(&mut ground, config());
    let (ada, bob, eve) = (world.join_lines(), world.join_classic(), world.join_lines());
    for peer in [ada, bob, eve] {
        world.read(peer);
    }
    world.block(bob, 0);
    world.send(ada, "one\n");
    world.block(bob, 100);
    world.unblock(bob);
    world.read(bob);
    world.block(bob, 5);
    world.send(ada, "half\n");
    world.read_some(bob, 5);
    world.unblock(bob);
    assert!(world.read(bob).ends_with("half"));
    // Its link is full with an answer alone: then actions pass it by.
    let sue = world.join();
    world.block(sue, 0);
    world.read_some(sue, 100);
    for n in 0..400 {
        world.send(ada, format!("#me does {n}\n"));
        assert!(world.server.accepts());
        assert_eq!(world.read(eve).lines().last().unwrap(), format!("* 10.0.0.1:5000 does {n}"));
    }
}

#[test]
fn newcomers_lose_nothing_before_their_first_byte() {
    let mut ground = Ground::new(SIZES);
    let mut world = World::with(&mut ground, config());
    let ada = world.join_lines();
    let bob = world.join();
    world.push(ada, (0..200).map(text).collect::<String>());
    world.settle();
    assert_eq!(world.read(bob), "> Connected to the chat server (2 users online)");
    world.send(bob, "\n");
    assert_eq!(heard(&world.read(bob)), (0..200).collect::<Vec<_>>());
}

#[test]
fn who_reads_little_by_little_loses_nothing() {
    let mut ground = Ground::new(SIZES);
    let mut world = World::with(&mut ground, config());
    let (ada, bob, eve) = (world.join_lines(), world.join_lines(), world.join_lines());
    world.read(ada);
    world.read(bob);
    // A link that takes some at once and is never full for long.
    world.block(bob, 100);
    world.push(ada, (0..500).map(text).collect::<String>());
    let mut all = Vec::new();
    world.settle();
    while let some = world.read_some(bob, 100)
        && !some.is_empty()
    {
        all.extend(some);
    }
    let texts = String::from_utf8(all).unwrap();
    assert_eq!(heard(&texts), (0..500).collect::<Vec<_>>());
    assert_eq!(heard(&world.read(eve)), (0..500).collect::<Vec<_>>());
}

#[test]
fn a_storm_on_the_smallest_log_loses_nothing() {
    let mut ground = Ground::new(Sizes { clients: 40, ..Sizes::TINY });
    let config = Config { line_limit: 256, ..Config::default() };
    let mut world = World::with(&mut ground, config);
    let ada = world.join_lines();
    world.read(ada);
    let addrs: Vec<_> = (100..139).map(World::addr).collect();
    let now = world.now;
    let ids: Vec<_> =
        addrs.iter().map(|&addr| world.server.handle_connected(now, addr).unwrap()).collect();
    for id in ids {
        world.server.handle_gone(now, id);
    }
    world.settle();
    let text = world.read(ada);
    let mut online = 1;
    for line in text.lines() {
        if line.starts_with("> New user ") {
            online += 1;
        } else {
            assert!(line.starts_with("< The user "), "{line}");
            online -= 1;
        }
        let s = if online > 1 { "s" } else { "" };
        assert!(line.ends_with(&format!(" ({online} user{s} online)")), "{line}");
    }
    assert_eq!(text.lines().count(), 78);
    assert_eq!(world.server.online(), 1);
}

#[test]
fn history_again_and_again_keeps_nobody_waiting() {
    let mut ground = Ground::new(SIZES);
    let mut world = World::with(&mut ground, config());
    let (ada, bob, eve) = (world.join_lines(), world.join_lines(), world.join_lines());
    say(&mut world, ada, 0..60);
    for peer in [ada, bob, eve] {
        world.read(peer);
    }
    world.block(bob, 64);
    world.push(bob, "#history 100\n".repeat(50));
    world.send(ada, "hello\n");
    // All that bob is told at its pace is one step each.
    let mut steps = 0;
    while !world.read(eve).contains("hello") {
        world.read_some(bob, 64);
        steps += 1;
        assert!(steps < 3);
    }
}

#[test]
fn answers_come_right_behind_the_line_that_is_half_out() {
    let mut ground = Ground::new(Sizes::default());
    let mut world = World::new(&mut ground);
    let (ada, bob) = (world.join_lines(), world.join_classic());
    world.read(bob);
    world.block(bob, 10);
    world.send(ada, "one\n");
    world.send(ada, "two\n");
    world.send(bob, "\n");
    world.unblock(bob);
    assert_eq!(
        world.read(bob),
        "[10.0.0.1:5000] one\n\n> This is Snug; #help lists what it knows\n[10.0.0.1:5000] two\n"
    );
}
