#![no_main]

#[path = "../../tests/support/checks/mod.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|data: &[u8]| checks::wire::agrees_with_the_model(data));
