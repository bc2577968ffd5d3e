//! Sequences of messages as the answer to IXFR: what is told of them, and what an update makes of that.

use crate::answer::{Owned, Request, split};
use std::sync::Arc;
use zxfr_core::serial::Serial;
use zxfr_core::transfer::{Error, Event, Inbound, Limits, PeerFault};
use zxfr_core::tsig::NullMac;
use zxfr_core::wire::{Flags, Message, Rtype, Scratch};
use zxfr_core::zone::{ApplyError, ApplyFault, BuildLimits, Builder, Change, Style, Update, UpdateError, Version};

/// Takes the octets as messages with two octets of length before each. The answers of the first are the zone that is held;
/// the others are the answer to an IXFR request that is made to fit the first of them, signed with the null MAC if that one
/// is. They are taken as a stream, and each alone as a datagram.
pub fn inbound_ixfr(data: &[u8]) {
    let messages = split(data);
    let Some((zone, answer)) = messages.split_first() else { return };
    let Some(request) = answer.first().and_then(|first| Request::of(first)) else { return };
    let Some(held) = held(&request, zone) else { return };
    let stream = |limits| {
        let verifier = request.verifier.clone();
        request.differences(Inbound::ixfr(request.apex.as_ref(), held.serial(), request.id, limits, verifier), answer)
    };
    let all = stream(Limits::NONE);
    check(&held, &all.0);
    update(&held, &request, &all);
    let few = Limits {
        octets: 600,
        records: 9,
        messages: 4,
        empty_messages: 1,
        unverified_octets: 200,
        rrset_records: 3,
        types_per_name: 2,
    };
    let limited = stream(few);
    assert!(all.0.starts_with(&limited.0));
    assert!(matches!(limited.1, Err(Error::Limit(_))) || limited == all);
    // The first message alone: the same over UDP, but that its end and TC are no errors.
    let first = &answer[..1];
    let verifier = request.verifier.clone();
    let inbound = Inbound::ixfr(request.apex.as_ref(), held.serial(), request.id, Limits::NONE, verifier.clone());
    let alone = request.differences(inbound, first);
    let inbound = Inbound::ixfr_datagram(request.apex.as_ref(), held.serial(), request.id, Limits::NONE, verifier);
    let datagram = request.differences(inbound, first);
    if let Err(Error::Peer { fault: PeerFault::Truncated, .. }) = alone.1 {
        assert!(datagram.0.is_empty(), "told of a truncated datagram");
    } else {
        assert_eq!(alone, datagram);
    }
    let truncated = Message::new(first[0]).is_ok_and(|message| message.header().flags.has(Flags::TC));
    assert!(!truncated || datagram.1.is_err());
}

/// An event, kept.
#[derive(Debug, PartialEq)]
enum Told {
    Begin(Owned),
    Deletions(Owned),
    Delete(Owned),
    Additions(Owned),
    Add(Owned),
    Skipped(Owned),
    UpToDate(Serial),
    Commit(Serial),
}

impl Told {
    fn of(event: &Event<'_>) -> Self {
        match event {
            Event::Begin { soa } => Self::Begin(Owned::of(soa)),
            Event::Deletions { soa } => Self::Deletions(Owned::of(soa)),
            Event::Delete(record) => Self::Delete(Owned::of(record)),
            Event::Additions { soa } => Self::Additions(Owned::of(soa)),
            Event::Add(record) => Self::Add(Owned::of(record)),
            Event::Skipped(record) => Self::Skipped(Owned::of(record)),
            Event::UpToDate { serial } => Self::UpToDate(*serial),
            Event::Commit { serial } => Self::Commit(*serial),
        }
    }

    fn event(&self) -> Event<'_> {
        match self {
            Self::Begin(soa) => Event::Begin { soa: soa.record() },
            Self::Deletions(soa) => Event::Deletions { soa: soa.record() },
            Self::Delete(record) => Event::Delete(record.record()),
            Self::Additions(soa) => Event::Additions { soa: soa.record() },
            Self::Add(record) => Event::Add(record.record()),
            Self::Skipped(record) => Event::Skipped(record.record()),
            Self::UpToDate(serial) => Event::UpToDate { serial: *serial },
            Self::Commit(serial) => Event::Commit { serial: *serial },
        }
    }
}

