//! Lines out of what is read from standard input.

use std::collections::VecDeque;

/// The most bytes of a line that goes out as one text. A terminal gives 4096,
/// a file may hold anything.
const MAX_LINE: usize = 32 * 1024;

/// What was typed and is not used up.
#[derive(Debug, Default)]
pub(super) struct Typed {
    lines: VecDeque<String>,
    line: Vec<u8>,
    ended: bool,
}

impl Typed {
    /// Takes what was read; nothing is the end.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        for piece in bytes.split_inclusive(|&b| b == b'\n') {
            self.line.extend_from_slice(piece);
            if self.line.ends_with(b"\n") || self.line.len() >= MAX_LINE {
                self.finish();
            }
        }
        if bytes.is_empty() && !self.ended {
            self.ended = true;
            if !self.line.is_empty() {
                self.finish();
            }
        }
    }

    /// The next whole line.
    pub(super) fn next(&mut self) -> Option<String> {
        self.lines.pop_front()
    }

    /// Whether there is room for more: no whole line waits.
    pub(super) fn wants_more(&self) -> bool {
        self.lines.is_empty() && !self.ended
    }

    /// Whether all was typed and used up.
    pub(super) fn is_over(&self) -> bool {
        self.lines.is_empty() && self.ended
    }

    /// A cut between characters leaves the half one for the next line.
    fn finish(&mut self) {
        let cut = if self.line.ends_with(b"\n") || self.ended {
            0
        } else {
            snug_core::wire::text::cut_character(&self.line)
        };
        let rest = self.line.split_off(self.line.len() - cut);
        let line = String::from_utf8_lossy(&self.line).replace(['\r', '\n'], "");
        self.lines.push_back(line);
        self.line = rest;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(reads: &[&[u8]]) -> Vec<String> {
        let mut typed = Typed::default();
        for bytes in reads {
            typed.feed(bytes);
        }
        core::iter::from_fn(|| typed.next()).collect()
    }

    #[test]
    fn lines_end_with_a_newline_or_the_end() {
        assert_eq!(lines(&[b"a\r\n\nb", b"c\nd"]), ["a", "", "bc"]);
        assert_eq!(lines(&[b"a\nb", b"", b""]), ["a", "b"]);
        assert_eq!(lines(&[b"\xff\n"]), ["\u{fffd}"]);
    }

    #[test]
    fn a_long_line_is_cut_between_characters() {
        let long = "é".repeat(MAX_LINE);
        let reads: Vec<&[u8]> = long.as_bytes().chunks(4095).chain([b"\n".as_slice()]).collect();
        let seen = lines(&reads);
        assert!(seen.len() > 1);
        assert_eq!(seen.concat(), long);
    }
}
