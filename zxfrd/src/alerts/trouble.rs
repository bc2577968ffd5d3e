//! What is the matter with a zone.

use super::damping::State;
use super::digests::Digest;
use super::signatures::Validity;
use crate::api::{FailureStatus, PeerStatus, ZoneStatus};
use crate::catalog::AlertType;

/// Trouble of one kind, or that there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Trouble {
    /// Of what kind.
    pub(super) kind: AlertType,
    /// Whether there is any.
    pub(super) state: State,
    /// Why, as a word, where there is.
    pub(super) reason: Option<&'static str>,
    /// What there is to say of it, whether it is on or over.
    pub(super) text: String,
}

/// The kinds of trouble, that begin and are over.
pub(super) const KINDS: [AlertType; 4] =
    [AlertType::AllPrimariesFailing, AlertType::PrimariesFailing, AlertType::Warning, AlertType::ValidationWarning];

/// Reasons that are no fault of a primary: a rule, a limit or trouble here.
const OURS: [&str; 4] = ["limit", "held", "store", "local"];
/// Reasons for which a round fails though the primaries can be asked.
const WARNINGS: [&str; 4] = ["held", "backward", "store", "limit"];
/// The words for signatures that aren't valid any more, or not yet, and for a digest that is wrong.
const SIGNATURES: &str = "signatures";
const ZONEMD: &str = "zonemd";

/// All kinds, as they are with a zone that isn't transferred, or isn't there.
pub(super) fn none() -> [Trouble; 4] {
    KINDS.map(|kind| off(kind, "it comes from no primaries any more"))
}

/// All kinds, as they are with a secondary zone.
pub(super) fn of(status: &ZoneStatus, data: Option<(Validity, Digest)>) -> [Trouble; 4] {
    let Some(incoming) = &status.incoming else { return none() };
    let peers: Vec<&PeerStatus> = incoming.peers.iter().filter(|peer| peer.address.is_some()).collect();
    let round = incoming.failure.as_ref();
    [all_failing(&peers), failing(&peers), warning(status, round, &peers), validation(data)]
}

fn all_failing(peers: &[&PeerStatus]) -> Trouble {
    let kind = AlertType::AllPrimariesFailing;
    match peers {
        [] => off(kind, "it comes from no primaries any more"),
        peers if peers.iter().any(|peer| answers(peer)) => off(kind, "a primary answers as it should"),
        peers if peers.iter().all(|peer| fails(peer)) => {
            on(kind, word(peers), format!("every primary fails: {}", list(peers)))
        }
        _ => unknown(kind),
    }
}

fn failing(peers: &[&PeerStatus]) -> Trouble {
    let kind = AlertType::PrimariesFailing;
    let failing: Vec<_> = peers.iter().copied().filter(|peer| fails(peer)).collect();
    match failing.as_slice() {
        [] if peers.is_empty() => off(kind, "it comes from no primaries any more"),
        [] if peers.iter().all(|peer| answers(peer)) => off(kind, "no primary fails"),
        [] => unknown(kind),
        failing => {
            let text = format!("{} of {} primaries fails: {}", failing.len(), peers.len(), list(failing));
            on(kind, word(failing), text)
        }
    }
}

fn warning(status: &ZoneStatus, round: Option<&FailureStatus>, peers: &[&PeerStatus]) -> Trouble {
    let kind = AlertType::Warning;
    if let Some(failure) = round.filter(|failure| WARNINGS.contains(&failure.reason)) {
        let text = format!("it isn't what its primaries have: {}", failure.message);
        return on(kind, failure.reason, text);
    }
    if status.expired {
        return on(
            kind,
            "expired",
            "it has expired: no primary has confirmed it for longer than its SOA's EXPIRE".into(),
        );
    }
    if let Some(failure) = &status.failure {
        return on(kind, failure.reason, failure.message.clone());
    }
    match round {
        None if peers.is_empty() || peers.iter().any(|peer| answers(peer)) => {
            off(kind, "it is what its primaries have")
        }
        _ => unknown(kind),
    }
}

