//! What the user has before them, whatever becomes of the connection.

use core::time::Duration;
use std::io::{self, ErrorKind};
use std::sync::Arc;

use mio::event::Event;
use mio::net::UnixStream;
use mio::{Events, Interest, Poll, Registry, Token, Waker};
use snug_core::time::Instant;

use super::connection::LINK;
use super::front::{self, Farewell, Front, Scene, Status, Wish};
use super::interrupt::{continues, interrupts, take_note};
use super::me::Me;
use super::options::ClientOptions;
use super::order::{Grammar, Order};
use super::said::Said;
use crate::clock::Clock;
use crate::news::News;

const WAKE: Token = Token(1);
const INTERRUPT: Token = Token(2);
const CONTINUE: Token = Token(3);

/// What is said of [lines behind a command](Wish::Mixed).
const MIXED: &str = "a command has one line; to say these lines, double its first character";

/// Keyboard, screen, clock, and what is typed and not done yet.
pub(super) struct Desk {
    poll: Poll,
    waker: Arc<Waker>,
    _interrupts: UnixStream,
    continues: UnixStream,
    clock: Clock,
    front: Box<dyn Front>,
    grammar: Grammar,
    /// Who the user is in the room.
    pub(super) me: Me,
    /// What the user has said and may be lost.
    pub(super) said: Said,
    /// Some of it may be lost, and the user was told so.
    doubtful: bool,
    /// What the last line asked for, until it is done.
    order: Option<Order>,
    typing: Typing,
    /// The end of what is typed is not the end of the stay.
    follow: bool,
    /// The user is gone.
    interrupted: bool,
}

/// Whether more will be typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Typing {
    Open,
    /// The input has ended.
    Ended,
    /// The user has asked to leave.
    Quit,
}

impl Desk {
    pub(super) fn open(options: &ClientOptions) -> io::Result<Self> {
        let poll = Poll::new()?;
        let registry = poll.registry();
        let mut interrupts = interrupts()?;
        registry.register(&mut interrupts, INTERRUPT, Interest::READABLE)?;
        let mut continues = continues()?;
        registry.register(&mut continues, CONTINUE, Interest::READABLE)?;
        let waker = Arc::new(Waker::new(registry, WAKE)?);
        let (front, grammar) = front::open(options, &waker)?;
        Ok(Self {
            poll,
            waker,
            _interrupts: interrupts,
            continues,
            clock: Clock::start(),
            front,
            grammar,
            me: Me::wanting(options.nick.clone()),
            said: Said::default(),
            doubtful: false,
            order: None,
            typing: Typing::Open,
            follow: options.follow,
            interrupted: false,
        })
    }

    pub(super) fn now(&self) -> Instant {
        self.clock.now()
    }

    pub(super) fn registry(&self) -> &Registry {
        self.poll.registry()
    }

    /// What wakes the one who [waits](Self::wait), from another thread.
    pub(super) fn waker(&self) -> Arc<Waker> {
        Arc::clone(&self.waker)
    }

    /// Waits until something happens, for so long at most; `link` is told what
    /// happened to the connection.
    pub(super) fn wait(
        &mut self,
        events: &mut Events,
        patience: Option<Duration>,
        mut link: impl FnMut(&Event),
    ) -> io::Result<()> {
        self.front.flush()?;
        match self.poll.poll(events, patience) {
            Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error),
            _ => {}
        }
        for event in &*events {
            match event.token() {
                LINK => link(event),
                INTERRUPT => self.interrupted = true,
                CONTINUE => {
                    take_note(&self.continues);
                    self.front.resume()?;
                }
                _ => {}
            }
        }
        self.interrupted |= self.front.wants_out();
        Ok(())
    }

    /// Whether it helps the user to know who is in the room.
    pub(super) fn wants_roster(&self) -> bool {
        self.front.wants_roster()
    }

    /// Whether it helps the user to know, once more, which files are there.
    pub(super) fn wants_files(&self) -> bool {
        self.front.wants_files()
    }

    /// Whether the user wants to be gone, whatever is under way.
    pub(super) fn is_interrupted(&self) -> bool {
        self.interrupted
    }

    /// Tells what may be lost of what the user has said, given what the room has
    /// of it.
    pub(super) fn doubt(&mut self, of_the_room: &[News<'_>]) -> io::Result<()> {
        let unheard = self.said.unheard(of_the_room);
        self.tell_doubtful(&unheard)
    }

    /// Tells that these lines may be lost.
    pub(super) fn tell_doubtful(&mut self, lines: &[String]) -> io::Result<()> {
        self.doubtful |= !lines.is_empty();
        lines.iter().try_for_each(|line| self.show(&Scene::Doubtful(line)))
    }

    /// Whether something that was said may be lost.
    pub(super) fn is_doubtful(&self) -> bool {
        self.doubtful
    }

    /// Whether all that the user wants is done.
    pub(super) fn is_done(&self) -> bool {
        let wants_more = match self.typing {
            Typing::Open => true,
            Typing::Ended => self.follow,
            Typing::Quit => false,
        };
        self.order.is_none() && !wants_more
    }

    /// The oldest thing that the user wants and that is not done, if there is
    /// one by now.
    pub(super) fn order(&mut self) -> io::Result<Option<Order>> {
        while self.order.is_none() && self.typing == Typing::Open {
            match self.front.wish()? {
                None => break,
                Some(Wish::End) => self.typing = Typing::Ended,
                Some(Wish::Text(line)) => self.order = Some(Order::Text(line)),
                Some(Wish::Mixed) => self.show(&Scene::Refused(MIXED))?,
                Some(Wish::Line(line)) => match Order::parse(self.grammar, line) {
                    Ok(order) => self.order = Some(order),
                    Err(why) => self.show(&Scene::Refused(&why.to_string()))?,
                },
            }
        }
        Ok(self.order.take())
    }

    /// It cannot be done yet.
    pub(super) fn put_off(&mut self, order: Order) {
        self.order = Some(order);
    }

    /// Nothing is to be done after what is done.
    pub(super) fn quit(&mut self) {
        self.typing = Typing::Quit;
    }

    pub(super) fn show(&mut self, scene: &Scene<'_>) -> io::Result<()> {
        self.front.show(scene, &self.me)
    }

    pub(super) fn status(&mut self, status: &Status<'_>) {
        self.front.status(status, &self.me);
    }

    pub(super) fn end(&mut self, how: Farewell) -> io::Result<()> {
        let unheard = self.said.give_up();
        self.tell_doubtful(&unheard)?;
        self.front.end(how)?;
        self.front.flush()
    }
}
