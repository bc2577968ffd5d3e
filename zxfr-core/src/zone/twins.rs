//! Telling that a record of one page is the same as one of another, octet for octet, without expanding either: where names
//! are compressed, what pointers lead to is compared once.

use crate::wire::cursor::Cursor;
use crate::wire::grammar::skip_name;
use crate::wire::rdata::{Field, NameUse, layout};
use crate::wire::{MAX_MESSAGE, Rtype};
use alloc::boxed::Box;

/// A compression pointer leads to one of so many offsets (RFC 1035 §4.1.4).
const OFFSETS: usize = 1 << 14;

/// Type, class, TTL and the length of the RDATA.
const FIXED: usize = 10;

/// Records of a page that follow one another, from one that starts at `at`.
#[derive(Clone, Copy)]
pub(super) struct Stretch<'p> {
    pub(super) octets: &'p [u8],
    pub(super) at: usize,
    pub(super) records: u16,
}

/// What is known of the names in two pages.
pub(super) struct Twins {
    /// For an offset in the left page, the offset in the right one at which the same name stands, under the number of the
    /// pair of pages for which that was found.
    known: Box<[(u16, u16)]>,
    pair: u16,
    /// Before this offset, at which a record starts, both pages have the same octets.
    alike: usize,
}

impl Twins {
    pub(super) fn new() -> Self {
        Self { known: alloc::vec![(0, 0); OFFSETS].into_boxed_slice(), pair: 1, alike: 0 }
    }

    /// Goes on to another pair of pages, which have the same octets before the offset `alike`. At that a record starts in both, so
    /// that names which start before it end before it, too.
    pub(super) fn turn(&mut self, alike: usize) {
        self.alike = alike;
        self.pair = self.pair.wrapping_add(1);
        if self.pair == 0 {
            self.known.fill((0, 0));
            self.pair = 1;
        }
    }

    /// Goes past records that stand in the same order in both pages for as long as they are the same. Says how many these are,
    /// and where the next ones start. They may be the same, too: RDATA in which names are compressed among other things isn't
    /// looked into.
    pub(super) fn pass(&mut self, left: Stretch<'_>, right: Stretch<'_>) -> (u16, usize, usize) {
        let (mut left_at, mut right_at) = (left.at, right.at);
        let most = left.records.min(right.records);
        for passed in 0..most {
            match self.ends((left.octets, left_at), (right.octets, right_at)) {
                Some(ends) => (left_at, right_at) = ends,
                None => return (passed, left_at, right_at),
            }
        }
        (most, left_at, right_at)
    }

    /// Where the records that start here end, if they are the same.
    #[inline]
    fn ends(&mut self, left: (&[u8], usize), right: (&[u8], usize)) -> Option<(usize, usize)> {
        let (left_at, right_at) = self.names(left, right)?;
        let ((left, _), (right, _)) = (left, right);
        let (mine, theirs) = (left.get(left_at..)?, right.get(right_at..)?);
        let (fixed, mine) = mine.split_first_chunk::<FIXED>()?;
        let (their_fixed, theirs) = theirs.split_first_chunk::<FIXED>()?;
        let [a, b, rest @ .., high, low] = *fixed;
        let [their_a, their_b, their_rest @ .., their_high, their_low] = *their_fixed;
        if ([a, b], rest) != ([their_a, their_b], their_rest) {
            return None;
        }
        let length = usize::from(u16::from_be_bytes([high, low]));
        let their_length = usize::from(u16::from_be_bytes([their_high, their_low]));
        let (left_at, right_at) = (left_at.wrapping_add(FIXED), right_at.wrapping_add(FIXED));
        let ends = (left_at.wrapping_add(length), right_at.wrapping_add(their_length));
        let same = match name_in(Rtype(u16::from_be_bytes([a, b]))) {
            Compressed::No => mine.get(..length)? == theirs.get(..their_length)?,
            Compressed::Last(before) => {
                let names = (left_at.wrapping_add(before), right_at.wrapping_add(before));
                start_alike(mine, theirs, before) && self.names((left, names.0), (right, names.1))? == ends
            }
            Compressed::AmongOthers => false,
        };
        same.then_some(ends)
    }

