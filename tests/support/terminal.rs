//! A program on a pseudo-terminal, and one who sits at it.

#![allow(dead_code, reason = "each test uses a part of it")]

use core::time::Duration;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, ExitStatus};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Instant;

use pty_process::blocking::{Command, Pty, open};
use rustix::termios::LocalModes;

/// How long a test waits for anything that must come.
const PATIENCE: Duration = Duration::from_secs(30);

/// Ctrl-C, as the keyboard sends it.
pub(crate) const CTRL_C: &str = "\x03";

/// No folder: what the user of this machine has set up stays out of the tests.
pub(crate) const NOWHERE: &str = "/dev/null";

/// A user at a terminal on which a program runs.
pub(crate) struct Terminal {
    pty: Pty,
    child: Child,
    output: Receiver<Vec<u8>>,
    shown: Vec<u8>,
}

impl Terminal {
    /// Starts `cli` in `folder`.
    pub(crate) fn start(folder: &Path, arguments: &[&str]) -> Self {
        Self::run(env!("CARGO_BIN_EXE_cli"), folder, arguments)
    }

    /// Starts any program in `folder`.
    pub(crate) fn run(program: &str, folder: &Path, arguments: &[&str]) -> Self {
        let (pty, pts) = open().unwrap();
        let command = Command::new(program)
            .args(arguments)
            .env("XDG_CONFIG_HOME", NOWHERE)
            .current_dir(folder);
        let child = command.spawn(pts).unwrap();
        let mut reader = std::fs::File::from(rustix::io::dup(&pty).unwrap());
        let (sender, output) = channel();
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            // The end of a pseudo-terminal is an error.
            while let Ok(len) = reader.read(&mut bytes) {
                if len == 0 || sender.send(bytes[..len].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self { pty, child, output, shown: Vec::new() }
    }

    pub(crate) fn types(&mut self, keys: &str) {
        self.pty.write_all(keys.as_bytes()).unwrap();
    }

    /// Waits until as much is shown, and that must be this. The terminal makes
    /// `\r\n` of each newline.
    pub(crate) fn shows(&mut self, screen: &str) {
        let expected = screen.replace('\n', "\r\n");
        let end = Instant::now() + PATIENCE;
        while self.shown.len() < expected.len() {
            let left = end.saturating_duration_since(Instant::now());
            match self.output.recv_timeout(left) {
                Ok(bytes) => self.shown.extend(bytes),
                Err(_) => break,
            }
        }
        let len = expected.len().min(self.shown.len());
        let shown: Vec<u8> = self.shown.drain(..len).collect();
        assert_eq!(String::from_utf8_lossy(&shown), expected);
    }

    /// Waits until a line is shown that begins so, and returns the rest of it.
    /// What was shown before is passed.
    pub(crate) fn line(&mut self, beginning: &str) -> String {
        let end = Instant::now() + PATIENCE;
        loop {
            while let Some(len) = self.shown.iter().position(|&byte| byte == b'\n') {
                let line: Vec<u8> = self.shown.drain(..=len).collect();
                let line = String::from_utf8_lossy(&line);
                if let Some(rest) = line.trim_end().strip_prefix(beginning) {
                    return rest.to_owned();
                }
            }
            let left = end.saturating_duration_since(Instant::now());
            let more = self.output.recv_timeout(left);
            self.shown.extend(more.unwrap_or_else(|_| panic!("no line begins with {beginning}")));
        }
    }

    /// Whether the terminal shows what is typed by itself, as it does at first.
    pub(crate) fn echoes(&self) -> bool {
        let modes = rustix::termios::tcgetattr(&self.pty).unwrap().local_modes;
        modes.contains(LocalModes::ECHO | LocalModes::ICANON)
    }

    /// Waits for the end: nothing more may be shown, and the terminal has to be
    /// as it was.
    pub(crate) fn ends(mut self) -> ExitStatus {
        let status = wait(&mut self.child);
        assert!(self.echoes());
        self.shown.extend(self.output.iter().flatten());
        assert_eq!(String::from_utf8_lossy(&self.shown), "");
        status
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It has ended already in a test that went well to its end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits for a child, but not for ever.
pub(crate) fn wait(child: &mut Child) -> ExitStatus {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        if Instant::now() > end {
            child.kill().unwrap();
            panic!("the program does not end");
        }
        // The standard library has no wait with a timeout.
        thread::sleep(Duration::from_millis(5));
    }
}
