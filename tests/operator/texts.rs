//! What is typed goes to the room; and what no input, or its end, does.

use core::time::Duration;
use std::io::Write;
use std::process::Command;
use std::sync::Arc;
use std::{fs, thread};

use crate::peer::Peer;
use crate::served::{Served, srv};
use crate::site::Site;

#[test]
fn what_is_typed_goes_to_everybody_and_to_the_console() {
    let mut room = Served::start_typed(&[]);
    let (mut ada, mut bob) = (room.line(), room.classic());
    ada.until("(2 users online)\n");
    room.types("lunch is ready\r\n\n#who\n//etc\n");
    let said = ["[server] lunch is ready", "[server] #who", "[server] /etc"];
    for line in said {
        assert_eq!(ada.line(), line);
    }
    for message in said {
        bob.expect(message);
    }
    for line in said {
        room.console.wait_until_heard(&format!("{line}\n"));
    }
    room.assert_serves(&[]);
}

#[test]
fn what_is_typed_is_made_safe_and_cut_as_everybodys() {
    let mut room = Served::start_typed(&["--line-limit", "256"]);
    let mut ada = room.line();
    room.types(b"\x1b[2J\xff\n");
    assert_eq!(ada.line(), "[server] \u{241b}[2J\u{fffd}");
    room.types("é".repeat(200) + "\n");
    assert_eq!(ada.line(), format!("[server] {}", "é".repeat(123)));
    assert_eq!(ada.line(), format!("[server] {}", "é".repeat(77)));
}

#[test]
fn nobody_can_speak_as_the_server() {
    let room = Served::start(&[]);
    let mut ada = room.line();
    ada.send("#nick server\n");
    assert!(ada.line().starts_with("! "));
    ada.send("#nick SERVER\n");
    assert!(ada.line().starts_with("! "));
}

/// The room goes on, without spinning, and what came last without a newline is
/// said, too.
#[test]
fn the_end_of_the_input_ends_nothing() {
    let mut room = Served::start_typed(&[]);
    let mut ada = room.line();
    room.types("good night");
    drop(room.keyboard.take());
    assert_eq!(ada.line(), "[server] good night");
    let before = room.used_time();
    ada.expect_nothing(Duration::from_millis(500));
    let used = room.used_time().saturating_sub(before);
    assert!(used < Duration::from_millis(250), "idle, it used {used:?}");
    room.assert_serves(&[]);
}

#[test]
fn a_file_can_be_the_input() {
    let site = Arc::new(Site::new());
    let server = srv(&site, "127.0.0.1", &[]);
    let script = "printf 'one\\ntwo' > ../typed; exec \"$0\" \"$@\" < ../typed";
    let mut shell = Command::new("sh");
    shell.args(["-c", script]).arg(server.get_program()).args(server.get_args());
    shell.current_dir(site.work());
    let room = Served::run(shell, site);
    room.console.wait_until_heard("[server] one\n[server] two\n");
    fs::remove_file(room.site.root().join("typed")).unwrap();
    room.assert_serves(&[]);
}

/// Much more than the log holds, to one who reads and to one who does not.
#[test]
fn a_flood_from_the_console_costs_no_reader_a_line() {
    let options = ["--log-size", "64K", "--line-limit", "512", "--patience", "100ms"];
    let mut room = Served::start_typed(&options);
    let mut ada = room.line();
    let mut sleeper = Peer::connect_narrow(room.at);
    sleeper.send("\n");
    ada.until("(2 users online)\n");
    let mut keyboard = room.keyboard.take().unwrap();
    let typing = thread::spawn(move || {
        for number in 0..5_000 {
            writeln!(keyboard, "{number} {}", "x".repeat(100)).unwrap();
        }
    });
    for number in 0..5_000 {
        let line = ada.line();
        assert!(line.starts_with(&format!("[server] {number} x")), "{number}: {line}");
    }
    typing.join().unwrap();
}

#[test]
fn a_console_that_leads_nowhere_has_no_reader() {
    let room = Served::start(&[]);
    room.assert_serves(&[]);
    let tasks = fs::read_dir(format!("/proc/{}/task", room.pid().as_raw_nonzero()));
    let Ok(tasks) = tasks else { return };
    let name = |task: fs::DirEntry| fs::read_to_string(task.path().join("comm"));
    let names: Vec<_> = tasks.map(|task| name(task.unwrap()).unwrap()).collect();
    assert!(!names.contains(&"keyboard\n".to_owned()), "{names:?}");
    assert!(names.contains(&"console\n".to_owned()), "{names:?}");
}
