//! Messages read ahead: whatever is read by whom, the same comes of it.

use super::super::super::{Limit, Limits};
use super::*;
use crate::tsig::{Algorithm, NullMac, Verifier};
use proptest::prelude::*;

/// What one transfer told, how it ended, and what was counted.
type Outcome = (Vec<Told>, Result<(), Error>, Totals, u64);

fn outcome(told: Vec<Told>, result: Result<(), Error>, inbound: &mut InspectedInbound) -> Outcome {
    let result = result.and_then(|()| inbound.eof());
    (told, result, inbound.totals(), inbound.skipped())
}

fn take<O: AsRef<[u8]>>(
    inbound: &mut InspectedInbound,
    message: &Inspected<O>,
    told: &mut Vec<Told>,
) -> Result<(), Error> {
    let mut events = inbound.handle_message(message)?;
    while let Some(event) = events.next()? {
        told.push(event.into());
    }
    Ok(())
}

/// Reads ahead; gives how many messages were taken whole.
fn look(ahead: &mut InboundAhead, messages: &[Inspected<Vec<u8>>], told: &mut Vec<Told>) -> usize {
    let mut all = |message| {
        let mut events = ahead.handle_message(message)?;
        while let Some(event) = events.next()? {
            told.push(event.into());
        }
        Ok::<_, NotSure>(())
    };
    let taken = messages.iter().take_while(|message| all(message).is_ok()).count();
    if taken < messages.len() {
        // Who has stopped doesn't begin again.
        assert!(messages.iter().all(|message| ahead.handle_message(message).is_err()));
    }
    taken
}

fn machine<M: Mac>(
    query: Option<u32>,
    limits: Limits,
    verifier: Option<Verifier<M>>,
) -> (Inspector<M>, InspectedInbound) {
    let apex = name(APEX);
    match query {
        None => Inbound::axfr(apex.as_ref(), ID, limits, verifier).split(),
        Some(serial) => Inbound::ixfr(apex.as_ref(), Serial(serial), ID, limits, verifier).split(),
    }
}

/// All messages in order, by one reader.
fn alone(inbound: &mut InspectedInbound, messages: &[Inspected<Vec<u8>>]) -> Outcome {
    let mut told = Vec::new();
    let result = messages.iter().try_for_each(|message| take(inbound, message, &mut told));
    outcome(told, result, inbound)
}

/// Messages in runs of these lengths, each read ahead where that can be; and how many of them were joined.
fn together(inbound: &mut InspectedInbound, mut messages: &[Inspected<Vec<u8>>], runs: &[usize]) -> (Outcome, usize) {
    let (mut told, mut joined) = (Vec::new(), 0);
    let mut result = Ok(());
    let mut seed = None;
    for run in runs.iter().copied().chain([messages.len()]) {
        let (these, others) = messages.split_at(run.min(messages.len()));
        messages = others;
        let mut ahead_told = Vec::new();
        // From the first that could be had on, as if it were not known how far those before have come.
        seed = seed.or_else(|| inbound.ahead());
        let mut rest = these;
        if let Some(mut ahead) = seed.as_ref().map(InboundAhead::another) {
            let taken = look(&mut ahead, these, &mut ahead_told);
            if inbound.join(ahead).is_ok() {
                told.append(&mut ahead_told);
                rest = &these[taken..];
                joined += 1;
            }
        }
        result = rest.iter().try_for_each(|message| take(inbound, message, &mut told));
        if result.is_err() {
            break;
        }
    }
    (outcome(told, result, inbound), joined)
}

