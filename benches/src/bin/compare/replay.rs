//! A primary that has all its answers ready: it is never what a secondary waits for.

use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

use zxfr_benches::tld::Tld;
use zxfr_core::wire::{
    Class, Edns, Flags, HEADER_LEN, Header, Message, Opcode, Question, Rcode, Record, Rtype, Scratch, Writer,
};
use zxfr_tests::ports::Port;

use crate::failure::{Because, Result};
use crate::frames::{Frames, apex};

/// So many messages go with one call.
const BATCH: usize = 64;

/// What there is of a zone.
#[derive(Clone, Debug)]
pub(crate) struct Offer {
    /// The version.
    pub(crate) version: u32,
    /// All of it, for who asks for that, or has another version than that before. Who asks and finds none is refused.
    pub(crate) whole: Option<Arc<Frames>>,
    /// What leads to it from the version before.
    pub(crate) differences: Option<Arc<Frames>>,
}

/// How often each kind of answer was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Given {
    /// The whole zone, or the refusal of it.
    pub(crate) whole: u64,
    /// The differences.
    pub(crate) differences: u64,
}

/// A primary, unsigned, over UDP and TCP. It ends when this is dropped.
pub(crate) struct Replay {
    port: Port,
    udp: UdpSocket,
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

struct Shared {
    offer: Mutex<Arc<Offer>>,
    whole: AtomicU64,
    differences: AtomicU64,
    ending: AtomicBool,
}

impl Replay {
    /// Starts to answer.
    pub(crate) fn start(offer: Offer) -> Result<Self> {
        let what = "the replaying primary";
        let port = Port::free()?;
        let udp = UdpSocket::bind(port.address()).because(what)?;
        let listener = TcpListener::bind(port.address()).because(what)?;
        let shared = Arc::new(Shared {
            offer: Mutex::new(Arc::new(offer)),
            whole: AtomicU64::new(0),
            differences: AtomicU64::new(0),
            ending: AtomicBool::new(false),
        });
        let (datagrams, theirs) = (udp.try_clone().because(what)?, Arc::clone(&shared));
        let answering = std::thread::spawn(move || theirs.answer_datagrams(&datagrams));
        let theirs = Arc::clone(&shared);
        let accepting = std::thread::spawn(move || {
            for stream in listener.incoming().map_while(io::Result::ok) {
                if theirs.ending.load(Ordering::Relaxed) {
                    return;
                }
                let theirs = Arc::clone(&theirs);
                // It ends with the connection. What goes wrong there is seen by the secondary, which isn't served then.
                std::thread::spawn(move || theirs.answer_stream(stream));
            }
        });
        Ok(Self { port, udp, shared, threads: vec![answering, accepting] })
    }

    /// Where it answers.
    pub(crate) fn address(&self) -> SocketAddr {
        self.port.address()
    }

    /// Has something else from now on.
    pub(crate) fn offer(&self, offer: Offer) {
        *self.shared.offer.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(offer);
    }

    /// Tells a secondary of the version there is (RFC 1996), and gives when it did so.
    pub(crate) fn notify(&self, secondary: SocketAddr) -> Result<Instant> {
        let mut message = [0; 512];
        let mut writer = Writer::new(&mut message);
        let (apex, rdata) = (apex()?, Tld::soa(self.shared.offer().version));
        let question = writer.question(apex.as_ref(), Rtype::SOA, Class::IN);
        question.and_then(|()| writer.answer(&soa(&apex, &rdata))).because("NOTIFY")?;
        let length = writer.finish(0x4e4f, Flags::of(Opcode::NOTIFY).with(Flags::AA));
        let now = Instant::now();
        self.udp.send_to(&message[..length], secondary).because("sending NOTIFY")?;
        Ok(now)
    }

