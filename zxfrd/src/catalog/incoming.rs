//! Incoming configurations: their rules, how they change, and transfers that are forced.

use std::sync::Arc;

use super::change::{Catalog, Effect, Plan, Rules, managed};
use super::fault::{Done, Fault, code};
use super::id::Id;
use super::link;
use super::object::{Incoming, Object, ObjectKey, Origin, Token, Zone, ZoneKind};

/// What a client wants an incoming configuration to be.
#[derive(Clone, Debug)]
pub struct IncomingWanted {
    /// The zone's name.
    pub name: String,
    /// The ids of the peers.
    pub peers: Vec<String>,
    /// Seconds from one check of the serial to the next. Where there are none: as before, and a day at first.
    pub auto_refresh_seconds: Option<i64>,
}

impl Incoming {
    /// The seconds between checks when a client says nothing.
    pub const AUTO_REFRESH_SECONDS: u32 = 86_400;
}

impl Catalog {
    /// Makes the incoming configuration of a zone.
    ///
    /// # Errors
    /// That there is no such zone; that it has one; what rule it breaks; that the zone is declared; that it isn't stored.
    pub async fn create_incoming(
        &self,
        by: &Token,
        zone: Id,
        wanted: IncomingWanted,
    ) -> Result<Done<Arc<Incoming>>, Fault> {
        self.change(by, move |rules| {
            let zone = rules.zone(zone)?;
            if rules.objects.incoming(zone).is_some() {
                let message = format!("the zone {:?} has an incoming configuration already: change that", zone.name);
                return Err(Fault::conflict(code::LINK_EXISTS, message));
            }
            put(rules, zone, &wanted, None)
        })
        .await
    }

    /// Makes the incoming configuration of a zone another.
    ///
    /// # Errors
    /// That there is none; what rule it breaks; that it is declared; that it isn't stored.
    pub async fn update_incoming(
        &self,
        by: &Token,
        zone: Id,
        wanted: IncomingWanted,
    ) -> Result<Done<Arc<Incoming>>, Fault> {
        self.change(by, move |rules| {
            let zone = rules.zone(zone)?;
            put(rules, zone, &wanted, Some(find(rules, zone)?))
        })
        .await
    }

    /// Takes the incoming configuration of a zone away. What was transferred stays, and is served.
    ///
    /// # Errors
    /// That there is none; that it is declared; that it isn't stored.
    pub async fn delete_incoming(&self, by: &Token, zone: Id) -> Result<Done<Id>, Fault> {
        self.change(by, move |rules| {
            let zone = rules.zone(zone)?;
            let incoming = find(rules, zone)?;
            managed(incoming.origin, format_args!("the zone {:?}", zone.name))?;
            let what = format!("deleted the incoming configuration of the zone {} {:?}", zone.id, zone.name);
            Ok(Plan::new(zone.id, zone.account, what).delete(ObjectKey::Incoming(zone.id)))
        })
        .await
    }

    /// Has a zone transferred whole, whatever the serials say. Done when that is under way.
    ///
    /// # Errors
    /// That the zone isn't transferred from anywhere; that it isn't stored who wanted this.
    pub async fn force_axfr(&self, by: &Token, zone: Id) -> Result<Done<()>, Fault> {
        self.change(by, move |rules| {
            let zone = rules.zone(zone)?;
            find(rules, zone)?;
            let what = format!("forced a transfer of the zone {} {:?}", zone.id, zone.name);
            Ok(Plan::new((), zone.account, what).then(Effect::ForceAxfr(zone.name.value().clone())))
        })
        .await
    }
}

fn find<'a>(rules: &Rules<'a>, zone: &Zone) -> Result<&'a Arc<Incoming>, Fault> {
    rules.objects.incoming(zone).ok_or_else(|| {
        Fault::not_found(code::LINK_NOT_FOUND, format!("the zone {:?} has no incoming configuration", zone.name))
    })
}

fn put(
    rules: &Rules<'_>,
    zone: &Zone,
    wanted: &IncomingWanted,
    before: Option<&Arc<Incoming>>,
) -> Result<Plan<Arc<Incoming>>, Fault> {
    managed(zone.origin, format_args!("the zone {:?}", zone.name))?;
    if zone.kind != ZoneKind::Secondary {
        let message =
            format!("the zone {:?} is of type {}: only secondary zones are transferred in", zone.name, zone.kind);
        return Err(Fault::refused(code::LINK_ZONE_TYPE, message));
    }
    link::check_name(zone, &wanted.name)?;
    let peers = link::check_peers(rules, zone, &wanted.peers, true)?;
    let least = rules.limits.auto_refresh_min_seconds;
    let auto_refresh_seconds = match (wanted.auto_refresh_seconds, before) {
        (None, Some(before)) => before.auto_refresh_seconds,
        (None, None) => Incoming::AUTO_REFRESH_SECONDS.max(least),
        (Some(seconds), _) => u32::try_from(seconds).ok().filter(|seconds| *seconds >= least).ok_or_else(|| {
            let message = format!("auto_refresh_seconds: {seconds} is not within {least} and {}", u32::MAX);
            Fault::invalid(code::LINK_REFRESH, "auto_refresh_seconds", message)
        })?,
    };
    let (created, modified) = (before.map_or(rules.now, |before| before.created), rules.now);
    let (name, origin) = (wanted.name.clone(), Origin::Managed);
    let warning = link::mixed(rules.objects, zone, &peers);
    let incoming = Incoming { zone: zone.id, name, peers, auto_refresh_seconds, origin, created, modified };
    let done = if before.is_some() { "changed" } else { "created" };
    let what = format!("{done} the incoming configuration of the zone {} {:?}", zone.id, zone.name);
    let incoming = Arc::new(incoming);
    Ok(Plan::new(incoming.clone(), zone.account, what).put(Object::Incoming(incoming)).warn(warning))
}
