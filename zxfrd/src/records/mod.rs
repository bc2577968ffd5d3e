//! Records of a version as clients of the management API see them, read from its pages.
//!
//! | module | holds |
//! |---|---|
//! | `id` | the ids of records |
//! | `content` | RDATA as clients see it: content, priority, members by name |
//! | `select` | which records are asked for, in which order, and which page of them |

mod content;
mod id;
mod select;

pub use content::Shown;
pub use id::derived_id;
pub use select::{Compared, Field, Found, Order, Selection, Text, find};
