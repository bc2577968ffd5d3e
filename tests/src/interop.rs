//! Which zones and keys move between zxfr and each peer, and what they must hold when
//! they arrive: the same matrix for all interop tests.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::OnceLock;
use std::thread;

use crate::client::dig;
use crate::peer::{Offer, Peer, PeerKind, Role, carries, keeps_case};
use crate::records::{Exactness, Record, assert_same};
use crate::tsig::{Algorithm, TsigKey};
use crate::zones::every_type::{Selection, Spelling};
use crate::zones::{self, Content, Zone};
use crate::{name, tally, wire};

/// Writes every zone of the matrix, spelled in this way. The signed root zone and .gov
/// only with `ZXFR_CORPUS`.
///
/// # Panics
/// When a file can't be written.
pub fn all_zones(dir: &Path, spelling: Spelling) -> Vec<Zone> {
    let mut zones = vec![
        zones::three(dir, "three.example.").unwrap(),
        zones::mixed(dir).unwrap(),
        zones::every_type(dir, Selection::Every, spelling).unwrap(),
        zones::every_type(dir, Selection::Plain, spelling).unwrap(),
        zones::every_type(dir, Selection::Obsolete, spelling).unwrap(),
        zones::big_record(dir).unwrap(),
        zones::big_rrset(dir).unwrap(),
        zones::large_rrset(dir).unwrap(),
        zones::tld(dir, "tld.", 5_000, 1).unwrap(),
    ];
    zones.extend(zones::signed_root(dir).unwrap());
    zones.extend(zones::gov(dir).unwrap());
    zones
}

/// The zones that this peer carries, out of `zones`; each other one is noted with the
/// reason and with what is shown instead.
pub fn carried(peer: PeerKind, role: Role, zones: Vec<Zone>) -> Vec<Zone> {
    let carried = |zone: &Zone| match carries(peer, role, zone.content) {
        Ok(()) => true,
        Err(why) => {
            let case = format!("{peer} as {role:?} with {}", zone.name).to_lowercase();
            tally::cannot(&case, why, instead(peer, role, zone.content));
            false
        }
    };
    zones.into_iter().filter(carried).collect()
}

/// What is shown in place of a zone that a peer can't carry.
pub fn instead(peer: PeerKind, role: Role, content: Content) -> &'static str {
    use {Content as C, PeerKind as P, Role as R};
    match (peer, role, content) {
        (P::Nsd, R::Secondary, C::BigRecord) => "its SOA, and the record itself by a query over TCP",
        (P::Knotd, R::Secondary, C::BigRrset) => "its SOA, and all its records by `knotc zone-read`",
        (P::Ixfrdist, R::Primary, C::BigRecord) | (_, _, C::BigRrset) => "an RRset of 4,000 records",
        (P::Nsd, R::Primary, C::BigRecord) => "zxfrd discards the transfer that nsd breaks off, and says so",
        (_, _, C::ObsoleteTypes) => "every other type; MD and MF with the other peers and with dig",
        (_, _, C::EveryType) => "every type but NSEC, NSEC3, NSEC3PARAM and what else pdns_server makes itself",
        _ => "the other zones",
    }
}

/// How requests are signed, one after the other: not at all, then with a key of each
/// algorithm that the peer has.
pub fn signings(algorithms: &[Algorithm]) -> Vec<Option<TsigKey>> {
    let keys = keys(algorithms).into_iter().map(Some);
    std::iter::once(None).chain(keys).collect()
}

/// A key of each algorithm.
pub fn keys(algorithms: &[Algorithm]) -> Vec<TsigKey> {
    let key = |&algorithm: &Algorithm| TsigKey::new(&format!("{algorithm}.Key.example."), algorithm);
    algorithms.iter().map(key).collect()
}

/// The keys with which a peer transfers a zone: each, but nsd needs 8 seconds to load an
/// RRset of 20,000 records, so that it takes this one unsigned and with one key.
pub fn is_tried(peer: PeerKind, content: Content, key: Option<&TsigKey>) -> bool {
    let usual = key.is_none_or(|key| key.algorithm == Algorithm::Sha256);
    usual || (peer, content) != (PeerKind::Nsd, Content::BigRrset)
}

/// A case's name.
pub fn case(from: impl std::fmt::Display, to: impl std::fmt::Display, zone: &str, key: Option<&TsigKey>) -> String {
    match key {
        Some(key) => format!("{from} to {to}, {zone}, {}", key.algorithm),
        None => format!("{from} to {to}, {zone}, unsigned"),
    }
}

