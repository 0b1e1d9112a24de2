//! What a server sends: bursts at first, lines once it is known to be Snug.

use super::{ANSWER, CUT_PATIENCE, Kind, Mode};
use crate::time::Instant;
use crate::wire::report::Report;
use crate::wire::text::{cut_character, make_safe};

/// Bytes that came, and how far they are understood.
#[derive(Debug)]
pub(super) struct Incoming<'m> {
    input: &'m mut [u8],
    text: &'m mut [u8],
    /// `input[start..end]` is not understood yet.
    start: usize,
    end: usize,
    /// What stands before `start`.
    before: Before,
    expects: Expects,
    /// When the link ran dry, if nothing has come since.
    dry: Option<Instant>,
    now: Instant,
    ended: bool,
    /// Bytes of a file that come before the next line.
    part: u64,
}

/// What stands before the next byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Before {
    /// The start of the stream or a newline.
    Line,
    /// A message that a pause has ended.
    Burst,
    /// The first piece of a message that did not fit.
    Piece,
}

/// What is known of the way in which messages end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expects {
    /// With a burst.
    Bursts,
    /// With a burst, until the answer to the knock comes.
    Answer,
    /// With a newline.
    Lines,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// The answer to the knock (used up).
    Answer,
    /// A message.
    Text(Piece),
    /// So many bytes of a file.
    Part(usize),
}

/// A message, safe to be shown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    pub(super) kind: Kind,
    pub(super) text: &'a str,
    /// It begins a line of a server that is known to be Snug.
    pub(super) by_snug: bool,
    /// It goes to the line's end.
    pub(super) whole: bool,
}

/// A message at `start`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    len: usize,
    /// Bytes of the line's end.
    newline: usize,
    before_next: Before,
}

impl<'m> Incoming<'m> {
    pub(super) fn new(input: &'m mut [u8], text: &'m mut [u8], mode: Mode) -> Self {
        let expects = match mode {
            Mode::Line => Expects::Answer,
            Mode::Classic => Expects::Bursts,
        };
        Self {
            input,
            text,
            start: 0,
            end: 0,
            before: Before::Line,
            expects,
            dry: None,
            now: Instant::ZERO,
            ended: false,
            part: 0,
        }
    }

    /// The longest line that comes in one piece, with its end.
    pub(super) fn capacity(&self) -> usize {
        self.input.len()
    }

    pub(super) fn expect_lines(&mut self) {
        self.expects = Expects::Lines;
    }

    pub(super) fn space(&mut self) -> &mut [u8] {
        self.input.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        &mut self.input[self.end..]
    }

    pub(super) fn received(&mut self, len: usize) {
        assert!(len <= self.input.len() - self.end, "more received than there was space");
        self.end += len;
        if len > 0 {
            self.dry = None;
        }
    }

    pub(super) fn pause(&mut self, now: Instant) {
        self.dry.get_or_insert(now);
    }

    pub(super) fn end(&mut self) {
        self.ended = true;
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    pub(super) fn tick(&mut self, now: Instant) {
        self.now = now;
    }

    /// When something cut in two has waited long enough.
    pub(super) fn timeout(&self) -> Option<Instant> {
        let until = self.dry? + CUT_PATIENCE;
        let waits = self.is_cut() && !self.ended && until > self.now;
        waits.then_some(until)
    }

    /// What comes next, if that can be told already.
    pub(super) fn find(&mut self) -> Option<Found> {
        while self.part == 0 {
            let piece = self.find_piece()?;
            if self.is_answer(piece) {
                self.use_up(piece);
                return Some(Found::Answer);
            }
            match self.part_of(piece) {
                Some(len) => self.part = len,
                None if piece.len > 0 => return Some(Found::Text(piece)),
                None => {}
            }
            self.use_up(piece);
        }
        self.find_part()
    }

    /// Shows the message that was found, or as much as there is room for.
    pub(super) fn line(&mut self, piece: Piece) -> Line<'_> {
        let raw = &self.input[self.start..self.start + piece.len];
        let safe = make_safe(raw, self.text);
        let before = self.before;
        if safe.taken < piece.len {
            self.start += safe.taken;
            self.before = Before::Piece;
        } else {
            self.use_up(piece);
        }
        let text = core::str::from_utf8(&self.text[..safe.written]).expect("safe text is UTF-8");
        Line {
            kind: if before == Before::Piece { Kind::Rest } else { Kind::of(text) },
            text,
            by_snug: self.expects == Expects::Lines && before == Before::Line,
            whole: self.before == Before::Line,
        }
    }

    /// Gives bytes of a file.
    pub(super) fn part(&mut self, len: usize) -> &[u8] {
        let start = self.start;
        self.start += len;
        self.part -= len as u64;
        &self.input[start..self.start]
    }

    fn find_part(&self) -> Option<Found> {
        let wanted = usize::try_from(self.part).unwrap_or(usize::MAX);
        let len = wanted.min(self.end - self.start);
        (len > 0).then_some(Found::Part(len))
    }

    fn find_piece(&self) -> Option<Piece> {
        let raw = self.raw();
        match memchr::memchr(b'\n', raw) {
            Some(at) => {
                let len = at - usize::from(raw[..at].ends_with(b"\r"));
                Some(Piece { len, newline: at + 1 - len, before_next: Before::Line })
            }
            None if raw.is_empty() => None,
            None if self.is_whole() => {
                // A pause may part `\r` from its `\n`.
                let newline = usize::from(raw.ends_with(b"\r"));
                Some(Piece { len: raw.len() - newline, newline, before_next: Before::Burst })
            }
            None if raw.len() == self.input.len() => {
                let len = raw.len() - cut_character(raw);
                Some(Piece { len, newline: 0, before_next: Before::Piece })
            }
            None => None,
        }
    }

    /// Whether what is there is a message without a newline.
    fn is_whole(&self) -> bool {
        let waited = |dry| self.now >= dry + CUT_PATIENCE || !self.is_cut();
        self.ended || (self.expects != Expects::Lines && self.dry.is_some_and(waited))
    }

    /// Whether more has to come: half a character, or the answer's beginning.
    fn is_cut(&self) -> bool {
        let raw = self.raw();
        let may_be_answer = self.expects == Expects::Answer && self.before == Before::Line;
        cut_character(raw) > 0 || (may_be_answer && begins_answer(raw))
    }

    fn is_answer(&self, piece: Piece) -> bool {
        self.expects == Expects::Answer
            && self.before == Before::Line
            && piece.before_next == Before::Line
            && self.raw()[..piece.len] == *ANSWER.as_bytes()
    }

    /// The bytes of a file that follow, if that is what the line says.
    fn part_of(&self, piece: Piece) -> Option<u64> {
        let is_line = self.before == Before::Line && piece.before_next == Before::Line;
        let raw = &self.raw()[..piece.len];
        if self.expects != Expects::Lines || !is_line || !raw.starts_with(b"#") {
            return None;
        }
        match Report::parse(core::str::from_utf8(raw).ok()?)? {
            Report::Part(len) => Some(len),
            _ => None,
        }
    }

    fn use_up(&mut self, piece: Piece) {
        self.start += piece.len + piece.newline;
        self.before = piece.before_next;
    }

    fn raw(&self) -> &[u8] {
        &self.input[self.start..self.end]
    }
}

/// Whether `raw` is the beginning of the answer and its newline.
fn begins_answer(raw: &[u8]) -> bool {
    let line = raw.strip_suffix(b"\r").unwrap_or(raw);
    !line.is_empty() && ANSWER.as_bytes().starts_with(line)
}
