//! What peers can't carry, as data: later tests rely on these facts. Seen with named
//! 9.18.49, knotd 3.2.6, nsd 4.6.1, pdns_server 4.7.3 and ixfrdist 4.7.3; the tests of
//! the harness fail when one of them no longer holds.

use super::PeerKind;
use crate::zones::Content;
use crate::zones::every_type::Spelling;

/// What a peer is asked to do with a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Load it from a file and give it away. For ixfrdist: pull it from `named`, which
    /// has it from a file.
    Primary,
    /// Transfer it and give it back.
    Secondary,
}

/// Whether a peer gives back every record of a zone with its TTL and its RDATA in
/// canonical form. As a primary it is to be given the zone in its [`spelling`].
///
/// # Errors
/// Why it doesn't.
pub fn carries(peer: PeerKind, role: Role, content: Content) -> Result<(), &'static str> {
    use {Content as C, PeerKind as P, Role as R};
    match (peer, role, content) {
        (P::Named, _, C::BigRrset) => {
            Err("named holds no RRset over 65,535 octets, two more for each record counted: \
             at most 10,918 A records; loading and transfer end with \"ran out of space\"")
        }
        (P::Named | P::Ixfrdist, R::Primary, C::ObsoleteTypes) => {
            Err("named refuses MD and MF in zone files, in generic form too; it transfers them")
        }
        (P::Ixfrdist, R::Primary, C::BigRrset) => {
            Err("named, which ixfrdist pulls from, can't load an RRset of this size")
        }
        (P::Knotd, _, C::BigRrset) => Err("knotd takes an RRset over 65,535 octets but can't give it away: \
             the transfer breaks off after the records before it"),
        (P::Nsd, _, C::BigRecord) => Err("nsd takes a record over 16,383 octets but can't give it away by AXFR: \
             empty messages without end come in its place"),
        (P::Ixfrdist, _, C::BigRecord) => {
            Err("ixfrdist takes a record of 60,000 octets but stalls before giving it away: \
             the connection stays open and nothing more comes")
        }
        (P::Pdns, _, C::EveryType) => {
            Err("pdns_server leaves out NSEC, NSEC3 and NSEC3PARAM as received or loaded and, in a \
             zone with signatures, gives a chain of its own making")
        }
        _ => Ok(()),
    }
}

/// How the zones of [`every_type`](crate::zones::every_type()) are to be spelled for a
/// peer that loads them from a file.
///
/// knotd doesn't know the mnemonics MB, MG, MR, RKEY and DLV, nsd not NSAP-PTR, GPOS, A6
/// and all since HIP that few use; PowerDNS takes the generic form of a type that it
/// knows for the text of that type.
pub fn spelling(peer: PeerKind) -> Spelling {
    match peer {
        PeerKind::Pdns => Spelling::PowerDns,
        _ => Spelling::Generic,
    }
}

/// Whether a primary gives differences that fit into a datagram to those who ask for IXFR over UDP.
///
/// `named` and `knotd` give their SOA alone, whatever the size. `nsd` also sets TC when the differences don't fit. Of these
/// `nsd` alone asks over UDP, when it is told to. While it takes up a new version, which it announces at the end of that,
/// some of its processes may still give the old one over TCP, or close a connection without an answer.
pub fn gives_ixfr_over_udp(peer: PeerKind) -> bool {
    peer == PeerKind::Nsd
}

/// Whether a peer gives back names with the case they were loaded or received with, in
/// owners and RDATA.
///
/// `knotd` and `nsd` make lower case of owners and of the names in RDATA that RFC 4034
/// §6.2 lists, nsd also of those in IPSECKEY, SVCB and LP. `pdns_server` and `ixfrdist`
/// keep case, but compress against names that differ in case.
pub fn keeps_case(peer: PeerKind) -> bool {
    peer == PeerKind::Named
}
