//! Settings of zones: their rules, and how they change.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::sync::Arc;

use super::change::{Catalog, Plan, managed};
use super::fault::{Done, Fault, Warning, code};
use super::id::Id;
use super::object::{Object, Token, Zone, ZoneKind};
use super::settings::{SoaSettings, ZoneSettings};
use super::written::Written;

/// What a client wants to be another in a zone's settings.
#[derive(Clone, Debug, Default)]
pub struct DnsSettingsEdit {
    /// Whether CNAMEs are to be answered with what they lead to.
    pub flatten_all_cnames: Option<bool>,
    /// Whether name servers of another kind are wanted.
    pub foundation_dns: Option<bool>,
    /// The zone to ask for what isn't in this one.
    pub reference_zone: Option<String>,
    /// Whether NS records that users add at the apex stand beside own ones.
    pub multi_provider: Option<bool>,
    /// Of what kind its name servers are.
    pub name_servers: Option<String>,
    /// The TTL of own NS records.
    pub ns_ttl: Option<i64>,
    /// Whether records may be put in the place of those of a secondary.
    pub secondary_overrides: Option<bool>,
    /// What its SOA has to have.
    pub soa: Option<SoaEdit>,
    /// What the zone is for.
    pub zone_mode: Option<String>,
}

/// What a client wants to be another in a zone's SOA.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SoaEdit {
    /// The primary; nothing for the one that the zone has.
    pub mname: Option<Option<String>>,
    /// The mailbox of who is responsible, as a name.
    pub rname: Option<String>,
    /// REFRESH, in seconds, as the other numbers.
    pub refresh: Option<i64>,
    /// RETRY.
    pub retry: Option<i64>,
    /// EXPIRE.
    pub expire: Option<i64>,
    /// MINIMUM.
    pub min_ttl: Option<i64>,
    /// The SOA's own TTL.
    pub ttl: Option<i64>,
}

/// The only kind of name servers that can be named, which is what a zone has of which nothing was said.
pub const NAME_SERVERS: &str = "cloudflare.standard";

impl Catalog {
    /// Changes a zone's settings.
    ///
    /// # Errors
    /// That there is no such zone; that it is declared; what rule is broken; that it isn't stored.
    pub async fn edit_dns_settings(
        &self,
        by: &Token,
        zone: Id,
        wanted: DnsSettingsEdit,
    ) -> Result<Done<Arc<ZoneSettings>>, Fault> {
        self.change(by, move |rules| {
            let zone = rules.zone(zone)?;
            managed(zone.origin, format_args!("the zone {:?}", zone.name))?;
            let mut settings = ZoneSettings::clone(&rules.objects.settings(zone));
            let warnings = apply(zone, &mut settings, &wanted)?;
            settings.modified = rules.now;
            let settings = Arc::new(settings);
            let what = format!("changed the settings of the zone {} {:?}", zone.id, zone.name);
            Ok(Plan::new(settings.clone(), zone.account, what).put(Object::Settings(settings)).warn(warnings))
        })
        .await
    }
}

