//! The parts of the zone transfer service `zxfrd` and the client tool `zxfr`.
//!
//! | module | holds |
//! |---|---|
//! | `alerts` | telling people of trouble: webhooks, posted to as policies say |
//! | [`api`] | the management API: HTTP, TLS |
//! | [`config`] | the configuration file and key files: plain data, problems with line and column |
//! | [`catalog`] | what the API manages and the configuration declares: objects, their rules |
//! | [`zonefile`] | zone text in and out: every record type, problems with file, line and column |
//! | [`files`] | zones from files: at the start, when told, when they change |
//! | [`records`] | records of a version as clients see them |
//! | [`registry`] | the zones: who may have them, what is held of each |
//! | [`reason`] | why things fail, as a closed list of words |
//! | [`manage`] | commands that speak to the management API |
//! | `node` | zones kept in step with files and primaries |
//! | [`service`] | the daemon |
//! | [`store`] | what outlives the process: objects, versions, deltas |
//! | `trust` | whose certificates are trusted |
//! | [`zone`] | zone files to versions, versions to text |

mod alerts;
pub mod api;
pub mod catalog;
pub mod check;
pub mod client;
pub mod config;
pub mod demo;
pub mod files;
pub mod logging;
pub mod manage;
mod node;
pub mod reason;
pub mod records;
pub mod registry;
pub mod service;
pub mod store;
mod trust;
pub mod zone;
pub mod zonefile;
