//! Until when the signatures at a zone's apex hold. They are not verified: who validates does that with the parent's keys.

use jiff::Timestamp;
use zxfr_core::wire::Rtype;
use zxfr_core::zone::Version;

/// Whether a zone would be taken by who validates, by the times in the signatures of its SOA and DNSKEY.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Validity {
    /// It has no signatures there.
    Unsigned,
    /// They hold for so many seconds from now.
    Holds {
        /// Seconds.
        seconds: u32,
    },
    /// The last one of a type has ended.
    Ended {
        /// When.
        at: String,
        /// The type.
        what: &'static str,
    },
    /// The first one of a type is yet to begin to hold.
    NotBegun {
        /// When it does.
        at: String,
        /// The type.
        what: &'static str,
    },
}

/// Without signatures of these nothing else of a zone can be validated.
const SIGNED: [(Rtype, &str); 2] = [(Rtype::SOA, "SOA"), (Rtype::DNSKEY, "DNSKEY")];

/// How it is with a version at this time, in seconds since 1970.
pub(super) fn validity(version: &Version, now: u64) -> Validity {
    let mut signatures = Vec::new();
    let mut records = version.rrset(version.apex(), Rtype::RRSIG);
    while let Some(record) = records.next() {
        signatures.extend(times(record.rdata));
    }
    of(&signatures, now)
}

/// The type that a signature covers, when it begins to hold, and when it ends (RFC 4034 §3.1).
fn times(rdata: &[u8]) -> Option<(Rtype, u32, u32)> {
    let number = |at: usize| Some(u32::from_be_bytes(rdata.get(at..at + 4)?.try_into().ok()?));
    let covered = u16::from_be_bytes(rdata.get(..2)?.try_into().ok()?);
    Some((Rtype(covered), number(12)?, number(8)?))
}

fn of(signatures: &[(Rtype, u32, u32)], now: u64) -> Validity {
    // Times are 32 bits of a count that goes round (RFC 4034 §3.1.5).
    #[expect(clippy::cast_possible_truncation, reason = "as the RFC says")]
    let from_now = |time: u32| time.wrapping_sub(now as u32).cast_signed();
    let shown = |time: u32| {
        let seconds = i64::try_from(now).unwrap_or(i64::MAX).saturating_add(from_now(time).into());
        Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX).to_string()
    };
    let mut least: Option<u32> = None;
    for (covered, what) in SIGNED {
        let mut of_type = signatures.iter().filter(|(rtype, ..)| *rtype == covered).peekable();
        if of_type.peek().is_none() {
            continue;
        }
        let (mut holds, mut ended, mut coming) = (None, None, None);
        for (_, begins, ends) in of_type {
            let (until_begin, until_end) = (from_now(*begins), from_now(*ends));
            if until_end < 0 {
                ended = ended.max(Some((until_end, *ends)));
            } else if until_begin > 0 {
                coming = coming.min(Some((until_begin, *begins))).or(Some((until_begin, *begins)));
            } else {
                holds = holds.max(Some(until_end.unsigned_abs()));
            }
        }
        match (holds, coming, ended) {
            (Some(seconds), ..) => least = Some(least.map_or(seconds, |least| least.min(seconds))),
            (None, Some((_, at)), _) => return Validity::NotBegun { at: shown(at), what },
            (None, None, Some((_, at))) => return Validity::Ended { at: shown(at), what },
            (None, None, None) => {}
        }
    }
    least.map_or(Validity::Unsigned, |seconds| Validity::Holds { seconds })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zone::{LoadOptions, load_text};
    use std::path::Path;

    const NOW: u64 = 1_700_000_000;

    fn at(seconds: i64) -> u32 {
        (NOW.cast_signed() + seconds) as u32
    }

    #[test]
    fn of_several_signatures_the_one_that_holds_longest_counts_and_of_types_the_first_to_end() {
        let (soa, key, other) = (Rtype::SOA, Rtype::DNSKEY, Rtype::NS);
        assert_eq!(of(&[], NOW), Validity::Unsigned);
        assert_eq!(of(&[(other, at(-9), at(-1))], NOW), Validity::Unsigned);
        let rolled = [(soa, at(-9), at(-1)), (soa, at(-9), at(7)), (soa, at(-9), at(5)), (key, at(-9), at(9))];
        assert_eq!(of(&rolled, NOW), Validity::Holds { seconds: 7 });
        assert_eq!(of(&[(soa, at(0), at(0))], NOW), Validity::Holds { seconds: 0 }, "both ends count");
        let ended = Validity::Ended { at: "2023-11-14T22:13:19Z".to_owned(), what: "DNSKEY" };
        assert_eq!(of(&[(soa, at(-9), at(7)), (key, at(-9), at(-3)), (key, at(-9), at(-1))], NOW), ended);
        let coming = Validity::NotBegun { at: "2023-11-14T22:13:21Z".to_owned(), what: "SOA" };
        assert_eq!(of(&[(soa, at(3), at(9)), (soa, at(1), at(9)), (soa, at(-9), at(-1))], NOW), coming);
        // Beyond 2106 the count has gone round.
        let beyond = (1 << 32) + 5;
        assert_eq!(of(&[(soa, u32::MAX, 9)], beyond), Validity::Holds { seconds: 4 });
    }

    #[test]
    fn the_times_are_those_in_the_zone() {
        let soa = "$ORIGIN example.\n@ 60 SOA ns . 7 1 1 1 1\n";
        let signature =
            |covered: &str, ends: &str| format!("@ 60 RRSIG {covered} 13 1 60 {ends} 20231114000000 1 example. AAAA\n");
        let version = |text: &str| load_text(text.as_bytes(), Path::new("z"), &LoadOptions::default()).unwrap().version;
        assert_eq!(validity(&version(soa), NOW), Validity::Unsigned);
        let good = format!("{soa}{}{}", signature("SOA", "20231114221330"), signature("NS", "20231114221319"));
        assert_eq!(validity(&version(&good), NOW), Validity::Holds { seconds: 10 });
        let bad = format!("{soa}{}", signature("SOA", "20231114221319"));
        let ended = Validity::Ended { at: "2023-11-14T22:13:19Z".to_owned(), what: "SOA" };
        assert_eq!(validity(&version(&bad), NOW), ended);
    }
}
