//! One connection, for as long as it lasts or there is something to do.

use core::time::Duration;
use std::io::{self, ErrorKind};

use mio::Events;
use snug_core::client::{Buffers, Client, Event, FarEnd, Kind};
use snug_core::time::Instant;

use super::{LINK, Round};
use crate::cli::link::Link;

/// Bytes of lines and of files that come.
const INPUT: usize = 64 * 1024;

/// Parts of 65,536 bytes, and room for what is said in between.
const OUTPUT: usize = 96 * 1024;

/// Reads from the link, or writes to it, between two looks at all else.
const TURNS: usize = 16;

/// How long nothing may move, in neither direction, while the server owes an
/// answer. The longest that it thinks in silence is while it hashes what it has
/// of a very large file, or all places for files are taken.
const SILENCE: Duration = Duration::from_mins(10);

/// How often what is done here alone is looked at, to show how far it is.
const LOOK: Duration = Duration::from_millis(100);

/// How long a server may take to hang up after our last word.
const LAST_WORDS: Duration = Duration::from_secs(10);

/// Memory for the client of one connection after the other.
pub(super) struct Memory {
    input: Box<[u8]>,
    text: Box<[u8]>,
    output: Box<[u8]>,
}

impl Memory {
    pub(super) fn new() -> Self {
        let of = |len| vec![0; len].into_boxed_slice();
        Self { input: of(INPUT), text: of(3 * INPUT), output: of(OUTPUT) }
    }

    fn lend(&mut self) -> Buffers<'_> {
        Buffers { input: &mut self.input, text: &mut self.text, output: &mut self.output }
    }
}

/// How a connection ended.
pub(super) enum End {
    /// There is nothing more to do.
    Done,
    /// Too early, for this reason.
    Lost(String),
}

pub(super) struct Visit<'a, 'o> {
    round: &'a mut Round<'o>,
    link: Link,
    client: Client<'a>,
    /// When something moved last.
    moved: Instant,
    /// The last turn sent something: what waited for that may go on.
    has_sent: bool,
    /// Since when our last word is out.
    silent: Option<Instant>,
    /// Why the connection is gone.
    lost: Option<String>,
    /// What the server has refused before it was known to be Snug.
    refusal: Option<String>,
}

impl<'a, 'o> Visit<'a, 'o> {
    pub(super) fn begin(
        round: &'a mut Round<'o>,
        memory: &'a mut Memory,
        mut link: Link,
    ) -> io::Result<Self> {
        link.register(round.poll.registry(), LINK)?;
        let now = round.clock.now();
        let client = Client::new(round.options.mode(), now, memory.lend());
        Ok(Self {
            round,
            link,
            client,
            moved: now,
            has_sent: false,
            silent: None,
            lost: None,
            refusal: None,
        })
    }

    pub(super) fn run(mut self) -> io::Result<End> {
        let mut events = Events::with_capacity(8);
        loop {
            let now = self.round.clock.now();
            self.client.handle_timeout(now);
            self.receive();
            self.work();
            self.send();
            if self.is_over() {
                return Ok(End::Done);
            }
            if let Some(why) = self.lost {
                return Ok(End::Lost(self.refusal.unwrap_or(why)));
            }
            self.wait(&mut events)?;
        }
    }

    fn receive(&mut self) {
        for _ in 0..TURNS {
            if !self.link.is_readable() {
                break;
            }
            let now = self.round.clock.now();
            if self.link.receive(now, &mut self.client) {
                self.moved = now;
            }
            self.hear();
        }
    }

    fn hear(&mut self) {
        loop {
            let known = self.client.far_end() == FarEnd::Snug;
            let Some(event) = self.client.poll_event() else { break };
            match (event, &mut self.round.job) {
                (Event::Closed, _) => self.lost = Some("the connection was closed".to_owned()),
                // Before it is known it refuses the visit itself.
                (Event::Message { kind: Kind::Refused, text }, _) if !known => {
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

    /// Does what is to be done, as far as it can be now.
    fn work(&mut self) {
        let now = self.round.clock.now();
        while self.lost.is_none() && self.round.has_more() {
            let Some((_, job)) = &mut self.round.job else { break };
            match job.advance(now, &mut self.client) {
                Ok(false) => break,
                Ok(true) => self.round.finish(Ok(())),
                Err(why) => {
                    self.round.finish(Err(why));
                    if self.client.is_uploading() {
                        // It waits for bytes that it will never get.
                        self.lost = Some("a file could not be sent".to_owned());
                    }
                }
            }
        }
    }

    fn send(&mut self) {
        self.has_sent = false;
        for _ in 0..TURNS {
            if self.lost.is_some() || !self.link.is_writable() || self.client.pending().is_empty() {
                break;
            }
            let now = self.round.clock.now();
            if self.link.send(now, &mut self.client) {
                self.has_sent = true;
                self.moved = now;
            }
            self.hear();
            self.work();
        }
    }

    /// Whether all is done, and the server is gone that has no other way to say
    /// that it has taken it.
    fn is_over(&mut self) -> bool {
        if self.round.has_more() || !self.client.pending().is_empty() {
            return false;
        }
        if self.client.far_end() == FarEnd::Snug {
            return true;
        }
        let now = self.round.clock.now();
        match self.silent {
            Some(_) if self.lost.is_some() => true,
            Some(since) if now < since + LAST_WORDS => false,
            None if self.lost.is_none() => {
                self.link.end();
                self.silent = Some(now);
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
            self.moved = now;
        }
        if now >= self.moved + SILENCE {
            self.lost = Some("the server does not answer".to_owned());
        }
        match self.round.poll.poll(events, Some(self.patience(now, works_alone))) {
            Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error),
            _ => {}
        }
        for event in events.iter().filter(|event| event.token() == LINK) {
            self.link.wake(event);
        }
        Ok(())
    }

    fn patience(&self, now: Instant, works_alone: bool) -> Duration {
        if self.link.is_readable() || self.has_sent || self.lost.is_some() {
            return Duration::ZERO;
        }
        let job = self.round.job.as_ref().and_then(|(_, job)| job.timeout());
        let last_words = self.silent.map(|since| since + LAST_WORDS);
        let look = works_alone.then(|| now + LOOK);
        let times = [self.client.poll_timeout(), job, last_words, look];
        let next = times.into_iter().flatten().fold(self.moved + SILENCE, Instant::min);
        // The poll drops fractions of a millisecond.
        next.since(now) + Duration::from_millis(1)
    }
}
