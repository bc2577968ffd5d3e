//! OPT (RFC 6891) and the extended errors in it (RFC 8914).

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
/// The option of an extended error (RFC 8914 §2).
const OPTION_EDE: u16 = 15;

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
}

impl<'m> Edns<'m> {
    /// What our own messages say.
    pub const OURS: Self =
        Self { udp_size: DEFAULT_UDP_SIZE, extended_rcode: 0, version: 0, dnssec_ok: false, ede: None };

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
        let mut edns =
            Self { udp_size: fixed.class.0, extended_rcode, version, dnssec_ok: high & 0x80 != 0, ede: None };
        while !options.rest().is_empty() {
            let (rest, (code, data)) = (be_u16, length_data(be_u16)).parse(options).map_err(error)?;
            if let (OPTION_EDE, None, [high, low, text @ ..]) = (code, edns.ede, data.rest()) {
                edns.ede = Some((Ede(u16::from_be_bytes([*high, *low])), text));
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

    /// Writes the OPT record into `out`, and gives its length: 11 octets, and 6 with the text for an extended error.
    /// `None` when it doesn't fit.
    pub fn write(&self, out: &mut [u8]) -> Option<usize> {
        let mut options = [0_u8; 6];
        let (options, text): (&[u8], &[u8]) = match self.ede {
            None => (&[], &[]),
            Some((code, text)) => {
                let [a, b] = OPTION_EDE.to_be_bytes();
                let [c, d] = u16::try_from(text.len().checked_add(2)?).ok()?.to_be_bytes();
                let [e, f] = code.0.to_be_bytes();
                options.copy_from_slice(&[a, b, c, d, e, f]);
                (&options, text)
            }
        };
        let [length_high, length_low] = u16::try_from(options.len().checked_add(text.len())?).ok()?.to_be_bytes();
        let [size_high, size_low] = self.udp_size.to_be_bytes();
        let dnssec_ok = if self.dnssec_ok { 0x80 } else { 0 };
        let [rcode, version] = [self.extended_rcode, self.version];
        let fixed = [0, 0, 41, size_high, size_low, rcode, version, dnssec_ok, 0, length_high, length_low];
        let mut at = 0_usize;
        for part in [&fixed[..], options, text] {
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

    proptest! {
        #[test]
        fn round_trip(udp_size: u16, extended_rcode: u8, version: u8, dnssec_ok: bool, ede in prop::option::of((any::<u16>(), "[ -~]{0,40}"))) {
            let ede = ede.as_ref().map(|(code, text)| (Ede(*code), text.as_bytes()));
            let edns = Edns { udp_size, extended_rcode, version, dnssec_ok, ede };
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
    fn refuses_cut_options() {
        let octets = [&[0; 11][..], &[1, 0, 0, 41, 4, 0, 0, 0, 0, 0, 0, 5, 0, 15, 0, 2, 0]].concat();
        let message = Message::new(&octets).unwrap();
        let layout = message.layout().unwrap();
        assert_eq!(Edns::read(&message, &layout).unwrap_err().fault, WireFault::Cut);
    }
}
