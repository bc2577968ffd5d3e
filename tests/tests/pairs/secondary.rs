//! The secondary's part of a server for one zone: what [`Refresh`] wants is done over the network, with time-outs and
//! retransmissions as a real one has them.

use std::time::Duration;

use zxfr_core::refresh::{Action, Checked, Failure, Kind, Policy, Refresh, Timers, Transferred, Verdict};
use zxfr_core::serial::Serial;
use zxfr_core::time::{Instant, Now};
use zxfr_core::transfer::{self, Event, Inbound, Limits, PeerFault, read_soa_answer};
use zxfr_core::tsig::Verifier;
use zxfr_core::tsig::rustcrypto::Hmac;
use zxfr_core::zone::{BuildLimits, Update, UpdateError, Version};

use crate::network::Node;
use crate::server::{Attempt, Port, Zone, take_message};

/// How long a try waits for its answer.
const TRY: Duration = Duration::from_millis(2000);
/// How often an SOA query is sent.
const TRIES: u8 = 3;
/// How long a transfer may stand still.
const PROGRESS: Duration = Duration::from_secs(10);

struct Check {
    id: u16,
    verifier: Option<Verifier<Hmac>>,
    tries: u8,
    due: Instant,
}

enum Way {
    Datagram { id: u16 },
    Stream { number: u64, buffer: Vec<u8>, any: bool },
}

struct Transfer {
    primary: u8,
    kind: Kind,
    way: Way,
    inbound: Inbound<Hmac>,
    update: Update,
    due: Instant,
}

/// How far the events of a message have brought a transfer.
enum Step {
    More,
    UpToDate(Serial),
    Whole,
}

pub(crate) struct Secondary {
    pub(crate) refresh: Refresh,
    pub(crate) primaries: Vec<Node>,
    /// Whether IXFR is tried over UDP first.
    pub(crate) udp: bool,
    checks: Vec<Option<Check>>,
    transfer: Option<Transfer>,
    pub(crate) expired: bool,
    pub(crate) expires_in: Option<u32>,
    /// How rounds ended.
    pub(crate) rounds: Vec<Result<(), Failure>>,
}

/// The times of a version's SOA.
fn timers(version: &Version) -> Timers {
    Timers::from(&version.soa().soa().unwrap())
}

impl Secondary {
    pub(crate) fn new(primaries: Vec<Node>, policy: Policy, seed: u64, now: Now) -> Self {
        let policy = Policy { primaries: primaries.len() as u8, ..policy };
        Self {
            refresh: Refresh::new(policy, None, Default::default(), seed, now),
            checks: primaries.iter().map(|_| None).collect(),
            primaries,
            udp: false,
            transfer: None,
            expired: false,
            expires_in: None,
            rounds: Vec::new(),
        }
    }

    pub(crate) fn restart(&mut self, version: Option<&Version>, seed: u64, now: Now) {
        let held = version.map(|version| (version.serial(), timers(version)));
        self.refresh = Refresh::new(*self.refresh.policy(), held, self.refresh.state(), seed, now);
        self.checks.iter_mut().for_each(|check| *check = None);
        self.transfer = None;
    }

    /// Does what the machine wants, sees to time-outs, and says when it wants to be asked again.
    pub(crate) fn poll(zone: &mut Zone, port: &mut Port<'_>) -> Option<Instant> {
        zone.incoming.as_ref()?;
        let mut next = Self::time_out(zone, port);
        let mut count = 0;
        while let Some(action) = zone.incoming.as_mut()?.refresh.poll(port.now) {
            count += 1;
            assert!(count < 200, "the machine goes on and on: {action:?}");
            match action {
                Action::Check { primary } => {
                    let due = port.now.instant;
                    let check = Check { id: port.random.next() as u16, verifier: None, tries: 0, due };
                    zone.incoming.as_mut()?.checks[usize::from(primary)] = Some(check);
                    next = Self::time_out(zone, port);
                }
                Action::Transfer { primary, kind } => {
                    let udp = zone.incoming.as_ref()?.udp && kind == Kind::Ixfr;
                    Self::begin(zone, primary, kind, udp, port);
                    next = Self::time_out(zone, port);
                }
                Action::Ended(result) => zone.incoming.as_mut()?.rounds.push(result),
                Action::Expired => {}
            }
        }
        let incoming = zone.incoming.as_mut()?;
        incoming.expired = incoming.refresh.is_expired(port.now);
        let deadline = incoming.refresh.deadline();
        assert!(deadline.is_none_or(|at| at > port.now.instant), "polled in a loop");
        [next, deadline].into_iter().flatten().min()
    }

