//! Servers, the network between them, and the clock; and what must always hold.

use std::collections::BTreeMap;
use std::sync::Arc;

use zxfr_core::name::Name;
use zxfr_core::refresh::{Failure, Policy};
use zxfr_core::tsig::rustcrypto::Hmac;
use zxfr_core::tsig::{Algorithm, Key};
use zxfr_core::zone::Version;

use crate::network::{Link, Millis, Network, Node, Random, Weather};
use crate::secondary::Secondary;
use crate::server::{Attempt, Server};
use crate::zone::Library;

pub(crate) const SECOND: Millis = 1000;
pub(crate) const HOUR: Millis = 3600 * SECOND;

pub(crate) fn name(text: &str) -> Name {
    text.parse().unwrap()
}

pub(crate) struct World {
    pub(crate) network: Network,
    pub(crate) servers: Vec<Server>,
    pub(crate) libraries: BTreeMap<Name, Library>,
    pub(crate) random: Random,
    /// When each server wants to be asked.
    wakes: Vec<Option<Millis>>,
    seed: u64,
    /// Whether serials may go backwards.
    pub(crate) backward: bool,
    held: BTreeMap<(Node, Name), Arc<Version>>,
}

impl World {
    pub(crate) fn new(nodes: usize, seed: u64, weather: Weather) -> Self {
        Self {
            network: Network::new(nodes, seed ^ 0xabcd, weather),
            servers: (0..nodes).map(|node| Server::new(node, seed, None)).collect(),
            libraries: BTreeMap::new(),
            random: Random(seed),
            wakes: vec![None; nodes],
            seed,
            backward: false,
            held: BTreeMap::new(),
        }
    }

    /// All servers share a key, and sign.
    pub(crate) fn sign(&mut self) {
        let key = Key::<Hmac>::new(name("key.").as_ref(), Algorithm::HmacSha256, b"between us").unwrap();
        for server in &mut self.servers {
            server.key = Some(key.clone());
        }
    }

    /// Gives a server a version of a zone, as its operator would.
    pub(crate) fn publish(&mut self, node: Node, zone: &Name, serial: u32) {
        let seed = self.seed;
        let library = self.libraries.entry(zone.clone()).or_insert_with(|| Library::new(zone, seed, 120));
        let version = library.version(serial);
        let server = &mut self.servers[node];
        let now = server.time(self.network.now);
        server.zone(zone).publish(version, now.instant);
        self.wake(node);
    }

    /// Makes a server a secondary of others for a zone; they tell it of changes.
    pub(crate) fn follow(&mut self, node: Node, zone: &Name, primaries: &[Node], policy: Policy) {
        let server = &mut self.servers[node];
        let now = server.time(self.network.now);
        let seed = self.random.next();
        server.zone(zone).incoming = Some(Secondary::new(primaries.to_vec(), policy, seed, now));
        for primary in primaries {
            self.servers[*primary].add_target(zone, node);
        }
        self.wake(node);
    }

    pub(crate) fn link(&mut self, node: Node, link: Link) {
        self.network.links[node] = link;
    }

    pub(crate) fn restart(&mut self, node: Node) {
        self.servers[node].restart(&mut self.network);
        self.wake(node);
    }

    /// Lets a server do what it wants to.
    pub(crate) fn wake(&mut self, node: Node) {
        self.wakes[node] = self.servers[node].poll(&mut self.network);
        self.check(node);
    }

    /// Goes on for so long.
    pub(crate) fn run(&mut self, time: Millis) {
        self.run_while(time, |_| true);
    }

    /// Goes on for at most so long, as long as this holds; whether it held to the end.
    pub(crate) fn run_while(&mut self, time: Millis, holds: impl Fn(&Self) -> bool) -> bool {
        let until = self.network.now + time;
        let mut steps = 0_u64;
        while holds(self) {
            steps += 1;
            assert!(steps < 2_000_000, "the world doesn't come to rest");
            let (at, node) = match self.wakes.iter().enumerate().filter_map(|(node, at)| Some(((*at)?, node))).min() {
                Some(wake) => wake,
                None => (Millis::MAX, 0),
            };
            if self.network.next_at().is_some_and(|next| next <= at.min(until)) {
                if let Some((node, arrival)) = self.network.next(at.min(until)) {
                    self.servers[node].handle(arrival, &mut self.network);
                    self.wake(node);
                }
            } else if at <= until {
                self.network.now = self.network.now.max(at);
                self.servers[node].wakes += 1;
                self.wake(node);
            } else {
                self.network.now = until;
                return true;
            }
        }
        false
    }

    /// Goes on until this server has this serial, for at most so long; gives how long that took.
    pub(crate) fn until(&mut self, node: Node, zone: &Name, serial: u32, most: Millis) -> Millis {
        let began = self.network.now;
        let waiting = self.run_while(most, |world| world.serial(node, zone) != Some(serial));
        let (now, log) = (self.network.now, &self.servers[node].log);
        assert!(!waiting, "server {node} has {:?} at {now}: {log:#?}", self.serial(node, zone));
        now - began
    }

    pub(crate) fn serial(&self, node: Node, zone: &Name) -> Option<u32> {
        Some(self.servers[node].zones.get(zone)?.version.as_ref()?.serial().0)
    }

    pub(crate) fn secondary(&mut self, node: Node, zone: &Name) -> &mut Secondary {
        self.servers[node].zone(zone).incoming.as_mut().unwrap()
    }

    /// Failures in a server's log: primary, what was tried, the word for it.
    pub(crate) fn failures(&self, node: Node) -> Vec<(Node, &'static str, &'static str)> {
        let failed = |attempt: &Attempt| Some((attempt.primary, attempt.what, attempt.result.err()?.as_str()));
        self.servers[node].log.iter().filter_map(failed).collect()
    }

    pub(crate) fn failure(&mut self, node: Node, zone: &Name) -> Option<Failure> {
        self.secondary(node, zone).refresh.failure()
    }

    /// What a server holds was published so, and never goes back.
    fn check(&mut self, node: Node) {
        for zone in self.servers[node].zones.values().filter(|zone| zone.incoming.is_some()) {
            let Some(version) = &zone.version else { continue };
            let before = self.held.insert((node, zone.name.clone()), version.clone());
            if before.as_ref().is_some_and(|before| Arc::ptr_eq(before, version)) {
                continue;
            }
            assert!(self.libraries[&zone.name].has(version), "serial {} was never so", version.serial());
            if let Some(before) = before {
                let newer = version.serial().is_newer_than(before.serial());
                assert!(newer || self.backward, "{} → {}", before.serial(), version.serial());
            }
        }
    }
}
