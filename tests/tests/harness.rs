//! The harness proves itself: real servers transfer zones from each other, and what
//! arrives is compared record by record with what `named` made of the zone file.

use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;
use zxfr_tests::client::{dig, kdig};
use zxfr_tests::interop::all_zones;
use zxfr_tests::peer::{Offer, Peer, PeerKind, Pull, Role, carries, keeps_case, require_peers, spelling};
use zxfr_tests::ports::Port;
use zxfr_tests::records::{Exactness, Record, assert_same, canonical_rdata, difference};
use zxfr_tests::tsig::{Algorithm, TsigKey};
use zxfr_tests::zones::every_type::{Selection, Spelling};
use zxfr_tests::zones::{self, Content, Zone};
use zxfr_tests::{name, tally};

/// A key for each algorithm that both have, with a zone of three records for it.
fn signed_zones(dir: &Path, one: PeerKind, other: PeerKind) -> Vec<(Zone, TsigKey)> {
    let both = Algorithm::ALL
        .into_iter()
        .filter(|algorithm| one.algorithms().contains(algorithm))
        .filter(|algorithm| other.algorithms().contains(algorithm));
    both.map(|algorithm| {
        let zone = zones::three(dir, &format!("{algorithm}.example.")).unwrap();
        let key = TsigKey::new(&format!("{algorithm}.key.example."), algorithm);
        (zone, key)
    })
    .collect()
}

/// What a zone holds, as a server that can carry it has loaded it: `named`, or
/// `pdns_server` for what `named` refuses.
struct Truth {
    _dir: TempDir,
    named: Peer,
    pdns: Peer,
}

impl Truth {
    fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let zones = all_zones(dir.path(), Spelling::Generic);
        let (named, pdns): (Vec<_>, Vec<_>) = zones.iter().partition(|zone| by_named(zone));
        Self {
            named: Peer::primary(PeerKind::Named, &open(&named)).unwrap(),
            pdns: Peer::primary(PeerKind::Pdns, &open(&pdns)).unwrap(),
            _dir: dir,
        }
    }

    fn of(&self, zone: &Zone) -> Vec<Record> {
        let peer = match by_named(zone) {
            true => &self.named,
            false => &self.pdns,
        };
        dig(peer.address(), &zone.name, None).unwrap()
    }
}

fn by_named(zone: &Zone) -> bool {
    carries(PeerKind::Named, Role::Primary, zone.content).is_ok()
}

fn open<'a>(zones: &[&'a Zone]) -> Vec<Offer<'a>> {
    zones.iter().copied().map(Offer::open).collect()
}

/// All zones that both can carry, and one for each TSIG algorithm, from one kind of
/// server to another.
fn relay(upstream: PeerKind, downstream: PeerKind) {
    // ixfrdist can have the root zone, but no others beside it.
    if [upstream, downstream].contains(&PeerKind::Ixfrdist) {
        relay_zones(upstream, downstream, |zone| zone.name != ".");
        relay_zones(upstream, downstream, |zone| zone.name == ".");
    } else {
        relay_zones(upstream, downstream, |_| true);
    }
}

