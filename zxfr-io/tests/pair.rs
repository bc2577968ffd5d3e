//! A primary and a client, over real sockets and over pipes.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use zxfr_core::acl::Asker;
use zxfr_core::name::{Name, NameRef};
use zxfr_core::primary::{Host, KeyWanted, Keys, Pending, Refusal, Unserved};
use zxfr_core::serial::Serial;
use zxfr_core::transfer::Limits;
use zxfr_core::tsig::rustcrypto::Hmac;
use zxfr_core::tsig::{Algorithm, Key, NoMac};
use zxfr_core::wire::{Class, Rcode, Record, Rtype};
use zxfr_core::zone::{BuildLimits, Builder, Version};
use zxfr_io::client::soa_udp;
use zxfr_io::socket::bind;
use zxfr_io::{Client, Error, OutReport, PeerIdentity, Primary, SendError, ServeLimits, Timeouts, Zones};

/// A host with one zone, which anybody may have, and one key.
struct Host1 {
    version: Arc<Version>,
    key: Key<Hmac>,
    keys_later: bool,
    running: AtomicUsize,
    reports: Mutex<Vec<OutReport>>,
    refusals: Mutex<Vec<Refusal>>,
    ended: Notify,
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn version(records: u32) -> Arc<Version> {
    let apex = name("example.");
    let mut builder = Builder::new(apex.as_ref(), BuildLimits::default());
    let soa = [b"\x02ns\0\x04mail\0".as_slice(), &[0, 0, 0, 9], &[0; 16]].concat();
    let mut push = |owner: &str, rtype, rdata: &[u8]| {
        let owner = name(owner);
        builder.push(&Record { owner: owner.as_ref(), rtype, class: Class::IN, ttl: 60, rdata }).unwrap();
    };
    push("example.", Rtype::SOA, &soa);
    for number in 0..records {
        push(&format!("host{number}.example."), Rtype::A, &number.to_be_bytes());
    }
    Arc::new(builder.finish().unwrap().0)
}

impl Host1 {
    fn new(records: u32) -> Self {
        Self {
            version: version(records),
            key: Key::new(name("key.example.").as_ref(), Algorithm::HmacSha256, b"0123456789abcdef").unwrap(),
            keys_later: false,
            running: AtomicUsize::new(0),
            reports: Mutex::default(),
            refusals: Mutex::default(),
            ended: Notify::new(),
        }
    }

    /// Waits until that many transfers have ended.
    async fn transfers_ended(&self, count: usize) {
        loop {
            let ended = self.ended.notified();
            if self.reports.lock().unwrap().len() >= count {
                return;
            }
            ended.await;
        }
    }
}

impl Host for Host1 {
    type Mac = Hmac;

    fn admits(&self, zone: NameRef<'_>, _: &Asker) -> bool {
        zone == self.version.apex()
    }

    fn keys(&self, wanted: &KeyWanted<'_>) -> Keys<Hmac> {
        match wanted.name == self.key.name() {
            true if self.keys_later => Keys::Later,
            true => Keys::Found(vec![self.key.clone()]),
            false => Keys::Found(Vec::new()),
        }
    }

    fn key_admits(&self, _: NameRef<'_>, _: &Asker, _: Option<NameRef<'_>>) -> bool {
        true
    }

    fn version(&self, _: NameRef<'_>) -> Result<Arc<Version>, Unserved> {
        Ok(self.version.clone())
    }

    fn admit_transfer(&self, _: NameRef<'_>, _: &Asker) -> bool {
        self.running.fetch_add(1, Ordering::SeqCst);
        true
    }
}

impl Zones for Host1 {
    async fn fetch_keys(&self, _: &Pending) -> Vec<Key<Hmac>> {
        tokio::task::yield_now().await;
        vec![self.key.clone()]
    }

    fn transfer_ended(&self, report: &OutReport) {
        self.running.fetch_sub(1, Ordering::SeqCst);
        let OutReport { zone, key, .. } = report;
        self.reports.lock().unwrap().push(OutReport { zone: zone.clone(), key: key.clone(), ..*report });
        self.ended.notify_waiters();
    }

