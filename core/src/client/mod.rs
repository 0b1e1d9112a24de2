//! The other end of the wire: one who is in a room, as a state machine.
//!
//! Used by `cli`, by tests and simulations, and by devices that join a room.
//! It does no I/O: the caller tells what happened and asks what to do.
//!
//! ```
//! use snug_core::client::{Buffers, Client, Event, Kind, Mode};
//! use snug_core::time::Instant;
//!
//! let (mut input, mut text, mut output) = ([0; 256], [0; 256], [0; 512]);
//! let buffers = Buffers { input: &mut input, text: &mut text, output: &mut output };
//! let now = Instant::ZERO;
//! let mut client = Client::new(Mode::Line, now, buffers);
//!
//! assert_eq!(client.pending(), b"\n"); // the knock
//! client.handle_sent(now, 1);
//!
//! let answer = b"> Hi\n> This is Snug; #help lists what it knows\n";
//! client.space()[..answer.len()].copy_from_slice(answer);
//! client.handle_received(now, answer.len());
//! assert_eq!(client.poll_event(), Some(Event::Message { kind: Kind::Told, text: "> Hi" }));
//! assert_eq!(client.poll_event(), Some(Event::Snug));
//!
//! client.say(now, "hello").unwrap();
//! assert_eq!(client.pending(), b"hello\n");
//! ```
//!
//! # Trade-offs
//!
//! Nothing but the answer to the knock tells a Snug from a classic server, so
//! in [`Mode::Line`] a classic room gets to see one message that is a newline,
//! and the first text waits [`ANSWER_PATIENCE`]. [`Mode::Classic`] avoids both
//! and has the classic upload alone.
//!
//! A text that is refused with [`SayError::NotYet`] stays with the caller,
//! because only the caller knows how much of it may be kept.

mod event;
mod incoming;
mod kind;
mod outgoing;
mod output;
mod patience;
#[cfg(test)]
mod tests;
mod transfer;
mod upload;

use self::incoming::{Found, Incoming, Line};
use self::outgoing::Outgoing;
use self::transfer::Transfers;
use crate::time::Instant;
use crate::wire::name::FileName;

pub use self::event::Event;
pub use self::kind::Kind;
pub use self::outgoing::SayError;
pub use self::patience::{ANSWER_PATIENCE, CUT_PATIENCE, TEXT_GAP, UPLOAD_GAP, UPLOAD_PATIENCE};
pub use self::transfer::TransferError;
pub use self::upload::OfferError;

/// The line by which a client that knocked knows its server to be Snug.
pub const ANSWER: &str = "> This is Snug; #help lists what it knows";

/// The text that has to go before an upload towards a classic server.
pub const ANNOUNCEMENT: &str = "I will upload a file";

/// How the line begins by which Snug tells that a file stands under its name.
pub const STORED: &str = "> Your file has been uploaded";

/// The line by which Snug tells that it sends, or takes, no more of a file.
pub const STOPPED: &str = "> Your transfer has been stopped";

/// Why Snug refuses a file that it is being sent on another connection. After a
/// lost one that may be the client's own, until the server knows of the loss.
pub const UNDER_WAY: &str = "somebody sends the same file just now; wait for it";

/// How a client speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Mode {
    /// Knocks with an empty line, then speaks as the server does. A classic
    /// room is shown the knock as a message: that cannot be helped.
    #[default]
    Line,
    /// Sends the bytes of the classic client and no others.
    Classic,
}

/// What a client knows of its server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum FarEnd {
    /// The knock may still be answered; texts wait.
    Unknown,
    /// Taken for a classic server, until an answer proves it to be Snug.
    Classic,
    /// Has answered the knock.
    Snug,
}

/// The memory that a client lives in.
#[derive(Debug)]
pub struct Buffers<'m> {
    /// What came and was not polled yet; at least [`Client::MIN_INPUT`]. It is
    /// the longest message that comes in one piece.
    pub input: &'m mut [u8],
    /// The message that an event shows; at least [`Client::MIN_TEXT`], and three
    /// times `input` for every message to be shown in one piece.
    pub text: &'m mut [u8],
    /// What is to be sent; at least [`Client::MIN_OUTPUT`]. It bounds a text,
    /// and the pieces in which a file goes out.
    pub output: &'m mut [u8],
}

