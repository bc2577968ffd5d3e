//! What is served of a transferred zone that has overrides: records that stand in the place of transferred ones.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use zxfr_core::name::{Name, NameRef};
use zxfr_core::serial::Serial;
use zxfr_core::wire::{Record, Rtype};
use zxfr_core::zone::{ApplyError, BuildError, BuildLimits, DeltaBuilder, Version};

use crate::records::Found;

/// The types that an override has, and may take the place of.
const TYPES: [Rtype; 3] = [Rtype::A, Rtype::AAAA, Rtype::CNAME];

/// Why a version isn't dressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Undressed {
    /// It is signed: its signatures don't cover overrides.
    Signed,
    /// A record can't stand in a zone.
    Build(BuildError),
    /// What they come to is no zone.
    Apply(ApplyError),
}

impl fmt::Display for Undressed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signed => f.write_str("the zone is signed, and its signatures don't cover overrides"),
            Self::Build(error) => error.fmt(f),
            Self::Apply(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Undressed {}

/// A version as it is served, with this serial: overrides stand in the place of what was transferred at their names. An A or AAAA
/// takes the place of those of its type, and of a CNAME; a CNAME takes that of all three. An override of which nothing was
/// transferred at its name has no effect, and neither has a CNAME where there is something else that it can't stand beside; at the
/// apex it may. It costs by the overrides, not by the zone.
///
/// # Errors
/// When that can't be: then nothing is dressed.
pub fn dressed(received: &Arc<Version>, overrides: &[Found], serial: Serial) -> Result<Arc<Version>, Undressed> {
    let mut by_owner: BTreeMap<Name, Vec<&Found>> = BTreeMap::new();
    for one in overrides.iter().filter(|one| TYPES.contains(&one.rtype)) {
        by_owner.entry(one.owner.to_lowercase()).or_default().push(one);
    }
    let mut delta = DeltaBuilder::new(received.apex(), BuildLimits::default());
    let mut same = true;
    for (owner, put) in &by_owner {
        same &= !dress(received, owner.as_ref(), put, &mut delta)?;
    }
    if same && serial == received.serial() {
        return Ok(received.clone());
    }
    if !same && is_signed(received) {
        return Err(Undressed::Signed);
    }
    let old = received.soa();
    let rdata = with_serial(old.rdata, serial);
    let delta = delta.finish(&old, &Record { rdata: &rdata, ..old }).map_err(Undressed::Build)?;
    let applied = received.apply(&delta, BuildLimits::default()).map_err(Undressed::Apply)?;
    Ok(Arc::new(applied.version))
}

fn is_signed(version: &Version) -> bool {
    [Rtype::DNSKEY, Rtype::RRSIG].into_iter().any(|rtype| version.rrset(version.apex(), rtype).next().is_some())
}

/// Puts overrides at one name in their places. Whether something is another then.
fn dress(received: &Version, owner: NameRef<'_>, put: &[&Found], delta: &mut DeltaBuilder) -> Result<bool, Undressed> {
    let mut there = Vec::new();
    received.for_each_at(owner, |record| there.push(Found::of(record)));
    let cname = put.iter().find(|one| one.rtype == Rtype::CNAME);
    let stays = |one: &Found| !TYPES.contains(&one.rtype);
    // RFC 1034 §3.6.2: a CNAME stands alone, but here at the apex.
    let stands = cname.is_none() || owner == received.apex() || !there.iter().any(stays);
    if there.is_empty() || !stands {
        return Ok(false);
    }
    let put: Vec<&Found> = cname.map_or_else(|| put.to_vec(), |cname| vec![*cname]);
    let replaced = |rtype: Rtype| {
        TYPES.contains(&rtype) && (cname.is_some() || rtype == Rtype::CNAME || put.iter().any(|one| one.rtype == rtype))
    };
    let is = |a: &Found, b: &Found| a.ttl == b.ttl && a.record().canonical_cmp(&b.record()).is_eq();
    let mut changed = false;
    for gone in there.iter().filter(|gone| replaced(gone.rtype) && !put.iter().any(|one| is(one, gone))) {
        changed = true;
        delta.delete(&gone.record()).map_err(Undressed::Build)?;
    }
    for (at, come) in put.iter().enumerate() {
        let known = there.iter().any(|one| is(one, come)) || put.iter().take(at).any(|one| is(one, come));
        if !known {
            changed = true;
            delta.add(&come.record()).map_err(Undressed::Build)?;
        }
    }
    Ok(changed)
}

/// The RDATA of an SOA with another serial: that is the first of the five numbers at its end.
fn with_serial(rdata: &[u8], serial: Serial) -> Vec<u8> {
    let mut rdata = rdata.to_vec();
    let numbers = rdata.len().saturating_sub(20);
    if let Some(field) = rdata.get_mut(numbers..).and_then(<[u8]>::first_chunk_mut) {
        *field = serial.0.to_be_bytes();
    }
    rdata
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zone::{LoadOptions, load_text};
    use std::path::Path;
    use zxfr_core::wire::Class;

    const ZONE: &str = "$ORIGIN a.test.\n$TTL 60\n@ SOA . . 7 1 1 1 1\n@ NS ns\n@ A 192.0.2.1\n@ A 192.0.2.2\n@ AAAA 2001:db8::1\n\
                        @ MX 10 ns\nns A 192.0.2.3\nwww A 192.0.2.4\nwww AAAA 2001:db8::4\nwww TXT x\nalias CNAME www\nonly A 192.0.2.5\n";

    fn load(text: &str) -> Arc<Version> {
        Arc::new(load_text(text.as_bytes(), Path::new("z"), &LoadOptions::default()).unwrap().version)
    }

    fn found(owner: &str, rtype: Rtype, rdata: &[u8]) -> Found {
        Found { owner: owner.parse().unwrap(), rtype, ttl: 300, rdata: rdata.into() }
    }

    fn a(owner: &str, last: u8) -> Found {
        found(owner, Rtype::A, &[198, 51, 100, last])
    }

    fn cname(owner: &str) -> Found {
        found(owner, Rtype::CNAME, b"\x03cdn\x07example\x00")
    }

    /// What the versions differ by, but for the SOA: owner, type, last octet of the RDATA, TTL.
    fn difference(before: &Version, after: &Version) -> (Vec<String>, Vec<String>) {
        let all = |version: &Version| {
            let (mut all, mut records) = (Vec::new(), version.records());
            while let Some(Record { owner, rtype, class: Class::IN, ttl, rdata }) = records.next() {
                if rtype != Rtype::SOA {
                    all.push(format!("{owner} {rtype} {} {ttl}", rdata[rdata.len() - 1]));
                }
            }
            all
        };
        let (before, after) = (all(before), all(after));
        let without = |some: &[String], others: &[String]| -> Vec<String> {
            some.iter().filter(|one| !others.contains(one)).cloned().collect()
        };
        (without(&before, &after), without(&after, &before))
    }

    #[test]
    fn overrides_take_the_place_of_what_was_transferred() {
        let received = load(ZONE);
        for (overrides, gone, come) in [
            // At the apex a CNAME stands beside all but addresses.
            (
                vec![cname("a.test.")],
                vec!["a.test. A 1 60", "a.test. A 2 60", "a.test. AAAA 1 60"],
                vec!["a.test. CNAME 0 300"],
            ),
            // Addresses take the place of those of their own type, however many there are.
            (
                vec![a("A.TEST.", 1), a("a.test.", 2), a("a.test.", 2)],
                vec!["a.test. A 1 60", "a.test. A 2 60"],
                vec!["A.TEST. A 1 300", "a.test. A 2 300"],
            ),
            (vec![a("www.a.test.", 9)], vec!["www.a.test. A 4 60"], vec!["www.a.test. A 9 300"]),
            (vec![a("alias.a.test.", 9)], vec!["alias.a.test. CNAME 0 60"], vec!["alias.a.test. A 9 300"]),
            // Where there is a CNAME, addresses besides it are none.
            (
                vec![a("only.a.test.", 9), cname("only.a.test.")],
                vec!["only.a.test. A 5 60"],
                vec!["only.a.test. CNAME 0 300"],
            ),
            // Nothing was transferred there; a CNAME can't stand beside the TXT; it is no name of the zone, no type of overrides.
            (vec![a("new.a.test.", 9), cname("www.a.test."), a("b.test.", 9)], vec![], vec![]),
            (vec![found("a.test.", Rtype::TXT, b"\x01y")], vec![], vec![]),
        ] {
            for serial in [7, 8, 100] {
                let served = dressed(&received, &overrides, Serial(serial)).unwrap();
                assert_eq!(served.serial(), Serial(serial));
                let (lost, got) = difference(&received, &served);
                assert_eq!(
                    (lost, got),
                    (gone.iter().map(ToString::to_string).collect(), come.iter().map(ToString::to_string).collect())
                );
                let count = received.record_count() - gone.len() as u64 + come.len() as u64;
                assert_eq!(served.record_count(), count);
            }
        }
        assert_eq!(received.serial(), Serial(7), "it stays as it was");
    }

    #[test]
    fn what_is_as_it_was_received_is_the_same_version() {
        let received = load(ZONE);
        let there = found("ns.a.test.", Rtype::A, &[192, 0, 2, 3]);
        let there = Found { ttl: 60, ..there };
        for overrides in [vec![], vec![a("new.a.test.", 1)], vec![there]] {
            assert!(Arc::ptr_eq(&dressed(&received, &overrides, Serial(7)).unwrap(), &received));
            let served = dressed(&received, &overrides, Serial(9)).unwrap();
            assert_eq!((served.serial(), difference(&received, &served)), (Serial(9), (vec![], vec![])));
        }
        let other = found("ns.a.test.", Rtype::A, &[192, 0, 2, 3]);
        let served = dressed(&received, &[other], Serial(7)).unwrap();
        let expected = (vec!["ns.a.test. A 3 60".to_owned()], vec!["ns.a.test. A 3 300".to_owned()]);
        assert_eq!(difference(&received, &served), expected, "another TTL is another record");
    }

    #[test]
    fn signed_zones_are_not_dressed() {
        let received = load(&format!("{ZONE}@ DNSKEY 257 3 13 AAAA\n").replace("\n@ DNSKEY", "\na.test. DNSKEY"));
        assert_eq!(dressed(&received, &[cname("a.test.")], Serial(8)).unwrap_err(), Undressed::Signed);
        assert!(Arc::ptr_eq(&dressed(&received, &[], Serial(7)).unwrap(), &received));
    }
}
