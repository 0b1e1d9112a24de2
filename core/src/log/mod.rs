//! The room's lines, once, in a ring.
//!
//! Every line that anybody in the room is told stands here exactly once, as the
//! bytes that a line peer gets, newline included. A peer has a [`Cursor`], not
//! a queue. Beside the bytes a ring of [`Line`]s says where each line stands
//! and whom it is for.
//!
//! # Trade-offs
//!
//! The index beside the bytes costs 12 bytes a line, but the bytes stay free of
//! headers, so that all that lies together leaves in one write. A line never
//! wraps around the end of the ring: a classic peer must get it in one send.
//! That wastes less than a line at the end of each lap.

mod line;

use core::cell::Cell;
use core::ops::Range;

pub use line::Line;
pub(crate) use line::{Audience, Reader};

use crate::wire::Dialect;
use line::bit_of;

/// Each line takes at least this much of the log, however short it is; a log
/// of `n` bytes needs an index of `n / LINE_COST` lines.
pub const LINE_COST: usize = 64;

/// A log has at most 1 GiB, so that places in it fit 32 bits everywhere.
const MOST_LINES: usize = (1 << 30) / LINE_COST;

/// A reader's place: the line that comes next, and how much of it is out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cursor {
    /// Number of the line, counted since the start.
    pub(crate) next: u64,
    /// Bytes of that line that the reader has.
    pub(crate) sent: u16,
}

/// Lines that lie together, or the rest of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Run<'a> {
    pub(crate) bytes: &'a [u8],
    /// Number of the line behind them.
    pub(crate) next: u64,
}

/// The ring of lines.
#[derive(Debug)]
pub(crate) struct Log<'m> {
    bytes: &'m mut [u8],
    index: &'m mut [Line],
    /// Number of the oldest line that still stands.
    oldest: u64,
    /// Number that the next line will have.
    head: u64,
    /// Number behind the newest line that is for more than one.
    told: u64,
    /// Where the next line's bytes will stand. Lines of this lap stand before
    /// it, lines of the lap before at or after it.
    at: usize,
    seen: Cell<Seen>,
}

/// The lines that were found to lie together last. Most readers of a room stand
/// in the same place, and what was found for one of them holds for the next.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    /// The lines that were looked at, and up to which byte.
    from: u64,
    until: u64,
    most: usize,
    /// Where those lines stand, and the number of the line behind them.
    start: usize,
    end: usize,
    next: u64,
    /// Who gets all of them, if it is a line peer: a bit for each place, modulo 64.
    all: u64,
}

impl Seen {
    fn holds_for(&self, lines: &Range<u64>, reader: Reader, most: usize) -> bool {
        let asked = (self.until, self.most) == (lines.end, most);
        asked && self.begins_for(lines.start, reader)
    }

    /// Whether they begin with line `from`, and a reader is a line peer and gets
    /// all of them.
    fn begins_for(&self, from: u64, reader: Reader) -> bool {
        let is_for = self.all & bit_of(reader.place()) != 0;
        self.from == from && is_for && reader.dialect() == Dialect::Line
    }
}

impl<'m> Log<'m> {
    /// An empty log over the largest power of two of lines that both slices
    /// have room for (a power of two, since a place in the index is looked up
    /// for every line and peer, and small processors divide slowly).
    pub(crate) fn new(bytes: &'m mut [u8], index: &'m mut [Line]) -> Self {
        let lines = index.len().min(bytes.len() / LINE_COST).min(MOST_LINES);
        let lines = 1 << lines.max(1).ilog2();
        let bytes = bytes.get_mut(..lines * LINE_COST).unwrap_or_default();
        let index = index.get_mut(..lines).unwrap_or_default();
        Self { bytes, index, oldest: 0, head: 0, told: 0, at: 0, seen: Cell::default() }
    }

    /// Bytes, of which each line takes at least [`LINE_COST`].
    pub(crate) fn capacity(&self) -> usize {
        self.bytes.len()
    }

    /// Number that the next line will have.
    pub(crate) fn head(&self) -> u64 {
        self.head
    }

    /// Number behind the newest line that is for more than one. What comes
    /// from there on concerns only the few who are told of it.
    pub(crate) fn told(&self) -> u64 {
        self.told
    }

