//! `cli` in a pipe: texts in, lines or objects out, and connections that break.

#[path = "cli_pipe/losses.rs"]
mod losses;
#[path = "support/peer.rs"]
mod peer;
#[path = "support/served.rs"]
mod served;
#[path = "support/site.rs"]
mod site;

use core::net::SocketAddr;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};

use peer::{Peer, wait_until};
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Value, json};
use served::Served;

/// A `cli` whose input and output are ours.
struct Piped {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Piped {
    fn start(at: SocketAddr, options: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_cli"))
            .args([at.ip().to_string(), at.port().to_string()])
            .args(options)
            .env("XDG_CONFIG_HOME", "/dev/null")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (input, output) = (child.stdin.take(), child.stdout.take().unwrap());
        Self { child, input, output: BufReader::new(output) }
    }

    fn writes(&mut self, text: &str) {
        self.input.as_mut().unwrap().write_all(text.as_bytes()).unwrap();
    }

    fn ends_input(&mut self) {
        self.input = None;
    }

    #[track_caller]
    fn line(&mut self) -> String {
        let mut line = String::new();
        assert!(self.output.read_line(&mut line).unwrap() > 0, "its output has ended");
        line.trim_end_matches('\n').to_owned()
    }

    /// Its lines up to one that ends like this.
    #[track_caller]
    fn until(&mut self, end: &str) -> Vec<String> {
        let mut lines = vec![self.line()];
        while !lines.last().is_some_and(|line| line.ends_with(end)) {
            lines.push(self.line());
        }
        lines
    }

    #[track_caller]
    fn ends(&mut self) -> ExitStatus {
        let mut status = None;
        wait_until("cli ends", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        status.unwrap()
    }
}

impl Drop for Piped {
    fn drop(&mut self) {
        // It has ended already in a test that went well to its end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn lines_go_in_and_come_out_as_they_are() {
    let room = Served::start(&[]);
    let mut bob = room.line();
    let mut cli = Piped::start(room.at, &["--nick", "ada"]);
    assert_eq!(cli.line(), "> Connected to the chat server (2 users online)");
    assert_eq!(cli.line(), "> Your name is set");
    bob.until("is now ada\n");
    bob.send("hello\n#me waves\n");
    assert_eq!(cli.line(), format!("[{}] hello", bob.addr));
    assert_eq!(cli.line(), format!("* {} waves", bob.addr));
    cli.writes("one\n#who\n/quit\n#upload 'a'\n\nlast");
    cli.ends_input();
    let said =
        ["one", "#who", "/quit", "#upload 'a'", "last"].map(|line| format!("[ada] {line}\n"));
    bob.expect(said.concat());
    bob.until("< The user ada left (1 user online)\n");
    assert_eq!(cli.ends().code(), Some(0));
}

#[test]
fn commands_are_taken_where_they_are_wanted() {
    let room = Served::start(&[]);
    let mut bob = room.line();
    let mut cli = Piped::start(room.at, &["--commands"]);
    cli.writes("/nick ada\n#me waves\n//etc\n/dance\n/who\n/quit\nnobody hears this\n");
    bob.until("is now ada\n* ada waves\n[ada] /etc\n< The user ada left (1 user online)\n");
    let lines = cli.until("> 2 users");
    assert!(lines.contains(&format!("#user {0} {0}", bob.addr)), "{lines:?}");
    assert_eq!(cli.ends().code(), Some(0));
}

#[test]
fn it_follows_the_room_beyond_its_input() {
    let room = Served::start(&[]);
    let mut bob = room.line();
    let mut cli = Piped::start(room.at, &["--follow"]);
    cli.writes("hello\n");
    cli.ends_input();
    bob.until("] hello\n");
    bob.send("still there?\n");
    cli.until("] still there?");
    assert!(cli.child.try_wait().unwrap().is_none());
}

#[test]
fn objects_say_what_they_are() {
    let room = Served::start(&[]);
    let mut cli = Piped::start(room.at, &["--json", "--nick", "ada", "--commands"]);
    let mut next = |expected: Value| {
        let line = cli.line();
        let mut object: Value = serde_json::from_str(&line).unwrap();
        let time = object.as_object_mut().unwrap().remove("time").unwrap();
        assert!(time.as_str().unwrap().ends_with('Z'), "{time}");
        assert_eq!(object, expected);
    };
    next(json!({"type": "welcome", "online": 1}));
    next(json!({"type": "told", "text": "Your name is set"}));
    let mut bob = room.line();
    next(json!({"type": "join", "who": bob.addr, "online": 2}));
    bob.send("#nick bob\nhi \"ada\"\n#me waves\n#msg ada psst\n#upload a 1\nx#quit\n");
    next(json!({"type": "nick", "was": bob.addr, "who": "bob"}));
    next(json!({"type": "text", "who": "bob", "text": "hi \"ada\""}));
    next(json!({"type": "action", "who": "bob", "text": "waves"}));
    next(json!({"type": "private", "who": "bob", "to": "ada", "text": "psst"}));
    next(json!({"type": "file", "who": "bob"}));
    next(json!({"type": "leave", "who": "bob", "online": 1}));
    cli.writes("#dance\n");
    let mut next_text = || serde_json::from_str::<Value>(&cli.line()).unwrap();
    assert_eq!(next_text()["type"], "refused");
}

#[test]
fn where_no_server_is_a_program_is_told_as_it_reads() {
    // Bound and gone: nobody listens there.
    let at = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut cli = Piped::start(at, &["--json"]);
    let told: Value = serde_json::from_str(&cli.line()).unwrap();
    assert_eq!(told["type"], "lost");
    let text = told["text"].as_str().unwrap();
    assert!(text.starts_with("unable to connect: ") && text.contains("refused"), "{text}");
    assert_eq!(cli.ends().code(), Some(1));
    assert_eq!(cli.output.read_line(&mut String::new()).unwrap(), 0);
    let mut cli = Piped::start(at, &[]);
    assert_eq!(cli.line(), "Unable to connect");
}

/// The bot of the README, but for its address.
#[test]
fn a_bot_in_five_lines() {
    let readme = include_str!("../README.md");
    let bot = readme.split("```sh\n").find(|part| part.contains("mkfifo")).unwrap();
    let bot = bot.split("```").next().unwrap();
    assert!(bot.lines().count() <= 5, "{bot}");
    let room = Served::start(&[]);
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (
        "cli 127.0.0.1 9999",
        format!("{} 127.0.0.1 {}", env!("CARGO_BIN_EXE_cli"), room.at.port()),
    );
    assert!(bot.contains(from), "{bot}");
    let mut shell = Command::new("sh")
        .args(["-c", &bot.replace(from, &to)])
        .current_dir(folder.path())
        .env("XDG_CONFIG_HOME", "/dev/null")
        .stdin(Stdio::null())
        .process_group(0)
        .spawn()
        .unwrap();
    let mut bob = room.line();
    bob.until("is now clock\n");
    bob.send("what time is it?\n!time\n");
    let answer = bob.line();
    assert!(answer.starts_with("[clock] ") && answer.contains(':'), "{answer}");
    kill_process_group(Pid::from_child(&shell), Signal::TERM).unwrap();
    shell.wait().unwrap();
}

#[test]
fn a_server_that_is_asked_to_hang_up_is_not_lost() {
    let room = Served::start(&[]);
    let mut cli = Piped::start(room.at, &["--commands"]);
    cli.writes("#quit\n");
    assert_eq!(cli.ends().code(), Some(0));
    drop::<Peer>(room.line());
}
