//! Deltas applied to versions.

use std::collections::BTreeMap;
use std::sync::Arc;
use zxfr_core::name::{Name, NameRef};
use zxfr_core::wire::{Class, Record, Rtype};
use zxfr_core::zone::{ApplyFault, BuildLimits, Builder, Delta, DeltaBuilder, DeltaRecords, PagePosition, Version};

/// A record by owner (number), type and data (both as drawn); its case and TTL.
type Model = BTreeMap<(u8, u16, u8), (bool, u32)>;

const TYPES: [u16; 4] = [1, 16, 46, 50];

/// Takes changes of five octets each: what is done, owner, type, data, TTL. Where that says so, the changes so far are
/// applied as a delta to a zone of several pages. The result is what a plain map says it should be, whether pages were
/// rendered on the way or not, and the deltas say what changed, one by one and condensed.
pub fn delta_apply(data: &[u8]) {
    let Some((&[start], changes)) = data.split_first_chunk::<1>() else { return };
    let mut model = Model::new();
    for number in 0..u16::from(start) * 4 {
        let [owner, data] = number.to_be_bytes().map(|octet| octet.wrapping_mul(3));
        model.insert((data, TYPES[usize::from(owner) % 2], owner), (false, 300));
    }
    level(&mut model);
    let first = Arc::new(build(0, &model));
    let (mut version, mut serial, mut chain) = (first.clone(), 0, Vec::new());
    let mut delta = Changes::default();
    for change in changes.as_chunks::<5>().0 {
        match change {
            &[what @ 0..128, owner, rtype, data, ttl] => {
                let key = (owner, TYPES[usize::from(rtype) % TYPES.len()], data);
                let list = if what & 1 == 0 { &mut delta.deletions } else { &mut delta.additions };
                list.insert(key, (what & 2 != 0, 300 + u32::from(ttl % 2)));
            }
            [what, ..] => {
                let changes = core::mem::take(&mut delta);
                let wanted = changes.applied_to(&model);
                let asked = changes.delta(serial, serial + 1);
                match (version.apply(&asked, BuildLimits::NONE), wanted) {
                    (Ok(applied), Some(wanted)) => {
                        assert_eq!(listed(&applied.version), listed(&build(serial + 1, &wanted)));
                        assert_same(&applied.delta, &version.diff(&applied.version).unwrap());
                        chain.push(applied.delta);
                        serial += 1;
                        version = Arc::new(if what & 1 == 0 { applied.version } else { applied.version.settled() });
                        if what & 2 != 0 {
                            render(&version);
                        }
                        model = wanted;
                    }
                    (Err(error), None) => assert!(matches!(error.fault, ApplyFault::Absent | ApplyFault::Present)),
                    (Ok(_), None) => panic!("a delta was applied that doesn't fit"),
                    (Err(error), Some(_)) => panic!("a delta that fits: {error}"),
                }
            }
        }
    }
    render(&version);
    assert_eq!(listed(&version), listed(&build(serial, &model)));
    if !chain.is_empty() {
        let condensed = Delta::condense(&chain).unwrap();
        assert_same(&condensed, &first.diff(&version).unwrap());
        let applied = first.apply(&condensed, BuildLimits::NONE).unwrap();
        assert_eq!(listed(&applied.version), listed(&version));
    }
}

/// A delta to be.
#[derive(Default)]
struct Changes {
    deletions: Model,
    additions: Model,
}

impl Changes {
    /// What the records are after this; `None` when it deletes what isn't there or adds what is.
    fn applied_to(&self, model: &Model) -> Option<Model> {
        let mut model = model.clone();
        for key in self.deletions.keys() {
            model.remove(key)?;
        }
        for (key, value) in &self.additions {
            if model.insert(*key, *value).is_some() {
                return None;
            }
        }
        level(&mut model);
        Some(model)
    }

    fn delta(&self, from: u32, to: u32) -> Delta {
        let apex = apex();
        let mut builder = DeltaBuilder::new(apex.as_ref(), BuildLimits::NONE);
        for (key, value) in &self.deletions {
            with_record(key, value, |record| builder.delete(record).unwrap());
        }
        for (key, value) in &self.additions {
            with_record(key, value, |record| builder.add(record).unwrap());
        }
        let [old, new] = [from, to].map(soa);
        builder.finish(&soa_record(apex.as_ref(), &old), &soa_record(apex.as_ref(), &new)).unwrap()
    }
}

