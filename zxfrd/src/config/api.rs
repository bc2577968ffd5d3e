//! `[api]` and `[store]`: where the management API listens, who may use it, and where things are kept.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use super::check::Checker;
use super::raw;
use crate::catalog::{self, Access, Id, Reach};

/// The management API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Api {
    /// Where it listens.
    pub listen: SocketAddr,
    /// The accounts; at least one. What the configuration declares goes into the first.
    pub accounts: Vec<Account>,
    /// What opens it.
    pub tokens: Vec<Token>,
    /// With what it speaks TLS.
    pub tls: Option<Tls>,
    /// How many records a request may change.
    pub records_at_once: u32,
    /// The most octets that a file of records may have.
    pub import_octets: u32,
    /// How many requests a token may make at once.
    pub requests_at_once: u32,
    /// How many requests a token may make each second in the long run.
    pub requests_per_second: u32,
}

/// An account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: Id,
    /// Its name, for people.
    pub name: String,
}

/// What opens the API. Of its secret only a digest is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    /// Its name, for people.
    pub name: String,
    /// What stands in `X-Auth-Email` beside it.
    pub email: Option<String>,
    /// The SHA-256 of its secret.
    pub digest: [u8; 32],
    /// Which accounts it opens.
    pub accounts: Reach,
    /// What it is good for.
    pub access: Access,
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Token({:?}, {:?}, {}, …)", self.name, self.accounts, self.access)
    }
}

/// A certificate and its key, in PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// The certificate, and those that lead to who is trusted.
    pub cert: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

impl Default for Api {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8053)),
            accounts: vec![Account { id: Self::ACCOUNT, name: "local".to_owned() }],
            tokens: Vec::new(),
            tls: None,
            records_at_once: 3_500,
            import_octets: 256 << 10,
            requests_at_once: 1200,
            requests_per_second: 200,
        }
    }
}

impl Api {
    /// The environment variable with the secret of a token that opens everything.
    pub const TOKEN_VARIABLE: &str = "ZXFRD_API_TOKEN";
    /// The account when the configuration names none.
    pub const ACCOUNT: Id = Id(*b"\x01\x23\x45\x67\x89\xab\xcd\xef\x01\x23\x45\x67\x89\xab\xcd\xef");

    /// Takes a token for everything with this secret, unless it is empty. Line feeds and spaces around it don't count.
    pub fn admit(&mut self, secret: &str) {
        let secret = secret.trim();
        if !secret.is_empty() {
            self.tokens.push(Token {
                name: Self::TOKEN_VARIABLE.to_owned(),
                email: None,
                digest: catalog::Token::digest(secret),
                accounts: Reach::All,
                access: Access::Write,
            });
        }
    }
}

/// Where things are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Store {
    /// Nowhere: for as long as the process is.
    Memory,
    /// In an SQLite database in this file.
    Sqlite(PathBuf),
}

impl Default for Store {
    fn default() -> Self {
        Self::Sqlite("zxfrd.db".into())
    }
}

