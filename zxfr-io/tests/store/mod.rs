//! A server with its zones in memory: primary, secondary and hub, for tests.
#![allow(dead_code, reason = "each test uses a part of it")]

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use zxfr_core::acl::Asker;
use zxfr_core::journal::{Answer, Journal, JournalLimits};
use zxfr_core::name::{Name, NameRef};
use zxfr_core::primary::{self, Host, KeyWanted, Keys, Unserved};
use zxfr_core::refresh::Failure;
use zxfr_core::serial::Serial;
use zxfr_core::tsig::rustcrypto::Hmac;
use zxfr_core::tsig::{Algorithm, Key};
use zxfr_core::wire::{Class, Record, Rtype};
use zxfr_core::zone::{BuildLimits, Builder, Change, Delta, Version};
use zxfr_io::notify::{NotifyLimits, NotifyReport, Target};
use zxfr_io::secondary::{Attempt, Policy, PrimaryAddr, Refused, What, ZoneConfig};
use zxfr_io::{
    Incoming, NotifySender, OutReport, Outgoing, PeerIdentity, Primary, Secondary, SecondaryLimits, ServeLimits, Zones,
};

/// How long anything may take here before the test has failed.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn name(text: &str) -> Name {
    text.parse().unwrap()
}

/// The key that everybody here has.
pub(crate) fn key() -> Arc<Key<Hmac>> {
    Arc::new(Key::new(name("key.example.").as_ref(), Algorithm::HmacSha256, b"0123456789abcdef").unwrap())
}

/// A version with so many hosts, of which the last three change with each serial.
pub(crate) fn version(zone: &str, serial: u32, hosts: u32) -> Arc<Version> {
    let apex = name(zone);
    let mut builder = Builder::new(apex.as_ref(), BuildLimits::default());
    // REFRESH an hour, RETRY 1 s, EXPIRE a day.
    let numbers = [serial, 3600, 1, 86_400, 60].map(u32::to_be_bytes).concat();
    let soa = [b"\x02ns\0\x04mail\0".as_slice(), &numbers].concat();
    let mut push = |owner: &Name, rtype, rdata: &[u8]| {
        builder.push(&Record { owner: owner.as_ref(), rtype, class: Class::IN, ttl: 60, rdata }).unwrap();
    };
    push(&apex, Rtype::SOA, &soa);
    for host in 0..hosts {
        let address = if host + 3 >= hosts { serial ^ host << 16 } else { host };
        push(&name(&format!("host{host}.{zone}")), Rtype::A, &address.to_be_bytes());
    }
    Arc::new(builder.finish().unwrap().0)
}

/// All records, in words.
pub(crate) fn records(version: &Version) -> Vec<String> {
    let mut records = version.records();
    let mut lines = Vec::new();
    while let Some(Record { owner, rtype, ttl, rdata, .. }) = records.next() {
        lines.push(format!("{owner} {ttl} {rtype} {rdata:?}"));
    }
    lines
}

/// Policy that wastes no time.
pub(crate) fn policy() -> Policy {
    let short = zxfr_core::refresh::Bounds { least: Duration::from_millis(200), most: Duration::from_secs(2) };
    Policy { retry: short, initial: short, notify_spacing: Duration::from_millis(20), ..Policy::default() }
}

pub(crate) struct Held {
    pub(crate) version: Arc<Version>,
    pub(crate) journal: Journal,
}

pub(crate) struct Store {
    zones: Mutex<HashMap<Name, Held>>,
    following: Mutex<Vec<Name>>,
    pub(crate) attempts: Mutex<Vec<Attempt>>,
    pub(crate) sent: Mutex<Vec<OutReport>>,
    pub(crate) notified: Mutex<Vec<NotifyReport>>,
    /// Something of the above has changed.
    changed: Notify,
    secondary: OnceLock<Secondary<Self>>,
    /// Why nothing is installed.
    pub(crate) refuses: Mutex<Option<Refused>>,
    /// Who is told of new versions.
    targets: Mutex<Vec<Target<Hmac>>>,
    sender: OnceLock<NotifySender<Self>>,
}

impl Store {
    pub(crate) fn new() -> Arc<Self> {
        let limits = SecondaryLimits { check: Duration::from_millis(2_100), ..SecondaryLimits::default() };
        Self::with(limits, NotifyLimits::default())
    }

