//! Real name servers, started on 127.0.0.1 for one test and stopped when dropped.
//!
//! A primary gets [`Offer`]s: zones from files, each open to everyone on loopback or
//! only to holders of some keys. A secondary gets [`Pull`]s: zones to transfer, each
//! from its own upstream. What it holds it gives to everyone on loopback, unsigned,
//! so that a test can read it back.
//!
//! A zone whose offer names [`Target`]s is one that changes: the primary keeps the
//! differences for IXFR and tells the targets of each new version, once its file is
//! written anew and [`Peer::reload`] is called. A pull says [how](Way) it is kept in step.
//! [`Peer::transfers`] is what became of it by the peer's own log.

mod facts;
mod ixfrdist;
mod knotd;
mod named;
mod nsd;
mod pdns;
mod transfers;

use std::fmt;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rustix::process::Signal;

use crate::Failure;
use crate::ports::Port;
use crate::probe::{self, Authority};
use crate::process::{Process, find_program};
use crate::tsig::{Algorithm, TsigKey};
use crate::zones::Zone;

pub use facts::{Role, carries, gives_ixfr_over_udp, keeps_case, spelling};
pub use transfers::{Kind, Transfer};

/// How long a server may take until a zone is ready, loading or transferring it.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// A kind of name server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PeerKind {
    /// BIND 9
    Named,
    /// Knot DNS
    Knotd,
    /// NSD
    Nsd,
    /// PowerDNS authoritative server: zone files by its bind backend as primary, an
    /// SQLite database as secondary
    Pdns,
    /// PowerDNS ixfrdist, which has zones only by AXFR from another server
    Ixfrdist,
}

impl PeerKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Named, Self::Knotd, Self::Nsd, Self::Pdns, Self::Ixfrdist];

    /// The name of its program.
    pub fn program(self) -> &'static str {
        match self {
            Self::Named => "named",
            Self::Knotd => "knotd",
            Self::Nsd => "nsd",
            Self::Pdns => "pdns_server",
            Self::Ixfrdist => "ixfrdist",
        }
    }

    /// The TSIG algorithms it has; ixfrdist has no TSIG in either direction.
    pub fn algorithms(self) -> &'static [Algorithm] {
        match self {
            Self::Named | Self::Knotd | Self::Nsd | Self::Pdns => &Algorithm::ALL,
            Self::Ixfrdist => &[],
        }
    }

    /// Every program it takes to run it.
    fn programs(self) -> &'static [&'static str] {
        match self {
            Self::Named => &["named"],
            Self::Knotd => &["knotd"],
            Self::Nsd => &["nsd"],
            Self::Pdns => &["pdns_server", "sqlite3"],
            // As a primary it needs a server to pull from.
            Self::Ixfrdist => &["ixfrdist", "named"],
        }
    }

    /// Whether all it takes to run it is installed.
    pub fn installed(self) -> bool {
        self.missing().is_none()
    }

    fn missing(self) -> Option<&'static str> {
        let mut programs = self.programs().iter().copied();
        programs.find(|name| find_program(name).is_none())
    }
}

impl fmt::Display for PeerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.program())
    }
}

/// Whether the peers and client programs a case needs are installed. When one isn't,
/// the case is noted as skipped, loudly.
///
/// # Panics
/// When one isn't installed and `ZXFR_REQUIRE_PEERS` is `1`.
pub fn require_peers(case: &str, peers: &[PeerKind], clients: &[&str]) -> bool {
    let missing = peers.iter().find_map(|peer| peer.missing()).or_else(|| {
        let mut clients = clients.iter().copied();
        clients.find(|name| find_program(name).is_none())
    });
    let Some(program) = missing else {
        return true;
    };
    crate::tally::lacking(case, &format!("{program} is not installed"));
    false
}

/// A zone for a primary to serve.
#[derive(Clone, Debug)]
pub struct Offer<'a> {
    /// The zone and its file.
    pub zone: &'a Zone,
    /// A transfer may be signed with one of these keys.
    pub keys: Vec<TsigKey>,
    /// Whether all of loopback may have the zone unsigned, too.
    pub unsigned: bool,
    /// Who is told of new versions; when there is somebody, differences are kept for IXFR.
    pub notify: Vec<Target>,
}

/// A secondary that a primary sends NOTIFY to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Where it answers.
    pub address: SocketAddr,
    /// The key that signs the message.
    pub key: Option<TsigKey>,
}

