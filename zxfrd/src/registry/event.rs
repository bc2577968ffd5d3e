//! What the zones have to tell those who act on it.

use std::net::IpAddr;

use zxfr_core::name::Name;
use zxfr_core::serial::Serial;

use crate::catalog::Id;

/// What has happened to a zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Another version is served.
    Changed(Name),
    /// Somebody who may has said that there is something new.
    Notified {
        /// The zone.
        zone: Name,
        /// From where.
        from: IpAddr,
        /// The serial that was announced.
        serial: Option<Serial>,
    },
    /// Something has come of its primaries: a check or a transfer has ended, or its time.
    Heard(Id),
    /// Its primaries were asked, and it has what they had, or nothing more comes of it.
    Rested(Name),
}
