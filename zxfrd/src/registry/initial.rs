//! The first version of a zone whose records are changed here: an SOA and nothing else.

use zxfr_core::name::NameRef;
use zxfr_core::serial::{Serial, SerialPolicy};
use zxfr_core::time::UnixTime;
use zxfr_core::wire::{Class, Record, Rtype};
use zxfr_core::zone::{BuildError, BuildLimits, Builder, Version};

use super::soa::{SoaData, other};
use crate::catalog::SoaSettings;

/// The SOA's REFRESH, RETRY, EXPIRE and MINIMUM, in seconds.
const TIMERS: [u32; 4] = [SoaSettings::REFRESH, SoaSettings::RETRY, SoaSettings::EXPIRE, SoaSettings::MIN_TTL];

/// The first version of a zone. What isn't set of the SOA: who serves the zone isn't known yet, so that MNAME is its name, and there
/// is no NS. Nothing that was there before has a serial as new by the policy of times; by the other one it is 1.
///
/// # Errors
/// Where the name leaves no room for that of who is responsible.
pub(super) fn initial(
    apex: NameRef<'_>,
    settings: &SoaSettings,
    policy: SerialPolicy,
    now: UnixTime,
) -> Result<Version, BuildError> {
    let serial = policy.next(Serial(0), now);
    let mut rdata = apex.as_octets().to_vec();
    // Where there is no room for one more label the zone's name has to do.
    if apex.as_octets().len() + HOSTMASTER.len() <= 255 {
        rdata.extend_from_slice(HOSTMASTER);
    }
    rdata.extend_from_slice(apex.as_octets());
    for number in [serial.0].into_iter().chain(TIMERS) {
        rdata.extend_from_slice(&number.to_be_bytes());
    }
    let soa = Record { owner: apex, rtype: Rtype::SOA, class: Class::IN, ttl: SoaSettings::TTL, rdata: &rdata };
    let mut builder = Builder::new(apex, BuildLimits::default());
    match other(settings, &soa) {
        None => builder.push(&soa)?,
        Some(SoaData { ttl, rdata }) => builder.push(&Record { ttl, rdata: &rdata, ..soa })?,
    };
    builder.finish().map(|(version, _)| version)
}

/// The label of who is responsible.
const HOSTMASTER: &[u8] = b"\x0ahostmaster";

#[cfg(test)]
mod tests {
    use super::*;
    use zxfr_core::name::Name;

    #[test]
    fn a_zone_begins_with_its_soa() {
        let apex: Name = "a.test.".parse().unwrap();
        for (policy, serial) in [(SerialPolicy::Increment, 1), (SerialPolicy::UnixTime, 1_795_000_000)] {
            let version = initial(apex.as_ref(), &SoaSettings::default(), policy, UnixTime(1_795_000_000)).unwrap();
            assert_eq!((version.record_count(), version.serial()), (1, Serial(serial)));
            let record = version.soa();
            let soa = record.soa().unwrap();
            assert_eq!((soa.refresh, soa.retry, soa.expire, soa.minimum), (10_000, 2_400, 604_800, 1_800));
        }
        let label = "x".repeat(63);
        let longest: Name = format!("{label}.{label}.{label}.{}.", "x".repeat(61)).parse().unwrap();
        assert_eq!(longest.as_octets().len(), 255);
        let set = SoaSettings { expire: Some(86_400), ttl: Some(300), ..SoaSettings::default() };
        for apex in [longest.as_ref(), NameRef::ROOT] {
            let version = initial(apex, &set, SerialPolicy::Increment, UnixTime(0)).unwrap();
            assert_eq!((version.soa().ttl, version.soa().soa().unwrap().expire), (300, 86_400));
        }
    }
}
