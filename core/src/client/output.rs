//! The bytes that the link has to take.

use core::fmt::{self, Write as _};

/// The most bytes of a file in one part.
pub(super) const PART: usize = 65_536;

/// What `#part ` and the digits of [`PART`] take, with the newline.
const PART_HEADER: usize = 12;

/// Bytes in the order in which they go out.
#[derive(Debug)]
pub(super) struct Output<'m> {
    bytes: &'m mut [u8],
    /// `bytes[start..end]` is to be sent; both are 0 when that is nothing.
    start: usize,
    end: usize,
}

impl<'m> Output<'m> {
    pub(super) fn new(bytes: &'m mut [u8]) -> Self {
        Self { bytes, start: 0, end: 0 }
    }

    pub(super) fn pending(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    pub(super) fn is_empty(&self) -> bool {
        self.start == self.end
    }

    pub(super) fn capacity(&self) -> usize {
        self.bytes.len()
    }

    /// Bytes that can still be put.
    pub(super) fn room(&self) -> usize {
        self.bytes.len() - self.end
    }

    /// Puts `bytes`, for which there is room.
    pub(super) fn put(&mut self, bytes: &[u8]) {
        self.bytes[self.end..self.end + bytes.len()].copy_from_slice(bytes);
        self.end += bytes.len();
    }

    /// Puts a line and its newline, if there is room for all of it.
    pub(super) fn put_line(&mut self, line: fmt::Arguments<'_>) -> bool {
        let end = self.end;
        let is_put = writeln!(self, "{line}").is_ok();
        if !is_put {
            self.end = end;
        }
        is_put
    }

    /// The link has taken `len` bytes; whether that was all.
    pub(super) fn sent(&mut self, len: usize) -> bool {
        assert!(len <= self.end - self.start, "more sent than was pending");
        self.start += len;
        let all = len > 0 && self.is_empty();
        if all {
            (self.start, self.end) = (0, 0);
        }
        all
    }

    /// Where up to `most` bytes can be put as they are.
    pub(super) fn space(&mut self, most: u64) -> &mut [u8] {
        let len = at_most(self.room(), most);
        &mut self.bytes[self.end..][..len]
    }

    pub(super) fn fill(&mut self, len: usize) {
        self.end += len;
    }

    /// Where the bytes of the next part can be put: when the one before is gone,
    /// and so that a quarter of all stays free for what is said meanwhile.
    pub(super) fn part_space(&mut self, most: u64) -> &mut [u8] {
        let longest = PART.min(self.bytes.len() / 4 * 3 - PART_HEADER);
        let len = if self.is_empty() { at_most(longest, most) } else { 0 };
        &mut self.bytes[PART_HEADER..][..len]
    }

    /// Puts the line of the part before its bytes, as close as it is short.
    pub(super) fn fill_part(&mut self, len: usize) {
        let mut line = heapless::String::<PART_HEADER>::new();
        writeln!(line, "#part {len}").expect("a part has 5 digits at most");
        self.start = PART_HEADER - line.len();
        self.bytes[self.start..PART_HEADER].copy_from_slice(line.as_bytes());
        self.end = PART_HEADER + len;
    }
}

impl fmt::Write for Output<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if text.len() > self.room() {
            return Err(fmt::Error);
        }
        self.put(text.as_bytes());
        Ok(())
    }
}

fn at_most(room: usize, most: u64) -> usize {
    usize::try_from(most).map_or(room, |most| most.min(room))
}
