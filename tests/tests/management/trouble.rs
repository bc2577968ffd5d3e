//! What has to be told of a primary that is in trouble, and that it no longer is: by the status of its zone, by metrics, and by the
//! log, in the same word.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};
use zxfr_tests::openmetrics::Metrics;
use zxfr_tests::zxfr::Transfer;

use crate::world::*;

/// A zone and one of its primaries.
#[derive(Clone, Copy)]
pub(crate) struct Link<'a> {
    /// The zone's name, without its last dot.
    pub(crate) name: &'a str,
    /// Its id.
    pub(crate) zone: &'a str,
    /// The primary's name.
    pub(crate) peer_name: &'a str,
    /// Its id.
    pub(crate) peer: &'a str,
    /// Where it is.
    pub(crate) address: SocketAddr,
}

/// What is told while a primary is in trouble.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Trouble {
    /// Why the primary fails.
    pub(crate) peer: &'static str,
    /// Why the round fails, if it does: it doesn't where what is held is as good as what the primary has. That no primary has what
    /// is held is the round's own failure, of no primary.
    pub(crate) round: Option<&'static str>,
    /// The serial that the primary is known to have.
    pub(crate) serial: Option<u32>,
    /// How far that is ahead of what is held.
    pub(crate) lag: Option<i64>,
}

