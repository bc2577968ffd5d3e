//! What is digested beside the message (RFC 8945 §4.3.3), and the record that carries it.

use super::Mac;
use crate::name::NameRef;
use crate::time::UnixTime;
use crate::wire::{Class, Full, Rcode, Rtype};

/// The largest time that 48 bits hold.
const MAX_TIME: u64 = 0xffff_ffff_ffff;

/// The octets of a TSIG record beside its two names, the MAC and the other data.
const FIXED_LEN: usize = 10 + 6 + 2 + 2 + 2 + 2 + 2;

/// The fields of a TSIG record that are digested.
#[derive(Clone, Copy, Debug)]
pub(super) struct Variables<'a> {
    pub(super) key_name: NameRef<'a>,
    pub(super) algorithm_name: NameRef<'a>,
    pub(super) time_signed: UnixTime,
    pub(super) fudge: u16,
    pub(super) error: Rcode,
    pub(super) other: &'a [u8],
}

/// The 48 bits of a time.
pub(super) fn time_octets(time: UnixTime) -> [u8; 6] {
    let [_, _, rest @ ..] = time.0.min(MAX_TIME).to_be_bytes();
    rest
}

/// The octets of a TSIG record.
pub(super) const fn record_len(key_name: NameRef<'_>, algorithm_name: NameRef<'_>, mac: usize, other: usize) -> usize {
    let names = key_name.len().saturating_add(algorithm_name.len());
    FIXED_LEN.saturating_add(names).saturating_add(mac).saturating_add(other)
}

impl Variables<'_> {
    /// Digests all variables, or just the timers, as in every signed message of a stream but the first (RFC 8945 §5.3.1).
    pub(super) fn digest<M: Mac>(&self, timers_only: bool, mac: &mut M) {
        let [a, b, c, d, e, f] = time_octets(self.time_signed);
        let [g, h] = self.fudge.to_be_bytes();
        let timers = [a, b, c, d, e, f, g, h];
        if timers_only {
            return mac.update(&timers);
        }
        mac.update(self.key_name.to_name().to_lowercase().as_octets());
        mac.update(&[0, 255, 0, 0, 0, 0]);
        mac.update(self.algorithm_name.to_name().to_lowercase().as_octets());
        mac.update(&timers);
        mac.update(&self.error.0.to_be_bytes());
        mac.update(&u16::try_from(self.other.len()).unwrap_or(u16::MAX).to_be_bytes());
        mac.update(self.other);
    }

    /// Writes the record, its names uncompressed, and gives its length.
    pub(super) fn write(&self, mac: &[u8], original_id: [u8; 2], out: &mut [u8]) -> Result<usize, Full> {
        let whole = record_len(self.key_name, self.algorithm_name, mac.len(), self.other.len());
        let out = out.get_mut(..whole).ok_or(Full)?;
        let before_rdata = self.key_name.len().saturating_add(10);
        let length = |octets: usize| u16::try_from(octets).map(u16::to_be_bytes).map_err(|_| Full);
        let [rdata_high, rdata_low] = length(whole.saturating_sub(before_rdata))?;
        let [type_high, type_low] = Rtype::TSIG.0.to_be_bytes();
        let [class_high, class_low] = Class::ANY.0.to_be_bytes();
        let parts = [
            self.key_name.as_octets(),
            &[type_high, type_low, class_high, class_low, 0, 0, 0, 0, rdata_high, rdata_low],
            self.algorithm_name.as_octets(),
            &time_octets(self.time_signed),
            &self.fudge.to_be_bytes(),
            &length(mac.len())?,
            mac,
            &original_id,
            &self.error.0.to_be_bytes(),
            &length(self.other.len())?,
            self.other,
        ];
        let mut rest = out;
        for part in parts {
            let (here, after) = rest.split_at_mut_checked(part.len()).ok_or(Full)?;
            here.copy_from_slice(part);
            rest = after;
        }
        Ok(whole)
    }
}
