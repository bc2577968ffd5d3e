//! Which RRsets answer a query.

use super::Query;
use super::nsec3::Sha1;
use super::place::{Place, is_below, joined, place_of, wildcard};
use super::proof::Proof;
use crate::name::{Name, NameRef};
use crate::wire::{Rcode, Rtype};
use crate::zone::{Among, Spot, Version};
use alloc::vec::Vec;
use core::ops::ControlFlow;

/// So many aliases are followed; who wants to know more asks again.
const MOST_ALIASES: usize = 16;

/// Which section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    Answer,
    Authority,
    /// Left out where it doesn't fit, unless it is glue that a delegation needs.
    Additional {
        needed: bool,
    },
}

/// Something that is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Item {
    /// An RRset, with its signatures where these are wanted.
    Set {
        section: Section,
        among: Among,
        /// Where it stands.
        at: Name,
        /// Whose it is told to be, where a wildcard makes it.
        shown: Option<Name>,
        rtype: Rtype,
    },
    /// A CNAME that follows from a DNAME (RFC 6672 §3.1).
    Synthesized { owner: Name, target: Name, ttl: u32 },
    /// The SOA, with the TTL of what isn't there (RFC 2308 §3).
    Soa,
}

/// What is told, in order.
#[derive(Debug)]
pub(super) struct Outline {
    pub(super) rcode: Rcode,
    pub(super) authoritative: bool,
    pub(super) items: Vec<Item>,
}

/// Where data comes from: a name, and whose it is told to be.
struct Source {
    at: Name,
    shown: Option<Name>,
    /// The name above the wildcard that makes it.
    encloser: Option<Name>,
}

/// What an alias leads to.
type Onward = ControlFlow<(), Name>;

impl Outline {
    /// What answers a query about a name in the zone.
    pub(super) fn of<H: Sha1>(version: &Version, query: &Query<'_>) -> Self {
        let mut outline = Self { rcode: Rcode::NOERROR, authoritative: true, items: Vec::new() };
        let mut proof = Proof::<H>::new(version, query.dnssec);
        let mut name = query.qname.to_name();
        let mut seen = Vec::new();
        while name.as_ref().is_at_or_below(version.apex()) && !seen.contains(&name) && seen.len() <= MOST_ALIASES {
            seen.push(name.clone());
            let first = seen.len() == 1;
            match outline.step(version, query, name.as_ref(), first, &mut proof) {
                ControlFlow::Continue(next) => name = next,
                ControlFlow::Break(()) => break,
            }
        }
        let (among, rtype, owners) = proof.into_sets();
        // Before what is additional.
        let at = outline.items.iter().position(|item| item.section() != Section::Answer && !item.is_authority());
        let at = at.unwrap_or(outline.items.len());
        let sets = owners.into_iter().map(|at| Item::set(Section::Authority, among, at, None, rtype));
        outline.items.splice(at..at, sets);
        outline
    }

    /// What is told of a name; and the next name, if it is an alias.
    fn step<H: Sha1>(
        &mut self,
        version: &Version,
        query: &Query<'_>,
        name: NameRef<'_>,
        first: bool,
        proof: &mut Proof<'_, H>,
    ) -> Onward {
        let held = |shown, at: NameRef<'_>, encloser| Source { at: at.to_name(), shown, encloser };
        match place_of(version, name) {
            // The parent's side of a cut has the DS (RFC 4035 §3.1.4.1).
            Place::Delegated(cut) if !(cut.as_ref() == name && query.qtype == Rtype::DS) => {
                self.authoritative &= !first;
                self.refer(version, &cut, query.dnssec, proof);
                ControlFlow::Break(())
            }
            Place::Delegated(_) | Place::Held => self.tell(version, query, &held(None, name, None), proof),
            Place::Renamed(at) => self.rename(version, query, name, at),
            Place::Empty => {
                self.items.push(Item::Soa);
                proof.no_type(name);
                ControlFlow::Break(())
            }
            Place::Missing(encloser) => {
                let source = wildcard(encloser.as_ref());
                let spot = source.as_ref().map(|source| version.spot(Among::Names, source.as_ref()));
                match (source, spot) {
                    (Some(source), Some(Spot::Held)) => {
                        let source = held(Some(name.to_name()), source.as_ref(), Some(encloser));
                        self.tell(version, query, &source, proof)
                    }
                    // Names below the wildcard make it one that is there without records (RFC 4592 §2.2.2).
                    (Some(source), Some(Spot::Missing { after: Some(after), .. }))
                        if is_below(after.as_ref(), source.as_ref()) =>
                    {
                        self.items.push(Item::Soa);
                        proof.no_type_expanded(name, encloser.as_ref());
                        ControlFlow::Break(())
                    }
                    _ => {
                        self.rcode = Rcode::NXDOMAIN;
                        self.items.push(Item::Soa);
                        proof.nothing(name, encloser.as_ref());
                        ControlFlow::Break(())
                    }
                }
            }
        }
    }

