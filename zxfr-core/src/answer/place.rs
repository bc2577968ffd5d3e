//! Where a name lies in a zone.

use crate::name::{Name, NameRef};
use crate::wire::Rtype;
use crate::zone::{Among, Spot, Version};
use alloc::vec::Vec;

/// Where a name lies in a zone (RFC 1034 §4.3.2, RFC 4592 §3.3.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// At or below this cut: there is an NS, and it isn't the apex.
    Delegated(Name),
    /// Below this name, which has a DNAME.
    Renamed(Name),
    /// There are records at the name.
    Held,
    /// There are none, but below it.
    Empty,
    /// There is nothing; the closest name above that there is.
    Missing(Name),
}

/// Finds where a name at or below the apex lies.
pub(super) fn place_of(version: &Version, name: NameRef<'_>) -> Place {
    let apex = version.apex();
    let below = below(name, apex);
    if !below.is_empty() && version.has(Among::Names, apex, Rtype::DNAME) {
        return Place::Renamed(apex.to_name());
    }
    let mut encloser = apex;
    let mut held = true;
    for (number, &ancestor) in below.iter().enumerate() {
        let is_name = number.saturating_add(1) == below.len();
        match version.spot(Among::Names, ancestor) {
            Spot::Held => {
                held = true;
                if version.has(Among::Names, ancestor, Rtype::NS) {
                    return Place::Delegated(ancestor.to_name());
                }
                if !is_name && version.has(Among::Names, ancestor, Rtype::DNAME) {
                    return Place::Renamed(ancestor.to_name());
                }
            }
            Spot::Missing { after, .. } if after.as_ref().is_some_and(|after| is_below(after.as_ref(), ancestor)) => {
                held = false;
            }
            Spot::Missing { .. } => return Place::Missing(encloser.to_name()),
        }
        encloser = ancestor;
    }
    if held { Place::Held } else { Place::Empty }
}

/// Whether a name is below another, not the same.
pub(super) fn is_below(name: NameRef<'_>, other: NameRef<'_>) -> bool {
    name != other && name.is_at_or_below(other)
}

/// The names from just below the apex down to this one.
pub(super) fn below<'n>(name: NameRef<'n>, apex: NameRef<'_>) -> Vec<NameRef<'n>> {
    let mut names = Vec::new();
    let mut here = Some(name);
    while let Some(name) = here.filter(|name| is_below(*name, apex)) {
        names.push(name);
        here = name.parent();
    }
    names.reverse();
    names
}

/// The cut that a name is at or below, the topmost one.
pub(super) fn cut_above<'n>(version: &Version, name: NameRef<'n>) -> Option<NameRef<'n>> {
    below(name, version.apex()).into_iter().find(|ancestor| version.has(Among::Names, *ancestor, Rtype::NS))
}

/// A name with labels before another, as wire octets without their root; `None` where that is too long.
pub(super) fn joined(labels: &[u8], name: NameRef<'_>) -> Option<Name> {
    let mut octets = Vec::with_capacity(labels.len().saturating_add(name.len()));
    octets.extend_from_slice(labels);
    octets.extend_from_slice(name.as_octets());
    Name::from_octets(&octets).ok()
}

/// The wildcard right below a name (RFC 4592 §2.1.1); `None` where that is too long.
pub(super) fn wildcard(encloser: NameRef<'_>) -> Option<Name> {
    joined(b"\x01*", encloser)
}
