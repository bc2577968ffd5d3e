//! Looking for names and RRsets in a version: the slot by its key, the block by its first record, then some sixteen records.

use super::builder::in_nsec3_run;
use super::directory::Directory;
use super::key;
use super::slot::SlotRecords;
use super::version::{PagePosition, Run, Version};
use crate::name::{Name, NameRef};
use crate::wire::{Record, Rtype, Scratch};
use alloc::vec::Vec;
use core::cmp::Ordering;
use core::ops::ControlFlow;

/// Which records are looked among.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Among {
    /// All but those below: the names that there are.
    Names,
    /// NSEC3 and its signatures, which stand at hashed names.
    Nsec3,
}

/// What is at a name.
#[expect(clippy::large_enum_variant, reason = "it lives for one search, on the stack")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Spot {
    /// Records.
    Held,
    /// None; the names next to it that have some.
    Missing { before: Option<Name>, after: Option<Name> },
}

/// What is looked for: the first record that isn't before this.
#[derive(Clone, Copy)]
struct Target<'t> {
    among: Among,
    owner: NameRef<'t>,
    rtype: Rtype,
    /// With what its RDATA begins.
    prefix: &'t [u8],
}

impl Target<'_> {
    fn among(record: &Record<'_>, apex: NameRef<'_>) -> Among {
        if in_nsec3_run(apex, record) { Among::Nsec3 } else { Among::Names }
    }

    /// How the owner of a record compares to this, in the order of pages.
    fn owner_order(&self, record: &Record<'_>, apex: NameRef<'_>) -> Ordering {
        match (Self::among(record, apex), self.among) {
            (Among::Names, Among::Nsec3) => Ordering::Less,
            (Among::Nsec3, Among::Names) => Ordering::Greater,
            _ => record.owner.cmp(&self.owner),
        }
    }

    /// How a record compares to this; that it is equal says that it begins so.
    fn order(&self, record: &Record<'_>, apex: NameRef<'_>) -> Ordering {
        self.owner_order(record, apex).then_with(|| match record.rtype {
            // It goes before all other types (RFC 5936 §2.2).
            Rtype::SOA => Ordering::Less,
            rtype => rtype.cmp(&self.rtype).then_with(|| {
                let begin = record.rdata.get(..self.prefix.len()).unwrap_or(record.rdata);
                begin.cmp(self.prefix)
            }),
        })
    }
}