impl Checker<'_> {
    pub(super) fn store(&mut self, raw: &raw::Store) -> Store {
        let Some(url) = &raw.url else {
            return Store::Sqlite(self.relative("zxfrd.db"));
        };
        match url.get_ref().split_once(':') {
            Some(("memory", "")) => Store::Memory,
            Some(("sqlite", file)) if !file.trim_start_matches('/').is_empty() => {
                // sqlite:///path as other programs write it.
                let file = file.strip_prefix("//").unwrap_or(file);
                Store::Sqlite(self.relative(file))
            }
            _ => {
                self.fail(url, format!("{:?} is not a store: use \"sqlite:FILE\" or \"memory:\"", url.get_ref()));
                Store::Memory
            }
        }
    }

    pub(super) fn api(&mut self, raw: &raw::Api) -> Api {
        let default = Api::default();
        let listen = match raw.listen.as_ref().map(|given| (given, given.get_ref().parse())) {
            None => default.listen,
            Some((_, Ok(listen))) => listen,
            Some((given, Err(_))) => {
                let what = "is not an address with a port, such as 127.0.0.1:8053 or [::1]:8053";
                self.fail(given, format!("{:?} {what}", given.get_ref()));
                default.listen
            }
        };
        let accounts = self.accounts(raw).unwrap_or(default.accounts);
        let tokens = self.tokens(&raw.tokens, &accounts);
        let tls = match (&raw.tls_cert, &raw.tls_key) {
            (None, None) => None,
            (Some(cert), Some(key)) => {
                Some(Tls { cert: self.relative(cert.get_ref()), key: self.relative(key.get_ref()) })
            }
            (Some(alone), None) => {
                self.fail(alone, "tls_cert needs tls_key, too");
                None
            }
            (None, Some(alone)) => {
                self.fail(alone, "tls_key needs tls_cert, too");
                None
            }
        };
        let records_at_once = self.limit(raw.records_at_once.as_ref(), default.records_at_once);
        let import_octets = self.limit(raw.import_octets.as_ref(), default.import_octets);
        let requests_at_once = self.limit(raw.requests_at_once.as_ref(), default.requests_at_once);
        let requests_per_second = self.limit(raw.requests_per_second.as_ref(), default.requests_per_second);
        Api { listen, accounts, tokens, tls, records_at_once, import_octets, requests_at_once, requests_per_second }
    }

    fn accounts(&mut self, raw: &raw::Api) -> Option<Vec<Account>> {
        let given = raw.accounts.as_ref()?;
        if given.get_ref().is_empty() {
            self.fail(given, "at least one account is needed; without this line there is one");
        }
        let mut accounts: Vec<Account> = Vec::new();
        for raw::Account { id, name } in given.get_ref() {
            match id.get_ref().parse() {
                Err(error) => self.fail(id, format!("{:?} is {error}", id.get_ref())),
                Ok(known) if accounts.iter().any(|account| account.id == known) => {
                    self.fail(id, "there is another account with this id: ids are unique");
                }
                Ok(id) => accounts.push(Account { id, name: name.get_ref().clone() }),
            }
            if name.get_ref().is_empty() {
                self.fail(name, "an account needs a name");
            }
        }
        Some(accounts)
    }

    fn tokens(&mut self, raw: &[raw::Token], accounts: &[Account]) -> Vec<Token> {
        let mut tokens: Vec<Token> = Vec::new();
        for entry in raw {
            let name = entry.name.get_ref();
            if name.is_empty() {
                self.fail(&entry.name, "a token needs a name");
            } else if tokens.iter().any(|token| token.name == *name) {
                self.fail(&entry.name, format!("there is another token with the name {name:?}: names are unique"));
            }
            let digest = self.secret_text(&entry.name, entry.secret.as_ref(), entry.secret_file.as_ref(), digest);
            let reach = self.reach(entry, accounts);
            let access = match &entry.access {
                None => Access::Write,
                Some(given) => given.get_ref().parse().unwrap_or_else(|what: String| {
                    self.fail(given, what);
                    Access::Metrics
                }),
            };
            let email = entry.email.as_ref().map(|email| email.get_ref().clone());
            if let Some(digest) = digest {
                tokens.push(Token { name: name.clone(), email, digest, accounts: reach, access });
            }
        }
        tokens
    }

    /// The accounts that a token opens: all when it says nothing.
    fn reach(&mut self, entry: &raw::Token, accounts: &[Account]) -> Reach {
        let Some(given) = &entry.accounts else { return Reach::All };
        if given.get_ref().iter().any(|account| account.get_ref() == "*") {
            return Reach::All;
        }
        let mut ids = BTreeSet::new();
        for text in given.get_ref() {
            match text.get_ref().parse() {
                Ok(id) if accounts.iter().any(|account| account.id == id) => {
                    ids.insert(id);
                }
                _ => {
                    let what = "is not the id of an account under [api] accounts, nor \"*\" for all";
                    self.fail(text, format!("{:?} {what}", text.get_ref()));
                }
            }
        }
        if given.get_ref().is_empty() {
            self.fail(given, "a token opens at least one account: use [\"*\"] for all");
        }
        Reach::Some(ids)
    }
}

/// What is kept of a token's secret. Line feeds and spaces around it don't count.
fn digest(text: &str) -> Result<[u8; 32], &'static str> {
    match text.trim() {
        "" => Err("the secret is empty"),
        text if !text.chars().all(|char| char.is_ascii_graphic()) => {
            Err("the secret has characters that no HTTP header can carry: use ASCII without spaces")
        }
        text => Ok(catalog::Token::digest(text)),
    }
}
