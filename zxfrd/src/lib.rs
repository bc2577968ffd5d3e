//! The parts of the zone transfer service `zxfrd` and the client tool `zxfr`.
//!
//! | module | holds |
//! |---|---|
//! | [`zonefile`] | zone text in and out: every record type, problems with file, line and column |

pub mod zonefile;
