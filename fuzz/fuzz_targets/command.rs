#![no_main]

#[path = "../../tests/support/checks/mod.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|data: &[u8]| checks::command::check(data));
