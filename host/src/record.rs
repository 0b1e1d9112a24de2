//! A line of JSON: what happened, and when.

use std::io::{self, Write};

use jiff::Timestamp;
use serde::Serialize;

/// An object on a line of its own, as both programs write them.
#[derive(Debug, Serialize)]
pub(crate) struct Record<W> {
    /// When it was written; RFC 3339, UTC, with milliseconds.
    time: String,
    /// It was said before that, and is repeated.
    #[serde(skip_serializing_if = "core::ops::Not::not")]
    old: bool,
    #[serde(flatten)]
    what: W,
}

impl<W: Serialize> Record<W> {
    pub(crate) fn now(what: W) -> Self {
        Self { time: format!("{:.3}", Timestamp::now()), old: false, what }
    }

    /// The same, of what may be a repetition.
    pub(crate) fn repeated(self, old: bool) -> Self {
        Self { old, ..self }
    }

    /// The object and its newline.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        // A vector takes all, and nothing in a record is without a form in JSON.
        let written = serde_json::to_writer(&mut *out, self);
        debug_assert!(written.is_ok(), "a record can be written");
        out.push(b'\n');
    }

    /// Writes the object and its newline in one go.
    pub(crate) fn write_to(&self, out: &mut impl Write) -> io::Result<()> {
        let mut line = Vec::new();
        self.write(&mut line);
        out.write_all(&line)
    }
}

#[cfg(test)]
mod tests {
    use snug_core::client::Kind;

    use super::*;
    use crate::news::News;

    fn object(line: &str, old: bool) -> String {
        let what = News::of(Kind::of(line), line);
        let mut out = Vec::new();
        Record { time: "T".to_owned(), old: false, what }.repeated(old).write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn an_object_says_what_it_is() {
        assert_eq!(
            object("[ada] \"hi\"", false),
            "{\"time\":\"T\",\"type\":\"text\",\"who\":\"ada\",\"text\":\"\\\"hi\\\"\"}\n"
        );
        assert_eq!(
            object("< The user ada left (2 users online)", true),
            "{\"time\":\"T\",\"old\":true,\"type\":\"leave\",\"who\":\"ada\",\"online\":2}\n"
        );
        let refused = "{\"time\":\"T\",\"type\":\"refused\",\"text\":\"no\"}\n";
        assert_eq!(object("! no", false), refused);
    }

    #[test]
    fn a_time_has_milliseconds() {
        assert_eq!(Record::now(()).time.len(), "2026-01-31T12:00:00.000Z".len());
    }
}
