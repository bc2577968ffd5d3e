//! Who may ask: from which addresses, over which transports, with which key.

use crate::name::{Name, NameRef};
use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::str::FromStr;

/// What a request came over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    /// UDP (RFC 1035 §4.2.1).
    Udp,
    /// TCP (RFC 7766).
    Tcp,
    /// TLS (RFC 9103).
    Tls,
    /// QUIC (RFC 9250).
    Quic,
}

impl Transport {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Udp, Self::Tcp, Self::Tls, Self::Quic];

    const fn bit(self) -> u8 {
        match self {
            Self::Udp => 1,
            Self::Tcp => 2,
            Self::Tls => 4,
            Self::Quic => 8,
        }
    }

    /// Whether it keeps what it carries from being read and changed on its way.
    #[must_use]
    pub const fn is_encrypted(self) -> bool {
        matches!(self, Self::Tls | Self::Quic)
    }

    const fn text(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Quic => "quic",
        }
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.text())
    }
}

/// A set of transports.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Transports(u8);

impl Transports {
    /// Any transport.
    pub const ALL: Self = Self(0x0f);
    /// No transport.
    pub const NONE: Self = Self(0);

    /// With this one, too.
    #[must_use]
    pub const fn with(self, transport: Transport) -> Self {
        Self(self.0 | transport.bit())
    }

    /// Whether this one is among them.
    #[must_use]
    pub const fn contains(self, transport: Transport) -> bool {
        self.0 & transport.bit() != 0
    }
}

impl FromIterator<Transport> for Transports {
    fn from_iter<I: IntoIterator<Item = Transport>>(transports: I) -> Self {
        transports.into_iter().fold(Self::NONE, Self::with)
    }
}

impl fmt::Debug for Transports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(Transport::ALL.into_iter().filter(|transport| self.contains(*transport))).finish()
    }
}

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Asker {
    /// The address that the request came from.
    pub addr: IpAddr,
    /// What it came over.
    pub transport: Transport,
}

/// A prefix of addresses. An IPv4 address that is written as an IPv6 one (`::ffff:192.0.2.1`, as sockets for both families
/// give it) counts as IPv4 everywhere here, and so is in no IPv6 prefix.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Prefix {
    addr: IpAddr,
    len: u8,
}

impl Prefix {
    /// All IPv4 addresses.
    pub const ANY_V4: Self = Self { addr: IpAddr::V4(Ipv4Addr::UNSPECIFIED), len: 0 };
    /// All IPv6 addresses.
    pub const ANY_V6: Self = Self { addr: IpAddr::V6(Ipv6Addr::UNSPECIFIED), len: 0 };

    /// The addresses that share the first `len` bits with this one; bits of it after those don't matter. `None` when an
    /// address has fewer bits.
    #[must_use]
    pub fn new(addr: IpAddr, len: u8) -> Option<Self> {
        let (addr, len) = match (addr, addr.to_canonical()) {
            // Less than the 96 bits that all IPv4 addresses written so share is a prefix of IPv6.
            (IpAddr::V6(_), canonical @ IpAddr::V4(_)) if len >= 96 => (canonical, len.checked_sub(96)?),
            (addr, _) => (addr, len),
        };
        let addr = match addr {
            IpAddr::V4(v4) if len <= 32 => IpAddr::V4(Ipv4Addr::from_bits(v4.to_bits() & mask_v4(len))),
            IpAddr::V6(v6) if len <= 128 => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & mask_v6(len))),
            _ => return None,
        };
        Some(Self { addr, len })
    }

    /// The first address.
    #[must_use]
    pub const fn addr(self) -> IpAddr {
        self.addr
    }

    /// The bits that all its addresses share.
    #[expect(clippy::len_without_is_empty, reason = "no prefix is empty")]
    #[must_use]
    pub const fn len(self) -> u8 {
        self.len
    }

    /// Whether this address is in it.
    #[must_use]
    pub fn contains(self, addr: IpAddr) -> bool {
        match (self.addr, addr.to_canonical()) {
            (IpAddr::V4(mine), IpAddr::V4(theirs)) => theirs.to_bits() & mask_v4(self.len) == mine.to_bits(),
            (IpAddr::V6(mine), IpAddr::V6(theirs)) => theirs.to_bits() & mask_v6(self.len) == mine.to_bits(),
            _ => false,
        }
    }
}

const fn mask_v4(len: u8) -> u32 {
    match u32::MAX.checked_shr(len as u32) {
        Some(host) => !host,
        None => u32::MAX,
    }
}

const fn mask_v6(len: u8) -> u128 {
    match u128::MAX.checked_shr(len as u32) {
        Some(host) => !host,
        None => u128::MAX,
    }
}

impl From<IpAddr> for Prefix {
    /// Just this address.
    fn from(addr: IpAddr) -> Self {
        let addr = addr.to_canonical();
        Self { addr, len: if addr.is_ipv4() { 32 } else { 128 } }
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.addr, self.len)
    }
}

impl fmt::Debug for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is no prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrefixError;

impl fmt::Display for PrefixError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("neither an address nor an address, a slash and its number of bits")
    }
}

impl core::error::Error for PrefixError {}

impl FromStr for Prefix {
    type Err = PrefixError;

