//! All objects, and what is looked up in them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::RangeInclusive;
use std::sync::Arc;

use zxfr_core::name::{Name, NameRef};

use super::alerting::AlertingObjects;
use super::id::Id;
use super::object::{
    Account, Acl, Incoming, Object, ObjectKey, Origin, Outgoing, Peer, Reach, Token, Tsig, Zone, ZonePolicy,
};
use super::settings::ZoneSettings;

/// All objects. Whoever reads says for which accounts, so that no other's are found.
#[derive(Clone, Debug, Default)]
pub struct Objects {
    accounts: Vec<Arc<Account>>,
    tokens: BTreeMap<Id, Arc<Token>>,
    tsigs: Owned<Tsig>,
    peers: Owned<Peer>,
    acls: Owned<Acl>,
    zones: Owned<Zone>,
    incoming: HashMap<Id, Arc<Incoming>>,
    outgoing: HashMap<Id, Arc<Outgoing>>,
    policies: HashMap<Id, Arc<ZonePolicy>>,
    settings: HashMap<Id, Arc<ZoneSettings>>,
    alerting: AlertingObjects,
    /// The zones by name, without case.
    names: HashMap<Name, Id>,
    /// For each peer the zones that it is linked to.
    links: HashMap<Id, BTreeSet<Id>>,
    /// For each TSIG the peers that have it.
    users: HashMap<Id, BTreeSet<Id>>,
}

/// Objects of one kind by account and id.
#[derive(Clone, Debug)]
pub(super) struct Owned<T> {
    all: BTreeMap<(Id, Id), Arc<T>>,
    owners: HashMap<Id, Id>,
}

impl<T> Default for Owned<T> {
    fn default() -> Self {
        Self { all: BTreeMap::new(), owners: HashMap::new() }
    }
}

impl<T> Owned<T> {
    pub(super) fn find(&self, account: Id, id: Id) -> Option<&Arc<T>> {
        self.all.get(&(account, id))
    }

    /// Whoever's it is.
    pub(super) fn any(&self, id: Id) -> Option<&Arc<T>> {
        self.find(*self.owners.get(&id)?, id)
    }

    pub(super) fn of(&self, account: Id) -> impl Iterator<Item = &Arc<T>> {
        self.all.range(of(account)).map(|(_, object)| object)
    }

    pub(super) fn put(&mut self, account: Id, id: Id, object: Arc<T>) -> Option<Arc<T>> {
        self.owners.insert(id, account);
        self.all.insert((account, id), object)
    }

    pub(super) fn delete(&mut self, id: Id) -> Option<Arc<T>> {
        let account = self.owners.remove(&id)?;
        self.all.remove(&(account, id))
    }

    /// Whose ever they are.
    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<T>> {
        self.all.values()
    }
}

/// The keys of an account's objects.
const fn of(account: Id) -> RangeInclusive<(Id, Id)> {
    (account, Id([0; 16]))..=(account, Id([0xff; 16]))
}

impl Objects {
    /// The accounts that are open, the first first.
    pub fn accounts(&self, reach: &Reach) -> impl Iterator<Item = &Arc<Account>> {
        self.accounts.iter().filter(|account| reach.opens(account.id))
    }

    /// An account, if it is open.
    #[must_use]
    pub fn account(&self, reach: &Reach, id: Id) -> Option<&Arc<Account>> {
        self.accounts(reach).find(|account| account.id == id)
    }

    /// All tokens, for telling whose a secret is.
    pub fn tokens(&self) -> impl Iterator<Item = &Arc<Token>> {
        self.tokens.values()
    }

    /// An account's TSIGs, the oldest first.
    #[must_use]
    pub fn tsigs(&self, account: Id) -> Vec<Arc<Tsig>> {
        let mut all: Vec<_> = self.tsigs.of(account).cloned().collect();
        all.sort_by_key(|tsig| (tsig.created, tsig.id));
        all
    }

