//! The whole room in one thread, under a clock and a seed of its own: servers,
//! client cores, scripted peers of both dialects, links and a disk that do
//! whatever such things do, and a naive model that knows what is right.
//!
//! A seed that fails is printed with the command that replays it. It is then
//! added to [`KNOWN`].

mod support;

mod simulation {
    pub(crate) mod agenda;
    pub(crate) mod crowd;
    pub(crate) mod deeds;
    pub(crate) mod disk;
    pub(crate) mod end;
    pub(crate) mod flaw;
    pub(crate) mod house;
    pub(crate) mod life;
    pub(crate) mod link;
    pub(crate) mod pages;
    pub(crate) mod peer;
    pub(crate) mod player;
    pub(crate) mod room;
    pub(crate) mod run;
    pub(crate) mod script;
    pub(crate) mod stream;
    pub(crate) mod tally;
    pub(crate) mod trouble;
    pub(crate) mod wire;
    pub(crate) mod words;
    pub(crate) mod work;
}

use core::sync::atomic::{AtomicU64, Ordering};
use std::env;
use std::panic::catch_unwind;
use std::thread;
use std::time::Instant;

use simulation::flaw::{Flaw, Kind};
use simulation::run::run;
use simulation::tally::Tally;

/// Seeds that failed once.
const KNOWN: &[u64] = &[];

/// Seeds that a run without further wishes tries.
const FEW: u64 = 20;

#[test]
fn seeds() {
    let count = number("SNUG_SEEDS").unwrap_or(FEW);
    let first = number("SNUG_FIRST_SEED").unwrap_or(0);
    let began = Instant::now();
    let tally = try_all(first..first + count);
    println!("{tally}\n  in {:.1} s", began.elapsed().as_secs_f64());
}

#[test]
fn known_seeds() {
    for &seed in KNOWN {
        run(seed, Flaw::default());
    }
}

/// Runs the seed that the environment names.
#[test]
fn replay() {
    if let Some(seed) = number("SNUG_SEED") {
        println!("{}", run(seed, Flaw::default()).0);
    }
}

/// Whatever is broken is found: in some seed, as soon as it shows.
#[test]
fn canaries() {
    const FLAWS: [Kind; 16] = [
        Kind::LostByte,
        Kind::WrongByte,
        Kind::LostLine,
        Kind::DoubledLine,
        Kind::SwappedLines,
        Kind::WrongCount,
        Kind::WrongSkips,
        Kind::LostText,
        Kind::DoubledText,
        Kind::Indiscretion,
        Kind::LostWakeUp,
        Kind::BusyLoop,
        Kind::EarlyName,
        Kind::NotSynced,
        Kind::LostBlock,
        Kind::StoredAnyway,
    ];
    for kind in FLAWS {
        let found = (0..40).find(|&seed| catch_unwind(|| run(seed, Flaw::new(kind))).is_err());
        println!("{kind:?}: found with seed {found:?}");
        assert!(found.is_some(), "nobody has noticed {kind:?}");
    }
}

fn number(name: &str) -> Option<u64> {
    env::var(name).ok().map(|text| text.parse().expect("a number"))
}

/// Runs many seeds on all processors.
fn try_all(seeds: core::ops::Range<u64>) -> Tally {
    let next = AtomicU64::new(seeds.start);
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let results: Vec<_> = thread::scope(|scope| {
        let work = || work_off(&next, seeds.end);
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        workers.into_iter().map(|worker| worker.join().expect("it catches all")).collect()
    });
    let mut tally = Tally::default();
    let mut failed: Vec<u64> = Vec::new();
    for (one, seeds) in results {
        tally += one;
        failed.extend(seeds);
    }
    failed.sort_unstable();
    assert!(failed.is_empty(), "seeds {failed:?} failed");
    tally
}

fn work_off(next: &AtomicU64, end: u64) -> (Tally, Vec<u64>) {
    let (mut tally, mut failed) = (Tally::default(), Vec::new());
    loop {
        let seed = next.fetch_add(1, Ordering::Relaxed);
        if seed >= end {
            return (tally, failed);
        }
        match catch_unwind(|| run(seed, Flaw::default())) {
            Ok((one, _)) => tally += one,
            Err(_) => {
                eprintln!(
                    "seed {seed} failed; replay it with\n  SNUG_SEED={seed} cargo test --release \
                     --test simulation replay -- --nocapture"
                );
                failed.push(seed);
            }
        }
    }
}
