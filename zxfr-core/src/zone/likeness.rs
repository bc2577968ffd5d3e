//! How the owner of a record compares to that of the record before: found out once, and handed on.

use crate::name::NameRef;

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Likeness {
    /// It is the same octet for octet.
    Same,
    /// Only the case of letters differs.
    Equal,
    /// It is another name.
    Other,
}

impl Likeness {
    #[inline]
    pub(crate) fn of(owner: NameRef<'_>, before: NameRef<'_>) -> Self {
        // Records that are kept together share the octets of their owner.
        if core::ptr::eq(owner.as_octets(), before.as_octets()) || owner.octets_eq(before) {
            Self::Same
        } else if owner.as_octets().eq_ignore_ascii_case(before.as_octets()) {
            Self::Equal
        } else {
            Self::Other
        }
    }

    /// Whether the records belong to one name.
    #[inline]
    pub(crate) fn is_equal(self) -> bool {
        self != Self::Other
    }
}
