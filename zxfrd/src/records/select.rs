//! Which records are asked for, in which order, and which page of them. The zone is read page by page; no more of it is held than
//! the records up to those that are wanted, and only where they are to be in another order than the zone's.

use std::cmp::Ordering;
use std::collections::{BinaryHeap, HashSet};

use zxfr_core::name::{Name, NameRef};
use zxfr_core::wire::{Class, Record, Rtype};
use zxfr_core::zone::Version;

use super::content::{content, text};
use super::id::Key;
use crate::catalog::Id;
use crate::zonefile::write_name;

/// Which records are asked for. The SOA is none of them.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// All of these have to hold, or where it is so wanted one of them.
    pub texts: Vec<(Field, Text)>,
    /// Whether one of the texts is enough.
    pub any: bool,
    /// The type.
    pub rtype: Option<Rtype>,
    /// What the name or the content has to hold, in lower case.
    pub search: Option<String>,
    /// Only some records, or all but some.
    pub among: Option<Among>,
    /// That nothing fits, whatever else is asked for.
    pub nothing: bool,
    /// The order; the zone's where there is none.
    pub order: Option<Order>,
    /// Whether the order is the other way round.
    pub descending: bool,
}

/// Some records of a zone.
#[derive(Clone, Debug)]
pub struct Among {
    zone: Id,
    apex: Name,
    keys: HashSet<Id>,
    /// How the keys begin, which is quickly found out of a record.
    beginnings: HashSet<Key>,
    except: bool,
}

impl Among {
    /// The records with these keys, or all but them.
    #[must_use]
    pub fn new(zone: Id, apex: Name, keys: HashSet<Id>, except: bool) -> Self {
        let beginnings = keys.iter().map(|key| Key::beginning(*key)).collect();
        Self { zone, apex, keys, beginnings, except }
    }

    fn takes(&self, record: &Record<'_>) -> bool {
        let key = Key::of(self.apex.as_ref(), record.owner);
        let is = self.beginnings.contains(&key) && self.keys.contains(&key.id(self.zone, record));
        is != self.except
    }
}

/// What of a record is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// Its name, without the last dot.
    Name,
    /// Its content.
    Content,
}

/// What a field has to be; without case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// How it is compared.
    pub compared: Compared,
    /// With what, in lower case.
    pub with: String,
}

/// How a text is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are the words of the API")]
pub enum Compared {
    Exact,
    Contains,
    StartsWith,
    EndsWith,
}

/// By what records are ordered; those that are the same in this stay in the zone's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are the words of the API")]
pub enum Order {
    Type,
    Name,
    Content,
    Ttl,
}

/// A record that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its owner, in its case.
    pub owner: Name,
    /// Its type.
    pub rtype: Rtype,
    /// Its TTL.
    pub ttl: u32,
    /// Its RDATA.
    pub rdata: Box<[u8]>,
}

impl Found {
    /// What is found in a record.
    #[must_use]
    pub fn of(record: &Record<'_>) -> Self {
        let Record { owner, rtype, ttl, rdata, .. } = *record;
        Self { owner: owner.to_name(), rtype, ttl, rdata: rdata.into() }
    }

    /// The record.
    #[must_use]
    pub fn record(&self) -> Record<'_> {
        Record { owner: self.owner.as_ref(), rtype: self.rtype, class: Class::IN, ttl: self.ttl, rdata: &self.rdata }
    }
}

/// The record of a version with this id, which nobody has edited.
#[must_use]
pub fn find(version: &Version, zone: Id, id: Id) -> Option<Found> {
    let apex = version.apex();
    let mut records = version.records();
    let mut last: Option<(Name, bool)> = None;
    while let Some(record) = records.next() {
        let fits = match &last {
            Some((owner, fits)) if owner.as_ref() == record.owner => *fits,
            _ => {
                let fits = Key::of(apex, record.owner).fits(id);
                last = Some((record.owner.to_name(), fits));
                fits
            }
        };
        if fits && record.rtype != Rtype::SOA && Key::of(apex, record.owner).id(zone, &record) == id {
            return Some(Found::of(&record));
        }
    }
    None
}

impl Selection {
    /// The records from number `skip` on, from 0, no more than `take`; and how many there are in all.
    #[must_use]
    pub fn page(&self, version: &Version, skip: usize, take: usize) -> (Vec<Found>, usize) {
        if self.nothing {
            return (Vec::new(), 0);
        }
        match self.order {
            None => self.in_order_of_zone(version, skip, take),
            Some(order) => self.in_order(version, order, skip, take),
        }
    }

