//! The `#` words of line peers.

use core::net::SocketAddr;

use super::Server;
use super::client::{Answer, Stage};
use super::puts::Promise;
use super::speech::Manner;
use crate::log::{Audience, Reader};
use crate::store::Store;
use crate::time::Instant;
use crate::wire::Dialect;
use crate::wire::command::{Command, CommandError};
use crate::wire::header::Readings;
use crate::wire::name::{FileName, FileNameError};
use crate::wire::nick::Nick;
use crate::wire::notice::{Notice, Refusal, Shown, render};

/// Lines that `#history` repeats where it is not told how many.
const USUAL_HISTORY: u32 = 20;

impl<S: Store> Server<'_, S> {
    /// Does what a line asks for; whether it need not wait.
    pub(super) fn act_command(
        &mut self,
        now: Instant,
        place: u32,
        line: &[u8],
        used: usize,
    ) -> bool {
        let done = match Command::parse(line) {
            Ok(command) => self.obey(now, place, &command),
            Err(why) => {
                self.refuse(place, Refusal::Command(why));
                if why == CommandError::SizeTooLarge {
                    self.dismiss(now, place);
                }
                true
            }
        };
        if done {
            self.consume(place, used);
        }
        done
    }

    fn obey(&mut self, now: Instant, place: u32, command: &Command<'_>) -> bool {
        match *command {
            Command::Upload { ref name, size } => {
                return self.begin_upload(now, place, borrowed(name), Readings::of(size));
            }
            Command::Put { ref name, size, digest, replace } => {
                let promise = Promise { size, digest, replace };
                return self.begin_put(now, place, borrowed(name), promise);
            }
            Command::Part(size) => return self.begin_part(now, place, size),
            Command::Get { ref name, offset } => {
                return self.begin_get(now, place, borrowed(name), offset);
            }
            Command::Stop => self.stop_transfer(place),
            Command::Files => self.answer(place, Answer::FILES),
            Command::Me(text) => return self.act_out(now, place, text),
            Command::Msg { to, text } => return self.tell_one(now, place, to, text),
            Command::Nick(ref nick) => return self.take_nick(now, place, nick.clone()),
            Command::Who => self.answer(place, Answer::Who { from: 0, half: None }),
            Command::History(count) => self.repeat(place, count.unwrap_or(USUAL_HISTORY)),
            Command::Help => self.answer(place, Answer::Help(0)),
            Command::Quit => self.dismiss(now, place),
        }
        true
    }

    fn act_out(&mut self, now: Instant, place: u32, text: &[u8]) -> bool {
        if !self.fits_line(place, Manner::Action, text) {
            self.refuse(place, Refusal::TooLong(self.config.line_limit));
            return true;
        }
        let may = self.gets_the_floor(now, place);
        if may {
            self.say(now, place, Manner::Action, text);
        }
        may
    }

    fn tell_one(&mut self, now: Instant, place: u32, to: &[u8], text: &[u8]) -> bool {
        match self.find_listener(to) {
            Err(why) => self.refuse(place, why),
            Ok(listener) if !self.fits_line(place, Manner::Private(listener), text) => {
                self.refuse(place, Refusal::TooLong(self.config.line_limit));
            }
            Ok(listener) => {
                if !self.gets_the_floor(now, place) {
                    return false;
                }
                self.say(now, place, Manner::Private(listener), text);
                self.answer(place, Answer::Delivered);
            }
        }
        true
    }

    /// Who is meant by a name: a nick or an address.
    pub(super) fn find_named(&self, name: &[u8]) -> Option<u32> {
        let addr = str::from_utf8(name).ok().and_then(|name| name.parse::<SocketAddr>().ok());
        match (addr, Nick::parse(name)) {
            (Some(addr), _) => self.find_addr(addr),
            (None, Ok(nick)) => self.find_nick(&nick),
            (None, Err(_)) => None,
        }
    }

    /// Who is meant by a name, if that one can be told something alone.
    fn find_listener(&self, name: &[u8]) -> Result<u32, Refusal> {
        let listener = self.find_named(name).ok_or(Refusal::NobodyThere)?;
        match self.table.tenant(listener).map(|client| (client.stage, client.dialect())) {
            Some((Stage::Fresh | Stage::Here, Dialect::Line)) => Ok(listener),
            Some((Stage::Fresh | Stage::Here, Dialect::Classic)) => Err(Refusal::ClassicThere),
            _ => Err(Refusal::NobodyThere),
        }
    }

    fn take_nick(&mut self, now: Instant, place: u32, nick: Nick) -> bool {
        // Its owner's leave comes first, or two would have it for the others.
        self.announce(now);
        if self.is_outrun() || !self.gets_the_floor(now, place) {
            return false;
        }
        let Some(client) = self.table.tenant(place) else { return true };
        let (addr, old) = (client.addr, client.nick.clone());
        if !self.rename(now, place, nick) {
            self.refuse(place, Refusal::NickTaken);
            return true;
        }
        let Some(client) = self.table.tenant(place) else { return true };
        let was = Shown { nick: old.as_ref(), addr };
        let mut line = [0; 192];
        let len = render(&mut line, Notice::Renamed(was, client.shown()));
        self.append_line(now, Audience::LinePeersBut(place), &line[..len]);
        self.count_words(place, len);
        self.answer(place, Answer::Named);
        true
    }

    /// The last lines that are history to a client: what it has still to get
    /// is not. Looks at as many lines as there are to repeat, and at those in
    /// between that were for one alone; so at all of the log at most.
    fn repeat(&mut self, place: u32, count: u32) {
        let Some(client) = self.table.tenant(place) else { return };
        let until = client.outbox.cursor.next;
        let cursor = self.log.back(until, count, Reader::OBSERVER);
        self.answer(place, Answer::History { cursor, until });
    }

    pub(super) fn answer(&mut self, place: u32, answer: Answer) {
        if let Some(client) = self.table.tenant_mut(place) {
            client.answer(answer);
        }
        self.make_urgent(place);
    }
}

/// A name as it is handed on: it is large, and stays where it is.
pub(super) fn borrowed(name: &Result<FileName, FileNameError>) -> Result<&FileName, FileNameError> {
    name.as_ref().map_err(|&why| why)
}