impl<'a> Offer<'a> {
    /// The zone for everyone on loopback.
    pub fn open(zone: &'a Zone) -> Self {
        Self { zone, keys: Vec::new(), unsigned: true, notify: Vec::new() }
    }

    /// The zone for holders of this key only.
    pub fn signed(zone: &'a Zone, key: &TsigKey) -> Self {
        Self { keys: vec![key.clone()], unsigned: false, ..Self::open(zone) }
    }

    /// The zone for everyone on loopback, who may sign with one of these keys.
    pub fn either(zone: &'a Zone, keys: &[TsigKey]) -> Self {
        Self { keys: keys.to_vec(), ..Self::open(zone) }
    }

    /// The keys of its transfers and its NOTIFYs.
    fn all_keys(&self) -> impl Iterator<Item = &TsigKey> {
        self.keys.iter().chain(self.notify.iter().filter_map(|target| target.key.as_ref()))
    }
}

/// A zone for a secondary to transfer.
#[derive(Clone, Debug)]
pub struct Pull {
    /// The zone's absolute name.
    pub zone: String,
    /// Where it is transferred from.
    pub upstream: SocketAddr,
    /// The key that signs the requests; the answers must then be signed with it, too.
    pub key: Option<TsigKey>,
    /// How it is kept in step.
    pub way: Way,
}

/// How a secondary keeps a zone in step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Way {
    /// By AXFR alone.
    #[default]
    Axfr,
    /// By IXFR over TCP, as soon as the upstream sends NOTIFY, signed with the pull's key.
    Ixfr,
    /// By IXFR that is first asked for over UDP, else the same. Only `nsd` does this.
    IxfrOverUdp,
}

impl Pull {
    /// A pull without TSIG.
    pub fn open(zone: &str, upstream: SocketAddr) -> Self {
        Self { zone: zone.into(), upstream, key: None, way: Way::Axfr }
    }

    /// A pull signed with this key.
    pub fn signed(zone: &str, upstream: SocketAddr, key: &TsigKey) -> Self {
        Self { key: Some(key.clone()), ..Self::open(zone, upstream) }
    }
}

/// A running name server.
#[derive(Debug)]
pub struct Peer {
    kind: PeerKind,
    port: Port,
    process: Process,
    /// What ixfrdist pulls from when it is started as a primary.
    _source: Option<Box<Self>>,
}

