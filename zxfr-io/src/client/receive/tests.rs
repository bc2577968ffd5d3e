//! Long and short transfers through pipes, taken apart from the task that waits for them.

use super::super::turns::TURN;
use super::*;
use crate::client::SinkError;
use crate::{PeerIdentity, Timeouts};
use std::sync::{Arc, mpsc};
use std::thread::{ThreadId, current};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use zxfr_core::name::Name;
use zxfr_core::time::UnixTime;
use zxfr_core::transfer::{self, Asked, Limits, Outbound};
use zxfr_core::tsig::NoMac;
use zxfr_core::wire::{Class, Flags, Message, Question, Record, Rtype};
use zxfr_core::zone::{BuildLimits, Builder, Update, Version};

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
    /// Its parts have it, too.
    gone: Arc<oneshot::Sender<()>>,
    parts: bool,
}

impl Count {
    fn new() -> (Self, oneshot::Receiver<()>) {
        let (sender, gone) = oneshot::channel();
        (Self::of(Arc::new(sender)), gone)
    }

    fn of(gone: Arc<oneshot::Sender<()>>) -> Self {
        Self { records: Vec::new(), fails_at: u64::MAX, heard: None, gone, parts: true }
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

impl InParts for Count {
    type Part = Self;

    fn part(&self) -> Option<Self> {
        self.parts.then(|| Self::of(self.gone.clone()))
    }

    fn join(&mut self, part: Self) -> Result<(), SinkError> {
        self.records.extend(part.records);
        if self.all() >= self.fails_at { Err("full".into()) } else { Ok(()) }
    }
}

fn client(stream: DuplexStream) -> Client {
    Client::over(stream, PeerIdentity::tcp("127.0.0.1:53".parse().unwrap()), Timeouts::default())
}

/// On so many threads at once.
async fn axfr_wide<S: InParts>(stream: DuplexStream, sink: S, width: usize) -> Result<(InReport, S), Error> {
    let client = client(stream);
    let asked = client.ask_axfr::<NoMac, _>(apex().as_ref(), None, Limits::default(), sink).await?;
    let (exchange, inspector, intake) = asked;
    client.receive_apart(exchange, inspector, intake, width).await
}

async fn axfr<S: InParts>(stream: DuplexStream, sink: S) -> Result<(InReport, S), Error> {
    axfr_wide(stream, sink, 2).await
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
        let share = (SHORT + 16_384) * count.all() / report.totals.octets + 100;
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

/// Answers with these messages, then closes the stream.
fn sends(mut stream: DuplexStream, messages: Vec<Vec<u8>>) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut query = vec![0; stream.read_u16().await.unwrap().into()];
        stream.read_exact(&mut query).await.unwrap();
        for mut message in messages {
            message[..2].copy_from_slice(&query[..2]);
            let length = u16::try_from(message.len()).unwrap().to_be_bytes();
            // The other end may be gone.
            let _ = stream.write_all(&[&length, &message[..]].concat()).await;
        }
    })
}

fn messages_of(version: Arc<Version>) -> Vec<Vec<u8>> {
    let question = Question { qname: apex(), qtype: Rtype::AXFR, qclass: Class::IN };
    let asked = Asked { id: 0, flags: Flags::default(), question, edns: false, expire: None };
    let mut outbound = Outbound::<NoMac>::axfr(version, asked, None).unwrap();
    let mut messages = Vec::new();
    while let Some(frame) = outbound.poll_transmit(UnixTime(0)).unwrap() {
        messages.push(frame.stream_parts().concat().split_off(2));
    }
    messages
}

fn update() -> Update {
    Update::new(apex().as_ref(), None, BuildLimits::default())
}

fn listed(version: &Version) -> Vec<String> {
    let mut records = version.records();
    let mut listed = Vec::new();
    while let Some(record) = records.next() {
        listed.push(format!("{record:?}"));
    }
    listed
}

#[tokio::test]
async fn same_zone_comes_of_any_number_of_threads() {
    let version = version(120_000);
    let expected = listed(&version);
    let messages = messages_of(version);
    let mut backwards = messages.clone();
    let last = backwards.len() - 1;
    backwards[1..last].reverse();
    for (messages, width) in [(&messages, 1), (&messages, 2), (&messages, 4), (&backwards, 3)] {
        let (ours, theirs) = duplex(1 << 20);
        let _server = sends(theirs, messages.clone());
        let (report, update) = axfr_wide(ours, update(), width).await.unwrap();
        let octets = messages.iter().map(Vec::len).sum::<usize>() as u64;
        let totals = Totals { messages: messages.len() as u64, records: expected.len() as u64 + 1, octets };
        assert!(octets > 2 * TURN as u64);
        assert_eq!((report.totals, report.kind), (totals, Kind::Axfr));
        assert!(listed(&update.commit().unwrap().version) == expected, "{width}");
    }
}

