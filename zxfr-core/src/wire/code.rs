//! Code points: types, classes, opcodes, RCODEs, extended errors. Unknown values are values like any other (RFC 3597).

use core::fmt;
use core::str::FromStr;

/// Declares a code point type: its constants with their mnemonics, and the prefix under which others are written.
macro_rules! codes {
    ($(#[$doc:meta])* $name:ident($repr:ty), $prefix:literal, { $($constant:ident = $value:literal, $text:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $repr);

        impl $name {
            $(
                #[doc = concat!("`", $text, "`")]
                pub const $constant: Self = Self($value);
            )*

            /// The mnemonic, where the value has one.
            #[must_use]
            pub const fn mnemonic(self) -> Option<&'static str> {
                match self.0 {
                    $($value => Some($text),)*
                    _ => None,
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self.mnemonic() {
                    Some(text) => f.pad(text),
                    None => write!(f, concat!($prefix, "{}"), self.0),
                }
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = UnknownCode;

            /// Reads a mnemonic, or the prefix and a number, without case.
            fn from_str(text: &str) -> Result<Self, UnknownCode> {
                $(
                    if text.eq_ignore_ascii_case($text) {
                        return Ok(Self($value));
                    }
                )*
                let (prefix, number) = text.split_at_checked($prefix.len()).ok_or(UnknownCode)?;
                if !prefix.eq_ignore_ascii_case($prefix) || !number.bytes().all(|octet| octet.is_ascii_digit()) {
                    return Err(UnknownCode);
                }
                number.parse().map(Self).map_err(|_| UnknownCode)
            }
        }
    };
}

/// A text that is no mnemonic and no number of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownCode;

impl fmt::Display for UnknownCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("neither a known mnemonic nor a number in the generic form")
    }
}

impl core::error::Error for UnknownCode {}

codes! {
    /// The type of a record or question (RFC 1035 §3.2.2 and the IANA registry).
    Rtype(u16), "TYPE", {
        A = 1, "A";
        NS = 2, "NS";
        MD = 3, "MD";
        MF = 4, "MF";
        CNAME = 5, "CNAME";
        SOA = 6, "SOA";
        MB = 7, "MB";
        MG = 8, "MG";
        MR = 9, "MR";
        NULL = 10, "NULL";
        WKS = 11, "WKS";
        PTR = 12, "PTR";
        HINFO = 13, "HINFO";
        MINFO = 14, "MINFO";
        MX = 15, "MX";
        TXT = 16, "TXT";
        RP = 17, "RP";
        AFSDB = 18, "AFSDB";
        X25 = 19, "X25";
        ISDN = 20, "ISDN";
        RT = 21, "RT";
        NSAP = 22, "NSAP";
        NSAP_PTR = 23, "NSAP-PTR";
        SIG = 24, "SIG";
        KEY = 25, "KEY";
        PX = 26, "PX";
        GPOS = 27, "GPOS";
        AAAA = 28, "AAAA";
        LOC = 29, "LOC";
        NXT = 30, "NXT";
        EID = 31, "EID";
        NIMLOC = 32, "NIMLOC";
        SRV = 33, "SRV";
        ATMA = 34, "ATMA";
        NAPTR = 35, "NAPTR";
        KX = 36, "KX";
        CERT = 37, "CERT";
        A6 = 38, "A6";
        DNAME = 39, "DNAME";
        SINK = 40, "SINK";
        OPT = 41, "OPT";
        APL = 42, "APL";
        DS = 43, "DS";
        SSHFP = 44, "SSHFP";
        IPSECKEY = 45, "IPSECKEY";
        RRSIG = 46, "RRSIG";
        NSEC = 47, "NSEC";
        DNSKEY = 48, "DNSKEY";
        DHCID = 49, "DHCID";
        NSEC3 = 50, "NSEC3";
        NSEC3PARAM = 51, "NSEC3PARAM";
        TLSA = 52, "TLSA";
        SMIMEA = 53, "SMIMEA";
        HIP = 55, "HIP";
        NINFO = 56, "NINFO";
        RKEY = 57, "RKEY";
        TALINK = 58, "TALINK";
        CDS = 59, "CDS";
        CDNSKEY = 60, "CDNSKEY";
        OPENPGPKEY = 61, "OPENPGPKEY";
        CSYNC = 62, "CSYNC";
        ZONEMD = 63, "ZONEMD";
        SVCB = 64, "SVCB";
        HTTPS = 65, "HTTPS";
        DSYNC = 66, "DSYNC";
        SPF = 99, "SPF";
        NID = 104, "NID";
        L32 = 105, "L32";
        L64 = 106, "L64";
        LP = 107, "LP";
        EUI48 = 108, "EUI48";
        EUI64 = 109, "EUI64";
        NXNAME = 128, "NXNAME";
        TKEY = 249, "TKEY";
        TSIG = 250, "TSIG";
        IXFR = 251, "IXFR";
        AXFR = 252, "AXFR";
        MAILB = 253, "MAILB";
        MAILA = 254, "MAILA";
        ANY = 255, "ANY";
        URI = 256, "URI";
        CAA = 257, "CAA";
        AVC = 258, "AVC";
        DOA = 259, "DOA";
        AMTRELAY = 260, "AMTRELAY";
        RESINFO = 261, "RESINFO";
        WALLET = 262, "WALLET";
        TA = 32768, "TA";
        DLV = 32769, "DLV";
    }
}