impl Peer {
    /// Starts a primary and waits until it answers for all its zones.
    ///
    /// # Errors
    /// When it can't be started, or a zone isn't answered by the deadline.
    pub fn primary(kind: PeerKind, offers: &[Offer<'_>]) -> Result<Self, Failure> {
        let mut peer = Self::start_primary(kind, Port::free()?, offers)?;
        for offer in offers {
            peer.wait_for_zone(&offer.zone.name, Some(offer.zone.serial))?;
        }
        Ok(peer)
    }

    /// Starts a primary on this port without waiting for its zones.
    ///
    /// # Errors
    /// When it can't be started.
    pub fn start_primary(kind: PeerKind, port: Port, offers: &[Offer<'_>]) -> Result<Self, Failure> {
        match kind {
            PeerKind::Named => Self::start(kind, port, None, |site| named::primary(site, offers)),
            PeerKind::Knotd => Self::start(kind, port, None, |site| knotd::primary(site, offers)),
            PeerKind::Nsd => Self::start(kind, port, None, |site| nsd::primary(site, offers)),
            PeerKind::Pdns => Self::start(kind, port, None, |site| pdns::primary(site, offers)),
            PeerKind::Ixfrdist => {
                if offers.iter().any(|offer| !offer.keys.is_empty()) {
                    return Err(Failure::new("ixfrdist has no TSIG"));
                }
                let source = Self::primary(PeerKind::Named, offers)?;
                let pulls: Vec<_> = offers.iter().map(|offer| Pull::open(&offer.zone.name, source.address())).collect();
                Self::start(kind, port, Some(source), |site| ixfrdist::configure(site, &pulls))
            }
        }
    }

    /// Starts a secondary, which begins its transfers at once; wait for them with
    /// [`Peer::wait_for_zone`].
    ///
    /// # Errors
    /// When it can't be started.
    pub fn secondary(kind: PeerKind, pulls: &[Pull]) -> Result<Self, Failure> {
        Self::start_secondary(kind, Port::free()?, pulls)
    }

    /// Starts a secondary on this port.
    ///
    /// # Errors
    /// When it can't be started.
    pub fn start_secondary(kind: PeerKind, port: Port, pulls: &[Pull]) -> Result<Self, Failure> {
        Self::start(kind, port, None, |site| match kind {
            PeerKind::Named => named::secondary(site, pulls),
            PeerKind::Knotd => knotd::secondary(site, pulls),
            PeerKind::Nsd => nsd::secondary(site, pulls),
            PeerKind::Pdns => pdns::secondary(site, pulls),
            PeerKind::Ixfrdist => ixfrdist::configure(site, pulls),
        })
    }

    fn start(
        kind: PeerKind,
        port: Port,
        source: Option<Self>,
        configure: impl FnOnce(&Site<'_>) -> Result<Command, Failure>,
    ) -> Result<Self, Failure> {
        let dir = tempfile::Builder::new()
            .prefix(&format!("zxfr-{kind}-"))
            .tempdir()
            .map_err(|error| Failure::because("making a temporary folder", error))?;
        let command = configure(&Site { dir: dir.path(), port: port.number() })?;
        Ok(Self { kind, port, process: Process::spawn(kind.program(), command, dir)?, _source: source.map(Box::new) })
    }

    /// What kind of server this is.
    pub fn kind(&self) -> PeerKind {
        self.kind
    }

    /// Where it answers, over UDP and TCP.
    pub fn address(&self) -> SocketAddr {
        self.port.address()
    }

    /// The process, for its log, its id and signals.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// Has `named`, `knotd` or `nsd` read its changed zone files again.
    pub fn reload(&mut self) {
        self.process.signal(Signal::HUP);
    }

    /// The transfers that have ended well, by its own log, oldest first. `nsd` logs what it
    /// receives, not what it sends; [`Peer::nsd_counter`] counts that.
    pub fn transfers(&self) -> Vec<Transfer> {
        transfers::read(self.kind, &self.process.log())
    }

    /// A counter of `nsd-control stats_noreset`, such as `num.rixfr`, of an `nsd` that is a
    /// primary of zones that change.
    ///
    /// # Errors
    /// When it can't be had.
    pub fn nsd_counter(&self, counter: &str) -> Result<u64, Failure> {
        nsd::counter(self.process.dir(), counter)
    }

    /// Waits until a zone's SOA is answered authoritatively, with this serial if one is
    /// given; returns the serial.
    ///
    /// # Errors
    /// When that doesn't happen within [`DEADLINE`]; with the tail of the server's log.
    pub fn wait_for_zone(&mut self, zone: &str, serial: Option<u32>) -> Result<u32, Failure> {
        let address = self.address();
        let authority = match self.kind {
            PeerKind::Ixfrdist => Authority::Waived,
            _ => Authority::Needed,
        };
        let what = format!("answer for {zone}");
        self.process.wait_for(&what, DEADLINE, || {
            let found = probe::soa_serial(address, zone, authority)?;
            match serial {
                Some(wanted) if wanted != found => Err(Failure::new(format!("serial {found}, not {wanted}"))),
                _ => Ok(found),
            }
        })
    }
}

/// Where a server is to run.
struct Site<'a> {
    dir: &'a Path,
    port: u16,
}

impl Site<'_> {
    /// Writes a file of the server's folder and returns its path.
    fn write(&self, name: &str, text: &str) -> Result<PathBuf, Failure> {
        let path = self.dir.join(name);
        fs::write(&path, text).map_err(|error| Failure::because(path.display(), error))?;
        Ok(path)
    }

    /// Makes a subfolder and returns its path.
    fn subfolder(&self, name: &str) -> Result<PathBuf, Failure> {
        let path = self.dir.join(name);
        fs::create_dir(&path).map_err(|error| Failure::because(path.display(), error))?;
        Ok(path)
    }
}

/// A command for an installed program.
fn program(name: &str) -> Result<Command, Failure> {
    let path = find_program(name).ok_or_else(|| Failure::new(format!("{name} isn't installed")))?;
    Ok(Command::new(path))
}

/// The different keys among these, in order of appearance.
fn distinct<'a>(keys: impl Iterator<Item = &'a TsigKey>) -> Vec<&'a TsigKey> {
    let mut distinct: Vec<&TsigKey> = Vec::new();
    for key in keys {
        if !distinct.contains(&key) {
            distinct.push(key);
        }
    }
    distinct
}
