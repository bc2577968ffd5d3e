//! What there is to tell of zones and their peers: every number that their status has, and counts.

use std::fmt;

use super::super::time;
use super::super::view::{PeerView, View};
use super::{Metric, Samples};
use crate::logging::{Direction, Kind};
use crate::registry::Tally;

/// A zone, and what is known of it.
#[derive(Debug)]
pub(in super::super) struct Row {
    name: String,
    view: View,
    peers: Vec<(Direction, Labels, PeerView)>,
}

/// What tells a peer.
#[derive(Debug)]
struct Labels {
    id: String,
    address: String,
}

impl Row {
    /// A zone by its name.
    pub(in super::super) fn new(name: String, view: View) -> Self {
        let labelled = |direction: Direction| {
            move |peer: PeerView| {
                let address = peer.peer.addr().map(|addr| addr.to_string()).unwrap_or_default();
                (direction, Labels { id: peer.peer.id.to_string(), address }, peer)
            }
        };
        let primaries = view.primaries().map(labelled(Direction::In));
        let peers = primaries.chain(view.secondaries().map(labelled(Direction::Out))).collect();
        Self { name, view, peers }
    }

    fn labels(&self) -> [(&str, &str); 1] {
        [("zone", &self.name)]
    }

    fn with<'a>(&'a self, label: &'static str, value: &'a str) -> [(&'a str, &'a str); 2] {
        [("zone", &self.name), (label, value)]
    }

    /// Puts a sample for each peer.
    fn each_peer(&self, mut put: impl FnMut(&PeerView, &[(&str, &str)]) -> fmt::Result) -> fmt::Result {
        self.peers.iter().try_for_each(|(direction, Labels { id, address }, peer)| {
            let labels = [
                ("zone", self.name.as_str()),
                ("direction", direction.as_str()),
                ("peer", &peer.peer.name),
                ("peer_id", id),
                ("address", address),
            ];
            put(peer, &labels)
        })
    }

    /// Puts a sample for each kind of transfers, by how they ended.
    fn each_tally(&self, samples: &mut Samples<'_>, number: impl Fn(&Tally) -> super::Number) -> fmt::Result {
        self.view.dealings.transfers.iter().try_for_each(|((direction, kind, result), tally)| {
            let labels = [
                ("zone", self.name.as_str()),
                ("direction", Direction::as_str(*direction)),
                ("kind", Kind::as_str(*kind)),
                ("result", result),
            ];
            samples.put(&labels, number(tally))
        })
    }
}

/// The labels of a peer, and why it fails.
fn because<'a>(labels: &[(&'a str, &'a str)], reason: &'a str) -> Vec<(&'a str, &'a str)> {
    labels.iter().copied().chain([("reason", reason)]).collect()
}

