//! Lines out of what is read from standard input.

use std::collections::VecDeque;
use std::io::{self, Write};

use snug_core::wire::text::cut_character;

use super::keys::{Key, Keys};
use super::screen::Screen;

/// The most bytes of a line that goes out as one text. A terminal gives 4096,
/// a file may hold anything.
const MAX_LINE: usize = 32 * 1024;

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
    /// Newlines end them; the line so far.
    Lines(Vec<u8>),
    /// The user edits them on the screen.
    Keys(Keys),
}

impl Typed {
    /// `keys`: whether each key comes as it is typed, and is to be shown.
    pub(super) fn new(keys: bool) -> Self {
        let input = if keys { Input::Keys(Keys::default()) } else { Input::Lines(Vec::new()) };
        Self { bytes: VecDeque::new(), ended: false, input }
    }

    /// Takes what was read; nothing is the end.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        self.bytes.extend(bytes);
        self.ended |= bytes.is_empty();
    }

    /// Whether all that was read is used up and more may come.
    pub(super) fn wants_more(&self) -> bool {
        self.bytes.is_empty() && !self.ended
    }

    /// Whether all was typed and used up.
    pub(super) fn is_over(&self) -> bool {
        let unfinished = matches!(&self.input, Input::Lines(line) if !line.is_empty());
        self.ended && self.bytes.is_empty() && !unfinished
    }

    /// The next whole line, if it was typed already.
    pub(super) fn next<W: Write>(&mut self, screen: &mut Screen<W>) -> io::Result<Option<String>> {
        while let Some(byte) = self.bytes.pop_front() {
            let line = match &mut self.input {
                Input::Lines(line) => add(line, byte),
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
            Input::Lines(line) if self.ended && !line.is_empty() => {
                Some(text_of(&core::mem::take(line)))
            }
            _ => None,
        }
    }
}

/// Adds a byte to a line that comes from no terminal; the line, if it is whole.
fn add(line: &mut Vec<u8>, byte: u8) -> Option<String> {
    line.push(byte);
    let whole = byte == b'\n' || (line.len() >= MAX_LINE && cut_character(line) == 0);
    whole.then(|| text_of(&core::mem::take(line)))
}

fn text_of(line: &[u8]) -> String {
    String::from_utf8_lossy(line).replace(['\r', '\n'], "")
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
    fn lines_end_with_a_newline_or_the_end() {
        let piped = |reads: &[&[u8]]| lines(Typed::new(false), reads);
        assert_eq!(piped(&[b"a\r\n\nb", b"c\nd"]), ["a", "", "bc"]);
        assert_eq!(piped(&[b"a\nb", b"", b""]), ["a", "b"]);
        assert_eq!(piped(&[b"\xff\n"]), ["\u{fffd}"]);
    }

    #[test]
    fn a_long_line_is_cut_between_characters() {
        let long = format!("a{}", "é".repeat(MAX_LINE));
        let seen = lines(Typed::new(false), &[long.as_bytes(), b"\n"]);
        assert!(seen.len() > 1);
        assert_eq!(seen.concat(), long);
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
