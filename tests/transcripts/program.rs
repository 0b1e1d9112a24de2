//! The program: its start, its end, and what it complains about.

use core::net::{Ipv4Addr, Ipv6Addr};
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use rustix::process::{Pid, Signal, kill_process};

use crate::peer::{Peer, wait_until};
use crate::served::Served;
use crate::site::{Site, names};

const FAREWELL: &str = "\x1b[F\nexit\n";

#[test]
fn it_ends_when_asked() {
    for signal in [Signal::INT, Signal::TERM] {
        let mut room = Served::start(&[]);
        let mut ada = room.classic();
        let entered = format!("> New user {} entered (1 user online)", ada.addr);
        assert_eq!(room.console.line(), entered);
        room.signal(signal);
        assert_eq!(room.console.rest(), FAREWELL);
        let status = room.ends();
        assert_eq!((status.code(), status.signal()), (Some(0), None), "{signal:?}");
        ada.is_put_out();
        assert_eq!(room.complaints.rest(), "");
    }
}

#[test]
fn it_ends_when_asked_at_once() {
    let mut room = Served::start(&[]);
    room.signal(Signal::TERM);
    assert_eq!(room.console.rest(), FAREWELL);
    assert_eq!(room.ends().code(), Some(0));
}

#[test]
fn it_can_be_quiet() {
    // It does not tell a port that it was given, so one is looked for that is
    // free, at an address where no other test takes it meanwhile.
    let own = Ipv4Addr::new(127, 0, 0, 77);
    let free = TcpListener::bind((own, 0)).unwrap().local_addr().unwrap();
    let site = Site::new();
    let mut server = Command::new(env!("CARGO_BIN_EXE_srv"));
    server.args([&own.to_string(), &free.port().to_string(), "--quiet"]).current_dir(site.work());
    let child = server.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    wait_until("it serves", || TcpStream::connect(free).is_ok());
    Peer::connect(free).until(" online)");
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stdout), (Some(0), Vec::new()));
}

/// Who lets the system choose the port has no other way to learn it.
#[test]
fn even_when_quiet_it_tells_the_port_that_the_system_chose() {
    let mut room = Served::start(&["--quiet"]);
    room.classic();
    room.signal(Signal::TERM);
    assert_eq!(room.console.rest(), "");
    assert_eq!(room.ends().code(), Some(0));
}

fn run(arguments: &[&str]) -> Output {
    let site = Site::new();
    let mut command = Command::new(env!("CARGO_BIN_EXE_srv"));
    command.args(arguments).current_dir(site.work()).output().unwrap()
}

#[test]
fn a_wrong_call_is_told_as_ever() {
    for arguments in [
        &[][..],
        &["127.0.0.1"],
        &["127.0.0.1", "port"],
        &["127.0.0.1", "65536"],
        &["127.0.0.1", "-1"],
        &["127.0.0.1", "0", "more"],
        &["127.0.0.1", "0", "--dance"],
        &["127.0.0.1", "0", "--stall", "soon"],
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let said = String::from_utf8(output.stdout).unwrap();
        assert_eq!(said, "valid format : srv hostname port\n", "{arguments:?}");
        assert!(output.stderr.starts_with(b"error: "), "{arguments:?}");
    }
}

#[track_caller]
fn assert_fails(arguments: &[&str], why: &[&str]) {
    let output = run(arguments);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}");
    assert_eq!(output.stdout, b"", "{arguments:?}");
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.starts_with("srv: ") && why.iter().all(|why| said.contains(why)), "{said}");
}

#[test]
fn what_it_cannot_use_it_names() {
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let address = format!("127.0.0.1:{port}");
    assert_fails(&["127.0.0.1", &port], &["cannot listen on", &address, "in use"]);
    assert_fails(&["no such host", "0"], &["cannot find no such host"]);
    let file = tempfile::NamedTempFile::new().unwrap();
    let file = file.path().to_str().unwrap();
    for folder in [file.to_owned(), format!("{file}/below"), "/proc/none".to_owned()] {
        assert_fails(&["127.0.0.1", "0", "--folder", &folder], &["cannot use the folder", &folder]);
    }
    let unfit = ["127.0.0.1", "0", "--log-size", "64K", "--line-limit", "65535"];
    assert_fails(&unfit, &["do not fit together", "four lines"]);
}

#[test]
fn two_servers_do_not_share_a_folder() {
    let room = Served::start(&[]);
    let folder = room.site.folder();
    assert_fails(
        &["127.0.0.1", "0", "--folder", folder.to_str().unwrap()],
        &["cannot use the folder", "another server uses it"],
    );
    room.assert_serves(&[]);
}

#[test]
fn it_warns_where_strangers_can_come() {
    let room = Served::start_at("0.0.0.0", Ipv4Addr::LOCALHOST.into(), &[]);
    room.assert_serves(&[]);
    let said = String::from_utf8(room.complaints.so_far()).unwrap();
    assert!(said.starts_with("srv: there is no authentication: "), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[test]
fn it_makes_its_folder() {
    let site = Arc::new(Site::new());
    let room = Served::start_on(Arc::clone(&site), &[]);
    assert_eq!(names(&site.work()), ["server"]);
    drop(room);
    // What stands there stays, and the next one counts it in.
    fs::write(site.folder().join("old"), "kept").unwrap();
    let room = Served::start_on(site, &["--max-folder", "6"]);
    let mut ada = room.line();
    ada.send("#upload a 3\nabc");
    assert_eq!(ada.line(), "! the folder has no more room; ask who keeps it");
    ada.send("#upload a 2\nab");
    assert_eq!(ada.line(), "> Your file has been uploaded (2 bytes)");
    room.assert_serves(&[("old", b"kept"), ("a", b"ab")]);
}

#[test]
fn addresses_of_ipv6_stand_in_brackets() {
    if TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_err() {
        eprintln!("skipped: this machine has no IPv6");
        return;
    }
    for host in ["::1", "[::1]"] {
        let mut room = Served::start_at(host, Ipv6Addr::LOCALHOST.into(), &[]);
        let mut ada = room.classic();
        assert!(ada.addr.starts_with("[::1]:"));
        let entered = format!("> New user {} entered (1 user online)", ada.addr);
        assert_eq!(room.console.line(), entered);
        let mut bob = room.line();
        ada.expect(format!("> New user {} entered (2 users online)", bob.addr));
        ada.send("hello");
        assert_eq!(bob.line(), format!("[{}] hello", ada.addr));
        bob.send(format!("#msg {} hello\n", bob.addr));
        bob.until(format!("[{0} > {0}] hello\n", bob.addr));
        assert_eq!(room.complaints.so_far(), b"");
    }
}

#[test]
fn localhost_is_every_loopback_address() {
    let room = Served::start_at("localhost", Ipv4Addr::LOCALHOST.into(), &[]);
    room.assert_serves(&[]);
    assert_eq!(room.complaints.so_far(), b"");
}

#[test]
fn ipv4_through_ipv6_is_shown_as_ipv4() {
    if TcpListener::bind((Ipv6Addr::UNSPECIFIED, 0)).is_err() {
        eprintln!("skipped: this machine has no IPv6");
        return;
    }
    let mut room = Served::start_at("::", Ipv4Addr::LOCALHOST.into(), &[]);
    let ada = room.classic();
    assert!(ada.addr.starts_with("127.0.0.1:"));
    let entered = format!("> New user {} entered (1 user online)", ada.addr);
    assert_eq!(room.console.line(), entered);
}
