//! A file in parts as a client core's user sees it: an errand, which is a file
//! to be put or to be fetched, over as many links as that takes.

use std::rc::Rc;

use snug_core::client::{Client, Event, STOPPED, STORED};
use snug_core::wire::digest::Digest;

use super::flaw::Flaw;
use crate::support::random::Random;

/// A file that somebody wants to be in the room, or to have from it.
#[derive(Clone, Debug)]
pub(crate) enum Errand {
    Put(Put),
    Get(Get),
}

#[derive(Clone, Debug)]
pub(crate) struct Put {
    /// Its number among the files of all.
    pub(crate) id: usize,
    pub(crate) name: String,
    pub(crate) bytes: Rc<[u8]>,
    pub(crate) replace: bool,
    /// The next byte that the room wants, once that is known.
    pub(crate) next: Option<usize>,
}

#[derive(Clone, Debug)]
pub(crate) struct Get {
    pub(crate) name: String,
    /// When it was asked for first.
    pub(crate) since: u64,
    /// What came of it, over all links.
    pub(crate) came: Vec<u8>,
    /// It was begun over a link that was lost.
    pub(crate) again: bool,
}

impl Errand {
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Put(put) => &put.name,
            Self::Get(get) => &get.name,
        }
    }
}

/// How a client core told that an errand is over.
#[derive(Clone, Copy, Debug)]
pub(crate) enum End {
    Stored,
    Sum(Digest),
    Refused,
    Stopped,
}

/// The errands of one client core: one at a time.
#[derive(Debug)]
pub(crate) struct Errands {
    pub(crate) current: Option<Errand>,
    /// Those that are over, and nobody has looked at yet.
    pub(crate) ended: Vec<(Errand, End)>,
    /// Bytes of a file that may be given before the user does something again.
    pub(crate) allowed: usize,
    /// The file of which the last byte was given just now.
    pub(crate) all_given: Option<usize>,
    flaw: Flaw,
    random: Random,
}

impl Errands {
    pub(crate) fn new(flaw: Flaw, random: Random) -> Self {
        Self { current: None, ended: Vec::new(), allowed: 0, all_given: None, flaw, random }
    }

    pub(crate) fn begin(&mut self, errand: Errand) {
        assert!(self.current.is_none(), "a client takes two transfers at a time");
        self.current = Some(errand);
    }

    /// Gives the client the next part of a file, if it wants one.
    pub(crate) fn give(&mut self, client: &mut Client<'_>) {
        let Some(Errand::Put(Put { id, bytes, next: Some(next), .. })) = &mut self.current else {
            return;
        };
        let (space, rest) = (client.body_space(), &bytes[*next..]);
        assert!(space.len() <= rest.len(), "a client wants more of a file than there is");
        let count = space.len().min(self.allowed);
        if count == 0 {
            return;
        }
        space[..count].copy_from_slice(&rest[..count]);
        client.handle_body(count);
        self.allowed -= count;
        *next += count;
        if *next == bytes.len() {
            self.all_given = Some(*id);
        }
    }

    /// The client has learned something of the errand.
    pub(crate) fn learn(&mut self, event: &Event<'_>) {
        match (&mut self.current, event) {
            (Some(Errand::Put(put)), Event::Have { offset }) => {
                assert!(put.next.is_none(), "a client is told twice what the room has");
                if self.flaw != Flaw::LostHave {
                    put.next = Some(usize::try_from(*offset).expect("files are small"));
                }
            }
            (Some(Errand::Get(get)), Event::Part(bytes)) => {
                if !self.flaw.shows(Flaw::LostPart, &mut self.random) {
                    get.came.extend_from_slice(bytes);
                }
            }
            (Some(Errand::Get(_)), Event::File { .. }) => {}
            (_, Event::Uploaded) => self.end(End::Stored),
            (_, Event::Sum(sum)) => self.end(End::Sum(*sum)),
            (_, Event::Stopped) => self.end(End::Stopped),
            (_, Event::Refused { .. }) => {
                let lies = self.flaw.shows(Flaw::FalseEnd, &mut self.random);
                self.end(if lies { End::Stored } else { End::Refused });
            }
            (errand, event) => {
                panic!("nobody asked for {event:?}: {:?}", errand.as_ref().map(Errand::name))
            }
        }
    }

    fn end(&mut self, end: End) {
        let errand = self.current.take();
        let errand = errand.unwrap_or_else(|| panic!("what is over ends again: {end:?}"));
        self.ended.push((errand, end));
        if self.flaw.shows(Flaw::DoubledEnd, &mut self.random) {
            self.end(end);
        }
    }

    /// What the room sent for the client to learn this; of a part, its bytes.
    pub(crate) fn as_heard(&self, event: &Event<'_>) -> Vec<u8> {
        let name = self.current.as_ref().map_or("", Errand::name);
        let puts = matches!(self.current, Some(Errand::Put(_)));
        let word = if puts { "#put" } else { "#get" };
        let line = match event {
            Event::Have { offset } => format!("#have '{name}' {offset}"),
            Event::File { size } => format!("#file '{name}' {size}"),
            Event::Part(bytes) => return bytes.to_vec(),
            Event::Sum(sum) => format!("#sum {sum}"),
            Event::Uploaded => STORED.to_owned(),
            Event::Stopped => STOPPED.to_owned(),
            Event::Refused { reason } => format!("! {word}: {reason}"),
            other => panic!("{other:?} is not of a transfer"),
        };
        line.into_bytes()
    }
}
