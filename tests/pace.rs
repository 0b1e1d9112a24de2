//! How long the device's passes take, in instructions.
//!
//! Run by `firmware/pace`, with firmware that counts them.

#[path = "device/machine.rs"]
mod machine;
#[path = "scenarios/person.rs"]
mod person;

use std::{env, thread};

use machine::{Card, Machine};
use person::Person;

/// Every instruction takes 2^5 ns, which is 1.6 cycles of the timer at 50 MHz:
/// about what they take on a real Cortex-M3.
const ICOUNT: [&str; 2] = ["-icount", "shift=5"];
/// Instructions that a pass may take.
const WORST: u32 = 1_500_000;
/// Clients that the firmware has places for.
const CLIENTS: usize = 8;
const LINES: u32 = 200;

/// What the firmware has counted, as instructions. `name` is that of the
/// variable that tells where.
fn counted(device: &Machine, name: &str) -> u32 {
    let address = env::var(name).expect("run by firmware/pace");
    let ram = device.ram(u32::from_str_radix(&address, 16).unwrap(), 4);
    let cycles = u32::from_le_bytes(ram.try_into().unwrap());
    (u64::from(cycles) * 5 / 8) as u32
}

fn worst(device: &Machine) -> u32 {
    counted(device, "SNUG_PACE_WORST")
}

fn busy(device: &Machine) -> u32 {
    counted(device, "SNUG_PACE_BUSY")
}

fn device(card: Option<&Card>) -> Machine {
    Machine::start_with(card, &ICOUNT)
}

fn line_peer(device: &Machine) -> Person {
    let mut peer = device.join();
    peer.switches();
    peer
}

/// Instructions a line, from one who speaks to so many who listen.
fn relay(listeners: usize) -> u32 {
    let device = device(None);
    let mut speaker = line_peer(&device);
    let mut all: Vec<_> = (0..listeners).map(|_| line_peer(&device)).collect();
    let before = busy(&device);
    for number in 0..LINES {
        speaker.sends(format!("a line of the usual length, number {number}\n"));
        for peer in &mut all {
            peer.hears(&format!("number {number}\n"));
        }
    }
    (busy(&device) - before) / LINES
}

/// The longest pass while everybody speaks at once, in lines as short as they
/// can be.
fn storm() -> u32 {
    let device = device(None);
    let peers: Vec<_> = (0..CLIENTS).map(|_| line_peer(&device)).collect();
    let speakers = peers.into_iter().map(|mut peer| {
        thread::spawn(move || {
            peer.sends("a\n".repeat(200) + "done\n");
            for _ in 1..CLIENTS {
                peer.hears("] done\n");
            }
            peer
        })
    });
    let speakers: Vec<_> = speakers.collect();
    // Nobody leaves before all are done.
    let _peers: Vec<_> = speakers.into_iter().map(|speaker| speaker.join().unwrap()).collect();
    worst(&device)
}

/// The longest passes while files come in through all slots, and while they
/// come in and go out.
fn files() -> [u32; 2] {
    let card = Card::new(64);
    let device = device(Some(&card));
    let mut peers: Vec<_> = (0..4).map(|_| line_peer(&device)).collect();
    let mut all_at_once = |deed: fn(&mut Person, u8)| {
        thread::scope(|scope| {
            for (peer, number) in peers.iter_mut().zip(0..) {
                scope.spawn(move || deed(peer, number));
            }
        });
        worst(&device)
    };
    let upload = |peer: &mut Person, number| {
        assert!(peer.uploads(&format!("{number}.bin"), &vec![number; 200_000]));
    };
    let both = |peer: &mut Person, number| {
        if number % 2 == 0 {
            assert!(peer.uploads("new.bin", &vec![number; 200_000]));
        } else {
            peer.sends(format!("#get {number}.bin\n"));
            peer.hears("#sum ");
        }
    };
    [all_at_once(upload), all_at_once(both)]
}

/// The longest pass where many names are alike but for their first character.
fn names() -> u32 {
    let card = Card::fat32();
    let device = device(Some(&card));
    let mut peer = line_peer(&device);
    for first in '0'..='o' {
        if !"/:;<=>?\\".contains(first) && !first.is_ascii_lowercase() {
            assert!(peer.uploads(&format!("{first}{}", "x".repeat(254)), b"x"), "{first}");
        }
    }
    peer.sends("#files\n");
    peer.hears(" files\n");
    worst(&device)
}

#[test]
#[ignore = "run by firmware/pace"]
fn passes_are_short() {
    let (one, all) = (relay(1), relay(CLIENTS - 1));
    let further = all.saturating_sub(one) / (CLIENTS as u32 - 2);
    println!("instructions for a line from one peer to one other: {one}");
    println!("for each further peer that it goes to: {further}");
    let (storm, [uploads, both], names) = (storm(), files(), names());
    println!("longest pass, {CLIENTS} peers speak as fast as they can: {storm}");
    println!("longest pass, 4 uploads at once: {uploads}");
    println!("longest pass, also with 2 uploads and 2 downloads at once: {both}");
    println!("longest pass, a directory of long names that are alike: {names}");
    assert!(storm.max(both).max(names) <= WORST, "a pass may take {WORST}");
}
