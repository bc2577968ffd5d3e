//! Outgoing configurations: their rules, how they change, and what is done with them.

use std::sync::Arc;

use super::change::{Catalog, Effect, Plan, Rules, managed};
use super::fault::{Done, Fault, code};
use super::id::Id;
use super::link;
use super::object::{Object, ObjectKey, Origin, Outgoing, Token, Zone, ZoneKind};
use crate::store::Write;

/// What a client wants an outgoing configuration to be.
#[derive(Clone, Debug)]
pub struct OutgoingWanted {
    /// The zone's name.
    pub name: String,
    /// The ids of the peers.
    pub peers: Vec<String>,
}

impl Catalog {
    /// Makes the outgoing configuration of a zone. It is disabled.
    ///
    /// # Errors
    /// That there is no such zone; that it has one; what rule it breaks; that the zone is declared; that it isn't stored.
    pub async fn create_outgoing(
        &self,
        by: &Token,
        zone: Id,
        wanted: OutgoingWanted,
    ) -> Result<Done<Arc<Outgoing>>, Fault> {
        self.change(by, move |rules| {
            let zone = rules.zone(zone)?;
            if rules.objects.outgoing(zone).is_some() {
                let message = format!("the zone {:?} has an outgoing configuration already: change that", zone.name);
                return Err(Fault::conflict(code::LINK_EXISTS, message));
            }
            put(rules, zone, &wanted, None)
        })
        .await
    }

    /// Makes the outgoing configuration of a zone another. It is enabled if it was.
    ///
    /// # Errors
    /// That there is none; what rule it breaks; that it is declared; that it isn't stored.
    pub async fn update_outgoing(
        &self,
        by: &Token,
        zone: Id,
        wanted: OutgoingWanted,
    ) -> Result<Done<Arc<Outgoing>>, Fault> {
        self.change(by, move |rules| {
            let zone = rules.zone(zone)?;
            put(rules, zone, &wanted, Some(find(rules, zone)?))
        })
        .await
    }

    /// Takes the outgoing configuration of a zone away: nobody gets it any more.
    ///
    /// # Errors
    /// That there is none; that it is declared; that it isn't stored.
    pub async fn delete_outgoing(&self, by: &Token, zone: Id) -> Result<Done<Id>, Fault> {
        self.change(by, move |rules| {
            let zone = rules.zone(zone)?;
            let outgoing = find(rules, zone)?;
            managed(outgoing.origin, format_args!("the zone {:?}", zone.name))?;
            let what = format!("deleted the outgoing configuration of the zone {} {:?}", zone.id, zone.name);
            let plan = Plan::new(zone.id, zone.account, what).delete(ObjectKey::Outgoing(zone.id));
            Ok(clear_backlog(plan, zone))
        })
        .await
    }

    /// Hands a zone out from now on, and tells its peers. Nothing comes of it if that is so already.
    ///
    /// # Errors
    /// That there is no outgoing configuration; that it is declared; that it isn't stored.
    pub async fn enable_outgoing(&self, by: &Token, zone: Id) -> Result<Done<Arc<Outgoing>>, Fault> {
        self.change(by, move |rules| switch(rules, zone, true)).await
    }

    /// Hands a zone out no longer, and forgets its history. Nothing comes of it if that is so already.
    ///
    /// # Errors
    /// That there is no outgoing configuration; that it is declared; that it isn't stored.
    pub async fn disable_outgoing(&self, by: &Token, zone: Id) -> Result<Done<Arc<Outgoing>>, Fault> {
        self.change(by, move |rules| switch(rules, zone, false)).await
    }

    /// Tells all peers of a zone that there is something new, and forgets its history: they get all of it.
    ///
    /// # Errors
    /// That there is no outgoing configuration, or it isn't enabled; that it isn't stored who wanted this.
    pub async fn force_notify(&self, by: &Token, zone: Id) -> Result<Done<()>, Fault> {
        self.change(by, move |rules| {
            let zone = rules.zone(zone)?;
            if !find(rules, zone)?.enabled {
                let message =
                    format!("the outgoing configuration of the zone {:?} is not enabled: enable it first", zone.name);
                return Err(Fault::refused(code::LINK_DISABLED, message));
            }
            let what = format!("forced NOTIFYs for the zone {} {:?}", zone.id, zone.name);
            let plan = clear_backlog(Plan::new((), zone.account, what), zone);
            Ok(plan.then(Effect::Notify(zone.name.value().clone())))
        })
        .await
    }
}

fn find<'a>(rules: &Rules<'a>, zone: &Zone) -> Result<&'a Arc<Outgoing>, Fault> {
    rules.objects.outgoing(zone).ok_or_else(|| {
        Fault::not_found(code::LINK_NOT_FOUND, format!("the zone {:?} has no outgoing configuration", zone.name))
    })
}

fn clear_backlog<T>(plan: Plan<T>, zone: &Zone) -> Plan<T> {
    let plan = plan.write(Write::ClearDeltas { zone: zone.id });
    plan.then(Effect::ClearBacklog(zone.name.value().clone()))
}

fn switch(rules: &Rules<'_>, zone: Id, enabled: bool) -> Result<Plan<Arc<Outgoing>>, Fault> {
    let zone = rules.zone(zone)?;
    let before = find(rules, zone)?;
    managed(before.origin, format_args!("the zone {:?}", zone.name))?;
    let done = if enabled { "enabled" } else { "disabled" };
    let what = format!("{done} the outgoing configuration of the zone {} {:?}", zone.id, zone.name);
    if before.enabled == enabled {
        return Ok(Plan::new(before.clone(), zone.account, what));
    }
    let outgoing = Arc::new(Outgoing { enabled, ..Outgoing::clone(before) });
    let plan = Plan::new(outgoing.clone(), zone.account, what).put(Object::Outgoing(outgoing));
    Ok(if enabled { plan.then(Effect::Notify(zone.name.value().clone())) } else { clear_backlog(plan, zone) })
}

fn put(
    rules: &Rules<'_>,
    zone: &Zone,
    wanted: &OutgoingWanted,
    before: Option<&Arc<Outgoing>>,
) -> Result<Plan<Arc<Outgoing>>, Fault> {
    managed(zone.origin, format_args!("the zone {:?}", zone.name))?;
    if !matches!(zone.kind, ZoneKind::Full | ZoneKind::Secondary) {
        let message =
            format!("the zone {:?} is of type {}: only full and secondary zones go out", zone.name, zone.kind);
        return Err(Fault::refused(code::LINK_ZONE_TYPE, message));
    }
    link::check_name(zone, &wanted.name)?;
    let peers = link::check_peers(rules, zone, &wanted.peers, false)?;
    let (created, enabled) = before.map_or((rules.now, false), |before| (before.created, before.enabled));
    let warning = link::mixed(rules.objects, zone, &peers);
    let (name, origin) = (wanted.name.clone(), Origin::Managed);
    let outgoing = Arc::new(Outgoing { zone: zone.id, name, peers, enabled, origin, created });
    let done = if before.is_some() { "changed" } else { "created" };
    let what = format!("{done} the outgoing configuration of the zone {} {:?}", zone.id, zone.name);
    Ok(Plan::new(outgoing.clone(), zone.account, what).put(Object::Outgoing(outgoing)).warn(warning))
}
