//! The commands of the console.

use std::fs;

use rustix::process::Signal;

use crate::peer::{Peer, wait_until};
use crate::served::Served;

/// The console's next line that is an answer.
#[track_caller]
fn answer(room: &mut Served) -> String {
    loop {
        let line = room.console.line();
        let is_notice = line.starts_with("> New user ") || line.starts_with("> User ");
        if !is_notice && line.starts_with(['>', '#', '!']) {
            return line;
        }
    }
}

#[test]
fn who_lists_those_who_are_here() {
    let mut room = Served::start_typed(&[]);
    let (mut ada, bob) = (room.line(), room.classic());
    ada.send("#nick ada\n");
    ada.until("Your name is set\n");
    room.types("/who\n");
    assert_eq!(answer(&mut room), format!("#user ada {}", ada.addr));
    assert_eq!(answer(&mut room), format!("#user {0} {0}", bob.addr));
    assert_eq!(answer(&mut room), "> 2 users");
}

#[test]
fn kick_puts_out_by_name_and_by_address() {
    let mut room = Served::start_typed(&[]);
    let (mut ada, mut bob, mut eve) = (room.line(), room.classic(), room.line());
    ada.send("#nick Ada\n");
    ada.until("Your name is set\n");
    room.types("/kick ada\n");
    assert_eq!(answer(&mut room), "> 1 user is put out");
    assert!(ada.ends().ends_with(b"! you are put out; ask who keeps the room\n"));
    for peer in [&mut bob, &mut eve] {
        peer.until("< The user Ada left (2 users online)");
    }
    room.types(format!("/kick {}\n", bob.addr));
    assert_eq!(answer(&mut room), "> 1 user is put out");
    assert_eq!(bob.ends(), b"", "a classic peer has no sentence for it");
    eve.until("(1 user online)\n");
    room.types("/kick ada\n");
    assert_eq!(answer(&mut room), "! nobody here has that name; /who lists who is here");
    room.assert_serves(&[]);
}

#[test]
fn kick_puts_out_all_from_an_address() {
    let mut room = Served::start_typed(&[]);
    let mut peers = [room.line(), room.classic(), room.line()];
    room.types("/kick 127.0.0.2\n");
    assert!(answer(&mut room).starts_with("! nobody"));
    room.types("/kick ::ffff:127.0.0.1\n");
    assert_eq!(answer(&mut room), "> 3 users are put out");
    for peer in &mut peers {
        peer.ends();
    }
    room.assert_serves(&[]);
}

#[test]
fn an_upload_ends_with_its_owner() {
    let mut room = Served::start_typed(&[]);
    let mut ada = room.line();
    ada.send("#upload 'a' 10\nhalf");
    wait_until("it is under way", || room.site.drafts() == 1);
    room.types(format!("/kick {}\n", ada.addr));
    ada.ends();
    room.assert_serves(&[]);
}

/// It has asked for its last, and would not be through with it for long.
#[test]
fn a_download_ends_with_its_owner() {
    let mut room = Served::start_typed(&[]);
    fs::write(room.site.folder().join("large"), vec![7; 32 << 20]).unwrap();
    let mut ada = Peer::connect_narrow(room.at);
    ada.send("\n#get 'large'\n");
    ada.end_sending();
    ada.until("#part ");
    room.types(format!("/kick {}\n", ada.addr));
    assert_eq!(answer(&mut room), "> 1 user is put out");
    room.console.wait_until_heard("(0 user online)\n");
    assert!(ada.is_put_out().len() < 32 << 20);
}

