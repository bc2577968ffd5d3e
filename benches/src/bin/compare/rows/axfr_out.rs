//! AXFR out: one client, or many at once, unsigned or signed.

use std::net::SocketAddr;
use std::sync::{Arc, Barrier};

use zxfr_benches::tld::NAME;

use super::{Row, Sample};
use crate::answer::Contents;
use crate::client::{Buffer, Connection, Fetched, Question};
use crate::failure::{Failure, Result};
use crate::kind::{Column, Kind};
use crate::loopback::Loopback;
use crate::measure::{Measure, Unit};
use crate::stage::Stage;

/// The most memory that answers may take until they are looked at, in octets.
const ROOM: usize = 6 << 30;

/// AXFR out to so many clients at once.
pub(crate) struct AxfrOut {
    clients: usize,
    signed: bool,
    lines: &'static Lines,
    bound: Option<Loopback>,
}

struct Lines {
    name: &'static str,
    rate: Measure,
    cpu: Measure,
    octets: Option<Measure>,
}

const fn rate(name: &'static str, title: &'static str) -> Measure {
    Measure { name, title, unit: Unit::RecordsPerSecond }
}

const fn cpu(name: &'static str, title: &'static str) -> Measure {
    Measure { name, title, unit: Unit::SecondsPerMillion }
}

const fn octets(name: &'static str, title: &'static str) -> Option<Measure> {
    Some(Measure { name, title, unit: Unit::Octets })
}

static ONE_PLAIN: Lines = Lines {
    name: "axfr-1",
    rate: rate("axfr-1.rate", "AXFR out, one client"),
    cpu: cpu("axfr-1.cpu", "CPU, one client"),
    octets: octets("axfr-1.octets", "octets of the zone"),
};

static ONE_SIGNED: Lines = Lines {
    name: "axfr-1-signed",
    rate: rate("axfr-1-signed.rate", "AXFR out, one client, signed"),
    cpu: cpu("axfr-1-signed.cpu", "CPU, one client, signed"),
    octets: octets("axfr-1-signed.octets", "octets of the zone, signed"),
};

static MANY_PLAIN: Lines = Lines {
    name: "axfr-32",
    rate: rate("axfr-32.rate", "AXFR out, 32 clients at once"),
    cpu: cpu("axfr-32.cpu", "CPU, 32 clients"),
    octets: None,
};

static MANY_SIGNED: Lines = Lines {
    name: "axfr-32-signed",
    rate: rate("axfr-32-signed.rate", "AXFR out, 32 clients at once, signed"),
    cpu: cpu("axfr-32-signed.cpu", "CPU, 32 clients, signed"),
    octets: None,
};

impl AxfrOut {
    /// With 1 or 32 clients.
    pub(crate) fn new(clients: usize, signed: bool) -> Self {
        let lines = match (clients, signed) {
            (1, false) => &ONE_PLAIN,
            (1, true) => &ONE_SIGNED,
            (_, false) => &MANY_PLAIN,
            (_, true) => &MANY_SIGNED,
        };
        Self { clients, signed, lines, bound: None }
    }

    /// Whose answer the bound replays: ours, which is what we could send at most.
    fn replay(&mut self, stage: &mut Stage) -> Result<SocketAddr> {
        if self.bound.is_none() {
            self.bound = Some(Loopback::start(Arc::clone(&stage.known(Kind::Zxfrd, false)?.octets))?);
        }
        self.bound.as_ref().map(Loopback::address).ok_or_else(|| Failure::new("nothing to replay"))
    }
}

