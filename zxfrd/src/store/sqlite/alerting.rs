//! Webhooks, policies, what was sent and what isn't over, being written and read.

use super::StoreError;
use super::objects::{Fields, lists, rows};
use crate::catalog::{AlertPolicy, Alerting, AlertingKey, Id, Incident, SentAlert, Time, Webhook, WebhookSecret};
use sqlx::sqlite::SqliteConnection;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Puts an object; the one with its key is gone already.
pub(super) async fn put(connection: &mut SqliteConnection, object: &Alerting) -> Result<(), StoreError> {
    match object {
        Alerting::Webhook(webhook) => put_webhook(connection, webhook).await,
        Alerting::Policy(policy) => put_policy(connection, policy).await,
        Alerting::Sent(sent) => put_sent(connection, sent).await,
        Alerting::Incident(incident) => put_incident(connection, incident).await,
    }
}

async fn put_webhook(connection: &mut SqliteConnection, webhook: &Webhook) -> Result<(), StoreError> {
    let Webhook { id, account, name, url, secret, created, modified, last_success, last_failure } = webhook;
    let insert = "INSERT INTO webhook (id, account, name, url, secret, created, modified, last_success, last_failure) \
                  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let insert = sqlx::query(insert).bind(&id.0[..]).bind(&account.0[..]).bind(name.as_str()).bind(url.as_str());
    let insert = insert.bind(secret.as_ref().map(WebhookSecret::text)).bind(created.0).bind(modified.0);
    let insert = insert.bind(last_success.map(|time| time.0)).bind(last_failure.map(|time| time.0));
    insert.execute(connection).await?;
    Ok(())
}

async fn put_policy(connection: &mut SqliteConnection, policy: &AlertPolicy) -> Result<(), StoreError> {
    let AlertPolicy { id, account, name, description, alert_type, enabled, webhooks, created, modified } = policy;
    let insert = "INSERT INTO alert_policy (id, account, name, description, alert_type, enabled, created, modified) \
                  VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let insert = sqlx::query(insert).bind(&id.0[..]).bind(&account.0[..]).bind(name.as_str());
    let insert = insert.bind(description.as_deref()).bind(alert_type.as_str()).bind(*enabled);
    insert.bind(created.0).bind(modified.0).execute(&mut *connection).await?;
    for (number, webhook) in (0_i64..).zip(webhooks) {
        let insert = sqlx::query("INSERT INTO alert_policy_webhook (policy, number, webhook) VALUES ($1, $2, $3)");
        insert.bind(&id.0[..]).bind(number).bind(&webhook.0[..]).execute(&mut *connection).await?;
    }
    Ok(())
}

async fn put_sent(connection: &mut SqliteConnection, sent: &SentAlert) -> Result<(), StoreError> {
    let SentAlert { id, account, policy, name, description, alert_type, webhook, body, sent } = sent;
    let insert = "INSERT INTO alert_sent (id, account, policy, name, description, alert_type, webhook, body, sent) \
                  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let insert = sqlx::query(insert).bind(&id.0[..]).bind(&account.0[..]).bind(&policy.0[..]).bind(name.as_str());
    let insert = insert.bind(description.as_deref()).bind(alert_type.as_str()).bind(&webhook.0[..]);
    insert.bind(body.as_str()).bind(sent.0).execute(connection).await?;
    Ok(())
}

async fn put_incident(connection: &mut SqliteConnection, incident: &Incident) -> Result<(), StoreError> {
    let Incident { id, account, zone, zone_name, alert_type, since, told } = incident;
    let insert =
        "INSERT INTO incident (id, account, zone, zone_name, alert_type, since) VALUES ($1, $2, $3, $4, $5, $6)";
    let insert = sqlx::query(insert).bind(&id.0[..]).bind(&account.0[..]).bind(&zone.0[..]).bind(zone_name.as_str());
    insert.bind(alert_type.as_str()).bind(since.0).execute(&mut *connection).await?;
    for (policy, webhook) in told {
        let insert = sqlx::query("INSERT INTO incident_told (incident, policy, webhook) VALUES ($1, $2, $3)");
        insert.bind(&id.0[..]).bind(&policy.0[..]).bind(&webhook.0[..]).execute(&mut *connection).await?;
    }
    Ok(())
}

