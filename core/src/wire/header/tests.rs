extern crate std;

mod forms;

use std::format;
use std::string::String;
use std::vec;
use std::vec::Vec;

use super::*;

/// What may stand at the start of a file that is glued to its header.
const STARTS: [&str; 14] = [
    "a",
    "1",
    "0",
    "00",
    "9x",
    "12\n3",
    "1,2,3\n",
    "77777777777777777777777777",
    "\n",
    "\n\n1",
    "\r",
    "\r\n",
    "\r\n5",
    "\n7",
];

/// What ends a header: nothing with the classic client, a newline by hand.
const ENDS: [&str; 3] = ["", "\n", "\r\n"];

fn sizes() -> impl Iterator<Item = u64> {
    (0..=20).chain(all_sizes().filter(|size| size % 20 == 0 || *size > 200))
}

fn all_sizes() -> impl Iterator<Item = u64> {
    (0..=200).chain([307, 308, 1_000, 3_081, 3_082, 3_083, 999_999, 1_000_000, 1_000_001])
}

/// Places at which quiet is tried, from the header on; where all is decided
/// soon it makes no difference, and for 3082 bytes the last is the 307th.
const QUIETS: u64 = 320;

/// The naive model: the starts and sizes that a header can have by its rules,
/// given everything from SIZE's first digit on.
fn candidates(stream: &[u8]) -> Vec<(u64, u64)> {
    let digits = stream.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let value = |len: usize| str::from_utf8(&stream[..len]).unwrap().parse::<u64>().ok();
    let some = |start: usize, len| value(len).map(|size| (start as u64, size));
    let mut all: Vec<_> = (1..=digits.min(20)).filter_map(|len| some(len, len)).collect();
    let newline = [&b"\n"[..], b"\r\n"].into_iter().find(|end| stream[digits..].starts_with(end));
    if let Some(newline) = newline.filter(|_| digits <= 20) {
        all.extend(some(digits + newline.len(), digits));
    }
    all
}

fn end((start, size): (u64, u64)) -> u64 {
    start.saturating_add(size)
}

/// SIZE, the header's end and the first bytes of the file. Files are as long
/// as they are; what they hold after their first bytes makes no difference.
fn stream(size: u64, header_end: &str, file: &str) -> (Vec<u8>, u64) {
    let header = format!("{size}{header_end}");
    let start = header.len() as u64;
    let file: String =
        file.chars().chain("abc".chars().cycle()).take(40.min(size as usize)).collect();
    ([header.as_bytes(), file.as_bytes()].concat(), start)
}

/// The readings once `came` bytes of the stream are there.
fn readings(stream: &[u8], came: usize) -> Option<(Readings, u64)> {
    let input = [b"#upload 'a' ", &stream[..came]].concat();
    match parse(&input, false, false) {
        Parsed::Header(header) => {
            assert_eq!(header.name, b"a");
            Some((header.readings, (header.len - 12) as u64))
        }
        Parsed::More => None,
        other => panic!("{other:?} from {input:?}"),
    }
}

/// The start of the file that is taken for whole, as the room does it: `upto`
/// bytes come, `step` at a time, and then the link falls quiet. With the bytes
/// that were used up.
fn taken(mut readings: Readings, mut used: u64, upto: u64, step: u64) -> (Option<usize>, u64) {
    loop {
        match readings.left() {
            Left::None => return (None, used),
            Left::One(start) if readings.lacking(start) == 0 => return (Some(start), used),
            _ if used == upto => return (readings.whole(), used),
            _ => {}
        }
        let count = step.min(readings.room()).min(upto - used);
        assert!(count > 0, "there is room for what is to tell");
        readings.take(count);
        used += count;
    }
}

/// However much of the file is glued to the header and however the rest comes:
/// where the link falls quiet at its end, it is that file.
#[test]
fn quiet_at_the_end_finds_the_file() {
    for size in all_sizes() {
        for (header_end, file) in ENDS.iter().flat_map(|end| STARTS.map(|file| (end, file))) {
            let (stream, start) = stream(size, header_end, file);
            for came in (1..=stream.len()).filter(|came| size <= 12 || came % 13 == 5) {
                let Some((readings, used)) = readings(&stream, came) else { continue };
                for step in [1, 4_096, u64::MAX] {
                    if step == 1 && (size > 50 || came < stream.len()) {
                        continue;
                    }
                    let taken = taken(readings.clone(), used, start + size, step);
                    let expected = (Some(start as usize), start + size);
                    assert_eq!(taken, expected, "{size} {header_end:?} {file:?} {came} {step}");
                }
            }
        }
    }
}

/// Quiet anywhere else takes a file for whole where a candidate ends exactly
/// there, and nowhere else.
#[test]
fn quiet_elsewhere_is_as_the_model_says() {
    for size in sizes() {
        for (header_end, file) in ENDS.iter().flat_map(|end| STARTS.map(|file| (end, file))) {
            let (stream, start) = stream(size, header_end, file);
            let Some((mut readings, used)) = readings(&stream, stream.len()) else { continue };
            let candidates = candidates(&stream);
            for upto in used..(start + size).min(used + QUIETS) {
                let exact: Vec<_> = candidates.iter().filter(|&&c| end(c) == upto).collect();
                assert!(exact.len() < 2);
                let whole = readings.whole().map(|start| start as u64);
                assert_eq!(whole, exact.first().map(|c| c.0), "{size} {file:?} {upto}");
                let open = candidates.iter().filter(|&&c| end(c) >= upto).count();
                match readings.left() {
                    Left::None => panic!("the true one is left"),
                    Left::One(_) => assert_eq!(open, 1),
                    Left::Several => assert!(open > 1),
                }
                assert_eq!(
                    readings.room(),
                    candidates.iter().map(|&c| end(c)).max().unwrap() - upto
                );
                readings.take(1);
            }
        }
    }
}

