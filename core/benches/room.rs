//! The room without sockets: what a line costs once, and for each who gets it.

use divan::Bencher;
use divan::counter::ItemsCount;

use hall::{Hall, LINES, Lent, address, lines};

mod hall;

fn main() {
    divan::main();
}

/// A sender's line into the log: decoded, made safe, with its prefix. Nobody
/// else is there.
#[divan::bench(args = [64, 128])]
fn append(bencher: Bencher<'_, '_>, length: usize) {
    let mut memory = Lent::new(1);
    let mut hall = Hall::new(&mut memory, 1);
    let lines = lines(length);
    bencher.counter(ItemsCount::new(LINES)).bench_local(|| {
        hall.say(&lines);
        hall.drain();
    });
}

/// A line to each of so many clients, when all of them wait for it alone.
#[divan::bench(args = [10, 1000])]
fn drain_one(bencher: Bencher<'_, '_>, clients: usize) {
    drain(bencher, clients, 1);
}

/// Lines that wait together leave together.
#[divan::bench(args = [10, 1000])]
fn drain_many(bencher: Bencher<'_, '_>, clients: usize) {
    drain(bencher, clients, LINES);
}

fn drain(bencher: Bencher<'_, '_>, clients: usize, count: usize) {
    let mut memory = Lent::new(clients + 1);
    let mut hall = Hall::new(&mut memory, clients + 1);
    let lines = lines(64);
    let lines = &lines[..count * 64];
    bencher.counter(ItemsCount::new(clients * count)).bench_local(|| {
        hall.say(lines);
        hall.drain();
    });
}

/// Coming and going, told to all.
#[divan::bench(args = [10, 1000])]
fn join_and_leave(bencher: Bencher<'_, '_>, clients: usize) {
    let mut memory = Lent::new(clients + 1);
    let mut hall = Hall::new(&mut memory, clients);
    bencher.counter(ItemsCount::new(2 * clients)).bench_local(|| {
        let id = hall.server.handle_connected(hall.now, address(clients)).expect("there is room");
        hall.drain();
        hall.server.handle_gone(hall.now, id);
        hall.drain();
    });
}
