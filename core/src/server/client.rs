//! What the room knows of one client.

use core::net::SocketAddr;
use core::ops::Range;

use heapless::Deque;

use super::rate::Allowance;
use crate::id::ClientId;
use crate::log::{Cursor, Reader};
use crate::store::TransferSlot;
use crate::time::Instant;
use crate::wire::Dialect;
use crate::wire::command::Word;
use crate::wire::digest::Digest;
use crate::wire::frame::{Decoder, Pause};
use crate::wire::header::Readings;
use crate::wire::nick::Nick;
use crate::wire::notice::{Refusal, Shown};

/// Answers that a client may have open before its next command waits.
const MOST_ANSWERS: usize = 3;

/// A client of the room; lent to it as part of its memory.
///
/// In the order of this text: what each line that is delivered looks at comes
/// first, and lies together, right behind its link in the queue of those in step.
/// Behind a write to a link hardly anything is left in the processor's cache.
#[derive(Debug)]
#[repr(C)]
pub struct Client {
    pub(super) decoder: Decoder,
    pub(super) stage: Stage,
    /// The caller knows that the link is gone.
    pub(super) gone: bool,
    pub(super) speech: Speech,
    pub(super) outbox: Outbox,
    pub(super) allowance: Allowance,
    pub(super) timers: Timers,
    pub(super) input: Window,
    /// The file, or the part of one, whose bytes come now.
    pub(super) body: Option<Body>,
    /// The digest of the file that it got last. It is told before the next file
    /// begins, which waits for all answers.
    pub(super) sum: Digest,
    pub(super) addr: SocketAddr,
    pub(super) nick: Option<Nick>,
    /// Bytes that stand before each of its texts.
    pub(super) prefix_len: u8,
    /// How often it changed its name; a line about it under the old name ends.
    pub(super) renames: u8,
    pub(super) pause: Pause,
    pub(super) marks: Marks,
    /// Its last `#put` was refused or has failed: parts that are still under
    /// way are dropped without a word.
    pub(super) adrift: bool,
    /// Its first byte has come.
    pub(super) spoke: bool,
    /// The file that is on its way, to the folder or from it.
    pub(super) transfer: Option<Ongoing>,
}

/// How far a client is in its stay.
///
/// Of four bytes, so that of all fields of a client this one has the most values
/// to spare: by one of them the compiler tells a place that is not let.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u32)]
pub(super) enum Stage {
    /// Greeted; gets the room's lines with its first byte or after a while, so
    /// that the greeting stands alone.
    Fresh,
    /// In the room.
    Here,
    /// Gets its last answers, says nothing more.
    Leaving,
    /// Gone but for the notice.
    Left,
}

/// What is to be told to the room of a client, in this order.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Marks {
    pub(super) entered: bool,
    pub(super) uploaded: bool,
    pub(super) left: bool,
}

/// Bytes that came and are not used up, in the client's share of the input.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Window {
    pub(super) start: u32,
    pub(super) end: u32,
}

/// A file whose bytes come.
#[derive(Debug)]
pub(super) struct Body {
    pub(super) readings: Readings,
    /// The start from which on bytes are kept.
    pub(super) base: u8,
    /// The bytes are none of the transfer's: they pass by.
    pub(super) dropped: bool,
}

/// A transfer under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ongoing {
    pub(super) slot: TransferSlot,
    pub(super) way: Way,
    /// An upload has all its bytes, and the store is not done with it.
    pub(super) settling: bool,
    /// It ends behind the line or the part that is under way.
    pub(super) stops: bool,
}

impl Ongoing {
    pub(super) fn new(slot: TransferSlot, way: Way) -> Self {
        Self { slot, way, settling: false, stops: false }
    }
}

/// How a file goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// `#upload`: to the folder, all bytes behind its header.
    Whole,
    /// `#put`: to the folder, in parts.
    Parts,
    /// `#get`: from the folder.
    Down,
}

/// How much a client said and took in the patience under way.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Speech {
    pub(super) window: u32,
    pub(super) wrote: u32,
    pub(super) took: u32,
}

/// When a client's timers run out; each counts while it is in the queue.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Timers {
    pub(super) quiet: Instant,
    pub(super) stuck: Instant,
    pub(super) moving: Instant,
    pub(super) paced: Instant,
    /// Bytes of a file or header since the timer `moving` was set.
    pub(super) moved: u32,
    /// When bytes of a file came last.
    pub(super) moved_at: Instant,
}

/// What a client has still to get; in this order, as [`Client`] is.
#[derive(Debug, Default)]
#[repr(C)]
pub(super) struct Outbox {
    /// Where in the room's lines it is.
    pub(super) cursor: Cursor,
    /// Lines that went by unread and were not told yet.
    pub(super) skipped: u32,
    /// The rest of a character that it has in part, where a line is half out:
    /// goes out if that line is cut. Set by then at the latest.
    pub(super) half: Half,
    /// Bytes of the first answer's line, or of its transfer's, that it has.
    pub(super) sent: u16,
    /// A line of its transfer, or a part of a file, is half out: nothing else
    /// goes before the rest of it.
    pub(super) in_piece: bool,
    /// What is for it alone; two places more than commands may fill.
    pub(super) answers: Deque<Answer, { MOST_ANSWERS + 3 }>,
}

/// The rest of a character of which a client has the first bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Half {
    bytes: [u8; 3],
    len: u8,
}

