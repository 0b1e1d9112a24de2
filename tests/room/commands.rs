//! The `#` words of line peers.

use core::time::Duration;

use snug_core::server::Config;

use crate::support::ground::{Ground, Sizes};
use crate::support::world::World;

#[test]
fn nicks_stand_where_addresses_stood() {
    let mut ground = Ground::new(Sizes::default());
    let mut world = World::new(&mut ground);
    let (ada, bob, eve) = (world.join_lines(), world.join_classic(), world.join_lines());
    world.read(ada);
    world.read(bob);
    world.send(ada, "#nick Ada\n");
    assert_eq!(world.read(ada), "> Your name is set\n");
    assert_eq!(world.read(eve), "> User 10.0.0.1:5000 is now Ada\n");
    assert_eq!(world.read(bob), "");
    world.send(ada, "hi\n#me waves\n");
    assert_eq!(world.read(eve), "[Ada] hi\n* Ada waves\n");
    assert_eq!(world.read(bob), "[Ada] hi");
    world.send(eve, "#nick aDA\n#nick you\n#nick 1\n#nick\n");
    assert_eq!(
        world.read(eve),
        "! somebody else has that name; take another\n\
         ! this nick is for nobody; choose another\n\
         ! a nick begins with a letter; choose another\n\
         ! there is no nick; write one of 1 to 16 characters\n"
    );
    world.send(ada, "#nick ADA\n");
    assert_eq!(world.read(eve), "> User Ada is now ADA\n");
    world.send(ada, "#nick lovelace\n#upload 'a' 1\nx#quit\n");
    assert_eq!(
        world.read(eve),
        "> User ADA is now lovelace\n> User lovelace has uploaded a file\n\
         < The user lovelace left (2 users online)\n"
    );
    world.send(eve, "#nick ada\n");
    assert_eq!(world.read(eve), "> Your name is set\n");
}

/// A leave may have to wait until those who read have what was said before. Until
/// it is told nobody has the nick, whoever comes from the same address.
#[test]
fn a_nick_is_free_when_the_leave_of_its_owner_was_told() {
    let mut ground = Ground::new(Sizes::TINY);
    let mut world = World::with(&mut ground, Config { line_limit: 256, ..Config::default() });
    let (ada, eve, carol) = (world.join_lines(), world.join_lines(), world.join_lines());
    let mut addr = World::addr(1);
    addr.set_port(77);
    let bob = world.join_from(addr).unwrap();
    world.send(bob, "\n");
    world.send(ada, "#nick ada\n");
    world.block(ada, 0);
    world.send(eve, "ada takes nothing from now on\n");
    world.advance(29_500);
    world.block(carol, 0);
    world.send(eve, ("x".repeat(120) + "\n").repeat(5));
    world.console();

    // Carol takes something again just when it has been too long for Ada.
    let now = world.now + Duration::from_millis(500);
    let (carol, bob) = (world.id(carol), world.id(bob));
    let server = &mut world.server;
    server.handle_writable(carol);
    server.handle_timeout(now);
    while server.poll_transmit(now) != Some(carol) {}
    let count = server.pending(carol).len();
    server.handle_sent(now, carol, count);
    let said = b"#nick ada\n";
    server.space(bob)[..said.len()].copy_from_slice(said);
    server.handle_received(now, bob, said.len());
    server.poll_transmit(now);
    assert_eq!(
        world.console(),
        "< The user ada left (3 users online)\n> User 10.0.0.1:77 is now ada\n"
    );
}

#[test]
fn a_nick_is_kept_for_its_address() {
    let mut ground = Ground::new(Sizes::default());
    let mut world = World::new(&mut ground);
    let (ada, bob) = (world.join_lines(), world.join_lines());
    world.send(ada, "#nick ada\n");
    world.end(ada);
    world.read(bob);
    world.send(bob, "#nick ADA\n");
    assert_eq!(world.read(bob), "! somebody else has that name; take another\n");
    let mut addr = World::addr(1);
    addr.set_port(77);
    let again = world.join_from(addr).unwrap();
    world.send(again, "#nick Ada\n");
    assert!(world.read(again).ends_with("> Your name is set\n"));
    world.end(again);
    world.advance(59_999);
    world.read(bob);
    world.send(bob, "#nick ada\n");
    assert_eq!(world.read(bob), "! somebody else has that name; take another\n");
    world.advance(1);
    world.send(bob, "#nick ada\n");
    assert_eq!(world.read(bob), "> Your name is set\n");
}

#[test]
fn who_is_here() {
    let mut ground = Ground::new(Sizes::default());
    let mut world = World::new(&mut ground);
    let (ada, bob) = (world.join_lines(), world.join_classic());
    world.send(ada, "#nick ada\n");
    world.read(ada);
    world.send(ada, "#who\n");
    let both = "#user ada 10.0.0.1:5000\n#user 10.0.0.2:5000 10.0.0.2:5000\n> 2 users\n";
    assert_eq!(world.read(ada), both);
    world.end(bob);
    world.read(ada);
    world.send(ada, "#who\n");
    assert_eq!(world.read(ada), "#user ada 10.0.0.1:5000\n> 1 user\n");
}

#[test]
fn a_name_that_changes_while_its_line_is_half_out() {
    let mut ground = Ground::new(Sizes::default());
    let mut world = World::new(&mut ground);
    let (ada, bob) = (world.join_lines(), world.join_lines());
    world.read(ada);
    world.block(ada, 8);
    world.send(ada, "#who\n");
    assert_eq!(world.read_some(ada, 8), b"#user 10");
    world.send(ada, "#nick ada\n");
    world.unblock(ada);
    assert_eq!(
        world.read(ada),
        ".0.0.1:5 …[cut]\n#user ada 10.0.0.1:5000\n\
         #user 10.0.0.2:5000 10.0.0.2:5000\n> 2 users\n> Your name is set\n"
    );
    assert!(world.is_in(bob));
}

