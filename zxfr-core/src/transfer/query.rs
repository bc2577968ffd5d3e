//! The queries that a secondary sends.

use crate::name::NameRef;
use crate::wire::{Class, Edns, Flags, Full, Opcode, Record, Rtype, Writer};

/// Writes an AXFR query for the zone with this apex (RFC 5936 §2.1) and gives its length. It is sent over a stream.
///
/// `id` is to be random and not in use on the connection. `edns` adds an OPT record, so that a peer can say why it refuses
/// (RFC 8914) and when the zone expires (RFC 7314); 300 octets of buffer take the largest query. To sign it, see [`crate::tsig::sign_request`].
///
/// # Errors
/// When there is no room.
pub fn axfr_query(out: &mut [u8], apex: NameRef<'_>, id: u16, edns: bool) -> Result<usize, Full> {
    query(out, apex, Rtype::AXFR, None, id, edns)
}

/// Writes an IXFR query for the zone with this apex (RFC 1995 §3) and gives its length. `soa` is the SOA of the version that
/// the asker has: it stands in the authority section, and its serial is that from which differences are asked for.
///
/// It is sent over a stream or, with `edns` for an answer of up to 1,232 octets, over UDP. 1,100 octets of buffer take
/// the largest query; see also [`axfr_query`].
///
/// # Errors
/// When there is no room.
pub fn ixfr_query(out: &mut [u8], apex: NameRef<'_>, soa: &Record<'_>, id: u16, edns: bool) -> Result<usize, Full> {
    query(out, apex, Rtype::IXFR, Some(soa), id, edns)
}

/// Writes a query for the SOA of the zone with this apex and gives its length. With `edns` answers of up to 1,232 octets are
/// asked for; see also [`axfr_query`].
///
/// # Errors
/// When there is no room.
pub fn soa_query(out: &mut [u8], apex: NameRef<'_>, id: u16, edns: bool) -> Result<usize, Full> {
    query(out, apex, Rtype::SOA, None, id, edns)
}

fn query(
    out: &mut [u8],
    apex: NameRef<'_>,
    qtype: Rtype,
    soa: Option<&Record<'_>>,
    id: u16,
    edns: bool,
) -> Result<usize, Full> {
    let mut writer = Writer::new(out);
    writer.question(apex, qtype, Class::IN)?;
    if let Some(soa) = soa {
        writer.authority(soa)?;
    }
    if edns {
        writer.additional(|rest| Edns::QUERY.write(rest))?;
    }
    match writer.finish(id, Flags::of(Opcode::QUERY)) {
        0 => Err(Full),
        length => Ok(length),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::Name;
    use crate::wire::Message;

    #[test]
    fn asks_what_it_is_told() {
        let apex: Name = "Example.org.".parse().unwrap();
        for (edns, write, qtype) in [
            (false, axfr_query as fn(&mut [u8], NameRef<'_>, u16, bool) -> Result<usize, Full>, Rtype::AXFR),
            (true, axfr_query, Rtype::AXFR),
            (false, soa_query, Rtype::SOA),
            (true, soa_query, Rtype::SOA),
        ] {
            let mut out = [0; 300];
            let length = write(&mut out, apex.as_ref(), 0xbeef, edns).unwrap();
            let message = Message::new(&out[..length]).unwrap();
            let layout = message.layout().unwrap();
            assert_eq!((message.header().id, message.header().flags), (0xbeef, Flags::default()));
            let question = message.question().unwrap().unwrap();
            assert!(question.qname.as_ref().octets_eq(apex.as_ref()));
            assert_eq!((question.qtype, question.qclass), (qtype, Class::IN));
            assert_eq!(Edns::read(&message, &layout).unwrap(), edns.then_some(Edns::QUERY));
        }
    }

    #[test]
    fn ixfr_query_has_our_soa_in_the_authority_section() {
        let apex: Name = "Example.org.".parse().unwrap();
        let rdata = [&b"\x02ns\0\0"[..], &[0, 0, 0, 9], &[0; 16]].concat();
        let soa = Record { owner: apex.as_ref(), rtype: Rtype::SOA, class: Class::IN, ttl: 5, rdata: &rdata };
        for edns in [false, true] {
            let mut out = [0; 300];
            let length = ixfr_query(&mut out, apex.as_ref(), &soa, 0xbeef, edns).unwrap();
            let message = Message::new(&out[..length]).unwrap();
            let layout = message.layout().unwrap();
            let header = message.header();
            assert_eq!((header.answers, header.authorities), (0, 1));
            assert_eq!(message.question().unwrap().unwrap().qtype, Rtype::IXFR);
            let mut scratch = crate::wire::Scratch::new();
            let mut authorities = message.authorities(&layout, &mut scratch);
            assert!(authorities.next().unwrap().unwrap().is_exactly(&soa));
            assert_eq!(layout.opt_at.is_some(), edns);
        }
    }

    #[test]
    fn largest_ixfr_query_takes_1081_octets() {
        let name = |letter: u8| {
            let mut octets = [1, letter].repeat(127);
            octets.push(0);
            octets
        };
        let apex = Name::from_octets(&name(b'a')).unwrap();
        let rdata = [&name(b'b')[..], &name(b'c'), &[0; 20]].concat();
        let soa = Record { owner: apex.as_ref(), rtype: Rtype::SOA, class: Class::IN, ttl: 5, rdata: &rdata };
        let length = ixfr_query(&mut [0; 1100], apex.as_ref(), &soa, 1, true).unwrap();
        assert_eq!(length, 12 + 259 + 265 + 530 + 15);
        for room in 0..length {
            assert_eq!(ixfr_query(&mut [0; 1100][..room], apex.as_ref(), &soa, 1, true), Err(Full), "{room}");
        }
    }

    #[test]
    fn needs_no_more_than_300_octets_and_says_when_it_has_less() {
        let mut octets = [1, b'a'].repeat(127);
        octets.push(0);
        let apex = Name::from_octets(&octets).unwrap();
        let length = axfr_query(&mut [0; 300], apex.as_ref(), 1, true).unwrap();
        for room in 0..length {
            assert_eq!(axfr_query(&mut [0; 300][..room], apex.as_ref(), 1, true), Err(Full), "{room}");
        }
    }
}