fn validation(data: Option<(Validity, Digest)>) -> Trouble {
    const TAKEN: &str = "who validates takes none of its records";
    let kind = AlertType::ValidationWarning;
    match data {
        None => unknown(kind),
        Some((Validity::Ended { at, what }, _)) => {
            on(kind, SIGNATURES, format!("the signatures of its {what} ended at {at}: {TAKEN}"))
        }
        Some((Validity::NotBegun { at, what }, _)) => {
            on(kind, SIGNATURES, format!("the signatures of its {what} hold from {at} on: {TAKEN} before"))
        }
        Some((_, Digest::Wrong(how))) => on(kind, ZONEMD, format!("its ZONEMD is wrong: {how}")),
        Some((_, Digest::Unknown)) => unknown(kind),
        Some((Validity::Unsigned, Digest::Good)) => off(kind, "it isn't signed, and no ZONEMD is wrong"),
        Some((Validity::Holds { .. }, Digest::Good)) => off(kind, "its signatures hold, and no ZONEMD is wrong"),
    }
}

/// Whether a primary fails, and not we.
pub(super) fn fails(peer: &PeerStatus) -> bool {
    peer.failing && peer.last_failure.as_ref().is_some_and(|failure| !OURS.contains(&failure.reason))
}

/// Whether a primary has had, or given, what it should, and no trouble since.
fn answers(peer: &PeerStatus) -> bool {
    !fails(peer) && (peer.failing || peer.last_success.is_some())
}

/// Why primaries fail, if it is for the same reason; else for that of the first.
fn word(failing: &[&PeerStatus]) -> &'static str {
    let reason = failing.iter().find_map(|peer| peer.last_failure.as_ref());
    reason.map_or("local", |failure| failure.reason)
}

/// Who fails, and why.
fn list(failing: &[&PeerStatus]) -> String {
    let one = |peer: &&PeerStatus| {
        let address = peer.address.as_deref().unwrap_or("-");
        let why = peer.last_failure.as_ref().map_or("-", |failure| failure.message.as_str());
        format!("{} ({address}): {why}", peer.name)
    };
    failing.iter().map(one).collect::<Vec<_>>().join("; ")
}

fn on(kind: AlertType, reason: &'static str, text: String) -> Trouble {
    Trouble { kind, state: State::On, reason: Some(reason), text }
}

fn off(kind: AlertType, text: &str) -> Trouble {
    Trouble { kind, state: State::Off, reason: None, text: text.to_owned() }
}

