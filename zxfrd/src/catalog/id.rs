//! What objects are told apart by.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

/// The id of an object: 32 hexadecimal digits in lower case. Nothing but the object is to be learned from a random one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id(pub [u8; 16]);

impl Id {
    /// An id that nobody has.
    ///
    /// # Errors
    /// When the system gives no random octets.
    pub fn random() -> Result<Self, getrandom::Error> {
        let mut octets = [0; 16];
        getrandom::fill(&mut octets)?;
        Ok(Self(octets))
    }

    /// The id of an object that the configuration declares, the same in every run: the first half of the SHA-256 of
    /// `account/kind/name`, where the account is its id as text, and names of the DNS are in lower case with their last dot.
    #[must_use]
    pub fn declared(account: Self, kind: &str, name: &str) -> Self {
        Self::digest(&format!("{account}/{kind}/{name}"))
    }

    /// The first half of the SHA-256 of a text.
    fn digest(text: &str) -> Self {
        let mut octets = [0; 16];
        octets.iter_mut().zip(Sha256::digest(text.as_bytes())).for_each(|(octet, digest)| *octet = digest);
        Self(octets)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text is no id: those are 32 hexadecimal digits in lower case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdError;

impl fmt::Display for IdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an id: ids are 32 hexadecimal digits in lower case")
    }
}

impl std::error::Error for IdError {}

impl FromStr for Id {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let digit = |octet: u8| match octet {
            b'0'..=b'9' => Ok(octet - b'0'),
            b'a'..=b'f' => Ok(octet - b'a' + 10),
            _ => Err(IdError),
        };
        let mut octets = [0; 16];
        if text.len() != 32 {
            return Err(IdError);
        }
        for (octet, pair) in octets.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let [high, low] = [digit(pair[0])?, digit(pair[1])?];
            *octet = high << 4 | low;
        }
        Ok(Self(octets))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_32_hex_digits_in_lower_case() {
        let text = "23ff594956f20c2a721606e94745a8aa";
        let id: Id = text.parse().unwrap();
        assert_eq!(id.to_string(), text);
        for bad in [
            "",
            "23FF594956f20c2a721606e94745a8aa",
            "23ff594956f20c2a721606e94745a8a",
            "g3ff594956f20c2a721606e94745a8aa",
        ] {
            assert_eq!(bad.parse::<Id>(), Err(IdError), "{bad}");
        }
        assert_ne!(Id::random().unwrap(), Id::random().unwrap());
    }

    #[test]
    fn a_declared_id_is_the_same_in_every_run() {
        let account: Id = "0123456789abcdef0123456789abcdef".parse().unwrap();
        let id = Id::declared(account, "zone", "example.org.");
        // printf %s 0123456789abcdef0123456789abcdef/zone/example.org. | sha256sum
        assert_eq!(id.to_string(), "38222cc7e7ae9a8deec5866ef6a1df51");
        assert_ne!(id, Id::declared(account, "peer", "example.org."));
    }
}
