//! The answer to an SOA query: one message, checked like one of a transfer.

use super::error::{Error, PeerFault};
use crate::name::{Name, NameRef};
use crate::serial::Serial;
use crate::time::UnixTime;
use crate::tsig::{self, Mac, Verifier};
use crate::wire::{Class, Edns, Flags, Layout, Message, Opcode, Rcode, Rtype, Scratch};

/// What a primary says of a zone's SOA. Times are in seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SoaAnswer {
    /// The primary that the zone comes from.
    pub mname: Name,
    /// The mailbox of who is responsible.
    pub rname: Name,
    /// The serial of the version that it serves.
    pub serial: Serial,
    /// How often a secondary asks.
    pub refresh: u32,
    /// How soon it asks again after a failure.
    pub retry: u32,
    /// How long it serves without an answer.
    pub expire: u32,
    /// How long negative answers are kept (RFC 2308 §4).
    pub minimum: u32,
    /// The TTL of the record.
    pub ttl: u32,
    /// After how many seconds the zone expires at the server that answered, where it says so (RFC 7314).
    pub expire_option: Option<u32>,
    /// Whether the answer came with AA.
    pub authoritative: bool,
}

/// Reads the answer to an SOA query with this ID. `verifier` is that of the query when it was signed.
///
/// # Errors
/// When the message is no answer to the query, is not signed as it should be, or says that the peer refuses. A truncated
/// answer, to be asked for again over a stream, is [`PeerFault::Truncated`].
pub fn read_soa_answer<M: Mac>(
    octets: &[u8],
    zone: NameRef<'_>,
    id: u16,
    verifier: Option<&mut Verifier<M>>,
    now: UnixTime,
) -> Result<SoaAnswer, Error> {
    let wire = |error| Error::wire(error, 1);
    let peer = |fault| Error::Peer { fault, message: 1, offset: 0 };
    let (message, layout, edns) = open_answer(octets, Opcode::QUERY, zone, id, verifier, now)?;
    let header = message.header();
    if header.flags.has(Flags::TC) {
        return Err(peer(PeerFault::Truncated));
    }
    let mut scratch = Scratch::new();
    let mut answers = message.answers(&layout, &mut scratch);
    while let Some(record) = answers.next().map_err(wire)? {
        if record.owner == zone
            && record.class == Class::IN
            && let Some(soa) = record.soa()
        {
            return Ok(SoaAnswer {
                mname: soa.mname.to_name(),
                rname: soa.rname.to_name(),
                serial: soa.serial,
                refresh: soa.refresh,
                retry: soa.retry,
                expire: soa.expire,
                minimum: soa.minimum,
                ttl: record.ttl,
                expire_option: edns.and_then(|edns| edns.expire_seconds()),
                authoritative: header.flags.has(Flags::AA),
            });
        }
    }
    Err(peer(PeerFault::NoAnswer))
}

