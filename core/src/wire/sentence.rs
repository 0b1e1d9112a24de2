//! The room's sentences, read back: what [`notice`](super::notice) renders.
//!
//! For those who keep a log, write a bot or colour a screen. A line of Snug can
//! be read in one way only: it begins with what it is, no name holds a space,
//! and no text holds the end of a line.

/// What a line tells of the room. Names are nicks or addresses, as shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Sentence<'a> {
    /// The first words to a newcomer.
    Welcome {
        /// Who is here, with the newcomer.
        online: u32,
    },
    /// Somebody came; with the count that includes them.
    Entered {
        /// The newcomer.
        who: &'a str,
        /// Who is here now.
        online: u32,
    },
    /// Somebody went; with the count without them.
    Left {
        /// Who went.
        who: &'a str,
        /// Who is here now.
        online: u32,
    },
    /// A file stands in the folder.
    Uploaded {
        /// Whose file it is.
        who: &'a str,
    },
    /// Somebody has a new name.
    Renamed {
        /// The name so far.
        was: &'a str,
        /// The new one.
        is: &'a str,
    },
    /// Somebody said something to all; `server` is who keeps the room.
    Text {
        /// Who said it.
        who: &'a str,
        /// What was said.
        text: &'a str,
    },
    /// Somebody did something.
    Action {
        /// Who did it.
        who: &'a str,
        /// What was done.
        text: &'a str,
    },
    /// Somebody said something to one alone.
    Private {
        /// Who said it.
        from: &'a str,
        /// To whom.
        to: &'a str,
        /// What was said.
        text: &'a str,
    },
    /// Somebody is here: an answer to `#who`.
    Present {
        /// Who it is.
        who: &'a str,
        /// Where they come from, whatever they are called.
        address: &'a str,
    },
}

impl<'a> Sentence<'a> {
    /// What a whole line says, without its newline; nothing where it is none of
    /// these: another answer, say, or a line of a server that is not Snug.
    ///
    /// # Example: reading who said what
    ///
    /// ```
    /// use snug_core::wire::sentence::Sentence;
    ///
    /// let line = Sentence::parse("[[::1]:50426] hello [you] all");
    /// assert_eq!(line, Some(Sentence::Text { who: "[::1]:50426", text: "hello [you] all" }));
    /// assert_eq!(Sentence::parse("> end of history"), None);
    /// ```
    pub fn parse(line: &'a str) -> Option<Self> {
        match line.split_at_checked(2)? {
            ("> ", told) => told_of(told),
            ("< ", left) => {
                let (who, online) = counted(left.strip_prefix("The user ")?, " left ")?;
                Some(Self::Left { who: name(who)?, online })
            }
            ("* ", action) => {
                let (who, text) = action.split_once(' ')?;
                Some(Self::Action { who: name(who)?, text })
            }
            ("#u", _) => {
                let (who, address) = line.strip_prefix("#user ")?.split_once(' ')?;
                Some(Self::Present { who: name(who)?, address: name(address)? })
            }
            _ => said(line.strip_prefix('[')?),
        }
    }
}

fn told_of(told: &str) -> Option<Sentence<'_>> {
    if let Some(entered) = told.strip_prefix("New user ") {
        let (who, online) = counted(entered, " entered ")?;
        return Some(Sentence::Entered { who: name(who)?, online });
    }
    if told.starts_with("Connected") {
        let (_, online) = counted(told, "Connected to the chat server ")?;
        return Some(Sentence::Welcome { online });
    }
    let user = told.strip_prefix("User ")?;
    if let Some(who) = user.strip_suffix(" has uploaded a file") {
        return Some(Sentence::Uploaded { who: name(who)? });
    }
    let (was, is) = user.split_once(" is now ")?;
    Some(Sentence::Renamed { was: name(was)?, is: name(is)? })
}

