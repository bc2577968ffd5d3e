//! The client that asks every server: a plain socket, read in as large pieces as come into a buffer that was touched before.
//! What an answer says is looked at when the clock has stopped.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use socket2::{Domain, Socket, Type};
use zxfr_core::name::Name;
use zxfr_core::serial::Serial;
use zxfr_core::time::UnixTime;
use zxfr_core::transfer::{Inbound, Limits, axfr_query, ixfr_query};
use zxfr_core::tsig::rustcrypto::Hmac;
use zxfr_core::tsig::{Algorithm, Key, Verifier, sign_request};
use zxfr_core::wire::{Class, Message, Record, Rtype};

use crate::answer::{Contents, Reading, message_at};
use crate::failure::{Because, Failure, Result};
use crate::server;

/// The ID of every query: answers of one server to unsigned queries are then the same octets.
const ID: u16 = 0xbeef;

/// How long the next octets may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// How near to the length that is expected an answer is looked at for its end, in octets.
const NEAR: usize = 256 << 10;

/// Room for an answer that is longer than the one before, in octets.
const ROOM: usize = 1 << 20;

/// What is asked.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    /// The zone's absolute name.
    pub(crate) zone: Name,
    /// Whether query and answer are signed.
    pub(crate) signed: bool,
    /// For IXFR: the serial of our version and its SOA's RDATA.
    pub(crate) since: Option<(u32, Vec<u8>)>,
}

impl Question {
    /// AXFR of this zone.
    pub(crate) fn axfr(zone: &str, signed: bool) -> Result<Self> {
        Ok(Self {
            zone: zone.parse::<Name>().map_err(|error| format!("{error:?}")).because(zone)?,
            signed,
            since: None,
        })
    }
}

/// A connection on which the query is ready to be sent.
pub(crate) struct Connection {
    stream: TcpStream,
    query: Vec<u8>,
    inbound: Option<Inbound<Hmac>>,
}

/// An answer, not yet looked at.
pub(crate) struct Fetched {
    /// When the query was sent.
    pub(crate) begun: Instant,
    /// When the last octet was there.
    pub(crate) ended: Instant,
    /// How many octets of the buffer it fills.
    pub(crate) octets: usize,
    inbound: Inbound<Hmac>,
}

/// Where an answer is read into; its memory is there before the clock starts.
#[derive(Debug, Default)]
pub(crate) struct Buffer(Vec<u8>);

impl Buffer {
    /// Makes sure that an answer of this length has room.
    pub(crate) fn prepare(&mut self, octets: usize) {
        if self.0.len() < octets + ROOM {
            // Not zeros: memory of zeros is only there once it is written to.
            self.0.resize(octets + ROOM, 0xa5);
        }
    }

    /// The first octets.
    pub(crate) fn octets(&self, length: usize) -> &[u8] {
        &self.0[..length]
    }
}

impl Connection {
    /// Connects and makes the query.
    pub(crate) fn open(server: SocketAddr, question: &Question) -> Result<Self> {
        Self::over(TcpStream::connect(server).because("connecting")?, question)
    }

    /// The same with little room for what isn't read yet.
    pub(crate) fn open_slow(server: SocketAddr, question: &Question) -> Result<Self> {
        let socket = Socket::new(Domain::for_address(server), Type::STREAM, None).because("connecting")?;
        // Less than a few segments would go through in steps of a timer.
        socket.set_recv_buffer_size(64 << 10).because("connecting")?;
        socket.connect(&server.into()).because("connecting")?;
        Self::over(socket.into(), question)
    }

    fn over(stream: TcpStream, question: &Question) -> Result<Self> {
        stream.set_nodelay(true).because("connecting")?;
        stream.set_read_timeout(Some(PATIENCE)).because("connecting")?;
        let (mut query, verifier) = query(question)?;
        let length = u16::try_from(query.len()).because("the query")?;
        query.splice(0..0, length.to_be_bytes());
        let (apex, limits) = (question.zone.as_ref(), Limits::NONE);
        let inbound = match &question.since {
            None => Inbound::axfr(apex, ID, limits, verifier),
            Some((serial, _)) => Inbound::ixfr(apex, Serial(*serial), ID, limits, verifier),
        };
        Ok(Self { stream, query, inbound: Some(inbound) })
    }

