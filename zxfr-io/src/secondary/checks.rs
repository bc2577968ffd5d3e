//! SOA checks of many zones at one primary: one socket, many queries under way, told apart by message ID.
//!
//! The socket has a random port, which changes now and then, and is connected, so that only the primary's datagrams come
//! through; IDs are random (RFC 5452). A query is sent again when no answer comes, and asked over TCP when the
//! answer is truncated. Where ICMP says twice that nobody listens, that is told at once. A primary that answers nothing is left
//! alone for a while: what is asked of it fails at once then, and after that one query has to be answered before others are sent.

use super::backoff::Backoff;
use crate::client::{Client, Error, MAX_QUERY, SoaAnswer, Timeouts, may_be_forged, random_id, write_query};
use crate::clock;
use crate::reason::Reason;
use crate::socket::{connected_udp, send_now};
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use zxfr_core::name::Name;
use zxfr_core::time::Instant as CoreInstant;
use zxfr_core::transfer::{self, PeerFault, soa_query};
use zxfr_core::tsig::{Key, Mac, Verifier};

/// How often a query is sent; each time the wait doubles.
const TRIES: u32 = 3;
/// How long the socket is kept when nothing is asked.
const IDLE: Duration = Duration::from_secs(5);
/// How long a port is used before another is taken, as soon as nothing is under way.
const PORT_KEPT: Duration = Duration::from_secs(60);
/// The most octets of an answer that are looked at: more than our OPT asks for.
const MAX_ANSWER: usize = 4096;

/// Bounds on the checks at one primary.
#[derive(Clone, Copy, Debug)]
pub(super) struct CheckLimits {
    /// Queries under way.
    pub(super) at_once: usize,
    /// How long an answer is waited for, all tries together.
    pub(super) patience: Duration,
    /// For what goes over TCP.
    pub(super) timeouts: Timeouts,
}

/// A check; `T` is the caller's word for it.
#[derive(Debug)]
pub(super) struct Check<M, T> {
    pub(super) tag: T,
    pub(super) zone: Name,
    pub(super) key: Option<Arc<Key<M>>>,
    /// Goes before those that aren't.
    pub(super) urgent: bool,
}

/// What became of a check.
#[derive(Debug)]
pub(super) struct CheckEnded<T> {
    pub(super) tag: T,
    pub(super) result: Result<SoaAnswer, Reason>,
    /// From the first query; zero when none was sent.
    pub(super) elapsed: Duration,
}

/// What is said to the task of a primary.
#[derive(Debug)]
pub(super) enum Command<M, T> {
    /// Check a zone.
    Ask(Box<Check<M, T>>),
    /// The primary has shown that it is there: it is to be asked even if it has not answered lately.
    Alive,
}

/// The checks at one primary, in a task that ends when it was idle for a while.
#[derive(Debug)]
pub(super) struct Checks<M, T> {
    commands: mpsc::UnboundedSender<Command<M, T>>,
}

impl<M: Mac + Send + Sync + 'static, T: Send + 'static> Checks<M, T> {
    /// Starts the task; results go to `results`.
    pub(super) fn start(
        tasks: &mut JoinSet<()>,
        addr: SocketAddr,
        limits: CheckLimits,
        results: mpsc::UnboundedSender<CheckEnded<T>>,
    ) -> Self {
        let (sender, commands) = mpsc::unbounded_channel();
        let checker = Checker {
            addr,
            limits,
            results,
            socket: None,
            waiting: Default::default(),
            asked: HashMap::new(),
            due: BTreeSet::new(),
            backoff: Backoff::new(),
            refused: None,
            over_tcp: JoinSet::new(),
            client: Arc::default(),
        };
        tasks.spawn(checker.run(commands));
        Self { commands: sender }
    }

    /// Gives the command back when the task has ended.
    pub(super) fn send(&self, command: Command<M, T>) -> Result<(), Command<M, T>> {
        self.commands.send(command).map_err(|unsent| unsent.0)
    }

    /// Whether the task has ended.
    pub(super) fn is_over(&self) -> bool {
        self.commands.is_closed()
    }
}

/// The task.
struct Checker<M, T> {
    addr: SocketAddr,
    limits: CheckLimits,
    results: mpsc::UnboundedSender<CheckEnded<T>>,
    /// And when it was opened.
    socket: Option<(UdpSocket, Instant)>,
    /// Urgent ones, others.
    waiting: [VecDeque<Box<Check<M, T>>>; 2],
    asked: HashMap<u16, Asked<M, T>>,
    /// When which is to be sent again, or given up.
    due: BTreeSet<(Instant, u16)>,
    /// While it counts failures the primary is on trial: one query at a time.
    backoff: Backoff<Reason>,
    /// The last ICMP error: no answer may still be worth waiting for, but it says more than silence does.
    refused: Option<(Instant, io::ErrorKind)>,
    over_tcp: JoinSet<CheckEnded<T>>,
    /// The connection for truncated answers.
    client: Arc<Mutex<Option<Client>>>,
}

