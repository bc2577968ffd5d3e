//! DNS UPDATE (RFC 2136) of zones whose records are changed here.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Display;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};

use zxfr_core::edit::Rules;
use zxfr_core::primary::{Reply, Update};
use zxfr_core::time::UnixTime;
use zxfr_core::tsig::rustcrypto::Hmac;
use zxfr_core::update::{self, Wrong};
use zxfr_core::wire::{Ede, Rcode};

use super::editing::{EditFailure, Edited, Made};
use super::standing::OK;
use super::zone::Zone;
use crate::catalog::Time;
use crate::reason;

/// What has become of an UPDATE, and why, for the log.
struct Outcome {
    rcode: Rcode,
    /// What its sender is told besides.
    ede: Option<(Ede, &'static str)>,
    /// One of [`reason::WORDS`].
    word: &'static str,
}

impl Zone {
    /// Performs an UPDATE whose sender may change the zone, and logs it. It waits for the store, so it is for blocking threads.
    pub(super) fn update(&self, update: &Update<Hmac>, peer: SocketAddr, performed: &Performed) -> Option<Reply> {
        let now = || UnixTime(Time::now().seconds());
        let key = update.key().map_or_else(|| "-".to_owned(), |key| key.name().to_string());
        match performed.begin(update.mac(), update.good_until(), now()) {
            Begun::New => {}
            Begun::Underway => return None,
            Begun::Ended(rcode) => {
                tracing::info!(update = %"in", zone = %self.name(), %peer, %key, %rcode, "the same again: nothing is done");
                return Some(update.reply(rcode, None, now()));
            }
        }
        let from = self.version().map(|version| version.serial());
        let request = update.request();
        let edited = self.edit(Rules::default(), move |edit| request.perform(edit).map(Made::new));
        let (zone, from) = (self.name(), from.map_or_else(|| "-".to_owned(), |serial| serial.to_string()));
        let outcome = match edited {
            Ok(Edited { serial: to, changed, .. }) => {
                tracing::info!(update = %"in", %zone, %peer, %key, %from, %to, changed, result = %OK);
                Outcome { rcode: Rcode::NOERROR, ede: None, word: OK }
            }
            Err(failure) => {
                let outcome = Outcome::of(&failure);
                let reason: &dyn Display = &failure;
                let (rcode, word) = (outcome.rcode, outcome.word);
                tracing::warn!(update = %"in", %zone, %peer, %key, %from, %rcode, result = %word, %reason);
                outcome
            }
        };
        performed.end(update.mac(), outcome.rcode);
        *self.dealings().updates.entry(outcome.word).or_default() += 1;
        Some(update.reply(outcome.rcode, outcome.ede, now()))
    }
}

impl Outcome {
    fn of(failure: &EditFailure<update::Refusal>) -> Self {
        let (rcode, ede, word) = match failure {
            EditFailure::GivenUp(refusal) => (refusal.rcode(), None, word(refusal)),
            EditFailure::Rule(_) => (Rcode::REFUSED, Some((Ede::PROHIBITED, "breaks a rule of zones")), reason::RULE),
            EditFailure::ReadOnly(_) | EditFailure::Gone => {
                (Rcode::NOTAUTH, Some((Ede::NOT_AUTHORITATIVE, "not primary for the zone")), reason::NOT_PRIMARY)
            }
            EditFailure::Store(_) => (Rcode::SERVFAIL, Some((Ede::OTHER, "could not be stored")), reason::STORE),
            EditFailure::Empty | EditFailure::Broken => (Rcode::SERVFAIL, None, reason::LOCAL),
        };
        Self { rcode, ede, word }
    }
}

/// One of [`reason::WORDS`].
const fn word(refusal: &update::Refusal) -> &'static str {
    match refusal {
        update::Refusal::Edit(_) => reason::RULE,
        update::Refusal::Record {
            wrong: Wrong::NameAbsent | Wrong::NamePresent | Wrong::RrsetAbsent | Wrong::RrsetPresent,
            ..
        } => reason::PREREQUISITE,
        _ => "malformed",
    }
}

