//! The sockets of the API: HTTP/1.1, with TLS where there is a certificate.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::gate::Client;

/// How long a client may take to shake hands, and to send the head of a request.
const HEAD_TIME: Duration = Duration::from_secs(15);
/// The most octets that the head of a request, or a part of its body, takes in memory.
const BUFFER: usize = 64 * 1024;
/// How long is waited when no connection can be taken, as when there are no more file descriptors.
const PAUSE: Duration = Duration::from_millis(200);

/// A certificate and its key, ready to be used.
#[derive(Clone)]
pub struct Tls(Arc<ServerConfig>);

impl Tls {
    /// Reads a chain of certificates and a private key, both in PEM.
    ///
    /// # Errors
    /// What is wrong with which file.
    pub fn read(certificate: &Path, key: &Path) -> Result<Self, String> {
        let wrong = |path: &Path, what: &dyn std::fmt::Display| format!("{}: {what}", path.display());
        let chain = CertificateDer::pem_file_iter(certificate)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|error| wrong(certificate, &error))?;
        if chain.is_empty() {
            return Err(wrong(certificate, &"there is no certificate in it"));
        }
        let private = PrivateKeyDer::from_pem_file(key).map_err(|error| wrong(key, &error))?;
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, private));
        let mut config = config.map_err(|error| wrong(certificate, &error))?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self(Arc::new(config)))
    }
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tls(…)")
    }
}

/// The API on a socket.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    tls: Option<Tls>,
    connections: Arc<Semaphore>,
}

impl Listener {
    /// Listens on an address. What others than this machine can reach without TLS is warned of: tokens and TSIG secrets go over it.
    ///
    /// # Errors
    /// When the address can't be had.
    pub async fn bind(addr: SocketAddr, tls: Option<Tls>, connections: usize) -> io::Result<Self> {
        let socket = TcpListener::bind(addr).await?;
        if tls.is_none() && !addr.ip().to_canonical().is_loopback() {
            tracing::warn!(
                %addr,
                "the API listens on an address that others can reach, without TLS: tokens and TSIG secrets can be read on the way; \
                 set tls_cert and tls_key, or listen on a loopback address"
            );
        }
        let connections = Arc::new(Semaphore::new(connections.clamp(1, Semaphore::MAX_PERMITS)));
        Ok(Self { socket, tls, connections })
    }

    /// The address that is listened on.
    ///
    /// # Errors
    /// When the system doesn't say.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Serves until `stop` becomes true or its sender is gone; then requests under way get so long to end.
    pub async fn serve(self, router: Router, mut stop: watch::Receiver<bool>, grace: Duration) {
        let graceful = GracefulShutdown::new();
        loop {
            let accepted = tokio::select! {
                accepted = self.accept() => accepted,
                _ = stop.wait_for(|stop| *stop) => break,
            };
            let (stream, addr, permit) = accepted;
            let (router, tls, watcher) = (router.clone(), self.tls.clone(), graceful.watcher());
            tokio::spawn(async move {
                let _permit = permit;
                match tls {
                    None => converse(stream, addr, router, watcher).await,
                    Some(Tls(config)) => match timeout(HEAD_TIME, TlsAcceptor::from(config).accept(stream)).await {
                        Ok(Ok(stream)) => converse(stream, addr, router, watcher).await,
                        Ok(Err(error)) => tracing::debug!(client = %addr, "TLS: {error}"),
                        Err(_) => tracing::debug!(client = %addr, "TLS: no handshake in time"),
                    },
                }
            });
        }
        drop(self.socket);
        if timeout(grace, graceful.shutdown()).await.is_err() {
            tracing::warn!("requests to the API under way were cut off");
        }
    }

    async fn accept(&self) -> (TcpStream, SocketAddr, OwnedSemaphorePermit) {
        loop {
            // The semaphore is never closed.
            let Ok(permit) = self.connections.clone().acquire_owned().await else { continue };
            match self.socket.accept().await {
                Ok((stream, addr)) => {
                    let _ = stream.set_nodelay(true);
                    return (stream, addr, permit);
                }
                Err(error) => {
                    tracing::debug!("no connection to the API could be taken: {error}");
                    sleep(PAUSE).await;
                }
            }
        }
    }
}

/// Answers the requests of one connection.
async fn converse(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    addr: SocketAddr,
    router: Router,
    watcher: hyper_util::server::graceful::Watcher,
) {
    let service = TowerToHyperService::new(router.layer(axum::Extension(Client(addr))));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_TIME).max_buf_size(BUFFER);
    let connection = http.serve_connection(TokioIo::new(stream), service);
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(client = %addr, "a connection to the API ended: {error}");
    }
}
