//! What has been between a zone and others since the daemon was started: for its status and for metrics. All of it is bounded:
//! peers by how many are remembered, counts by the words that there are.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use zxfr_core::serial::Serial;
use zxfr_core::transfer::Totals;

use crate::catalog::Time;
use crate::logging::{Direction, Kind};

/// How many addresses are remembered of each kind: more than a zone has peers. When there are more, the one that was heard of
/// longest ago is forgotten.
const ADDRESSES: usize = 64;

/// What counts as going well in counts.
pub(crate) const OK: &str = "ok";

/// What has been between a zone and others.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dealings {
    /// When another version was last served.
    pub(crate) changed: Option<Time>,
    /// When somebody last asked for the serial, or for what is newer.
    pub(crate) checked: Option<Time>,
    /// When it was last transferred to somebody.
    pub(crate) sent: Option<Time>,
    /// Transfers to others under way.
    pub(crate) sending: u32,
    /// Those who were told of new versions.
    told: BTreeMap<SocketAddr, Contact>,
    /// Those who asked.
    askers: BTreeMap<IpAddr, Contact>,
    /// Transfers and checks, by which way they went, what they were and how they ended.
    pub(crate) transfers: BTreeMap<(Direction, Kind, &'static str), Tally>,
    /// NOTIFYs that were sent, by how that ended.
    pub(crate) notifies_out: BTreeMap<&'static str, u64>,
    /// NOTIFYs that came from those who may send them.
    pub(crate) notifies_in: u64,
    /// SOAs given.
    pub(crate) soas: u64,
    /// Requests that were refused, by why.
    pub(crate) refusals: BTreeMap<&'static str, u64>,
    /// UPDATEs that were performed or not, by what became of them.
    pub(crate) updates: BTreeMap<&'static str, u64>,
}

/// What was between a zone and one other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Contact {
    /// The serial that it has, as far as that is known.
    pub(crate) serial: Option<Serial>,
    /// When it was last told, or asked.
    pub(crate) at: Option<Time>,
    /// When that last went well.
    pub(crate) well: Option<Time>,
    /// What last went wrong.
    pub(crate) failure: Option<Failed>,
    /// Whether nothing has gone well since then.
    pub(crate) failing: bool,
}

/// Something that went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failed {
    /// When.
    pub(crate) at: Time,
    /// Why, as one of [`crate::reason::WORDS`].
    pub(crate) reason: &'static str,
    /// Why, in words for people.
    pub(crate) message: Arc<str>,
}

/// Transfers of one kind that ended the same.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Tally {
    /// How many.
    pub(crate) count: u64,
    /// What was sent or received.
    pub(crate) totals: Totals,
    /// How long they took.
    pub(crate) elapsed: Duration,
}

impl Dealings {
    /// A transfer or a check has ended.
    pub(crate) fn count(
        &mut self,
        direction: Direction,
        kind: Kind,
        result: &'static str,
        totals: Totals,
        elapsed: Duration,
    ) {
        let tally = self.transfers.entry((direction, kind, result)).or_default();
        tally.count += 1;
        tally.elapsed = tally.elapsed.saturating_add(elapsed);
        let Totals { messages, records, octets } = totals;
        tally.totals.messages = tally.totals.messages.saturating_add(messages);
        tally.totals.records = tally.totals.records.saturating_add(records);
        tally.totals.octets = tally.totals.octets.saturating_add(octets);
    }

    /// How many transfers have brought a version.
    pub(crate) fn received(&self) -> u64 {
        let count = |kind| self.transfers.get(&(Direction::In, kind, OK)).map_or(0, |tally| tally.count);
        count(Kind::Axfr) + count(Kind::Ixfr)
    }

