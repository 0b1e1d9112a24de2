//! `cli --classic` from outside, and how `cli` speaks to a classic server.

mod support {
    pub(crate) mod classic_server;
    pub(crate) mod terminal;
}

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread;

use support::classic_server::{ClassicServer, Seen};
use support::terminal::{CTRL_C, NOWHERE, Terminal, wait};

const GREETING: &str = "\r> Connected to the chat server (1 user online)\n[You] ";

/// A server and a `cli --classic` that it has greeted.
fn seated(folder: &Path) -> (ClassicServer, Terminal) {
    let server = ClassicServer::start();
    let port = server.port().to_string();
    let mut terminal = Terminal::start(folder, &["--classic", "127.0.0.1", &port]);
    assert_eq!(server.sees(), Seen::Entered);
    terminal.shows(GREETING);
    (server, terminal)
}

/// A folder with a binary file that looks like a picture, and a table.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("google.png"), picture()).unwrap();
    fs::write(folder.path().join("table.csv"), TABLE).unwrap();
    folder
}

const TABLE: &str = "1,2,3\n4,5,6\n";

/// More than a buffer of anybody, with every byte in it.
fn picture() -> Vec<u8> {
    let noise = (0..200_000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8);
    b"\x89PNG\r\n\x1a\n".iter().copied().chain(noise).collect()
}

fn text(text: &str) -> Seen {
    Seen::Text(text.to_owned())
}

fn file(header: &str, bytes: &[u8]) -> Seen {
    Seen::File { header: header.to_owned(), bytes: bytes.to_vec() }
}

/// What `cli` does with this on its standard input, a pipe.
fn piped(arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_cli"))
        .env("XDG_CONFIG_HOME", NOWHERE)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // One that ends at once does not read it.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    wait(&mut child);
    child.wait_with_output().unwrap()
}

fn shown(output: &Output) -> &str {
    str::from_utf8(&output.stdout).unwrap()
}

#[test]
fn a_classic_talk() {
    let folder = folder();
    let (server, mut terminal) = seated(folder.path());
    terminal.types("hello, room\n");
    terminal.shows("hello, room\n[You] ");
    assert_eq!(server.sees(), text("hello, room"));
    server.sends("[127.0.0.1:5] hé".as_bytes());
    terminal.shows("\r[127.0.0.1:5] hé\n[You] ");
    terminal.types("\n");
    terminal.shows("\n[You] ");
    terminal.types("#who\n");
    terminal.shows("#who\n[You] ");
    assert_eq!(server.sees(), text("#who"));
    server.hangs_up();
    terminal.shows("\n server closed\n");
    assert_eq!(terminal.ends().code(), Some(0));
}

#[test]
fn a_message_does_not_garble_the_line_that_is_typed() {
    let folder = folder();
    let (server, mut terminal) = seated(folder.path());
    terminal.types("hex");
    terminal.shows("hex");
    server.sends(b"[127.0.0.1:5] hi");
    terminal.shows("\r\x1b[J\r[127.0.0.1:5] hi\n[You] hex");
    terminal.types("\x7f");
    terminal.shows("\r\x1b[J[You] he");
    terminal.types("llo\n");
    terminal.shows("llo\n[You] ");
    assert_eq!(server.sees(), text("hello"));
}

#[test]
fn ctrl_d_ends_it_and_the_terminal_is_as_it_was() {
    let folder = folder();
    let (server, mut terminal) = seated(folder.path());
    assert!(!terminal.echoes());
    terminal.types("bye\n\x04");
    terminal.shows("bye\n[You] \n");
    assert_eq!(server.sees(), text("bye"));
    assert_eq!(server.sees(), Seen::Left);
    assert_eq!(terminal.ends().code(), Some(0));
}

#[test]
fn ctrl_c_ends_it() {
    let folder = folder();
    let (server, mut terminal) = seated(folder.path());
    terminal.types(CTRL_C);
    terminal.shows("\nexit");
    assert_eq!(terminal.ends().code(), Some(0));
    assert_eq!(server.sees(), Seen::Left);
}

#[test]
fn a_classic_upload_in_two_lines() {
    let folder = folder();
    let (server, mut terminal) = seated(folder.path());
    terminal.types("I will upload a file\n");
    terminal.shows("I will upload a file\n");
    assert_eq!(server.sees(), text("I will upload a file"));
    terminal.types("#upload 'google.png'\n");
    terminal.shows("#upload 'google.png'\n\x1b[F\r> File 'google.png' has uploaded!\n[You] ");
    let picture = picture();
    let header = format!("#upload 'google.png' {}", picture.len());
    assert_eq!(server.sees(), file(&header, &picture));
    terminal.types("there\n");
    terminal.shows("there\n[You] ");
    assert_eq!(server.sees(), text("there"));
}

