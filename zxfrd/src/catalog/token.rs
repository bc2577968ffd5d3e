//! Tokens: their rules, and how they come and go.

use std::collections::BTreeSet;
use std::sync::Arc;

use base64ct::{Base64UrlUnpadded, Encoding};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::change::{Catalog, Plan, Rules, managed, named, new_id};
use super::fault::{Done, Fault, code};
use super::id::Id;
use super::object::{Object, ObjectKey, Origin, Reach, Token};

/// The octets of a new token's secret, before they are written in base 64.
const SECRET_OCTETS: usize = 32;

/// What a client wants a token to be.
#[derive(Clone, Debug)]
pub struct TokenWanted {
    /// Its name, for people.
    pub name: String,
    /// What stands in `X-Auth-Email` beside it.
    pub email: Option<String>,
    /// The ids of the accounts that it opens; all where there are none, or one is `*`.
    pub accounts: Option<Vec<String>>,
    /// `write`, `read` or `metrics`.
    pub access: String,
}

/// A token that was made, and its secret, which is nowhere else.
#[derive(Clone)]
pub struct NewToken {
    /// The token.
    pub token: Arc<Token>,
    /// Its secret.
    pub secret: Zeroizing<String>,
}

impl Token {
    /// What is kept of a secret: its SHA-256.
    #[must_use]
    pub fn digest(secret: &str) -> [u8; 32] {
        Sha256::digest(secret.as_bytes()).into()
    }
}

impl Catalog {
    /// Makes a token with a random secret.
    ///
    /// # Errors
    /// What rule it breaks; that it isn't stored.
    pub async fn create_token(&self, by: &Token, wanted: TokenWanted) -> Result<Done<NewToken>, Fault> {
        self.change(by, move |rules| {
            named(code::TOKEN, &wanted.name)?;
            let access = wanted.access.parse();
            let access = access.map_err(|what| Fault::invalid(code::TOKEN, "access", format!("access: {what}")))?;
            let accounts = reach(rules, wanted.accounts.as_deref())?;
            let secret =
                new_secret().map_err(|error| Fault::unavailable(format!("no random octets for a secret: {error}")))?;
            let token = Arc::new(Token {
                id: new_id()?,
                name: wanted.name,
                email: wanted.email.filter(|email| !email.is_empty()),
                digest: Token::digest(&secret),
                accounts,
                access,
                origin: Origin::Managed,
                created: rules.now,
            });
            let what = format!("created the {access} token {} {:?}", token.id, token.name);
            Ok(Plan::everywhere(NewToken { token: token.clone(), secret }, what).put(Object::Token(token)))
        })
        .await
    }

    /// Takes a token away: it opens nothing any more.
    ///
    /// # Errors
    /// That there is none that opens no more than the caller's; that it is declared; that it isn't stored.
    pub async fn delete_token(&self, by: &Token, id: Id) -> Result<Done<Id>, Fault> {
        self.change(by, move |rules| {
            let token = rules.objects.tokens().find(|token| token.id == id);
            let token = token.filter(|token| covers(&rules.by.accounts, &token.accounts)).ok_or_else(|| {
                Fault::not_found(code::TOKEN_NOT_FOUND, format!("there is no token with the id {id}"))
            })?;
            managed(token.origin, format_args!("the token {:?}", token.name))?;
            let what = format!("deleted the token {id} {:?}", token.name);
            Ok(Plan::everywhere(id, what).delete(ObjectKey::Token(id)))
        })
        .await
    }
}

/// A random secret for a token.
///
/// # Errors
/// When the system has no random octets.
pub fn new_secret() -> Result<Zeroizing<String>, getrandom::Error> {
    let mut octets = Zeroizing::new([0; SECRET_OCTETS]);
    getrandom::fill(octets.as_mut_slice())?;
    Ok(Zeroizing::new(Base64UrlUnpadded::encode_string(octets.as_slice())))
}

/// Which accounts are meant. Nobody gives more than they have.
fn reach(rules: &Rules<'_>, wanted: Option<&[String]>) -> Result<Reach, Fault> {
    let fault = |at: String, what: String| Err(Fault::invalid(code::TOKEN, &at, format!("accounts: {what}")));
    let Some(wanted) = wanted.filter(|wanted| !wanted.iter().any(|text| text == "*")) else {
        if rules.by.accounts != Reach::All {
            return fault(
                "accounts".to_owned(),
                "your token doesn't open all accounts: name those of the new one".to_owned(),
            );
        }
        return Ok(Reach::All);
    };
    let mut accounts = BTreeSet::new();
    for (at, text) in wanted.iter().enumerate() {
        let known = text.parse().ok().filter(|id| rules.objects.account(&rules.by.accounts, *id).is_some());
        let Some(id) = known else {
            return fault(format!("accounts/{at}"), format!("there is no account with the id {text:?}"));
        };
        accounts.insert(id);
    }
    if accounts.is_empty() {
        return fault("accounts".to_owned(), "a token opens at least one account".to_owned());
    }
    Ok(Reach::Some(accounts))
}

/// Whether whoever has one reach may decide about the other.
fn covers(mine: &Reach, other: &Reach) -> bool {
    match (mine, other) {
        (Reach::All, _) => true,
        (Reach::Some(_), Reach::All) => false,
        (Reach::Some(mine), Reach::Some(other)) => other.is_subset(mine),
    }
}
