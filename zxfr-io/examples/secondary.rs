//! A zone pulled into a program of yours: records go to a trait, here into a version that is then looked at.
//!
//! Example `hub` keeps zones in step with their primaries.
//!
//! `cargo run --release -p zxfr-io --example secondary -- 127.0.0.1:5300 example.`

use std::error::Error;
use zxfr_core::name::Name;
use zxfr_core::transfer::Limits;
use zxfr_core::tsig::Key;
use zxfr_core::tsig::rustcrypto::Hmac;
use zxfr_core::zone::{BuildLimits, Builder};
use zxfr_io::{Client, Timeouts};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let addr = args.next().as_deref().unwrap_or("127.0.0.1:5300").parse()?;
    let apex: Name = args.next().as_deref().unwrap_or("example.").parse()?;
    // To sign: Key::new(name, Algorithm::HmacSha256, secret)
    let key: Option<Key<Hmac>> = None;
    let client = Client::connect(addr, Timeouts::default()).await?;
    let mut builder = Builder::new(apex.as_ref(), BuildLimits::default());
    let report = client.axfr(apex.as_ref(), key.as_ref(), Limits::default(), &mut builder).await?;
    let (version, summary) = builder.finish()?;
    println!("{apex} serial {}: {} records in {:?}", version.serial(), version.record_count(), report.elapsed);
    println!("kept in {} octets; {} duplicates ignored", version.octets(), summary.duplicates);
    Ok(())
}
