//! A visit to the room: one connection, from its beginning to its end.

mod orders;

use core::time::Duration;
use std::io;

use mio::Events;
use snug_core::client::{Event, FarEnd, Mode};
use snug_core::time::Instant;

use super::connection::{Connection, LAST_WORDS, Memory, TURNS, puts_out};
use super::desk::Desk;
use super::ear::Ear;
use super::error::SessionError;
use super::front::{Scene, Status};
use super::link::Link;
use super::offer::Offer;
use super::recall::Seen;
use super::transfers::{Outcome, Request, Transfers, Way};

/// How often it is looked how far a file is.
const LOOK: Duration = Duration::from_millis(200);

/// Names of files that are kept for Tab.
const MOST_FILES: usize = 10_000;

/// How a visit ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Parting {
    /// The user has interrupted it.
    Interrupted,
    /// All was said and answered.
    Done,
    /// The server has ended it, or the link did.
    Lost,
    /// Whoever keeps the room has ended it.
    PutOut,
}

/// What outlasts a visit, but for the desk.
pub(super) struct Kept<'a> {
    pub(super) seen: &'a mut Seen,
    pub(super) memory: &'a mut Memory,
    pub(super) transfers: &'a mut Transfers,
    /// The place of the room, for the user to read.
    pub(super) room: &'a str,
}

/// One connection, and what is under way on it.
pub(super) struct Visit<'a> {
    desk: &'a mut Desk,
    ear: Ear<'a>,
    room: &'a str,
    connection: Connection<'a>,
    /// The file that is going out as from the classic client.
    offer: Option<Offer>,
    transfers: &'a mut Transfers,
    /// The files in the room, while they are listed for Tab.
    listed: Option<Vec<String>>,
    /// The user has asked the server to hang up.
    asked_out: bool,
    put_out: bool,
    parting: Option<Parting>,
}

impl<'a> Visit<'a> {
    pub(super) fn begin(
        desk: &'a mut Desk,
        kept: Kept<'a>,
        mode: Mode,
        link: Link,
    ) -> io::Result<Self> {
        let Kept { seen, memory, transfers, room } = kept;
        let ear = Ear::new(seen, desk.me.has_been(), desk.wants_roster());
        desk.me.connected(link.address()?.to_string());
        let connection = Connection::open(desk.registry(), mode, desk.now(), memory, link)?;
        Ok(Self {
            desk,
            ear,
            room,
            connection,
            offer: None,
            transfers,
            listed: None,
            asked_out: false,
            put_out: false,
            parting: None,
        })
    }

    pub(super) fn run(&mut self) -> Result<Parting, SessionError> {
        let mut events = Events::with_capacity(8);
        loop {
            self.turn()?;
            if let Some(parting) = self.parting {
                return Ok(parting);
            }
            let patience = self.patience();
            let Self { desk, connection, .. } = self;
            desk.wait(&mut events, patience, |event| connection.wake(event))?;
            if self.desk.is_interrupted() {
                return Ok(Parting::Interrupted);
            }
        }
    }

    /// Does all that can be done now.
    fn turn(&mut self) -> Result<(), SessionError> {
        self.connection.begin_turn(self.desk.now());
        if self.connection.client.far_end() == FarEnd::Classic {
            self.ear.forgo_recall(self.desk)?;
        }
        self.receive()?;
        self.show()?;
        self.list_files();
        self.work()?;
        self.send()?;
        self.leave();
        self.tell_status();
        Ok(())
    }

    fn patience(&self) -> Option<Duration> {
        let now = self.desk.now();
        let look = self.transfers.gauge().map(|_| now + LOOK);
        self.connection.patience(now, [self.transfers.timeout(), look, self.last_words()])
    }

    /// When a server that is silent after our last word has no more to say.
    fn last_words(&self) -> Option<Instant> {
        self.connection.left().map(|_| self.connection.moved() + LAST_WORDS)
    }

    fn receive(&mut self) -> Result<(), SessionError> {
        for _ in 0..TURNS {
            if !self.connection.receive(self.desk.now()) {
                break;
            }
            self.show()?;
        }
        Ok(())
    }

    /// Shows what has come.
    fn show(&mut self) -> Result<(), SessionError> {
        while let Some(event) = self.connection.client.poll_event() {
            let outcome = self.transfers.handle(&event);
            self.put_out |= puts_out(&event);
            match event {
                Event::Message { kind, text } => self.ear.hear(self.desk, kind, text)?,
                Event::Snug => self.introduce(),
                Event::Uploaded => {
                    if let Some(offer) = self.offer.take() {
                        self.desk.show(&Scene::Uploaded(&offer.typed))?;
                    }
                }
                Event::Stored { name, .. } => self.listed.iter_mut().for_each(|listed| {
                    if listed.len() < MOST_FILES {
                        listed.push(name.to_owned());
                    }
                }),
                Event::Listed(_) => {
                    let names = self.listed.take().unwrap_or_default();
                    self.desk.show(&Scene::Files(&names))?;
                }
                Event::Closed => self.close(),
                _ => {}
            }
            self.tell(outcome)?;
        }
        if self.offer.is_some() && !self.connection.client.is_uploading() {
            self.offer = None;
            self.desk.show(&Scene::NotUploaded)?;
        }
        Ok(())
    }

