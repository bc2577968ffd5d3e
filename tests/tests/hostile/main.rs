//! Input that broke other servers, sent to running programs.
mod clients;
mod primaries;
mod secondary;