    /// Sends the query and reads the answer to its end, looking into every message as it comes: for an answer of which
    /// nothing is known.
    pub(crate) fn explore(mut self, buffer: &mut Buffer) -> Result<(usize, Contents)> {
        let inbound = self.inbound.take().ok_or_else(|| Failure::new("asked twice"))?;
        let mut reading = Reading::new(inbound);
        let mut length = 0;
        self.stream.write_all(&self.query).because("sending the query")?;
        loop {
            buffer.prepare(length);
            length += self.read(buffer, length)?;
            if let Some(contents) = reading.read(buffer.octets(length))? {
                return Ok((length, contents));
            }
        }
    }

    /// Sends the query and reads an answer that is expected to have so many octets. The clock runs here.
    pub(crate) fn fetch(mut self, expected: usize, buffer: &mut Buffer) -> Result<Fetched> {
        let inbound = self.inbound.take().ok_or_else(|| Failure::new("asked twice"))?;
        let (mut length, mut next, mut last) = (0, 0, 0);
        let begun = Instant::now();
        self.stream.write_all(&self.query).because("sending the query")?;
        loop {
            length += self.read(buffer, length)?;
            let octets = buffer.octets(length);
            while let Some(message) = message_at(octets, next) {
                last = next;
                next += 2 + message.len();
            }
            let ended = Instant::now();
            if next == length && (length == expected || length + NEAR > expected && closes(octets, last)) {
                return Ok(Fetched { begun, ended, octets: length, inbound });
            }
        }
    }

    /// Sends the query and reads this many octets, then lets the server wait.
    pub(crate) fn begin(&mut self, octets: usize, buffer: &mut Buffer) -> Result<()> {
        self.stream.write_all(&self.query).because("sending the query")?;
        buffer.prepare(octets);
        self.stream.read_exact(&mut buffer.0[..octets]).because("reading the answer")
    }

    fn read(&mut self, buffer: &mut Buffer, length: usize) -> Result<usize> {
        let room = buffer.0.get_mut(length..).filter(|room| !room.is_empty());
        let room = room.ok_or_else(|| Failure::new("the answer is much longer than it was"))?;
        match self.stream.read(room).because(format!("reading the answer after {length} octets"))? {
            0 => Err(Failure::new(format!("the connection was closed after {length} octets"))),
            count => Ok(count),
        }
    }
}

impl Fetched {
    /// Seconds from the query to the last octet.
    pub(crate) fn seconds(&self) -> f64 {
        (self.ended - self.begun).as_secs_f64()
    }

    /// Looks at all of the answer. `known` is an unsigned answer of this server that was looked at before, and what it said.
    pub(crate) fn contents(self, buffer: &Buffer, known: Option<(&[u8], Contents)>) -> Result<Contents> {
        let octets = buffer.octets(self.octets);
        if let Some((_, contents)) = known.filter(|(same, _)| *same == octets) {
            return Ok(contents);
        }
        let whole = Reading::new(self.inbound).read(octets)?;
        whole.ok_or_else(|| Failure::new(format!("the answer isn't whole after {} octets", self.octets)))
    }
}

/// Whether the last record of this message is an SOA, as that of an answer's last message is.
fn closes(octets: &[u8], at: usize) -> bool {
    let message = message_at(octets, at).and_then(|message| Message::new(message).ok());
    message.and_then(|message| message.layout().ok()).is_some_and(|layout| layout.last_answer == Some(Rtype::SOA))
}

fn query(question: &Question) -> Result<(Vec<u8>, Option<Verifier<Hmac>>)> {
    let mut octets = [0; 2048];
    let apex = question.zone.as_ref();
    let room = |error| Failure::new(format!("the query: {error:?}"));
    let length = match &question.since {
        None => axfr_query(&mut octets, apex, ID, true).map_err(room)?,
        Some((_, rdata)) => {
            let soa = Record { owner: apex, rtype: Rtype::SOA, class: Class::IN, ttl: 900, rdata };
            ixfr_query(&mut octets, apex, &soa, ID, true).map_err(room)?
        }
    };
    if !question.signed {
        return Ok((octets[..length].to_vec(), None));
    }
    let secret = server::key();
    let name: Name = secret.name.parse().map_err(|error| Failure::new(format!("{error:?}")))?;
    let key = Key::<Hmac>::new(name.as_ref(), Algorithm::HmacSha256, &secret.secret);
    let key = key.map_err(|error| Failure::new(format!("{error:?}")))?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).because("the clock")?.as_secs();
    let (length, verifier) = sign_request(&key, &mut octets, length, UnixTime(now)).map_err(room)?;
    Ok((octets[..length].to_vec(), Some(verifier)))
}

#[cfg(test)]
mod tests;