/// What was told, and how it ended.
type Outcome = (Vec<Told>, Result<(), Error>);

/// The zone that the answers of a message are.
fn held(request: &Request, octets: &[u8]) -> Option<Arc<Version>> {
    let message = Message::new(octets).ok()?;
    let layout = message.layout().ok()?;
    let mut scratch = Scratch::new();
    let mut records = message.answers(&layout, &mut scratch);
    let mut builder = Builder::new(request.apex.as_ref(), BuildLimits::default());
    while let Some(record) = records.next().ok()? {
        builder.push_checked(&record).ok()?;
    }
    Some(Arc::new(builder.finish().ok()?.0))
}

impl Request {
    /// What a machine tells of messages; an error stays the same error.
    fn differences(&self, mut inbound: Inbound<NullMac>, messages: &[&[u8]]) -> Outcome {
        let mut told = Vec::new();
        let mut take = |message: &&[u8]| {
            let mut events = inbound.handle_message(message, self.now)?;
            while let Some(event) = events.next()? {
                told.push(Told::of(&event));
            }
            Ok(())
        };
        let taken = messages.iter().try_for_each(&mut take);
        let skipped = told.iter().filter(|told| matches!(told, Told::Skipped(_))).count() as u64;
        assert_eq!(inbound.skipped(), skipped);
        assert!(inbound.totals().messages <= messages.len() as u64);
        let ended = matches!(told.last(), Some(Told::UpToDate(_) | Told::Commit(_)));
        assert_eq!(inbound.is_done(), ended);
        // Octets after the end are an error that doesn't undo it.
        match (taken, inbound.eof()) {
            (Ok(()), Ok(())) => assert!(ended),
            (Ok(()), Err(error)) => {
                assert!(matches!(error, Error::Ended { .. }) && !ended);
                return (told, Err(error));
            }
            (Err(error), Ok(())) => {
                assert!(ended && matches!(error, Error::Peer { fault: PeerFault::AfterEnd, .. } | Error::Limit(_)));
            }
            (Err(error), Err(same)) => assert_eq!(error, same),
        }
        if let (Err(error), false) = (taken, ended) {
            assert_eq!(inbound.handle_message(messages[0], self.now).unwrap_err(), error);
        }
        (told, taken)
    }
}

fn serial_of(soa: &Owned) -> Serial {
    soa.record().soa().expect("an SOA").serial
}

/// That what was told is in order, and its serials make a chain from ours.
fn check(held: &Version, told: &[Told]) {
    let apex = held.apex();
    let mut events = told.iter();
    let mut at = held.serial();
    // Whether a zone, deletions or additions go on, and since when.
    let mut part = None;
    for event in &mut events {
        match event {
            Told::Begin(soa) => {
                assert!(part.is_none());
                (part, at) = (Some('z'), serial_of(soa));
            }
            Told::Deletions(soa) => {
                assert!(matches!(part, None | Some('a')) && serial_of(soa) == at);
                part = Some('d');
            }
            Told::Additions(soa) => {
                assert!(part == Some('d') && serial_of(soa) != at);
                (part, at) = (Some('a'), serial_of(soa));
            }
            Told::Delete(_) => assert_eq!(part, Some('d')),
            Told::Add(_) => assert!(matches!(part, Some('z' | 'a'))),
            Told::Skipped(_) => assert!(part.is_some()),
            Told::UpToDate(serial) => {
                assert!(part.is_none() && !serial.is_newer_than(held.serial()));
                break;
            }
            Told::Commit(serial) => {
                assert!(matches!(part, Some('z' | 'a')) && *serial == at);
                break;
            }
        }
        match event {
            Told::Begin(soa) | Told::Deletions(soa) | Told::Additions(soa) => {
                assert!(soa.rtype == Rtype::SOA && soa.record().owner == apex);
            }
            Told::Delete(record) | Told::Add(record) => {
                assert!(record.rtype != Rtype::SOA && record.record().owner.is_at_or_below(apex));
            }
            Told::Skipped(record) => assert!(!record.record().owner.is_at_or_below(apex)),
            Told::UpToDate(_) | Told::Commit(_) => {}
        }
    }
    assert!(events.next().is_none(), "told after the end");
}