    /// A TSIG of an account.
    #[must_use]
    pub fn tsig(&self, account: Id, id: Id) -> Option<&Arc<Tsig>> {
        self.tsigs.find(account, id)
    }

    /// An account's peers, the oldest first.
    #[must_use]
    pub fn peers(&self, account: Id) -> Vec<Arc<Peer>> {
        let mut all: Vec<_> = self.peers.of(account).cloned().collect();
        all.sort_by_key(|peer| (peer.created, peer.id));
        all
    }

    /// A peer of an account.
    #[must_use]
    pub fn peer(&self, account: Id, id: Id) -> Option<&Arc<Peer>> {
        self.peers.find(account, id)
    }

    /// An account's ACLs, the oldest first.
    #[must_use]
    pub fn acls(&self, account: Id) -> Vec<Arc<Acl>> {
        let mut all: Vec<_> = self.acls.of(account).cloned().collect();
        all.sort_by_key(|acl| (acl.created, acl.id));
        all
    }

    /// An ACL of an account.
    #[must_use]
    pub fn acl(&self, account: Id, id: Id) -> Option<&Arc<Acl>> {
        self.acls.find(account, id)
    }

    /// The zones of the accounts that are open, in no order that matters.
    pub fn zones(&self, reach: &Reach) -> impl Iterator<Item = &Arc<Zone>> {
        self.accounts(reach).flat_map(|account| self.zones.of(account.id))
    }

    /// A zone, if its account is open.
    #[must_use]
    pub fn zone(&self, reach: &Reach, id: Id) -> Option<&Arc<Zone>> {
        self.any_zone(id).filter(|zone| reach.opens(zone.account))
    }

    /// The zone of a name, if its account is open.
    #[must_use]
    pub fn zone_named(&self, reach: &Reach, name: NameRef<'_>) -> Option<&Arc<Zone>> {
        self.any_zone_named(name).filter(|zone| reach.opens(zone.account))
    }

    /// Where a zone is transferred from.
    #[must_use]
    pub fn incoming(&self, zone: &Zone) -> Option<&Arc<Incoming>> {
        self.incoming.get(&zone.id)
    }

    /// Who gets a zone.
    #[must_use]
    pub fn outgoing(&self, zone: &Zone) -> Option<&Arc<Outgoing>> {
        self.outgoing.get(&zone.id)
    }

    /// What holds for changes of a zone's records.
    #[must_use]
    pub fn policy(&self, zone: &Zone) -> Arc<ZonePolicy> {
        self.policies.get(&zone.id).cloned().unwrap_or_else(|| Arc::new(ZonePolicy::default_of(zone)))
    }

    /// Whether something holds for changes of a zone's records that isn't so by default.
    pub(super) fn has_policy(&self, zone: Id) -> bool {
        self.policies.contains_key(&zone)
    }

    /// What is set for a zone besides its records.
    #[must_use]
    pub fn settings(&self, zone: &Zone) -> Arc<ZoneSettings> {
        self.settings.get(&zone.id).cloned().unwrap_or_else(|| Arc::new(ZoneSettings::default_of(zone)))
    }

    /// Whether something is set for a zone that isn't so by default.
    pub(super) fn has_settings(&self, zone: Id) -> bool {
        self.settings.contains_key(&zone)
    }

    /// The zones that may be changed by DNS UPDATE with a TSIG.
    pub fn zones_updated_with(&self, tsig: &Tsig) -> impl Iterator<Item = &Arc<Zone>> {
        let updated = self.policies.values().filter(|policy| policy.update.contains(&tsig.id));
        updated.filter_map(|policy| self.any_zone(policy.zone))
    }

    /// The zones that a peer is linked to.
    pub fn zones_of_peer(&self, peer: &Peer) -> impl Iterator<Item = &Arc<Zone>> {
        self.links.get(&peer.id).into_iter().flatten().filter_map(|zone| self.any_zone(*zone))
    }