impl Rtype {
    /// Whether the type may not stand in a zone: OPT, and the range 128 to 255 of question and meta types (RFC 6895 §3.1).
    #[must_use]
    pub const fn is_meta(self) -> bool {
        matches!(self.0, 0 | 41 | 128..=255)
    }
}

codes! {
    /// A class (RFC 1035 §3.2.4).
    Class(u16), "CLASS", {
        IN = 1, "IN";
        CH = 3, "CH";
        HS = 4, "HS";
        NONE = 254, "NONE";
        ANY = 255, "ANY";
    }
}

codes! {
    /// What kind of query a message is (RFC 1035 §4.1.1).
    Opcode(u8), "OPCODE", {
        QUERY = 0, "QUERY";
        IQUERY = 1, "IQUERY";
        STATUS = 2, "STATUS";
        NOTIFY = 4, "NOTIFY";
        UPDATE = 5, "UPDATE";
        DSO = 6, "DSO";
    }
}

codes! {
    /// How a query ended: 4 bits in the header, 12 with OPT (RFC 6891 §6.1.3), 16 in a TSIG's error field (RFC 8945 §3).
    Rcode(u16), "RCODE", {
        NOERROR = 0, "NOERROR";
        FORMERR = 1, "FORMERR";
        SERVFAIL = 2, "SERVFAIL";
        NXDOMAIN = 3, "NXDOMAIN";
        NOTIMP = 4, "NOTIMP";
        REFUSED = 5, "REFUSED";
        YXDOMAIN = 6, "YXDOMAIN";
        YXRRSET = 7, "YXRRSET";
        NXRRSET = 8, "NXRRSET";
        NOTAUTH = 9, "NOTAUTH";
        NOTZONE = 10, "NOTZONE";
        BADSIG = 16, "BADSIG";
        BADKEY = 17, "BADKEY";
        BADTIME = 18, "BADTIME";
        BADMODE = 19, "BADMODE";
        BADNAME = 20, "BADNAME";
        BADALG = 21, "BADALG";
        BADTRUNC = 22, "BADTRUNC";
        BADCOOKIE = 23, "BADCOOKIE";
    }
}

impl Rcode {
    /// "Bad OPT version" (RFC 6891 §9), in an OPT the same number that BADSIG has in a TSIG.
    pub const BADVERS: Self = Self(16);
}

codes! {
    /// An extended error's INFO-CODE (RFC 8914 §4).
    Ede(u16), "EDE", {
        OTHER = 0, "Other";
        NOT_READY = 14, "Not Ready";
        PROHIBITED = 18, "Prohibited";
        NOT_AUTHORITATIVE = 20, "Not Authoritative";
        NOT_SUPPORTED = 21, "Not Supported";
        INVALID_DATA = 24, "Invalid Data";
        TOO_EARLY = 26, "Too Early";
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn every_type_round_trips_through_text() {
        for value in 0..=u16::MAX {
            let rtype = Rtype(value);
            assert_eq!(rtype.to_string().parse(), Ok(rtype));
            assert_eq!(std::format!("type{value}").parse(), Ok(rtype));
        }
    }

    #[test]
    fn refuses_what_is_no_type() {
        for text in ["", "TYPE", "TYPE65536", "TYPE+1", "A1", "TYPE 1", "é"] {
            assert_eq!(text.parse::<Rtype>(), Err(UnknownCode), "{text}");
        }
    }

    #[test]
    fn meta_types() {
        assert!(Rtype::OPT.is_meta() && Rtype::TSIG.is_meta() && Rtype::ANY.is_meta() && Rtype::AXFR.is_meta());
        assert!(!Rtype::A.is_meta() && !Rtype::SPF.is_meta() && !Rtype::URI.is_meta());
    }
}
