//! `cli` at a terminal, as one sees it who sits there, in a room of `srv`.

#[path = "cli_terminal/files.rs"]
mod files;
#[path = "support/peer.rs"]
mod peer;
#[path = "support/relay.rs"]
mod relay;
#[path = "support/screen.rs"]
mod screen;
#[path = "support/served.rs"]
mod served;
#[path = "support/site.rs"]
mod site;

use std::fs;

use peer::Peer;
use rustix::process::{Signal, kill_process};
use screen::Screen;
use served::Served;
use tempfile::TempDir;

/// A room, somebody called bob in it, and ada at her terminal.
struct Scene {
    room: Served,
    bob: Peer,
    folder: TempDir,
    ada: Screen,
}

fn set_scene() -> Scene {
    set_scene_with(&[])
}

fn set_scene_with(env: &[(&str, &str)]) -> Scene {
    let room = Served::start(&[]);
    let mut bob = room.line();
    bob.send("#nick bob\n");
    bob.until("> Your name is set\n");
    let folder = tempfile::tempdir().unwrap();
    let port = room.at.port().to_string();
    let arguments = ["127.0.0.1", &port, "--nick", "ada"];
    let mut ada = Screen::start_with(folder.path(), &arguments, env);
    ada.shows(" > Your name is set");
    ada.prompts("");
    bob.until("is now ada\n");
    Scene { room, bob, folder, ada }
}

#[test]
fn a_message_leaves_the_line_that_is_typed_whole() {
    let mut scene = set_scene();
    let Scene { bob, ada, .. } = &mut scene;
    ada.types("half typed");
    ada.prompts("half typed");
    bob.send("hello\n");
    ada.shows(" [bob] hello");
    ada.prompts("half typed");
    // With the cursor somewhere in it, and over several rows.
    let long = "漢字 é ".repeat(20);
    ada.types(&format!("\x01{long}\x01"));
    ada.until("the line wraps", |rows| rows.last().is_some_and(|row| row.ends_with("half typed")));
    bob.send(format!("{}\n", "wide ".repeat(30)));
    ada.until("both are whole", |rows| {
        let at = rows.iter().position(|row| row.starts_with("[You] "));
        let Some(at) = at else { return false };
        let line = rows[at..].join("");
        let others: Vec<_> = rows[..at].iter().filter(|row| row.contains("wide")).collect();
        line.matches("漢字").count() == 20 && others.len() == 2
    });
    ada.types("\n");
    ada.until("it is said", |rows| rows.last().is_some_and(|row| row == "[You]"));
    bob.until(format!("[ada] {long}half typed\n"));
    assert_eq!(ada.rows().iter().filter(|row| row.starts_with("[You]")).count(), 1);
}

#[test]
fn the_line_can_be_edited_and_comes_back_out_of_the_history() {
    let mut scene = set_scene();
    let Scene { room, bob, folder, ada, .. } = &mut scene;
    ada.types("one twoo\x7f\x17three\x01zero \x05!\n");
    bob.until("[ada] zero one three!\n");
    ada.types("\x1b[A");
    ada.prompts("zero one three!");
    ada.types("\x15\x12zer");
    ada.shows("`zer': zero one three!");
    ada.types("\n");
    bob.until("[ada] zero one three!\n");
    ada.types("\x03");
    assert_eq!(ada.ends().code(), Some(0));
    // The next one remembers.
    let port = room.at.port().to_string();
    let mut again = Screen::start(folder.path(), &["127.0.0.1", &port]);
    again.prompts("");
    again.types("\x1b[A");
    again.prompts("zero one three!");
}

#[test]
fn tab_completes_commands_nicks_and_files() {
    let mut scene = set_scene();
    let Scene { bob, folder, ada, .. } = &mut scene;
    fs::write(folder.path().join("my picture.png"), "x").unwrap();
    // Answered behind the list of who is here, which came unasked and unseen.
    ada.types("/files\n");
    ada.shows(" > 0 files");
    ada.types("/hi\t");
    ada.prompts("/history");
    ada.types("\x15/h\t");
    ada.shows(" > /history   /help");
    ada.types("\x15BO\t");
    ada.prompts("bob:");
    ada.types("hi\n");
    bob.until("[ada] bob: hi\n");
    ada.types("/upload my\t\n");
    ada.shows(" > File 'my picture.png' has uploaded!");
    bob.until("> User ada has uploaded a file\n");
}

