//! A visit to the room: one connection, from its beginning to its end.

use core::time::Duration;
use std::io;

use mio::Events;
use snug_core::client::{Buffers, Client, Event, FarEnd, Mode, OfferError, SayError};
use snug_core::time::Instant;

use super::desk::{Desk, LINK};
use super::ear::Ear;
use super::front::{Scene, Status};
use super::link::Link;
use super::offer::Offer;
use super::order::{Order, USAGES};
use super::progress::Progress;
use super::recall::Seen;
use super::session::SessionError;

/// What the classic client receives at once, and so the longest message.
const INPUT: usize = 4096;

/// Bytes of a file that are read at once.
const OUTPUT: usize = 64 * 1024;

/// Reads from the link, or writes to it, between two looks at all else.
const TURNS: usize = 16;

/// How long a server may be silent after the user's last word before that is
/// taken for all it had to say. Only a server that never hangs up needs it.
const LAST_WORDS: Duration = Duration::from_secs(10);

/// How a visit ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Parting {
    /// The user has interrupted it.
    Interrupted,
    /// All was said and answered.
    Done,
    /// The server has ended it, or the link did.
    Lost,
}

/// The memory that visits live in, one after the other.
#[derive(Debug)]
pub(super) struct Memory {
    input: Vec<u8>,
    text: Vec<u8>,
    output: Vec<u8>,
}

impl Memory {
    pub(super) fn new() -> Self {
        Self { input: vec![0; INPUT], text: vec![0; 3 * INPUT], output: vec![0; OUTPUT] }
    }

    fn lend(&mut self) -> Buffers<'_> {
        let Self { input, text, output } = self;
        Buffers { input, text, output }
    }
}

/// One connection, and what is under way on it.
pub(super) struct Visit<'a> {
    desk: &'a mut Desk,
    ear: Ear<'a>,
    room: &'a str,
    link: Link,
    client: Client<'a>,
    /// The file that is going out.
    offer: Option<(Offer, Progress)>,
    /// Whether the last turn sent something: what waited for that may go on.
    has_sent: bool,
    /// Since when the server has been silent after our last word.
    silent: Option<Instant>,
    /// The user has asked the server to hang up.
    asked_out: bool,
    parting: Option<Parting>,
}