impl Link<'_> {
    /// What the status says of the primary.
    pub(crate) fn status_of_peer<'v>(&self, status: &'v Value) -> &'v Value {
        let peers = status["incoming"]["peers"].as_array().unwrap();
        let mut of_it = peers.iter().filter(|peer| peer["id"] == json!(self.peer));
        let found = of_it.next().unwrap_or_else(|| panic!("no {}: {status:#}", self.peer));
        assert!(of_it.next().is_none(), "{status:#}");
        assert_eq!((&found["name"], &found["address"]), (&json!(self.peer_name), &json!(self.address.to_string())));
        found
    }

    /// The labels that the primary has in metrics.
    fn labels(&self) -> Vec<(&'static str, String)> {
        let texts = [("zone", self.name), ("direction", "in"), ("peer", self.peer_name), ("peer_id", self.peer)];
        let texts = texts.map(|(label, text)| (label, text.to_owned()));
        texts.into_iter().chain([("address", self.address.to_string())]).collect()
    }

    /// The reasons for which a metric is 1.
    fn reasons(metrics: &Metrics, name: &str, labels: &[(&str, &str)]) -> Vec<String> {
        let samples = metrics.with(name, labels).inspect(|sample| assert_eq!(sample.value, 1.0, "{sample:?}"));
        samples.map(|sample| sample.labels["reason"].clone()).collect()
    }

    /// Waits until status, metrics and the log tell of the trouble; the status.
    pub(crate) fn tells(&self, world: &mut World, trouble: Trouble, within: Duration) -> Value {
        let status = world.status_when(self.zone, within, |status| {
            let peer = self.status_of_peer(status);
            peer["failing"] == json!(true)
                && peer["last_failure"]["reason"] == json!(trouble.peer)
                && (&peer["soa_serial"], &peer["lag"]) == (&json!(trouble.serial), &json!(trouble.lag))
                && status["incoming"]["failure"]["reason"] == json!(trouble.round)
                && !status["incoming"]["next_check"].is_null()
        });
        let (incoming, peer) = (&status["incoming"], self.status_of_peer(&status));
        let failure = &incoming["failure"];
        if let Some(round) = trouble.round {
            told(failure);
            let by = if round == trouble.peer { json!(self.peer) } else { Value::Null };
            assert_eq!(failure["peer"], by, "{status:#}");
            assert!(incoming["last_success"].as_str() <= failure["at"].as_str(), "{status:#}");
            assert!(failure["at"].as_str() <= incoming["next_check"].as_str(), "{status:#}");
        }
        told(&peer["last_failure"]);
        assert_eq!(peer["last_failure"]["peer"], json!(self.peer), "{status:#}");
        assert!(peer["last_success"].as_str() <= peer["last_failure"]["at"].as_str(), "{status:#}");
        assert!(peer["last_check"].as_str() >= peer["last_success"].as_str(), "{status:#}");
        self.metrics_tell(world, trouble, within);
        self.log_tells(world, trouble.peer);
        status
    }

    fn metrics_tell(&self, world: &World, trouble: Trouble, within: Duration) {
        let labels = self.labels();
        let labels: Vec<_> = labels.iter().map(|(label, text)| (*label, text.as_str())).collect();
        let zone = [("zone", self.name)];
        // Of each primary and zone one reason and no other is told.
        let metrics = world.metrics_when(within, |metrics| {
            Self::reasons(metrics, "zxfrd_peer_failure", &labels) == [trouble.peer]
                && Self::reasons(metrics, "zxfrd_zone_failure", &zone) == trouble.round.as_slice()
                && metrics.value("zxfrd_peer_serial", &labels) == trouble.serial.map(f64::from)
        });
        assert_eq!(metrics.value("zxfrd_peer_lag", &labels), trouble.lag.map(|lag| lag as f64));
        let failed = metrics.with("zxfrd_peer_last_failure_timestamp_seconds", &labels).next().unwrap();
        assert_eq!(failed.labels["reason"], trouble.peer);
        let counted = [zone[0], ("direction", "in"), ("result", trouble.peer)];
        assert!(metrics.with("zxfrd_transfers_total", &counted).any(|sample| sample.value >= 1.0), "{metrics:#?}");
    }

    /// Waits for a line of the log that tells of the primary in this word.
    pub(crate) fn log_tells(&self, world: &mut World, word: &str) -> Transfer {
        let (zone, address) = (format!("{}.", self.name), self.address.to_string());
        let about = |line: &Transfer| line.incoming && line.zone == zone && line.peer == address && line.result == word;
        let line = world.zxfrd.wait_for_transfer(&format!("{zone}: {word}"), about).unwrap();
        assert!(line.reason.is_some(), "{line:?}");
        line
    }

    /// Waits until all is well again: the zone has this serial, and so has the primary; nothing fails any more.
    pub(crate) fn is_well(&self, world: &World, serial: u32, within: Duration) -> Value {
        let status = world.status_when(self.zone, within, |status| {
            let peer = self.status_of_peer(status);
            status["soa_serial"] == json!(serial)
                && status["incoming"]["failure"].is_null()
                && peer["failing"] == json!(false)
                && (&peer["soa_serial"], &peer["lag"]) == (&json!(serial), &json!(0))
                && !status["incoming"]["next_check"].is_null()
        });
        let (incoming, peer) = (&status["incoming"], self.status_of_peer(&status));
        assert!(incoming["last_success"].is_string() && peer["last_success"].is_string(), "{status:#}");
        assert!(incoming["expires"].as_str() > incoming["last_success"].as_str(), "{status:#}");
        assert!(peer["last_success"].as_str() >= peer["last_failure"]["at"].as_str(), "{status:#}");
        let labels = self.labels();
        let labels: Vec<_> = labels.iter().map(|(label, text)| (*label, text.as_str())).collect();
        let metrics = world.metrics_when(within, |metrics| {
            metrics.value("zxfrd_zone_serial", &[("zone", self.name)]) == Some(serial.into())
                && metrics.with("zxfrd_zone_failure", &[("zone", self.name)]).next().is_none()
                && metrics.with("zxfrd_peer_failure", &labels).next().is_none()
        });
        assert_eq!(metrics.value("zxfrd_peer_lag", &labels), Some(0.0));
        assert!(metrics.value("zxfrd_peer_last_success_timestamp_seconds", &labels).is_some());
        status
    }
}

/// A failure says when it was, and why in words.
fn told(failure: &Value) {
    assert!(failure["message"].as_str().is_some_and(|message| !message.is_empty()), "{failure}");
    assert!(failure["at"].as_str().is_some_and(|at| at.ends_with('Z')), "{failure}");
}
