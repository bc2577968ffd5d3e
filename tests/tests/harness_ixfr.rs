//! The harness proves itself: real servers keep in step with each other over versions of
//! .gov, by NOTIFY and IXFR, and their logs tell so.

use std::thread;

use tempfile::TempDir;
use zxfr_tests::client::dig_ixfr;
use zxfr_tests::history::{History, Source};
use zxfr_tests::peer::{Kind, Offer, Peer, PeerKind, Pull, Target, Way, gives_ixfr_over_udp, require_peers};
use zxfr_tests::ports::Port;
use zxfr_tests::tally;
use zxfr_tests::tsig::{Algorithm, TsigKey};
use zxfr_tests::wire::Draft;
use zxfr_tests::zones::Changing;

const PEERS: [PeerKind; 3] = [PeerKind::Named, PeerKind::Knotd, PeerKind::Nsd];

/// A primary of one kind and secondaries of all over four versions.
fn in_step(kind: PeerKind) {
    let case = format!("{kind} with IXFR to named, knotd and nsd");
    if !require_peers(&case, &PEERS, &["nsd-control", "dig"]) {
        return;
    }
    let Some(history) = History::open(Source::Gov).unwrap() else { return };
    let dir = TempDir::new().unwrap();
    let mut gov = Changing::new(dir.path(), &history, 17, 4).unwrap();
    let key = TsigKey::new("step.key.example.", Algorithm::Sha256);
    let ports = PEERS.map(|_| Port::free().unwrap());
    let notify = ports.iter().map(|port| Target { address: port.address(), key: Some(key.clone()) }).collect();
    let offer = Offer { notify, ..Offer::either(gov.zone(), std::slice::from_ref(&key)) };
    let mut primary = Peer::primary(kind, &[offer]).unwrap();
    let mut secondaries = Vec::new();
    for (kind, port) in PEERS.into_iter().zip(ports) {
        let way = if kind == PeerKind::Nsd { Way::IxfrOverUdp } else { Way::Ixfr };
        let pull = Pull { way, ..Pull::signed("gov.", primary.address(), &key) };
        secondaries.push(Peer::start_secondary(kind, port, &[pull]).unwrap());
    }
    for secondary in &mut secondaries {
        secondary.wait_for_zone("gov.", Some(gov.serial())).unwrap();
    }
    let (mut serials, mut last) = (Vec::new(), None);
    while let Some(step) = gov.advance().unwrap() {
        last = Some(step);
        primary.reload();
        serials.push(gov.serial());
        thread::scope(|scope| {
            for secondary in &mut secondaries {
                let gov = &gov;
                scope.spawn(move || {
                    secondary.wait_for_zone("gov.", Some(gov.serial())).unwrap();
                    let request = Draft::request(1, "gov.", 252).octets();
                    let given = gov.given_by(secondary.address(), &request).unwrap();
                    gov.holding().assert_given(&format!("{kind} to {}", secondary.kind()), &given);
                });
            }
        });
    }
    for secondary in &secondaries {
        // Outgoing are those by which it was read.
        let transfers: Vec<_> = secondary.transfers().into_iter().filter(|transfer| transfer.incoming).collect();
        let [first, steps @ ..] = transfers.as_slice() else {
            panic!("no transfers in the log of {}", secondary.kind())
        };
        assert!(first.octets > 500_000, "{kind} to {}: {first:?}", secondary.kind());
        assert_eq!(steps.iter().map(|step| step.serial).collect::<Vec<_>>(), serials);
        let by_ixfr = |kind: Option<Kind>| match secondary.kind() {
            PeerKind::Nsd => kind.is_none(),
            _ => kind == Some(Kind::Ixfr),
        };
        for step in steps {
            assert!(by_ixfr(step.kind) && step.octets < 10_000, "{kind} to {}: {step:?}", secondary.kind());
        }
    }
    // The last step is of seven records.
    let step = last.unwrap();
    let from = u32::try_from(step.from()).unwrap();
    let answer = dig_ixfr(primary.address(), "gov.", from, Some(&key), true).unwrap();
    let records = if gives_ixfr_over_udp(kind) { step.deletions.len() + step.additions.len() + 4 } else { 1 };
    assert_eq!(answer.records.len(), records, "{case}, over UDP");
    if kind == PeerKind::Nsd {
        assert!(primary.nsd_counter("num.rixfr").unwrap() >= 12);
    } else {
        let sent = primary.transfers();
        assert_eq!(sent.iter().filter(|sent| !sent.incoming && sent.kind == Some(Kind::Ixfr)).count(), 12, "{sent:?}");
    }
    tally::ran(&case);
}

#[test]
fn named_keeps_others_in_step() {
    in_step(PeerKind::Named);
}

#[test]
fn knotd_keeps_others_in_step() {
    in_step(PeerKind::Knotd);
}

#[test]
fn nsd_keeps_others_in_step() {
    in_step(PeerKind::Nsd);
}
