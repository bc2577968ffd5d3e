//! `zxfr soa`: asks for the SOA of a zone.

use std::io::{self, Write};

use clap::Args;
use zxfr_core::name::NameRef;
use zxfr_core::wire::{Class, Record, Rtype};
use zxfr_io::{SoaAnswer, client};

use super::target::{self, Target};
use super::{Failure, Format};
use crate::zonefile::{write_json, write_record};

/// The arguments of `zxfr soa`.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub struct Arguments {
    #[command(flatten)]
    target: target::Arguments,
    /// Asks over UDP, and over TCP only when the answer is truncated
    #[arg(long)]
    udp: bool,
    /// How the record is printed
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

impl Arguments {
    /// What these arguments mean.
    ///
    /// # Errors
    /// When they don't go together; in words.
    pub fn command(self) -> Result<Soa, String> {
        Ok(Soa { target: self.target.target()?, udp: self.udp, format: self.format })
    }
}

/// A question to be asked.
#[derive(Debug)]
pub struct Soa {
    target: Target,
    udp: bool,
    format: Format,
}

impl Soa {
    /// Asks and prints the answer.
    ///
    /// # Errors
    /// When there is no answer, or a refusal.
    pub async fn run(self) -> Result<(), Failure> {
        let Self { target, udp, format } = self;
        let (zone, key) = (target.zone.as_ref(), target.key.as_ref());
        let answer = if udp {
            let ask = async |addr| client::soa_udp(addr, zone, key, target.timeouts).await;
            target.over_udp(ask).await?.1
        } else {
            let client = target.connect().await?;
            let addr = client.peer().addr;
            client.soa(zone, key).await.map_err(|error| target.failure(addr, &error))?
        };
        match print(zone, &answer, format) {
            // Whoever reads has seen enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            other => Ok(other?),
        }
    }
}

fn print(zone: NameRef<'_>, answer: &SoaAnswer, format: Format) -> io::Result<()> {
    let mut rdata = [answer.mname.as_octets(), answer.rname.as_octets()].concat();
    let SoaAnswer { serial, refresh, retry, expire, minimum, ttl, .. } = *answer;
    for number in [serial.0, refresh, retry, expire, minimum] {
        rdata.extend_from_slice(&number.to_be_bytes());
    }
    let record = Record { owner: zone, rtype: Rtype::SOA, class: Class::IN, ttl, rdata: &rdata };
    let mut out = Vec::new();
    match format {
        Format::Zone => write_record(record.into(), &mut out),
        Format::Json => write_json(record.into(), &mut out),
        Format::None => {}
    }
    io::stdout().write_all(&out)
}