    /// Where the names that start here end, if they are the same.
    #[inline]
    fn names(&mut self, left: (&[u8], usize), right: (&[u8], usize)) -> Option<(usize, usize)> {
        let ((left, left_start), (right, right_start)) = (left, right);
        let (mut left_at, mut right_at) = (left_start, right_start);
        loop {
            let (here, there) = (left.get(left_at..)?, right.get(right_at..)?);
            let (length, their_length) = (*here.first()?, *there.first()?);
            if length >= 0xc0 && their_length >= 0xc0 {
                let (target, their_target) = (pointer(here)?, pointer(there)?);
                if !self.knows(target, their_target) {
                    if !same_names((left, target), (right, their_target)) {
                        return None;
                    }
                    self.learn(target, their_target);
                }
                let ends = (left_at.wrapping_add(2), right_at.wrapping_add(2));
                if left_at != left_start {
                    self.learn(left_start, right_start);
                }
                return Some(ends);
            }
            if length != their_length {
                // One spells out what the other points to, or they differ.
                if !same_names((left, left_at), (right, right_at)) {
                    return None;
                }
                self.learn(left_start, right_start);
                let end = |octets, at| Some(skip_name(Cursor::new(octets, at)).ok()?.0.at);
                return Some((end(left, left_at)?, end(right, right_at)?));
            }
            let whole = usize::from(length).wrapping_add(1);
            if !start_alike(here, there, whole) {
                return None;
            }
            left_at = left_at.wrapping_add(whole);
            right_at = right_at.wrapping_add(whole);
            if length == 0 {
                self.learn(left_start, right_start);
                return Some((left_at, right_at));
            }
        }
    }

    fn knows(&self, left: usize, right: usize) -> bool {
        left == right && left < self.alike || self.known.get(left) == Some(&(self.pair, right as u16))
    }

    fn learn(&mut self, left: usize, right: usize) {
        // What stands further back can't be pointed to.
        if let Some(known) = self.known.get_mut(left)
            && right < MAX_MESSAGE
        {
            *known = (self.pair, right as u16);
        }
    }
}

/// Whether the first `count` octets of both are the same. Most labels are short, and compared fastest as numbers.
#[inline]
fn start_alike(a: &[u8], b: &[u8], count: usize) -> bool {
    if count <= 16
        && let (Some(a), Some(b)) = (a.first_chunk::<16>(), b.first_chunk::<16>())
    {
        let differing = u128::from_le_bytes(*a) ^ u128::from_le_bytes(*b);
        return (differing.trailing_zeros() >> 3) as usize >= count;
    }
    a.get(..count).is_some_and(|start| b.get(..count) == Some(start))
}

/// Where RDATA has names that are compressed.
#[derive(Clone, Copy)]
enum Compressed {
    No,
    /// There is one, behind so many octets, and nothing after it.
    Last(usize),
    AmongOthers,
}

/// Where RDATA of this type has names that are compressed.
#[inline]
fn name_in(rtype: Rtype) -> Compressed {
    const fn is_compressed(field: &Field) -> bool {
        matches!(field, Field::Name(NameUse { compressed_out: true, .. }))
    }
    match layout(rtype) {
        Some([name]) if is_compressed(name) => Compressed::Last(0),
        Some([Field::Octets(octets), name]) if is_compressed(name) => Compressed::Last((*octets).into()),
        Some(fields) if fields.iter().any(is_compressed) => Compressed::AmongOthers,
        _ => Compressed::No,
    }
}

/// Where a compression pointer leads.
#[inline]
fn pointer(octets: &[u8]) -> Option<usize> {
    let [high, low] = octets.first_chunk()?;
    Some(usize::from(u16::from_be_bytes([high & 0x3f, *low])))
}

/// Whether two names are the same, wherever their pointers lead.
fn same_names(left: (&[u8], usize), right: (&[u8], usize)) -> bool {
    let ((left, mut left_at), (right, mut right_at)) = (left, right);
    while let Some(here) = label(left, &mut left_at)
        && let Some(there) = label(right, &mut right_at)
        && let Some(length) = here.first()
    {
        let whole = usize::from(*length).wrapping_add(1);
        if !start_alike(here, there, whole) {
            return false;
        }
        if *length == 0 {
            return true;
        }
        left_at = left_at.wrapping_add(whole);
        right_at = right_at.wrapping_add(whole);
    }
    false
}

