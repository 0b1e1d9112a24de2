//! The room on a device, from outside: the firmware in QEMU, peers on this
//! machine, and its card looked at with other people's tools.
//!
//! Run by `firmware/test`, since it needs QEMU and firmware that is built.

#[path = "device/cable.rs"]
mod cable;
#[path = "device/gateway.rs"]
mod gateway;
#[path = "device/loss.rs"]
mod loss;
#[path = "device/machine.rs"]
mod machine;
#[path = "scenarios/person.rs"]
mod person;
#[macro_use]
#[path = "scenarios/mod.rs"]
mod scenarios;

use core::net::SocketAddr;
use core::time::Duration;
use std::{env, thread};

use machine::{Card, Machine};
use person::Person;
use scenarios::{Files, Place, noise, puts, refused_fetch, send_parts, stores};
use sha2::{Digest, Sha256};

/// After what silence the device takes somebody for dead, and a little.
const DEAD: Duration = Duration::from_secs(80);

/// The device with a card in it.
struct Device {
    card: Card,
    machine: Machine,
}

impl Place for Device {
    const LARGE: usize = 5 << 20;

    fn start() -> Self {
        let card = Card::new(64);
        Self { machine: Machine::start(Some(&card)), card }
    }

    fn addr(&self) -> SocketAddr {
        self.machine.addr()
    }

    fn shows(&mut self, part: &str) {
        self.machine.shows(part);
    }

    fn cuts_off(&mut self, _: &[Person]) {
        self.machine.order("set_link cable off");
        thread::sleep(DEAD);
        self.machine.order("set_link cable on");
    }

    fn end(self) -> Files {
        dump_ram(&self.machine, &self.machine.addr().port().to_string());
        self.machine.stop();
        assert_eq!(self.card.complaints(), "");
        let names = self.card.names().into_iter();
        names.map(|name| (name.clone(), self.card.file(&name).expect("it is listed"))).collect()
    }
}

macro_rules! run_on_the_device {
    ($($name:ident)*) => {
        $(#[test]
        #[ignore = "run by firmware/test"]
        fn $name() {
            scenarios::$name::<Device>();
        })*
    };
}

each_scenario!(run_on_the_device);

/// That a file on a card is the one that was sent.
#[track_caller]
fn stands(card: &Card, name: &str, bytes: &[u8]) {
    let found = card.file(name).unwrap_or_else(|| panic!("no {name} on the card"));
    assert_eq!(Sha256::digest(found), Sha256::digest(bytes), "{name}");
}

#[test]
#[ignore = "run by firmware/test"]
fn without_a_card_files_are_refused_and_the_room_goes_on() {
    let device = Machine::start(None);
    let (mut one, mut other) = (device.join(), device.join());
    one.switches();
    assert!(!one.uploads("a.txt", b"hello"));
    let refused = puts(&mut one, "a.txt", b"hello", "").unwrap_err();
    assert!(refused.starts_with("! #put: "), "{refused}");
    refused_fetch(&mut one, "a.txt");
    one.sends("#files\n");
    one.hears("> 0 files\n");
    one.sends("still here\n");
    other.hears("] still here");
}

#[test]
#[ignore = "run by firmware/test"]
fn names_that_fat_cannot_hold_or_takes_for_the_same_are_refused() {
    let card = Card::new(64);
    let device = Machine::start(Some(&card));
    let mut line = device.join();
    line.switches();
    let photo = noise(100_000, 1);
    assert!(line.uploads("photo.png", &photo));
    check_names(&mut line);
    dump_ram(&device, "files");
    device.stop();
    stands(&card, "photo.png", &photo);
    stands(&card, "Ein langer Name, länger als acht und drei.txt", b"second");
    assert_eq!(card.names().len(), 7, "{:?}", card.names());
    assert_eq!(card.complaints(), "");
}

