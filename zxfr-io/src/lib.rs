//! zxfr-io
