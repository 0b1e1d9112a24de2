//! Files on their way into the folder.

use sha2::{Digest as _, Sha256};
use snug_core::server::Config;
use snug_core::wire::digest::Digest;

use crate::support::ground::{Ground, Sizes};
use crate::support::memory_store::Pace;
use crate::support::random::for_seeds;
use crate::support::world::World;

const UPLOADED: &str = "> User 10.0.0.2:5000 has uploaded a file\n";

#[test]
fn chat_goes_on_meanwhile() {
    let mut ground = Ground::new(Sizes::default());
    let mut world = World::new(&mut ground);
    let (ada, bob, eve) = (world.join_lines(), world.join_classic(), world.join_lines());
    world.read(ada);
    world.send(bob, "#upload 'a' 3000");
    world.send(eve, "#upload 'my file' 2000\n");
    world.advance(60);
    for n in 0..10 {
        world.send(bob, [b'b'; 300]);
        world.send(eve, [b'e'; 200]);
        world.send(ada, format!("{n}\n"));
    }
    assert_eq!(world.file("a"), Some("b".repeat(3_000)));
    assert_eq!(world.file("my file"), Some("e".repeat(2_000)));
    let others = "> User 10.0.0.3:5000 has uploaded a file\n";
    assert_eq!(world.read(ada), format!("{UPLOADED}{others}"));
    assert!(world.read(eve).contains("> Your file has been uploaded (2000 bytes)\n"));
    assert_eq!(world.writes(bob).len(), 2 + 10);
}

#[test]
fn empty_files_and_files_of_a_block() {
    let mut ground = Ground::new(Sizes::default());
    let mut world = World::new(&mut ground);
    let (ada, bob) = (world.join_lines(), world.join_classic());
    world.read(ada);
    for size in [0, 1, 511, 512, 513, 1_024] {
        world.send(ada, format!("#upload line{size} {size}\n{}", "x".repeat(size)));
        world.send(bob, format!("#upload 'classic{size}' {size}"));
        world.advance(60);
        world.send(bob, "x".repeat(size));
        for name in [format!("line{size}"), format!("classic{size}")] {
            assert_eq!(world.file(&name), Some("x".repeat(size)), "{name}");
        }
        let answer = format!("> Your file has been uploaded ({size} bytes)\n{UPLOADED}");
        assert_eq!(world.read(ada), answer);
    }
}

#[test]
fn all_of_an_upload_in_one_burst() {
    let mut ground = Ground::new(Sizes::default());
    let mut world = World::new(&mut ground);
    let (ada, bob) = (world.join_lines(), world.join_classic());
    world.read(ada);
    // The newline is the file's, and bob stays classic.
    world.send(bob, "I will upload a file#upload 'a' 9one\ntwo.\n");
    let text = format!("[10.0.0.2:5000] I will upload a file\n{UPLOADED}");
    assert_eq!(world.read(ada), text);
    assert_eq!(world.file("a").as_deref(), Some("one\ntwo.\n"));
}

#[test]
fn a_header_in_any_pieces() {
    let bytes = b"I will upload a file#upload 'a b' 10";
    for cut in 1..bytes.len() {
        for second in [cut, (cut + 3).min(bytes.len())] {
            let mut ground = Ground::new(Sizes::default());
            let mut world = World::new(&mut ground);
            let (ada, bob) = (world.join_lines(), world.join_classic());
            world.read(ada);
            for piece in [&bytes[..cut], &bytes[cut..second], &bytes[second..]] {
                // A burst that ends within the first text is its end.
                world.link(bob).set_piece(if cut < 20 { 1 } else { usize::MAX });
                world.push(bob, piece);
                if cut >= 20 && !piece.is_empty() {
                    world.settle();
                    world.advance(59);
                }
            }
            world.settle();
            world.advance(60);
            world.send(bob, "0123456789after");
            assert_eq!(
                world.read(ada),
                format!("[10.0.0.2:5000] I will upload a file\n{UPLOADED}[10.0.0.2:5000] after\n"),
                "{cut} {second}"
            );
            assert_eq!(world.file("a b").as_deref(), Some("0123456789"));
        }
    }
}

