//! Sequences of messages as an AXFR: what is told of them, what comes of limits, and that what came can be sent again.

use crate::answer::{Owned, Request, split};
use std::convert::Infallible;
use zxfr_core::serial::Serial;
use zxfr_core::transfer::{Asked, Cursor, CursorOutbound, Error, Event, Inbound, Limits, SendError};
use zxfr_core::tsig::NullMac;
use zxfr_core::wire::{Class, Flags, MAX_MESSAGE, Question, Record, Rtype};

/// Takes the octets as messages with two octets of length before each: the answer to a request that is made to fit the first
/// of them, signed with the null MAC if that one is.
pub fn inbound_axfr(data: &[u8]) {
    let messages = split(data);
    let Some(request) = messages.first().and_then(|first| Request::of(first)) else { return };
    let all = request.receive(&messages, Limits::NONE);
    let few = Limits {
        octets: 600,
        records: 6,
        messages: 4,
        empty_messages: 1,
        unverified_octets: 200,
        rrset_records: 3,
        types_per_name: 2,
    };
    match (&all, request.receive(&messages, few)) {
        (Ok(all), Ok(limited)) => assert_eq!(*all, limited),
        (_, Err(Error::Limit(_))) => {}
        (Err(all), Err(limited)) => assert_eq!(*all, limited),
        (all, limited) => panic!("{all:?} without limits, {limited:?} with them"),
    }
    if let Ok(zone) = all {
        request.send_again(&zone);
    }
}

impl Request {
    /// The SOA and the records of the zone; an error stays the same error.
    fn receive(&self, messages: &[&[u8]], limits: Limits) -> Result<Vec<Owned>, Error> {
        let mut inbound = Inbound::axfr(self.apex.as_ref(), self.id, limits, self.verifier.clone());
        let mut zone = Vec::new();
        let (mut skipped, mut committed) = (0, false);
        let mut failed = None;
        let mut octets = 0;
        for message in messages {
            octets += message.len() as u64;
            if let Err(error) = self.take(&mut inbound, message, &mut zone, &mut skipped, &mut committed) {
                failed = Some(error);
                break;
            }
        }
        assert_eq!(inbound.is_done(), committed);
        let totals = inbound.totals();
        assert!(totals.octets == octets && inbound.skipped() == skipped);
        // A record is counted before it is told or refused.
        let told = zone.len() as u64 + skipped + u64::from(committed);
        assert!(totals.records == told || (failed.is_some() && totals.records == told + 1));
        match (failed, inbound.eof()) {
            (None, Ok(())) => assert!(committed),
            (None, Err(error)) => {
                assert!(matches!(error, Error::Ended { .. }) && !committed);
                failed = Some(error);
            }
            (Some(_), Ok(())) => assert!(committed, "octets after the end"),
            (Some(error), Err(same)) => assert_eq!(error, same),
        }
        if let (Some(error), false) = (failed, committed) {
            let message = messages.first().copied().unwrap_or_default();
            assert_eq!(inbound.handle_message(message, self.now).unwrap_err(), error);
        }
        failed.map_or(Ok(zone), Err)
    }

    fn take(
        &self,
        inbound: &mut Inbound<NullMac>,
        message: &[u8],
        zone: &mut Vec<Owned>,
        skipped: &mut u64,
        committed: &mut bool,
    ) -> Result<(), Error> {
        let apex = self.apex.as_ref();
        let mut events = inbound.handle_message(message, self.now)?;
        while let Some(event) = events.next()? {
            assert!(!*committed);
            match event {
                Event::Begin { soa } => {
                    assert!(zone.is_empty() && *skipped == 0 && soa.owner == apex && soa.soa().is_some());
                    zone.push(Owned::of(&soa));
                }
                Event::Add(record) => {
                    assert!(!zone.is_empty() && record.owner.is_at_or_below(apex) && record.rtype != Rtype::SOA);
                    zone.push(Owned::of(&record));
                }
                Event::Skipped(record) => {
                    assert!(!zone.is_empty() && !record.owner.is_at_or_below(apex));
                    *skipped += 1;
                }
                Event::Commit { serial } => {
                    assert_eq!(Some(serial), serial_of(&zone[0]));
                    *committed = true;
                }
                other => panic!("{other:?} in an AXFR"),
            }
        }
        Ok(())
    }

    /// What came can be sent, and comes the same octet for octet.
    fn send_again(&self, zone: &[Owned]) {
        let question = Question { qname: self.apex.clone(), qtype: Rtype::AXFR, qclass: Class::IN };
        let asked =
            Asked { id: self.id, flags: Flags::default(), question, edns: zone.len().is_multiple_of(2), expire: None };
        let mut outbound = CursorOutbound::<NullMac, _>::axfr(List(zone), asked, None);
        let mut out = vec![0; MAX_MESSAGE];
        let mut messages = Vec::new();
        loop {
            match outbound.copy_to(&mut out, self.now.unix) {
                Ok(Some(length)) => messages.push(out[..length].to_vec()),
                Ok(None) => break,
                // It came in a message with names that ours are not compressed as.
                Err(SendError::TooLarge { .. }) => return,
                Err(error) => panic!("{error}"),
            }
        }
        let messages: Vec<&[u8]> = messages.iter().map(Vec::as_slice).collect();
        let unsigned = Self { verifier: None, apex: self.apex.clone(), ..*self };
        assert_eq!(unsigned.receive(&messages, Limits::NONE).as_deref(), Ok(zone));
    }
}

fn serial_of(soa: &Owned) -> Option<Serial> {
    let numbers = soa.rdata.len().checked_sub(20)?;
    Some(Serial(u32::from_be_bytes(*soa.rdata[numbers..].first_chunk()?)))
}

/// A zone to be sent.
struct List<'z>(&'z [Owned]);

impl Cursor for List<'_> {
    type Error = Infallible;

    fn peek(&mut self) -> Result<Option<Record<'_>>, Infallible> {
        Ok(self.0.first().map(Owned::record))
    }

    fn advance(&mut self) {
        self.0 = &self.0[1..];
    }
}