    /// What there is at a name: the type that is asked for, an alias, or neither.
    fn tell<H: Sha1>(
        &mut self,
        version: &Version,
        query: &Query<'_>,
        source: &Source,
        proof: &mut Proof<'_, H>,
    ) -> Onward {
        let Source { at, shown, encloser } = source;
        let has = |rtype| version.has(Among::Names, at.as_ref(), rtype);
        let set = |rtype| Item::set(Section::Answer, Among::Names, at.clone(), shown.clone(), rtype);
        let name = shown.as_ref().unwrap_or(at).as_ref();
        let qtype = match query.qtype {
            // One RRset is enough (RFC 8482 §4.1).
            Rtype::ANY => version.first_type(at.as_ref()).unwrap_or(Rtype::SOA),
            qtype => qtype,
        };
        let found = has(qtype);
        let aliased = !found && !matches!(qtype, Rtype::RRSIG | Rtype::NSEC) && has(Rtype::CNAME);
        if !found && !aliased {
            self.items.push(Item::Soa);
            match encloser {
                Some(encloser) => proof.no_type_expanded(name, encloser.as_ref()),
                None => proof.no_type(name),
            }
            return ControlFlow::Break(());
        }
        if let Some(encloser) = encloser {
            proof.expanded(name, encloser.as_ref());
        }
        if aliased {
            self.items.push(set(Rtype::CNAME));
            return target(version, at, Rtype::CNAME).map_or(ControlFlow::Break(()), ControlFlow::Continue);
        }
        self.items.push(set(qtype));
        self.add_addresses(version, at, qtype, None);
        ControlFlow::Break(())
    }

    /// A referral to who has what is below a cut (RFC 1034 §4.2.1, RFC 4035 §3.1.4).
    fn refer<H: Sha1>(&mut self, version: &Version, cut: &Name, dnssec: bool, proof: &mut Proof<'_, H>) {
        let set = |rtype| Item::set(Section::Authority, Among::Names, cut.clone(), None, rtype);
        self.items.push(set(Rtype::NS));
        if dnssec && version.has(Among::Names, cut.as_ref(), Rtype::DS) {
            self.items.push(set(Rtype::DS));
        } else {
            proof.no_type(cut.as_ref());
        }
        self.add_addresses(version, cut, Rtype::NS, Some(cut));
    }

    /// What a DNAME makes of a name below it (RFC 6672 §3.2).
    fn rename(&mut self, version: &Version, query: &Query<'_>, name: NameRef<'_>, at: Name) -> Onward {
        let labels = name.as_octets().get(..name.len().saturating_sub(at.as_ref().len())).unwrap_or_default();
        let mut ttl = 0;
        version.each_of(Among::Names, at.as_ref(), Rtype::DNAME, &[], |record| {
            ttl = record.ttl;
            ControlFlow::Break(())
        });
        let renamed = target(version, &at, Rtype::DNAME).and_then(|target| joined(labels, target.as_ref()));
        self.items.push(Item::set(Section::Answer, Among::Names, at, None, Rtype::DNAME));
        let Some(target) = renamed else {
            self.rcode = Rcode::YXDOMAIN;
            return ControlFlow::Break(());
        };
        self.items.push(Item::Synthesized { owner: name.to_name(), target: target.clone(), ttl });
        if matches!(query.qtype, Rtype::CNAME | Rtype::ANY) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(target)
        }
    }

    /// The addresses of names that an RRset leads to, as far as they are here. Those at or below a cut are its glue.
    fn add_addresses(&mut self, version: &Version, at: &Name, rtype: Rtype, cut: Option<&Name>) {
        let skipped = match rtype {
            Rtype::NS => 0,
            Rtype::MX => 2,
            Rtype::SRV => 6,
            _ => return,
        };
        let mut targets: Vec<Name> = Vec::new();
        version.each_of(Among::Names, at.as_ref(), rtype, &[], |record| {
            let target = record.rdata.get(skipped..).and_then(|octets| Name::from_octets(octets).ok());
            targets.extend(target.filter(|target| target.as_ref().is_at_or_below(version.apex())));
            ControlFlow::Continue(())
        });
        let is_needed = |target: &Name| cut.is_some_and(|cut| target.as_ref().is_at_or_below(cut.as_ref()));
        // What may be left out takes no room from what may not.
        targets.sort_by_key(|target| !is_needed(target));
        for target in targets {
            let needed = is_needed(&target);
            for rtype in [Rtype::A, Rtype::AAAA] {
                if version.has(Among::Names, target.as_ref(), rtype) {
                    let section = Section::Additional { needed };
                    self.items.push(Item::set(section, Among::Names, target.clone(), None, rtype));
                }
            }
        }
    }
}

/// The name that the first record of a type leads to.
fn target(version: &Version, at: &Name, rtype: Rtype) -> Option<Name> {
    let mut target = None;
    version.each_of(Among::Names, at.as_ref(), rtype, &[], |record| {
        target = Name::from_octets(record.rdata).ok();
        ControlFlow::Break(())
    });
    target
}

impl Item {
    const fn set(section: Section, among: Among, at: Name, shown: Option<Name>, rtype: Rtype) -> Self {
        Self::Set { section, among, at, shown, rtype }
    }

    pub(super) const fn section(&self) -> Section {
        match self {
            Self::Set { section, .. } => *section,
            Self::Synthesized { .. } => Section::Answer,
            Self::Soa => Section::Authority,
        }
    }

    fn is_authority(&self) -> bool {
        self.section() == Section::Authority
    }
}
