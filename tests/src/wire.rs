//! DNS messages put together octet by octet, right or wrong, and sent as they are.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::time::Duration;

use crate::probe::skip_name;
use crate::{Failure, name};

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(20);

/// The flags of an authoritative answer.
pub const ANSWER: u16 = 0x8400;

/// A message in the making.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// Its ID.
    pub id: u16,
    /// The two octets of flags.
    pub flags: u16,
    /// Questions, answers, authority and additional records, each in wire form.
    pub sections: [Vec<Vec<u8>>; 4],
    /// Counts that are not those of the sections.
    pub counts: Option<[u16; 4]>,
}

impl Draft {
    /// A request for a zone.
    pub fn request(id: u16, zone: &str, rtype: u16) -> Self {
        Self { id, sections: [vec![question(zone, rtype, 1)], vec![], vec![], vec![]], ..Self::default() }
    }

    /// The message's octets.
    pub fn octets(&self) -> Vec<u8> {
        let counts = self.counts.unwrap_or_else(|| [0, 1, 2, 3].map(|at: usize| self.sections[at].len() as u16));
        let mut octets: Vec<u8> = [self.id, self.flags].into_iter().chain(counts).flat_map(u16::to_be_bytes).collect();
        octets.extend(self.sections.iter().flatten().flatten());
        octets
    }
}

/// A question.
///
/// # Panics
/// When the name is none.
pub fn question(qname: &str, qtype: u16, qclass: u16) -> Vec<u8> {
    let mut octets = name::to_wire(qname).unwrap();
    octets.extend(qtype.to_be_bytes());
    octets.extend(qclass.to_be_bytes());
    octets
}

/// A record of class IN and a TTL of an hour.
///
/// # Panics
/// When the owner is no name.
pub fn record(owner: &str, rtype: u16, rdata: &[u8]) -> Vec<u8> {
    record_of(&name::to_wire(owner).unwrap(), rtype, 1, 3600, rdata)
}

/// A record of any octets.
pub fn record_of(owner: &[u8], rtype: u16, class: u16, ttl: u32, rdata: &[u8]) -> Vec<u8> {
    let mut octets = owner.to_vec();
    octets.extend(rtype.to_be_bytes());
    octets.extend(class.to_be_bytes());
    octets.extend(ttl.to_be_bytes());
    octets.extend((rdata.len() as u16).to_be_bytes());
    octets.extend(rdata);
    octets
}

/// A SOA record.
pub fn soa(owner: &str, serial: u32) -> Vec<u8> {
    let timers = [serial, 3600, 1, 604_800, 300].map(u32::to_be_bytes).concat();
    record(owner, 6, &[b"\x02ns\0\x04mail\0", timers.as_slice()].concat())
}

/// The RCODE of a message, as its header has it.
pub fn rcode(message: &[u8]) -> u8 {
    message.get(3).map_or(0xff, |octet| octet & 15)
}

/// Sends octets over UDP from an address of loopback, and gives the datagram that comes back.
///
/// # Errors
/// When none comes.
pub fn over_udp(server: SocketAddr, octets: &[u8], from: Ipv4Addr) -> Result<Vec<u8>, Failure> {
    let failed = |error| Failure::because("exchange over UDP", error);
    let socket = UdpSocket::bind((IpAddr::V4(from), 0)).map_err(failed)?;
    socket.set_read_timeout(Some(PATIENCE)).map_err(failed)?;
    socket.connect(server).map_err(failed)?;
    socket.send(octets).map_err(failed)?;
    let mut answer = vec![0; 65_535];
    let length = socket.recv(&mut answer).map_err(failed)?;
    answer.truncate(length);
    Ok(answer)
}

/// Sends a message over TCP and gives the first one that comes back.
///
/// # Errors
/// When none comes.
pub fn over_tcp(server: SocketAddr, octets: &[u8]) -> Result<Vec<u8>, Failure> {
    let failed = |error| Failure::because("exchange over TCP", error);
    let mut stream = TcpStream::connect(server).map_err(failed)?;
    stream.set_read_timeout(Some(PATIENCE)).map_err(failed)?;
    stream.write_all(&framed(octets)).map_err(failed)?;
    read_message(&mut stream)
}

/// A message with its length before it, as TCP carries it.
pub fn framed(octets: &[u8]) -> Vec<u8> {
    [&(octets.len() as u16).to_be_bytes(), octets].concat()
}

/// Reads one message from TCP.
///
/// # Errors
/// When the connection ends or says nothing for long.
pub fn read_message(stream: &mut TcpStream) -> Result<Vec<u8>, Failure> {
    let failed = |error| Failure::because("reading a message", error);
    let mut length = [0; 2];
    stream.read_exact(&mut length).map_err(failed)?;
    let mut message = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut message).map_err(failed)?;
    Ok(message)
}

/// Transfers a zone without TSIG; the messages as they come.
///
/// # Errors
/// When there is no connection, or as [`read_axfr`].
pub fn axfr(server: SocketAddr, zone: &str) -> Result<Vec<Vec<u8>>, Failure> {
    axfr_by(server, &Draft::request(1, zone, 252).octets())
}

/// Transfers a zone by this request, signed or not; the messages as they come.
///
/// # Errors
/// As [`axfr`].
pub fn axfr_by(server: SocketAddr, request: &[u8]) -> Result<Vec<Vec<u8>>, Failure> {
    let failed = |error| Failure::because("AXFR", error);
    let mut stream = TcpStream::connect(server).map_err(failed)?;
    stream.set_read_timeout(Some(PATIENCE)).map_err(failed)?;
    stream.write_all(&framed(request)).map_err(failed)?;
    read_axfr(&mut stream)
}

/// What comes of an AXFR, message by message, to the closing SOA; signed or not, it is not
/// looked into.
///
/// # Errors
/// When the connection ends before that, or what comes is no transfer.
pub fn read_axfr(stream: &mut TcpStream) -> Result<Vec<Vec<u8>>, Failure> {
    let (mut messages, mut soas) = (Vec::new(), 0);
    while soas < 2 {
        let message = read_message(stream)?;
        let found = answer_types(&message).ok_or_else(|| Failure::new("malformed message in a transfer"))?;
        if messages.is_empty() && found.first() != Some(&6) {
            return Err(Failure::new(format!("no transfer, but RCODE {}", rcode(&message))));
        }
        soas += found.iter().filter(|rtype| **rtype == 6).count();
        messages.push(message);
    }
    Ok(messages)
}

/// The types of the records in the answer section.
pub fn answer_types(message: &[u8]) -> Option<Vec<u16>> {
    let number = |at: usize| Some(u16::from_be_bytes(message.get(at..at + 2)?.try_into().ok()?));
    let mut at = 12;
    for _ in 0..number(4)? {
        at = skip_name(message, at)? + 4;
    }
    let mut types = Vec::new();
    for _ in 0..number(6)? {
        at = skip_name(message, at)?;
        types.push(number(at)?);
        at += 10 + usize::from(number(at + 8)?);
    }
    Some(types)
}
