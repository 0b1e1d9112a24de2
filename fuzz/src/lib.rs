//! What the fuzz targets run: the checks that also guard the corpus in
//! `cargo test`.

#[path = "../../tests/support/checks/mod.rs"]
mod checks;
#[path = "../../tests/support/mod.rs"]
mod support;

/// Runs the check with this name on any bytes.
///
/// # Panics
///
/// Where something does not hold; that is what the fuzzer looks for.
pub fn run(name: &str, data: &[u8]) {
    let check = checks::CHECKS.iter().find(|(known, _)| *known == name);
    check.expect("a check of this name").1(data);
}
