//! What the measurements share: zones to measure with, transfers of them, and parsing without nom to compare with.
//!
//! - [`zone`]: seeded zones, in order and out of it
//! - [`tld`]: a top-level domain's of any size, in versions
//! - [`delta`]: changes to these
//! - [`exchange`]: both ends of a transfer, and the messages of one
//! - [`plain`]: the walk over a message as hand-written code does it

pub mod delta;
pub mod exchange;
pub mod plain;
pub mod tld;
pub mod zone;