/// Names that FAT can hold, cannot hold, or takes for the same.
fn check_names(line: &mut Person) {
    let long = "Ein langer Name, länger als acht und drei.txt";
    assert!(line.uploads(long, b"first, and longer than what comes after it"));
    assert!(line.uploads(long, b"second"));
    assert!(!line.uploads(&long.to_uppercase(), b"third"));
    for bad in ["a:b", "what?", "dot.", "blank ", "~SNUG-0.TMP", "~snug-x", "photo.PNG"] {
        assert!(!line.uploads(bad, b"x"), "{bad}");
    }
    for good in ["KURZ.TXT", "a;b", ".hidden", "日本語.txt", &"x".repeat(255)] {
        assert!(line.uploads(good, b"x"), "{good}");
    }
}

/// What the RAM looks like after some use, for `firmware/size`.
fn dump_ram(device: &Machine, name: &str) {
    if let Ok(folder) = env::var("SNUG_DEVICE_RAM") {
        device.order(&format!("pmemsave 0x20000000 0x10000 \"{folder}/{name}\""));
    }
}

#[test]
#[ignore = "run by firmware/test"]
fn a_large_card_has_fat32() {
    let card = Card::fat32();
    let device = Machine::start(Some(&card));
    let mut peer = device.join();
    peer.switches();
    // More than the directory has room for at first.
    let name = |number| format!("file {number} with a name that takes several entries.bin");
    for number in 0..40 {
        assert!(peer.uploads(&name(number), &noise(3000, number)));
    }
    assert!(peer.uploads(&name(7), &noise(100_000, 100)));
    device.stop();
    stands(&card, &name(7), &noise(100_000, 100));
    stands(&card, &name(39), &noise(3000, 39));
    assert_eq!(card.names().len(), 40);
    assert_eq!(card.complaints(), "");
}

#[test]
#[ignore = "run by firmware/test"]
fn who_waits_sleeps() {
    let device = Machine::start(None);
    let mut peer = device.join();
    peer.switches();
    thread::sleep(Duration::from_secs(1));
    let before = device.effort();
    thread::sleep(Duration::from_secs(2));
    let effort = device.effort().saturating_sub(before);
    assert!(effort < Duration::from_secs(1), "{effort:?} of 2 s");
}

#[test]
#[ignore = "run by firmware/test"]
fn noise_from_all_sides_is_survived() {
    let card = Card::new(64);
    let device = Machine::start(Some(&card));
    let mut sober = device.join();
    sober.switches();
    for round in 0..3 {
        let peers: Vec<_> = (0..5).map(|_| device.join()).collect();
        let storm = peers.into_iter().zip(0..).map(|(mut peer, number)| {
            thread::spawn(move || {
                let heads = ["\n", "\n#", "#upload 'x' 99", "\n#put ", "\n#nick a", "\n#who\n"];
                for piece in 0..40 {
                    let head = heads[(piece + number as usize) % heads.len()];
                    let mut bytes = head.as_bytes().to_vec();
                    bytes.extend(noise(1500, number * 1000 + round * 100 + piece as u32));
                    if std::io::Write::write_all(&mut peer.stream, &bytes).is_err() {
                        return;
                    }
                }
            })
        });
        for thread in storm.collect::<Vec<_>>() {
            thread.join().unwrap();
        }
        sober.hears("left (1 user online)\n");
    }
    dump_ram(&device, "noise");
    sober.sends("#who\n");
    sober.hears("> 1 user\n");
    assert!(sober.uploads("after.bin", &noise(10_000, 9)));
}

#[test]
#[ignore = "run by firmware/test"]
fn a_full_card_refuses_and_stays_in_order() {
    let card = Card::new(8);
    let device = Machine::start(Some(&card));
    let mut peer = device.join();
    peer.switches();
    let (large, small) = (noise(5 << 20, 1), noise(1 << 20, 2));
    assert!(peer.uploads("large.bin", &large));
    assert!(!peer.uploads("more.bin", &large));
    // What the refused one took is free again.
    assert!(peer.uploads("small.bin", &small));
    device.stop();
    stands(&card, "large.bin", &large);
    stands(&card, "small.bin", &small);
    assert_eq!(card.names(), ["large.bin", "small.bin"]);
    assert_eq!(card.complaints(), "");
}

