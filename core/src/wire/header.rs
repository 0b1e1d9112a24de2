//! The header of a classic upload, and the ways in which it can be read.
//!
//! `#upload 'NAME' SIZE` has no terminator. When the file's first bytes are
//! glued to it, digits may be the end of SIZE or the start of the file, and a
//! newline may end the header or start the file. All [`Readings`] are kept
//! until the bytes that come rule them out: the one whose file has exactly its
//! SIZE when the link falls quiet wins, and so does the last one left.
//!
//! A longer SIZE starts its file later and ends it later, so no two readings
//! ever end with the same byte. What remains of the doubt: a link that falls
//! quiet in the middle of a file, and exactly where another reading ends.

use heapless::Vec;

/// What begins an upload, as the classic client sends it.
pub const KEYWORD: &[u8] = b"#upload ";

/// Digits that are looked at; 2^64 has 20.
const MOST_DIGITS: usize = 20;
/// Bytes glued to SIZE's first digit that a reading may count to the header.
const MOST_GLUED: usize = MOST_DIGITS + 2;

/// Bytes that can lie between the readings of one header.
pub type Glued = Vec<u8, MOST_GLUED>;

/// A header, as far as it could be parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Parsed<'a> {
    /// More bytes, or quiet, must tell.
    More,
    /// This will never be a header.
    Unreadable,
    /// A newline stands where none can be in a header: this is a line.
    Line,
    /// The header.
    Header(Header<'a>),
}

/// What a header says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Header<'a> {
    /// NAME without its quotes, as it came.
    pub name: &'a [u8],
    /// What SIZE can be.
    pub readings: Readings,
    /// Bytes up to and with those that the readings hold.
    pub len: usize,
}

/// Parses what begins with [`KEYWORD`]. `ended` says that SIZE ends with the
/// input, since the link fell quiet; `full` that no more bytes can be held.
///
/// NAME in quotes ends at the first quote with a blank behind it.
pub fn parse(input: &[u8], ended: bool, full: bool) -> Parsed<'_> {
    let unfinished = if full { Parsed::Unreadable } else { Parsed::More };
    let Some((name, size)) = split_name(input.get(KEYWORD.len()..).unwrap_or_default()) else {
        return if memchr::memchr(b'\n', input).is_some() { Parsed::Line } else { unfinished };
    };
    if memchr::memchr(b'\n', name).is_some() {
        return Parsed::Line;
    }
    let at = input.len() - size.len();
    let end = size.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(size.len());
    match size.split_at(end) {
        ([], [] | [b'\r']) => unfinished,
        ([], [b'\n', ..] | [b'\r', b'\n', ..]) => Parsed::Line,
        ([], _) => Parsed::Unreadable,
        (_, [] | [b'\r']) if !ended && !full => Parsed::More,
        (digits, []) if ended => {
            let readings = Readings::certain(digits);
            Parsed::Header(Header { name, readings, len: at + digits.len() })
        }
        (digits, after) => {
            let readings = Readings::glued(digits, after);
            let len = at + readings.glued.len();
            Parsed::Header(Header { name, readings, len })
        }
    }
}

/// NAME and what begins with SIZE, in what follows the keyword.
fn split_name(rest: &[u8]) -> Option<(&[u8], &[u8])> {
    if let [b'\'', quoted @ ..] = rest {
        let len = quoted.windows(2).position(|pair| pair == b"' ")?;
        let (name, rest) = quoted.split_at_checked(len)?;
        Some((name, rest.get(2..)?))
    } else {
        let len = memchr::memchr(b' ', rest)?;
        let (name, rest) = rest.split_at_checked(len)?;
        Some((name, rest.get(1..)?))
    }
}

/// What the SIZE of a header can be, given all bytes that followed so far.
///
/// A reading is where its file starts, counted from SIZE's first digit.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Readings {
    /// From SIZE's first digit on: digits, then perhaps a newline.
    glued: Glued,
    /// Bit `n` stands for the reading whose file starts at `n`.
    alive: u32,
    /// A longer SIZE than a limit allows may be meant.
    beyond: bool,
    /// Bytes that came after `glued`.
    rest: u64,
}

/// What the bytes so far leave of the readings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Left {
    /// None: the bytes fit no reading.
    None,
    /// One, with this start: its file ends with its SIZE.
    One(usize),
    /// More than one, or one beside others that a limit does not allow: the
    /// file ends where one does when the link falls quiet.
    Several,
}

impl Readings {
    /// SIZE is `size`: the file starts with the next byte.
    pub fn of(size: u64) -> Self {
        let mut digits = Glued::new();
        let mut unit = 1_u64;
        while size / unit >= 10 {
            unit *= 10;
        }
        while unit > 0 {
            // At most 20 digits, for which there is room.
            let _ = digits.push(b'0' + (size / unit % 10) as u8);
            unit /= 10;
        }
        Self::certain(&digits)
    }