    pub(crate) fn with(limits: SecondaryLimits, notify: NotifyLimits) -> Arc<Self> {
        let store = Arc::new(Self {
            zones: Mutex::default(),
            following: Mutex::default(),
            attempts: Mutex::default(),
            sent: Mutex::default(),
            notified: Mutex::default(),
            changed: Notify::new(),
            secondary: OnceLock::new(),
            refuses: Mutex::default(),
            targets: Mutex::default(),
            sender: OnceLock::new(),
        });
        let _ = store.secondary.set(Secondary::new(store.clone(), limits));
        let _ = store.sender.set(NotifySender::new(store.clone(), notify));
        store
    }

    pub(crate) fn secondary(&self) -> &Secondary<Self> {
        self.secondary.get().unwrap()
    }

    pub(crate) fn sender(&self) -> &NotifySender<Self> {
        self.sender.get().unwrap()
    }

    /// Runs the secondary.
    pub(crate) fn refresh(&self) -> JoinHandle<()> {
        let secondary = self.secondary().clone();
        tokio::spawn(async move { secondary.run().await })
    }

    /// Runs the NOTIFY sender.
    pub(crate) fn tell(&self, targets: Vec<Target<Hmac>>) -> JoinHandle<()> {
        *self.targets.lock().unwrap() = targets;
        let sender = self.sender().clone();
        tokio::spawn(async move { sender.run().await })
    }

    /// Serves on this address.
    pub(crate) fn serve(self: &Arc<Self>, addr: SocketAddr) -> Serving {
        let primary = Primary::new(self.clone(), ServeLimits::default());
        let (udp, tcp) = zxfr_io::socket::bind(addr).unwrap();
        let addr = tcp.local_addr().unwrap();
        let task = tokio::spawn(async move {
            tokio::join!(primary.serve_udp(udp), primary.serve_tcp(tcp));
        });
        Serving { addr, task }
    }

    /// Takes a new version, and tells the targets.
    pub(crate) fn publish(&self, version: Arc<Version>) {
        let apex = version.apex().to_name();
        let mut zones = self.zones.lock().unwrap();
        match zones.get_mut(&apex) {
            Some(held) => {
                held.journal.push(Arc::new(held.version.diff(&version).unwrap())).unwrap();
                held.version = version.clone();
            }
            None => {
                let journal = Journal::new(JournalLimits::default());
                zones.insert(apex, Held { version: version.clone(), journal });
            }
        }
        drop(zones);
        self.published(&version);
    }

    /// Makes a new version by this delta.
    pub(crate) fn edit(&self, zone: &str, delta: &Delta) {
        let mut zones = self.zones.lock().unwrap();
        let held = zones.get_mut(&name(zone)).unwrap();
        let applied = held.version.apply(delta, BuildLimits::default()).unwrap();
        held.journal.push(Arc::new(applied.delta)).unwrap();
        held.version = Arc::new(applied.version);
        let version = held.version.clone();
        drop(zones);
        self.published(&version);
    }

    fn published(&self, version: &Version) {
        let targets = self.targets.lock().unwrap().clone();
        if !targets.is_empty() {
            self.sender().notify(version, &targets);
        }
        self.changed.notify_waiters();
    }

    /// Keeps this zone in step with these primaries.
    pub(crate) fn follow(&self, zone: &str, primaries: &[SocketAddr], policy: Policy) {
        let primary = |addr: &SocketAddr| PrimaryAddr { addr: *addr, key: Some(key()), ixfr: true };
        let primaries = primaries.iter().map(primary).collect();
        self.following.lock().unwrap().push(name(zone));
        self.secondary().add(ZoneConfig { name: name(zone), primaries, policy }, Default::default());
    }

    pub(crate) fn held(&self, zone: &str) -> Option<Arc<Version>> {
        Some(self.zones.lock().unwrap().get(&name(zone))?.version.clone())
    }

    /// The attempts that brought a version.
    pub(crate) fn installed(&self) -> Vec<Attempt> {
        self.attempts.lock().unwrap().iter().filter(|attempt| attempt.installed).cloned().collect()
    }

    /// How many transfers run.
    pub(crate) fn running(&self) -> usize {
        let names = self.following.lock().unwrap();
        let status = names.iter().filter_map(|zone| self.secondary().status(zone.as_ref())?.transfer);
        status.filter(|transfer| transfer.running.is_some()).count()
    }

    /// The failures of attempts at this primary.
    pub(crate) fn failures(&self, peer: SocketAddr) -> Vec<(What, Failure)> {
        let attempts = self.attempts.lock().unwrap();
        let at_peer = attempts.iter().filter(|attempt| attempt.peer == peer);
        at_peer.filter_map(|attempt| Some((attempt.what, attempt.result.as_ref().err()?.failure))).collect()
    }

    pub(crate) fn serial(&self, zone: &str) -> Option<u32> {
        self.held(zone).map(|version| version.serial().0)
    }

