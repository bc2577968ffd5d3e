//! Tests of the rules, by name, and of how changes are done.

mod changes;
mod links;
mod objects;
mod policy;
mod settings;
mod zones;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use super::*;
use crate::config;
use crate::store::{Damaged, Doing, Memory, Problem, Store, StoreError, StoredZone, Write, ZoneSink};

/// A catalog, a token for everything, and what was written and told.
struct Fixture {
    catalog: Catalog,
    by: Token,
    account: Id,
    store: Arc<Trail>,
    told: Arc<Told>,
}

/// A store that keeps what it was told, and fails when it is to.
#[derive(Default)]
struct Trail {
    writes: Mutex<Vec<Vec<Write>>>,
    fails: Mutex<Option<StoreError>>,
    held: Vec<Object>,
}

impl Trail {
    fn last(&self) -> Vec<Write> {
        self.writes.lock().unwrap().last().cloned().unwrap_or_default()
    }
}

impl Store for Trail {
    fn objects(&self) -> Doing<'_, Result<Vec<Object>, StoreError>> {
        Box::pin(async { Ok(self.held.clone()) })
    }

    fn zones<'s>(&'s self, sink: ZoneSink<'s>) -> Doing<'s, Result<(), StoreError>> {
        Memory.zones(sink)
    }

    fn zone(&self, zone: Id) -> Doing<'_, Result<Option<Result<StoredZone, Damaged>>, StoreError>> {
        Memory.zone(zone)
    }

    fn commit(&self, writes: Vec<Write>) -> Doing<'_, Result<(), StoreError>> {
        Box::pin(async {
            // Somebody else could run here.
            tokio::task::yield_now().await;
            if let Some(error) = self.fails.lock().unwrap().clone() {
                return Err(error);
            }
            self.writes.lock().unwrap().push(writes);
            Ok(())
        })
    }

    fn check(&self) -> Doing<'_, Result<Vec<Problem>, StoreError>> {
        Memory.check()
    }

    fn close(&self) -> Doing<'_, ()> {
        Memory.close()
    }
}

/// What was told to be acted upon.
#[derive(Default)]
struct Told(Mutex<Vec<Effect>>);

impl Told {
    fn take(&self) -> Vec<Effect> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Applied for Told {
    fn apply(&self, _: &Objects, effects: &[Effect]) {
        self.0.lock().unwrap().extend(effects.to_vec());
    }
}

const OTHER: &str = "00000000000000000000000000000002";

/// Two accounts, and what else a configuration says.
async fn fixture_with(config: &str, held: Vec<Object>) -> (Fixture, Vec<String>) {
    let accounts = format!(
        "[api]\naccounts = [{{ id = \"00000000000000000000000000000001\", name = \"one\" }}, {{ id = \"{OTHER}\", name = \"two\" }}]\n"
    );
    let config = config::parse(&format!("{accounts}{config}"), Path::new("zxfrd.toml"));
    let config = config.unwrap_or_else(|error| panic!("{error}"));
    let (store, told) = (Arc::new(Trail { held, ..Trail::default() }), Arc::new(Told::default()));
    let (catalog, problems) = Catalog::open(store.clone(), &config).await.unwrap();
    catalog.tell(told.clone());
    let by = token("all", Reach::All, Access::Write);
    let account = config.api.accounts[0].id;
    (Fixture { catalog, by, account, store, told }, problems)
}

async fn fixture() -> Fixture {
    let (fixture, problems) = fixture_with("", Vec::new()).await;
    assert_eq!(problems, [""; 0]);
    fixture
}

fn token(name: &str, accounts: Reach, access: Access) -> Token {
    let (digest, created) = (Token::digest(name), Time::now());
    let (id, origin) = (Id::random().unwrap(), Origin::Managed);
    Token { id, name: name.to_owned(), email: None, digest, accounts, access, origin, created }
}

fn other() -> Id {
    OTHER.parse().unwrap()
}

/// Base 64 of so many octets.
fn secret(octets: usize) -> String {
    use base64ct::{Base64, Encoding};
    Base64::encode_string(&vec![7; octets])
}

fn tsig(name: &str, algo: &str, secret: Option<&str>) -> TsigWanted {
    TsigWanted { name: name.to_owned(), algo: algo.to_owned(), secret: secret.map(str::to_owned) }
}

fn peer(name: &str, ip: Option<&str>) -> PeerWanted {
    PeerWanted { name: name.to_owned(), ip: ip.map(str::to_owned), ..PeerWanted::default() }
}

fn acl(name: &str, ip_range: &str) -> AclWanted {
    AclWanted { name: name.to_owned(), ip_range: ip_range.to_owned() }
}

impl Fixture {
    async fn tsig(&self, name: &str) -> Arc<Tsig> {
        let done = self.catalog.create_tsig(&self.by, self.account, tsig(name, "hmac-sha256.", None)).await;
        done.unwrap().result
    }

    async fn peer(&self, wanted: PeerWanted) -> Arc<Peer> {
        self.catalog.create_peer(&self.by, self.account, wanted).await.unwrap().result
    }

    async fn zone(&self, name: &str, kind: &str) -> Arc<Zone> {
        let wanted =
            ZoneWanted { account: Some(self.account.to_string()), name: name.to_owned(), kind: Some(kind.to_owned()) };
        self.catalog.create_zone(&self.by, wanted).await.unwrap().result
    }

    async fn incoming(&self, zone: &Zone, peers: &[Id]) -> Result<Done<Arc<Incoming>>, Fault> {
        let peers = peers.iter().map(ToString::to_string).collect();
        let wanted = IncomingWanted { name: zone.name.text().to_owned(), peers, auto_refresh_seconds: None };
        self.catalog.create_incoming(&self.by, zone.id, wanted).await
    }

    async fn outgoing(&self, zone: &Zone, peers: &[Id]) -> Result<Done<Arc<Outgoing>>, Fault> {
        let peers = peers.iter().map(ToString::to_string).collect();
        let wanted = OutgoingWanted { name: zone.name.text().to_owned(), peers };
        self.catalog.create_outgoing(&self.by, zone.id, wanted).await
    }
}

/// A fault has to be this, and to say so.
#[track_caller]
fn assert_fault<T>(done: Result<Done<T>, Fault>, kind: FaultKind, code: u32, pointer: Option<&str>, part: &str) {
    let Err(fault) = done else { panic!("it was done, not {code} {part}") };
    assert_eq!((fault.kind, fault.code, fault.pointer.as_deref()), (kind, code, pointer), "{fault}");
    assert!(fault.message.contains(part), "{part:?} is not in {:?}", fault.message);
}

fn effect(zone: &Zone) -> Effect {
    Effect::Zone { id: zone.id, name: zone.name.value().clone() }
}
