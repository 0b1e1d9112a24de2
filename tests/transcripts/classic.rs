//! Classic peers among themselves: what `srv.py` says, `srv` says.

use core::time::Duration;

use crate::served::Served;
use crate::site::picture;

/// Long enough for anything that should not come.
const A_WHILE: Duration = Duration::from_millis(150);

#[test]
fn people_come_talk_and_go() {
    let mut room = Served::start(&[]);
    let mut ada = room.join();
    ada.expect("> Connected to the chat server (1 user online)");
    assert_eq!(room.console.line(), format!("> New user {} entered (1 user online)", ada.addr));

    let mut bob = room.join();
    bob.expect("> Connected to the chat server (2 users online)");
    let entered = format!("> New user {} entered (2 users online)", bob.addr);
    ada.expect(&entered);
    assert_eq!(room.console.line(), entered);

    let mut eve = room.join();
    eve.expect("> Connected to the chat server (3 users online)");
    let entered = format!("> New user {} entered (3 users online)", eve.addr);
    ada.expect(&entered);
    bob.expect(&entered);
    assert_eq!(room.console.line(), entered);

    ada.send("hello, all");
    let text = format!("[{}] hello, all", ada.addr);
    bob.expect(&text);
    eve.expect(&text);
    assert_eq!(room.console.line(), text);
    bob.send("grüße, 世界 🦀");
    let text = format!("[{}] grüße, 世界 🦀", bob.addr);
    ada.expect(&text);
    eve.expect(&text);
    assert_eq!(room.console.line(), text);

    let left = format!("< The user {} left (2 users online)", eve.addr);
    drop(eve);
    ada.expect(&left);
    bob.expect(&left);
    assert_eq!(room.console.line(), left);
    let left = format!("< The user {} left (1 user online)", bob.addr);
    drop(bob);
    ada.expect(&left);
    assert_eq!(room.console.line(), left);
    let left = format!("< The user {} left (0 user online)", ada.addr);
    drop(ada);
    assert_eq!(room.console.line(), left);

    // The next one finds an empty room.
    room.join().expect("> Connected to the chat server (1 user online)");
}

#[test]
fn a_classic_upload_is_told_to_all_others() {
    let mut room = Served::start(&[]);
    let (mut ada, mut bob) = (room.classic(), room.classic());
    ada.until("(2 users online)");
    let file = picture(1, 3082);

    ada.send("I will upload a file");
    let text = format!("[{}] I will upload a file", ada.addr);
    bob.expect(&text);
    ada.send(format!("#upload 'google.png' {}", file.len()));
    for piece in file.chunks(4096) {
        ada.send(piece);
    }
    let told = format!("> User {} has uploaded a file", ada.addr);
    bob.expect(&told);
    assert_eq!(room.site.stored("google.png"), file);

    // It goes on chatting; it was not told anything itself.
    ada.send("there it is");
    bob.expect(format!("[{}] there it is", ada.addr));
    ada.expect_nothing(A_WHILE);
    let seen: Vec<_> = (0..5).map(|_| room.console.line()).collect();
    assert_eq!(seen[2..4], [text, told]);
    room.site.assert_holds(&[("google.png", &file)]);
}

#[test]
fn a_name_is_what_stands_in_quotes() {
    let room = Served::start(&[]);
    let (mut ada, mut bob) = (room.classic(), room.classic());
    for name in ["plain.txt", "two words.txt", "it's.txt", "grüße.txt", "-rf", "'"] {
        ada.send(format!("#upload '{name}' 5"));
        ada.send("hello");
        bob.until(format!("> User {} has uploaded a file", ada.addr));
        assert_eq!(room.site.stored(name), b"hello");
    }
}

#[test]
fn classic_peers_have_one_command() {
    let room = Served::start(&[]);
    let (mut ada, mut bob) = (room.classic(), room.classic());
    ada.until("(2 users online)");
    for text in ["#who", "#help", "#nick bob", "##", "#", "#uploads are fun", "#uplo"] {
        ada.send(text);
        bob.expect(format!("[{}] {text}", ada.addr));
    }
    ada.expect_nothing(A_WHILE);
}

#[test]
fn the_greeting_stands_alone() {
    let room = Served::start(&[]);
    let mut ada = room.classic();
    let mut bob = room.join();
    ada.until(" online)");
    ada.send("first");
    ada.send("second");
    bob.expect("> Connected to the chat server (2 users online)");
    // Two sends of a classic peer can arrive as one.
    bob.until("second");
}
