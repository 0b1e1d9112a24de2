//! Bytes to meaning, without a room: the decoder, safe text, names.

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use snug_core::wire::frame::{Decoded, Decoder, Frame, Pause};
use snug_core::wire::name::FileName;
use snug_core::wire::nick::Nick;
use snug_core::wire::text::make_safe;

fn main() {
    divan::main();
}

/// Bytes of text that a line has room for.
const ROOM: usize = 4000;
/// Lines that came in one read.
const LINES: usize = 128;

/// A read full of lines, to frames.
#[divan::bench(args = [64, 512])]
fn decode(bencher: Bencher<'_, '_>, length: usize) {
    let input = format!("{}\n", "x".repeat(length - 1)).repeat(LINES);
    let input = input.as_bytes();
    bencher.counter(ItemsCount::new(LINES)).bench_local(|| {
        let mut decoder = Decoder::new();
        let (mut at, mut texts) = (0, 0);
        while at < input.len() {
            match decoder.decode(black_box(&input[at..]), Pause::None, ROOM, false) {
                Decoded::Frame(Frame::Text(text), _) => {
                    at += decoder.took_text(&text, text.raw.len());
                    texts += 1;
                }
                Decoded::Frame(_, used) => at += used,
                _ => break,
            }
        }
        assert_eq!(texts, LINES);
    });
}

/// Text that is safe as it is, beside the copy that it has to be anyway.
#[divan::bench(args = ["ascii", "cyrillic", "chinese", "copy"], consts = [63, 4096])]
fn safe_text<const LENGTH: usize>(bencher: Bencher<'_, '_>, script: &str) {
    let letters = match script {
        "cyrillic" => "шум прибоя, ",
        "chinese" => "海浪的聲音",
        _ => "the sound of the sea ",
    };
    let text = &letters.repeat(LENGTH);
    let text = &text.as_bytes()[..text.floor_char_boundary(LENGTH)];
    let mut out = [0; LENGTH];
    bencher.counter(BytesCount::new(text.len())).bench_local(|| {
        if script == "copy" {
            out[..text.len()].copy_from_slice(black_box(text));
        } else {
            assert_eq!(make_safe(black_box(text), &mut out).taken, text.len());
        }
        black_box(&out);
    });
}

/// A name of a file, as uploads have it.
#[divan::bench(args = ["google.png", "Ferien an der See, drittes Bild (größer).jpeg"])]
fn file_name(name: &str) -> bool {
    FileName::parse(black_box(name.as_bytes())).is_ok()
}

/// A name of a user.
#[divan::bench(args = ["ada", "Дмитрий_42"])]
fn nick(name: &str) -> bool {
    Nick::parse(black_box(name.as_bytes())).is_ok()
}
