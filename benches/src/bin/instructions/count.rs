//! Counting: a part in a process of its own, under callgrind.

use std::env;
use std::io::{self, Read as _};
use std::process::{Child, Command, Stdio};

use super::parts::Part;

/// What callgrind says at the end: "==PID== Collected : NUMBER".
const COLLECTED: &str = "Collected : ";

/// glibc chooses how it copies and compares memory by what the processor has. Without these, counts differ less from one
/// machine to another.
const TUNABLES: (&str, &str) = ("GLIBC_TUNABLES", "glibc.cpu.hwcaps=-AVX512F,-AVX512VL,-ERMS,-FSRM");

/// The instructions that a part takes for a unit of its work.
pub(crate) fn count(part: &Part) -> Result<f64, String> {
    // Side by side: there is more than one core, mostly.
    let (one, two) = (Run::start(part, 1)?, Run::start(part, 2)?);
    let ((one, units), (two, _)) = (one.wait(part)?, two.wait(part)?);
    if units == 0 || two <= one {
        return Err(format!("{}: {one} instructions for one round of {units}, {two} for two", part.name));
    }
    Ok((two - one) as f64 / units as f64)
}

struct Run(Child);

impl Run {
    fn start(part: &Part, rounds: u32) -> Result<Self, String> {
        let itself = env::current_exe().map_err(|error| format!("where is this program? {error}"))?;
        // What is in the environment lies on the stack and moves it.
        Command::new("valgrind")
            .env_clear()
            .envs(env::var_os("PATH").map(|path| ("PATH", path)))
            .env(TUNABLES.0, TUNABLES.1)
            .args(["--tool=callgrind", "--cache-sim=no", "--callgrind-out-file=/dev/null"])
            .arg(itself)
            .args(["--run", part.name, "--rounds", &rounds.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map(Self)
            .map_err(|error| match error.kind() {
                io::ErrorKind::NotFound => "valgrind isn't installed (Debian: apt-get install valgrind)".to_owned(),
                _ => format!("valgrind: {error}"),
            })
    }

    /// The instructions of the process, and the units that it said a round has.
    fn wait(mut self, part: &Part) -> Result<(u64, u64), String> {
        let wrong = |what: &str| format!("{} under valgrind: {what}", part.name);
        // Neither fills a pipe: they say little.
        let (mut said, mut log) = (String::new(), String::new());
        let _ = self.0.stdout.take().map(|mut stdout| stdout.read_to_string(&mut said));
        let _ = self.0.stderr.take().map(|mut stderr| stderr.read_to_string(&mut log));
        let status = self.0.wait().map_err(|error| wrong(&error.to_string()))?;
        if !status.success() {
            return Err(wrong(&format!("{status}\n{log}")));
        }
        let units = said.trim().parse().map_err(|_| wrong("it didn't say how much it did"))?;
        let collected =
            log.lines().find_map(|line| line.split_once(COLLECTED)).map(|(_, number)| number.trim().parse());
        match collected {
            Some(Ok(number)) => Ok((number, units)),
            _ => Err(wrong(&format!("no count\n{log}"))),
        }
    }
}

/// What the compiler calls itself.
pub(crate) fn rustc() -> Result<String, String> {
    let output = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into())).arg("--version").output();
    let output = output.map_err(|error| format!("rustc: {error}"))?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
