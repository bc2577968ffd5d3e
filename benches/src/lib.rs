//! zxfr-benches
