//! [`zxfr_fuzz::name_rdata`] under libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zxfr_fuzz::name_rdata(data));