/// The octets from the label on that stands here or where pointers lead from here.
fn label<'p>(octets: &'p [u8], at: &mut usize) -> Option<&'p [u8]> {
    loop {
        let rest = octets.get(*at..)?;
        if *rest.first()? < 0xc0 {
            return Some(rest);
        }
        // Pointers lead back, so that there is an end (RFC 1035 §4.1.4).
        *at = pointer(rest).filter(|target| *target < *at)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::Name;
    use crate::wire::reader::RecordPosition;
    use crate::wire::{Class, Record, Scratch};
    use crate::zone::page::{Page, PageWriter};
    use proptest::prelude::*;
    use std::vec::Vec;

    /// A page of these records, and where each starts.
    fn page(records: &[(Name, u16, u32, Name)]) -> (Page, Vec<usize>) {
        let mut writer = PageWriter::new();
        for (owner, rtype, ttl, target) in records {
            let before = match rtype {
                15 => &[0, 10][..],
                _ => &[],
            };
            let numbers = if *rtype == 6 { &[0; 20][..] } else { &[] };
            let again = if *rtype == 6 { target.as_octets() } else { &[] };
            let rdata = [before, target.as_octets(), again, numbers].concat();
            let (owner, rtype) = (owner.as_ref(), Rtype(*rtype));
            writer.push(&Record { owner, rtype, class: Class::IN, ttl: *ttl, rdata: &rdata }).unwrap();
        }
        let page = writer.take().unwrap().close();
        let mut position = page.first();
        let mut starts = Vec::new();
        while position.left > 0 {
            starts.push(position.at);
            position.skip(page.octets());
        }
        starts.push(position.at);
        (page, starts)
    }

    fn records() -> impl Strategy<Value = Vec<(Name, u16, u32, Name)>> {
        let name = || "([abA]{1,2}\\.|[a-b]{17}\\.){0,3}z\\.".prop_map(|name| name.parse::<Name>().unwrap());
        let rtype = prop::sample::select(&[2_u16, 5, 6, 15, 39, 65_280][..]);
        prop::collection::vec((name(), rtype, 0..2_u32, name()), 1..30)
    }

    proptest! {
        #[test]
        fn twins_are_exactly_the_records_that_are_the_same(left in records(), right in records()) {
            let ((left, left_starts), (right, right_starts)) = (page(&left), page(&right));
            let read = |page: &Page, at: usize| {
                let mut scratch = Scratch::new();
                let record = RecordPosition::new(at, 1).next(page.octets(), &mut scratch).unwrap().unwrap();
                (record.owner.to_name(), record.rtype, record.ttl, record.rdata.to_vec())
            };
            let mut twins = Twins::new();
            for mine in left_starts.windows(2) {
                for theirs in right_starts.windows(2) {
                    let ends = twins.ends((left.octets(), mine[0]), (right.octets(), theirs[0]));
                    let (a, b) = (read(&left, mine[0]), read(&right, theirs[0]));
                    // An SOA has two names.
                    let same = a.0.as_octets() == b.0.as_octets() && (a.1, a.2, &a.3) == (b.1, b.2, &b.3);
                    prop_assert_eq!(ends, (same && a.1 != Rtype::SOA).then_some((mine[1], theirs[1])));
                }
            }
        }
    }

    #[test]
    fn what_is_known_of_one_pair_is_forgotten_in_the_next() {
        let name = |text: &str| text.parse::<Name>().unwrap();
        let (a, starts) = page(&[(name("a.z."), 2, 0, name("b.a.z.")), (name("a.z."), 2, 0, name("c.a.z."))]);
        let (b, _) = page(&[(name("b.z."), 2, 0, name("b.b.z.")), (name("b.z."), 2, 0, name("c.b.z."))]);
        let mut twins = Twins::new();
        for at in &starts[..2] {
            assert!(twins.ends((a.octets(), *at), (a.octets(), *at)).is_some());
        }
        for _ in 0..70_000 {
            twins.turn(0);
        }
        for at in &starts[..2] {
            assert_eq!(twins.ends((a.octets(), *at), (b.octets(), *at)), None);
        }
        twins.turn(a.octets().len());
        assert!(twins.ends((a.octets(), starts[1]), (a.octets(), starts[1])).is_some());
    }
}
