//! Transfers under way on one connection, which take turns.

use super::{OutReport, SendError};
use crate::clock;
use crate::identity::PeerIdentity;
use std::collections::VecDeque;
use tokio::time::Instant;
use zxfr_core::transfer::{Frame, Outbound};
use zxfr_core::tsig::Mac;

/// A transfer whose last message waits to be written: when it started, and what will be told of it.
pub(super) type Ending = (Instant, OutReport);

/// A message that waits to be written; with the last of a transfer what is told when it is.
pub(super) type Prepared = (Frame, Option<Box<Ending>>);

/// Transfers of which each gives one message in turn.
pub(super) struct Transfers<M: Mac> {
    peer: PeerIdentity,
    turns: VecDeque<Box<Transfer<M>>>,
    /// A transfer of which a message could not be put together. Nothing comes after it.
    failed: Option<Box<OutReport>>,
}

/// A transfer under way.
struct Transfer<M: Mac> {
    outbound: Outbound<M>,
    started: Instant,
}

impl<M: Mac> Transfer<M> {
    fn report(&self, peer: PeerIdentity, result: Result<(), SendError>) -> OutReport {
        OutReport {
            peer,
            zone: self.outbound.apex().to_name(),
            kind: self.outbound.kind(),
            serial: self.outbound.serial(),
            key: self.outbound.key_name().map(|name| name.to_name()),
            totals: self.outbound.totals(),
            elapsed: self.started.elapsed(),
            result,
        }
    }
}

impl<M: Mac> Transfers<M> {
    /// None as yet, to this peer.
    pub(super) const fn new(peer: PeerIdentity) -> Self {
        Self { peer, turns: VecDeque::new(), failed: None }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.turns.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.turns.len()
    }

    /// Whether messages are signed.
    pub(super) fn are_signed(&self) -> bool {
        self.turns.iter().any(|transfer| transfer.outbound.key_name().is_some())
    }

    /// When the first that is still under way was started.
    pub(super) fn oldest(&self) -> Option<Instant> {
        self.turns.iter().map(|transfer| transfer.started).min()
    }

    /// Starts another.
    pub(super) fn start(&mut self, outbound: Outbound<M>) {
        self.turns.push_back(Box::new(Transfer { outbound, started: Instant::now() }));
    }

    /// Puts these behind the others.
    pub(super) fn append(&mut self, mut others: Self) {
        self.turns.append(&mut others.turns);
        self.failed = self.failed.take().or(others.failed);
    }

    /// The next message, signed now. `None` when there are no transfers, or when one failed.
    pub(super) fn next_message(&mut self) -> Option<Prepared> {
        if self.failed.is_some() {
            return None;
        }
        let mut transfer = self.turns.pop_front()?;
        match transfer.outbound.poll_transmit(clock::unix()) {
            Ok(Some(frame)) if transfer.outbound.is_done() => {
                Some((frame, Some(Box::new((transfer.started, transfer.report(self.peer, Ok(())))))))
            }
            Ok(Some(frame)) => {
                self.turns.push_back(transfer);
                Some((frame, None))
            }
            Ok(None) | Err(_) => {
                self.failed = Some(Box::new(transfer.report(self.peer, Err(SendError::Unsendable))));
                None
            }
        }
    }

    /// The report of the transfer that failed, once.
    pub(super) fn take_failed(&mut self) -> Option<Box<OutReport>> {
        self.failed.take()
    }

    /// Ends all; gives their reports.
    pub(super) fn abandon(&mut self, error: SendError) -> impl Iterator<Item = OutReport> {
        let peer = self.peer;
        let failed = self.failed.take().map(|report| *report);
        failed.into_iter().chain(self.turns.drain(..).map(move |transfer| transfer.report(peer, Err(error))))
    }
}

#[cfg(test)]
pub(super) mod testing {
    use super::Transfers;
    use crate::identity::PeerIdentity;
    use std::sync::Arc;
    use zxfr_core::name::Name;
    use zxfr_core::transfer::{Asked, Outbound};
    use zxfr_core::tsig::rustcrypto::Hmac;
    use zxfr_core::wire::{Class, Flags, Question, Record, Rtype};
    use zxfr_core::zone::{BuildLimits, Builder};

    /// A transfer of a zone with so many records for each of these numbers, which are the IDs of the requests, too.
    pub(in super::super) fn transfers(sizes: &[u16]) -> Transfers<Hmac> {
        let mut transfers = Transfers::new(PeerIdentity::tcp(([192, 0, 2, 1], 53).into()));
        for size in sizes {
            let apex: Name = "example.".parse().unwrap();
            let mut builder = Builder::new(apex.as_ref(), BuildLimits::default());
            let mut push = |owner: &Name, rtype, rdata: &[u8]| {
                builder.push(&Record { owner: owner.as_ref(), rtype, class: Class::IN, ttl: 60, rdata }).unwrap();
            };
            push(&apex, Rtype::SOA, &[0; 22]);
            for number in 0..*size {
                push(
                    &format!("host{number:05}.example.").parse().unwrap(),
                    Rtype::TXT,
                    &[&[255][..], &[b'x'; 255]].concat(),
                );
            }
            let question = Question { qname: apex, qtype: Rtype::AXFR, qclass: Class::IN };
            let asked = Asked { id: *size, flags: Flags::default(), question, edns: false, expire: None };
            transfers.start(Outbound::axfr(Arc::new(builder.finish().unwrap().0), asked, None).unwrap());
        }
        transfers
    }
}
