//! What programs are told of an errand: an object for what became of each thing.

use std::io::Write as _;

use serde_json::{Value, json};

use super::*;

/// The objects of standard output, without their times.
#[track_caller]
fn objects(output: &Output) -> Vec<Value> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let mut objects: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for object in &mut objects {
        let time = object.as_object_mut().unwrap().remove("time").unwrap();
        assert!(time.is_string(), "{object}");
    }
    objects
}

#[test]
fn each_thing_has_an_object() {
    let server = Served::start(&[]);
    let here = folder(&[("a", b"a"), ("b c", b"bc")]);
    let port = server.at.port();
    let errands = ["--json", "--send", "two\nlines", "--put", "./a", "none", "b c"];
    let output = errand(here.path(), port, &errands);
    let why = "'none': it cannot be read: there is no such file or folder";
    let expected = [
        json!({"type": "said", "text": "two\nlines"}),
        json!({"type": "uploaded", "file": "./a"}),
        json!({"type": "refused", "text": why}),
        json!({"type": "uploaded", "file": "b c"}),
    ];
    assert_eq!(objects(&output), expected);
    assert_eq!(failed(&output), format!("cli: {why}\n"));

    let there = folder(&[]);
    let errands = ["--json", "--follow", "--commands", "--get", "a", "none", "--files"];
    let output = errand(there.path(), port, &errands);
    let mut objects = objects(&output);
    let mut listed = objects.split_off(2);
    let why = "'none': there is no such file; #files lists what there is";
    let expected =
        [json!({"type": "fetched", "file": "a"}), json!({"type": "refused", "text": why})];
    assert_eq!(objects, expected);
    listed.sort_by_key(|object| object["name"].as_str().unwrap().to_owned());
    for (object, (name, size)) in listed.iter().zip([("a", 1), ("b c", 2)]) {
        assert!(object["age"].is_u64(), "{object}");
        assert_eq!((&object["type"], &object["name"]), (&json!("stored"), &json!(name)));
        assert_eq!(object["size"], size);
    }
    assert_eq!(listed.len(), 2);
}

#[test]
fn who_wants_to_hear_of_failures_alone_hears_of_nothing_else() {
    let server = Served::start(&[]);
    let here = folder(&[("a", b"a")]);
    let errands = ["--json", "--quiet", "--send", "x", "--put", "a", "--get", "none"];
    let output = errand(here.path(), server.at.port(), &errands);
    let why = "'none': there is no such file; #files lists what there is";
    assert_eq!(objects(&output), [json!({"type": "refused", "text": why})]);
}

#[test]
fn a_connection_that_breaks_has_objects() {
    let server = Served::start(&[]);
    let here = folder(&[("a", &noise(3_000_000, 4))]);
    let relay = Relay::start(server.at, &[1_000_000]);
    let output = errand(here.path(), relay.port, &["--json", "--put", "a"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let told = objects(&output);
    let types: Vec<_> = told.iter().map(|object| object["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["lost", "back", "uploaded"]);

    // Bound and gone: nobody listens there.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let output = errand(here.path(), port, &["--json", "--files"]);
    let why = failed(&output);
    let (_, why) = why.trim_end().rsplit_once(&format!(":{port}: ")).unwrap();
    assert_eq!(objects(&output), [json!({"type": "lost", "text": why})]);
}

#[test]
fn a_text_that_may_be_lost_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let here = folder(&[]);
    let errands = ["--no-reconnect", "--json", "--send", "first", "--send", "second"];
    let run = sent(here.path(), port, &errands);
    let (mut stream, _) = listener.accept().unwrap();
    stream.read_exact(&mut [0]).unwrap();
    let snug = "> Connected to the chat server (1 user online)\n> This is Snug; #help lists what it \
                knows\n";
    stream.write_all(snug.as_bytes()).unwrap();
    stream.read_exact(&mut [0; "first\n".len()]).unwrap();
    drop(stream);
    let output = run.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let expected = [
        json!({"type": "doubtful", "text": "first"}),
        json!({"type": "lost", "text": "the connection was closed"}),
    ];
    assert_eq!(objects(&output), expected);
}
