//! What a client sends: bursts that keep apart to a classic server, lines to
//! Snug.

use core::fmt::Write as _;

use super::{ANNOUNCEMENT, TEXT_GAP, UPLOAD_GAP};
use crate::time::Instant;
use crate::wire::name::FileName;

/// Why a text cannot be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum SayError {
    /// The server is not known yet, a file is going out, or the text before is
    /// not gone or not gone for long enough: try again after the next timeout
    /// or the next sending.
    NotYet,
    /// Longer than the output buffer, with a newline.
    TooLong,
    /// A line break would make two texts of it.
    LineBreak,
    /// It begins like the header of an upload, and a server that takes it for
    /// one waits for a file; see [`offer`](super::Client::offer).
    Upload,
}

/// Why a file cannot be offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum OfferError {
    /// Another file is going out.
    Busy,
    /// The server is not known yet: try again after the next timeout.
    NotYet,
    /// A classic server cannot read a header whose name holds a space.
    SpaceInName,
}

/// Bytes to be sent, and what keeps them waiting.
#[derive(Debug)]
pub(super) struct Outgoing<'m> {
    output: &'m mut [u8],
    /// `output[start..end]` is to be sent; both are 0 when that is nothing.
    start: usize,
    end: usize,
    speech: Speech,
    /// What the bytes in the output, or those before them, are.
    burst: Burst,
    /// When the last burst was taken whole.
    taken: Option<Instant>,
    now: Instant,
    /// No classic upload begins before this.
    sure: Instant,
    upload: Upload,
    outcome: Outcome,
    /// The last text was the announcement of an upload.
    announced: bool,
    /// A text without its newline was sent to a server that was knocked at.
    open: bool,
}

/// How the server is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Speech {
    /// Not at all yet.
    Silent,
    /// In bursts that keep apart.
    Bursts,
    /// In bursts until the upload under way is out, then in lines.
    LinesSoon,
    /// In lines.
    Lines,
}

/// What a classic server has to read apart from its neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Burst {
    Text,
    Header,
    Body,
}

/// How far an upload is.
#[derive(Debug)]
enum Upload {
    None,
    /// To be announced.
    Announce(FileName, u64),
    /// Its header is to go out.
    Header(FileName, u64),
    /// So many bytes of it are still wanted.
    Body(u64),
    /// It is out, and Snug has not said yet what became of it.
    Settling,
}

/// What is known of the last upload's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Open,
    /// Snug has refused something since the header went out.
    Refused,
    /// It is uploaded, and nobody was told yet.
    Uploaded,
}

impl<'m> Outgoing<'m> {
    pub(super) fn new(output: &'m mut [u8], now: Instant) -> Self {
        Self {
            output,
            start: 0,
            end: 0,
            speech: Speech::Silent,
            burst: Burst::Text,
            taken: None,
            now,
            sure: now,
            upload: Upload::None,
            outcome: Outcome::Open,
            announced: false,
            open: false,
        }
    }

    /// Knocks; a classic upload is not begun before `sure`.
    pub(super) fn knock(&mut self, sure: Instant) {
        self.put(b"\n");
        self.sure = sure;
    }

    pub(super) fn speak_classic(&mut self) {
        self.speech = Speech::Bursts;
    }

    /// The server is Snug: from now on texts are lines.
    pub(super) fn speak_lines(&mut self) {
        if matches!(self.upload, Upload::Body(_)) {
            self.speech = Speech::LinesSoon;
            return;
        }
        self.speech = Speech::Lines;
        if core::mem::take(&mut self.open) {
            self.put(b"\n");
        }
        self.upload = match core::mem::replace(&mut self.upload, Upload::None) {
            Upload::Announce(name, size) => Upload::Header(name, size),
            other => other,
        };
        self.advance();
    }

    pub(super) fn can_say(&self, now: Instant, len: usize) -> bool {
        let free = !self.is_uploading();
        match self.speech {
            Speech::Silent | Speech::LinesSoon => false,
            Speech::Bursts => free && self.is_empty() && self.is_apart(now, Burst::Text),
            Speech::Lines => free && self.has_room(len),
        }
    }

    pub(super) fn say(&mut self, now: Instant, text: &str) -> Result<(), SayError> {
        // A byte stays free for a newline that may become due.
        if text.len() + 2 > self.output.len() {
            return Err(SayError::TooLong);
        }
        if text.contains(['\n', '\r']) {
            return Err(SayError::LineBreak);
        }
        if text.starts_with("#upload") {
            return Err(SayError::Upload);
        }
        if !self.can_say(now, text.len()) {
            return Err(SayError::NotYet);
        }
        self.put_text(text);
        Ok(())
    }

    pub(super) fn is_uploading(&self) -> bool {
        !matches!(self.upload, Upload::None)
    }

    pub(super) fn take_uploaded(&mut self) -> bool {
        let uploaded = self.outcome == Outcome::Uploaded;
        if uploaded {
            self.outcome = Outcome::Open;
        }
        uploaded
    }

    /// Takes Snug's word on the upload; whether that has made it true.
    pub(super) fn settle(&mut self, stored: bool) -> bool {
        let settling = matches!(self.upload, Upload::Settling);
        if settling {
            self.upload = Upload::None;
        }
        if !stored && self.is_uploading() {
            self.outcome = Outcome::Refused;
        }
        settling && stored
    }