    /// Sends what is due to be sent (again), and gives up what is due to be.
    fn time_out(zone: &mut Zone, port: &mut Port<'_>) -> Option<Instant> {
        let apex = zone.name.clone();
        let now = port.now.instant;
        let mut next: Option<Instant> = None;
        let incoming = zone.incoming.as_mut()?;
        for primary in 0..incoming.checks.len() {
            let Some(check) = &mut incoming.checks[primary] else { continue };
            if now >= check.due {
                if check.tries >= TRIES {
                    incoming.checks[primary] = None;
                    Self::checked(zone, primary, Err(Failure::TimedOut), port);
                    return Self::time_out(zone, port);
                }
                check.tries += 1;
                check.due = now.after(TRY);
                let id = check.id;
                let write = |out: &mut [u8]| transfer::soa_query(out, apex.as_ref(), id, true).unwrap();
                let (octets, verifier) = port.signed(write);
                check.verifier = verifier;
                port.network.send(port.node, incoming.primaries[primary], octets);
            }
            next = Some(next.map_or(check.due, |next| next.min(check.due)));
        }
        if let Some(transfer) = &incoming.transfer {
            if now >= transfer.due {
                let (primary, kind) = (transfer.primary, transfer.kind);
                if let Way::Datagram { .. } = transfer.way {
                    Self::begin(zone, primary, kind, false, port);
                } else {
                    Self::transferred(zone, Err(Failure::TimedOut), port);
                }
                return Self::time_out(zone, port);
            }
            next = Some(next.map_or(transfer.due, |next| next.min(transfer.due)));
        }
        next
    }

    fn begin(zone: &mut Zone, primary: u8, kind: Kind, udp: bool, port: &mut Port<'_>) {
        let (apex, held) = (zone.name.as_ref(), zone.version.clone());
        let incoming = zone.incoming.as_mut().unwrap();
        let node = incoming.primaries[usize::from(primary)];
        let id = port.random.next() as u16;
        let base = held.as_ref().filter(|_| kind == Kind::Ixfr);
        let (octets, verifier) = port.signed(|out| {
            match base {
                Some(version) => transfer::ixfr_query(out, apex, &version.soa(), id, true),
                None => transfer::axfr_query(out, apex, id, true),
            }
            .unwrap()
        });
        let limits = Limits::default();
        let inbound = match base {
            Some(version) if udp => Inbound::ixfr_datagram(apex, version.serial(), id, limits, verifier),
            Some(version) => Inbound::ixfr(apex, version.serial(), id, limits, verifier),
            None => Inbound::axfr(apex, id, limits, verifier),
        };
        let (way, patience) = if udp {
            port.network.send(port.node, node, octets);
            (Way::Datagram { id }, TRY)
        } else {
            let number = port.network.open(port.node, node);
            let framed = [&(octets.len() as u16).to_be_bytes()[..], &octets].concat();
            port.network.write(number, port.node, &framed);
            (Way::Stream { number, buffer: Vec::new(), any: false }, PROGRESS)
        };
        let update = Update::new(apex, held, BuildLimits::default());
        let due = port.now.instant.after(patience);
        incoming.transfer = Some(Transfer { primary, kind, way, inbound, update, due });
    }

    /// A datagram that is an answer to something.
    pub(crate) fn datagram(zone: &mut Zone, from: Node, octets: &[u8], port: &mut Port<'_>) {
        let apex = zone.name.clone();
        let Some(incoming) = &mut zone.incoming else { return };
        let Some(primary) = incoming.primaries.iter().position(|node| *node == from) else { return };
        if let Some(check) = &incoming.checks[primary] {
            let mut verifier = check.verifier.clone();
            let read = read_soa_answer(octets, apex.as_ref(), check.id, verifier.as_mut(), port.now.unix);
            match read {
                Err(transfer::Error::Peer { fault: PeerFault::Id(_) | PeerFault::OtherQuestion, .. }) => {}
                read => {
                    let read = read.map_err(|error| Failure::from(&error));
                    let result = read.map(|soa| Checked { serial: soa.serial, expire: soa.expire_option });
                    incoming.checks[primary] = None;
                    Self::checked(zone, primary, result, port);
                    return;
                }
            }
        }
        let Some(transfer) = &incoming.transfer else { return };
        let its = matches!(&transfer.way, Way::Datagram { id } if octets.starts_with(&id.to_be_bytes()));
        if usize::from(transfer.primary) == primary && its {
            match Self::message(zone, octets, port) {
                Err(failure) => Self::transferred(zone, Err(failure), port),
                Ok(Step::More) => {
                    let Some(Transfer { primary, kind, .. }) = zone.incoming.as_mut().unwrap().transfer.take() else {
                        return;
                    };
                    Self::begin(zone, primary, kind, false, port);
                }
                Ok(step) => Self::transferred(zone, Ok(step), port),
            }
        }
    }

