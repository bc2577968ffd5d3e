//! The ids of records.

use sha2::{Digest, Sha256};
use zxfr_core::name::NameRef;
use zxfr_core::wire::Record;
use zxfr_core::wire::rdata::write_canonical;

use crate::catalog::Id;

/// The id of a record that nobody has edited, which it has in every version: 4 octets of its owner's sort key below the apex, 4
/// of a quick hash of the owner, so that an id is looked up without much work for records that don't have it, and 8 of the SHA-256 of
/// the zone's id, owner, type and canonical RDATA. The case of names doesn't count, nor does the TTL.
#[must_use]
pub fn derived_id(zone: Id, apex: NameRef<'_>, record: &Record<'_>) -> Id {
    Key::of(apex, record.owner).id(zone, record)
}

/// What all records at a name have in common of their ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key([u8; 8]);

impl Key {
    pub(super) fn of(apex: NameRef<'_>, owner: NameRef<'_>) -> Self {
        let mut above = sort_key(apex).len();
        let (mut key, mut filled) = ([0; 8], 0);
        owner.write_sort_key(|octets| {
            let below = octets.get(above..).unwrap_or_default();
            above = above.saturating_sub(octets.len());
            for (place, octet) in key[..4].iter_mut().skip(filled).zip(below) {
                *place = *octet;
                filled += 1;
            }
        });
        key[4..].copy_from_slice(&hash(owner).to_be_bytes());
        Self(key)
    }

    /// What an id has of it.
    pub(super) fn beginning(id: Id) -> Self {
        let mut key = [0; 8];
        key.copy_from_slice(&id.0[..8]);
        Self(key)
    }

    /// Whether a record at this name may have the id.
    pub(super) fn fits(self, id: Id) -> bool {
        id.0[..8] == self.0
    }

    pub(super) fn id(self, zone: Id, record: &Record<'_>) -> Id {
        let mut digest = Sha256::new_with_prefix(zone.0);
        digest.update(record.owner.as_octets().to_ascii_lowercase());
        digest.update(record.rtype.0.to_be_bytes());
        write_canonical(record.rtype, record.rdata, |octets| digest.update(octets));
        let digest = digest.finalize();
        let mut id = [0; 16];
        id[..8].copy_from_slice(&self.0);
        id[8..].copy_from_slice(&digest[..8]);
        Id(id)
    }
}

fn sort_key(name: NameRef<'_>) -> Vec<u8> {
    let mut key = Vec::new();
    name.write_sort_key(|octets| key.extend_from_slice(octets));
    // Its end, which names below don't have there.
    key.pop();
    key
}

/// FNV-1a of a name in lower case.
fn hash(name: NameRef<'_>) -> u32 {
    let step = |hash: u32, octet: &u8| (hash ^ u32::from(octet.to_ascii_lowercase())).wrapping_mul(0x0100_0193);
    name.as_octets().iter().fold(0x811c_9dc5, step)
}

#[cfg(test)]
mod tests {
    use super::*;
    use zxfr_core::name::Name;
    use zxfr_core::wire::{Class, Rtype};

    const ZONE: Id = Id([7; 16]);

    fn id(zone: Id, owner: &str, rtype: Rtype, ttl: u32, rdata: &[u8]) -> Id {
        let (apex, owner): (Name, Name) = ("Example.".parse().unwrap(), owner.parse().unwrap());
        let record = Record { owner: owner.as_ref(), rtype, class: Class::IN, ttl, rdata };
        derived_id(zone, apex.as_ref(), &record)
    }

    #[test]
    fn an_id_is_that_of_zone_owner_type_and_rdata_and_never_another() {
        let first = id(ZONE, "www.example.", Rtype::NS, 60, b"\x02ns\0");
        assert_eq!(id(ZONE, "WWW.eXample.", Rtype::NS, 61, b"\x02NS\0"), first, "case and TTL don't count");
        assert_ne!(id(Id([8; 16]), "www.example.", Rtype::NS, 60, b"\x02ns\0"), first);
        assert_ne!(id(ZONE, "ww.example.", Rtype::NS, 60, b"\x02ns\0"), first);
        assert_ne!(id(ZONE, "www.example.", Rtype::CNAME, 60, b"\x02ns\0"), first);
        assert_ne!(id(ZONE, "www.example.", Rtype::NS, 60, b"\x03nsx\0"), first);
        // Clients keep ids for years.
        assert_eq!(first.to_string(), "7777770020b329d0ff8b70bd53bc92dd");
    }

    #[test]
    fn ids_begin_as_names_below_the_apex_are_sorted() {
        let begin = |owner: &str| id(ZONE, owner, Rtype::A, 0, &[1; 4]).0[..4].to_vec();
        assert_eq!(begin("example."), [0; 4]);
        assert_eq!(begin("abcdef.example."), b"abcd");
        assert!(begin("example.") < begin("a.example.") && begin("a.example.") < begin("x.a.example."));
        assert!(begin("x.a.example.") < begin("b.example."));
    }
}
