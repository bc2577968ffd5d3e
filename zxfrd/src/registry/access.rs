//! Who may ask for zones, and who may say that there is something new: which addresses, which keys.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;
use zxfr_core::name::{Name, NameRef};
use zxfr_core::tsig::rustcrypto::Hmac;
use zxfr_core::tsig::{Algorithm, Key};

use crate::catalog::{Id, Objects, Tsig};

/// The keys and ACLs of an account.
#[derive(Debug, Default)]
pub(super) struct AccountAccess {
    keys: HashMap<Id, Arc<Key<Hmac>>>,
    by_name: HashMap<Name, Vec<Arc<Key<Hmac>>>>,
    acls: Vec<IpNet>,
}

impl AccountAccess {
    pub(super) fn new(objects: &Objects, account: Id) -> Self {
        let mut access =
            Self { acls: objects.acls(account).iter().map(|acl| *acl.ip_range.value()).collect(), ..Self::default() };
        for tsig in objects.tsigs(account) {
            let Some(key) = keyed(&tsig) else { continue };
            access.keys.insert(tsig.id, key.clone());
            access.by_name.entry(tsig.name.value().clone()).or_default().push(key);
        }
        access
    }

    /// The keys of this name and algorithm.
    pub(super) fn candidates(&self, name: NameRef<'_>, algorithm: Algorithm) -> Vec<Key<Hmac>> {
        let named = self.by_name.get(&name.to_name()).into_iter().flatten();
        named.filter(|key| key.algorithm() == algorithm).map(|key| Key::clone(key)).collect()
    }

    /// The key that a TSIG is.
    pub(super) fn key(&self, tsig: Id) -> Option<&Arc<Key<Hmac>>> {
        self.keys.get(&tsig)
    }

    pub(super) fn in_acl(&self, addr: IpAddr) -> bool {
        self.acls.iter().any(|range| range.contains(&addr))
    }
}

/// The key of a TSIG, tagged with its id.
fn keyed(tsig: &Tsig) -> Option<Arc<Key<Hmac>>> {
    let key = Key::new(tsig.name.value().as_ref(), *tsig.algo.value(), tsig.secret.octets().octets());
    match key {
        Ok(key) => Some(Arc::new(key.with_tag(tag(tsig.id)))),
        Err(error) => {
            // What has this key is not exchanged anything with: it isn't taken for one without a key.
            tracing::error!(tsig = %tsig.id, name = %tsig.name, "this TSIG can't be used: {error}");
            None
        }
    }
}

/// What a key is told by.
pub(super) const fn tag(tsig: Id) -> u128 {
    u128::from_be_bytes(tsig.0)
}

/// The addresses that may say anything at all.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Those of peers that a zone is handed out to, and to how many.
    linked: HashMap<IpAddr, usize>,
    /// Those of peers that a zone comes from, and how many.
    primaries: HashMap<IpAddr, usize>,
    /// Those of all accounts.
    acls: Vec<IpNet>,
}

impl Known {
    /// A zone is there.
    pub(super) fn add(&mut self, linked: &[IpAddr], primaries: impl Iterator<Item = IpAddr>) {
        for addr in linked {
            *self.linked.entry(*addr).or_default() += 1;
        }
        for addr in primaries {
            *self.primaries.entry(addr).or_default() += 1;
        }
    }

    /// A zone is there no more, or another.
    pub(super) fn remove(&mut self, linked: &[IpAddr], primaries: impl Iterator<Item = IpAddr>) {
        for addr in linked {
            remove(&mut self.linked, *addr);
        }
        for addr in primaries {
            remove(&mut self.primaries, addr);
        }
    }

    /// The ACLs of all accounts are these.
    pub(super) fn set_acls<'a>(&mut self, accounts: impl Iterator<Item = &'a Arc<AccountAccess>>) {
        self.acls = accounts.flat_map(|access| &access.acls).copied().collect();
        self.acls.sort_unstable();
        self.acls.dedup();
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.linked.is_empty() && self.primaries.is_empty() && self.acls.is_empty()
    }

    /// Whether it may ask for some zone.
    pub(super) fn may_ask(&self, addr: IpAddr) -> bool {
        self.linked.contains_key(&addr) || self.in_acl(addr)
    }

    /// Whether it may send NOTIFY for some zone.
    pub(super) fn may_notify(&self, addr: IpAddr) -> bool {
        self.primaries.contains_key(&addr) || self.in_acl(addr)
    }

    fn in_acl(&self, addr: IpAddr) -> bool {
        self.acls.iter().any(|range| range.contains(&addr))
    }
}

fn remove(counts: &mut HashMap<IpAddr, usize>, addr: IpAddr) {
    if let Some(count) = counts.get_mut(&addr) {
        *count -= 1;
        if *count == 0 {
            counts.remove(&addr);
        }
    }
}

/// Who gets a zone.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    /// The addresses of its peers.
    linked: Vec<IpAddr>,
    /// The keys of its peers, by their tags.
    keys: Vec<u128>,
}

impl Outgoing {
    /// For linked peers: their addresses, and their TSIGs.
    pub(super) fn new(linked: impl Iterator<Item = (Option<IpAddr>, Option<Id>)>) -> Self {
        let mut outgoing = Self::default();
        for (addr, tsig) in linked {
            outgoing.linked.extend(addr.map(|addr| addr.to_canonical()));
            outgoing.keys.extend(tsig.map(tag));
        }
        outgoing
    }

    pub(super) fn linked(&self) -> &[IpAddr] {
        &self.linked
    }

    /// Whether an address may ask about the zone: a linked peer's, or one of an ACL.
    pub(super) fn admits(&self, addr: IpAddr, access: &AccountAccess) -> bool {
        self.linked.contains(&addr) || access.in_acl(addr)
    }

    /// Whether an asker that signed with this key, or not at all, may be answered. When a linked peer has a key, one of those
    /// is needed, wherever the request comes from; when none has, none is needed, and any will do.
    pub(super) fn key_admits(&self, key: Option<u128>) -> bool {
        self.keys.is_empty() || key.is_some_and(|key| self.keys.contains(&key))
    }
}
