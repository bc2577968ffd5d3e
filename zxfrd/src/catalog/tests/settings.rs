//! What is set for zones besides their records.

use super::*;
use FaultKind::{Conflict, Forbidden, Invalid};

fn soa(soa: SoaEdit) -> DnsSettingsEdit {
    DnsSettingsEdit { soa: Some(soa), ..DnsSettingsEdit::default() }
}

fn presigned(presigned: bool) -> DnssecEdit {
    DnssecEdit { presigned: Some(presigned), ..DnssecEdit::default() }
}

#[tokio::test]
async fn each_setting_stays_by_itself_and_goes_with_the_zone() {
    let f = fixture().await;
    let zone = f.zone("a.test", "full").await;
    assert_eq!(*f.catalog.read().settings(&zone), ZoneSettings::default_of(&zone));
    let edit = |edit| f.catalog.edit_dns_settings(&f.by, zone.id, edit);
    edit(soa(SoaEdit { mname: Some(Some("ns.Example".into())), ttl: Some(300), ..SoaEdit::default() })).await.unwrap();
    edit(soa(SoaEdit { refresh: Some(600), ..SoaEdit::default() })).await.unwrap();
    let mode = DnsSettingsEdit {
        zone_mode: Some("dns_only".into()),
        multi_provider: Some(true),
        ..DnsSettingsEdit::default()
    };
    let done = edit(mode).await.unwrap();
    assert_eq!(done.warnings, []);
    let settings = done.result;
    let SoaSettings { mname, rname, refresh, ttl, .. } = &settings.soa;
    assert_eq!(
        (mname.as_ref().map(Written::text), rname, refresh, ttl),
        (Some("ns.Example"), &None, &Some(600), &Some(300))
    );
    assert_eq!((settings.zone_mode, settings.multi_provider, settings.ns_ttl), (ZoneMode::DnsOnly, true, 86_400));
    assert_eq!(f.catalog.read().settings(&zone), settings);
    let [Write::Put(Object::Settings(put)), Write::Audit(_)] = &f.store.last()[..] else { panic!() };
    assert_eq!(put, &settings);
    assert_eq!(f.told.take().last(), Some(&effect(&zone)));
    let unset = edit(soa(SoaEdit { mname: Some(None), ..SoaEdit::default() })).await.unwrap().result;
    assert_eq!((&unset.soa.mname, unset.soa.refresh), (&None, Some(600)));
    f.catalog.delete_zone(&f.by, zone.id).await.unwrap();
    assert!(!f.catalog.read().has_settings(zone.id));
    assert!(
        f.store.last().iter().any(|write| matches!(write, Write::Delete(ObjectKey::Settings(id)) if *id == zone.id))
    );
}

#[tokio::test]
async fn what_cannot_be_set_is_refused_with_its_place() {
    let f = fixture().await;
    let (full, secondary) = (f.zone("a.test", "full").await, f.zone("b.test", "secondary").await);
    let none = DnsSettingsEdit::default;
    for (edit, code, pointer, part) in [
        (
            DnsSettingsEdit { flatten_all_cnames: Some(true), ..none() },
            code::SETTINGS_UNSUPPORTED,
            "/flatten_all_cnames",
            "as they are",
        ),
        (
            DnsSettingsEdit { foundation_dns: Some(true), ..none() },
            code::SETTINGS_UNSUPPORTED,
            "/foundation_dns",
            "no other",
        ),
        (
            DnsSettingsEdit { reference_zone: Some("x".into()), ..none() },
            code::SETTINGS_UNSUPPORTED,
            "/internal_dns/reference_zone_id",
            "internal_dns.reference_zone_id: no zone",
        ),
        (
            DnsSettingsEdit { name_servers: Some("custom.zone".into()), ..none() },
            code::SETTINGS_UNSUPPORTED,
            "/nameservers/type",
            "NS records",
        ),
        (
            DnsSettingsEdit { zone_mode: Some("cdn_only".into()), ..none() },
            code::SETTINGS_ZONE_MODE,
            "/zone_mode",
            "standard dns_only",
        ),
        (DnsSettingsEdit { ns_ttl: Some(29), ..none() }, code::SETTINGS_NS_TTL, "/ns_ttl", "from 30 to 86400"),
        (
            soa(SoaEdit { mname: Some(Some("a..b".into())), ..SoaEdit::default() }),
            code::SETTINGS_SOA,
            "/soa/mname",
            "soa.mname",
        ),
        (
            soa(SoaEdit { rname: Some("me@a.test".into()), ..SoaEdit::default() }),
            code::SETTINGS_SOA,
            "/soa/rname",
            "a dot in the place",
        ),
        (
            soa(SoaEdit { refresh: Some(599), ..SoaEdit::default() }),
            code::SETTINGS_SOA,
            "/soa/refresh",
            "from 600 to 86400",
        ),
        (soa(SoaEdit { retry: Some(-1), ..SoaEdit::default() }), code::SETTINGS_SOA, "/soa/retry", "from 600"),
        (
            soa(SoaEdit { expire: Some(2_419_201), ..SoaEdit::default() }),
            code::SETTINGS_SOA,
            "/soa/expire",
            "to 2419200",
        ),
        (soa(SoaEdit { min_ttl: Some(59), ..SoaEdit::default() }), code::SETTINGS_SOA, "/soa/min_ttl", "from 60"),
        (soa(SoaEdit { ttl: Some(1 << 40), ..SoaEdit::default() }), code::SETTINGS_SOA, "/soa/ttl", "from 300"),
    ] {
        let done = f.catalog.edit_dns_settings(&f.by, full.id, edit).await;
        assert_fault(done, Invalid, code, Some(pointer), part);
    }
    assert!(!f.catalog.read().has_settings(full.id), "nothing was changed");
    let done =
        f.catalog.edit_dns_settings(&f.by, secondary.id, soa(SoaEdit { ttl: Some(300), ..SoaEdit::default() })).await;
    assert_fault(done, Invalid, code::SETTINGS_SOA, Some("/soa"), "type secondary");
    let reader = token("r", Reach::All, Access::Read);
    assert_fault(
        f.catalog.edit_dns_settings(&reader, full.id, none()).await,
        Forbidden,
        code::FORBIDDEN,
        None,
        "read only",
    );
    // What other clients send as it is by default is taken.
    let same = DnsSettingsEdit {
        flatten_all_cnames: Some(false),
        foundation_dns: Some(false),
        name_servers: Some(NAME_SERVERS.into()),
        ns_ttl: Some(86_400),
        soa: Some(SoaEdit::default()),
        zone_mode: Some("standard".into()),
        ..none()
    };
    let done = f.catalog.edit_dns_settings(&f.by, secondary.id, same).await.unwrap();
    assert_eq!((&done.result.soa, done.warnings), (&SoaSettings::default(), vec![]));
}

