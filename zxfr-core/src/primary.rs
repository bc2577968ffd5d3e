//! The primary: a request and who asked, to what is answered. It reads no socket and keeps no state; zones, keys, rules and
//! quotas are the host's, asked for through [`Host`].
//!
//! The order in which things are looked at: shape of the request, address and transport ([`Host::admits`]), TSIG
//! ([`Host::keys`]), key rules ([`Host::key_admits`]), the zone ([`Host::version`], [`Host::answer`]), quota
//! ([`Host::admit_transfer`]). So nothing secret is computed for a stranger, and no quota is eaten by one. NOTIFY goes the
//! same way, with [`Host::admits_notify`] and [`Host::notify_key_admits`]; and UPDATE, with [`Host::admits_update`] and
//! [`Host::update_key_admits`].
//!
//! Queries that are no transfers are answered from what a zone has, where the host says which zone has the name
//! ([`Host::zone_of`]); others get a zone's SOA, and nothing else.
//!
//! | module | holds |
//! |---|---|
//! | `host` | [`Host`] |
//! | `request` | a request's shape, its asker, its key |
//! | `grant` | [`Grant`]: a request that may be answered |
//! | `update` | [`Update`]: an UPDATE that may be performed |
//! | `reply` | answers of one message, and why requests are refused |

mod grant;
mod host;
mod reply;
mod request;
mod update;

pub use grant::{Grant, Wanted};
pub use host::{Host, KeyWanted, Keys, Unserved};
pub use reply::{Refusal, Reply, Sent};
pub use update::{Update, UpdateRequest};

use crate::acl::{Asker, Transport};
use crate::answer::Query;
use crate::journal::Answer;
use crate::name::Name;
use crate::serial::Serial;
use crate::time::UnixTime;
use crate::transfer::Outbound;
use crate::tsig::{Algorithm, Key, Mac};
use crate::wire::{Flags, Message, Writer};
use alloc::vec::Vec;
use request::Request;

/// What is done about a request.
#[derive(Debug)]
pub enum Action<M: Mac> {
    /// Send this message.
    Reply(Reply),
    /// Send a transfer, message by message.
    Stream(Outbound<M>),
    /// A zone may have changed: send the reply, and look (RFC 1996 §3).
    Notify(Notify),
    /// Change the zone, then send the reply (RFC 2136).
    Update(Update<M>),
    /// Fetch keys, then call [`Pending::supply`].
    NeedKeys(Pending),
    /// Send nothing.
    Drop(DropReason),
}

/// Why a request isn't answered at all.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DropReason {
    /// Less than a header, or more than a message.
    NoMessage,
    /// It is an answer, and answers aren't answered.
    Answer,
}

/// A NOTIFY (RFC 1996) from somebody who may send it.
#[derive(Clone, Debug)]
pub struct Notify {
    /// Its answer.
    pub reply: Reply,
    /// The zone that may have changed.
    pub zone: Name,
    /// Its new serial, if the NOTIFY names one: a hint, and worth no more than the NOTIFY.
    pub serial: Option<Serial>,
    /// The key that signed it, if one did.
    pub key: Option<Name>,
    /// Who sent it.
    pub asker: Asker,
}

impl Notify {
    fn new<M: Mac>(grant: &Grant<M>, serial: Option<Serial>, now: UnixTime) -> Self {
        let (zone, key) = (grant.zone().to_name(), grant.key_name().map(|name| name.to_name()));
        Self { reply: grant.acknowledge(now), zone, serial, key, asker: grant.asker }
    }
}

/// A request that waits for keys.
#[derive(Clone, Debug)]
pub struct Pending {
    octets: Vec<u8>,
    asker: Asker,
    /// The zone that is asked about.
    pub zone: Name,
    /// The name of the key that is looked for.
    pub key_name: Name,
    /// Its algorithm.
    pub algorithm: Algorithm,
}

impl Pending {
    /// Goes on with the request, now that the keys are there.
    pub fn supply<H: Host>(self, host: &H, keys: Vec<Key<H::Mac>>, now: UnixTime) -> Action<H::Mac> {
        match admit(host, &self.octets, &self.asker, now, Some(keys)) {
            Ok(grant) => answer(host, grant, now),
            Err(action) => action,
        }
    }

