//! What is said and heard, in both dialects.

use crate::support::ground::{Ground, Sizes};
use crate::support::world::{Peer, World};

fn texts(world: &mut World<'_>, peers: &[Peer]) -> Vec<String> {
    peers.iter().map(|&peer| world.read(peer)).collect()
}

#[test]
fn the_classic_sentences() {
    let mut ground = Ground::new(Sizes::default());
    let mut world = World::new(&mut ground);
    let ada = world.join();
    assert_eq!(world.writes(ada), ["> Connected to the chat server (1 user online)"]);
    world.advance(60);
    let bob = world.join();
    assert_eq!(world.writes(bob), ["> Connected to the chat server (2 users online)"]);
    assert_eq!(world.writes(ada), ["> New user 10.0.0.2:5000 entered (2 users online)"]);
    world.advance(60);
    world.send(ada, "hello");
    world.send(ada, "again");
    assert_eq!(world.writes(bob), ["[10.0.0.1:5000] hello", "[10.0.0.1:5000] again"]);
    assert_eq!(world.read(ada), "");
    world.send(bob, "I will upload a file");
    world.send(bob, "#upload 'google.png' 5");
    world.advance(60);
    world.send(bob, "12345");
    assert_eq!(
        world.writes(ada),
        ["[10.0.0.2:5000] I will upload a file", "> User 10.0.0.2:5000 has uploaded a file"]
    );
    assert_eq!(world.file("google.png").as_deref(), Some("12345"));
    world.end(bob);
    assert_eq!(world.writes(ada), ["< The user 10.0.0.2:5000 left (1 user online)"]);
    assert_eq!(world.read(bob), "");
    assert!(world.link(bob).is_over());
    world.end(ada);
    assert_eq!(
        world.console(),
        "> New user 10.0.0.1:5000 entered (1 user online)\n\
         > New user 10.0.0.2:5000 entered (2 users online)\n\
         [10.0.0.1:5000] hello\n\
         [10.0.0.1:5000] again\n\
         [10.0.0.2:5000] I will upload a file\n\
         > User 10.0.0.2:5000 has uploaded a file\n\
         < The user 10.0.0.2:5000 left (1 user online)\n\
         < The user 10.0.0.1:5000 left (0 user online)\n"
    );
}

#[test]
fn what_lies_around_ones_own_lines_leaves_in_one_write() {
    let mut ground = Ground::new(Sizes::default());
    let mut world = World::new(&mut ground);
    let (ada, bob) = (world.join_lines(), world.join_lines());
    texts(&mut world, &[ada, bob]);
    world.block(bob, 0);
    for (peer, text) in [(ada, "one\n"), (bob, "two\nthree\n"), (ada, "four\n"), (ada, "five\n")] {
        world.send(peer, text);
    }
    world.unblock(bob);
    let told = "[10.0.0.1:5000] one\n[10.0.0.1:5000] four\n[10.0.0.1:5000] five\n";
    assert_eq!(world.writes(bob), [told]);
}

#[test]
fn ipv6_has_brackets_and_mapped_ipv4_has_none() {
    let mut ground = Ground::new(Sizes::default());
    let mut world = World::new(&mut ground);
    let ada = world.join_classic();
    world.join_from("[::1]:50426".parse().unwrap()).unwrap();
    world.join_from("[::ffff:127.0.0.1]:7".parse().unwrap()).unwrap();
    assert_eq!(
        world.writes(ada),
        [
            "> New user [::1]:50426 entered (2 users online)",
            "> New user 127.0.0.1:7 entered (3 users online)"
        ]
    );
}

#[test]
fn both_dialects_in_one_room() {
    let mut ground = Ground::new(Sizes::default());
    let mut world = World::new(&mut ground);
    let (classic, lines, third) = (world.join_classic(), world.join_lines(), world.join_lines());
    texts(&mut world, &[classic, lines, third]);
    world.send(classic, "hi");
    assert_eq!(
        texts(&mut world, &[classic, lines, third]),
        ["", "[10.0.0.1:5000] hi\n", "[10.0.0.1:5000] hi\n"]
    );
    world.send(lines, "one\r\ntwo\n\n\r\nthr");
    assert_eq!(world.writes(classic), ["[10.0.0.2:5000] one", "[10.0.0.2:5000] two"]);
    assert_eq!(world.writes(third), ["[10.0.0.2:5000] one\n[10.0.0.2:5000] two\n"]);
    world.advance(10_000);
    world.send(lines, "ee\n##hash\n");
    assert_eq!(world.writes(classic), ["[10.0.0.2:5000] three", "[10.0.0.2:5000] #hash"]);
    world.send(classic, "#who");
    assert_eq!(texts(&mut world, &[classic, lines]), ["", "[10.0.0.1:5000] #who\n"]);
}

#[test]
fn the_first_newline_is_the_switch() {
    let mut ground = Ground::new(Sizes::default());
    let mut world = World::new(&mut ground);
    let ada = world.join();
    world.advance(1_000);
    let bob = world.join();
    assert_eq!(
        world.read(ada),
        "> Connected to the chat server (1 user online)\
         > New user 10.0.0.2:5000 entered (2 users online)"
    );
    world.send(ada, "hello\n");
    assert_eq!(world.read(ada), "\n> This is Snug; #help lists what it knows\n");
    assert_eq!(world.read(bob), "> Connected to the chat server (2 users online)");
    world.advance(60);
    assert_eq!(world.read(bob), "[10.0.0.1:5000] hello");
}

