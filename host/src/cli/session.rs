//! One stay in a room, from the connection to its end.

use core::fmt;
use core::time::Duration;
use std::io::{self, BufWriter, ErrorKind, Stdout};
use std::sync::Arc;

use mio::net::UnixStream;
use mio::{Events, Interest, Poll, Token, Waker};
use snug_core::client::{ANNOUNCEMENT, ANSWER, Buffers, Client, Event, Mode, OfferError, SayError};
use snug_core::time::Instant;

use super::interrupt::{continues, interrupts, take_note};
use super::keyboard::Keyboard;
use super::link::Link;
use super::offer::{Offer, is_upload};
use super::screen::Screen;
use super::tty::Tty;
use super::typed::Typed;
use crate::clock::Clock;

const LINK: Token = Token(0);
const KEYBOARD: Token = Token(1);
const INTERRUPT: Token = Token(2);
const CONTINUE: Token = Token(3);

/// What the classic client receives at once, and so the longest message.
const INPUT: usize = 4096;

/// Bytes of a file that are read at once.
const OUTPUT: usize = 64 * 1024;

/// Reads from the link, or writes to it, between two looks at all else.
const TURNS: usize = 16;

/// How long a server may be silent after the user's last word before that is
/// taken for all it had to say. Only a server that never hangs up needs it.
const LAST_WORDS: Duration = Duration::from_secs(10);

/// Why a stay ended otherwise than somebody wished.
#[derive(Debug)]
pub(super) enum SessionError {
    /// The screen cannot be written to, or the system does not let us poll.
    System(io::Error),
    /// A file that was promised cannot be read to its end.
    File(String, io::Error),
}

/// Keyboard, screen, connection, and what is under way between them.
pub(super) struct Session {
    poll: Poll,
    keyboard: Keyboard,
    _interrupts: UnixStream,
    continues: UnixStream,
    /// The user's terminal, if the user sits at one.
    tty: Option<Tty>,
    link: Link,
    client: Client<'static>,
    screen: Screen<BufWriter<Stdout>>,
    clock: Clock,
    typed: Typed,
    /// The line that is worked on.
    line: Option<String>,
    /// The file that is going out.
    offer: Option<Offer>,
    /// Whether the last turn sent something: what waited for that may go on.
    has_sent: bool,
    /// Since when the server has been silent after our last word.
    silent: Option<Instant>,
    over: bool,
}

impl Session {
    pub(super) fn start(mode: Mode, mut link: Link) -> Result<Self, SessionError> {
        let clock = Clock::start();
        let poll = Poll::new()?;
        let registry = poll.registry();
        link.register(registry, LINK)?;
        let mut interrupts = interrupts()?;
        registry.register(&mut interrupts, INTERRUPT, Interest::READABLE)?;
        let mut continues = continues()?;
        registry.register(&mut continues, CONTINUE, Interest::READABLE)?;
        let waker = Arc::new(Waker::new(registry, KEYBOARD)?);
        let tty = Tty::take_over();
        Ok(Self {
            typed: Typed::new(tty.is_some()),
            tty,
            keyboard: Keyboard::start(waker)?,
            poll,
            _interrupts: interrupts,
            continues,
            link,
            client: Client::new(mode, clock.now(), buffers()),
            screen: Screen::new(BufWriter::new(io::stdout())),
            clock,
            line: None,
            offer: None,
            has_sent: false,
            silent: None,
            over: false,
        })
    }

    pub(super) fn run(&mut self) -> Result<(), SessionError> {
        let mut events = Events::with_capacity(8);
        while !self.over {
            self.turn()?;
            self.screen.flush()?;
            if !self.over {
                self.wait(&mut events)?;
            }
        }
        Ok(())
    }

    /// Does all that can be done now.
    fn turn(&mut self) -> Result<(), SessionError> {
        let now = self.now();
        self.client.handle_timeout(now);
        self.receive()?;
        self.show()?;
        self.work()?;
        self.send()?;
        self.leave()
    }

    fn now(&self) -> Instant {
        self.clock.now()
    }