/// Opens a message that is to be the answer to a query with this opcode and ID for the SOA of the zone: checks header, TSIG,
/// question and RCODE, in this order. Servers that can't read a query may leave its question out of the answer.
pub(crate) fn open_answer<'m, M: Mac>(
    octets: &'m [u8],
    opcode: Opcode,
    zone: NameRef<'_>,
    id: u16,
    verifier: Option<&mut Verifier<M>>,
    now: UnixTime,
) -> Result<(Message<'m>, Layout, Option<Edns<'m>>), Error> {
    let wire = |error| Error::wire(error, 1);
    let peer = |fault| Error::Peer { fault, message: 1, offset: 0 };
    let message = Message::new(octets).map_err(wire)?;
    let header = message.header();
    if header.id != id {
        return Err(peer(PeerFault::Id(header.id)));
    }
    if !header.flags.has(Flags::QR) {
        return Err(peer(PeerFault::NoResponse));
    }
    if header.flags.opcode() != opcode {
        return Err(peer(PeerFault::Opcode(header.flags.opcode())));
    }
    let layout = message.layout().map_err(wire)?;
    let edns = Edns::read(&message, &layout).map_err(wire)?;
    let rcode = edns.map_or_else(|| header.flags.rcode(), |edns| edns.rcode(&message));
    let signed = match verifier {
        None if layout.tsig_at.is_some() => return Err(peer(PeerFault::UnexpectedTsig)),
        None => false,
        Some(verifier) => match verifier.verify(&message, &layout, now) {
            Ok(_) => verifier.finish().map(|()| true)?,
            // A peer that knows no TSIG refuses without.
            Err(tsig::Error::Missing) if rcode != Rcode::NOERROR => false,
            Err(error) => return Err(error.into()),
        },
    };
    if let Some(question) = message.question().map_err(wire)?
        && (question.qname.as_ref() != zone || question.qtype != Rtype::SOA || question.qclass != Class::IN)
    {
        return Err(peer(PeerFault::OtherQuestion));
    }
    if rcode != Rcode::NOERROR {
        let ede = edns.and_then(|edns| edns.ede).map(|(code, _)| code);
        return Err(Error::Refused { rcode, ede, message: 1, signed });
    }
    Ok((message, layout, edns))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tsig::NoMac;
    use crate::wire::{Record, Writer};
    use std::vec::Vec;

    fn answer(owner: &str, rtype: Rtype, flags: Flags) -> Vec<u8> {
        let [zone, owner]: [Name; 2] = ["example.", owner].map(|name| name.parse().unwrap());
        let soa = [b"\0\0".as_slice(), &[0, 0, 0, 9], &[0; 16]].concat();
        let mut octets = std::vec![0; 512];
        let mut writer = Writer::new(&mut octets);
        writer.question(zone.as_ref(), Rtype::SOA, Class::IN).unwrap();
        let rdata: &[u8] = if rtype == Rtype::SOA { &soa } else { b"\0" };
        writer.answer(&Record { owner: owner.as_ref(), rtype, class: Class::IN, ttl: 7, rdata }).unwrap();
        let length = writer.finish(5, flags);
        octets.truncate(length);
        octets
    }

    fn read(octets: &[u8]) -> Result<SoaAnswer, Error> {
        let zone: Name = "EXAMPLE.".parse().unwrap();
        read_soa_answer::<NoMac>(octets, zone.as_ref(), 5, None, UnixTime(0))
    }

    #[test]
    fn reads_the_soa() {
        let got = read(&answer("Example.", Rtype::SOA, Flags::QR.with(Flags::AA))).unwrap();
        assert_eq!((got.serial, got.ttl, got.authoritative), (Serial(9), 7, true));
        assert!(got.mname.as_ref().is_root() && got.rname.as_ref().is_root());
    }

    #[test]
    fn refuses_what_is_no_answer() {
        let fault = |octets: &[u8]| match read(octets).unwrap_err() {
            Error::Peer { fault, .. } => fault,
            other => panic!("{other}"),
        };
        let good = answer("example.", Rtype::SOA, Flags::QR);
        assert_eq!(fault(&answer("example.", Rtype::SOA, Flags::default())), PeerFault::NoResponse);
        assert_eq!(fault(&answer("other.", Rtype::SOA, Flags::QR)), PeerFault::NoAnswer);
        assert_eq!(fault(&answer("example.", Rtype::NS, Flags::QR)), PeerFault::NoAnswer);
        assert_eq!(fault(&answer("example.", Rtype::SOA, Flags::QR.with(Flags::TC))), PeerFault::Truncated);
        let mut other_id = good.clone();
        other_id[0] = 1;
        assert_eq!(fault(&other_id), PeerFault::Id(0x105));
        let mut other_name = good.clone();
        other_name[13] ^= 1;
        assert_eq!(fault(&other_name), PeerFault::OtherQuestion);
        let refused = answer("example.", Rtype::SOA, Flags::QR.with_rcode(Rcode::REFUSED));
        assert!(matches!(read(&refused), Err(Error::Refused { rcode: Rcode::REFUSED, .. })));
        for length in 0..good.len() {
            assert!(read(&good[..length]).is_err(), "{length}");
        }
    }
}
