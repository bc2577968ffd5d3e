//! Objects being written and read.

use super::{StoreError, alerting, settings};
use crate::catalog::{
    Account, Acl, Audit, HoldIf, Id, Incoming, Meaning, Object, ObjectKey, Origin, Outgoing, Peer, Publishing, Reach,
    SERIAL_WORDS, Time, Token, Tsig, TsigSecret, Written, Zone, ZonePolicy, serial_word,
};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{Decode, FromRow, Row, Type};
use std::collections::HashMap;
use std::sync::Arc;

/// Puts an object, in place of the one with its key.
pub(super) async fn put(connection: &mut SqliteConnection, object: &Object) -> Result<(), StoreError> {
    // What belongs to it goes with it.
    delete(connection, object.key()).await?;
    match object {
        Object::Account(account) => {
            let Account { id, name, origin: _, created } = &**account;
            let insert = sqlx::query("INSERT INTO account (id, name, created) VALUES ($1, $2, $3)");
            insert.bind(&id.0[..]).bind(name.as_str()).bind(created.0).execute(connection).await?;
        }
        Object::Token(token) => put_token(connection, token).await?,
        Object::Tsig(tsig) => {
            let Tsig { id, account, name, algo, secret, origin: _, created, modified } = &**tsig;
            let insert = "INSERT INTO tsig (id, account, name, algo, secret, created, modified) \
                          VALUES ($1, $2, $3, $4, $5, $6, $7)";
            let insert = sqlx::query(insert).bind(&id.0[..]).bind(&account.0[..]).bind(name.text());
            let insert = insert.bind(algo.text()).bind(secret.text()).bind(created.0).bind(modified.0);
            insert.execute(connection).await?;
        }
        Object::Peer(peer) => {
            let Peer { id, account, name, ip, port, ixfr_enable, tsig_id, origin: _, created, modified } = &**peer;
            let insert = "INSERT INTO peer (id, account, name, ip, port, ixfr_enable, tsig, created, modified) \
                          VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
            let insert = sqlx::query(insert).bind(&id.0[..]).bind(&account.0[..]).bind(name.as_str());
            let insert = insert.bind(ip.as_ref().map(Written::text)).bind(port.map(i64::from)).bind(*ixfr_enable);
            let insert = insert.bind(tsig_id.as_ref().map(|tsig| &tsig.0[..])).bind(created.0).bind(modified.0);
            insert.execute(connection).await?;
        }
        Object::Acl(acl) => {
            let Acl { id, account, name, ip_range, origin: _, created, modified } = &**acl;
            let insert =
                "INSERT INTO acl (id, account, name, ip_range, created, modified) VALUES ($1, $2, $3, $4, $5, $6)";
            let insert = sqlx::query(insert).bind(&id.0[..]).bind(&account.0[..]).bind(name.as_str());
            insert.bind(ip_range.text()).bind(created.0).bind(modified.0).execute(connection).await?;
        }
        Object::Zone(zone) => put_zone(connection, zone).await?,
        Object::Incoming(incoming) => {
            let Incoming { zone, name, peers, auto_refresh_seconds, origin: _, created, modified } = &**incoming;
            let insert = "INSERT INTO incoming (zone, name, auto_refresh_seconds, created, modified) \
                          VALUES ($1, $2, $3, $4, $5)";
            let insert = sqlx::query(insert).bind(&zone.0[..]).bind(name.as_str());
            let insert = insert.bind(i64::from(*auto_refresh_seconds)).bind(created.0).bind(modified.0);
            insert.execute(&mut *connection).await?;
            let insert = "INSERT INTO incoming_peer (zone, number, peer) VALUES ($1, $2, $3)";
            put_ids(connection, insert, *zone, peers).await?;
        }
        Object::Outgoing(outgoing) => {
            let Outgoing { zone, name, peers, enabled, origin: _, created } = &**outgoing;
            let insert = sqlx::query("INSERT INTO outgoing (zone, name, enabled, created) VALUES ($1, $2, $3, $4)");
            let insert = insert.bind(&zone.0[..]).bind(name.as_str()).bind(*enabled).bind(created.0);
            insert.execute(&mut *connection).await?;
            let insert = "INSERT INTO outgoing_peer (zone, number, peer) VALUES ($1, $2, $3)";
            put_ids(connection, insert, *zone, peers).await?;
        }
        Object::Policy(policy) => {
            let ZonePolicy { zone, serial, update, zonemd_generate, publishing, origin: _, modified } = &**policy;
            let Publishing { publish, hold_if, zonemd } = publishing;
            let HoldIf { shrink_percent, apex_ns_gone, dnskey_gone, zonemd_wrong, rrsig_expires } = hold_if;
            let insert = "INSERT INTO zone_policy (zone, serial, modified, zonemd_generate, publish, zonemd, shrink_percent, \
                          apex_ns_gone, dnskey_gone, zonemd_wrong, rrsig_expires) \
                          VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
            let insert = sqlx::query(insert).bind(&zone.0[..]).bind(serial_word(*serial)).bind(modified.0);
            let insert = insert.bind(*zonemd_generate).bind(publish.as_str()).bind(zonemd.as_str());
            let insert = insert.bind(shrink_percent.map(i64::from)).bind(*apex_ns_gone).bind(*dnskey_gone);
            let insert = insert.bind(*zonemd_wrong).bind(*rrsig_expires);
            insert.execute(&mut *connection).await?;
            let insert = "INSERT INTO zone_policy_update (zone, number, tsig) VALUES ($1, $2, $3)";
            put_ids(connection, insert, *zone, update).await?;
        }
        Object::Settings(settings) => settings::put(connection, settings).await?,
        Object::Alerting(object) => alerting::put(connection, object).await?,
    }
    Ok(())
}