    /// The peers that have a TSIG.
    pub fn peers_of_tsig(&self, tsig: &Tsig) -> impl Iterator<Item = &Arc<Peer>> {
        self.users.get(&tsig.id).into_iter().flatten().filter_map(|peer| self.peers.any(*peer))
    }

    pub(super) const fn alerting(&self) -> &AlertingObjects {
        &self.alerting
    }

    pub(crate) fn any_zone(&self, id: Id) -> Option<&Arc<Zone>> {
        self.zones.any(id)
    }

    pub(super) fn any_zone_named(&self, name: NameRef<'_>) -> Option<&Arc<Zone>> {
        self.any_zone(*self.names.get(&name.to_name())?)
    }

    /// What the store holds.
    pub(super) fn managed(&self) -> Vec<Object> {
        let accounts = self.accounts.iter().filter(|account| account.origin == Origin::Managed).cloned();
        let tokens = self.tokens.values().filter(|token| token.origin == Origin::Managed).cloned();
        let tsigs = self.tsigs.all.values().filter(|tsig| tsig.origin == Origin::Managed).cloned();
        let peers = self.peers.all.values().filter(|peer| peer.origin == Origin::Managed).cloned();
        let acls = self.acls.all.values().filter(|acl| acl.origin == Origin::Managed).cloned();
        let zones = self.zones.all.values().filter(|zone| zone.origin == Origin::Managed).cloned();
        let incoming = self.incoming.values().filter(|incoming| incoming.origin == Origin::Managed).cloned();
        let outgoing = self.outgoing.values().filter(|outgoing| outgoing.origin == Origin::Managed).cloned();
        (accounts.map(Object::Account))
            .chain(tokens.map(Object::Token))
            .chain(tsigs.map(Object::Tsig))
            .chain(peers.map(Object::Peer))
            .chain(acls.map(Object::Acl))
            .chain(zones.map(Object::Zone))
            .chain(incoming.map(Object::Incoming))
            .chain(outgoing.map(Object::Outgoing))
            .chain(self.policies.values().cloned().map(Object::Policy))
            .chain(self.settings.values().cloned().map(Object::Settings))
            .chain(self.alerting.all().map(Object::Alerting))
            .collect()
    }

    /// Where objects go that the configuration declares.
    pub(super) fn first_account(&self) -> Option<Id> {
        self.accounts.first().map(|account| account.id)
    }

    /// What is there under a key, whoever's it is.
    pub(super) fn find(&self, key: ObjectKey) -> Option<Object> {
        match key {
            ObjectKey::Account(id) => self.account(&Reach::All, id).cloned().map(Object::Account),
            ObjectKey::Token(id) => self.tokens.get(&id).cloned().map(Object::Token),
            ObjectKey::Tsig(id) => self.tsigs.any(id).cloned().map(Object::Tsig),
            ObjectKey::Peer(id) => self.peers.any(id).cloned().map(Object::Peer),
            ObjectKey::Acl(id) => self.acls.any(id).cloned().map(Object::Acl),
            ObjectKey::Zone(id) => self.zones.any(id).cloned().map(Object::Zone),
            ObjectKey::Incoming(id) => self.incoming.get(&id).cloned().map(Object::Incoming),
            ObjectKey::Outgoing(id) => self.outgoing.get(&id).cloned().map(Object::Outgoing),
            ObjectKey::Policy(id) => self.policies.get(&id).cloned().map(Object::Policy),
            ObjectKey::Settings(id) => self.settings.get(&id).cloned().map(Object::Settings),
            ObjectKey::Alerting(key) => self.alerting.find(key).map(Object::Alerting),
        }
    }

