//! The `cli` program on a pseudo-terminal, and what one sees who sits at it.

use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, ExitStatus};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Instant;

use pty_process::Size;
use pty_process::blocking::{Command, Pty, open};
use rustix::termios::LocalModes;

use super::peer::PATIENCE;

/// A terminal of 80 columns and 24 rows at first.
pub(crate) struct Screen {
    pty: Pty,
    child: Child,
    output: Receiver<Vec<u8>>,
    parser: vt100::Parser<Bells>,
    /// All that was written to the terminal.
    written: Vec<u8>,
}

/// Counts how often it rang.
#[derive(Default)]
struct Bells(usize);

impl vt100::Callbacks for Bells {
    fn audible_bell(&mut self, _: &mut vt100::Screen) {
        self.0 += 1;
    }
}

impl Screen {
    /// Starts `cli` with these arguments; `folder` is its working directory and
    /// keeps its history.
    pub(crate) fn start(folder: &Path, arguments: &[&str]) -> Self {
        Self::start_with(folder, arguments, &[])
    }

    /// The same with something more in its environment.
    pub(crate) fn start_with(folder: &Path, arguments: &[&str], env: &[(&str, &str)]) -> Self {
        let (pty, pts) = open().unwrap();
        pty.resize(Size::new(24, 80)).unwrap();
        let command = Command::new(env!("CARGO_BIN_EXE_cli"))
            .args(arguments)
            .current_dir(folder)
            .env("XDG_STATE_HOME", folder)
            .env("XDG_CONFIG_HOME", folder)
            .env("TERM", "xterm")
            .env_remove("NO_COLOR")
            .env_remove("TERM_PROGRAM")
            .envs(env.iter().copied());
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
        let parser = vt100::Parser::new_with_callbacks(24, 80, 0, Bells::default());
        Self { pty, child, output, parser, written: Vec::new() }
    }

    pub(crate) fn types(&mut self, keys: &str) {
        self.pty.write_all(keys.as_bytes()).unwrap();
    }

    pub(crate) fn resize(&mut self, rows: u16, columns: u16) {
        self.pty.resize(Size::new(rows, columns)).unwrap();
        self.parser.screen_mut().set_size(rows, columns);
    }

    /// The rows that are not empty, without the spaces at their ends.
    pub(crate) fn rows(&self) -> Vec<String> {
        let screen = self.parser.screen();
        let rows = screen.rows(0, screen.size().1);
        rows.map(|row| row.trim_end().to_owned()).filter(|row| !row.is_empty()).collect()
    }

    /// Waits until the screen is as it should be.
    #[track_caller]
    pub(crate) fn until(&mut self, what: &str, is_so: impl Fn(&[String]) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !is_so(&self.rows()) {
            let left = end.saturating_duration_since(Instant::now());
            let Ok(bytes) = self.output.recv_timeout(left) else {
                panic!("waited in vain until {what}:\n{}", self.rows().join("\n"));
            };
            self.draw(&bytes);
        }
    }

    /// Waits until some row ends like this.
    #[track_caller]
    pub(crate) fn shows(&mut self, end: &str) {
        self.until(end, |rows| rows.iter().any(|row| row.ends_with(end)));
    }

    /// Waits until the prompt is there with this behind it, and the last row.
    #[track_caller]
    pub(crate) fn prompts(&mut self, typed: &str) {
        let prompt = format!("[You] {typed}");
        let prompt = prompt.trim_end();
        self.until(prompt, |rows| rows.last().is_some_and(|row| row == prompt));
    }

    /// How often it rang so far.
    pub(crate) fn rang(&self) -> usize {
        self.parser.callbacks().0
    }

    /// All bytes that came so far.
    pub(crate) fn written(&self) -> String {
        String::from_utf8_lossy(&self.written).into_owned()
    }

    /// Whether the terminal shows what is typed by itself, as it does at first.
    pub(crate) fn echoes(&self) -> bool {
        let modes = rustix::termios::tcgetattr(&self.pty).unwrap().local_modes;
        modes.contains(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG)
    }

    pub(crate) fn pid(&self) -> rustix::process::Pid {
        rustix::process::Pid::from_child(&self.child)
    }

    /// Waits for the end. The terminal has to be as it was, and there is no
    /// prompt any more.
    #[track_caller]
    pub(crate) fn ends(&mut self) -> ExitStatus {
        let end = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < end, "it does not end:\n{}", self.rows().join("\n"));
            match self.output.recv_timeout(core::time::Duration::from_millis(20)) {
                Ok(bytes) => self.draw(&bytes),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
            }
        };
        assert!(status.signal().is_none(), "{status}");
        assert!(self.echoes());
        while let Ok(bytes) = self.output.recv_timeout(core::time::Duration::from_millis(200)) {
            self.draw(&bytes);
        }
        let prompt = self.rows().into_iter().find(|row| row.starts_with("[You]"));
        assert_eq!(prompt, None);
        status
    }

    fn draw(&mut self, bytes: &[u8]) {
        self.written.extend(bytes);
        self.parser.process(bytes);
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // It has ended already in a test that went well to its end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
