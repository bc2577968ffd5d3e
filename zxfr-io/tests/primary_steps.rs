//! A primary whose zone changes: IXFR over TCP and UDP, NOTIFY from others, and what its host is told.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, RwLock};
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use zxfr_core::acl::Asker;
use zxfr_core::journal::{Answer, Journal, JournalLimits};
use zxfr_core::name::{Name, NameRef};
use zxfr_core::primary::{Host, KeyWanted, Keys, Notify, Pending, Refusal, Unserved};
use zxfr_core::serial::Serial;
use zxfr_core::transfer::{Event, Inbound, Kind, Limits, ixfr_query};
use zxfr_core::tsig::rustcrypto::Hmac;
use zxfr_core::tsig::{Algorithm, Key};
use zxfr_core::wire::{Class, Record, Rtype};
use zxfr_core::zone::{BuildLimits, Builder, Update, Version};
use zxfr_io::client::{self, ixfr_udp, notify_udp, soa_udp};
use zxfr_io::socket::bind;
use zxfr_io::{Client, OutReport, PeerIdentity, Primary, ServeLimits, Timeouts, Zones};

/// A host with one zone and its journal, and one key.
struct Changing {
    held: RwLock<(Arc<Version>, Mutex<Journal>)>,
    key: Key<Hmac>,
    keys_later: bool,
    admitted: Mutex<u32>,
    reports: Mutex<Vec<(Kind, Serial, u64, &'static str)>>,
    notified: Mutex<Vec<(PeerIdentity, Notify)>>,
    told: tokio::sync::Notify,
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

/// The zone at this serial: hosts, of which the first few have addresses that depend on it.
fn version(serial: u32, changing: u32) -> Arc<Version> {
    let apex = name("example.");
    let mut builder = Builder::new(apex.as_ref(), BuildLimits::default());
    let mut push = |owner: &Name, rtype, rdata: &[u8]| {
        builder.push(&Record { owner: owner.as_ref(), rtype, class: Class::IN, ttl: 60, rdata }).unwrap();
    };
    push(&apex, Rtype::SOA, &[b"\x02ns\0\x04mail\0".as_slice(), &serial.to_be_bytes(), &[0; 16]].concat());
    for number in 0..3_000 {
        let address = if number < changing { serial } else { 0 };
        push(&name(&format!("host{number}.example.")), Rtype::A, &address.to_be_bytes());
    }
    Arc::new(builder.finish().unwrap().0)
}

impl Changing {
    fn new(keys_later: bool) -> Self {
        Self {
            held: RwLock::new((version(1, 5), Mutex::new(Journal::new(JournalLimits::default())))),
            key: Key::new(name("key.example.").as_ref(), Algorithm::HmacSha256, b"0123456789abcdef").unwrap(),
            keys_later,
            admitted: Mutex::default(),
            reports: Mutex::default(),
            notified: Mutex::default(),
            told: tokio::sync::Notify::new(),
        }
    }

    fn current(&self) -> Arc<Version> {
        self.held.read().unwrap().0.clone()
    }

    fn change(&self, version: Arc<Version>) {
        let mut held = self.held.write().unwrap();
        let delta = held.0.diff(&version).unwrap();
        held.1.get_mut().unwrap().push(Arc::new(delta)).unwrap();
        held.0 = version;
    }

    fn report(&self, report: &OutReport, how: &'static str) {
        assert!(report.result.is_ok() && report.zone == name("example."));
        self.reports.lock().unwrap().push((report.kind, report.serial, report.totals.records, how));
        self.told.notify_waiters();
    }

    /// The next report, taken away.
    async fn next_report(&self) -> (Kind, Serial, u64, &'static str) {
        loop {
            let told = self.told.notified();
            if let Some(report) = self.reports.lock().unwrap().pop() {
                return report;
            }
            told.await;
        }
    }
}

impl Host for Changing {
    type Mac = Hmac;

    fn admits(&self, zone: NameRef<'_>, _: &Asker) -> bool {
        zone == name("example.").as_ref()
    }

    fn keys(&self, _: &KeyWanted<'_>) -> Keys<Hmac> {
        if self.keys_later { Keys::Later } else { Keys::Found(vec![self.key.clone()]) }
    }

    fn key_admits(&self, _: NameRef<'_>, _: &Asker, _: Option<NameRef<'_>>) -> bool {
        true
    }

    fn version(&self, _: NameRef<'_>) -> Result<Arc<Version>, Unserved> {
        Ok(self.current())
    }

    fn admit_transfer(&self, _: NameRef<'_>, _: &Asker) -> bool {
        *self.admitted.lock().unwrap() += 1;
        true
    }

    fn answer(&self, _: NameRef<'_>, version: &Arc<Version>, from: Serial) -> Answer {
        self.held.read().unwrap().1.lock().unwrap().answer(version, from)
    }

    fn expire(&self, _: NameRef<'_>) -> Option<u32> {
        Some(4711)
    }

    fn admits_notify(&self, zone: NameRef<'_>, asker: &Asker) -> bool {
        self.admits(zone, asker)
    }
}

impl Zones for Changing {
    async fn fetch_keys(&self, _: &Pending) -> Vec<Key<Hmac>> {
        vec![self.key.clone()]
    }

    fn transfer_ended(&self, report: &OutReport) {
        *self.admitted.lock().unwrap() -= 1;
        self.report(report, "transfer");
    }

    fn answered(&self, report: &OutReport) {
        self.report(report, "answer");
    }

    fn notified(&self, peer: &PeerIdentity, notify: &Notify) {
        assert_eq!(notify.zone, name("example."));
        self.notified.lock().unwrap().push((*peer, notify.clone()));
    }

    fn refused(&self, _: &PeerIdentity, _: Option<NameRef<'_>>, refusal: &Refusal) {
        panic!("{refusal}");
    }
}

fn serve(host: &Arc<Changing>) -> SocketAddr {
    let primary = Primary::new(host.clone(), ServeLimits::default());
    let (udp, tcp) = bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let addr = tcp.local_addr().unwrap();
    let on_udp = primary.clone();
    tokio::spawn(async move { on_udp.serve_udp(udp).await });
    tokio::spawn(async move { primary.serve_tcp(tcp).await });
    addr
}

/// A secondary with a version of its own.
struct Follower<'h> {
    addr: SocketAddr,
    client: Client,
    held: Arc<Version>,
    key: Option<&'h Key<Hmac>>,
}

impl Follower<'_> {
    /// Over UDP, and over TCP when that doesn't do: what it was, and whether by TCP.
    async fn follow(&mut self) -> (client::Kind, bool) {
        let (zone, soa) = (self.held.apex(), self.held.soa());
        let update = || Update::new(zone, Some(self.held.clone()), BuildLimits::default());
        let mut by_udp = update();
        let report = ixfr_udp(self.addr, zone, &soa, self.key, Limits::default(), Timeouts::default(), &mut by_udp)
            .await
            .unwrap();
        let (report, update, by_tcp) = match report {
            Some(report) => (report, by_udp, false),
            None => {
                let mut by_tcp = update();
                let report = self.client.ixfr(zone, &soa, self.key, Limits::default(), &mut by_tcp).await.unwrap();
                (report, by_tcp, true)
            }
        };
        assert_eq!(report.expire, Some(4711));
        if report.kind != client::Kind::UpToDate {
            self.held = update.commit().unwrap().version;
        }
        (report.kind, by_tcp)
    }
}

