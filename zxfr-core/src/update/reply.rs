//! The reply to an UPDATE (RFC 2136 §2.2, §3.8): its header with an RCODE, and the zone section.

use super::refusal::Refusal;
use super::request::Request;
use crate::primary::Draft;
use crate::time::UnixTime;
use crate::tsig::{Mac, Rejection, Signer};
use crate::wire::{Edns, Flags, Full, Header, Question, Rcode, Writer};
use alloc::vec::Vec;

/// The reply to a request that couldn't be read: its header with the RCODE of what is wrong. Nothing in it is signed, since
/// nothing of the request was verified.
#[must_use]
pub fn reply_to_unread(request: Header, refusal: &Refusal) -> Vec<u8> {
    let rcode = refusal.rcode();
    draft(request, None, rcode.0 > 15, rcode).octets
}

impl Request<'_> {
    /// The reply with this RCODE: NOERROR when all was done, [`Refusal::rcode`] when nothing was, NOTAUTH when the zone isn't
    /// here, SERVFAIL when it couldn't be kept. Signed when the request was.
    #[must_use]
    pub fn reply<M: Mac>(&self, rcode: Rcode, signer: Option<&mut Signer<M>>, now: UnixTime) -> Vec<u8> {
        self.signed(rcode, |draft| draft.sign(signer, now))
    }

    /// The reply to a request whose TSIG doesn't hold (RFC 8945 §5.2).
    #[must_use]
    pub fn reject<M: Mac>(&self, rejection: Rejection<M>) -> Vec<u8> {
        self.signed(rejection.rcode(), |draft| draft.append(|parts, out| rejection.sign(parts, out)))
    }

    fn signed(&self, rcode: Rcode, sign: impl FnOnce(&mut Draft) -> Result<(), Full>) -> Vec<u8> {
        let mut draft = draft(self.header(), Some(&self.zone), self.edns, rcode);
        // Without its signature a reply would say less than it seems to; but there is room for one.
        let _ = sign(&mut draft);
        draft.octets
    }
}

fn draft(request: Header, zone: Option<&Question>, edns: bool, rcode: Rcode) -> Draft {
    let flags = Flags::of(request.flags.opcode()).with(Flags::QR).with_rcode(rcode);
    let mut octets = alloc::vec![0; 512];
    let mut writer = Writer::new(&mut octets);
    // A name and an OPT always fit.
    if let Some(Question { qname, qtype, qclass }) = zone {
        let _ = writer.question(qname.as_ref(), *qtype, *qclass);
    }
    if edns {
        let opt = Edns { extended_rcode: (rcode.0 >> 4) as u8, ..Edns::OURS };
        let _ = writer.additional(|out| opt.write(out));
    }
    let len = writer.finish(request.id, flags);
    octets.truncate(len);
    let header = Header { id: request.id, flags, questions: zone.is_some().into(), ..Header::default() };
    Draft { octets, header: Header { additionals: edns.into(), ..header } }
}
