//! The corpus of the fuzz targets, on a stable compiler: what was found once is
//! looked at in each run of the tests.

use std::fs;
use std::path::Path;

#[path = "support/checks/mod.rs"]
mod checks;

const FUZZ: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../fuzz");

#[test]
fn all_that_was_found_holds() {
    for (name, check) in checks::CHECKS {
        let mut seeds = 0;
        for entry in fs::read_dir(Path::new(FUZZ).join("corpus").join(name)).unwrap() {
            check(&fs::read(entry.unwrap().path()).unwrap());
            seeds += 1;
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

#[test]
fn all_short_strings_hold() {
    const ALPHABET: &[u8] = b"#\n\r a'3\x1b\xc3\xa9\xe2\x80\xae";
    let mut strings = vec![Vec::new()];
    for length in 0..4 {
        let longer = strings.iter().filter(|s: &&Vec<u8>| s.len() == length).flat_map(|s| {
            ALPHABET.iter().map(|&byte| [s.as_slice(), &[byte]].concat()).collect::<Vec<_>>()
        });
        let longer: Vec<_> = longer.collect();
        strings.extend(longer);
    }
    for string in &strings {
        for (_, check) in checks::CHECKS {
            check(string);
        }
    }
}
