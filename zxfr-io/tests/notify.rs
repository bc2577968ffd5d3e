//! The NOTIFY sender against targets that lose, forge, refuse and say nothing.

mod store;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use store::{Store, key, name, version};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::time::Instant;
use zxfr_core::acl::Asker;
use zxfr_core::name::NameRef;
use zxfr_core::primary::{Action, Host, KeyWanted, Keys, Unserved, handle_request};
use zxfr_core::refresh::Failure;
use zxfr_core::serial::Serial;
use zxfr_core::time::UnixTime;
use zxfr_core::tsig::rustcrypto::Hmac;
use zxfr_core::wire::Rcode;
use zxfr_core::zone::Version;
use zxfr_io::notify::{NotifyLimits, Policy, Target};
use zxfr_io::{PeerIdentity, SecondaryLimits};

/// Tries after 0, 100 and 300 ms; given up after 700 ms.
const POLICY: Policy = Policy { wait: Duration::from_millis(100), wait_most: Duration::from_millis(400), tries: 3 };

fn sender(per_target: usize, policy: Policy) -> Arc<Store> {
    Store::with(SecondaryLimits::default(), NotifyLimits { per_target, policy })
}

/// Takes NOTIFYs that are signed with the key.
struct Taker {
    takes: bool,
}

impl Host for Taker {
    type Mac = Hmac;

    fn admits(&self, _: NameRef<'_>, _: &Asker) -> bool {
        true
    }

    fn keys(&self, wanted: &KeyWanted<'_>) -> Keys<Hmac> {
        let keys = [key()].into_iter().filter(|key| key.name() == wanted.name);
        Keys::Found(keys.map(|key| (*key).clone()).collect())
    }

    fn key_admits(&self, _: NameRef<'_>, _: &Asker, key: Option<NameRef<'_>>) -> bool {
        key.is_some()
    }

    fn version(&self, _: NameRef<'_>) -> Result<Arc<Version>, Unserved> {
        Err(Unserved::NotLoaded)
    }

    fn admit_transfer(&self, _: NameRef<'_>, _: &Asker) -> bool {
        false
    }

    fn admits_notify(&self, _: NameRef<'_>, _: &Asker) -> bool {
        self.takes
    }

    fn notify_key_admits(&self, _: NameRef<'_>, _: &Asker, key: Option<NameRef<'_>>) -> bool {
        key.is_some()
    }
}

/// What a target got: from whom, what it says, and the answer to it.
struct Got {
    from: SocketAddr,
    octets: Vec<u8>,
    zone: String,
    serial: Option<Serial>,
    answer: Vec<u8>,
}

/// A target of which the test decides what it answers.
struct TargetAt {
    socket: UdpSocket,
    addr: SocketAddr,
    taker: Taker,
}

impl TargetAt {
    async fn new(takes: bool) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let addr = socket.local_addr().unwrap();
        Self { socket, addr, taker: Taker { takes } }
    }

    fn target(&self) -> Target<Hmac> {
        Target { addr: self.addr, key: Some(key()) }
    }

    async fn next(&self) -> Got {
        let mut octets = vec![0; 2048];
        let (length, from) = self.socket.recv_from(&mut octets).await.unwrap();
        octets.truncate(length);
        let now = UnixTime(std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs());
        let asker = PeerIdentity::udp(from).asker();
        match handle_request(&self.taker, &octets, &asker, now) {
            Action::Notify(notify) => {
                let (zone, serial) = (notify.zone.to_string(), notify.serial);
                Got { from, octets, zone, serial, answer: notify.reply.message.to_vec() }
            }
            Action::Reply(reply) => {
                Got { from, octets, zone: String::new(), serial: None, answer: reply.message.to_vec() }
            }
            action => panic!("{action:?}"),
        }
    }

    async fn answer(&self, got: &Got) {
        self.socket.send_to(&got.answer, got.from).await.unwrap();
    }
}