/// What an update makes of it is what a plain list of records says; and the version that is held stays.
fn update(held: &Arc<Version>, request: &Request, (told, _): &Outcome) {
    let before = listed(held);
    let mut update = Update::new(request.apex.as_ref(), Some(held.clone()), BuildLimits::default());
    let mut handled = Ok(());
    for event in told {
        handled = handled.and_then(|()| update.handle(&event.event()));
    }
    let result = handled.and_then(|()| update.commit());
    assert_eq!(listed(held), before);
    let committed = matches!(told.last(), Some(Told::Commit(_)));
    match (result, wanted(&before, told)) {
        (Err(UpdateError::Unfinished), _) => assert!(!committed),
        // What keeps a zone from being built is no matter of this.
        (Err(UpdateError::Build(_)), _) => {}
        (Err(UpdateError::Apply(ApplyError { fault: ApplyFault::Build(_), .. })), _) => {}
        (Err(UpdateError::Apply(_)), None) => {}
        (Ok(change), Some(wanted)) if committed => {
            let found = listed(&change.version);
            assert!(same(&found, &wanted), "{found:?} instead of {wanted:?}");
            follow(held, &change);
        }
        (result, wanted) => panic!("{result:?} where {wanted:?} is wanted"),
    }
}

/// The deltas of a change lead from what was held to what it made.
fn follow(held: &Arc<Version>, change: &Change) {
    let newer = change.version.serial().is_newer_than(held.serial());
    assert_eq!(change.deltas.is_empty(), !newer);
    assert!(change.style == Style::Deltas || change.deltas.len() <= 1);
    let mut version = held.clone();
    for delta in &change.deltas {
        version = Arc::new(version.apply(delta, BuildLimits::default()).expect("a delta of the chain").version);
    }
    assert!(!newer || listed(&version) == listed(&change.version));
}

fn listed(version: &Version) -> Vec<Owned> {
    let mut records = version.records();
    let mut listed = Vec::new();
    while let Some(record) = records.next() {
        listed.push(Owned::of(&record));
    }
    listed
}

/// Whether two records are the same but for TTL and case.
fn identical(a: &Owned, b: &Owned) -> bool {
    a.record().canonical_cmp(&b.record()).is_eq()
}

/// Whether two lists have the same records, in any order.
fn same(a: &[Owned], b: &[Owned]) -> bool {
    a.len() == b.len() && a.iter().all(|record| b.iter().any(|other| identical(record, other)))
}

/// The zone that there should be; `None` when differences don't apply.
fn wanted(before: &[Owned], told: &[Told]) -> Option<Vec<Owned>> {
    let mut zone = before.to_vec();
    let mut whole = false;
    let find = |zone: &[Owned], record: &Owned| zone.iter().position(|other| identical(other, record));
    for event in told {
        match event {
            Told::Begin(soa) => (zone, whole) = (vec![soa.clone()], true),
            Told::Add(record) if whole => {
                if find(&zone, record).is_none() {
                    zone.push(record.clone());
                }
            }
            Told::Deletions(record) | Told::Delete(record) => {
                zone.remove(find(&zone, record)?);
            }
            Told::Additions(record) | Told::Add(record) => {
                if find(&zone, record).is_some() {
                    return None;
                }
                zone.push(record.clone());
            }
            Told::Skipped(_) | Told::UpToDate(_) | Told::Commit(_) => {}
        }
    }
    Some(zone)
}
