//! An outline written to a message.

use super::outline::{Item, Outline, Section};
use crate::name::{Name, NameRef};
use crate::wire::{Class, Full, Record, Rtype, Writer};
use crate::zone::{Among, Version};
use core::ops::ControlFlow;

/// Writes what an outline has. Whether it doesn't fit: then nothing of it is there.
pub(super) fn compose(
    version: &Version,
    outline: &Outline,
    dnssec: bool,
    writer: &mut Writer<'_>,
) -> Result<bool, Full> {
    let start = writer.mark();
    for item in &outline.items {
        let before = writer.mark();
        if write(version, item, dnssec, writer).is_ok() {
            continue;
        }
        if item.section() == (Section::Additional { needed: false }) {
            writer.go_back(before);
        } else {
            writer.go_back(start);
            return Ok(true);
        }
    }
    Ok(false)
}

fn write(version: &Version, item: &Item, dnssec: bool, writer: &mut Writer<'_>) -> Result<(), Full> {
    match item {
        Item::Set { section, among, at, shown, rtype } => {
            let put = |record: &Record<'_>, writer: &mut Writer<'_>| {
                let owner = shown.as_ref().map_or(record.owner, Name::as_ref);
                let record = Record { owner, ..*record };
                match section {
                    Section::Answer => writer.answer(&record),
                    Section::Authority => writer.authority(&record),
                    Section::Additional { .. } => writer.additional_record(&record),
                }
            };
            each(version, *among, at.as_ref(), *rtype, &[], |record| put(record, writer))?;
            if dnssec && *rtype != Rtype::RRSIG {
                each(version, *among, at.as_ref(), Rtype::RRSIG, &rtype.0.to_be_bytes(), |record| put(record, writer))?;
            }
            Ok(())
        }
        Item::Synthesized { owner, target, ttl } => {
            let (owner, rdata) = (owner.as_ref(), target.as_octets());
            writer.answer(&Record { owner, rtype: Rtype::CNAME, class: Class::IN, ttl: *ttl, rdata })
        }
        Item::Soa => {
            let soa = version.soa();
            let ttl = soa.soa().map_or(soa.ttl, |fields| fields.minimum.min(soa.ttl));
            writer.authority(&Record { ttl, ..soa })?;
            if dnssec {
                let covered = Rtype::SOA.0.to_be_bytes();
                each(version, Among::Names, version.apex(), Rtype::RRSIG, &covered, |record| {
                    writer.authority(&Record { ttl, ..*record })
                })?;
            }
            Ok(())
        }
    }
}

/// Hands over records until one can't be written.
fn each(
    version: &Version,
    among: Among,
    owner: NameRef<'_>,
    rtype: Rtype,
    prefix: &[u8],
    mut put: impl FnMut(&Record<'_>) -> Result<(), Full>,
) -> Result<(), Full> {
    let mut result = Ok(());
    version.each_of(among, owner, rtype, prefix, |record| {
        result = put(record);
        if result.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    result
}
