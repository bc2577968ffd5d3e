//! A long transfer, taken on several cores: its messages in turns, a thread for each.
//!
//! The first turn goes to the transfer's own machine and sink. While that is in work, later turns of a whole zone are read
//! ahead, each into a part of the sink. Whoever is done with the turn that is next takes it over into the transfer, and those
//! after it that are done by then. What a reader ahead isn't sure of, is taken anew there: errors, limits and the end are the
//! transfer's own matter, and so are differences.

use super::receive::Intake;
use super::{Error, InParts};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::mem::take;
use std::num::NonZeroUsize;
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::available_parallelism;
use tokio::task::{JoinError, JoinSet, spawn_blocking};
use zxfr_core::serial::Serial;
use zxfr_core::transfer::{InboundAhead, Inspected, NotSure};

/// How many octets of messages make a turn. Each ends with a page that isn't full.
pub(super) const TURN: usize = 1 << 20;
/// With so many one is read ahead when no more have come and there is a core for it.
const ENOUGH: usize = 512 << 10;
/// More turns than these of one transfer are never in work at once.
const WIDEST: usize = 4;

/// How many turns of one transfer may be in work at once.
pub(super) fn width() -> usize {
    available_parallelism().map_or(1, NonZeroUsize::get).min(WIDEST)
}

/// The turns of a transfer.
pub(super) struct Turns<S: InParts> {
    line: Arc<Mutex<Line<S>>>,
    threads: JoinSet<Result<Option<Serial>, Error>>,
    width: usize,
    /// What readers ahead are made of, if there can be any.
    seed: Option<Ahead<S::Part>>,
    /// How many turns were begun.
    begun: u64,
    /// Messages that were inspected and wait to be taken, and their octets.
    messages: Vec<Inspected<Bytes>>,
    octets: usize,
}

/// Where turns come together.
struct Line<S: InParts> {
    /// Gone while somebody takes a turn over into it, and after an error.
    intake: Option<Box<Intake<S>>>,
    /// How many turns it has taken.
    taken: u64,
    /// Turns that are done but for that, by number.
    done: BTreeMap<u64, Turn<S::Part>>,
    /// Whether there was an error.
    failed: bool,
}

/// Messages, and what was made of them ahead.
struct Turn<P> {
    messages: Vec<Inspected<Bytes>>,
    ahead: Option<Ahead<P>>,
}

/// A reader ahead, and where what it reads goes.
struct Ahead<P> {
    inbound: InboundAhead,
    part: P,
    /// How many messages it has taken whole.
    messages: usize,
}

fn lock<S: InParts>(line: &Mutex<Line<S>>) -> MutexGuard<'_, Line<S>> {
    line.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<S: InParts> Turns<S> {
    pub(super) fn new(intake: Intake<S>, width: usize) -> Self {
        let seed = intake.inbound.ahead().zip(intake.sink.part());
        let line = Line { intake: Some(Box::new(intake)), taken: 0, done: BTreeMap::new(), failed: false };
        Self {
            line: Arc::new(Mutex::new(line)),
            threads: JoinSet::new(),
            width,
            seed: seed.map(|(inbound, part)| Ahead { inbound, part, messages: 0 }),
            begun: 0,
            messages: Vec::new(),
            octets: 0,
        }
    }

    /// Whether another message may wait.
    pub(super) const fn has_room(&self) -> bool {
        self.octets < TURN
    }

    /// Whether nothing is in work, so that all turns were taken.
    pub(super) fn are_idle(&self) -> bool {
        self.threads.is_empty()
    }

    pub(super) fn push(&mut self, message: Inspected<Bytes>) {
        self.octets += message.octets().len();
        self.messages.push(message);
    }

    /// Begins a turn with the messages that wait, if it is time. To be called when no more have come or there is no room.
    pub(super) fn start(&mut self) {
        if self.messages.is_empty() {
            return;
        }
        let ahead = if self.are_idle() {
            None
        } else {
            // What is done waits for those before: there may be too much of that.
            let has_core = self.threads.len() < self.width;
            if self.octets < ENOUGH || !has_core || self.begun - lock(&self.line).taken >= 2 * self.width as u64 {
                return;
            }
            let Some(ahead) = self.seed.as_ref().and_then(Ahead::another) else { return };
            Some(ahead)
        };
        let (messages, number, line) = (take(&mut self.messages), self.begun, self.line.clone());
        self.octets = 0;
        self.begun += 1;
        self.threads.spawn_blocking(move || {
            let ahead = ahead.and_then(|ahead| ahead.read(&messages));
            Line::take(&line, number, Turn { messages, ahead })
        });
    }

    /// Waits until a thread is done; gives the transfer and the serial of the peer's version when all of it has come.
    pub(super) async fn next(&mut self) -> Result<Option<(Serial, Intake<S>)>, Error> {
        let Some(done) = self.threads.join_next().await else { return Ok(None) };
        let Some(serial) = done.map_err(stopped)?? else { return Ok(None) };
        let intake = lock(&self.line).intake.take();
        Ok(intake.map(|intake| (serial, *intake)))
    }

    /// Why no more comes, when this is why no message does and nothing is in work.
    pub(super) fn ended(self, error: Error) -> Error {
        let Some(mut intake) = lock(&self.line).intake.take() else { return error };
        let error = intake.ended(error);
        // It may be large.
        spawn_blocking(move || drop(intake));
        error
    }
}