/// TTLs within an RRset become the lowest, but for signatures.
fn level(model: &mut Model) {
    let mut lowest = BTreeMap::new();
    for ((owner, rtype, _), (_, ttl)) in &*model {
        let least = lowest.entry((*owner, *rtype)).or_insert(*ttl);
        *least = (*ttl).min(*least);
    }
    for ((owner, rtype, _), (_, ttl)) in model {
        if *rtype != Rtype::RRSIG.0 {
            *ttl = lowest[&(*owner, *rtype)];
        }
    }
}

fn apex() -> Name {
    "example.".parse().unwrap()
}

fn soa(serial: u32) -> Vec<u8> {
    let numbers = [serial, 3600, 600, 86_400, 60].map(u32::to_be_bytes);
    [&[0, 0][..], numbers.as_flattened()].concat()
}

fn soa_record<'a>(owner: NameRef<'a>, rdata: &'a [u8]) -> Record<'a> {
    Record { owner, rtype: Rtype::SOA, class: Class::IN, ttl: 60, rdata }
}

/// The record that a line of the model stands for. Owner 0 is the apex; some data is longer than a page.
fn with_record<T>(key: &(u8, u16, u8), value: &(bool, u32), then: impl FnOnce(&Record<'_>) -> T) -> T {
    let ((owner, rtype, data), (upper, ttl)) = (*key, *value);
    let name = match (owner, upper) {
        (0, _) => "example.".to_owned(),
        (_, true) => format!("N{owner}.sub.EXAMPLE."),
        (_, false) => format!("n{owner}.sub.example."),
    };
    let name: Name = name.parse().unwrap();
    let rdata = match rtype {
        1 => vec![192, 0, 2, data],
        16 if data == 255 => [&[255][..], &[data; 255]].concat().repeat(70),
        16 => [&[60][..], &[data; 60]].concat(),
        // An RRSIG of an A or of an NSEC3, by the number of its data.
        46 => [&[0, if data & 1 == 0 { 1 } else { 50 }, 8, 2][..], &[0; 12], &[0, data, 0], &[data; 64]].concat(),
        _ => [&[1, 0, 0, 0, 0, 20][..], &[data; 20], &[0, 1, 0x40]].concat(),
    };
    then(&Record { owner: name.as_ref(), rtype: Rtype(rtype), class: Class::IN, ttl, rdata: &rdata })
}

fn build(serial: u32, model: &Model) -> Version {
    let apex = apex();
    let mut builder = Builder::new(apex.as_ref(), BuildLimits::NONE);
    builder.push(&soa_record(apex.as_ref(), &soa(serial))).unwrap();
    for (key, value) in model {
        with_record(key, value, |record| builder.push(record).unwrap());
    }
    builder.finish().unwrap().0
}

/// A record as it stands in a zone, case and all.
type Line = (Vec<u8>, u16, u32, Vec<u8>);

fn line(record: &Record<'_>) -> Line {
    (record.owner.as_octets().to_vec(), record.rtype.0, record.ttl, record.rdata.to_vec())
}

fn listed(version: &Version) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut records = version.records();
    while let Some(record) = records.next() {
        lines.push(line(&record));
    }
    assert_eq!(lines.len() as u64, version.record_count());
    lines
}

/// Has all pages rendered; they hold all records, and none is larger than is said.
fn render(version: &Version) {
    let (mut position, mut records) = (PagePosition::default(), 0);
    while let Some((page, next)) = version.page(position) {
        assert!(page.octets().len() <= version.largest_page());
        records += u64::from(page.records());
        position = next;
    }
    assert_eq!(records, version.record_count());
}

fn lines(mut records: DeltaRecords<'_>) -> Vec<Line> {
    let mut lines = Vec::new();
    while let Some(record) = records.next() {
        lines.push(line(&record));
    }
    lines
}

fn assert_same(a: &Delta, b: &Delta) {
    assert_eq!((a.from(), a.to()), (b.from(), b.to()));
    assert_eq!(lines(a.deletions()), lines(b.deletions()));
    assert_eq!(lines(a.additions()), lines(b.additions()));
    assert!(a.old_soa().is_exactly(&b.old_soa()) && a.new_soa().is_exactly(&b.new_soa()));
}
