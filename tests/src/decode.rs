//! The records in a transfer's messages, read here so that nothing under test is needed.

use crate::Failure;
use crate::records::Record;

/// The records of the answer sections, names uncompressed in the owner and in the RDATA of
/// NS, CNAME, PTR, MX and SOA; the closing SOA of an AXFR is among them.
///
/// # Errors
/// When a message is malformed.
pub fn records(messages: &[Vec<u8>]) -> Result<Vec<Record>, Failure> {
    let mut records = Vec::new();
    for (number, message) in messages.iter().enumerate() {
        answers(message, &mut records).ok_or_else(|| Failure::new(format!("message {number} is malformed")))?;
    }
    Ok(records)
}

fn answers(message: &[u8], records: &mut Vec<Record>) -> Option<()> {
    let number = |at: usize| Some(u16::from_be_bytes(message.get(at..at + 2)?.try_into().ok()?));
    let mut at = 12;
    let mut name = Vec::new();
    for _ in 0..number(4)? {
        at = expand(message, at, &mut name)? + 4;
    }
    for _ in 0..number(6)? {
        let mut owner = Vec::new();
        at = expand(message, at, &mut owner)?;
        let (rtype, class) = (number(at)?, number(at + 2)?);
        let ttl = u32::from(number(at + 4)?) << 16 | u32::from(number(at + 6)?);
        let start = at + 10;
        at = start + usize::from(number(at + 8)?);
        let rdata = rdata(message, rtype, start, at)?;
        records.push(Record { owner, rtype, class, ttl, rdata });
    }
    Some(())
}

/// RDATA that stands from `start` to `end`.
fn rdata(message: &[u8], rtype: u16, start: usize, end: usize) -> Option<Vec<u8>> {
    // How many octets come before the first name, and how many names follow.
    let (before, names) = match rtype {
        2 | 5 | 12 => (0, 1),
        6 => (0, 2),
        15 => (2, 1),
        _ => (0, 0),
    };
    let mut at = start + before;
    let mut rdata = message.get(start..at)?.to_vec();
    for _ in 0..names {
        at = expand(message, at, &mut rdata)?;
    }
    rdata.extend(message.get(at..end)?);
    Some(rdata)
}

/// Appends the name that starts at `at`, and gives where it ends there.
fn expand(message: &[u8], mut at: usize, name: &mut Vec<u8>) -> Option<usize> {
    let mut end = None;
    loop {
        let length = usize::from(*message.get(at)?);
        match length {
            0 => {
                name.push(0);
                return Some(end.unwrap_or(at + 1));
            }
            1..=63 => {
                name.extend(message.get(at..=at + length)?);
                at += 1 + length;
            }
            192.. => {
                let target = (length & 63) << 8 | usize::from(*message.get(at + 1)?);
                end.get_or_insert(at + 2);
                // Only backwards, so that it ends.
                at = Some(target).filter(|target| *target < at)?;
            }
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_expanded() {
        let mut message = vec![0, 0, 0x84, 0, 0, 1, 0, 2, 0, 0, 0, 0];
        message.extend(b"\x01z\0\0\xfc\0\x01");
        message.extend(b"\xc0\x0c\0\x02\0\x01\0\0\0\x05\0\x04\x01n\xc0\x0c");
        message.extend(b"\x01x\xc0\x0c\0\x10\0\x01\0\0\0\x05\0\x02\xc0\x0c");
        let record = |owner: &[u8], rtype, rdata: &[u8]| Record {
            owner: owner.to_vec(),
            rtype,
            class: 1,
            ttl: 5,
            rdata: rdata.to_vec(),
        };
        let expected = [record(b"\x01z\0", 2, b"\x01n\x01z\0"), record(b"\x01x\x01z\0", 16, b"\xc0\x0c")];
        assert_eq!(records(std::slice::from_ref(&message)).unwrap(), expected);
        assert!(records(&[message[..message.len() - 1].to_vec()]).is_err());
        let (end, looping) = (message.len(), [0xc0, 12]);
        message[12..14].copy_from_slice(&looping);
        assert!(records(&[message[..end].to_vec()]).is_err());
    }
}