    fn in_order_of_zone(&self, version: &Version, skip: usize, take: usize) -> (Vec<Found>, usize) {
        let all = self.takes_all();
        let (mut page, mut count) = (Vec::new(), 0_usize);
        let mut records = version.records();
        while let Some(record) = records.next() {
            if record.rtype == Rtype::SOA || !(all || self.takes(&record)) {
                continue;
            }
            if count >= skip && page.len() < take {
                page.push(Found::of(&record));
            }
            count += 1;
            if all && page.len() == take {
                // All but the SOA.
                count = usize::try_from(version.record_count()).unwrap_or(usize::MAX).saturating_sub(1);
                break;
            }
        }
        (page, count)
    }

    fn in_order(&self, version: &Version, order: Order, skip: usize, take: usize) -> (Vec<Found>, usize) {
        let (most, all) = (skip.saturating_add(take), self.takes_all());
        // The greatest is let go when there are more than are wanted.
        let (mut kept, mut count) = (BinaryHeap::new(), 0_usize);
        let mut records = version.records();
        while let Some(record) = records.next() {
            if record.rtype == Rtype::SOA || !(all || self.takes(&record)) {
                continue;
            }
            let place = Place { key: SortKey::of(order, &record), descending: self.descending, number: count };
            count += 1;
            if kept.len() == most && kept.peek().is_some_and(|last: &Kept| place < last.place) {
                kept.pop();
            }
            if kept.len() < most {
                kept.push(Kept { place, found: Found::of(&record) });
            }
        }
        let page = kept.into_sorted_vec().into_iter().skip(skip).map(|kept| kept.found).collect();
        (page, count)
    }

    fn takes_all(&self) -> bool {
        self.texts.is_empty() && self.rtype.is_none() && self.search.is_none() && self.among.is_none()
    }

    fn takes(&self, record: &Record<'_>) -> bool {
        if self.rtype.is_some_and(|rtype| rtype != record.rtype) {
            return false;
        }
        if self.among.as_ref().is_some_and(|among| !among.takes(record)) {
            return false;
        }
        let field = |field: &Field| match field {
            Field::Name => name(record.owner),
            Field::Content => content(record.rtype, &text(record)).to_ascii_lowercase(),
        };
        let mut fits = self.texts.iter().map(|(of, text)| text.fits(&field(of)));
        let texts = self.texts.is_empty() || if self.any { fits.any(|fits| fits) } else { fits.all(|fits| fits) };
        let found = |part: &String| field(&Field::Name).contains(part) || field(&Field::Content).contains(part);
        texts && self.search.as_ref().is_none_or(found)
    }
}

impl Text {
    /// Whether a field, in lower case, is as it has to be.
    #[must_use]
    pub fn fits(&self, field: &str) -> bool {
        match self.compared {
            Compared::Exact => field == self.with,
            Compared::Contains => field.contains(&self.with),
            Compared::StartsWith => field.starts_with(&self.with),
            Compared::EndsWith => field.ends_with(&self.with),
        }
    }
}

/// A name in lower case, without its last dot.
fn name(owner: NameRef<'_>) -> String {
    let mut octets = Vec::new();
    write_name(owner.as_octets(), &mut octets);
    if octets.len() > 1 {
        octets.pop();
    }
    octets.make_ascii_lowercase();
    // It is ASCII.
    String::from_utf8(octets).unwrap_or_default()
}

/// By what a record is ordered.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum SortKey {
    Number(u32),
    Text(String),
}

impl SortKey {
    fn of(order: Order, record: &Record<'_>) -> Self {
        match order {
            Order::Type => Self::Text(record.rtype.to_string()),
            Order::Name => Self::Text(name(record.owner)),
            Order::Content => Self::Text(content(record.rtype, &text(record)).to_ascii_lowercase()),
            Order::Ttl => Self::Number(record.ttl),
        }
    }
}

/// Where a record stands.
#[derive(Debug, PartialEq, Eq)]
struct Place {
    key: SortKey,
    descending: bool,
    /// Its number in the order of the zone.
    number: usize,
}

