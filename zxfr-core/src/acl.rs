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
