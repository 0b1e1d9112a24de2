//! The classic screen, byte for byte, with the line that is typed kept whole.

use std::io::{self, Write};

use crate::cli::front::tty::Tty;

/// What stands before the line that the user types.
const PROMPT: &str = "[You] ";

/// To the start of the line above.
const UP: &str = "\x1b[F";

/// Clears from the cursor to the end of the screen.
const CLEAR: &str = "\x1b[J";

/// What the user sees.
#[derive(Debug)]
pub(super) struct Screen<W> {
    out: W,
    /// Whether the user is asked for a text now.
    asks: bool,
    /// Whether the line above is the last one that the user has entered.
    below_entered: bool,
    /// The line that is being typed; always empty where the terminal (or
    /// nobody) shows it by itself.
    typing: String,
}

impl<W: Write> Screen<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out, asks: true, below_entered: false, typing: String::new() }
    }

    /// Shows a line of the room.
    pub(super) fn message(&mut self, text: &str) -> io::Result<()> {
        self.clear_typing()?;
        self.below_entered = false;
        write!(self.out, "\r{text}\n")?;
        self.show_typing()
    }

    /// Asks for the next text.
    pub(super) fn ask(&mut self) -> io::Result<()> {
        self.clear_typing()?;
        self.asks = true;
        self.show_typing()
    }

    /// The user has entered a line: nothing is asked until it is dealt with.
    pub(super) fn entered(&mut self) {
        self.asks = false;
        self.below_entered = true;
    }

    /// Tells that the file went out: in place of the line that was entered for
    /// it, if that is still the last one.
    pub(super) fn uploaded(&mut self, typed: &str) -> io::Result<()> {
        self.clear_typing()?;
        if self.below_entered {
            write!(self.out, "{UP}")?;
        }
        self.tell(&format!("> File '{typed}' has uploaded!"))
    }

    /// Tells why something was not done.
    pub(super) fn refuse(&mut self, why: &str) -> io::Result<()> {
        self.clear_typing()?;
        self.tell(&format!("! {why}"))
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

    /// The line that is being typed.
    pub(super) fn typing(&self) -> &str {
        &self.typing
    }

    /// The user has typed a character.
    pub(super) fn typed(&mut self, character: char) -> io::Result<()> {
        self.typing.push(character);
        write!(self.out, "{character}")
    }

    /// The user has taken back all but the first `len` bytes of the line.
    pub(super) fn erase_to(&mut self, len: usize) -> io::Result<()> {
        if len == self.typing.len() {
            return Ok(());
        }
        self.clear_typing()?;
        self.typing.truncate(len);
        self.show_typing()
    }

    /// The user has typed Enter: gives the line.
    pub(super) fn enter(&mut self) -> io::Result<String> {
        self.out.write_all(b"\n")?;
        Ok(core::mem::take(&mut self.typing))
    }

    /// Shows the line again as it stands: the shell had the screen meanwhile.
    pub(super) fn show_again(&mut self) -> io::Result<()> {
        self.out.write_all(b"\r")?;
        self.show_typing()
    }

    fn tell(&mut self, line: &str) -> io::Result<()> {
        write!(self.out, "\r{line}\n")?;
        self.asks = true;
        self.show_typing()
    }

    fn end(&mut self, last: &str) -> io::Result<()> {
        self.out.write_all(last.as_bytes())?;
        self.out.flush()
    }

    fn show_typing(&mut self) -> io::Result<()> {
        let prompt = if self.asks { PROMPT } else { "" };
        write!(self.out, "{prompt}{}", self.typing)
    }

    /// Makes the rows of the line free, if something was typed.
    ///
    /// Each character counts as one column: where they are wider, a long line
    /// may leave a row behind, which is not pretty but does no harm.
    fn clear_typing(&mut self) -> io::Result<()> {
        if self.typing.is_empty() {
            return Ok(());
        }
        let prompt = if self.asks { PROMPT.len() } else { 0 };
        let rows = (prompt + self.typing.chars().count() - 1) / Tty::columns();
        if rows > 0 {
            write!(self.out, "\x1b[{rows}A")?;
        }
        write!(self.out, "\r{CLEAR}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the screen writes while `act` does something to it.
    fn written(typing: &str, act: impl FnOnce(&mut Screen<Vec<u8>>) -> io::Result<()>) -> String {
        let mut screen = Screen::new(Vec::new());
        typing.chars().try_for_each(|character| screen.typed(character)).unwrap();
        screen.out.clear();
        act(&mut screen).unwrap();
        String::from_utf8(screen.out).unwrap()
    }

    #[test]
    fn a_message_stands_above_the_line_that_is_typed() {
        assert_eq!(written("", |screen| screen.message("> a")), "\r> a\n[You] ");
        assert_eq!(written("hel", |screen| screen.message("> a")), "\r\x1b[J\r> a\n[You] hel");
    }

    #[test]
    fn what_is_taken_back_is_not_shown() {
        assert_eq!(written("hé", |screen| screen.erase_to(1)), "\r\x1b[J[You] h");
        assert_eq!(written("hé", |screen| screen.erase_to(3)), "");
    }

    #[test]
    fn a_line_of_many_rows_is_cleared_whole() {
        let long = "x".repeat(3 * Tty::columns());
        let screen = written(&long, |screen| screen.erase_to(0));
        assert_eq!(screen, "\x1b[3A\r\x1b[J[You] ");
    }

    #[test]
    fn an_upload_takes_the_place_of_its_command() {
        let upload = |screen: &mut Screen<Vec<u8>>| {
            screen.entered();
            screen.uploaded("a")
        };
        assert_eq!(written("", upload), "\x1b[F\r> File 'a' has uploaded!\n[You] ");
        let upload = |screen: &mut Screen<Vec<u8>>| {
            screen.entered();
            screen.message("> b")?;
            screen.uploaded("a")
        };
        assert_eq!(written("", upload), "\r> b\n\r> File 'a' has uploaded!\n[You] ");
    }
}