#[tokio::test]
async fn what_is_wrong_is_told_as_if_there_were_one_thread() {
    let messages = messages_of(version(120_000));
    for at in [messages.len() / 2, messages.len() - 20, messages.len() - 2, messages.len() - 1] {
        for what in 0..4 {
            let mut messages = messages.clone();
            match what {
                0 => messages.truncate(at),
                // Into the last record.
                1 => drop(messages[at].pop()),
                // Its class, or the numbers of the closing SOA.
                2 => *messages[at].iter_mut().nth_back(10).unwrap() ^= 0x7f,
                _ => messages[at][2] = 0,
            }
            let (ours, theirs) = duplex(1 << 20);
            let _server = sends(theirs, messages.clone());
            let mut sink = update();
            let alone = client(ours).axfr_events::<NoMac, _>(apex().as_ref(), None, Limits::default(), &mut sink).await;
            let (ours, theirs) = duplex(1 << 20);
            let _server = sends(theirs, messages);
            let apart = axfr(ours, update()).await;
            assert_eq!(apart.err().unwrap().to_string(), alone.unwrap_err().to_string(), "{at} {what}");
        }
    }
}

/// Waits, away from its first thread, until a part has begun; parts say so.
struct Meeting {
    first: ThreadId,
    part: bool,
    begun: mpsc::Sender<ThreadId>,
    others: Option<mpsc::Receiver<ThreadId>>,
    met: Option<ThreadId>,
}

impl EventSink for Meeting {
    fn event(&mut self, _: &Event<'_>) -> Result<(), SinkError> {
        if self.part {
            let _ = self.begun.send(current().id());
        } else if current().id() != self.first
            && let Some(others) = self.others.take()
        {
            self.met = Some(others.recv_timeout(Duration::from_secs(30))?);
            assert_ne!(self.met, Some(current().id()));
        }
        Ok(())
    }
}

impl InParts for Meeting {
    type Part = Self;

    fn part(&self) -> Option<Self> {
        Some(Self { part: true, others: None, begun: self.begun.clone(), ..*self })
    }

    fn join(&mut self, part: Self) -> Result<(), SinkError> {
        assert!(part.part && !self.part);
        Ok(())
    }
}

#[tokio::test]
async fn two_turns_are_in_work_at_once() {
    let (ours, theirs) = duplex(1 << 16);
    let _server = sends(theirs, messages_of(version(120_000)));
    let (begun, others) = mpsc::channel();
    let sink = Meeting { first: current().id(), part: false, begun, others: Some(others), met: None };
    let (_, sink) = axfr(ours, sink).await.unwrap();
    assert!(sink.met.is_some());
}

/// Of which parts can do nothing.
struct Broken(bool);

impl EventSink for Broken {
    fn event(&mut self, _: &Event<'_>) -> Result<(), SinkError> {
        assert!(!self.0, "a part at work");
        Ok(())
    }
}

impl InParts for Broken {
    type Part = Self;

    fn part(&self) -> Option<Self> {
        Some(Self(true))
    }

    fn join(&mut self, _: Self) -> Result<(), SinkError> {
        Ok(())
    }
}

#[tokio::test]
async fn panic_in_a_part_is_passed_on() {
    let (ours, theirs) = duplex(1 << 20);
    let _server = sends(theirs, messages_of(version(200_000)));
    let received = tokio::spawn(axfr(ours, Broken(false)));
    let panic = received.await.err().unwrap().into_panic();
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"a part at work"));
}

#[tokio::test]
async fn sink_without_parts_takes_all_itself() {
    let (ours, theirs) = duplex(1 << 20);
    let version = version(120_000);
    let _server = sends(theirs, messages_of(version.clone()));
    let (mut count, _gone) = Count::new();
    count.parts = false;
    let (report, count) = axfr(ours, count).await.unwrap();
    assert_eq!((report.totals.records, count.all()), (version.record_count() + 1, version.record_count()));
}
