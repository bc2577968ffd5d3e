//! Authoritative answers to queries, from a version (RFC 1034 §4.3.2): what is there, delegations with their glue, CNAME and DNAME
//! followed within the zone, wildcards, and what is not there; with the zone's own signatures and proofs where they are asked for
//! (RFC 4035 §3.1, RFC 5155 §7.2).
//!
//! | module | holds |
//! |---|---|
//! | here | [`Query`], [`Answer`] |
//! | `place` | where a name lies in a zone |
//! | `outline` | which RRsets answer a query |
//! | `proof` | NSEC and NSEC3 that show what isn't there |
//! | `nsec3` | hashed names |
//! | `compose` | the outline written to a message |
//!
//! The work is bounded by the labels of a name and the length of a chain of aliases: each name is searched for by its key.

mod compose;
mod nsec3;
mod outline;
mod place;
mod proof;

#[cfg(all(test, feature = "rustcrypto"))]
mod tests;

#[cfg(feature = "rustcrypto")]
pub use nsec3::RustSha1;
pub use nsec3::Sha1;

use crate::name::NameRef;
use crate::wire::{Full, Rcode, Rtype, Writer};
use crate::zone::Version;
use outline::Outline;

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Query<'q> {
    /// The name.
    pub qname: NameRef<'q>,
    /// The type.
    pub qtype: Rtype,
    /// Whether signatures and proofs are wanted: the DO bit (RFC 3225).
    pub dnssec: bool,
}

/// What the header of an answer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// NOERROR; NXDOMAIN where the name, or that which an alias leads to, isn't there; YXDOMAIN where a DNAME makes a name that is
    /// too long (RFC 6672 §2.2).
    pub rcode: Rcode,
    /// AA: whether the first name of the answer is ours, rather than delegated.
    pub authoritative: bool,
    /// TC: it doesn't fit, and nothing of it is in the message.
    pub truncated: bool,
}

impl Version {
    /// Writes the answer to a query behind its question; OPT and TSIG need room behind it. The name has to be at or below the apex;
    /// where it isn't, there is nothing to say.
    ///
    /// Of ANY one RRset is told (RFC 8482 §4.1), of RRSIG those of all types. Addresses go along as far as there is room for them; glue
    /// without which a delegation leads nowhere has to fit (RFC 9471).
    ///
    /// # Errors
    /// Never but where not even an empty answer fits.
    pub fn answer<H: Sha1>(&self, query: &Query<'_>, writer: &mut Writer<'_>) -> Result<Answer, Full> {
        let outline = Outline::of::<H>(self, query);
        let truncated = compose::compose(self, &outline, query.dnssec, writer)?;
        Ok(Answer { rcode: outline.rcode, authoritative: outline.authoritative, truncated })
    }
}
