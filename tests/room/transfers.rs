//! Files in parts, to the folder and from it, with chat in between.

mod gets;
mod kept;
mod puts;

use sha2::{Digest as _, Sha256};
use snug_core::store::StoreError;
use snug_core::wire::digest::Digest;

use crate::support::ground::{Ground, Sizes};
use crate::support::memory_store::{Pace, Step};
use crate::support::random::{Random, for_seeds};
use crate::support::world::{Peer, World};

const UPLOADED: &str = "> User 10.0.0.2:5000 has uploaded a file\n";

fn digest(bytes: impl AsRef<[u8]>) -> Digest {
    Digest::new(Sha256::digest(bytes.as_ref()).into())
}

fn stored(size: usize) -> String {
    format!("> Your file has been uploaded ({size} bytes)\n")
}

fn put(name: &str, bytes: impl AsRef<[u8]>) -> String {
    format!("#put '{name}' {} {}\n", bytes.as_ref().len(), digest(bytes))
}

fn part(bytes: &str) -> String {
    format!("#part {}\n{bytes}", bytes.len())
}

/// Ada and Bob, both line peers, have read all so far.
fn two_of(world: &mut World<'_>) -> (Peer, Peer) {
    let (ada, bob) = (world.join_lines(), world.join_lines());
    world.read(ada);
    (ada, bob)
}

#[test]
fn a_transfer_stops_when_its_peer_says_so() {
    let mut ground = Ground::new(Sizes::default());
    let mut world = World::new(&mut ground);
    let (_, bob) = two_of(&mut world);
    let file = "0123456789".repeat(300);
    world.store().files.insert("a".into(), file.clone().into());
    world.block(bob, 600);
    world.send(bob, "#get a\n");
    world.send(bob, "#stop\n");
    world.unblock(bob);
    let got = world.read(bob);
    let stopped = "> Your transfer has been stopped\n";
    let (first, second) = (part(&file[..512]), part(&file[512..1_024]));
    assert_eq!(got, format!("#file 'a' 3000\n{first}{second}{stopped}"));
    let other = "9876543210".repeat(300);
    world.send(bob, put("b", &other) + &part(&other[..1_100]) + "#stop\n#stop\n");
    let none = "! no transfer of yours is under way\n";
    assert_eq!(world.read(bob), format!("#have 'b' 0\n{stopped}{none}"));
    world.send(bob, put("b", &other));
    assert_eq!(world.read(bob), "#have 'b' 1024\n");
}

/// A file that is out to the last byte is not told to be stopped, even where
/// its peer has not got all of the line that ends it.
#[test]
fn what_is_all_sent_cannot_be_stopped() {
    let none = "! no transfer of yours is under way\n";
    let file = "0123456789".repeat(40);
    let whole = format!("#file 'a' 400\n{}#sum {}\n", part(&file), digest(&file));
    for (last, answer, stays) in [("#stop\n", none, true), ("#quit\n", "", false)] {
        for lacking in 1..=60 {
            let mut ground = Ground::new(Sizes::default());
            let mut world = World::new(&mut ground);
            let (_, bob) = two_of(&mut world);
            world.store().files.insert("a".into(), file.clone().into());
            world.block(bob, whole.len() - lacking);
            world.send(bob, "#get a\n");
            world.send(bob, last);
            world.unblock(bob);
            assert_eq!(world.read(bob), format!("{whole}{answer}"), "{last} {lacking}");
            assert_eq!(world.is_in(bob), stays, "{last} {lacking}");
            assert!(world.store().readers.is_empty(), "{last} {lacking}");
        }
    }
}

/// What a peer says behind a `#stop` waits until its transfer has ended.
#[test]
fn a_stop_comes_before_what_is_said_behind_it() {
    let stopped = "> Your transfer has been stopped\n";
    let mut ground = Ground::new(Sizes::default());
    let mut world = World::new(&mut ground);
    let (ada, bob) = two_of(&mut world);
    let file = "0123456789".repeat(100);
    world.store().files.insert("a".into(), file.clone().into());
    world.store().files.insert("b".into(), b"text".into());
    world.block(bob, 100);
    world.send(bob, "#get a\n");
    world.send(bob, "#stop\n#get b\nhello\n");
    world.unblock(bob);
    let other = format!("#file 'b' 4\n{}#sum {}\n", part("text"), digest("text"));
    let first = part(&file[..512]);
    assert_eq!(world.read(bob), format!("#file 'a' 1000\n{first}{stopped}{other}"));
    assert_eq!(world.read(ada), "[10.0.0.2:5000] hello\n");
    world.block(bob, 5);
    world.send(bob, put("c", "xyz"));
    world.send(bob, "#stop\n".to_owned() + &part("xyz") + "hello\n");
    world.unblock(bob);
    let none = "! #put: no upload waits for a part; begin one with #put\n";
    assert_eq!(world.read(bob), format!("#have 'c' 0\n{stopped}{none}"));
    assert_eq!(world.read(ada), "[10.0.0.2:5000] hello\n");
    // Nobody waits for a link that is gone.
    world.block(bob, 100);
    world.send(bob, "#get a\n");
    world.send(bob, "#stop\nbye\n");
    world.reset(bob);
    world.unblock(bob);
    let left = "< The user 10.0.0.2:5000 left (1 user online)\n";
    assert_eq!(world.read(ada), format!("[10.0.0.2:5000] bye\n{left}"));
}

