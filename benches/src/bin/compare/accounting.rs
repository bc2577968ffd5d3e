//! What a server takes of the machine: the time of its processes on the processors, and their share of memory.

use std::collections::BTreeMap;
use std::fs;

use rustix::param::clock_ticks_per_second;

/// A process with all its descendants.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tree {
    root: u32,
}

/// The time on processors up to a moment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spent {
    /// Of each thread that there is, in nanoseconds, by (process, thread).
    threads: BTreeMap<(u32, u32), u64>,
    /// Of all processes, with threads and children that have ended, in nanoseconds; it grows in ticks.
    ticked: u64,
}

impl Tree {
    /// The process with this id and its descendants.
    pub(crate) const fn new(root: u32) -> Self {
        Self { root }
    }

    /// The ids of its processes now, the root first.
    fn processes(self) -> Vec<u32> {
        let mut found = vec![self.root];
        let mut next = 0;
        while let Some(process) = found.get(next).copied() {
            next += 1;
            for thread in threads(process) {
                let children = fs::read_to_string(format!("/proc/{process}/task/{thread}/children"));
                found.extend(children.unwrap_or_default().split_whitespace().filter_map(|id| id.parse::<u32>().ok()));
            }
        }
        found
    }

    /// What it has spent up to now.
    pub(crate) fn spent(self) -> Spent {
        let mut spent = Spent::default();
        for process in self.processes() {
            spent.ticked += ticked(process).unwrap_or_default();
            for thread in threads(process) {
                let text = fs::read_to_string(format!("/proc/{process}/task/{thread}/schedstat")).unwrap_or_default();
                let nanoseconds = text.split_whitespace().next().and_then(|number| number.parse().ok());
                spent.threads.insert((process, thread), nanoseconds.unwrap_or_default());
            }
        }
        spent
    }

    /// Its proportional share of memory in octets: what several processes map counts once in all.
    pub(crate) fn memory(self) -> u64 {
        self.processes().into_iter().map(|process| rollup(process, "Pss:")).sum()
    }

    /// Whether it is one process now, without children.
    pub(crate) fn is_one_process(self) -> bool {
        self.processes().len() == 1
    }

    /// The most octets that its processes have had in memory at once, each on its own (VmHWM), added up.
    pub(crate) fn peak(self) -> u64 {
        let status = |process| fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
        self.processes().into_iter().map(|process| field(&status(process), "VmHWM:")).sum()
    }
}

impl Spent {
    /// Of something else than processes.
    pub(crate) fn of_nanoseconds(nanoseconds: u64) -> Self {
        Self { threads: BTreeMap::from([((0, 0), nanoseconds)]), ticked: 0 }
    }

    /// Seconds since `before`. Threads tell nanoseconds, but not once they have ended; what ended in between shows in the
    /// ticks, which are taken when they tell of more than their own coarseness.
    pub(crate) fn since(&self, before: &Self) -> f64 {
        let each = self
            .threads
            .iter()
            .map(|(thread, now)| now.saturating_sub(before.threads.get(thread).copied().unwrap_or_default()));
        let (exact, ticked) = (each.sum::<u64>(), self.ticked.saturating_sub(before.ticked));
        let coarse = 2 * 1_000_000_000 / clock_ticks_per_second();
        let nanoseconds = if ticked > exact + coarse { ticked } else { exact };
        nanoseconds as f64 / 1e9
    }

    /// Seconds since the process began.
    pub(crate) fn in_all(&self) -> f64 {
        self.since(&Self::default())
    }
}

fn threads(process: u32) -> Vec<u32> {
    let entries = fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

/// User and system time of a process and of its children that have ended, in nanoseconds.
fn ticked(process: u32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name is in brackets, and may have anything in it. The state is field 3, these are 14 to 17.
    let (_, fields) = text.rsplit_once(')')?;
    let ticks: u64 = fields.split_whitespace().skip(11).take(4).filter_map(|field| field.parse::<u64>().ok()).sum();
    Some(ticks * 1_000_000_000 / clock_ticks_per_second())
}

fn rollup(process: u32, name: &str) -> u64 {
    field(&fs::read_to_string(format!("/proc/{process}/smaps_rollup")).unwrap_or_default(), name)
}

/// A line such as `Pss:  294 kB`, in octets.
fn field(text: &str, name: &str) -> u64 {
    let value = text.lines().find_map(|line| line.strip_prefix(name));
    let number = value.and_then(|value| value.split_whitespace().next()?.parse::<u64>().ok());
    number.unwrap_or_default() * 1024
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    #[test]
    fn time_of_children_counts_while_they_run_and_after() {
        let mut child = Command::new("sh")
            .args(["-c", "i=0; while [ $i -lt 600000 ]; do i=$((i+1)); done; read line; exit 0"])
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let tree = Tree::new(std::process::id());
        let before = tree.spent();
        let of_child = || Tree::new(child.id()).spent().in_all();
        let start = std::time::Instant::now();
        // Until the loop is over, and with it the child's demand.
        let (mut last, mut now) = (-1.0, of_child());
        while now < 0.1 || now > last {
            std::thread::yield_now();
            (last, now) = (now, of_child());
            assert!(start.elapsed().as_secs() < 60);
        }
        assert!(tree.spent().since(&before) >= 0.1);
        drop(child.stdin.take());
        child.wait().unwrap();
        assert!(tree.spent().since(&before) >= 0.07, "{}", tree.spent().since(&before));
    }

    #[test]
    fn memory_is_there() {
        let tree = Tree::new(std::process::id());
        assert!(tree.memory() > 100_000);
        assert!(tree.peak() >= tree.memory() / 2);
    }
}