/// A query under way.
struct Asked<M, T> {
    check: Box<Check<M, T>>,
    query: Box<[u8]>,
    verifier: Option<Verifier<M>>,
    /// How often it was sent.
    tries: u32,
    began: Instant,
    /// When it was last sent.
    sent: Instant,
    core_began: CoreInstant,
    due: Instant,
    /// What was wrong with an answer that anybody may have sent.
    suspect: Option<transfer::Error>,
}

impl<M: Mac + Send + Sync + 'static, T: Send + 'static> Checker<M, T> {
    async fn run(mut self, mut commands: mpsc::UnboundedReceiver<Command<M, T>>) {
        let mut answer = vec![0; MAX_ANSWER];
        let mut idle_at = Instant::now() + IDLE;
        while !(commands.is_closed() && commands.is_empty() && self.is_quiet()) {
            if self.is_quiet() {
                if Instant::now() >= idle_at {
                    // What was sent before this is still done; what comes after goes to another task.
                    commands.close();
                }
            } else {
                idle_at = Instant::now() + IDLE;
            }
            let wake = self.due.first().map_or(idle_at, |(at, _)| *at);
            tokio::select! {
                command = commands.recv(), if !(commands.is_closed() && commands.is_empty()) => match command {
                    Some(Command::Ask(check)) => self.waiting[usize::from(!check.urgent)].push_back(check),
                    Some(Command::Alive) => self.backoff.clear(),
                    None => {}
                },
                received = receive(&self.socket, &mut answer) => match received {
                    Ok(length) => self.handle_answer(&answer[..length]),
                    Err(error) => {
                        self.refused = Some((Instant::now(), error.kind()));
                        self.give_up_refused();
                    }
                },
                Some(Ok(checked)) = self.over_tcp.join_next() => self.report(checked),
                () = sleep_until(wake) => self.send_again(),
            }
            self.start_waiting();
        }
    }

    fn is_quiet(&self) -> bool {
        self.asked.is_empty() && self.over_tcp.is_empty() && self.waiting.iter().all(VecDeque::is_empty)
    }

    fn report(&self, checked: CheckEnded<T>) {
        // When nobody listens, the task is about to be stopped.
        let _ = self.results.send(checked);
    }

    /// Sends queries of those that wait, while there is room; or tells them that the primary is left alone.
    fn start_waiting(&mut self) {
        loop {
            let rest = self.backoff.rest(clock::now().instant);
            let at_once = if self.backoff.is_clear() { self.limits.at_once.max(1) } else { 1 };
            if rest.is_none() && self.asked.len() + self.over_tcp.len() >= at_once {
                return;
            }
            let Some(check) = self.waiting.iter_mut().find_map(VecDeque::pop_front) else {
                return;
            };
            let outcome = match rest {
                Some((since, reason)) => Err((check, reason.left_alone(since))),
                None => self.start(check),
            };
            if let Err((check, reason)) = outcome {
                self.report(CheckEnded { tag: check.tag, result: Err(reason), elapsed: Duration::ZERO });
            }
        }
    }

    fn start(&mut self, check: Box<Check<M, T>>) -> Result<(), (Box<Check<M, T>>, Reason)> {
        let (id, query, verifier) = match self.prepare(&check) {
            Ok(prepared) => prepared,
            Err(error) => return Err((check, (&error).into())),
        };
        let now = Instant::now();
        let due = now + wait_of_try(self.limits.patience, 0);
        let core_began = clock::now().instant;
        self.transmit(&query);
        self.due.insert((due, id));
        let asked = Asked { check, query, verifier, tries: 1, began: now, sent: now, core_began, due, suspect: None };
        self.asked.insert(id, asked);
        Ok(())
    }

    /// A query that can be sent.
    #[expect(clippy::type_complexity, reason = "used once")]
    fn prepare(&mut self, check: &Check<M, T>) -> Result<(u16, Box<[u8]>, Option<Verifier<M>>), Error> {
        let stale = |opened: &Instant| self.asked.is_empty() && opened.elapsed() > PORT_KEPT;
        if self.socket.as_ref().is_none_or(|(_, opened)| stale(opened)) {
            self.socket = Some((connected_udp(self.addr).map_err(Error::Connect)?, Instant::now()));
        }
        let mut id = random_id()?;
        if self.asked.len() > usize::from(u16::MAX) {
            return Err(Error::NoFreeId);
        }
        while self.asked.contains_key(&id) {
            id = id.wrapping_add(1);
        }
        let mut query = [0; MAX_QUERY];
        let write = |out: &mut [u8]| soa_query(out, check.zone.as_ref(), id, true);
        let (length, verifier) = write_query(&mut query, check.key.as_deref(), write)?;
        Ok((id, query[..length].into(), verifier))
    }

