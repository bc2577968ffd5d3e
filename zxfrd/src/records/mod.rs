//! Records of a version as clients of the management API see them, read from its pages.
//!
//! | module | holds |
//! |---|---|
//! | `id` | the ids of records |
//! | `content` | RDATA as clients see it: content, priority, members by name |
//! | `given` | RDATA as clients write it |
//! | `note` | [`Note`]: what a record has besides what the zone has of it, and the books in which they are |
//! | `change` | records made, changed and deleted in an edit |
//! | `select` | which records are asked for, in which order, and which page of them |

mod change;
mod content;
mod given;
mod id;
mod note;
mod select;

pub use change::{Change, Changed, Wanted, follow, look_up, perform, rule, shown_ttl};
pub use content::Shown;
pub use given::{Given, rdata};
pub use id::derived_id;
pub use note::{Book, Known, Layer, Note, shown_id};
pub use select::{Among, Compared, Field, Found, Order, Selection, Text, find};
