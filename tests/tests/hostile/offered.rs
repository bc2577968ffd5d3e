//! One that holds a zone, and a primary that offers a newer version by IXFR in a wrong way: what comes of it.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::mpsc;
use zxfr_core::name::{Name, NameRef};
use zxfr_core::serial::Serial;
use zxfr_core::transfer::Limits;
use zxfr_core::tsig::Key;
use zxfr_core::tsig::rustcrypto::Hmac;
use zxfr_core::wire::{Message, Scratch};
use zxfr_core::zone::{BuildLimits, Builder, Change, Version};
use zxfr_io::client::Timeouts;
use zxfr_io::secondary::{
    Attempt, Incoming, Policy, PrimaryAddr, Refused, Secondary, SecondaryLimits, State, What, ZoneConfig,
};
use zxfr_tests::fake::{Asked, FakePrimary, Step};
use zxfr_tests::wire::{self, ANSWER, Draft};

use crate::secondary::{ZONE, host};

const DEADLINE: Duration = Duration::from_secs(20);

/// Which hosts the zone has: in the version that is held, and in the one that the primary has, if it is asked for all of it.
pub(crate) const HELD: [u32; 2] = [1, 2];
pub(crate) const WHOLE: [u32; 3] = [7, 8, 9];

/// A message of an answer, with the request's ID and question.
pub(crate) fn draft(asked: &Asked, answers: &[Vec<u8>]) -> Draft {
    let sections = [vec![wire::question(ZONE, asked.qtype, 1)], answers.to_vec(), vec![], vec![]];
    Draft { id: asked.id, flags: ANSWER, sections, counts: None }
}

/// The only message of an answer with these records.
pub(crate) fn all(asked: &Asked, answers: &[Vec<u8>]) -> Vec<Step> {
    vec![Step::Send(draft(asked, answers).octets())]
}

pub(crate) fn soa(serial: u32) -> Vec<u8> {
    wire::soa(ZONE, serial)
}

/// Differences from serial 1 to 2 with these deletions and additions.
pub(crate) fn differences(deletions: &[Vec<u8>], additions: &[Vec<u8>]) -> Vec<Vec<u8>> {
    [&[soa(2), soa(1)], deletions, &[soa(2)], additions, &[soa(2)]].concat()
}

pub(crate) fn zone() -> Name {
    ZONE.parse().unwrap()
}

/// The version that is held.
pub(crate) fn held() -> Arc<Version> {
    let records: Vec<_> = [soa(1)].into_iter().chain(HELD.map(host)).collect();
    let octets = Draft { sections: [vec![], records, vec![], vec![]], ..Draft::default() }.octets();
    let message = Message::new(&octets).unwrap();
    let (layout, mut scratch) = (message.layout().unwrap(), Scratch::new());
    let mut builder = Builder::new(zone().as_ref(), BuildLimits::default());
    let mut records = message.answers(&layout, &mut scratch);
    while let Some(record) = records.next().unwrap() {
        builder.push(&record).unwrap();
    }
    Arc::new(builder.finish().unwrap().0)
}

/// The numbers of the hosts that a version has.
pub(crate) fn hosts(version: &Version) -> BTreeSet<u32> {
    let mut records = version.records();
    let mut hosts = BTreeSet::new();
    while let Some(record) = records.next() {
        if let Ok(number) = record.rdata.try_into() {
            hosts.insert(u32::from_be_bytes(number));
        }
    }
    hosts
}

/// What holds the zone.
struct Host {
    held: Mutex<Arc<Version>>,
    attempts: mpsc::UnboundedSender<(Attempt, Arc<Version>)>,
}

impl Incoming for Host {
    type Mac = Hmac;

    fn held(&self, _: NameRef<'_>) -> Option<Arc<Version>> {
        Some(self.held.lock().unwrap().clone())
    }

    fn install(&self, _: NameRef<'_>, change: Change) -> Result<(), Refused> {
        *self.held.lock().unwrap() = change.version;
        Ok(())
    }

    fn attempt_ended(&self, attempt: &Attempt) {
        let held = self.held.lock().unwrap().clone();
        // The test may have seen enough.
        let _ = self.attempts.send((attempt.clone(), held));
    }
}

/// What came of the offer.
pub(crate) struct Outcome {
    /// How asking for differences ended, and what was held then.
    pub(crate) ixfr: Attempt,
    pub(crate) after_ixfr: Arc<Version>,
    /// How asking the same primary for the whole zone ended, if that was tried, and what was held then.
    pub(crate) axfr: Option<(Attempt, Arc<Version>)>,
}

