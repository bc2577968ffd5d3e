//! The table itself: the fields of each type's RDATA.

use crate::wire::Rtype;

/// What may be done with a name in RDATA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NameUse {
    /// Compressed when sent: the types of RFC 1035 only (RFC 3597 §4), less the obsolete MD and MF.
    pub compressed_out: bool,
    /// May arrive compressed: those of RFC 1035 and the list in RFC 3597 §4.
    pub compressed_in: bool,
    /// Lower-cased in canonical form (RFC 4034 §6.2, RFC 6840 §5.1).
    pub folded: bool,
}

/// A name of RFC 1035: compressed both ways.
const OLD: Field = Field::Name(NameUse { compressed_out: true, compressed_in: true, folded: true });
/// A name of the types that RFC 3597 §4 lists, and of the obsolete ones: never sent compressed, but understood so.
const LISTED: Field = Field::Name(NameUse { compressed_out: false, compressed_in: true, folded: true });
/// Never compressed, but lower-cased in canonical form.
const FOLDED: Field = Field::Name(NameUse { compressed_out: false, compressed_in: false, folded: true });
/// Never compressed, case counts.
const PLAIN: Field = Field::Name(NameUse { compressed_out: false, compressed_in: false, folded: false });

/// One field of RDATA.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// This many octets.
    Octets(u8),
    /// A name.
    Name(NameUse),
    /// A `<character-string>` (RFC 1035 §3.3).
    Text,
    /// A `<character-string>` that may be left out.
    OptionalText,
    /// One or more `<character-string>`s, to the end.
    Texts,
    /// A length octet and as many octets.
    Counted,
    /// A length octet that isn't 0 and as many octets.
    NonEmptyCounted,
    /// Everything to the end.
    Rest,
    /// Everything to the end, at least one octet.
    NonEmptyRest,
    /// Type bit maps to the end (RFC 4034 §4.1.2), none at all included.
    TypeBitmaps,
    /// Address prefixes to the end (RFC 3123 §4).
    AddressPrefixes,
    /// Service parameters to the end: keys in strictly ascending order (RFC 9460 §2.2).
    ServiceParameters,
    /// A6: the suffix and name that the prefix length asks for (RFC 2874 §3.1).
    Ipv6Prefix,
    /// HIP: two lengths, an algorithm, HIT, key, servers (RFC 8005 §5).
    HostIdentity,
    /// IPSECKEY after the precedence: gateway type, algorithm, gateway, key (RFC 4025 §2.1).
    Gateway,
    /// AMTRELAY after the precedence: type and relay (RFC 8777 §4.1).
    Relay,
}

impl Field {
    /// The octets that a field without a name takes at the start of `rdata`, `None` when it isn't all there. Fields that go
    /// to the end take everything.
    pub(super) fn length_in(self, rdata: &[u8]) -> Option<usize> {
        let length = match self {
            Self::Octets(octets) => usize::from(octets),
            Self::Text | Self::Counted | Self::NonEmptyCounted => usize::from(*rdata.first()?).saturating_add(1),
            _ => rdata.len(),
        };
        (length <= rdata.len()).then_some(length)
    }
}

/// The fields of a type's RDATA, in order; `None` for a type that is opaque here.
#[must_use]
pub const fn layout(rtype: Rtype) -> Option<&'static [Field]> {
    use Field::{
        AddressPrefixes, Counted, Gateway, HostIdentity, Ipv6Prefix, NonEmptyCounted, NonEmptyRest, Octets,
        OptionalText, Relay, Rest, ServiceParameters, Text, Texts, TypeBitmaps,
    };
    Some(match rtype {
        Rtype::A => &[Octets(4)],
        Rtype::AAAA | Rtype::LOC => &[Octets(16)],
        // pdns_server doesn't know the obsolete types of RFC 1035 and takes their RDATA as it comes.
        Rtype::MD | Rtype::MF => &[LISTED],
        Rtype::NS | Rtype::CNAME | Rtype::MB | Rtype::MG | Rtype::MR | Rtype::PTR => &[OLD],
        Rtype::SOA => &[OLD, OLD, Octets(20)],
        Rtype::MINFO => &[OLD, OLD],
        Rtype::MX => &[Octets(2), OLD],
        Rtype::RP => &[LISTED, LISTED],
        Rtype::AFSDB | Rtype::RT => &[Octets(2), LISTED],
        Rtype::PX => &[Octets(2), LISTED, LISTED],
        Rtype::SIG => &[Octets(18), LISTED, NonEmptyRest],
        Rtype::NXT => &[LISTED, Rest],
        Rtype::SRV => &[Octets(6), LISTED],
        Rtype::NAPTR => &[Octets(4), Text, Text, Text, LISTED],
        Rtype::KX => &[Octets(2), FOLDED],
        Rtype::DNAME => &[FOLDED],
        Rtype::A6 => &[Ipv6Prefix],
        Rtype::RRSIG => &[Octets(18), FOLDED, NonEmptyRest],
        Rtype::NSEC => &[PLAIN, TypeBitmaps],
        Rtype::NSEC3 => &[Octets(4), Counted, NonEmptyCounted, TypeBitmaps],
        Rtype::NSEC3PARAM => &[Octets(4), Counted],
        Rtype::HINFO => &[Text, Text],
        Rtype::TXT | Rtype::SPF | Rtype::NINFO | Rtype::AVC | Rtype::RESINFO | Rtype::WALLET => &[Texts],
        Rtype::X25 => &[Text],
        Rtype::ISDN => &[Text, OptionalText],
        Rtype::GPOS => &[Text, Text, Text],
        Rtype::WKS => &[Octets(5), Rest],
        Rtype::NSAP_PTR => &[PLAIN],
        Rtype::KEY | Rtype::DNSKEY | Rtype::CDNSKEY | Rtype::RKEY => &[Octets(4), Rest],
        Rtype::DS | Rtype::CDS | Rtype::DLV | Rtype::TA => &[Octets(4), NonEmptyRest],
        Rtype::NSAP | Rtype::EID | Rtype::NIMLOC | Rtype::DHCID | Rtype::OPENPGPKEY => &[NonEmptyRest],
        Rtype::ATMA => &[Octets(1), NonEmptyRest],
        Rtype::CERT => &[Octets(5), NonEmptyRest],
        Rtype::SSHFP => &[Octets(2), NonEmptyRest],
        Rtype::TLSA | Rtype::SMIMEA => &[Octets(3), NonEmptyRest],
        Rtype::ZONEMD => &[Octets(6), NonEmptyRest],
        Rtype::CSYNC => &[Octets(6), TypeBitmaps],
        Rtype::APL => &[AddressPrefixes],
        Rtype::IPSECKEY => &[Octets(1), Gateway],
        Rtype::AMTRELAY => &[Octets(1), Relay],
        Rtype::HIP => &[HostIdentity],
        Rtype::TALINK => &[PLAIN, PLAIN],
        Rtype::SVCB | Rtype::HTTPS => &[Octets(2), PLAIN, ServiceParameters],
        Rtype::DSYNC => &[Octets(5), PLAIN],
        Rtype::NID | Rtype::L64 => &[Octets(10)],
        Rtype::LP => &[Octets(2), PLAIN],
        Rtype::EUI48 | Rtype::L32 => &[Octets(6)],
        Rtype::EUI64 => &[Octets(8)],
        Rtype::URI => &[Octets(4), NonEmptyRest],
        Rtype::CAA => &[Octets(1), NonEmptyCounted, Rest],
        Rtype::DOA => &[Octets(9), Text, Rest],
        _ => return None,
    })
}
