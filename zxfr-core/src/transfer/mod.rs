//! AXFR (RFC 5936) and IXFR (RFC 1995) as streams of messages, out and in.
//!
//! | module | holds |
//! |---|---|
//! | `asked` | [`Asked`], what of a request its answer repeats |
//! | [`frame`] | a message on its way out, its page shared with all that send it |
//! | [`outbound`] | sending a zone version, or differences |
//! | `kind` | [`Kind`]: which of the two |
//! | `cursor` | [`CursorOutbound`]: sending a host's own records, without `alloc` |
//! | `query` | the queries that a secondary sends: AXFR, IXFR, SOA |
//! | `answer` | [`read_soa_answer`]: the answer to the latter |
//! | `inbound` | [`Inbound`]: messages in, records out, provisional until the closing SOA |
//! | `error` | [`Error`]: who is at fault when a transfer fails, and where |
//! | `limits` | [`Limits`] of what is taken in, [`Totals`] of what went by |
//! | `soa` | the SOA that opened a transfer, kept until it is closed |

mod answer;
mod asked;
mod cursor;
mod error;
#[cfg(feature = "alloc")]
pub mod frame;
mod inbound;
mod kind;
mod limits;
#[cfg(feature = "alloc")]
pub mod outbound;
mod query;
mod soa;
#[cfg(all(test, feature = "rustcrypto"))]
mod testing;

pub(crate) use answer::open_answer;
pub use answer::{SoaAnswer, read_soa_answer};
pub use asked::Asked;
pub use cursor::{Cursor, CursorOutbound, SendError};
pub use error::{Error, Limit, PeerFault};
#[cfg(feature = "alloc")]
pub use frame::Frame;
pub use inbound::{Event, Events, EventsAhead, Inbound, InboundAhead, Inspected, InspectedInbound, Inspector, NotSure};
pub use kind::Kind;
pub use limits::{Limits, Totals};
#[cfg(feature = "alloc")]
pub use outbound::{Outbound, Unsignable};
pub use query::{axfr_query, ixfr_query, soa_query};
