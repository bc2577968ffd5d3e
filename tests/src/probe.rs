//! A SOA query over UDP, written out by hand: is this server ready for this zone?

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use crate::{Failure, name};

/// How long one query waits for its answer.
const PATIENCE: Duration = Duration::from_millis(250);

const ID: [u8; 2] = [0x5a, 0x46];
const TYPE_SOA: [u8; 2] = [0, 6];
const CLASS_IN: [u8; 2] = [0, 1];

/// Whether an answer must have the AA bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authority {
    /// It must.
    Needed,
    /// It need not: ixfrdist never sets it.
    Waived,
}

/// Asks for a zone's SOA and returns its serial.
///
/// # Errors
/// When no answer comes within a quarter of a second, or it is not an authoritative
/// NOERROR with the zone's SOA; the text says which.
pub fn soa_serial(server: SocketAddr, zone: &str, authority: Authority) -> Result<u32, Failure> {
    let question = name::to_wire(zone)?;
    let mut query = Vec::with_capacity(16 + question.len());
    query.extend(ID);
    query.extend([0, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    query.extend(&question);
    query.extend(TYPE_SOA);
    query.extend(CLASS_IN);

    let failed = |error: std::io::Error| Failure::because("SOA query", error);
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).map_err(failed)?;
    socket.set_read_timeout(Some(PATIENCE)).map_err(failed)?;
    socket.connect(server).map_err(failed)?;
    socket.send(&query).map_err(failed)?;
    let mut answer = [0; 4096];
    let length = socket.recv(&mut answer).map_err(failed)?;
    read_answer(&answer[..length], &question, authority)
}

/// The serial in an answer, or what is wrong with it.
fn read_answer(message: &[u8], question: &[u8], authority: Authority) -> Result<u32, Failure> {
    let short = || Failure::new("SOA answer cut short");
    let header = message.get(..12).ok_or_else(short)?;
    if header[..2] != ID || header[2] & 0x80 == 0 {
        return Err(Failure::new("not the answer to the SOA query"));
    }
    match header[3] & 0x0f {
        0 => {}
        rcode => {
            return Err(Failure::new(format!("SOA query answered with RCODE {rcode}")));
        }
    }
    if header[2] & 0x04 == 0 && authority == Authority::Needed {
        return Err(Failure::new("SOA answer is not authoritative"));
    }
    if header[4..6] != [0, 1] || header[6..8] == [0, 0] {
        return Err(Failure::new("SOA query answered without a SOA"));
    }
    let after_question = 12 + question.len() + 4;
    let fixed = skip_name(message, after_question).ok_or_else(short)?;
    if message.get(fixed..fixed + 2).ok_or_else(short)? != TYPE_SOA {
        return Err(Failure::new("SOA query answered with another type"));
    }
    let mname = fixed + 10;
    let rname = skip_name(message, mname).ok_or_else(short)?;
    let serial = skip_name(message, rname).ok_or_else(short)?;
    let octets = message.get(serial..serial + 4).ok_or_else(short)?;
    Ok(octets.iter().fold(0, |sum, &octet| sum << 8 | u32::from(octet)))
}

/// Where a name that starts at `at` ends, a pointer counting as its end.
pub(crate) fn skip_name(message: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match *message.get(at)? {
            0 => return Some(at + 1),
            label if label < 64 => at += 1 + usize::from(label),
            label if label >= 192 => return Some(at + 2),
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(flags: [u8; 2]) -> Vec<u8> {
        let mut message = ID.to_vec();
        message.extend(flags);
        message.extend([0, 1, 0, 1, 0, 0, 0, 0]);
        message.extend(b"\x01a\x00\x00\x06\x00\x01");
        message.extend(b"\xc0\x0c\x00\x06\x00\x01\x00\x00\x00\x00\x00\x1b");
        message.extend(b"\x01n\xc0\x0c\xc0\x0c\x01\x02\x03\x04");
        message.extend([0; 16]);
        message
    }

    #[test]
    fn the_serial_is_read_past_compressed_names() {
        let serial = read_answer(&answer([0x84, 0]), b"\x01a\x00", Authority::Needed).unwrap();
        assert_eq!(serial, 0x0102_0304);
    }

    #[test]
    fn other_answers_are_refused() {
        let refused = |flags| read_answer(&answer(flags), b"\x01a\x00", Authority::Needed).unwrap_err().to_string();
        assert!(refused([0x84, 5]).contains("RCODE 5"));
        assert!(refused([0x80, 0]).contains("not authoritative"));
        assert!(refused([0x04, 0]).contains("not the answer"));
        let cut = &answer([0x84, 0])[..40];
        assert!(read_answer(cut, b"\x01a\x00", Authority::Needed).is_err());
        let unauthoritative = answer([0x80, 0]);
        assert!(read_answer(&unauthoritative, b"\x01a\x00", Authority::Waived).is_ok());
    }
}
