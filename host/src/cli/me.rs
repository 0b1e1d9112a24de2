//! Who the user is in the room.

use std::collections::VecDeque;

use snug_core::wire::nick::Nick;
use snug_core::wire::notice::Refusal;

use crate::news::News;

/// The sentence by which a server says that a nick is taken.
const NAMED: &str = "Your name is set";

/// The user, as the room knows it.
#[derive(Debug, Default)]
pub(super) struct Me {
    /// The user's nick, once the server has said so on this connection.
    nick: Option<Nick>,
    /// What the user is to be called, on this connection and the next ones.
    wanted: Option<Nick>,
    /// Nicks that the server was asked for and has not settled.
    asked: VecDeque<Nick>,
    /// The addresses from which the user was connected, the newest last.
    addresses: VecDeque<String>,
    /// Who last said something to the user alone.
    confidant: Option<String>,
}

/// Addresses that are kept: for as many lost connections lines that are the
/// user's own are known again.
const ADDRESSES: usize = 8;

impl Me {
    /// One who wants to be called this.
    pub(super) fn wanting(nick: Option<Nick>) -> Self {
        Self { wanted: nick, ..Self::default() }
    }

    /// The user has a new connection, from this address.
    pub(super) fn connected(&mut self, address: String) {
        self.asked.clear();
        self.nick = None;
        self.addresses.push_back(address);
        if self.addresses.len() > ADDRESSES {
            self.addresses.pop_front();
        }
    }

    /// Whether the user was in the room before.
    pub(super) fn has_been(&self) -> bool {
        !self.addresses.is_empty()
    }

    /// The user's nick, if the server has said so.
    pub(super) fn nick(&self) -> Option<&Nick> {
        self.nick.as_ref()
    }

    /// What the server is to call the user on a new connection.
    pub(super) fn wanted(&self) -> Option<&Nick> {
        self.wanted.as_ref()
    }

    /// Who last said something to the user alone.
    pub(super) fn confidant(&self) -> Option<&str> {
        self.confidant.as_deref()
    }

    /// Whether this is the user, under whatever name.
    pub(super) fn is(&self, who: &str) -> bool {
        let named = |nick: &Nick| Nick::parse(who.as_bytes()).is_ok_and(|who| nick.same(&who));
        self.wanted.as_ref().is_some_and(named) || self.addresses.iter().any(|own| own == who)
    }

    /// Whether this is the address of the user's connection before this one.
    pub(super) fn was(&self, who: &str) -> bool {
        self.addresses.iter().rev().skip(1).any(|address| address == who)
    }

    /// Whether a text speaks of the user by name.
    pub(super) fn is_named_in(&self, text: &str) -> bool {
        let no_name = |c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-'));
        let Some(nick) = &self.nick else { return false };
        let is_it = |word: &str| Nick::parse(word.as_bytes()).is_ok_and(|word| nick.same(&word));
        text.split(no_name).any(is_it)
    }

    /// Takes note of a line that went out.
    pub(super) fn said(&mut self, line: &str) {
        let name = line.strip_prefix("#nick ").map(|name| Nick::parse(name.trim().as_bytes()));
        self.asked.extend(name.and_then(Result::ok));
    }

    /// Takes note of what the server has said.
    pub(super) fn heard(&mut self, news: &News<'_>) {
        match *news {
            News::Told { text: NAMED } => {
                if let Some(nick) = self.asked.pop_front() {
                    self.wanted = Some(nick.clone());
                    self.nick = Some(nick);
                }
            }
            News::Refused { text } if text == Refusal::NickTaken.to_string() => {
                let lost = self.asked.pop_front();
                if lost == self.wanted {
                    self.wanted.clone_from(&self.nick);
                }
            }
            News::Private { who, .. } => self.confidant = Some(who.to_owned()),
            News::Nick { was, who } if self.confidant.as_deref() == Some(was) => {
                self.confidant = Some(who.to_owned());
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use snug_core::client::Kind;

    use super::*;

    fn hears(me: &mut Me, line: &str) {
        me.heard(&News::of(Kind::of(line), line));
    }

    #[test]
    fn a_nick_is_the_users_when_the_server_says_so() {
        let mut me = Me::default();
        me.said("#nick Ada");
        me.said("#nick bob");
        assert_eq!(me.nick(), None);
        hears(&mut me, "> Your name is set");
        hears(&mut me, "! somebody else has that name; take another");
        assert_eq!(me.nick().unwrap().as_str(), "Ada");
        assert!(me.is("ada") && !me.is("bob"));
    }

    #[test]
    fn a_name_in_a_text_is_a_word_of_it() {
        let mut me = Me::default();
        me.said("#nick ada");
        hears(&mut me, "> Your name is set");
        for text in ["ada", "hi Ada!", "(ADA)", "so, ada: what?"] {
            assert!(me.is_named_in(text), "{text}");
        }
        for text in ["adab", "canada", "ada-lovelace", ""] {
            assert!(!me.is_named_in(text), "{text}");
        }
        assert!(!Me::default().is_named_in("ada"));
    }

    #[test]
    fn the_last_who_told_something_alone_is_answered() {
        let mut me = Me::default();
        hears(&mut me, "[bob > ada] psst");
        hears(&mut me, "> User bob is now rob");
        assert_eq!(me.confidant(), Some("rob"));
    }

    #[test]
    fn a_nick_is_wanted_again_on_the_next_connection() {
        let mut me = Me::wanting(Nick::parse(b"ada").ok());
        assert_eq!(me.nick(), None);
        me.said("#nick ada");
        hears(&mut me, "> Your name is set");
        me.connected("127.0.0.1:5".to_owned());
        assert_eq!(me.nick(), None);
        assert_eq!(me.wanted().unwrap().as_str(), "ada");
        me.said("#nick ada");
        hears(&mut me, "! somebody else has that name; take another");
        assert_eq!(me.wanted(), None);
    }

    #[test]
    fn an_address_is_a_name() {
        let mut me = Me::default();
        me.connected("127.0.0.1:5".to_owned());
        assert!(me.is("127.0.0.1:5") && !me.is("127.0.0.1:6"));
    }
}
