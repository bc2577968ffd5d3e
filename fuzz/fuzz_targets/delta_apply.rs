//! [`zxfr_fuzz::delta_apply`] under libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zxfr_fuzz::delta_apply(data));
