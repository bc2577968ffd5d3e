//! Long and short transfers through pipes, taken apart from the task that waits for them.

use super::*;
use crate::client::SinkError;
use crate::{PeerIdentity, Timeouts};
use std::sync::Arc;
use std::thread::{ThreadId, current};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::sync::oneshot;
use zxfr_core::name::Name;
use zxfr_core::time::UnixTime;
use zxfr_core::transfer::{self, Asked, Limits, Outbound};
use zxfr_core::tsig::NoMac;
use zxfr_core::wire::{Class, Message, Record, Rtype};
use zxfr_core::zone::{BuildLimits, Builder, Version};

fn apex() -> Name {
    "example.".parse().unwrap()
}

fn version(hosts: u32) -> Arc<Version> {
    let apex = apex();
    let mut builder = Builder::new(apex.as_ref(), BuildLimits::default());
    let soa = [b"\x02ns\0\x04mail\0".as_slice(), &[0, 0, 0, 9], &[0; 16]].concat();
    let mut push = |owner: &Name, rtype, rdata: &[u8]| {
        builder.push(&Record { owner: owner.as_ref(), rtype, class: Class::IN, ttl: 60, rdata }).unwrap();
    };
    push(&apex, Rtype::SOA, &soa);
    for host in 0..hosts {
        push(&format!("host{host:08}.example.").parse().unwrap(), Rtype::A, &host.to_be_bytes());
    }
    Arc::new(builder.finish().unwrap().0)
}

/// Answers one query with the first messages of a version; gives the stream back.
async fn answer(mut stream: DuplexStream, version: Arc<Version>, messages: usize) -> DuplexStream {
    let mut query = vec![0; stream.read_u16().await.unwrap().into()];
    stream.read_exact(&mut query).await.unwrap();
    let message = Message::new(&query).unwrap();
    let (header, question) = (message.header(), message.question().unwrap().unwrap());
    let asked = Asked { id: header.id, flags: header.flags, question, edns: false, expire: None };
    let mut outbound = Outbound::<NoMac>::axfr(version, asked, None).unwrap();
    for _ in 0..messages {
        let Some(frame) = outbound.poll_transmit(UnixTime(0)).unwrap() else { break };
        // The other end may be gone.
        let _ = stream.write_all(&frame.stream_parts().concat()).await;
    }
    stream
}

/// Counts records by the threads that brought them, and says when it has got so many messages, and when it is gone.
struct Count {
    records: Vec<(ThreadId, u64)>,
    fails_at: u64,
    heard: Option<(u64, oneshot::Sender<()>)>,
    _gone: oneshot::Sender<()>,
}

impl Count {
    fn new() -> (Self, oneshot::Receiver<()>) {
        let (sender, gone) = oneshot::channel();
        (Self { records: Vec::new(), fails_at: u64::MAX, heard: None, _gone: sender }, gone)
    }

    fn all(&self) -> u64 {
        self.records.iter().map(|(_, records)| records).sum()
    }

    /// How many records came on this thread.
    fn here(&self) -> u64 {
        self.records.iter().filter(|(thread, _)| *thread == current().id()).map(|(_, records)| records).sum()
    }
}

impl EventSink for Count {
    fn event(&mut self, event: &Event<'_>) -> Result<(), SinkError> {
        if let Event::Begin { .. } | Event::Add(_) = event {
            match self.records.iter_mut().find(|(thread, _)| *thread == current().id()) {
                Some((_, records)) => *records += 1,
                None => self.records.push((current().id(), 1)),
            }
        }
        if self.all() == self.fails_at { Err("full".into()) } else { Ok(()) }
    }

    fn progress(&mut self, totals: Totals) {
        if let Some((_, heard)) = self.heard.take_if(|(messages, _)| totals.messages >= *messages) {
            heard.send(()).unwrap();
        }
    }
}

async fn axfr(stream: DuplexStream, sink: Count) -> Result<(InReport, Count), Error> {
    let client = Client::over(stream, PeerIdentity::tcp("127.0.0.1:53".parse().unwrap()), Timeouts::default());
    client.axfr_apart::<NoMac, _>(apex().as_ref(), None, Limits::default(), sink).await
}

#[tokio::test]
async fn long_transfers_are_taken_elsewhere_and_short_ones_here() {
    for (hosts, octets) in [(1_000, 0..200_000), (60_000, 1_000_000..2_000_000)] {
        let version = version(hosts);
        let (ours, theirs) = duplex(1 << 16);
        let _server = tokio::spawn(answer(theirs, version.clone(), usize::MAX));
        let (report, count) = axfr(ours, Count::new().0).await.unwrap();
        assert!(octets.contains(&report.totals.octets), "{report:?}");
        assert_eq!((report.kind, report.serial), (Kind::Axfr, version.serial()));
        assert_eq!((report.totals.records, count.all()), (version.record_count() + 1, version.record_count()));
        // A turn's octets and at most a message more.
        let share = (TURN as u64 + 16_384) * count.all() / report.totals.octets + 100;
        assert!(count.here() > 0 && count.here() < share, "{} of {}", count.here(), count.all());
        assert_eq!(count.here() == count.all(), hosts == 1_000);
    }
}

#[tokio::test]
async fn all_that_came_is_taken_before_the_end_of_the_connection_is_told() {
    let (ours, theirs) = duplex(1 << 16);
    let server = tokio::spawn(answer(theirs, version(60_000), 50));
    let (count, gone) = Count::new();
    let (ended, ()) = tokio::join!(axfr(ours, count), async { drop(server.await) });
    let Err(Error::Transfer(transfer::Error::Ended { messages, records })) = ended.map(|(report, _)| report) else {
        panic!("it ended well");
    };
    assert_eq!(messages, 50);
    assert!((20_000..60_000).contains(&records), "{records}");
    assert!(gone.await.is_err());
}

#[tokio::test]
async fn sink_that_fails_elsewhere_is_let_go_and_its_reason_told() {
    let (ours, theirs) = duplex(1 << 16);
    let _server = tokio::spawn(answer(theirs, version(60_000), usize::MAX));
    let (mut count, gone) = Count::new();
    count.fails_at = 50_000;
    match axfr(ours, count).await {
        Err(Error::Sink(error)) => assert_eq!(error.to_string(), "full"),
        other => panic!("{:?}", other.map(|(report, _)| report)),
    }
    assert!(gone.await.is_err());
}

#[tokio::test]
async fn transfer_that_is_given_up_lets_its_sink_go() {
    let (ours, theirs) = duplex(1 << 16);
    // The server keeps its end open, and says no more.
    let server = tokio::spawn(answer(theirs, version(60_000), 60));
    let (mut count, gone) = Count::new();
    let (sender, heard) = oneshot::channel();
    count.heard = Some((40, sender));
    tokio::select! {
        ended = axfr(ours, count) => panic!("{:?}", ended.map(|(report, _)| report)),
        heard = heard => heard.unwrap(),
    }
    assert!(gone.await.is_err());
    drop(server);
}