/// One who is in a room.
///
/// - **Say what happened**: [`handle_received`](Self::handle_received) after
///   bytes were read into [`space`](Self::space),
///   [`handle_pause`](Self::handle_pause) when the link has nothing more to
///   read now, [`handle_end`](Self::handle_end) when it never will,
///   [`handle_sent`](Self::handle_sent) when it took of
///   [`pending`](Self::pending), [`handle_body`](Self::handle_body) after bytes
///   of a file were put into [`body_space`](Self::body_space),
///   [`handle_timeout`](Self::handle_timeout) when
///   [`poll_timeout`](Self::poll_timeout) has come.
/// - **Ask what to do**: [`poll_event`](Self::poll_event) until there is none,
///   after each of the first three; then `pending` and `poll_timeout`.
/// - **Want something**: [`say`](Self::say), [`offer`](Self::offer); of Snug
///   also [`put`](Self::put), [`get`](Self::get), [`stop`](Self::stop),
///   [`list_files`](Self::list_files).
///
/// Each call costs at most a pass over a buffer.
#[derive(Debug)]
pub struct Client<'m> {
    far: FarEnd,
    started: Instant,
    incoming: Incoming<'m>,
    outgoing: Outgoing<'m>,
    transfers: Transfers,
    closed: bool,
}

impl<'m> Client<'m> {
    /// The least length of [`Buffers::input`]: the answer to the knock and its
    /// newline fit well.
    pub const MIN_INPUT: usize = 64;

    /// The least length of [`Buffers::text`]: whatever stands for an unsafe
    /// character fits.
    pub const MIN_TEXT: usize = 64;

    /// The least length of [`Buffers::output`]: the longest header fits.
    pub const MIN_OUTPUT: usize = 320;

    /// A client whose link was connected `now`.
    ///
    /// # Panics
    ///
    /// When a buffer is shorter than [`Buffers`] asks for.
    pub fn new(mode: Mode, now: Instant, buffers: Buffers<'m>) -> Self {
        let Buffers { input, text, output } = buffers;
        assert!(input.len() >= Self::MIN_INPUT, "input of a client is too short");
        assert!(text.len() >= Self::MIN_TEXT, "text of a client is too short");
        assert!(output.len() >= Self::MIN_OUTPUT, "output of a client is too short");
        let incoming = Incoming::new(input, text, mode);
        let mut outgoing = Outgoing::new(output, now);
        let far = match mode {
            Mode::Classic => FarEnd::Classic,
            Mode::Line => FarEnd::Unknown,
        };
        match far {
            FarEnd::Classic => outgoing.speak_classic(),
            _ => outgoing.knock(now + UPLOAD_PATIENCE),
        }
        let transfers = Transfers::default();
        Self { far, started: now, incoming, outgoing, transfers, closed: false }
    }

    /// What is known of the server.
    pub fn far_end(&self) -> FarEnd {
        self.far
    }

    /// Where to put what the link has to read. It is empty only while there
    /// are events to be polled.
    pub fn space(&mut self) -> &mut [u8] {
        self.incoming.space()
    }

    /// The first `len` bytes of [`space`](Self::space) were filled.
    ///
    /// # Panics
    ///
    /// When `len` is above the length of the space.
    pub fn handle_received(&mut self, now: Instant, len: usize) {
        self.handle_timeout(now);
        self.incoming.received(len);
    }

    /// The link has nothing more to read now; it ends a classic message.
    pub fn handle_pause(&mut self, now: Instant) {
        self.incoming.pause(now);
        self.handle_timeout(now);
    }

    /// The server has ended its sending, or the link failed.
    pub fn handle_end(&mut self, now: Instant) {
        self.incoming.end();
        self.handle_timeout(now);
    }

