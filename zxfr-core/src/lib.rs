//! DNS zone transfer as state machines, for anyone who needs zones moved: no sockets, no clock, no randomness, no `std`.
//!
//! | module | holds |
//! |---|---|
//! | [`name`] | domain names: octets with their case kept, compared without case (RFC 4343), ordered canonically (RFC 4034 §6.1) |
//! | [`wire`] | messages: header, question, records, the RDATA table, EDNS with EDE, reader, writer with compression |
//! | [`serial`], [`time`] | serial arithmetic (RFC 1982) and policies, monotonic and calendar time as plain arguments |
//! | [`error`] | errors that say who is at fault and where |
//! | [`tsig`] | TSIG (RFC 8945): keys, request and answer, signing and verifying of whole streams, MACs behind a trait |
//! | [`zone`] | a zone as pages: the answer sections of the messages that transfer it (needs `alloc`) |
//! | [`edit`] | records of a zone changed: the next version and its delta, DNS's own rules kept (needs `alloc`) |
//! | [`update`] | DNS UPDATE (RFC 2136): prerequisites, updates, replies (needs `alloc`) |
//! | [`journal`] | the deltas that led to a version, and the answers to IXFR made of them (needs `alloc`) |
//! | [`transfer`] | AXFR (RFC 5936) and IXFR (RFC 1995) as streams: [`transfer::Outbound`] and [`transfer::Inbound`] |
//! | [`refresh`] | one zone kept in step with its primaries: checks, NOTIFYs, retries, expiry, from whom what is transferred |
//! | [`notify`] | telling secondaries of a new version (RFC 1996) |
//! | [`primary`] | a request and who asked, to what is answered |
//! | [`answer`] | a query and a version, to an authoritative answer with its proofs (needs `alloc`) |
//! | [`acl`] | who may ask: prefixes, transports, keys |
//!
//! Features: `default = ["std", "rustcrypto"]`, `std` includes `alloc`; all are additive. Without `alloc` the crate parses,
//! builds, signs, verifies, receives a transfer record by record and sends one from a caller's cursor; with it come zones.
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects
    )
)]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

pub mod acl;
#[cfg(feature = "alloc")]
pub mod answer;
#[cfg(feature = "alloc")]
pub mod edit;
pub mod error;
#[cfg(feature = "alloc")]
pub mod journal;
pub mod name;
pub mod notify;
#[cfg(feature = "alloc")]
pub mod primary;
pub mod refresh;
pub mod serial;
mod short;
pub mod time;
pub mod transfer;
pub mod tsig;
#[cfg(feature = "alloc")]
pub mod update;
pub mod wire;
#[cfg(feature = "alloc")]
pub mod zone;
