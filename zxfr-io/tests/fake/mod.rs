//! Primaries that misbehave.

use crate::store::Store;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use zxfr_core::name::Name;
use zxfr_core::primary::{Action, handle_request};
use zxfr_core::time::UnixTime;
use zxfr_core::wire::{Class, Flags, Message, Question, Rcode, Rtype, Writer};
use zxfr_io::PeerIdentity;

/// How it misbehaves. It serves what its store has, and over TCP one request after the other.
#[derive(Clone)]
pub(crate) enum Manner {
    /// It says nothing at all.
    Silent,
    /// It answers datagrams, and takes connections but says nothing over them.
    Stalled,
    /// It answers IXFR with NOTIMP.
    NoIxfr,
    /// It closes the connection in the middle of the first message.
    Cutting,
    /// Its datagrams are of another server, whose zone is newer.
    Lying(Arc<Store>),
    /// It closes the connection after each transfer.
    Closing,
    /// The transfer of this zone stops after the first message and never goes on.
    Stuck(Box<Name>),
}

/// Runs until this is dropped.
pub(crate) struct Fake {
    pub(crate) addr: SocketAddr,
    _tasks: JoinSet<()>,
}

impl Fake {
    pub(crate) fn start(store: &Arc<Store>, manner: Manner) -> Self {
        let (udp, tcp) = zxfr_io::socket::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let addr = udp.local_addr().unwrap();
        let mut tasks = JoinSet::new();
        let (zones, how) = (store.clone(), manner.clone());
        tasks.spawn(async move {
            let mut request = [0; 2048];
            loop {
                let Ok((length, from)) = udp.recv_from(&mut request).await else { continue };
                let zones = match &how {
                    Manner::Silent => continue,
                    Manner::Lying(newer) => newer,
                    _ => &zones,
                };
                let asker = PeerIdentity::udp(from).asker();
                if let Action::Reply(reply) = handle_request(&**zones, &request[..length], &asker, now()) {
                    udp.send_to(&reply.message, from).await.unwrap();
                }
            }
        });
        let zones = store.clone();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (stream, from) = tcp.accept().await.unwrap();
                let (zones, manner) = (zones.clone(), manner.clone());
                connections.spawn(async move {
                    // The peer may go whenever it wants.
                    let _ = serve(stream, from, &zones, &manner).await;
                });
            }
        });
        Self { addr, _tasks: tasks }
    }
}

fn now() -> UnixTime {
    UnixTime(std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs())
}

async fn serve(mut stream: TcpStream, from: SocketAddr, zones: &Store, manner: &Manner) -> std::io::Result<()> {
    loop {
        let length = stream.read_u16().await?;
        let mut request = vec![0; length.into()];
        stream.read_exact(&mut request).await?;
        let message = Message::new(&request).unwrap();
        let question = message.question().unwrap().unwrap();
        match manner {
            Manner::Silent | Manner::Stalled => std::future::pending().await,
            Manner::NoIxfr if question.qtype == Rtype::IXFR => {
                let refusal = refusal(message.header().id, &question, Rcode::NOTIMP);
                stream.write_all(&(refusal.len() as u16).to_be_bytes()).await?;
                stream.write_all(&refusal).await?;
                continue;
            }
            _ => {}
        }
        let asker = PeerIdentity::tcp(from).asker();
        match handle_request(zones, &request, &asker, now()) {
            Action::Reply(reply) => {
                stream.write_all(&(reply.message.len() as u16).to_be_bytes()).await?;
                stream.write_all(&reply.message).await?;
            }
            Action::Stream(mut outbound) => {
                while let Some(frame) = outbound.poll_transmit(now()).unwrap() {
                    let octets = frame.stream_parts().concat();
                    if matches!(manner, Manner::Cutting) {
                        return stream.write_all(&octets[..octets.len() / 2]).await;
                    }
                    stream.write_all(&octets).await?;
                    if matches!(manner, Manner::Stuck(zone) if question.qname == **zone) {
                        std::future::pending().await
                    }
                }
                if matches!(manner, Manner::Closing) {
                    return Ok(());
                }
            }
            action => panic!("{action:?}"),
        }
    }
}

fn refusal(id: u16, question: &Question, rcode: Rcode) -> Vec<u8> {
    let mut out = [0; 512];
    let mut writer = Writer::new(&mut out);
    writer.question(question.qname.as_ref(), question.qtype, Class::IN).unwrap();
    let length = writer.finish(id, Flags::QR.with_rcode(rcode));
    out[..length].to_vec()
}
