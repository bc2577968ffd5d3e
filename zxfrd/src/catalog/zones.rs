//! Zones: their rules, and how they change.

use std::sync::Arc;

use zxfr_core::name::Name;

use super::change::{Catalog, Plan, Rules, managed, new_id};
use super::fault::{Done, Fault, code};
use super::id::Id;
use super::object::{DeclaredZone, Object, ObjectKey, Origin, Token, Zone, ZoneKind};
use super::settings::ZoneSettings;
use super::written::{Meaning, Written};
use crate::store::Write;

/// What a client wants a zone to be.
#[derive(Clone, Debug, Default)]
pub struct ZoneWanted {
    /// The id of its account; where there is none, the only one that the caller's token opens.
    pub account: Option<String>,
    /// Its name, with or without its last dot.
    pub name: String,
    /// Its type; full where there is none.
    pub kind: Option<String>,
}

/// What a client wants to be another at a zone: one of these.
#[derive(Clone, Debug, Default)]
pub struct ZoneEdit {
    /// Whether it is paused, which says nothing of transfers.
    pub paused: Option<bool>,
    /// Its type: full becomes secondary, and secondary full.
    pub kind: Option<String>,
    /// Name servers.
    pub vanity_name_servers: Option<Vec<String>>,
}

impl Catalog {
    /// Makes a zone.
    ///
    /// # Errors
    /// What rule it breaks; that there is one of this name; that it isn't stored.
    pub async fn create_zone(&self, by: &Token, wanted: ZoneWanted) -> Result<Done<Arc<Zone>>, Fault> {
        self.change(by, move |rules| {
            let account = account(rules, wanted.account.as_deref())?;
            let name = Written::<Name>::read(&wanted.name)
                .map_err(|what| Fault::invalid(code::ZONE_NAME, "name", format!("name: {what}")))?;
            let kind = wanted.kind.as_deref().map_or(Ok(ZoneKind::Full), kind)?;
            if rules.objects.any_zone_named(name.value().as_ref()).is_some() {
                let message = format!("name: there is a zone {name:?} already: a name exists once");
                return Err(Fault::conflict(code::ZONE_EXISTS, message).at("name"));
            }
            let (id, now) = (new_id()?, rules.now);
            let zone = Arc::new(Zone {
                id,
                account,
                name,
                kind,
                paused: false,
                vanity_name_servers: Vec::new(),
                origin: Origin::Managed,
                created: now,
                modified: now,
                activated: None,
                declared: DeclaredZone::default(),
            });
            let what = format!("created the {kind} zone {id} {:?}", zone.name);
            Ok(Plan::new(zone.clone(), account, what).put(Object::Zone(zone)))
        })
        .await
    }

    /// Changes one thing of a zone.
    ///
    /// # Errors
    /// That there is none; what rule it breaks; that it is declared; that it isn't stored.
    pub async fn edit_zone(&self, by: &Token, id: Id, wanted: ZoneEdit) -> Result<Done<Arc<Zone>>, Fault> {
        self.change(by, move |rules| {
            let before = rules.zone(id)?;
            managed(before.origin, format_args!("the zone {:?}", before.name))?;
            let mut zone = Zone::clone(before);
            let what = match wanted {
                ZoneEdit { paused: Some(paused), kind: None, vanity_name_servers: None } => {
                    zone.paused = paused;
                    format!("set paused = {paused}")
                }
                ZoneEdit { paused: None, kind: Some(text), vanity_name_servers: None } => {
                    zone.kind = convert(rules, before, kind(&text)?)?;
                    format!("made the type {}", zone.kind)
                }
                ZoneEdit { paused: None, kind: None, vanity_name_servers: Some(names) } => {
                    check_name_servers(&names)?;
                    zone.vanity_name_servers = names;
                    "set vanity_name_servers".to_owned()
                }
                _ => {
                    let message =
                        "one of paused, type and vanity_name_servers is needed, and no more than one at a time";
                    return Err(Fault::invalid(code::ZONE_MEMBER, "", message));
                }
            };
            zone.modified = rules.now;
            let what = format!("{what} of the zone {id} {:?}", zone.name);
            let zone = Arc::new(zone);
            let mut plan = Plan::new(zone.clone(), zone.account, what);
            let settings = rules.objects.settings(&zone);
            if settings.dnssec_presigned && zone.kind != ZoneKind::Secondary {
                // Its primaries sign it no longer.
                let (dnssec_presigned, dnssec_use_nsec3, modified) = (false, false, rules.now);
                let settings = ZoneSettings { dnssec_presigned, dnssec_use_nsec3, modified, ..(*settings).clone() };
                plan = plan.put(Object::Settings(Arc::new(settings)));
            }
            Ok(plan.put(Object::Zone(zone)))
        })
        .await
    }

