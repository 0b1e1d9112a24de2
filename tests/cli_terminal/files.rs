//! Files, put and fetched while one chats.

use std::fs;

use rustix::process::Signal;

use crate::relay::Relay;
use crate::screen::Screen;
use crate::served::Served;
use crate::{Scene, set_scene, set_scene_with};

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
        // For a moment nothing may stand there.
        let [.., bar, prompt] = rows else { return false };
        bar.starts_with("big ") && !bar.contains('[') && prompt == "[You] meanwhile"
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
    ada.shows(" > File 'my notes.txt' is there already");
    ada.types("/get 'my notes.txt'\n");
    ada.shows(" > File 'my notes.txt' is here already");
    fs::write(folder.path().join("my notes.txt"), "otherwise").unwrap();
    ada.types("/get my notes.txt\n");
    ada.until("it stands here", |rows| rows.iter().any(|row| row.contains("stands here already")));
    ada.types("/put my notes.txt\n");
    ada.until("it stands there", |rows| rows.iter().any(|row| row.contains(" ! 'my notes.txt': ")));
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