async fn put_token(connection: &mut SqliteConnection, token: &Token) -> Result<(), StoreError> {
    let Token { id, name, email, digest, accounts, access, origin: _, created } = token;
    let insert = "INSERT INTO token (id, name, email, digest, access, all_accounts, created) \
                  VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let insert = sqlx::query(insert).bind(&id.0[..]).bind(name.as_str()).bind(email.as_deref()).bind(&digest[..]);
    let insert = insert.bind(access.as_str()).bind(matches!(accounts, Reach::All)).bind(created.0);
    insert.execute(&mut *connection).await?;
    if let Reach::Some(accounts) = accounts {
        for account in accounts {
            let insert = sqlx::query("INSERT INTO token_account (token, account) VALUES ($1, $2)");
            insert.bind(&id.0[..]).bind(&account.0[..]).execute(&mut *connection).await?;
        }
    }
    Ok(())
}

async fn put_zone(connection: &mut SqliteConnection, zone: &Zone) -> Result<(), StoreError> {
    let Zone { id, account, name, kind, paused, vanity_name_servers, created, modified, activated, .. } = zone;
    let insert = "INSERT INTO zone (id, account, name, kind, paused, created, modified, activated) \
                  VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let insert = sqlx::query(insert).bind(&id.0[..]).bind(&account.0[..]).bind(name.text()).bind(kind.as_str());
    let insert = insert.bind(*paused).bind(created.0).bind(modified.0).bind(activated.map(|time| time.0));
    insert.execute(&mut *connection).await?;
    for (number, server) in (0_i64..).zip(vanity_name_servers) {
        let insert = sqlx::query("INSERT INTO zone_vanity_name_server (zone, number, name) VALUES ($1, $2, $3)");
        insert.bind(&id.0[..]).bind(number).bind(server.as_str()).execute(&mut *connection).await?;
    }
    Ok(())
}

async fn put_ids(
    connection: &mut SqliteConnection,
    insert: &'static str,
    zone: Id,
    ids: &[Id],
) -> Result<(), StoreError> {
    for (number, other) in (0_i64..).zip(ids) {
        let insert = sqlx::query(insert).bind(&zone.0[..]).bind(number).bind(&other.0[..]);
        insert.execute(&mut *connection).await?;
    }
    Ok(())
}

