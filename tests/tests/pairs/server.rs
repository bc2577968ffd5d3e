//! A server made of the core's machines alone: primary of what it holds, secondary of what it has primaries for, or both.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use zxfr_core::acl::{Asker, Transport};
use zxfr_core::journal::{Answer, Journal, JournalLimits};
use zxfr_core::name::{Name, NameRef};
use zxfr_core::notify::{self, Notify};
use zxfr_core::primary::{self, Host, KeyWanted, Keys, Unserved};
use zxfr_core::refresh::{Failure, State};
use zxfr_core::serial::Serial;
use zxfr_core::time::{Instant, Now, UnixTime};
use zxfr_core::tsig::rustcrypto::Hmac;
use zxfr_core::tsig::{Key, Verifier, sign_request};
use zxfr_core::wire::{Flags, HEADER_LEN, Header, Message, Opcode, Rcode, Rtype};
use zxfr_core::zone::{Delta, Version};

use crate::network::{Arrival, Millis, Network, Node, Random};
use crate::secondary::Secondary;

/// When the world began, on every calendar.
const BEGINNING: u64 = 1_800_000_000;

/// What a server does wrong on purpose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Vice {
    #[default]
    None,
    /// Its answers to SOA queries tell a serial so much newer than it has.
    Promises(u32),
    /// It answers NOTIMP to IXFR.
    NoIxfr,
}

/// What was tried, and how it ended.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    pub(crate) at: Millis,
    pub(crate) zone: Name,
    pub(crate) primary: Node,
    pub(crate) what: &'static str,
    /// The serial that a transfer brought.
    pub(crate) result: Result<Option<Serial>, Failure>,
}

/// One target of NOTIFYs.
pub(crate) struct Target {
    pub(crate) node: Node,
    machine: Notify,
    id: u16,
    verifier: Option<Verifier<Hmac>>,
}

pub(crate) struct Zone {
    pub(crate) name: Name,
    pub(crate) version: Option<Arc<Version>>,
    pub(crate) journal: RefCell<Journal>,
    pub(crate) incoming: Option<Secondary>,
    targets: Vec<Target>,
}

impl Zone {
    pub(crate) fn new(name: &Name) -> Self {
        Self {
            name: name.clone(),
            version: None,
            journal: RefCell::new(Journal::new(JournalLimits::default())),
            incoming: None,
            targets: Vec::new(),
        }
    }

    /// A version that the operator made.
    pub(crate) fn publish(&mut self, version: Arc<Version>, now: Instant) {
        let newer = self.version.as_ref().filter(|held| version.serial().is_newer_than(held.serial()));
        let delta = newer.map(|held| Arc::new(held.diff(&version).unwrap()));
        self.install(version, delta.as_slice(), now);
    }

    /// A version, and what leads to it; the journal follows, and the targets are told.
    pub(crate) fn install(&mut self, version: Arc<Version>, deltas: &[Arc<Delta>], now: Instant) {
        let journal = self.journal.get_mut();
        if deltas.is_empty() {
            journal.clear();
        }
        for delta in deltas {
            journal.push(delta.clone()).unwrap();
        }
        self.version = Some(version);
        self.announce(now);
    }

    fn announce(&mut self, now: Instant) {
        if let Some(version) = &self.version {
            for target in &mut self.targets {
                target.machine.announce(version.serial(), now);
            }
        }
    }

    fn poll_targets(&mut self, port: &mut Port<'_>) -> Option<Instant> {
        let mut next = None;
        for target in &mut self.targets {
            while let Some(action) = target.machine.poll(port.now.instant) {
                let (notify::Action::Send { .. }, Some(version)) = (action, &self.version) else { continue };
                target.id = port.random.next() as u16;
                let (apex, id) = (self.name.as_ref(), target.id);
                let write = |out: &mut [u8]| notify::notify_query(out, apex, Some(&version.soa()), id).unwrap();
                let (octets, verifier) = port.signed(write);
                target.verifier = verifier;
                port.network.send(port.node, target.node, octets);
            }
            next = [next, target.machine.deadline(port.now.instant)].into_iter().flatten().min();
        }
        next
    }

