//! What holds for changes of a zone's records: its rules, and how it changes.

use std::sync::Arc;

use zxfr_core::serial::SerialPolicy;

use super::change::{Catalog, Plan, Rules, managed};
use super::fault::{Done, Fault, code};
use super::id::Id;
use super::object::{Object, Origin, Token, Zone, ZoneKind, ZonePolicy};

/// What a client wants to be another for changes of a zone's records.
#[derive(Clone, Debug, Default)]
pub struct PolicyEdit {
    /// Where serials come from, as a word.
    pub serial: Option<String>,
    /// The ids of the TSIGs with which the zone may be changed by DNS UPDATE.
    pub update: Option<Vec<String>>,
}

/// The words for where serials come from.
pub const SERIAL_WORDS: [(&str, SerialPolicy); 2] =
    [("increment", SerialPolicy::Increment), ("unixtime", SerialPolicy::UnixTime)];

/// The word for where serials come from.
#[must_use]
pub const fn serial_word(policy: SerialPolicy) -> &'static str {
    match policy {
        SerialPolicy::Increment => SERIAL_WORDS[0].0,
        SerialPolicy::UnixTime => SERIAL_WORDS[1].0,
    }
}

impl Catalog {
    /// Changes what holds for changes of a zone's records.
    ///
    /// # Errors
    /// That there is no such zone, or none whose records are changed here; what rule is broken; that it isn't stored.
    pub async fn edit_policy(&self, by: &Token, zone: Id, wanted: PolicyEdit) -> Result<Done<Arc<ZonePolicy>>, Fault> {
        self.change(by, move |rules| {
            let zone = rules.zone(zone)?;
            managed(zone.origin, format_args!("the zone {:?}", zone.name))?;
            if zone.kind != ZoneKind::Full {
                let message = format!(
                    "the zone {:?} is of type {}: only the records of full zones are changed here",
                    zone.name, zone.kind
                );
                return Err(Fault::refused(code::POLICY_ZONE_TYPE, message));
            }
            let before = rules.objects.policy(zone);
            let serial = wanted.serial.as_deref().map_or(Ok(before.serial), serial)?;
            let update = match &wanted.update {
                Some(ids) => tsigs(rules, zone, ids)?,
                None => before.update.clone(),
            };
            let policy = ZonePolicy { zone: zone.id, serial, update, origin: Origin::Managed, modified: rules.now };
            let policy = Arc::new(policy);
            let what = format!(
                "set the policy of the zone {} {:?}: serial = {}, update with {} TSIGs",
                zone.id,
                zone.name,
                serial_word(serial),
                policy.update.len()
            );
            Ok(Plan::new(policy.clone(), zone.account, what).put(Object::Policy(policy)))
        })
        .await
    }
}

fn serial(text: &str) -> Result<SerialPolicy, Fault> {
    let found = SERIAL_WORDS.iter().find(|(word, _)| *word == text);
    found.map(|(_, policy)| *policy).ok_or_else(|| {
        let words = SERIAL_WORDS.map(|(word, _)| word).join(" nor ");
        Fault::invalid(code::POLICY_SERIAL, "serial", format!("serial: {text:?} is neither {words}"))
    })
}

fn tsigs(rules: &Rules<'_>, zone: &Zone, ids: &[String]) -> Result<Vec<Id>, Fault> {
    let mut tsigs = Vec::with_capacity(ids.len());
    for (at, text) in ids.iter().enumerate() {
        let fault = |what: String| {
            Fault::invalid(code::POLICY_UPDATE, &format!("update/{at}"), format!("update: {text:?} is {what}"))
        };
        let id: Id = text.parse().map_err(|error| fault(format!("{error}")))?;
        if rules.objects.tsig(zone.account, id).is_none() {
            return Err(fault("no TSIG of this account".to_owned()));
        }
        if tsigs.contains(&id) {
            return Err(fault("there twice".to_owned()));
        }
        tsigs.push(id);
    }
    Ok(tsigs)
}
