//! Line peers: the switch, the commands, and rooms of both dialects.

use core::time::Duration;

use crate::peer::SWITCHED;
use crate::served::Served;

const A_WHILE: Duration = Duration::from_millis(150);

#[test]
fn the_first_newline_switches() {
    let room = Served::start(&[]);
    let mut ada = room.join();
    ada.expect("> Connected to the chat server (1 user online)");
    ada.send("\n");
    ada.expect(SWITCHED);

    // As nc does: the first line is a text, and it switches, too.
    let mut bob = room.join();
    bob.expect("> Connected to the chat server (2 users online)");
    bob.send("hi from nc\n");
    bob.expect(SWITCHED);
    assert_eq!(ada.line(), format!("> New user {} entered (2 users online)", bob.addr));
    assert_eq!(ada.line(), format!("[{}] hi from nc", bob.addr));
    ada.send("hi\r\n\r\n\nthere\n");
    assert_eq!(bob.line(), format!("[{}] hi", ada.addr));
    assert_eq!(bob.line(), format!("[{}] there", ada.addr));
}

#[test]
fn a_line_may_come_in_pieces_and_many_at_once() {
    let room = Served::start(&[]);
    let (mut ada, mut bob) = (room.line(), room.line());
    ada.send("one, ");
    bob.expect_nothing(A_WHILE);
    ada.send("two\nthree\nfo");
    assert_eq!(bob.line(), format!("[{}] one, two", ada.addr));
    assert_eq!(bob.line(), format!("[{}] three", ada.addr));
    bob.expect_nothing(A_WHILE);
    // What has no newline ends with the sending.
    ada.send("ur");
    ada.end_sending();
    assert_eq!(bob.line(), format!("[{}] four", ada.addr));
    assert_eq!(bob.line(), format!("< The user {} left (1 user online)", ada.addr));
}

#[test]
fn both_dialects_share_a_room() {
    let room = Served::start(&[]);
    let mut old = room.classic();
    let mut new = room.line();
    old.expect(format!("> New user {} entered (2 users online)", new.addr));
    old.send("classic text");
    assert_eq!(new.line(), format!("[{}] classic text", old.addr));
    new.send("line text\nanother\n");
    old.expect(format!("[{0}] line text[{0}] another", new.addr));

    // Sentences that the classic server does not have go to line peers alone.
    let mut other = room.line();
    old.expect(format!("> New user {} entered (3 users online)", other.addr));
    assert_eq!(new.line(), format!("> New user {} entered (3 users online)", other.addr));
    new.send("#nick zoë\n#me waves\nhello\n");
    new.expect("> Your name is set\n");
    assert_eq!(other.line(), format!("> User {} is now zoë", new.addr));
    assert_eq!(other.line(), "* zoë waves");
    assert_eq!(other.line(), "[zoë] hello");
    old.expect("[zoë] hello");
    new.send("#quit\n");
    new.ends();
    old.expect("< The user zoë left (2 users online)");
    assert_eq!(other.line(), "< The user zoë left (2 users online)");
    room.console.wait_until_heard("* zoë waves\n[zoë] hello\n< The user zoë left");
}

#[test]
fn who_lists_all() {
    let room = Served::start(&[]);
    let (mut ada, old, mut bob) = (room.line(), room.classic(), room.line());
    ada.until("(3 users online)\n");
    bob.send("#nick bob\n");
    bob.expect("> Your name is set\n");
    ada.until("is now bob\n");
    ada.send("#who\n");
    let mut users: Vec<_> = (0..3).map(|_| ada.line()).collect();
    users.sort();
    let mut expected = [&ada, &old].map(|peer| format!("#user {0} {0}", peer.addr)).to_vec();
    expected.push(format!("#user bob {}", bob.addr));
    expected.sort();
    assert_eq!(users, expected);
    assert_eq!(ada.line(), "> 3 users");
}

#[test]
fn nicks_are_unique_and_kept_for_their_owner() {
    let room = Served::start(&[]);
    let (mut ada, mut bob) = (room.line(), room.line());
    ada.until("\n");
    ada.send("#nick Bob\n");
    ada.expect("> Your name is set\n");
    bob.until("\n");
    bob.send("#nick bOB\n");
    assert_eq!(bob.line(), "! somebody else has that name; take another");
    for nick in ["server", "You", "7up", "a b", "", "abcdefghijklmnopq"] {
        bob.send(format!("#nick {nick}\n"));
        assert!(bob.line().starts_with("! "), "{nick}");
    }
    ada.expect_nothing(A_WHILE);
    // From the same address it can be taken again.
    drop(ada);
    assert_eq!(bob.line(), "< The user Bob left (1 user online)");
    bob.send("#nick bob\n");
    bob.expect("> Your name is set\n");
}

