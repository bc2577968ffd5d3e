//! What a primary asks of the server that it is part of.

use super::reply::Refusal;
use crate::acl::Asker;
use crate::answer;
use crate::journal::Answer;
use crate::name::{Name, NameRef};
use crate::serial::Serial;
use crate::tsig::{Algorithm, Key, Mac};
use crate::wire::{Full, Opcode, Rtype, Writer};
use crate::zone::Version;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// What a primary asks of the server that it is part of.
pub trait Host {
    /// How MACs are computed.
    type Mac: Mac;

    /// Whether this asker may ask about this zone at all, whatever its key. `false` also for zones that don't exist.
    fn admits(&self, zone: NameRef<'_>, asker: &Asker) -> bool;

    /// The keys that may have signed a request, by the zone, the key's name and algorithm, and the asker.
    fn keys(&self, wanted: &KeyWanted<'_>) -> Keys<Self::Mac>;

    /// Whether a request signed with this key, or with none, may be answered.
    fn key_admits(&self, zone: NameRef<'_>, asker: &Asker, key: Option<NameRef<'_>>) -> bool;

    /// As [`Host::key_admits`], for hosts that have several keys of one name: they tell them by [`Key::tag`].
    fn verified_key_admits(&self, zone: NameRef<'_>, asker: &Asker, key: Option<&Key<Self::Mac>>) -> bool {
        self.key_admits(zone, asker, key.map(Key::name))
    }

    /// The zone that a query of this asker about a name is answered from: that with the longest apex at or above the name, of a DS
    /// the one above. `None` where there is none; and of hosts that answer SOA queries about zones and nothing else, which is the
    /// default.
    fn zone_of(&self, qname: NameRef<'_>, qtype: Rtype, asker: &Asker) -> Option<Name> {
        let _ = (qname, qtype, asker);
        None
    }

    /// As [`Host::admits`], of queries that are no transfers.
    fn admits_query(&self, zone: NameRef<'_>, asker: &Asker) -> bool {
        self.admits(zone, asker)
    }

    /// As [`Host::verified_key_admits`], of queries that are no transfers.
    fn query_key_admits(&self, zone: NameRef<'_>, asker: &Asker, key: Option<&Key<Self::Mac>>) -> bool {
        self.verified_key_admits(zone, asker, key)
    }

    /// Writes the answer to a query that [`Host::zone_of`] gives a zone for: [`Version::answer`], with the host's SHA-1.
    ///
    /// # Errors
    /// When nothing is written; the asker is sent to TCP then.
    fn answer_query(
        &self,
        version: &Version,
        query: &answer::Query<'_>,
        writer: &mut Writer<'_>,
    ) -> Result<answer::Answer, Full> {
        let _ = (version, query, writer);
        Err(Full)
    }

    /// The version to answer from.
    ///
    /// # Errors
    /// When there is none that may be served.
    fn version(&self, zone: NameRef<'_>) -> Result<Arc<Version>, Unserved>;

    /// Whether one more transfer may start now; when it may, it starts. An answer of one datagram is none.
    fn admit_transfer(&self, zone: NameRef<'_>, asker: &Asker) -> bool;

    /// What leads from this serial to this version, which [`Host::version`] gave: see [`crate::journal::Journal::answer`].
    /// Asked when the serial is another than the version's and not newer. A host without a journal sends the zone.
    fn answer(&self, zone: NameRef<'_>, version: &Arc<Version>, from: Serial) -> Answer {
        let _ = (zone, version, from);
        Answer::Whole
    }

    /// After how many seconds the zone expires here, told to who asks for it (RFC 7314): the SOA's EXPIRE at a primary, what
    /// is left of it at a secondary.
    fn expire(&self, zone: NameRef<'_>) -> Option<u32> {
        let _ = zone;
        None
    }

    /// Whether this asker may send NOTIFY for this zone at all, whatever its key. `false` also for zones that don't exist.
    fn admits_notify(&self, zone: NameRef<'_>, asker: &Asker) -> bool {
        let _ = (zone, asker);
        false
    }

    /// Whether this asker may send UPDATE for this zone at all, whatever its key (RFC 2136 §3.3).
    ///
    /// # Errors
    /// Why not: [`Refusal::Stranger`] to who may not know which zones there are, [`Refusal::NotPrimary`],
    /// [`Refusal::NoUpdates`]; what a host that knows no UPDATE says, which is the default.
    fn admits_update(&self, zone: NameRef<'_>, asker: &Asker) -> Result<(), Refusal> {
        let _ = (zone, asker);
        Err(Refusal::Opcode(Opcode::UPDATE))
    }

    /// Whether an UPDATE signed with this key, or with none, is performed. Asked about askers that [`Host::admits_update`] lets
    /// through.
    fn update_key_admits(&self, zone: NameRef<'_>, asker: &Asker, key: Option<&Key<Self::Mac>>) -> bool {
        let _ = (zone, asker, key);
        false
    }

    /// Whether a NOTIFY signed with this key, or with none, is taken. Asked about askers that [`Host::admits_notify`] lets
    /// through. An unsigned one is no more than a hint: the zone's primaries are asked.
    fn notify_key_admits(&self, zone: NameRef<'_>, asker: &Asker, key: Option<NameRef<'_>>) -> bool {
        let _ = (zone, asker, key);
        true
    }
}

/// Why a zone that is configured is not served.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unserved {
    /// It was not loaded or transferred yet.
    NotLoaded,
    /// Its last transfer is longer ago than its SOA's EXPIRE (RFC 1034 §4.3.5).
    Expired,
}

/// Which keys are looked for.
#[derive(Clone, Copy, Debug)]
pub struct KeyWanted<'a> {
    /// The zone that is asked about.
    pub zone: NameRef<'a>,
    /// The name of the key.
    pub name: NameRef<'a>,
    /// Its algorithm.
    pub algorithm: Algorithm,
    /// Who asks.
    pub asker: &'a Asker,
}

/// What a host finds when keys are looked for.
#[derive(Clone, Debug)]
pub enum Keys<M> {
    /// These, in the order in which they are tried.
    Found(Vec<Key<M>>),
    /// They have to be fetched: the request comes back as [`super::Action::NeedKeys`], to be continued with
    /// [`super::Pending::supply`].
    Later,
}