    /// Octets of a stream; whether it is ours.
    pub(crate) fn octets(zone: &mut Zone, stream: u64, octets: &[u8], port: &mut Port<'_>) -> bool {
        let Some(transfer) = zone.incoming.as_mut().and_then(|incoming| incoming.transfer.as_mut()) else {
            return false;
        };
        let Way::Stream { number, buffer, any } = &mut transfer.way else { return false };
        if *number != stream {
            return false;
        }
        *any = true;
        buffer.extend_from_slice(octets);
        transfer.due = port.now.instant.after(PROGRESS);
        loop {
            let transfer = zone.incoming.as_mut().and_then(|incoming| incoming.transfer.as_mut()).unwrap();
            let Way::Stream { buffer, .. } = &mut transfer.way else { return true };
            let Some(message) = take_message(buffer) else { return true };
            match Self::message(zone, &message, port) {
                Ok(Step::More) => {}
                Ok(step) => {
                    Self::transferred(zone, Ok(step), port);
                    return true;
                }
                Err(failure) => {
                    Self::transferred(zone, Err(failure), port);
                    return true;
                }
            }
        }
    }

    pub(crate) fn ended(zone: &mut Zone, stream: u64, refused: bool, port: &mut Port<'_>) {
        let Some(transfer) = zone.incoming.as_mut().and_then(|incoming| incoming.transfer.as_mut()) else { return };
        if !matches!(&transfer.way, Way::Stream { number, .. } if *number == stream) {
            return;
        }
        let failure = match transfer.inbound.eof() {
            _ if refused => Failure::Unreachable,
            Err(error) => Failure::from(&error),
            Ok(()) => return,
        };
        Self::transferred(zone, Err(failure), port);
    }

    /// A message of the transfer.
    fn message(zone: &mut Zone, octets: &[u8], port: &mut Port<'_>) -> Result<Step, Failure> {
        let incoming = zone.incoming.as_mut().unwrap();
        let transfer = incoming.transfer.as_mut().unwrap();
        let mut step = Step::More;
        let mut events = transfer.inbound.handle_message(octets, port.now).map_err(|error| Failure::from(&error))?;
        while let Some(event) = events.next().map_err(|error| Failure::from(&error))? {
            match &event {
                Event::Begin { soa } => incoming.refresh.judge(transfer.primary, soa.soa().unwrap().serial)?,
                Event::UpToDate { serial } => step = Step::UpToDate(*serial),
                Event::Commit { .. } => step = Step::Whole,
                _ => {}
            }
            transfer.update.handle(&event).map_err(|error| failure_of(&error))?;
        }
        Ok(step)
    }

    fn transferred(zone: &mut Zone, result: Result<Step, Failure>, port: &mut Port<'_>) {
        let Some(transfer) = zone.incoming.as_mut().unwrap().transfer.take() else { return };
        let Transfer { primary, kind, way, inbound, update, .. } = transfer;
        if let Way::Stream { number, .. } = way {
            port.network.close(number);
        }
        let expire = inbound.expire_option();
        let mut serial = None;
        let result = result.and_then(|step| match step {
            Step::UpToDate(serial) => Ok(Transferred::UpToDate { serial, expire }),
            Step::Whole | Step::More => {
                let change = update.commit().map_err(|error| failure_of(&error))?;
                let incoming = zone.incoming.as_mut().unwrap();
                incoming.refresh.judge(primary, change.version.serial())?;
                serial = Some(change.version.serial());
                let (serial, timers) = (change.version.serial(), timers(&change.version));
                zone.install(change.version, &change.deltas, port.now.instant);
                Ok(Transferred::Zone { serial, timers, expire })
            }
        });
        let incoming = zone.incoming.as_mut().unwrap();
        let node = incoming.primaries[usize::from(primary)];
        let verdict = incoming.refresh.handle_transfer(primary, result, port.now);
        assert_ne!(verdict, Verdict::Unasked);
        if serial.is_some() {
            let held = zone.version.as_ref().map(|version| version.serial());
            assert_eq!(incoming.refresh.serial(), held, "the machine knows what is held");
        }
        let what = match kind {
            Kind::Ixfr => "ixfr",
            Kind::Axfr => "axfr",
        };
        let result = verdict.failure().map_or(Ok(serial), Err);
        port.log.push(Attempt { at: port.network.now, zone: zone.name.clone(), primary: node, what, result });
    }

    fn checked(zone: &mut Zone, primary: usize, result: Result<Checked, Failure>, port: &mut Port<'_>) {
        let incoming = zone.incoming.as_mut().unwrap();
        let node = incoming.primaries[primary];
        let verdict = incoming.refresh.handle_check(primary as u8, result, port.now);
        assert_ne!(verdict, Verdict::Unasked);
        let result = verdict.failure().map_or(Ok(None), Err);
        port.log.push(Attempt { at: port.network.now, zone: zone.name.clone(), primary: node, what: "check", result });
    }
}

fn failure_of(error: &UpdateError) -> Failure {
    match error {
        UpdateError::Build(_) => Failure::NotZone,
        _ => Failure::Unapplicable,
    }
}
