//! The task that owns a connection: requests out, answers to whoever asked, by message ID.

use super::{Error, random_id};
use crate::identity::PeerIdentity;
use crate::inbox::{Inbox, Run};
use bytes::{Buf, Bytes, BytesMut};
use std::collections::{HashMap, HashSet};
use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

/// How many octets are read at once.
const READ_CHUNK: usize = 128 << 10;
/// How many runs of messages may wait to be taken, each of no more octets than are read at once and what was left of a
/// message before; then the connection is not read.
const AHEAD: usize = 4;

/// A handle to the task.
#[derive(Clone, Debug)]
pub(super) struct Link {
    requests: mpsc::UnboundedSender<Command>,
    shared: Arc<Shared>,
}

/// What handles and task share.
#[derive(Debug)]
struct Shared {
    peer: PeerIdentity,
    ids: Mutex<HashSet<u16>>,
    /// Why the connection ended, once it has.
    ended: Mutex<Option<Ended>>,
}

#[derive(Clone, Copy, Debug)]
enum Ended {
    Closed,
    Io(io::ErrorKind),
    UnknownId(u16),
}

#[derive(Debug)]
enum Command {
    /// Send this, and give the answers with this ID to that channel.
    Ask { id: u16, request: Vec<u8>, answers: mpsc::Sender<Run> },
    /// Nobody waits for answers with this ID; `all` of them have come, or more may follow.
    Forget { id: u16, all: bool },
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Link {
    pub(super) fn start<S>(stream: S, peer: PeerIdentity) -> Self
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (requests, commands) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared { peer, ids: Mutex::default(), ended: Mutex::default() });
        let mut task = Task {
            stream,
            inbox: Inbox::new(READ_CHUNK),
            out: BytesMut::new(),
            commands,
            waiting: HashMap::new(),
            forgotten: HashSet::new(),
            stuck: None,
        };
        let at_end = shared.clone();
        tokio::spawn(async move {
            let ended = poll_fn(|cx| task.poll(cx)).await;
            // Before the channels close, so that whoever waits finds out why.
            *lock(&at_end.ended) = Some(ended);
        });
        Self { requests, shared }
    }

    pub(super) fn peer(&self) -> PeerIdentity {
        self.shared.peer
    }

    pub(super) fn is_closed(&self) -> bool {
        self.requests.is_closed()
    }

    /// An ID that no request on this connection has.
    pub(super) fn free_id(&self) -> Result<Id, Error> {
        let mut ids = lock(&self.shared.ids);
        if ids.len() > usize::from(u16::MAX) {
            return Err(Error::NoFreeId);
        }
        let mut number = random_id()?;
        while !ids.insert(number) {
            number = number.wrapping_add(1);
        }
        Ok(Id { number, shared: self.shared.clone() })
    }

    /// Sends a request that has this ID.
    pub(super) fn send(&self, id: Id, message: &[u8]) -> Result<Exchange, Error> {
        let (answers, receiver) = mpsc::channel(AHEAD);
        let length = u16::try_from(message.len()).map_err(|_| Error::Unsendable)?.to_be_bytes();
        let request = [&length, message].concat();
        let command = Command::Ask { id: id.number, request, answers };
        self.requests.send(command).map_err(|_| self.shared.error())?;
        Ok(Exchange { id, run: None, answers: receiver, requests: self.requests.clone(), all: false })
    }
}

impl Shared {
    fn error(&self) -> Error {
        match *lock(&self.ended) {
            None | Some(Ended::Closed) => Error::Closed,
            Some(Ended::Io(kind)) => Error::Io(kind),
            Some(Ended::UnknownId(id)) => Error::UnknownId(id),
        }
    }
}

/// A message ID that is in use until this is dropped.
#[derive(Debug)]
pub(super) struct Id {
    number: u16,
    shared: Arc<Shared>,
}

impl Id {
    pub(super) const fn number(&self) -> u16 {
        self.number
    }
}

/// A request and the answers to it. Dropped before [`Exchange::done`], its further answers are thrown away and its ID is not
/// used again on this connection.
#[derive(Debug)]
pub(super) struct Exchange {
    id: Id,
    /// What is left of the run of messages that was begun.
    run: Option<Run>,
    answers: mpsc::Receiver<Run>,
    requests: mpsc::UnboundedSender<Command>,
    all: bool,
}

impl Exchange {
    pub(super) const fn id(&self) -> u16 {
        self.id.number
    }

    /// The next message of the answer.
    pub(super) async fn message(&mut self) -> Result<Bytes, Error> {
        loop {
            if let Some(message) = self.run.as_mut().and_then(Run::message) {
                return Ok(message);
            }
            self.run = self.answers.recv().await;
            if self.run.is_none() {
                return Err(self.id.shared.error());
            }
        }
    }

