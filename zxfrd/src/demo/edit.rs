//! A copy of a zone with a few records changed, as an operator would leave it behind.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::Path;

use zxfr_core::name::Name;
use zxfr_core::serial::Serial;
use zxfr_core::wire::{Record, Rtype};
use zxfr_core::zone::Version;

use crate::zonefile::{Format, Writer};

/// Of so many RRsets below the apex one is deleted, and one gets another TTL.
const SPACING: u64 = 100;
/// What is added below the apex.
const ADDED: [(&[u8], Rtype, &[u8]); 3] = [
    (b"\x08zxfr-new", Rtype(1), &[192, 0, 2, 1]),
    (b"\x08zxfr-new", Rtype::TXT, b"\x11added by the demo"),
    (b"\x03www\x08zxfr-new", Rtype(1), &[192, 0, 2, 2]),
];

/// What was done to a zone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Edits {
    /// Records that are new.
    pub(super) added: u64,
    /// Records with another TTL.
    pub(super) changed: u64,
    /// Records that are gone.
    pub(super) deleted: u64,
    /// The serial that the SOA has.
    pub(super) serial: Serial,
}

/// Writes the zone with changes to a file.
///
/// # Errors
/// Those of writing.
pub(super) fn edit(version: &Version, path: &Path) -> io::Result<Edits> {
    let mut writer = Writer::new(BufWriter::new(File::create(path)?), Format::Zone);
    let serial = Serial(version.serial().0.wrapping_add(1));
    let mut edits = Edits { serial, ..Edits::default() };
    let apex = version.apex();
    let (mut rrset, mut rrsets) = (None::<(Name, Rtype)>, 0_u64);
    let mut records = version.records();
    while let Some(record) = records.next() {
        if record.rtype == Rtype::SOA {
            let rdata = with_serial(record.rdata, serial);
            writer.record(Record { rdata: &rdata, ..record }.into())?;
            continue;
        }
        if record.owner == apex {
            writer.record(record.into())?;
            continue;
        }
        if rrset.as_ref().is_none_or(|(owner, rtype)| owner.as_ref() != record.owner || *rtype != record.rtype) {
            rrset = Some((record.owner.to_name(), record.rtype));
            rrsets += 1;
        }
        match rrsets % SPACING {
            2 => edits.deleted += 1,
            3 => {
                edits.changed += 1;
                let ttl = if record.ttl == 0 { 1 } else { record.ttl - 1 };
                writer.record(Record { ttl, ..record }.into())?;
            }
            _ => writer.record(record.into())?,
        }
    }
    for (labels, rtype, rdata) in ADDED {
        let owner = [labels, apex.as_octets()].concat();
        // A zone with the longest of names can't have longer ones.
        let Ok(owner) = Name::from_octets(&owner) else { continue };
        let class = version.soa().class;
        writer.record(Record { owner: owner.as_ref(), rtype, class, ttl: 300, rdata }.into())?;
        edits.added += 1;
    }
    writer.finish()?;
    Ok(edits)
}

/// The RDATA of an SOA with another serial: the first of the five numbers at its end.
fn with_serial(rdata: &[u8], serial: Serial) -> Vec<u8> {
    let mut rdata = rdata.to_vec();
    let at = rdata.len().saturating_sub(20);
    if let Some(place) = rdata.get_mut(at..at + 4) {
        place.copy_from_slice(&serial.0.to_be_bytes());
    }
    rdata
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zone::{LoadOptions, load, load_text};

    #[test]
    fn the_copy_differs_as_said() {
        let folder = tempfile::tempdir().unwrap();
        let text: String = (0..250).map(|number| format!("n{number} A 192.0.2.7\nn{number} A 192.0.2.8\n")).collect();
        let text = format!("$ORIGIN example.\n$TTL 5\n@ SOA . . 4294967295 2 3 4 5\n@ NS a\n{text}");
        let before = load_text(text.as_bytes(), Path::new("z"), &LoadOptions::default()).unwrap().version;
        let path = folder.path().join("copy");
        let edits = edit(&before, &path).unwrap();
        assert_eq!(edits, Edits { added: 3, changed: 6, deleted: 6, serial: Serial(0) });
        let after = load(&path, &LoadOptions::default()).unwrap().version;
        assert_eq!(after.serial(), Serial(0));
        let delta = before.diff(&after).unwrap();
        assert_eq!(delta.record_count(), 3 + 6 + 2 * 6);
        assert_eq!(after.record_count(), before.record_count() - 6 + 3);
    }
}