#[test]
fn transfers_wait_for_a_slot() {
    let mut ground = Ground::new(Sizes { transfers: 1, ..Sizes::default() });
    let mut world = World::new(&mut ground);
    let (ada, bob) = two_of(&mut world);
    world.store().files.insert("a".into(), b"text".into());
    world.send(ada, "#upload b 5\n012");
    world.send(bob, "#get a\n");
    world.send(bob, "patience\n");
    assert_eq!((world.read(bob), world.read(ada)), (String::new(), String::new()));
    world.send(ada, "34");
    let got = world.read(bob);
    let file = format!("#file 'a' 4\n{}#sum {}\n", part("text"), digest("text"));
    assert!(got.contains(&file), "{got}");
    assert!(world.read(ada).ends_with("[10.0.0.2:5000] patience\n"));
}

#[test]
fn a_room_without_slots_or_a_store_that_knows_less_refuses() {
    let mut ground = Ground::new(Sizes { transfers: 0, ..Sizes::default() });
    let mut world = World::new(&mut ground);
    let (_, bob) = two_of(&mut world);
    world.send(bob, format!("#get a\n{}#files\n", put("a", "x")));
    let refused = "! #get: there is no such file; #files lists what there is\n\
                   ! #put: the folder cannot be written to; ask who keeps it\n> 0 files\n";
    assert_eq!(world.read(bob), refused);
    let mut ground = Ground::new(Sizes::default());
    let mut world = World::new(&mut ground);
    let (_, bob) = two_of(&mut world);
    for step in [Step::Open, Step::Begin] {
        world.store().fails = Some((step, StoreError::Unsupported));
        world.send(bob, if step == Step::Open { "#get a\n".into() } else { put("a", "x") });
        let answer = world.read(bob);
        assert!(
            answer.ends_with(": this room cannot do that; #help lists what it knows\n"),
            "{answer}"
        );
    }
}

#[test]
fn files_are_listed_with_size_and_age() {
    let mut ground = Ground::new(Sizes::default());
    let mut world = World::new(&mut ground);
    let (_, bob) = two_of(&mut world);
    world.send(bob, "#files\n");
    assert_eq!(world.read(bob), "> 0 files\n");
    for (name, size) in [("a", 0), ("it's", 12), ("z", 3)] {
        world.store().files.insert(name.into(), vec![b'x'; size]);
    }
    let list = "#stored 'a' 0 61\n#stored 'it's' 12 61\n#stored 'z' 3 61\n> 3 files\n";
    world.send(bob, "#files\n");
    assert_eq!(world.read(bob), list);
    world.block(bob, 5);
    world.send(bob, "#files\n");
    let mut got = world.read_some(bob, 5);
    // What is half out ends where it has changed meanwhile.
    world.store().files.insert("a".into(), vec![b'x'; 7]);
    world.unblock(bob);
    got.extend(world.read_bytes(bob));
    let got = String::from_utf8(got).unwrap();
    assert!(got.starts_with("#stor"), "{got}");
    assert!(got.ends_with(&format!(" …[cut]\n{}", list.replace("'a' 0", "'a' 7"))), "{got}");
}

/// Whatever is lost on the way, all of the file comes over in the end.
#[test]
fn at_random_transfers_come_whole() {
    for_seeds(0..80, |mut random| {
        let sizes =
            Sizes { transfers: random.of(1..4), block: random.of(64..600), ..Sizes::default() };
        let mut ground = Ground::new(sizes);
        let mut world = World::new(&mut ground);
        world.shuffle(random.next());
        world.store().pace = *random.pick(&[Pace::Quick, Pace::Slow]);
        let file: String =
            (0..random.of(0..6_000)).map(|_| *random.pick(&['a', 'b', '\n'])).collect();
        while world.file("a").is_none() {
            put_some(&mut world, &file, &mut random);
        }
        assert_eq!(world.file("a").as_ref(), Some(&file));
        let peer = world.join_lines();
        assert_eq!(fetch(&mut world, peer, &mut random), file);
        assert!(world.store().drafts.is_empty() && world.store().readers.is_empty());
    });
}

/// Puts a file by parts in pieces, until the link is lost.
fn put_some(world: &mut World<'_>, file: &str, random: &mut Random) {
    let peer = world.join_lines();
    world.send(peer, put("a", file));
    let answer = world.read(peer);
    let have = answer.lines().find_map(|line| line.strip_prefix("#have 'a' ")).expect("it is told");
    let mut at: usize = have.parse().unwrap();
    while at < file.len() {
        let end = (at + random.of(1..2_000)).min(file.len());
        let bytes = part(&file[at..end]) + random.pick::<&str>(&["", "chat\n", "#who\n"]);
        let (first, second) = bytes.split_at(random.of(0..bytes.len()));
        world.send(peer, first);
        if random.one_in(6) {
            world.reset(peer);
            return;
        }
        world.send(peer, second);
        at = end;
    }
    let answer = world.read(peer);
    assert!(have == file.len().to_string() || answer.contains(&stored(file.len())), "{answer}");
}

/// All of a file, which is read and stopped and gone on with at random.
fn fetch(world: &mut World<'_>, peer: Peer, random: &mut Random) -> String {
    let mut got = String::new();
    loop {
        world.block(peer, random.of(1..3_000));
        world.send(peer, format!("#get a {}\n", got.len()));
        let stops = random.one_in(2);
        let mut text = String::new();
        if stops {
            text = String::from_utf8(world.read_some(peer, random.of(1..3_000))).unwrap();
            world.send(peer, "#stop\n");
        }
        world.unblock(peer);
        text += &world.read(peer);
        let mut rest = text.as_str();
        while let Some((line, behind)) = rest.split_once('\n') {
            rest = behind;
            if let Some(len) = line.strip_prefix("#part ") {
                let (bytes, behind) = rest.split_at(len.parse().unwrap());
                got += bytes;
                rest = behind;
            } else if let Some(sum) = line.strip_prefix("#sum ") {
                assert_eq!(sum, digest(&got).to_string());
                return got;
            }
        }
    }
}
