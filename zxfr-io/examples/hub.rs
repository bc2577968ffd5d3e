//! A distribution hub in sixty lines: it takes zones from a primary, serves them, and tells a secondary of every new version.
//!
//! `cargo run --release -p zxfr-io --example hub -- 127.0.0.1:5301 127.0.0.1:5300 127.0.0.1:5302 example. example.net.`
//! listens on the first address, takes the zones from the second and tells the third.

use std::collections::HashMap;
use std::error::Error;
use std::sync::{Arc, Mutex, OnceLock};
use zxfr_core::acl::Asker;
use zxfr_core::journal::{Answer, Journal, JournalLimits};
use zxfr_core::name::{Name, NameRef};
use zxfr_core::primary::{self, Host, KeyWanted, Keys, Unserved};
use zxfr_core::serial::Serial;
use zxfr_core::tsig::rustcrypto::Hmac;
use zxfr_core::zone::{Change, Version};
use zxfr_io::notify::{NotifyLimits, Target};
use zxfr_io::secondary::{Attempt, Policy, PrimaryAddr, Refused, State, ZoneConfig};
use zxfr_io::{
    Incoming, NotifySender, Outgoing, PeerIdentity, Primary, Secondary, SecondaryLimits, ServeLimits, Zones,
};

const LIMITS: JournalLimits = JournalLimits { deltas: 1_000, octets: 64 << 20, cached_octets: 16 << 20 };

/// The zones, and who is told of them. Anybody on this machine may have them, without keys.
struct Hub {
    zones: Mutex<HashMap<Name, (Arc<Version>, Journal)>>,
    target: Target<Hmac>,
    secondary: OnceLock<Secondary<Self>>,
    sender: OnceLock<NotifySender<Self>>,
}

impl Incoming for Hub {
    type Mac = Hmac;

    fn held(&self, zone: NameRef<'_>) -> Option<Arc<Version>> {
        self.zones.lock().unwrap().get(&zone.to_name()).map(|held| held.0.clone())
    }

    fn install(&self, zone: NameRef<'_>, change: Change) -> Result<(), Refused> {
        let Change { version, deltas, .. } = change;
        let mut zones = self.zones.lock().unwrap();
        let (held, journal) = zones.entry(zone.to_name()).or_insert_with(|| (version.clone(), Journal::new(LIMITS)));
        if deltas.is_empty() || deltas.into_iter().any(|delta| journal.push(delta).is_err()) {
            journal.clear();
        }
        *held = version.clone();
        self.sender.get().unwrap().notify(&version, std::slice::from_ref(&self.target));
        Ok(())
    }

    fn attempt_ended(&self, attempt: &Attempt) {
        let Attempt { zone, peer, what, from, to, result, next, .. } = attempt;
        println!("{zone} {what:?} at {peer}: {from:?} to {to:?}, {result:?}; next {next:?}");
    }
}

impl Host for Hub {
    type Mac = Hmac;

    fn admits(&self, _: NameRef<'_>, asker: &Asker) -> bool {
        asker.addr.is_loopback()
    }

    fn keys(&self, _: &KeyWanted<'_>) -> Keys<Hmac> {
        Keys::Found(Vec::new())
    }

    fn key_admits(&self, _: NameRef<'_>, _: &Asker, _: Option<NameRef<'_>>) -> bool {
        true
    }

    fn version(&self, zone: NameRef<'_>) -> Result<Arc<Version>, Unserved> {
        self.held(zone).ok_or(Unserved::NotLoaded)
    }

    fn admit_transfer(&self, _: NameRef<'_>, _: &Asker) -> bool {
        true
    }

    fn answer(&self, zone: NameRef<'_>, version: &Arc<Version>, from: Serial) -> Answer {
        let mut zones = self.zones.lock().unwrap();
        zones.get_mut(&zone.to_name()).map_or(Answer::Whole, |held| held.1.answer(version, from))
    }

    fn admits_notify(&self, _: NameRef<'_>, asker: &Asker) -> bool {
        asker.addr.is_loopback()
    }
}

impl Zones for Hub {
    fn notified(&self, peer: &PeerIdentity, notify: &primary::Notify) {
        self.secondary.get().unwrap().notify(notify.zone.as_ref(), peer.addr.ip(), notify.serial);
    }
}

impl Outgoing for Hub {
    type Mac = Hmac;
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [ours, from, to, zones @ ..] = &args[..] else { return Err("three addresses, then zones".into()) };
    let (ours, from, to) = (ours.parse()?, from.parse()?, to.parse()?);
    let (target, secondary, sender) = (Target { addr: to, key: None }, OnceLock::new(), OnceLock::new());
    let hub = Arc::new(Hub { zones: Mutex::default(), target, secondary, sender });
    let secondary = hub.secondary.get_or_init(|| Secondary::new(hub.clone(), SecondaryLimits::default()));
    let sender = hub.sender.get_or_init(|| NotifySender::new(hub.clone(), NotifyLimits::default()));
    for zone in zones {
        let primaries = vec![PrimaryAddr { addr: from, key: None, ixfr: true }];
        secondary.add(ZoneConfig { name: zone.parse()?, primaries, policy: Policy::default() }, State::default());
    }
    let primary = Primary::new(hub.clone(), ServeLimits::default());
    let (udp, tcp) = zxfr_io::socket::bind(ours)?;
    tokio::join!(secondary.run(), sender.run(), primary.serve_udp(udp), primary.serve_tcp(tcp));
    Ok(())
}