impl Half {
    /// The rest of the character with which `rest` goes on.
    pub(super) fn of(rest: &[u8]) -> Self {
        let mut half = Self::default();
        for (place, &byte) in
            half.bytes.iter_mut().zip(rest).take_while(|(_, b)| **b & 0xc0 == 0x80)
        {
            *place = byte;
            half.len += 1;
        }
        half
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

/// What is meant for one client alone: rendered when its link can take it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Answer {
    Greeting(u32),
    Switched,
    Cut,
    Skipped(u32),
    Stored(u64),
    /// A file that it asked for is out to the last byte: its [`Client::sum`].
    Sum,
    Named,
    Delivered,
    /// The users from a place on; half of a line about somebody is out.
    Who {
        from: u32,
        half: Option<(ClientId, u8)>,
    },
    Users(u32),
    /// Lines up to the numbered one.
    History {
        cursor: Cursor,
        until: u64,
    },
    EndOfHistory,
    /// The files from a cursor of the store on, the next of which goes on at
    /// `next`; `count` were told, and half of the line with a hash is out.
    Files {
        from: u64,
        next: u64,
        count: u32,
        half: Option<u32>,
    },
    EndOfFiles(u32),
    Stopped,
    Help(u8),
    Refused(Refusal),
    Failed(Word, Refusal),
}

impl Answer {
    /// All files.
    pub(super) const FILES: Self = Self::Files { from: 0, next: 0, count: 0, half: None };
}

impl Client {
    pub(super) fn new(addr: SocketAddr, cursor: Cursor) -> Self {
        Self {
            addr,
            nick: None,
            prefix_len: 0,
            renames: 0,
            decoder: Decoder::new(),
            pause: Pause::None,
            input: Window::default(),
            body: None,
            transfer: None,
            sum: Digest::new([0; 32]),
            adrift: false,
            marks: Marks::default(),
            outbox: Outbox { cursor, ..Outbox::default() },
            speech: Speech::default(),
            allowance: Allowance::WHOLE,
            timers: Timers::default(),
            stage: Stage::Fresh,
            spoke: false,
            gone: false,
        }
    }

    pub(super) fn dialect(&self) -> Dialect {
        self.decoder.dialect()
    }

    pub(super) fn reader(&self, place: u32) -> Reader {
        Reader::new(place, self.dialect())
    }

    pub(super) fn shown(&self) -> Shown<'_> {
        Shown { nick: self.nick.as_ref(), addr: self.addr }
    }

    /// Takes one who leaves to the end of the room's lines: it gets no more of
    /// them than the rest of one that it has half.
    pub(super) fn pass_lines(&mut self, end: Cursor) {
        let cursor = &mut self.outbox.cursor;
        if self.stage == Stage::Leaving && cursor.sent == 0 {
            *cursor = end;
        }
    }

    /// Whether its file is whole and the store is not done with it.
    pub(super) fn is_settling(&self) -> bool {
        self.transfer.is_some_and(|ongoing| ongoing.settling)
    }

    /// Whether its transfer ends behind what is half out.
    pub(super) fn is_stopping(&self) -> bool {
        self.outbox.in_piece && self.transfer.is_some_and(|ongoing| ongoing.stops)
    }

    /// Whether it gets a file.
    pub(super) fn is_fetching(&self) -> bool {
        self.transfer.is_some_and(|ongoing| ongoing.way == Way::Down)
    }

    /// The slot of its upload in parts, as long as bytes of it lack.
    pub(super) fn put(&self) -> Option<TransferSlot> {
        let put = self.transfer.filter(|ongoing| ongoing.way == Way::Parts && !ongoing.settling);
        put.map(|ongoing| ongoing.slot)
    }

    /// The slot into which the bytes go that come now.
    pub(super) fn body_slot(&self) -> Option<TransferSlot> {
        let body = self.body.as_ref().filter(|body| !body.dropped);
        body.and(self.transfer).map(|ongoing| ongoing.slot)
    }

    /// Whether its answers leave room for those to one more command.
    pub(super) fn can_be_answered(&self) -> bool {
        self.outbox.answers.len() < MOST_ANSWERS
    }

    /// Adds an answer; classic peers get none but the classic ones.
    pub(super) fn answer(&mut self, answer: Answer) {
        if self.dialect() == Dialect::Line && !self.gone {
            // Room: a command is read only when there is, and each has one.
            let _ = self.outbox.answers.push_back(answer);
        }
    }

    /// Counts from the start of the patience numbered `window`.
    pub(super) fn speech_in(&mut self, window: u32) -> &mut Speech {
        self.speech.within(window)
    }
}

impl Speech {
    /// Counts from the start of the patience numbered `window`.
    pub(super) fn within(&mut self, window: u32) -> &mut Self {
        if self.window != window {
            *self = Self { window, wrote: 0, took: 0 };
        }
        self
    }

    /// Lines were said that take so much of the log.
    pub(super) fn count(&mut self, cost: usize) {
        self.wrote = self.wrote.saturating_add(cost as u32);
    }

    /// Lines were taken that take so much of the log.
    pub(super) fn take(&mut self, cost: usize) {
        self.took = self.took.saturating_add(cost as u32);
    }
}

impl Window {
    pub(super) fn len(self) -> usize {
        (self.end - self.start) as usize
    }

    /// Where they stand.
    pub(super) fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// That many bytes are used up.
    pub(super) fn consume(&mut self, count: usize) {
        self.start += count as u32;
        if self.start >= self.end {
            *self = Self::default();
        }
    }
}