    /// Goes on with a request to [`admit_request`], now that the keys are there.
    ///
    /// # Errors
    /// As [`admit_request`].
    #[expect(clippy::result_large_err, reason = "an action is what is wanted, not an accident")]
    pub fn admit<H: Host>(
        self,
        host: &H,
        keys: Vec<Key<H::Mac>>,
        now: UnixTime,
    ) -> Result<Grant<H::Mac>, Action<H::Mac>> {
        admit(host, &self.octets, &self.asker, now, Some(keys))
    }
}

/// What is answered to the request `octets` of `asker`.
pub fn handle_request<H: Host>(host: &H, octets: &[u8], asker: &Asker, now: UnixTime) -> Action<H::Mac> {
    match admit(host, octets, asker, now, None) {
        Ok(grant) => answer(host, grant, now),
        Err(action) => action,
    }
}

/// Whether `asker` may have what the request `octets` asks for: the first half of [`handle_request`], for hosts that keep
/// zones in a store of their own. Of such a host neither versions nor quotas are asked for.
///
/// # Errors
/// When that settles it: what to do then. It is never [`Action::Stream`].
#[expect(clippy::result_large_err, reason = "an action is what is wanted, not an accident")]
pub fn admit_request<H: Host>(
    host: &H,
    octets: &[u8],
    asker: &Asker,
    now: UnixTime,
) -> Result<Grant<H::Mac>, Action<H::Mac>> {
    admit(host, octets, asker, now, None)
}

#[expect(clippy::result_large_err, reason = "an action is what is wanted, not an accident")]
fn admit<H: Host>(
    host: &H,
    octets: &[u8],
    asker: &Asker,
    now: UnixTime,
    supplied: Option<Vec<Key<H::Mac>>>,
) -> Result<Grant<H::Mac>, Action<H::Mac>> {
    let message = Message::new(octets).map_err(|_| Action::Drop(DropReason::NoMessage))?;
    if message.header().flags.has(Flags::QR) {
        return Err(Action::Drop(DropReason::Answer));
    }
    Request::read(&message, asker).map_err(Action::Reply)?.admit(host, now, supplied)
}

/// Answers a request that may be answered.
fn answer<H: Host>(host: &H, mut grant: Grant<H::Mac>, now: UnixTime) -> Action<H::Mac> {
    let version = match host.version(grant.zone()) {
        Ok(version) => version,
        Err(unserved) => return Action::Reply(grant.refuse(Refusal::Unserved(unserved), now)),
    };
    grant.set_expire(host.expire(grant.zone()));
    let soa = |grant: &Grant<H::Mac>| Action::Reply(grant.soa(&version.soa(), now));
    let whole = |grant: &Grant<H::Mac>| Outbound::axfr(version.clone(), grant.asked.clone(), grant.signer());
    let known = match grant.wanted {
        Wanted::Soa => return soa(&grant),
        Wanted::Records { dnssec } => {
            let write = |query: &Query<'_>, writer: &mut Writer<'_>| host.answer_query(&version, query, writer);
            return Action::Reply(grant.records(dnssec, write, now));
        }
        Wanted::Axfr => Answer::Whole,
        // RFC 1995 §2. Where the order of the two serials is open, the asker gets what there is.
        Wanted::Ixfr { from } if from == version.serial() || from.is_newer_than(version.serial()) => Answer::UpToDate,
        Wanted::Ixfr { from } => host.answer(grant.zone(), &version, from),
    };
    let outbound = match known {
        Answer::UpToDate => return soa(&grant),
        // A record that can't be sent signed may be among the deletions only.
        Answer::Differences(differences) => {
            Outbound::ixfr(differences, grant.asked.clone(), grant.signer()).or_else(|_| whole(&grant))
        }
        Answer::Whole => whole(&grant),
    };
    let outbound = match outbound {
        Ok(outbound) => outbound,
        Err(unsignable) => return Action::Reply(grant.refuse(Refusal::Unsignable(unsignable), now)),
    };
    if grant.asker.transport == Transport::Udp {
        return grant.datagram(outbound, now).map_or_else(|| soa(&grant), Action::Reply);
    }
    // Last, so that every transfer that was admitted starts.
    if !host.admit_transfer(grant.zone(), &grant.asker) {
        return Action::Reply(grant.refuse(Refusal::Quota, now));
    }
    Action::Stream(outbound)
}

#[cfg(all(test, feature = "rustcrypto"))]
mod tests;
