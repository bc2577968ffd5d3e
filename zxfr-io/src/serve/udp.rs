//! Datagrams: one answer each.

use super::{OutReport, Zones};
use crate::clock;
use crate::identity::PeerIdentity;
use std::sync::Arc;
use tokio::net::UdpSocket;
use tokio::time::Instant;
use zxfr_core::name::{Name, NameRef};
use zxfr_core::primary::{Action, Reply, Update, handle_request};
use zxfr_core::wire::{Message, Rtype};

/// The most octets of a request that are looked at: far more than any honest one has.
const MAX_REQUEST: usize = 4096;

/// Answers datagrams for ever.
pub(super) async fn serve<Z: Zones>(zones: &Arc<Z>, socket: Arc<UdpSocket>) {
    let mut request = vec![0; MAX_REQUEST];
    loop {
        let Ok((length, addr)) = socket.recv_from(&mut request).await else {
            // An ICMP error of an earlier answer, or no memory for now.
            tokio::task::yield_now().await;
            continue;
        };
        let octets = &request[..length];
        let peer = PeerIdentity::udp(addr);
        let began = Instant::now();
        match handle_request(&**zones, octets, &peer.asker(), clock::unix()) {
            Action::NeedKeys(pending) => {
                let (zones, socket) = (zones.clone(), socket.clone());
                tokio::spawn(async move {
                    let keys = zones.fetch_keys(&pending).await;
                    let zone = pending.zone.clone();
                    let began = Instant::now();
                    let action = pending.supply(&*zones, keys, clock::unix());
                    match action {
                        Action::Update(update) => updated(zones, &socket, peer, update).await,
                        action => answer(&*zones, &socket, &peer, Some(zone), action, began).await,
                    }
                });
            }
            Action::Update(update) => {
                let (zones, socket) = (zones.clone(), socket.clone());
                tokio::spawn(async move { updated(zones, &socket, peer, update).await });
            }
            action => answer(&**zones, &socket, &peer, zone_of(octets), action, began).await,
        }
    }
}

/// Sends the answer, if there is one, and tells the host.
async fn answer<Z: Zones>(
    zones: &Z,
    socket: &UdpSocket,
    peer: &PeerIdentity,
    zone: Option<Name>,
    action: Action<Z::Mac>,
    began: Instant,
) {
    match action {
        Action::Reply(reply) => {
            // Who doesn't get an answer asks again.
            let _ = socket.send_to(&reply.message, peer.addr).await;
            report(zones, peer, zone.as_ref().map(|zone| zone.as_ref()), &reply, began);
        }
        Action::Notify(notify) => {
            zones.notified(peer, &notify);
            let _ = socket.send_to(&notify.reply.message, peer.addr).await;
        }
        // No stream starts over UDP, keys are asked for once, and updates are performed elsewhere.
        Action::Stream(_) | Action::NeedKeys(_) | Action::Update(_) | Action::Drop(_) => {}
    }
}

/// Sends the reply to an UPDATE once it is performed.
async fn updated<Z: Zones>(zones: Arc<Z>, socket: &UdpSocket, peer: PeerIdentity, update: Update<Z::Mac>) {
    if let Some(reply) = zones.update(peer, update).await {
        let _ = socket.send_to(&reply.message, peer.addr).await;
    }
}

/// The zone that a request asks about.
pub(super) fn zone_of(request: &[u8]) -> Option<Name> {
    let question = Message::new(request).ok()?.question().ok()??;
    Some(question.qname)
}

/// Whether an answer is to a question for a zone's SOA, or IXFR.
fn asks_for_serial(answer: &[u8]) -> bool {
    let question = Message::new(answer).ok().and_then(|message| message.question().ok().flatten());
    question.is_some_and(|question| matches!(question.qtype, Rtype::SOA | Rtype::IXFR))
}

/// Tells the host what an answer of one message was.
pub(super) fn report<Z: Zones>(
    zones: &Z,
    peer: &PeerIdentity,
    zone: Option<NameRef<'_>>,
    reply: &Reply,
    began: Instant,
) {
    match (&reply.refusal, &reply.sent) {
        (Some(refusal), _) => zones.refused(peer, zone, refusal),
        (None, Some(sent)) => zones.answered(&OutReport::of(sent, *peer, began.elapsed())),
        (None, None) if !asks_for_serial(&reply.message) => {}
        (None, None) => zone.into_iter().for_each(|zone| zones.told_serial(peer, zone)),
    }
}
