//! The zones `every-type`: a record of every RR type that has a number, and of types
//! that nobody has defined.

use std::fmt::Write;

/// The serial of these zones.
pub const SERIAL: u32 = 7;

/// Which types a zone has; servers cannot all take all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selection {
    /// All but the obsolete ones.
    Every,
    /// Less RRSIG, NSEC, NSEC3, NSEC3PARAM, DNSKEY, CDS and CDNSKEY, which PowerDNS
    /// makes itself.
    Plain,
    /// MD and MF, which `named` refuses in zone files.
    Obsolete,
}

impl Selection {
    /// The name of the zone.
    pub fn zone(self) -> &'static str {
        match self {
            Self::Every => "every.example.",
            Self::Plain => "plain.example.",
            Self::Obsolete => "obsolete.example.",
        }
    }

    /// The rows of the zone.
    pub fn rows(self) -> impl Iterator<Item = &'static Row> {
        ROWS.iter().filter(move |row| match row.rtype {
            3 | 4 => self == Self::Obsolete,
            46 | 47 | 48 | 50 | 51 | 59 | 60 => self == Self::Every,
            _ => self != Self::Obsolete,
        })
    }
}

/// How RDATA is spelled in the zone file. SOA and NS at the apex are always in their
/// own form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spelling {
    /// The generic form of RFC 3597 §5 for all types.
    Generic,
    /// The types that the `domain` crate knows in their own form, all others generic.
    Known,
    /// Every type that PowerDNS knows in its own form: it can't read the generic form
    /// for these.
    PowerDns,
}

