//! DNS messages (RFC 1035 §4): read without copying, written into a buffer of the caller's.
//!
//! | module | holds |
//! |---|---|
//! | [`code`] | types, classes, opcodes, RCODEs, extended errors and their names |
//! | [`header`] | the 12 octets at the front |
//! | `cursor`, `grammar` | the wire grammar, parsed with nom over (message, offset) |
//! | [`rdata`] | the RDATA table: for each type where names sit, whether they compress, how it is checked, canonical order |
//! | [`record`] | a record with nothing compressed |
//! | [`reader`] | messages: question, records one by one, where OPT and TSIG are |
//! | [`writer`] | messages into a buffer, with name compression |
//! | [`edns`] | OPT (RFC 6891), extended errors (RFC 8914), times of expiry (RFC 7314) |

pub mod code;
pub(crate) mod cursor;
pub mod edns;
pub(crate) mod grammar;
pub mod header;
pub mod rdata;
pub mod reader;
pub mod record;
pub mod writer;

pub use code::{Class, Ede, Opcode, Rcode, Rtype};
pub use edns::{Edns, Expire};
pub use header::{Flags, HEADER_LEN, Header};
pub use reader::{Layout, Message, Question, Records, Scratch, Section};
pub use record::{Record, Soa};
pub use writer::{Full, Writer};

/// The most octets of a message: what the two length octets of TCP can say (RFC 1035 §4.2.2).
pub const MAX_MESSAGE: usize = 65_535;
