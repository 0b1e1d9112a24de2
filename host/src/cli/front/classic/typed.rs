//! Lines out of what is read from standard input.

use std::collections::VecDeque;
use std::io::{self, Write};

use super::keys::{Key, Keys};
use super::screen::Screen;
use crate::cli::front::input::{Lines, MAX_LINE};

/// What was typed and is not used up.
///
/// It is looked at only as far as the next line's end, so that on a terminal
/// each line is shown where it belongs: after the prompt that asks for it.
#[derive(Debug)]
pub(super) struct Typed {
    bytes: VecDeque<u8>,
    ended: bool,
    input: Input,
}

/// How lines are made.
#[derive(Debug)]
enum Input {
    /// Newlines end them.
    Lines(Lines),
    /// The user edits them on the screen.
    Keys(Keys),
}

impl Typed {
    /// `keys`: whether each key comes as it is typed, and is to be shown.
    pub(super) fn new(keys: bool) -> Self {
        let input =
            if keys { Input::Keys(Keys::default()) } else { Input::Lines(Lines::default()) };
        Self { bytes: VecDeque::new(), ended: false, input }
    }

    /// Takes what was read; nothing is the end.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        self.bytes.extend(bytes);
        self.ended |= bytes.is_empty();
    }

    /// Whether all was typed and used up.
    pub(super) fn is_over(&self) -> bool {
        let unfinished = matches!(&self.input, Input::Lines(lines) if !lines.is_empty());
        self.ended && self.bytes.is_empty() && !unfinished
    }

    /// The next whole line, if it was typed already.
    pub(super) fn next<W: Write>(&mut self, screen: &mut Screen<W>) -> io::Result<Option<String>> {
        while let Some(byte) = self.bytes.pop_front() {
            let line = match &mut self.input {
                Input::Lines(lines) => lines.add(byte),
                Input::Keys(keys) => match keys.key(byte) {
                    Some(Key::End) if screen.typing().is_empty() => self.end(),
                    Some(key) => edit(screen, key)?,
                    None => None,
                },
            };
            if line.is_some() {
                return Ok(line);
            }
        }
        Ok(self.last())
    }

    /// The end, by Ctrl-D: what was typed after it does not count.
    fn end(&mut self) -> Option<String> {
        self.ended = true;
        self.bytes.clear();
        None
    }

    /// The line that the end of the input has ended.
    fn last(&mut self) -> Option<String> {
        match &mut self.input {
            Input::Lines(lines) if self.ended => lines.last(),
            _ => None,
        }
    }
}

/// Does to the line on the screen what a key means; the line, if it was Enter.
fn edit<W: Write>(screen: &mut Screen<W>, key: Key) -> io::Result<Option<String>> {
    let typing = screen.typing();
    match key {
        Key::Enter => return screen.enter().map(Some),
        Key::Text(character) if typing.len() < MAX_LINE => screen.typed(character)?,
        Key::Text(_) | Key::End => {}
        Key::EraseLine => screen.erase_to(0)?,
        Key::Erase => {
            let last = typing.chars().next_back().map_or(0, char::len_utf8);
            screen.erase_to(typing.len() - last)?;
        }
        Key::EraseWord => {
            let words = typing.trim_end();
            screen.erase_to(words.rfind(char::is_whitespace).map_or(0, |at| at + 1))?;
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(mut typed: Typed, reads: &[&[u8]]) -> Vec<String> {
        let mut screen = Screen::new(io::sink());
        let mut lines = Vec::new();
        for bytes in reads {
            typed.feed(bytes);
            lines.extend(core::iter::from_fn(|| typed.next(&mut screen).unwrap()));
        }
        lines
    }

    #[test]
    fn a_line_may_come_in_pieces() {
        assert_eq!(lines(Typed::new(false), &[b"a\nb", b"c\nd", b"", b""]), ["a", "bc", "d"]);
    }

    #[test]
    fn a_line_can_be_edited() {
        let keyed = |keys: &str| lines(Typed::new(true), &[keys.as_bytes()]);
        assert_eq!(keyed("hex\x7fllo\r"), ["hello"]);
        assert_eq!(keyed("é\x7f\x7f\n"), [""]);
        assert_eq!(keyed("one two  \x17\n"), ["one "]);
        assert_eq!(keyed("one\x15two\nthr"), ["two"]);
    }

    #[test]
    fn ctrl_d_ends_the_input_between_lines_alone() {
        let mut typed = Typed::new(true);
        typed.feed(b"a\x04b\n\x04c\n");
        let mut screen = Screen::new(io::sink());
        assert_eq!(typed.next(&mut screen).unwrap().unwrap(), "ab");
        assert!(!typed.is_over());
        assert_eq!(typed.next(&mut screen).unwrap(), None);
        assert!(typed.is_over());
    }
}