/// Removes an object, if it is there, and what belongs to it.
pub(super) async fn delete(connection: &mut SqliteConnection, key: ObjectKey) -> Result<(), StoreError> {
    let (delete, id) = match key {
        ObjectKey::Account(id) => ("DELETE FROM account WHERE id = $1", id),
        ObjectKey::Token(id) => ("DELETE FROM token WHERE id = $1", id),
        ObjectKey::Tsig(id) => ("DELETE FROM tsig WHERE id = $1", id),
        ObjectKey::Peer(id) => ("DELETE FROM peer WHERE id = $1", id),
        ObjectKey::Acl(id) => ("DELETE FROM acl WHERE id = $1", id),
        ObjectKey::Zone(id) => ("DELETE FROM zone WHERE id = $1", id),
        ObjectKey::Incoming(id) => ("DELETE FROM incoming WHERE zone = $1", id),
        ObjectKey::Outgoing(id) => ("DELETE FROM outgoing WHERE zone = $1", id),
        ObjectKey::Policy(id) => ("DELETE FROM zone_policy WHERE zone = $1", id),
        ObjectKey::Settings(id) => ("DELETE FROM zone_settings WHERE zone = $1", id),
        ObjectKey::Alerting(key) => alerting::delete(key),
    };
    sqlx::query(delete).bind(&id.0[..]).execute(connection).await?;
    Ok(())
}

/// The audit trail has so many lines at most; then the oldest go.
pub(super) const AUDIT_LINES: i64 = 100_000;

/// Appends to the audit trail.
pub(super) async fn audit(connection: &mut SqliteConnection, audit: &Audit) -> Result<(), StoreError> {
    let Audit { at, account, token, what } = audit;
    let insert = sqlx::query("INSERT INTO audit (at, account, token, what) VALUES ($1, $2, $3, $4)").bind(at.0);
    let insert = insert.bind(account.as_ref().map(|account| &account.0[..])).bind(token.as_str()).bind(what.as_str());
    let number = insert.execute(&mut *connection).await?.last_insert_rowid();
    let trim = sqlx::query("DELETE FROM audit WHERE number <= $1").bind(number.saturating_sub(AUDIT_LINES));
    trim.execute(connection).await?;
    Ok(())
}

/// All objects.
pub(super) async fn all(connection: &mut SqliteConnection) -> Result<Vec<Object>, StoreError> {
    let mut objects = Vec::new();
    let reaches = lists(connection, "SELECT token, account FROM token_account ORDER BY token, account").await?;
    let servers = "SELECT zone, name FROM zone_vanity_name_server ORDER BY zone, number";
    let servers = lists(connection, servers).await?;
    let incoming = lists(connection, "SELECT zone, peer FROM incoming_peer ORDER BY zone, number").await?;
    let outgoing = lists(connection, "SELECT zone, peer FROM outgoing_peer ORDER BY zone, number").await?;
    for row in rows(connection, "account", "SELECT * FROM account ORDER BY id").await? {
        objects.push(Object::Account(Arc::new(account(&row)?)));
    }
    for row in rows(connection, "token", "SELECT * FROM token ORDER BY id").await? {
        objects.push(Object::Token(Arc::new(token(&row, &reaches)?)));
    }
    for row in rows(connection, "tsig", "SELECT * FROM tsig ORDER BY id").await? {
        objects.push(Object::Tsig(Arc::new(tsig(&row)?)));
    }
    for row in rows(connection, "peer", "SELECT * FROM peer ORDER BY id").await? {
        objects.push(Object::Peer(Arc::new(peer(&row)?)));
    }
    for row in rows(connection, "acl", "SELECT * FROM acl ORDER BY id").await? {
        objects.push(Object::Acl(Arc::new(acl(&row)?)));
    }
    for row in rows(connection, "zone", "SELECT * FROM zone ORDER BY id").await? {
        objects.push(Object::Zone(Arc::new(zone(&row, &servers)?)));
    }
    for row in rows(connection, "incoming", "SELECT * FROM incoming ORDER BY zone").await? {
        objects.push(Object::Incoming(Arc::new(incoming_of(&row, &incoming)?)));
    }
    for row in rows(connection, "outgoing", "SELECT * FROM outgoing ORDER BY zone").await? {
        objects.push(Object::Outgoing(Arc::new(outgoing_of(&row, &outgoing)?)));
    }
    let updates = lists(connection, "SELECT zone, tsig FROM zone_policy_update ORDER BY zone, number").await?;
    for row in rows(connection, "zone_policy", "SELECT * FROM zone_policy ORDER BY zone").await? {
        objects.push(Object::Policy(Arc::new(policy_of(&row, &updates)?)));
    }
    objects.extend(settings::all(connection).await?.into_iter().map(Object::Settings));
    objects.extend(alerting::all(connection).await?.into_iter().map(Object::Alerting));
    Ok(objects)
}

