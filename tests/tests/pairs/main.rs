//! Servers made of the core's machines alone, in a world without sockets: the clock is a number, the network loses, doubles
//! and reorders datagrams, breaks streams, and servers go down and come back; the same seed gives the same world.
//!
//! In every world, whatever happens, what a secondary holds is octet for octet a version that was published, and none that
//! is older than what it held before.

mod network;
mod primaries;
mod secondary;
mod server;
mod steps;
mod storms;
mod world;
mod zone;
