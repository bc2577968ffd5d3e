//! A network without sockets: octets that arrive later, twice, out of order, or not at all. It knows nothing of DNS, and the
//! same seed gives the same weather.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

/// Milliseconds since the world began.
pub(crate) type Millis = u64;

/// A server, by its number.
pub(crate) type Node = usize;

/// Numbers that look like chance (SplitMix64).
#[derive(Clone)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 up to, but not including, `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    pub(crate) fn chance(&mut self, per_mille: u64) -> bool {
        self.below(1000) < per_mille
    }
}

/// What the network does to what is sent. Chances are in thousandths.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Weather {
    /// The shortest and the longest way.
    pub(crate) delay: (Millis, Millis),
    /// Datagrams that are lost.
    pub(crate) loss: u64,
    /// Datagrams that arrive twice.
    pub(crate) twice: u64,
    /// Streams that break somewhere in their first 8 KiB.
    pub(crate) cut: u64,
}

impl Weather {
    pub(crate) const FAIR: Self = Self { delay: (5, 15), loss: 0, twice: 0, cut: 0 };
    pub(crate) const FOUL: Self = Self { delay: (1, 900), loss: 250, twice: 150, cut: 300 };
}

/// What arrives at a server.
#[derive(Debug)]
pub(crate) enum Arrival {
    Datagram {
        from: Node,
        octets: Vec<u8>,
    },
    /// Octets of a stream, in order.
    Octets {
        stream: u64,
        octets: Vec<u8>,
    },
    /// Nothing more comes of a stream.
    Ended {
        stream: u64,
    },
    /// There is nobody to talk to.
    Refused {
        stream: u64,
    },
}

struct Stream {
    client: Node,
    server: Node,
    /// How many octets more come from the server before it breaks.
    left: usize,
    /// When the last octets arrive at client and server: what follows comes later.
    arrives: [Millis; 2],
    broken: bool,
}

/// How a server is connected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Link {
    #[default]
    Up,
    /// Whatever is sent to it, or by it, vanishes.
    Dead,
    /// Nobody listens: streams are refused, datagrams vanish.
    Refusing,
}

pub(crate) struct Network {
    pub(crate) now: Millis,
    pub(crate) weather: Weather,
    pub(crate) links: Vec<Link>,
    /// Every stream from this server breaks after so many octets.
    pub(crate) cut_from: BTreeMap<Node, usize>,
    /// Datagrams that begin so (by message opcode) are lost.
    pub(crate) lost_opcode: Option<u8>,
    /// How many datagrams were sent, by opcode.
    pub(crate) datagrams: [u64; 16],
    random: Random,
    queue: BinaryHeap<Reverse<(Millis, u64)>>,
    arrivals: BTreeMap<u64, (Node, Arrival)>,
    streams: BTreeMap<u64, Stream>,
    count: u64,
}

impl Network {
    pub(crate) fn new(nodes: usize, seed: u64, weather: Weather) -> Self {
        Self {
            now: 0,
            weather,
            links: vec![Link::Up; nodes],
            cut_from: BTreeMap::new(),
            lost_opcode: None,
            datagrams: [0; 16],
            random: Random(seed),
            queue: BinaryHeap::new(),
            arrivals: BTreeMap::new(),
            streams: BTreeMap::new(),
            count: 0,
        }
    }

    fn number(&mut self) -> u64 {
        self.count += 1;
        self.count
    }

    fn arrive(&mut self, at: Millis, node: Node, arrival: Arrival) {
        let number = self.number();
        self.queue.push(Reverse((at, number)));
        self.arrivals.insert(number, (node, arrival));
    }

    fn later(&mut self) -> Millis {
        let (least, most) = self.weather.delay;
        self.now + least + self.random.below(most - least + 1)
    }

    fn is_up(&self, node: Node) -> bool {
        self.links[node] == Link::Up
    }