const fn unknown(kind: AlertType) -> Trouble {
    Trouble { kind, state: State::Unknown, reason: None, text: String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::IncomingStatus;

    fn failure(reason: &'static str) -> FailureStatus {
        FailureStatus { reason, message: format!("because of {reason}"), at: None, peer: None }
    }

    fn peer(name: &str, success: bool, failing: Option<&'static str>) -> PeerStatus {
        PeerStatus {
            name: name.to_owned(),
            address: Some("192.0.2.1:53".to_owned()),
            last_success: success.then(|| "a time".to_owned()),
            last_failure: failing.map(failure),
            failing: failing.is_some(),
            ..PeerStatus::default()
        }
    }

    fn zone(peers: &[PeerStatus], round: Option<&'static str>) -> ZoneStatus {
        let incoming =
            IncomingStatus { peers: peers.to_vec(), failure: round.map(failure), ..IncomingStatus::default() };
        ZoneStatus { incoming: Some(incoming), ..ZoneStatus::default() }
    }

    /// All, some, warning; the fourth is about signatures.
    fn states(status: &ZoneStatus) -> [State; 3] {
        let [all, some, warning, _] = of(status, None);
        assert_eq!([all.kind, some.kind, warning.kind], [KINDS[0], KINDS[1], KINDS[2]]);
        [all.state, some.state, warning.state]
    }

    #[test]
    fn some_or_all_primaries_fail_or_it_is_not_known_yet() {
        use State::{Off, On, Unknown};
        let (good, new) = (peer("good", true, None), peer("new", false, None));
        let (down, never) = (peer("down", true, Some("timeout")), peer("never", false, Some("unreachable")));
        for (peers, expected) in [
            (vec![], [Off, Off, Off]),
            (vec![new.clone()], [Unknown; 3]),
            (vec![good.clone()], [Off, Off, Off]),
            (vec![good.clone(), new.clone()], [Off, Unknown, Off]),
            (vec![good.clone(), down.clone()], [Off, On, Off]),
            (vec![new.clone(), down.clone()], [Unknown, On, Unknown]),
            (vec![down.clone(), never.clone()], [On, On, Unknown]),
            (vec![never.clone()], [On, On, Unknown]),
        ] {
            assert_eq!(states(&zone(&peers, None)), expected, "{peers:?}");
        }
        // One that has no address can't be asked.
        let mut nowhere = never.clone();
        nowhere.address = None;
        assert_eq!(states(&zone(&[good.clone(), nowhere], None)), [Off, Off, Off]);
        let [all, some, ..] = of(&zone(&[down, never], Some("timeout")), None);
        let both = "down (192.0.2.1:53): because of timeout; never (192.0.2.1:53): because of unreachable";
        assert_eq!((all.reason, all.text), (Some("timeout"), format!("every primary fails: {both}")));
        assert_eq!(some.text, format!("2 of 2 primaries fails: {both}"));
    }

    #[test]
    fn what_is_held_back_or_backwards_is_a_warning_and_no_fault_of_a_primary() {
        use State::{Off, On, Unknown};
        for reason in ["held", "store", "limit"] {
            assert_eq!(states(&zone(&[peer("p", true, Some(reason))], Some(reason))), [Off, Off, On], "{reason}");
        }
        let backward = zone(&[peer("p", true, Some("behind"))], Some("backward"));
        assert_eq!(states(&backward), [On, On, On]);
        assert_eq!(of(&backward, None)[2].text, "it isn't what its primaries have: because of backward");
        assert_eq!(states(&zone(&[peer("p", true, Some("timeout"))], Some("timeout"))), [On, On, Unknown]);
        let mut expired = zone(&[peer("p", true, Some("timeout"))], Some("timeout"));
        expired.expired = true;
        assert_eq!((states(&expired), of(&expired, None)[2].reason), ([On, On, On], Some("expired")));
        let mut damaged = zone(&[peer("p", true, None)], None);
        damaged.failure = Some(failure("damaged"));
        assert_eq!(states(&damaged), [Off, Off, On]);
        // A zone that isn't transferred has no such trouble.
        assert_eq!(states(&ZoneStatus::default()), [Off; 3]);
    }

    #[test]
    fn signatures_that_ended_and_digests_that_are_wrong_are_told_with_what_is_wrong() {
        let status = zone(&[peer("p", true, None)], None);
        let told = |data| of(&status, data)[3].clone();
        let (holds, ended) =
            (Validity::Holds { seconds: 9 }, || Validity::Ended { at: "2026-01-01T00:00:00Z".to_owned(), what: "SOA" });
        assert_eq!(told(None).state, State::Unknown);
        for (digest, state) in [(Digest::Good, State::Off), (Digest::Unknown, State::Unknown)] {
            assert_eq!(told(Some((Validity::Unsigned, digest.clone()))).state, state);
            assert_eq!(told(Some((holds.clone(), digest.clone()))).state, state);
            let told = told(Some((ended(), digest)));
            assert_eq!((told.state, told.reason), (State::On, Some("signatures")));
            assert!(told.text.contains("SOA ended at 2026-01-01T00:00:00Z"), "{}", told.text);
        }
        let wrong = told(Some((holds, Digest::Wrong("how".to_owned()))));
        assert_eq!((wrong.state, wrong.reason), (State::On, Some("zonemd")));
        assert_eq!(wrong.text, "its ZONEMD is wrong: how");
    }
}
