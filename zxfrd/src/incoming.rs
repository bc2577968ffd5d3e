//! Incoming zones: asking primaries for the serial, and transferring what is newer.

use std::fmt;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use zxfr_core::name::NameRef;
use zxfr_core::serial::Serial;
use zxfr_core::transfer::{self, Totals};
use zxfr_core::wire::Record;
use zxfr_core::zone::{BuildError, BuildLimits, Builder, Summary, Version};
use zxfr_io::{Client, InReport, Sink, SinkError, Timeouts, client};

use crate::config::Limits;
use crate::logging::{self, Direction, Kind, Transfer};
use crate::registry::{Primary, Registry, Source, Zone};

/// How long an answer to an SOA query is waited for.
const SOA_PATIENCE: Duration = Duration::from_secs(10);

/// A zone that was transferred.
#[derive(Debug)]
pub struct Pulled {
    /// The zone.
    pub version: Version,
    /// What was noticed in it.
    pub summary: Summary,
    /// What the transfer was.
    pub report: InReport,
}

/// Why a zone was not transferred.
#[derive(Debug)]
#[non_exhaustive]
pub enum PullError {
    /// The transfer failed.
    Transfer(client::Error),
    /// What came is no zone.
    Build(BuildError),
    /// Another serial came than the SOA that was asked for just before promised.
    NotNewer {
        /// The serial that is held.
        ours: Serial,
        /// The serial that came.
        theirs: Serial,
    },
    /// The thread that put the zone together was stopped.
    Stopped,
}

impl fmt::Display for PullError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transfer(error) => error.fmt(f),
            Self::Build(error) => error.fmt(f),
            Self::NotNewer { ours, theirs } => write!(f, "serial {theirs} is not newer than {ours}, which is held"),
            Self::Stopped => f.write_str("stopped while the zone was put together"),
        }
    }
}

impl std::error::Error for PullError {}

/// What may be taken, from the limits of the configuration.
#[must_use]
pub fn transfer_limits(limits: &Limits) -> transfer::Limits {
    transfer::Limits { octets: limits.max_zone_octets, records: limits.max_zone_records, ..transfer::Limits::default() }
}

/// How long is waited, from the limits of the configuration.
#[must_use]
pub fn timeouts(limits: &Limits) -> Timeouts {
    Timeouts {
        progress: Duration::from_secs(limits.progress_seconds),
        transfer: Duration::from_secs(limits.max_transfer_seconds),
        ..Timeouts::default()
    }
}

/// A zone being transferred: records go to the builder, and how many came is known even if the transfer fails.
struct Receiving<'a> {
    builder: &'a mut Builder,
    got: &'a mut Totals,
}

impl Sink for Receiving<'_> {
    fn record(&mut self, record: &Record<'_>) -> Result<(), SinkError> {
        self.builder.record(record)
    }

    fn progress(&mut self, totals: Totals) {
        *self.got = totals;
    }
}

/// Transfers a zone from a primary. `got` is what had come in whole messages when the transfer failed.
///
/// # Errors
/// When the transfer fails, or what came is no zone.
pub async fn pull(
    zone: NameRef<'_>,
    primary: &Primary,
    limits: transfer::Limits,
    timeouts: Timeouts,
    got: &mut Totals,
) -> Result<Pulled, PullError> {
    let build_limits = BuildLimits { rrset_records: limits.rrset_records, types_per_name: limits.types_per_name };
    let mut builder = Builder::new(zone, build_limits);
    let client = Client::connect(primary.addr, timeouts).await.map_err(PullError::Transfer)?;
    let mut receiving = Receiving { builder: &mut builder, got };
    let report = client.axfr(zone, primary.key.as_ref(), limits, &mut receiving).await.map_err(PullError::Transfer)?;
    drop(client);
    // Putting a large zone together takes a while; others go on meanwhile.
    let built = tokio::task::spawn_blocking(|| builder.finish()).await.map_err(|_| PullError::Stopped)?;
    let (version, summary) = built.map_err(PullError::Build)?;
    Ok(Pulled { version, summary, report })
}

