//! Lines out of standard input where nobody edits them.

use std::io;
use std::sync::Arc;

use mio::Waker;
use snug_core::wire::text::cut_character;

use super::Wish;
use super::keyboard::Keyboard;

/// The most bytes of a line that goes out as one text. A terminal gives 4096,
/// a file may hold anything.
pub(super) const MAX_LINE: usize = 32 * 1024;

/// Standard input, read line by line.
#[derive(Debug)]
pub(super) struct Input {
    keyboard: Keyboard,
    lines: Lines,
    /// What was read and is not used up.
    read: Vec<u8>,
    used: usize,
    ended: bool,
}

impl Input {
    /// Starts to read; `waker` wakes the one who polls for lines.
    pub(super) fn open(waker: &Arc<Waker>) -> io::Result<Self> {
        let keyboard = Keyboard::start(Arc::clone(waker))?;
        Ok(Self { keyboard, lines: Lines::default(), read: Vec::new(), used: 0, ended: false })
    }

    /// The next line, if it has been read by now.
    pub(super) fn wish(&mut self) -> Option<Wish> {
        loop {
            if let Some(line) = self.lines.next_in(&self.read, &mut self.used) {
                return Some(Wish::Line(line));
            }
            if self.ended {
                return Some(self.lines.last().map_or(Wish::End, Wish::Line));
            }
            self.read = self.keyboard.next()?;
            self.used = 0;
            self.ended = self.read.is_empty();
        }
    }
}

/// Cuts bytes into lines.
#[derive(Debug, Default)]
pub(super) struct Lines {
    line: Vec<u8>,
}

impl Lines {
    /// Adds a byte; the line, if that is its end.
    pub(super) fn add(&mut self, byte: u8) -> Option<String> {
        self.line.push(byte);
        let full = self.line.len() >= MAX_LINE && cut_character(&self.line) == 0;
        (byte == b'\n' || full).then(|| self.take())
    }

    /// The line that the end of the input ends, if there is one.
    pub(super) fn last(&mut self) -> Option<String> {
        (!self.is_empty()).then(|| self.take())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.line.is_empty()
    }

    fn next_in(&mut self, bytes: &[u8], used: &mut usize) -> Option<String> {
        for &byte in &bytes[*used..] {
            *used += 1;
            let line = self.add(byte);
            if line.is_some() {
                return line;
            }
        }
        None
    }

    fn take(&mut self) -> String {
        let line = core::mem::take(&mut self.line);
        String::from_utf8_lossy(&line).replace(['\r', '\n'], "")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(bytes: &[u8]) -> Vec<String> {
        let mut lines = Lines::default();
        let mut all: Vec<_> = bytes.iter().filter_map(|&byte| lines.add(byte)).collect();
        all.extend(lines.last());
        all
    }

    #[test]
    fn lines_end_with_a_newline_or_the_end() {
        assert_eq!(lines(b"a\r\n\nbc\nd"), ["a", "", "bc", "d"]);
        assert_eq!(lines(b"a\n"), ["a"]);
        assert_eq!(lines(b"\xff\n"), ["\u{fffd}"]);
    }

    #[test]
    fn a_long_line_is_cut_between_characters() {
        let long = format!("a{}", "é".repeat(MAX_LINE));
        let seen = lines(long.as_bytes());
        assert!(seen.len() > 1);
        assert_eq!(seen.concat(), long);
    }
}
