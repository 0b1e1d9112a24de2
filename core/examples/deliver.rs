//! Tells lines to a room, as often as it is asked to: for counting what that
//! takes, with a tool that counts instructions.
//!
//! `deliver LISTENERS BATCH ROUNDS` tells BATCH lines of 64 bytes together (at
//! most 128) to LISTENERS, ROUNDS times. Two counts with different ROUNDS differ
//! by what the deliveries took.

use std::env;

use hall::{Hall, Lent, lines};

#[path = "../benches/hall/mod.rs"]
#[allow(dead_code, reason = "benches use more of it")]
mod hall;

fn main() {
    let numbers: Vec<usize> = env::args().skip(1).filter_map(|word| word.parse().ok()).collect();
    let &[listeners, batch, rounds] = numbers.as_slice() else {
        eprintln!("usage: deliver LISTENERS BATCH ROUNDS");
        std::process::exit(2);
    };
    let mut memory = Lent::new(listeners + 1);
    let mut hall = Hall::new(&mut memory, listeners + 1);
    let lines = lines(64);
    for _ in 0..rounds {
        hall.say(&lines[..64 * batch.min(hall::LINES)]);
        hall.drain();
    }
}
