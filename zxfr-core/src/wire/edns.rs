//! OPT (RFC 6891), the extended errors (RFC 8914) and times of expiry (RFC 7314) in it.

use super::cursor::{Cursor, failed};
use super::grammar::record_fixed;
use super::{Ede, Layout, Message, Rcode};
use crate::error::{WireError, WireFault};
use nom::Parser;
use nom::multi::length_data;
use nom::number::complete::be_u16;

/// The size that is offered where nothing else is asked for: no fragments on any usual path.
pub const DEFAULT_UDP_SIZE: u16 = 1232;
/// The octets of an OPT without options.
pub const OPT_LEN: usize = 11;
/// The octets that an EXPIRE option with a time adds.
pub const EXPIRE_LEN: usize = 8;
/// The option of an extended error (RFC 8914 §2).
const OPTION_EDE: u16 = 15;
/// The option of a time of expiry (RFC 7314 §2).
const OPTION_EXPIRE: u16 = 9;

/// What an EXPIRE option says (RFC 7314 §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expire {
    /// In a request: that the answer is to say it.
    Asked,
    /// In an answer: after so many seconds the zone expires at the server that answers.
    Seconds(u32),
}

/// What an OPT record says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edns<'m> {
    /// The largest UDP message its sender takes, in octets.
    pub udp_size: u16,
    /// The high 8 bits of the RCODE.
    pub extended_rcode: u8,
    /// The EDNS version; 0 is the only one there is.
    pub version: u8,
    /// DNSSEC OK (RFC 3225).
    pub dnssec_ok: bool,
    /// The first extended error, with its text (UTF-8 by its RFC, octets here).
    pub ede: Option<(Ede, &'m [u8])>,
    /// The EXPIRE option. One of another length than the RFC's is as good as none.
    pub expire: Option<Expire>,
}

impl<'m> Edns<'m> {
    /// What our own messages say.
    pub const OURS: Self =
        Self { udp_size: DEFAULT_UDP_SIZE, extended_rcode: 0, version: 0, dnssec_ok: false, ede: None, expire: None };

    /// What our own queries about zones say: that the answer may tell when the zone expires.
    pub const QUERY: Self = Self { expire: Some(Expire::Asked), ..Self::OURS };

    /// What the message's OPT says, if it has one.
    ///
    /// # Errors
    /// When the options in it are malformed.
    pub fn read(message: &Message<'m>, layout: &Layout) -> Result<Option<Self>, WireError> {
        let Some(at) = layout.opt_at else {
            return Ok(None);
        };
        let error = |error| failed(error, at);
        // One octet of owner: layout() lets no other than the root through.
        let input = Cursor::new(message.octets(), at.saturating_add(1));
        let (rdata, fixed) = record_fixed(input).map_err(error)?;
        let cut = WireError { fault: WireFault::Cut, offset: rdata.at };
        let mut options = rdata.bounded(usize::from(fixed.rdata_length)).ok_or(cut)?;
        let [extended_rcode, version, high, _] = fixed.ttl.to_be_bytes();
        let dnssec_ok = high & 0x80 != 0;
        let mut edns = Self { udp_size: fixed.class.0, extended_rcode, version, dnssec_ok, ede: None, expire: None };
        while !options.rest().is_empty() {
            let (rest, (code, data)) = (be_u16, length_data(be_u16)).parse(options).map_err(error)?;
            match (code, data.rest()) {
                (OPTION_EDE, [high, low, text @ ..]) if edns.ede.is_none() => {
                    edns.ede = Some((Ede(u16::from_be_bytes([*high, *low])), text));
                }
                (OPTION_EXPIRE, []) => edns.expire = edns.expire.or(Some(Expire::Asked)),
                (OPTION_EXPIRE, [a, b, c, d]) => {
                    let seconds = Expire::Seconds(u32::from_be_bytes([*a, *b, *c, *d]));
                    edns.expire = edns.expire.or(Some(seconds));
                }
                _ => {}
            }
            options = rest;
        }
        Ok(Some(edns))
    }

    /// The 12 bits of RCODE that header and OPT make together.
    #[must_use]
    pub fn rcode(&self, message: &Message<'_>) -> Rcode {
        Rcode(u16::from(self.extended_rcode) << 4 | message.header().flags.rcode().0)
    }

    /// The seconds that an EXPIRE option in an answer says.
    #[must_use]
    pub const fn expire_seconds(&self) -> Option<u32> {
        match self.expire {
            Some(Expire::Seconds(seconds)) => Some(seconds),
            _ => None,
        }
    }

