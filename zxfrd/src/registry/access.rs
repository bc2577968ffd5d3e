//! The rules for outgoing transfers: which addresses, which keys.

use std::collections::HashSet;
use std::net::IpAddr;

use ipnet::IpNet;
use zxfr_core::name::{Name, NameRef};

use crate::config::Config;

/// The addresses that may ask at all: those of peers that a zone is handed out to, and the ACLs.
#[derive(Debug)]
pub(super) struct Known {
    linked: HashSet<IpAddr>,
    acls: Vec<IpNet>,
}

impl Known {
    pub(super) fn new(config: &Config) -> Self {
        let outgoing = config.zones.iter().filter_map(|zone| zone.outgoing.as_ref());
        let positions = outgoing.filter(|outgoing| outgoing.enabled).flat_map(|outgoing| &outgoing.peers);
        let peers = positions.filter_map(|position| config.peers.get(*position));
        Self {
            linked: peers.map(|peer| peer.ip.to_canonical()).collect(),
            acls: config.acls.iter().map(|acl| acl.ip_range).collect(),
        }
    }

    pub(super) fn contains(&self, addr: IpAddr) -> bool {
        self.linked.contains(&addr) || self.in_acl(addr)
    }

    fn in_acl(&self, addr: IpAddr) -> bool {
        self.acls.iter().any(|range| range.contains(&addr))
    }
}

/// Who gets a zone.
#[derive(Debug)]
pub(super) struct Outgoing {
    linked: Vec<(IpAddr, Option<Name>)>,
}

impl Outgoing {
    /// For the linked peers: their addresses, and the names of their keys.
    pub(super) fn new(linked: impl Iterator<Item = (IpAddr, Option<Name>)>) -> Self {
        Self { linked: linked.map(|(addr, key)| (addr.to_canonical(), key)).collect() }
    }

    /// Whether an address may ask about the zone: a linked peer's, or one of an ACL.
    pub(super) fn admits(&self, addr: IpAddr, known: &Known) -> bool {
        self.is_linked(addr) || known.in_acl(addr)
    }

    /// Whether an asker that signed with this key, or not at all, may be answered. At the address of linked peers, the keys
    /// of those peers decide; elsewhere, those of all. Where there is no key, none is needed, and any will do.
    pub(super) fn key_admits(&self, addr: IpAddr, key: Option<NameRef<'_>>) -> bool {
        let everywhere = !self.is_linked(addr);
        let peers = self.linked.iter().filter(|(linked, _)| everywhere || *linked == addr);
        let mut keys = peers.filter_map(|(_, key)| key.as_ref()).peekable();
        keys.peek().is_none() || keys.any(|needed| key == Some(needed.as_ref()))
    }

    fn is_linked(&self, addr: IpAddr) -> bool {
        self.linked.iter().any(|(linked, _)| *linked == addr)
    }
}
