//! What peers say: texts that can be told apart, and what is safe in them.

use crate::support::random::Random;

const WORDS: [&str; 16] = [
    "tea",
    "rain",
    "kettle",
    "window",
    "harbour",
    "lamp",
    "seven",
    "paper",
    "grüße",
    "naïve",
    "привет",
    "日本語",
    "😀",
    "ok",
    "then",
    "quiet",
];

/// Bytes that must not pass as they are.
const UNSAFE: [&[u8]; 10] = [
    b"\x1b[2J",
    b"\0",
    b"\x7f",
    b"\xc2\x85",
    "\u{2028}".as_bytes(),
    "\u{202e}".as_bytes(),
    b"\xff\xfe",
    b"\xe6\x97",
    b"\x08\x08",
    b"\tx",
];

/// A text that begins with `token`; never shorter than what fits a line's cost
/// in the log, so that one read cannot say more lines than the log holds.
pub(crate) fn text(token: &str, random: &mut Random, most: usize) -> String {
    let len = if random.one_in(12) { random.of(30..most) } else { random.of(30..90) };
    let mut text = token.to_owned();
    while text.len() < len {
        text.push(' ');
        text.push_str(WORDS[random.of(0..WORDS.len())]);
    }
    text
}

/// The same of ASCII alone, since a classic text may be cut anywhere.
pub(crate) fn plain(token: &str, random: &mut Random, most: usize) -> String {
    text(token, random, most).replace(|c: char| !c.is_ascii(), "x")
}

/// A text with what must be made safe, as it is sent.
pub(crate) fn wild(token: &str, random: &mut Random) -> Vec<u8> {
    let mut raw = text(token, random, 120).into_bytes();
    for _ in 0..random.of(1..4) {
        raw.push(b'_');
        raw.extend_from_slice(UNSAFE[random.of(0..UNSAFE.len())]);
    }
    raw.push(b'.');
    raw
}

/// What others see of a text, character by character.
pub(crate) fn safe(raw: &[u8]) -> String {
    String::from_utf8_lossy(raw).chars().map(shown).collect()
}

fn shown(c: char) -> char {
    match c {
        '\t' => c,
        '\0'..'\x20' => char::from_u32(0x2400 + c as u32).expect("a picture of a control"),
        '\x7f' => '\u{2421}',
        '\u{2028}' | '\u{2029}' => '\u{2424}',
        '\u{80}'..='\u{9f}'
        | '\u{61c}'
        | '\u{200e}'
        | '\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2066}'..='\u{2069}' => char::REPLACEMENT_CHARACTER,
        _ => c,
    }
}

/// `(N users online)`.
pub(crate) fn online(count: u32) -> String {
    let s = if count > 1 { "s" } else { "" };
    format!("({count} user{s} online)")
}

/// A file of its own: no two alike, but for very short ones.
pub(crate) fn file(id: usize, random: &mut Random, most: usize) -> Vec<u8> {
    let len = match random.of(0..8) {
        0 => random.of(0..3),
        1 => random.of(most..most + 200),
        _ => random.of(0..most),
    };
    // Neither a digit nor a newline comes first: a header glued to it could be
    // read in two ways, which the tests of the header are about.
    let mut bytes = format!("file {id}:").into_bytes();
    while bytes.len() < len {
        bytes.extend_from_slice(&random.next().to_le_bytes());
    }
    bytes.truncate(len);
    bytes
}

/// Files that everybody knows.
pub(crate) const FILMS: usize = 4;

/// One of the files that everybody knows: the same for all, whenever.
pub(crate) fn film(which: usize) -> Vec<u8> {
    let mut random = Random::new(which as u64);
    let mut bytes = format!("film {which}:").into_bytes();
    bytes.resize_with(600 + 130 * which, || random.next() as u8);
    bytes
}

/// Names of files: few, so that they are replaced, and some that are none. A
/// file that is too short to be told from others has its own.
pub(crate) fn file_name(id: usize, len: usize, random: &mut Random) -> String {
    const NAMES: [&str; 12] = [
        "a.txt",
        "b.txt",
        "c.bin",
        "photo.png",
        "a.txt",
        "b.txt",
        "c.bin",
        "notes",
        "../x",
        "/etc/x",
        ".snug-x",
        "..",
    ];
    if len < 16 { format!("tiny{id}") } else { (*random.pick(&NAMES)).to_owned() }
}

/// Whether a file can have the name.
pub(crate) fn is_file_name(name: &str) -> bool {
    !name.contains('/') && !name.starts_with(".snug-") && name != ".."
}