    pub(super) fn offer(
        &mut self,
        now: Instant,
        name: &FileName,
        size: u64,
    ) -> Result<(), OfferError> {
        if self.is_uploading() {
            return Err(OfferError::Busy);
        }
        let lines = match self.speech {
            Speech::Lines => true,
            Speech::Bursts if now >= self.sure => false,
            _ => return Err(OfferError::NotYet),
        };
        if !lines && name.as_str().contains(char::is_whitespace) {
            return Err(OfferError::SpaceInName);
        }
        self.upload = if lines || self.announced {
            Upload::Header(name.clone(), size)
        } else {
            Upload::Announce(name.clone(), size)
        };
        self.tick(now);
        Ok(())
    }

    pub(super) fn body_space(&mut self) -> &mut [u8] {
        let room = self.output.len() - self.end;
        let len = match self.upload {
            Upload::Body(left) if self.takes_body() => {
                room.min(usize::try_from(left).unwrap_or(room))
            }
            _ => 0,
        };
        &mut self.output[self.end..][..len]
    }

    pub(super) fn body(&mut self, len: usize) {
        assert!(len <= self.body_space().len(), "more of a file than was asked for");
        if let Upload::Body(left) = &mut self.upload {
            *left -= len as u64;
            self.end += len;
            self.burst = Burst::Body;
        }
    }

    pub(super) fn pending(&self) -> &[u8] {
        &self.output[self.start..self.end]
    }

    pub(super) fn sent(&mut self, now: Instant, len: usize) {
        assert!(len <= self.end - self.start, "more sent than was pending");
        self.start += len;
        if len > 0 && self.start == self.end {
            (self.start, self.end) = (0, 0);
            self.taken = Some(now);
        }
    }

    pub(super) fn tick(&mut self, now: Instant) {
        self.now = now;
        self.advance();
    }

    /// When something that waits for time has waited long enough.
    pub(super) fn timeout(&self) -> Option<Instant> {
        if !self.is_empty() || matches!(self.speech, Speech::Silent | Speech::Lines) {
            return None;
        }
        let apart = self.taken.map(|taken| taken + gap(self.burst, self.next()));
        let sure = (!self.is_uploading()).then_some(self.sure);
        [apart, sure].into_iter().flatten().filter(|&time| time > self.now).min()
    }

    /// Takes the upload a step further, if nothing keeps it.
    fn advance(&mut self) {
        if !self.is_empty() {
            return;
        }
        let apart = self.is_apart(self.now, self.next());
        match core::mem::replace(&mut self.upload, Upload::None) {
            Upload::Announce(name, size) if apart => {
                self.put_text(ANNOUNCEMENT);
                self.upload = Upload::Header(name, size);
            }
            Upload::Header(name, size) if apart => self.put_header(&name, size),
            Upload::Body(0) => self.finish(),
            waiting => self.upload = waiting,
        }
    }

    fn finish(&mut self) {
        match self.speech {
            Speech::Lines if self.outcome == Outcome::Refused => {}
            Speech::Lines => self.upload = Upload::Settling,
            _ => self.outcome = Outcome::Uploaded,
        }
        if self.speech == Speech::LinesSoon {
            self.speak_lines();
        }
    }

    fn put_text(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        self.put(text.as_bytes());
        self.announced = text == ANNOUNCEMENT;
        self.burst = Burst::Text;
        self.end_text();
    }

    fn put_header(&mut self, name: &FileName, size: u64) {
        let mut header = heapless::String::<300>::new();
        write!(header, "#upload '{}' {size}", name.as_str()).expect("255 + 32 bytes at most");
        self.put(header.as_bytes());
        self.burst = Burst::Header;
        self.outcome = Outcome::Open;
        self.announced = false;
        self.upload = Upload::Body(size);
        self.end_text();
    }

    /// Ends what was put, as the server wants it.
    fn end_text(&mut self) {
        match self.speech {
            Speech::Lines => self.put(b"\n"),
            _ => self.open = true,
        }
    }

    fn put(&mut self, bytes: &[u8]) {
        self.output[self.end..self.end + bytes.len()].copy_from_slice(bytes);
        self.end += bytes.len();
    }

    fn is_empty(&self) -> bool {
        self.start == self.end
    }

    fn has_room(&self, len: usize) -> bool {
        self.output.len() - self.end >= len + 2
    }

    /// What would go out next.
    fn next(&self) -> Burst {
        match self.upload {
            Upload::None | Upload::Settling | Upload::Announce(..) => Burst::Text,
            Upload::Header(..) => Burst::Header,
            Upload::Body(_) => Burst::Body,
        }
    }

    /// Whether `next` would be far enough from what was sent before it.
    fn is_apart(&self, now: Instant, next: Burst) -> bool {
        let apart = |taken| now >= taken + gap(self.burst, next);
        self.speech == Speech::Lines || self.taken.is_none_or(apart)
    }

    /// Whether the header is gone for long enough.
    fn takes_body(&self) -> bool {
        self.burst == Burst::Body
            || self.speech == Speech::Lines
            || (self.is_empty() && self.is_apart(self.now, Burst::Body))
    }
}

/// How far `next` keeps from `last` towards a classic server.
fn gap(last: Burst, next: Burst) -> core::time::Duration {
    match (last, next) {
        (Burst::Text, Burst::Text) => TEXT_GAP,
        (Burst::Body, Burst::Body) => core::time::Duration::ZERO,
        _ => UPLOAD_GAP,
    }
}
