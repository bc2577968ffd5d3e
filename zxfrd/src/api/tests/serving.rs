//! Sockets: HTTP as it really goes over them, TLS, stopping.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::*;
use crate::api::Listener;

struct Served {
    addr: SocketAddr,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

async fn serve(router: Router, connections: usize) -> Served {
    let listener = Listener::bind((Ipv4Addr::LOCALHOST, 0).into(), None, connections).await.unwrap();
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
