#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| snug_fuzz::run("room", data));