fn apply(zone: &Zone, settings: &mut ZoneSettings, wanted: &DnsSettingsEdit) -> Result<Vec<Warning>, Fault> {
    // What would have no effect is refused where a client would build upon it.
    let refusals = [
        (wanted.flatten_all_cnames == Some(true), "flatten_all_cnames", "CNAMEs are answered as they are"),
        (wanted.foundation_dns == Some(true), "foundation_dns", "there are no other name servers than this one"),
        (
            wanted.reference_zone.is_some(),
            "internal_dns/reference_zone_id",
            "no zone is asked for what isn't in this one",
        ),
    ];
    if let Some((_, member, why)) = refusals.into_iter().find(|(refused, ..)| *refused) {
        return Err(Fault::invalid(code::SETTINGS_UNSUPPORTED, member, format!("{}: {why}", member.replace('/', "."))));
    }
    if let Some(other) = wanted.name_servers.as_deref().filter(|kind| *kind != NAME_SERVERS) {
        let message =
            format!("nameservers.type: {other:?} can't be used here: a zone's name servers are its NS records");
        return Err(Fault::invalid(code::SETTINGS_UNSUPPORTED, "nameservers/type", message));
    }
    if let Some(word) = &wanted.zone_mode {
        let mode = word.parse().map_err(|what| format!("zone_mode: {what}"));
        settings.zone_mode = mode.map_err(|what| Fault::invalid(code::SETTINGS_ZONE_MODE, "zone_mode", what))?;
    }
    let mut warnings = Vec::new();
    let mut warn =
        |message: &str| warnings.push(Warning { code: code::SETTINGS_WITHOUT_EFFECT, message: message.into() });
    if let Some(seconds) = wanted.ns_ttl {
        settings.ns_ttl = number("ns_ttl", seconds, 30..=86_400)?;
        if settings.ns_ttl != ZoneSettings::NS_TTL {
            warn("ns_ttl is kept and has no effect: NS records have the TTLs that they were given");
        }
    }
    settings.multi_provider = wanted.multi_provider.unwrap_or(settings.multi_provider);
    if let Some(overrides) = wanted.secondary_overrides {
        if overrides && settings.dnssec_presigned {
            let message = "secondary_overrides: the zone is signed by its primaries, whose signatures don't cover overrides: \
                           set dnssec_presigned = false first";
            return Err(Fault::conflict(code::SETTINGS_OVERRIDES, message).at("secondary_overrides"));
        }
        if overrides {
            warn("secondary_overrides is kept and has no effect: a secondary is served as it was transferred");
        }
        settings.secondary_overrides = overrides;
    }
    if let Some(soa) = wanted.soa.as_ref().filter(|soa| **soa != SoaEdit::default()) {
        if zone.kind != ZoneKind::Full {
            let message = format!("soa: the zone {:?} is of type {}: its SOA isn't made here", zone.name, zone.kind);
            return Err(Fault::invalid(code::SETTINGS_SOA, "soa", message));
        }
        apply_soa(&mut settings.soa, soa)?;
    }
    Ok(warnings)
}

fn apply_soa(soa: &mut SoaSettings, wanted: &SoaEdit) -> Result<(), Fault> {
    let fault = |member: &str, what: &dyn Display| {
        Fault::invalid(code::SETTINGS_SOA, &format!("soa/{member}"), format!("soa.{member}: {what}"))
    };
    let name = |member: &str, text: &str| match Written::read(text) {
        Ok(_) if text.contains('@') => {
            Err(fault(member, &"a mailbox is written as a name: a dot in the place of the @"))
        }
        Ok(name) => Ok(name),
        Err(what) => Err(fault(member, &what)),
    };
    match &wanted.mname {
        None => {}
        Some(None) => soa.mname = None,
        Some(Some(text)) => soa.mname = Some(name("mname", text)?),
    }
    if let Some(text) = &wanted.rname {
        soa.rname = Some(name("rname", text)?);
    }
    for (place, given, member, range) in [
        (&mut soa.refresh, wanted.refresh, "refresh", 600..=86_400),
        (&mut soa.retry, wanted.retry, "retry", 600..=86_400),
        (&mut soa.expire, wanted.expire, "expire", 86_400..=2_419_200),
        (&mut soa.min_ttl, wanted.min_ttl, "min_ttl", 60..=86_400),
        (&mut soa.ttl, wanted.ttl, "ttl", 300..=86_400),
    ] {
        if let Some(seconds) = given {
            *place = Some(number(&format!("soa/{member}"), seconds, range)?);
        }
    }
    Ok(())
}

fn number(member: &str, seconds: i64, range: RangeInclusive<u32>) -> Result<u32, Fault> {
    u32::try_from(seconds).ok().filter(|seconds| range.contains(seconds)).ok_or_else(|| {
        let (least, most, shown) = (range.start(), range.end(), member.replace('/', "."));
        let code = if member == "ns_ttl" { code::SETTINGS_NS_TTL } else { code::SETTINGS_SOA };
        Fault::invalid(code, member, format!("{shown}: {seconds} is not from {least} to {most}"))
    })
}
