//! What of a request its answer repeats.

use crate::wire::{Edns, Expire, Flags, Question, edns};

/// What of a request its answer repeats.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The request's ID.
    pub id: u16,
    /// The request's flags; RD is repeated.
    pub flags: Flags,
    /// The question, in the asker's case.
    pub question: Question,
    /// Whether the request had an OPT, so that the answer has one, too (RFC 6891 §6.1.1).
    pub edns: bool,
    /// After how many seconds the zone expires here, where the answer is to say it (RFC 7314): in the OPT, so only with one.
    pub expire: Option<u32>,
}

impl Asked {
    /// The question on the wire.
    #[cfg(feature = "alloc")]
    pub(crate) fn question_octets(&self) -> Result<heapless::Vec<u8, 259>, crate::wire::Full> {
        let mut octets = heapless::Vec::new();
        let Question { qname, qtype, qclass } = &self.question;
        for part in [qname.as_octets(), &qtype.0.to_be_bytes(), &qclass.0.to_be_bytes()] {
            octets.extend_from_slice(part).map_err(|_| crate::wire::Full)?;
        }
        Ok(octets)
    }

    /// The OPT of the answer, if it has one.
    pub(crate) fn opt(&self) -> Option<Edns<'static>> {
        self.edns.then(|| Edns { expire: self.expire.map(Expire::Seconds), ..Edns::OURS })
    }

    /// The octets of that OPT.
    pub(crate) const fn opt_len(&self) -> usize {
        match (self.edns, self.expire) {
            (false, _) => 0,
            (true, None) => edns::OPT_LEN,
            (true, Some(_)) => edns::OPT_LEN + edns::EXPIRE_LEN,
        }
    }

    /// The flags of an authoritative answer.
    pub(crate) const fn answer_flags(&self) -> Flags {
        Flags::QR.with(Flags::AA).with(self.flags.only(Flags::RD))
    }
}
