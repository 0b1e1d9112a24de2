//! `cli` at a terminal, as one sees it who sits there, in a room of `srv`.

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
use relay::Relay;
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
fn tab_completes_what_can_be_fetched() {
    let mut scene = set_scene();
    let Scene { bob, ada, .. } = &mut scene;
    bob.send("#upload 'my notes.txt' 1\nx");
    ada.shows(" > User bob has uploaded a file");
    // Who begins to name one has the list fetched, unseen: it comes before the
    // one that is asked for.
    ada.types("/get ");
    ada.prompts("/get");
    ada.types("\x15/files\n");
    ada.shows(" > 1 file");
    assert_eq!(ada.rows().iter().filter(|row| row.contains("my notes.txt")).count(), 1);
    ada.types("/get my\t");
    ada.prompts("/get my notes.txt");
    ada.types("\n");
    ada.shows(" > File 'my notes.txt' is here");
}

#[test]
fn a_tilde_is_the_home() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("notes.txt"), "x").unwrap();
    let mut scene = set_scene_with(&[("HOME", home.path().to_str().unwrap())]);
    let Scene { room, ada, .. } = &mut scene;
    ada.types("/put ~/no\t");
    ada.prompts("/put ~/notes.txt");
    ada.types("\n");
    ada.shows(" > File '~/notes.txt' has uploaded!");
    room.assert_serves(&[("notes.txt", b"x")]);
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
fn the_classic_two_step_upload_works() {
    let mut scene = set_scene();
    let Scene { room, folder, ada, .. } = &mut scene;
    fs::write(folder.path().join("table.csv"), "1,2\n").unwrap();
    ada.types("I will upload a file\n#upload 'table.csv'\n");
    ada.shows(" > File 'table.csv' has uploaded!");
    room.assert_serves(&[("table.csv", b"1,2\n")]);
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
fn a_bar_moves_while_the_chat_goes_on() {
    let room = Served::start(&["--max-chat", "0"]);
    let mut bob = room.line();
    let folder = tempfile::tempdir().unwrap();
    let big = fs::File::create(folder.path().join("big")).unwrap();
    big.set_len(1 << 30).unwrap();
    let port = room.at.port().to_string();
    let mut ada = Screen::start(folder.path(), &["127.0.0.1", &port]);
    ada.prompts("");
    // The server stands still for a while, so that the bar can be looked at.
    ada.types("/upload big\n");
    ada.until("the bar is there", |rows| {
        rows.iter().any(|row| row.starts_with("big [") && row.contains("/s "))
    });
    room.signal(Signal::STOP);
    ada.types("meanwhile");
    ada.prompts("meanwhile");
    ada.resize(24, 60);
    ada.until("the bar is shorter", |rows| {
        let rows = &rows[rows.len() - 2..];
        rows[0].starts_with("big ") && !rows[0].contains('[') && rows[1] == "[You] meanwhile"
    });
    room.signal(Signal::CONT);
    bob.send("hello\n");
    ada.shows("] hello");
    ada.types("\x03");
    assert_eq!(ada.ends().code(), Some(0));
}

#[test]
fn files_go_both_ways_while_the_chat_goes_on() {
    let mut scene = set_scene();
    let Scene { room, bob, folder, ada } = &mut scene;
    fs::write(folder.path().join("my notes.txt"), "so it is").unwrap();
    ada.types("/put my notes.txt\n");
    ada.shows(" > File 'my notes.txt' has uploaded!");
    bob.until("> User ada has uploaded a file\n");
    ada.types("/files\n");
    ada.until("the list", |rows| {
        let file = rows.iter().any(|row| row.contains(" > my notes.txt (8 B, "));
        file && rows.iter().any(|row| row.ends_with(" > 1 file"))
    });
    // What stands here or there is replaced only when that is said.
    ada.types("/put my notes.txt\n");
    ada.until("it stands there", |rows| rows.iter().any(|row| row.contains(" ! 'my notes.txt': ")));
    ada.types("/get 'my notes.txt'\n");
    ada.until("it stands here", |rows| rows.iter().any(|row| row.contains("stands here already")));
    fs::write(folder.path().join("my notes.txt"), "otherwise").unwrap();
    ada.types("/get! my notes.txt\n");
    ada.shows(" > File 'my notes.txt' is here");
    assert_eq!(fs::read(folder.path().join("my notes.txt")).unwrap(), b"so it is");
    ada.types("/get nothing\n");
    ada.until("there is none", |rows| rows.iter().any(|row| row.contains(" ! 'nothing': ")));
    ada.types("/stop\n");
    ada.shows(" ! no file is on its way");
    room.assert_serves(&[("my notes.txt", b"so it is")]);
}

#[test]
fn a_file_can_be_stopped_and_one_waits_for_another() {
    let mut scene = set_scene();
    let Scene { room, bob, folder, ada } = &mut scene;
    let big = fs::File::create(folder.path().join("big")).unwrap();
    big.set_len(900 << 20).unwrap();
    fs::write(folder.path().join("small"), "x").unwrap();
    ada.types("/put big\n/put small\n");
    ada.until("it moves", |rows| rows.iter().any(|row| row.starts_with("big [")));
    ada.types("still here\n");
    bob.until("[ada] still here\n");
    ada.types("/stop\n");
    ada.until("it stops", |rows| rows.iter().any(|row| row.contains(" ! 'big': stopped")));
    ada.shows(" > File 'small' has uploaded!");
    bob.until("> User ada has uploaded a file\n");
    room.assert_serves(&[("small", b"x")]);
}

#[test]
fn a_file_goes_on_where_a_lost_connection_left_it() {
    let room = Served::start(&[]);
    let mut bob = room.line();
    let relay = Relay::start(room.at, &[3_000_000]);
    let folder = tempfile::tempdir().unwrap();
    let bytes: Vec<_> = (0..8_000_000u32).map(|i| (i.wrapping_mul(i) >> 13) as u8).collect();
    fs::write(folder.path().join("big"), &bytes).unwrap();
    let port = relay.port.to_string();
    let mut ada = Screen::start(folder.path(), &["127.0.0.1", &port, "--nick", "ada"]);
    ada.shows(" > Your name is set");
    ada.types("/put big\nmeanwhile\n");
    ada.shows(" ! the connection is lost; trying to come back");
    ada.shows(" > the connection is there again");
    ada.shows(" > File 'big' has uploaded!");
    bob.until("> User ada has uploaded a file\n");
    room.assert_serves(&[("big", &bytes)]);
    assert_eq!(relay.connections(), 2);
    // What was over already did not go over again.
    assert!(relay.total() < 10_000_000, "{}", relay.total());
    // What was said in between was heard, and is not doubted.
    assert!(ada.rows().iter().all(|row| !row.contains("not sure")), "{:#?}", ada.rows());
}

#[test]
fn the_end_of_what_is_typed_waits_for_a_file_with_its_bar() {
    let mut scene = set_scene();
    let Scene { room, bob, folder, ada } = &mut scene;
    fs::write(folder.path().join("slow"), "so it is").unwrap();
    // The server stands still, so that the bar can be looked at.
    room.signal(Signal::STOP);
    ada.types("/put slow\n");
    ada.until("it waits", |rows| rows.iter().any(|row| row.starts_with("slow [")));
    ada.types("\x04");
    ada.until("there is a bar and no prompt", |rows| {
        let bar = rows.last().is_some_and(|row| row.starts_with("slow ["));
        bar && rows.iter().all(|row| !row.starts_with("[You]"))
    });
    room.signal(Signal::CONT);
    ada.shows(" > File 'slow' has uploaded!");
    bob.until("< The user ada left (1 user online)\n");
    assert_eq!(ada.ends().code(), Some(0));
    room.assert_serves(&[("slow", b"so it is")]);
    assert!(ada.rows().iter().all(|row| !row.starts_with("slow [")), "{:#?}", ada.rows());
}