#[test]
fn what_is_glued_to_the_size() {
    let stored: [(&[&str], &str); 7] = [
        (&["#upload 'a' 61,2,3\n"], "1,2,3\n"),
        (&["#upload 'a' 61,2", ",3\n"], "1,2,3\n"),
        (&["#upload 'a' 5hello"], "hello"),
        (&["#upload 'a' 5\nhell"], "\nhell"),
        (&["#upload 'a' 5\nhello"], "hello"),
        (&["#upload 'a' 5\r\nhello"], "hello"),
        (&["#upload 'a' 1", "0", "not digits"], "not digits"),
    ];
    for (pieces, file) in stored {
        for end in [false, true] {
            let mut ground = Ground::new(Sizes::default());
            let mut world = World::new(&mut ground);
            let bob = world.join_classic();
            for piece in pieces {
                world.send(bob, piece);
                world.advance(40);
            }
            if end {
                world.end(bob);
            } else {
                world.advance(60);
            }
            assert_eq!(world.file("a").as_deref(), Some(file), "{pieces:?}");
            assert_eq!(world.is_in(bob), !end);
        }
    }
}

#[test]
fn a_long_ambiguous_file_is_put_together() {
    // SIZE is 2000 and the file begins with digits, or is it 20001?
    for pace in [Pace::Quick, Pace::Slow] {
        let mut ground = Ground::new(Sizes::default());
        let mut world = World::new(&mut ground);
        let bob = world.join_classic();
        world.store().pace = pace;
        let file = format!("1;{}", "x".repeat(1_998));
        world.send(bob, format!("#upload 'a' 2000{}", &file[..1_000]));
        world.advance(100);
        world.send(bob, &file[1_000..]);
        assert_eq!(world.file("a"), None);
        world.advance(60);
        assert_eq!(world.file("a"), Some(file));
    }
}

#[test]
fn an_ambiguous_file_is_not_decided_while_bytes_wait() {
    let mut ground = Ground::new(Sizes { transfers: 1, block: 64, ..Sizes::default() });
    let mut world = World::new(&mut ground);
    let bob = world.join_classic();
    world.store().pace = Pace::Halted;
    // Read as 65, the file is whole when the block is; read as 651, it is not.
    let file = "x".repeat(651);
    world.send(bob, format!("#upload 'a' 651{file}"));
    world.advance(1_000);
    world.store().pace = Pace::Quick;
    world.settle();
    world.advance(60);
    assert_eq!(world.file("a"), Some(file));
}

/// The quiet behind a header is seen while its peer is kept waiting: a file that
/// comes later does not stick to it, and more of its SIZE that comes sooner does.
#[test]
fn quiet_is_seen_of_who_has_to_wait() {
    for (size, more, len) in [("10", "", 10), ("1", "0", 10), ("2000", "", 2_000)] {
        let mut ground = Ground::new(Sizes::default());
        // The last is too large, which is clear only where its header stands alone.
        let config = Config { max_chat: 200, max_file: 1_999, ..Config::default() };
        let mut world = World::with(&mut ground, config);
        let (ada, bob) = (world.join_lines(), world.join_classic());
        world.send(bob, "x".repeat(400));
        world.read(ada);
        world.send(bob, format!("I will upload a file#upload 'a' {size}"));
        world.advance(59);
        world.send(bob, more);
        world.advance(60);
        let file = "0123456789".repeat(len / 10);
        world.send(bob, &file);
        assert_eq!(world.read(ada), "", "it has to wait");
        world.advance(10_000);
        world.send(bob, "after");
        world.advance(10_000);
        let stored = if len == 10 { UPLOADED } else { "" };
        assert_eq!(
            world.read(ada),
            format!("[10.0.0.2:5000] I will upload a file\n{stored}[10.0.0.2:5000] after\n"),
            "{size} {more}"
        );
        assert_eq!(world.file("a").is_some_and(|stands| stands == file), len == 10, "{size}");
    }
}

