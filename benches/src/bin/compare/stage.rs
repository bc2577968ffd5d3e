//! What rows share: the zone, the servers that serve it from its file, and what these were seen to answer.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use zxfr_benches::tld::{NAME, Tld};

use crate::answer::Contents;
use crate::client::{Buffer, Connection, Question};
use crate::failure::{Because, Failure, Result};
use crate::fingerprint::Fingerprint;
use crate::kind::Kind;
use crate::server::{Server, Source, Zone};

/// What rows share.
pub(crate) struct Stage {
    /// The zone.
    pub(crate) zone: Tld,
    /// Whether all has to end soon.
    pub(crate) quick: bool,
    /// Answers are read into these; the first is there.
    pub(crate) buffers: Vec<Buffer>,
    zxfrd: PathBuf,
    primaries: BTreeMap<Kind, Primary>,
    /// Why a server could not be had: it isn't waited for again.
    failed: BTreeMap<Kind, Failure>,
    /// ixfrdist has the zone from this.
    upstream: Option<Server>,
    fingerprints: BTreeMap<u32, Fingerprint>,
    /// Everything lies here.
    folder: TempDir,
}

/// A server that serves the zone.
pub(crate) struct Primary {
    /// The server.
    pub(crate) server: Server,
    /// The version it has.
    pub(crate) version: u32,
    /// Octets of memory it took when it had the zone.
    pub(crate) memory: u64,
    /// Its answers, unsigned and signed.
    known: [Option<Known>; 2],
}

/// An answer that was looked at in full.
pub(crate) struct Known {
    /// The answer when it was not signed, else nothing.
    pub(crate) octets: Arc<[u8]>,
    /// Its length.
    pub(crate) length: usize,
    /// What it says.
    pub(crate) contents: Contents,
    /// How long it took, with the looking.
    pub(crate) seconds: f64,
}