#[test]
#[ignore = "run by firmware/test"]
fn a_card_that_gets_full_during_a_put_has_space_again_afterwards() {
    let card = Card::new(8);
    let device = Machine::start(Some(&card));
    let (mut ada, mut bob) = (device.join(), device.join());
    ada.switches();
    bob.switches();
    let (large, half) = (noise(4 << 20, 1), noise(2 << 20, 2));
    assert!(ada.uploads("large.bin", &large));
    assert_eq!(puts(&mut bob, "half.bin", &half, ""), Ok(0));
    send_parts(&mut bob, &half[..1 << 20]);
    bob.sends("#stop\n");
    bob.hears("> Your transfer has been stopped\n");
    // What bob might go on with gives way, and that is not enough.
    assert!(!stores(&mut ada, "more.bin", &noise(4 << 20, 3), ""));
    assert_eq!(puts(&mut bob, "half.bin", &half, ""), Ok(0));
    send_parts(&mut bob, &half);
    bob.hears("> Your file has been uploaded (2097152 bytes)\n");
    dump_ram(&device, "full");
    device.stop();
    stands(&card, "large.bin", &large);
    stands(&card, "half.bin", &half);
    assert_eq!(card.names(), ["half.bin", "large.bin"]);
    assert_eq!(card.complaints(), "");
}

#[test]
#[ignore = "run by firmware/test"]
fn a_loss_of_power_leaves_no_half_file() {
    let card = Card::new(64);
    let (old, new) = (noise(60_000, 1), noise(90_000, 2));
    for round in 0..8 {
        let device = Machine::start(Some(&card));
        let mut peer = device.join();
        peer.switches();
        assert!(peer.uploads("file.bin", &old), "round {round}");
        peer.sends(format!("#upload 'file.bin' {}\n", new.len()));
        let sent = noise(new.len(), 2);
        let thread = thread::spawn(move || {
            let _ = std::io::Write::write_all(&mut peer.stream, &sent);
            peer
        });
        thread::sleep(Duration::from_millis(20 * round));
        device.cut();
        let _ = thread.join();
        let found = card.file("file.bin").unwrap();
        assert!(found == old || found == new, "round {round}: neither the old nor the new file");
    }
    // The next start clears up.
    drop(Machine::start(Some(&card)));
    assert_eq!(card.names(), ["file.bin"]);
}

#[test]
#[ignore = "run by firmware/test"]
fn the_device_starts_again_with_its_files() {
    let card = Card::new(64);
    let device = Machine::start(Some(&card));
    let mut peer = device.join();
    peer.switches();
    assert!(peer.uploads("kept.bin", &noise(10_000, 3)));
    peer.sends("#upload 'half.bin' 100000\n");
    peer.sends(noise(50_000, 4));
    let (mut other, put) = (device.join(), noise(20_000, 6));
    other.switches();
    assert_eq!(puts(&mut other, "put.bin", &put, ""), Ok(0));
    send_parts(&mut other, &put[..10_000]);
    other.sends("#stop\n");
    other.hears("> Your transfer has been stopped\n");
    device.order("system_reset");
    device.shows("Chat server started");
    let mut peer = device.join();
    peer.switches();
    assert!(peer.uploads("next.bin", &noise(20_000, 5)));
    // What broke off is forgotten with the start.
    assert!(stores(&mut peer, "put.bin", &put, ""));
    device.stop();
    stands(&card, "put.bin", &put);
    stands(&card, "kept.bin", &noise(10_000, 3));
    stands(&card, "next.bin", &noise(20_000, 5));
    assert_eq!(card.names(), ["kept.bin", "next.bin", "put.bin"]);
}
