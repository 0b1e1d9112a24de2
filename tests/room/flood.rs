//! A minute beside somebody who writes all the time, by the room's own clock.

use snug_core::server::Config;

use crate::support::ground::{Ground, Sizes};
use crate::support::world::{Peer, World};

/// A log of 16 KiB: who says at most 256 bytes in a second says little.
const SIZES: Sizes =
    Sizes { log: 1 << 14, clients: 12, input: 1_028, transfers: 1, block: 64, accounts: 1 };

/// Who writes all the time, in numbered lines of 128 bytes.
struct Loud {
    peer: Peer,
    said: usize,
}

impl Loud {
    /// Keeps its link full: the room reads from it whenever it may.
    fn go_on(&mut self, world: &mut World<'_>) {
        while world.link(self.peer).unread() < 4_096 {
            let line = format!("loud {:06} {}\n", self.said, "x".repeat(99));
            world.push(self.peer, line);
            self.said += 1;
        }
        world.settle();
    }
}

/// The numbers of the loud one's lines that somebody heard.
fn numbers(heard: &str) -> Vec<usize> {
    heard.lines().filter_map(|line| line.split_once("] loud ")?.1[..6].parse().ok()).collect()
}

/// A room for one minute: at each tenth of a second all of `each` happens.
fn minute(world: &mut World<'_>, loud: &mut Loud, mut each: impl FnMut(&mut World<'_>, u64)) {
    for tenth in 0..600 {
        loud.go_on(world);
        each(world, tenth);
        world.advance(100);
    }
}

#[test]
fn who_says_little_never_waits_for_the_slow() {
    let mut ground = Ground::new(SIZES);
    let mut world = World::with(&mut ground, Config { line_limit: 1_024, ..Config::default() });
    let [ada, eve, sue] = [(); 3].map(|()| world.join_lines());
    let mut loud = Loud { peer: ada, said: 0 };
    let slow: Vec<_> = (0..6).map(|_| world.join_lines()).collect();
    for &peer in &slow {
        world.read(peer);
        world.block(peer, 0);
    }
    world.read(eve);
    let (mut heard, mut pressed) = (Vec::new(), 0);
    minute(&mut world, &mut loud, |world, tenth| {
        pressed += u64::from(!world.server.accepts());
        heard.extend(numbers(&world.read(eve)));
        if tenth % 4 == 0 {
            // No time goes by between what she says and that eve hears it.
            world.send(sue, format!("little {tenth}\n"));
            let text = world.read(eve);
            assert!(text.contains(&format!("] little {tenth}\n")), "{text}");
            heard.extend(numbers(&text));
        }
        // Half of the slow take a byte a second, the others nothing.
        for &peer in slow.iter().step_by(2).filter(|_| tenth % 10 == 0) {
            world.block(peer, 1);
            world.read_some(peer, 0);
            world.read_some(peer, 1);
            world.block(peer, 0);
        }
    });
    assert!(pressed > 250, "the log was pressed in {pressed} of 600 tenths");
    // She who reads has all lines, in order; the log went round many times.
    assert_eq!(heard, (0..heard.len()).collect::<Vec<_>>());
    assert!(heard.len() * 128 > 15 * SIZES.log, "{} lines", heard.len());
    // Who takes nothing for half a minute is put out, who takes a little is not.
    let here: Vec<_> = slow.iter().map(|&peer| world.is_in(peer)).collect();
    assert_eq!(here, [true, false, true, false, true, false]);
}

#[test]
fn a_classic_upload_of_a_minute_reads_nothing_and_loses_nothing() {
    let mut ground = Ground::new(SIZES);
    let mut world = World::with(&mut ground, Config { line_limit: 1_024, ..Config::default() });
    let [ada, eve] = [(); 2].map(|()| world.join_lines());
    let mut loud = Loud { peer: ada, said: 0 };
    let bob = world.join_classic();
    world.read(eve);
    world.block(bob, 50);
    world.send(bob, "#upload 'slow' 60000");
    let mut heard = Vec::new();
    minute(&mut world, &mut loud, |world, tenth| {
        assert!(world.is_in(bob), "put out after {tenth} tenths");
        world.send(bob, [b'b'; 100]);
        heard.extend(numbers(&world.read(eve)));
    });
    assert_eq!(heard, (0..heard.len()).collect::<Vec<_>>());
    assert_eq!(world.file("slow").map(|file| file.len()), Some(60_000));
    world.unblock(bob);
    // What it heard goes on with whole lines behind the one that was cut.
    let text = world.read(bob);
    assert!(text.contains(" …[cut]["), "{text}");
}