    /// A NOTIFY to this address has ended.
    pub(crate) fn told(&mut self, addr: SocketAddr, result: Result<(), (&'static str, Arc<str>)>, now: Time) {
        let word = result.as_ref().map_or_else(|(word, _)| *word, |()| OK);
        *self.notifies_out.entry(word).or_default() += 1;
        contact(&mut self.told, addr).note(result, now);
    }

    /// Somebody at this address asked for the zone, and has this serial now if it is known. An address that is none of a
    /// peer's need not be remembered.
    pub(crate) fn asked(
        &mut self,
        addr: Option<IpAddr>,
        serial: Option<Serial>,
        result: Result<(), (&'static str, Arc<str>)>,
        now: Time,
    ) {
        if let Some(addr) = addr {
            let contact = contact(&mut self.askers, addr);
            contact.serial = serial.or(contact.serial);
            contact.note(result, now);
        }
    }

    /// All that was between the zone and a peer to which it goes: NOTIFYs to its address, requests from its address whatever
    /// their port.
    pub(crate) fn with(&self, addr: SocketAddr) -> Contact {
        let asker = self.askers.get(&addr.ip().to_canonical());
        let canonical = SocketAddr::new(addr.ip().to_canonical(), addr.port());
        let told = self.told.get(&addr).or_else(|| self.told.get(&canonical));
        match (asker, told) {
            (None, None) => Contact::default(),
            (Some(one), None) | (None, Some(one)) => one.clone(),
            (Some(asker), Some(told)) => {
                let later = |contact: &Contact| contact.failure.as_ref().map(|failure| failure.at);
                let last = if later(asker) > later(told) { asker } else { told };
                let failing = if asker.failing == told.failing {
                    last
                } else if asker.failing {
                    asker
                } else {
                    told
                };
                Contact {
                    serial: asker.serial,
                    at: asker.at.max(told.at),
                    well: asker.well.max(told.well),
                    failure: failing.failure.clone(),
                    failing: asker.failing || told.failing,
                }
            }
        }
    }
}

impl Contact {
    fn note(&mut self, result: Result<(), (&'static str, Arc<str>)>, now: Time) {
        self.at = Some(now);
        match result {
            Ok(()) => (self.well, self.failing) = (Some(now), false),
            Err((reason, message)) => {
                self.failure = Some(Failed { at: now, reason, message });
                self.failing = true;
            }
        }
    }
}

/// What is remembered of this address.
fn contact<K: Ord + Copy>(contacts: &mut BTreeMap<K, Contact>, addr: K) -> &mut Contact {
    if contacts.len() >= ADDRESSES && !contacts.contains_key(&addr) {
        let oldest = contacts.iter().min_by_key(|(_, contact)| contact.at).map(|(addr, _)| *addr);
        oldest.map(|oldest| contacts.remove(&oldest));
    }
    contacts.entry(addr).or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong() -> Result<(), (&'static str, Arc<str>)> {
        Err(("timeout", "no answer".into()))
    }

    #[test]
    fn a_peer_is_known_by_what_it_was_told_and_what_it_asked() {
        let mut dealings = Dealings::default();
        let addr: SocketAddr = "192.0.2.1:5300".parse().unwrap();
        assert_eq!(dealings.with(addr), Contact::default());
        dealings.told(addr, wrong(), Time(1));
        let contact = dealings.with(addr);
        assert!(contact.failing && contact.well.is_none() && contact.serial.is_none());
        assert_eq!(contact.failure.map(|failure| (failure.at, failure.reason)), Some((Time(1), "timeout")));
        // It came all the same; that it can't be told is still so.
        dealings.asked(Some(addr.ip()), Some(Serial(7)), Ok(()), Time(2));
        let contact = dealings.with(addr);
        assert_eq!((contact.serial, contact.at, contact.well), (Some(Serial(7)), Some(Time(2)), Some(Time(2))));
        assert!(contact.failing);
        dealings.told(addr, Ok(()), Time(3));
        let contact = dealings.with(addr);
        assert!(!contact.failing && contact.well == Some(Time(3)));
        assert_eq!(contact.failure.map(|failure| failure.at), Some(Time(1)), "however long ago");
        // Who only asks whether there is something new has what it had.
        dealings.asked(Some(addr.ip()), None, Ok(()), Time(4));
        assert_eq!(dealings.with(addr).serial, Some(Serial(7)));
        assert_eq!(dealings.notifies_out, BTreeMap::from([("ok", 1), ("timeout", 1)]));
        let other: SocketAddr = "192.0.2.1:5301".parse().unwrap();
        assert_eq!(dealings.with(other).well, Some(Time(4)), "askers have any port");
    }

    #[test]
    fn no_more_addresses_than_there_is_room_for() {
        let mut dealings = Dealings::default();
        for number in 0..1_000 {
            let addr = SocketAddr::from(([192, 0, 2, 1], number + 1));
            dealings.told(addr, Ok(()), Time(number.into()));
            dealings.asked(Some(IpAddr::from(u128::from(number).to_be_bytes())), None, Ok(()), Time(number.into()));
        }
        assert_eq!((dealings.told.len(), dealings.askers.len()), (ADDRESSES, ADDRESSES));
        assert!(dealings.told.contains_key(&SocketAddr::from(([192, 0, 2, 1], 1_000))), "the newest are kept");
        // Addresses that are no peer's aren't kept.
        dealings.asked(None, Some(Serial(1)), Ok(()), Time(0));
        assert_eq!(dealings.askers.len(), ADDRESSES);
    }

    #[test]
    fn transfers_are_counted_by_how_they_ended() {
        let mut dealings = Dealings::default();
        let totals = Totals { messages: 1, records: 2, octets: 3 };
        for result in [OK, OK, "cut"] {
            dealings.count(Direction::In, Kind::Axfr, result, totals, Duration::from_secs(1));
        }
        let ok = dealings.transfers[&(Direction::In, Kind::Axfr, OK)];
        assert_eq!((ok.count, ok.totals.records, ok.totals.octets, ok.elapsed.as_secs()), (2, 4, 6, 2));
        assert_eq!(dealings.transfers[&(Direction::In, Kind::Axfr, "cut")].count, 1);
        dealings.count(Direction::In, Kind::Ixfr, OK, totals, Duration::ZERO);
        dealings.count(Direction::In, Kind::UpToDate, OK, totals, Duration::ZERO);
        dealings.count(Direction::Out, Kind::Axfr, OK, totals, Duration::ZERO);
        assert_eq!(dealings.received(), 3, "two AXFRs and an IXFR");
    }
}