    /// Puts an object in the place of the one with its key.
    pub(super) fn put(&mut self, object: Object) {
        match object {
            Object::Account(account) => match self.accounts.iter_mut().find(|other| other.id == account.id) {
                Some(place) => *place = account,
                None => self.accounts.push(account),
            },
            Object::Token(token) => {
                self.tokens.insert(token.id, token);
            }
            Object::Tsig(tsig) => {
                self.tsigs.put(tsig.account, tsig.id, tsig);
            }
            Object::Peer(peer) => {
                if let Some(tsig) = peer.tsig_id {
                    self.users.entry(tsig).or_default().insert(peer.id);
                }
                let (id, tsig) = (peer.id, peer.tsig_id);
                if let Some(before) = self.peers.put(peer.account, id, peer).and_then(|before| before.tsig_id)
                    && Some(before) != tsig
                {
                    unlink(&mut self.users, before, id);
                }
            }
            Object::Acl(acl) => {
                self.acls.put(acl.account, acl.id, acl);
            }
            Object::Zone(zone) => {
                self.names.insert(zone.name.value().clone(), zone.id);
                self.zones.put(zone.account, zone.id, zone);
            }
            Object::Incoming(incoming) => {
                let zone = incoming.zone;
                let before = self.incoming.insert(zone, incoming);
                self.relink(zone, before.map(|before| before.peers.clone()));
            }
            Object::Outgoing(outgoing) => {
                let zone = outgoing.zone;
                let before = self.outgoing.insert(zone, outgoing);
                self.relink(zone, before.map(|before| before.peers.clone()));
            }
            Object::Policy(policy) => {
                self.policies.insert(policy.zone, policy);
            }
            Object::Settings(settings) => {
                self.settings.insert(settings.zone, settings);
            }
            Object::Alerting(object) => self.alerting.put(object),
        }
    }

    /// Takes an object out.
    pub(super) fn delete(&mut self, key: ObjectKey) {
        match key {
            ObjectKey::Account(id) => self.accounts.retain(|account| account.id != id),
            ObjectKey::Token(id) => {
                self.tokens.remove(&id);
            }
            ObjectKey::Tsig(id) => {
                self.tsigs.delete(id);
            }
            ObjectKey::Peer(id) => {
                if let Some(tsig) = self.peers.delete(id).and_then(|peer| peer.tsig_id) {
                    unlink(&mut self.users, tsig, id);
                }
            }
            ObjectKey::Acl(id) => {
                self.acls.delete(id);
            }
            ObjectKey::Zone(id) => {
                if let Some(zone) = self.zones.delete(id) {
                    self.names.remove(zone.name.value());
                }
            }
            ObjectKey::Incoming(id) => {
                let before = self.incoming.remove(&id);
                self.relink(id, before.map(|before| before.peers.clone()));
            }
            ObjectKey::Outgoing(id) => {
                let before = self.outgoing.remove(&id);
                self.relink(id, before.map(|before| before.peers.clone()));
            }
            ObjectKey::Policy(id) => {
                self.policies.remove(&id);
            }
            ObjectKey::Settings(id) => {
                self.settings.remove(&id);
            }
            ObjectKey::Alerting(key) => self.alerting.delete(key),
        }
    }

    /// The links of a zone have changed: these were some of those before.
    fn relink(&mut self, zone: Id, before: Option<Vec<Id>>) {
        let incoming = self.incoming.get(&zone).into_iter().flat_map(|incoming| &incoming.peers);
        let outgoing = self.outgoing.get(&zone).into_iter().flat_map(|outgoing| &outgoing.peers);
        let now: BTreeSet<Id> = incoming.chain(outgoing).copied().collect();
        for peer in before.into_iter().flatten().filter(|peer| !now.contains(peer)) {
            unlink(&mut self.links, peer, zone);
        }
        for peer in now {
            self.links.entry(peer).or_default().insert(zone);
        }
    }
}

fn unlink(links: &mut HashMap<Id, BTreeSet<Id>>, of: Id, other: Id) {
    if let Some(others) = links.get_mut(&of) {
        others.remove(&other);
        if others.is_empty() {
            links.remove(&of);
        }
    }
}
