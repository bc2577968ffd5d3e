use super::*;
use std::collections::HashSet;
use std::future::Future;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use zxfr_core::refresh::Failure;
use zxfr_core::serial::Serial;
use zxfr_core::tsig::NoMac;
use zxfr_core::wire::{Class, Flags, Message, Rcode, Record, Rtype, Writer};

const PATIENCE: Duration = Duration::from_millis(700);

/// An answer with this serial to an SOA query.
fn answer(query: &[u8], serial: u32, flags: Flags) -> Vec<u8> {
    let message = Message::new(query).unwrap();
    let question = message.question().unwrap().unwrap();
    let mut out = [0; 512];
    let mut writer = Writer::new(&mut out);
    let zone = question.qname.as_ref();
    writer.question(zone, Rtype::SOA, Class::IN).unwrap();
    let rdata = [b"\0\0".as_slice(), &serial.to_be_bytes(), &[0; 16]].concat();
    if flags == Flags::default() {
        writer.answer(&Record { owner: zone, rtype: Rtype::SOA, class: Class::IN, ttl: 60, rdata: &rdata }).unwrap();
    }
    let length = writer.finish(message.header().id, flags.with(Flags::QR));
    out[..length].to_vec()
}

struct Bench {
    tasks: JoinSet<()>,
    checks: Checks<NoMac, u32>,
    results: mpsc::UnboundedReceiver<CheckEnded<u32>>,
}

impl Bench {
    fn new(addr: SocketAddr, at_once: usize) -> Self {
        Self::patient(addr, at_once, PATIENCE)
    }

    fn patient(addr: SocketAddr, at_once: usize, patience: Duration) -> Self {
        let (sender, results) = mpsc::unbounded_channel();
        let limits = CheckLimits { at_once, patience, timeouts: Timeouts::default() };
        let mut tasks = JoinSet::new();
        Self { checks: Checks::start(&mut tasks, addr, limits, sender), tasks, results }
    }

    fn ask(&self, zones: std::ops::Range<u32>) {
        for tag in zones {
            let zone = format!("zone{tag}.example.").parse().unwrap();
            self.checks.send(Command::Ask(Box::new(Check { tag, zone, key: None, urgent: false }))).unwrap();
        }
    }

    async fn ended(&mut self, count: usize) -> Vec<CheckEnded<u32>> {
        let mut ended = Vec::new();
        while ended.len() < count {
            ended.push(self.results.recv().await.unwrap());
        }
        ended
    }
}

/// A primary that does something about each datagram, in a task that ends with the test.
async fn primary<F>(mut serve: impl FnMut(Arc<UdpSocket>, Vec<u8>, SocketAddr) -> F + Send + 'static) -> SocketAddr
where
    F: Future<Output = ()> + Send,
{
    let socket = Arc::new(UdpSocket::bind("127.0.0.1:0").await.unwrap());
    let addr = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let mut query = [0; 512];
        loop {
            let (length, from) = socket.recv_from(&mut query).await.unwrap();
            serve(socket.clone(), query[..length].to_vec(), from).await;
        }
    });
    addr
}

#[tokio::test]
async fn many_zones_over_one_socket_whatever_is_lost_or_forged() {
    let seen = Arc::new(std::sync::Mutex::new((HashSet::new(), HashSet::new())));
    let at_primary = seen.clone();
    let addr = primary(move |socket, query, from| {
        let first = {
            let mut seen = at_primary.lock().unwrap();
            seen.0.insert(from);
            // The first of each query is lost.
            seen.1.insert(query.clone())
        };
        async move {
            if first {
                return;
            }
            let mut other_id = answer(&query, 666, Flags::default());
            other_id[0] ^= 0xff;
            let mut other_zone = answer(&query, 666, Flags::default());
            other_zone[17] ^= 1;
            let right = answer(&query, 7, Flags::default());
            for octets in [&[1][..], &other_id, &other_zone, &right, &right] {
                socket.send_to(octets, from).await.unwrap();
            }
        }
    });
    let mut bench = Bench::new(addr.await, 64);
    bench.ask(0..300);
    let ended = bench.ended(300).await;
    assert!(ended.iter().all(|ended| ended.result.as_ref().unwrap().serial == Serial(7)));
    let mut zones: Vec<u32> = ended.iter().map(|ended| ended.tag).collect();
    zones.sort_unstable();
    assert!(zones.into_iter().eq(0..300));
    let (ports, queries) = &*seen.lock().unwrap();
    assert_eq!((ports.len(), queries.len()), (1, 300));
    let ids: HashSet<&[u8]> = queries.iter().map(|query| &query[..2]).collect();
    assert!(ids.len() > 290, "{}", ids.len());
}