#[test]
fn one_alone_is_told() {
    let mut ground = Ground::new(Sizes::default());
    let mut world = World::new(&mut ground);
    let (ada, bob, eve) = (world.join_lines(), world.join_lines(), world.join_classic());
    world.send(bob, "#nick bob\n");
    for peer in [ada, bob, eve] {
        world.read(peer);
    }
    world.console();
    world.send(ada, "#msg BOB psst\n#msg 10.0.0.2:5000 \x07\n#msg 10.0.0.1:5000 me\n");
    assert_eq!(
        world.read(ada),
        "> Your message has been delivered\n> Your message has been delivered\n\
         > Your message has been delivered\n[10.0.0.1:5000 > 10.0.0.1:5000] me\n"
    );
    assert_eq!(world.read(bob), "[10.0.0.1:5000 > bob] psst\n[10.0.0.1:5000 > bob] ␇\n");
    world.send(ada, "#msg 10.0.0.3:5000 hi\n#msg nobody hi\n#msg bob\n");
    assert_eq!(
        world.read(ada),
        "! a classic client cannot be told anything alone; say it to all\n\
         ! nobody here has that name; #who lists who is here\n! write #msg NAME TEXT\n"
    );
    world.send(bob, "#history\n");
    assert!(!world.read(bob).contains("psst"));
    assert_eq!((world.read(eve), world.console()), (String::new(), String::new()));
}

#[test]
fn what_was_said_before() {
    let mut ground = Ground::new(Sizes::default());
    let mut world = World::new(&mut ground);
    let (ada, bob) = (world.join_lines(), world.join_classic());
    world.send(ada, "one\n#me two\n");
    world.send(bob, "three");
    world.read(ada);
    world.send(ada, "#history 3\n");
    let three = "[10.0.0.1:5000] one\n* 10.0.0.1:5000 two\n[10.0.0.2:5000] three\n";
    assert_eq!(world.read(ada), format!("{three}> end of history\n"));
    world.send(ada, "#history\n#history 0\n");
    assert_eq!(
        world.read(ada),
        format!(
            "> New user 10.0.0.1:5000 entered (1 user online)\n\
             > New user 10.0.0.2:5000 entered (2 users online)\n{three}\
             > end of history\n> end of history\n"
        )
    );
    let eve = world.join();
    world.send(eve, "\n#history 1\n");
    assert!(
        world
            .read(eve)
            .ends_with("> New user 10.0.0.3:5000 entered (3 users online)\n> end of history\n")
    );
}

#[test]
fn history_that_is_written_over_ends_cut() {
    let mut ground = Ground::new(Sizes { log: 1 << 14, ..Sizes::default() });
    let mut world = World::new(&mut ground);
    let (ada, bob) = (world.join_lines(), world.join_lines());
    world.send(ada, "x".repeat(100) + "\n");
    world.read(bob);
    world.block(bob, 30);
    world.send(bob, "#history 1\n");
    assert_eq!(world.read_some(bob, 20).len(), 20);
    world.block(bob, 0);
    for n in 0..300 {
        world.send(bob, format!("{n}\n"));
    }
    world.unblock(bob);
    let rest = world.read(bob);
    assert!(rest.starts_with("xxx"), "{rest}");
    assert!(rest.ends_with(" …[cut]\n> end of history\n"), "{rest}");
}

#[test]
fn help_and_unknown_words() {
    let mut ground = Ground::new(Sizes::default());
    let mut world = World::new(&mut ground);
    let (ada, bob) = (world.join_lines(), world.join_classic());
    world.read(bob);
    world.send(ada, "#help\n#dance\n#\n");
    let text = world.read(ada);
    let lines: Vec<_> = text.lines().filter(|line| line.starts_with("> #")).collect();
    assert_eq!(lines.len(), snug_core::wire::command::COMMANDS.len());
    assert!(lines[0].starts_with("> #upload 'NAME' SIZE - "));
    assert!(text.ends_with(&"! there is no such command; #help lists what there is\n".repeat(2)));
    world.send(ada, format!("#me {}\n#{}\nstill here\n", "\x07".repeat(2_000), "y".repeat(9_000)));
    assert_eq!(world.read(ada), "! a command has 4096 bytes at most; say it shorter\n".repeat(2));
    assert_eq!(world.read(bob), "[10.0.0.1:5000] still here");
    world.send(ada, "#quit\nnot heard\n");
    assert!(!world.is_in(ada));
    assert_eq!(world.read(bob), "< The user 10.0.0.1:5000 left (1 user online)");
}

#[test]
fn many_commands_at_once_are_all_answered() {
    let mut ground = Ground::new(Sizes::default());
    let mut world = World::new(&mut ground);
    let ada = world.join_lines();
    for count in [3, 4, 7, 2_000] {
        world.send(ada, "#who\n".repeat(count));
        assert_eq!(world.read(ada), "#user 10.0.0.1:5000 10.0.0.1:5000\n> 1 user\n".repeat(count));
    }
    // One byte at a time.
    world.block(ada, 1);
    world.send(ada, "#who\n".repeat(50));
    assert_eq!(world.read(ada), "#user 10.0.0.1:5000 10.0.0.1:5000\n> 1 user\n".repeat(50));
}
