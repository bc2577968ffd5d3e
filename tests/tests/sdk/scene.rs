//! `knotd` with a zone, `zxfrd` with a management API and nothing in it, and `nsd` that wants the zone from `zxfrd`; and what dig
//! gets of them.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use zxfr_tests::Failure;
use zxfr_tests::client::{dig, dig_from, dig_one};
use zxfr_tests::peer::{DEADLINE, Offer, Peer, PeerKind, Pull, Way};
use zxfr_tests::records::{Exactness, Record, assert_same};
use zxfr_tests::tsig::{Algorithm, TsigKey};
use zxfr_tests::zones::{Content, Zone};
use zxfr_tests::zxfr::{Transfer, Zxfrd, transfers};

/// The zone's name, absolute.
pub(crate) const ZONE: &str = "sdk.example.";
/// A token that may write.
pub(crate) const TOKEN: &str = "sdk-secret";
/// What stands beside it in X-Auth-Email.
pub(crate) const EMAIL: &str = "ops@example.org";
/// Somebody who is no peer.
pub(crate) const READER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

/// Between two looks at what gives no event.
const PAUSE: Duration = Duration::from_millis(20);

const CONFIG: &str = r#"
[dns]
listen = ["127.0.0.1:0"]
[api]
listen = "127.0.0.1:0"
tokens = [{ name = "sdk", email = "ops@example.org", secret = "sdk-secret" }]
"#;

/// The three servers.
pub(crate) struct Scene {
    /// Has the zone.
    pub(crate) knotd: Peer,
    /// Stands between.
    pub(crate) zxfrd: Zxfrd,
    /// Wants the zone.
    pub(crate) nsd: Peer,
    /// What `knotd` has transfers signed with.
    pub(crate) upstream: TsigKey,
    /// What `nsd` signs with.
    pub(crate) downstream: TsigKey,
    zone: Zone,
    _dir: TempDir,
}

