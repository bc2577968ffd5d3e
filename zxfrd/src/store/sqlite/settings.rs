//! What is set for zones, in tables.

use std::sync::Arc;

use sqlx::sqlite::SqliteConnection;

use super::StoreError;
use super::objects::{Fields, rows};
use crate::catalog::{Meaning, SoaSettings, Written, ZoneSettings};

/// Puts settings where there are none.
pub(super) async fn put(connection: &mut SqliteConnection, settings: &ZoneSettings) -> Result<(), StoreError> {
    let ZoneSettings { zone, multi_provider, secondary_overrides, ns_ttl, zone_mode, soa, .. } = settings;
    let SoaSettings { mname, rname, refresh, retry, expire, min_ttl, ttl } = soa;
    let insert = "INSERT INTO zone_settings (zone, multi_provider, secondary_overrides, ns_ttl, zone_mode, soa_mname, \
                  soa_rname, soa_refresh, soa_retry, soa_expire, soa_min_ttl, soa_ttl, dnssec_presigned, \
                  dnssec_use_nsec3, modified) \
                  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";
    let insert = sqlx::query(insert).bind(&zone.0[..]).bind(*multi_provider).bind(*secondary_overrides);
    let insert = insert.bind(i64::from(*ns_ttl)).bind(zone_mode.as_str());
    let insert = insert.bind(mname.as_ref().map(Written::text)).bind(rname.as_ref().map(Written::text));
    let numbers = [refresh, retry, expire, min_ttl, ttl].map(|number| number.map(i64::from));
    let insert = numbers.into_iter().fold(insert, |insert, number| insert.bind(number));
    let insert = insert.bind(settings.dnssec_presigned).bind(settings.dnssec_use_nsec3).bind(settings.modified.0);
    insert.execute(connection).await?;
    Ok(())
}

/// All settings.
pub(super) async fn all(connection: &mut SqliteConnection) -> Result<Vec<Arc<ZoneSettings>>, StoreError> {
    let rows = rows(connection, "zone_settings", "SELECT * FROM zone_settings ORDER BY zone").await?;
    rows.iter().map(|row| settings(row).map(Arc::new)).collect()
}

fn settings(row: &Fields) -> Result<ZoneSettings, StoreError> {
    Ok(ZoneSettings {
        zone: row.id("zone")?,
        multi_provider: row.field("multi_provider")?,
        secondary_overrides: row.field("secondary_overrides")?,
        ns_ttl: row.number("ns_ttl")?,
        zone_mode: row.word("zone_mode")?,
        soa: SoaSettings {
            mname: written(row, "soa_mname")?,
            rname: written(row, "soa_rname")?,
            refresh: number(row, "soa_refresh")?,
            retry: number(row, "soa_retry")?,
            expire: number(row, "soa_expire")?,
            min_ttl: number(row, "soa_min_ttl")?,
            ttl: number(row, "soa_ttl")?,
        },
        dnssec_presigned: row.field("dnssec_presigned")?,
        dnssec_use_nsec3: row.field("dnssec_use_nsec3")?,
        modified: row.time("modified")?,
    })
}

fn written<T: Meaning>(row: &Fields, column: &str) -> Result<Option<Written<T>>, StoreError> {
    row.field::<Option<&str>>(column)?.map(|_| row.written(column)).transpose()
}

fn number(row: &Fields, column: &str) -> Result<Option<u32>, StoreError> {
    row.field::<Option<i64>>(column)?.map(|_| row.number(column)).transpose()
}
