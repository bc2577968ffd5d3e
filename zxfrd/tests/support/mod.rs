//! The programs as child processes: started in a folder of their own, watched by their log, stopped by their pid.

#![allow(dead_code, unreachable_pub, reason = "each test program uses a part of it")]

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// How long anything may take that is to happen.
const PATIENCE: Duration = Duration::from_secs(30);

/// The keys, peers and ACL that most configurations here have.
pub const KEYS: &str = r#"
[[tsig]]
name = "one.example."
algo = "hmac-sha256."
secret = "b25lIHNlY3JldA=="
[[tsig]]
name = "two.example."
algo = "hmac-sha512."
secret = "dHdvIHNlY3JldA=="
"#;

/// `-y` for the first key, the second, and the first with another secret.
pub const ONE: &str = "one.example:b25lIHNlY3JldA==";
pub const TWO: &str = "hmac-sha512:two.example:dHdvIHNlY3JldA==";
pub const WRONG: &str = "one.example:d3Jvbmc=";

/// Everybody on this machine may ask.
pub const ACL: &str = "[[acl]]\nname = \"here\"\nip_range = \"127.0.0.1/32\"\n";

/// A small zone at this serial.
pub fn zone(serial: u32, extra: &str) -> String {
    format!(
        "$ORIGIN example.\n$TTL 300\n@ SOA ns host {serial} 3600 600 86400 60\n@ NS ns\nns A 192.0.2.53\n\
         Mixed.Case TXT \"a b\"\n{extra}"
    )
}

/// A zone that is larger than its changes.
pub fn large_zone(serial: u32, extra: &str) -> String {
    let filler: String = (0..30).map(|number| format!("filler{number} A 192.0.2.{number}\n")).collect();
    zone(serial, &format!("{filler}{extra}"))
}

/// A daemon that runs.
pub struct Daemon {
    child: Child,
    lines: Receiver<String>,
    seen: Vec<String>,
    folder: TempDir,
}

impl Daemon {
    /// Starts `zxfrd serve` on this configuration and these files, and waits until all zones have been tried.
    pub fn start(config: &str, files: &[(&str, &str)]) -> Self {
        Self::start_with(config, files, &[])
    }

    pub fn start_with(config: &str, files: &[(&str, &str)], arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        fs::write(folder.path().join("zxfrd.toml"), listening(config)).unwrap();
        let mut daemon = Self::within(folder, arguments);
        daemon.wait_for("started");
        daemon
    }

    /// Starts it in this folder.
    fn within(folder: TempDir, arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_zxfrd"))
            .arg("serve")
            .args(arguments)
            .current_dir(folder.path())
            .env_remove("RUST_LOG")
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (sender, lines) = channel();
        thread::spawn(move || stderr.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self { child, lines, seen: Vec::new(), folder }
    }

    /// Ends it by this signal, does this in its folder, starts it there again, and waits until all zones have been tried.
    pub fn again(mut self, signal: Signal, meanwhile: impl FnOnce(&Path)) -> Self {
        self.signal(signal);
        self.ended();
        let folder = std::mem::replace(&mut self.folder, tempfile::tempdir().unwrap());
        meanwhile(folder.path());
        let mut daemon = Self::within(folder, &[]);
        daemon.wait_for("started");
        daemon
    }

    /// The folder that it runs in.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Waits for a line of the log with this in it.
    pub fn wait_for(&mut self, part: &str) -> String {
        let until = Instant::now() + PATIENCE;
        loop {
            match self.lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    self.seen.push(line.clone());
                    if line.contains(part) {
                        return line;
                    }
                }
                Err(error) => panic!("no {part:?} ({error}) in:\n{}", self.seen.join("\n")),
            }
        }
    }

    /// A line of the log with this in it, whether it was there before or comes now.
    pub fn find(&mut self, part: &str) -> String {
        let before = self.seen.iter().find(|line| line.contains(part)).cloned();
        before.unwrap_or_else(|| self.wait_for(part))
    }

    /// What the log had so far, as far as it was waited for.
    pub fn log(&self) -> String {
        self.seen.join("\n")
    }

    /// The address that is served, from the log.
    pub fn addr(&self) -> SocketAddr {
        let log = self.log();
        let (_, rest) = log.split_once("listening addr=").expect("it listens");
        rest.split_whitespace().next().unwrap().parse().unwrap()
    }

    /// The server as `zxfr` takes it.
    pub fn server(&self) -> String {
        format!("@{}", self.addr())
    }

    /// Replaces a file whole.
    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.path().join("new"), text).unwrap();
        fs::rename(self.folder.path().join("new"), self.folder.path().join(name)).unwrap();
    }

    /// Writes into a file that is there.
    pub fn overwrite(&self, name: &str, text: &str) {
        fs::write(self.folder.path().join(name), text).unwrap();
    }

    pub fn write_config(&self, config: &str) {
        self.write("zxfrd.toml", &listening(config));
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Sends SIGHUP and waits for this.
    pub fn reload(&mut self, until: &str) -> String {
        self.signal(Signal::HUP);
        self.wait_for(until)
    }

    /// Waits for its end, which its closing the log announces.
    pub fn ended(&mut self) -> (ExitStatus, Duration) {
        let started = Instant::now();
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => self.seen.push(line),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("it doesn't end:\n{}", self.log()),
            }
        }
        (self.child.wait().unwrap(), started.elapsed())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The configuration, on free ports of its own, and with nothing kept unless it says where.
fn listening(config: &str) -> String {
    let mut text = config.to_owned();
    let defaults =
        [("dns", "listen = [\"127.0.0.1:0\"]"), ("api", "listen = \"127.0.0.1:0\""), ("store", "url = \"memory:\"")];
    for (table, line) in defaults {
        if !config.contains(&format!("[{table}]")) {
            text = format!("[{table}]\n{line}\n{text}");
        }
    }
    text
}

/// What `zxfr` did.
pub struct Done {
    pub code: i32,
    pub out: String,
    pub err: String,
}

/// Runs `zxfr` to its end.
pub fn zxfr(arguments: &[&str]) -> Done {
    done(Command::new(env!("CARGO_BIN_EXE_zxfr")).args(arguments).output().unwrap())
}

/// Runs `zxfrd` to its end, in this folder.
pub fn zxfrd(arguments: &[&str], folder: &Path) -> Done {
    let mut command = Command::new(env!("CARGO_BIN_EXE_zxfrd"));
    done(command.args(arguments).current_dir(folder).env_remove("RUST_LOG").output().unwrap())
}

/// What a program did.
pub fn done(output: Output) -> Done {
    Done {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

impl Done {
    /// That it failed so, with one line that has these parts, and printed nothing.
    #[track_caller]
    pub fn failed(&self, code: i32, parts: &[&str]) {
        let Self { code: got, out, err } = self;
        assert_eq!((*got, out.as_str(), err.lines().count()), (code, "", 1), "{err}");
        for part in parts {
            assert!(err.contains(part), "{part:?}: {err}");
        }
    }
}

/// A TCP port that nobody listens on, nor can as long as the socket is there.
pub fn closed_port() -> (socket2::Socket, SocketAddr) {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    let addr = socket.local_addr().unwrap().as_socket().unwrap();
    (socket, addr)
}

/// The files of a folder.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// Reads one message of a stream.
pub fn read_message(stream: &mut impl Read) -> Vec<u8> {
    let mut length = [0; 2];
    stream.read_exact(&mut length).unwrap();
    let mut message = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut message).unwrap();
    message
}
