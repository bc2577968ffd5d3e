//! A client that takes 1 KiB a second while a hundred new versions arrive. Over pipes and on a stopped clock, which goes on
//! only when nothing else can be done: so what takes no time on it is delayed by nobody.

mod store;

use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};
use std::time::Duration;
use store::{Store, key, name, records, version};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf, duplex};
use tokio::time::{Instant, Sleep, sleep};
use zxfr_core::serial::Serial;
use zxfr_core::transfer::Limits;
use zxfr_core::wire::{Class, Record, Rtype};
use zxfr_core::zone::{BuildLimits, Builder, Delta, DeltaBuilder, Update, Version};
use zxfr_io::client::{EventSink, Kind, SinkError};
use zxfr_io::{Client, PeerIdentity, Primary, ServeLimits, Timeouts};

const VERSIONS: u32 = 100;
const HOSTS: u32 = 30_000;
/// How many records of the zone each version changes.
const CHANGES: u32 = 300;
/// Octets per second.
const RATE: usize = 1024;

/// Reads `RATE` octets, then nothing for a second.
struct Slow {
    pipe: DuplexStream,
    left: usize,
    second: Pin<Box<Sleep>>,
}

impl AsyncRead for Slow {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        if self.left == 0 {
            std::task::ready!(self.second.as_mut().poll(cx));
            self.second.as_mut().reset(Instant::now() + Duration::from_secs(1));
            self.left = RATE;
        }
        let mut octets = [0; RATE];
        let room = self.left.min(out.remaining());
        let mut part = ReadBuf::new(&mut octets[..room]);
        std::task::ready!(Pin::new(&mut self.pipe).poll_read(cx, &mut part))?;
        self.left -= part.filled().len();
        out.put_slice(part.filled());
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Slow {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, octets: &[u8]) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.pipe).poll_write(cx, octets)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.pipe).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.pipe).poll_shutdown(cx)
    }
}

/// The next version's addresses for a part of the hosts, which wanders through the zone.
fn delta(held: &Version) -> Delta {
    let Serial(serial) = held.serial();
    let mut builder = DeltaBuilder::new(held.apex(), BuildLimits::default());
    for step in 0..CHANGES {
        let host = (serial * 7919 + step * 97) % (HOSTS - 3);
        let owner = name(&format!("host{host}.example."));
        let mut rrset = held.rrset(owner.as_ref(), Rtype::A);
        let old = *rrset.next().unwrap().rdata.first_chunk::<4>().unwrap();
        let new = (u32::from_be_bytes(old) + 0x0100_0000).to_be_bytes();
        let record = |rdata| Record { owner: owner.as_ref(), rtype: Rtype::A, class: Class::IN, ttl: 60, rdata };
        builder.delete(&record(&old)).unwrap();
        builder.add(&record(&new)).unwrap();
    }
    let old_soa = held.soa();
    let mut rdata = old_soa.rdata.to_vec();
    let at = rdata.len() - 20;
    rdata[at..at + 4].copy_from_slice(&(serial + 1).to_be_bytes());
    builder.finish(&old_soa, &Record { rdata: &rdata, ..old_soa }).unwrap()
}

struct Into(Update);

impl EventSink for Into {
    fn event(&mut self, event: &zxfr_core::transfer::Event<'_>) -> Result<(), SinkError> {
        Ok(self.0.handle(event)?)
    }
}

