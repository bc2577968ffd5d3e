//! Zones kept in step with their primaries.
mod backoff;
mod checks;
mod queue;
