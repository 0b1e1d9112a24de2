//! The classic screen, byte for byte.

use std::io::{self, Write};

/// What stands before the line that the user types.
const PROMPT: &str = "[You] ";

/// To the start of the line above.
const UP: &str = "\x1b[F";

/// What the user sees.
#[derive(Debug)]
pub(super) struct Screen<W> {
    out: W,
    /// Whether the user is asked for a text now.
    asks: bool,
    /// Whether the last line is the one that the user has typed.
    below_typed: bool,
}

impl<W: Write> Screen<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out, asks: true, below_typed: false }
    }

    /// Shows a line of the room.
    pub(super) fn message(&mut self, text: &str) -> io::Result<()> {
        self.below_typed = false;
        write!(self.out, "\r{text}\n")?;
        self.prompt_if_asking()
    }

    /// Asks for the next text.
    pub(super) fn ask(&mut self) -> io::Result<()> {
        self.asks = true;
        self.prompt_if_asking()
    }

    /// The user has typed a line after which nothing is asked for a while.
    pub(super) fn ask_later(&mut self) {
        self.asks = false;
        self.below_typed = true;
    }

    /// Tells that the file went out: in place of the line that was typed for
    /// it, if that is still the last one.
    pub(super) fn uploaded(&mut self, typed: &str) -> io::Result<()> {
        if self.below_typed {
            write!(self.out, "{UP}")?;
        }
        write!(self.out, "\r> File '{typed}' has uploaded!\n")?;
        self.ask()
    }

    /// Tells why something was not done.
    pub(super) fn refuse(&mut self, why: &str) -> io::Result<()> {
        write!(self.out, "\r! {why}\n")?;
        self.ask()
    }

    pub(super) fn server_closed(&mut self) -> io::Result<()> {
        self.end("\n server closed\n")
    }

    pub(super) fn interrupted(&mut self) -> io::Result<()> {
        self.end("\nexit")
    }

    /// The input is over, and so is what the server had to say.
    pub(super) fn left(&mut self) -> io::Result<()> {
        self.end("\n")
    }

    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    fn end(&mut self, last: &str) -> io::Result<()> {
        self.out.write_all(last.as_bytes())?;
        self.out.flush()
    }

    fn prompt_if_asking(&mut self) -> io::Result<()> {
        if self.asks { self.out.write_all(PROMPT.as_bytes()) } else { Ok(()) }
    }
}