#[test]
fn an_upload_in_one_line_is_announced_to_a_classic_server() {
    let folder = folder();
    let (server, mut terminal) = seated(folder.path());
    terminal.types("#upload table.csv\n");
    terminal.shows("#upload table.csv\n\x1b[F\r> File 'table.csv' has uploaded!\n[You] ");
    assert_eq!(server.sees(), text("I will upload a file"));
    assert_eq!(server.sees(), file("#upload 'table.csv' 12", TABLE.as_bytes()));
}

#[test]
fn a_message_during_an_upload_is_shown_and_not_written_over() {
    let folder = folder();
    let (server, mut terminal) = seated(folder.path());
    terminal.types("I will upload a file\n#upload 'table.csv'\n");
    terminal.shows("I will upload a file\n#upload 'table.csv'\n");
    assert_eq!(server.sees(), text("I will upload a file"));
    server.sends(b"> told");
    terminal.shows("\r> told\n");
    terminal.shows("\r> File 'table.csv' has uploaded!\n[You] ");
    assert_eq!(server.sees(), file("#upload 'table.csv' 12", TABLE.as_bytes()));
}

#[test]
fn a_file_under_a_path_is_sent_under_its_last_name() {
    let folder = folder();
    let (server, mut terminal) = seated(Path::new("/"));
    let path = folder.path().join("table.csv").display().to_string();
    let command = format!("#upload '{path}'\n");
    terminal.types(&command);
    terminal.shows(&format!("{command}\x1b[F\r> File '{path}' has uploaded!\n[You] "));
    assert_eq!(server.sees(), text("I will upload a file"));
    assert_eq!(server.sees(), file("#upload 'table.csv' 12", TABLE.as_bytes()));
}

#[test]
fn what_cannot_be_uploaded_is_told_and_not_sent() {
    let folder = folder();
    fs::write(folder.path().join("a b"), "").unwrap();
    let (server, mut terminal) = seated(folder.path());
    let told = [
        ("#upload 'none.png'", "'none.png': it cannot be read: there is no such file or folder"),
        ("#upload '/tmp'", "'/tmp': that is not a file"),
        ("#upload", "write #upload 'NAME'"),
        ("#uploads", "write #upload 'NAME'"),
        ("#upload 'a b'", "this server takes no name with a space; rename the file"),
    ];
    for (line, why) in told {
        terminal.types(&format!("{line}\n"));
        terminal.shows(&format!("{line}\n\r! {why}\n[You] "));
    }
    terminal.types("well\n");
    terminal.shows("well\n[You] ");
    assert_eq!(server.sees(), text("well"));
}

#[test]
fn a_pipe_that_nobody_writes_to_is_no_file() {
    let folder = folder();
    let path = folder.path().join("pipe");
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    let (_server, mut terminal) = seated(folder.path());
    terminal.types("#upload pipe\n");
    terminal.shows("#upload pipe\n\r! 'pipe': that is not a file\n[You] ");
}

#[test]
fn nothing_raw_reaches_the_terminal() {
    let folder = folder();
    let (server, mut terminal) = seated(folder.path());
    server.sends(b"[127.0.0.1:5] \x1b[2J\x07\xff!");
    terminal.shows("\r[127.0.0.1:5] \u{241b}[2J\u{2407}\u{fffd}!\n[You] ");
}

#[test]
fn a_classic_room_sees_the_knock_and_then_classic_texts() {
    let server = ClassicServer::start();
    let port = server.port().to_string();
    let output = thread::scope(|scope| {
        let run = scope.spawn(|| piped(&["127.0.0.1", &port], "hello\n#who\n"));
        assert_eq!(server.sees(), Seen::Entered);
        assert_eq!(server.sees(), text("\n"));
        assert_eq!(server.sees(), text("hello"));
        assert_eq!(server.sees(), text("#who"));
        assert_eq!(server.sees(), Seen::Left);
        run.join().unwrap()
    });
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(shown(&output), "> Connected to the chat server (1 user online)\n");
}

