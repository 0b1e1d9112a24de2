//! `docs/promises.md` names the tests that show each promise; here, that they
//! are there.

use std::fs;
use std::path::Path;

const TOP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// What stands in backticks in a line.
fn named(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

fn is_name(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// Whether the file has a test of this name, be it one of those that run on the
/// host and on the device.
fn has_test(file: &str, name: &str) -> bool {
    let read = |file: &str| fs::read_to_string(Path::new(TOP).join(file)).unwrap();
    if file.starts_with("tests/scenarios/") {
        let listed = read("tests/scenarios/mod.rs").lines().any(|line| line.trim() == name);
        return listed && read(file).contains(&format!("fn {name}<"));
    }
    let text = read(file);
    let above = text.find(&format!("fn {name}()")).map(|at| text[..at].trim_end());
    above.is_some_and(|text| text.lines().rev().take(3).any(|line| line.contains("#[test]")))
}

/// Checks what a row says that shows it: files, each with tests of it behind
/// it, and fuzz targets. Returns how many of these it names.
fn check(shown_by: &str) -> usize {
    let (mut file, mut count) = ("", 0);
    for word in named(shown_by) {
        if word.contains('/') && !word.contains(' ') {
            assert!(Path::new(TOP).join(word).exists(), "there is no {word}");
            file = word;
        } else if is_name(word) {
            let target = Path::new(TOP).join(format!("fuzz/fuzz_targets/{word}.rs"));
            assert!(target.exists() || has_test(file, word), "{file} has no test {word}");
        } else {
            assert!(!word.contains(".rs"), "{word} is to be named with its folders");
            continue;
        }
        count += 1;
    }
    count
}

#[test]
fn each_promise_names_what_shows_it() {
    let page = fs::read_to_string(Path::new(TOP).join("docs/promises.md")).unwrap();
    let rows = page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| promise"));
    let mut promises = 0;
    for row in rows {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        let [_, promise, shown_by, _] = cells[..] else { panic!("not two cells: {row}") };
        assert!(check(shown_by) > 0, "nothing shows that: {promise}");
        promises += 1;
    }
    assert!(promises > 20, "{promises} promises");
}
