//! [`zxfr_fuzz::request`] under libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zxfr_fuzz::request(data));
