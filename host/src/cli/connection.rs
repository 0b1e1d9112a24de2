//! A connection, and the client that speaks over it.

use core::time::Duration;
use std::io;

use mio::event::Event;
use mio::{Registry, Token};
use snug_core::client::{self, Buffers, Client, Kind, Mode};
use snug_core::time::Instant;
use snug_core::wire::notice::Refusal;

use super::link::Link;

/// The token of whatever connection there is.
pub(super) const LINK: Token = Token(0);

/// Reads from the link, or writes to it, between two looks at all else.
pub(super) const TURNS: usize = 16;

/// How long a server may take to hang up after our last word before that is
/// taken for all it had to say. Only a server that never hangs up needs it.
pub(super) const LAST_WORDS: Duration = Duration::from_secs(10);

/// What the classic client receives at once, and so the longest message.
const CLASSIC_INPUT: usize = 4096;

/// Bytes of lines and of files that come.
const INPUT: usize = 64 * 1024;

/// Parts of 65,536 bytes, and room for what is said in between.
const OUTPUT: usize = 96 * 1024;

/// The memory that clients live in, one after the other.
#[derive(Debug)]
pub(super) struct Memory {
    input: Box<[u8]>,
    text: Box<[u8]>,
    output: Box<[u8]>,
}

impl Memory {
    pub(super) fn new(mode: Mode) -> Self {
        let input = if mode == Mode::Classic { CLASSIC_INPUT } else { INPUT };
        let of = |len| vec![0; len].into_boxed_slice();
        Self { input: of(input), text: of(3 * input), output: of(OUTPUT) }
    }

    fn lend(&mut self) -> Buffers<'_> {
        let Self { input, text, output } = self;
        Buffers { input, text, output }
    }
}

/// A client with its link. What it wants and what it hears is its owner's.
#[derive(Debug)]
pub(super) struct Connection<'m> {
    pub(super) client: Client<'m>,
    link: Link,
    /// Whether the last turn sent something: what waited for that may go on.
    has_sent: bool,
    /// When bytes came last, and when some went.
    heard: Instant,
    spoke: Instant,
    /// Bytes that the link has taken.
    sent: u64,
    /// When our last word was out.
    left: Option<Instant>,
}

impl<'m> Connection<'m> {
    pub(super) fn open(
        registry: &Registry,
        mode: Mode,
        now: Instant,
        memory: &'m mut Memory,
        mut link: Link,
    ) -> io::Result<Self> {
        link.register(registry, LINK)?;
        let client = Client::new(mode, now, memory.lend());
        Ok(Self { client, link, has_sent: false, heard: now, spoke: now, sent: 0, left: None })
    }

    /// Takes note of what a poll has told of the link.
    pub(super) fn wake(&mut self, event: &Event) {
        self.link.wake(event);
    }

    /// Begins to look at all once more.
    pub(super) fn begin_turn(&mut self, now: Instant) {
        self.has_sent = false;
        self.client.handle_timeout(now);
    }

    /// Reads once, if there may be something; false if there is nothing to read.
    pub(super) fn receive(&mut self, now: Instant) -> bool {
        let is_readable = self.link.is_readable();
        if is_readable && self.link.receive(now, &mut self.client) {
            self.heard = now;
        }
        is_readable
    }

    /// Sends once, if something is pending and the link takes it; false if not.
    pub(super) fn send(&mut self, now: Instant) -> bool {
        let can_send = self.link.is_writable() && !self.client.pending().is_empty();
        if can_send {
            let len = self.link.send(now, &mut self.client);
            self.sent += len as u64;
            if len > 0 {
                (self.has_sent, self.spoke) = (true, now);
            }
        }
        can_send
    }

    /// When bytes came last.
    pub(super) fn heard(&self) -> Instant {
        self.heard
    }

    /// When bytes came or went last.
    pub(super) fn moved(&self) -> Instant {
        self.heard.max(self.spoke)
    }

    /// Bytes that the link has taken.
    pub(super) fn sent(&self) -> u64 {
        self.sent
    }

    /// Bytes that go before what is said next.
    pub(super) fn queued(&self) -> u64 {
        self.sent + self.client.pending().len() as u64
    }

    /// Ends our sending, for all is said: the server hangs up when it has
    /// answered.
    pub(super) fn leave(&mut self, now: Instant) {
        self.link.end();
        (self.left, self.spoke) = (Some(now), now);
    }

    /// When our last word was out.
    pub(super) fn left(&self) -> Option<Instant> {
        self.left
    }

    /// How long to wait for the link at most, if something else is due at one of
    /// these times.
    pub(super) fn patience(
        &self,
        now: Instant,
        times: impl IntoIterator<Item = Option<Instant>>,
    ) -> Option<Duration> {
        if self.link.is_readable() || self.has_sent {
            return Some(Duration::ZERO);
        }
        let next = times.into_iter().chain([self.client.poll_timeout()]).flatten().min()?;
        // The poll drops fractions of a millisecond.
        Some(next.since(now) + Duration::from_millis(1))
    }
}

/// Whether whoever keeps the room says that the user is put out, if the server
/// is Snug; to come back by itself would make nothing of that.
pub(super) fn puts_out(event: &client::Event<'_>) -> bool {
    let client::Event::Message { kind: Kind::Refused, text } = event else { return false };
    text.strip_prefix("! ").is_some_and(|why| why == Refusal::PutOut.to_string())
}
