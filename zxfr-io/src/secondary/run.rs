//! The task of a secondary: it does what the ledger says, and tells it how that ended.

use super::Shared;
use super::checks::{CheckLimits, Checks, Command};
use super::incoming::Incoming;
use super::ledger::{Job, Report, Tag};
use super::pull::{PullEnded, pull};
use super::zone::ZoneId;
use crate::client::Client;
use crate::clock;
use crate::reason::Reason;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::sleep_until;

/// How many answers and endings are taken in before what they lead to is begun.
const AT_ONCE: usize = 256;

/// What other tasks tell the task.
pub(super) enum Event {
    Connected(SocketAddr, Result<Client, Reason>),
    /// The first message of a transfer came.
    Heard(ZoneId, SocketAddr),
    /// A transfer has waited long for its first message, and goes on to.
    Quiet(ZoneId, SocketAddr),
    Pulled(Box<PullEnded>),
}

pub(super) async fn run<I: Incoming>(shared: Arc<Shared<I>>) {
    let mut shutdown = shared.shutdown.subscribe();
    let (results, mut checked) = mpsc::unbounded_channel();
    let (sender, mut events) = mpsc::unbounded_channel();
    let (installing, mut installed) = mpsc::channel(1);
    let mut tasks = Tasks { shared, sender, results, installing, checks: HashMap::new(), set: JoinSet::new() };
    let (mut ends, mut answers) = (Vec::new(), Vec::new());
    loop {
        let now = clock::now();
        let ((jobs, reports), deadline) = {
            let mut ledger = tasks.shared.ledger();
            for answer in answers.drain(..) {
                ledger.check_ended(answer, now);
            }
            for event in ends.drain(..) {
                match event {
                    Event::Connected(addr, result) => ledger.connected(addr, result, now),
                    Event::Heard(id, addr) => ledger.transfer_heard(id, addr, now),
                    Event::Quiet(id, addr) => ledger.transfer_quiet(id, addr, now),
                    Event::Pulled(ended) => ledger.pull_ended(*ended, now),
                }
            }
            (ledger.poll(now), ledger.deadline())
        };
        tasks.tell(reports);
        for job in jobs {
            tasks.begin(job);
        }
        let wake = async {
            match deadline.and_then(clock::to_tokio) {
                Some(deadline) => sleep_until(deadline).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = shutdown.wait_for(|down| *down) => break,
            () = tasks.shared.changed.notified() => {}
            _ = checked.recv_many(&mut answers, AT_ONCE) => {}
            _ = events.recv_many(&mut ends, AT_ONCE) => {}
            // Only so that what has ended doesn't pile up.
            Some(_) = tasks.set.join_next() => {}
            () = wake => {}
        }
    }
    tasks.shared.ledger().stop();
    tasks.set.shutdown().await;
    drop(tasks);
    // Threads that install a version right now.
    while installed.recv().await.is_some() {}
}

struct Tasks<I: Incoming> {
    shared: Arc<Shared<I>>,
    sender: mpsc::UnboundedSender<Event>,
    results: mpsc::UnboundedSender<super::checks::CheckEnded<Tag>>,
    installing: mpsc::Sender<()>,
    checks: HashMap<SocketAddr, Checks<I::Mac, Tag>>,
    set: JoinSet<()>,
}

impl<I: Incoming> Tasks<I> {
    fn tell(&self, reports: Vec<Report>) {
        let host = &self.shared.host;
        for report in reports {
            match report {
                Report::Attempt(attempt) => host.attempt_ended(&attempt),
                Report::State { zone, state, expired } => host.state_changed((*zone).as_ref(), state, expired),
            }
        }
    }

    fn begin(&mut self, job: Job<I::Mac>) {
        match job {
            Job::Check(addr, check) => self.ask(addr, Command::Ask(check)),
            Job::Alive(addr) => {
                if let Some(checks) = self.checks.get(&addr) {
                    // A task that has ended remembers nothing.
                    let _ = checks.send(Command::Alive);
                }
            }
            Job::Connect(addr) => {
                let (sender, timeouts) = (self.sender.clone(), self.shared.limits.timeouts);
                self.set.spawn(async move {
                    let result = Client::connect(addr, timeouts).await.map_err(|error| Reason::from(&error));
                    let _ = sender.send(Event::Connected(addr, result));
                });
            }
            Job::Pull(order) => {
                let id = order.id;
                let transfer = pull(*order, self.shared.clone(), self.sender.clone(), self.installing.clone());
                let task = self.set.spawn(transfer);
                self.shared.ledger().started(id, task);
            }
        }
    }

    fn ask(&mut self, addr: SocketAddr, command: Command<I::Mac, Tag>) {
        let command = match self.checks.get(&addr) {
            Some(checks) => match checks.send(command) {
                Ok(()) => return,
                Err(command) => command,
            },
            None => command,
        };
        self.checks.retain(|_, checks| !checks.is_over());
        let limits = &self.shared.limits;
        let limits =
            CheckLimits { at_once: limits.checks_per_primary, patience: limits.check, timeouts: limits.timeouts };
        let checks = Checks::start(&mut self.set, addr, limits, self.results.clone());
        let _ = checks.send(command);
        self.checks.insert(addr, checks);
    }
}