/// Zeros in vain make no empty file of what is meant to be longer.
#[test]
fn zeros_beyond_the_digits_that_are_kept_are_no_size() {
    let (mut readings, _) = readings(b"0000000000000000000001x", 23).expect("x ends SIZE");
    assert_eq!((readings.left(), readings.room()), (Left::Several, 1));
    readings.take(1);
    assert_eq!(readings.left(), Left::None);
}

/// All that a pause in the middle can spoil: it must last, and come exactly
/// where a shorter SIZE ends.
#[test]
fn where_a_pause_makes_a_wrong_file() {
    const GLUED: usize = 5;
    let spoiled = |size: u64, file: &str| -> Vec<u64> {
        let (stream, start) = stream(size, "", file);
        let came = stream.len().min(start as usize + GLUED);
        let (mut readings, used) = readings(&stream, came).expect("more is glued than digits");
        let mut spoiled = vec![];
        // What is glued is there before any quiet.
        for upto in used..start + size {
            if upto >= start + GLUED as u64 {
                spoiled.extend(readings.whole().map(|_| upto - start));
            }
            readings.take(1);
        }
        spoiled
    };
    // Bytes of the file that are there when it goes wrong.
    assert_eq!(spoiled(3_082, "\u{89}PNG\r\n"), [28, 307]);
    assert_eq!(spoiled(3_082, "%PDF-1.7\n"), [28, 307]);
    assert_eq!(spoiled(3_082, "2024-01-01"), [28, 307]);
    assert_eq!(spoiled(3_082, "\nfirst"), [28, 307]);
    assert_eq!(spoiled(11, "hello world"), []);
    assert_eq!(spoiled(42, "an answer to everything"), []);
    assert_eq!(spoiled(100, "a hundred bytes"), [9]);
    assert_eq!(spoiled(9, "01x345678"), []);
}

/// Without quiet, a file is whole only where all other readings are ruled out.
#[test]
fn nothing_is_taken_early() {
    for size in sizes().filter(|&size| size > 0) {
        for file in STARTS {
            let (stream, start) = stream(size, "", file);
            let Some((mut readings, used)) = readings(&stream, stream.len()) else { continue };
            for upto in used..(start + size).min(used + QUIETS) {
                let early = |start| readings.lacking(start) == 0;
                assert!(
                    !matches!(readings.left(), Left::One(start) if early(start)),
                    "{size} {upto}"
                );
                readings.take(1);
            }
        }
    }
}

/// A limit must not let a shorter SIZE win where a longer one is meant: the
/// start of a file that is too large is not a file.
#[test]
fn the_start_of_a_file_above_a_limit_is_no_file() {
    for size in sizes().filter(|&size| size > 0) {
        for file in STARTS {
            let (stream, start) = stream(size, "", file);
            for most in [0, 1, size / 100, size / 10, size - 1] {
                if most >= size {
                    continue;
                }
                let Some((mut readings, used)) = readings(&stream, stream.len()) else { continue };
                readings.limit(most);
                let largest = readings.largest().unwrap_or(0);
                assert!(largest <= most);
                let step = 64.max(size / 64);
                let (whole, upto) = taken(readings, used, start + size, step);
                assert_eq!(whole, None, "{size} {file:?} {most}");
                assert!(upto <= (start + largest + step).max(used), "it is known soon");
            }
        }
    }
}

#[test]
fn a_limit_leaves_what_it_allows() {
    for size in sizes() {
        for file in STARTS {
            let (stream, start) = stream(size, "", file);
            let Some((mut readings, used)) = readings(&stream, stream.len()) else { continue };
            readings.limit(size);
            let taken = taken(readings, used, start + size, 64.max(size / 64));
            assert_eq!(taken, (Some(start as usize), start + size), "{size} {file:?}");
        }
    }
    let mut of = Readings::of(10);
    of.limit(10);
    assert_eq!(of.left(), Left::One(2));
    of.limit(9);
    assert_eq!((of.left(), of.room(), of.largest()), (Left::None, 0, None));
}

/// No two readings of any header end with the same byte.
#[test]
fn ends_are_never_alike() {
    let bytes = b"019\n\rx";
    for len in 1..=6_u32 {
        for mut code in 0..bytes.len().pow(len) {
            let mut stream = vec![];
            for _ in 0..len {
                stream.push(bytes[code % bytes.len()]);
                code /= bytes.len();
            }
            if !stream[0].is_ascii_digit() {
                continue;
            }
            let Some((readings, used)) = readings(&stream, stream.len()) else { continue };
            let all = candidates(&stream);
            assert!(all.windows(2).all(|pair| end(pair[0]) < end(pair[1])), "{stream:?}");
            let open = all.iter().filter(|&&c| end(c) >= used);
            let left = readings.starts().map(|start| (start as u64, readings.size(start).unwrap()));
            assert!(left.eq(open.copied()), "{stream:?} {readings:?}");
        }
    }
}
