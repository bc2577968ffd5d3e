//! A server as a child process: its own temporary folder, its output in a log
//! file there, and stopped when dropped.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::Failure;

/// How long a server may take to end after SIGTERM before it gets SIGKILL.
const GRACE: Duration = Duration::from_secs(2);

/// Pause between two looks at something that gives no event.
const PAUSE: Duration = Duration::from_millis(10);

/// How much of the end of a log an error carries, in octets.
const TAIL: usize = 3000;

/// A running child process with its folder and log.
#[derive(Debug)]
pub struct Process {
    child: Child,
    command: Command,
    name: String,
    log: PathBuf,
    dir: TempDir,
}

impl Process {
    /// Starts `command` in `dir`, which the process then owns, with stdout and
    /// stderr going to the file `log` there.
    ///
    /// # Errors
    /// When the log can't be made or the program can't be started.
    pub fn spawn(name: &str, mut command: Command, dir: TempDir) -> Result<Self, Failure> {
        let failed = |error| Failure::because(format!("starting {name}"), error);
        let log = dir.path().join("log");
        let output = File::create(&log).map_err(failed)?;
        let child = command
            .current_dir(dir.path())
            .stdin(Stdio::null())
            .stdout(output.try_clone().map_err(failed)?)
            .stderr(output)
            .spawn()
            .map_err(failed)?;
        Ok(Self { child, command, name: name.into(), log, dir })
    }

    /// Stops the process and starts it again in the same folder; its output goes on in the same log.
    ///
    /// # Errors
    /// When the program can't be started.
    pub fn restart(&mut self) -> Result<(), Failure> {
        self.stop();
        let failed = |error| Failure::because(format!("starting {} again", self.name), error);
        self.child = self.command.spawn().map_err(failed)?;
        Ok(())
    }

    /// The process's own folder, removed with it.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// All that the process has printed so far.
    pub fn log(&self) -> String {
        let octets = fs::read(&self.log).unwrap_or_default();
        String::from_utf8_lossy(&octets).into_owned()
    }

    /// Waits until `ready` succeeds.
    ///
    /// # Errors
    /// When it hasn't by the deadline, or the process ends first; with what `ready`
    /// last said and the tail of the log.
    pub fn wait_for<T>(
        &mut self,
        what: &str,
        deadline: Duration,
        mut ready: impl FnMut() -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let start = Instant::now();
        loop {
            let last = match ready() {
                Ok(value) => return Ok(value),
                Err(failure) => failure,
            };
            if let Some(status) = self.exited() {
                return Err(self.failure(&format!("ended ({status}) before {what}"), &last));
            }
            if start.elapsed() > deadline {
                return Err(self.failure(&format!("no {what} within {deadline:?}"), &last));
            }
            thread::sleep(PAUSE);
        }
    }

    /// Waits until the log contains `text`.
    ///
    /// # Errors
    /// As [`Process::wait_for`].
    pub fn wait_for_log(&mut self, text: &str, deadline: Duration) -> Result<(), Failure> {
        let log = self.log.clone();
        self.wait_for(&format!("log line with {text:?}"), deadline, || {
            let octets = fs::read(&log).unwrap_or_default();
            match String::from_utf8_lossy(&octets).contains(text) {
                true => Ok(()),
                false => Err(Failure::new("not logged")),
            }
        })
    }

    /// Waits until the log contains one of these texts after its first `start` octets; gives what it contains there.
    ///
    /// # Errors
    /// As [`Process::wait_for`].
    pub fn log_after(&mut self, start: usize, texts: &[&str], deadline: Duration) -> Result<String, Failure> {
        let log = self.log.clone();
        self.wait_for(&format!("log line with one of {texts:?}"), deadline, || {
            let octets = fs::read(&log).unwrap_or_default();
            let added = String::from_utf8_lossy(octets.get(start..).unwrap_or_default()).into_owned();
            // Lines that are whole.
            let whole = added.rfind('\n').map_or("", |end| &added[..end]);
            match texts.iter().any(|text| whole.contains(text)) {
                true => Ok(whole.to_owned()),
                false => Err(Failure::new("not logged")),
            }
        })
    }

    /// Stops the process by its id: SIGTERM, a short wait, SIGKILL. Does nothing when
    /// it has ended.
    pub fn stop(&mut self) -> Option<ExitStatus> {
        if self.exited().is_none() {
            self.signal(Signal::TERM);
            let start = Instant::now();
            while self.exited().is_none() && start.elapsed() < GRACE {
                thread::sleep(PAUSE);
            }
            if self.exited().is_none() {
                // It may end by itself just now: then there is nothing left to kill.
                let _ = self.child.kill();
            }
        }
        self.child.wait().ok()
    }

    /// Sends a signal, such as SIGHUP, if the process still runs.
    pub fn signal(&mut self, signal: Signal) {
        if self.exited().is_none() {
            let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
            if let Some(pid) = pid {
                // Not waited for yet, so the id is still this process's.
                let _ = kill_process(pid, signal);
            }
        }
    }

    fn exited(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    fn failure(&self, what: &str, last: &Failure) -> Failure {
        let log = self.log();
        let start = log.len().saturating_sub(TAIL);
        let tail = log.get(start..).unwrap_or(&log);
        Failure::new(format!("{}: {what}; last: {last}\n--- tail of its log ---\n{tail}--- end of log ---", self.name))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Finds a program in `PATH` and in the folders of system programs, which an ordinary
/// user's `PATH` may lack.
pub fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/local/sbin", "/usr/sbin", "/sbin"].map(PathBuf::from))
        .map(|folder| folder.join(name))
        .find(|program| program.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Process {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        Process::spawn("sh", command, tempfile::tempdir().unwrap()).unwrap()
    }

    #[test]
    fn an_early_exit_is_reported_with_the_log() {
        let mut process = shell("echo it broke; exit 3");
        let failure = process
            .wait_for("readiness", Duration::from_secs(10), || Err::<(), _>(Failure::new("not yet")))
            .unwrap_err()
            .to_string();
        assert!(failure.contains("it broke"), "{failure}");
        assert!(failure.contains("exit status: 3"), "{failure}");
        assert!(failure.contains("not yet"), "{failure}");
    }

    #[test]
    fn a_deadline_is_kept() {
        let mut process = shell("echo started; exec sleep 60");
        process.wait_for_log("started", Duration::from_secs(10)).unwrap();
        let failure = process.wait_for_log("never", Duration::from_millis(50)).unwrap_err();
        assert!(failure.to_string().contains("within 50ms"), "{failure}");
    }

    #[test]
    fn a_process_that_ignores_sigterm_is_killed() {
        let mut process = shell("trap '' TERM; echo deaf; while :; do sleep 0.1; done");
        process.wait_for_log("deaf", Duration::from_secs(10)).unwrap();
        let status = process.stop().unwrap();
        assert!(!status.success());
        assert_eq!(process.stop(), Some(status));
    }

    #[test]
    fn a_restart_keeps_folder_and_log() {
        let mut process = shell("echo started >>count; cat count; exec sleep 60");
        process.wait_for_log("started", Duration::from_secs(10)).unwrap();
        let (first, id) = (process.log().len(), process.id());
        process.restart().unwrap();
        let added = process.log_after(first, &["started\nstarted"], Duration::from_secs(10)).unwrap();
        assert_eq!(added, "started\nstarted");
        assert_ne!(process.id(), id);
    }

    #[test]
    fn its_folder_goes_with_it() {
        let process = shell("exec sleep 60");
        let dir = process.dir().to_owned();
        assert!(dir.exists());
        drop(process);
        assert!(!dir.exists());
    }
}
