//! `zxfr notify`: tells a server that a zone has changed.

use std::io::{self, Write};

use clap::Args;
use zxfr_io::client;

use super::Failure;
use super::target::{self, Target};

/// The arguments of `zxfr notify`.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub struct Arguments {
    #[command(flatten)]
    target: target::Arguments,
    /// Sends it over TCP instead of UDP
    #[arg(long)]
    tcp: bool,
}

impl Arguments {
    /// What these arguments mean.
    ///
    /// # Errors
    /// When they don't go together; in words.
    pub fn command(self) -> Result<Notify, String> {
        Ok(Notify { target: self.target.target()?, tcp: self.tcp })
    }
}

/// A NOTIFY to be sent.
#[derive(Debug)]
pub struct Notify {
    target: Target,
    tcp: bool,
}

impl Notify {
    /// Sends it and reports the answer.
    ///
    /// # Errors
    /// When there is no answer, or a refusal.
    pub async fn run(self) -> Result<(), Failure> {
        let Self { target, tcp } = self;
        let (zone, key) = (target.zone.as_ref(), target.key.as_ref());
        let addr = if tcp {
            let client = target.connect().await?;
            let addr = client.peer().addr;
            client.notify(zone, key).await.map_err(|error| target.failure(addr, &error))?;
            addr
        } else {
            let notify = async |addr| client::notify_udp(addr, zone, key, target.timeouts).await;
            target.over_udp(notify).await?.0
        };
        match writeln!(io::stdout(), "{addr}: {zone}: notified") {
            // Whoever reads has seen enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            other => Ok(other?),
        }
    }
}
