//! Keys out of the bytes that a terminal sends.

/// A key that means something to a line of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Text(char),
    /// Backspace.
    Erase,
    /// Ctrl-W.
    EraseWord,
    /// Ctrl-U.
    EraseLine,
    Enter,
    /// Ctrl-D.
    End,
}

/// Where in a key the bytes are.
#[derive(Debug, Default)]
pub(super) struct Keys {
    character: Vec<u8>,
    escape: Escape,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Escape {
    #[default]
    No,
    /// After ESC.
    Begun,
    /// Before the last byte of an arrow, a function key and the like.
    Sequence,
}

impl Keys {
    /// The key that this byte completes. Keys that mean nothing here, such as
    /// arrows, are passed over.
    pub(super) fn key(&mut self, byte: u8) -> Option<Key> {
        match (self.escape, byte) {
            (Escape::Begun, b'[' | b'O') => self.escape = Escape::Sequence,
            (Escape::Sequence, ..0x40) => {}
            (Escape::Begun | Escape::Sequence, _) => self.escape = Escape::No,
            (Escape::No, 0x1b) => self.escape = Escape::Begun,
            (Escape::No, b'\n' | b'\r') => return Some(Key::Enter),
            (Escape::No, 0x04) => return Some(Key::End),
            (Escape::No, 0x08 | 0x7f) => return Some(Key::Erase),
            (Escape::No, 0x15) => return Some(Key::EraseLine),
            (Escape::No, 0x17) => return Some(Key::EraseWord),
            (Escape::No, b'\t' | 0x20..) => return self.text(byte),
            (Escape::No, _) => {}
        }
        None
    }

    fn text(&mut self, byte: u8) -> Option<Key> {
        self.character.push(byte);
        match str::from_utf8(&self.character) {
            Err(error) if error.error_len().is_none() => None,
            Ok(text) => {
                let key = text.chars().next().map(Key::Text);
                self.character.clear();
                key
            }
            Err(_) => {
                self.character.clear();
                Some(Key::Text(char::REPLACEMENT_CHARACTER))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(bytes: &[u8]) -> Vec<Key> {
        let mut keys = Keys::default();
        bytes.iter().filter_map(|&byte| keys.key(byte)).collect()
    }

    #[test]
    fn characters_come_whole() {
        assert_eq!(keys("aé".as_bytes()), [Key::Text('a'), Key::Text('é')]);
        assert_eq!(keys(b"\xc3\n"), [Key::Enter]);
        assert_eq!(keys(b"\xffa"), [Key::Text('\u{fffd}'), Key::Text('a')]);
    }

    #[test]
    fn what_means_nothing_is_passed_over() {
        assert_eq!(keys(b"\x1b[A\x1bOP\x1b[15~\x1bx\x01a"), [Key::Text('a')]);
    }
}