#[test]
fn commands_are_as_fingers_know_them() {
    let mut scene = set_scene();
    let Scene { bob, ada, .. } = &mut scene;
    ada.types("/me waves\n");
    ada.shows(" * ada waves");
    bob.until("* ada waves\n");
    ada.types("/reply who?\n");
    ada.shows(" ! nobody has told you anything alone yet");
    bob.send("#msg ada psst\n");
    ada.shows("@[bob > ada] psst");
    ada.types("/reply yes\n");
    ada.shows(" [You > bob] yes");
    bob.until("[ada > bob] yes\n");
    ada.types("//usr\n##tag\n#me bows\n");
    bob.until("[ada] /usr\n[ada] #tag\n* ada bows\n");
    for (wrong, right) in [
        ("/msg bob", "! write /msg NAME TEXT"),
        ("/nick 7up", "! a nick begins with a letter; choose another"),
        ("/dance", "! there is no such command; /help lists what there is"),
        ("#dance", "! there is no such command; #help lists what there is"),
        ("/upload /tmp", "! '/tmp': that is not a file"),
        ("#upload /tmp", "! '/tmp': that is not a file"),
    ] {
        ada.types(&format!("{wrong}\n"));
        ada.shows(right);
    }
    ada.types("/who\n");
    ada.shows(" > 2 users");
    ada.types("/quit\n");
    assert_eq!(ada.ends().code(), Some(0));
    bob.until("< The user ada left (1 user online)\n");
}

#[test]
fn a_mention_rings_and_stands_out() {
    let mut scene = set_scene();
    let Scene { bob, ada, .. } = &mut scene;
    bob.send("hello canada\n");
    ada.shows(" [bob] hello canada");
    assert_eq!(ada.rang(), 0);
    bob.send("hello, Ada!\n");
    ada.shows("@[bob] hello, Ada!");
    assert_eq!(ada.rang(), 1);
}

#[test]
fn there_is_colour_unless_it_is_not_wanted() {
    let has_colour = |screen: &Screen| screen.written().contains("\x1b[36m");
    let mut scene = set_scene();
    let Scene { bob, ada, .. } = &mut scene;
    bob.send("hello\n");
    ada.shows(" [bob] hello");
    assert!(has_colour(ada));
    let mut scene = set_scene_with(&[("NO_COLOR", "1")]);
    let Scene { bob, ada, .. } = &mut scene;
    bob.send("hello\n");
    ada.shows(" [bob] hello");
    assert!(!has_colour(ada) && !ada.written().contains("\x1b[2m"));
}

#[test]
fn a_dumb_terminal_gets_plain_lines() {
    let room = Served::start(&[]);
    let folder = tempfile::tempdir().unwrap();
    let port = room.at.port().to_string();
    let mut ada = Screen::start_with(folder.path(), &["127.0.0.1", &port], &[("TERM", "dumb")]);
    ada.shows("> Connected to the chat server (1 user online)");
    let mut bob = room.line();
    bob.send("hello\n");
    ada.shows(&format!("[{}] hello", bob.addr));
    ada.types("/me waves\n");
    bob.until(" waves\n");
    assert!(!ada.written().contains('\x1b'));
    ada.types("\x04");
    assert_eq!(ada.ends().code(), Some(0));
}

#[test]
fn it_leaves_the_terminal_as_it_was() {
    // Ctrl-C and SIGTERM also in the middle of a line; Ctrl-D only without one.
    let mut scene = set_scene();
    let Scene { ada, .. } = &mut scene;
    assert!(!ada.echoes());
    ada.types("half\x04 typed\x03");
    assert_eq!(ada.ends().code(), Some(0));

    let mut scene = set_scene();
    let Scene { ada, bob, .. } = &mut scene;
    ada.types("last words\n\x04");
    bob.until("[ada] last words\n< The user ada left (1 user online)\n");
    assert_eq!(ada.ends().code(), Some(0));

    let mut scene = set_scene();
    let Scene { ada, .. } = &mut scene;
    ada.types("half typed");
    ada.prompts("half typed");
    kill_process(ada.pid(), Signal::TERM).unwrap();
    assert_eq!(ada.ends().code(), Some(0));
}

#[test]
fn the_window_may_be_resized() {
    let mut scene = set_scene();
    let Scene { bob, ada, .. } = &mut scene;
    ada.types(&"word ".repeat(12));
    ada.until("it is typed", |rows| {
        rows.last().is_some_and(|row| row.matches("word").count() == 12)
    });
    ada.resize(20, 40);
    bob.send("hello\n");
    ada.shows(" [bob] hello");
    let words = |rows: &[String]| {
        rows.iter().rev().take(3).map(|row| row.matches("word").count()).sum::<usize>()
    };
    ada.until("it wraps", |rows| words(rows) == 12);
    ada.resize(50, 200);
    ada.types("!\n");
    bob.until(format!("[ada] {}!\n", "word ".repeat(12)));
    ada.prompts("");
}

#[test]
fn lines_that_are_pasted_are_said_and_not_obeyed() {
    let mut scene = set_scene();
    let Scene { bob, ada, .. } = &mut scene;
    ada.types("\x1b[200~a log:\n/quit\n#quit\n\x1b[201~\n");
    bob.until("[ada] a log:\n[ada] /quit\n[ada] #quit\n");
    ada.types("/msg bob \x1b[200~a secret\nof two lines\x1b[201~\n");
    ada.shows(" ! a command has one line; to say these lines, double its first character");
    ada.types("there\n");
    let heard = bob.until("there\n");
    assert_eq!(String::from_utf8_lossy(&heard), "[ada] there\n");
}