impl PartialOrd for Place {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Place {
    fn cmp(&self, other: &Self) -> Ordering {
        let keys = self.key.cmp(&other.key);
        let keys = if self.descending { keys.reverse() } else { keys };
        keys.then(self.number.cmp(&other.number))
    }
}

/// A record that may be among those that are wanted.
#[derive(Debug)]
struct Kept {
    place: Place,
    found: Found,
}

impl PartialEq for Kept {
    fn eq(&self, other: &Self) -> bool {
        self.place == other.place
    }
}

impl Eq for Kept {}

impl PartialOrd for Kept {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Kept {
    fn cmp(&self, other: &Self) -> Ordering {
        self.place.cmp(&other.place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::derived_id;
    use crate::zone::{LoadOptions, load_text};
    use std::path::Path;

    const ZONE: Id = Id([1; 16]);

    fn version() -> Version {
        let text = "$ORIGIN e.\n@ 60 SOA . . 1 1 1 1 1\n@ 300 NS ns\n@ 300 MX 10 Mail\nMail 60 A 192.0.2.2\n\
                    ns 120 A 192.0.2.1\nns 120 AAAA 2001:db8::1\nwww 30 CNAME Mail\nx 60 TXT \"Mail of x\"\n";
        load_text(text.as_bytes(), Path::new("z"), &LoadOptions::default()).unwrap().version
    }

    fn shown(found: &[Found]) -> Vec<String> {
        found.iter().map(|found| format!("{} {}", name(found.owner.as_ref()), found.rtype)).collect()
    }

    fn page(selection: &Selection, skip: usize, take: usize) -> (Vec<String>, usize) {
        let (found, count) = selection.page(&version(), skip, take);
        (shown(&found), count)
    }

    fn all(selection: &Selection) -> Vec<String> {
        let (found, count) = page(selection, 0, 100);
        assert_eq!(found.len(), count);
        for skip in 0..count {
            assert_eq!(page(selection, skip, 2), (found[skip..count.min(skip + 2)].to_vec(), count), "from {skip}");
        }
        found
    }

    fn with(field: Field, compared: Compared, with: &str) -> (Field, Text) {
        (field, Text { compared, with: with.to_owned() })
    }

    const ZONES_ORDER: [&str; 7] = ["e MX", "e NS", "mail.e A", "ns.e A", "ns.e AAAA", "www.e CNAME", "x.e TXT"];

    #[test]
    fn all_but_the_soa_in_the_order_of_the_zone() {
        let mut found = all(&Selection::default());
        found[..2].sort();
        assert_eq!(found, ZONES_ORDER);
        assert_eq!(page(&Selection::default(), 7, 2), (vec![], 7), "past the end");
        assert_eq!(page(&Selection { nothing: true, ..Selection::default() }, 0, 2), (vec![], 0));
    }

    #[test]
    fn texts_types_and_what_is_searched() {
        let texts =
            |texts: &[(Field, Text)], any| all(&Selection { texts: texts.to_vec(), any, ..Selection::default() });
        let ns = with(Field::Name, Compared::Exact, "ns.e");
        assert_eq!(texts(std::slice::from_ref(&ns), false), ["ns.e A", "ns.e AAAA"]);
        let v4 = with(Field::Content, Compared::StartsWith, "192.0.2.");
        assert_eq!(texts(&[ns.clone(), v4.clone()], false), ["ns.e A"]);
        assert_eq!(texts(&[ns, v4], true), ["mail.e A", "ns.e A", "ns.e AAAA"]);
        assert_eq!(texts(&[with(Field::Content, Compared::Exact, "mail.e")], false), ["e MX", "www.e CNAME"]);
        assert_eq!(texts(&[with(Field::Name, Compared::EndsWith, "s.e")], false), ["ns.e A", "ns.e AAAA"]);
        assert_eq!(texts(&[with(Field::Name, Compared::Contains, "w")], false), ["www.e CNAME"]);
        let searched = Selection { search: Some("mail".to_owned()), ..Selection::default() };
        assert_eq!(all(&searched), ["e MX", "mail.e A", "www.e CNAME", "x.e TXT"]);
        let a = Selection { rtype: Some(Rtype::A), ..searched };
        assert_eq!(all(&a), ["mail.e A"]);
        assert_eq!(all(&Selection { rtype: Some(Rtype::SOA), ..Selection::default() }), [""; 0]);
    }

    #[test]
    fn orders_and_their_reverse_leave_what_is_the_same_in_the_order_of_the_zone() {
        let by = |order, descending| all(&Selection { order: Some(order), descending, ..Selection::default() });
        let types = ["mail.e A", "ns.e A", "ns.e AAAA", "www.e CNAME", "e MX", "e NS", "x.e TXT"];
        assert_eq!(by(Order::Type, false), types);
        let back = ["x.e TXT", "e NS", "e MX", "www.e CNAME", "ns.e AAAA", "mail.e A", "ns.e A"];
        assert_eq!(by(Order::Type, true), back);
        assert_eq!(by(Order::Ttl, false)[0], "www.e CNAME");
        assert!(by(Order::Ttl, true)[0].starts_with("e "));
        assert_eq!(by(Order::Name, true)[0], "x.e TXT");
        assert_eq!(by(Order::Content, false)[0], "x.e TXT", "a quotation mark");
    }

    #[test]
    fn a_record_is_found_by_its_id() {
        let version = version();
        let mut records = version.records();
        records.next();
        let mut seen = 0;
        while let Some(record) = records.next() {
            let id = derived_id(ZONE, version.apex(), &record);
            assert_eq!(find(&version, ZONE, id), Some(Found::of(&record)));
            assert_eq!(find(&version, Id([2; 16]), id), None);
            seen += 1;
        }
        assert_eq!(seen, 7);
        let soa = derived_id(ZONE, version.apex(), &version.soa());
        assert_eq!(find(&version, ZONE, soa), None);
    }
}
