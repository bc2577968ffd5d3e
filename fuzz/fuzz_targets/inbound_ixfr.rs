//! [`zxfr_fuzz::inbound_ixfr`] under libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zxfr_fuzz::inbound_ixfr(data));
