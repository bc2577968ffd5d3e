//! `zxfr bench`: how fast a server hands out a zone.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use clap::Args;
use serde::Serialize;
use tokio::task::JoinSet;
use zxfr_io::{Client, InReport, client};

use super::target::{self, Target};
use super::{Failure, Threads};

/// The arguments of `zxfr bench`.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub struct Arguments {
    #[command(flatten)]
    target: target::Arguments,
    /// How many transfers run at a time, each on a connection of its own
    #[arg(short, long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    concurrency: u64,
    /// How many transfers are made in all
    #[arg(short = 'n', long, value_name = "TOTAL", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    total: u64,
    /// Prints JSON instead of a table
    #[arg(long)]
    json: bool,
}

impl Arguments {
    /// What these arguments mean.
    ///
    /// # Errors
    /// When they don't go together; in words.
    pub fn command(self) -> Result<Bench, String> {
        let Self { target, concurrency, total, json } = self;
        Ok(Bench { target: Arc::new(target.target()?), concurrency: concurrency.min(total), total, json })
    }
}

/// A measurement to be made.
#[derive(Debug)]
pub struct Bench {
    target: Arc<Target>,
    concurrency: u64,
    total: u64,
    json: bool,
}

impl Bench {
    /// One thread for one transfer at a time: handing messages from thread to thread would cost more than it gains, and take
    /// the server's core where there are two.
    #[must_use]
    pub const fn threads(&self) -> Threads {
        if self.concurrency == 1 { Threads::One } else { Threads::All }
    }
}

/// What was measured.
#[derive(Debug, Serialize)]
struct Measured {
    server: String,
    zone: String,
    serial: u32,
    transfers: u64,
    concurrency: u64,
    records: u64,
    messages: u64,
    octets: u64,
    seconds: f64,
    records_per_second: f64,
    octets_per_second: f64,
    first_octet_seconds: Quantiles,
    last_octet_seconds: Quantiles,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
struct Quantiles {
    p50: f64,
    p99: f64,
}

impl Bench {
    /// Makes the transfers and prints what was measured. Signatures are verified, records counted and not looked into.
    ///
    /// # Errors
    /// When one of the transfers fails.
    pub async fn run(self) -> Result<(), Failure> {
        let Self { target, concurrency, total, json } = self;
        let left = Arc::new(AtomicU64::new(total));
        let started = Instant::now();
        let mut lanes = JoinSet::new();
        for _ in 0..concurrency {
            lanes.spawn(lane(target.clone(), left.clone()));
        }
        let mut reports = Vec::new();
        while let Some(lane) = lanes.join_next().await {
            reports.extend(lane.map_err(|_| Failure::here("a transfer was stopped"))??);
        }
        let measured = Measured::new(&target, concurrency, &reports, started.elapsed());
        if json {
            let text = serde_json::to_string(&measured).map_err(|error| Failure::here(error.to_string()))?;
            println!("{text}");
        } else {
            println!("{}", measured.table());
        }
        Ok(())
    }
}

/// Pulls the zone again and again over one connection, until all transfers have been taken.
async fn lane(target: Arc<Target>, left: Arc<AtomicU64>) -> Result<Vec<InReport>, Failure> {
    let mut reports = Vec::new();
    let mut client = target.connect().await?;
    while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok() {
        let report = match transfer(&client, &target).await {
            // Some servers close a connection after a transfer.
            Err(client::Error::Closed | client::Error::Io(_)) if !reports.is_empty() => {
                client = target.connect().await?;
                transfer(&client, &target).await
            }
            other => other,
        };
        reports.push(report.map_err(|error| target.failure(client.peer().addr, &error))?);
    }
    Ok(reports)
}

async fn transfer(client: &Client, target: &Target) -> Result<InReport, client::Error> {
    client.axfr_tally(target.zone.as_ref(), target.key.as_ref()).await
}

impl Measured {
    fn new(target: &Target, concurrency: u64, reports: &[InReport], elapsed: Duration) -> Self {
        let sum = |part: fn(&InReport) -> u64| reports.iter().map(part).sum::<u64>();
        // The SOA comes twice in each.
        let records = sum(|report| report.totals.records.saturating_sub(1));
        let octets = sum(|report| report.totals.octets);
        let seconds = elapsed.as_secs_f64();
        let per_second = |count: u64| count as f64 / seconds.max(f64::EPSILON);
        Self {
            server: target.to_string(),
            zone: target.zone.as_ref().to_string(),
            serial: reports.last().map_or(0, |report| report.serial.0),
            transfers: reports.len() as u64,
            concurrency,
            records,
            messages: sum(|report| report.totals.messages),
            octets,
            seconds,
            records_per_second: per_second(records),
            octets_per_second: per_second(octets),
            first_octet_seconds: Quantiles::of(reports.iter().map(|report| report.first_message)),
            last_octet_seconds: Quantiles::of(reports.iter().map(|report| report.elapsed)),
        }
    }

    fn table(&self) -> String {
        let Self { server, zone, serial, transfers, concurrency, records, messages, octets, seconds, .. } = self;
        let Self { first_octet_seconds: first, last_octet_seconds: last, .. } = self;
        format!(
            "zone             {zone} serial {serial} from {server}\n\
             transfers        {transfers}, {concurrency} at a time\n\
             records          {records}\n\
             messages         {messages}\n\
             octets           {octets}\n\
             seconds          {seconds:.3}\n\
             records/s        {:.0}\n\
             octets/s         {:.0}\n\
             first octet      p50 {:.6} s, p99 {:.6} s\n\
             last octet       p50 {:.6} s, p99 {:.6} s",
            self.records_per_second, self.octets_per_second, first.p50, first.p99, last.p50, last.p99,
        )
    }
}

impl Quantiles {
    /// By nearest rank; zero when there is nothing.
    fn of(durations: impl Iterator<Item = Duration>) -> Self {
        let mut sorted: Vec<_> = durations.collect();
        sorted.sort_unstable();
        let at = |percent: usize| {
            let rank = (sorted.len() * percent).div_ceil(100).max(1);
            sorted.get(rank - 1).map_or(0.0, Duration::as_secs_f64)
        };
        Self { p50: at(50), p99: at(99) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_by_nearest_rank() {
        let of = |seconds: &[u64]| Quantiles::of(seconds.iter().copied().map(Duration::from_secs));
        assert_eq!(of(&[]), Quantiles { p50: 0.0, p99: 0.0 });
        assert_eq!(of(&[7]), Quantiles { p50: 7.0, p99: 7.0 });
        assert_eq!(of(&[4, 1, 3, 2]), Quantiles { p50: 2.0, p99: 4.0 });
        let hundred: Vec<_> = (1..=200).collect();
        assert_eq!(of(&hundred), Quantiles { p50: 100.0, p99: 198.0 });
    }
}
