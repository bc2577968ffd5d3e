//! The primary: a request and who asked, to what is answered. It reads no socket and keeps no state; zones, keys, rules and
//! quotas are the host's, asked for through [`Host`].
//!
//! The order in which things are looked at: shape of the request, address and transport ([`Host::admits`]), TSIG
//! ([`Host::keys`]), key rules ([`Host::key_admits`]), the zone ([`Host::version`]), quota ([`Host::admit_transfer`]). So
//! nothing secret is computed for a stranger, and no quota is eaten by one.

mod reply;

pub use reply::{Refusal, Reply};

use crate::acl::{Asker, Transport};
use crate::name::{Name, NameRef};
use crate::time::UnixTime;
use crate::transfer::{Asked, Outbound};
use crate::tsig::{self, Algorithm, Key, Mac, Signer, TsigRecord};
use crate::wire::{Class, Edns, Flags, Layout, Message, Opcode, Question, Rtype};
use crate::zone::Version;
use alloc::sync::Arc;
use alloc::vec::Vec;
use reply::Replier;

/// What a primary asks of the server that it is part of.
pub trait Host {
    /// How MACs are computed.
    type Mac: Mac;

    /// Whether this asker may ask about this zone at all, whatever its key. `false` also for zones that don't exist.
    fn admits(&self, zone: NameRef<'_>, asker: &Asker) -> bool;

    /// The keys that may have signed a request, by the zone, the key's name and algorithm, and the asker.
    fn keys(&self, wanted: &KeyWanted<'_>) -> Keys<Self::Mac>;

    /// Whether a request signed with this key, or with none, may be answered.
    fn key_admits(&self, zone: NameRef<'_>, asker: &Asker, key: Option<NameRef<'_>>) -> bool;

    /// The version to answer from.
    ///
    /// # Errors
    /// When there is none that may be served.
    fn version(&self, zone: NameRef<'_>) -> Result<Arc<Version>, Unserved>;

    /// Whether one more transfer may start now; when it may, it starts.
    fn admit_transfer(&self, zone: NameRef<'_>, asker: &Asker) -> bool;
}

/// Why a zone that is configured is not served.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unserved {
    /// It was not loaded or transferred yet.
    NotLoaded,
    /// Its last transfer is longer ago than its SOA's EXPIRE (RFC 1034 §4.3.5).
    Expired,
}

/// Which keys are looked for.
#[derive(Clone, Copy, Debug)]
pub struct KeyWanted<'a> {
    /// The zone that is asked about.
    pub zone: NameRef<'a>,
    /// The name of the key.
    pub name: NameRef<'a>,
    /// Its algorithm.
    pub algorithm: Algorithm,
    /// Who asks.
    pub asker: &'a Asker,
}

/// What a host finds when keys are looked for.
#[derive(Clone, Debug)]
pub enum Keys<M> {
    /// These, in the order in which they are tried.
    Found(Vec<Key<M>>),
    /// They have to be fetched: the request comes back as [`Action::NeedKeys`], to be continued with
    /// [`Pending::supply`].
    Later,
}

/// What is done about a request.
#[derive(Debug)]
pub enum Action<M: Mac> {
    /// Send this message.
    Reply(Reply),
    /// Send a transfer, message by message.
    Stream(Outbound<M>),
    /// Fetch keys, then call [`Pending::supply`].
    NeedKeys(Pending),
    /// Send nothing.
    Drop(DropReason),
}

/// Why a request isn't answered at all.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DropReason {
    /// Less than a header, or more than a message.
    NoMessage,
    /// It is an answer, and answers aren't answered.
    Answer,
}

/// A request that waits for keys.
#[derive(Clone, Debug)]
pub struct Pending {
    octets: Vec<u8>,
    asker: Asker,
    /// The zone that is asked about.
    pub zone: Name,
    /// The name of the key that is looked for.
    pub key_name: Name,
    /// Its algorithm.
    pub algorithm: Algorithm,
}

impl Pending {
    /// Goes on with the request, now that the keys are there.
    pub fn supply<H: Host>(self, host: &H, keys: Vec<Key<H::Mac>>, now: UnixTime) -> Action<H::Mac> {
        handle(host, &self.octets, &self.asker, now, Some(keys))
    }
}

/// What is answered to the request `octets` of `asker`.
pub fn handle_request<H: Host>(host: &H, octets: &[u8], asker: &Asker, now: UnixTime) -> Action<H::Mac> {
    handle(host, octets, asker, now, None)
}

fn handle<H: Host>(
    host: &H,
    octets: &[u8],
    asker: &Asker,
    now: UnixTime,
    supplied: Option<Vec<Key<H::Mac>>>,
) -> Action<H::Mac> {
    let Ok(message) = Message::new(octets) else {
        return Action::Drop(DropReason::NoMessage);
    };
    if message.header().flags.has(Flags::QR) {
        return Action::Drop(DropReason::Answer);
    }
    let request = match Request::read(&message, asker) {
        Ok(request) => request,
        Err(reply) => return Action::Reply(reply),
    };
    match request.answer(host, now, supplied) {
        Ok(action) => action,
        Err(reply) => Action::Reply(reply),
    }
}

/// A request whose shape holds.
struct Request<'m> {
    message: &'m Message<'m>,
    layout: Layout,
    asker: &'m Asker,
    asked: Asked,
    replier: Replier,
}

