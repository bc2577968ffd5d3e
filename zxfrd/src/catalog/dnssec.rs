//! What is set for signed zones: its rules, and how it changes. Nothing is signed here.

use std::sync::Arc;

use super::change::{Catalog, Plan, managed};
use super::fault::{Done, Fault, code};
use super::id::Id;
use super::object::{Object, Token, Zone, ZoneKind};
use super::settings::ZoneSettings;

/// What a client wants to be another about a zone's signatures.
#[derive(Clone, Debug, Default)]
pub struct DnssecEdit {
    /// `active` or `disabled`.
    pub status: Option<String>,
    /// Whether others sign it, too.
    pub multi_signer: Option<bool>,
    /// Whether its primaries sign it.
    pub presigned: Option<bool>,
    /// Whether they do with NSEC3.
    pub use_nsec3: Option<bool>,
}

impl Catalog {
    /// Changes what is set about a zone's signatures.
    ///
    /// # Errors
    /// That there is no such zone; that it is declared; what rule is broken; that it isn't stored.
    pub async fn edit_dnssec(
        &self,
        by: &Token,
        zone: Id,
        wanted: DnssecEdit,
    ) -> Result<Done<Arc<ZoneSettings>>, Fault> {
        self.change(by, move |rules| {
            let zone = rules.zone(zone)?;
            managed(zone.origin, format_args!("the zone {:?}", zone.name))?;
            let mut settings = ZoneSettings::clone(&rules.objects.settings(zone));
            apply(zone, &mut settings, &wanted)?;
            settings.modified = rules.now;
            let ZoneSettings { dnssec_presigned, dnssec_use_nsec3, .. } = settings;
            let what = format!(
                "set dnssec_presigned = {dnssec_presigned}, dnssec_use_nsec3 = {dnssec_use_nsec3} of the zone {} {:?}",
                zone.id, zone.name
            );
            let settings = Arc::new(settings);
            Ok(Plan::new(settings.clone(), zone.account, what).put(Object::Settings(settings)))
        })
        .await
    }
}

fn apply(zone: &Zone, settings: &mut ZoneSettings, wanted: &DnssecEdit) -> Result<(), Fault> {
    let fault = |member: &str, what: &str| Fault::invalid(code::DNSSEC_MEMBER, member, format!("{member}: {what}"));
    let no_signing = |member: &str, what: &str| {
        let message =
            format!("{member}: {what}: zones are not signed here, only their primaries' signatures are passed on");
        Fault::invalid(code::DNSSEC_SIGNING, member, message)
    };
    if wanted.multi_signer == Some(true) {
        return Err(no_signing("dnssec_multi_signer", "there is no signer here"));
    }
    let presigned = match (wanted.status.as_deref(), wanted.presigned) {
        (None | Some("active"), given) => given.unwrap_or(settings.dnssec_presigned),
        (Some("disabled"), Some(true)) => return Err(fault("status", "disabled contradicts dnssec_presigned")),
        (Some("disabled"), _) => false,
        (Some(other), _) => return Err(fault("status", &format!("{other:?} is neither active nor disabled"))),
    };
    if !presigned && wanted.status.as_deref() == Some("active") {
        return Err(no_signing("status", "active needs dnssec_presigned"));
    }
    if !presigned && wanted.use_nsec3 == Some(true) {
        return Err(no_signing("dnssec_use_nsec3", "it needs dnssec_presigned"));
    }
    if presigned && zone.kind != ZoneKind::Secondary {
        let message =
            format!("the zone {:?} is of type {}: only secondaries have primaries that sign", zone.name, zone.kind);
        return Err(fault("dnssec_presigned", &message));
    }
    if presigned && settings.secondary_overrides {
        let message = "dnssec_presigned: the zone has secondary_overrides, which signatures of primaries don't cover: \
                       set that to false first";
        return Err(Fault::conflict(code::SETTINGS_OVERRIDES, message).at("dnssec_presigned"));
    }
    settings.dnssec_presigned = presigned;
    settings.dnssec_use_nsec3 = presigned && wanted.use_nsec3.unwrap_or(settings.dnssec_use_nsec3);
    Ok(())
}
