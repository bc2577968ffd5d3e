//! A server of the demo: what `zxfrd serve` runs, with one zone.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use tokio::task::JoinSet;
use zxfr_core::name::Name;
use zxfr_core::transfer::Totals;
use zxfr_core::zone::Version;
use zxfr_io::{Primary, ServeLimits, socket};

use crate::config::{Config, Dns, Incoming, Limits, Outgoing, Peer, SerialBackward, Source, TsigKey, Zone, ZoneFile};
use crate::incoming::{self, Pulled};
use crate::registry::{self, Registry};

/// A registry with one zone, served on loopback. Ends when it is dropped.
pub(super) struct Server {
    registry: Arc<Registry>,
    addr: SocketAddr,
    _tasks: JoinSet<()>,
}

impl Server {
    /// Serves the version that was loaded from the file.
    pub(super) fn primary(version: Version, file: &Path, key: &TsigKey) -> Result<Self, String> {
        let apex = version.apex().to_name();
        let file = ZoneFile { path: file.to_owned(), watch: false };
        // The peer is there for its address and key; nothing is sent to its port.
        let server = Self::start(config(&apex, Source::File(file), 53, key))?;
        server.zone()?.publish(version).map_err(|error| error.to_string())?;
        Ok(server)
    }

    /// Serves what it will have transferred from there.
    pub(super) fn secondary(apex: &Name, primary: SocketAddr, key: &TsigKey) -> Result<Self, String> {
        let incoming = Incoming {
            peers: vec![0],
            auto_refresh_seconds: Incoming::AUTO_REFRESH_SECONDS,
            serial_backward: SerialBackward::Ignore,
        };
        Self::start(config(apex, Source::Incoming(incoming), primary.port(), key))
    }

    fn start(config: Config) -> Result<Self, String> {
        let registry = Arc::new(Registry::new(&config).map_err(|error| error.to_string())?);
        let (udp, tcp) = socket::bind(config.dns.listen[0]).map_err(|error| format!("listen: {error}"))?;
        let addr = tcp.local_addr().map_err(|error| error.to_string())?;
        let [over_udp, over_tcp] = [(); 2].map(|()| Primary::new(registry.clone(), ServeLimits::default()));
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { over_udp.serve_udp(udp).await });
        tasks.spawn(async move { over_tcp.serve_tcp(tcp).await });
        Ok(Self { registry, addr, _tasks: tasks })
    }

    /// Transfers the zone from its primary.
    pub(super) async fn transfer(&self) -> Result<Totals, String> {
        let zone = self.zone()?;
        let registry::Source::Incoming(primaries) = zone.source() else {
            return Err("not a secondary".to_owned());
        };
        let primary = primaries.first().ok_or("no primary")?;
        let limits = Limits::default();
        let (most, timeouts) = (incoming::transfer_limits(&limits), incoming::timeouts(&limits));
        let pulled = incoming::pull(zone.name(), primary, most, timeouts, &mut Totals::default()).await;
        let Pulled { version, report, .. } = pulled.map_err(|error| format!("secondary: {error}"))?;
        zone.publish(version).map_err(|error| error.to_string())?;
        Ok(report.totals)
    }

    pub(super) const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The version that is served.
    pub(super) fn version(&self) -> Result<Arc<Version>, String> {
        self.zone()?.version().ok_or_else(|| "the zone is not there".to_owned())
    }

    fn zone(&self) -> Result<Arc<registry::Zone>, String> {
        self.registry.zones().into_iter().next().ok_or_else(|| "no zone".to_owned())
    }
}

fn config(apex: &Name, source: Source, port: u16, key: &TsigKey) -> Config {
    let peer = Peer { name: "peer".to_owned(), ip: Ipv4Addr::LOCALHOST.into(), port, tsig: Some(0), ixfr_enable: true };
    let outgoing = Some(Outgoing { peers: vec![0], enabled: true });
    Config {
        dns: Dns { listen: vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 0))] },
        tsig: vec![key.clone()],
        peers: vec![peer],
        zones: vec![Zone { name: apex.clone(), source, max_shrink_percent: 100, outgoing }],
        ..Config::default()
    }
}