#[test]
fn a_peers_later_frames_wait_and_nobody_elses() {
    let mut ground = Ground::new(Sizes::default());
    let mut world = World::new(&mut ground);
    let (ada, bob, eve) = (world.join_lines(), world.join_classic(), world.join_lines());
    for n in 1..=4 {
        world.read(ada);
        world.store().pace = Pace::Halted;
        world.send(bob, format!("#upload 'a{n}' 4"));
        world.advance(60);
        world.send(bob, "bodylater");
        world.send(eve, "meanwhile\n");
        world.send(eve, format!("#upload 'e{n}' 4\nbodylater\n"));
        world.advance(5_000);
        assert_eq!(world.read(ada), "[10.0.0.3:5000] meanwhile\n");
        if n == 4 {
            world.end(bob);
            world.reset(eve);
        }
        world.store().pace = if n % 2 == 0 { Pace::Slow } else { Pace::Quick };
        world.settle();
        let heard = world.read(ada);
        for addr in ["10.0.0.2:5000", "10.0.0.3:5000"] {
            let about: Vec<_> = heard.lines().filter(|line| line.contains(addr)).collect();
            assert_eq!(about[0], format!("> User {addr} has uploaded a file"));
            assert_eq!(about[1], format!("[{addr}] later"));
            assert_eq!(about.len(), if n == 4 { 3 } else { 2 }, "{heard}");
            assert!(n < 4 || about[2].starts_with(&format!("< The user {addr} left (")));
        }
    }
    assert_eq!(world.server.store().files.len(), 8);
}

/// What nobody has to see goes past the room, once the size is beyond doubt and
/// up to the file's last byte: what follows is said, and counts start anew.
#[test]
fn a_file_can_go_past_the_room() {
    for pace in [Pace::Quick, Pace::Slow] {
        for size in [1, 511, 512, 513, 1_024, 3_000] {
            let mut ground = Ground::new(Sizes::default());
            let mut world = World::new(&mut ground);
            let (ada, bob) = (world.join_lines(), world.join_classic());
            world.read(ada);
            (world.store().pace, world.store().takes) = (pace, 700);
            let file = &"0123456789".repeat(300)[..size];
            world.send(bob, format!("#upload 'a' {size}"));
            world.advance(60);
            world.send(bob, format!("{file}after"));
            assert_eq!(world.store().taken, size, "{pace:?}");
            assert_eq!(world.read(ada), format!("{UPLOADED}[10.0.0.2:5000] after\n"));
            world.send(ada, format!("#upload b {size}\n"));
            world.send(ada, format!("{file}after\n"));
            assert_eq!(world.store().taken, 2 * size, "{pace:?}");
            assert_eq!(world.read(ada), format!("> Your file has been uploaded ({size} bytes)\n"));
            for name in ["a", "b"] {
                assert_eq!(world.file(name).as_deref(), Some(file), "{name} {size} {pace:?}");
            }
        }
    }
}

/// Of a `#put` the room sees every byte, and of what it reads in two ways.
#[test]
fn what_has_to_be_seen_goes_not_past_the_room() {
    let mut ground = Ground::new(Sizes::default());
    let mut world = World::new(&mut ground);
    let (ada, bob) = (world.join_lines(), world.join_classic());
    world.store().takes = 700;
    let file = format!("1;{}", "x".repeat(1_998));
    let digest = Digest::new(Sha256::digest(&file).into());
    world.send(ada, format!("#put a 2000 {digest}\n"));
    world.send(ada, format!("#part 2000\n{file}"));
    world.send(bob, format!("#upload 'b' 2000{}", &file[..1_000]));
    world.advance(60);
    world.send(bob, &file[1_000..]);
    world.advance(60);
    assert_eq!(world.file("a").as_deref(), Some(&*file));
    assert_eq!(world.file("b").as_deref(), Some(&*file));
    assert_eq!(world.store().taken, 0);
}

