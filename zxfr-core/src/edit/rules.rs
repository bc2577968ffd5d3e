//! What may stand together at a name.

use super::error::{EditError, EditFault};
use super::node::{Node, When};
use crate::name::NameRef;
use crate::wire::Rtype;
use crate::zone::BuildLimits;

/// What is allowed in a zone that is edited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// How much of one kind it may have.
    pub limits: BuildLimits,
    /// Whether a CNAME may stand at the apex, beside everything but addresses: not DNS (RFC 1034 §3.6.2), for servers that
    /// answer with what it leads to.
    pub apex_cname: bool,
}

impl Rules {
    /// Whether no record of this type may stand beside a CNAME. Signatures, keys and what denies other types may
    /// (RFC 4034 §3, §4; RFC 3007 §4.3).
    pub(super) const fn cname_excludes(self, rtype: Rtype, at_apex: bool) -> bool {
        match rtype {
            Rtype::CNAME | Rtype::RRSIG | Rtype::NSEC | Rtype::SIG | Rtype::KEY | Rtype::NXT => false,
            Rtype::A | Rtype::AAAA => true,
            _ => !(at_apex && self.apex_cname),
        }
    }

    /// Looks at a name that was changed. What was no better before is left as it is.
    pub(super) fn check(self, owner: NameRef<'_>, at_apex: bool, node: &Node) -> Result<(), EditError> {
        match self.broken(at_apex, node, When::Now) {
            Some(fault) if self.broken(at_apex, node, When::Before) != Some(fault) => {
                let rtype = match fault {
                    EditFault::NoApexNs => Rtype::NS,
                    EditFault::SecondDname => Rtype::DNAME,
                    _ => Rtype::CNAME,
                };
                Err(EditError::about(fault, owner, rtype))
            }
            _ => Ok(()),
        }
    }

    fn broken(self, at_apex: bool, node: &Node, when: When) -> Option<EditFault> {
        let count = |rtype| node.count_when(rtype, when);
        let cnames = count(Rtype::CNAME);
        if cnames > 0 && at_apex && !self.apex_cname {
            return Some(EditFault::CnameBeside(Rtype::SOA));
        }
        let excluded = |rtype: &Rtype| self.cname_excludes(*rtype, at_apex);
        if let Some(other) = node.sets_when(when).find(excluded).filter(|_| cnames > 0) {
            return Some(EditFault::CnameBeside(other));
        }
        if cnames > 1 {
            Some(EditFault::SecondCname)
        } else if count(Rtype::DNAME) > 1 {
            Some(EditFault::SecondDname)
        } else if at_apex && count(Rtype::NS) == 0 {
            Some(EditFault::NoApexNs)
        } else {
            None
        }
    }
}
