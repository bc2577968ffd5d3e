//! A request whose shape holds: what it asks for, and whether its asker may.

use super::reply::{Refusal, Replier, Reply};
use super::{Action, Grant, Host, KeyWanted, Keys, Notify, Pending, Update, Wanted};
use crate::acl::{Asker, Transport};
use crate::name::{Name, NameRef};
use crate::serial::Serial;
use crate::time::UnixTime;
use crate::transfer::Asked;
use crate::tsig::{self, Key, Signer, TsigRecord};
use crate::update;
use crate::wire::{Class, Edns, Expire, Layout, Message, Opcode, Question, Record, Rtype, Scratch};
use alloc::vec::Vec;

/// A request whose shape holds.
pub(super) struct Request<'m> {
    message: &'m Message<'m>,
    layout: Layout,
    asker: &'m Asker,
    asked: Asked,
    subject: Subject,
    wants_expire: bool,
    dnssec: bool,
    replier: Replier,
}

/// What a request is about.
#[derive(Clone, Copy)]
enum Subject {
    /// A query; an IXFR with the asker's serial.
    Query { from: Option<Serial> },
    /// A NOTIFY, maybe with the new serial.
    Notify { serial: Option<Serial> },
    /// An UPDATE.
    Update,
}

impl<'m> Request<'m> {
    /// Reads a request.
    ///
    /// # Errors
    /// When it is none that can be answered, whoever asks; with the answer.
    pub(super) fn read(message: &'m Message<'m>, asker: &'m Asker) -> Result<Self, Reply> {
        let header = message.header();
        let mut replier = Replier::new(header, asker.transport);
        let malformed = |replier: &Replier| replier.refuse(Refusal::Malformed);
        let opcode = header.flags.opcode();
        if ![Opcode::QUERY, Opcode::NOTIFY, Opcode::UPDATE].contains(&opcode) {
            return Err(replier.refuse(Refusal::Opcode(opcode)));
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
        let subject = if opcode == Opcode::UPDATE {
            update::Request::read(message).map_err(|_| malformed(&replier))?;
            Subject::Update
        } else if opcode == Opcode::NOTIFY {
            // RFC 1996 §3.7 knows no other; a class that isn't one names no zone.
            if (question.qtype, question.qclass) != (Rtype::SOA, Class::IN) {
                return Err(replier.refuse(Refusal::NotifyQuestion));
            }
            let serial = notified_serial(message, &layout, &question).map_err(|_| malformed(&replier))?;
            Subject::Notify { serial }
        } else if question.qclass != Class::IN {
            return Err(replier.refuse(Refusal::Class(question.qclass)));
        } else if question.qtype == Rtype::IXFR {
            let Some(from) = askers_serial(message, &layout, &question) else {
                return Err(replier.refuse(Refusal::IxfrWithoutSoa));
            };
            Subject::Query { from: Some(from) }
        } else {
            Subject::Query { from: None }
        };
        let wants_expire = edns.is_some_and(|edns| edns.expire == Some(Expire::Asked));
        let dnssec = edns.is_some_and(|edns| edns.dnssec_ok);
        let asked = Asked { id: header.id, flags: header.flags, question, edns: edns.is_some(), expire: None };
        Ok(Self { message, layout, asker, asked, subject, wants_expire, dnssec, replier })
    }

    /// Who asks, with which key, and whether they may.
    ///
    /// # Errors
    /// When there is nothing more to look up: the request is refused, or a NOTIFY, or waits for keys.
    #[expect(clippy::result_large_err, reason = "an action is what is wanted, not an accident")]
    pub(super) fn admit<H: Host>(
        self,
        host: &H,
        now: UnixTime,
        supplied: Option<Vec<Key<H::Mac>>>,
    ) -> Result<Grant<H::Mac>, Action<H::Mac>> {
        let asker = self.asker;
        let question = &self.asked.question;
        let plain = matches!(self.subject, Subject::Query { from: None }) && question.qtype != Rtype::AXFR;
        let wanted = plain && !is_meta(question.qtype);
        let holder = if wanted { host.zone_of(question.qname.as_ref(), question.qtype, asker) } else { None };
        let is_held = holder.is_some();
        let name: Name = holder.unwrap_or_else(|| question.qname.clone());
        let zone = name.as_ref();
        let admitted = match self.subject {
            Subject::Query { .. } if plain => host.admits_query(zone, asker).then_some(()).ok_or(Refusal::Stranger),
            Subject::Query { .. } => host.admits(zone, asker).then_some(()).ok_or(Refusal::Stranger),
            Subject::Notify { .. } => host.admits_notify(zone, asker).then_some(()).ok_or(Refusal::Stranger),
            Subject::Update => host.admits_update(zone, asker),
        };
        admitted.map_err(|refusal| Action::Reply(self.replier.refuse(refusal)))?;
        let signer = self.verify(host, zone, now, supplied)?;
        let key = signer.as_ref().map(Signer::key);
        let key_admitted = match self.subject {
            Subject::Query { .. } if plain => host.query_key_admits(zone, asker, key),
            Subject::Query { .. } => host.verified_key_admits(zone, asker, key),
            Subject::Notify { .. } => host.notify_key_admits(zone, asker, key.map(Key::name)),
            Subject::Update => host.update_key_admits(zone, asker, key),
        };
        let Self { message, asked, subject, wants_expire, dnssec, replier, .. } = self;
        let qtype = asked.question.qtype;
        let tells_soa = qtype == Rtype::SOA && asked.question.qname == name && !(is_held && dnssec);
        let mut grant = Grant { asked, wanted: Wanted::Soa, asker: *asker, zone: name, signer, replier, wants_expire };
        if !key_admitted {
            let refusal = if grant.signer.is_some() { Refusal::KeyNotAdmitted } else { Refusal::KeyNeeded };
            return Err(Action::Reply(grant.refuse(refusal, now)));
        }
        grant.wanted = match (subject, qtype) {
            (Subject::Notify { serial }, _) => return Err(Action::Notify(Notify::new(&grant, serial, now))),
            (Subject::Update, _) => return Err(Action::Update(Update::new(message, grant))),
            (Subject::Query { from: Some(from) }, _) => Wanted::Ixfr { from },
            _ if tells_soa => Wanted::Soa,
            _ if is_held => Wanted::Records { dnssec },
            (_, Rtype::AXFR) if asker.transport == Transport::Udp => {
                return Err(Action::Reply(grant.refuse(Refusal::AxfrOverUdp, now)));
            }
            (_, Rtype::AXFR) => Wanted::Axfr,
            _ => return Err(Action::Reply(grant.refuse(Refusal::QueryType(qtype), now))),
        };
        Ok(grant)
    }

    /// The signer of the answer, when the request is signed.
    #[expect(clippy::result_large_err, reason = "an action is what is wanted, not an accident")]
    fn verify<H: Host>(
        &self,
        host: &H,
        zone: NameRef<'_>,
        now: UnixTime,
        supplied: Option<Vec<Key<H::Mac>>>,
    ) -> Result<Option<Signer<H::Mac>>, Action<H::Mac>> {
        let Self { message, layout, asker, replier, .. } = self;
        let record = TsigRecord::read(message, layout);
        let record = record.map_err(|_| Action::Reply(replier.refuse(Refusal::Malformed)))?;
        let Some(record) = record else { return Ok(None) };
        let keys = match (supplied, record.algorithm()) {
            (Some(keys), _) => keys,
            (None, None) => Vec::new(),
            (None, Some(algorithm)) => {
                let name = record.key_name.as_ref();
                match host.keys(&KeyWanted { zone, name, algorithm, asker }) {
                    Keys::Found(keys) => keys,
                    Keys::Later => {
                        return Err(Action::NeedKeys(Pending {
                            octets: message.octets().to_vec(),
                            asker: **asker,
                            zone: zone.to_name(),
                            key_name: record.key_name.clone(),
                            algorithm,
                        }));
                    }
                }
            }
        };
        let verified = tsig::verify_request(message, layout, &record, &keys, now);
        verified.map(Some).map_err(|rejection| Action::Reply(replier.reject(rejection)))
    }
}

/// Whether no zone has records of a type: OPT, and those for queries only (RFC 6895 §3.1); but for ANY.
fn is_meta(rtype: Rtype) -> bool {
    rtype.0 == 41 || (128..255).contains(&rtype.0)
}

/// The serial of an SOA of the zone that is asked about.
fn serial_of(record: &Record<'_>, question: &Question) -> Option<Serial> {
    let belongs = record.owner == question.qname.as_ref() && record.class == Class::IN;
    record.soa().filter(|_| belongs).map(|soa| soa.serial)
}

/// The serial that an IXFR request says that its sender has: that of the SOA in the authority section (RFC 1995 §3).
fn askers_serial(message: &Message<'_>, layout: &Layout, question: &Question) -> Option<Serial> {
    if message.header().authorities != 1 {
        return None;
    }
    let mut scratch = Scratch::new();
    let mut authorities = message.authorities(layout, &mut scratch);
    serial_of(&authorities.next().ok()??, question)
}

/// The new serial that a NOTIFY may name in its answer section (RFC 1996 §3.7): a hint.
fn notified_serial(
    message: &Message<'_>,
    layout: &Layout,
    question: &Question,
) -> Result<Option<Serial>, crate::error::WireError> {
    let mut scratch = Scratch::new();
    let record = message.answers(layout, &mut scratch).next()?.and_then(|record| serial_of(&record, question));
    Ok(record)
}
