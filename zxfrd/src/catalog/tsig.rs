//! TSIGs: their rules, and how they change.

use std::fmt;
use std::sync::Arc;

use zxfr_core::tsig::Algorithm;

use super::change::{Catalog, Plan, Rules, managed, new_id, some_of};
use super::fault::{Done, Fault, Warning, code};
use super::id::Id;
use super::object::{Object, ObjectKey, Origin, Token, Tsig};
use super::written::{TsigSecret, Written};

/// The fewest octets of a secret that aren't warned of.
const SHORT: usize = 16;
/// The octets of a secret that is made here: as many as the MAC has, within these (RFC 8945 §6).
const RANDOM: (usize, usize) = (32, 64);

/// What a client wants a TSIG to be.
#[derive(Clone)]
pub struct TsigWanted {
    /// Its name: a domain name, with or without its last dot.
    pub name: String,
    /// Its algorithm, with or without its last dot, without case.
    pub algo: String,
    /// Its secret, base 64. Where there is none, or an empty one, a new TSIG gets a random one, and one that is there keeps its.
    pub secret: Option<String>,
}

impl fmt::Debug for TsigWanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TsigWanted({:?}, {:?}, …)", self.name, self.algo)
    }
}

impl Catalog {
    /// Makes a TSIG.
    ///
    /// # Errors
    /// What rule it breaks; that it isn't stored.
    pub async fn create_tsig(&self, by: &Token, account: Id, wanted: TsigWanted) -> Result<Done<Arc<Tsig>>, Fault> {
        self.change(by, move |rules| {
            rules.account(account)?;
            let (tsig, warnings) = check(rules, account, new_id()?, &wanted, None)?;
            let what = format!("created the TSIG {} {:?}", tsig.id, tsig.name);
            Ok(Plan::new(tsig.clone(), account, what).put(Object::Tsig(tsig)).warn(warnings))
        })
        .await
    }

    /// Makes a TSIG another. Transfers that run with what it was go on with that.
    ///
    /// # Errors
    /// That there is none; what rule it breaks; that it is declared; that it isn't stored.
    pub async fn update_tsig(
        &self,
        by: &Token,
        account: Id,
        id: Id,
        wanted: TsigWanted,
    ) -> Result<Done<Arc<Tsig>>, Fault> {
        self.change(by, move |rules| {
            let before = find(rules, account, id)?;
            managed(before.origin, format_args!("the TSIG {:?}", before.name))?;
            let (tsig, warnings) = check(rules, account, id, &wanted, Some(before))?;
            let what = format!("changed the TSIG {id} {:?}", tsig.name);
            Ok(Plan::new(tsig.clone(), account, what).put(Object::Tsig(tsig)).warn(warnings))
        })
        .await
    }

    /// Takes a TSIG away.
    ///
    /// # Errors
    /// That there is none; who uses it; that it is declared; that it isn't stored.
    pub async fn delete_tsig(&self, by: &Token, account: Id, id: Id) -> Result<Done<Id>, Fault> {
        self.change(by, move |rules| {
            let tsig = find(rules, account, id)?;
            managed(tsig.origin, format_args!("the TSIG {:?}", tsig.name))?;
            let users = some_of(rules.objects.peers_of_tsig(tsig).map(|peer| peer.name.as_str()));
            if !users.is_empty() {
                let message =
                    format!("the TSIG {:?} is in use by the peers {users}: take it from them first", tsig.name);
                return Err(Fault::conflict(code::TSIG_IN_USE, message));
            }
            let zones = some_of(rules.objects.zones_updated_with(tsig).map(|zone| zone.name.text()));
            if !zones.is_empty() {
                let message =
                    format!("the TSIG {:?} may update the zones {zones}: take it from their policies first", tsig.name);
                return Err(Fault::conflict(code::TSIG_IN_USE, message));
            }
            Ok(Plan::new(id, account, format!("deleted the TSIG {id} {:?}", tsig.name)).delete(ObjectKey::Tsig(id)))
        })
        .await
    }
}

fn find<'a>(rules: &Rules<'a>, account: Id, id: Id) -> Result<&'a Arc<Tsig>, Fault> {
    rules.account(account)?;
    let found = rules.objects.tsig(account, id);
    found.ok_or_else(|| {
        Fault::not_found(code::TSIG_NOT_FOUND, format!("there is no TSIG with the id {id} in this account"))
    })
}

fn check(
    rules: &Rules<'_>,
    account: Id,
    id: Id,
    wanted: &TsigWanted,
    before: Option<&Arc<Tsig>>,
) -> Result<(Arc<Tsig>, Vec<Warning>), Fault> {
    let name = Written::read(&wanted.name)
        .map_err(|what| Fault::invalid(code::TSIG_NAME, "name", format!("name: {what} (RFC 8945 §4.2)")))?;
    let algo = Written::<Algorithm>::read(&wanted.algo)
        .map_err(|what| Fault::invalid(code::TSIG_ALGO, "algo", format!("algo: {what}")))?;
    if *algo.value() == Algorithm::HmacMd5 && !rules.limits.allow_hmac_md5 {
        let what = "algo: hmac-md5 is weak: use hmac-sha256., or have allow_hmac_md5 = true set under [limits]";
        return Err(Fault::invalid(code::TSIG_ALGO, "algo", what));
    }
    let secret = match (wanted.secret.as_deref().unwrap_or(""), before) {
        ("", Some(before)) => before.secret.clone(),
        ("", None) => {
            TsigSecret::random(algo.value().mac_len().clamp(RANDOM.0, RANDOM.1)).map_err(Fault::unavailable)?
        }
        (text, _) => TsigSecret::read(text)
            .map_err(|what| Fault::invalid(code::TSIG_SECRET, "secret", format!("secret: what was sent {what}")))?,
    };
    let octets = secret.octets().octets().len();
    let warnings = (octets < SHORT).then(|| Warning {
        code: code::TSIG_SECRET,
        message: format!("secret: {octets} octets are few: use at least {SHORT}"),
    });
    let created = before.map_or(rules.now, |before| before.created);
    let tsig = Tsig { id, account, name, algo, secret, origin: Origin::Managed, created, modified: rules.now };
    Ok((Arc::new(tsig), warnings.into_iter().collect()))
}
