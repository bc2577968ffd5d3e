//! The objects that the API manages and the configuration declares, and the rules that they keep.
//!
//! | module | holds |
//! |---|---|
//! | `object` | the objects: plain data |
//! | `written` | texts as clients wrote them, and what they mean |
//! | `id`, `time` | ids and times |
//! | `fault` | [`Fault`]: why something is not done; warnings |

mod fault;
mod id;
mod object;
mod time;
mod written;

pub use fault::{Done, Fault, FaultKind, Warning, code};
pub use id::{Id, IdError};
pub use object::{
    Access, Account, Acl, Audit, DeclaredZone, Incoming, Object, ObjectKey, Origin, Outgoing, Peer, Reach, Token, Tsig,
    Zone, ZoneKind,
};
pub use time::Time;
pub use written::{Meaning, TsigSecret, Written};
