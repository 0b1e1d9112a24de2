//! What was really done: the naive model of what peers said and sent.

use core::net::IpAddr;
use std::collections::VecDeque;
use std::rc::Rc;

use snug_core::wire::digest::Digest;

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
    /// The files that are here, asked for at a time.
    Files(u64),
    Help,
    /// A `#` word that is none.
    Unknown,
    /// The file with this number, that came whole.
    Upload(usize),
}

/// What a line peer wants with a transfer. What comes of it stands between the
/// answers, in an order of its own.
#[derive(Clone, Debug)]
pub(crate) struct Transfer {
    pub(crate) what: What,
    /// Answers that come before anything of it.
    pub(crate) after: usize,
    /// Answers that come before the last of it, if those behind come after it.
    pub(crate) before: Option<usize>,
}

#[derive(Clone, Debug)]
pub(crate) enum What {
    /// The file with this number, in parts.
    Put(usize),
    /// A file, without its first bytes, asked for at a time.
    Get {
        name: String,
        offset: usize,
        time: u64,
    },
    Stop,
}

/// The truth about one peer.
#[derive(Debug, Default)]
pub(crate) struct Truth {
    /// What it is called now, and all that it was called.
    pub(crate) shown: String,
    pub(crate) names: Vec<String>,
    pub(crate) public: VecDeque<Public>,
    pub(crate) asked: Vec<Asked>,
    pub(crate) transfers: Vec<Transfer>,
    /// Files of which nobody knows where among its deeds they are told, since
    /// the room may have all their bytes already.
    pub(crate) aside: Vec<usize>,
    /// How many of the room's lines had been said when it came, or, where
    /// that was not seen, began to.
    pub(crate) since: usize,
    /// The line that told of it.
    pub(crate) entered: Option<usize>,
    pub(crate) left: bool,
    /// The operator has put it out.
    pub(crate) put_out: bool,
}

impl Truth {
    /// The last part of a file is out: what the peer says from now on comes
    /// behind it.
    pub(crate) fn sent_all(&mut self, id: usize) {
        self.aside.retain(|&other| other != id);
        self.public.push_back(Public::Upload(id));
        if let Some(transfer) = self.transfers.last_mut() {
            transfer.before = Some(self.asked.len());
        }
    }
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
    /// Its peer has left, and somebody goes on with it.
    pub(crate) given_up: bool,
    /// Bytes that the room got of it, as it was stored.
    pub(crate) gained: u64,
    /// What was promised of one that comes in parts.
    pub(crate) promise: Option<Promise>,
}

/// What a peer promised of a file, and whether it kept that.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Promise {
    pub(crate) digest: Digest,
    pub(crate) replace: bool,
    /// The digest is another, or a part was too large.
    pub(crate) broken: bool,
    pub(crate) stopped: bool,
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
        stored.map(|upload| upload.gained).sum()
    }

    /// Whether a file with the same promise was sent by another try.
    pub(crate) fn is_twice(&self, id: usize) -> bool {
        let digest = |up: &Upload| up.promise.map(|promise| promise.digest);
        let own = digest(&self.uploads[id]);
        let mut others = self.uploads.iter().enumerate().filter(|&(at, _)| at != id);
        own.is_some() && others.any(|(_, up)| digest(up) == own)
    }
}
