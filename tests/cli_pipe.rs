//! `cli` in a pipe: texts in, lines or objects out, and connections that break.

#[path = "support/peer.rs"]
mod peer;
#[path = "support/served.rs"]
mod served;
#[path = "support/site.rs"]
mod site;

use core::net::SocketAddr;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};

use peer::{PATIENCE, Peer, wait_until};
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

/// A server of our own, whose connections can be broken.
struct Stage {
    listener: TcpListener,
    at: SocketAddr,
}

impl Stage {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = listener.local_addr().unwrap();
        Self { listener, at }
    }

    /// The next one who connects, and has been told that this is Snug.
    fn welcomes(&self) -> BufReader<TcpStream> {
        let (stream, _) = self.listener.accept().unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut guest = BufReader::new(stream);
        expect(&mut guest, "");
        says(&mut guest, "> Connected to the chat server (1 user online)\n");
        says(&mut guest, "> This is Snug; #help lists what it knows\n");
        guest
    }
}

#[track_caller]
fn expect(guest: &mut BufReader<TcpStream>, line: &str) {
    let mut came = String::new();
    guest.read_line(&mut came).unwrap();
    assert_eq!(came, format!("{line}\n"));
}

fn says(guest: &mut BufReader<TcpStream>, lines: &str) {
    guest.get_mut().write_all(lines.as_bytes()).unwrap();
}

#[test]
fn a_lost_connection_comes_back_with_what_was_missed() {
    let stage = Stage::new();
    let mut cli = Piped::start(stage.at, &["--json", "--nick", "ada"]);
    let mut guest = stage.welcomes();
    expect(&mut guest, "#nick ada");
    says(&mut guest, "> Your name is set\n[bob] one\n[bob] two\n");
    cli.until("\"text\":\"two\"}");
    drop(guest);
    assert!(cli.line().contains("\"type\":\"lost\""));
    let mut guest = stage.welcomes();
    expect(&mut guest, "#nick ada");
    expect(&mut guest, "#history 0");
    expect(&mut guest, "#history 1000");
    // A line that comes live before the repetition is in it, too.
    says(&mut guest, "> Your name is set\n[bob] five\n> end of history\n");
    says(&mut guest, "[bob] zero\n[bob] one\n[bob] two\n< The user ada left (1 user online)\n");
    says(&mut guest, "[bob] three\n> User bob has uploaded a file\n[ada] own\n[bob] five\n");
    says(&mut guest, "> end of history\n[bob] six\n");
    let lines = cli.until("\"text\":\"six\"}");
    let heard: Vec<_> = lines.iter().filter(|line| line.contains("bob")).collect();
    assert_eq!(heard.len(), 4, "{lines:#?}");
    for (line, text) in heard.iter().zip(["three", "\"file\"", "five", "six"]) {
        assert!(line.contains(text), "{line}");
        assert_eq!(line.contains("\"old\":true"), text != "six", "{line}");
    }
    // What is typed goes on, and the next loss is no other.
    cli.writes("hello\n");
    expect(&mut guest, "hello");
    drop(guest);
    let mut guest = stage.welcomes();
    expect(&mut guest, "#nick ada");
}

#[test]
fn what_is_typed_meanwhile_is_said_afterwards() {
    let stage = Stage::new();
    let mut cli = Piped::start(stage.at, &["--json"]);
    drop(stage.welcomes());
    cli.until("trying to come back\"}");
    cli.writes("one\ntwo\n");
    cli.ends_input();
    let mut guest = stage.welcomes();
    for line in ["#history 0", "#history 1000", "one", "two"] {
        expect(&mut guest, line);
    }
    drop(guest);
    assert_eq!(cli.ends().code(), Some(0));
}

