//! A primary for a store of your own: records are read from it one by one, as a cursor, and no copy of the zone is kept.
//!
//! `cargo run --release -p zxfr-io --example cursor_primary -- 127.0.0.1:5300`, then `dig @127.0.0.1 -p 5300 example. AXFR`,
//! or `dig @127.0.0.1 -p 5300 example. IXFR=3`

use std::error::Error;
use std::sync::Arc;
use std::time::SystemTime;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use zxfr_core::acl::Asker;
use zxfr_core::name::{Name, NameRef, NameTextError};
use zxfr_core::primary::{Action, Grant, Host, KeyWanted, Keys, Refusal, Unserved, Wanted, admit_request};
use zxfr_core::serial::Serial;
use zxfr_core::time::UnixTime;
use zxfr_core::transfer::{Cursor, CursorOutbound};
use zxfr_core::tsig::rustcrypto::Hmac;
use zxfr_core::wire::{Class, Record, Rtype};
use zxfr_core::zone::Version;
use zxfr_io::PeerIdentity;

const APEX: &[u8] = b"\x07example\0";

/// The store: the addresses of hosts, and which of them changed from serial to serial, the first from 1 to 2.
struct Store {
    addresses: Vec<[u8; 4]>,
    changes: Vec<Change>,
}

struct Change {
    host: usize,
    old: [u8; 4],
    new: [u8; 4],
}

impl Store {
    fn serial(&self) -> u32 {
        1 + self.changes.len() as u32
    }
}

/// Who may have the zone. Versions are never asked for: what there is comes from the cursor.
impl Host for Store {
    type Mac = Hmac;

    fn admits(&self, zone: NameRef<'_>, asker: &Asker) -> bool {
        zone.as_octets().eq_ignore_ascii_case(APEX) && asker.addr.is_loopback()
    }

    fn keys(&self, _: &KeyWanted<'_>) -> Keys<Hmac> {
        Keys::Found(Vec::new())
    }

    fn key_admits(&self, _: NameRef<'_>, _: &Asker, _: Option<NameRef<'_>>) -> bool {
        true
    }

    fn version(&self, _: NameRef<'_>) -> Result<Arc<Version>, Unserved> {
        Err(Unserved::NotLoaded)
    }

    fn admit_transfer(&self, _: NameRef<'_>, _: &Asker) -> bool {
        true
    }
}

/// Goes over the zone, or over what changed since a serial.
struct Walk<'s> {
    store: &'s Store,
    since: Option<u32>,
    next: usize,
    owner: Name,
    rdata: Vec<u8>,
}

impl<'s> Walk<'s> {
    fn new(store: &'s Store, since: Option<u32>) -> Self {
        Self { store, since, next: 0, owner: Name::root(), rdata: Vec::new() }
    }

    fn soa(&mut self, serial: u32) -> Result<Rtype, NameTextError> {
        self.owner = "example.".parse()?;
        self.rdata = [&b"\x02ns\x07example\0\x04mail\x07example\0"[..], &serial.to_be_bytes(), &[0; 16]].concat();
        Ok(Rtype::SOA)
    }

    fn address(&mut self, host: usize, address: [u8; 4]) -> Result<Rtype, NameTextError> {
        self.owner = format!("host{host}.example.").parse()?;
        self.rdata = address.to_vec();
        Ok(Rtype::A)
    }
}

