//! What years of deltas leave behind.

use std::sync::Arc;

use zxfr_core::time::UnixTime;
use zxfr_core::transfer::{Asked, Outbound};
use zxfr_core::tsig::rustcrypto::Hmac;
use zxfr_core::wire::{Class, Flags, Question, Rtype};
use zxfr_core::zone::Version;
use zxfr_tests::history::{History, Source};
use zxfr_tests::tally;

use super::chain::Chain;
use super::load;

/// By how much octets and memory may exceed those of a zone that was just loaded, in percent.
const MOST: u64 = 110;

/// After all of .gov's history an AXFR and the memory that the zone takes are at most a tenth more than of one that was
/// just loaded from the last version's text.
#[test]
fn gov_after_years_costs_as_a_fresh_load() {
    let Some(chain) = Chain::play(Source::Gov, 17) else { return };
    let last = chain.versions.last().unwrap();
    let edited = last.heap_octets();
    let years = Arc::new(last.settled());
    let history = History::open(Source::Gov).unwrap().unwrap();
    let fresh = Arc::new(load(&history.version(926).unwrap()));
    let [transfer, memory] = [axfr_octets, |version: &Arc<Version>| version.heap_octets()]
        .map(|measure: fn(&Arc<Version>) -> u64| [measure(&years), measure(&fresh)]);
    for (what, [years, fresh]) in [("AXFR", transfer), ("memory", memory)] {
        let ratio = years as f64 / fresh as f64;
        eprintln!("{what} of .gov after 909 deltas: {years} octets, after a fresh load {fresh}: {ratio:.3} times");
        assert!(years * 100 <= fresh * MOST, "{what}");
    }
    eprintln!("memory of .gov after 909 deltas with what is edited: {edited} octets");
    assert!(years.is_settled());
    tally::ran("history Gov, cost after 909 steps");
}

/// The octets of all messages of an AXFR, as a client without TSIG and EDNS gets them.
fn axfr_octets(version: &Arc<Version>) -> u64 {
    let mut outbound = Outbound::<Hmac>::axfr(version.clone(), asked(version), None).unwrap();
    let mut octets = 0;
    while let Some(frame) = outbound.poll_transmit(UnixTime(0)).unwrap() {
        octets += frame.len() as u64;
    }
    octets
}

/// The ID of a request.
pub(crate) const ID: u16 = 1;

/// A request for the whole zone.
pub(crate) fn asked(version: &Version) -> Asked {
    let question = Question { qname: version.apex().to_name(), qtype: Rtype::AXFR, qclass: Class::IN };
    Asked { id: ID, flags: Flags::default(), question, edns: false, expire: None }
}
