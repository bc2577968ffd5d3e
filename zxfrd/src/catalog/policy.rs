//! What holds for a zone's versions and for changes of its records: its rules, and how it changes.

use std::sync::Arc;

use zxfr_core::serial::SerialPolicy;

use super::change::{Catalog, Plan, Rules, managed};
use super::fault::{Done, Fault, code};
use super::id::Id;
use super::object::{Object, Origin, Token, Zone, ZoneKind, ZonePolicy};
use super::publishing::{HoldIf, Publish, Publishing, ZonemdCheck};

/// What a client wants to be another for changes of a zone's records.
#[derive(Clone, Debug, Default)]
pub struct PolicyEdit {
    /// Where serials come from, as a word.
    pub serial: Option<String>,
    /// The ids of the TSIGs with which the zone may be changed by DNS UPDATE.
    pub update: Option<Vec<String>>,
    /// Whether versions that are made here say their digest.
    pub zonemd_generate: Option<bool>,
    /// Whether versions that come are served as they come, as a word.
    pub publish: Option<String>,
    /// What has them held.
    pub hold_if: Option<HoldIfEdit>,
    /// What a wrong digest does, as a word.
    pub zonemd: Option<String>,
}

/// What a client wants to be another of the rules by which versions are held.
#[derive(Clone, Copy, Debug, Default)]
pub struct HoldIfEdit {
    /// How many of 100 records may be gone; none where any number may.
    pub shrink_percent: Option<Option<i64>>,
    /// Whether the apex NS may not be gone.
    pub apex_ns_gone: Option<bool>,
    /// Whether the DNSKEYs may not be gone.
    pub dnskey_gone: Option<bool>,
    /// Whether the digest may not be wrong.
    pub zonemd_wrong: Option<bool>,
    /// Whether signatures may not end too early.
    pub rrsig_expires: Option<bool>,
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
            of_its_kind(zone, &wanted)?;
            let before = rules.objects.policy(zone);
            let serial = wanted.serial.as_deref().map_or(Ok(before.serial), serial)?;
            let update = match &wanted.update {
                Some(ids) => tsigs(rules, zone, ids)?,
                None => before.update.clone(),
            };
            let publishing = publishing(&before.publishing, &wanted)?;
            let zonemd_generate = wanted.zonemd_generate.unwrap_or(before.zonemd_generate);
            let (origin, modified) = (Origin::Managed, rules.now);
            let policy = ZonePolicy { zone: zone.id, serial, update, zonemd_generate, publishing, origin, modified };
            let policy = Arc::new(policy);
            let what = format!(
                "set the policy of the zone {} {:?}: serial = {}, update with {} TSIGs, zonemd_generate = {zonemd_generate}, \
                 publish = {}, zonemd = {}",
                zone.id,
                zone.name,
                serial_word(serial),
                policy.update.len(),
                policy.publishing.publish,
                policy.publishing.zonemd
            );
            Ok(Plan::new(policy.clone(), zone.account, what).put(Object::Policy(policy)))
        })
        .await
    }
}

/// Versions of some zones are made here, those of others come.
fn of_its_kind(zone: &Zone, wanted: &PolicyEdit) -> Result<(), Fault> {
    let PolicyEdit { serial, update, zonemd_generate, publish, hold_if, zonemd } = wanted;
    let made = serial.is_some() || update.is_some() || *zonemd_generate == Some(true);
    let come = publish.as_deref().is_some_and(|word| word != Publish::Auto.as_str())
        || hold_if.is_some()
        || zonemd.as_deref().is_some_and(|word| word != ZonemdCheck::Off.as_str());
    let why = match zone.kind {
        ZoneKind::Full if come => {
            "its versions are made here, and no others come: publish, hold_if and zonemd are for secondaries"
        }
        ZoneKind::Full => return Ok(()),
        _ if made => {
            "only the records of full zones are changed here: serial, update and zonemd_generate are for these"
        }
        _ => return Ok(()),
    };
    let message = format!("the zone {:?} is of type {}: {why}", zone.name, zone.kind);
    Err(Fault::refused(code::POLICY_ZONE_TYPE, message))
}

fn publishing(before: &Publishing, wanted: &PolicyEdit) -> Result<Publishing, Fault> {
    let fault = |member: &str, what: String| {
        Fault::invalid(code::POLICY_PUBLISH, member, format!("{}: {what}", member.replace('/', ".")))
    };
    let word = |member: &'static str| move |what: String| fault(member, what);
    let publish = wanted.publish.as_deref().map_or(Ok(before.publish), |text| text.parse().map_err(word("publish")))?;
    let zonemd = wanted.zonemd.as_deref().map_or(Ok(before.zonemd), |text| text.parse().map_err(word("zonemd")))?;
    let mut hold_if = before.hold_if;
    if let Some(wanted) = &wanted.hold_if {
        if let Some(percent) = wanted.shrink_percent {
            let percent = percent.map(|percent| match u8::try_from(percent) {
                Ok(percent) if percent <= 100 => Ok(percent),
                _ => Err(fault("hold_if/shrink_percent", format!("{percent} is not from 0 to 100"))),
            });
            hold_if.shrink_percent = percent.transpose()?;
        }
        let put = |rule: &mut bool, wanted: Option<bool>| *rule = wanted.unwrap_or(*rule);
        put(&mut hold_if.apex_ns_gone, wanted.apex_ns_gone);
        put(&mut hold_if.dnskey_gone, wanted.dnskey_gone);
        put(&mut hold_if.zonemd_wrong, wanted.zonemd_wrong);
        put(&mut hold_if.rrsig_expires, wanted.rrsig_expires);
    }
    if publish == Publish::HoldIf && hold_if == HoldIf::default() {
        return Err(fault("hold_if", "publish = hold-if needs a rule".to_owned()));
    }
    Ok(Publishing { publish, hold_if, zonemd })
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
