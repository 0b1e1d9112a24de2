//! The whole room in one thread, under a clock and a seed of its own: servers,
//! client cores, scripted peers of both dialects, links and a disk that do
//! whatever such things do, and a naive model that knows what is right.
//!
//! A plain run tries a few seeds. All of them, optimised:
//!
//! ```text
//! cargo test --release -p snug-core --features smoltcp --test simulation -- --ignored --nocapture --skip replay
//! ```
//!
//! A seed that fails is printed with the command that replays it. When the
//! script changes, a seed tells another story: what it has shown of the core
//! gets a test of its own beside it.

#[cfg(feature = "smoltcp")]
#[path = "support/cable.rs"]
mod cable;
mod support;

mod simulation {
    pub(crate) mod agenda;
    pub(crate) mod classic;
    pub(crate) mod cores;
    pub(crate) mod crowd;
    pub(crate) mod deeds;
    pub(crate) mod disk;
    pub(crate) mod ear;
    pub(crate) mod end;
    pub(crate) mod errand;
    pub(crate) mod flaw;
    pub(crate) mod folder;
    pub(crate) mod host;
    pub(crate) mod house;
    pub(crate) mod leftovers;
    pub(crate) mod life;
    pub(crate) mod lines;
    pub(crate) mod link;
    pub(crate) mod operator;
    pub(crate) mod pages;
    pub(crate) mod parts;
    pub(crate) mod peer;
    pub(crate) mod plain;
    pub(crate) mod player;
    pub(crate) mod room;
    pub(crate) mod run;
    pub(crate) mod script;
    pub(crate) mod search;
    #[cfg(feature = "smoltcp")]
    pub(crate) mod stack;
    pub(crate) mod stream;
    pub(crate) mod tally;
    pub(crate) mod transfers;
    pub(crate) mod trouble;
    pub(crate) mod wire;
    pub(crate) mod words;
    pub(crate) mod work;
}

use core::ops::Range;
use core::sync::atomic::{AtomicU64, Ordering};
use std::env;
use std::panic::catch_unwind;
use std::thread;
use std::time::Instant;

use simulation::flaw::Flaw;
use simulation::run::{Over, run};
use simulation::tally::Tally;
#[cfg(feature = "smoltcp")]
use support::random;

/// What links lead over, and the seeds of a full run.
const RUNS: &[(Over, u64)] = &[
    (Over::Links, 600),
    #[cfg(feature = "smoltcp")]
    (Over::Stack, 400),
];
/// The seeds of a plain run, which are short.
const FEW: Range<u64> = 3..6;

#[test]
fn few_seeds() {
    for &(over, _) in RUNS {
        println!("{over:?}: {}", try_all(over, FEW));
    }
}

/// At least 1,000 seeds, 100 hours and a million faults. `SNUG_FIRST_SEED`
/// takes others.
#[test]
#[ignore = "takes an optimised build"]
fn many_seeds() {
    let first = number("SNUG_FIRST_SEED").unwrap_or(0);
    let mut all = Tally::default();
    for &(over, many) in RUNS {
        let began = Instant::now();
        let tally = try_all(over, first..first + many);
        println!("{over:?}: {tally}\n  in {:.1} s\n", began.elapsed().as_secs_f64());
        all += tally;
    }
    println!("in all: {all}");
    assert!(all.runs >= 1_000 && all.hours() >= 100 && all.faults() >= 1_000_000, "too little");
}

/// Runs the seed that the environment names.
#[test]
#[ignore = "is for a seed that failed"]
fn replay() {
    let seed = number("SNUG_SEED").expect("SNUG_SEED is set");
    let wanted = env::var("SNUG_OVER").expect("SNUG_OVER is set as well");
    let mut runs = RUNS.iter().filter(|(over, _)| format!("{over:?}") == wanted);
    let (over, _) = runs.next().expect("SNUG_OVER says over what, and the feature is on");
    println!("{}", run(*over, seed, Flaw::None));
}

/// Whatever is broken is found. These are found at once.
#[test]
fn canary() {
    look_for(Over::Links, [Flaw::LostLine, Flaw::WrongCount, Flaw::LostText, Flaw::BusyLoop]);
}

#[test]
#[ignore = "takes an optimised build"]
fn canaries() {
    look_for(Over::Links, Flaw::ALL);
    // The stack needs nobody to wake it.
    #[cfg(feature = "smoltcp")]
    look_for(Over::Stack, Flaw::ALL.into_iter().filter(|&flaw| flaw != Flaw::LostWakeUp));
}

fn look_for(over: Over, flaws: impl IntoIterator<Item = Flaw>) {
    for flaw in flaws {
        let found = (FEW.start..300).find(|&seed| catch_unwind(|| run(over, seed, flaw)).is_err());
        println!("{flaw:?} is found with seed {found:?}");
        assert!(found.is_some(), "{over:?}: nobody has noticed {flaw:?}");
    }
}

fn number(name: &str) -> Option<u64> {
    env::var(name).ok().map(|text| text.parse().expect("a number"))
}

/// Runs seeds on all processors.
fn try_all(over: Over, seeds: Range<u64>) -> Tally {
    let next = AtomicU64::new(seeds.start);
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let (mut tally, mut failed) = (Tally::default(), Vec::new());
    thread::scope(|scope| {
        let work = || work_off(over, &next, seeds.end);
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        for worker in workers {
            let (one, seeds) = worker.join().expect("it catches all");
            tally += one;
            failed.extend(seeds);
        }
    });
    failed.sort_unstable();
    assert!(failed.is_empty(), "{over:?}: seeds {failed:?} failed");
    tally
}

fn work_off(over: Over, next: &AtomicU64, end: u64) -> (Tally, Vec<u64>) {
    let (mut tally, mut failed) = (Tally::default(), Vec::new());
    loop {
        let seed = next.fetch_add(1, Ordering::Relaxed);
        if seed >= end {
            return (tally, failed);
        }
        if let Ok(one) = catch_unwind(|| run(over, seed, Flaw::None)) {
            tally += one;
        } else {
            eprintln!(
                "seed {seed} failed; replay it with\n  SNUG_OVER={over:?} SNUG_SEED={seed} \
                     cargo test --release -p snug-core --features smoltcp --test simulation \
                     replay -- --ignored --nocapture"
            );
            failed.push(seed);
        }
    }
}
