//! The decoder of a peer's bytes.
//!
//! It looks at what has come, not at who sent it: the caller keeps the bytes
//! until a [`Frame`] has used them up, and says with [`Pause`] what is known of
//! the link. How the bytes were cut on their way makes no difference, except
//! where the wire itself says so (a classic text ends with its burst).

use super::header::{self, Header, KEYWORD, Parsed};
use super::{Dialect, text};

/// What is known of the link beyond the bytes that came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Pause {
    /// More may be there to be read now.
    #[default]
    None,
    /// There was nothing more to read: a burst is over.
    Burst,
    /// Nothing came for [`QUIET`](crate::server::QUIET) after that.
    Quiet,
    /// The peer has ended its sending.
    End,
}

/// What a peer said.
#[derive(Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Frame<'a> {
    /// A text, not yet made safe.
    Text(Text<'a>),
    /// A line that starts with `#`, without its end.
    Command(&'a [u8]),
    /// The header of a classic upload.
    Upload(Header<'a>),
    /// The first newline: from now on this is a line peer. Uses up no bytes.
    Switch,
    /// Nothing to act on: an empty line, or bytes that are passed over.
    Nothing,
    /// A `#` line longer than can be held; the rest of it is passed over.
    TooLong,
    /// A header that cannot be read: the wire is out of step for good.
    Unreadable,
    /// The first line is an HTTP request.
    Http,
}

/// A text, or as much of it as can be held.
#[derive(Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Text<'a> {
    /// The bytes.
    pub raw: &'a [u8],
    /// Bytes of the line end that follows.
    pub end: usize,
    /// Whether the text ends with these bytes. Where it does not, there are
    /// more of them than a line has room for.
    pub ends: bool,
}

/// What a decoder makes of the bytes so far.
#[derive(Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Decoded<'a> {
    /// A frame and the bytes it used up. After a [`Frame::Text`] the caller
    /// says with [`Decoder::took_text`] how far it came.
    Frame(Frame<'a>, usize),
    /// More bytes are needed.
    More,
    /// More bytes are needed, or quiet will tell.
    Wait,
    /// More bytes are needed, and soon: a header has begun.
    Header,
}

/// Where in what a peer says the next byte stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// Nothing of this peer came yet.
    #[default]
    First,
    /// Before a frame.
    Between,
    /// In a text of which a piece is out.
    InText,
    /// In a line that is passed over.
    InJunk,
}

/// The decoder of one peer's bytes, files aside.
#[derive(Clone, Debug, Default)]
pub struct Decoder {
    dialect: Dialect,
    state: State,
    /// A classic upload has begun: this peer stays classic.
    classic_for_good: bool,
    /// The first text began like an HTTP request and came without its end.
    asks: bool,
}

/// The text that announces a classic upload.
const PREAMBLE: &[u8] = b"I will upload a file";

impl Decoder {
    /// The decoder of a peer that has said nothing yet.
    pub const fn new() -> Self {
        Self {
            dialect: Dialect::Classic,
            state: State::First,
            classic_for_good: false,
            asks: false,
        }
    }