impl Row for AxfrOut {
    fn name(&self) -> &'static str {
        self.lines.name
    }

    fn measures(&self) -> Vec<&'static Measure> {
        let lines = self.lines;
        [&lines.rate, &lines.cpu].into_iter().chain(&lines.octets).collect()
    }

    fn has_bound(&self) -> bool {
        !self.signed
    }

    fn prepare(&mut self, stage: &mut Stage, kind: Kind) -> Result<Option<String>> {
        if self.signed && !kind.signs() {
            return Ok(Some("has no TSIG".into()));
        }
        let most = if stage.quick { 4.0 } else { 60.0 };
        let known = stage.known(kind, self.signed)?;
        let (seconds, octets) = (known.seconds * self.clients as f64 / 2.0, known.length * self.clients);
        Ok(match self.clients {
            1 => None,
            _ if seconds > most => Some(format!("would take about {seconds:.0} s")),
            _ if octets > ROOM => Some(format!("the answers would take {} GiB", octets >> 30)),
            _ => None,
        })
    }

    fn sample(&mut self, stage: &mut Stage, column: Column) -> Result<Vec<Sample>> {
        let kind = match column {
            Column::Server(kind) => kind,
            Column::Bound => Kind::Zxfrd,
        };
        let address = match column {
            Column::Server(kind) => stage.primary(kind)?.server.address(),
            Column::Bound => self.replay(stage)?,
        };
        let known = stage.known(kind, self.signed)?;
        let (length, contents) = (known.length, known.contents);
        let octets = Arc::clone(&known.octets);
        let known = (!self.signed).then_some((&*octets, contents));
        stage.buffers.resize_with(stage.buffers.len().max(self.clients), Buffer::default);
        stage.buffers[..self.clients].iter_mut().for_each(|buffer| buffer.prepare(length));
        let mut buffers = std::mem::take(&mut stage.buffers);
        let question = Question::axfr(NAME, self.signed)?;
        let before = match column {
            Column::Server(kind) => stage.primary(kind)?.server.spent(),
            Column::Bound => self.bound.as_ref().map(Loopback::spent).unwrap_or_default(),
        };
        let mut after = None;
        let fetched = at_once(&mut buffers[..self.clients], address, &question, length, || {
            after = Some(match column {
                Column::Server(kind) => stage.primary(kind).map(|primary| primary.server.spent()),
                Column::Bound => Ok(self.bound.as_ref().map(Loopback::spent).unwrap_or_default()),
            });
        });
        let result = fetched.and_then(|fetched| looked_at(fetched, &buffers, known));
        stage.buffers = buffers;
        let (seconds, answers) = result?;
        let version = stage.primary(kind)?.version;
        let mut records = 0;
        for answer in &answers {
            stage.check(answer, version)?;
            records += answer.records;
        }
        let spent = after.ok_or_else(|| Failure::new("no account"))??.since(&before);
        let mut samples =
            vec![(&self.lines.rate, records as f64 / seconds), (&self.lines.cpu, spent / (records as f64 / 1e6))];
        if let (Some(octets), Column::Server(_)) = (&self.lines.octets, column) {
            samples.push((octets, answers[0].octets as f64));
        }
        Ok(samples)
    }
}

/// Asks once for each buffer, all at once, on connections that were made before. `ended` is called when the last octet of
/// the last answer is there.
fn at_once(
    buffers: &mut [Buffer],
    address: SocketAddr,
    question: &Question,
    expected: usize,
    ended: impl FnOnce(),
) -> Result<Vec<Fetched>> {
    let ready = Barrier::new(buffers.len());
    let fetched: Result<Vec<_>> = std::thread::scope(|scope| {
        let clients: Vec<_> = buffers
            .iter_mut()
            .map(|buffer| {
                let ready = &ready;
                scope.spawn(move || {
                    let connection = Connection::open(address, question);
                    ready.wait();
                    connection?.fetch(expected, buffer)
                })
            })
            .collect();
        let ends = clients.into_iter().map(|client| client.join());
        ends.map(|end| end.unwrap_or_else(|_| Err(Failure::new("a client panicked")))).collect()
    });
    ended();
    fetched
}

/// The seconds from the first query to the last octet, and what the answers say.
fn looked_at(
    fetched: Vec<Fetched>,
    buffers: &[Buffer],
    known: Option<(&[u8], Contents)>,
) -> Result<(f64, Vec<Contents>)> {
    let begun = fetched.iter().map(|answer| answer.begun).min();
    let ended = fetched.iter().map(|answer| answer.ended).max();
    let seconds = begun.zip(ended).map_or(0.0, |(begun, ended)| (ended - begun).as_secs_f64());
    let half = fetched.len().div_ceil(2);
    let mut pairs: Vec<_> = fetched.into_iter().zip(buffers).collect();
    let others = pairs.split_off(half);
    let read = |pairs: Vec<(Fetched, &Buffer)>| -> Result<Vec<Contents>> {
        pairs.into_iter().map(|(answer, buffer)| answer.contents(buffer, known)).collect()
    };
    let (first, second) = std::thread::scope(|scope| {
        let second = scope.spawn(|| read(others));
        (read(pairs), second.join().unwrap_or_else(|_| Err(Failure::new("reading the answers panicked"))))
    });
    Ok((seconds, [first?, second?].concat()))
}
