use super::*;
use crate::client::{Buffer, Connection, Question as Asked};
use crate::fingerprint::Fingerprint;
use std::time::Duration;
use zxfr_benches::tld::NAME;
use zxfr_tests::probe::{Authority, soa_serial};

fn offer(zone: &Tld, version: u32) -> Offer {
    let whole = Frames::whole(zone, version).unwrap();
    let differences = version.checked_sub(1).map(|_| Arc::new(Frames::differences(zone, version).unwrap()));
    Offer { version, whole: Some(Arc::new(whole)), differences }
}

fn ask(replay: &Replay, since: Option<u32>) -> Result<crate::answer::Contents> {
    let since = since.map(|version| (Tld::serial(version), Tld::soa(version)));
    let question = Asked { since, ..Asked::axfr(NAME, false)? };
    Ok(Connection::open(replay.address(), &question)?.explore(&mut Buffer::default())?.1)
}

#[test]
fn gives_what_is_asked_for() {
    let zone = Tld::new(30_000);
    let replay = Replay::start(offer(&zone, 0)).unwrap();
    let serial = || soa_serial(replay.address(), NAME, Authority::Needed).unwrap();
    assert_eq!(serial(), Tld::serial(0));
    assert_eq!(ask(&replay, None).unwrap().zone, Some(Fingerprint::of(&zone, 0)));
    replay.offer(offer(&zone, 2));
    assert_eq!(serial(), Tld::serial(2));
    let changes = ask(&replay, Some(1)).unwrap().differences.unwrap();
    assert_eq!([changes.deleted, changes.added], Fingerprint::of_changes(&zone, 2));
    let up_to_date = ask(&replay, Some(2)).unwrap();
    assert_eq!((up_to_date.zone, up_to_date.differences, up_to_date.records), (None, None, 1));
    assert_eq!(replay.given(), Given { whole: 1, differences: 1 });
    // From an older version there is the zone alone.
    assert_eq!(ask(&replay, Some(0)).unwrap().zone, Some(Fingerprint::of(&zone, 2)));
    replay.offer(Offer { whole: None, ..offer(&zone, 3) });
    assert!(ask(&replay, None).is_err());
    assert_eq!(replay.given(), Given { whole: 3, differences: 1 });
}

#[test]
fn tells_of_its_version() {
    let zone = Tld::new(1_000);
    let replay = Replay::start(offer(&zone, 1)).unwrap();
    let secondary = UdpSocket::bind("127.0.0.1:0").unwrap();
    secondary.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    replay.notify(secondary.local_addr().unwrap()).unwrap();
    let mut octets = [0; 600];
    let (length, from) = secondary.recv_from(&mut octets).unwrap();
    assert_eq!(from, replay.address());
    let message = Message::new(&octets[..length]).unwrap();
    assert_eq!(message.header().flags.opcode(), Opcode::NOTIFY);
    let layout = message.layout().unwrap();
    let mut scratch = Scratch::new();
    let soa = message.answers(&layout, &mut scratch).next().unwrap().unwrap().soa().unwrap().serial;
    assert_eq!(soa.0, Tld::serial(1));
    // The secondary's answer is taken without a word, and queries still are answered.
    octets[2] |= 0x80;
    secondary.send_to(&octets[..length], from).unwrap();
    assert_eq!(soa_serial(replay.address(), NAME, Authority::Needed).unwrap(), Tld::serial(1));
}
