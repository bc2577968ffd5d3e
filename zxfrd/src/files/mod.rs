//! Zones from files: loading them at the start, when told, and when they change.
//!
//! | module | holds |
//! |---|---|
//! | `load` | a zone file to what is served of the zone, with its rules: newer serial, no more records lost than may be |
//! | `stamp` | what tells a file that has changed from one that has not |
//! | `watch` | which files have changed and rested since |

mod load;
mod stamp;
mod watch;

pub use load::{Cause, LoadError, load};
pub use stamp::Stamps;
pub use watch::Watch;
