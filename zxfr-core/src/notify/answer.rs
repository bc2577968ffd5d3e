//! The query and its answer.

use crate::name::NameRef;
use crate::time::UnixTime;
use crate::transfer::{Error, PeerFault};
use crate::tsig::{self, Mac, Verifier};
use crate::wire::{Class, Edns, Flags, Full, Message, Opcode, Rcode, Record, Rtype, Writer};

/// Writes a NOTIFY for the zone with this apex (RFC 1996 §3.7), with the SOA of the new version as a hint if it is given, and
/// gives its length. 900 octets of buffer take the largest. To sign it, see [`crate::tsig::sign_request`].
///
/// `id` is to be random; all tries for a serial may share one.
///
/// # Errors
/// When there is no room.
pub fn notify_query(out: &mut [u8], apex: NameRef<'_>, soa: Option<&Record<'_>>, id: u16) -> Result<usize, Full> {
    let mut writer = Writer::new(out);
    writer.question(apex, Rtype::SOA, Class::IN)?;
    if let Some(soa) = soa {
        writer.answer(soa)?;
    }
    match writer.finish(id, Flags::of(Opcode::NOTIFY).with(Flags::AA)) {
        0 => Err(Full),
        length => Ok(length),
    }
}

/// Reads the answer to a NOTIFY with this ID. `verifier` is that of the query when it was signed. `Ok` means that the target
/// has taken notice; the rest of its answer doesn't matter (RFC 1996 §3.12).
///
/// Over UDP anyone may send what pretends to be the answer: on errors other than [`Error::Refused`] the right one may still
/// come.
///
/// # Errors
/// When the message is no answer to the query, is not signed as it should be, or says that the target refuses.
pub fn read_notify_answer<M: Mac>(
    octets: &[u8],
    zone: NameRef<'_>,
    id: u16,
    verifier: Option<&mut Verifier<M>>,
    now: UnixTime,
) -> Result<(), Error> {
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
    if header.flags.opcode() != Opcode::NOTIFY {
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
            // A target that knows no TSIG refuses without.
            Err(tsig::Error::Missing) if rcode != Rcode::NOERROR => false,
            Err(error) => return Err(error.into()),
        },
    };
    // Servers that can't read a query may leave its question out of the answer.
    match message.question().map_err(wire)? {
        Some(question)
            if question.qname.as_ref() != zone || question.qtype != Rtype::SOA || question.qclass != Class::IN =>
        {
            return Err(peer(PeerFault::OtherQuestion));
        }
        _ => {}
    }
    if rcode != Rcode::NOERROR {
        let ede = edns.and_then(|edns| edns.ede).map(|(code, _)| code);
        return Err(Error::Refused { rcode, ede, message: 1, signed });
    }
    Ok(())
}
