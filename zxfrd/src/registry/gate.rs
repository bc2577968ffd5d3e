//! Whether a version that comes is served, or held until somebody has looked at it.

use std::collections::HashSet;

use zxfr_core::wire::Rtype;
use zxfr_core::zone::Version;
use zxfr_core::zone::zonemd::{Failure, Sha2, Verdict};

use super::shrink::Shrunk;
use crate::catalog::{HoldIf, Publish, Publishing};

/// Why a version is held instead of the one that is served, in words; nothing if it isn't. The zone is walked where signatures or
/// the digest are asked for. `now` is in seconds since 1970.
pub(super) fn reasons(publishing: &Publishing, served: &Version, newer: &Version, now: u64) -> Vec<String> {
    match publishing.publish {
        Publish::Auto => Vec::new(),
        Publish::Hold => vec!["every version is held".to_owned()],
        Publish::HoldIf => by_rules(&publishing.hold_if, served, newer, now),
    }
}

/// What is wrong with the digest that a version says, if anything is.
pub(super) fn wrong_digest(version: &Version) -> Option<String> {
    match version.verify_zonemd::<Sha2>() {
        Verdict::Verified(_) | Verdict::Absent | Verdict::Failed(Failure::Unknown { .. }) => None,
        Verdict::Failed(failure) => Some(failure.to_string()),
    }
}

fn by_rules(rules: &HoldIf, served: &Version, newer: &Version, now: u64) -> Vec<String> {
    let HoldIf { shrink_percent, apex_ns_gone, dnskey_gone, zonemd_wrong, rrsig_expires } = *rules;
    let mut reasons = Vec::new();
    if let Some(most) = shrink_percent {
        let (records, before) = (newer.record_count(), served.record_count());
        if Shrunk::check(newer.serial(), records, before, most).is_err() {
            reasons.push(format!(
                "shrink_percent: {} of {before} records are gone, more than {most} of 100",
                before.saturating_sub(records)
            ));
        }
    }
    if apex_ns_gone && is_gone(Rtype::NS, served, newer) {
        reasons.push("apex_ns_gone: none of the apex NS that are served is in it".to_owned());
    }
    if dnskey_gone && is_gone(Rtype::DNSKEY, served, newer) {
        reasons.push("dnskey_gone: none of the DNSKEYs that are served is in it".to_owned());
    }
    if let Some(what) = zonemd_wrong.then(|| wrong_digest(newer)).flatten() {
        reasons.push(format!("zonemd_wrong: {what}"));
    }
    if let Some(what) = rrsig_expires.then(|| early_end(newer, now)).flatten() {
        reasons.push(format!("rrsig_expires: {what}"));
    }
    reasons
}

/// Whether none of the records of a type at the apex is left.
fn is_gone(rtype: Rtype, served: &Version, newer: &Version) -> bool {
    let all = |version: &Version| {
        let mut all = HashSet::new();
        let mut records = version.rrset(version.apex(), rtype);
        while let Some(record) = records.next() {
            // Names in an NS differ in case only.
            all.insert(record.rdata.to_ascii_lowercase());
        }
        all
    };
    let before = all(served);
    !before.is_empty() && all(newer).is_disjoint(&before)
}

/// The signature that ends first, if that is before the zone would expire.
fn early_end(version: &Version, now: u64) -> Option<String> {
    let expire = version.soa().soa()?.expire;
    let mut first: Option<(i32, String)> = None;
    let mut records = version.records();
    while let Some(record) = records.next() {
        if record.rtype != Rtype::RRSIG {
            continue;
        }
        let (Some(ends), Some(covered)) = (number(record.rdata, 8), record.rdata.first_chunk()) else { continue };
        // Times are 32 bits of a count that goes round (RFC 4034 §3.1.5).
        #[expect(clippy::cast_possible_truncation, reason = "as the RFC says")]
        let left = ends.wrapping_sub(now as u32).cast_signed();
        if first.as_ref().is_none_or(|(least, _)| left < *least) {
            first = Some((left, format!("{} {}", record.owner, Rtype(u16::from_be_bytes(*covered)))));
        }
    }
    let (left, what) = first?;
    let holds = u32::try_from(left).unwrap_or(0);
    let ends = if left < 0 { format!("ended {} s ago", left.unsigned_abs()) } else { format!("ends in {holds} s") };
    (left < 0 || holds < expire)
        .then(|| format!("the signature of {what} {ends}, and the zone expires after {expire} s"))
}

