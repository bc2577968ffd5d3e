//! A zxfrd that has a zone, and a primary that then offers a newer one in a wrong way:
//! what comes of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use zxfr_core::name::Name;
use zxfr_core::time::UnixTime;
use zxfr_core::tsig::rustcrypto::Hmac;
use zxfr_core::tsig::{self, Signer, TsigRecord, verify_request};
use zxfr_core::wire::{Message, Record, Scratch};
use zxfr_tests::fake::{Asked, FakePrimary, Step};
use zxfr_tests::peer::Pull;
use zxfr_tests::tsig::{Algorithm, TsigKey};
use zxfr_tests::wire::{self, ANSWER, Draft};
use zxfr_tests::zxfr::{Setup, Zxfrd};

/// The zone that all of this is about.
pub(crate) const ZONE: &str = "hostile.example.";

const DEADLINE: Duration = Duration::from_secs(20);

/// What a primary answers from.
pub(crate) struct Answer<'a> {
    pub(crate) asked: &'a Asked,
    pub(crate) serial: u32,
    key: Option<TsigKey>,
}

impl Answer<'_> {
    /// A message of the answer, with the request's ID and question.
    pub(crate) fn draft(&self, answers: &[Vec<u8>]) -> Draft {
        let question = wire::question(ZONE, self.asked.qtype, 1);
        let sections = [vec![question], answers.to_vec(), vec![], vec![]];
        Draft { id: self.asked.id, flags: ANSWER, sections, counts: None }
    }

    /// The only message of an answer with these records between the two SOA.
    pub(crate) fn with(&self, records: &[Vec<u8>]) -> Vec<Step> {
        self.all(&[&[self.soa()], records, &[self.soa()]].concat())
    }

    /// The only message of an answer with just these records.
    pub(crate) fn all(&self, records: &[Vec<u8>]) -> Vec<Step> {
        vec![Step::Send(self.draft(records).octets())]
    }

    pub(crate) fn soa(&self) -> Vec<u8> {
        wire::soa(ZONE, self.serial)
    }

    /// The signer of the answer.
    pub(crate) fn signer(&self) -> Signer<Hmac> {
        self.signer_at(now())
    }

    /// The signer of the answer by a clock that shows `now`.
    pub(crate) fn signer_at(&self, now: UnixTime) -> Signer<Hmac> {
        let key = core_key(self.key.as_ref().unwrap());
        let message = Message::new(&self.asked.octets).unwrap();
        let layout = message.layout().unwrap();
        let record = TsigRecord::read(&message, &layout).unwrap().expect("a signed request");
        verify_request(&message, &layout, &record, [&key], now).expect("a request signed well")
    }
}

/// An A record of a host in the zone.
pub(crate) fn host(number: u32) -> Vec<u8> {
    wire::record(&format!("host{number}.{ZONE}"), 1, &number.to_be_bytes())
}

/// A message with its TSIG.
pub(crate) fn sign(signer: &mut Signer<Hmac>, draft: &Draft, now: UnixTime) -> Vec<u8> {
    let mut octets = draft.octets();
    let mut tail = vec![0; 600];
    let length = signer.sign(&[&octets], now, &mut tail).unwrap();
    octets.extend(&tail[..length]);
    let additional = u16::from_be_bytes([octets[10], octets[11]]) + 1;
    octets[10..12].copy_from_slice(&additional.to_be_bytes());
    octets
}

pub(crate) fn now() -> UnixTime {
    UnixTime(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs())
}

/// A key in the terms of the core.
pub(crate) fn core_key(key: &TsigKey) -> tsig::Key<Hmac> {
    let name: Name = key.name.parse().unwrap();
    tsig::Key::new(name.as_ref(), key.algorithm.name().parse().unwrap(), &key.secret).unwrap()
}

/// The key of the signed cases.
pub(crate) fn key() -> TsigKey {
    TsigKey::new("hostile.key.example.", Algorithm::Sha256)
}

/// What came of the newer version.
pub(crate) struct Outcome {
    /// The log line of the transfer.
    pub(crate) line: String,
    /// All of the log.
    pub(crate) log: String,
    /// What is answered to AXFR, one message, before and after.
    pub(crate) before: Vec<u8>,
    pub(crate) after: Vec<u8>,
}

