//! DNS UPDATE (RFC 2136): a request read, its prerequisites looked at, its updates made, and its reply.
//!
//! | module | holds |
//! |---|---|
//! | `request` | [`Request`]: a request whose shape holds |
//! | `row` | records of a request, with the classes and the missing RDATA that only they have |
//! | `prerequisite` | RFC 2136 §3.2: what has to be there and what must not |
//! | `prescan` | §3.4.1: whether the updates are such |
//! | `apply` | §3.4.2: the updates made on an [`Edit`](crate::edit::Edit) |
//! | `refusal` | [`Refusal`]: why nothing is changed |
//!
//! [`crate::primary`] reads the request, has it verified and lets the host say who may ask ([`crate::primary::Update`]). The
//! host then gives the version that it has to an [`Edit`](crate::edit::Edit), has the request performed on it
//! ([`Request::perform`]), finishes that, installs what it made, and sends the reply. Between the version that the edit began
//! with and what is installed no other may come: updates of a zone are made one after the other.
//!
//! The work is bounded by the message, in which there are at most some 6,000 records: each is looked up by name once, and a
//! name's records are read once.

mod apply;
mod prerequisite;
mod prescan;
mod refusal;
mod request;
mod row;

pub use refusal::{Part, Refusal, Wrong};
pub use request::Request;

#[cfg(test)]
mod tests;