    /// Reads `192.0.2.0/24`, `2001:db8::/32`, or an address alone. Bits after the prefix are allowed, and cleared.
    fn from_str(text: &str) -> Result<Self, PrefixError> {
        let Some((addr, len)) = text.split_once('/') else {
            return text.parse::<IpAddr>().map(Self::from).map_err(|_| PrefixError);
        };
        if !len.bytes().all(|octet| octet.is_ascii_digit()) {
            return Err(PrefixError);
        }
        let addr = addr.parse().map_err(|_| PrefixError)?;
        let len = len.parse().map_err(|_| PrefixError)?;
        Self::new(addr, len).ok_or(PrefixError)
    }
}

/// One rule of who may ask. All parts of it must fit; of a list of rules one must.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Where the asker is.
    pub prefix: Prefix,
    /// What it asks over.
    pub transports: Transports,
    /// The key that it signs with; with `None` it may sign with any or not at all.
    pub key: Option<Name>,
}

impl Rule {
    /// Whether address and transport fit: what can be said before any signature is looked at.
    #[must_use]
    pub fn admits(&self, asker: &Asker) -> bool {
        self.transports.contains(asker.transport) && self.prefix.contains(asker.addr)
    }

    /// Whether all of it fits a request that was signed, and verified, with this key, or not signed.
    #[must_use]
    pub fn allows(&self, asker: &Asker, key: Option<NameRef<'_>>) -> bool {
        self.admits(asker) && self.key.as_ref().is_none_or(|name| key == Some(name.as_ref()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::string::ToString;

    fn prefix(text: &str) -> Prefix {
        text.parse().unwrap()
    }

    #[test]
    fn prefixes() {
        for (text, inside, outside) in [
            ("192.0.2.0/24", "192.0.2.255", "192.0.3.0"),
            ("192.0.2.77/25", "192.0.2.127", "192.0.2.128"),
            ("192.0.2.1", "::ffff:192.0.2.1", "192.0.2.2"),
            ("::ffff:192.0.2.0/120", "192.0.2.9", "::192.0.2.9"),
            ("0.0.0.0/0", "255.255.255.255", "::1"),
            ("::/0", "2001:db8::1", "192.0.2.1"),
            ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::"),
            ("::1", "::1", "::2"),
            ("2001:db8::1/127", "2001:db8::", "2001:db8::2"),
        ] {
            let prefix = prefix(text);
            assert!(prefix.contains(inside.parse().unwrap()), "{inside} in {text}");
            assert!(!prefix.contains(outside.parse().unwrap()), "{outside} in {text}");
        }
        assert_eq!(prefix("192.0.2.77/25").to_string(), "192.0.2.0/25");
        assert_eq!(prefix("::ffff:192.0.2.1"), prefix("192.0.2.1/32"));
        assert_eq!((prefix("0.0.0.0/0"), prefix("::/0")), (Prefix::ANY_V4, Prefix::ANY_V6));
    }

    #[test]
    fn refuses_what_is_no_prefix() {
        for text in
            ["", "/", "192.0.2.0/33", "192.0.2.0/", "192.0.2.0/+8", "::/129", "192.0.2/24", "a.example", "::1/8/8"]
        {
            assert_eq!(text.parse::<Prefix>(), Err(PrefixError), "{text}");
        }
    }

    #[test]
    fn all_parts_of_a_rule_must_fit() {
        let key: Name = "key.example.".parse().unwrap();
        let upper: Name = "KEY.example.".parse().unwrap();
        let transports = [Transport::Tcp, Transport::Tls].into_iter().collect();
        let rule = Rule { prefix: prefix("192.0.2.0/24"), transports, key: Some(key) };
        let asker = Asker { addr: "192.0.2.1".parse().unwrap(), transport: Transport::Tcp };
        assert!(rule.allows(&asker, Some(upper.as_ref())));
        assert!(rule.admits(&asker) && !rule.allows(&asker, None));
        assert!(!rule.allows(&asker, Some(NameRef::ROOT)));
        assert!(!rule.admits(&Asker { transport: Transport::Udp, ..asker }));
        assert!(!rule.admits(&Asker { addr: "192.0.3.1".parse().unwrap(), ..asker }));
        let open = Rule { key: None, ..rule };
        assert!(open.allows(&asker, None) && open.allows(&asker, Some(NameRef::ROOT)));
    }

    #[test]
    fn sets_of_transports() {
        for transport in Transport::ALL {
            assert!(Transports::ALL.contains(transport) && !Transports::NONE.contains(transport));
            assert_eq!(Transports::NONE.with(transport), [transport].into_iter().collect());
        }
        let all: Transports = Transport::ALL.into_iter().collect();
        assert_eq!(all, Transports::ALL);
        assert_eq!(std::format!("{:?}", Transports::NONE.with(Transport::Tls)), "{Tls}");
    }

    proptest! {
        #[test]
        fn contains_is_equality_of_the_first_bits(a: u128, flip in 0_u32..128, len in 0_u8..=128) {
            // Outside ::ffff:0:0/96, whose addresses are IPv4.
            let a = a | 1 << 127;
            let prefix = Prefix::new(Ipv6Addr::from_bits(a).into(), len).unwrap();
            let other = a ^ 1 << (127 - flip);
            prop_assert!(prefix.contains(Ipv6Addr::from_bits(a).into()));
            prop_assert_eq!(prefix.contains(Ipv6Addr::from_bits(other).into()), flip >= u32::from(len));
            prop_assert_eq!(prefix.to_string().parse(), Ok(prefix));
        }
    }
}