    /// An answer to one of our NOTIFYs, perhaps.
    fn notify_answered(&mut self, from: Node, octets: &[u8], now: Now) {
        let apex = self.name.as_ref();
        for target in self.targets.iter_mut().filter(|target| target.node == from) {
            let mut verifier = target.verifier.clone();
            let read = notify::read_notify_answer(octets, apex, target.id, verifier.as_mut(), now.unix);
            if let (Some(serial), Ok(())) = (target.machine.telling(), read) {
                target.machine.handle_answer(serial, Ok(()));
            }
        }
    }
}

/// What a server needs to send something.
pub(crate) struct Port<'a> {
    pub(crate) node: Node,
    pub(crate) network: &'a mut Network,
    pub(crate) random: &'a mut Random,
    pub(crate) key: Option<&'a Key<Hmac>>,
    pub(crate) log: &'a mut Vec<Attempt>,
    pub(crate) now: Now,
}

impl Port<'_> {
    /// A query, signed if there is a key.
    pub(crate) fn signed(&self, write: impl FnOnce(&mut [u8]) -> usize) -> (Vec<u8>, Option<Verifier<Hmac>>) {
        let mut octets = vec![0; 1500];
        let mut length = write(&mut octets);
        let mut verifier = None;
        if let Some(key) = self.key {
            let (signed, its) = sign_request(key, &mut octets, length, self.now.unix).unwrap();
            (length, verifier) = (signed, Some(its));
        }
        octets.truncate(length);
        (octets, verifier)
    }
}

pub(crate) struct Server {
    pub(crate) node: Node,
    pub(crate) zones: BTreeMap<Name, Zone>,
    pub(crate) key: Option<Key<Hmac>>,
    pub(crate) vice: Vice,
    pub(crate) log: Vec<Attempt>,
    /// How far its calendar is from the others'.
    pub(crate) skew: i64,
    /// Octets of requests that came over streams.
    requests: BTreeMap<u64, Vec<u8>>,
    random: Random,
    /// How often its machines wanted to be polled at a time of their own.
    pub(crate) wakes: u64,
}

impl Server {
    pub(crate) fn new(node: Node, seed: u64, key: Option<Key<Hmac>>) -> Self {
        Self {
            node,
            zones: BTreeMap::new(),
            key,
            vice: Vice::None,
            log: Vec::new(),
            skew: 0,
            requests: BTreeMap::new(),
            random: Random(seed ^ node as u64),
            wakes: 0,
        }
    }

    pub(crate) fn zone(&mut self, name: &Name) -> &mut Zone {
        self.zones.entry(name.clone()).or_insert_with(|| Zone::new(name))
    }

    pub(crate) fn add_target(&mut self, zone: &Name, node: Node) {
        let machine = Notify::new(notify::Policy::default());
        self.zone(zone).targets.push(Target { node, machine, id: 0, verifier: None });
    }

    pub(crate) fn time(&self, millis: Millis) -> Now {
        let unix = (BEGINNING + millis / 1000).saturating_add_signed(self.skew);
        Now { instant: Instant::from_origin(Duration::from_millis(millis)), unix: UnixTime(unix) }
    }

    /// What is kept while it is down: versions, and what secondaries have written down.
    pub(crate) fn restart(&mut self, network: &mut Network) {
        network.reset(self.node);
        self.requests.clear();
        let now = self.time(network.now);
        for zone in self.zones.values_mut() {
            zone.journal.get_mut().clear();
            if let Some(incoming) = &mut zone.incoming {
                incoming.restart(zone.version.as_deref(), self.random.next(), now);
            }
            for target in &mut zone.targets {
                target.machine = Notify::new(notify::Policy::default());
            }
            // A server that starts tells its secondaries what it has (RFC 1996 §3.5).
            zone.announce(now.instant);
        }
    }

    pub(crate) fn state(&self, zone: &Name) -> State {
        self.zones[zone].incoming.as_ref().unwrap().refresh.state()
    }