    /// SIZE is all of `digits` and nothing else.
    fn certain(digits: &[u8]) -> Self {
        let mut readings = Self { glued: Glued::new(), alive: 0, beyond: false, rest: 0 };
        let kept = &digits[..digits.len().min(MOST_DIGITS)];
        let _ = readings.glued.extend_from_slice(kept);
        if digits.len() == kept.len() {
            readings.alive = 1 << kept.len();
        }
        readings.rule_out(|_, size| size.is_none());
        readings
    }

    /// SIZE is some of `digits`; what comes `after` them may end the header.
    fn glued(digits: &[u8], after: &[u8]) -> Self {
        let mut readings = Self { glued: Glued::new(), alive: 0, beyond: false, rest: 0 };
        let newline: &[u8] = match after {
            [b'\n', ..] => b"\n",
            [b'\r', b'\n', ..] => b"\r\n",
            _ => b"",
        };
        for (at, &digit) in digits.iter().take(MOST_DIGITS).enumerate() {
            let _ = readings.glued.push(digit);
            readings.alive |= 2 << at;
        }
        // A SIZE of more digits is above all limits, unless it begins with 0.
        readings.beyond = digits.len() > MOST_DIGITS && digits.first() == Some(&b'0');
        if digits.len() <= MOST_DIGITS && !newline.is_empty() {
            let _ = readings.glued.extend_from_slice(newline);
            readings.alive |= 1 << readings.glued.len();
        }
        readings.rule_out(|_, size| size.is_none());
        readings.rule_out_exceeded();
        readings
    }

    /// Rules out sizes above `most` bytes.
    ///
    /// One of them may be what is meant all the same. So a shorter SIZE that is
    /// left does not end the file by itself, or the start of a file that is too
    /// large would be taken for a whole one.
    pub fn limit(&mut self, most: u64) {
        let before = self.alive;
        self.rule_out(|_, size| size.is_none_or(|size| size > most));
        self.beyond |= self.alive != before;
    }

    /// What is left.
    pub fn left(&self) -> Left {
        match self.alive.count_ones() {
            0 => Left::None,
            1 if !self.beyond => Left::One(self.alive.trailing_zeros() as usize),
            _ => Left::Several,
        }
    }

    /// The largest SIZE that is left.
    pub fn largest(&self) -> Option<u64> {
        self.starts().last().and_then(|start| self.size(start))
    }

    /// The last start that is left, 0 where none is; all other files begin
    /// before it.
    pub fn last_start(&self) -> usize {
        self.starts().last().unwrap_or(0)
    }

    /// The glued bytes between two starts.
    pub fn between(&self, start: usize, end: usize) -> &[u8] {
        self.glued.get(start..end).unwrap_or_default()
    }

    /// The glued bytes from a start on.
    pub fn from(&self, start: usize) -> &[u8] {
        self.glued.get(start..).unwrap_or_default()
    }

    /// Bytes that the file of a start still lacks.
    pub fn lacking(&self, start: usize) -> u64 {
        let end = self.size(start).unwrap_or(0).saturating_add(start as u64);
        end.saturating_sub(self.total())
    }

    /// Bytes that can still belong to the file; one more where that one would
    /// tell that a file above a limit is meant.
    pub fn room(&self) -> u64 {
        // The last to start is the last to end.
        let last = self.starts().last().map(|start| self.lacking(start));
        last.map_or(0, |lacking| lacking.saturating_add(self.beyond.into()))
    }

    /// That many more bytes came, at most [`Self::room`].
    pub fn take(&mut self, count: u64) {
        self.rest = self.rest.saturating_add(count);
        self.rule_out_exceeded();
    }

    /// The start of the file that is whole with the bytes so far. There is at
    /// most one: a longer SIZE starts its file later, but ends it later too.
    pub fn whole(&self) -> Option<usize> {
        self.starts().find(|&start| self.lacking(start) == 0)
    }

    fn total(&self) -> u64 {
        self.rest.saturating_add(self.glued.len() as u64)
    }

    fn starts(&self) -> impl Iterator<Item = usize> + '_ {
        (1..=MOST_GLUED).filter(|start| self.alive & (1 << start) != 0)
    }

    /// The SIZE of the reading with this start.
    fn size(&self, start: usize) -> Option<u64> {
        let header = self.glued.get(..start)?;
        let digits = header.iter().take_while(|byte| byte.is_ascii_digit());
        digits.into_iter().try_fold(0_u64, |size, digit| {
            size.checked_mul(10)?.checked_add(u64::from(digit - b'0'))
        })
    }

    fn rule_out(&mut self, gone: impl Fn(usize, Option<u64>) -> bool) {
        for start in 1..=MOST_GLUED {
            if self.alive & (1 << start) != 0 && gone(start, self.size(start)) {
                self.alive &= !(1 << start);
            }
        }
    }

    fn rule_out_exceeded(&mut self) {
        let total = self.total();
        self.rule_out(|start, size| {
            size.is_none_or(|size| size.saturating_add(start as u64) < total)
        });
    }
}

#[cfg(test)]
mod tests;