#[tokio::test]
async fn lost_and_forged_answers_are_survived() {
    let store = sender(64, POLICY);
    let target = TargetAt::new(true).await;
    let _task = store.tell(vec![target.target()]);
    store.publish(version("example.", 7, 3));
    let first = target.next().await;
    assert_eq!((first.zone.as_str(), first.serial), ("example.", Some(Serial(7))));
    // An answer whose MAC is wrong, one to another question, and from another address; the first right one is lost.
    let mut forged = first.answer.clone();
    *forged.last_mut().unwrap() ^= 1;
    target.socket.send_to(&forged, first.from).await.unwrap();
    forged[13] ^= 1;
    target.socket.send_to(&forged, first.from).await.unwrap();
    let stranger = TargetAt::new(true).await;
    stranger.socket.send_to(&first.answer, first.from).await.unwrap();
    let second = target.next().await;
    assert_eq!(second.octets, first.octets);
    target.answer(&second).await;
    store.until("it is told", |store| store.notified.lock().unwrap().len() == 1).await;
    let report = store.notified.lock().unwrap()[0].clone();
    assert_eq!((report.serial, report.tries, report.result), (Serial(7), 2, Ok(())));
    assert_eq!(report.peer, target.addr);
    assert!(report.elapsed >= POLICY.wait, "{:?}", report.elapsed);
    assert_eq!(store.sender().pending(), 0);
}

#[tokio::test]
async fn a_new_serial_takes_the_place_of_the_one_before() {
    let store = sender(64, POLICY);
    let target = TargetAt::new(true).await;
    let _task = store.tell(vec![target.target()]);
    store.publish(version("example.", 7, 3));
    let first = target.next().await;
    store.publish(version("example.", 8, 3));
    let second = loop {
        let got = target.next().await;
        if got.serial != Some(Serial(7)) {
            break got;
        }
    };
    assert_eq!(second.serial, Some(Serial(8)));
    // The answer to the first says nothing of the second.
    target.answer(&first).await;
    target.answer(&second).await;
    store.until("it is told", |store| store.sender().pending() == 0).await;
    let serials: Vec<_> = store.notified.lock().unwrap().iter().map(|report| (report.serial, report.tries)).collect();
    assert_eq!(serials, [(Serial(8), 1)]);
}

#[tokio::test]
async fn a_refusal_ends_it_and_silence_does_after_the_last_try() {
    let store = sender(64, POLICY);
    let [refusing, silent] = [TargetAt::new(false).await, TargetAt::new(true).await];
    let _task = store.tell(vec![refusing.target(), silent.target()]);
    store.publish(version("example.", 7, 3));
    let refused = refusing.next().await;
    refusing.answer(&refused).await;
    store.until("both are told", |store| store.notified.lock().unwrap().len() == 2).await;
    let reports = store.notified.lock().unwrap();
    let (refused, timed_out) = (&reports[0], &reports[1]);
    assert_eq!((refused.peer, refused.tries), (refusing.addr, 1));
    let reason = refused.result.clone().unwrap_err();
    assert_eq!(reason.failure, Failure::Refused(Rcode::REFUSED));
    assert!(reason.text.starts_with("peer refused: REFUSED"), "{reason}");
    assert_eq!((timed_out.peer, timed_out.tries), (silent.addr, 3));
    assert_eq!(timed_out.result.clone().unwrap_err().failure, Failure::TimedOut);
    assert!(timed_out.elapsed >= Duration::from_millis(700), "{:?}", timed_out.elapsed);
}