    /// The newest line, for a cursor to go to.
    pub(crate) fn newest(&self) -> Cursor {
        Cursor { next: self.head.saturating_sub(1).max(self.oldest), sent: 0 }
    }

    /// Behind the newest line.
    pub(crate) fn end(&self) -> Cursor {
        Cursor { next: self.head, sent: 0 }
    }

    /// Appends a line of at most `most` bytes, over the oldest ones.
    ///
    /// `write` fills in the line with its newline and says how long it is.
    /// `most` must not be above the capacity. Returns the line's length.
    #[inline]
    pub(crate) fn append(
        &mut self,
        audience: Audience,
        most: usize,
        write: impl FnOnce(&mut [u8]) -> usize,
    ) -> usize {
        self.clear(most);
        let len = write(&mut self.bytes[self.at..self.at + most]).min(most);
        let slot = self.slot(self.head);
        self.index[slot] = Line::new(self.at, len, audience);
        self.at += len;
        self.head += 1;
        if !matches!(audience, Audience::Only(_)) {
            self.told = self.head;
        }
        len
    }

    /// How far behind the end a cursor is, of [`Self::capacity`].
    ///
    /// This counts all that keeps standing for the cursor: its line as a whole,
    /// lines that are not for its reader, and what is wasted in between. A
    /// cursor whose lag is at most the capacity less `2 * most` is not overrun
    /// by appending a line of at most `most` bytes.
    pub(crate) fn lag(&self, cursor: Cursor) -> usize {
        if cursor.next >= self.head {
            return 0;
        }
        if cursor.next < self.oldest {
            return self.capacity();
        }
        let start = self.line(cursor.next).start();
        let lap = if start < self.at { 0 } else { self.bytes.len() };
        let bytes = lap + self.at - start;
        let lines = (self.head - cursor.next) as usize;
        bytes.max(lines * LINE_COST)
    }

    /// The oldest line that still stands.
    pub(crate) fn oldest(&self) -> Cursor {
        Cursor { next: self.oldest, sent: 0 }
    }

    /// Whether lines that this cursor had still to come to are gone.
    pub(crate) fn is_overrun(&self, cursor: Cursor) -> bool {
        cursor.next < self.oldest
    }

    /// Moves a cursor over lines that are not for its reader, or are gone;
    /// whether there is one that is. A line that the reader has half is its
    /// own. Takes as many steps as there are lines to move over.
    pub(crate) fn settle(&self, cursor: &mut Cursor, reader: Reader) -> bool {
        if cursor.sent > 0 {
            return true;
        }
        if self.oldest <= cursor.next && self.seen.get().begins_for(cursor.next, reader) {
            return true;
        }
        cursor.next < self.head && self.pass_by(cursor, reader)
    }

    fn pass_by(&self, cursor: &mut Cursor, reader: Reader) -> bool {
        cursor.next = cursor.next.max(self.oldest);
        while cursor.next < self.head {
            if self.line(cursor.next).is_for(reader) {
                return true;
            }
            cursor.next += 1;
        }
        false
    }