/// The same comes of messages in runs as of one after the other; gives it, and how many runs were joined.
#[track_caller]
fn compared<M: Mac + Clone>(
    stream: &[Vec<u8>],
    runs: &[usize],
    query: Option<u32>,
    limits: Limits,
    verifier: Option<Verifier<M>>,
) -> (Outcome, usize) {
    let (mut inspector, mut inbound) = machine(query, limits, verifier);
    let inspect = |(number, octets): (usize, &'_ Vec<u8>)| inspector.inspect(octets.clone(), now(number).unix);
    let inspected: Vec<Inspected<Vec<u8>>> = stream.iter().enumerate().map(inspect).collect();
    let expected = alone(&mut inbound, &inspected);
    let (_, mut inbound) = machine::<M>(query, limits, None);
    let (got, joined) = together(&mut inbound, &inspected, runs);
    assert_eq!(got, expected, "{runs:?} {limits:?}");
    (got, joined)
}

/// Every way to divide so many messages.
fn divisions(count: usize) -> impl Iterator<Item = Vec<usize>> {
    (0..1_u32 << count.saturating_sub(1)).map(move |cuts| {
        let mut runs = Vec::from([1]);
        for at in 0..count - 1 {
            if cuts >> at & 1 == 1 { runs.push(1) } else { *runs.last_mut().unwrap() += 1 }
        }
        runs
    })
}

#[track_caller]
fn compared_every_way(stream: &[Vec<u8>], limits: Limits) -> Outcome {
    divisions(stream.len()).map(|runs| compared::<NoMac>(stream, &runs, None, limits, None).0).last().unwrap()
}

/// Seven messages: owners across their ends, one type and several, records outside the zone, the apex.
fn seven() -> Vec<Vec<u8>> {
    let a = |owner, last| Owned::new(owner, Rtype::A, &[192, 0, 2, last]);
    messages([
        &[soa(APEX, 7), a("a.example.", 1)],
        &[a("a.example.", 2), a("A.example.", 3), txt("a.example.", 4), a("a.example.", 4)],
        &[a("a.example.", 5), txt("a.example.", 5)],
        &[txt("elsewhere.", 1), a("a.example.", 6), a("b.example.", 7), txt("example.", 7)],
        &[a("b.example.", 8), txt("elsewhere.", 3), a("b.example.", 8)],
        &[a("b.example.", 9)],
        &[a("a.example.", 1), soa(APEX, 7)],
    ])
}

#[test]
fn whole_zone_is_joined_however_it_is_divided() {
    let stream = seven();
    assert!(compared_every_way(&stream, Limits::default()).1.is_ok());
    let (_, joined) = compared::<NoMac>(&stream, &[1, 3, 2, 1], None, Limits::default(), None);
    assert_eq!(joined, 3);
}

#[test]
fn limits_are_those_of_one_reader() {
    let stream = seven();
    let octets: u64 = stream.iter().map(|message| message.len() as u64).sum();
    let mut cut = 0;
    let mut check = |limits, enough: bool| {
        let result = compared_every_way(&stream, limits).1;
        assert_eq!(result.is_ok(), enough, "{result:?}");
        cut += usize::from(matches!(result, Err(Error::Limit(_))));
    };
    for records in 0..=18 {
        check(Limits { records, ..Limits::NONE }, records >= 18);
    }
    for messages in 0..=7 {
        check(Limits { messages, ..Limits::NONE }, messages >= 7);
    }
    for octets in (0..octets).step_by(5).chain([octets - 1]) {
        check(Limits { octets, ..Limits::NONE }, false);
    }
    check(Limits { octets, ..Limits::NONE }, true);
    for rrset_records in 0..=3 {
        check(Limits { rrset_records, ..Limits::NONE }, rrset_records >= 3);
    }
    for types_per_name in 0..=2 {
        check(Limits { types_per_name, ..Limits::NONE }, types_per_name >= 2);
    }
    assert!(cut > 40, "{cut}");
}

#[test]
fn empty_messages_are_counted_across_runs() {
    let zone = zone(2);
    let stream = messages([&zone[..2], &[], &zone[2..], &[], &[], &zone[..1]]);
    for (empty_messages, enough) in [(2, true), (1, false), (0, false)] {
        let limits = Limits { empty_messages, ..Limits::NONE };
        assert_eq!(compared_every_way(&stream, limits).1.is_ok(), enough);
    }
}

#[test]
fn what_is_wrong_is_told_of_the_same_message_and_octet() {
    let mut chaos = txt("c.example.", 1);
    chaos.class = Class::CH;
    let bad = [
        [soa(APEX, 8)].to_vec(),
        [soa("a.example.", 7)].to_vec(),
        [txt("a.example.", 9), chaos].to_vec(),
        [txt("a.example.", 9), Owned::new("a.example.", Rtype(255), b"")].to_vec(),
        [soa(APEX, 7), txt("a.example.", 1)].to_vec(),
    ];
    for bad in bad {
        let bad = Draft::of(&bad).octets();
        for at in 1..7 {
            let mut stream = seven();
            stream.insert(at, bad.clone());
            assert!(matches!(compared_every_way(&stream, Limits::default()).1, Err(Error::Peer { .. })));
        }
    }
    for at in 0..7 {
        for change in [
            |octets: &mut Vec<u8>| octets.truncate(octets.len() - 3),
            |octets: &mut Vec<u8>| octets[0] ^= 1,
            |octets: &mut Vec<u8>| {
                octets[2] &= 0x7f;
            },
        ] {
            let mut stream = seven();
            change(&mut stream[at]);
            assert!(compared_every_way(&stream, Limits::default()).1.is_err());
        }
        let mut stream = seven();
        stream.truncate(at + 1);
        let ended = compared_every_way(&stream, Limits::default()).1;
        assert!(at == 6 || matches!(ended, Err(Error::Ended { .. })), "{ended:?}");
    }
}

#[test]
fn nothing_is_read_ahead_of_what_is_no_whole_zone() {
    let (_, mut inbound) = machine::<NoMac>(Some(6), Limits::default(), None);
    assert!(inbound.ahead().is_none());
    let stream = messages([&[soa(APEX, 7)], &[soa(APEX, 6), txt("a.example.", 1)], &[soa(APEX, 7)], &[soa(APEX, 7)]]);
    let mut inspector = Inspector::<NoMac>::new(None);
    for message in &stream {
        let _ = take(&mut inbound, &inspector.inspect(message, now(0).unix), &mut Vec::new());
        assert!(inbound.ahead().is_none());
    }
    assert!(inbound.is_done());
    // An AXFR-style answer is one, from its second record on.
    for runs in divisions(7) {
        let _ = compared::<NoMac>(&seven(), &runs, Some(6), Limits::default(), None);
    }
}

#[test]
fn events_left_untaken_are_not_joined() {
    let stream = seven();
    let mut inspector = Inspector::<NoMac>::new(None);
    let inspected: Vec<Inspected<&Vec<u8>>> =
        stream.iter().map(|message| inspector.inspect(message, now(0).unix)).collect();
    let (_, mut inbound) = machine::<NoMac>(None, Limits::default(), None);
    let mut events = inbound.handle_message(&inspected[0]).unwrap();
    while events.next().unwrap().is_some() {}
    let mut ahead = inbound.ahead().unwrap();
    assert!(ahead.handle_message(&inspected[1]).unwrap().next().is_ok());
    assert_eq!(ahead.handle_message(&inspected[2]).err(), Some(NotSure));
    assert_eq!(inbound.join(ahead), Err(NotSure));
    assert_eq!(inbound.totals().messages, 1);
    // Nor are others while the machine itself has events left.
    let ahead = inbound.ahead().unwrap();
    let _ = inbound.handle_message(&inspected[1]).unwrap();
    assert_eq!(inbound.join(ahead), Err(NotSure));
}

proptest! {
    #[test]
    fn any_stream_divided_is_the_stream(
        records in any_zone(),
        order in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
        sizes in prop::collection::vec(0..9_usize, 1..40),
        runs in prop::collection::vec(1..6_usize, 0..20),
        odd in prop::option::of((any::<prop::sample::Index>(), 0..5_u8)),
        limits in (5..80_u64, 1_000..40_000_u64, 2..20_u64, 1..5_u32, 1..5_u16, 0..3_u32),
        limited: bool,
        serial in prop::option::of(any::<u32>()),
    ) {
        let (first, mut rest) = (records[0].clone(), records[1..].to_vec());
        for at in &order {
            if !rest.is_empty() {
                let (from, to) = (at.index(rest.len()), rest.len() / 2);
                rest.swap(from, to);
                rest.push(rest[from].clone());
            }
        }
        if let Some((at, kind)) = odd {
            let odd = match kind {
                0 => first.clone(),
                1 => soa(APEX, 3),
                2 => txt("elsewhere.", 2),
                3 => Owned::new("a.example.", Rtype(250), b""),
                _ => soa("b.example.", 3),
            };
            rest.insert(at.index(rest.len() + 1), odd);
        }
        let mut all: Vec<Owned> = [first.clone()].into_iter().chain(rest).chain([first]).collect();
        let mut stream = Vec::new();
        for size in sizes {
            let others = all.split_off(size.min(all.len()));
            stream.push(Draft::of(&all).octets());
            all = others;
        }
        if !all.is_empty() {
            stream.push(Draft::of(&all).octets());
        }
        let (records, octets, messages, rrset_records, types_per_name, empty_messages) = limits;
        let limits = Limits { records, octets, messages, rrset_records, types_per_name, empty_messages, ..Limits::NONE };
        let _ = compared::<NoMac>(&stream, &runs, serial, if limited { limits } else { Limits::NONE }, None);
    }

    #[test]
    fn signed_streams_divided_are_the_stream(
        records in any_zone(),
        runs in prop::collection::vec(1..6_usize, 0..20),
        damage in prop::option::of((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 1..=255_u8)),
        unverified_octets in prop::option::of(0..20_000_u64),
    ) {
        let (signer, verifier) = ends(&key::<NullMac>(Algorithm::HmacSha256));
        let mut stream = send(&records, 3_600, Some(signer)).unwrap();
        if let Some((message, octet, flip)) = damage {
            let message = message.get_mut(&mut stream);
            let octet = octet.get_mut(message);
            *octet ^= flip;
        }
        let limits = Limits { unverified_octets: unverified_octets.unwrap_or(u64::MAX), ..Limits::default() };
        let _ = compared(&stream, &runs, None, limits, Some(verifier));
    }
}

#[test]
fn limit_that_one_run_passes_alone_is_told_by_the_machine() {
    // A type more and a record more at once: which limit is told first depends on all that came before.
    let stream =
        messages([&zone(1)[..], &[txt("a.example.", 1), Owned::new("a.example.", Rtype::A, &[0; 4])], &[soa(APEX, 7)]]);
    let limits = Limits { rrset_records: 1, types_per_name: 1, ..Limits::NONE };
    assert_eq!(compared_every_way(&stream, limits).1, Err(Error::Limit(Limit::TypesPerName(1))));
}
