//! What the lines of a server mean.

use serde::Serialize;
use snug_core::client::Kind;

/// A line of the server, understood.
///
/// A classic server's messages are understood as far as they look like it. The
/// names, in lower case, are those of `--json`: scripts rely on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(super) enum News<'a> {
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
    /// What a line means.
    pub(super) fn of(kind: Kind, line: &'a str) -> Self {
        let known = match kind {
            Kind::Text => speech(line),
            Kind::Action => action(line),
            Kind::Told => line
                .strip_prefix("> ")
                .map(|told| notice(told).unwrap_or(Self::Told { text: told })),
            Kind::Left => leave(line),
            Kind::Refused => line.strip_prefix("! ").map(|text| Self::Refused { text }),
            Kind::Program => {
                Some(user(line).or_else(|| stored(line)).unwrap_or(Self::Program { text: line }))
            }
            Kind::Rest => Some(Self::Rest { text: line }),
            Kind::Other => None,
        };
        known.unwrap_or(Self::Other { text: line })
    }

    /// Whether it is one of the room's own lines, which its history has too.
    pub(super) fn is_of_the_room(&self) -> bool {
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
    pub(super) fn who(&self) -> Option<&'a str> {
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

fn speech(line: &str) -> Option<News<'_>> {
    // An address of IPv6 has brackets of its own, but no space.
    let (who, text) = line.strip_prefix('[')?.split_once("] ")?;
    Some(match who.split_once(" > ") {
        Some((who, to)) => News::Private { who, to, text },
        None => News::Text { who, text },
    })
}

fn action(line: &str) -> Option<News<'_>> {
    let (who, text) = line.strip_prefix("* ")?.split_once(' ')?;
    Some(News::Action { who, text })
}

fn leave(line: &str) -> Option<News<'_>> {
    let (rest, online) = online(line.strip_prefix("< The user ")?)?;
    Some(News::Leave { who: rest.strip_suffix(" left")?, online })
}

/// What is told and known.
fn notice(told: &str) -> Option<News<'_>> {
    if let Some(file) =
        told.strip_prefix("User ").and_then(|of| of.strip_suffix(" has uploaded a file"))
    {
        return Some(News::File { who: file });
    }
    if let Some((was, who)) = told.strip_prefix("User ").and_then(|of| of.split_once(" is now ")) {
        return Some(News::Nick { was, who });
    }
    let (rest, online) = online(told)?;
    if rest == "Connected to the chat server" {
        return Some(News::Welcome { online });
    }
    let who = rest.strip_prefix("New user ")?.strip_suffix(" entered")?;
    Some(News::Join { who, online })
}

/// What stands before `(N users online)`, and N.
fn online(line: &str) -> Option<(&str, u32)> {
    let (rest, count) = line.rsplit_once(" (")?;
    let digits = count.strip_suffix(" users online)").or(count.strip_suffix(" user online)"))?;
    Some((rest, digits.parse().ok()?))
}

fn user(line: &str) -> Option<News<'_>> {
    let (who, address) = line.strip_prefix("#user ")?.split_once(' ')?;
    Some(News::User { who, address })
}

/// The name may hold quotes and spaces, what comes after it none.
fn stored(line: &str) -> Option<News<'_>> {
    let (name, figures) = line.strip_prefix("#stored '")?.rsplit_once("' ")?;
    let (size, age) = figures.split_once(' ')?;
    let age = if age == "-" { None } else { Some(age.parse().ok()?) };
    Some(News::Stored { name, size: size.parse().ok()?, age })
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
