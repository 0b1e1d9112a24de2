//! Texts that would break a terminal, a decoder, or somebody's trust.

use crate::peer::shown;
use crate::served::Served;

/// What is sent, and what all others are shown of it.
const TEXTS: [(&[u8], &str); 16] = [
    (b"caf\xe9!", "caf\u{fffd}!"),
    (b"\xff\xfe\xfd", "\u{fffd}\u{fffd}\u{fffd}"),
    (b"\xf0\x9f\xa6", "\u{fffd}"),
    (b"\xed\xa0\x80", "\u{fffd}\u{fffd}\u{fffd}"),
    (b"a\0b", "a\u{2400}b"),
    (b"\x1b[2J\x1b[H", "\u{241b}[2J\u{241b}[H"),
    (b"\x07\x08\x7f", "\u{2407}\u{2408}\u{2421}"),
    (b"one\rtwo", "one\u{240d}two"),
    (b"tab\tstays", "tab\tstays"),
    ("\u{85}\u{9b}31m".as_bytes(), "\u{fffd}\u{fffd}31m"),
    ("a\u{2028}b\u{2029}c".as_bytes(), "a\u{2424}b\u{2424}c"),
    ("\u{202e}txt.exe".as_bytes(), "\u{fffd}txt.exe"),
    ("\u{2066}\u{2069}\u{200f}".as_bytes(), "\u{fffd}\u{fffd}\u{fffd}"),
    (b"> New user 6.6.6.6:6 entered", "> New user 6.6.6.6:6 entered"),
    (b"[6.6.6.6:6] hello", "[6.6.6.6:6] hello"),
    ("עברית 日本 e\u{301} 👩‍👧".as_bytes(), "עברית 日本 e\u{301} 👩‍👧"),
];

#[test]
fn text_is_made_safe_for_all() {
    let mut room = Served::start(&[]);
    let (mut ada, mut old, mut bob, mut new) =
        (room.classic(), room.classic(), room.line(), room.line());
    let mut listener = room.classic();
    for peer in [&mut old, &mut ada] {
        peer.until("(5 users online)");
    }
    bob.until("(5 users online)\n");
    new.until("(5 users online)\n");
    for (said, heard) in TEXTS {
        ada.send(said);
        let text = format!("[{}] {heard}", ada.addr);
        for peer in [&mut bob, &mut new] {
            peer.expect(format!("{text}\n"));
        }
        listener.expect(&text);
        old.expect(&text);
        bob.send([said, b"\n"].concat());
        let text = format!("[{}] {heard}", bob.addr);
        new.expect(format!("{text}\n"));
        for peer in [&mut ada, &mut old, &mut listener] {
            peer.expect(&text);
        }
        while room.console.line() != text {}
    }
    room.assert_serves(&[]);
}

#[test]
fn no_text_has_a_line_of_its_own() {
    let room = Served::start(&[]);
    let (mut old, mut bob) = (room.classic(), room.line());
    old.until("(2 users online)");
    let forged = "hi\n> New user 6.6.6.6:6 entered (9 users online)\r\n< The user 1 left\n";
    for join in [Served::line, Served::classic] {
        let mut ada = join(&room);
        old.until("online)");
        bob.until("online)\n");
        ada.send(forged);
        for text in ["hi", "> New user 6.6.6.6:6 entered (9 users online)", "< The user 1 left"] {
            let text = format!("[{}] {text}", ada.addr);
            assert_eq!(bob.line(), text);
            old.expect(&text);
        }
        drop(ada);
        bob.until(" left (2 users online)\n");
        old.until(" left (2 users online)");
    }
}

#[test]
fn a_cut_character_waits_for_its_other_half() {
    let room = Served::start(&[]);
    let mut bob = room.line();
    let crab = "🦀".as_bytes();
    for cut in 1..4 {
        let pieces = [&[b"ab", &crab[..cut]].concat()[..], &[&crab[cut..], b"c"].concat()];
        let ada = room.classic_in_pieces(&pieces);
        bob.until(format!("[{}] ab🦀c\n", ada.addr));
    }
    // But not for ever.
    let mut ada = room.classic();
    ada.send(b"half \xf0\x9f");
    bob.until(format!("[{}] half \u{fffd}\n", ada.addr));
}

#[test]
fn a_mebibyte_without_a_newline_goes_out_in_pieces() {
    let room = Served::start(&[]);
    let (mut bob, mut old) = (room.line(), room.classic());
    let words: Vec<_> = (0..1 << 17).map(|n| format!("{n:07} ")).collect();
    let text = words.concat();
    assert_eq!(text.len(), 1 << 20);
    for join in [Served::line, Served::classic] {
        let mut ada = join(&room);
        ada.send(text.as_bytes());
        ada.send("\n");
        let prefix = format!("[{}] ", ada.addr);
        let mut heard = String::new();
        bob.until("(3 users online)\n");
        while heard.len() < text.len() {
            let line = bob.line();
            assert!(line.len() < 4096);
            heard += line.strip_prefix(&prefix).unwrap_or_else(|| panic!("{line}"));
        }
        assert!(heard == text);
        let last = &text[text.len() - 100..];
        let seen = String::from_utf8(old.until(last)).unwrap();
        let begin = seen.find(&prefix).unwrap();
        assert!(seen[begin..].replace(&prefix, "") == text);
        drop(ada);
        bob.until(" left (2 users online)\n");
        old.until(" left (2 users online)");
        room.assert_serves(&[]);
        bob.until(" left (2 users online)\n");
    }
}

#[test]
fn a_command_that_is_too_long_is_passed_over() {
    let room = Served::start(&[]);
    let (mut ada, mut bob) = (room.line(), room.line());
    ada.until("\n");
    ada.send(format!("#me {}\n", "x".repeat(1 << 20)));
    ada.send("next\n");
    assert_eq!(ada.line(), "! a command has 4096 bytes at most; say it shorter");
    assert_eq!(bob.line(), format!("[{}] next", ada.addr));
    room.assert_serves(&[]);
}

#[test]
fn every_byte_can_be_said() {
    let room = Served::start(&[]);
    let (mut ada, mut bob) = (room.line(), room.line());
    let all: Vec<u8> = (0..=255).filter(|&byte| byte != b'\n').collect();
    ada.send([&all[..], b"\n"].concat());
    let line = bob.line();
    assert!(line.chars().all(|c| c == '\t' || !c.is_control()), "{}", shown(line.as_bytes()));
    room.assert_serves(&[]);
}