    /// Sends a datagram, if it can be sent now: what isn't is like one that is lost on its way.
    fn transmit(&mut self, query: &[u8]) {
        let Some((socket, _)) = &self.socket else { return };
        if let Err(error) = send_now(socket, query, None) {
            // An ICMP error of an earlier datagram is told here, and this one not sent.
            self.refused = Some((Instant::now(), error.kind()));
            let _ = send_now(socket, query, None);
        }
    }

    /// Sends the queries again that are due, and gives up those that were sent often enough.
    fn send_again(&mut self) {
        let now = Instant::now();
        while let Some((at, id)) = self.due.first().copied().filter(|(at, _)| *at <= now) {
            self.due.remove(&(at, id));
            let Some(mut asked) = self.asked.remove(&id) else { continue };
            if asked.tries < TRIES {
                asked.sent = Instant::now();
                self.transmit(&asked.query);
                asked.due = now + wait_of_try(self.limits.patience, asked.tries);
                asked.tries += 1;
                self.due.insert((asked.due, id));
                self.asked.insert(id, asked);
                continue;
            }
            self.give_up(asked);
        }
        self.give_up_refused();
    }

    /// Gives up what was sent more than once and nobody has taken by an ICMP error since it was last sent. Which datagram such an
    /// error is about isn't said, but all went to the same address. One error alone may be a primary that is being restarted.
    fn give_up_refused(&mut self) {
        let Some((at, _)) = self.refused else { return };
        let refused = |asked: &mut Asked<M, T>| asked.tries > 1 && asked.sent <= at;
        let ended: Vec<_> = self.asked.extract_if(|_, asked| refused(asked)).collect();
        for (id, asked) in ended {
            self.due.remove(&(asked.due, id));
            self.give_up(asked);
        }
    }

    fn give_up(&mut self, asked: Asked<M, T>) {
        let error = match (asked.suspect, self.refused) {
            (Some(suspect), _) => Error::Transfer(suspect),
            (None, Some((at, kind))) if at >= asked.began => Error::Connect(kind.into()),
            (None, _) => Error::Timeout { what: "answer", after: self.limits.patience },
        };
        let reason = Reason::from(&error);
        if asked.suspect.is_none() {
            self.backoff.fail(asked.core_began, clock::now().instant, reason.clone());
        }
        let (result, elapsed) = (Err(reason), asked.began.elapsed());
        self.report(CheckEnded { tag: asked.check.tag, result, elapsed });
    }

    fn handle_answer(&mut self, octets: &[u8]) {
        let id = octets.first_chunk().map_or(0, |id| u16::from_be_bytes(*id));
        let Some(asked) = self.asked.get_mut(&id) else { return };
        // Of a forged answer nothing may stay.
        let mut verifier = asked.verifier.clone();
        let zone = asked.check.zone.as_ref();
        let result = match transfer::read_soa_answer(octets, zone, id, verifier.as_mut(), clock::unix()) {
            Err(error) if may_be_forged(&error) => {
                asked.suspect = Some(error);
                return;
            }
            result => result,
        };
        self.backoff.clear();
        let Some(asked) = self.asked.remove(&id) else { return };
        self.due.remove(&(asked.due, id));
        match result {
            Err(transfer::Error::Peer { fault: PeerFault::Truncated, .. }) => self.ask_over_tcp(asked),
            result => {
                let (tag, result) = (asked.check.tag, result.map_err(|error| (&Error::Transfer(error)).into()));
                self.report(CheckEnded { tag, result, elapsed: asked.began.elapsed() });
            }
        }
    }

    fn ask_over_tcp(&mut self, asked: Asked<M, T>) {
        let (addr, timeouts, shared) = (self.addr, self.limits.timeouts, self.client.clone());
        self.over_tcp.spawn(async move {
            let Check { tag, zone, key, .. } = *asked.check;
            let result = async {
                let mut client = shared.lock().await;
                let open = match client.take().filter(|client| !client.is_closed()) {
                    Some(open) => open,
                    None => Client::connect(addr, timeouts).await?,
                };
                *client = Some(open.clone());
                drop(client);
                open.soa(zone.as_ref(), key.as_deref()).await
            };
            CheckEnded {
                tag,
                result: result.await.map_err(|error: Error| (&error).into()),
                elapsed: asked.began.elapsed(),
            }
        });
    }
}

/// How long an answer to a try, from 0, is waited for: 1, 2, 4 parts of what there is.
fn wait_of_try(patience: Duration, number: u32) -> Duration {
    patience / ((1 << TRIES) - 1) * (1 << number)
}

/// The next datagram; none ever comes where there is no socket.
async fn receive(socket: &Option<(UdpSocket, Instant)>, answer: &mut [u8]) -> io::Result<usize> {
    match socket {
        Some((socket, _)) => socket.recv(answer).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests;
