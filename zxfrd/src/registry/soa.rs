//! The SOA of a zone whose records are changed here, as its settings want it.

use zxfr_core::edit::{Edit, EditError};
use zxfr_core::name::Name;
use zxfr_core::wire::{Class, Record, Rtype};

use crate::catalog::{SoaSettings, Written};

/// An SOA's TTL and RDATA.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SoaData {
    pub(super) ttl: u32,
    pub(super) rdata: Vec<u8>,
}

/// What an SOA is to be by the settings: its serial and what isn't set stay. Nothing where it is that.
pub(super) fn other(settings: &SoaSettings, held: &Record<'_>) -> Option<SoaData> {
    let soa = held.soa()?;
    let octets = |wanted: &Option<Written<Name>>| wanted.as_ref().map(|name| name.value().as_octets().to_vec());
    let mut rdata = octets(&settings.mname).unwrap_or_else(|| soa.mname.as_octets().to_vec());
    rdata.extend(octets(&settings.rname).unwrap_or_else(|| soa.rname.as_octets().to_vec()));
    for number in [
        soa.serial.0,
        settings.refresh.unwrap_or(soa.refresh),
        settings.retry.unwrap_or(soa.retry),
        settings.expire.unwrap_or(soa.expire),
        settings.min_ttl.unwrap_or(soa.minimum),
    ] {
        rdata.extend_from_slice(&number.to_be_bytes());
    }
    let ttl = settings.ttl.unwrap_or(held.ttl);
    (rdata != held.rdata || ttl != held.ttl).then_some(SoaData { ttl, rdata })
}

/// Has an edit give the zone the SOA that the settings want.
pub(super) fn settle(settings: &SoaSettings, edit: &mut Edit) -> Result<(), EditError> {
    let Some(SoaData { ttl, rdata }) = other(settings, &edit.soa()) else { return Ok(()) };
    let apex = edit.apex().to_name();
    let soa = Record { owner: apex.as_ref(), rtype: Rtype::SOA, class: Class::IN, ttl, rdata: &rdata };
    edit.add(&soa).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::initial::initial;
    use zxfr_core::serial::SerialPolicy;
    use zxfr_core::time::UnixTime;

    #[test]
    fn what_is_set_is_another_and_the_rest_stays() {
        let apex: Name = "a.test.".parse().unwrap();
        let none = SoaSettings::default();
        let version = initial(apex.as_ref(), &none, SerialPolicy::Increment, UnixTime(0)).unwrap();
        assert_eq!(other(&none, &version.soa()), None);
        let wanted = SoaSettings {
            mname: Some(Written::read("ns.Example").unwrap()),
            retry: Some(600),
            ttl: Some(300),
            ..SoaSettings::default()
        };
        let SoaData { ttl, rdata } = other(&wanted, &version.soa()).unwrap();
        let record = Record { ttl, rdata: &rdata, ..version.soa() };
        let soa = record.soa().unwrap();
        assert_eq!((soa.mname.to_string(), soa.rname.to_string()), ("ns.Example.".into(), "hostmaster.a.test.".into()));
        let numbers = (soa.serial.0, soa.refresh, soa.retry, soa.expire, soa.minimum, ttl);
        assert_eq!(numbers, (1, 10_000, 600, 604_800, 1_800, 300));
        assert_eq!(other(&wanted, &record), None, "it is as wanted");
    }
}
