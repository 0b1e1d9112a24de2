//! The decoder makes the same of the same bytes, however they are cut.

use snug_core::wire::Dialect;
use snug_core::wire::frame::{Decoded, Decoder, Frame, Pause};
use snug_core::wire::header::Left;
use snug_core::wire::text::make_safe;

/// Bytes that are held of a peer, and that a line has room for.
const HELD: usize = 64;
const ROOM: usize = 48;

/// What became of a peer's bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// A piece of a text.
    Text(String),
    /// A `#` line.
    Command(Vec<u8>),
    /// A line that was too long.
    TooLong,
    /// A classic header, with its name and the largest size.
    Upload(Vec<u8>, Option<u64>),
    /// The end: a header that cannot be read, or a web page.
    Closed,
}

/// A peer's bytes as the room takes them, files aside.
pub(crate) struct Taker {
    decoder: Decoder,
    held: Vec<u8>,
    said: Vec<Said>,
    closed: bool,
}

impl Taker {
    pub(crate) fn new() -> Self {
        Self { decoder: Decoder::new(), held: Vec::new(), said: Vec::new(), closed: false }
    }

    /// These bytes come without a pause between them.
    pub(crate) fn take(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() && !self.closed {
            let count = bytes.len().min(HELD - self.held.len());
            assert!(count > 0, "the decoder holds on to all it can hold");
            self.held.extend_from_slice(&bytes[..count]);
            bytes = &bytes[count..];
            self.decode(Pause::None);
        }
    }

    /// The link falls silent, or ends.
    pub(crate) fn pause(&mut self, pause: Pause) {
        if !self.closed {
            self.decode(pause);
        }
    }

    pub(crate) fn dialect(&self) -> Dialect {
        self.decoder.dialect()
    }

    fn decode(&mut self, pause: Pause) {
        let mut steps = 0;
        while !self.closed {
            let held = core::mem::take(&mut self.held);
            let full = held.len() == HELD;
            let decoded = self.decoder.decode(&held, pause, ROOM, full);
            let Decoded::Frame(frame, used) = decoded else {
                self.held = held;
                return;
            };
            let used = self.act(frame, used);
            self.held.extend_from_slice(&held[used..]);
            steps += 1;
            assert!(steps < 4 * HELD, "no progress over {:?}", held.escape_ascii().to_string());
        }
    }

    fn act(&mut self, frame: Frame<'_>, used: usize) -> usize {
        match frame {
            Frame::Text(text) => {
                let mut out = [0; ROOM];
                let safe = make_safe(text.raw, &mut out);
                let piece = String::from_utf8_lossy(&out[..safe.written]);
                self.said.push(Said::Text(piece.into_owned()));
                return self.decoder.took_text(&text, safe.taken);
            }
            Frame::Command(line) => self.said.push(Said::Command(line.to_vec())),
            Frame::TooLong => self.said.push(Said::TooLong),
            Frame::Upload(header) => {
                assert_ne!(header.readings.left(), Left::Several, "file bytes are not looked at");
                self.said.push(Said::Upload(header.name.to_vec(), header.readings.largest()));
            }
            Frame::Unreadable | Frame::Http => {
                self.said.push(Said::Closed);
                self.closed = true;
            }
            Frame::Nothing | Frame::Switch => {}
        }
        used
    }
}

/// The first two bytes choose where the rest is cut in three.
pub(crate) fn any_cut_is_the_same(data: &[u8]) {
    let [one, two, bytes @ ..] = data else { return };
    // Where a header comes the file's bytes would follow, which are not here.
    if bytes.windows(7).any(|word| word == b"#upload") {
        return;
    }
    let whole = line_peer(&[bytes]);
    let (one, two) = (usize::from(*one).min(bytes.len()), usize::from(*two).min(bytes.len()));
    let (one, two) = (one.min(two), one.max(two));
    let cut = [&bytes[..one], &bytes[one..two], &bytes[two..]];
    assert_eq!(line_peer(&cut), whole, "a line peer, cut at {one} and {two}");
    assert_eq!(classic_burst(&cut), classic_burst(&[bytes]), "a burst, cut at {one} and {two}");
}

/// A line peer's bytes against splitting at newlines.
pub(crate) fn agrees_with_the_model(bytes: &[u8]) {
    if bytes.windows(7).any(|word| word == b"#upload") {
        return;
    }
    assert_eq!(line_peer(&[bytes]), model(bytes));
}

/// What a peer said that knocked first, with a pause after each part.
fn line_peer(parts: &[&[u8]]) -> Vec<Said> {
    let mut taker = Taker::new();
    taker.take(b"\n");
    for part in parts {
        taker.take(part);
        taker.pause(Pause::Burst);
        taker.pause(Pause::Quiet);
    }
    taker.pause(Pause::End);
    assert_eq!(taker.dialect(), Dialect::Line);
    taker.said
}

/// What a newcomer said in one burst.
fn classic_burst(parts: &[&[u8]]) -> Vec<Said> {
    let mut taker = Taker::new();
    for part in parts {
        taker.take(part);
    }
    taker.pause(Pause::Burst);
    taker.pause(Pause::Quiet);
    taker.pause(Pause::End);
    taker.said
}

fn model(bytes: &[u8]) -> Vec<Said> {
    let mut lines: Vec<&[u8]> = bytes.split(|&byte| byte == b'\n').collect();
    let last = lines.pop().unwrap_or_default();
    lines.extend((!last.is_empty()).then_some(last));
    lines.into_iter().flat_map(model_line).collect()
}

fn model_line(line: &[u8]) -> Vec<Said> {
    let bare = line.strip_suffix(b"\r").unwrap_or(line);
    match bare {
        [b'#', b'#', ..] => pieces(&bare[1..]),
        // The line with its end must fit what is held.
        [b'#', ..] if line.len() < HELD => vec![Said::Command(bare.to_vec())],
        [b'#', ..] => vec![Said::TooLong],
        _ => pieces(bare),
    }
}

fn pieces(mut raw: &[u8]) -> Vec<Said> {
    let mut said = Vec::new();
    while !raw.is_empty() {
        let mut out = [0; ROOM];
        let safe = make_safe(raw, &mut out);
        said.push(Said::Text(String::from_utf8_lossy(&out[..safe.written]).into_owned()));
        raw = &raw[safe.taken..];
    }
    said
}