    /// Writes the OPT record into `out`, and gives its length: 11 octets, 4 or 8 for EXPIRE, and 6 with the text for an
    /// extended error. `None` when it doesn't fit.
    pub fn write(&self, out: &mut [u8]) -> Option<usize> {
        let [expire_high, expire_low] = OPTION_EXPIRE.to_be_bytes();
        let mut expire = [expire_high, expire_low, 0, 0, 0, 0, 0, 0];
        let expire: &[u8] = match self.expire {
            None => &[],
            Some(Expire::Asked) => expire.get(..4)?,
            Some(Expire::Seconds(seconds)) => {
                let [a, b, c, d] = seconds.to_be_bytes();
                expire = [expire_high, expire_low, 0, 4, a, b, c, d];
                &expire
            }
        };
        let mut error = [0_u8; 6];
        let (error, text): (&[u8], &[u8]) = match self.ede {
            None => (&[], &[]),
            Some((code, text)) => {
                let [a, b] = OPTION_EDE.to_be_bytes();
                let [c, d] = u16::try_from(text.len().checked_add(2)?).ok()?.to_be_bytes();
                let [e, f] = code.0.to_be_bytes();
                error.copy_from_slice(&[a, b, c, d, e, f]);
                (&error, text)
            }
        };
        let options = [expire, error, text];
        let length = options.iter().try_fold(0_usize, |sum, option| sum.checked_add(option.len()))?;
        let [length_high, length_low] = u16::try_from(length).ok()?.to_be_bytes();
        let [size_high, size_low] = self.udp_size.to_be_bytes();
        let dnssec_ok = if self.dnssec_ok { 0x80 } else { 0 };
        let [rcode, version] = [self.extended_rcode, self.version];
        let fixed = [0, 0, 41, size_high, size_low, rcode, version, dnssec_ok, 0, length_high, length_low];
        let mut at = 0_usize;
        for part in [&fixed[..]].into_iter().chain(options) {
            let after = at.checked_add(part.len())?;
            out.get_mut(at..after)?.copy_from_slice(part);
            at = after;
        }
        Some(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_expire() -> impl Strategy<Value = Option<Expire>> {
        prop::option::of(prop_oneof![Just(Expire::Asked), any::<u32>().prop_map(Expire::Seconds)])
    }

    proptest! {
        #[test]
        fn round_trip(udp_size: u16, extended_rcode: u8, version: u8, dnssec_ok: bool, ede in prop::option::of((any::<u16>(), "[ -~]{0,40}")), expire in any_expire()) {
            let ede = ede.as_ref().map(|(code, text)| (Ede(*code), text.as_bytes()));
            let edns = Edns { udp_size, extended_rcode, version, dnssec_ok, ede, expire };
            let mut octets = std::vec![0; 12];
            octets[11] = 1;
            octets.resize(12 + 80, 0);
            let length = edns.write(&mut octets[12..]).unwrap();
            octets.truncate(12 + length);
            let message = Message::new(&octets).unwrap();
            let layout = message.layout().unwrap();
            prop_assert_eq!(layout.opt_at, Some(12));
            prop_assert_eq!(Edns::read(&message, &layout).unwrap(), Some(edns));
        }
    }

    #[test]
    fn an_expire_of_another_length_is_none() {
        for (length, expire) in
            [(0, Some(Expire::Asked)), (1, None), (3, None), (4, Some(Expire::Seconds(0))), (5, None)]
        {
            let option = [&[0, 9, 0, length][..], &std::vec![0; usize::from(length)]].concat();
            let opt = [&[0, 0, 41, 4, 0, 0, 0, 0, 0, 0][..], &[option.len() as u8], &option].concat();
            let octets = [&[0; 11][..], &[1], &opt].concat();
            let message = Message::new(&octets).unwrap();
            let layout = message.layout().unwrap();
            assert_eq!(Edns::read(&message, &layout).unwrap().unwrap().expire, expire, "{length}");
        }
    }

    #[test]
    fn refuses_cut_options() {
        let octets = [&[0; 11][..], &[1, 0, 0, 41, 4, 0, 0, 0, 0, 0, 0, 5, 0, 15, 0, 2, 0]].concat();
        let message = Message::new(&octets).unwrap();
        let layout = message.layout().unwrap();
        assert_eq!(Edns::read(&message, &layout).unwrap_err().fault, WireFault::Cut);
    }
}
