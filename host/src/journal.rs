//! What is written to standard output: the room's lines, and answers.
//!
//! As text it is what the classic server prints, line by line, and between
//! that the answers to what the operator asks. As JSON each of them is an object
//! on a line of its own, with the time at which it was written down.

use core::fmt::Display;
use core::net::SocketAddr;
use core::time::Duration;

use clap::ValueEnum;
use serde::Serialize;
use snug_core::client::Kind;
use snug_core::server::Server;
use snug_core::store::Store;

use crate::console::Console;
use crate::news::News;
use crate::record::Record;

/// Bytes of the room's lines that are taken at once.
const PORTION: usize = 64 << 10;
/// How long the last lines have to get out at the end.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// In which form it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// The lines of the classic server.
    Classic,
    /// An object a line.
    Json,
}

/// The journal of a room.
#[derive(Debug)]
pub struct Journal {
    console: Console,
    format: LogFormat,
    /// Nothing of what happens.
    quiet: bool,
    /// What the console did not take yet.
    held: Vec<u8>,
}

impl Journal {
    /// A journal on a console; a quiet one has nothing of what happens, but answers.
    pub fn new(console: Console, format: LogFormat, quiet: bool) -> Self {
        Self { console, format, quiet, held: Vec::new() }
    }

    /// The room is open on a port; a quiet journal tells that too, if it is asked to.
    /// `invitation` tells who reads along how others join; it is for a person, and
    /// objects have `addresses` instead.
    pub fn open(&mut self, port: u16, addresses: &[SocketAddr], invitation: &str) {
        match self.format {
            LogFormat::Classic => {
                let text = format!("Chat server started on port {port}.\n{invitation}");
                self.held.extend_from_slice(text.as_bytes());
            }
            LogFormat::Json => self.record(&Event::Start { port, addresses }),
        }
        self.flush();
    }

    /// Whether the console holds up what is to be written: answers should wait.
    pub fn is_behind(&self) -> bool {
        !self.held.is_empty()
    }

    /// Writes down what the room was told. What the console does not take in
    /// time it does without.
    pub fn follow<S: Store>(&mut self, server: &mut Server<'_, S>) {
        while self.flush() && !self.quiet {
            let lines = server.console(PORTION);
            let len = lines.len();
            if len == 0 {
                return;
            }
            match self.format {
                LogFormat::Classic => self.held.extend_from_slice(lines),
                LogFormat::Json => record_lines(&mut self.held, lines),
            }
            server.handle_shown(len);
        }
    }

    /// Tells the operator something.
    pub fn tell(&mut self, answer: &(impl Display + Serialize)) {
        match self.format {
            LogFormat::Classic => self.held.extend_from_slice(format!("{answer}\n").as_bytes()),
            LogFormat::Json => self.record(answer),
        }
        self.flush();
    }

    /// The room has ended: the classic farewell, over the terminal's `^C`.
    pub fn close(mut self) {
        if !self.quiet {
            match self.format {
                LogFormat::Classic => self.held.extend_from_slice(b"\x1b[F\nexit\n"),
                LogFormat::Json => self.record(&Event::End),
            }
        }
        self.flush();
        self.console.finish(LAST_WORDS);
    }

    fn record(&mut self, what: &impl Serialize) {
        Record::now(what).write(&mut self.held);
    }

    /// Hands the console what it takes; whether that is all.
    fn flush(&mut self) -> bool {
        if self.held.is_empty() {
            return true;
        }
        let taken = self.console.offer(&self.held);
        self.held.drain(..taken);
        self.held.is_empty()
    }
}

/// What happens to the room as a whole.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Event<'a> {
    Start { port: u16, addresses: &'a [SocketAddr] },
    End,
}

fn record_lines(out: &mut Vec<u8>, lines: &[u8]) {
    for line in lines.strip_suffix(b"\n").unwrap_or(lines).split(|&byte| byte == b'\n') {
        let line = String::from_utf8_lossy(line);
        Record::now(News::of(Kind::of(&line), &line)).write(out);
    }
}