    /// Takes a zone away, with its links and all that is held of it.
    ///
    /// # Errors
    /// That there is none; that it is declared; that it isn't stored.
    pub async fn delete_zone(&self, by: &Token, id: Id) -> Result<Done<Id>, Fault> {
        self.change(by, move |rules| {
            let zone = rules.zone(id)?;
            managed(zone.origin, format_args!("the zone {:?}", zone.name))?;
            let what = format!("deleted the zone {id} {:?}", zone.name);
            let mut plan = Plan::new(id, zone.account, what).write(Write::Forget { zone: id });
            if rules.objects.incoming(zone).is_some() {
                plan = plan.delete(ObjectKey::Incoming(id));
            }
            if rules.objects.outgoing(zone).is_some() {
                plan = plan.delete(ObjectKey::Outgoing(id));
            }
            if rules.objects.has_policy(id) {
                plan = plan.delete(ObjectKey::Policy(id));
            }
            if rules.objects.has_settings(id) {
                plan = plan.delete(ObjectKey::Settings(id));
            }
            Ok(plan.delete(ObjectKey::Zone(id)))
        })
        .await
    }
}

/// The account that a new zone is for.
fn account(rules: &Rules<'_>, wanted: Option<&str>) -> Result<Id, Fault> {
    let fault = |what: String| Fault::invalid(code::ZONE_ACCOUNT, "account/id", format!("account.id: {what}"));
    if let Some(text) = wanted {
        let id: Id = text.parse().map_err(|error| fault(format!("{text:?} is {error}")))?;
        return match rules.objects.account(&rules.by.accounts, id) {
            Some(_) => Ok(id),
            None => Err(fault(format!("there is no account with the id {id}"))),
        };
    }
    let mut open = rules.objects.accounts(&rules.by.accounts);
    match (open.next(), open.next()) {
        (Some(only), None) => Ok(only.id),
        _ => Err(fault("it is missing, and the token opens more than one account".to_owned())),
    }
}

fn kind(text: &str) -> Result<ZoneKind, Fault> {
    text.parse().map_err(|what| Fault::invalid(code::ZONE_TYPE, "type", format!("type: {what}")))
}

/// Whether a zone may become one of another type: its records stay, so that its primaries must not bring others any more.
fn convert(rules: &Rules<'_>, zone: &Zone, to: ZoneKind) -> Result<ZoneKind, Fault> {
    match (zone.kind, to) {
        (from, to) if from == to => Ok(to),
        (ZoneKind::Full, ZoneKind::Secondary) => Ok(to),
        (ZoneKind::Secondary, ZoneKind::Full) if rules.objects.incoming(zone).is_some() => {
            let message = "type: the zone has an incoming configuration: delete that first, then it can become full";
            Err(Fault::conflict(code::ZONE_IN_USE, message).at("type"))
        }
        (ZoneKind::Secondary, ZoneKind::Full) => Ok(to),
        (from, to) => {
            let message = format!("type: a {from} zone can't become {to}: only full and secondary become each other");
            Err(Fault::invalid(code::ZONE_TYPE, "type", message))
        }
    }
}

fn check_name_servers(names: &[String]) -> Result<(), Fault> {
    for (at, name) in names.iter().enumerate() {
        Name::read(name).map_err(|what| {
            Fault::invalid(
                code::ZONE_MEMBER,
                &format!("vanity_name_servers/{at}"),
                format!("vanity_name_servers: {what}"),
            )
        })?;
    }
    Ok(())
}
