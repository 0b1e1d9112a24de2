//! What was really done: the naive model of what peers said and sent.

use core::net::IpAddr;
use std::collections::VecDeque;
use std::rc::Rc;

/// What a peer did that the room may be told.
#[derive(Clone, Debug)]
pub(crate) enum Public {
    /// A text as others see it. One that is not `apart` may be joined with its
    /// neighbours of the same kind, and cut anywhere.
    Text {
        body: String,
        apart: bool,
    },
    Action(String),
    /// A nick that the peer may get.
    Nick(String),
    /// The file with this number.
    Upload(usize),
}

/// What a line peer said that is answered, in the order of the answers.
#[derive(Clone, Debug)]
pub(crate) enum Asked {
    /// The first newline.
    Switch,
    Nick(String),
    /// The private text with this number.
    Msg(usize),
    /// Who is here; where it is known, the lines that must come.
    Who(Option<Vec<String>>),
    History(usize),
    Help,
    /// A `#` word that is none.
    Unknown,
    /// The file with this number.
    Upload(usize),
}

/// The truth about one peer.
#[derive(Debug, Default)]
pub(crate) struct Truth {
    /// What it is called now, and all that it was called.
    pub(crate) shown: String,
    pub(crate) names: Vec<String>,
    pub(crate) public: VecDeque<Public>,
    pub(crate) asked: Vec<Asked>,
    /// How many of the room's lines had been said when it came, or, where
    /// that was not seen, began to.
    pub(crate) since: usize,
    /// The line that told of it.
    pub(crate) entered: Option<usize>,
    pub(crate) left: bool,
}

/// A file that a peer sent or is sending.
#[derive(Debug)]
pub(crate) struct Upload {
    pub(crate) owner: usize,
    pub(crate) ip: IpAddr,
    pub(crate) name: String,
    pub(crate) bytes: Rc<[u8]>,
    /// When it was begun.
    pub(crate) begun: u64,
    /// Its number among all that were stored.
    pub(crate) stored: Option<usize>,
    pub(crate) announced: bool,
    pub(crate) refused: bool,
}

/// A text for one peer alone.
#[derive(Debug)]
pub(crate) struct Private {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) body: String,
    /// Its sender was told that it is on its way.
    pub(crate) delivered: bool,
    pub(crate) received: bool,
}

/// All files and private texts of one life of the room.
#[derive(Debug, Default)]
pub(crate) struct Deeds {
    pub(crate) uploads: Vec<Upload>,
    pub(crate) privates: Vec<Private>,
}

impl Deeds {
    /// Bytes that an address has tried to store, one file aside.
    pub(crate) fn tried_by(&self, ip: IpAddr, but: usize) -> u64 {
        let tried = self.uploads.iter().enumerate().filter(|(at, up)| *at != but && up.ip == ip);
        tried.map(|(_, upload)| upload.bytes.len() as u64).sum()
    }

    /// Bytes that an address has stored.
    pub(crate) fn stored_by(&self, ip: IpAddr) -> u64 {
        let stored = self.uploads.iter().filter(|up| up.ip == ip && up.stored.is_some());
        stored.map(|upload| upload.bytes.len() as u64).sum()
    }
}
