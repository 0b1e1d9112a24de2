//! Safe text is safe, however it came.

use snug_core::wire::text::{cut_character, is_safe, make_safe};

/// The first byte chooses where the rest is cut.
pub(crate) fn check(data: &[u8]) {
    let Some((&cut, raw)) = data.split_first() else { return };
    let whole = all_of(raw);
    assert!(is_safe(&whole) && all_of(whole.as_bytes()) == whole, "safe text stays as it is");
    assert!(!whole.chars().any(is_unsafe), "something unsafe got through: {whole:?}");
    assert!(whole.len() >= raw.len(), "safe text is never shorter");
    assert_eq!(whole, naive(raw));
    assert_eq!(whole, in_two(raw, usize::from(cut)), "cut at {cut}");
    assert_eq!(whole, in_pieces(raw, 4 + usize::from(cut) % 32));
}

fn all_of(raw: &[u8]) -> String {
    let mut out = vec![0; 3 * raw.len()];
    let safe = make_safe(raw, &mut out);
    assert_eq!(safe.taken, raw.len());
    out.truncate(safe.written);
    String::from_utf8(out).expect("safe text is UTF-8")
}

/// As a burst that comes in two: what may become whole is withheld.
fn in_two(raw: &[u8], cut: usize) -> String {
    let (first, _) = raw.split_at(cut.min(raw.len()));
    let first = &first[..first.len() - cut_character(first)];
    all_of(first) + &all_of(&raw[first.len()..])
}

/// As a text that is longer than a line.
fn in_pieces(mut raw: &[u8], room: usize) -> String {
    let mut text = String::new();
    let mut out = vec![0; room];
    while !raw.is_empty() {
        let safe = make_safe(raw, &mut out);
        assert!(safe.taken > 0, "no progress");
        text += core::str::from_utf8(&out[..safe.written]).expect("a piece is UTF-8");
        raw = &raw[safe.taken..];
    }
    text
}

fn naive(raw: &[u8]) -> String {
    String::from_utf8_lossy(raw).chars().map(shown).collect()
}

fn shown(c: char) -> char {
    match c {
        '\t' => c,
        '\0'..='\u{1f}' => char::from_u32(0x2400 + c as u32).expect("a control picture"),
        '\u{7f}' => '\u{2421}',
        '\u{2028}' | '\u{2029}' => '\u{2424}',
        c if is_unsafe(c) => '\u{fffd}',
        c => c,
    }
}

fn is_unsafe(c: char) -> bool {
    (c.is_control() && c != '\t')
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2066}'..='\u{2069}')
}
