//! Answers of one message: an SOA, a datagram of differences, the answer to NOTIFY, or a refusal that says why (RCODE, and an extended error when the request had OPT).

use super::Unserved;
use crate::acl::Transport;
use crate::answer::Answer;
use crate::name::Name;
use crate::serial::Serial;
use crate::time::UnixTime;
use crate::transfer::{Kind, Totals, Unsignable};
use crate::tsig::{Mac, Rejection, Signer};
use crate::wire::writer::Full;
use crate::wire::{
    Class, Ede, Edns, Expire, Flags, Header, MAX_MESSAGE, Opcode, Question, Rcode, Record, Rtype, Writer, edns,
};
use alloc::boxed::Box;
use alloc::vec::Vec;
use bytes::Bytes;
use core::fmt;

/// The most octets of a UDP answer to a request without OPT (RFC 1035 §4.2.1).
const PLAIN_UDP: usize = 512;

/// The octets of an OPT without options (RFC 6891 §6.1.2).
const OPT_LEN: usize = 11;

/// Why a request was refused: what the log says.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Its octets are no well-formed request.
    Malformed,
    /// An opcode that is not answered here.
    Opcode(Opcode),
    /// An EDNS version other than 0.
    EdnsVersion,
    /// A class other than IN.
    Class(Class),
    /// Nobody who may ask, or a zone that isn't there: which of the two a stranger isn't told.
    Stranger,
    /// The TSIG doesn't hold; the error is that of RFC 8945 §5.2.
    Tsig(Rcode),
    /// It had to be signed.
    KeyNeeded,
    /// It was signed with a key that doesn't open this zone.
    KeyNotAdmitted,
    /// An IXFR without the one SOA of the zone that says what the asker has (RFC 1995 §3).
    IxfrWithoutSoa,
    /// A NOTIFY about something else than the SOA of a zone of class IN (RFC 1996 §3.7).
    NotifyQuestion,
    /// A type of query that isn't answered here.
    QueryType(Rtype),
    /// AXFR needs a stream (RFC 5936 §4.2).
    AxfrOverUdp,
    /// The zone can't be served now.
    Unserved(Unserved),
    /// Too many transfers at once.
    Quota,
    /// A record of the zone is too large to be sent signed.
    Unsignable(Unsignable),
    /// An UPDATE of a zone that isn't here, or that others change (RFC 2136 §3.1.2).
    NotPrimary,
    /// An UPDATE of a zone that takes none.
    NoUpdates,
}

impl Refusal {
    /// The RCODE that the asker sees.
    #[must_use]
    pub const fn rcode(&self) -> Rcode {
        match self {
            Self::Malformed | Self::IxfrWithoutSoa | Self::NotifyQuestion => Rcode::FORMERR,
            Self::Opcode(_) | Self::AxfrOverUdp => Rcode::NOTIMP,
            Self::EdnsVersion => Rcode::BADVERS,
            Self::Tsig(Rcode::FORMERR) => Rcode::FORMERR,
            Self::Tsig(_) => Rcode::NOTAUTH,
            Self::NotPrimary => Rcode::NOTAUTH,
            Self::Unserved(_) | Self::Unsignable(_) => Rcode::SERVFAIL,
            Self::Class(_)
            | Self::Stranger
            | Self::KeyNeeded
            | Self::KeyNotAdmitted
            | Self::QueryType(_)
            | Self::Quota
            | Self::NoUpdates => Rcode::REFUSED,
        }
    }