/// UPDATEs that were performed lately, so that one that is sent again, by a client that had no answer or by somebody who has
/// recorded it, changes nothing: a TSIG stays good for a while (RFC 8945 §5.2.3).
#[derive(Debug, Default)]
pub(super) struct Performed(Mutex<Lately>);

#[derive(Debug, Default)]
struct Lately {
    /// By their MACs; without an RCODE they are being performed.
    updates: HashMap<Box<[u8]>, Option<Rcode>>,
    /// The same by when their TSIGs are no longer good.
    until: BTreeSet<(UnixTime, Box<[u8]>)>,
}

/// What is known of an UPDATE.
#[derive(Debug, PartialEq, Eq)]
enum Begun {
    New,
    /// It is being performed: its answer is on its way.
    Underway,
    Ended(Rcode),
}

impl Performed {
    /// More than so many are not remembered: those that are good for the shortest time are forgotten.
    const MOST: usize = 262_144;

    fn begin(&self, mac: &[u8], good_until: UnixTime, now: UnixTime) -> Begun {
        let mut lately = self.lately();
        let Lately { updates, until } = &mut *lately;
        while until.len() >= Self::MOST || until.first().is_some_and(|(good_until, _)| *good_until < now) {
            until.pop_first().map(|(_, mac)| updates.remove(&mac));
        }
        match updates.get(mac) {
            Some(None) => Begun::Underway,
            Some(Some(rcode)) => Begun::Ended(*rcode),
            None => {
                updates.insert(mac.into(), None);
                until.insert((good_until, mac.into()));
                Begun::New
            }
        }
    }

    /// One that failed here for now may be sent again.
    fn end(&self, mac: &[u8], rcode: Rcode) {
        let mut lately = self.lately();
        if rcode == Rcode::SERVFAIL {
            lately.updates.remove(mac);
        } else if let Some(place) = lately.updates.get_mut(mac) {
            *place = Some(rcode);
        }
    }

    fn lately(&self) -> std::sync::MutexGuard<'_, Lately> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixTime = UnixTime(1_795_000_000);

    const fn after(seconds: u64) -> UnixTime {
        UnixTime(NOW.0 + seconds)
    }

    #[test]
    fn an_update_is_performed_once_unless_it_failed_here() {
        let performed = Performed::default();
        let begin = |mac: &[u8]| performed.begin(mac, after(300), NOW);
        assert_eq!(begin(b"one"), Begun::New);
        assert_eq!(begin(b"one"), Begun::Underway);
        assert_eq!(begin(b"two"), Begun::New);
        performed.end(b"one", Rcode::NXRRSET);
        assert_eq!(begin(b"one"), Begun::Ended(Rcode::NXRRSET));
        performed.end(b"two", Rcode::SERVFAIL);
        assert_eq!(begin(b"two"), Begun::New);
    }

    #[test]
    fn one_is_remembered_as_long_as_its_tsig_is_good_and_there_is_a_bound() {
        let performed = Performed::default();
        performed.begin(b"short", after(300), NOW);
        performed.begin(b"long", after(65_535), NOW);
        assert_eq!(performed.begin(b"short", after(300), after(300)), Begun::Underway);
        assert_eq!(performed.begin(b"short", after(300), after(301)), Begun::New, "its TSIG is no longer good");
        assert_eq!(performed.begin(b"long", after(65_535), after(65_535)), Begun::Underway);
        for number in 0..Performed::MOST {
            performed.begin(&number.to_be_bytes(), after(70_000), NOW);
        }
        let lately = performed.lately();
        assert_eq!((lately.updates.len(), lately.until.len()), (Performed::MOST, Performed::MOST));
        assert!(!lately.updates.contains_key(&b"long"[..]));
    }
}