    /// The dialect that the peer speaks, as far as is known.
    pub const fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// The next frame in `input`.
    ///
    /// `room` is how much text a line has room for beside its prefix, enough
    /// for what announces an upload (28 bytes); `full` says that `input` is all
    /// that can be held, which is more than `room`.
    ///
    /// Frames that use up no bytes are a [`Frame::Switch`], once, and those
    /// after which nothing is to be decoded any more. A text counts as what
    /// [`Decoder::took_text`] says. So a caller that takes at least a character
    /// of each text makes progress with each frame.
    pub fn decode<'a>(
        &mut self,
        input: &'a [u8],
        pause: Pause,
        room: usize,
        full: bool,
    ) -> Decoded<'a> {
        if input.is_empty() {
            return Decoded::More;
        }
        match self.dialect {
            Dialect::Classic => self.classic(input, pause, full),
            Dialect::Line => self.line(input, pause, room, full),
        }
    }

    /// Notes how far the caller came with a [`Frame::Text`], at most `room`
    /// bytes; returns the bytes that are used up.
    pub fn took_text(&mut self, text: &Text<'_>, taken: usize) -> usize {
        if text.ends && taken == text.raw.len() {
            self.state = State::Between;
            taken + text.end
        } else {
            self.state = State::InText;
            taken
        }
    }

    /// Whether `input` begins with the header of a classic upload, or with the
    /// text that announces it and the header behind that: where SIZE ends,
    /// quiet tells.
    // Inlined into its caller, it is compiled with one more call of a panic.
    #[inline(never)]
    pub(crate) fn opens_upload(&self, input: &[u8]) -> bool {
        let header = input.strip_prefix(PREAMBLE).unwrap_or(input);
        self.dialect == Dialect::Classic && self.is_between() && header.starts_with(KEYWORD)
    }

    fn classic<'a>(&mut self, input: &'a [u8], pause: Pause, full: bool) -> Decoded<'a> {
        if self.is_between() && input.starts_with(KEYWORD) {
            match header::parse(input, pause >= Pause::Quiet, full) {
                Parsed::More => return Decoded::Header,
                Parsed::Unreadable => return self.frame(Frame::Unreadable, input.len()),
                Parsed::Line if self.classic_for_good => {
                    return self.frame(Frame::Unreadable, input.len());
                }
                Parsed::Line => {}
                Parsed::Header(header) => {
                    self.classic_for_good = true;
                    let len = header.len;
                    return self.frame(Frame::Upload(header), len);
                }
            }
        }
        if !self.classic_for_good
            && self.opening(input, pause) != Opening::Preamble
            && let Some(at) = memchr::memchr(b'\n', input)
        {
            return self.switch(&input[..at]);
        }
        self.classic_text(input, pause, full)
    }

    fn classic_text<'a>(&mut self, input: &'a [u8], pause: Pause, full: bool) -> Decoded<'a> {
        let opening = self.opening(input, pause);
        if let Opening::Preamble = opening
            && let Some(raw) = input.get(..PREAMBLE.len())
        {
            return self.frame(Frame::Text(Text { raw, end: 0, ends: true }), 0);
        }
        if full {
            // Not before: until then a newline may still make it a line, and
            // how the bytes were cut must make no difference to that.
            return match opening {
                Opening::Request => self.frame(Frame::Http, input.len()),
                _ => piece(input, 0, false),
            };
        }
        match (opening, pause) {
            (_, Pause::None) => Decoded::More,
            (Opening::Keyword, Pause::End) => self.frame(Frame::Unreadable, input.len()),
            (Opening::Keyword, _) => Decoded::Header,
            (Opening::Unclear | Opening::Request, Pause::Burst) => Decoded::Wait,
            (Opening::Request, _) if is_request(input) => self.frame(Frame::Http, input.len()),
            (_, Pause::Burst) if text::cut_character(input) > 0 => Decoded::Wait,
            (opening, _) => {
                self.asks |= opening == Opening::Request;
                piece(input, 0, true)
            }
        }
    }

    /// What a text that has begun may still turn out to be.
    fn opening(&self, input: &[u8], pause: Pause) -> Opening {
        if !self.is_between() {
            return Opening::Text;
        }
        if self.state == State::First && begins_request(input) {
            return Opening::Request;
        }
        let bare = KEYWORD.trim_ascii_end();
        if input == bare {
            return Opening::Keyword;
        }
        if KEYWORD.starts_with(input) {
            return Opening::Unclear;
        }
        match input.strip_prefix(PREAMBLE) {
            Some(rest) if rest.starts_with(KEYWORD) => Opening::Preamble,
            Some(rest) if rest == bare && pause >= Pause::Quiet => Opening::Preamble,
            Some(rest) if !rest.is_empty() && KEYWORD.starts_with(rest) => Opening::Unclear,
            _ => Opening::Text,
        }
    }

    /// Whether the next byte begins a frame.
    fn is_between(&self) -> bool {
        matches!(self.state, State::First | State::Between)
    }

    fn switch<'a>(&mut self, line: &[u8]) -> Decoded<'a> {
        // The network, and with it a web page, can tear a long first line in
        // two; a person who begins with `GET ` and no newline never sends one.
        if self.asks || (self.state == State::First && is_request(line)) {
            return self.frame(Frame::Http, 0);
        }
        self.dialect = Dialect::Line;
        if self.state == State::First {
            self.state = State::Between;
        }
        Decoded::Frame(Frame::Switch, 0)
    }

    /// The text at the start of `input`, if that is a whole line of a line peer
    /// and nothing but text: what [`decode`](Self::decode) finds in most bytes,
    /// whatever is known of the link.
    pub fn whole_line<'a>(&self, input: &'a [u8]) -> Option<Text<'a>> {
        if self.dialect != Dialect::Line || self.state != State::Between {
            return None;
        }
        let (line, _) = input.split_at_checked(memchr::memchr(b'\n', input)?)?;
        let raw = line.strip_suffix(b"\r").unwrap_or(line);
        let is_text = raw.first().is_some_and(|&first| first != b'#');
        is_text.then_some(Text { raw, end: line.len() + 1 - raw.len(), ends: true })
    }

    fn line<'a>(&mut self, input: &'a [u8], pause: Pause, room: usize, full: bool) -> Decoded<'a> {
        if let Some(text) = self.whole_line(input) {
            return Decoded::Frame(Frame::Text(text), 0);
        }
        let newline = memchr::memchr(b'\n', input);
        let ends = newline.is_some() || pause == Pause::End;
        let line = &input[..newline.unwrap_or(input.len())];
        let end = usize::from(newline.is_some());
        if self.state == State::InJunk {
            self.state = if ends { State::Between } else { State::InJunk };
            return Decoded::Frame(Frame::Nothing, line.len() + end);
        }
        let (line, end) = match line {
            [rest @ .., b'\r'] if ends => (rest, end + 1),
            _ => (line, end),
        };
        match line {
            [b'#', b'#', ..] => self.line_text(line, end, ends, room),
            [b'#', ..] if self.is_between() => self.command(line, end, ends, full),
            _ => self.line_text(line, end, ends, room),
        }
    }

    fn line_text<'a>(
        &mut self,
        line: &'a [u8],
        end: usize,
        ends: bool,
        room: usize,
    ) -> Decoded<'a> {
        if !ends && line.len() <= room {
            return Decoded::More;
        }
        if line.is_empty() {
            return self.frame(Frame::Nothing, end);
        }
        if self.is_between() && line.starts_with(b"##") {
            // The first `#` goes on its own, so that what follows is a text.
            self.state = State::InText;
            return Decoded::Frame(Frame::Nothing, 1);
        }
        piece(line, end, ends)
    }

    fn command<'a>(&mut self, line: &'a [u8], end: usize, ends: bool, full: bool) -> Decoded<'a> {
        if ends {
            self.frame(Frame::Command(line), line.len() + end)
        } else if full {
            self.state = State::InJunk;
            Decoded::Frame(Frame::TooLong, line.len())
        } else {
            Decoded::More
        }
    }

    fn frame<'a>(&mut self, frame: Frame<'a>, len: usize) -> Decoded<'a> {
        self.state = State::Between;
        Decoded::Frame(frame, len)
    }
}

