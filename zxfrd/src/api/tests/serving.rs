//! Sockets: HTTP as it really goes over them, TLS, stopping.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::*;
use crate::api::{Listener, Tls};

struct Served {
    addr: SocketAddr,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

async fn serve(router: Router, connections: usize) -> Served {
    serve_with(router, connections, None).await
}

async fn serve_with(router: Router, connections: usize, tls: Option<Tls>) -> Served {
    let listener = Listener::bind((Ipv4Addr::LOCALHOST, 0).into(), tls, connections).await.unwrap();
    let addr = listener.local_addr().unwrap();
    let (stop, stopped) = watch::channel(false);
    let task = tokio::spawn(listener.serve(router, stopped, Duration::from_secs(5)));
    Served { addr, stop, task }
}

async fn exchange(addr: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

const LIST: &str =
    "GET /client/v4/zones HTTP/1.1\r\nhost: x\r\nauthorization: Bearer alice-secret\r\nconnection: close\r\n\r\n";

#[tokio::test]
async fn requests_are_answered_over_a_socket_and_stopping_is_graceful() {
    let world = World::new().await;
    let served = serve(world.router.clone(), 10).await;
    let answer = exchange(served.addr, LIST).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("content-length: "), "{answer}");
    // A connection that waits for its next request doesn't hold up the end.
    let mut idle = TcpStream::connect(served.addr).await.unwrap();
    idle.write_all(LIST.replace("connection: close\r\n", "").as_bytes()).await.unwrap();
    let mut octets = [0; 1];
    idle.read_exact(&mut octets).await.unwrap();
    served.stop.send(true).unwrap();
    served.task.await.unwrap();
    assert!(TcpStream::connect(served.addr).await.is_err());
}

#[tokio::test]
async fn a_connection_too_many_waits_for_its_place() {
    let world = World::new().await;
    let served = serve(world.router.clone(), 1).await;
    let mut first = TcpStream::connect(served.addr).await.unwrap();
    first.write_all(LIST.replace("connection: close\r\n", "").as_bytes()).await.unwrap();
    let mut octets = [0; 1];
    first.read_exact(&mut octets).await.unwrap();
    let second = tokio::spawn(exchange(served.addr, LIST));
    drop(first);
    assert!(second.await.unwrap().starts_with("HTTP/1.1 200 OK\r\n"));
    drop(served.stop);
    served.task.await.unwrap();
}

#[tokio::test]
async fn a_post_of_content_length_0_with_a_json_type_has_no_body() {
    let world = World::new().await;
    let zone = world.zone("example.org", "secondary").await;
    world
        .post(&format!("/zones/{zone}/secondary_dns/incoming"), ALICE, json!({"name": "example.org", "peers": []}))
        .await
        .result();
    let served = serve(world.router.clone(), 10).await;
    let answer = exchange(
        served.addr,
        &format!(
            "POST /client/v4/zones/{zone}/secondary_dns/force_axfr HTTP/1.1\r\nhost: x\r\nauthorization: Bearer alice-secret\r\n\
             content-type: application/json\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        ),
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.contains("\"result\":\"OK\""), "{answer}");
    drop(served.stop);
    served.task.await.unwrap();
}

/// A certificate for 127.0.0.1, and its key: good for tests and nothing else.
const CERTIFICATE: &str = include_str!("tls/cert.pem");
const KEY: &str = include_str!("tls/key.pem");

#[tokio::test]
async fn with_a_certificate_the_api_speaks_tls_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let [certificate, key] = [("cert.pem", CERTIFICATE), ("key.pem", KEY)].map(|(name, text)| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    });
    let world = World::new().await;
    let served = serve_with(world.router.clone(), 10, Some(Tls::read(&certificate, &key).unwrap())).await;

    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(&certificate).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config =
        config.with_safe_default_protocol_versions().unwrap().with_root_certificates(roots).with_no_client_auth();
    let stream = TcpStream::connect(served.addr).await.unwrap();
    let name = ServerName::from(served.addr.ip());
    let mut stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap();
    stream.write_all(LIST.as_bytes()).await.unwrap();
    let mut answer = String::new();
    // Some servers, this one too, end the connection below without a word of TLS.
    let _ = stream.read_to_string(&mut answer).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");

    let mut plain = TcpStream::connect(served.addr).await.unwrap();
    plain.write_all(LIST.as_bytes()).await.unwrap();
    let mut octets = Vec::new();
    let _ = plain.read_to_end(&mut octets).await;
    assert!(!octets.starts_with(b"HTTP"), "nothing is said in the clear");
    drop(served.stop);
    served.task.await.unwrap();
}

#[test]
fn what_is_wrong_with_a_certificate_is_said_with_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let (certificate, key) = (path("cert.pem", CERTIFICATE), path("key.pem", KEY));
    let (empty, missing) = (path("empty.pem", ""), folder.path().join("missing.pem"));
    for (certificate, key, at) in [
        (&missing, &key, "missing.pem"),
        (&empty, &key, "empty.pem: there is no certificate in it"),
        (&certificate, &missing, "missing.pem"),
        (&certificate, &empty, "empty.pem"),
        (&certificate, &certificate, "cert.pem"),
    ] {
        let error = Tls::read(certificate, key).unwrap_err();
        assert!(error.contains(at), "{error}");
    }
}