/// A client at one end of a pipe at whose other end the zones are served.
fn client(primary: &Primary<Store>, number: u16, slow: bool) -> Client {
    let peer = PeerIdentity::tcp(([192, 0, 2, 1], number).into());
    let (ours, theirs) = duplex(if slow { RATE } else { 64 << 10 });
    let primary = primary.clone();
    tokio::spawn(async move { primary.serve_stream(theirs, peer).await });
    match slow {
        true => Client::over(
            Slow { pipe: ours, left: 0, second: Box::pin(sleep(Duration::ZERO)) },
            peer,
            Timeouts::default(),
        ),
        false => Client::over(ours, peer, Timeouts::default()),
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_client_gets_its_version_whole_and_delays_nobody() {
    let store = Store::new();
    store.publish(version("example.", 1, HOSTS));
    let apex = name("example.");
    let limits = ServeLimits { transfer: Duration::from_secs(24 * 3600), ..ServeLimits::default() };
    let primary = Primary::new(store.clone(), limits);
    let (octets, whole, first) = {
        let first = store.held("example.").unwrap();
        (first.octets(), records(&first), Arc::downgrade(&first))
    };
    let began = Instant::now();
    let slow = client(&primary, 1, true);
    let slow = tokio::spawn(async move {
        let apex = name("example.");
        let mut builder = Builder::new(apex.as_ref(), BuildLimits::default());
        let slow = slow.with_timeouts(Timeouts { transfer: Duration::from_secs(24 * 3600), ..Timeouts::default() });
        let report = slow.axfr(apex.as_ref(), Some(&*key()), Limits::default(), &mut builder).await.unwrap();
        (report, builder.finish().unwrap().0)
    });
    // In its first message by now.
    sleep(Duration::from_secs(2)).await;
    let others: Vec<Client> = (2..7).map(|number| client(&primary, number, false)).collect();
    let mut held: Vec<Arc<Version>> = Vec::new();
    for other in &others {
        let mut update = Into(Update::new(apex.as_ref(), None, BuildLimits::default()));
        other.axfr_events(apex.as_ref(), Some(&*key()), Limits::default(), &mut update).await.unwrap();
        held.push(update.0.commit().unwrap().version);
    }
    let before = resident();
    let mut old: Vec<Weak<Version>> = Vec::new();
    let (mut most_resident, mut slowest) = (0, Duration::ZERO);
    for serial in 2..=VERSIONS + 1 {
        sleep(Duration::from_secs(2)).await;
        let newest = store.held("example.").unwrap();
        old.push(Arc::downgrade(&newest));
        let delta = delta(&newest);
        drop(newest);
        store.edit("example.", &delta);
        let (at, wall) = (Instant::now(), std::time::Instant::now());
        for (other, version) in others.iter().zip(&mut held) {
            let mut update = Into(Update::new(apex.as_ref(), Some(version.clone()), BuildLimits::default()));
            let soa = version.soa();
            let pulled = other.ixfr(apex.as_ref(), &soa, Some(&*key()), Limits::default(), &mut update).await;
            assert!(matches!(pulled.unwrap().kind, Kind::Ixfr { deltas: 1, .. }));
            *version = update.0.commit().unwrap().version;
            assert_eq!(version.serial(), Serial(serial));
        }
        assert_eq!(at.elapsed(), Duration::ZERO, "serial {serial}");
        slowest = slowest.max(wall.elapsed());
        most_resident = most_resident.max(resident());
    }
    assert!(!slow.is_finished());
    // Of all versions only the slow client's is still there, and the newest.
    let alive: Vec<usize> = (0..).zip(&old).filter(|(_, old)| old.strong_count() > 0).map(|(at, _)| at).collect();
    assert_eq!(alive, [0]);
    let kept = first.upgrade().map_or(0, |first| first.heap_octets());
    let newest = store.held("example.").unwrap();
    assert_eq!(records(&held[0]), records(&newest));
    let (report, pulled) = slow.await.unwrap();
    assert_eq!(records(&pulled), whole);
    assert_eq!(report.serial, Serial(1));
    let rate = report.totals.octets as f64 / began.elapsed().as_secs_f64();
    assert!(rate < RATE as f64, "{rate}");
    println!(
        "zone of {octets} octets, {VERSIONS} versions of {CHANGES} changes each; slow client: {:?}, {rate:.0} octets/s; \
         others: 5 at once, at most {slowest:?} for a version; kept: version of the slow client {kept} octets, newest {} \
         octets; memory of the process at most {} KiB more",
        began.elapsed(),
        newest.heap_octets(),
        most_resident.saturating_sub(before),
    );
    // Six versions of the zone in this process share nothing with each other but what the deltas left alone.
    assert!(most_resident.saturating_sub(before) < 16 << 10);
    // The last to hold it has gone.
    assert_eq!(first.strong_count(), 0);
}

/// The memory of this process in KiB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
