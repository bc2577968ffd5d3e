//! Octet strings that are mostly short, as labels and names are: compared and copied in two pieces that may overlap, where
//! a call would take longer than its work.

/// From here on a call is worth it.
const LONG: usize = 33;

/// Whether the octets are the same.
#[inline]
pub(crate) fn same(mine: &[u8], theirs: &[u8]) -> bool {
    fn ends<const N: usize>(mine: &[u8], theirs: &[u8]) -> bool {
        mine.first_chunk::<N>() == theirs.first_chunk() && mine.last_chunk::<N>() == theirs.last_chunk()
    }
    mine.len() == theirs.len()
        && match mine.len() {
            LONG.. => mine == theirs,
            16.. => ends::<16>(mine, theirs),
            8.. => ends::<8>(mine, theirs),
            4.. => ends::<4>(mine, theirs),
            2.. => ends::<2>(mine, theirs),
            _ => mine.first() == theirs.first(),
        }
}

/// Copies octets to where there are as many.
#[inline]
pub(crate) fn copy(to: &mut [u8], from: &[u8]) {
    fn ends<const N: usize>(to: &mut [u8], from: &[u8]) {
        if let (Some(to), Some(from)) = (to.first_chunk_mut::<N>(), from.first_chunk()) {
            *to = *from;
        }
        if let (Some(to), Some(from)) = (to.last_chunk_mut::<N>(), from.last_chunk()) {
            *to = *from;
        }
    }
    if to.len() != from.len() {
        return;
    }
    match from.len() {
        LONG.. => to.copy_from_slice(from),
        16.. => ends::<16>(to, from),
        8.. => ends::<8>(to, from),
        4.. => ends::<4>(to, from),
        2.. => ends::<2>(to, from),
        _ => to.iter_mut().zip(from).for_each(|(to, from)| *to = *from),
    }
}

/// A hash of the octets, begun with another.
#[inline]
pub(crate) fn hash(octets: &[u8], seed: u64) -> u64 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let mix = |hash: u64, word: u64| (hash ^ word).wrapping_mul(FACTOR).rotate_left(32);
    let word = |octets: &[u8; 8]| u64::from_le_bytes(*octets);
    let half = |octets: &[u8; 4]| u64::from(u32::from_le_bytes(*octets));
    let mut hash = mix(seed, 0);
    let last = if let (Some((first, rest)), Some(last)) = (octets.split_first_chunk(), octets.last_chunk()) {
        hash = mix(hash, word(first));
        if rest.len() > 8 {
            hash = rest.as_chunks().0.iter().fold(hash, |hash, octets| mix(hash, word(octets)));
        }
        word(last)
    } else if let (Some(first), Some(last)) = (octets.first_chunk(), octets.last_chunk()) {
        half(first) << 32 | half(last)
    } else {
        octets.iter().fold(0, |word, octet| word << 8 | u64::from(*octet))
    };
    mix(hash, last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::vec::Vec;

    #[test]
    fn octets_of_any_length_are_copied_and_compared() {
        for length in 0..70_usize {
            let octets: Vec<u8> = (0..length).map(|at| at as u8 + 1).collect();
            let mut copied = std::vec![0; length];
            copy(&mut copied, &octets);
            assert_eq!(copied, octets);
            assert!(same(&copied, &octets));
            for at in 0..length {
                copied[at] ^= 1;
                assert!(!same(&copied, &octets), "{at} of {length}");
                copied[at] ^= 1;
            }
            let mut longer = std::vec![0; length + 1];
            copy(&mut longer, &octets);
            assert_eq!(longer, std::vec![0; length + 1]);
            assert!(!same(&longer, &octets));
        }
    }

    #[test]
    fn every_octet_and_the_seed_tell_in_a_hash() {
        for length in 1..70_usize {
            let mut octets = std::vec![7; length];
            let mut hashes: BTreeSet<u64> = [hash(&octets, 0), hash(&octets, 1)].into();
            for at in 0..length {
                octets[at] = 8;
                hashes.insert(hash(&octets, 0));
                octets[at] = 7;
            }
            assert_eq!(hashes.len(), length + 2);
        }
    }
}
