//! A peer and a room that listens to it, and the naive model of lines.

extern crate std;

use std::string::String;
use std::vec;
use std::vec::Vec;

use super::super::*;
use crate::wire::command::Command;
use crate::wire::header::{Left, Readings};
use crate::wire::text::make_safe;
use Deed::{Asked, Misfit, Ordered, Said, Sent, Switched, Unreadable};

/// Text that a line has room for, and bytes that can be held: small, so that
/// short scripts reach them.
pub(super) const ROOM: usize = 32;
pub(super) const HELD: usize = 44;

/// What a peer did, as the room sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    Said(String),
    Ordered(String),
    Sent(String, String),
    Switched,
    TooLong,
    Unreadable,
    Asked,
    /// Its file does not fit its header.
    Misfit,
    Left,
}

pub(super) struct Body {
    name: String,
    readings: Readings,
    base: usize,
    bytes: Vec<u8>,
}

/// A peer and what the room does about it (`server/receive.rs`, `files.rs`),
/// without anything that could hold it up.
pub(super) struct Peer {
    decoder: Decoder,
    held: Vec<u8>,
    pause: Pause,
    waits: bool,
    body: Option<Body>,
    pub(super) deeds: Vec<Deed>,
    pub(super) closed: bool,
}

impl Peer {
    pub(super) fn new() -> Self {
        Self {
            decoder: Decoder::new(),
            held: vec![],
            pause: Pause::None,
            waits: false,
            body: None,
            deeds: vec![],
            closed: false,
        }
    }

    pub(super) fn hear(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() && !self.closed {
            let room = self.body.as_ref().map_or(u64::MAX, |body| body.readings.room());
            let space = (HELD - self.held.len()).min(usize::try_from(room).unwrap_or(usize::MAX));
            assert!(space > 0, "it can never go on: {:?}", self.held);
            let (now, later) = bytes.split_at(space.min(bytes.len()));
            self.held.extend_from_slice(now);
            (self.pause, self.waits) = (Pause::None, false);
            self.digest();
            bytes = later;
        }
    }

    /// The link has nothing more to read now.
    pub(super) fn burst(&mut self) {
        if self.pause == Pause::None {
            self.pause = Pause::Burst;
            self.digest();
        }
    }

    pub(super) fn quiet(&mut self) {
        self.burst();
        if self.waits && self.pause == Pause::Burst {
            self.pause = Pause::Quiet;
            self.digest();
        }
    }

    pub(super) fn end(&mut self) {
        self.pause = Pause::End;
        self.digest();
        assert!(self.closed, "a peer that has ended leaves");
    }

    pub(super) fn rest(&mut self, pause: Pause) {
        match pause {
            Pause::None => {}
            Pause::Burst => self.burst(),
            Pause::Quiet => self.quiet(),
            Pause::End => self.end(),
        }
    }

    fn digest(&mut self) {
        let frames = 4 * self.held.len() + 8;
        for _ in 0..frames {
            let before = (self.held.len(), self.decoder.dialect, self.body.is_some());
            if self.closed || !self.digest_next() {
                return;
            }
            let after = (self.held.len(), self.decoder.dialect, self.body.is_some());
            assert!(self.closed || before != after, "no progress: {:?}", self.held);
        }
        panic!("it goes on for ever: {:?}", self.held);
    }

    fn digest_next(&mut self) -> bool {
        if self.body.is_some() {
            return self.feed();
        }
        let held = self.held.clone();
        let (frame, mut used) =
            match self.decoder.decode(&held, self.pause, ROOM, held.len() == HELD) {
                Decoded::Frame(frame, used) => (frame, used),
                Decoded::Header if self.pause == Pause::End => return self.close(Unreadable),
                Decoded::More if self.pause == Pause::End => return self.close(Deed::Left),
                Decoded::More => return false,
                Decoded::Wait | Decoded::Header => {
                    self.waits |= self.pause == Pause::Burst;
                    return false;
                }
            };
        match frame {
            Frame::Text(text) => used = self.say(&text),
            Frame::Command(line) => self.obey(line),
            Frame::Upload(header) => self.begin(header.name, header.readings),
            Frame::Switch => self.deeds.push(Switched),
            Frame::Nothing => {}
            Frame::TooLong => self.deeds.push(Deed::TooLong),
            Frame::Unreadable => return self.close(Unreadable),
            Frame::Http => return self.close(Asked),
        }
        self.held.drain(..used);
        true
    }

