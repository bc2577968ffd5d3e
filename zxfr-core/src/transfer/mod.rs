//! AXFR (RFC 5936) as streams.
//!
//! | module | holds |
//! |---|---|
//! | [`frame`] | a message on its way out, its page shared with all that send it |
//! | [`outbound`] | sending a zone version |

#[cfg(feature = "alloc")]
pub mod frame;
#[cfg(feature = "alloc")]
pub mod outbound;

#[cfg(feature = "alloc")]
pub use frame::Frame;
#[cfg(feature = "alloc")]
pub use outbound::{Asked, Outbound, Totals, Unsignable};