impl Scene {
    /// Starts them, with serial 1 at `knotd`.
    pub(crate) fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let upstream = TsigKey::new("knotd-zxfrd.example.", Algorithm::Sha256);
        let downstream = TsigKey::new("zxfrd-nsd.example.", Algorithm::Sha512);
        let path = dir.path().join("zone");
        let zone = Zone { name: ZONE.into(), path, serial: 1, content: Content::Three, signed: false };
        fs::write(&zone.path, text(1)).unwrap();
        let knotd = Peer::primary(PeerKind::Knotd, &[Offer::signed(&zone, &upstream)]).unwrap();
        let zxfrd = Zxfrd::with_config(CONFIG).unwrap();
        let pull = Pull { way: Way::Ixfr, ..Pull::signed(ZONE, zxfrd.address(), &downstream) };
        let nsd = Peer::secondary(PeerKind::Nsd, &[pull]).unwrap();
        Self { knotd, zxfrd, nsd, upstream, downstream, zone, _dir: dir }
    }

    /// Has `knotd` go on to another version, which it tells nobody of.
    pub(crate) fn change(&mut self, serial: u32) {
        fs::write(&self.zone.path, text(serial)).unwrap();
        self.knotd.reload();
        self.knotd.wait_for_zone(ZONE, Some(serial)).unwrap();
    }

    /// `zxfrd` gives the reader what `knotd` has, and that is this serial.
    #[track_caller]
    pub(crate) fn in_step(&self, serial: u32) {
        let wanted = dig(self.knotd.address(), ZONE, Some(&self.upstream)).unwrap();
        assert_eq!(wanted.first().and_then(Record::serial), Some(serial));
        assert!(wanted.iter().any(|record| record.rdata == address(serial)), "{wanted:?}");
        let given = self.read().unwrap_or_else(|failure| panic!("{failure}\n{}", self.zxfrd.log()));
        assert_same("zxfrd", &wanted, &given, Exactness::Octets);
    }

    /// `knotd` has gone on, and neither `zxfrd` nor `nsd` knows: what goes out was changed, and that asks no primary.
    #[track_caller]
    pub(crate) fn lags(&self, serial: u32) {
        let given = self.read().unwrap_or_else(|failure| panic!("{failure}"));
        let held = [soa(self.knotd.address()), given.first().and_then(Record::serial), soa(self.nsd.address())];
        let log = self.zxfrd.log();
        assert_eq!(held, [Some(serial + 1), Some(serial), Some(serial)], "{log}");
        assert!(!log.contains(" kind=uptodate "), "{log}");
    }

    /// The transfer that was forced last comes to its end: a whole one, whatever `zxfrd` had, of this serial.
    pub(crate) fn forced(&self, serial: u32) {
        let log = self.zxfrd.log();
        let begun = log.rfind("forced a transfer").expect("a transfer is forced");
        let earlier = transfers(&log[..begun]).len();
        let wanted =
            |line: &Transfer| line.incoming && line.kind == "axfr" && line.to == Some(serial) && line.result == "ok";
        let begun = Instant::now();
        while !self.zxfrd.transfers()[earlier..].iter().any(wanted) {
            assert!(begun.elapsed() < DEADLINE, "no AXFR to {serial}\n{}", self.zxfrd.log());
            thread::sleep(PAUSE);
        }
    }

    /// `nsd` comes to have what `knotd` has, and that is this serial.
    #[track_caller]
    pub(crate) fn arrives(&self, serial: u32) {
        let begun = Instant::now();
        while soa(self.nsd.address()) != Some(serial) {
            let log = self.zxfrd.log();
            assert!(begun.elapsed() < DEADLINE, "nsd has {:?}, not {serial}\n{log}", soa(self.nsd.address()));
            thread::sleep(PAUSE);
        }
        let wanted = dig(self.knotd.address(), ZONE, Some(&self.upstream)).unwrap();
        let held = dig(self.nsd.address(), ZONE, None).unwrap();
        assert_same("nsd", &wanted, &held, Exactness::Canonical);
    }

    /// Neither `nsd` nor the reader can have the zone from `zxfrd`.
    #[track_caller]
    pub(crate) fn closed(&self) {
        refused(self.given_to_nsd());
        refused(self.read());
    }

    /// What is got of `zxfrd` from the address and with the key that `nsd` has.
    pub(crate) fn given_to_nsd(&self) -> Result<Vec<Record>, Failure> {
        dig(self.zxfrd.address(), ZONE, Some(&self.downstream))
    }

    /// What the reader gets of `zxfrd`. It signs, since whoever asks has to where a linked peer has a key.
    pub(crate) fn read(&self) -> Result<Vec<Record>, Failure> {
        dig_from(IpAddr::V4(READER), self.zxfrd.address(), ZONE, Some(&self.downstream))
    }

    /// `nsd` comes to know by a NOTIFY that there is this serial.
    #[track_caller]
    pub(crate) fn is_told(&self, serial: u32) {
        let begun = Instant::now();
        while !self.told(serial) {
            assert!(begun.elapsed() < DEADLINE, "no NOTIFY of {serial}\n{}", self.zxfrd.log());
            thread::sleep(PAUSE);
        }
    }

    /// Whether `nsd` has had a NOTIFY of this serial and answered it.
    pub(crate) fn told(&self, serial: u32) -> bool {
        let notify = format!("notify=out zone={ZONE} peer={} serial={serial} ", self.nsd.address());
        self.zxfrd.log().lines().any(|line| line.contains(&notify) && line.contains(" result=ok"))
    }
}

/// A transfer was refused.
#[track_caller]
pub(crate) fn refused(transfer: Result<Vec<Record>, Failure>) {
    let failure = transfer.unwrap_err().to_string();
    assert!(failure.contains("Transfer failed"), "{failure}");
}

/// The serial that dig gets of a server.
pub(crate) fn soa(server: SocketAddr) -> Option<u32> {
    dig_one(server, ZONE, "SOA").ok()?.first().and_then(Record::serial)
}

/// The zone file of a version, which has an address of its own.
fn text(serial: u32) -> String {
    format!(
        "{ZONE} 3600 IN SOA ns1.{ZONE} host.{ZONE} {serial} 86400 3600 604800 300\n{ZONE} 3600 IN NS ns1.{ZONE}\n\
         {ZONE} 3600 IN MX 10 Mail.{ZONE}\nns1.{ZONE} 3600 IN A 192.0.2.200\nmail.{ZONE} 300 IN A {}\n\
         v{serial}.{ZONE} 300 IN TXT \"version {serial}\"\n",
        Ipv4Addr::from(address(serial)),
    )
}

fn address(serial: u32) -> [u8; 4] {
    let [.., last] = serial.to_be_bytes();
    [192, 0, 2, last]
}
