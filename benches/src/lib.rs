//! What the measurements share: zones to measure with, transfers of them, and parsing without nom to compare with.
//!
//! - [`zone`]: seeded zones, in order and out of it
//! - [`delta`]: changes to these
//! - [`exchange`]: both ends of a transfer, and the messages of one
//! - [`plain`]: the walk over a message as hand-written code does it

pub mod delta;
pub mod exchange;
pub mod plain;
pub mod zone;
