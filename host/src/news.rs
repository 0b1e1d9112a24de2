//! What a line tells, as both programs give it to other programs.

use serde::Serialize;
use snug_core::client::Kind;
use snug_core::wire::report::Report;
use snug_core::wire::sentence::Sentence;

/// A line of a server, understood.
///
/// A classic server's messages are understood as far as they look like it. The
/// names, in lower case, are those of `cli --json` and of `srv --log-format
/// json`: scripts rely on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(crate) enum News<'a> {
    /// Somebody said it to all.
    Text { who: &'a str, text: &'a str },
    /// Somebody said it to the user alone.
    Private { who: &'a str, to: &'a str, text: &'a str },
    /// Somebody did it.
    Action { who: &'a str, text: &'a str },
    /// The user is in the room.
    Welcome { online: u32 },
    /// Somebody entered.
    Join { who: &'a str, online: u32 },
    /// Somebody left.
    Leave { who: &'a str, online: u32 },
    /// Somebody has uploaded a file.
    File { who: &'a str },
    /// Somebody has another name.
    Nick { was: &'a str, who: &'a str },
    /// Somebody is here, as `#who` lists it.
    User { who: &'a str, address: &'a str },
    /// A file is there, as `#files` lists it: its bytes, and for how many
    /// seconds it has been there, where the server has a clock.
    Stored { name: &'a str, size: u64, age: Option<u64> },
    /// Told by the server to the user alone.
    Told { text: &'a str },
    /// The server does not do it.
    Refused { text: &'a str },
    /// For programs, and nothing that is known here.
    Program { text: &'a str },
    /// Anything else that a classic server may send.
    Other { text: &'a str },
    /// Goes on where the last line was cut.
    Rest { text: &'a str },
}

impl<'a> News<'a> {
    /// What a line means, or a part of one.
    pub(crate) fn of(kind: Kind, line: &'a str) -> Self {
        let known = match kind {
            Kind::Rest => return Self::Rest { text: line },
            Kind::Program => reported(line),
            _ => None,
        };
        let known = known.or_else(|| Sentence::parse(line).and_then(said));
        known.unwrap_or(match (kind, line.get(2..)) {
            (Kind::Told, Some(text)) => Self::Told { text },
            (Kind::Refused, Some(text)) => Self::Refused { text },
            (Kind::Program, _) => Self::Program { text: line },
            _ => Self::Other { text: line },
        })
    }

    /// Whether it is one of the room's own lines, which its history has too.
    pub(crate) fn is_of_the_room(&self) -> bool {
        matches!(
            self,
            Self::Text { .. }
                | Self::Action { .. }
                | Self::Join { .. }
                | Self::Leave { .. }
                | Self::File { .. }
                | Self::Nick { .. }
        )
    }

    /// Whom a line of the room is about.
    pub(crate) fn who(&self) -> Option<&'a str> {
        match *self {
            Self::Text { who, .. }
            | Self::Private { who, .. }
            | Self::Action { who, .. }
            | Self::Join { who, .. }
            | Self::Leave { who, .. }
            | Self::File { who }
            | Self::Nick { who, .. }
            | Self::User { who, .. } => Some(who),
            _ => None,
        }
    }
}

fn said(sentence: Sentence<'_>) -> Option<News<'_>> {
    Some(match sentence {
        Sentence::Welcome { online } => News::Welcome { online },
        Sentence::Entered { who, online } => News::Join { who, online },
        Sentence::Left { who, online } => News::Leave { who, online },
        Sentence::Uploaded { who } => News::File { who },
        Sentence::Renamed { was, is } => News::Nick { was, who: is },
        Sentence::Text { who, text } => News::Text { who, text },
        Sentence::Action { who, text } => News::Action { who, text },
        Sentence::Private { from, to, text } => News::Private { who: from, to, text },
        Sentence::Present { who, address } => News::User { who, address },
        // One that the core has learned to read since.
        _ => return None,
    })
}

fn reported(line: &str) -> Option<News<'_>> {
    let Report::Stored { name, size, age } = Report::parse(line)? else { return None };
    Some(News::Stored { name, size, age: age.map(|age| age.as_secs()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn news(line: &str) -> News<'_> {
        News::of(Kind::of(line), line)
    }

    #[test]
    fn lines_of_the_room() {
        assert_eq!(news("[ada] hi [bob] x"), News::Text { who: "ada", text: "hi [bob] x" });
        let v6 = News::Text { who: "[::1]:5", text: "hi" };
        assert_eq!(news("[[::1]:5] hi"), v6);
        assert_eq!(news("[a > b] c > d"), News::Private { who: "a", to: "b", text: "c > d" });
        assert_eq!(
            news("* ada waves her hand"),
            News::Action { who: "ada", text: "waves her hand" }
        );
        let join = News::Join { who: "1.2.3.4:5", online: 2 };
        assert_eq!(news("> New user 1.2.3.4:5 entered (2 users online)"), join);
        let leave = News::Leave { who: "ada", online: 1 };
        assert_eq!(news("< The user ada left (1 user online)"), leave);
        assert_eq!(news("> User ada has uploaded a file"), News::File { who: "ada" });
        assert_eq!(
            news("> User 1.2.3.4:5 is now ada"),
            News::Nick { was: "1.2.3.4:5", who: "ada" }
        );
    }

    #[test]
    fn lines_for_the_user_alone() {
        assert_eq!(
            news("> Connected to the chat server (1 user online)"),
            News::Welcome { online: 1 }
        );
        assert_eq!(news("> end of history"), News::Told { text: "end of history" });
        assert_eq!(news("! no"), News::Refused { text: "no" });
        assert_eq!(news("#user ada [::1]:5"), News::User { who: "ada", address: "[::1]:5" });
        let stored = News::Stored { name: "it's a", size: 1, age: Some(2) };
        assert_eq!(news("#stored 'it's a' 1 2"), stored);
        assert_eq!(news("#stored 'a' 1 -"), News::Stored { name: "a", size: 1, age: None });
        assert_eq!(news("#part 7"), News::Program { text: "#part 7" });
    }

    #[test]
    fn what_is_not_understood_stays_as_it_is() {
        for line in ["hello", "[no end", "< whatever", "* x"] {
            assert_eq!(news(line), News::Other { text: line });
        }
        assert_eq!(News::of(Kind::Rest, "[ada] x"), News::Rest { text: "[ada] x" });
    }
}