    fn refused(&self, _: &PeerIdentity, _: Option<NameRef<'_>>, refusal: &Refusal) {
        self.refusals.lock().unwrap().push(*refusal);
    }
}

/// Serves on a free port.
fn serve(host: &Arc<Host1>, limits: ServeLimits) -> (Primary<Host1>, SocketAddr) {
    let primary = Primary::new(host.clone(), limits);
    let (udp, tcp) = bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let addr = tcp.local_addr().unwrap();
    let (on_udp, on_tcp) = (primary.clone(), primary.clone());
    tokio::spawn(async move { on_udp.serve_udp(udp).await });
    tokio::spawn(async move { on_tcp.serve_tcp(tcp).await });
    (primary, addr)
}

async fn pull(client: &Client, key: Option<&Key<Hmac>>) -> Result<Version, Error> {
    let zone = name("EXAMPLE.");
    let mut builder = Builder::new(zone.as_ref(), BuildLimits::default());
    let report = client.axfr(zone.as_ref(), key, Limits::default(), &mut builder).await?;
    let (version, summary) = builder.finish().unwrap();
    assert_eq!(report.totals.records, version.record_count() + 1);
    assert_eq!((report.serial, summary.duplicates), (Serial(9), 0));
    Ok(version)
}

fn octets(version: &Version) -> Vec<bytes::Bytes> {
    let mut position = Default::default();
    let mut pages = Vec::new();
    while let Some((page, next)) = version.page(position) {
        pages.push(page.answer());
        position = next;
    }
    pages
}

#[tokio::test]
async fn zone_moves_signed_and_not() {
    let host = Arc::new(Host1::new(20_000));
    let (_, addr) = serve(&host, ServeLimits::default());
    let client = Client::connect(addr, Timeouts::default()).await.unwrap();
    for key in [None, Some(&host.key)] {
        let version = pull(&client, key).await.unwrap();
        assert_eq!(octets(&version), octets(&host.version));
        let tally = client.axfr_tally(name("example.").as_ref(), key).await.unwrap();
        assert_eq!(tally.totals.records, host.version.record_count() + 1);
        let soa = client.soa(name("example.").as_ref(), key).await.unwrap();
        assert_eq!(soa.serial, Serial(9));
        let soa = soa_udp(addr, name("example.").as_ref(), key, Timeouts::default()).await.unwrap();
        assert!(soa.authoritative);
    }
    host.transfers_ended(4).await;
    let reports = host.reports.lock().unwrap();
    assert!(reports.iter().all(|report| report.result.is_ok() && report.totals.records == 20_002));
    assert_eq!(reports.iter().filter(|report| report.key.as_ref() == Some(&name("key.example."))).count(), 2);
    assert_eq!(host.running.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn many_transfers_at_once_over_one_connection() {
    let host = Arc::new(Host1 { keys_later: true, ..Host1::new(5_000) });
    let (_, addr) = serve(&host, ServeLimits { transfers_per_connection: 4, ..ServeLimits::default() });
    let client = Client::connect(addr, Timeouts::default()).await.unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..40 {
        let (client, host) = (client.clone(), host.clone());
        tasks.spawn(async move { pull(&client, (number % 2 == 0).then_some(&host.key)).await.unwrap() });
    }
    while let Some(version) = tasks.join_next().await {
        assert_eq!(octets(&version.unwrap()), octets(&host.version));
    }
    host.transfers_ended(40).await;
}

/// On threads, where messages are signed ahead: alone, joined by another, broken off, one after the other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signed_transfers_are_whole_and_reported_once_wherever_they_are_signed() {
    let host = Arc::new(Host1::new(200_000));
    let (primary, addr) = serve(&host, ServeLimits::default());
    let mut request = [0; 300];
    let length = zxfr_core::transfer::axfr_query(&mut request, name("example.").as_ref(), 7, false).unwrap();
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let signed = zxfr_core::tsig::sign_request(&host.key, &mut request, length, zxfr_core::time::UnixTime(now));
    let (length, _) = signed.unwrap();
    let request = [&u16::try_from(length).unwrap().to_be_bytes(), &request[..length]].concat();
    for round in 1..=5 {
        let client = Client::connect(addr, Timeouts::default()).await.unwrap();
        let mut broken = TcpStream::connect(addr).await.unwrap();
        broken.write_all(&request).await.unwrap();
        broken.read_exact(&mut vec![0; round * 500_000]).await.unwrap();
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..2 {
            let (client, host) = (client.clone(), host.clone());
            tasks.spawn(async move { pull(&client, Some(&host.key)).await.unwrap() });
        }
        drop(broken);
        while let Some(version) = tasks.join_next().await {
            assert_eq!(octets(&version.unwrap()), octets(&host.version));
        }
        host.transfers_ended(3 * round).await;
    }
    primary.shutdown();
    let reports = host.reports.lock().unwrap();
    assert_eq!((reports.len(), host.running.load(Ordering::SeqCst)), (15, 0));
    let whole = reports.iter().filter(|report| report.result.is_ok());
    assert!(whole.clone().all(|report| report.totals.records == 200_002));
    assert!(whole.count() >= 10);
}

#[tokio::test]
async fn any_stream_will_do() {
    let host = Arc::new(Host1::new(3_000));
    let primary = Primary::new(host.clone(), ServeLimits::default());
    let peer = PeerIdentity::tcp("192.0.2.7:5353".parse().unwrap());
    // A pipe that takes 7 octets at a time.
    let (ours, theirs) = duplex(7);
    let server = tokio::spawn(async move { primary.serve_stream(theirs, peer).await });
    let client = Client::over(ours, peer, Timeouts::default());
    let version = pull(&client, None).await.unwrap();
    assert_eq!(octets(&version), octets(&host.version));
    drop(client);
    server.await.unwrap();
    assert_eq!(host.reports.lock().unwrap()[0].peer, peer);
}

#[tokio::test]
async fn a_refused_client_learns_why() {
    let host = Arc::new(Host1::new(1));
    let (_, addr) = serve(&host, ServeLimits::default());
    let client = Client::connect(addr, Timeouts::default()).await.unwrap();
    let error = client.soa::<NoMac>(name("other.").as_ref(), None).await.unwrap_err();
    assert!(error.to_string().contains("REFUSED"), "{error}");
    let stranger = Key::<Hmac>::new(name("stranger.").as_ref(), Algorithm::HmacSha256, b"x").unwrap();
    let error = pull(&client, Some(&stranger)).await.unwrap_err();
    assert!(error.to_string().contains("BADKEY"), "{error}");
    let refusals = host.refusals.lock().unwrap().clone();
    assert_eq!(refusals, [Refusal::Stranger, Refusal::Tsig(Rcode::BADKEY)]);
}

#[tokio::test]
async fn one_octet_at_a_time_and_several_requests_at_once() {
    let host = Arc::new(Host1::new(10));
    let (_, addr) = serve(&host, ServeLimits::default());
    let mut stream = TcpStream::connect(addr).await.unwrap();
    let mut request = [0; 300];
    let length = zxfr_core::transfer::soa_query(&mut request, name("example.").as_ref(), 7, false).unwrap();
    let framed = [&(length as u16).to_be_bytes(), &request[..length]].concat();
    for octet in &framed {
        stream.write_all(&[*octet]).await.unwrap();
        stream.flush().await.unwrap();
    }
    // Two more in one piece.
    stream.write_all(&framed.repeat(2)).await.unwrap();
    for _ in 0..3 {
        let length = stream.read_u16().await.unwrap();
        let mut answer = vec![0; length.into()];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(answer[..2], [0, 7]);
    }
}

#[tokio::test]
async fn a_client_that_reads_nothing_is_cut_off_and_others_are_not() {
    let host = Arc::new(Host1::new(400_000));
    let limits = ServeLimits { progress: Duration::from_millis(300), ..ServeLimits::default() };
    let (_, addr) = serve(&host, limits);
    let mut lazy = TcpStream::connect(addr).await.unwrap();
    let mut request = [0; 300];
    let length = zxfr_core::transfer::axfr_query(&mut request, name("example.").as_ref(), 7, false).unwrap();
    lazy.write_all(&[&(length as u16).to_be_bytes(), &request[..length]].concat()).await.unwrap();
    let client = Client::connect(addr, Timeouts::default()).await.unwrap();
    pull(&client, None).await.unwrap();
    host.transfers_ended(2).await;
    let reports = host.reports.lock().unwrap();
    let cut = reports.iter().find(|report| report.result.is_err()).unwrap();
    assert_eq!(cut.result, Err(SendError::NoProgress(Duration::from_millis(300))));
    drop(lazy);
}

#[tokio::test]
async fn idle_connections_are_closed_and_half_requests_cut() {
    let host = Arc::new(Host1::new(1));
    let wait = Duration::from_millis(100);
    let (_, addr) = serve(&host, ServeLimits { idle: wait, progress: wait, ..ServeLimits::default() });
    let mut silent = TcpStream::connect(addr).await.unwrap();
    assert_eq!(silent.read(&mut [0]).await.unwrap(), 0);
    let mut half = TcpStream::connect(addr).await.unwrap();
    half.write_all(&[0, 40, 1]).await.unwrap();
    assert_eq!(half.read(&mut [0]).await.unwrap_or(0), 0);
}

#[tokio::test]
async fn too_many_connections_are_closed_at_once() {
    let host = Arc::new(Host1::new(1));
    let (_, addr) = serve(&host, ServeLimits { connections_per_address: 1, ..ServeLimits::default() });
    let client = Client::connect(addr, Timeouts::default()).await.unwrap();
    client.soa::<NoMac>(name("example.").as_ref(), None).await.unwrap();
    let second = Client::connect(addr, Timeouts::default()).await.unwrap();
    assert!(second.soa::<NoMac>(name("example.").as_ref(), None).await.is_err());
    client.soa::<NoMac>(name("example.").as_ref(), None).await.unwrap();
}

#[tokio::test]
async fn shutdown_lets_a_transfer_end() {
    let host = Arc::new(Host1::new(50_000));
    let primary = Primary::new(host.clone(), ServeLimits::default());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let on_tcp = primary.clone();
    let server = tokio::spawn(async move { on_tcp.serve_tcp(listener).await });
    let mut stream = TcpStream::connect(addr).await.unwrap();
    let mut request = [0; 300];
    let length = zxfr_core::transfer::axfr_query(&mut request, name("example.").as_ref(), 7, false).unwrap();
    stream.write_all(&[&(length as u16).to_be_bytes(), &request[..length]].concat()).await.unwrap();
    let first = stream.read_u8().await.unwrap();
    primary.shutdown();
    let mut rest = vec![first];
    stream.read_to_end(&mut rest).await.unwrap();
    server.await.unwrap();
    let report = &host.reports.lock().unwrap()[0];
    assert!(report.result.is_ok());
    assert_eq!(rest.len() as u64, report.totals.octets + 2 * report.totals.messages);
}

#[tokio::test]
async fn a_primary_that_breaks_off_gives_no_zone() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let host = Host1::new(3_000);
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let length = stream.read_u16().await.unwrap();
        let mut request = vec![0; length.into()];
        stream.read_exact(&mut request).await.unwrap();
        let asker = PeerIdentity::tcp(addr).asker();
        let action = zxfr_core::primary::handle_request(&host, &request, &asker, Default::default());
        let zxfr_core::primary::Action::Stream(mut outbound) = action else { panic!() };
        let frame = outbound.poll_transmit(Default::default()).unwrap().unwrap();
        stream.write_all(&frame.stream_parts().concat()).await.unwrap();
    });
    let client = Client::connect(addr, Timeouts::default()).await.unwrap();
    let error = pull(&client, None).await.unwrap_err();
    assert!(error.to_string().contains("before the closing SOA"), "{error}");
}

#[tokio::test]
async fn a_primary_that_says_nothing_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let timeouts = Timeouts { progress: Duration::from_millis(50), ..Timeouts::default() };
    let client = Client::connect(listener.local_addr().unwrap(), timeouts).await.unwrap();
    let error = pull(&client, None).await.unwrap_err();
    assert!(matches!(error, Error::Timeout { .. }), "{error}");
    let silent = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let error = soa_udp::<NoMac>(silent.local_addr().unwrap(), name("example.").as_ref(), None, timeouts).await;
    assert!(matches!(error, Err(Error::Timeout { .. })));
}