    /// Tells how a file has fared.
    fn tell(&mut self, outcome: Option<Outcome>) -> io::Result<()> {
        let Some(Outcome { request, result, was_there }) = outcome else { return Ok(()) };
        let Request { file, way, .. } = &request;
        let why = match (result, way) {
            (Ok(()), Way::Put) if was_there => return self.desk.show(&Scene::Standing(file)),
            (Ok(()), Way::Put) => return self.desk.show(&Scene::Uploaded(file)),
            (Ok(()), Way::Get) if was_there => return self.desk.show(&Scene::Here(file)),
            (Ok(()), Way::Get) => return self.desk.show(&Scene::Fetched(file)),
            (Err(why), Way::Put) if why.is_in_the_way() => format!("{why}; /put! replaces it"),
            (Err(why), Way::Get) if why.is_in_the_way() => format!("{why}; /get! replaces it"),
            (Err(why), _) => why.to_string(),
        };
        self.desk.show(&Scene::Refused(&format!("'{file}': {why}")))
    }

    /// The server is known: it is told who comes, and asked what was missed.
    fn introduce(&mut self) {
        for line in self.ear.questions(self.desk) {
            self.desk.me.said(&line);
            // Nothing else is waiting to go out now.
            let _ = self.connection.client.say(self.desk.now(), &line);
        }
    }

    /// Asks which files there are, where Tab wants to know.
    fn list_files(&mut self) {
        let is_snug = self.connection.client.far_end() == FarEnd::Snug;
        if is_snug && self.listed.is_none() && self.desk.wants_files() {
            let asked = self.connection.client.list_files(self.desk.now());
            // What cannot be asked now is not worth waiting for.
            self.listed = asked.is_ok().then(Vec::new);
        }
    }

    fn close(&mut self) {
        let wished = self.connection.left().is_some() || self.asked_out;
        let put_out = self.put_out && self.connection.client.far_end() == FarEnd::Snug;
        self.part(match (wished, put_out) {
            (true, _) => Parting::Done,
            (false, true) => Parting::PutOut,
            (false, false) => Parting::Lost,
        });
    }

    fn part(&mut self, parting: Parting) {
        if parting != Parting::Done {
            let (heard, sent) = (self.connection.heard(), self.connection.sent());
            self.desk.said.lost(self.desk.now(), heard, sent);
        }
        self.parting = Some(parting);
    }

    /// Works off what the user wants, as far as it can be now. While a file goes
    /// out the next line can be typed, and waits.
    fn work(&mut self) -> Result<(), SessionError> {
        if !self.say_again()? {
            return Ok(());
        }
        while self.parting.is_none() && self.offer.is_none() {
            let Some(order) = self.desk.order()? else { break };
            if let Some(later) = self.carry_out(order)? {
                self.desk.put_off(later);
                break;
            }
        }
        Ok(())
    }

    /// Sends what is pending and what the file has, as far as the link takes it.
    fn send(&mut self) -> Result<(), SessionError> {
        for _ in 0..TURNS {
            self.move_files()?;
            self.read_file()?;
            if self.parting.is_some() || !self.connection.send(self.desk.now()) {
                break;
            }
            self.show()?;
        }
        Ok(())
    }

    fn read_file(&mut self) -> Result<(), SessionError> {
        let Some(offer) = &mut self.offer else { return Ok(()) };
        let space = self.connection.client.body_space();
        if !space.is_empty() {
            let len = match offer.read(space) {
                Ok(len) => len,
                Err(error) => return Err(SessionError::File(offer.typed.clone(), error)),
            };
            self.connection.client.handle_body(len);
        }
        Ok(())
    }

    /// Moves the file that is on its way on.
    fn move_files(&mut self) -> Result<(), SessionError> {
        while self.parting.is_none() && self.offer.is_none() {
            let outcome = self.transfers.advance(self.desk.now(), &mut self.connection.client);
            let Some(outcome) = outcome else { break };
            if outcome.result.is_err() && self.connection.client.is_uploading() {
                // The server waits for bytes that it will never get.
                self.part(Parting::Lost);
            }
            self.tell(Some(outcome))?;
        }
        Ok(())
    }

    /// Ends our sending when the user has ended and all is said.
    fn leave(&mut self) {
        if self.parting.is_some() || !self.is_all_said() {
            return;
        }
        let now = self.desk.now();
        match self.last_words() {
            None => self.connection.leave(now),
            Some(end) if now >= end => self.parting = Some(Parting::Done),
            Some(_) => {}
        }
    }

    fn is_all_said(&self) -> bool {
        let nothing_moves = self.offer.is_none() && self.transfers.is_empty();
        self.desk.is_done()
            && self.desk.said.is_settled()
            && nothing_moves
            && self.connection.client.pending().is_empty()
    }

    fn tell_status(&mut self) {
        let gauge = self.offer.as_ref().map(|offer| &offer.gauge).or(self.transfers.gauge());
        self.desk.status(&Status { room: self.room, away: None, gauge });
    }
}
