//! [`zxfr_fuzz::inbound_axfr`] under libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zxfr_fuzz::inbound_axfr(data));