    /// What lies together from a cursor on and is for its reader, before the
    /// line `until`, up to `most` bytes and the line in which they end. Empty
    /// where the cursor is overrun or stands at `until` or at somebody else's.
    pub(crate) fn run(&self, cursor: Cursor, reader: Reader, until: u64, most: usize) -> Run<'_> {
        let nothing = Run { bytes: &[], next: cursor.next };
        let lines = cursor.next..until.min(self.head);
        if lines.start < self.oldest || lines.is_empty() {
            return nothing;
        }
        let seen = self.seen.get();
        let (place, next) = if seen.holds_for(&lines, reader, most) {
            (seen.start..seen.end, seen.next)
        } else {
            let first = self.line(lines.start);
            if cursor.sent == 0 && !first.is_for(reader) {
                return nothing;
            }
            match reader.dialect() {
                Dialect::Classic => {
                    let start = first.start();
                    (start..start + first.wire_len(Dialect::Classic), lines.start + 1)
                }
                Dialect::Line => self.together(lines, reader, most),
            }
        };
        Run { bytes: &self.bytes[place.start + usize::from(cursor.sent)..place.end], next }
    }

    /// What is for a reader behind a run that lies before somebody else's lines,
    /// or the end of the ring: the next run, as long as both together have at
    /// most `most` bytes and the line in which they end.
    pub(crate) fn run_behind(&self, first: Run<'_>, reader: Reader, most: usize) -> Run<'_> {
        let mut cursor = Cursor { next: first.next, sent: 0 };
        let len = first.bytes.len();
        if len >= most || reader.dialect() == Dialect::Classic || !self.settle(&mut cursor, reader)
        {
            return Run { bytes: &[], next: cursor.next };
        }
        self.run(cursor, reader, self.head, most - len)
    }

    /// Moves a cursor over `count` bytes of what is for its reader.
    pub(crate) fn advance(&self, cursor: &mut Cursor, reader: Reader, count: usize) {
        let mut left = count;
        while left > 0 && self.settle(cursor, reader) {
            let len = self.line(cursor.next).wire_len(reader.dialect());
            let rest = len.saturating_sub(usize::from(cursor.sent));
            if left < rest {
                cursor.sent += left as u16;
                return;
            }
            left -= rest;
            *cursor = Cursor { next: cursor.next + 1, sent: 0 };
        }
    }

    /// How many lines from `from` up to `to` are for a reader; looks at all of
    /// them.
    pub(crate) fn count(&self, from: u64, to: u64, reader: Reader) -> u32 {
        let from = from.max(self.oldest);
        (from..to.min(self.head)).filter(|&n| self.line(n).is_for(reader)).count() as u32
    }

    /// A cursor to the last `count` lines before number `to` that are for a
    /// reader, as far back as they still stand. Looks at all that it passes.
    pub(crate) fn back(&self, to: u64, count: u32, reader: Reader) -> Cursor {
        let mut found = 0;
        let mut next = to.min(self.head);
        while next > self.oldest && found < count {
            next -= 1;
            found += u32::from(self.line(next).is_for(reader));
        }
        Cursor { next, sent: 0 }
    }

    fn line(&self, number: u64) -> &Line {
        // Always there; what a compiler cannot see is no reason to stop a room.
        self.index.get(self.slot(number)).unwrap_or(&Line::EMPTY)
    }

    fn slot(&self, number: u64) -> usize {
        number as usize & (self.index.len() - 1)
    }

    /// Where the lines stand that lie together from the start of `lines` on and are
    /// for a line peer (the first of them is its own), and the number of the line
    /// behind them.
    fn together(&self, lines: Range<u64>, reader: Reader, most: usize) -> (Range<usize>, u64) {
        let first = self.line(lines.start);
        let (start, mut but, mut next) = (first.start(), first.excluded(), lines.start + 1);
        // Lines of one lap follow each other, and those of the next stand before them.
        let is_near = |line: &Line| line.start().wrapping_sub(start) < most;
        let all_near = is_near(self.line(lines.end - 1));
        while next < lines.end {
            let line = self.line(next);
            if !all_near && !is_near(line) {
                break;
            }
            if !line.is_for(reader) {
                return (start..line.start(), next);
            }
            but |= line.excluded();
            next += 1;
        }
        let (from, until, end) = (lines.start, lines.end, self.line(next - 1).end());
        self.seen.set(Seen { from, until, most, start, end, next, all: !but });
        (start..end, next)
    }

    /// Makes `most` bytes in one piece free at `self.at`, and a place in the
    /// index. Each line that goes was appended once, so this costs, over all,
    /// as much as the appends.
    fn clear(&mut self, most: usize) {
        if self.at + most > self.bytes.len() {
            while self.oldest < self.head && self.line(self.oldest).start() >= self.at {
                self.oldest += 1;
            }
            self.at = 0;
        }
        while self.oldest < self.head && self.is_in_the_way(most) {
            self.oldest += 1;
        }
    }

    fn is_in_the_way(&self, most: usize) -> bool {
        let start = self.line(self.oldest).start();
        let overlaps = start >= self.at && start < self.at + most;
        overlaps || self.head - self.oldest >= self.index.len() as u64
    }
}

#[cfg(test)]
mod tests;