impl Cursor for Walk<'_> {
    type Error = NameTextError;

    fn peek(&mut self) -> Result<Option<Record<'_>>, NameTextError> {
        let Store { addresses, changes } = self.store;
        let rtype = match (self.next.checked_sub(1), self.since) {
            (None, _) => self.soa(self.store.serial()),
            (Some(host), None) => match addresses.get(host) {
                Some(address) => self.address(host, *address),
                None => return Ok(None),
            },
            // Four records for each change (RFC 1995 §4).
            (Some(number), Some(since)) => {
                let serial = since + (number / 4) as u32;
                match (changes.get(serial as usize - 1), number % 4) {
                    (None, _) => return Ok(None),
                    (Some(_), 0) => self.soa(serial),
                    (Some(change), 1) => self.address(change.host, change.old),
                    (Some(_), 2) => self.soa(serial + 1),
                    (Some(change), _) => self.address(change.host, change.new),
                }
            }
        };
        let rtype = rtype?;
        Ok(Some(Record { owner: self.owner.as_ref(), rtype, class: Class::IN, ttl: 300, rdata: &self.rdata }))
    }

    fn advance(&mut self) {
        self.next += 1;
    }
}

/// Answers the requests of one connection.
async fn serve(store: &Store, mut stream: TcpStream, peer: PeerIdentity) -> Result<(), Box<dyn Error + Send + Sync>> {
    while let Ok(length) = stream.read_u16().await {
        let mut request = vec![0; length.into()];
        stream.read_exact(&mut request).await?;
        let now = UnixTime(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_secs());
        match admit_request(store, &request, &peer.asker(), now) {
            Ok(grant) => answer(store, &mut stream, &grant, now).await?,
            Err(Action::Reply(reply)) => send(&mut stream, &reply.message).await?,
            Err(_) => return Ok(()),
        }
    }
    Ok(())
}

async fn answer(
    store: &Store,
    stream: &mut TcpStream,
    grant: &Grant<Hmac>,
    now: UnixTime,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let newest = Serial(store.serial());
    let (asked, signer) = (grant.asked.clone(), grant.signer());
    let mut outbound = match grant.wanted {
        Wanted::Ixfr { from } if (1..newest.0).contains(&from.0) => {
            CursorOutbound::ixfr(Walk::new(store, Some(from.0)), from, asked, signer)
        }
        Wanted::Ixfr { from } if from != newest => CursorOutbound::axfr(Walk::new(store, None), asked, signer),
        Wanted::Axfr => CursorOutbound::axfr(Walk::new(store, None), asked, signer),
        // Its host names no zones for other queries.
        Wanted::Records { .. } => {
            let refusal = Refusal::QueryType(grant.asked.question.qtype);
            return send(stream, &grant.refuse(refusal, now).message).await;
        }
        Wanted::Soa | Wanted::Ixfr { .. } => {
            let mut walk = Walk::new(store, None);
            let Some(soa) = walk.peek()? else { return Ok(()) };
            return send(stream, &grant.soa(&soa, now).message).await;
        }
    };
    let mut message = vec![0; 65_535];
    while let Some(length) = outbound.copy_to(&mut message, now)? {
        send(stream, &message[..length]).await?;
    }
    println!("{:?} to {}: {:?}", outbound.kind(), grant.asker.addr, outbound.totals());
    Ok(())
}

async fn send(stream: &mut TcpStream, message: &[u8]) -> Result<(), Box<dyn Error + Send + Sync>> {
    stream.write_all(&[&u16::try_from(message.len())?.to_be_bytes(), message].concat()).await?;
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let addr = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:5300".into());
    let mut store = Store { addresses: vec![[10, 0, 0, 1]; 1_000], changes: Vec::new() };
    for (host, octet) in [(3, 2), (7, 2), (3, 3), (999, 4)] {
        let new = [10, 0, 0, octet];
        let old = std::mem::replace(&mut store.addresses[host], new);
        store.changes.push(Change { host, old, new });
    }
    let listener = TcpListener::bind(addr).await?;
    println!("serving example. on {}", listener.local_addr()?);
    let store = Arc::new(store);
    loop {
        let (stream, addr) = listener.accept().await?;
        let store = store.clone();
        tokio::spawn(async move {
            if let Err(error) = serve(&store, stream, PeerIdentity::tcp(addr)).await {
                eprintln!("{addr}: {error}");
            }
        });
    }
}
