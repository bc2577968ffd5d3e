//! What the tests of zxfr share: real name servers started on loopback, client
//! programs whose output is read as records, a comparison of record sets, and
//! test zones.
//!
//! Nothing here uses the crates under test, so that it judges them from outside.
//!
//! - [`peer`]: `named`, `knotd`, `nsd`, `pdns_server` and `ixfrdist` as primary and secondary
//! - [`client`]: AXFR by `dig` and `kdig`
//! - [`records`]: what a zone holds, and the difference between two
//! - [`zones`]: zones as text files
//! - [`history`]: real zones over years, step by step
//! - [`holding`]: what must be held after each step; [`line`](mod@line), [`decode`]: records from text and messages
//! - [`zxfr`]: zxfr's own programs
//! - [`interop`]: which zones and keys move between zxfr and which peer
//! - [`http`]: requests to the management API; [`openmetrics`]: metrics; [`packages`]: packages from PyPI and npm
//! - [`wire`], [`fake`]: messages of any octets, and a primary that sends them; [`relay`]: what stands between servers
//! - [`named`]: whether the tests that a table names are there
//! - [`process`], [`ports`], [`probe`], [`tally`]: what these need

pub mod client;
pub mod decode;
pub mod failure;
pub mod fake;
pub mod history;
pub mod holding;
pub mod http;
pub mod interop;
pub mod line;
pub mod name;
pub mod named;
pub mod openmetrics;
pub mod packages;
pub mod peer;
pub mod ports;
pub mod probe;
pub mod process;
pub mod records;
pub mod relay;
pub mod tally;
pub mod tsig;
pub mod webhook;
pub mod wire;
pub mod zones;
pub mod zxfr;

pub use failure::Failure;