impl<'a> Visit<'a> {
    pub(super) fn begin(
        desk: &'a mut Desk,
        seen: &'a mut Seen,
        memory: &'a mut Memory,
        room: &'a str,
        mode: Mode,
        mut link: Link,
    ) -> io::Result<Self> {
        link.register(desk.registry(), LINK)?;
        let ear = Ear::new(seen, desk.me.has_been(), desk.wants_roster());
        desk.me.connected(link.address()?.to_string());
        let client = Client::new(mode, desk.now(), memory.lend());
        Ok(Self {
            desk,
            ear,
            room,
            link,
            client,
            offer: None,
            has_sent: false,
            silent: None,
            asked_out: false,
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
            let Self { desk, link, .. } = self;
            desk.wait(&mut events, patience, |event| link.wake(event))?;
            if self.desk.is_interrupted() {
                return Ok(Parting::Interrupted);
            }
        }
    }

    /// Does all that can be done now.
    fn turn(&mut self) -> Result<(), SessionError> {
        let now = self.desk.now();
        self.client.handle_timeout(now);
        if self.client.far_end() == FarEnd::Classic {
            self.ear.forgo_recall(self.desk)?;
        }
        self.receive()?;
        self.show()?;
        self.work()?;
        self.send()?;
        self.leave();
        self.tell_status();
        Ok(())
    }

    fn patience(&self) -> Option<Duration> {
        if self.link.is_readable() || self.has_sent {
            return Some(Duration::ZERO);
        }
        let last_words = self.silent.map(|since| since + LAST_WORDS);
        let next = [self.client.poll_timeout(), last_words].into_iter().flatten().min()?;
        // The poll drops fractions of a millisecond.
        Some(next.since(self.desk.now()) + Duration::from_millis(1))
    }

    fn receive(&mut self) -> Result<(), SessionError> {
        for _ in 0..TURNS {
            if !self.link.is_readable() {
                break;
            }
            let now = self.desk.now();
            if self.link.receive(now, &mut self.client) {
                self.silent = self.silent.map(|_| now);
            }
            self.show()?;
        }
        Ok(())
    }

    /// Shows what has come.
    fn show(&mut self) -> Result<(), SessionError> {
        while let Some(event) = self.client.poll_event() {
            match event {
                Event::Message { kind, text } => self.ear.hear(self.desk, kind, text)?,
                Event::Snug => self.introduce(),
                Event::Uploaded => {
                    if let Some((offer, _)) = self.offer.take() {
                        self.desk.show(&Scene::Uploaded(&offer.typed))?;
                    }
                }
                Event::Closed => self.close(),
                _ => {}
            }
        }
        if self.offer.is_some() && !self.client.is_uploading() {
            self.offer = None;
            self.desk.show(&Scene::NotUploaded)?;
        }
        Ok(())
    }

    /// The server is known: it is told who comes, and asked what was missed.
    fn introduce(&mut self) {
        for line in self.ear.questions(self.desk) {
            self.desk.me.said(&line);
            // Nothing else is waiting to go out now.
            let _ = self.client.say(self.desk.now(), &line);
        }
    }

    fn close(&mut self) {
        let wished = self.silent.is_some() || self.asked_out;
        self.parting = Some(if wished { Parting::Done } else { Parting::Lost });
    }

    /// Works off what the user wants, as far as it can be now. While a file goes
    /// out the next line can be typed, and waits.
    fn work(&mut self) -> Result<(), SessionError> {
        while self.parting.is_none() && self.offer.is_none() {
            let Some(order) = self.desk.order()? else { break };
            if let Some(later) = self.carry_out(order)? {
                self.desk.put_off(later);
                break;
            }
        }
        Ok(())
    }

    /// Does what is wanted, or gives it back if it has to wait.
    fn carry_out(&mut self, order: Order) -> Result<Option<Order>, SessionError> {
        let is_done = match &order {
            Order::Upload(line) => self.upload(line)?,
            Order::Help => self.help()?,
            Order::Quit => {
                self.desk.quit();
                true
            }
            // How it goes out depends on what the server is.
            _ if self.client.far_end() == FarEnd::Unknown => false,
            Order::Say(line) => self.say(line)?,
            Order::Text(text) => self.say(&self.escaped(text))?,
            Order::Command(line) => self.command(line)?,
            Order::Reply(text) => match self.desk.me.confidant() {
                Some(who) => self.command(&format!("#msg {who} {text}"))?,
                None => self.refuse("nobody has told you anything alone yet")?,
            },
        };
        Ok((!is_done).then_some(order))
    }

    /// A text as the server takes it for one.
    fn escaped(&self, text: &str) -> String {
        let begins_command = text.starts_with('#') && self.client.far_end() == FarEnd::Snug;
        format!("{}{text}", if begins_command { "#" } else { "" })
    }

    fn command(&mut self, line: &str) -> Result<bool, SessionError> {
        if self.client.far_end() == FarEnd::Classic {
            return self.refuse("this server is a classic one: it knows texts and uploads alone");
        }
        self.say(line)
    }

    /// Says a line; false if it has to wait.
    fn say(&mut self, line: &str) -> Result<bool, SessionError> {
        match self.client.say(self.desk.now(), line) {
            Ok(()) => {
                self.asked_out |= self.client.far_end() == FarEnd::Snug && line.trim() == "#quit";
                self.desk.me.said(line);
                self.desk.show(&Scene::Said(line))?;
                Ok(true)
            }
            Err(SayError::NotYet) => Ok(false),
            Err(SayError::Upload) => self.refuse("write #upload 'NAME'"),
            Err(_) => self.refuse("that cannot be said"),
        }
    }

    fn refuse(&mut self, why: &str) -> Result<bool, SessionError> {
        self.desk.show(&Scene::Refused(why))?;
        Ok(true)
    }

    fn help(&mut self) -> Result<bool, SessionError> {
        for usage in USAGES {
            self.desk.show(&Scene::Told(&format!("{} - {}", usage.form, usage.help)))?;
        }
        self.desk.show(&Scene::Told("//TEXT - says a text that begins with /"))?;
        Ok(true)
    }

    /// Offers the file that a line names; false if it has to wait.
    fn upload(&mut self, line: &str) -> Result<bool, SessionError> {
        let offer = match Offer::open(line) {
            Ok(offer) => offer,
            Err(why) => return self.refuse(&why.to_string()),
        };
        match self.client.offer(self.desk.now(), &offer.name, offer.size) {
            Ok(()) => {
                let progress = Progress::new(offer.name.as_str(), offer.size);
                self.offer = Some((offer, progress));
                Ok(true)
            }
            Err(OfferError::SpaceInName) => {
                self.refuse("this server takes no name with a space; rename the file")
            }
            Err(_) => Ok(false),
        }
    }

    /// Sends what is pending and what the file has, as far as the link takes it.
    fn send(&mut self) -> Result<(), SessionError> {
        self.has_sent = false;
        for _ in 0..TURNS {
            if self.parting.is_some() || !self.link.is_writable() || !self.has_to_send() {
                break;
            }
            self.read_file()?;
            let now = self.desk.now();
            self.has_sent |= self.link.send(now, &mut self.client);
            self.show()?;
        }
        Ok(())
    }

    fn read_file(&mut self) -> Result<(), SessionError> {
        let Some((offer, progress)) = &mut self.offer else { return Ok(()) };
        let space = self.client.body_space();
        if !space.is_empty() {
            let len = match offer.read(space) {
                Ok(len) => len,
                Err(error) => return Err(SessionError::File(offer.typed.clone(), error)),
            };
            self.client.handle_body(len);
            progress.add(len as u64);
        }
        Ok(())
    }

    fn has_to_send(&mut self) -> bool {
        !self.client.pending().is_empty() || !self.client.body_space().is_empty()
    }

    /// Ends our sending when the user has ended and all is said.
    fn leave(&mut self) {
        if self.parting.is_some() || !self.is_all_said() {
            return;
        }
        let now = self.desk.now();
        match self.silent {
            None => {
                self.silent = Some(now);
                self.link.end();
            }
            Some(since) if now >= since + LAST_WORDS => self.parting = Some(Parting::Done),
            Some(_) => {}
        }
    }

    fn is_all_said(&self) -> bool {
        self.desk.is_done() && self.offer.is_none() && self.client.pending().is_empty()
    }

    fn tell_status(&mut self) {
        let progress = self.offer.as_ref().map(|(_, progress)| progress);
        self.desk.status(&Status { room: self.room, away: None, progress });
    }
}