/// A text frame; [`Decoder::took_text`] says what becomes of it.
fn piece(raw: &[u8], end: usize, ends: bool) -> Decoded<'_> {
    Decoded::Frame(Frame::Text(Text { raw, end, ends }), 0)
}

/// What a classic text that has begun may turn out to be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Opening {
    /// A text and nothing else.
    Text,
    /// The preamble of an upload, with the keyword glued to it.
    Preamble,
    /// The start of the keyword, or of the preamble with the keyword.
    Unclear,
    /// The keyword but for its blank: a header has begun.
    Keyword,
    /// An HTTP request.
    Request,
}

/// Methods of HTTP (RFC 9110, RFC 5789) with the blank that ends them.
const METHODS: [&[u8]; 9] = [
    b"GET ",
    b"HEAD ",
    b"POST ",
    b"PUT ",
    b"DELETE ",
    b"CONNECT ",
    b"OPTIONS ",
    b"TRACE ",
    b"PATCH ",
];

fn begins_request(input: &[u8]) -> bool {
    METHODS.iter().any(|method| input.starts_with(method))
}

/// Whether a line is an HTTP request's: `METHOD TARGET HTTP/…`.
fn is_request(line: &[u8]) -> bool {
    let mut words = line.trim_ascii_end().split(|&byte| byte == b' ');
    let method = words.next().unwrap_or_default();
    let version = words.next_back().unwrap_or_default();
    !method.is_empty()
        && method.iter().all(u8::is_ascii_uppercase)
        && words.next().is_some()
        && version.starts_with(b"HTTP/")
}

#[cfg(test)]
mod tests;