/// In the order in which they are told.
pub(super) const METRICS: &[Metric<Row>] = &[
    Metric::gauge("zxfrd_zone_serial", "The serial that is held", |row, samples| {
        samples.put_some(&row.labels(), row.view.serial().map(|serial| serial.0))
    }),
    Metric::gauge("zxfrd_zone_records", "How many records are held", |row, samples| {
        samples.put_some(&row.labels(), row.view.version.as_ref().map(|version| version.record_count()))
    }),
    Metric::gauge("zxfrd_zone_octets", "How many octets of messages are held", |row, samples| {
        samples.put_some(&row.labels(), row.view.version.as_ref().map(|version| version.octets()))
    }),
    Metric::gauge("zxfrd_zone_expired", "Whether no primary has confirmed it for too long", |row, samples| {
        samples.put(&row.labels(), row.view.expired)
    }),
    Metric::gauge(
        "zxfrd_zone_failure",
        "1 when the last round of checks and transfers failed, with the reason, or \
        what is held here is not as it should be",
        |row, samples| {
            let here = row.view.failure.as_ref().map(|(reason, ..)| *reason);
            let round = row.view.status.as_ref().and_then(|status| status.failed.as_ref());
            let round = round.map(|failed| failed.reason.failure.as_str()).filter(|round| here != Some(*round));
            here.into_iter().chain(round).try_for_each(|reason| samples.put(&row.with("reason", reason), true))
        },
    ),
    Metric::gauge(
        "zxfrd_zone_changed_timestamp_seconds",
        "When another version was last served, since the start",
        |row, samples| samples.put_some(&row.labels(), row.view.dealings.changed),
    ),
    Metric::gauge("zxfrd_zone_last_check_timestamp_seconds", "When its primaries were last asked", |row, samples| {
        samples.put_some(&row.labels(), row.view.state.last_check.map(time))
    }),
    Metric::gauge(
        "zxfrd_zone_last_success_timestamp_seconds",
        "When a primary last confirmed what is held, or gave something newer",
        |row, samples| samples.put_some(&row.labels(), row.view.state.last_success.map(time)),
    ),
    Metric::gauge("zxfrd_zone_next_check_timestamp_seconds", "When its primaries are asked next", |row, samples| {
        samples.put_some(&row.labels(), row.view.next_check())
    }),
    Metric::gauge(
        "zxfrd_zone_expires_timestamp_seconds",
        "When what is held expires if no primary confirms it",
        |row, samples| samples.put_some(&row.labels(), row.view.state.expires.map(time)),
    ),
    Metric::gauge("zxfrd_zone_transfers", "Transfers under way, and incoming ones that wait", |row, samples| {
        let coming = u32::from(row.view.status.as_ref().is_some_and(|status| status.transfer.is_some()));
        samples.put(&row.with("direction", Direction::In.as_str()), coming)?;
        samples.put(&row.with("direction", Direction::Out.as_str()), row.view.dealings.sending)
    }),
    Metric::gauge(
        "zxfrd_zone_transfer_records",
        "Records that the incoming transfer under way has brought",
        |row, samples| {
            let transfer = row.view.status.as_ref().and_then(|status| status.transfer.as_ref());
            samples.put_some(&row.labels(), transfer.map(|transfer| transfer.totals.records))
        },
    ),
    Metric::gauge(
        "zxfrd_zone_transfer_octets",
        "Octets that the incoming transfer under way has brought",
        |row, samples| {
            let transfer = row.view.status.as_ref().and_then(|status| status.transfer.as_ref());
            samples.put_some(&row.labels(), transfer.map(|transfer| transfer.totals.octets))
        },
    ),
    Metric::gauge(
        "zxfrd_zone_transfer_seconds",
        "For how long the incoming transfer has been under way",
        |row, samples| {
            let transfer = row.view.status.as_ref().and_then(|status| status.transfer.as_ref());
            samples.put_some(
                &row.labels(),
                transfer.and_then(|transfer| transfer.running).map(|running| running.as_secs_f64()),
            )
        },
    ),
    Metric::gauge(
        "zxfrd_outgoing_enabled",
        "Whether a zone with an outgoing configuration is handed out",
        |row, samples| samples.put_some(&row.labels(), row.view.links.outgoing.as_ref().map(|(enabled, _)| *enabled)),
    ),
    Metric::gauge(
        "zxfrd_outgoing_last_transfer_timestamp_seconds",
        "When it was last transferred to somebody",
        |row, samples| samples.put_some(&row.labels(), row.view.dealings.sent),
    ),
    Metric::gauge("zxfrd_peer_serial", "The serial that a peer has, as far as that is known", |row, samples| {
        row.each_peer(|peer, labels| samples.put_some(labels, peer.serial.map(|serial| serial.0)))
    }),
    Metric::gauge(
        "zxfrd_peer_lag",
        "How many serials we are behind a primary, or a secondary is behind us",
        |row, samples| row.each_peer(|peer, labels| samples.put_some(labels, peer.lag)),
    ),
    Metric::gauge(
        "zxfrd_peer_last_check_timestamp_seconds",
        "When a peer was last asked or told, or asked",
        |row, samples| row.each_peer(|peer, labels| samples.put_some(labels, peer.last_check)),
    ),
    Metric::gauge("zxfrd_peer_last_success_timestamp_seconds", "When that last went well", |row, samples| {
        row.each_peer(|peer, labels| samples.put_some(labels, peer.last_success))
    }),
    Metric::gauge(
        "zxfrd_peer_last_failure_timestamp_seconds",
        "When it last went wrong, with the reason",
        |row, samples| {
            row.each_peer(|peer, labels| {
                let Some(failed) = &peer.last_failure else { return Ok(()) };
                samples.put(&because(labels, failed.reason), failed.at)
            })
        },
    ),
    Metric::gauge(
        "zxfrd_peer_failure",
        "1 when nothing has gone well with a peer since it last went wrong, with the reason",
        |row, samples| {
            row.each_peer(|peer, labels| {
                let Some(failed) = peer.last_failure.as_ref().filter(|_| peer.failing) else { return Ok(()) };
                samples.put(&because(labels, failed.reason), true)
            })
        },
    ),
    Metric::counter("zxfrd_transfers", "Transfers and checks that have ended", |row, samples| {
        row.each_tally(samples, |tally| tally.count.into())
    }),
    Metric::counter("zxfrd_transfer_messages", "Messages of these", |row, samples| {
        row.each_tally(samples, |tally| tally.totals.messages.into())
    }),
    Metric::counter("zxfrd_transfer_records", "Records of these", |row, samples| {
        row.each_tally(samples, |tally| tally.totals.records.into())
    }),
    Metric::counter("zxfrd_transfer_octets", "Octets of these", |row, samples| {
        row.each_tally(samples, |tally| tally.totals.octets.into())
    }),
    Metric::counter("zxfrd_transfer_seconds", "How long these took together", |row, samples| {
        row.each_tally(samples, |tally| tally.elapsed.as_secs_f64().into())
    }),
    Metric::counter("zxfrd_notifies_sent", "NOTIFYs to peers, by how that ended", |row, samples| {
        let counts = row.view.dealings.notifies_out.iter();
        counts.into_iter().try_for_each(|(result, count)| samples.put(&row.with("result", result), *count))
    }),
    Metric::counter("zxfrd_notifies_received", "NOTIFYs from those who may send them", |row, samples| {
        samples.put(&row.labels(), row.view.dealings.notifies_in)
    }),
    Metric::counter("zxfrd_soa_answers", "SOAs given to those who asked", |row, samples| {
        samples.put(&row.labels(), row.view.dealings.soas)
    }),
    Metric::counter("zxfrd_updates", "DNS UPDATEs by what became of them", |row, samples| {
        let counts = row.view.dealings.updates.iter();
        counts.clone().try_for_each(|(result, count)| samples.put(&row.with("result", result), *count))
    }),
    Metric::counter("zxfrd_refusals", "Requests about the zone that were refused", |row, samples| {
        let counts = row.view.dealings.refusals.iter();
        counts.into_iter().try_for_each(|(reason, count)| samples.put(&row.with("reason", reason), *count))
    }),
];
