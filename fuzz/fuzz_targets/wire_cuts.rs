#![no_main]

#[path = "../../tests/support/checks/mod.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|data: &[u8]| checks::wire::any_cut_is_the_same(data));
