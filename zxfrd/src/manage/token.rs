//! `zxfrd token new`.

use std::io::{self, Write};

use clap::{Args, Subcommand, ValueEnum};
use serde::Deserialize;
use serde_json::json;

use super::remote::{self, Failure, Options, Remote};
use crate::catalog::new_secret;
use crate::config::Api;

/// What is done with tokens.
#[derive(Subcommand)]
pub enum Command {
    /// Makes a token and prints its secret, which is nowhere else.
    ///
    /// With ZXFRD_API_TOKEN set, the daemon makes and keeps it; it opens no more than that token. Without, as for the first one,
    /// a secret is made here and nothing is asked: what lets the daemon have it is said on standard error.
    New(New),
}

/// The token that is wanted.
#[derive(Args)]
pub struct New {
    /// Its name, for people: the audit trail has it
    #[arg(long, default_value = "zxfrd token new")]
    name: String,
    /// What it is good for
    #[arg(long, value_enum, default_value = "write")]
    access: Access,
    /// The id of an account that it opens; may be given several times [default: all]
    #[arg(long = "account", value_name = "ID")]
    accounts: Vec<String>,
    /// What stands in X-Auth-Email beside it, for clients that need that
    #[arg(long)]
    email: Option<String>,
    #[command(flatten)]
    options: Options,
}

#[derive(Clone, Copy, ValueEnum)]
enum Access {
    Write,
    Read,
    Metrics,
}

/// The token that the daemon made.
#[derive(Deserialize)]
struct Made {
    value: String,
}

pub(super) fn run(Command::New(new): Command) -> Result<(), Failure> {
    let access = new.access.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
    if remote::token().is_none() {
        return first(&new, &access);
    }
    let remote = Remote::new(&new.options)?;
    let mut wanted = json!({ "name": new.name, "access": access });
    if let Some(email) = &new.email {
        wanted["email"] = json!(email);
    }
    if !new.accounts.is_empty() {
        wanted["accounts"] = json!(new.accounts);
    }
    let made: Made = remote.read(remote.post("/user/tokens", Some(&wanted))?)?;
    writeln!(io::stdout(), "{}", made.value)?;
    Ok(())
}

/// A secret that no daemon knows yet.
fn first(new: &New, access: &str) -> Result<(), Failure> {
    let secret = new_secret().map_err(|error| Failure::failed(format!("no random octets for a secret: {error}")))?;
    let mut line = format!("name = {:?}, secret = \"{}\", access = \"{access}\"", new.name, secret.as_str());
    if let Some(email) = &new.email {
        line += &format!(", email = {email:?}");
    }
    if !new.accounts.is_empty() {
        line += &format!(", accounts = {:?}", new.accounts);
    }
    eprintln!(
        "zxfrd: no daemon was asked: {} is not set. To let one have this token, either set that for zxfrd serve (it then \
         opens everything), or add to the configuration file:\n\n[api]\ntokens = [{{ {line} }}]\n",
        Api::TOKEN_VARIABLE
    );
    writeln!(io::stdout(), "{}", secret.as_str())?;
    Ok(())
}