/// Has zxfrd take a good version and then, on SIGHUP, ask for one with serial 2 that
/// `script` sends.
pub(crate) fn offer(signed: bool, limits: &str, script: fn(&Answer<'_>) -> Vec<Step>) -> Outcome {
    let key = signed.then(key);
    let serial = Arc::new(AtomicU32::new(1));
    let (shared, own) = (serial.clone(), key.clone());
    let primary = FakePrimary::start(move |asked| {
        let answer = Answer { asked, serial: shared.load(Ordering::SeqCst), key: own.clone() };
        match (asked.qtype, answer.serial) {
            (252, 2) => script(&answer),
            (252, _) => signed_or_not(&answer, &[answer.soa(), host(1), answer.soa()]),
            _ => signed_or_not(&answer, &[answer.soa()]),
        }
    })
    .unwrap();
    let pulls = [Pull { key, ..Pull::open(ZONE, primary.address()) }];
    let mut zxfrd = Zxfrd::start(&Setup { pulls: &pulls, limits, ..Setup::default() }).unwrap();
    zxfrd.wait_for_zone(ZONE, Some(1)).unwrap();
    zxfrd.process().wait_for_log(" started ", DEADLINE).unwrap();
    let before = wire::over_tcp(zxfrd.address(), &Draft::request(7, ZONE, 252).octets()).unwrap();
    serial.store(2, Ordering::SeqCst);
    zxfrd.reload();
    zxfrd.process().wait_for_log(" reloaded ", DEADLINE).unwrap();
    let after = wire::over_tcp(zxfrd.address(), &Draft::request(7, ZONE, 252).octets()).unwrap();
    let log = zxfrd.process().log();
    let incoming: Vec<_> = log.lines().filter(|line| line.contains("transfer=in")).collect();
    assert_eq!(incoming.len(), 2, "one line for each transfer:\n{log}");
    Outcome { line: incoming[1].to_owned(), log, before, after }
}

fn signed_or_not(answer: &Answer<'_>, records: &[Vec<u8>]) -> Vec<Step> {
    let draft = answer.draft(records);
    vec![Step::Send(match answer.key {
        Some(_) => sign(&mut answer.signer(), &draft, now()),
        None => draft.octets(),
    })]
}

/// The newer version is rejected for this reason, and the old one stays.
#[track_caller]
pub(crate) fn rejected(reason: &str, script: fn(&Answer<'_>) -> Vec<Step>) {
    assert_rejected(&offer(false, "", script), reason);
}

/// As [`rejected`], with a key.
#[track_caller]
pub(crate) fn rejected_signed(reason: &str, script: fn(&Answer<'_>) -> Vec<Step>) {
    assert_rejected(&offer(true, "", script), reason);
}

/// As [`rejected`], with lines for `[limits]`.
#[track_caller]
pub(crate) fn rejected_by_limit(limits: &str, reason: &str, script: fn(&Answer<'_>) -> Vec<Step>) {
    assert_rejected(&offer(false, limits, script), reason);
}

#[track_caller]
fn assert_rejected(outcome: &Outcome, reason: &str) {
    let Outcome { line, before, after, .. } = outcome;
    assert!(line.contains(reason), "{reason:?} is not in: {line}");
    assert!(!line.contains("result=ok"), "{line}");
    assert_eq!(before, after, "the old version is still served");
}

/// The newer version is taken: these are its records, SOA first and last left out, in
/// the order in which zxfrd sends them, with names as whole octets.
#[track_caller]
pub(crate) fn accepted(records: &[Vec<u8>], script: fn(&Answer<'_>) -> Vec<Step>) -> Outcome {
    let outcome = offer(false, "", script);
    assert!(outcome.line.contains("result=ok") && outcome.line.contains("to=2"), "{}", outcome.line);
    let message = Message::new(&outcome.after).unwrap();
    let (layout, mut scratch, mut found) = (message.layout().unwrap(), Scratch::new(), Vec::new());
    let mut answers = message.answers(&layout, &mut scratch);
    while let Some(record) = answers.next().unwrap() {
        let Record { owner, rtype, class, ttl, rdata } = record;
        found.push(wire::record_of(owner.as_octets(), rtype.0, class.0, ttl, rdata));
    }
    let soa = found.pop().unwrap();
    assert_eq!(found.remove(0), soa);
    assert_eq!(found, records);
    outcome
}