    fn say(&mut self, text: &Text<'_>) -> usize {
        assert!(!text.raw.is_empty());
        let mut out = [0; ROOM];
        let safe = make_safe(text.raw, &mut out);
        assert!(safe.taken > 0);
        self.deeds.push(Said(string(&out[..safe.written])));
        self.decoder.took_text(text, safe.taken)
    }

    fn obey(&mut self, line: &[u8]) {
        match Command::parse(line) {
            Ok(Command::Upload { name, size }) => {
                let name = name.map(|name| name.as_str().into()).unwrap_or_default();
                self.begin(String::as_bytes(&name), Readings::of(size));
            }
            _ => self.deeds.push(Ordered(string(line))),
        }
    }

    fn begin(&mut self, name: &[u8], readings: Readings) {
        let base = readings.last_start();
        let bytes = readings.from(base).to_vec();
        self.body = Some(Body { name: string(name), readings, base, bytes });
    }

    fn feed(&mut self) -> bool {
        let Some(body) = self.body.as_mut() else { return false };
        let room = usize::try_from(body.readings.room()).unwrap_or(usize::MAX);
        let count = room.min(self.held.len());
        body.bytes.extend(self.held.drain(..count));
        body.readings.take(count as u64);
        let settled = self.pause >= Pause::Quiet && self.held.is_empty();
        let start = match body.readings.left() {
            Left::None => return self.close(Misfit),
            Left::One(start) if body.readings.lacking(start) == 0 => Some(start),
            _ => body.readings.whole().filter(|_| settled),
        };
        if let Some(start) = start {
            let file = [body.readings.between(start, body.base), &body.bytes].concat();
            self.deeds.push(Sent(body.name.clone(), string(&file)));
            self.body = None;
            return true;
        }
        if self.pause == Pause::End {
            return self.close(Misfit);
        }
        self.waits |= self.pause == Pause::Burst && body.readings.left() == Left::Several;
        count > 0
    }

    fn close(&mut self, why: Deed) -> bool {
        self.deeds.push(why);
        self.closed = true;
        true
    }
}

pub(super) fn string(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

pub(super) fn said(text: &str) -> Deed {
    Said(text.into())
}

pub(super) fn ordered(line: &str) -> Deed {
    Ordered(line.into())
}

pub(super) fn sent(name: &str, file: &str) -> Deed {
    Sent(name.into(), file.into())
}

/// What becomes of bytes that come in pieces with pauses after them.
pub(super) fn deeds(pieces: &[(&[u8], Pause)]) -> Vec<Deed> {
    let mut peer = Peer::new();
    for (piece, pause) in pieces {
        peer.hear(piece);
        if !peer.closed {
            peer.rest(*pause);
        }
    }
    peer.deeds
}

/// The naive model of the line dialect: what a peer does that says all of
/// `bytes`, which begin with its knock, and leaves.
pub(super) fn line_model(mut bytes: &[u8]) -> Vec<Deed> {
    let mut deeds = vec![Switched];
    while !bytes.is_empty() {
        let newline = bytes.iter().position(|&byte| byte == b'\n');
        let whole = &bytes[..newline.unwrap_or(bytes.len())];
        bytes = newline.map_or(&[], |at| &bytes[at + 1..]);
        let line = whole.strip_suffix(b"\r").unwrap_or(whole);
        if line.starts_with(b"##") {
            deeds.extend(pieces_of(&line[1..]));
        } else if !line.starts_with(b"#") {
            deeds.extend(pieces_of(line));
        } else if whole.len() >= HELD {
            deeds.push(Deed::TooLong);
        } else if let Ok(Command::Upload { name, size }) = Command::parse(line) {
            let Some((file, rest)) = bytes.split_at_checked(size as usize) else {
                deeds.push(Misfit);
                return deeds;
            };
            let name = name.map(|name| name.as_str().into()).unwrap_or_default();
            deeds.push(Sent(name, string(file)));
            bytes = rest;
        } else {
            deeds.push(Ordered(string(line)));
        }
    }
    deeds.push(Deed::Left);
    deeds
}

/// A safe text in pieces: as many characters as there is room for, each time.
pub(super) fn pieces_of(line: &[u8]) -> Vec<Deed> {
    let mut out = vec![0; 3 * line.len() + 3];
    let safe = make_safe(line, &mut out);
    let mut pieces: Vec<String> = vec![];
    for character in string(&out[..safe.written]).chars() {
        match pieces.last_mut() {
            Some(piece) if piece.len() + character.len_utf8() <= ROOM => piece.push(character),
            _ => pieces.push(character.into()),
        }
    }
    pieces.into_iter().map(Said).collect()
}
