//! `cli` that is sent for something: files both ways and texts, with a status
//! that a script can trust, over connections that break.

#[path = "support/classic_server.rs"]
mod classic_server;
#[path = "errands/objects.rs"]
mod objects;
#[path = "support/peer.rs"]
mod peer;
#[path = "support/relay.rs"]
mod relay;
#[path = "support/served.rs"]
mod served;
#[path = "support/site.rs"]
mod site;

use std::fs;
use std::io::Read;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use classic_server::{ClassicServer, Seen};
use relay::Relay;
use served::Served;
use tempfile::TempDir;

/// Bytes that do not repeat, many of them.
fn noise(len: u32, seed: u32) -> Vec<u8> {
    (0..len).map(|i| ((i ^ seed).wrapping_mul(2_654_435_761) >> 23) as u8).collect()
}

/// `cli` on its way, in a folder.
fn sent(folder: &Path, port: u16, errands: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_cli"))
        .args(["127.0.0.1", &port.to_string()])
        .args(errands)
        .current_dir(folder)
        .env("XDG_CONFIG_HOME", folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// What it did.
fn errand(folder: &Path, port: u16, errands: &[&str]) -> Output {
    sent(folder, port, errands).wait_with_output().unwrap()
}

#[track_caller]
fn done(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// What it has complained of.
#[track_caller]
fn failed(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn who_is_sent_may_have_a_name() {
    let server = Served::start(&[]);
    let mut bob = server.line();
    let at = folder(&[]);
    let errands = ["--nick", "build", "--send", "green"];
    done(&errand(at.path(), server.at.port(), &errands));
    bob.until("is now build\n[build] green\n");
    bob.send("#nick other\n");
    bob.until("> Your name is set\n");
    let errands = ["--nick", "other", "--send", "red", "--files"];
    let told = failed(&errand(at.path(), server.at.port(), &errands));
    assert_eq!(told, "cli: 'other': somebody else has that name; take another\n");
    bob.until("] red\n");
}

#[test]
fn where_no_server_is_nothing_is_tried_again() {
    // Bound and gone: nobody listens there.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let at = folder(&[]);
    let told = failed(&errand(at.path(), port, &["--files"]));
    assert!(told.lines().count() == 1 && told.contains("refused"), "{told}");
}

#[test]
fn files_go_there_and_come_back() {
    let server = Served::start(&[]);
    let files: [(&str, &[u8]); 4] = [
        ("large.bin", &noise(3_000_000, 7)),
        ("it's 'a' table 5.csv", b"1,2,3\n"),
        ("nothing", b""),
        ("-é.txt", b"#part 5\n"),
    ];
    let here = folder(&files);
    let port = server.at.port();
    let mut put = vec!["--put"];
    put.extend(["./large.bin", "./it's 'a' table 5.csv", "./nothing", "./-é.txt"]);
    assert_eq!(done(&errand(here.path(), port, &put)), "");
    server.assert_serves(&files);

    let there = folder(&[]);
    let to = there.path().to_str().unwrap();
    let get = ["--to", to, "--get", "large.bin", "it's 'a' table 5.csv", "nothing"];
    assert_eq!(done(&errand(here.path(), port, &get)), "");
    assert_eq!(done(&errand(there.path(), port, &["--get=-é.txt"])), "");
    for (name, bytes) in files {
        assert!(fs::read(there.path().join(name)).unwrap() == bytes, "{name}");
    }
    assert_eq!(names(there.path()).len(), files.len());

    let list = done(&errand(here.path(), port, &["--files"]));
    let mut listed: Vec<_> = list
        .lines()
        .map(|line| {
            let [size, age, name] = line.split('\t').collect::<Vec<_>>().try_into().unwrap();
            assert!(age.parse::<u64>().is_ok(), "{line}");
            (name, size.parse().unwrap())
        })
        .collect();
    listed.sort_unstable();
    let mut expected: Vec<_> = files.iter().map(|(name, bytes)| (*name, bytes.len())).collect();
    expected.sort_unstable();
    assert_eq!(listed, expected);
}

#[test]
fn texts_are_said_whatever_they_begin_with() {
    let server = Served::start(&[]);
    let here = folder(&[]);
    let mut ada = server.line();
    let errands = ["--send", "hello\n#quit\n", "--send", "#upload 'a' 5"];
    assert_eq!(done(&errand(here.path(), server.at.port(), &errands)), "");
    ada.until("] hello\n");
    ada.until("] #quit\n");
    ada.until("] #upload 'a' 5\n");
    ada.until(" left (1 user online)\n");
}

#[test]
fn what_is_refused_is_told_and_the_rest_is_done() {
    let server = Served::start(&["--max-file", "1000"]);
    let files: [(&str, &[u8]); 3] = [("a", b"new"), ("b", b"b"), ("large", &[0; 2000])];
    let here = folder(&files);
    let port = server.at.port();
    done(&errand(here.path(), port, &["--put", "b"]));
    fs::write(here.path().join("b"), "c").unwrap();
    let complaints = failed(&errand(here.path(), port, &["--put", "none", "b", "large", ".", "a"]));
    let expected = [
        "cli: 'none': it cannot be read: there is no such file or folder",
        "cli: 'b': a file of that name stands there already; add --replace, or rename it",
        "cli: 'large': a file may have 1000 bytes at most here",
        "cli: '.': there is no file name; write one between the quotes",
    ];
    assert_eq!(complaints.lines().collect::<Vec<_>>(), expected);
    server.assert_serves(&[("a", b"new"), ("b", b"b")]);

    let complaints = failed(&errand(here.path(), port, &["--get", "none", "b"]));
    let expected = [
        "cli: 'none': there is no such file; #files lists what there is",
        "cli: 'b': a file of that name stands here already; add --replace, or rename it",
    ];
    assert_eq!(complaints.lines().collect::<Vec<_>>(), expected);
    assert_eq!(names(here.path()), ["a", "b", "large"]);
}

#[test]
fn a_file_that_is_there_already_is_done() {
    let server = Served::start(&[]);
    let here = folder(&[("a", b"same"), ("b", b"more")]);
    let port = server.at.port();
    done(&errand(here.path(), port, &["--put", "a"]));
    let again = errand(here.path(), port, &["--put", "a", "b"]);
    assert_eq!(again.status.code(), Some(0), "{again:?}");
    assert_eq!(String::from_utf8_lossy(&again.stderr), "cli: 'a': it is there already\n");
    done(&errand(here.path(), port, &["--put", "a", "b", "--quiet"]));
    server.assert_serves(&[("a", b"same"), ("b", b"more")]);

    let written = fs::metadata(here.path().join("a")).unwrap().modified().unwrap();
    let there = errand(here.path(), port, &["--get", "a"]);
    assert_eq!(there.status.code(), Some(0), "{there:?}");
    assert_eq!(String::from_utf8_lossy(&there.stderr), "cli: 'a': it is here already\n");
    done(&errand(here.path(), port, &["--get", "a", "--quiet"]));
    assert_eq!(fs::metadata(here.path().join("a")).unwrap().modified().unwrap(), written);
    assert_eq!(names(here.path()), ["a", "b"]);
}

#[test]
fn files_are_replaced_when_told_so() {
    let server = Served::start(&[]);
    let here = folder(&[("a", b"old")]);
    let port = server.at.port();
    done(&errand(here.path(), port, &["--put", "a"]));
    fs::write(here.path().join("a"), "new").unwrap();
    done(&errand(here.path(), port, &["--replace", "--put", "a"]));
    server.assert_serves(&[("a", b"new")]);
    fs::write(here.path().join("a"), "old").unwrap();
    done(&errand(here.path(), port, &["--replace", "--get", "a"]));
    assert_eq!(fs::read(here.path().join("a")).unwrap(), b"new");
}

#[test]
fn a_wrong_call_has_a_status_of_its_own() {
    let here = folder(&[]);
    for errands in [&["--get", "../x"][..], &["--get"], &["--put"], &["--send"]] {
        assert_eq!(errand(here.path(), 1, errands).status.code(), Some(2), "{errands:?}");
    }
}

#[test]
fn a_server_that_is_not_there_is_told() {
    let here = folder(&[]);
    let output = errand(here.path(), 1, &["--no-reconnect", "--send", "hello"]);
    assert!(failed(&output).starts_with("cli: 127.0.0.1:1: "), "{output:?}");
}

#[test]
fn a_classic_server_gets_what_it_understands() {
    let server = ClassicServer::start();
    let here = folder(&[("a.csv", b"1,2\n"), ("a b", b"")]);
    let errands = ["--classic", "--send", "hello", "--put", "a.csv", "a b", "--files"];
    let output = errand(here.path(), server.port(), &errands);
    assert_eq!(server.sees(), Seen::Entered);
    assert_eq!(server.sees(), Seen::Text("hello".to_owned()));
    assert_eq!(server.sees(), Seen::Text("I will upload a file".to_owned()));
    let file = Seen::File { header: "#upload 'a.csv' 4".to_owned(), bytes: b"1,2\n".to_vec() };
    assert_eq!(server.sees(), file);
    assert_eq!(server.sees(), Seen::Left);
    let expected = [
        "cli: 'a b': this server takes no name with a space; rename the file",
        "cli: the list of files: this server lists no files",
    ];
    assert_eq!(failed(&output).lines().collect::<Vec<_>>(), expected);
}

#[test]
fn a_classic_server_that_dies_has_confirmed_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let here = folder(&[("a", b"123")]);
    let run = sent(here.path(), port, &["--classic", "--no-reconnect", "--put", "a"]);
    let (mut stream, _) = listener.accept().unwrap();
    stream.read_exact(&mut [0; "I will upload a file".len()]).unwrap();
    drop(stream);
    let complaint = format!("cli: 127.0.0.1:{port}: the connection was closed\n");
    assert_eq!(failed(&run.wait_with_output().unwrap()), complaint);
}

#[test]
fn a_connection_that_breaks_is_made_again() {
    let server = Served::start(&[]);
    let bytes = noise(3_000_000, 1);
    let here = folder(&[("a", &bytes)]);
    let there = folder(&[]);
    for (at, errands) in [(&here, ["--quiet", "--put", "a"]), (&there, ["--quiet", "--get", "a"])] {
        let relay = Relay::start(server.at, &[1_000_000, 700_000]);
        assert_eq!(done(&errand(at.path(), relay.port, &errands)), "");
        assert_eq!(relay.connections(), 3);
        let total = relay.total();
        assert!(total < 4_500_000, "{total} bytes went over the wire");
    }
    server.assert_serves(&[("a", &bytes)]);
    assert!(fs::read(there.path().join("a")).unwrap() == bytes);
}

#[test]
fn a_file_goes_on_where_another_run_left_it() {
    let server = Served::start(&[]);
    let bytes = noise(3_000_000, 2);
    let here = folder(&[("a", &bytes)]);
    let there = folder(&[]);
    for (at, errands) in
        [(&here, ["--no-reconnect", "--put", "a"]), (&there, ["--no-reconnect", "--get", "a"])]
    {
        let relay = Relay::start(server.at, &[2_000_000]);
        failed(&errand(at.path(), relay.port, &errands));
        assert_eq!(done(&errand(at.path(), relay.port, &errands)), "");
        let total = relay.total();
        assert!(total < 4_000_000, "{total} bytes went over the wire");
    }
    server.assert_serves(&[("a", &bytes)]);
    assert!(fs::read(there.path().join("a")).unwrap() == bytes);
    assert_eq!(names(there.path()), ["a"]);
}

#[test]
fn a_file_goes_on_after_either_side_was_killed() {
    let mut server = Served::start(&[]);
    let bytes = noise(12_000_000, 3);
    let here = folder(&[("a", &bytes)]);
    let there = folder(&[]);
    for (at, errands) in [(&here, ["--quiet", "--put", "a"]), (&there, ["--quiet", "--get", "a"])] {
        let relay = Relay::start(server.at, &[]);
        let mut killed = sent(at.path(), relay.port, &errands);
        relay.wait_for(3_000_000);
        killed.kill().unwrap();
        killed.wait().unwrap();
        let first = relay.total();

        let going = sent(at.path(), relay.port, &errands);
        relay.wait_for(first + 3_000_000);
        server.signal(rustix::process::Signal::KILL);
        server.ends();
        let site = std::sync::Arc::clone(&server.site);
        server = Served::start_on(site, &[]);
        relay.leads_to(server.at);
        relay.cut();
        assert_eq!(done(&going.wait_with_output().unwrap()), "");
        let total = relay.total();
        assert!(total < 2 * bytes.len() as u64, "{total} bytes went over the wire");
    }
    server.assert_serves(&[("a", &bytes)]);
    assert!(fs::read(there.path().join("a")).unwrap() == bytes);
}

#[test]
fn who_is_put_out_stays_out() {
    let mut server = Served::start_typed(&["--max-transfers", "1"]);
    let here = folder(&[("a", b"a")]);
    // All places for files are taken.
    let mut bob = server.line();
    bob.send(format!("#put 'b' 1 {}\n", "0".repeat(64)));
    bob.until("#have 'b' 0\n");
    let waiting = sent(here.path(), server.at.port(), &["--nick", "ada", "--put", "a"]);
    bob.until("is now ada\n");
    server.types("/kick ada\n");
    let told = failed(&waiting.wait_with_output().unwrap());
    assert!(told.ends_with(": you are put out; ask who keeps the room\n"), "{told}");
}