#[tokio::test]
async fn what_has_no_effect_is_said_to_have_none() {
    let f = fixture().await;
    let zone = f.zone("b.test", "secondary").await;
    let edit = DnsSettingsEdit { ns_ttl: Some(300), secondary_overrides: Some(true), ..DnsSettingsEdit::default() };
    let done = f.catalog.edit_dns_settings(&f.by, zone.id, edit).await.unwrap();
    assert!(done.warnings.iter().all(|warning| warning.code == code::SETTINGS_WITHOUT_EFFECT), "{:?}", done.warnings);
    assert_eq!(done.warnings.len(), 2);
    assert_eq!((done.result.ns_ttl, done.result.secondary_overrides), (300, true));
}

#[tokio::test]
async fn only_secondaries_are_signed_and_by_their_primaries() {
    let f = fixture().await;
    let (full, zone) = (f.zone("a.test", "full").await, f.zone("b.test", "secondary").await);
    let edit = |edit| f.catalog.edit_dnssec(&f.by, zone.id, edit);
    let none = DnssecEdit::default;
    let status = |word: &str| DnssecEdit { status: Some(word.to_owned()), ..DnssecEdit::default() };
    for (wanted, code, pointer, part) in [
        (status("active"), code::DNSSEC_SIGNING, "/status", "not signed here"),
        (
            DnssecEdit { multi_signer: Some(true), ..none() },
            code::DNSSEC_SIGNING,
            "/dnssec_multi_signer",
            "not signed here",
        ),
        (DnssecEdit { use_nsec3: Some(true), ..none() }, code::DNSSEC_SIGNING, "/dnssec_use_nsec3", "dnssec_presigned"),
        (status("pending"), code::DNSSEC_MEMBER, "/status", "neither"),
        (DnssecEdit { presigned: Some(true), ..status("disabled") }, code::DNSSEC_MEMBER, "/status", "contradicts"),
    ] {
        assert_fault(edit(wanted).await, Invalid, code, Some(pointer), part);
    }
    let done = f.catalog.edit_dnssec(&f.by, full.id, presigned(true)).await;
    assert_fault(done, Invalid, code::DNSSEC_MEMBER, Some("/dnssec_presigned"), "only secondaries");

    let on = edit(DnssecEdit { use_nsec3: Some(true), ..presigned(true) }).await.unwrap().result;
    assert!(on.dnssec_presigned && on.dnssec_use_nsec3);
    assert!(edit(status("active")).await.unwrap().result.dnssec_use_nsec3);
    let overrides = DnsSettingsEdit { secondary_overrides: Some(true), ..DnsSettingsEdit::default() };
    let done = f.catalog.edit_dns_settings(&f.by, zone.id, overrides.clone()).await;
    assert_fault(done, Conflict, code::SETTINGS_OVERRIDES, Some("/secondary_overrides"), "signed by its primaries");
    let off = edit(status("disabled")).await.unwrap().result;
    assert!(!off.dnssec_presigned && !off.dnssec_use_nsec3);
    f.catalog.edit_dns_settings(&f.by, zone.id, overrides).await.unwrap();
    let done = edit(presigned(true)).await;
    assert_fault(done, Conflict, code::SETTINGS_OVERRIDES, Some("/dnssec_presigned"), "secondary_overrides");
}

#[tokio::test]
async fn a_zone_that_becomes_full_is_signed_by_nobody() {
    let f = fixture().await;
    let zone = f.zone("b.test", "secondary").await;
    f.catalog.edit_dnssec(&f.by, zone.id, presigned(true)).await.unwrap();
    let full = ZoneEdit { kind: Some("full".into()), ..ZoneEdit::default() };
    let zone = f.catalog.edit_zone(&f.by, zone.id, full).await.unwrap().result;
    assert!(!f.catalog.read().settings(&zone).dnssec_presigned);
}