    pub(crate) fn handle(&mut self, arrival: Arrival, network: &mut Network) {
        let now = self.time(network.now);
        match arrival {
            Arrival::Datagram { from, octets } => {
                let Ok(message) = Message::new(&octets) else { return };
                if !message.header().flags.has(Flags::QR) {
                    for answer in self.answer(&octets, from, Transport::Udp, now) {
                        network.send(self.node, from, answer[2..].to_vec());
                    }
                    return;
                }
                let notify = message.header().flags.opcode() == Opcode::NOTIFY;
                let Self { node, zones, key, log, random, .. } = self;
                for zone in zones.values_mut() {
                    let mut port = Port { node: *node, network, random, key: key.as_ref(), log, now };
                    match notify {
                        true => zone.notify_answered(from, &octets, now),
                        false => Secondary::datagram(zone, from, &octets, &mut port),
                    }
                }
            }
            Arrival::Octets { stream, octets } => {
                let Self { node, zones, key, log, random, .. } = self;
                for zone in zones.values_mut() {
                    let mut port = Port { node: *node, network, random, key: key.as_ref(), log, now };
                    if Secondary::octets(zone, stream, &octets, &mut port) {
                        return;
                    }
                }
                self.request(stream, &octets, network, now);
            }
            Arrival::Ended { stream } | Arrival::Refused { stream } => {
                self.requests.remove(&stream);
                let refused = matches!(arrival, Arrival::Refused { .. });
                let Self { node, zones, key, log, random, .. } = self;
                for zone in zones.values_mut() {
                    let mut port = Port { node: *node, network, random, key: key.as_ref(), log, now };
                    Secondary::ended(zone, stream, refused, &mut port);
                }
            }
        }
    }

    /// All that its machines want to do now, and when they want to be asked again.
    pub(crate) fn poll(&mut self, network: &mut Network) -> Option<Millis> {
        let now = self.time(network.now);
        let Self { node, zones, key, log, random, .. } = self;
        let mut next = None;
        for zone in zones.values_mut() {
            let mut port = Port { node: *node, network, random, key: key.as_ref(), log, now };
            let incoming = Secondary::poll(zone, &mut port);
            let targets = zone.poll_targets(&mut port);
            next = [next, incoming, targets].into_iter().flatten().min();
        }
        let millis = |at: Instant| at.since(Instant::default()).as_nanos().div_ceil(1_000_000) as Millis;
        next.map(millis)
    }

    fn request(&mut self, stream: u64, octets: &[u8], network: &mut Network, now: Now) {
        // A stream's number says nothing of its peer; addresses don't matter here.
        let buffer = self.requests.entry(stream).or_default();
        buffer.extend_from_slice(octets);
        while let Some(message) = take_message(self.requests.get_mut(&stream).unwrap()) {
            for answer in self.answer(&message, 0, Transport::Tcp, now) {
                network.write(stream, self.node, &answer);
            }
        }
    }

    /// The messages of an answer, with their length octets.
    fn answer(&mut self, octets: &[u8], from: Node, transport: Transport, now: Now) -> Vec<Vec<u8>> {
        let framed = |message: &[u8]| [&(message.len() as u16).to_be_bytes(), message].concat();
        if let Some(answer) = self.wrong_answer(octets) {
            return vec![framed(&answer)];
        }
        let asker = Asker { addr: IpAddr::V4(Ipv4Addr::new(10, 0, 0, from as u8 + 1)), transport };
        for incoming in self.zones.values_mut().filter_map(|zone| zone.incoming.as_mut()) {
            incoming.expires_in = incoming.refresh.expires_in(now);
        }
        match primary::handle_request(self, octets, &asker, now.unix) {
            primary::Action::Reply(reply) => vec![framed(&reply.message)],
            primary::Action::Stream(mut outbound) => {
                let mut messages = Vec::new();
                while let Some(frame) = outbound.poll_transmit(now.unix).unwrap() {
                    messages.push(frame.stream_parts().concat());
                }
                messages
            }
            primary::Action::Notify(notify) => {
                if let Some(incoming) = self.zones.get_mut(&notify.zone).and_then(|zone| zone.incoming.as_mut()) {
                    let primary = incoming.primaries.iter().position(|node| *node == from).map(|at| at as u8);
                    incoming.refresh.handle_notify(primary, notify.serial, now);
                }
                vec![framed(&notify.reply.message)]
            }
            primary::Action::NeedKeys(_) | primary::Action::Update(_) | primary::Action::Drop(_) => Vec::new(),
        }
    }

