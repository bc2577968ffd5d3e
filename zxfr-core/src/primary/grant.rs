//! A request that may be answered, and its answers of one message.

use super::reply::{Refusal, Replier, Reply, Sent};
use crate::acl::Asker;
use crate::answer::{Answer, Query};
use crate::name::{Name, NameRef};
use crate::serial::Serial;
use crate::time::UnixTime;
use crate::transfer::{Asked, Kind, Outbound, Totals};
use crate::tsig::{Mac, Signer};
use crate::wire::{Full, Record, Writer};
use alloc::boxed::Box;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// The zone's SOA.
    Soa,
    /// The zone (RFC 5936), over a stream.
    Axfr,
    /// What has changed since this serial (RFC 1995).
    Ixfr {
        /// The asker's serial.
        from: Serial,
    },
    /// What the zone has at the question's name. Only of a host with [`super::Host::zone_of`].
    Records {
        /// Whether signatures and proofs are wanted (RFC 3225).
        dnssec: bool,
    },
}

/// A request whose asker and key may have what is asked for. A host with a store of its own answers it with
/// [`Grant::soa`], [`Grant::refuse`], or a [`crate::transfer::CursorOutbound`] made with `asked` and [`Grant::signer`].
#[derive(Debug)]
pub struct Grant<M: Mac> {
    /// What of the request the answer repeats. The question's name is the zone, or with [`Wanted::Records`] one in it.
    pub asked: Asked,
    /// What is asked for.
    pub wanted: Wanted,
    /// Who asks.
    pub asker: Asker,
    pub(super) zone: Name,
    pub(super) signer: Option<Signer<M>>,
    pub(super) replier: Replier,
    pub(super) wants_expire: bool,
}

impl<M: Mac> Grant<M> {
    /// The zone that is asked about.
    #[must_use]
    pub fn zone(&self) -> NameRef<'_> {
        self.zone.as_ref()
    }

    /// The signer of the answer, when the request was signed. An answer is signed by one of these from its first message to
    /// its last.
    #[must_use]
    pub fn signer(&self) -> Option<Signer<M>> {
        self.signer.clone()
    }

    /// The name of the key that signed the request, if one did.
    #[must_use]
    pub fn key_name(&self) -> Option<NameRef<'_>> {
        self.signer.as_ref().map(Signer::key_name)
    }

    /// Lets the answer say after how many seconds the zone expires here (RFC 7314), when that was asked for.
    pub fn set_expire(&mut self, seconds: Option<u32>) {
        self.asked.expire = seconds.filter(|_| self.wants_expire);
        self.replier.set_expire(self.asked.expire);
    }

    /// The answer that is the zone's SOA alone: to a query for it; to an IXFR when the asker has the newest version
    /// (RFC 1995 §2), or when the answer doesn't fit into a datagram, so that the asker comes back over a stream.
    pub fn soa(&self, soa: &Record<'_>, now: UnixTime) -> Reply {
        let mut reply = self.replier.soa(soa, &mut self.signer(), now);
        if let (Wanted::Ixfr { from }, Some(serial)) = (self.wanted, soa.soa().map(|soa| soa.serial)) {
            let octets = reply.message.len() as u64;
            let totals = Totals { messages: 1, records: 1, octets };
            let kind = Kind::UpToDate { from };
            let up_to_date = !serial.is_newer_than(from);
            reply.sent = up_to_date.then(|| self.sent(serial, kind, totals));
        }
        reply
    }

    /// What the zone has at the question's name, as `write` writes it; signed when the request was.
    pub(super) fn records(
        &self,
        dnssec: bool,
        write: impl FnOnce(&Query<'_>, &mut Writer<'_>) -> Result<Answer, Full>,
        now: UnixTime,
    ) -> Reply {
        let question = &self.asked.question;
        let query = Query { qname: question.qname.as_ref(), qtype: question.qtype, dnssec };
        self.replier.records(|writer| write(&query, writer), &mut self.signer(), now)
    }

    /// A refusal, signed when the request was.
    pub fn refuse(&self, refusal: Refusal, now: UnixTime) -> Reply {
        self.replier.refuse_signed(refusal, &mut self.signer(), now)
    }

    /// The whole answer as a datagram, when it fits into one that the asker takes.
    pub(super) fn datagram(&self, mut outbound: Outbound<M>, now: UnixTime) -> Option<Reply> {
        outbound.single_len().filter(|length| *length <= self.replier.limit())?;
        let frame = outbound.poll_transmit(now).ok()??;
        let message = frame.parts().concat().into();
        let sent = self.sent(outbound.serial(), outbound.kind(), outbound.totals());
        outbound.is_done().then_some(Reply { message, refusal: None, sent: Some(sent) })
    }

    /// The answer to a NOTIFY (RFC 1996 §4.7), signed when that was.
    pub(super) fn acknowledge(&self, now: UnixTime) -> Reply {
        self.replier.acknowledge(&mut self.signer(), now)
    }

    fn sent(&self, serial: Serial, kind: Kind, totals: Totals) -> Box<Sent> {
        let key: Option<Name> = self.key_name().map(|name| name.to_name());
        Box::new(Sent { zone: self.zone().to_name(), serial, kind, key, totals })
    }
}
