//! What is fuzzed: each function takes any octets and panics when a law of the code doesn't hold for them.
//!
//! With cargo-fuzz: `cargo +nightly fuzz run TARGET fuzz/corpus/TARGET fuzz/seeds/TARGET`, from the top folder. On stable,
//! the test `fuzz_replay` feeds them the seeds and mutations of these.

mod answer;
mod delta_apply;
mod inbound_axfr;
mod inbound_ixfr;
mod message;
mod name_rdata;
mod request;
mod tsig_verify;

pub use delta_apply::delta_apply;
pub use inbound_axfr::inbound_axfr;
pub use inbound_ixfr::inbound_ixfr;
pub use message::message;
pub use name_rdata::name_rdata;
pub use request::request;
pub use tsig_verify::tsig_verify;
