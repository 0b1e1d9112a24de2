//! What is written to standard output: the room's lines, and answers.
//!
//! As text it is what the classic server prints, line by line, and between
//! that the answers to what the operator asks. As JSON each of them is an object
//! on a line of its own, with the time at which it was written down.

use core::net::SocketAddr;
use core::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use snug_core::server::Server;
use snug_core::store::Store;
use snug_core::wire::sentence::Sentence;

use crate::console::Console;
use crate::operator::Answer;
use crate::options::LogFormat;

/// Bytes of the room's lines that are taken at once.
const PORTION: usize = 64 << 10;
/// How long the last lines have to get out at the end.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// The journal of a room.
#[derive(Debug)]
pub struct Journal {
    console: Console,
    format: LogFormat,
    /// Nothing but answers.
    quiet: bool,
    /// What the console did not take yet.
    held: Vec<u8>,
}

impl Journal {
    /// A journal on a console; a quiet one has nothing but answers.
    pub fn new(console: Console, format: LogFormat, quiet: bool) -> Self {
        Self { console, format, quiet, held: Vec::new() }
    }

    /// The room is open on a port. `invitation` tells who reads along how others
    /// join; it is for a person, and objects have `addresses` instead.
    pub fn open(&mut self, port: u16, addresses: &[SocketAddr], invitation: &str) {
        if self.quiet {
            return;
        }
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
    pub fn tell(&mut self, answer: &Answer) {
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
        record(&mut self.held, &Timestamp::now(), what);
    }

    /// Hands the console what it takes; whether that is all.
    fn flush(&mut self) -> bool {
        let taken = self.console.offer(&self.held);
        self.held.drain(..taken);
        self.held.is_empty()
    }
}

/// An object of the journal.
#[derive(Serialize)]
struct Record<'a, W> {
    /// RFC 3339, UTC, with milliseconds.
    time: &'a str,
    #[serde(flatten)]
    what: &'a W,
}

/// What happens in a room.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Event<'a> {
    Start { port: u16, addresses: &'a [SocketAddr] },
    Join { who: &'a str, online: u32 },
    Leave { who: &'a str, online: u32 },
    File { who: &'a str },
    Nick { was: &'a str, who: &'a str },
    Text { who: &'a str, text: &'a str },
    Action { who: &'a str, text: &'a str },
    Other { text: &'a str },
    End,
}

impl<'a> Event<'a> {
    fn of(line: &'a str) -> Self {
        match Sentence::parse(line) {
            Some(Sentence::Entered { who, online }) => Self::Join { who, online },
            Some(Sentence::Left { who, online }) => Self::Leave { who, online },
            Some(Sentence::Uploaded { who }) => Self::File { who },
            Some(Sentence::Renamed { was, is }) => Self::Nick { was, who: is },
            Some(Sentence::Text { who, text }) => Self::Text { who, text },
            Some(Sentence::Action { who, text }) => Self::Action { who, text },
            // A private text never gets here; a new kind of sentence may.
            _ => Self::Other { text: line },
        }
    }
}

fn record_lines(out: &mut Vec<u8>, lines: &[u8]) {
    let now = Timestamp::now();
    for line in lines.strip_suffix(b"\n").unwrap_or(lines).split(|&byte| byte == b'\n') {
        record(out, &now, &Event::of(&String::from_utf8_lossy(line)));
    }
}

fn record(out: &mut Vec<u8>, now: &Timestamp, what: &impl Serialize) {
    let time = format!("{now:.3}");
    // A vector takes all, and nothing in a record is without a form in JSON.
    let written = serde_json::to_writer(&mut *out, &Record { time: &time, what });
    debug_assert!(written.is_ok(), "a record can be written");
    out.push(b'\n');
}
