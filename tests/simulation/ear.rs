//! What a scripted peer understands of what it hears: how its transfer goes.

use snug_core::client::STORED;

/// A place up to which a peer has listened.
#[derive(Debug, Default)]
pub(crate) struct Ear {
    at: usize,
    /// Up to where there is no newline.
    looked: usize,
    /// The first newline came, and lines follow.
    lines: bool,
}

/// How a transfer goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    /// The bytes that the room has of a file.
    Have(usize),
    /// A file is stored.
    Stored,
    PutRefused,
    /// All of a file came, or no more of it will.
    GotAll,
    Stopped,
}

impl Ear {
    /// The next word in what was heard.
    pub(crate) fn next(&mut self, heard: &[u8]) -> Option<Word> {
        loop {
            let looked = core::mem::replace(&mut self.looked, heard.len()).max(self.at);
            let len = heard.get(looked..)?.iter().position(|&byte| byte == b'\n')?;
            let line = &heard[self.at..looked + len];
            self.at = looked + len + 1;
            self.looked = self.at;
            if !core::mem::replace(&mut self.lines, true) {
                continue;
            }
            let line = String::from_utf8_lossy(line);
            if let Some(part) = line.strip_prefix("#part ") {
                self.at += part.parse::<usize>().expect("a part has a length");
                self.looked = self.at;
            }
            if let Some(word) = understand(&line) {
                return Some(word);
            }
        }
    }
}

fn understand(line: &str) -> Option<Word> {
    if let Some(have) = line.strip_prefix("#have ") {
        let (_, offset) = have.rsplit_once(' ')?;
        return offset.parse().ok().map(Word::Have);
    }
    let words = [
        (STORED, Word::Stored),
        ("! #put: ", Word::PutRefused),
        ("! #get: ", Word::GotAll),
        ("#sum ", Word::GotAll),
        ("> Your transfer has been stopped", Word::Stopped),
        ("! no transfer of yours", Word::Stopped),
    ];
    words.into_iter().find(|(begin, _)| line.starts_with(begin)).map(|(_, word)| word)
}