fn stopped(error: JoinError) -> Error {
    match error.try_into_panic() {
        Ok(panic) => resume_unwind(panic),
        Err(_) => Error::Sink("the thread that took the zone was stopped".into()),
    }
}

impl<P: InParts<Part = P>> Ahead<P> {
    fn another(&self) -> Option<Self> {
        Some(Self { inbound: self.inbound.another(), part: self.part.part()?, messages: 0 })
    }

    /// Reads messages as far as it can be sure of them; `None` when the sink doesn't take them. Then the transfer itself is to
    /// find out why.
    fn read(mut self, messages: &[Inspected<Bytes>]) -> Option<Self> {
        for message in messages {
            let Ok(mut events) = self.inbound.handle_message(message) else { break };
            loop {
                match events.next() {
                    Ok(Some(event)) => self.part.event(&event).ok()?,
                    Ok(None) => break,
                    Err(NotSure) => return Some(self),
                }
            }
            self.messages += 1;
        }
        Some(self)
    }
}

impl<S: InParts> Line<S> {
    /// Puts a turn into its place, and takes all into the transfer whose time has come. Gives the serial of the peer's
    /// version when that was the end.
    fn take(line: &Mutex<Self>, number: u64, turn: Turn<S::Part>) -> Result<Option<Serial>, Error> {
        let mut this = lock(line);
        if this.failed {
            drop(this);
            return Ok(None);
        }
        this.done.insert(number, turn);
        // Who has it, sees to this turn, too.
        let Some(mut intake) = this.intake.take() else { return Ok(None) };
        loop {
            let next = this.taken;
            let Some(turn) = this.done.remove(&next) else {
                this.intake = Some(intake);
                return Ok(None);
            };
            drop(this);
            let taken = turn.take_into(&mut intake);
            this = lock(line);
            this.taken += 1;
            match taken {
                Ok(None) => {}
                Ok(end) => {
                    this.intake = Some(intake);
                    return Ok(end);
                }
                Err(error) => {
                    this.failed = true;
                    let done = take(&mut this.done);
                    drop(this);
                    drop(done);
                    return Err(error);
                }
            }
        }
    }
}

impl<P> Turn<P> {
    fn take_into<S: InParts<Part = P>>(self, intake: &mut Intake<S>) -> Result<Option<Serial>, Error> {
        let Self { messages, ahead } = self;
        let mut rest = messages.as_slice();
        if let Some(Ahead { inbound, part, messages: taken }) = ahead
            && intake.inbound.join(inbound).is_ok()
        {
            intake.sink.join(part)?;
            intake.sink.progress(intake.inbound.totals());
            rest = messages.get(taken..).unwrap_or_default();
        }
        intake.take_all(rest)
    }
}
