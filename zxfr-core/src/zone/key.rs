//! Sort keys: octet strings that compare as records do in canonical order, so that a search never decodes a page.
//!
//! Layout: the owner's sort key ([`NameRef::write_sort_key`]), the type as 16 bits, the canonical RDATA.

use crate::name::NameRef;
use crate::wire::rdata::write_canonical;
use crate::wire::{Record, Rtype};
use alloc::vec::Vec;

/// Appends the owner's part of a key.
pub(super) fn push_owner(key: &mut Vec<u8>, owner: NameRef<'_>) {
    owner.write_sort_key(|octets| key.extend_from_slice(octets));
}

/// Appends what follows the owner's part.
pub(super) fn push_data(key: &mut Vec<u8>, rtype: Rtype, rdata: &[u8]) {
    key.extend_from_slice(&rtype.0.to_be_bytes());
    write_canonical(rtype, rdata, |octets| key.extend_from_slice(octets));
}

/// Appends a record's whole key.
pub(super) fn push_record(key: &mut Vec<u8>, record: &Record<'_>) {
    push_owner(key, record.owner);
    push_data(key, record.rtype, record.rdata);
}

/// Whether a key is after that of a record, of which there is the owner's part.
pub(super) fn is_after(key: &[u8], owner: &[u8], record: &Record<'_>) -> bool {
    match key.strip_prefix(owner) {
        None => key > owner,
        Some(data) => {
            let mut theirs = Vec::new();
            push_data(&mut theirs, record.rtype, record.rdata);
            data > theirs.as_slice()
        }
    }
}

/// Whether a key is that of a record with this owner.
pub(super) fn starts_with_owner(key: &[u8], owner: NameRef<'_>) -> bool {
    let mut start = Vec::new();
    push_owner(&mut start, owner);
    // The part that is the owner's says itself where it ends.
    key.starts_with(&start)
}

/// A key after those of all records with this owner, and before those of all names that follow.
pub(super) fn after_owner(owner: NameRef<'_>) -> Vec<u8> {
    let mut key = Vec::new();
    push_owner(&mut key, owner);
    // Its last octet is a 0, where names below have an octet of a label, the least of which is written as 1 1.
    if let Some(last) = key.last_mut() {
        *last = 1;
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::Name;
    use crate::wire::Class;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn keys_compare_as_records_do(
            names in prop::collection::vec("([a-cA-C]{1,2}\\.){0,3}", 2),
            types in prop::collection::vec(prop::sample::select(&[1u16, 2, 15, 16, 65_280][..]), 2),
            data in prop::collection::vec(prop::collection::vec(prop::sample::select(&[0u8, 1, b'a', b'A', b'b'][..]), 0..5), 2),
        ) {
            let names: Vec<Name> = names.iter().map(|name| if name.is_empty() { Name::root() } else { name.parse().unwrap() }).collect();
            let record = |i: usize| Record { owner: names[i].as_ref(), rtype: Rtype(types[i]), class: Class::IN, ttl: 0, rdata: &data[i] };
            let key = |i| {
                let mut key = Vec::new();
                push_record(&mut key, &record(i));
                key
            };
            prop_assert_eq!(key(0).cmp(&key(1)), record(0).canonical_cmp(&record(1)));
            let mut owner = Vec::new();
            push_owner(&mut owner, record(1).owner);
            prop_assert_eq!(is_after(&key(0), &owner, &record(1)), key(0) > key(1));
        }
    }
}