/// A zone for each key that only signed requests may have.
///
/// # Panics
/// When a file can't be written.
pub fn signed_zones(dir: &Path, keys: &[TsigKey]) -> Vec<(Zone, TsigKey)> {
    let zone = |key: &TsigKey| zones::three(dir, &format!("{}.example.", key.algorithm)).unwrap();
    keys.iter().map(|key| (zone(key), key.clone())).collect()
}

/// Reads zones back from one server after the other, all of which should hold the same.
///
/// The first answer for a zone is read and compared record by record; later ones that are
/// the same in every octet need not be.
#[derive(Debug, Default)]
pub struct ReadBack {
    seen: HashMap<String, Vec<Vec<u8>>>,
}

impl ReadBack {
    /// Fails the test unless the server holds these records.
    ///
    /// # Panics
    /// When it doesn't, or can't be asked.
    pub fn assert_held(&mut self, case: &str, server: SocketAddr, zone: &str, held: &[Record], exactness: Exactness) {
        let octets = wire::axfr(server, zone).unwrap_or_else(|failure| panic!("{case}: {failure}"));
        if self.seen.get(zone) == Some(&octets) {
            return;
        }
        let records = dig(server, zone, None).unwrap_or_else(|failure| panic!("{case}: {failure}"));
        assert_same(case, held, &records, exactness);
        self.seen.insert(zone.to_owned(), octets);
    }
}

/// How exactly records must agree that went through a peer.
pub fn exactness(peer: PeerKind) -> Exactness {
    match keeps_case(peer) {
        true => Exactness::Octets,
        false => Exactness::Canonical,
    }
}

/// What each zone of the matrix holds, by its name: read by `named`, and where `named`
/// can't, by `pdns_server` or from the zone's own table. Both are started once in a test
/// program.
///
/// # Panics
/// When they can't be started, or one can't give a zone.
pub fn truth(zone: &Zone) -> &'static [Record] {
    static TRUTH: OnceLock<HashMap<String, Vec<Record>>> = OnceLock::new();
    let all = TRUTH.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        let mut zones = all_zones(dir.path(), Spelling::Generic);
        zones.retain(|zone| zone.content != Content::ObsoleteTypes);
        let by_named = |zone: &Zone| carries(PeerKind::Named, Role::Primary, zone.content).is_ok();
        let (named, pdns): (Vec<_>, Vec<_>) = zones.into_iter().partition(by_named);
        let mut all: HashMap<_, _> = thread::scope(|scope| {
            let pdns = scope.spawn(|| read_by(PeerKind::Pdns, &pdns));
            let named = read_by(PeerKind::Named, &named);
            named.into_iter().chain(pdns.join().unwrap()).collect()
        });
        let obsolete = obsolete(&all[Selection::Every.zone()]);
        all.insert(Selection::Obsolete.zone().to_owned(), obsolete);
        all
    });
    all.get(&zone.name).unwrap_or_else(|| panic!("{} isn't a zone of the matrix", zone.name))
}

/// The zone of the obsolete types, whose case `pdns_server` does not keep: its table,
/// and SOA and NS as in the zone of every type.
fn obsolete(every: &[Record]) -> Vec<Record> {
    let zone = Selection::Obsolete.zone();
    let apex = name::to_wire(zone).unwrap();
    let top = every.iter().filter(|record| record.owner == name::to_wire(Selection::Every.zone()).unwrap());
    let mut records: Vec<_> = top.map(|record| Record { owner: apex.clone(), ..record.clone() }).collect();
    records.extend(Selection::Obsolete.rows().map(|row| Record {
        owner: name::to_wire(&format!("type{}.{zone}", row.rtype)).unwrap(),
        rtype: row.rtype,
        class: 1,
        ttl: 3600,
        rdata: row.rdata(),
    }));
    records
}

fn read_by(peer: PeerKind, zones: &[Zone]) -> Vec<(String, Vec<Record>)> {
    let offers: Vec<_> = zones.iter().map(Offer::open).collect();
    let server = Peer::primary(peer, &offers).unwrap();
    let read = |zone: &Zone| (zone.name.clone(), dig(server.address(), &zone.name, None).unwrap());
    zones.iter().map(read).collect()
}
