//! The management API of a daemon that runs.

mod claims;
mod failing;
mod forms;
mod fuzzed;
mod leaks;
mod primary;
mod semantics;
mod world;
