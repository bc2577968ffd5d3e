//! NSEC and NSEC3 that show what isn't there (RFC 4035 §3.1.3, RFC 5155 §7.2).

use super::nsec3::{Hashing, Sha1};
use super::place::{below, cut_above, wildcard};
use crate::name::{Name, NameRef};
use crate::wire::Rtype;
use crate::zone::{Among, Spot, Version};
use alloc::vec::Vec;
use core::marker::PhantomData;

/// How a zone shows what isn't there.
#[derive(Clone, Debug)]
enum Denial {
    Nsec,
    Nsec3(Hashing),
}

/// NSEC or NSEC3 RRsets by their owners, each once.
pub(super) struct Proof<'v, H> {
    version: &'v Version,
    denial: Option<Denial>,
    owners: Vec<Name>,
    hash: PhantomData<H>,
}

impl<'v, H: Sha1> Proof<'v, H> {
    /// None yet; and never any where nobody wants them or the zone has none.
    pub(super) fn new(version: &'v Version, wanted: bool) -> Self {
        let denial = || match Hashing::of(version) {
            Some(hashing) => Some(Denial::Nsec3(hashing)),
            None => version.has(Among::Names, version.apex(), Rtype::NSEC).then_some(Denial::Nsec),
        };
        Self { version, denial: wanted.then(denial).flatten(), owners: Vec::new(), hash: PhantomData }
    }

    /// Where to look for the RRsets, and their type.
    pub(super) fn into_sets(self) -> (Among, Rtype, Vec<Name>) {
        let (among, rtype) = match self.denial {
            Some(Denial::Nsec3(_)) => (Among::Nsec3, Rtype::NSEC3),
            _ => (Among::Names, Rtype::NSEC),
        };
        (among, rtype, self.owners)
    }

    /// A name is there, or names below it are, and it doesn't have the type that is asked for.
    pub(super) fn no_type(&mut self, name: NameRef<'_>) {
        match &self.denial {
            None => {}
            Some(Denial::Nsec) if self.version.has(Among::Names, name, Rtype::NSEC) => self.put(Some(name.to_name())),
            Some(Denial::Nsec) => self.no_name(name),
            Some(Denial::Nsec3(hashing)) => match hashing.matching::<H>(self.version, name) {
                Some(owner) => self.put(Some(owner)),
                // Opt-out (RFC 5155 §7.2.4, §7.2.7).
                None => self.no_closer(name),
            },
        }
    }

    /// A name isn't there, and no wildcard is; the closest name above is `encloser` (RFC 4035 §3.1.3.2, RFC 5155 §7.2.2).
    pub(super) fn nothing(&mut self, name: NameRef<'_>, encloser: NameRef<'_>) {
        self.no_name_below(name, encloser, true);
        if let Some(wildcard) = wildcard(encloser) {
            self.no_name(wildcard.as_ref());
        }
    }

    /// A name is made by the wildcard below `encloser` (RFC 4035 §3.1.3.3, RFC 5155 §7.2.6).
    pub(super) fn expanded(&mut self, name: NameRef<'_>, encloser: NameRef<'_>) {
        self.no_name_below(name, encloser, false);
    }

    /// A name is made by the wildcard below `encloser`, which doesn't have the type (RFC 4035 §3.1.3.4, RFC 5155 §7.2.5).
    pub(super) fn no_type_expanded(&mut self, name: NameRef<'_>, encloser: NameRef<'_>) {
        self.no_name_below(name, encloser, true);
        if let Some(wildcard) = wildcard(encloser) {
            self.no_type(wildcard.as_ref());
        }
    }

    /// Shows that a name isn't there: with NSEC3 that the next closer one isn't, and where `with_encloser` that the encloser is.
    fn no_name_below(&mut self, name: NameRef<'_>, encloser: NameRef<'_>, with_encloser: bool) {
        let Some(Denial::Nsec3(hashing)) = &self.denial else { return self.no_name(name) };
        let closer = below(name, encloser).first().copied();
        let encloser = if with_encloser { hashing.matching::<H>(self.version, encloser) } else { None };
        let closer = closer.and_then(|closer| hashing.covering::<H>(self.version, closer));
        self.put(encloser);
        self.put(closer);
    }

    /// Shows the closest name above this one that has an NSEC3, and that the next closer one has none.
    fn no_closer(&mut self, name: NameRef<'_>) {
        let Some(Denial::Nsec3(hashing)) = &self.denial else { return };
        let mut closer = name;
        while let Some(encloser) = closer.parent().filter(|encloser| encloser.is_at_or_below(self.version.apex())) {
            if let Some(owner) = hashing.matching::<H>(self.version, encloser) {
                let covering = hashing.covering::<H>(self.version, closer);
                self.put(Some(owner));
                return self.put(covering);
            }
            closer = encloser;
        }
    }

    /// Shows that there is nothing at a name.
    fn no_name(&mut self, name: NameRef<'_>) {
        let owner = match &self.denial {
            None => None,
            Some(Denial::Nsec3(hashing)) => hashing.covering::<H>(self.version, name),
            Some(Denial::Nsec) => match self.version.spot(Among::Names, name) {
                Spot::Missing { before: Some(before), .. } => {
                    // What is below a cut has none: the cut has.
                    let cut = cut_above(self.version, before.as_ref()).map(|cut| cut.to_name());
                    Some(cut.unwrap_or(before))
                }
                _ => None,
            },
        };
        self.put(owner);
    }

    fn put(&mut self, owner: Option<Name>) {
        if let Some(owner) = owner.filter(|owner| !self.owners.contains(owner)) {
            self.owners.push(owner);
        }
    }
}
