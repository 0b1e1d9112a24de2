//! All that takes a peer's bytes apart, with any bytes.

#![no_std]
#![no_main]

use core::hint::black_box;

use snug_core::wire::command::Command;
use snug_core::wire::frame::{Decoded, Decoder, Frame, Pause};
use snug_core::wire::name::FileName;
use snug_core::wire::nick::Nick;
use snug_core::wire::text::{cut_character, is_safe, make_safe};
use snug_panics::{any, any_bytes};

#[unsafe(no_mangle)]
extern "C" fn main() {
    let _ = black_box(Command::parse(any_bytes()));
    let _ = black_box(FileName::parse(any_bytes()));
    let _ = black_box(Nick::parse(any_bytes()));
    let mut out = any([0; 4096]);
    let _ = black_box(make_safe(any_bytes(), any(&mut out[..])));
    black_box(cut_character(any_bytes()));
    black_box(core::str::from_utf8(any_bytes()).is_ok_and(is_safe));
    let mut decoder = any(Decoder::new());
    let pauses = [Pause::None, Pause::Burst, Pause::Quiet, Pause::End];
    for pause in pauses {
        let decoded = decoder.decode(any_bytes(), any(pause), any(0), any(false));
        match black_box(decoded) {
            Decoded::Frame(Frame::Text(text), _) => {
                black_box(decoder.took_text(&text, any(0)));
            }
            Decoded::Frame(Frame::Upload(mut header), _) => {
                header.readings.limit(any(0));
                header.readings.take(any(0));
                black_box((header.readings.left(), header.readings.whole()));
                black_box((header.readings.room(), header.readings.largest()));
            }
            _ => {}
        }
    }
}