fn relay_zones(upstream: PeerKind, downstream: PeerKind, wanted: fn(&Zone) -> bool) {
    let case = format!("{upstream} to {downstream}");
    let needed = [upstream, downstream, PeerKind::Named, PeerKind::Pdns];
    if !require_peers(&case, &needed, &["dig"]) {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let truth = Truth::start();
    let plain: Vec<_> = all_zones(dir.path(), spelling(upstream))
        .into_iter()
        .filter(wanted)
        .filter(|zone| carries(upstream, Role::Primary, zone.content).is_ok())
        .filter(|zone| carries(downstream, Role::Secondary, zone.content).is_ok())
        .collect();
    let signed = signed_zones(dir.path(), upstream, downstream);

    let mut offers = open(&plain.iter().collect::<Vec<_>>());
    offers.extend(signed.iter().map(|(zone, key)| Offer::signed(zone, key)));
    let primary = Peer::primary(upstream, &offers).unwrap();
    let mut pulls: Vec<_> = plain.iter().map(|zone| Pull::open(&zone.name, primary.address())).collect();
    for (zone, key) in &signed {
        pulls.push(Pull::signed(&zone.name, primary.address(), key));
    }
    let mut secondary = Peer::secondary(downstream, &pulls).unwrap();

    for zone in &plain {
        let case = format!("{case}, {}", zone.name);
        secondary.wait_for_zone(&zone.name, Some(zone.serial)).unwrap_or_else(|failure| panic!("{case}: {failure}"));
        let expected = truth.of(zone);
        let sent = dig(primary.address(), &zone.name, None).unwrap();
        assert_same(&format!("{case}, sent"), &expected, &sent, exactness(&[upstream]));
        let received = dig(secondary.address(), &zone.name, None).unwrap();
        let both = exactness(&[upstream, downstream]);
        assert_same(&format!("{case}, received"), &expected, &received, both);
        tally::ran(&case);
    }
    for (zone, key) in &signed {
        let case = format!("{case}, {}", key.algorithm);
        secondary.wait_for_zone(&zone.name, Some(zone.serial)).unwrap_or_else(|failure| panic!("{case}: {failure}"));
        let sent = dig(primary.address(), &zone.name, Some(key)).unwrap();
        let received = dig(secondary.address(), &zone.name, None).unwrap();
        assert_eq!(sent.len(), 3);
        assert_same(&case, &sent, &received, Exactness::Canonical);
        let unsigned = dig(primary.address(), &zone.name, None).unwrap_err();
        assert!(unsigned.to_string().contains("Transfer failed"), "{case}: {unsigned}");
        tally::ran(&case);
    }
}

fn exactness(path: &[PeerKind]) -> Exactness {
    match path.iter().all(|&peer| keeps_case(peer)) {
        true => Exactness::Octets,
        false => Exactness::Canonical,
    }
}

#[test]
fn named_to_knotd() {
    relay(PeerKind::Named, PeerKind::Knotd);
}

#[test]
fn knotd_to_nsd() {
    relay(PeerKind::Knotd, PeerKind::Nsd);
}

#[test]
fn nsd_to_named() {
    relay(PeerKind::Nsd, PeerKind::Named);
}

#[test]
fn named_to_pdns() {
    relay(PeerKind::Named, PeerKind::Pdns);
}

#[test]
fn pdns_to_named() {
    relay(PeerKind::Pdns, PeerKind::Named);
}

#[test]
fn nsd_to_pdns() {
    relay(PeerKind::Nsd, PeerKind::Pdns);
}

#[test]
fn named_to_ixfrdist() {
    relay(PeerKind::Named, PeerKind::Ixfrdist);
}

#[test]
fn ixfrdist_to_nsd() {
    relay(PeerKind::Ixfrdist, PeerKind::Nsd);
}

#[test]
fn named_to_named_keeps_every_octet() {
    relay(PeerKind::Named, PeerKind::Named);
}

#[test]
fn kdig_reads_what_dig_reads() {
    let case = "kdig and dig";
    if !require_peers(case, &[PeerKind::Named], &["dig", "kdig"]) {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let plain: Vec<_> = all_zones(dir.path(), Spelling::Generic)
        .into_iter()
        .filter(|zone| carries(PeerKind::Named, Role::Primary, zone.content).is_ok())
        .collect();
    let signed = signed_zones(dir.path(), PeerKind::Named, PeerKind::Knotd);
    let mut offers = open(&plain.iter().collect::<Vec<_>>());
    offers.extend(signed.iter().map(|(zone, key)| Offer::signed(zone, key)));
    let server = Peer::primary(PeerKind::Named, &offers).unwrap();
    let keyed = signed.iter().map(|(zone, key)| (zone, Some(key)));
    for (zone, key) in plain.iter().map(|zone| (zone, None)).chain(keyed) {
        let by_dig = dig(server.address(), &zone.name, key).unwrap();
        let by_kdig = kdig(server.address(), &zone.name, key).unwrap();
        assert_same(&zone.name, &by_dig, &by_kdig, Exactness::Octets);
        tally::ran(&format!("{case}, {}", zone.name));
    }
}

#[test]
fn clients_report_what_went_wrong() {
    let case = "client errors";
    if !require_peers(case, &[PeerKind::Named, PeerKind::Knotd], &["dig", "kdig"]) {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let zone = zones::three(dir.path(), "three.example.").unwrap();
    let key = TsigKey::new("key.example.", Algorithm::Sha256);
    let mut forged = key.clone();
    forged.secret[0] ^= 1;
    for kind in [PeerKind::Named, PeerKind::Knotd] {
        let server = Peer::primary(kind, &[Offer::signed(&zone, &key)]).unwrap();
        let address = server.address();
        for transfer in [dig, kdig] {
            assert_eq!(transfer(address, "three.example.", Some(&key)).unwrap().len(), 3);
            for (wrong, zone) in
                [(Some(&forged), "three.example."), (None, "three.example."), (Some(&key), "unknown.example.")]
            {
                let failure = transfer(address, zone, wrong).unwrap_err().to_string();
                assert!(failure.contains(zone) || failure.contains("kdig ended"), "{failure}");
            }
        }
    }
    tally::ran(case);
}

/// The facts in `carries` hold: each "can't" is shown by a server that doesn't.
#[test]
fn what_a_peer_cannot_carry_it_does_not_carry() {
    if !require_peers("peer facts", &PeerKind::ALL, &["dig"]) {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let truth = Truth::start();
    for kind in PeerKind::ALL {
        for zone in all_zones(dir.path(), spelling(kind)) {
            // These can't be loaded at all; the deadline would pass.
            let refused_in_files = zone.content == Content::ObsoleteTypes;
            let Err(why) = carries(kind, Role::Primary, zone.content) else {
                continue;
            };
            if refused_in_files || matches!(kind, PeerKind::Named | PeerKind::Ixfrdist) {
                continue;
            }
            let peer = Peer::primary(kind, &[Offer::open(&zone)]).unwrap();
            let given = dig(peer.address(), &zone.name, None);
            let whole =
                given.is_ok_and(|records| difference(&truth.of(&zone), &records, Exactness::Canonical).is_empty());
            assert!(!whole, "{kind} carries {:?}, yet: {why}", zone.content);
        }
    }
    for (content, message) in [(Content::BigRrset, "ran out of space"), (Content::ObsoleteTypes, "obsolete")] {
        let zones = all_zones(dir.path(), Spelling::Generic);
        let zone = zones.iter().find(|zone| zone.content == content).unwrap();
        let fine = zones::three(dir.path(), "fine.example.").unwrap();
        assert!(carries(PeerKind::Named, Role::Primary, content).is_err());
        // Its other zone is ready; then the log tells what became of this one.
        let mut peer = named_with(zone, &fine);
        peer.process().wait_for_log(message, Duration::from_secs(10)).unwrap();
    }
}

/// A `named` with two zones of which the first can't be loaded.
fn named_with(broken: &Zone, fine: &Zone) -> Peer {
    Peer::start_primary(PeerKind::Named, Port::free().unwrap(), &[Offer::open(broken), Offer::open(fine)]).unwrap()
}

/// The hexadecimal of the zone `every-type` is what `named` makes of its text.
#[test]
fn both_spellings_of_every_type_are_the_same() {
    let case = "spellings of every type";
    if !require_peers(case, &[PeerKind::Named], &["dig"]) {
        return;
    }
    let read = |selection, spelling| {
        let dir = tempfile::tempdir().unwrap();
        let zone = zones::every_type(dir.path(), selection, spelling).unwrap();
        let server = Peer::primary(PeerKind::Named, &[Offer::open(&zone)]).unwrap();
        dig(server.address(), &zone.name, None).unwrap()
    };
    let generic = read(Selection::Every, Spelling::Generic);
    let known = read(Selection::Every, Spelling::Known);
    assert_same(case, &generic, &known, Exactness::Octets);
    let powerdns = read(Selection::Every, Spelling::PowerDns);
    assert_same(case, &generic, &powerdns, Exactness::Octets);
    assert_eq!(generic.len(), 2 + Selection::Every.rows().count());
    tally::ran(case);
}

/// The mixed zone arrives with the octets its text says.
#[test]
fn escapes_arrive_as_octets() {
    let case = "escapes";
    if !require_peers(case, &[PeerKind::Named], &["dig"]) {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let zone = zones::mixed(dir.path()).unwrap();
    let server = Peer::primary(PeerKind::Named, &[Offer::open(&zone)]).unwrap();
    let records = dig(server.address(), &zone.name, None).unwrap();
    let owner = name::to_wire(r"nul\000nul.mixed.example.").unwrap();
    let record = records.iter().find(|record| record.owner == owner).unwrap();
    assert_eq!(record.rdata, [192, 0, 2, 8]);
    let pointer = records.iter().find(|record| record.rtype == 12).unwrap();
    assert_eq!(pointer.rdata, b"\x04\0.@ \x03Odd\x05mixed\x07example\0");
    assert_eq!(canonical_rdata(12, &pointer.rdata), b"\x04\0.@ \x03odd\x05mixed\x07example\0");
    tally::ran(case);
}