    /// Waits until something happens.
    fn wait(&mut self, events: &mut Events) -> Result<(), SessionError> {
        let patience = self.patience();
        match self.poll.poll(events, patience) {
            Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error.into()),
            _ => {}
        }
        for event in &*events {
            match event.token() {
                LINK => self.link.wake(event),
                INTERRUPT => {
                    self.over = true;
                    self.screen.interrupted()?;
                }
                CONTINUE => self.go_on()?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Takes the terminal back from the shell.
    fn go_on(&mut self) -> Result<(), SessionError> {
        take_note(&self.continues);
        if let Some(tty) = &self.tty {
            tty.set()?;
            self.screen.show_again()?;
        }
        Ok(())
    }

    fn patience(&self) -> Option<Duration> {
        if self.link.is_readable() || self.has_sent {
            return Some(Duration::ZERO);
        }
        let last_words = self.silent.map(|since| since + LAST_WORDS);
        let next = [self.client.poll_timeout(), last_words].into_iter().flatten().min()?;
        // The poll drops fractions of a millisecond.
        Some(next.since(self.now()) + Duration::from_millis(1))
    }

    fn receive(&mut self) -> Result<(), SessionError> {
        for _ in 0..TURNS {
            if !self.link.is_readable() {
                break;
            }
            let now = self.now();
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
                Event::Message { text, .. } => self.screen.message(text)?,
                Event::Snug => self.screen.message(ANSWER)?,
                Event::Uploaded => {
                    if let Some(offer) = self.offer.take() {
                        self.screen.uploaded(&offer.typed)?;
                    }
                }
                Event::Closed => return self.close(),
                _ => {}
            }
        }
        if self.offer.is_some() && !self.client.is_uploading() {
            self.offer = None;
            self.screen.ask()?;
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), SessionError> {
        self.over = true;
        match self.silent {
            Some(_) => self.screen.left()?,
            None => self.screen.server_closed()?,
        }
        Ok(())
    }

    /// Works off what was typed, as far as it can be now. While a file goes out
    /// the next line can be typed, and waits.
    fn work(&mut self) -> Result<(), SessionError> {
        while !self.over {
            let Some(line) = self.next_line()? else { break };
            let done = if self.offer.is_some() {
                false
            } else if is_upload(&line) {
                self.upload(&line)?
            } else {
                self.say(&line)?
            };
            if !done {
                self.line = Some(line);
                break;
            }
        }
        Ok(())
    }

    fn next_line(&mut self) -> Result<Option<String>, SessionError> {
        let mut line = self.line.take();
        while line.is_none() {
            line = self.typed.next(&mut self.screen)?;
            if line.is_some() {
                self.screen.entered();
            } else if self.typed.wants_more() {
                let Some(bytes) = self.keyboard.next() else { break };
                self.typed.feed(&bytes);
            } else {
                break;
            }
        }
        Ok(line)
    }

    /// Says a line; false if it has to wait.
    fn say(&mut self, line: &str) -> Result<bool, SessionError> {
        let now = self.now();
        match self.client.say(now, line) {
            Ok(()) if line == ANNOUNCEMENT => {}
            Ok(()) => self.screen.ask()?,
            Err(SayError::NotYet) => return Ok(false),
            Err(SayError::Upload) => self.screen.refuse("write #upload 'NAME'")?,
            Err(_) => self.screen.refuse("that cannot be said")?,
        }
        Ok(true)
    }

    /// Offers the file that a line names; false if it has to wait.
    fn upload(&mut self, line: &str) -> Result<bool, SessionError> {
        let offer = match Offer::open(line) {
            Ok(offer) => offer,
            Err(why) => {
                self.screen.refuse(&why.to_string())?;
                return Ok(true);
            }
        };
        match self.client.offer(self.now(), &offer.name, offer.size) {
            Ok(()) => self.offer = Some(offer),
            Err(OfferError::SpaceInName) => {
                self.screen.refuse("this server takes no name with a space; rename the file")?;
            }
            Err(_) => return Ok(false),
        }
        Ok(true)
    }

    /// Sends what is pending and what the file has, as far as the link takes it.
    fn send(&mut self) -> Result<(), SessionError> {
        self.has_sent = false;
        for _ in 0..TURNS {
            if self.over || !self.link.is_writable() || !self.has_to_send() {
                break;
            }
            self.read_file()?;
            let now = self.now();
            self.has_sent |= self.link.send(now, &mut self.client);
            self.show()?;
        }
        Ok(())
    }

    fn read_file(&mut self) -> Result<(), SessionError> {
        let Some(offer) = &mut self.offer else { return Ok(()) };
        let space = self.client.body_space();
        if !space.is_empty() {
            let len = match offer.read(space) {
                Ok(len) => len,
                Err(error) => return Err(SessionError::File(offer.typed.clone(), error)),
            };
            self.client.handle_body(len);
        }
        Ok(())
    }

    fn has_to_send(&mut self) -> bool {
        !self.client.pending().is_empty() || !self.client.body_space().is_empty()
    }

    /// Ends our sending when the user has ended and all is said.
    fn leave(&mut self) -> Result<(), SessionError> {
        if self.over || !self.is_all_said() {
            return Ok(());
        }
        let now = self.now();
        match self.silent {
            None => {
                self.silent = Some(now);
                self.link.end();
            }
            Some(since) if now >= since + LAST_WORDS => {
                self.over = true;
                self.screen.left()?;
            }
            Some(_) => {}
        }
        Ok(())
    }

    fn is_all_said(&self) -> bool {
        let nothing_typed = self.line.is_none() && self.typed.is_over();
        nothing_typed && self.offer.is_none() && self.client.pending().is_empty()
    }
}

impl From<io::Error> for SessionError {
    fn from(error: io::Error) -> Self {
        Self::System(error)
    }
}

impl fmt::Display for SessionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System(error) => error.fmt(f),
            Self::File(typed, error) if error.kind() == ErrorKind::UnexpectedEof => {
                write!(f, "'{typed}' has become shorter while it went out")
            }
            Self::File(typed, error) => write!(f, "'{typed}' cannot be read: {error}"),
        }
    }
}

/// Memory for the client, for as long as the process lives.
fn buffers() -> Buffers<'static> {
    let leak = |len| Box::leak(vec![0; len].into_boxed_slice());
    Buffers { input: leak(INPUT), text: leak(3 * INPUT), output: leak(OUTPUT) }
}