#[test]
fn a_private_text_reaches_one() {
    let mut room = Served::start(&[]);
    let (mut ada, mut bob, mut eve) = (room.line(), room.line(), room.line());
    let mut old = room.classic();
    for peer in [&mut ada, &mut bob, &mut eve] {
        peer.until("(4 users online)\n");
    }
    ada.send(format!("#msg {} only you\n", bob.addr));
    ada.expect("> Your message has been delivered\n");
    assert_eq!(bob.line(), format!("[{} > {}] only you", ada.addr, bob.addr));
    ada.send(format!("#msg {} hello\n#msg nobody hello\n#msg\n", old.addr));
    assert_eq!(ada.line(), "! a classic client cannot be told anything alone; say it to all");
    assert_eq!(ada.line(), "! nobody here has that name; #who lists who is here");
    assert_eq!(ada.line(), "! write #msg NAME TEXT");
    ada.send("to all\n");
    eve.expect(format!("[{}] to all\n", ada.addr));
    old.expect(format!("[{}] to all", ada.addr));
    eve.send("#history\n");
    let history = eve.until("> end of history\n");
    assert!(!String::from_utf8(history).unwrap().contains("only you"));
    while !room.console.line().contains("to all") {}
    assert!(!String::from_utf8(room.console.so_far()).unwrap().contains("only you"));
}

#[test]
fn history_repeats_the_last_lines() {
    let room = Served::start(&[]);
    let mut ada = room.line();
    ada.send("one\n#me acts\ntwo\n");
    room.console.wait_until_heard("] two\n");
    let mut bob = room.line();
    bob.send("#history 3\n");
    assert_eq!(bob.line(), format!("* {} acts", ada.addr));
    assert_eq!(bob.line(), format!("[{}] two", ada.addr));
    assert_eq!(bob.line(), format!("> New user {} entered (2 users online)", bob.addr));
    assert_eq!(bob.line(), "> end of history");
    bob.send("#history 0\n");
    assert_eq!(bob.line(), "> end of history");
    bob.send("#history\n");
    assert_eq!(bob.line(), format!("> New user {} entered (1 user online)", ada.addr));
    bob.until("> end of history\n");
    bob.send("#history all\n");
    assert_eq!(bob.line(), "! write #history [N]");
}

#[test]
fn help_quit_and_what_is_no_command() {
    let room = Served::start(&[]);
    let (mut ada, mut bob) = (room.line(), room.line());
    ada.until("\n");
    ada.send("#help\n");
    for word in "upload put part get stop files nick who msg me history help quit".split(' ') {
        let line = ada.line();
        assert!(line.starts_with(&format!("> #{word}")), "{word}: {line}");
    }
    ada.send("#dance\n#Who\n# \n#who me\n#upload x\n");
    for why in [
        "! there is no such command; #help lists what there is",
        "! there is no such command; #help lists what there is",
        "! there is no such command; #help lists what there is",
        "! write #who",
        "! write #upload 'NAME' SIZE",
    ] {
        assert_eq!(ada.line(), why);
    }
    ada.send("##tag\n##\n");
    assert_eq!(bob.line(), format!("[{}] #tag", ada.addr));
    assert_eq!(bob.line(), format!("[{}] #", ada.addr));
    ada.send("bye\n#quit\nnobody hears this\n");
    assert_eq!(ada.ends(), b"");
    assert_eq!(bob.line(), format!("[{}] bye", ada.addr));
    assert_eq!(bob.line(), format!("< The user {} left (1 user online)", ada.addr));
}

#[test]
fn a_long_line_goes_out_in_pieces() {
    let room = Served::start(&["--line-limit", "256"]);
    let (mut ada, mut bob) = (room.line(), room.line());
    let text = "ä€🦀".repeat(100);
    ada.send(format!("{text}\n"));
    let prefix = format!("[{}] ", ada.addr);
    let mut joined = String::new();
    while joined.len() < text.len() {
        let line = bob.line();
        assert!(line.len() < 256);
        joined += line.strip_prefix(&prefix).unwrap();
    }
    assert_eq!(joined, text);
}
