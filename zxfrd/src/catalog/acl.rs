//! ACLs: their rules, and how they change.

use std::sync::Arc;

use ipnet::IpNet;

use super::change::{Catalog, Plan, Rules, managed, named, new_id};
use super::fault::{Done, Fault, code};
use super::id::Id;
use super::object::{Acl, Object, ObjectKey, Origin, Token};
use super::written::{Written, not_mapped};

/// What a client wants an ACL to be.
#[derive(Clone, Debug)]
pub struct AclWanted {
    /// Its name, for people.
    pub name: String,
    /// An address, or a range; bits behind the prefix don't count.
    pub ip_range: String,
}

impl Catalog {
    /// Makes an ACL.
    ///
    /// # Errors
    /// What rule it breaks; that it isn't stored.
    pub async fn create_acl(&self, by: &Token, account: Id, wanted: AclWanted) -> Result<Done<Arc<Acl>>, Fault> {
        self.change(by, move |rules| {
            rules.account(account)?;
            let acl = check(rules, account, new_id()?, &wanted, None)?;
            let what = format!("created the ACL {} {:?} {:?}", acl.id, acl.name, acl.ip_range);
            Ok(Plan::new(acl.clone(), account, what).put(Object::Acl(acl)))
        })
        .await
    }

    /// Makes an ACL another.
    ///
    /// # Errors
    /// That there is none; what rule it breaks; that it is declared; that it isn't stored.
    pub async fn update_acl(
        &self,
        by: &Token,
        account: Id,
        id: Id,
        wanted: AclWanted,
    ) -> Result<Done<Arc<Acl>>, Fault> {
        self.change(by, move |rules| {
            let before = find(rules, account, id)?;
            managed(before.origin, format_args!("the ACL {:?}", before.name))?;
            let acl = check(rules, account, id, &wanted, Some(before))?;
            let what = format!("changed the ACL {id} {:?} {:?}", acl.name, acl.ip_range);
            Ok(Plan::new(acl.clone(), account, what).put(Object::Acl(acl)))
        })
        .await
    }

    /// Takes an ACL away.
    ///
    /// # Errors
    /// That there is none; that it is declared; that it isn't stored.
    pub async fn delete_acl(&self, by: &Token, account: Id, id: Id) -> Result<Done<Id>, Fault> {
        self.change(by, move |rules| {
            let acl = find(rules, account, id)?;
            managed(acl.origin, format_args!("the ACL {:?}", acl.name))?;
            Ok(Plan::new(id, account, format!("deleted the ACL {id} {:?}", acl.name)).delete(ObjectKey::Acl(id)))
        })
        .await
    }
}

fn find<'a>(rules: &Rules<'a>, account: Id, id: Id) -> Result<&'a Arc<Acl>, Fault> {
    rules.account(account)?;
    let found = rules.objects.acl(account, id);
    found.ok_or_else(|| {
        Fault::not_found(code::ACL_NOT_FOUND, format!("there is no ACL with the id {id} in this account"))
    })
}

fn check(
    rules: &Rules<'_>,
    account: Id,
    id: Id,
    wanted: &AclWanted,
    before: Option<&Arc<Acl>>,
) -> Result<Arc<Acl>, Fault> {
    named(code::ACL_NAME, &wanted.name)?;
    let ip_range = Written::<IpNet>::read(&wanted.ip_range)
        .map_err(|what| Fault::invalid(code::ACL_RANGE, "ip_range", format!("ip_range: {what}")))?;
    not_mapped(ip_range.value())
        .map_err(|what| Fault::invalid(code::ACL_RANGE, "ip_range", format!("ip_range: {what}")))?;
    let (widest, kind) = match ip_range.value() {
        IpNet::V4(_) => (rules.limits.acl_widest_ipv4, "an IPv4"),
        IpNet::V6(_) => (rules.limits.acl_widest_ipv6, "an IPv6"),
    };
    if ip_range.value().prefix_len() < widest {
        let message = format!("ip_range: {:?} is too wide: {kind} prefix is /{widest} or longer", wanted.ip_range);
        return Err(Fault::invalid(code::ACL_TOO_WIDE, "ip_range", message));
    }
    let created = before.map_or(rules.now, |before| before.created);
    let (name, origin, modified) = (wanted.name.clone(), Origin::Managed, rules.now);
    Ok(Arc::new(Acl { id, account, name, ip_range, origin, created, modified }))
}