/// `WHO] TEXT` or `FROM > TO] TEXT`. An address of IPv6 stands in brackets, but
/// its last one is followed by a colon.
fn said(said: &str) -> Option<Sentence<'_>> {
    let (who, text) = said.split_once("] ")?;
    if let Some((from, to)) = who.split_once(" > ") {
        return Some(Sentence::Private { from: name(from)?, to: name(to)?, text });
    }
    Some(Sentence::Text { who: name(who)?, text })
}

/// What stands before what happened, and N of the `(N users online)` behind it.
fn counted<'a>(line: &'a str, happened: &str) -> Option<(&'a str, u32)> {
    let (who, count) = line.split_once(happened)?;
    let count = count.strip_prefix('(')?;
    let digits = count.strip_suffix(" users online)").or(count.strip_suffix(" user online)"))?;
    Some((who, digits.parse().ok()?))
}

fn name(name: &str) -> Option<&str> {
    let is_name = !name.is_empty() && !name.contains(' ');
    is_name.then_some(name)
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::format;
    use std::string::ToString;

    use super::*;
    use crate::wire::nick::Nick;
    use crate::wire::notice::{Notice, Prefix, Reply, Shown};

    /// All that is rendered is read back as what it was.
    #[test]
    fn what_is_said_to_the_room_is_read_back() {
        let ada = Nick::parse(b"ada").unwrap();
        for addr in ["127.0.0.1:50426", "[::1]:50426", "[fe80::1%3]:9"] {
            let at = Shown { nick: None, addr: addr.parse().unwrap() };
            let nick = Shown { nick: Some(&ada), ..at };
            for (who, shown) in [(at, addr), (nick, "ada")] {
                let read = |line: &str, sentence| {
                    assert_eq!(Sentence::parse(line), Some(sentence), "{line}");
                };
                let present = Reply::User(who, at.addr).to_string();
                let present = present.trim_end_matches('\n');
                read(present, Sentence::Present { who: shown, address: addr });
                for online in [0, 1, 2, 50_000] {
                    let greeting = Reply::Greeting(online).to_string();
                    read(&greeting, Sentence::Welcome { online });
                    let entered = Notice::Entered(who, online).to_string();
                    read(&entered, Sentence::Entered { who: shown, online });
                    let left = Notice::Left(who, online).to_string();
                    read(&left, Sentence::Left { who: shown, online });
                }
                let uploaded = Notice::Uploaded(who).to_string();
                read(&uploaded, Sentence::Uploaded { who: shown });
                let renamed = Notice::Renamed(who, nick).to_string();
                read(&renamed, Sentence::Renamed { was: shown, is: "ada" });
                for text in ["hi", "a] b", "> User x has uploaded a file", " ", "[b > c] d"] {
                    let line = format!("{}{text}", Prefix::Text(who));
                    read(&line, Sentence::Text { who: shown, text });
                    let line = format!("{}{text}", Prefix::Action(who));
                    read(&line, Sentence::Action { who: shown, text });
                    let line = format!("{}{text}", Prefix::Private(nick, who));
                    read(&line, Sentence::Private { from: "ada", to: shown, text });
                    let line = format!("{}{text}", Prefix::Server);
                    read(&line, Sentence::Text { who: "server", text });
                }
            }
        }
    }

    #[test]
    fn what_is_no_sentence_is_none() {
        for line in [
            "",
            ">",
            "é",
            "hello",
            "[ada]hello",
            "[] hello",
            "[a b] hello",
            "* ada",
            "> end of history",
            "> New user ada entered",
            "> New user ada entered (many users online)",
            "> New user a b entered (2 users online)",
            "> User a b has uploaded a file",
            "< The user ada left",
            "! the room is full; try again later",
            "> Connected to the chat server",
            "> Connected to the chat server (2 users online) again",
            "#user ada",
            "#user a b 127.0.0.1:1",
            "#stored 'a' 1 2",
        ] {
            assert_eq!(Sentence::parse(line), None, "{line}");
        }
    }
}
