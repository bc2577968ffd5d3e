//! Telling one secondary that a zone has a new version (RFC 1996): the query, its answer, and when to try again.
//!
//! [`Notify`] says when a try is due and takes how it ended; the caller writes the query ([`notify_query`]), signs it with the
//! target's key where there is one ([`crate::tsig::sign_request`]), sends it and reads the answer ([`read_notify_answer`]).

mod answer;
mod machine;

pub use answer::{notify_query, read_notify_answer};
pub use machine::{Action, Notify, Policy, Report};

#[cfg(test)]
mod tests;