#[tokio::test]
async fn nothing_is_sent_twice_that_is_answered() {
    let seen = Arc::new(std::sync::Mutex::new(0));
    let at_primary = seen.clone();
    let addr = primary(move |socket, query, from| {
        *at_primary.lock().unwrap() += 1;
        async move {
            socket.send_to(&answer(&query, 7, Flags::default()), from).await.unwrap();
        }
    });
    let mut bench = Bench::patient(addr.await, 16, 20 * PATIENCE);
    bench.ask(0..200);
    assert!(bench.ended(200).await.iter().all(|ended| ended.result.is_ok()));
    assert_eq!(*seen.lock().unwrap(), 200);
}

#[tokio::test]
async fn a_refusal_is_told_as_it_is() {
    let addr = primary(|socket, query, from| async move {
        socket.send_to(&answer(&query, 0, Flags::QR.with_rcode(Rcode::REFUSED)), from).await.unwrap();
    });
    let mut bench = Bench::new(addr.await, 64);
    bench.ask(0..1);
    let ended = bench.ended(1).await;
    assert_eq!(ended[0].result.as_ref().unwrap_err().failure, Failure::Refused(Rcode::REFUSED));
}

#[tokio::test]
async fn a_dead_primary_costs_all_zones_together_what_it_costs_one() {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let mut bench = Bench::new(socket.local_addr().unwrap(), 10);
    let began = Instant::now();
    bench.ask(0..1000);
    let ended = bench.ended(1000).await;
    assert!(began.elapsed() < 2 * PATIENCE, "{:?}", began.elapsed());
    let reasons = || ended.iter().map(|ended| ended.result.as_ref().unwrap_err());
    assert!(reasons().all(|reason| reason.failure == Failure::TimedOut));
    assert_eq!(reasons().filter(|reason| reason.text.starts_with("not tried")).count(), 990);
    // It is there again and says so.
    let mut query = [0; 512];
    while socket.try_recv_from(&mut query).is_ok() {}
    assert!(bench.checks.send(Command::Alive).is_ok());
    bench.ask(0..50);
    for _ in 0..50 {
        let (length, from) = socket.recv_from(&mut query).await.unwrap();
        socket.send_to(&answer(&query[..length], 8, Flags::default()), from).await.unwrap();
    }
    assert!(bench.ended(50).await.iter().all(|ended| ended.result.is_ok()));
}

#[tokio::test]
async fn a_closed_port_is_told_as_such_before_patience_ends() {
    let addr = UdpSocket::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let mut bench = Bench::patient(addr, 100, 5 * PATIENCE);
    bench.ask(0..50);
    for ended in bench.ended(50).await {
        assert_eq!(ended.result.as_ref().unwrap_err().failure, Failure::Unreachable);
        assert!(ended.elapsed < 5 * PATIENCE / 2, "{:?}", ended.elapsed);
    }
}

/// What was refused once is asked again: the primary may be about to listen.
#[tokio::test]
async fn a_primary_that_is_there_for_the_second_try_is_heard() {
    let addr = UdpSocket::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let mut bench = Bench::patient(addr, 10, 5 * PATIENCE);
    bench.ask(0..1);
    // The task sends its query, which on loopback is refused before the call returns.
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    let socket = UdpSocket::bind(addr).await.unwrap();
    let mut query = [0; 512];
    let (length, from) = socket.recv_from(&mut query).await.unwrap();
    socket.send_to(&answer(&query[..length], 8, Flags::default()), from).await.unwrap();
    assert_eq!(bench.ended(1).await[0].result.as_ref().unwrap().serial, Serial(8));
}

#[tokio::test]
async fn truncated_answers_are_asked_for_again_over_one_connection() {
    let (udp, tcp): (UdpSocket, TcpListener) = crate::socket::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let mut bench = Bench::new(udp.local_addr().unwrap(), 10);
    let datagrams = async {
        let mut query = [0; 512];
        loop {
            let (length, from) = udp.recv_from(&mut query).await.unwrap();
            udp.send_to(&answer(&query[..length], 0, Flags::TC), from).await.unwrap();
        }
    };
    let stream = async {
        // Accepted once: with a second connection the test would not end.
        let (mut stream, _) = tcp.accept().await.unwrap();
        loop {
            let mut query = vec![0; stream.read_u16().await.unwrap().into()];
            stream.read_exact(&mut query).await.unwrap();
            let answer = answer(&query, 9, Flags::default());
            stream.write_all(&[&(answer.len() as u16).to_be_bytes(), &answer[..]].concat()).await.unwrap();
        }
    };
    bench.ask(0..30);
    let ended = tokio::select! {
        () = datagrams => unreachable!(),
        () = stream => unreachable!(),
        ended = bench.ended(30) => ended,
    };
    assert!(ended.iter().all(|ended| ended.result.as_ref().unwrap().serial == Serial(9)), "{ended:?}");
}

#[tokio::test(start_paused = true)]
async fn the_task_ends_when_it_was_idle() {
    let mut bench = Bench::new("127.0.0.1:9".parse().unwrap(), 10);
    assert!(!bench.checks.is_over());
    bench.tasks.join_next().await.unwrap().unwrap();
    assert!(bench.checks.is_over());
}