    /// What happened meanwhile, oldest first; `None` when that is all.
    pub fn poll_event(&mut self) -> Option<Event<'_>> {
        loop {
            match self.incoming.find() {
                Some(Found::Answer) => {
                    self.far = FarEnd::Snug;
                    self.incoming.expect_lines();
                    self.outgoing.speak_lines();
                    return Some(Event::Snug);
                }
                Some(Found::Text(piece)) => {
                    let line = self.incoming.line(piece);
                    return Some(understand(&mut self.transfers, &mut self.outgoing, &line));
                }
                Some(Found::Part(len)) => match self.transfers.take(len) {
                    // Nobody has asked for it.
                    0 => _ = self.incoming.part(len),
                    taken => return Some(Event::Part(&self.incoming.part(len)[..taken])),
                },
                None => break,
            }
        }
        if self.outgoing.take_uploaded() {
            Some(Event::Uploaded)
        } else if self.incoming.has_ended() && !self.closed {
            self.closed = true;
            Some(Event::Closed)
        } else {
            None
        }
    }

    /// Whether [`say`](Self::say) would take a short text `now`.
    pub fn can_say(&self, now: Instant) -> bool {
        self.outgoing.can_say(now, 0)
    }

    /// Says `text` to the room: as it stands to a classic server, as a line to
    /// Snug (where `#` commands are lines too). An empty text is no text.
    pub fn say(&mut self, now: Instant, text: &str) -> Result<(), SayError> {
        self.handle_timeout(now);
        self.outgoing.say(now, text)
    }

    /// Whether a file was offered and is not settled yet. When that ends without
    /// [`Event::Uploaded`], the last [`Kind::Refused`] line told why.
    pub fn is_uploading(&self) -> bool {
        self.outgoing.is_uploading()
    }

    /// Offers a file of `size` bytes to the room; it goes out through
    /// [`body_space`](Self::body_space). A classic server is told
    /// [`ANNOUNCEMENT`] first unless that was the last text said.
    ///
    /// The wire has no way to take an offer back: a caller that cannot give all
    /// the bytes has to close the link.
    pub fn offer(&mut self, now: Instant, name: &FileName, size: u64) -> Result<(), OfferError> {
        self.handle_timeout(now);
        if self.transfers.is_under_way() {
            return Err(OfferError::Busy);
        }
        self.outgoing.offer(now, name, size)
    }

    /// Where to put the next bytes of the file that was offered, or put; empty
    /// when none are wanted now.
    pub fn body_space(&mut self) -> &mut [u8] {
        match self.transfers.to_give() {
            Some(left) => self.outgoing.part_space(left),
            None => self.outgoing.body_space(),
        }
    }

    /// The first `len` bytes of [`body_space`](Self::body_space) were filled.
    ///
    /// # Panics
    ///
    /// When `len` is above the length of that space.
    pub fn handle_body(&mut self, len: usize) {
        assert!(len <= self.body_space().len(), "more of a file than was asked for");
        match self.transfers.to_give() {
            Some(_) if len == 0 => {}
            Some(_) => {
                self.transfers.give(len);
                self.outgoing.part(len);
            }
            None => self.outgoing.body(len),
        }
    }

    /// What the link shall take now, possibly nothing.
    pub fn pending(&self) -> &[u8] {
        self.outgoing.pending()
    }

    /// The link has taken the first `len` bytes of [`pending`](Self::pending).
    ///
    /// # Panics
    ///
    /// When `len` is above the length of what was pending.
    pub fn handle_sent(&mut self, now: Instant, len: usize) {
        self.outgoing.sent(now, len);
        self.handle_timeout(now);
    }

    /// When to call [`handle_timeout`](Self::handle_timeout) at the latest; it
    /// is also when a text or body that had to wait may be tried again.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let decision = (self.far == FarEnd::Unknown).then(|| self.started + ANSWER_PATIENCE);
        let times = [decision, self.incoming.timeout(), self.outgoing.timeout()];
        times.into_iter().flatten().min()
    }

    /// It is `now`; harmless at any time.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.far == FarEnd::Unknown && now >= self.started + ANSWER_PATIENCE {
            self.far = FarEnd::Classic;
            self.outgoing.speak_classic();
        }
        self.incoming.tick(now);
        self.outgoing.tick(now);
    }
}

/// What a message means for what is under way, or what it is.
fn understand<'a>(
    transfers: &mut Transfers,
    outgoing: &mut Outgoing<'_>,
    line: &Line<'a>,
) -> Event<'a> {
    let Line { kind, text, by_snug, .. } = *line;
    if let Some(event) = transfers.read(line) {
        return event;
    }
    let stored = text.starts_with(STORED);
    if by_snug && (stored || kind == Kind::Refused) && outgoing.settle(stored) {
        return Event::Uploaded;
    }
    Event::Message { kind, text }
}