    pub(crate) fn send(&mut self, from: Node, to: Node, octets: Vec<u8>) {
        let opcode = octets.get(2).map_or(0, |flags| flags >> 3 & 15);
        self.datagrams[usize::from(opcode)] += 1;
        if !self.is_up(from) || !self.is_up(to) || self.lost_opcode == Some(opcode) {
            return;
        }
        if self.random.chance(self.weather.twice) {
            let at = self.later();
            self.arrive(at, to, Arrival::Datagram { from, octets: octets.clone() });
        }
        if !self.random.chance(self.weather.loss) {
            let at = self.later();
            self.arrive(at, to, Arrival::Datagram { from, octets });
        }
    }

    pub(crate) fn open(&mut self, client: Node, server: Node) -> u64 {
        let id = self.number();
        let mut left = self.cut_from.get(&server).copied().unwrap_or(usize::MAX);
        if self.random.chance(self.weather.cut) {
            left = left.min(self.random.below(8192) as usize);
        }
        let at = self.later();
        self.streams.insert(id, Stream { client, server, left, arrives: [at; 2], broken: false });
        if self.links[server] == Link::Refusing {
            self.arrive(at, client, Arrival::Refused { stream: id });
        }
        id
    }

    pub(crate) fn write(&mut self, stream: u64, from: Node, octets: &[u8]) {
        let Some(Stream { client, server, left, broken, .. }) = self.streams.get_mut(&stream) else { return };
        let (client, server) = (*client, *server);
        if *broken || self.links[client] != Link::Up || self.links[server] != Link::Up {
            return;
        }
        let (to, way) = if from == server { (client, 0) } else { (server, 1) };
        let passed = if from == server { octets.len().min(*left) } else { octets.len() };
        if from == server {
            *left -= passed;
            *broken = passed < octets.len();
        }
        let broken = *broken;
        let mut rest = &octets[..passed];
        while !rest.is_empty() {
            // In pieces that have nothing to do with messages.
            let size = 1 + self.random.below(1400) as usize;
            let (piece, after) = rest.split_at(size.min(rest.len()));
            let at = self.later_on(stream, way);
            self.arrive(at, to, Arrival::Octets { stream, octets: piece.to_vec() });
            rest = after;
        }
        if broken {
            self.end(stream);
        }
    }

    fn later_on(&mut self, stream: u64, way: usize) -> Millis {
        let at = self.later();
        match self.streams.get_mut(&stream) {
            Some(stream) => {
                stream.arrives[way] = at.max(stream.arrives[way]);
                stream.arrives[way]
            }
            None => at,
        }
    }

    /// The stream breaks for both ends.
    fn end(&mut self, id: u64) {
        for way in 0..2 {
            let at = self.later_on(id, way);
            if let Some(stream) = self.streams.get_mut(&id) {
                stream.broken = true;
                let to = if way == 0 { stream.client } else { stream.server };
                self.arrive(at, to, Arrival::Ended { stream: id });
            }
        }
    }

    /// A server has gone: so have its streams, and what was on its way to it.
    pub(crate) fn reset(&mut self, node: Node) {
        let its = |stream: &Stream| (stream.client == node || stream.server == node) && !stream.broken;
        let streams: Vec<_> = self.streams.iter().filter(|(_, stream)| its(stream)).map(|(id, _)| *id).collect();
        for id in streams {
            self.end(id);
        }
        self.arrivals.retain(|_, (to, _)| *to != node);
    }

    /// One end is done with it.
    pub(crate) fn close(&mut self, stream: u64) {
        if self.streams.get(&stream).is_some_and(|stream| !stream.broken) {
            self.end(stream);
        }
    }

    /// The next arrival up to `until`, the clock moved on to it.
    pub(crate) fn next(&mut self, until: Millis) -> Option<(Node, Arrival)> {
        while let Some(Reverse((at, number))) = self.queue.peek().copied() {
            if at > until {
                return None;
            }
            self.queue.pop();
            self.now = self.now.max(at);
            match self.arrivals.remove(&number) {
                Some((node, arrival)) if self.is_up(node) || matches!(arrival, Arrival::Refused { .. }) => {
                    return Some((node, arrival));
                }
                _ => {}
            }
        }
        None
    }

    pub(crate) fn next_at(&self) -> Option<Millis> {
        self.queue.peek().map(|Reverse((at, _))| *at)
    }
}
