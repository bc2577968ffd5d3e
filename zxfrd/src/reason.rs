//! Why things fail, as one closed list of words: the same in the status of zones, in metrics and in the log.

use zxfr_core::primary::{Refusal, Unserved};
use zxfr_core::refresh::Failure;
use zxfr_core::wire::Rcode;
use zxfr_io::SendError;

/// Every word there is: first [`Failure::WORDS`], for what comes in and for NOTIFYs, then what there is besides.
pub const WORDS: [&str; Failure::WORDS.len() + OTHERS.len()] = {
    let mut words = [""; Failure::WORDS.len() + OTHERS.len()];
    let mut at = 0;
    while at < words.len() {
        words[at] = if at < Failure::WORDS.len() { Failure::WORDS[at] } else { OTHERS[at - Failure::WORDS.len()] };
        at += 1;
    }
    words
};

/// Words for what goes out, and for what is here.
const OTHERS: [&str; 14] = [
    CLOSED,
    SHUTDOWN,
    "stranger",
    "tsig-unlinked",
    "quota",
    "unsupported",
    "not-loaded",
    "expired",
    NOT_PRIMARY,
    "no-updates",
    PREREQUISITE,
    RULE,
    DAMAGED,
    BAD_FILE,
];

const CLOSED: &str = "closed";
const SHUTDOWN: &str = "shutdown";
/// An UPDATE of a zone that isn't here, or that others change.
pub const NOT_PRIMARY: &str = "not-primary";
/// A prerequisite of an UPDATE doesn't hold.
pub const PREREQUISITE: &str = "prerequisite";
/// An UPDATE would break a rule of zones.
pub const RULE: &str = "rule";
/// Trouble on this side.
pub const LOCAL: &str = Failure::Local.as_str();
/// What the store has of a zone is damaged.
pub const DAMAGED: &str = "damaged";
/// The zone file holds no zone, or one that is not newer.
pub const BAD_FILE: &str = "bad-file";
/// A version is held back.
pub const HELD: &str = Failure::Held.as_str();
/// A version could not be stored.
pub const STORE: &str = Failure::Store.as_str();

/// Why a transfer to somebody ended early.
#[must_use]
pub const fn of_sending(error: SendError) -> &'static str {
    match error {
        SendError::Closed => CLOSED,
        SendError::Io(_) => Failure::Cut.as_str(),
        SendError::NoProgress(_) | SendError::TooLong(_) => Failure::TimedOut.as_str(),
        SendError::Shutdown => SHUTDOWN,
        SendError::TooManyConnections => "quota",
        _ => Failure::Local.as_str(),
    }
}

/// Why somebody was refused.
#[must_use]
pub const fn of_refusal(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::Malformed | Refusal::IxfrWithoutSoa | Refusal::NotifyQuestion => "malformed",
        Refusal::Opcode(_)
        | Refusal::EdnsVersion
        | Refusal::Class(_)
        | Refusal::QueryType(_)
        | Refusal::AxfrOverUdp => "unsupported",
        Refusal::Stranger => "stranger",
        Refusal::Tsig(Rcode::BADTIME) => "tsig-badtime",
        Refusal::Tsig(Rcode::BADKEY) => "tsig-badkey",
        Refusal::Tsig(Rcode::BADSIG) => "tsig-badsig",
        Refusal::Tsig(_) => "tsig",
        Refusal::KeyNeeded => "tsig-missing",
        Refusal::KeyNotAdmitted => "tsig-unlinked",
        Refusal::Unserved(Unserved::NotLoaded) => "not-loaded",
        Refusal::Unserved(Unserved::Expired) => "expired",
        Refusal::Quota => "quota",
        Refusal::NotPrimary => NOT_PRIMARY,
        Refusal::NoUpdates => "no-updates",
        _ => Failure::Local.as_str(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_word_is_there_once() {
        let words: BTreeSet<_> = WORDS.into_iter().collect();
        assert_eq!(words.len(), WORDS.len());
        let plain = |word: &&str| word.bytes().all(|octet| octet.is_ascii_lowercase() || octet == b'-');
        assert!(WORDS.iter().all(plain), "{WORDS:?}");
    }

    #[test]
    fn whatever_happens_has_one_of_the_words() {
        let refusals = [
            Refusal::Malformed,
            Refusal::AxfrOverUdp,
            Refusal::Stranger,
            Refusal::Tsig(Rcode::BADTIME),
            Refusal::Tsig(Rcode::BADKEY),
            Refusal::Tsig(Rcode::BADSIG),
            Refusal::Tsig(Rcode::FORMERR),
            Refusal::KeyNeeded,
            Refusal::KeyNotAdmitted,
            Refusal::Unserved(Unserved::NotLoaded),
            Refusal::Unserved(Unserved::Expired),
            Refusal::Quota,
            Refusal::NotPrimary,
            Refusal::NoUpdates,
        ];
        let sending = [
            SendError::Closed,
            SendError::Io(std::io::ErrorKind::BrokenPipe),
            SendError::NoProgress(std::time::Duration::ZERO),
            SendError::Shutdown,
            SendError::TooManyConnections,
            SendError::Unsendable,
        ];
        let words = refusals.iter().map(of_refusal).chain(sending.into_iter().map(of_sending));
        for word in words.chain([HELD, STORE, LOCAL, PREREQUISITE, RULE, DAMAGED, BAD_FILE]) {
            assert!(WORDS.contains(&word), "{word}");
        }
    }

    /// The README's table has each of them, in this order, and no other.
    #[test]
    fn the_readme_explains_each() {
        let readme = include_str!("../../README.md");
        let table = readme.split_once("| reason |").expect("a table of reasons").1;
        let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
        let cells: Vec<&str> = rows.map(|row| row.split('|').nth(1).unwrap_or_default()).collect();
        let words: Vec<&str> =
            cells.iter().flat_map(|cell| cell.split(',')).map(|word| word.trim().trim_matches('`')).collect();
        assert_eq!(words, WORDS);
    }
}