    /// The extended error that an asker with OPT sees, and its text.
    const fn ede(&self) -> Option<(Ede, &'static str)> {
        match self {
            Self::Malformed | Self::EdnsVersion | Self::IxfrWithoutSoa | Self::NotifyQuestion => None,
            Self::Opcode(_) => Some((Ede::NOT_SUPPORTED, "opcode not supported")),
            Self::AxfrOverUdp => Some((Ede::NOT_SUPPORTED, "AXFR over TCP only")),
            Self::Class(_) => Some((Ede::NOT_SUPPORTED, "class IN only")),
            Self::QueryType(_) => Some((Ede::NOT_SUPPORTED, "SOA, AXFR and IXFR only")),
            Self::Stranger => Some((Ede::PROHIBITED, "")),
            Self::Tsig(_) => Some((Ede::PROHIBITED, "TSIG does not hold")),
            Self::KeyNeeded => Some((Ede::PROHIBITED, "TSIG needed")),
            Self::KeyNotAdmitted => Some((Ede::PROHIBITED, "key not for this zone")),
            Self::Quota => Some((Ede::PROHIBITED, "too many transfers")),
            Self::Unserved(Unserved::NotLoaded) => Some((Ede::NOT_READY, "zone not loaded yet")),
            Self::Unserved(Unserved::Expired) => Some((Ede::INVALID_DATA, "zone expired")),
            Self::NotPrimary => Some((Ede::NOT_AUTHORITATIVE, "not primary for the zone")),
            Self::NoUpdates => Some((Ede::PROHIBITED, "no updates of this zone")),
            Self::Unsignable(_) => Some((Ede::OTHER, "a record is too large to be sent signed")),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => f.write_str("malformed request"),
            Self::Opcode(opcode) => write!(f, "opcode {opcode} not supported"),
            Self::EdnsVersion => f.write_str("unknown EDNS version"),
            Self::Class(class) => write!(f, "class {class}"),
            Self::Stranger => f.write_str("unknown zone, or an address that may not ask about it"),
            Self::Tsig(error) => write!(f, "TSIG {error}"),
            Self::KeyNeeded => f.write_str("not signed"),
            Self::KeyNotAdmitted => f.write_str("signed with a key that is not for this zone"),
            Self::IxfrWithoutSoa => f.write_str("IXFR without the SOA of the asker's version"),
            Self::NotifyQuestion => f.write_str("NOTIFY that is not about the SOA of a zone of class IN"),
            Self::QueryType(rtype) => write!(f, "query for {rtype}"),
            Self::AxfrOverUdp => f.write_str("AXFR over UDP"),
            Self::Unserved(Unserved::NotLoaded) => f.write_str("zone not loaded"),
            Self::Unserved(Unserved::Expired) => f.write_str("zone expired"),
            Self::Quota => f.write_str("too many transfers"),
            Self::Unsignable(unsignable) => unsignable.fmt(f),
            Self::NotPrimary => f.write_str("UPDATE of a zone that is not changed here"),
            Self::NoUpdates => f.write_str("UPDATE of a zone that takes none"),
        }
    }
}

/// One message as the answer.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The message.
    pub message: Bytes,
    /// Why, when it is a refusal.
    pub refusal: Option<Refusal>,
    /// What it carries, when it is the whole answer to an IXFR.
    pub sent: Option<Box<Sent>>,
}

/// An answer to IXFR that is one message and no stream.
#[derive(Clone, Debug)]
pub struct Sent {
    /// The zone.
    pub zone: Name,
    /// The newest serial.
    pub serial: Serial,
    /// What the answer is.
    pub kind: Kind,
    /// The key that signed, if one did.
    pub key: Option<Name>,
    /// The message.
    pub totals: Totals,
}

/// What answers repeat of a request, as far as it was understood.
#[derive(Debug)]
pub(super) struct Replier {
    header: Header,
    question: Option<Question>,
    edns: bool,
    dnssec: bool,
    expire: Option<u32>,
    limit: usize,
}

impl Replier {
    pub(super) const fn new(header: Header, transport: Transport) -> Self {
        let limit = match transport {
            Transport::Udp => PLAIN_UDP,
            _ => MAX_MESSAGE,
        };
        Self { header, question: None, edns: false, dnssec: false, expire: None, limit }
    }

    pub(super) fn learn(&mut self, question: &Question, edns: Option<&Edns<'_>>) {
        self.question = Some(question.clone());
        if let Some(edns) = edns {
            self.edns = true;
            self.dnssec = edns.dnssec_ok;
            // RFC 6891 §6.2.3: less than 512 counts as 512; no more than we say that we send.
            let size = edns.udp_size.clamp(PLAIN_UDP as u16, edns::DEFAULT_UDP_SIZE);
            self.limit = self.limit.max(usize::from(size));
        }
    }

    /// What the OPT of an answer that isn't a refusal says of expiry.
    pub(super) const fn set_expire(&mut self, seconds: Option<u32>) {
        self.expire = seconds;
    }

    /// The most octets that an answer may have.
    pub(super) const fn limit(&self) -> usize {
        self.limit
    }

    /// A refusal, unsigned.
    pub(super) fn refuse(&self, refusal: Refusal) -> Reply {
        self.build(refusal.rcode(), refusal, |_| Ok(()))
    }

