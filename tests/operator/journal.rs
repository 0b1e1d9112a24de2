//! The journal as JSON: an object for each thing that happens.

use std::process::Stdio;
use std::sync::Arc;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::served::{Served, srv};
use crate::site::Site;

/// A room whose journal is JSON, with what it says first.
fn start(options: &[&str]) -> (Served, Value) {
    let site = Arc::new(Site::new());
    let mut server = srv(&site, "127.0.0.1", &["--log-format", "json"]);
    server.args(options);
    let mut room = Served::spawn(server, site, Stdio::piped());
    let first = object(&mut room);
    room.at.set_port(first["port"].as_u64().unwrap().try_into().unwrap());
    (room, first)
}

/// The next object, without its time, which must be one.
#[track_caller]
fn object(room: &mut Served) -> Value {
    let line = room.console.line();
    let mut object: Value = serde_json::from_str(&line).unwrap_or_else(|e| panic!("{line}: {e}"));
    let time = object.as_object_mut().unwrap().remove("time");
    let time = time.and_then(|time| time.as_str().map(str::to_owned)).unwrap();
    assert!(time.parse::<jiff::Timestamp>().is_ok() && time.len() == 24, "{time}");
    object
}

#[test]
fn what_happens_is_an_object_a_line() {
    let (mut room, first) = start(&[]);
    let (at, port) = (room.at.to_string(), room.at.port());
    assert_eq!(first, json!({ "type": "start", "port": port, "addresses": [at] }));

    let mut ada = room.line();
    let address = ada.addr.clone();
    assert_eq!(object(&mut room), json!({ "type": "join", "who": address, "online": 1 }));
    ada.send("#nick ada\n\"quoted\" \x1b[0m\tè\n#me waves\n#upload 'a' 1\nx");
    assert_eq!(object(&mut room), json!({ "type": "nick", "was": address, "who": "ada" }));
    let text = "\"quoted\" \u{241b}[0m\tè";
    assert_eq!(object(&mut room), json!({ "type": "text", "who": "ada", "text": text }));
    assert_eq!(object(&mut room), json!({ "type": "action", "who": "ada", "text": "waves" }));
    assert_eq!(object(&mut room), json!({ "type": "file", "who": "ada" }));

    room.types("hello\n/who\n/dance\n");
    assert_eq!(object(&mut room), json!({ "type": "text", "who": "server", "text": "hello" }));
    assert_eq!(object(&mut room), json!({ "type": "user", "who": "ada", "address": address }));
    assert_eq!(object(&mut room), json!({ "type": "users", "online": 1 }));
    assert_eq!(object(&mut room)["type"], "refused");
    room.types("/files\n");
    let stored = object(&mut room);
    assert_eq!((&stored["type"], &stored["name"]), (&json!("stored"), &json!("a")));
    assert_eq!(object(&mut room), json!({ "type": "files", "files": 1, "size": 1 }));

    room.signal(Signal::USR1);
    let figures = object(&mut room);
    for (name, value) in [("online", 1), ("came", 1), ("stored", 1), ("folder", 1), ("lines", 6)] {
        assert_eq!(figures[name], json!(value), "{name} in {figures}");
    }
    let readme = include_str!("../../README.md");
    for name in figures.as_object().unwrap().keys() {
        assert!(readme.contains(&format!("`{name}`")), "{name}");
    }
    assert!(figures["memory_lent"].as_u64() > figures["memory_used"].as_u64());

    ada.send("#quit\n");
    assert_eq!(object(&mut room), json!({ "type": "leave", "who": "ada", "online": 0 }));
    room.signal(Signal::INT);
    assert_eq!(object(&mut room), json!({ "type": "end" }));
    assert_eq!(room.console.rest(), "");
}

/// A reader that is slow gets whole objects all the same, or none.
#[test]
fn a_journal_that_nobody_reads_for_a_while_stays_whole() {
    let (mut room, _) = start(&["--log-size", "64K"]);
    let mut ada = room.line();
    for number in 0..20_000 {
        ada.send(format!("{number}\n"));
    }
    ada.send("#quit\n");
    let mut last = None;
    loop {
        let next = object(&mut room);
        match next["type"].as_str() {
            Some("leave") => break,
            Some("text") => {
                let number: u32 = next["text"].as_str().unwrap().parse().unwrap();
                assert!(last < Some(number), "{number} after {last:?}");
                last = Some(number);
            }
            other => assert_eq!(other, Some("join")),
        }
    }
    assert_eq!(last, Some(19_999));
}
