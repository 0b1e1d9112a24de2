//! One connection, for as long as it lasts or there is something to do.

use core::time::Duration;
use std::io::{self, ErrorKind};

use mio::Events;
use snug_core::client::{Event, FarEnd, Kind};
use snug_core::time::Instant;
use snug_core::wire::notice::Refusal;

use super::Round;
use crate::cli::connection::{Connection, LAST_WORDS, LINK, Memory, TURNS, puts_out};
use crate::cli::link::Link;

/// How long nothing may move, in neither direction, while the server owes an
/// answer. The longest that it thinks in silence is while it hashes what it has
/// of a very large file, or all places for files are taken.
const SILENCE: Duration = Duration::from_mins(10);

/// How often what is done here alone is looked at, to show how far it is.
const LOOK: Duration = Duration::from_millis(100);

/// How a connection ended.
pub(super) enum End {
    /// There is nothing more to do.
    Done,
    /// Too early, for this reason.
    Lost(String),
    /// Whoever keeps the room wants it so, and has said this.
    PutOut(String),
}

pub(super) struct Visit<'a, 'o> {
    round: &'a mut Round<'o>,
    connection: Connection<'a>,
    /// When something was done here alone last.
    worked: Instant,
    /// Why the connection is gone.
    lost: Option<String>,
    /// What the server has refused before it was known to be Snug.
    refusal: Option<String>,
    put_out: bool,
}

impl<'a, 'o> Visit<'a, 'o> {
    pub(super) fn begin(
        round: &'a mut Round<'o>,
        memory: &'a mut Memory,
        link: Link,
    ) -> io::Result<Self> {
        let (now, mode) = (round.clock.now(), round.options.mode());
        let connection = Connection::open(round.poll.registry(), mode, now, memory, link)?;
        Ok(Self { round, connection, worked: now, lost: None, refusal: None, put_out: false })
    }

    pub(super) fn run(mut self) -> io::Result<End> {
        let mut events = Events::with_capacity(8);
        loop {
            self.connection.begin_turn(self.round.clock.now());
            self.receive();
            self.work();
            self.send();
            if self.is_over() {
                return Ok(End::Done);
            }
            if let Some(why) = self.lost {
                let why = self.refusal.unwrap_or(why);
                return Ok(if self.put_out { End::PutOut(why) } else { End::Lost(why) });
            }
            self.wait(&mut events)?;
        }
    }

    fn receive(&mut self) {
        for _ in 0..TURNS {
            if !self.connection.receive(self.round.clock.now()) {
                break;
            }
            self.hear();
        }
    }

    fn hear(&mut self) {
        loop {
            let known = self.connection.client.far_end() == FarEnd::Snug;
            let Some(event) = self.connection.client.poll_event() else { break };
            match (event, &mut self.round.job) {
                (Event::Closed, _) => self.lost = Some("the connection was closed".to_owned()),
                (Event::Snug, _) => self.introduce(),
                (Event::Message { kind: Kind::Refused, text }, _)
                    if text[2..] == Refusal::NickTaken.to_string() =>
                {
                    self.round.tell_unnamed(&text[2..]);
                }
                // Before it is known it refuses the visit itself.
                (Event::Message { kind: Kind::Refused, text }, _) if !known || puts_out(&event) => {
                    self.put_out = known;
                    self.refusal = Some(text.trim_start_matches("! ").to_owned());
                }
                (event, Some((_, job))) => match job.handle(&event) {
                    Ok(false) => {}
                    Ok(true) => self.round.finish(Ok(())),
                    Err(why) => self.round.finish(Err(why)),
                },
                (_, None) => {}
            }
        }
    }

    /// The server is known: it is told who comes.
    fn introduce(&mut self) {
        if let Some(nick) = &self.round.options.nick {
            // Nothing else is waiting to go out now.
            let _ = self.connection.client.say(self.round.clock.now(), &format!("#nick {nick}"));
        }
    }

    /// Does what is to be done, as far as it can be now.
    fn work(&mut self) {
        let now = self.round.clock.now();
        while self.lost.is_none() && self.round.has_more() {
            let Some((_, job)) = &mut self.round.job else { break };
            match job.advance(now, &mut self.connection.client) {
                Ok(false) => break,
                Ok(true) => self.round.finish(Ok(())),
                Err(why) => {
                    self.round.finish(Err(why));
                    if self.connection.client.is_uploading() {
                        // It waits for bytes that it will never get.
                        self.lost = Some("a file could not be sent".to_owned());
                    }
                }
            }
        }
    }

    fn send(&mut self) {
        for _ in 0..TURNS {
            if self.lost.is_some() || !self.connection.send(self.round.clock.now()) {
                break;
            }
            self.hear();
            self.work();
        }
    }

    /// Whether all is done, and the server is gone that has no other way to say
    /// that it has taken it.
    fn is_over(&mut self) -> bool {
        if self.round.has_more() || !self.connection.client.pending().is_empty() {
            return false;
        }
        if self.connection.client.far_end() == FarEnd::Snug {
            return true;
        }
        let now = self.round.clock.now();
        match self.connection.left() {
            Some(_) if self.lost.is_some() => true,
            Some(left) if now < left + LAST_WORDS => false,
            None if self.lost.is_none() => {
                self.connection.leave(now);
                false
            }
            _ => {
                self.round.doubt();
                true
            }
        }
    }

    /// Waits until something happens.
    fn wait(&mut self, events: &mut Events) -> io::Result<()> {
        let now = self.round.clock.now();
        let works_alone = self.round.job.as_ref().is_some_and(|(_, job)| job.works_alone());
        if works_alone {
            self.worked = now;
        }
        if now >= self.patience_ends() {
            self.lost = Some("the server does not answer".to_owned());
        }
        match self.round.poll.poll(events, self.patience(now, works_alone)) {
            Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error),
            _ => {}
        }
        for event in events.iter().filter(|event| event.token() == LINK) {
            self.connection.wake(event);
        }
        Ok(())
    }

    fn patience(&self, now: Instant, works_alone: bool) -> Option<Duration> {
        if self.lost.is_some() {
            return Some(Duration::ZERO);
        }
        let job = self.round.job.as_ref().and_then(|(_, job)| job.timeout());
        let last_words = self.connection.left().map(|left| left + LAST_WORDS);
        let look = works_alone.then(|| now + LOOK);
        self.connection.patience(now, [job, last_words, look, Some(self.patience_ends())])
    }

    /// When the server has been silent for too long.
    fn patience_ends(&self) -> Instant {
        self.worked.max(self.connection.moved()) + SILENCE
    }
}
