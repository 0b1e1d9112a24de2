//! Files that the user has asked for, or has for the room: one after the other.
//!
//! They go on over any number of connections. Chat goes on meanwhile.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use mio::Waker;
use snug_core::client::{Client, Event};
use snug_core::time::Instant;
use snug_core::wire::name::FileName;

use super::files::{FileError, Transfer};
use super::gauge::Gauge;
use super::home;

/// What is to be done with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) way: Way,
    /// What the user has typed for it: a path here, or a name in the room.
    pub(super) file: String,
    /// Whether it takes the place of what stands there.
    pub(super) replace: bool,
}

/// From where to where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// From here into the room.
    Put,
    /// From the room into a folder here.
    Get,
}

/// How a request ended.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) request: Request,
    pub(super) result: Result<(), FileError>,
    /// Nothing had to go out or come: the very same file stood there, or here.
    pub(super) was_there: bool,
}

/// The file that is on its way, and those that wait for it.
#[derive(Debug)]
pub(super) struct Transfers {
    waker: Arc<Waker>,
    /// Where files from the room come into.
    folder: PathBuf,
    current: Option<(Request, Transfer, Gauge)>,
    waiting: VecDeque<Request>,
}

impl Transfers {
    /// None yet; those from the room will come into `folder`. `waker` wakes the one
    /// who [advances](Self::advance) them.
    pub(super) fn new(waker: Arc<Waker>, folder: PathBuf) -> Self {
        Self { waker, folder, current: None, waiting: VecDeque::new() }
    }

    /// It is done when all before it are.
    pub(super) fn add(&mut self, request: Request) {
        self.waiting.push_back(request);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.current.is_none() && self.waiting.is_empty()
    }

    /// How far the current one is.
    pub(super) fn gauge(&self) -> Option<&Gauge> {
        self.current.as_ref().map(|(.., gauge)| gauge)
    }

    /// When to [advance](Self::advance) though nothing has happened.
    pub(super) fn timeout(&self) -> Option<Instant> {
        self.current.as_ref().and_then(|(_, transfer, _)| transfer.timeout())
    }

    /// Does what can be done now, until one of them has ended.
    pub(super) fn advance(&mut self, now: Instant, client: &mut Client<'_>) -> Option<Outcome> {
        if self.current.is_none() {
            let request = self.waiting.pop_front()?;
            match request.begin(&self.folder, &self.waker) {
                Ok(transfer) => {
                    let gauge = Gauge::new(transfer.name().as_str());
                    self.current = Some((request, transfer, gauge));
                }
                Err(why) => {
                    return Some(Outcome { request, result: Err(why), was_there: false });
                }
            }
        }
        let (_, transfer, gauge) = self.current.as_mut()?;
        let result = transfer.advance(now, client);
        gauge.set(transfer.progress());
        match result {
            Ok(()) if !transfer.is_done() => None,
            result => self.finish(result),
        }
    }

    /// Takes an event of the client; what has ended with it.
    pub(super) fn handle(&mut self, event: &Event<'_>) -> Option<Outcome> {
        let (_, transfer, _) = self.current.as_mut()?;
        match transfer.handle(event) {
            Ok(()) => None,
            failed => self.finish(failed),
        }
    }

    /// The connection is gone; they go on with the next one.
    pub(super) fn lost(&mut self) {
        if let Some((_, transfer, _)) = &mut self.current {
            transfer.lost();
        }
    }

    /// Ends the current one; false if there is none.
    pub(super) fn stop(&mut self) -> bool {
        if let Some((_, transfer, _)) = &mut self.current {
            transfer.stop();
        }
        self.current.is_some()
    }

    fn finish(&mut self, result: Result<(), FileError>) -> Option<Outcome> {
        let (request, transfer, _) = self.current.take()?;
        Some(Outcome { request, result, was_there: transfer.was_there() })
    }
}

impl Request {
    fn begin(&self, folder: &Path, waker: &Arc<Waker>) -> Result<Transfer, FileError> {
        match self.way {
            Way::Put => Transfer::put(&home::path(&self.file), self.replace, waker),
            Way::Get => {
                let name = FileName::parse(self.file.as_bytes()).map_err(FileError::Name)?;
                Transfer::get(name, folder, self.replace, waker)
            }
        }
    }
}
