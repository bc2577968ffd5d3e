//! The management API of a daemon that runs.

mod alerts;
mod claims;
mod conversions;
mod edits;
mod failing;
mod forms;
mod fuzzed;
mod leaks;
mod metrics;
mod octodns;
mod primary;
mod review;
mod semantics;
mod settings;
mod trouble;
mod update;
mod world;