impl<'m> Request<'m> {
    fn read(message: &'m Message<'m>, asker: &'m Asker) -> Result<Self, Reply> {
        let header = message.header();
        let mut replier = Replier::new(header, asker.transport);
        let malformed = |replier: &Replier| replier.refuse(Refusal::Malformed);
        if header.flags.opcode() != Opcode::QUERY {
            return Err(replier.refuse(Refusal::Opcode(header.flags.opcode())));
        }
        let Ok(layout) = message.layout() else {
            return Err(malformed(&replier));
        };
        let edns = Edns::read(message, &layout).map_err(|_| malformed(&replier))?;
        let (1, Ok(Some(question))) = (header.questions, message.question()) else {
            return Err(malformed(&replier));
        };
        replier.learn(&question, edns.as_ref());
        if edns.is_some_and(|edns| edns.version != 0) {
            return Err(replier.refuse(Refusal::EdnsVersion));
        }
        let asked = Asked { id: header.id, flags: header.flags, question, edns: edns.is_some() };
        Ok(Self { message, layout, asker, asked, replier })
    }

    fn answer<H: Host>(
        self,
        host: &H,
        now: UnixTime,
        supplied: Option<Vec<Key<H::Mac>>>,
    ) -> Result<Action<H::Mac>, Reply> {
        let Self { message, layout, asker, ref asked, ref replier } = self;
        let Question { qname, qtype, qclass } = &asked.question;
        let zone = qname.as_ref();
        if *qclass != Class::IN {
            return Err(replier.refuse(Refusal::Class(*qclass)));
        }
        if !host.admits(zone, asker) {
            return Err(replier.refuse(Refusal::Stranger));
        }
        let record = TsigRecord::read(message, &layout).map_err(|_| replier.refuse(Refusal::Malformed))?;
        let mut signer = match record {
            None => None,
            Some(record) => {
                let keys = match (supplied, record.algorithm()) {
                    (Some(keys), _) => keys,
                    (None, None) => Vec::new(),
                    (None, Some(algorithm)) => {
                        let name = record.key_name.as_ref();
                        match host.keys(&KeyWanted { zone, name, algorithm, asker }) {
                            Keys::Found(keys) => keys,
                            Keys::Later => {
                                return Ok(Action::NeedKeys(Pending {
                                    octets: message.octets().to_vec(),
                                    asker: *asker,
                                    zone: qname.clone(),
                                    key_name: record.key_name.clone(),
                                    algorithm,
                                }));
                            }
                        }
                    }
                };
                let verified = tsig::verify_request(message, &layout, &record, &keys, now);
                Some(verified.map_err(|rejection| replier.reject(rejection))?)
            }
        };
        let refuse = |signer: &mut Option<Signer<H::Mac>>, refusal| Err(replier.refuse_signed(refusal, signer, now));
        if !host.key_admits(zone, asker, signer.as_ref().map(Signer::key_name)) {
            let refusal = if signer.is_some() { Refusal::KeyNotAdmitted } else { Refusal::KeyNeeded };
            return refuse(&mut signer, refusal);
        }
        match *qtype {
            Rtype::SOA | Rtype::AXFR => {}
            Rtype::IXFR => return refuse(&mut signer, Refusal::Ixfr),
            _ => return refuse(&mut signer, Refusal::QueryType(*qtype)),
        }
        if *qtype == Rtype::AXFR && asker.transport == Transport::Udp {
            return refuse(&mut signer, Refusal::AxfrOverUdp);
        }
        let version = match host.version(zone) {
            Ok(version) => version,
            Err(unserved) => return refuse(&mut signer, Refusal::Unserved(unserved)),
        };
        if *qtype == Rtype::SOA {
            return Ok(Action::Reply(replier.soa(&version, &mut signer, now)));
        }
        let outbound = match Outbound::axfr(version, asked.clone(), signer.clone()) {
            Ok(outbound) => outbound,
            Err(unsignable) => return refuse(&mut signer, Refusal::Unsignable(unsignable)),
        };
        // Last, so that every transfer that was admitted starts.
        if !host.admit_transfer(zone, asker) {
            return refuse(&mut signer, Refusal::Quota);
        }
        Ok(Action::Stream(outbound))
    }
}

#[cfg(all(test, feature = "rustcrypto"))]
mod tests;
