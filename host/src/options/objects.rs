//! The objects of `cli --json` and `srv --log-format json`, for the man pages.
//!
//! Scripts rely on the names of types and fields. The README has the same in
//! its tables.

use super::paper::Entry;

/// Objects of `cli --json`.
pub(super) const OF_CLI: [Entry; 16] = [
    (
        "",
        "With --json each line is an object, with time (UTC) and type, and with old (true) if it \
         was said before and is repeated. The types, and what is with them; sizes are in bytes:",
    ),
    ("welcome", "online: the user is in the room, with so many in it"),
    JOIN_LEAVE,
    TEXT_ACTION,
    ("private", "who, to, text"),
    FILE,
    NICK,
    ("user", "who, address: an answer to #who"),
    (
        "stored",
        "name, size, age in seconds (null where the server has no clock): an answer to #files, or \
         to --files",
    ),
    ("told, refused", "text: what the server or cli has to say to the user alone"),
    ("uploaded, fetched", "file: as the user has named it"),
    ("said", "text: what --send has said; what is typed is not repeated"),
    ("lost", "text: why there is no connection"),
    ("back", "the connection is there again"),
    ("doubtful", "text: the user said it, and it may be lost"),
    (
        "program, other, rest",
        "text: a line that cli does not know, and the rest of one that was too long",
    ),
];

/// Objects of `srv --log-format json`.
pub(super) const OF_SRV: [Entry; 14] = [
    (
        "",
        "With --log-format json each line is an object, with time (UTC) and type. The types, and \
         what is with them; sizes are in bytes:",
    ),
    ("start", "port, addresses: the room is open, and how others reach it"),
    JOIN_LEAVE,
    TEXT_ACTION,
    FILE,
    NICK,
    ("user", "who, address: an answer to /who"),
    ("users", "online: the end of that answer"),
    ("stored", "name, size, age in seconds: an answer to /files"),
    ("files", "files, size: the end of that answer, with how many they are and their bytes"),
    (
        "figures",
        "an answer to /stats or SIGUSR1; but for online, transfers, folder and memory_used, it \
         counts from the start: up (seconds); online, places (clients that are here and that there \
         can be); came, turned_away (clients); lines; skipped (lines that slow readers missed); \
         unshown (lines that this output missed); refused (what clients asked for in vain); \
         received, sent (bytes); stored, fetched (files); transfers (under way); folder (bytes of \
         its files); memory_lent, memory_used (bytes)",
    ),
    ("told, refused", "text: anything else that is answered to what is typed"),
    ("other", "text: a line of some other kind"),
    ("end", "the room has ended"),
];

const JOIN_LEAVE: Entry = ("join, leave", "who, online: so many are in the room now");
const TEXT_ACTION: Entry = ("text, action", "who, text");
const FILE: Entry = ("file", "who has uploaded one");
const NICK: Entry = ("nick", "was, and who they are now");

#[cfg(test)]
mod tests {
    use serde::Serialize;
    use snug_core::client::Kind;

    use super::*;
    use crate::cli::Own;
    use crate::news::News;
    use crate::operator::{Answer, Report};

    /// Each field of an object stands with its type.
    #[track_caller]
    fn assert_told(table: &[Entry], object: impl Serialize) {
        let object = serde_json::to_value(object).unwrap();
        let kind = object["type"].as_str().unwrap();
        let (_, text) = table
            .iter()
            .find(|(kinds, _)| kinds.split(", ").any(|other| other == kind))
            .unwrap_or_else(|| panic!("{kind}"));
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        for field in object.as_object().unwrap().keys().filter(|field| *field != "type") {
            let is_told = text.split(|c| !is_word(c)).any(|word| word == field);
            assert!(is_told, "{field} of {kind}");
        }
    }

    #[test]
    fn what_the_room_tells_is_told() {
        let lines = ["[a] b", "* a b", "< The user a left (1 user online)", "> User a is now b"];
        let more = ["> New user a entered (1 user online)", "> User a has uploaded a file", "x"];
        for line in lines.into_iter().chain(more) {
            for table in [&OF_CLI[..], &OF_SRV] {
                assert_told(table, News::of(Kind::of(line), line));
            }
        }
        let alone = ["> Connected to the chat server (1 user online)", "[a > b] c", "> a", "! a"];
        let lists = ["#user a 1.2.3.4:5", "#stored 'a' 1 -", "#part 1"];
        for line in alone.into_iter().chain(lists) {
            assert_told(&OF_CLI, News::of(Kind::of(line), line));
        }
        assert_told(&OF_CLI, News::of(Kind::Rest, "x"));
    }

    #[test]
    fn what_cli_tells_is_told() {
        let (file, text) = ("a", "b");
        for own in [
            Own::Uploaded { file },
            Own::Fetched { file },
            Own::Said { text },
            Own::Told { text },
            Own::Refused { text },
            Own::Doubtful { text },
            Own::Lost { text },
            Own::Back,
        ] {
            assert_told(&OF_CLI, own);
        }
    }

    #[test]
    fn what_the_operator_is_told_is_told() {
        for answer in [
            Answer::User { who: String::new(), address: String::new() },
            Answer::Users { online: 1 },
            Answer::Stored { name: String::new(), size: 1, age: 1 },
            Answer::Files { files: 1, size: 1 },
            Answer::Figures(Report::default()),
            Answer::Told { text: String::new() },
            Answer::Refused { text: String::new() },
        ] {
            assert_told(&OF_SRV, answer);
        }
    }
}