/// A row, and the name of its table.
pub(super) struct Fields {
    table: &'static str,
    row: SqliteRow,
}

pub(super) async fn rows(
    connection: &mut SqliteConnection,
    table: &'static str,
    select: &'static str,
) -> Result<Vec<Fields>, StoreError> {
    let rows = sqlx::query(select).fetch_all(connection).await?;
    Ok(rows.into_iter().map(|row| Fields { table, row }).collect())
}

/// What belongs to objects, in order.
pub(super) async fn lists<T>(
    connection: &mut SqliteConnection,
    select: &'static str,
) -> Result<HashMap<Vec<u8>, Vec<T>>, StoreError>
where
    (Vec<u8>, T): for<'r> FromRow<'r, SqliteRow>,
    T: Send + Unpin,
{
    let rows: Vec<(Vec<u8>, T)> = sqlx::query_as(select).fetch_all(connection).await?;
    let mut lists = HashMap::<_, Vec<T>>::new();
    for (owner, item) in rows {
        lists.entry(owner).or_default().push(item);
    }
    Ok(lists)
}

impl Fields {
    pub(super) fn field<'r, T: Decode<'r, sqlx::Sqlite> + Type<sqlx::Sqlite>>(
        &'r self,
        column: &str,
    ) -> Result<T, StoreError> {
        self.row.try_get(column).map_err(|error| match StoreError::from(error) {
            StoreError::Damaged(what) | StoreError::Failed(what) => self.damaged(column, &what),
            error => error,
        })
    }

    pub(super) fn damaged(&self, column: &str, what: &str) -> StoreError {
        StoreError::Damaged(format!("table {}, column {column}: {what}", self.table))
    }

    pub(super) fn id(&self, column: &str) -> Result<Id, StoreError> {
        id(self.field(column)?).ok_or_else(|| self.damaged(column, "not an id"))
    }

    pub(super) fn time(&self, column: &str) -> Result<Time, StoreError> {
        self.field(column).map(Time)
    }

    pub(super) fn written<T: Meaning>(&self, column: &str) -> Result<Written<T>, StoreError> {
        Written::read(self.field(column)?).map_err(|what| self.damaged(column, &what))
    }

    pub(super) fn word<T: std::str::FromStr<Err = String>>(&self, column: &str) -> Result<T, StoreError> {
        self.field::<&str>(column)?.parse().map_err(|what: String| self.damaged(column, &what))
    }

    pub(super) fn number<T: TryFrom<i64>>(&self, column: &str) -> Result<T, StoreError> {
        T::try_from(self.field(column)?).map_err(|_| self.damaged(column, "a number out of range"))
    }

    /// What belongs to the object of this id.
    pub(super) fn list<T: Clone>(&self, column: &str, lists: &HashMap<Vec<u8>, Vec<T>>) -> Result<Vec<T>, StoreError> {
        Ok(lists.get(self.field::<&[u8]>(column)?).cloned().unwrap_or_default())
    }

    pub(super) fn ids<C: FromIterator<Id>>(
        &self,
        column: &str,
        lists: &HashMap<Vec<u8>, Vec<Vec<u8>>>,
    ) -> Result<C, StoreError> {
        let ids = self.list(column, lists)?;
        let ids = ids.iter().map(|octets| id(octets).ok_or_else(|| self.damaged(column, "a list without ids")));
        ids.collect()
    }
}

fn id(octets: &[u8]) -> Option<Id> {
    octets.try_into().ok().map(Id)
}

fn account(row: &Fields) -> Result<Account, StoreError> {
    let (id, name, created) = (row.id("id")?, row.field("name")?, row.time("created")?);
    Ok(Account { id, name, origin: Origin::Managed, created })
}

fn token(row: &Fields, reaches: &HashMap<Vec<u8>, Vec<Vec<u8>>>) -> Result<Token, StoreError> {
    let digest = row.field::<&[u8]>("digest")?.try_into().map_err(|_| row.damaged("digest", "not 32 octets"))?;
    let accounts = if row.field("all_accounts")? { Reach::All } else { Reach::Some(row.ids("id", reaches)?) };
    Ok(Token {
        id: row.id("id")?,
        name: row.field("name")?,
        email: row.field("email")?,
        digest,
        accounts,
        access: row.word("access")?,
        origin: Origin::Managed,
        created: row.time("created")?,
    })
}