    /// The next message of the answer, if it is there already.
    pub(super) fn ready(&mut self) -> Option<Bytes> {
        loop {
            if let Some(message) = self.run.as_mut().and_then(Run::message) {
                return Some(message);
            }
            self.run = Some(self.answers.try_recv().ok()?);
        }
    }

    /// All of the answer has come.
    pub(super) fn done(mut self) {
        self.all = true;
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let id = self.id.number;
        if self.all {
            lock(&self.id.shared.ids).remove(&id);
        }
        // When the task has ended, there is nobody to tell.
        let _ = self.requests.send(Command::Forget { id, all: self.all });
    }
}

/// Messages for an asker whose channel is full, and the wait for room in it.
type Stuck = (Option<Run>, Pin<Box<dyn Future<Output = Option<mpsc::OwnedPermit<Run>>> + Send>>);

struct Task<S> {
    stream: S,
    inbox: Inbox,
    /// Requests that are not yet written.
    out: BytesMut,
    commands: mpsc::UnboundedReceiver<Command>,
    waiting: HashMap<u16, mpsc::Sender<Run>>,
    /// IDs whose answers may still come, though nobody waits for them.
    forgotten: HashSet<u16>,
    stuck: Option<Stuck>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Task<S> {
    /// Does what can be done now; ready when the connection is of no use any more.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Ended> {
        loop {
            loop {
                match self.commands.poll_recv(cx) {
                    Poll::Ready(Some(command)) => self.obey(command),
                    // All handles and exchanges are gone.
                    Poll::Ready(None) => return Poll::Ready(Ended::Closed),
                    Poll::Pending => break,
                }
            }
            if self.waiting.is_empty() && !self.forgotten.is_empty() {
                // All that can come is what nobody wants.
                return Poll::Ready(Ended::Closed);
            }
            let moved = self.poll_write(cx).and_then(|written| Ok(self.poll_deliver(cx)? | written));
            let moved = moved.and_then(|moved| Ok(self.poll_read(cx)? | moved));
            match moved {
                Err(ended) => return Poll::Ready(ended),
                Ok(true) => {}
                Ok(false) => return Poll::Pending,
            }
        }
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Ask { id, request, answers } => {
                self.waiting.insert(id, answers);
                self.out.extend_from_slice(&request);
            }
            Command::Forget { id, all } => {
                self.waiting.remove(&id);
                if !all {
                    self.forgotten.insert(id);
                }
            }
        }
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> Result<bool, Ended> {
        if self.out.is_empty() {
            return Ok(false);
        }
        match Pin::new(&mut self.stream).poll_write(cx, &self.out) {
            Poll::Pending => Ok(false),
            Poll::Ready(Ok(0)) => Err(Ended::Io(io::ErrorKind::WriteZero)),
            Poll::Ready(Ok(written)) => {
                self.out.advance(written);
                Ok(true)
            }
            Poll::Ready(Err(error)) => Err(Ended::Io(error.kind())),
        }
    }

    /// Gives out the messages that have come. Stops at those whose asker has no room.
    fn poll_deliver(&mut self, cx: &mut Context<'_>) -> Result<bool, Ended> {
        let mut moved = false;
        loop {
            if let Some((run, room)) = &mut self.stuck {
                match room.as_mut().poll(cx) {
                    Poll::Pending => return Ok(moved),
                    Poll::Ready(permit) => {
                        if let Some((permit, run)) = permit.zip(run.take()) {
                            permit.send(run);
                        }
                        self.stuck = None;
                    }
                }
            }
            let Some(run) = self.inbox.run() else {
                return Ok(moved);
            };
            moved = true;
            self.deliver(run)?;
        }
    }

    fn deliver(&mut self, run: Run) -> Result<(), Ended> {
        let id = run.id;
        let sender = match self.waiting.get(&id) {
            Some(sender) => sender,
            None if self.forgotten.contains(&id) => return Ok(()),
            // A lone asker gets it, to say what is wrong with it.
            None => match self.waiting.values().next() {
                Some(sender) if self.waiting.len() == 1 => sender,
                _ => return Err(Ended::UnknownId(id)),
            },
        };
        // Who doesn't listen any more has said so, or is about to.
        if let Err(TrySendError::Full(run)) = sender.try_send(run) {
            let sender = sender.clone();
            let room = async move { sender.reserve_owned().await.ok() };
            self.stuck = Some((Some(run), Box::pin(room)));
        }
        Ok(())
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Result<bool, Ended> {
        if self.stuck.is_some() {
            return Ok(false);
        }
        match self.inbox.poll_read(&mut self.stream, cx) {
            Poll::Pending => Ok(false),
            Poll::Ready(Ok(0)) => Err(Ended::Closed),
            Poll::Ready(Ok(_)) => Ok(true),
            Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::ConnectionReset => Err(Ended::Closed),
            Poll::Ready(Err(error)) => Err(Ended::Io(error.kind())),
        }
    }
}
