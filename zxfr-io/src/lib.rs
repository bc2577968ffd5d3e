//! `zxfr-core` on tokio: a primary that serves zones, a secondary that keeps them in step, a client that pulls them.
//!
//! | module | holds |
//! |---|---|
//! | [`identity`] | who is at the other end of a stream |
//! | [`serve`] | [`Primary`]: UDP, TCP, any stream; limits, time-outs, reports |
//! | [`client`] | [`Client`]: many transfers at once over one connection; SOA and IXFR over UDP |
//! | [`secondary`] | [`Secondary`]: zones kept in step with their primaries |
//! | [`notify`] | [`NotifySender`]: secondaries told of new versions |
//! | [`socket`] | listening on one port for UDP and TCP |
//! | `inbox` | messages out of a stream of octets |
//! | `reason` | [`Reason`]: why something failed, as a word and in words |
//! | `wheel` | timers of many zones |
//! | `clock` | the clocks that the core is given |
//!
//! Where versions come from is the trait [`Zones`]; where they go is [`Incoming`], for zones kept in step, or [`Sink`] and
//! [`EventSink`], for one that is pulled. Nothing here knows of files, configuration or logs.

pub mod client;
mod clock;
pub mod identity;
mod inbox;
pub mod notify;
mod reason;
pub mod secondary;
pub mod serve;
pub mod socket;
mod wheel;

pub use client::{Client, Error, EventSink, InReport, Sink, SinkError, SoaAnswer, Timeouts};
pub use identity::PeerIdentity;
pub use notify::{NotifySender, Outgoing};
pub use reason::Reason;
pub use secondary::{Incoming, Secondary, SecondaryLimits};
pub use serve::{OutReport, Primary, SendError, ServeLimits, Zones};