#[test]
fn who_vanishes_leaves_no_file() {
    for pace in [Pace::Quick, Pace::Slow, Pace::Halted] {
        for sent in [0, 100, 600, 1_999] {
            for (reset, takes) in [(false, 0), (true, 0), (false, 300), (true, 300)] {
                let mut ground = Ground::new(Sizes::default());
                let mut world = World::new(&mut ground);
                let (ada, bob) = (world.join_lines(), world.join_classic());
                world.read(ada);
                (world.store().pace, world.store().takes) = (pace, takes);
                world.send(bob, "#upload 'a' 2000");
                world.advance(60);
                world.send(bob, "x".repeat(sent));
                if reset {
                    world.reset(bob);
                } else {
                    world.end(bob);
                }
                if pace == Pace::Halted {
                    world.store().pace = Pace::Slow;
                    world.settle();
                }
                assert_eq!(world.read(ada), "< The user 10.0.0.2:5000 left (1 user online)\n");
                assert!(world.store().drafts.is_empty());
                assert!(world.store().files.is_empty());
            }
        }
    }
}

#[test]
fn reset_right_after_the_last_byte() {
    for pace in [Pace::Quick, Pace::Slow, Pace::Halted] {
        for (glued, takes) in [(false, 0), (true, 0), (false, 700), (true, 700)] {
            let mut ground = Ground::new(Sizes::default());
            let mut world = World::new(&mut ground);
            let (ada, bob) = (world.join_lines(), world.join_classic());
            world.read(ada);
            (world.store().pace, world.store().takes) = (pace, takes);
            world.push(bob, "#upload 'a' 2000");
            if !glued {
                world.settle();
                world.advance(60);
            }
            world.push(bob, "x".repeat(2_000));
            // With a store that is halted, the rest stays with the system.
            if pace == Pace::Halted && !glued {
                world.settle();
                world.store().pace = Pace::Slow;
                world.settle();
            }
            world.reset(bob);
            world.store().pace = Pace::Slow;
            world.settle();
            let left = "< The user 10.0.0.2:5000 left (1 user online)\n";
            assert_eq!(world.read(ada), format!("{UPLOADED}{left}"), "{pace:?} {glued}");
            assert_eq!(world.file("a"), Some("x".repeat(2_000)));
        }
    }
}

#[test]
fn many_files_at_any_pace() {
    for_seeds(0..60, |mut random| {
        let sizes =
            Sizes { transfers: random.of(1..4), block: random.of(64..600), ..Sizes::default() };
        let mut ground = Ground::new(sizes);
        let mut world = World::new(&mut ground);
        world.shuffle(random.next());
        let ada = world.join_lines();
        let peers: Vec<_> = (0..5).map(|_| world.join_lines()).collect();
        let mut wanted = Vec::new();
        for (at, &peer) in peers.iter().enumerate() {
            let mut bytes = Vec::new();
            for n in 0..random.of(1..4) {
                let file = "0123\n567".repeat(random.of(0..200));
                let name = format!("{at}.{n}");
                bytes.extend(format!("#upload {name} {}\n{file}said {name}\n", file.len()).bytes());
                wanted.push((name, file));
            }
            world.link(peer).set_piece(random.of(1..3_000));
            world.push(peer, &bytes);
        }
        for _ in 0..300 {
            world.store().pace = *random.pick(&[Pace::Quick, Pace::Slow, Pace::Slow, Pace::Halted]);
            world.store().takes = *random.pick(&[0, 1, 50, 1_000]);
            world.settle();
        }
        world.store().pace = Pace::Quick;
        world.settle();
        let heard = world.read(ada);
        for (name, file) in wanted {
            assert_eq!(world.file(&name), Some(file), "{name}");
            assert_eq!(heard.matches(&format!("] said {name}\n")).count(), 1);
        }
    });
}
