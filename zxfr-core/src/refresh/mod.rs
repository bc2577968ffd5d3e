//! Keeping one zone in step with its primaries: SOA checks (RFC 1034 §4.3.5), NOTIFYs (RFC 1996), what is transferred from
//! whom and how, retries, expiry. It sends nothing and knows no zone: it says what is to be done, and is told how that ended.
//!
//! | module | holds |
//! |---|---|
//! | `policy` | [`Policy`]: what an operator decides |
//! | `state` | [`State`], which outlives the process; answers and what they turned out to be |
//! | `failure` | [`Failure`]: why something failed, and what is worth trying next |
//! | `timers` | when the next check is due, when the zone expires |
//! | `round` | one round: checks, then transfers |
//! | `notice` | NOTIFYs that wait for their check |
//! | `primaries` | a set of primaries |
//!
//! A **round** begins when the timer says so, when a NOTIFY comes, or by [`Refresh::force`].
//!
//! 1. All primaries are asked at once, so that dead ones delay nobody; after a NOTIFY at first only the one that sent it. Once
//!    one has answered with a newer serial, the others have a short grace ([`Policy::grace`]). While nothing is held, any
//!    serial is newer; a lone primary isn't asked then, but transferred from.
//! 2. The newest serial is transferred first, of equals from the first primary: by IXFR where that is allowed and a version is
//!    held, then by AXFR from the same primary where [`Failure::axfr_may_help`], then from the next best.
//! 3. A primary that delivers less than it promised has lied; others that promise something newer are tried, and it alone
//!    doesn't make a round fail. When those that were asked have nothing, the rest are asked, too.
//! 4. The round ends ([`Action::Ended`]). The next is due after REFRESH (or [`Policy::interval`]), or RETRY where it failed.
//!
//! Every primary that has our serial starts EXPIRE anew, whatever becomes of the round.
//!
//! NOTIFYs that come while a primary is being asked, or a transfer runs, are coalesced: at most one more check follows. One
//! that announces what no primary has yet causes a few checks more, ever later ([`Policy::rechecks`]), and no loop.
//!
//! Waiting is done on the monotonic clock. When the calendar is set, [`State`] moves along, and one check is made at once.

mod failure;
mod machine;
mod notice;
mod policy;
mod primaries;
mod round;
mod state;
mod timers;

pub use failure::{Failure, Fault};
pub use machine::Refresh;
pub use policy::{Backward, Bounds, MAX_PRIMARIES, Policy};
pub use state::{Checked, State, Transferred, Verdict};
pub use timers::Timers;

/// How a zone is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The differences from the version that is held (RFC 1995).
    Ixfr,
    /// All of it (RFC 5936).
    Axfr,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Ask this primary for its SOA, then call [`Refresh::handle_check`], once.
    Check {
        /// Its number.
        primary: u8,
    },
    /// Transfer the zone from this primary, then call [`Refresh::handle_transfer`], once.
    Transfer {
        /// Its number.
        primary: u8,
        /// How.
        kind: Kind,
    },
    /// A round has ended: nothing to do but to report it, and to write down [`Refresh::state`].
    Ended(Result<(), Failure>),
    /// The version that is held has expired: it is not to be served any more, though kept. It is over when a round ends well
    /// or [`Refresh::is_expired`] says so.
    Expired,
}

/// What is urgent goes before what is not, where places are few.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// A NOTIFY came, or the operator wants it.
    Notified,
    /// A timer ran out.
    Routine,
}

#[cfg(test)]
mod tests;
