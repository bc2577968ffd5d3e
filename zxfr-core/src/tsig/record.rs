//! The TSIG record of a message (RFC 8945 §4.2), read.

use super::variables::Variables;
use super::{Algorithm, Mac};
use crate::error::{WireError, WireFault};
use crate::name::{Name, NameRef};
use crate::time::UnixTime;
use crate::wire::cursor::{Cursor, Parsed, failed};
use crate::wire::{Class, HEADER_LEN, Header, Layout, Message, Rcode, Rtype, grammar};
use core::fmt;
use nom::Parser;
use nom::multi::length_data;
use nom::number::complete::{be_u16, be_u32};

/// What a message's TSIG record says.
#[derive(Clone)]
pub struct TsigRecord<'m> {
    /// The name of the key, in the sender's case.
    pub key_name: Name,
    /// The name of the algorithm, in the sender's case; perhaps none that is known.
    pub algorithm_name: NameRef<'m>,
    /// When it was signed; 48 bits.
    pub time_signed: UnixTime,
    /// How many seconds off that time it may be checked.
    pub fudge: u16,
    /// The MAC, perhaps truncated, empty in some errors.
    pub mac: &'m [u8],
    /// The ID that the message was signed with; a forwarder may have changed the header's.
    pub original_id: u16,
    /// What the server found wrong with the request's TSIG; NOERROR in requests.
    pub error: Rcode,
    /// The server's time in an answer of BADTIME, else empty.
    pub other: &'m [u8],
}

impl<'m> TsigRecord<'m> {
    /// What the message's TSIG says, if it has one.
    ///
    /// The key's name may be compressed, though nobody should; the algorithm's may not (RFC 8945 §4.2).
    ///
    /// # Errors
    /// When the record doesn't have the shape of a TSIG: class ANY, TTL 0, RDATA filled exactly.
    pub fn read(message: &Message<'m>, layout: &Layout) -> Result<Option<Self>, WireError> {
        let Some(at) = layout.tsig_at else {
            return Ok(None);
        };
        let mut key_name = Name::empty();
        let read = grammar::name(Cursor::new(message.octets(), at), &mut key_name);
        let (rest, _) = read.map_err(|error| failed(error, at))?;
        let (rdata, fixed) = grammar::record_fixed(rest).map_err(|error| failed(error, at))?;
        let shape = |offset| WireError { fault: WireFault::TsigShape, offset };
        if fixed.rtype != Rtype::TSIG || fixed.class != Class::ANY || fixed.ttl != 0 {
            return Err(shape(rest.at));
        }
        let rdata = rdata.bounded(usize::from(fixed.rdata_length)).ok_or_else(|| shape(rdata.at))?;
        let (algorithm_name, after) = NameRef::split_from(rdata.rest()).map_err(|_| shape(rdata.at))?;
        let at = rdata.message.len().saturating_sub(after.len());
        let fields = fields(Cursor::new(rdata.message, at)).map_err(|_| shape(at))?;
        let (end, (high, low, fudge, mac, original_id, error, other)) = fields;
        if !end.rest().is_empty() {
            return Err(shape(end.at));
        }
        Ok(Some(Self {
            key_name,
            algorithm_name,
            time_signed: UnixTime(u64::from(high) << 32 | u64::from(low)),
            fudge,
            mac: mac.rest(),
            original_id,
            error: Rcode(error),
            other: other.rest(),
        }))
    }

    /// The algorithm, when it is a known one.
    #[must_use]
    pub fn algorithm(&self) -> Option<Algorithm> {
        Algorithm::from_name(self.algorithm_name)
    }

    /// The server's time in an answer of BADTIME.
    #[must_use]
    pub fn server_time(&self) -> Option<UnixTime> {
        let [a, b, c, d, e, f] = <[u8; 6]>::try_from(self.other).ok()?;
        (self.error == Rcode::BADTIME).then_some(UnixTime(u64::from_be_bytes([0, 0, a, b, c, d, e, f])))
    }

    /// Whether `time` lies no further than the fudge from when the message was signed (RFC 8945 §5.2.3).
    #[must_use]
    pub fn is_in_time(&self, time: UnixTime) -> bool {
        self.time_signed.distance(time) <= u64::from(self.fudge)
    }

    /// Digests the message as it was before it got this TSIG (RFC 8945 §4.3.2).
    pub(super) fn digest_message<M: Mac>(&self, message: &Message<'_>, layout: &Layout, mac: &mut M) {
        let header = message.header();
        let additionals = header.additionals.saturating_sub(1);
        mac.update(&Header { id: self.original_id, additionals, ..header }.to_octets());
        let end = layout.tsig_at.unwrap_or_default();
        mac.update(message.octets().get(HEADER_LEN..end).unwrap_or_default());
    }

    /// What is digested of the record itself.
    pub(super) fn variables(&self) -> Variables<'_> {
        Variables {
            key_name: self.key_name.as_ref(),
            algorithm_name: self.algorithm_name,
            time_signed: self.time_signed,
            fudge: self.fudge,
            error: self.error,
            other: self.other,
        }
    }
}

/// Time Signed in two parts, Fudge, MAC, Original ID, Error, Other Data.
fn fields(input: Cursor<'_>) -> Parsed<'_, (u16, u32, u16, Cursor<'_>, u16, u16, Cursor<'_>)> {
    (be_u16, be_u32, be_u16, length_data(be_u16), be_u16, be_u16, length_data(be_u16)).parse(input)
}

impl fmt::Debug for TsigRecord<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TsigRecord")
            .field("key_name", &self.key_name)
            .field("algorithm_name", &self.algorithm_name)
            .field("time_signed", &self.time_signed)
            .field("fudge", &self.fudge)
            .field("mac_len", &self.mac.len())
            .field("original_id", &self.original_id)
            .field("error", &self.error)
            .field("other", &self.other)
            .finish()
    }
}