/// Holds a version, and asks for the next, which a primary has that answers to IXFR as `script` says.
pub(crate) fn offer(
    limits: Limits,
    key: Option<Key<Hmac>>,
    script: impl Fn(&Asked) -> Vec<Step> + Send + Sync + 'static,
    sign: fn(&Asked, Draft) -> Vec<u8>,
) -> Outcome {
    let primary = FakePrimary::start(move |asked| match asked.qtype {
        251 => script(asked),
        252 => {
            let records = [&[soa(2)], &WHOLE.map(host)[..], &[soa(2)]].concat();
            vec![Step::Send(sign(asked, draft(asked, &records)))]
        }
        _ => vec![Step::Send(sign(asked, draft(asked, &[soa(2)])))],
    })
    .unwrap();
    let (attempts, mut ended) = mpsc::unbounded_channel();
    let host = Arc::new(Host { held: Mutex::new(held()), attempts });
    let timeouts = Timeouts { progress: Duration::from_secs(2), ..Timeouts::default() };
    let secondary = Secondary::new(host, SecondaryLimits { transfer: limits, timeouts, ..SecondaryLimits::default() });
    let addr = primary.address();
    let primaries = vec![PrimaryAddr { addr, key: key.map(Arc::new), ixfr: true }];
    secondary.add(ZoneConfig { name: zone(), primaries, policy: Policy::of(1) }, State::default());
    let watch = async {
        assert!(secondary.notify(zone().as_ref(), IpAddr::V4(Ipv4Addr::LOCALHOST), Some(Serial(2))));
        let mut ixfr = None;
        while let Some((attempt, held)) = ended.recv().await {
            let over = !matches!(attempt.next, zxfr_io::secondary::Next::Transfer { .. });
            match (attempt.what, ixfr.take()) {
                (What::Check, _) => assert!(attempt.result.is_ok(), "{attempt:?}"),
                (What::Ixfr, None) if over => return Outcome { ixfr: attempt, after_ixfr: held, axfr: None },
                (What::Ixfr, None) => ixfr = Some((attempt, held)),
                (What::Axfr, Some((ixfr, after_ixfr))) => {
                    return Outcome { ixfr, after_ixfr, axfr: Some((attempt, held)) };
                }
                (_, before) => panic!("{attempt:?} after {before:?}"),
            }
        }
        unreachable!("the secondary runs on")
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        tokio::select! {
            () = secondary.run() => unreachable!("nobody ends it"),
            outcome = tokio::time::timeout(DEADLINE, watch) => outcome.expect("an outcome in time"),
        }
    })
}

/// The differences are rejected for this reason; the old version stays until the same primary has sent the whole zone.
#[track_caller]
pub(crate) fn rejected(reason: &str, script: impl Fn(&Asked) -> Vec<Step> + Send + Sync + 'static) {
    rejected_by(Limits::default(), reason, script);
}

/// As [`rejected`], by a limit.
#[track_caller]
pub(crate) fn rejected_by(limits: Limits, reason: &str, script: impl Fn(&Asked) -> Vec<Step> + Send + Sync + 'static) {
    let Outcome { ixfr, after_ixfr, axfr } = offer(limits, None, script, |_, draft| draft.octets());
    let why = ixfr.result.expect_err("rejected").to_string();
    assert!(why.contains(reason), "{reason:?} is not in: {why}");
    assert_eq!((after_ixfr.serial(), hosts(&after_ixfr)), (Serial(1), BTreeSet::from(HELD)), "the old version stays");
    let (axfr, after_axfr) = axfr.expect("the whole zone is asked for");
    assert!(axfr.result.is_ok() && axfr.installed && axfr.peer == ixfr.peer, "{axfr:?}");
    assert_eq!((after_axfr.serial(), hosts(&after_axfr)), (Serial(2), BTreeSet::from(WHOLE)));
}

/// What the answer to IXFR says is taken, and makes a version with these hosts.
#[track_caller]
pub(crate) fn accepted(expected: &[u32], script: impl Fn(&Asked) -> Vec<Step> + Send + Sync + 'static) -> Attempt {
    let Outcome { ixfr, after_ixfr, axfr } = offer(Limits::default(), None, script, |_, draft| draft.octets());
    assert!(ixfr.result.is_ok() && ixfr.installed && axfr.is_none(), "{ixfr:?}");
    assert_eq!((after_ixfr.serial(), hosts(&after_ixfr)), (Serial(2), expected.iter().copied().collect()));
    ixfr
}
