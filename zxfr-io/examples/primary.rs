//! A primary inside a program of yours: zones come from a trait, here one zone made on the spot.
//!
//! `cargo run --release -p zxfr-io --example primary -- 127.0.0.1:5300 100000`, then `dig @127.0.0.1 -p 5300 example. AXFR`

use std::error::Error;
use std::sync::Arc;
use zxfr_core::acl::Asker;
use zxfr_core::name::{Name, NameRef};
use zxfr_core::primary::{Host, KeyWanted, Keys, Unserved};
use zxfr_core::tsig::rustcrypto::Hmac;
use zxfr_core::wire::{Class, Record, Rtype};
use zxfr_core::zone::{BuildLimits, Builder, Version};
use zxfr_io::socket::bind;
use zxfr_io::{OutReport, Primary, ServeLimits, Zones};

/// One zone, for anybody on this machine, without keys.
struct OneZone(Arc<Version>);

impl Host for OneZone {
    type Mac = Hmac;

    fn admits(&self, zone: NameRef<'_>, asker: &Asker) -> bool {
        zone == self.0.apex() && asker.addr.is_loopback()
    }

    fn keys(&self, _: &KeyWanted<'_>) -> Keys<Hmac> {
        Keys::Found(Vec::new())
    }

    fn key_admits(&self, _: NameRef<'_>, _: &Asker, _: Option<NameRef<'_>>) -> bool {
        true
    }

    fn version(&self, _: NameRef<'_>) -> Result<Arc<Version>, Unserved> {
        Ok(self.0.clone())
    }

    fn admit_transfer(&self, _: NameRef<'_>, _: &Asker) -> bool {
        true
    }
}

impl Zones for OneZone {
    fn transfer_ended(&self, report: &OutReport) {
        println!("{} took {} records in {:?}: {:?}", report.peer, report.totals.records, report.elapsed, report.result);
    }
}

fn zone(hosts: u32) -> Result<Version, Box<dyn Error>> {
    let apex: Name = "example.".parse()?;
    let mut builder = Builder::new(apex.as_ref(), BuildLimits::default());
    let mut push = |owner: &Name, rtype, rdata: &[u8]| {
        builder.push(&Record { owner: owner.as_ref(), rtype, class: Class::IN, ttl: 3600, rdata })
    };
    let numbers: [u32; 5] = [1, 3600, 900, 1_209_600, 300];
    let soa = [&b"\x02ns\x07example\0\x04mail\x07example\0"[..], &numbers.map(u32::to_be_bytes).concat()].concat();
    push(&apex, Rtype::SOA, &soa)?;
    push(&apex, Rtype::NS, b"\x02ns\x07example\0")?;
    for host in 0..hosts {
        push(&format!("host{host}.example.").parse()?, Rtype::A, &host.to_be_bytes())?;
    }
    Ok(builder.finish()?.0)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let addr = args.next().as_deref().unwrap_or("127.0.0.1:5300").parse()?;
    let hosts = args.next().as_deref().unwrap_or("1000").parse()?;
    let primary = Primary::new(Arc::new(OneZone(Arc::new(zone(hosts)?))), ServeLimits::default());
    let (udp, tcp) = bind(addr)?;
    println!("serving example. on {}", tcp.local_addr()?);
    tokio::join!(primary.serve_udp(udp), primary.serve_tcp(tcp));
    Ok(())
}
