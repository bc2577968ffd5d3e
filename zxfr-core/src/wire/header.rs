//! The header of a message (RFC 1035 §4.1.1).

use super::{Opcode, Rcode};

/// The octets of a header.
pub const HEADER_LEN: usize = 12;

/// The 16 bits between ID and counts: `QR Opcode(4) AA TC RD RA Z AD CD RCODE(4)`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Flags(pub u16);

impl Flags {
    /// Response.
    pub const QR: Self = Self(0x8000);
    /// Authoritative answer.
    pub const AA: Self = Self(0x0400);
    /// Truncated.
    pub const TC: Self = Self(0x0200);
    /// Recursion desired.
    pub const RD: Self = Self(0x0100);
    /// Checking disabled (RFC 4035 §3.2.2).
    pub const CD: Self = Self(0x0010);

    /// Flags of this opcode with nothing else set.
    #[must_use]
    pub const fn of(opcode: Opcode) -> Self {
        Self(((opcode.0 & 0x0f) as u16) << 11)
    }

    /// Whether all of `flags` are set.
    #[must_use]
    pub const fn has(self, flags: Self) -> bool {
        self.0 & flags.0 == flags.0
    }

    /// With `flags` set, too.
    #[must_use]
    pub const fn with(self, flags: Self) -> Self {
        Self(self.0 | flags.0)
    }

    /// Only those of `flags` that are set.
    #[must_use]
    pub const fn only(self, flags: Self) -> Self {
        Self(self.0 & flags.0)
    }

    /// With the low 4 bits of this RCODE.
    #[must_use]
    pub const fn with_rcode(self, rcode: Rcode) -> Self {
        Self(self.0 & 0xfff0 | rcode.0 & 0x000f)
    }

    /// The opcode.
    #[must_use]
    pub const fn opcode(self) -> Opcode {
        Opcode((self.0 >> 11 & 0x0f) as u8)
    }

    /// The RCODE's low 4 bits.
    #[must_use]
    pub const fn rcode(self) -> Rcode {
        Rcode(self.0 & 0x000f)
    }
}

/// A message's header. Wire layout: ID, flags, QDCOUNT, ANCOUNT, NSCOUNT, ARCOUNT, 16 bits each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// The ID that pairs an answer with its request.
    pub id: u16,
    /// Flags, opcode and RCODE.
    pub flags: Flags,
    /// Questions.
    pub questions: u16,
    /// Records in the answer section.
    pub answers: u16,
    /// Records in the authority section.
    pub authorities: u16,
    /// Records in the additional section.
    pub additionals: u16,
}

impl Header {
    /// The header's octets.
    #[must_use]
    pub const fn to_octets(self) -> [u8; HEADER_LEN] {
        let [a, b] = self.id.to_be_bytes();
        let [c, d] = self.flags.0.to_be_bytes();
        let [e, f] = self.questions.to_be_bytes();
        let [g, h] = self.answers.to_be_bytes();
        let [i, j] = self.authorities.to_be_bytes();
        let [k, l] = self.additionals.to_be_bytes();
        [a, b, c, d, e, f, g, h, i, j, k, l]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Message;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn round_trip(octets: [u8; HEADER_LEN]) {
            prop_assert_eq!(Message::new(&octets).unwrap().header().to_octets(), octets);
        }
    }

    #[test]
    fn flags() {
        let flags = Flags::of(Opcode::NOTIFY).with(Flags::QR).with(Flags::AA).with_rcode(Rcode::REFUSED);
        assert_eq!(flags.0, 0xa405);
        assert_eq!(flags.opcode(), Opcode::NOTIFY);
        assert_eq!(flags.rcode(), Rcode::REFUSED);
        assert!(flags.has(Flags::QR) && !flags.has(Flags::TC));
    }
}
