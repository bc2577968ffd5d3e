//! What an answer to a request for a transfer is.

use crate::serial::Serial;

/// What an answer to a request for a transfer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The whole zone, asked for so (RFC 5936) or sent in answer to IXFR (RFC 1995 §4).
    Axfr,
    /// The differences from this serial on (RFC 1995).
    Ixfr {
        /// The asker's serial.
        from: Serial,
    },
    /// The SOA alone: the asker, at this serial, has all there is (RFC 1995 §2).
    UpToDate {
        /// The asker's serial.
        from: Serial,
    },
}