    /// Waits until it is so.
    pub(crate) async fn until(&self, what: &str, mut holds: impl FnMut(&Self) -> bool) {
        let wait = async {
            loop {
                let changed = self.changed.notified();
                if holds(self) {
                    return;
                }
                // Not all that is waited for is announced.
                let _ = tokio::time::timeout(Duration::from_millis(20), changed).await;
            }
        };
        if tokio::time::timeout(PATIENCE, wait).await.is_err() {
            panic!("never: {what}\n{:#?}", self.attempts.lock().unwrap());
        }
    }

    /// Waits until this serial is held.
    pub(crate) async fn until_serial(&self, zone: &str, serial: u32) {
        self.until(&format!("{zone} {serial}"), |store| store.serial(zone) == Some(serial)).await;
    }
}

/// A primary that runs until this is dropped.
pub(crate) struct Serving {
    pub(crate) addr: SocketAddr,
    task: JoinHandle<()>,
}

impl Serving {
    /// Stops it; the port is free then.
    pub(crate) async fn stop(mut self) {
        self.task.abort();
        let _ = (&mut self.task).await;
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Host for Store {
    type Mac = Hmac;

    fn admits(&self, zone: NameRef<'_>, _: &Asker) -> bool {
        self.zones.lock().unwrap().contains_key(&zone.to_name())
    }

    fn keys(&self, wanted: &KeyWanted<'_>) -> Keys<Hmac> {
        let keys = [key()].into_iter().filter(|key| key.name() == wanted.name);
        Keys::Found(keys.map(|key| (*key).clone()).collect())
    }

    fn key_admits(&self, _: NameRef<'_>, _: &Asker, key: Option<NameRef<'_>>) -> bool {
        key.is_some()
    }

    fn version(&self, zone: NameRef<'_>) -> Result<Arc<Version>, Unserved> {
        self.zones.lock().unwrap().get(&zone.to_name()).map(|held| held.version.clone()).ok_or(Unserved::NotLoaded)
    }

    fn admit_transfer(&self, _: NameRef<'_>, _: &Asker) -> bool {
        true
    }

    fn answer(&self, zone: NameRef<'_>, version: &Arc<Version>, from: Serial) -> Answer {
        match self.zones.lock().unwrap().get_mut(&zone.to_name()) {
            Some(held) => held.journal.answer(version, from),
            None => Answer::Whole,
        }
    }

    fn admits_notify(&self, _: NameRef<'_>, _: &Asker) -> bool {
        true
    }

    fn notify_key_admits(&self, _: NameRef<'_>, _: &Asker, key: Option<NameRef<'_>>) -> bool {
        key.is_some()
    }
}

impl Zones for Store {
    fn transfer_ended(&self, report: &OutReport) {
        let OutReport { zone, key, kind, .. } = report;
        let report = OutReport { zone: zone.clone(), key: key.clone(), kind: *kind, ..*report };
        self.sent.lock().unwrap().push(report);
        self.changed.notify_waiters();
    }

    fn notified(&self, peer: &PeerIdentity, notify: &primary::Notify) {
        self.secondary().notify(notify.zone.as_ref(), peer.addr.ip(), notify.serial);
    }
}

impl Incoming for Store {
    type Mac = Hmac;

    fn held(&self, zone: NameRef<'_>) -> Option<Arc<Version>> {
        Some(self.zones.lock().unwrap().get(&zone.to_name())?.version.clone())
    }

    fn install(&self, zone: NameRef<'_>, change: Change) -> Result<(), Refused> {
        if let Some(refused) = &*self.refuses.lock().unwrap() {
            return Err(refused.clone());
        }
        let mut zones = self.zones.lock().unwrap();
        let held = zones.entry(zone.to_name()).or_insert_with(|| Held {
            version: change.version.clone(),
            journal: Journal::new(JournalLimits::default()),
        });
        held.version = change.version.clone();
        if change.deltas.is_empty() {
            held.journal.clear();
        }
        for delta in change.deltas {
            held.journal.push(delta).map_err(|error| Refused::Failed(error.to_string()))?;
        }
        drop(zones);
        self.published(&change.version);
        Ok(())
    }

    fn attempt_ended(&self, attempt: &Attempt) {
        self.attempts.lock().unwrap().push(attempt.clone());
        self.changed.notify_waiters();
    }
}

impl Outgoing for Store {
    type Mac = Hmac;

    fn notify_ended(&self, report: &NotifyReport) {
        self.notified.lock().unwrap().push(report.clone());
        self.changed.notify_waiters();
    }
}
