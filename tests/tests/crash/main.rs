//! What the daemon keeps outlives it, however it ends.

mod changes;
mod daemon;
mod killed;
mod many;
mod syncs;
mod upstream;
