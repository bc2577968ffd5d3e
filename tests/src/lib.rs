//! zxfr-tests
