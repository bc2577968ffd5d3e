//! A script in another language that does its part between steps at which the test looks.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use tempfile::TempDir;

/// A script that runs. See `tests/sdk/methods.py` for what it prints and reads.
pub(crate) struct Script {
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    /// What it has said it did, and what it hasn't.
    done: BTreeSet<String>,
    dir: TempDir,
}

impl Script {
    /// Starts it.
    pub(crate) fn start(command: &mut Command) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let errors = File::create(dir.path().join("stderr")).unwrap();
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(errors).spawn().unwrap();
        let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Self { child, input, output: BufReader::new(output).lines(), done: BTreeSet::new(), dir }
    }

    /// Runs on to this step, where it waits.
    ///
    /// # Panics
    /// When it comes to another step or to its end.
    pub(crate) fn until(&mut self, step: &str) {
        match self.next_step() {
            Some(found) => assert_eq!(found, step, "{self}"),
            None => panic!("ended before {step:?}: {self}"),
        }
    }

    /// Lets it go on.
    pub(crate) fn go_on(&mut self) {
        self.input.write_all(b"\n").unwrap();
    }

    /// Lets it come to its end; what it did.
    ///
    /// # Panics
    /// When it comes to another step, or fails.
    pub(crate) fn end(mut self) -> BTreeSet<String> {
        let step = self.next_step();
        assert_eq!(step, None, "{self}");
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}: {self}");
        std::mem::take(&mut self.done)
    }

    fn next_step(&mut self) -> Option<String> {
        for line in self.output.by_ref() {
            let line = line.unwrap();
            match line.split_once(' ') {
                Some(("at", step)) => return Some(step.to_owned()),
                Some(("ok", method)) => {
                    self.done.insert(method.to_owned());
                }
                _ => panic!("it says {line:?}: {self}"),
            }
        }
        None
    }
}

impl std::fmt::Display for Script {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let errors = std::fs::read_to_string(self.dir.path().join("stderr")).unwrap_or_default();
        write!(f, "done: {:?}\n{errors}", self.done)
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        // It has ended by itself, or the test has failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
