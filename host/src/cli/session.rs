//! A stay: visits to a room, one after the other until it is over.

use core::time::Duration;
use std::io::{self, IsTerminal};

use mio::Events;
use snug_core::time::Instant;

use super::connection::Memory;
use super::desk::Desk;
use super::dial::{Dial, Tries};
use super::error::SessionError;
use super::front::{Farewell, Scene, Status};
use super::link::Link;
use super::options::ClientOptions;
use super::recall::Seen;
use super::transfers::Transfers;
use super::visit::{Kept, Parting, Visit};

/// A visit that lasted so long was no failed try to come back.
const LASTING: Duration = Duration::from_secs(10);

/// What lasts from one visit to the next.
pub(super) struct Session<'a> {
    options: &'a ClientOptions,
    /// The place of the room, for the user to read.
    room: String,
    /// Somebody sits there, who sees what becomes of it and can end it.
    attended: bool,
    desk: Desk,
    seen: Seen,
    transfers: Transfers,
    tries: Tries,
}

impl<'a> Session<'a> {
    pub(super) fn open(options: &'a ClientOptions) -> Result<Self, SessionError> {
        let desk = Desk::open(options)?;
        let no_return = options.classic || options.no_reconnect;
        let attended = io::stdin().is_terminal();
        let is_endless = attended && !no_return;
        let tries = if is_endless { Tries::endless() } else { Tries::limited(no_return) };
        Ok(Self {
            options,
            room: options.place(),
            attended,
            transfers: Transfers::new(desk.waker(), options.errands.folder()),
            desk,
            seen: Seen::default(),
            tries,
        })
    }

    /// Stays over this link, and over others when it is lost.
    pub(super) fn run(&mut self, link: Link) -> Result<(), SessionError> {
        let mut memory = Memory::new(self.options.mode());
        let mut link = Some(link);
        while let Some(there) = link.take() {
            let began = self.desk.now();
            match self.visit(&mut memory, there)? {
                Parting::Interrupted => self.desk.end(Farewell::Interrupted)?,
                Parting::Done => self.desk.end(Farewell::Done)?,
                Parting::Lost => link = self.come_back(began)?,
                Parting::PutOut => self.end_lost()?,
            }
        }
        let counts = !self.attended && !self.desk.is_interrupted();
        if counts && self.desk.is_doubtful() { Err(SessionError::Doubtful) } else { Ok(()) }
    }

    fn visit(&mut self, memory: &mut Memory, link: Link) -> Result<Parting, SessionError> {
        let mode = self.options.mode();
        let Self { desk, seen, transfers, room, .. } = self;
        let kept = Kept { seen, memory, transfers, room };
        Visit::begin(desk, kept, mode, link)?.run()
    }

    /// Tries to connect until that works; nothing if the user leaves before.
    fn come_back(&mut self, began: Instant) -> Result<Option<Link>, SessionError> {
        if self.desk.now().since(began) >= LASTING {
            self.tries.reset();
        }
        self.transfers.lost();
        let mut pause = self.tries.next();
        if pause.is_some() {
            self.desk.show(&Scene::Lost("the connection is lost; trying to come back"))?;
        }
        while let Some(length) = pause {
            if !self.rest(length)? {
                return Ok(None);
            }
            match self.dial()? {
                None => return Ok(None),
                Some(Ok(link)) => {
                    self.desk.show(&Scene::Back)?;
                    return Ok(Some(link));
                }
                Some(Err(_)) => pause = self.tries.next(),
            }
        }
        self.end_lost().map(|()| None)
    }

    /// It is over, though nobody wanted that; the classic client takes it for
    /// how it always ends.
    fn end_lost(&mut self) -> Result<(), SessionError> {
        self.desk.end(Farewell::Lost)?;
        if self.options.classic { Ok(()) } else { Err(SessionError::Lost) }
    }

    /// Waits for the next try; false if the user leaves.
    fn rest(&mut self, pause: Duration) -> Result<bool, SessionError> {
        let end = self.desk.now() + pause;
        while self.desk.now() < end {
            let left = end.since(self.desk.now());
            let seconds = left.as_secs() + 1;
            if !self.is_awaited(&format!("connection lost, next try in {seconds} s"), left)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Tries to connect; nothing if the user leaves.
    fn dial(&mut self) -> Result<Option<io::Result<Link>>, SessionError> {
        let dial = Dial::start(&self.options.host, self.options.port, self.desk.waker())?;
        loop {
            if let Some(outcome) = dial.outcome() {
                return Ok(Some(outcome));
            }
            if !self.is_awaited("connection lost, trying", Duration::MAX)? {
                return Ok(None);
            }
        }
    }

    /// Waits a while; false if the user leaves meanwhile.
    fn is_awaited(&mut self, away: &str, patience: Duration) -> Result<bool, SessionError> {
        self.desk.status(&Status {
            room: &self.room,
            away: Some(away),
            gauge: self.transfers.gauge(),
        });
        if let Some(order) = self.desk.order()? {
            self.desk.put_off(order);
        }
        if self.desk.is_done() && self.transfers.is_empty() && self.desk.said.is_settled() {
            self.desk.end(Farewell::Done)?;
            return Ok(false);
        }
        let second = Duration::from_secs(1);
        self.desk.wait(&mut Events::with_capacity(8), Some(patience.min(second)), |_| {})?;
        if self.desk.is_interrupted() {
            self.desk.end(Farewell::Interrupted)?;
            return Ok(false);
        }
        Ok(true)
    }
}