    /// What its vice makes of a request; unsigned.
    fn wrong_answer(&mut self, octets: &[u8]) -> Option<Vec<u8>> {
        let message = Message::new(octets).ok()?;
        let question = message.question().ok()??;
        let header = message.header();
        let mut answer = match (self.vice, question.qtype) {
            (Vice::NoIxfr, Rtype::IXFR) => Vec::new(),
            (Vice::Promises(more), Rtype::SOA) if header.flags.opcode() == Opcode::QUERY => {
                let version = self.zones.get(&question.qname)?.version.as_ref()?;
                let soa = version.soa();
                let numbers = soa.rdata.len() - 20;
                let serial = version.serial().0.wrapping_add(more).to_be_bytes();
                let mut answer = [soa.owner.as_octets(), &[0, 6, 0, 1, 0, 0, 1, 44, 0]].concat();
                answer.push(soa.rdata.len() as u8);
                answer.extend_from_slice(&soa.rdata[..numbers]);
                answer.extend_from_slice(&serial);
                answer.extend_from_slice(&soa.rdata[numbers + 4..]);
                answer
            }
            _ => return None,
        };
        let rcode = if answer.is_empty() { Rcode::NOTIMP } else { Rcode::NOERROR };
        let answers = u16::from(!answer.is_empty());
        let flags = Flags::QR.with(Flags::AA).with_rcode(rcode);
        let header = Header { id: header.id, flags, questions: 1, answers, ..Header::default() };
        let [high, low] = question.qtype.0.to_be_bytes();
        let mut whole = [&header.to_octets()[..], question.qname.as_octets(), &[high, low, 0, 1]].concat();
        assert!(whole.len() > HEADER_LEN);
        whole.append(&mut answer);
        Some(whole)
    }
}

/// Takes the first message, without its length octets, from what a stream has brought.
pub(crate) fn take_message(buffer: &mut Vec<u8>) -> Option<Vec<u8>> {
    let length = usize::from(u16::from_be_bytes(*buffer.first_chunk()?));
    let message = buffer.get(2..2 + length)?.to_vec();
    buffer.drain(..2 + length);
    Some(message)
}

impl Host for Server {
    type Mac = Hmac;

    fn admits(&self, zone: NameRef<'_>, _: &Asker) -> bool {
        self.zones.contains_key(&zone.to_name())
    }

    fn keys(&self, _: &KeyWanted<'_>) -> Keys<Hmac> {
        Keys::Found(self.key.iter().cloned().collect())
    }

    fn key_admits(&self, _: NameRef<'_>, _: &Asker, key: Option<NameRef<'_>>) -> bool {
        key.is_some() == self.key.is_some()
    }

    fn version(&self, zone: NameRef<'_>) -> Result<Arc<Version>, Unserved> {
        let zone = &self.zones[&zone.to_name()];
        if zone.incoming.as_ref().is_some_and(|incoming| incoming.expired) {
            return Err(Unserved::Expired);
        }
        zone.version.clone().ok_or(Unserved::NotLoaded)
    }

    fn admit_transfer(&self, _: NameRef<'_>, _: &Asker) -> bool {
        true
    }

    fn answer(&self, zone: NameRef<'_>, version: &Arc<Version>, from: Serial) -> Answer {
        self.zones[&zone.to_name()].journal.borrow_mut().answer(version, from)
    }

    fn expire(&self, zone: NameRef<'_>) -> Option<u32> {
        let zone = &self.zones[&zone.to_name()];
        match &zone.incoming {
            Some(incoming) => incoming.expires_in,
            None => zone.version.as_ref()?.soa().soa().map(|soa| soa.expire),
        }
    }

    fn admits_notify(&self, zone: NameRef<'_>, _: &Asker) -> bool {
        self.zones.get(&zone.to_name()).is_some_and(|zone| zone.incoming.is_some())
    }

    fn notify_key_admits(&self, _: NameRef<'_>, _: &Asker, key: Option<NameRef<'_>>) -> bool {
        key.is_some() == self.key.is_some()
    }
}
