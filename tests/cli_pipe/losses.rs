//! Connections that are lost, and come back.

use core::net::SocketAddr;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};

use serde_json::Value;

use crate::Piped;
use crate::peer::{PATIENCE, wait_until};

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
    assert_eq!(cli.ends().code(), Some(1));
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
fn who_is_put_out_stays_out() {
    let stage = Stage::new();
    let mut cli = Piped::start(stage.at, &[]);
    let mut guest = stage.welcomes();
    cli.until("(1 user online)");
    says(&mut guest, "[bob] ! you are put out; ask who keeps the room\n");
    drop(guest);
    let mut guest = stage.welcomes();
    expect(&mut guest, "#history 0");
    says(&mut guest, "! you are put out; ask who keeps the room\n");
    drop(guest);
    cli.until("[bob] ! you are put out; ask who keeps the room");
    cli.until("! you are put out; ask who keeps the room");
    assert_eq!(cli.ends().code(), Some(1));
}