fn records(version: &Version) -> Vec<String> {
    let mut records = version.records();
    let mut listed = Vec::new();
    while let Some(record) = records.next() {
        listed.push(format!("{record:?}"));
    }
    listed
}

#[tokio::test]
async fn a_secondary_keeps_up_over_udp_and_tcp() {
    for (signed, keys_later) in [(false, false), (true, false), (true, true)] {
        let host = Arc::new(Changing::new(keys_later));
        let addr = serve(&host);
        let client = Client::connect(addr, Timeouts::default()).await.unwrap();
        let mut follower = Follower { addr, client, held: host.current(), key: signed.then_some(&host.key) };
        let from = |serial| Serial(serial);
        assert_eq!(follower.follow().await, (client::Kind::UpToDate, false));
        assert_eq!(host.next_report().await, (Kind::UpToDate { from: from(1) }, Serial(1), 1, "answer"));
        // A small step fits into a datagram.
        host.change(version(2, 5));
        assert_eq!(follower.follow().await, (client::Kind::Ixfr { from: from(1), deltas: 1 }, false));
        assert_eq!(host.next_report().await, (Kind::Ixfr { from: from(1) }, Serial(2), 4 + 10, "answer"));
        // A large one doesn't.
        host.change(version(3, 200));
        assert_eq!(follower.follow().await, (client::Kind::Ixfr { from: from(2), deltas: 1 }, true));
        assert_eq!(host.next_report().await, (Kind::Ixfr { from: from(2) }, Serial(3), 4 + 400, "transfer"));
        assert_eq!(records(&follower.held), records(&host.current()));
        // One that takes more than the zone is the zone.
        host.change(version(4, 3_000));
        assert_eq!(follower.follow().await, (client::Kind::Axfr, true));
        assert_eq!(host.next_report().await, (Kind::Axfr, Serial(4), 3_002, "transfer"));
        assert_eq!(records(&follower.held), records(&host.current()));
        assert_eq!(*host.admitted.lock().unwrap(), 0);
        let soa = soa_udp(addr, follower.held.apex(), follower.key, Timeouts::default()).await.unwrap();
        assert_eq!((soa.serial, soa.expire_option), (Serial(4), Some(4711)));
    }
}