    /// A refusal, signed when the request was.
    pub(super) fn refuse_signed<M: Mac>(
        &self,
        refusal: Refusal,
        signer: &mut Option<Signer<M>>,
        now: UnixTime,
    ) -> Reply {
        self.build(refusal.rcode(), refusal, |draft| draft.sign(signer.as_mut(), now))
    }

    /// The answer to a request whose TSIG doesn't hold (RFC 8945 §5.2).
    pub(super) fn reject<M: Mac>(&self, rejection: Rejection<M>) -> Reply {
        let refusal = Refusal::Tsig(rejection.error());
        self.build(rejection.rcode(), refusal, |draft| draft.append(|parts, out| rejection.sign(parts, out)))
    }

    /// A zone's SOA.
    pub(super) fn soa<M: Mac>(&self, soa: &Record<'_>, signer: &mut Option<Signer<M>>, now: UnixTime) -> Reply {
        let draft = self.draft(|writer| writer.answer(soa), Rcode::NOERROR, None);
        let signed = draft.and_then(|mut draft| draft.sign(signer.as_mut(), now).map(|()| draft));
        match signed {
            Ok(draft) if draft.octets.len() <= self.limit => draft.into(),
            _ => self.truncated(signer, now),
        }
    }

    /// What a zone has at a name. What doesn't fit behind a question is for TCP.
    pub(super) fn records<M: Mac>(
        &self,
        write: impl FnOnce(&mut Writer<'_>) -> Result<Answer, Full>,
        signer: &mut Option<Signer<M>>,
        now: UnixTime,
    ) -> Reply {
        let opt_len = if self.edns { OPT_LEN } else { 0 };
        let tail = signer.as_ref().map_or(0, Signer::tail_len).saturating_add(opt_len);
        let draft = self.draft_records(write, self.limit.saturating_sub(tail));
        let signed = draft.and_then(|mut draft| draft.sign(signer.as_mut(), now).map(|()| draft));
        signed.map_or_else(|Full| self.truncated(signer, now), Reply::from)
    }

    /// Question, what is answered within `room` octets, OPT; not signed yet.
    fn draft_records(
        &self,
        write: impl FnOnce(&mut Writer<'_>) -> Result<Answer, Full>,
        room: usize,
    ) -> Result<Draft, Full> {
        let mut octets = alloc::vec![0; room];
        let mut writer = Writer::new(&mut octets);
        if let Some(Question { qname, qtype, qclass }) = &self.question {
            writer.question(qname.as_ref(), *qtype, *qclass)?;
        }
        let answer = write(&mut writer)?;
        let flags = Flags::of(Opcode::QUERY).with(Flags::QR).with(self.header.flags.only(Flags::RD));
        let flags = if answer.authoritative { flags.with(Flags::AA) } else { flags };
        let flags = if answer.truncated { flags.with(Flags::TC) } else { flags };
        let len = writer.finish(self.header.id, flags.with_rcode(answer.rcode));
        octets.truncate(len);
        let header = crate::wire::Message::new(&octets).map_err(|_| Full)?.header();
        let mut draft = Draft { octets, header };
        if self.edns {
            let opt = Edns { dnssec_ok: self.dnssec, ..Edns::OURS };
            draft.append(|_, out| opt.write(out).ok_or(Full))?;
        }
        Ok(draft)
    }

    /// The answer to a NOTIFY (RFC 1996 §4.7): its header and question, and nothing else.
    pub(super) fn acknowledge<M: Mac>(&self, signer: &mut Option<Signer<M>>, now: UnixTime) -> Reply {
        let draft = self.draft(|_| Ok(()), Rcode::NOERROR, None);
        let signed = draft.and_then(|mut draft| draft.sign(signer.as_mut(), now).map(|()| draft));
        // A question, OPT and TSIG always fit.
        signed.unwrap_or_else(|Full| Draft::bare(self.header)).into()
    }

    /// The answer to an UPDATE (RFC 2136 §3.8), with an extended error where there is one.
    pub(super) fn updated<M: Mac>(
        &self,
        rcode: Rcode,
        ede: Option<(Ede, &'static str)>,
        signer: &mut Option<Signer<M>>,
        now: UnixTime,
    ) -> Reply {
        let draft = self.draft(|_| Ok(()), rcode, ede);
        let mut draft = draft.unwrap_or_else(|Full| Draft::bare(self.header));
        let _ = draft.sign(signer.as_mut(), now);
        draft.into()
    }

    /// The answer that sends the asker to TCP (RFC 2181 §9).
    fn truncated<M: Mac>(&self, signer: &mut Option<Signer<M>>, now: UnixTime) -> Reply {
        let mut draft = self.draft(|_| Ok(()), Rcode::NOERROR, None).unwrap_or_else(|Full| Draft::bare(self.header));
        draft.header.flags = draft.header.flags.with(Flags::TC);
        draft.write_header();
        let _ = draft.sign(signer.as_mut(), now);
        draft.into()
    }

    fn build(&self, rcode: Rcode, refusal: Refusal, sign: impl FnOnce(&mut Draft) -> Result<(), Full>) -> Reply {
        let draft = self.draft(|_| Ok(()), rcode, refusal.ede());
        let mut draft = draft.unwrap_or_else(|Full| Draft::bare(self.header));
        // Without its signature an answer would say less than it seems to; but there is room for one.
        let _ = sign(&mut draft);
        Reply { refusal: Some(refusal), ..draft.into() }
    }

    /// Question, records, OPT; not signed yet.
    fn draft(
        &self,
        records: impl FnOnce(&mut Writer<'_>) -> Result<(), Full>,
        rcode: Rcode,
        ede: Option<(Ede, &'static str)>,
    ) -> Result<Draft, Full> {
        let mut octets = alloc::vec![0; 2048];
        let mut writer = Writer::new(&mut octets);
        if let Some(Question { qname, qtype, qclass }) = &self.question {
            writer.question(qname.as_ref(), *qtype, *qclass)?;
        }
        records(&mut writer)?;
        if self.edns {
            let extended_rcode = (rcode.0 >> 4) as u8;
            let ede = ede.map(|(code, text)| (code, text.as_bytes()));
            let expire = self.expire.filter(|_| rcode == Rcode::NOERROR).map(Expire::Seconds);
            let opt = Edns { extended_rcode, ede, expire, dnssec_ok: self.dnssec, ..Edns::OURS };
            writer.additional(|out| opt.write(out))?;
        }
        let opcode = self.header.flags.opcode();
        // Of UPDATE's flags only QR has a meaning (RFC 2136 §2.2).
        let is_update = opcode == Opcode::UPDATE;
        let answers_authoritatively = rcode == Rcode::NOERROR && !is_update;
        let repeated = if is_update { Flags::default() } else { self.header.flags.only(Flags::RD) };
        let flags = Flags::of(opcode).with(Flags::QR).with(repeated);
        let flags = if answers_authoritatively { flags.with(Flags::AA) } else { flags.with_rcode(rcode) };
        let len = writer.finish(self.header.id, flags);
        octets.truncate(len);
        let header = crate::wire::Message::new(&octets).map_err(|_| Full)?.header();
        Ok(Draft { octets, header })
    }
}

/// A message before it is signed.
pub(super) struct Draft {
    octets: Vec<u8>,
    header: Header,
}

impl From<Draft> for Reply {
    fn from(draft: Draft) -> Self {
        Self { message: draft.octets.into(), refusal: None, sent: None }
    }
}

impl Draft {
    /// SERVFAIL and nothing else.
    fn bare(request: Header) -> Self {
        let flags = Flags::of(request.flags.opcode()).with(Flags::QR).with_rcode(Rcode::SERVFAIL);
        let header = Header { id: request.id, flags, ..Header::default() };
        Self { octets: header.to_octets().to_vec(), header }
    }

    fn sign<M: Mac>(&mut self, signer: Option<&mut Signer<M>>, now: UnixTime) -> Result<(), Full> {
        match signer {
            None => Ok(()),
            Some(signer) => self.append(|parts, out| signer.sign(parts, now, out)),
        }
    }

    /// Appends the TSIG that `write` makes; none when that is empty.
    fn append(&mut self, write: impl FnOnce(&[&[u8]], &mut [u8]) -> Result<usize, Full>) -> Result<(), Full> {
        let mut tsig = [0; 1024];
        let len = write(&[&self.octets], &mut tsig)?;
        if len == 0 {
            return Ok(());
        }
        self.octets.extend_from_slice(tsig.get(..len).ok_or(Full)?);
        self.header.additionals = self.header.additionals.saturating_add(1);
        self.write_header();
        Ok(())
    }

    fn write_header(&mut self) {
        if let Some(front) = self.octets.first_chunk_mut() {
            *front = self.header.to_octets();
        }
    }
}
