//! Hostile.

mod clients;
mod primaries;
mod secondary;
