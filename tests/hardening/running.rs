//! A `srv` that runs, and peers that talk to it.

use core::time::Duration;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// Long enough for a machine that is busy with other tests.
pub(super) const LONG: Duration = Duration::from_secs(20);

/// The program under test.
pub(super) const SRV: &str = env!("CARGO_BIN_EXE_srv");

/// A server with a folder of its own.
pub(super) struct Srv {
    pub(super) child: Child,
    pub(super) port: u16,
    console: BufReader<ChildStdout>,
    base: TempDir,
}

impl Srv {
    /// Starts one on a port that the system chooses.
    pub(super) fn start(options: &[&str]) -> Self {
        let base = tempfile::tempdir().unwrap();
        let mut command = Command::new(SRV);
        command.args(["127.0.0.1", "0", "--folder"]).arg(base.path().join("folder")).args(options);
        command.stdin(Stdio::null());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut console = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        console.read_line(&mut line).unwrap();
        let port = line.trim().trim_end_matches('.').rsplit(' ').next().unwrap();
        Self { child, port: port.parse().expect(&line), console, base }
    }

    /// A place for the folder, and for what else a test needs beside it.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.base.path().join(name)
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// A peer that connected, and has not read anything yet.
    pub(super) fn connect(&self) -> Peer {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(LONG)).unwrap();
        Peer { lines: BufReader::new(stream) }
    }

    /// A line peer that is in the room.
    pub(super) fn join(&self) -> Peer {
        let mut peer = self.connect();
        peer.send("\n");
        peer.wait_for("#help lists");
        peer
    }

    /// Asks it to end; how it ended, and what the console said last.
    pub(super) fn end(mut self, signal: Signal) -> (ExitStatus, String) {
        kill(&self.child, signal);
        let mut rest = String::new();
        self.console.read_to_string(&mut rest).unwrap();
        (self.child.wait().unwrap(), rest)
    }
}

impl Drop for Srv {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A connection to a server.
pub(super) struct Peer {
    lines: BufReader<TcpStream>,
}

impl Peer {
    pub(super) fn send(&mut self, text: &str) {
        self.lines.get_mut().write_all(text.as_bytes()).unwrap();
    }

    /// The next line that holds `part`.
    pub(super) fn wait_for(&mut self, part: &str) -> String {
        loop {
            let line = self.next_line().unwrap_or_else(|| panic!("no line with {part} came"));
            if line.contains(part) {
                return line;
            }
        }
    }

    /// The next line, or nothing at the end.
    pub(super) fn next_line(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = self.lines.read_line(&mut line).expect("a line or the end comes in time");
        (read > 0).then_some(line)
    }

    /// Ends the sending, and waits until the server has closed, too.
    pub(super) fn leave(mut self) {
        self.lines.get_mut().shutdown(Shutdown::Write).unwrap();
        let _ = self.lines.read_to_end(&mut Vec::new());
    }
}

pub(super) fn kill(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}
