//! Datagrams: one answer each.

use super::Zones;
use crate::clock;
use crate::identity::PeerIdentity;
use std::sync::Arc;
use tokio::net::UdpSocket;
use zxfr_core::primary::{Action, Reply, handle_request};
use zxfr_core::wire::Message;

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
        match handle_request(&**zones, octets, &peer.asker(), clock::unix()) {
            Action::Reply(reply) => {
                report(&**zones, &peer, octets, &reply);
                // Who doesn't get an answer asks again.
                let _ = socket.send_to(&reply.message, addr).await;
            }
            Action::NeedKeys(pending) => {
                let (zones, socket) = (zones.clone(), socket.clone());
                tokio::spawn(async move {
                    let keys = zones.fetch_keys(&pending).await;
                    let zone = pending.zone.clone();
                    if let Action::Reply(reply) = pending.supply(&*zones, keys, clock::unix()) {
                        if let Some(refusal) = &reply.refusal {
                            zones.refused(&peer, Some(zone.as_ref()), refusal);
                        }
                        let _ = socket.send_to(&reply.message, addr).await;
                    }
                });
            }
            // No transfer starts over UDP.
            Action::Stream(_) | Action::Drop(_) => {}
        }
    }
}

/// Tells the host of a refusal, with the zone that was asked about.
pub(super) fn report<Z: Zones>(zones: &Z, peer: &PeerIdentity, request: &[u8], reply: &Reply) {
    if let Some(refusal) = &reply.refusal {
        let question = Message::new(request).ok().and_then(|message| message.question().ok()?);
        zones.refused(peer, question.as_ref().map(|question| question.qname.as_ref()), refusal);
    }
}
