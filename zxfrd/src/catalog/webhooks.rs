//! Webhooks: their rules, and how they change.

use std::sync::Arc;

use ureq::http::Uri;

use super::alerting::{Alerting, AlertingKey, Webhook, WebhookSecret};
use super::change::{Catalog, Effect, Plan, Rules, named, new_id, some_of};
use super::fault::{Done, Fault, code};
use super::id::Id;
use super::object::{Object, ObjectKey, Token};

/// The most octets of a URL.
const LONGEST_URL: usize = 2048;

/// What a client wants a webhook to be.
#[derive(Clone, Debug)]
pub struct WebhookWanted {
    /// Its name, for people.
    pub name: String,
    /// Where it is: `http` or `https`.
    pub url: String,
    /// What stands in `cf-webhook-auth`.
    pub secret: SecretWanted,
}

/// What a client wants to be the secret of a webhook.
#[derive(Clone, PartialEq, Eq)]
pub enum SecretWanted {
    /// The one that there is; none where there is no webhook yet.
    Same,
    /// None.
    None,
    /// This one.
    This(String),
}

impl std::fmt::Debug for SecretWanted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretWanted(…)")
    }
}

impl Catalog {
    /// Makes a webhook, which is sent a test message.
    ///
    /// # Errors
    /// What rule it breaks; that it isn't stored.
    pub async fn create_webhook(
        &self,
        by: &Token,
        account: Id,
        wanted: WebhookWanted,
    ) -> Result<Done<Arc<Webhook>>, Fault> {
        self.change(by, move |rules| {
            rules.account(account)?;
            let webhook = check(rules, account, new_id()?, &wanted, None)?;
            let what = format!("created the webhook {} {:?}", webhook.id, webhook.name);
            let plan =
                Plan::new(webhook.clone(), account, what).put(Object::Alerting(Alerting::Webhook(webhook.clone())));
            Ok(plan.then(Effect::TestWebhook(webhook.id)))
        })
        .await
    }

    /// Makes a webhook another, which is sent a test message if it is elsewhere now or has another secret.
    ///
    /// # Errors
    /// That there is none; what rule it breaks; that it isn't stored.
    pub async fn update_webhook(
        &self,
        by: &Token,
        account: Id,
        id: Id,
        wanted: WebhookWanted,
    ) -> Result<Done<Arc<Webhook>>, Fault> {
        self.change(by, move |rules| {
            let before = find(rules, account, id)?;
            let webhook = check(rules, account, id, &wanted, Some(before))?;
            let what = format!("changed the webhook {id} {:?}", webhook.name);
            let other = webhook.url != before.url || webhook.secret != before.secret;
            let plan = Plan::new(webhook.clone(), account, what).put(Object::Alerting(Alerting::Webhook(webhook)));
            Ok(if other { plan.then(Effect::TestWebhook(id)) } else { plan })
        })
        .await
    }

    /// Takes a webhook away.
    ///
    /// # Errors
    /// That there is none; which policies use it; that it isn't stored.
    pub async fn delete_webhook(&self, by: &Token, account: Id, id: Id) -> Result<Done<Id>, Fault> {
        self.change(by, move |rules| {
            let webhook = find(rules, account, id)?;
            let policies = rules.objects.alert_policies(account);
            let users = policies.iter().filter(|policy| policy.webhooks.contains(&id));
            let users = some_of(users.map(|policy| policy.name.as_str()));
            if !users.is_empty() {
                let message = format!(
                    "the webhook {:?} is in use by the policies {users}: take it from them first",
                    webhook.name
                );
                return Err(Fault::conflict(code::WEBHOOK_IN_USE, message));
            }
            let what = format!("deleted the webhook {id} {:?}", webhook.name);
            Ok(Plan::new(id, account, what).delete(ObjectKey::Alerting(AlertingKey::Webhook(id))))
        })
        .await
    }
}

fn find<'a>(rules: &Rules<'a>, account: Id, id: Id) -> Result<&'a Arc<Webhook>, Fault> {
    rules.account(account)?;
    let found = rules.objects.webhook(account, id);
    found.ok_or_else(|| {
        Fault::not_found(code::WEBHOOK_NOT_FOUND, format!("there is no webhook with the id {id} in this account"))
    })
}

fn check(
    rules: &Rules<'_>,
    account: Id,
    id: Id,
    wanted: &WebhookWanted,
    before: Option<&Arc<Webhook>>,
) -> Result<Arc<Webhook>, Fault> {
    named(code::WEBHOOK_NAME, &wanted.name)?;
    check_url(&wanted.url).map_err(|what| Fault::invalid(code::WEBHOOK_URL, "url", format!("url: {what}")))?;
    let secret =
        match &wanted.secret {
            SecretWanted::Same => before.and_then(|before| before.secret.clone()),
            SecretWanted::None => None,
            SecretWanted::This(text) => Some(WebhookSecret::read(text).map_err(|what| {
                Fault::invalid(code::WEBHOOK_SECRET, "secret", format!("secret: what was sent {what}"))
            })?),
        };
    let same_place = before.filter(|before| before.url == wanted.url);
    Ok(Arc::new(Webhook {
        id,
        account,
        name: wanted.name.clone(),
        url: wanted.url.clone(),
        secret,
        created: before.map_or(rules.now, |before| before.created),
        modified: rules.now,
        // What came of another place says nothing of this one.
        last_success: same_place.and_then(|before| before.last_success),
        last_failure: same_place.and_then(|before| before.last_failure),
    }))
}

/// Whether something can be posted there. What is wrong is told without quoting it: a URL may have a secret in it.
fn check_url(text: &str) -> Result<(), &'static str> {
    if text.len() > LONGEST_URL {
        return Err("it is too long: at most 2048 characters");
    }
    if text.contains('#') {
        return Err("it has a fragment, which is never sent: leave out what stands from # on");
    }
    let uri: Uri = text.parse().map_err(|_| "it is not a URL such as https://alerts.example/hook")?;
    match (uri.scheme_str(), uri.authority()) {
        (Some("http" | "https"), Some(authority)) if authority.host().is_empty() => Err("it has no host"),
        (Some("http" | "https"), Some(authority)) if authority.as_str().contains('@') => {
            Err("it has a user or a password, which would be shown to readers: use secret")
        }
        (Some("http" | "https"), Some(authority)) => match authority.as_str().strip_prefix(authority.host()) {
            Some("") => Ok(()),
            Some(_) if authority.port_u16().is_some_and(|port| port > 0) => Ok(()),
            _ => Err("its port is not a number from 1 to 65535"),
        },
        _ => Err("it is not a URL such as https://alerts.example/hook, with http or https"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_that_can_be_posted_to() {
        for good in [
            "https://alerts.example/hook?key=1",
            "http://127.0.0.1:8080",
            "http://[2001:db8::1]:80/a",
            "https://a.example",
            "HTTPS://A.example/",
        ] {
            assert_eq!(check_url(good), Ok(()), "{good}");
        }
        let long = format!("https://a.example/{}", "x".repeat(LONGEST_URL));
        for (bad, part) in [
            ("", "not a URL"),
            ("alerts.example/hook", "not a URL"),
            ("ftp://alerts.example/", "http or https"),
            ("/hook", "http or https"),
            ("https://user:password@alerts.example/", "password"),
            ("https://alerts.example:0/", "port"),
            ("https://alerts.example:99999/", "port"),
            ("https://alerts.example/#x", "fragment"),
            ("https://", "not a URL"),
            (&long, "too long"),
        ] {
            let found = check_url(bad);
            assert!(found.is_err_and(|what| what.contains(part)), "{bad}: {found:?}");
        }
    }
}