/// Asks the primaries of an incoming zone, in turn until one has answered well, and transfers the zone when theirs is newer
/// or none is held. Every attempt is logged. Gives whether one of them did.
pub async fn refresh(registry: &Registry, zone: &Zone) -> bool {
    let Source::Incoming(primaries) = zone.source() else {
        return true;
    };
    let _turn = zone.turn().await;
    for primary in primaries {
        let _place = registry.incoming_place(primary.addr.ip()).await;
        let attempt = Attempt { zone, primary, limits: registry.limits(), started: Instant::now() };
        if attempt.run().await {
            return true;
        }
    }
    false
}

/// One primary asked for one zone.
struct Attempt<'a> {
    zone: &'a Zone,
    primary: &'a Primary,
    limits: Limits,
    started: Instant,
}

impl Attempt<'_> {
    /// Whether the zone is as new as this primary's now.
    async fn run(&self) -> bool {
        let held = self.zone.version().map(|version| version.serial());
        if let Some(ours) = held {
            match self.ask_serial().await {
                Err(error) => {
                    self.log(Kind::UpToDate, held, None, Totals::default(), Err(&error));
                    return false;
                }
                Ok(theirs) if theirs == ours => {
                    self.zone.mark_checked();
                    self.log(Kind::UpToDate, held, Some(theirs), Totals::default(), Ok(()));
                    return true;
                }
                Ok(theirs) if !theirs.is_newer_than(ours) => {
                    let error = PullError::NotNewer { ours, theirs };
                    self.log(Kind::UpToDate, held, Some(theirs), Totals::default(), Err(&error));
                    return false;
                }
                Ok(_) => {}
            }
        }
        let limits = transfer_limits(&self.limits);
        let mut got = Totals::default();
        match pull(self.zone.name(), self.primary, limits, timeouts(&self.limits), &mut got).await {
            Err(error) => {
                self.log(Kind::Axfr, held, None, got, Err(&error));
                false
            }
            Ok(Pulled { version, summary, report }) => {
                let theirs = version.serial();
                if let Some(ours) = held.filter(|ours| !theirs.is_newer_than(*ours)) {
                    let error = PullError::NotNewer { ours, theirs };
                    self.log(Kind::Axfr, held, Some(theirs), report.totals, Err(&error));
                    return false;
                }
                if let Err(shrunk) = self.zone.publish(version) {
                    self.log(Kind::Axfr, held, Some(theirs), report.totals, Err(&shrunk));
                    return false;
                }
                self.log(Kind::Axfr, held, Some(theirs), report.totals, Ok(()));
                self.remark(summary, report.skipped);
                true
            }
        }
    }

    /// The serial of the primary's version, over UDP where that does.
    async fn ask_serial(&self) -> Result<Serial, client::Error> {
        let Primary { addr, ref key } = *self.primary;
        let timeouts = Timeouts { progress: SOA_PATIENCE, ..timeouts(&self.limits) };
        let answer = client::soa_udp(addr, self.zone.name(), key.as_ref(), timeouts).await?;
        Ok(answer.serial)
    }

    fn log(
        &self,
        kind: Kind,
        from: Option<Serial>,
        to: Option<Serial>,
        totals: Totals,
        result: Result<(), &dyn fmt::Display>,
    ) {
        let Self { zone, primary, started, .. } = self;
        let peer: SocketAddr = primary.addr;
        let elapsed = started.elapsed();
        let zone = zone.name();
        logging::transfer(&Transfer { direction: Direction::In, zone, peer, kind, from, to, totals, elapsed, result });
    }

    /// Logs what is worth a warning in a zone that was taken.
    fn remark(&self, summary: Summary, skipped: u64) {
        let Summary { duplicates, ttls_levelled, .. } = summary;
        if duplicates > 0 || ttls_levelled > 0 || skipped > 0 {
            let (zone, peer) = (self.zone.name(), self.primary.addr);
            tracing::warn!(
                %zone, %peer, duplicates, ttls_levelled, out_of_zone = skipped,
                "the primary sent records twice, TTLs that differ within an RRset, or records outside the zone"
            );
        }
    }
}