#[tokio::test]
async fn many_zones_are_told_a_few_at_a_time_and_a_dead_target_holds_nobody_up() {
    const ZONES: usize = 200;
    // Longer, so that a busy machine doesn't make answers late.
    let policy = Policy { wait: Duration::from_millis(400), ..POLICY };
    let store = sender(8, policy);
    let [target, dead] = [TargetAt::new(true).await, TargetAt::new(true).await];
    let _task = store.tell(vec![dead.target(), target.target()]);
    let began = Instant::now();
    for zone in 0..ZONES {
        store.publish(version(&format!("zone{zone}."), 1, 1));
    }
    assert_eq!(store.sender().pending(), 2 * ZONES);
    // Answers go out in pairs only, so that some are always under way.
    let (sender, mut answers) = mpsc::unbounded_channel::<Got>();
    let serve = async {
        let mut open: HashMap<String, Got> = HashMap::new();
        loop {
            tokio::select! {
                got = target.next() => {
                    open.insert(got.zone.clone(), got);
                    assert!(open.len() <= 8, "{} at once", open.len());
                    if open.len() >= 2 {
                        open.drain().for_each(|(_, got)| sender.send(got).unwrap());
                    }
                }
                Some(got) = answers.recv() => target.answer(&got).await,
            }
        }
    };
    let all_told = store.until("all is told", |store| store.sender().pending() == 0);
    tokio::select! {
        () = serve => unreachable!(),
        () = all_told => {}
    }
    println!("{ZONES} zones told in {:?}", began.elapsed());
    let reports = store.notified.lock().unwrap();
    let told = |addr| reports.iter().filter(move |report| report.peer == addr);
    assert!(told(target.addr).count() == ZONES && told(target.addr).all(|report| report.result.is_ok()));
    let tries: Vec<u8> = told(dead.addr).map(|report| report.tries).collect();
    assert_eq!((tries.len(), tries.iter().filter(|tries| **tries == 3).count()), (ZONES, 8));
    assert!(tries.iter().all(|tries| [0, 3].contains(tries)));
    // One round of tries, not one for every eight zones.
    assert!(told(dead.addr).all(|report| report.elapsed < Duration::from_secs(4)));
}

#[tokio::test]
async fn what_is_forgotten_is_told_to_nobody() {
    let store = sender(1, POLICY);
    let target = TargetAt::new(true).await;
    let _task = store.tell(vec![target.target()]);
    for zone in ["a.", "b.", "c."] {
        store.publish(version(zone, 1, 1));
    }
    assert_eq!(target.next().await.zone, "a.");
    store.sender().forget(name("b.").as_ref());
    store.sender().forget(name("a.").as_ref());
    let last = loop {
        let got = target.next().await;
        if got.zone != "a." {
            break got;
        }
    };
    assert_eq!(last.zone, "c.");
    target.answer(&last).await;
    store.until("it is told", |store| store.sender().pending() == 0).await;
    let zones: Vec<String> = store.notified.lock().unwrap().iter().map(|report| report.zone.to_string()).collect();
    assert_eq!(zones, ["c."]);
    store.sender().shutdown();
}

#[tokio::test]
async fn one_is_under_way_at_a_time_and_the_newest_is_told_next() {
    // So long that nothing is sent twice, were it not for newer serials.
    let wait = Duration::from_secs(30);
    let policy = Policy { wait, wait_most: wait, ..POLICY };
    let store = sender(64, policy);
    let target = TargetAt::new(true).await;
    let _task = store.tell(vec![target.target()]);
    store.publish(version("example.", 1, 3));
    let first = target.next().await;
    assert_eq!(first.serial, Some(Serial(1)));
    for serial in 2..=50 {
        store.publish(version("example.", serial, 3));
    }
    target.answer(&first).await;
    let second = target.next().await;
    assert_eq!(second.serial, Some(Serial(50)));
    target.answer(&second).await;
    store.until("all is told", |store| store.sender().pending() == 0).await;
    let reports = store.notified.lock().unwrap().clone();
    let told: Vec<_> = reports.iter().map(|report| (report.serial, report.tries, report.result.is_ok())).collect();
    assert_eq!(told, [(Serial(1), 1, true), (Serial(50), 1, true)]);
    // Where no answer comes the newer one is told after a second, not after the wait for another try.
    store.publish(version("example.", 51, 3));
    let began = Instant::now();
    assert_eq!(target.next().await.serial, Some(Serial(51)));
    store.publish(version("example.", 52, 3));
    let last = target.next().await;
    assert_eq!(last.serial, Some(Serial(52)));
    assert!((Duration::from_millis(900)..Duration::from_secs(20)).contains(&began.elapsed()), "{:?}", began.elapsed());
    target.answer(&last).await;
    store.until("all is told", |store| store.sender().pending() == 0).await;
    assert_eq!(store.notified.lock().unwrap().last().unwrap().serial, Serial(52));
}