impl Stage {
    /// Makes the zone and its file. `zxfrd` is the path of that program.
    pub(crate) fn new(zone: Tld, zxfrd: PathBuf, quick: bool) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("zxfr-compare-").tempdir().because("making a temporary folder")?;
        let stage = Self {
            zone,
            quick,
            buffers: vec![Buffer::default()],
            zxfrd,
            primaries: BTreeMap::new(),
            failed: BTreeMap::new(),
            upstream: None,
            fingerprints: BTreeMap::new(),
            folder,
        };
        stage.write(0, &stage.file())?;
        Ok(stage)
    }

    /// The folder in which everything lies.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The zone file of version 0.
    pub(crate) fn file(&self) -> PathBuf {
        self.folder().join("zone")
    }

    /// The path of our server.
    pub(crate) fn zxfrd(&self) -> &Path {
        &self.zxfrd
    }

    /// How long a server may take until it has the zone.
    pub(crate) fn patience(&self) -> Duration {
        Duration::from_secs(60 + self.zone.records() / 20_000)
    }

    /// Writes a version of the zone as a file.
    pub(crate) fn write(&self, version: u32, path: &Path) -> Result<()> {
        File::create(path).and_then(|file| self.zone.write(version, file)).because(path.display())
    }

    /// What a version of the zone holds.
    pub(crate) fn fingerprint(&mut self, version: u32) -> Fingerprint {
        let zone = &self.zone;
        *self.fingerprints.entry(version).or_insert_with(|| Fingerprint::of(zone, version))
    }

    /// Starts a server with any zone, in a folder that goes with it.
    pub(crate) fn start(&self, kind: Kind, zone: &Zone) -> Result<Server> {
        Server::start(kind, zone, &self.zxfrd, self.folder())
    }

    /// The server of this kind that serves the zone from its file, started when it isn't there; ixfrdist has it from ours.
    pub(crate) fn primary(&mut self, kind: Kind) -> Result<&mut Primary> {
        if let Some(failure) = self.failed.get(&kind) {
            return Err(failure.clone());
        }
        if !self.primaries.contains_key(&kind) {
            let primary = self.start_primary(kind).inspect_err(|failure| {
                self.failed.insert(kind, failure.clone());
            });
            self.primaries.insert(kind, primary?);
        }
        self.primaries.get_mut(&kind).ok_or_else(|| Failure::new("no such server"))
    }

    fn start_primary(&mut self, kind: Kind) -> Result<Primary> {
        let source = match kind.reads_files() {
            true => Source::File(self.file()),
            false => Source::Primary(self.upstream()?),
        };
        let mut server = self.start(kind, &Zone { name: NAME.into(), source })?;
        server.wait_for(Some(Tld::serial(0)), self.patience())?;
        let memory = settled(&server);
        Ok(Primary { server, version: 0, memory, known: [None, None] })
    }

    /// Ends all servers.
    pub(crate) fn clear(&mut self) {
        self.primaries.clear();
        self.upstream = None;
    }

    /// How a server answers AXFR: asked once, looked into, and compared with the zone.
    pub(crate) fn known(&mut self, kind: Kind, signed: bool) -> Result<&Known> {
        let primary = self.primary(kind)?;
        let (address, version) = (primary.server.address(), primary.version);
        if primary.known[usize::from(signed)].is_none() {
            let question = Question::axfr(NAME, signed)?;
            let begun = Instant::now();
            let (length, contents) = Connection::open(address, &question)?.explore(&mut self.buffers[0])?;
            let seconds = begun.elapsed().as_secs_f64();
            self.check(&contents, version)?;
            let octets = if signed { &[] } else { self.buffers[0].octets(length) };
            let known = Known { octets: octets.into(), length, contents, seconds };
            self.primary(kind)?.known[usize::from(signed)] = Some(known);
        }
        self.primary(kind)?.known[usize::from(signed)].as_ref().ok_or_else(|| Failure::new("no answer"))
    }

    /// Whether an answer is this version of the zone.
    pub(crate) fn check(&mut self, contents: &Contents, version: u32) -> Result<()> {
        compare(contents, version, self.fingerprint(version))
    }

    /// Where ixfrdist has the zone from: a server of ours, for this alone.
    fn upstream(&mut self) -> Result<std::net::SocketAddr> {
        if self.upstream.is_none() {
            let zone = Zone { name: NAME.into(), source: Source::File(self.file()) };
            let mut server = self.start(Kind::Zxfrd, &zone)?;
            server.wait_for(None, self.patience())?;
            self.upstream = Some(server);
        }
        self.upstream.as_ref().map(Server::address).ok_or_else(|| Failure::new("no upstream"))
    }
}

impl Primary {
    /// Takes note that it has the next version now.
    pub(crate) fn has_next(&mut self) {
        self.version += 1;
        self.known = [None, None];
    }

    /// Exchanges its zone file for another, whose time is now.
    pub(crate) fn replace_file(&self, by: &Path) -> Result<()> {
        let file = File::options().write(true).open(by).because(by.display())?;
        file.set_modified(std::time::SystemTime::now()).because(by.display())?;
        fs::rename(by, self.server.file()).because(by.display())
    }
}

/// Octets of memory once they don't change any more, looked at for 5 s at most.
pub(crate) fn settled(server: &Server) -> u64 {
    let begun = Instant::now();
    let mut last = server.tree().memory();
    loop {
        std::thread::sleep(Duration::from_millis(200));
        let now = server.tree().memory();
        if now.abs_diff(last) <= 65_536 || begun.elapsed().as_secs() >= 5 {
            return now;
        }
        last = now;
    }
}

/// Whether an answer is a zone with this version's serial that holds what is wanted.
pub(crate) fn compare(contents: &Contents, version: u32, wanted: Fingerprint) -> Result<()> {
    let serial = Tld::serial(version);
    match contents.zone {
        Some(zone) if zone == wanted && contents.serial == serial => Ok(()),
        Some(zone) if zone.count != wanted.count => {
            Err(Failure::new(format!("the answer has {} records, the zone {}", zone.count, wanted.count)))
        }
        Some(_) => Err(Failure::new(format!(
            "the answer with serial {} has as many records as the zone with serial {serial}, but not the same",
            contents.serial,
        ))),
        None => Err(Failure::new("the answer is no zone")),
    }
}
