//! [`zxfr_fuzz::tsig_verify`] under libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zxfr_fuzz::tsig_verify(data));