impl Version {
    /// What is at a name. The names next to it are those of this zone, its apex among them.
    pub(crate) fn spot(&self, among: Among, owner: NameRef<'_>) -> Spot {
        let target = Target { among, owner, rtype: Rtype(0), prefix: &[] };
        let start = self.start_of(&target);
        let mut before = None;
        let mut after = None;
        let mut position = start;
        let mut scratch = Scratch::new();
        'slots: while let Some((mut records, next)) = self.slot(position) {
            records.go_near(|record| target.owner_order(record, self.apex()).is_lt());
            while let Some(record) = records.next(&mut scratch) {
                match target.owner_order(&record, self.apex()) {
                    Ordering::Equal => return Spot::Held,
                    Ordering::Less => {
                        if Target::among(&record, self.apex()) == among {
                            before.get_or_insert_with(Name::root).set(record.owner);
                        }
                    }
                    Ordering::Greater => {
                        let follows = Target::among(&record, self.apex()) == among;
                        after = follows.then(|| record.owner.to_name());
                        break 'slots;
                    }
                }
            }
            position = next;
        }
        if before.is_none() {
            before = self.last_before(&target, start);
        }
        Spot::Missing { before, after }
    }

    /// The name of the last record before a target, in the slot at a position or one before that.
    fn last_before(&self, target: &Target<'_>, mut position: PagePosition) -> Option<Name> {
        let mut scratch = Scratch::new();
        loop {
            let mut last = None;
            if let Some((mut records, _)) = self.slot(position) {
                while let Some(record) = records.next(&mut scratch) {
                    if target.owner_order(&record, self.apex()).is_ge() {
                        break;
                    }
                    if Target::among(&record, self.apex()) == target.among {
                        last.get_or_insert_with(Name::root).set(record.owner);
                    }
                }
            }
            if last.is_some() {
                return last;
            }
            let place = match position.run {
                Run::Head => None,
                Run::Names => self.parts.names.before(position.place),
                Run::Nsec3 => self.parts.nsec3.before(position.place),
            };
            match place {
                Some(place) => position = PagePosition { place, ..position },
                // The apex is before all other names.
                None => return (target.among == Among::Names).then(|| self.apex().to_name()),
            }
        }
    }

    /// Hands over the records of one type at a name, without case, whose RDATA begin with `prefix`, until that breaks.
    pub(crate) fn each_of(
        &self,
        among: Among,
        owner: NameRef<'_>,
        rtype: Rtype,
        prefix: &[u8],
        mut f: impl FnMut(&Record<'_>) -> ControlFlow<()>,
    ) {
        if rtype == Rtype::SOA {
            if owner == self.apex() {
                let _ = f(&self.soa());
            }
            return;
        }
        let target = Target { among, owner, rtype, prefix };
        self.each_from(&target, |record| match target.order(record, self.apex()) {
            Ordering::Less => ControlFlow::Continue(()),
            Ordering::Equal => f(record),
            Ordering::Greater => ControlFlow::Break(()),
        });
    }

    /// Whether there is a record of this type at a name.
    pub(crate) fn has(&self, among: Among, owner: NameRef<'_>, rtype: Rtype) -> bool {
        let mut has = false;
        self.each_of(among, owner, rtype, &[], |_| {
            has = true;
            ControlFlow::Break(())
        });
        has
    }

    /// The type with the least number at a name, SOA left out.
    pub(crate) fn first_type(&self, owner: NameRef<'_>) -> Option<Rtype> {
        let target = Target { among: Among::Names, owner, rtype: Rtype(0), prefix: &[] };
        let mut first = None;
        self.each_from(&target, |record| match target.order(record, self.apex()) {
            Ordering::Less => ControlFlow::Continue(()),
            _ => {
                first = target.owner_order(record, self.apex()).is_eq().then_some(record.rtype);
                ControlFlow::Break(())
            }
        });
        first
    }

    /// Hands over records from a little before a target on, until that breaks.
    fn each_from(&self, target: &Target<'_>, mut f: impl FnMut(&Record<'_>) -> ControlFlow<()>) {
        let mut position = self.start_of(target);
        let mut scratch = Scratch::new();
        while let Some((mut records, next)) = self.slot(position) {
            records.go_near(|record| target.order(record, self.apex()).is_lt());
            while let Some(record) = records.next(&mut scratch) {
                if f(&record).is_break() {
                    return;
                }
            }
            position = next;
        }
    }

    /// Before the slot that may have a target.
    fn start_of(&self, target: &Target<'_>) -> PagePosition {
        if self.parts.whole {
            return PagePosition::default();
        }
        if target.among == Among::Names && target.owner == self.apex() {
            let mut scratch = Scratch::new();
            let head = self.parts.head.partition_point(|page| {
                let first = SlotRecords::new(page, None).next(&mut scratch);
                first.is_some_and(|record| target.order(&record, self.apex()).is_lt())
            });
            return PagePosition { head: head.saturating_sub(1), ..PagePosition::default() };
        }
        let mut sort_key = Vec::new();
        key::push_owner(&mut sort_key, target.owner);
        sort_key.extend_from_slice(&target.rtype.0.to_be_bytes());
        sort_key.extend_from_slice(target.prefix);
        let at = |run, directory: &Directory| PagePosition { run, place: directory.place_of(&sort_key), head: 0 };
        match target.among {
            Among::Names => at(Run::Names, &self.parts.names),
            Among::Nsec3 => at(Run::Nsec3, &self.parts.nsec3),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edit::testing::{Rr, a, bare_zone, edit, name, rr};
    use crate::serial::SerialPolicy;
    use crate::time::UnixTime;
    use proptest::prelude::*;
    use std::collections::BTreeSet;
    use std::format;
    use std::string::String;
    use std::sync::Arc;

    /// What a search has to find, by reading everything.
    fn assert_found(version: &Version, wanted: &Name) {
        let mut names = BTreeSet::new();
        let mut records = version.records();
        while let Some(record) = records.next() {
            if Target::among(&record, version.apex()) == Among::Names {
                names.insert(record.owner.to_name());
            }
        }
        let spot = version.spot(Among::Names, wanted.as_ref());
        if names.contains(wanted) {
            assert_eq!(spot, Spot::Held, "{wanted}");
        } else {
            let before = names.range(..wanted).next_back().cloned();
            let after = names.range(wanted..).next().cloned();
            assert_eq!(spot, Spot::Missing { before, after }, "{wanted}");
        }
        for rtype in [Rtype::A, Rtype::TXT, Rtype::NS] {
            let mut count = 0;
            version.each_of(Among::Names, wanted.as_ref(), rtype, &[], |record| {
                assert!(record.owner == wanted.as_ref() && record.rtype == rtype);
                count += 1;
                ControlFlow::Continue(())
            });
            let mut all = version.rrset(wanted.as_ref(), rtype);
            let mut expected = 0;
            while all.next().is_some() {
                expected += 1;
            }
            assert_eq!(count, expected, "{wanted} {rtype}");
            assert_eq!(version.has(Among::Names, wanted.as_ref(), rtype), expected > 0);
        }
    }

    fn numbered(numbers: impl Iterator<Item = u32>) -> Vec<Rr> {
        numbers.map(|number| rr(&format!("n{number:05}.example."), Rtype::TXT, 60, &[3, b'a', b'b', b'c'])).collect()
    }

    #[test]
    fn names_of_many_pages_are_found_sealed_and_edited() {
        let held = bare_zone(1, &numbered((0..6_000).map(|number| number * 2)));
        assert!(!held.parts.whole && held.parts.names.totals().records > 5_000);
        let mut edit = edit(&held);
        // Whole stretches go, so that slots are left without records of their own.
        for record in numbered((1_000..2_200).map(|number| number * 2)) {
            edit.delete(&record.record());
        }
        for record in numbered((0..300).map(|number| number * 40 + 1)) {
            edit.add(&record.record()).unwrap();
        }
        let edited = edit.finish(SerialPolicy::Increment, UnixTime(0)).unwrap().unwrap().version;
        let settled = Arc::new(edited.settled());
        for version in [&held, &edited, &settled] {
            for number in (0..12_010).step_by(7).chain(1_990..2_010).chain(4_390..4_410) {
                assert_found(version, &name(&format!("n{number:05}.example.")));
            }
            for wanted in ["example.", "a.example.", "z.example.", "*.example.", "x.n00002.example."] {
                assert_found(version, &name(wanted));
            }
        }
    }

    proptest! {
        #[test]
        fn names_of_small_zones_are_found(
            owners in prop::collection::vec("([ab*]\\.){0,3}example\\.", 0..12),
            wanted in prop::collection::vec("([abC*]\\.){0,4}example\\.", 1..6),
        ) {
            let records: Vec<Rr> = owners.iter().map(|owner: &String| a(owner, 1)).collect();
            let version = bare_zone(1, &records);
            wanted.iter().for_each(|wanted| assert_found(&version, &name(wanted)));
        }
    }
}
