//! One run: the lives of a room on one disk, all from one seed.

use core::cell::RefCell;
use std::rc::Rc;

use snug_core::server::{Config, Server};

use super::crowd::Crowd;
use super::deeds::Deeds;
use super::disk::{Disk, Mood};
use super::flaw::Flaw;
use super::folder::Folder;
use super::host::Host;
use super::house::House;
use super::life::{Life, Temper};
use super::plain::Plain;
use super::player::PlayerGround;
use super::tally::Tally;
use crate::support::ground::{Ground, Sizes};
use crate::support::random::Random;

/// What the room's links lead over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Over {
    /// Nothing.
    Links,
    /// Two network stacks and a cable.
    #[cfg(feature = "smoltcp")]
    Stack,
}

/// Client cores in a life, at most.
const MOST_CORES: usize = 16;

/// Runs a seed; panics where something does not hold.
pub(crate) fn run(over: Over, seed: u64, flaw: Flaw) -> Tally {
    let mut random = Random::new(seed);
    let disk = Rc::new(RefCell::new(Disk::new(random.next(), flaw)));
    let mut tally = Tally { runs: 1, ..Tally::default() };
    let (lives, mut now) = (random.of(1..4), 1_000);
    for life in 0..lives {
        disk.borrow_mut().begin(now);
        let last = life + 1 == lives;
        let (one, end) = live(over, &mut random, &disk, flaw, last);
        tally += one;
        now = end + 1_000;
    }
    tally += disk.borrow().tally;
    tally
}

/// One life: it ends with a loss of power, but for the last.
fn live(
    over: Over,
    random: &mut Random,
    disk: &Rc<RefCell<Disk>>,
    flaw: Flaw,
    last: bool,
) -> (Tally, u64) {
    let (sizes, config) = some_room(over, random);
    let temper = some_temper(random);
    let mut ground = Ground::new(sizes);
    let mut players: Vec<_> = (0..MOST_CORES).map(|_| PlayerGround::new()).collect();
    #[cfg(feature = "smoltcp")]
    let mut sockets = core::mem::ManuallyDrop::new(super::stack::Sockets::new());
    let folder = Folder(Rc::clone(disk));
    let server = Server::new(ground.lend(), config.clone(), folder).expect("the sizes fit");
    if !temper.calm {
        disk.borrow_mut().mood = Mood::at_random(random);
    }
    let crowd = Crowd {
        now: disk.borrow().now,
        config,
        slots: sizes.transfers,
        block: sizes.block,
        peers: Vec::new(),
        deeds: Deeds::default(),
        disk: Rc::clone(disk),
        found: disk.borrow().used(),
    };
    let host: Box<dyn Host<'_>> = match over {
        Over::Links => Box::new(Plain::new(server)),
        #[cfg(feature = "smoltcp")]
        Over::Stack => {
            let now = snug_core::time::Instant::from_millis(crowd.now);
            Box::new(super::stack::Stack::new(server, &mut sockets, now, random.next()))
        }
    };
    let mut house = House::new(host, crowd, Random::new(random.next()), flaw);
    house.busy = !temper.calm && random.one_in(2);
    let buffers = players.iter_mut().map(PlayerGround::lend).collect();
    let mut life = Life::new(house, temper, buffers, sizes.log);
    life.begin();
    let length = 120_000 + random.next() % 360_000;
    life.run_until(life.house.agenda.now + length);
    if last {
        life.end_orderly();
    } else {
        life.hold_streams(false);
        life.house.lose_power();
    }
    life.house.tally.millis += length;
    (life.house.count(), life.house.agenda.now)
}

/// A room of some size. The log holds more lines than are said before the
/// console is asked, so that the console, which holds nobody up, sees all.
fn some_room(over: Over, random: &mut Random) -> (Sizes, Config) {
    let (most_clients, limits, logs): (usize, &[u16], _) = match over {
        Over::Links => (24, &[256, 512, 1024, 4096], [8, 16, 64]),
        // A line is half of what a socket takes, as on a device. All sockets are
        // read before the console is asked.
        #[cfg(feature = "smoltcp")]
        Over::Stack => (super::stack::MOST_CLIENTS, &[256, 508], [16, 16, 64]),
    };
    let line_limit = *random.pick(limits);
    let limit = usize::from(line_limit);
    let sizes = Sizes {
        clients: random.of(2..most_clients + 1),
        input: limit + 4 + random.of(0..100),
        log: (limit * *random.pick(&logs)).next_power_of_two(),
        transfers: random.of(0..5),
        block: *random.pick(&[64, 512, 4096]),
        accounts: 64,
    };
    let config = Config {
        line_limit,
        max_chat: *random.pick(&[0, 0, 300, 5_000]),
        max_file: *random.pick(&[1_000, 3_000]),
        max_address: *random.pick(&[4_000, 50_000, 1 << 30]),
        max_folder: *random.pick(&[20_000, 1 << 30]),
        seed: random.next(),
        ..Config::default()
    };
    (sizes, config)
}

fn some_temper(random: &mut Random) -> Temper {
    Temper {
        pace: *random.pick(&[200, 1_000, 5_000]),
        trouble: *random.pick(&[50, 300, 2_000]),
        guests: *random.pick(&[1_000, 5_000, 20_000]),
        most_guests: random.of(4..50),
        calm: random.one_in(8),
    }
}