#[test]
fn what_may_be_lost_is_told() {
    let stage = Stage::new();
    let mut cli = Piped::start(stage.at, &["--json", "--nick", "ada"]);
    let mut guest = stage.welcomes();
    expect(&mut guest, "#nick ada");
    says(&mut guest, "> Your name is set\n");
    cli.until("is set\"}");
    cli.writes("heard\nunheard\n#tag\n");
    for line in ["heard", "unheard", "##tag"] {
        expect(&mut guest, line);
    }
    drop(guest);
    cli.until("trying to come back\"}");
    // It does not leave before it knows.
    cli.ends_input();
    let mut guest = stage.welcomes();
    for line in ["#nick ada", "#history 0", "#history 1000"] {
        expect(&mut guest, line);
    }
    says(&mut guest, "> Your name is set\n> end of history\n");
    says(&mut guest, "[ada] heard\n[ada] #tag\n> end of history\n");
    let lines = cli.until("\"text\":\"unheard\"}");
    let doubtful: Vec<_> = lines.iter().filter(|line| line.contains("doubtful")).collect();
    assert_eq!(doubtful.len(), 1, "{lines:#?}");
    drop(guest);
    assert_eq!(cli.ends().code(), Some(0));
}

#[test]
fn what_did_not_go_out_is_said_again() {
    let stage = Stage::new();
    rustix::net::sockopt::set_socket_recv_buffer_size(&stage.listener, 64 << 10).unwrap();
    let mut cli = Piped::start(stage.at, &["--json"]);
    let guest = stage.welcomes();
    // More than what lies between both ends can hold.
    let text = |number: usize| format!("{number} {}", "x".repeat(30_000));
    let count = 400;
    let mut input = cli.input.take().unwrap();
    let typist = std::thread::spawn(move || {
        for number in 0..count {
            writeln!(input, "{}", text(number)).unwrap();
        }
    });
    // Until nothing moves any more.
    let waiting = || rustix::io::ioctl_fionread(guest.get_ref()).unwrap();
    let mut last = 0;
    wait_until("the link is full", || {
        std::thread::sleep(core::time::Duration::from_millis(200));
        let before = core::mem::replace(&mut last, waiting());
        before > 0 && before == last
    });
    drop(guest);
    let mut guest = stage.welcomes();
    for line in ["#history 0", "#history 1000"] {
        expect(&mut guest, line);
    }
    let mut said = Vec::new();
    while said.last() != Some(&(count - 1)) {
        let mut line = String::new();
        assert!(guest.read_line(&mut line).unwrap() > 0);
        said.push(line.split(' ').next().unwrap().parse::<usize>().unwrap());
    }
    typist.join().unwrap();
    assert!(said.windows(2).all(|pair| pair[0] + 1 == pair[1]), "{said:?}");
    says(&mut guest, "> end of history\n> end of history\n");
    drop(guest);
    let mut doubtful = Vec::new();
    let mut line = String::new();
    while cli.output.read_line(&mut line).unwrap() > 0 {
        let object: Value = serde_json::from_str(&line).unwrap();
        if object["type"] == "doubtful" {
            let text = object["text"].as_str().unwrap().to_owned();
            doubtful.push(text.split(' ').next().unwrap().parse::<usize>().unwrap());
        }
        line.clear();
        if doubtful.last() == Some(&(said[0] - 1)) {
            break;
        }
    }
    assert_eq!(doubtful.last(), Some(&(said[0] - 1)), "{doubtful:?}");
}

#[test]
fn it_does_not_come_back_where_that_is_not_wanted() {
    let stage = Stage::new();
    let mut cli = Piped::start(stage.at, &["--no-reconnect"]);
    drop(stage.welcomes());
    cli.until(" online)");
    assert_eq!(cli.ends().code(), Some(1));
}

#[test]
fn a_server_that_is_asked_to_hang_up_is_not_lost() {
    let room = Served::start(&[]);
    let mut cli = Piped::start(room.at, &["--commands"]);
    cli.writes("#quit\n");
    assert_eq!(cli.ends().code(), Some(0));
    drop::<Peer>(room.line());
}