/// Who can read a type's own presentation form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Text {
    /// The `domain` crate and PowerDNS.
    Both(&'static str),
    /// The `domain` crate, but not PowerDNS.
    Domain(&'static str),
    /// PowerDNS, but not the `domain` crate.
    PowerDns(&'static str),
    /// Neither.
    Generic,
}

/// One RR type with an example.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The type's number.
    pub rtype: u16,
    /// The type's mnemonic, empty when it has none.
    pub mnemonic: &'static str,
    /// The example in presentation form.
    pub text: Text,
    /// The same RDATA in hexadecimal. Where `named` can read the presentation form,
    /// this is what it made of it.
    pub hex: &'static str,
}

impl Row {
    /// The RDATA's octets.
    ///
    /// # Panics
    /// When the row isn't hexadecimal.
    pub fn rdata(&self) -> Vec<u8> {
        let octet = |at: usize| u8::from_str_radix(&self.hex[at..at + 2], 16).unwrap();
        (0..self.hex.len()).step_by(2).map(octet).collect()
    }
}

/// A zone as text.
pub fn text(selection: Selection, spelling: Spelling) -> String {
    let zone = selection.zone();
    let mut text = format!(
        "{zone} 3600 IN SOA Ns1.Outside.Example. Hostmaster.Outside.Example. {SERIAL} 3600 1 604800 300\n\
         {zone} 3600 IN NS Ns1.Outside.Example.\n"
    );
    for row in selection.rows() {
        let owner = owner(row.rtype, zone);
        let (rtype, mnemonic) = (row.rtype, row.mnemonic);
        let own = match (spelling, row.text) {
            (Spelling::Known | Spelling::PowerDns, Text::Both(own)) => Some(own),
            (Spelling::Known, Text::Domain(own)) => Some(own),
            (Spelling::PowerDns, Text::PowerDns(own)) => Some(own),
            _ => None,
        };
        let _ = match own {
            Some(own) => writeln!(text, "{owner} 3600 IN {mnemonic} {own}"),
            None => {
                let length = row.hex.len() / 2;
                writeln!(text, "{owner} 3600 IN TYPE{rtype} \\# {length} {}", row.hex)
            }
        };
    }
    text
}

/// The owner of a type's example: the type's number, but an NSEC3 record must sit at a
/// hashed name, as `named` and `dig` take a message with any other for malformed.
fn owner(rtype: u16, zone: &str) -> String {
    match rtype {
        50 => format!("0p9mhaveqvm6t7vbl5lop2u3t2rp3tom.{zone}"),
        _ => format!("type{rtype}.{zone}"),
    }
}

/// The examples, by type number. Names in the RDATA of IPSECKEY, SVCB and LP are in
/// lower case because NSD makes them so, though RFC 4034 §6.2 does not list these types.
#[rustfmt::skip]
pub const ROWS: &[Row] = &[
    Row { rtype: 1, mnemonic: "A", text: Text::Both("192.0.2.1"), hex: "c0000201" },
    Row { rtype: 2, mnemonic: "NS", text: Text::Both("Ns1.Every.Example."), hex: "034e7331054576657279074578616d706c6500" },
    Row { rtype: 3, mnemonic: "MD", text: Text::Domain("Mail.Every.Example."), hex: "044d61696c054576657279074578616d706c6500" },
    Row { rtype: 4, mnemonic: "MF", text: Text::Domain("Mail.Every.Example."), hex: "044d61696c054576657279074578616d706c6500" },
    Row { rtype: 5, mnemonic: "CNAME", text: Text::Both("Target.Every.Example."), hex: "06546172676574054576657279074578616d706c6500" },
    Row { rtype: 7, mnemonic: "MB", text: Text::Both("Host.Every.Example."), hex: "04486f7374054576657279074578616d706c6500" },
    Row { rtype: 8, mnemonic: "MG", text: Text::Both("Member.Every.Example."), hex: "064d656d626572054576657279074578616d706c6500" },
    Row { rtype: 9, mnemonic: "MR", text: Text::Both("New.Every.Example."), hex: "034e6577054576657279074578616d706c6500" },
    Row { rtype: 10, mnemonic: "NULL", text: Text::Generic, hex: "01020304" },
    Row { rtype: 11, mnemonic: "WKS", text: Text::Generic, hex: "c00002010600000440" },
    Row { rtype: 12, mnemonic: "PTR", text: Text::Both("Host.Every.Example."), hex: "04486f7374054576657279074578616d706c6500" },
    Row { rtype: 13, mnemonic: "HINFO", text: Text::Both(r#""Intel x86" "Linux""#), hex: "09496e74656c20783836054c696e7578" },
    Row { rtype: 14, mnemonic: "MINFO", text: Text::Both("Owner.Every.Example. Errors.Every.Example."), hex: "054f776e6572054576657279074578616d706c6500064572726f7273054576657279074578616d706c6500" },
    Row { rtype: 15, mnemonic: "MX", text: Text::Both("10 Mail.Every.Example."), hex: "000a044d61696c054576657279074578616d706c6500" },
    Row { rtype: 16, mnemonic: "TXT", text: Text::Both(r#""first" "second \"quoted\" \\ \000\255""#), hex: "056669727374147365636f6e64202271756f74656422205c2000ff" },
    Row { rtype: 17, mnemonic: "RP", text: Text::Both("Someone.Every.Example. Text.Every.Example."), hex: "07536f6d656f6e65054576657279074578616d706c65000454657874054576657279074578616d706c6500" },
    Row { rtype: 18, mnemonic: "AFSDB", text: Text::PowerDns("1 Afs.Every.Example."), hex: "000103416673054576657279074578616d706c6500" },
    Row { rtype: 19, mnemonic: "X25", text: Text::Generic, hex: "0c333131303631373030393536" },
    Row { rtype: 20, mnemonic: "ISDN", text: Text::Generic, hex: "0f31353038363230323830303332313703303034" },
    Row { rtype: 21, mnemonic: "RT", text: Text::Generic, hex: "000a0552656c6179054576657279074578616d706c6500" },
    Row { rtype: 22, mnemonic: "NSAP", text: Text::Generic, hex: "47000580005a0000000001e133ffffff00016100" },
    Row { rtype: 23, mnemonic: "NSAP-PTR", text: Text::Generic, hex: "04486f7374054576657279074578616d706c6500" },
    Row { rtype: 24, mnemonic: "SIG", text: Text::Generic, hex: "0001080300000e1070dbd8805e0be1003039065369676e6572054576657279074578616d706c65000102030405060708090a0b0c0d0e0f10" },
    Row { rtype: 25, mnemonic: "KEY", text: Text::PowerDns("256 3 8 AwEAAaE="), hex: "0100030803010001a1" },
    Row { rtype: 26, mnemonic: "PX", text: Text::Generic, hex: "000a064d6170383232054576657279074578616d706c6500074d617078343030054576657279074578616d706c6500" },
    Row { rtype: 27, mnemonic: "GPOS", text: Text::Generic, hex: "082d33322e36383832083131362e383635320431302e30" },
    Row { rtype: 28, mnemonic: "AAAA", text: Text::Both("2001:db8::1"), hex: "20010db8000000000000000000000001" },
    Row { rtype: 29, mnemonic: "LOC", text: Text::PowerDns("52 22 23.000 N 4 53 32.000 E -2.00m 1m 10000m 10m"), hex: "001216138b3cf018810cbce0009895b8" },
    Row { rtype: 30, mnemonic: "NXT", text: Text::Generic, hex: "044e657874054576657279074578616d706c650060" },
    Row { rtype: 31, mnemonic: "EID", text: Text::Generic, hex: "01020304" },
    Row { rtype: 32, mnemonic: "NIMLOC", text: Text::Generic, hex: "01020304" },
    Row { rtype: 33, mnemonic: "SRV", text: Text::Both("1 2 443 Server.Every.Example."), hex: "0001000201bb06536572766572054576657279074578616d706c6500" },
    Row { rtype: 34, mnemonic: "ATMA", text: Text::Generic, hex: "000102030405" },
    Row { rtype: 35, mnemonic: "NAPTR", text: Text::Both(r#"100 50 "s" "http+I2L+I2C+I2R" "" Replace.Every.Example."#), hex: "00640032017310687474702b49324c2b4932432b49325200075265706c616365054576657279074578616d706c6500" },
    Row { rtype: 36, mnemonic: "KX", text: Text::PowerDns("10 Exchange.Every.Example."), hex: "000a0845786368616e6765054576657279074578616d706c6500" },
    Row { rtype: 37, mnemonic: "CERT", text: Text::PowerDns("1 12345 8 AQIDBAUGBwg="), hex: "00013039080102030405060708" },
    Row { rtype: 38, mnemonic: "A6", text: Text::Generic, hex: "40000200030004000506507265666978054576657279074578616d706c6500" },
    Row { rtype: 39, mnemonic: "DNAME", text: Text::Both("Elsewhere.Example.Org."), hex: "09456c73657768657265074578616d706c65034f726700" },
    Row { rtype: 40, mnemonic: "SINK", text: Text::Generic, hex: "4001020304" },
    Row { rtype: 42, mnemonic: "APL", text: Text::PowerDns("1:192.0.2.0/24 !2:2001:db8::/32"), hex: "00011803c000020002208420010db8" },
    Row { rtype: 43, mnemonic: "DS", text: Text::Both("12345 8 2 000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F"), hex: "30390802000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f" },
    Row { rtype: 44, mnemonic: "SSHFP", text: Text::Both("1 1 000102030405060708090A0B0C0D0E0F10111213"), hex: "0101000102030405060708090a0b0c0d0e0f10111213" },
    Row { rtype: 45, mnemonic: "IPSECKEY", text: Text::Both("10 3 2 gateway.every.example. AQIDBAUGBwg="), hex: "0a03020767617465776179056576657279076578616d706c65000102030405060708" },
    Row { rtype: 46, mnemonic: "RRSIG", text: Text::Both("A 8 3 3600 20300101000000 20200101000000 12345 Signer.Every.Example. AQIDBAUGBwgJCgsMDQ4PEA=="), hex: "0001080300000e1070dbd8805e0be1003039065369676e6572054576657279074578616d706c65000102030405060708090a0b0c0d0e0f10" },
    Row { rtype: 47, mnemonic: "NSEC", text: Text::Both("next.every.example. A RRSIG NSEC TYPE65280"), hex: "046e657874056576657279076578616d706c65000006400000000003ff0180" },
    Row { rtype: 48, mnemonic: "DNSKEY", text: Text::Both("257 3 8 AwEAAaE="), hex: "0101030803010001a1" },
    Row { rtype: 49, mnemonic: "DHCID", text: Text::PowerDns("AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA="), hex: "000201636fc0b8271c82825bb1ac5c41cf5351aa69b4febd94e8f17cdb95000da48c40" },
    Row { rtype: 50, mnemonic: "NSEC3", text: Text::Both("1 0 5 AABBCCDD 2T7B4G4VSA5SMI47K61MV5BV1A22BOJR A RRSIG"), hex: "0100000504aabbccdd14174eb2409fe28bcb4887a1836f957f0a8425e27b0006400000000002" },
    Row { rtype: 51, mnemonic: "NSEC3PARAM", text: Text::Both("1 0 5 AABBCCDD"), hex: "0100000504aabbccdd" },
    Row { rtype: 52, mnemonic: "TLSA", text: Text::Both("3 1 1 000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F"), hex: "030101000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f" },
    Row { rtype: 53, mnemonic: "SMIMEA", text: Text::PowerDns("3 1 1 000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F"), hex: "030101000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f" },
    Row { rtype: 55, mnemonic: "HIP", text: Text::Generic, hex: "10020084200100107b1a74df365639cc39f1d57803010001b771ca136e4aeb5ce44333c53b3d2c13c22243851fc708bcce29f7e2eb5787b5f56ccad34f8223acc10904ddb56b2ec4a6d6232f3b50ea094f0914b3b941bbe529af582c36bbadefdaf2adaf9b4911906f5b2522603c615272b880ec8fb930cc6ee39c444daa75b1678f005a4b2499d1da5433f805c7a5ad3237acc5dd5c5e4303527673054576657279074578616d706c6500" },
    Row { rtype: 56, mnemonic: "NINFO", text: Text::Generic, hex: "0548656c6c6f" },
    Row { rtype: 57, mnemonic: "RKEY", text: Text::PowerDns("0 0 8 AQIDBA=="), hex: "0000000801020304" },
    Row { rtype: 58, mnemonic: "TALINK", text: Text::Generic, hex: "0450726576054576657279074578616d706c6500044e657874054576657279074578616d706c6500" },
    Row { rtype: 59, mnemonic: "CDS", text: Text::Both("12345 8 2 000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F"), hex: "30390802000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f" },
    Row { rtype: 60, mnemonic: "CDNSKEY", text: Text::Both("257 3 8 AwEAAaE="), hex: "0101030803010001a1" },
    Row { rtype: 61, mnemonic: "OPENPGPKEY", text: Text::Both("AQIDBAUGBwg="), hex: "0102030405060708" },
    Row { rtype: 62, mnemonic: "CSYNC", text: Text::PowerDns("66 3 A NS AAAA"), hex: "000000420003000460000008" },
    Row { rtype: 63, mnemonic: "ZONEMD", text: Text::Both("7 1 1 000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F202122232425262728292A2B2C2D2E2F"), hex: "000000070101000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f" },
    Row { rtype: 64, mnemonic: "SVCB", text: Text::Both(r#"1 svc.every.example. alpn="h2,h3" port=853 ipv4hint=192.0.2.1 ipv6hint=2001:db8::1"#), hex: "000103737663056576657279076578616d706c65000001000602683202683300030002035500040004c00002010006001020010db8000000000000000000000001" },
    Row { rtype: 65, mnemonic: "HTTPS", text: Text::Both("1 . alpn=h3 no-default-alpn ech=AQIDBA=="), hex: "00010000010003026833000200000005000401020304" },
    Row { rtype: 66, mnemonic: "DSYNC", text: Text::Generic, hex: "003b0114eb066e6f74696679056576657279076578616d706c6500" },
    Row { rtype: 67, mnemonic: "HHIT", text: Text::Generic, hex: "01020304" },
    Row { rtype: 68, mnemonic: "BRID", text: Text::Generic, hex: "01020304" },
    Row { rtype: 99, mnemonic: "SPF", text: Text::PowerDns(r#""v=spf1 -all""#), hex: "0b763d73706631202d616c6c" },
    Row { rtype: 100, mnemonic: "UINFO", text: Text::Generic, hex: "01020304" },
    Row { rtype: 101, mnemonic: "UID", text: Text::Generic, hex: "000003e8" },
    Row { rtype: 102, mnemonic: "GID", text: Text::Generic, hex: "000003e8" },
    Row { rtype: 103, mnemonic: "UNSPEC", text: Text::Generic, hex: "01020304" },
    Row { rtype: 104, mnemonic: "NID", text: Text::PowerDns("10 0014:4fff:ff20:ee64"), hex: "000a00144fffff20ee64" },
    Row { rtype: 105, mnemonic: "L32", text: Text::PowerDns("10 10.1.2.0"), hex: "000a0a010200" },
    Row { rtype: 106, mnemonic: "L64", text: Text::PowerDns("10 2001:0DB8:1140:1000"), hex: "000a20010db811401000" },
    Row { rtype: 107, mnemonic: "LP", text: Text::PowerDns("10 l64.every.example."), hex: "000a036c3634056576657279076578616d706c6500" },
    Row { rtype: 108, mnemonic: "EUI48", text: Text::PowerDns("00-00-5e-00-53-2a"), hex: "00005e00532a" },
    Row { rtype: 109, mnemonic: "EUI64", text: Text::PowerDns("00-00-5e-ef-10-00-00-2a"), hex: "00005eef1000002a" },
    Row { rtype: 256, mnemonic: "URI", text: Text::PowerDns(r#"10 1 "https://every.example/Path""#), hex: "000a000168747470733a2f2f65766572792e6578616d706c652f50617468" },
    Row { rtype: 257, mnemonic: "CAA", text: Text::Both(r#"0 issue "ca.example; policy=ev""#), hex: "0005697373756563612e6578616d706c653b20706f6c6963793d6576" },
    Row { rtype: 258, mnemonic: "AVC", text: Text::Generic, hex: "106170702d6e616d653a4578616d706c6503763d31" },
    Row { rtype: 259, mnemonic: "DOA", text: Text::Generic, hex: "0000000100000002010a746578742f706c61696e0102" },
    Row { rtype: 260, mnemonic: "AMTRELAY", text: Text::Generic, hex: "0a01cb00710f" },
    Row { rtype: 261, mnemonic: "RESINFO", text: Text::Generic, hex: "08716e616d656d696e0c6578746572723d31352d3137" },
    Row { rtype: 262, mnemonic: "WALLET", text: Text::Generic, hex: "034554482a307830303030303030303030303030303030303030303030303030303030303030303030303030303030" },
    Row { rtype: 263, mnemonic: "CLA", text: Text::Generic, hex: "03414243" },
    Row { rtype: 264, mnemonic: "IPN", text: Text::Generic, hex: "0000000000000001" },
    Row { rtype: 4660, mnemonic: "", text: Text::Generic, hex: "03777777" },
    Row { rtype: 32768, mnemonic: "TA", text: Text::Generic, hex: "30390802000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f" },
    Row { rtype: 32769, mnemonic: "DLV", text: Text::PowerDns("12345 8 2 000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F"), hex: "30390802000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f" },
    Row { rtype: 65280, mnemonic: "", text: Text::Generic, hex: "01020304" },
    Row { rtype: 65281, mnemonic: "", text: Text::Generic, hex: "" },
    Row { rtype: 65534, mnemonic: "", text: Text::Generic, hex: "c00c00ff" },
];
