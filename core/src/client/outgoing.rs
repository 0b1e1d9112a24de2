//! What a client sends: bursts that keep apart to a classic server, lines to
//! Snug.

use core::fmt;

use super::output::Output;
use super::transfer::TransferError;
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
    /// It begins like the header of an upload (or, to Snug, like `#put` or
    /// `#part`), and a server that takes it for one waits for a file; see
    /// [`offer`](super::Client::offer) and [`put`](super::Client::put).
    Upload,
}

/// Bytes to be sent, and what keeps them waiting.
#[derive(Debug)]
pub(super) struct Outgoing<'m> {
    pub(super) output: Output<'m>,
    pub(super) speech: Speech,
    /// What the bytes in the output, or those before them, are.
    pub(super) burst: Burst,
    /// When the last burst was taken whole.
    taken: Option<Instant>,
    pub(super) now: Instant,
    /// No classic upload begins before this.
    pub(super) sure: Instant,
    pub(super) upload: Upload,
    pub(super) outcome: Outcome,
    /// The last text was the announcement of an upload.
    pub(super) announced: bool,
    /// A text without its newline was sent to a server that was knocked at.
    open: bool,
}

/// How the server is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Speech {
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
pub(super) enum Burst {
    Text,
    Header,
    Body,
}

/// How far an upload is.
#[derive(Debug)]
pub(super) enum Upload {
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
pub(super) enum Outcome {
    Open,
    /// Snug has refused something since the header went out.
    Refused,
    /// It is uploaded, and nobody was told yet.
    Uploaded,
}

impl<'m> Outgoing<'m> {
    pub(super) fn new(output: &'m mut [u8], now: Instant) -> Self {
        Self {
            output: Output::new(output),
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
        self.output.put(b"\n");
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
            self.output.put(b"\n");
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
            Speech::Bursts => free && self.output.is_empty() && self.is_apart(now, Burst::Text),
            Speech::Lines => free && self.has_room(len),
        }
    }

    pub(super) fn say(&mut self, now: Instant, text: &str) -> Result<(), SayError> {
        // A byte stays free for a newline that may become due.
        if text.len() + 2 > self.output.capacity() {
            return Err(SayError::TooLong);
        }
        if text.contains(['\n', '\r']) {
            return Err(SayError::LineBreak);
        }
        if self.promises_bytes(text) {
            return Err(SayError::Upload);
        }
        if !self.can_say(now, text.len()) {
            return Err(SayError::NotYet);
        }
        self.put_text(text);
        Ok(())
    }

    /// Sends a line that Snug alone knows.
    pub(super) fn ask(
        &mut self,
        now: Instant,
        line: fmt::Arguments<'_>,
    ) -> Result<(), TransferError> {
        match self.speech {
            Speech::Lines if self.is_uploading() => Err(TransferError::Busy),
            Speech::Lines if self.output.put_line(line) => {
                self.announced = false;
                Ok(())
            }
            Speech::Lines if self.output.is_empty() => Err(TransferError::NameTooLong),
            Speech::Bursts if now >= self.sure => Err(TransferError::Classic),
            _ => Err(TransferError::NotYet),
        }
    }

    /// Where the bytes of a part go, up to so many.
    pub(super) fn part_space(&mut self, most: u64) -> &mut [u8] {
        self.output.part_space(most)
    }

    pub(super) fn part(&mut self, len: usize) {
        self.output.fill_part(len);
    }

    pub(super) fn pending(&self) -> &[u8] {
        self.output.pending()
    }

    pub(super) fn sent(&mut self, now: Instant, len: usize) {
        if self.output.sent(len) {
            self.taken = Some(now);
        }
    }

    pub(super) fn tick(&mut self, now: Instant) {
        self.now = now;
        self.advance();
    }

    /// When something that waits for time has waited long enough.
    pub(super) fn timeout(&self) -> Option<Instant> {
        if !self.output.is_empty() || matches!(self.speech, Speech::Silent | Speech::Lines) {
            return None;
        }
        let apart = self.taken.map(|taken| taken + gap(self.burst, self.next()));
        let sure = (!self.is_uploading()).then_some(self.sure);
        [apart, sure].into_iter().flatten().filter(|&time| time > self.now).min()
    }

    pub(super) fn put_text(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        self.output.put(text.as_bytes());
        self.announced = text == ANNOUNCEMENT;
        self.burst = Burst::Text;
        self.end_text();
    }

    /// Ends what was put, as the server wants it.
    pub(super) fn end_text(&mut self) {
        match self.speech {
            Speech::Lines => self.output.put(b"\n"),
            _ => self.open = true,
        }
    }

    /// Whether a server would take what follows this text for a file.
    fn promises_bytes(&self, text: &str) -> bool {
        let parts = self.speech == Speech::Lines;
        text.starts_with("#upload")
            || (parts && ["#put", "#part"].iter().any(|w| text.starts_with(w)))
    }

    fn has_room(&self, len: usize) -> bool {
        self.output.room() >= len + 2
    }

    /// What would go out next.
    pub(super) fn next(&self) -> Burst {
        match self.upload {
            Upload::None | Upload::Settling | Upload::Announce(..) => Burst::Text,
            Upload::Header(..) => Burst::Header,
            Upload::Body(_) => Burst::Body,
        }
    }

    /// Whether `next` would be far enough from what was sent before it.
    pub(super) fn is_apart(&self, now: Instant, next: Burst) -> bool {
        let apart = |taken| now >= taken + gap(self.burst, next);
        self.speech == Speech::Lines || self.taken.is_none_or(apart)
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
