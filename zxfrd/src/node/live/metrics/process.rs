//! What there is to tell of the process: requests to the API, the store, memory.

use std::fs;
use std::sync::OnceLock;

use super::Metric;
use crate::api::{Answered, Requests};
use crate::catalog::Time;
use crate::store::Health;

/// The process.
#[derive(Debug)]
pub(in super::super) struct Process {
    requests: Vec<Answered>,
    store: Health,
    zones: u64,
    memory: Memory,
    files: Option<u64>,
    started: Time,
}

/// In octets, where the system tells.
#[derive(Debug, Default, PartialEq, Eq)]
struct Memory {
    resident: Option<u64>,
    resident_most: Option<u64>,
    virtual_: Option<u64>,
}

impl Process {
    /// The process now.
    pub(in super::super) fn now(requests: &Requests, store: Health, zones: usize) -> Self {
        Self {
            requests: requests.counts(),
            store,
            zones: zones as u64,
            memory: fs::read_to_string("/proc/self/status").map(|text| Memory::read(&text)).unwrap_or_default(),
            // The folder itself is open while it is read.
            files: fs::read_dir("/proc/self/fd").ok().map(|entries| (entries.count() as u64).saturating_sub(1)),
            started: started(),
        }
    }
}

/// When this was first asked for, which is when the node begins.
pub(in super::super) fn started() -> Time {
    static STARTED: OnceLock<Time> = OnceLock::new();
    *STARTED.get_or_init(Time::now)
}

impl Memory {
    /// What Linux says in /proc/self/status: lines such as `VmRSS:  1234 kB`.
    fn read(status: &str) -> Self {
        let octets = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
            line.trim().strip_suffix(" kB")?.parse::<u64>().ok()?.checked_mul(1024)
        };
        Self { resident: octets("VmRSS"), resident_most: octets("VmHWM"), virtual_: octets("VmSize") }
    }
}

/// In the order in which they are told.
pub(super) const METRICS: &[Metric<Process>] = &[
    Metric::gauge("zxfrd_build_info", "Always 1, with the version", |_, samples| {
        samples.put(&[("version", env!("CARGO_PKG_VERSION"))], true)
    }),
    Metric::gauge("zxfrd_zones", "How many zones there are", |process, samples| samples.put(&[], process.zones)),
    Metric::counter("zxfrd_api_requests", "Requests to the management API that were answered", |process, samples| {
        process.requests.iter().try_for_each(|answered| {
            samples.put(&[("method", answered.method), ("status", &answered.status.to_string())], answered.count)
        })
    }),
    Metric::counter("zxfrd_api_request_seconds", "How long these took together", |process, samples| {
        process.requests.iter().try_for_each(|answered| {
            samples.put(&[("method", answered.method), ("status", &answered.status.to_string())], answered.seconds)
        })
    }),
    Metric::counter("zxfrd_store_commits", "Commits that are durable", |process, samples| {
        samples.put(&[], process.store.commits)
    }),
    Metric::counter("zxfrd_store_failures", "Commits that failed because of the store", |process, samples| {
        samples.put(&[], process.store.failures)
    }),
    Metric::counter("zxfrd_store_commit_seconds", "How long all commits took together", |process, samples| {
        samples.put(&[], process.store.elapsed.as_secs_f64())
    }),
    Metric::gauge("zxfrd_store_failing", "Whether the last commit failed", |process, samples| {
        samples.put(&[], process.store.failing.is_some())
    }),
    Metric::gauge(
        "zxfrd_store_failing_since_timestamp_seconds",
        "Since when all commits have failed",
        |process, samples| {
            samples.put_some(&[], process.store.failing.as_ref().map(|failing| Time::from(failing.since)))
        },
    ),
    Metric::gauge("process_start_time_seconds", "When the process was started", |process, samples| {
        samples.put(&[], process.started)
    }),
    Metric::gauge("process_resident_memory_bytes", "Memory that is in RAM", |process, samples| {
        samples.put_some(&[], process.memory.resident)
    }),
    Metric::gauge("process_resident_memory_max_bytes", "The most memory that ever was in RAM", |process, samples| {
        samples.put_some(&[], process.memory.resident_most)
    }),
    Metric::gauge("process_virtual_memory_bytes", "Memory that has addresses", |process, samples| {
        samples.put_some(&[], process.memory.virtual_)
    }),
    Metric::gauge("process_open_fds", "Open files and sockets", |process, samples| {
        samples.put_some(&[], process.files)
    }),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_in_octets() {
        let memory = Memory::read("Name:\tzxfrd\nVmSize:\t    2048 kB\nVmHWM:\t  3 kB\nVmRSS:\t      2 kB\n");
        assert_eq!(memory, Memory { resident: Some(2048), resident_most: Some(3072), virtual_: Some(2 << 20) });
        assert_eq!(Memory::read("Name: x\nVmRSS: much\n"), Memory::default());
    }
}