#[test]
fn a_server_that_answers_the_knock_is_spoken_to_in_lines() {
    let folder = folder();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let mut child = Command::new(env!("CARGO_BIN_EXE_cli"))
        .env("XDG_CONFIG_HOME", NOWHERE)
        .args(["127.0.0.1", &port, "--commands", "--no-reconnect"])
        .current_dir(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let (mut stream, _) = listener.accept().unwrap();
    let upload = format!("#upload 'table.csv' 12\n{TABLE}");
    let mut expect = |sent: &str, answer: &str| {
        let mut bytes = vec![0; sent.len()];
        stream.read_exact(&mut bytes).unwrap();
        assert_eq!(String::from_utf8(bytes).unwrap(), sent);
        stream.write_all(answer.as_bytes()).unwrap();
    };
    expect("\n", "> Hi\n> This is Snug; #help lists what it knows\n");
    let lines = b"#who\n#upload 'table.csv'\n#upload table.csv\n";
    child.stdin.take().unwrap().write_all(lines).unwrap();
    expect("#who\n", "> 1 user\n");
    expect(&upload, "> Your file has been uploaded (12 bytes)\n");
    expect(&upload, "! the disk is full\n");
    // It has nothing more to say.
    assert_eq!(stream.read(&mut [0]).unwrap(), 0);
    drop(stream);
    wait(&mut child);
    let output = child.wait_with_output().unwrap();
    let told = "> Hi\n> 1 user\n> File 'table.csv' has uploaded!\n! the disk is full\n";
    assert_eq!(shown(&output), told);
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn all_that_is_piped_in_is_said_before_it_leaves() {
    let server = ClassicServer::start();
    let port = server.port().to_string();
    let table = folder();
    let upload = format!("one\n#upload '{}'\ntwo", table.path().join("table.csv").display());
    let output = thread::scope(|scope| {
        let run = scope.spawn(|| piped(&["--classic", "127.0.0.1", &port], &upload));
        assert_eq!(server.sees(), Seen::Entered);
        assert_eq!(server.sees(), text("one"));
        assert_eq!(server.sees(), text("I will upload a file"));
        assert_eq!(server.sees(), file("#upload 'table.csv' 12", TABLE.as_bytes()));
        assert_eq!(server.sees(), text("two"));
        assert_eq!(server.sees(), Seen::Left);
        run.join().unwrap()
    });
    assert_eq!(output.status.code(), Some(0));
    let greeting = "\r> Connected to the chat server (1 user online)\n";
    assert!(shown(&output).contains(greeting), "{output:?}");
    assert!(shown(&output).ends_with("[You] \n"), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
}

#[test]
fn a_screen_that_is_gone_ends_it_quietly() {
    let server = ClassicServer::start();
    let mut child = Command::new(env!("CARGO_BIN_EXE_cli"))
        .env("XDG_CONFIG_HOME", NOWHERE)
        .args(["--classic", "127.0.0.1", &server.port().to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert_eq!(server.sees(), Seen::Entered);
    server.sends(b"> told");
    assert_eq!(wait(&mut child).code(), Some(0));
    assert_eq!(child.wait_with_output().unwrap().stderr, b"");
}

#[test]
fn a_wrong_call_tells_the_valid_format() {
    for arguments in [&["127.0.0.1"][..], &[], &["127.0.0.1", "no-port"], &["--what"]] {
        let output = piped(arguments, "");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert_eq!(shown(&output), "valid format : cli hostname port\n");
    }
}

#[test]
fn arguments_that_are_always_given_stand_in_a_file() {
    let config = tempfile::tempdir().unwrap();
    fs::create_dir(config.path().join("snug")).unwrap();
    fs::write(config.path().join("snug/cli"), "; mine\n--version\n").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_cli"))
        .env("XDG_CONFIG_HOME", config.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(shown(&output).starts_with("cli "), "{output:?}");
}

/// What a user always gives is in the way of nothing.
#[test]
fn no_default_is_in_the_way() {
    let config = tempfile::tempdir().unwrap();
    fs::create_dir(config.path().join("snug")).unwrap();
    let defaults = "--to=~/files\n--json\n--nick=ada\n--quiet\n--replace\n--follow\n--commands\n";
    let run = |file: &str, arguments: &[&str], env: &[(&str, &str)]| {
        fs::write(config.path().join("snug/cli"), file).unwrap();
        Command::new(env!("CARGO_BIN_EXE_cli"))
            .env("XDG_CONFIG_HOME", config.path())
            .envs(env.iter().copied())
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .unwrap()
    };
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    for call in [&[][..], &["--files"], &["--classic"], &["--get", "a"], &["--json"]] {
        for (file, env) in [
            (defaults, &[][..]),
            ("--classic\n", &[]),
            (defaults, &[("SNUG_CLASSIC", "1"), ("SNUG_NICK", "bob")]),
        ] {
            let arguments = [&["127.0.0.1", &port][..], call].concat();
            let output = run(file, &arguments, env);
            // There is no server, but the call was right.
            assert_eq!(output.status.code(), Some(1), "{file} {call:?}: {output:?}");
        }
    }
    let env = [("SNUG_CLASSIC", "1"), ("SNUG_NICK", "bob")];
    let output = run(defaults, &["--generate", "bash"], &env);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(shown(&output).contains("_cli()"));
}

#[test]
fn no_server_is_told() {
    // Bound and gone: nobody listens there.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let output = piped(&["127.0.0.1", &port.to_string()], "");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(shown(&output), "Unable to connect\n");
}