/// What removes an object, and its id.
pub(super) const fn delete(key: AlertingKey) -> (&'static str, Id) {
    match key {
        AlertingKey::Webhook(id) => ("DELETE FROM webhook WHERE id = $1", id),
        AlertingKey::Policy(id) => ("DELETE FROM alert_policy WHERE id = $1", id),
        AlertingKey::Sent(id) => ("DELETE FROM alert_sent WHERE id = $1", id),
        AlertingKey::Incident(id) => ("DELETE FROM incident WHERE id = $1", id),
    }
}

/// All objects.
pub(super) async fn all(connection: &mut SqliteConnection) -> Result<Vec<Alerting>, StoreError> {
    let mut objects = Vec::new();
    let told = "SELECT policy, webhook FROM alert_policy_webhook ORDER BY policy, number";
    let webhooks = lists(connection, told).await?;
    for row in rows(connection, "webhook", "SELECT * FROM webhook ORDER BY id").await? {
        objects.push(Alerting::Webhook(Arc::new(webhook(&row)?)));
    }
    for row in rows(connection, "alert_policy", "SELECT * FROM alert_policy ORDER BY id").await? {
        objects.push(Alerting::Policy(Arc::new(policy(&row, &webhooks)?)));
    }
    for row in rows(connection, "alert_sent", "SELECT * FROM alert_sent ORDER BY sent, id").await? {
        objects.push(Alerting::Sent(Arc::new(sent(&row)?)));
    }
    let mut told = HashMap::<Id, BTreeSet<(Id, Id)>>::new();
    for row in rows(connection, "incident_told", "SELECT * FROM incident_told").await? {
        told.entry(row.id("incident")?).or_default().insert((row.id("policy")?, row.id("webhook")?));
    }
    for row in rows(connection, "incident", "SELECT * FROM incident ORDER BY id").await? {
        let told = told.remove(&row.id("id")?).unwrap_or_default();
        objects.push(Alerting::Incident(Arc::new(incident(&row, told)?)));
    }
    Ok(objects)
}

fn webhook(row: &Fields) -> Result<Webhook, StoreError> {
    let secret = row.field::<Option<&str>>("secret")?.map(WebhookSecret::read).transpose();
    let time = |column| row.field::<Option<i64>>(column).map(|time| time.map(Time));
    Ok(Webhook {
        id: row.id("id")?,
        account: row.id("account")?,
        name: row.field("name")?,
        url: row.field("url")?,
        secret: secret.map_err(|what| row.damaged("secret", what))?,
        created: row.time("created")?,
        modified: row.time("modified")?,
        last_success: time("last_success")?,
        last_failure: time("last_failure")?,
    })
}

fn policy(row: &Fields, webhooks: &HashMap<Vec<u8>, Vec<Vec<u8>>>) -> Result<AlertPolicy, StoreError> {
    Ok(AlertPolicy {
        id: row.id("id")?,
        account: row.id("account")?,
        name: row.field("name")?,
        description: row.field("description")?,
        alert_type: row.word("alert_type")?,
        enabled: row.field("enabled")?,
        webhooks: row.ids("id", webhooks)?,
        created: row.time("created")?,
        modified: row.time("modified")?,
    })
}

fn sent(row: &Fields) -> Result<SentAlert, StoreError> {
    Ok(SentAlert {
        id: row.id("id")?,
        account: row.id("account")?,
        policy: row.id("policy")?,
        name: row.field("name")?,
        description: row.field("description")?,
        alert_type: row.word("alert_type")?,
        webhook: row.id("webhook")?,
        body: row.field("body")?,
        sent: row.time("sent")?,
    })
}

fn incident(row: &Fields, told: BTreeSet<(Id, Id)>) -> Result<Incident, StoreError> {
    Ok(Incident {
        id: row.id("id")?,
        account: row.id("account")?,
        zone: row.id("zone")?,
        zone_name: row.field("zone_name")?,
        alert_type: row.word("alert_type")?,
        since: row.time("since")?,
        told,
    })
}