fn tsig(row: &Fields) -> Result<Tsig, StoreError> {
    Ok(Tsig {
        id: row.id("id")?,
        account: row.id("account")?,
        name: row.written("name")?,
        algo: row.written("algo")?,
        secret: TsigSecret::read(row.field("secret")?).map_err(|what| row.damaged("secret", what))?,
        origin: Origin::Managed,
        created: row.time("created")?,
        modified: row.time("modified")?,
    })
}

fn peer(row: &Fields) -> Result<Peer, StoreError> {
    let is_set = |column| row.field::<Option<&str>>(column).map(|text| text.is_some());
    let tsig_id = row.field::<Option<&[u8]>>("tsig")?;
    Ok(Peer {
        id: row.id("id")?,
        account: row.id("account")?,
        name: row.field("name")?,
        ip: if is_set("ip")? { Some(row.written("ip")?) } else { None },
        port: if row.field::<Option<i64>>("port")?.is_some() { Some(row.number("port")?) } else { None },
        ixfr_enable: row.field("ixfr_enable")?,
        tsig_id: if tsig_id.is_some() { Some(row.id("tsig")?) } else { None },
        origin: Origin::Managed,
        created: row.time("created")?,
        modified: row.time("modified")?,
    })
}

fn acl(row: &Fields) -> Result<Acl, StoreError> {
    Ok(Acl {
        id: row.id("id")?,
        account: row.id("account")?,
        name: row.field("name")?,
        ip_range: row.written("ip_range")?,
        origin: Origin::Managed,
        created: row.time("created")?,
        modified: row.time("modified")?,
    })
}

fn zone(row: &Fields, servers: &HashMap<Vec<u8>, Vec<String>>) -> Result<Zone, StoreError> {
    Ok(Zone {
        id: row.id("id")?,
        account: row.id("account")?,
        name: row.written("name")?,
        kind: row.word("kind")?,
        paused: row.field("paused")?,
        vanity_name_servers: row.list("id", servers)?,
        origin: Origin::Managed,
        created: row.time("created")?,
        modified: row.time("modified")?,
        activated: row.field::<Option<i64>>("activated")?.map(Time),
        declared: Default::default(),
    })
}

fn incoming_of(row: &Fields, peers: &HashMap<Vec<u8>, Vec<Vec<u8>>>) -> Result<Incoming, StoreError> {
    Ok(Incoming {
        zone: row.id("zone")?,
        name: row.field("name")?,
        peers: row.ids("zone", peers)?,
        auto_refresh_seconds: row.number("auto_refresh_seconds")?,
        origin: Origin::Managed,
        created: row.time("created")?,
        modified: row.time("modified")?,
    })
}

fn outgoing_of(row: &Fields, peers: &HashMap<Vec<u8>, Vec<Vec<u8>>>) -> Result<Outgoing, StoreError> {
    Ok(Outgoing {
        zone: row.id("zone")?,
        name: row.field("name")?,
        peers: row.ids("zone", peers)?,
        enabled: row.field("enabled")?,
        origin: Origin::Managed,
        created: row.time("created")?,
    })
}

fn policy_of(row: &Fields, updates: &HashMap<Vec<u8>, Vec<Vec<u8>>>) -> Result<ZonePolicy, StoreError> {
    let word: &str = row.field("serial")?;
    let serial = SERIAL_WORDS.iter().find(|(known, _)| *known == word).map(|(_, policy)| *policy);
    Ok(ZonePolicy {
        zone: row.id("zone")?,
        serial: serial.ok_or_else(|| row.damaged("serial", "a word that isn't known"))?,
        update: row.ids("zone", updates)?,
        zonemd_generate: row.field("zonemd_generate")?,
        publishing: Publishing {
            publish: row.word("publish")?,
            hold_if: HoldIf {
                shrink_percent: match row.field::<Option<i64>>("shrink_percent")? {
                    None => None,
                    Some(_) => Some(row.number("shrink_percent")?),
                },
                apex_ns_gone: row.field("apex_ns_gone")?,
                dnskey_gone: row.field("dnskey_gone")?,
                zonemd_wrong: row.field("zonemd_wrong")?,
                rrsig_expires: row.field("rrsig_expires")?,
            },
            zonemd: row.word("zonemd")?,
        },
        origin: Origin::Managed,
        modified: row.time("modified")?,
    })
}
