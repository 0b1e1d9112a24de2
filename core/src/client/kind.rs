//! What a line of the server is, by its first character.

/// The kinds of lines that a server sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Kind {
    /// `[ADDR] TEXT`: somebody said it.
    Text,
    /// `* ADDR TEXT`: somebody did it.
    Action,
    /// `> …`: told by the server.
    Told,
    /// `< …`: somebody left.
    Left,
    /// `! …`: refused, with the reason and what to do.
    Refused,
    /// `#…`: for programs.
    Program,
    /// None of these; a classic server may send anything.
    Other,
    /// Not the beginning of a line: goes on where the last message was cut.
    Rest,
}

impl Kind {
    /// The kind of a whole line.
    ///
    /// ```
    /// use snug_core::client::Kind;
    ///
    /// assert_eq!(Kind::of("[127.0.0.1:50426] hello"), Kind::Text);
    /// assert_eq!(Kind::of("*stars*"), Kind::Other);
    /// ```
    pub fn of(line: &str) -> Self {
        match line.as_bytes() {
            [b'[', ..] => Self::Text,
            [b'*', b' ', ..] => Self::Action,
            [b'>', b' ', ..] => Self::Told,
            [b'<', b' ', ..] => Self::Left,
            [b'!', b' ', ..] => Self::Refused,
            [b'#', ..] => Self::Program,
            _ => Self::Other,
        }
    }
}
