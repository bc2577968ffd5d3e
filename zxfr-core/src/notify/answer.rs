//! The query and its answer.

use crate::name::NameRef;
use crate::time::UnixTime;
use crate::transfer::{Error, open_answer};
use crate::tsig::{Mac, Verifier};
use crate::wire::{Class, Flags, Full, Opcode, Record, Rtype, Writer};

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
    open_answer(octets, Opcode::NOTIFY, zone, id, verifier, now).map(|_| ())
}
