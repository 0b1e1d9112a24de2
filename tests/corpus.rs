//! The checks of the fuzz targets, on a stable compiler: over what fuzzing has
//! found, and over all short inputs.

use std::fs;
use std::path::Path;

#[path = "support/checks/mod.rs"]
mod checks;
mod support;

const FUZZ: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../fuzz");

#[test]
fn all_that_was_found_holds() {
    for (name, check) in checks::CHECKS {
        let mut seeds = 0;
        for entry in fs::read_dir(Path::new(FUZZ).join("corpus").join(name)).unwrap() {
            let path = entry.unwrap().path();
            // Beside the seeds lies what this machine's fuzzing has kept.
            if path.file_name().unwrap().to_string_lossy().starts_with("seed-") {
                check(&fs::read(path).unwrap());
                seeds += 1;
            }
        }
        assert!(seeds > 0, "{name} has no corpus");
    }
}

#[test]
fn each_check_has_its_target() {
    let mut targets: Vec<_> = fs::read_dir(Path::new(FUZZ).join("fuzz_targets"))
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    targets.sort();
    let mut checks: Vec<_> = checks::CHECKS.iter().map(|&(name, _)| name.to_owned()).collect();
    checks.sort();
    assert_eq!(targets, checks);
}

/// How many more words there are in a sequence where the checks are optimised,
/// as they are in a step of `.ci/run`.
const MORE: u32 = if cfg!(debug_assertions) { 0 } else { 1 };

/// Calls `each` with all sequences of up to `length` of these words.
fn each_sequence<T: AsRef<[u8]>>(words: &[T], length: u32, mut each: impl FnMut(&[u8])) {
    let base = words.len();
    for length in 0..=length {
        for number in 0..base.pow(length) {
            let digits = (0..length).map(|at| number / base.pow(at) % base);
            let bytes: Vec<u8> = digits.flat_map(|digit| words[digit].as_ref().to_vec()).collect();
            each(&bytes);
        }
    }
}

#[test]
fn all_short_strings_hold() {
    let alphabet = b"#\n\r a'3\x1b\xc3\xa9\xe2\x80\xae".map(|byte| [byte]);
    each_sequence(&alphabet, 3, |string| {
        checks::command::check(string);
        checks::names::check(string);
        checks::wire::agrees_with_the_model(string);
        for cut in 0..=string.len() {
            checks::text::check(&[&[cut as u8], string].concat());
        }
    });
}

#[test]
fn all_short_strings_hold_however_they_are_cut_in_three() {
    let alphabet = b"#\n\rx\xc3\xa9".map(|byte| [byte]);
    each_sequence(&alphabet, 4 + MORE, |string| {
        for two in 0..=string.len() {
            for one in 0..=two {
                let cut = [&[one as u8, two as u8], string].concat();
                checks::wire::any_cut_is_the_same(&cut);
                checks::client::check(&cut);
            }
        }
    });
}

/// What may happen in a room, a thing of each kind.
const EVENTS: [&[u8]; 27] = [
    b"hi",
    b"\n",
    b"I will upload a file",
    b"#upload a 2",
    b"xx",
    b"\n#upload b 2\nxx",
    b"#nick ada\n",
    b"#msg 10.0.0.4:5000 psst\n",
    b"#history 9\n",
    b"#put 'p' 5 2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824\n",
    b"#part 5\nhello",
    b"#get 'b'\n",
    b"#files\n",
    b"#stop\n",
    b"#quit\n",
    b"\xff\x00",
    b"\xff\x01",
    b"\xfe\x00",
    b"\xfe\x08",
    b"\xfe\xff",
    b"\xfd\x00",
    b"\xfc\x00",
    b"\xfb\x00",
    b"\xf9\x02",
    b"\xf9\x8a",
    b"\xf7\x00",
    b"\xf5\xff",
];

#[test]
fn a_room_bears_any_few_events() {
    each_sequence(&EVENTS, 2 + MORE, |play| checks::room::check(&[b"\x00\x00", play].concat()));
}

/// A quota that leaks is seen: when nothing is under way, the bytes that count
/// for the addresses are compared with those that the store got.
#[test]
#[should_panic(expected = "the quotas of the addresses")]
fn a_leaked_quota_is_found() {
    checks::room::check_against(b"\x00\x00\n#upload b 2\nxx", 1);
}