    /// What it has been asked for up to now.
    pub(crate) fn given(&self) -> Given {
        let Shared { whole, differences, .. } = &*self.shared;
        Given { whole: whole.load(Ordering::Acquire), differences: differences.load(Ordering::Acquire) }
    }
}

impl Drop for Replay {
    fn drop(&mut self) {
        self.shared.ending.store(true, Ordering::Relaxed);
        // Both wait for somebody.
        let _ = TcpStream::connect(self.address());
        let _ = self.udp.send_to(&[0], self.address());
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

/// What a query is about.
struct Query<'q> {
    header: Header,
    question: Question,
    /// The question on the wire.
    octets: &'q [u8],
    /// The serial that the asker has.
    since: Option<u32>,
    edns: bool,
}

/// How a query is answered.
enum Reply<'o> {
    Short(Vec<u8>),
    Frames(&'o Frames),
}

impl Shared {
    fn offer(&self) -> Arc<Offer> {
        Arc::clone(&self.offer.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn answer_datagrams(&self, socket: &UdpSocket) {
        let mut octets = [0; 4096];
        while !self.ending.load(Ordering::Relaxed) {
            // Errors tell of a secondary that has gone.
            let Ok((length, from)) = socket.recv_from(&mut octets) else { continue };
            let offer = self.offer();
            if let Some(query) = Query::read(&octets[..length])
                && let Some(Reply::Short(answer)) = self.reply(&query, &offer, true)
            {
                let _ = socket.send_to(&answer, from);
            }
        }
    }

    fn answer_stream(&self, mut stream: TcpStream) -> Option<()> {
        stream.set_nodelay(true).ok()?;
        loop {
            let mut length = [0; 2];
            stream.read_exact(&mut length).ok()?;
            let mut octets = vec![0; usize::from(u16::from_be_bytes(length))];
            stream.read_exact(&mut octets).ok()?;
            let offer = self.offer();
            let query = Query::read(&octets)?;
            match self.reply(&query, &offer, false)? {
                Reply::Short(answer) => {
                    let length = (answer.len() as u16).to_be_bytes();
                    stream.write_all(&[&length, answer.as_slice()].concat()).ok()?;
                }
                Reply::Frames(frames) => send(&mut stream, frames, &query).ok()?,
            }
        }
    }

    /// None for what isn't answered.
    fn reply<'o>(&self, query: &Query<'_>, offer: &'o Offer, datagram: bool) -> Option<Reply<'o>> {
        let apex = apex().ok()?;
        if query.question.qname != apex {
            return query.short(Some(Rcode::REFUSED), 0).map(Reply::Short);
        }
        let newest = Tld::serial(offer.version);
        let up_to_date = query.since == Some(newest);
        match query.question.qtype {
            Rtype::SOA => query.short(None, offer.version).map(Reply::Short),
            // The SOA alone says over UDP that the differences don't fit (RFC 1995 §4).
            Rtype::IXFR if datagram || up_to_date => query.short(None, offer.version).map(Reply::Short),
            Rtype::AXFR | Rtype::IXFR if !datagram => {
                let before = offer.version.checked_sub(1).map(Tld::serial);
                let frames = match &offer.differences {
                    Some(frames) if query.since.is_some() && query.since == before => {
                        self.differences.fetch_add(1, Ordering::AcqRel);
                        Some(frames)
                    }
                    _ => {
                        self.whole.fetch_add(1, Ordering::AcqRel);
                        offer.whole.as_ref()
                    }
                };
                match frames {
                    Some(frames) => Some(Reply::Frames(frames)),
                    None => query.short(Some(Rcode::REFUSED), 0).map(Reply::Short),
                }
            }
            _ => query.short(Some(Rcode::REFUSED), 0).map(Reply::Short),
        }
    }
}

impl<'q> Query<'q> {
    /// None for what is no query, and for answers to NOTIFY.
    fn read(octets: &'q [u8]) -> Option<Self> {
        let message = Message::new(octets).ok()?;
        let (header, layout) = (message.header(), message.layout().ok()?);
        if header.flags.has(Flags::QR) || header.flags.opcode() != Opcode::QUERY {
            return None;
        }
        let question = message.question().ok()??;
        let mut scratch = Scratch::new();
        let soa =
            message.authorities(&layout, &mut scratch).next().ok()?.and_then(|record| Some(record.soa()?.serial.0));
        let octets = octets.get(HEADER_LEN..layout.answers_at)?;
        Some(Self { header, question, octets, since: soa, edns: layout.opt_at.is_some() })
    }

    /// An answer with this version's SOA, or with an error.
    fn short(&self, error: Option<Rcode>, version: u32) -> Option<Vec<u8>> {
        let mut message = [0; 1024];
        let mut writer = Writer::new(&mut message);
        let Question { qname, qtype, qclass } = &self.question;
        writer.question(qname.as_ref(), *qtype, *qclass).ok()?;
        if error.is_none() {
            writer.answer(&soa(qname, &Tld::soa(version))).ok()?;
        }
        if self.edns {
            writer.additional(|rest| Edns::OURS.write(rest)).ok()?;
        }
        let flags = Flags::QR.with(Flags::AA).with(self.header.flags.only(Flags::RD));
        let length = writer.finish(self.header.id, flags.with_rcode(error.unwrap_or(Rcode::NOERROR)));
        Some(message[..length].to_vec())
    }
}

fn soa<'a>(apex: &'a zxfr_core::name::Name, rdata: &'a [u8]) -> Record<'a> {
    Record { owner: apex.as_ref(), rtype: Rtype::SOA, class: Class::IN, ttl: 900, rdata }
}

/// Sends messages as the answer to a query: with its ID, and its question in the first.
fn send(stream: &mut TcpStream, frames: &Frames, query: &Query<'_>) -> io::Result<()> {
    let messages: Vec<_> = frames.messages().collect();
    let question_ends = 2 + HEADER_LEN + query.octets.len();
    for (number, batch) in messages.chunks(BATCH).enumerate() {
        let id = query.header.id.to_be_bytes();
        let begins: Vec<_> = batch.iter().map(|message| [message[0], message[1], id[0], id[1]]).collect();
        let mut slices = Vec::with_capacity(2 * BATCH + 1);
        for (at, (message, begin)) in batch.iter().zip(&begins).enumerate() {
            slices.push(IoSlice::new(begin));
            if (number, at) == (0, 0) {
                // The same name: its octets are as many.
                slices.push(IoSlice::new(&message[4..2 + HEADER_LEN]));
                slices.push(IoSlice::new(query.octets));
                slices.push(IoSlice::new(&message[question_ends..]));
            } else {
                slices.push(IoSlice::new(&message[4..]));
            }
        }
        write_all(stream, &mut slices)?;
    }
    Ok(())
}

fn write_all(stream: &mut TcpStream, mut slices: &mut [IoSlice<'_>]) -> io::Result<()> {
    while !slices.is_empty() {
        match stream.write_vectored(slices) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(written) => IoSlice::advance_slices(&mut slices, written),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
