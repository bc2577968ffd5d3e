//! A server of the demo: what `zxfrd serve` runs, with one zone.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, UdpSocket};
use tokio::task::JoinSet;
use tokio::time::timeout;
use zxfr_core::name::Name;
use zxfr_core::serial::Serial;
use zxfr_core::zone::Version;
use zxfr_io::{Primary, ServeLimits, socket};

use crate::catalog::Objects;
use crate::catalog::Publishing;
use crate::config::{Config, Dns, Incoming, Outgoing, Peer, SerialBackward, Source, TsigKey, Zone, ZoneFile};
use crate::node::Node;
use crate::registry::{self, Transferred};

/// How long a transfer may take.
const PATIENCE: Duration = Duration::from_secs(600);

/// The sockets of a server.
pub(super) struct Sockets {
    udp: UdpSocket,
    tcp: TcpListener,
    pub(super) addr: SocketAddr,
}

impl Sockets {
    /// On a free port of this machine.
    pub(super) fn bind() -> Result<Self, String> {
        let failed = |error| format!("listen: {error}");
        let (udp, tcp) = socket::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).map_err(failed)?;
        let addr = tcp.local_addr().map_err(failed)?;
        Ok(Self { udp, tcp, addr })
    }
}

/// A node with one zone, served on loopback. Ends when it is dropped.
pub(super) struct Server {
    node: Node,
    addr: SocketAddr,
    _tasks: JoinSet<()>,
}

impl Server {
    /// Serves what the configuration says; nothing is loaded yet.
    pub(super) fn start(sockets: Sockets, config: &Config) -> Result<Self, String> {
        let Sockets { udp, tcp, addr } = sockets;
        let node = Node::declared(config)?;
        let [over_udp, over_tcp] = [(); 2].map(|()| Primary::new(node.registry().clone(), ServeLimits::default()));
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { over_udp.serve_udp(udp).await });
        tasks.spawn(async move { over_tcp.serve_tcp(tcp).await });
        Ok(Self { node, addr, _tasks: tasks })
    }

    /// Changes its configuration and does what that says.
    pub(super) async fn load(&self, config: &Config) -> Result<(), String> {
        self.node.configure(&Objects::declared(config).0, &config.limits).await;
        match self.node.load().await {
            0 => Ok(()),
            _ => Err("the zone file was not taken".to_owned()),
        }
    }

    /// Serves this version.
    pub(super) fn publish(&self, version: Version) -> Result<Arc<Version>, String> {
        self.zone()?.publish(version).map_err(|error| error.to_string())
    }

    pub(super) const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The version that is served.
    pub(super) fn version(&self) -> Result<Arc<Version>, String> {
        self.zone()?.version().ok_or_else(|| "the zone is not there".to_owned())
    }

    /// Waits until this serial has been transferred here.
    pub(super) async fn transferred(&self, serial: Serial) -> Result<Transferred, String> {
        let mut transfers = self.zone()?.transfers();
        let found = transfers.wait_for(|last| last.is_some_and(|last| last.to == serial));
        match timeout(PATIENCE, found).await {
            Ok(Ok(last)) => last.ok_or_else(|| "nothing was transferred".to_owned()),
            _ => Err(format!("serial {serial} did not come within {} s", PATIENCE.as_secs())),
        }
    }

    fn zone(&self) -> Result<Arc<registry::Zone>, String> {
        self.node.registry().zones().into_iter().next().ok_or_else(|| "no zone".to_owned())
    }
}

/// A primary with the zone from this file, which tells the other one when it changes.
pub(super) fn primary(zone: &Name, file: &Path, watch: bool, other: SocketAddr, key: &TsigKey) -> Config {
    config(zone, Source::File(ZoneFile { path: file.to_owned(), watch }), other, key)
}

/// A secondary of the other one.
pub(super) fn secondary(zone: &Name, other: SocketAddr, key: &TsigKey) -> Config {
    let incoming = Incoming {
        peers: vec![0],
        auto_refresh_seconds: Incoming::AUTO_REFRESH_SECONDS,
        serial_backward: SerialBackward::Ignore,
    };
    config(zone, Source::Incoming(incoming), other, key)
}

fn config(zone: &Name, source: Source, other: SocketAddr, key: &TsigKey) -> Config {
    let (ip, port) = (other.ip(), other.port());
    let peer = Peer { name: "peer".to_owned(), ip, port, tsig: Some(0), ixfr_enable: true };
    let outgoing = Some(Outgoing { peers: vec![0], enabled: true });
    Config {
        dns: Dns::default(),
        tsig: vec![key.clone()],
        peers: vec![peer],
        zones: vec![Zone {
            name: zone.clone(),
            source,
            max_shrink_percent: 100,
            zonemd_generate: false,
            publishing: Publishing::default(),
            outgoing,
        }],
        ..Config::default()
    }
}