#[test]
fn the_greeting_stands_alone() {
    let mut ground = Ground::new(Sizes::default());
    let mut world = World::new(&mut ground);
    let ada = world.join_classic();
    let (bob, eve) = (world.join(), world.join());
    world.send(ada, "early");
    assert_eq!(world.writes(bob), ["> Connected to the chat server (2 users online)"]);
    world.advance(59);
    assert_eq!(world.writes(bob), [""; 0]);
    world.send(eve, "\n");
    assert_eq!(
        world.writes(eve).concat(),
        "> Connected to the chat server (3 users online)\
         \n> This is Snug; #help lists what it knows\n[10.0.0.1:5000] early\n"
    );
    world.advance(1);
    assert_eq!(
        world.writes(bob),
        ["> New user 10.0.0.3:5000 entered (3 users online)", "[10.0.0.1:5000] early"]
    );
}

#[test]
fn text_is_made_safe() {
    let mut ground = Ground::new(Sizes::default());
    let mut world = World::new(&mut ground);
    let (ada, bob) = (world.join_lines(), world.join_classic());
    world.read(ada);
    world.send(ada, b"a\x1b[2Jb\xffc\t\xe2\x80\xae\n");
    assert_eq!(world.read(bob), "[10.0.0.1:5000] a␛[2Jb\u{fffd}c\t\u{fffd}");
    world.send(bob, b"bell\x07");
    assert_eq!(world.read(ada), "[10.0.0.2:5000] bell␇\n");
}

#[test]
fn a_cut_character_waits_for_its_half() {
    let mut ground = Ground::new(Sizes::default());
    let mut world = World::new(&mut ground);
    let (ada, bob) = (world.join_classic(), world.join_classic());
    world.read(ada);
    world.send(bob, b"caf\xc3");
    world.advance(59);
    assert_eq!(world.read(ada), "");
    world.send(bob, b"\xa9");
    assert_eq!(world.read(ada), "[10.0.0.2:5000] café");
    world.send(bob, b"caf\xc3");
    world.advance(60);
    assert_eq!(world.read(ada), "[10.0.0.2:5000] caf\u{fffd}");
}

#[test]
fn long_texts_go_out_in_pieces() {
    let mut ground = Ground::new(Sizes::default());
    let mut world = World::new(&mut ground);
    let (ada, bob) = (world.join_classic(), world.join_lines());
    let text = "é".repeat(5_000);
    for (from, to, end) in [(ada, bob, ""), (bob, ada, "\n")] {
        world.read(to);
        world.send(from, format!("{text}{end}"));
        let prefix = format!("[{}] ", world.name(from));
        let heard = world.read(to);
        let pieces: Vec<_> = heard.split(&prefix).skip(1).map(str::trim_end).collect();
        assert_eq!(pieces.len(), 3);
        assert_eq!(pieces.concat(), text);
        assert_eq!(pieces[0].len(), 4096 - prefix.len() - 1 - (prefix.len() + 1) % 2);
        // What follows is a text of its own.
        world.send(from, format!("x{end}"));
        assert_eq!(world.read(to).trim_end(), format!("{prefix}x"));
    }
}

#[test]
fn a_web_page_says_nothing() {
    let mut ground = Ground::new(Sizes::default());
    let mut world = World::new(&mut ground);
    let ada = world.join_lines();
    let pieces: [&[&str]; 3] = [
        &["GET / HTTP/1.1\r\nHost: x\r\n\r\nhello\n"],
        &["POST /#upload HTTP/1.0\n"],
        &["POST /", "aaaaaaaa HT", "TP/1.1\r\n\r\ntext"],
    ];
    for pieces in pieces {
        let page = world.join();
        world.read(ada);
        for piece in pieces {
            world.send(page, piece);
            world.advance(20);
        }
        assert!(!world.is_in(page));
        let left = format!("< The user {} left (1 user online)\n", world.name(page));
        assert_eq!(world.read(ada), left);
    }
    let page = world.join();
    world.read(ada);
    world.send(page, format!("GET /{}", "a".repeat(9_000)));
    assert!(!world.is_in(page));
    assert!(!world.read(ada).contains("aaa"));
    let human = world.join();
    world.read(ada);
    world.send(human, "GET lost");
    world.advance(60);
    assert_eq!(world.read(ada), format!("[{}] GET lost\n", world.name(human)));
    world.send(human, "GET / HTTP/1.1");
    assert_eq!(world.read(ada), format!("[{}] GET / HTTP/1.1\n", world.name(human)));
}

/// However they talked before: what a system made one after the other it has
/// sooner at hand in that order.
#[test]
fn a_line_goes_to_the_places_in_their_order() {
    let mut ground = Ground::new(Sizes { clients: 16, ..Sizes::default() });
    let mut world = World::new(&mut ground);
    let peers: Vec<_> = (0..16).map(|_| world.join_lines()).collect();
    for at in [6, 2, 11, 3, 12, 9, 15, 4, 8, 1, 14, 5, 0, 13, 10] {
        world.send(peers[at], "#ping\n");
        world.read(peers[at]);
    }
    let (now, speaker) = (world.now, world.id(peers[7]));
    let server = &mut world.server;
    let said = b"hello\n";
    server.space(speaker)[..said.len()].copy_from_slice(said);
    server.handle_received(now, speaker, said.len());
    let mut order = vec![];
    while let Some(id) = server.poll_transmit(now) {
        order.push(id.index());
        let count = server.pending(id).len();
        server.handle_sent(now, id, count);
    }
    let first = order.iter().position(|&place| place == 0).unwrap();
    order.rotate_left(first);
    let all: Vec<_> = (0..16).filter(|&place| place != 7).collect();
    assert_eq!(order, all);
}