#[test]
fn files_are_listed_and_deleted_and_make_room() {
    let mut room = Served::start_typed(&["--max-folder", "6"]);
    let mut ada = room.line();
    for (name, text) in [("b b", "56"), ("a", "1234")] {
        ada.send(format!("#upload '{name}' {}\n{text}", text.len()));
        ada.until("has been uploaded");
        ada.line();
    }
    ada.send("#upload 'c' 1\nx");
    assert_eq!(ada.line(), "! the folder has no more room; ask who keeps it");
    room.types("/files\n");
    let (first, second) = (answer(&mut room), answer(&mut room));
    assert!(first.starts_with("#stored 'a' 4 ") && second.starts_with("#stored 'b b' 2 "));
    assert_eq!(answer(&mut room), "> 2 files, 6 bytes");

    room.types("/delete a\n/delete 'b b'\n/delete a\n/delete ../precious\n/files\n");
    assert_eq!(answer(&mut room), "> 'a' is deleted");
    assert_eq!(answer(&mut room), "> 'b b' is deleted");
    assert_eq!(answer(&mut room), "! no file has that name; /files lists what there is");
    assert!(answer(&mut room).starts_with("! a file name may not hold /"));
    assert_eq!(answer(&mut room), "> 0 files, 0 bytes");
    ada.send("#upload 'c' 6\nabcdef");
    assert_eq!(ada.line(), "> Your file has been uploaded (6 bytes)");
    room.assert_serves(&[("c", b"abcdef")]);
}

#[test]
fn stats_come_by_command_and_by_signal() {
    let mut room = Served::start_typed(&["--max-clients", "7", "--max-per-address", "2"]);
    let mut ada = room.line();
    let _bob = room.line();
    room.join().until("! your address has no more connections here; close one first\n");
    ada.send("#dance\n");
    ada.until("! ");
    ada.line();
    let ask: [fn(&mut Served); 2] =
        [|room| room.types("/stats\n"), |room| room.signal(Signal::USR1)];
    for ask in ask {
        ask(&mut room);
        assert!(answer(&mut room).starts_with("> up: "));
        assert_eq!(answer(&mut room), "> clients: 2 of 7 here, 2 came, 1 turned away");
        assert_eq!(answer(&mut room), "> lines: 2; slow readers missed 0, this console 0");
        assert_eq!(answer(&mut room), "> refused: 1");
        let bytes = answer(&mut room);
        assert!(bytes.starts_with("> bytes: 9 received, "), "{bytes}");
        assert_eq!(answer(&mut room), "> files: 0 stored, 0 fetched, 0 bytes in the folder");
        assert_eq!(answer(&mut room), "> transfers: 0 under way");
        let memory = answer(&mut room);
        assert!(memory.starts_with("> memory: "), "{memory}");
    }
}

#[test]
fn help_and_mistakes_are_answered_and_go_to_nobody() {
    let mut room = Served::start_typed(&[]);
    let mut ada = room.line();
    room.types("/help\n/dance\n/kick\nhello\n");
    assert_eq!(answer(&mut room), "> TEXT - goes to the room; // begins a text with /");
    room.console.wait_until_heard("> /quit - ends the room\n");
    room.console.wait_until_heard("! there is no such command; /help lists those that there are\n");
    room.console.wait_until_heard("! write /kick NAME|ADDR\n");
    assert_eq!(ada.line(), "[server] hello");
}

#[test]
fn quit_ends_the_room() {
    let mut room = Served::start_typed(&[]);
    let mut ada = room.line();
    room.types("bye\n/quit\n");
    ada.until("[server] bye\n");
    assert!(room.console.rest().ends_with("[server] bye\n\x1b[F\nexit\n"));
    assert_eq!(room.ends().code(), Some(0));
    ada.is_put_out();
}

/// Quiet is the room, not who asks.
#[test]
fn a_quiet_console_still_answers() {
    let mut room = Served::start_typed(&["--quiet"]);
    let mut ada = room.line();
    ada.send("hello\n");
    room.types("/who\nlunch\n");
    ada.until("[server] lunch\n");
    assert_eq!(room.console.line(), format!("#user {0} {0}", ada.addr));
    assert_eq!(room.console.line(), "> 1 user");
    room.types("/quit\n");
    assert_eq!(room.console.rest(), "");
}
