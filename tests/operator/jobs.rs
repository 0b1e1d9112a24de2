//! On a terminal: how others join, and a server in the background of a shell.

use std::{fs, io};

use rustix::process::{Pid, Signal, kill_process};

use crate::peer::{Peer, wait_until};
use crate::site::Site;
use crate::terminal::{CTRL_C, Terminal};

const SRV: &str = env!("CARGO_BIN_EXE_srv");
const STARTED: &str = "Chat server started on port ";

/// A job in the background of a shell, which outlives the shell and the
/// terminal: it is ended with the test.
struct Job(Pid);

impl Job {
    fn new(pid: &str) -> Self {
        Self(Pid::from_raw(pid.parse().unwrap()).unwrap())
    }

    /// What the system says of it, while it is there.
    fn stat(&self) -> io::Result<String> {
        fs::read_to_string(format!("/proc/{}/stat", self.0))
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        // It has ended already in a test that sees to that.
        let _ = kill_process(self.0, Signal::KILL);
    }
}

fn port_of(rest: &str) -> u16 {
    rest.trim_end_matches('.').parse().unwrap()
}

fn join(port: u16) -> Peer {
    let mut peer = Peer::connect(([127, 0, 0, 1], port).into());
    peer.send("\n");
    peer.until("#help lists what it knows\n");
    peer
}

#[test]
fn a_terminal_is_told_how_others_join() {
    let site = Site::new();
    let mut terminal = Terminal::run(SRV, &site.work(), &["127.0.0.1", "0"]);
    let port = port_of(&terminal.line(STARTED));
    terminal.shows(&format!(
        "> Others join by one of these lines:\n    nc 127.0.0.1 {port}\n    cli 127.0.0.1 {port}\n\
         > What you type goes to all; /help lists what else you can do\n"
    ));
    let mut ada = join(port);
    assert_eq!(terminal.line("> New user "), format!("{} entered (1 user online)", ada.addr));
    terminal.types("hello\n");
    assert_eq!(ada.line(), "[server] hello");
    // What was typed is shown by the terminal, what is said by the room.
    terminal.shows("hello\n[server] hello\n");
    terminal.types(CTRL_C);
    terminal.shows("^C\x1b[F\nexit\n");
    assert_eq!(terminal.ends().code(), Some(0));
}

#[test]
fn every_address_is_told_for_a_wildcard() {
    let site = Site::new();
    let mut terminal = Terminal::run(SRV, &site.work(), &["0.0.0.0", "0"]);
    let port = terminal.line(STARTED);
    let address = terminal.line("    nc ");
    assert_eq!(terminal.line("    cli "), address);
    let (host, told) = address.split_once(' ').unwrap();
    assert_eq!(told, port.trim_end_matches('.'));
    let mut ada =
        Peer::connect((host.parse::<core::net::Ipv4Addr>().unwrap(), port_of(&port)).into());
    ada.until("(1 user online)");
}

/// Ctrl-D is easily typed by mistake; as long as the terminal is there, more can
/// be typed.
#[test]
fn ctrl_d_ends_nothing_on_a_terminal() {
    let site = Site::new();
    let mut terminal = Terminal::run(SRV, &site.work(), &["127.0.0.1", "0"]);
    let mut ada = join(port_of(&terminal.line(STARTED)));
    terminal.types("\x04");
    terminal.types("still here\n");
    assert_eq!(ada.line(), "[server] still here");
}

/// A shell with job control that starts the server behind itself, reads a line
/// from the terminal that both have, and then brings the server to the front.
#[test]
fn a_background_job_reads_nothing_and_is_not_stopped() {
    let site = Site::new();
    let script = r#"set -m; "$0" 127.0.0.1 0 & echo "job $!"
        read line; echo "shell got $line"; fg %1 >/dev/null"#;
    let mut terminal = Terminal::run("sh", &site.work(), &["-c", script, SRV]);
    let job = Job::new(&terminal.line("job "));
    let mut ada = join(port_of(&terminal.line(STARTED)));

    terminal.types("for the shell\n");
    terminal.line("shell got for the shell");
    ada.send("are you there?\n#who\n");
    ada.until("> 1 user\n");

    terminal.types("for the room\n");
    assert_eq!(ada.line(), "[server] for the room");
    terminal.types(CTRL_C);
    terminal.line("exit");
    wait_until("it ends", || job.stat().is_err());
}

/// The same with something in front that never reads: what is typed waits in the terminal.
#[cfg(target_os = "linux")]
#[test]
fn a_background_job_leaves_what_is_typed_alone() {
    let site = Site::new();
    let script = r#"set -m; "$0" 127.0.0.1 0 & echo "job $!"; exec sleep 60"#;
    let mut terminal = Terminal::run("sh", &site.work(), &["-c", script, SRV]);
    let job = Job::new(&terminal.line("job "));
    let mut ada = join(port_of(&terminal.line(STARTED)));
    terminal.types("for nobody yet\n");
    ada.expect_nothing(core::time::Duration::from_millis(1500));
    let stat = job.stat().unwrap();
    let state = stat[stat.rfind(')').unwrap()..].split(' ').nth(1).unwrap();
    assert!(matches!(state, "S" | "R"), "it was stopped: {state}");
    ada.send("#who\n");
    ada.until("> 1 user\n");
}