fn number(rdata: &[u8], at: usize) -> Option<u32> {
    rdata.get(at..)?.first_chunk().map(|octets| u32::from_be_bytes(*octets))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zone::{LoadOptions, load_text};
    use std::path::Path;

    const NOW: u64 = 1_700_000_000;
    const ALL: HoldIf = HoldIf {
        shrink_percent: Some(30),
        apex_ns_gone: true,
        dnskey_gone: true,
        zonemd_wrong: true,
        rrsig_expires: true,
    };

    fn version(serial: u32, text: &str) -> Version {
        let text = format!("$ORIGIN e.test.\n$TTL 60\n@ SOA ns . {serial} 1 1 100 1\n{text}");
        load_text(text.as_bytes(), Path::new("z"), &LoadOptions::default()).unwrap().version
    }

    fn held(rules: HoldIf, served: &Version, newer: &Version) -> String {
        let publishing = Publishing { publish: Publish::HoldIf, hold_if: rules, ..Publishing::default() };
        let words = reasons(&publishing, served, newer, NOW);
        words.iter().map(|reason| reason.split(':').next().unwrap()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn each_rule_holds_what_it_says() {
        let hosts = |count| (0..count).map(|n| format!("h{n} A 192.0.2.1\n")).collect::<String>();
        let key = |last: u8| format!("@ DNSKEY 257 3 13 AAA{}\n", char::from(last));
        let base = format!("@ NS a\n@ NS b\n{}{}", key(b'A'), hosts(96));
        let served = version(1, &base);
        assert_eq!(held(ALL, &served, &version(2, &base)), "");
        let smaller = |count| version(2, &format!("@ NS A\n{}{}", key(b'A'), hosts(count)));
        assert_eq!(held(ALL, &served, &smaller(67)), "");
        assert_eq!(held(ALL, &served, &smaller(66)), "shrink_percent");
        let others = version(2, &format!("@ NS c\n{}{}", key(b'Q'), hosts(99)));
        assert_eq!(held(ALL, &served, &others), "apex_ns_gone dnskey_gone");
        assert_eq!(held(HoldIf { apex_ns_gone: false, ..ALL }, &served, &others), "dnskey_gone");
        assert_eq!(held(HoldIf::default(), &served, &others), "");
        let digest = format!("@ ZONEMD 2 1 1 {}\n", "ab".repeat(48));
        assert_eq!(held(ALL, &served, &version(2, &format!("{base}{digest}"))), "zonemd_wrong");
        let signature = |ends: &str| format!("h1 RRSIG A 13 3 60 {ends} 20231114000000 1 e.test. AAAA\n");
        for (ends, expected) in
            [("20231114221500", ""), ("20231114221459", "rrsig_expires"), ("20231114221319", "rrsig_expires")]
        {
            assert_eq!(held(ALL, &served, &version(2, &format!("{base}{}", signature(ends)))), expected, "{ends}");
        }
        // Nothing was there that could be gone.
        assert_eq!(held(ALL, &version(1, ""), &version(2, &base)), "");
    }

    #[test]
    fn all_or_none_are_held_where_no_rule_is_asked() {
        let (served, newer) = (version(1, ""), version(2, ""));
        let count = |publish| {
            reasons(&Publishing { publish, hold_if: ALL, ..Publishing::default() }, &served, &newer, NOW).len()
        };
        assert_eq!([Publish::Auto, Publish::Hold].map(count), [0, 1]);
    }
}
