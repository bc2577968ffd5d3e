//! The sockets that are served, changed without a break.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::timeout;
use zxfr_io::{Primary, socket};

use crate::registry::Registry;

/// What is listened on, each address with the tasks that serve it.
pub(super) struct Listeners {
    primary: Primary<Registry>,
    open: Vec<Listener>,
}

struct Listener {
    /// As the configuration has it: the port may be 0.
    wanted: SocketAddr,
    tasks: JoinSet<()>,
}

impl Listeners {
    pub(super) const fn new(primary: Primary<Registry>) -> Self {
        Self { primary, open: Vec::new() }
    }

    /// Listens on those of the addresses that are new: UDP and TCP on each.
    ///
    /// # Errors
    /// When one of them can't be had; then none of them is listened on.
    pub(super) fn listen(&mut self, addrs: &[SocketAddr]) -> Result<(), String> {
        let new = addrs.iter().filter(|addr| self.open.iter().all(|listener| listener.wanted != **addr));
        let bind = |addr: &SocketAddr| {
            socket::bind(*addr).map(|sockets| (*addr, sockets)).map_err(|error| format!("listen on {addr}: {error}"))
        };
        let bound: Vec<_> = new.map(bind).collect::<Result<_, _>>()?;
        for (wanted, (udp, tcp)) in bound {
            let addr = tcp.local_addr().unwrap_or(wanted);
            let mut tasks = JoinSet::new();
            let [over_udp, over_tcp] = [self.primary.clone(), self.primary.clone()];
            tasks.spawn(async move { over_udp.serve_udp(udp).await });
            tasks.spawn(async move { over_tcp.serve_tcp(tcp).await });
            self.open.push(Listener { wanted, tasks });
            tracing::info!(%addr, "listening");
        }
        Ok(())
    }

    /// Gives up all addresses but these, and the connections to them.
    pub(super) fn retain(&mut self, addrs: &[SocketAddr]) {
        self.open.retain(|listener| {
            let keep = addrs.contains(&listener.wanted);
            if !keep {
                tracing::info!(addr = %listener.wanted, "no longer listening");
            }
            keep
        });
    }

    /// Takes no more requests, lets transfers under way go on for so long, and ends them.
    pub(super) async fn stop(&mut self, grace: Duration) {
        self.primary.shutdown();
        let finish = async {
            for listener in &mut self.open {
                while listener.tasks.join_next().await.is_some() {}
            }
        };
        if timeout(grace, finish).await.is_err() {
            tracing::warn!("transfers under way were cut off");
        }
        self.open.clear();
    }
}