#[tokio::test]
async fn notify_is_answered_and_told() {
    for (signed, keys_later) in [(false, false), (true, false), (true, true)] {
        let host = Arc::new(Changing::new(keys_later));
        let addr = serve(&host);
        let (zone, key) = (name("eXample."), signed.then_some(&host.key));
        notify_udp(addr, zone.as_ref(), key, Timeouts::default()).await.unwrap();
        let client = Client::connect(addr, Timeouts::default()).await.unwrap();
        client.notify(zone.as_ref(), key).await.unwrap();
        // In the same stream as a transfer.
        client.ixfr(zone.as_ref(), &version(7, 0).soa(), key, Limits::default(), &mut Nothing).await.unwrap();
        let notified = host.notified.lock().unwrap();
        let keys: Vec<_> = notified.iter().map(|(_, notify)| notify.key.clone()).collect();
        assert_eq!(keys, vec![key.map(|key| key.name().to_name()); 2]);
        assert!(notified.iter().all(|(peer, notify)| peer.addr.ip() == addr.ip() && notify.serial.is_none()));
    }
}

/// Takes events and forgets them.
struct Nothing;

impl zxfr_io::EventSink for Nothing {
    fn event(&mut self, _: &Event<'_>) -> Result<(), zxfr_io::SinkError> {
        Ok(())
    }
}

/// The next message of a stream.
async fn message(stream: &mut (impl AsyncReadExt + Unpin)) -> Vec<u8> {
    let mut octets = vec![0; stream.read_u16().await.unwrap().into()];
    stream.read_exact(&mut octets).await.unwrap();
    octets
}

#[tokio::test]
async fn new_version_during_a_slow_ixfr_leaves_it_on_its_own() {
    let host = Arc::new(Changing::new(false));
    host.change(version(2, 1_300));
    let primary = Primary::new(host.clone(), ServeLimits::default());
    let peer = PeerIdentity::tcp("192.0.2.7:5353".parse().unwrap());
    // The server can be ahead by less than a message.
    let (mut stream, theirs) = duplex(100);
    tokio::spawn(async move { primary.serve_stream(theirs, peer).await });
    let zone = name("example.");
    let mut query = [0; 1100];
    let length = ixfr_query(&mut query, zone.as_ref(), &version(1, 5).soa(), 7, true).unwrap();
    stream.write_all(&[&(length as u16).to_be_bytes(), &query[..length]].concat()).await.unwrap();
    let mut inbound = Inbound::<Hmac>::ixfr(zone.as_ref(), Serial(1), 7, Limits::default(), None);
    let (mut changes, mut end) = (0, None);
    while end.is_none() {
        let octets = message(&mut stream).await;
        if inbound.totals().messages == 0 {
            // Two more while the first message is all that was read.
            host.change(version(3, 5));
            host.change(version(4, 5));
        }
        let mut events = inbound.handle_message(&octets, Default::default()).unwrap();
        while let Some(event) = events.next().unwrap() {
            match event {
                Event::Delete(_) | Event::Add(_) => changes += 1,
                Event::Commit { serial } => end = Some(serial),
                _ => {}
            }
        }
    }
    assert!(inbound.totals().messages > 2);
    assert_eq!((end, changes), (Some(Serial(2)), 2 * 1_300));
    assert_eq!(host.next_report().await, (Kind::Ixfr { from: Serial(1) }, Serial(2), 2 * 1_300 + 4, "transfer"));
}
