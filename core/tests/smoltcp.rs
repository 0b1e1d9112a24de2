//! The room on smoltcp, with peers on a second stack at the other end of a
//! cable.

#[allow(dead_code, reason = "the simulation uses more of it")]
#[path = "../../tests/support/cable.rs"]
mod cable;
#[allow(dead_code, reason = "the simulation uses more of it")]
#[path = "../../tests/support/random.rs"]
mod random;
#[path = "stack/world.rs"]
mod world;

use core::time::Duration;

use smoltcp::socket::tcp::{Socket, State};
use snug_core::server::full_notice;
use world::{CLIENTS, OWN_PORT, World};

const QUIET: Duration = Duration::from_millis(100);

#[test]
fn peers_are_greeted_and_talk() {
    let mut world = World::new();
    let first = world.connect();
    assert_eq!(world.heard(first), "> Connected to the chat server (1 user online)");
    world.pass(QUIET);
    let second = world.connect();
    assert_eq!(world.heard(second), "> Connected to the chat server (2 users online)");
    assert_eq!(world.heard(first), "> New user 10.0.0.2:50002 entered (2 users online)");
    world.pass(QUIET);
    world.send(second, b"hello");
    assert_eq!(world.heard(first), "[10.0.0.2:50002] hello");
    assert_eq!(world.heard(second), "");
}

#[test]
fn a_peer_that_ends_its_sending_is_served_to_the_end() {
    let mut world = World::new();
    let (first, second) = (world.connect(), world.connect());
    world.pass(QUIET);
    world.heard(first);
    world.socket(second).send_slice(b"bye").unwrap();
    world.socket(second).close();
    world.pass(QUIET);
    assert_eq!(
        world.heard(first),
        "[10.0.0.2:50002] bye< The user 10.0.0.2:50002 left (1 user online)"
    );
    assert!(matches!(world.socket(second).state(), State::TimeWait | State::Closed));
}

#[test]
fn a_reset_is_a_leave() {
    let mut world = World::new();
    let (first, second) = (world.connect(), world.connect());
    world.pass(QUIET);
    world.heard(first);
    world.socket(second).abort();
    world.pass(QUIET);
    assert_eq!(world.heard(first), "< The user 10.0.0.2:50002 left (1 user online)");
}

#[test]
fn files_arrive_whole() {
    let mut world = World::new();
    let file: Vec<u8> = (0..20_000_u32).map(|n| ((n * n) >> 7) as u8).collect();
    upload(&mut world, &file);
}

#[test]
fn files_arrive_whole_over_a_bad_cable() {
    let mut world = World::new();
    world.lose(11);
    let file: Vec<u8> = (0..5_000_u32).map(|n| ((n * n) >> 5) as u8).collect();
    upload(&mut world, &file);
}

fn upload(world: &mut World, file: &[u8]) {
    let (first, second) = (world.connect(), world.connect());
    world.pass(Duration::from_secs(3));
    world.heard(first);
    world.send_all(second, format!("\n#upload 'a.bin' {}\n", file.len()).as_bytes());
    world.send_all(second, file);
    world.pass(Duration::from_secs(3));
    assert_eq!(world.heard(first), "> User 10.0.0.2:50002 has uploaded a file");
    let answer = world.heard(second);
    assert!(answer.contains(&file.len().to_string()), "{answer}");
    assert_eq!(world.room.server().store().stored["a.bin"], file);
}

#[test]
fn newcomers_to_a_full_room_are_told() {
    let mut world = World::new();
    for _ in 0..CLIENTS {
        world.connect();
    }
    for _ in 0..5 {
        let late = world.connect();
        world.pass(QUIET);
        let mut notice = [0; 128];
        let len = full_notice(&mut notice);
        assert_eq!(world.heard(late).as_bytes(), &notice[..len]);
        // It hangs on, and nobody else is kept out by that.
        assert_eq!(world.socket(late).state(), State::CloseWait);
    }
}

#[test]
fn sockets_listen_again_and_again() {
    let mut world = World::new();
    for _ in 0..30 {
        let peers: Vec<_> = (0..CLIENTS).map(|_| world.connect()).collect();
        world.pass(QUIET);
        for peer in peers {
            assert_eq!(world.socket(peer).state(), State::Established);
            world.socket(peer).close();
            world.settle();
        }
        world.pass(QUIET);
        assert_eq!(world.room.server().online(), 0);
    }
}

#[test]
fn one_who_comes_with_the_goodbye_of_another_is_let_in() {
    let mut world = World::new();
    let mut peers: Vec<_> = (0..CLIENTS).map(|_| world.connect()).collect();
    for _ in 0..10 {
        world.pass(QUIET);
        let leaver = peers.remove(0);
        world.socket(leaver).abort();
        // Its reset and the other's wish to connect come in one batch.
        peers.push(world.connect());
        world.pass(QUIET);
        let newcomer = peers[CLIENTS - 1];
        assert!(world.heard(newcomer).starts_with("> Connected"));
    }
}

#[test]
fn who_knocks_twice_comes_in_once() {
    let mut world = World::new();
    let (leaver, stayer) = (world.connect(), world.connect());
    world.pass(QUIET);
    world.room.device().treat(|treatment| treatment.delay = 1_200);
    let newcomer = world.connect();
    // Its answer is on the way for so long that it knocks again, and by then
    // the first of the room's sockets listens.
    world.socket(leaver).abort();
    world.pass(Duration::from_secs(10));
    assert_eq!(world.socket(newcomer).state(), State::Established);
    assert!(world.heard(newcomer).starts_with("> Connected"));
    assert_eq!(world.socket(stayer).state(), State::Established);
    assert_eq!(world.room.server().online(), 2);
}

#[test]
fn a_socket_of_the_callers_lives_beside_the_rooms() {
    let mut world = World::new();
    let (first, other) = (world.connect(), world.connect_to(OWN_PORT));
    world.pass(QUIET);
    assert_eq!(world.heard(first), "> Connected to the chat server (1 user online)");
    let own = world.own;
    assert_eq!(world.room.socket::<Socket<'_>>(own).state(), State::Established);
    world.room.socket::<Socket<'_>>(own).send_slice(b"not the room").unwrap();
    world.pass(QUIET);
    assert_eq!(world.heard(other), "not the room");
}

#[test]
fn a_dead_peer_is_found() {
    let mut world = World::new();
    world.connect();
    world.pass(QUIET);
    assert_eq!(world.room.server().online(), 1);
    world.silent = true;
    world.pass(Duration::from_mins(2));
    assert_eq!(world.room.server().online(), 0);
}

#[test]
fn a_silent_peer_stays() {
    let mut world = World::new();
    world.connect();
    world.pass(Duration::from_mins(2));
    assert_eq!(world.room.server().online(), 1);
}

#[test]
fn who_does_not_read_holds_nobody_up() {
    let mut world = World::new();
    let (talker, deaf, reader) = (world.connect(), world.connect(), world.connect());
    world.send(talker, b"\n");
    world.send(reader, b"\n");
    world.pass(QUIET);
    world.heard(reader);
    let mut lines = 0;
    for n in 0..200 {
        world.send_all(talker, format!("line {n} {}\n", "x".repeat(200)).as_bytes());
        world.pass(Duration::from_millis(50));
        lines += world.heard(reader).matches("] line ").count();
    }
    world.pass(Duration::from_secs(40));
    lines += world.heard(reader).matches("] line ").count();
    assert_eq!(lines, 200);
    assert!(!world.socket(deaf).may_send() || world.socket(deaf).can_recv());
    assert_eq!(world.room.server().online(), 2, "who takes nothing for 30 s is put out");
}
