//! What a server's own log tells of the transfers that it has ended well.

use std::collections::HashMap;

use super::PeerKind;

/// What a transfer consisted of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The whole zone, be it in answer to IXFR.
    Axfr,
    /// Differences.
    Ixfr,
}

/// A transfer in a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// The zone's absolute name.
    pub zone: String,
    /// Whether the server received it.
    pub incoming: bool,
    /// What it consisted of; `nsd` doesn't say.
    pub kind: Option<Kind>,
    /// The serial that it led to.
    pub serial: u32,
    /// The octets of its messages, without some of the framing or TSIG with some servers.
    pub octets: u64,
}

/// The transfers in a log.
pub(super) fn read(kind: PeerKind, log: &str) -> Vec<Transfer> {
    let reader = match kind {
        PeerKind::Named => named,
        PeerKind::Knotd => knotd,
        PeerKind::Nsd => nsd,
        PeerKind::Pdns | PeerKind::Ixfrdist => return Vec::new(),
    };
    let mut before = HashMap::new();
    log.lines().filter_map(|line| reader(line, &mut before)).collect()
}

/// What lines before have told of a transfer, by a name of the reader's own.
type Before = HashMap<String, (Option<Kind>, u64)>;

/// `… transfer of 'gov/IN': IXFR ended: 1 messages, 60 records, 1589 bytes, … (serial 5)`,
/// or, after a line `… got incremental response`, `transfer of 'gov/IN' from …: Transfer
/// completed: …` with the same.
fn named(line: &str, before: &mut Before) -> Option<Transfer> {
    let (_, rest) = line.split_once("transfer of '")?;
    let (zone, rest) = rest.split_once("/IN'")?;
    let zone = match zone {
        "." => ".".to_owned(),
        zone => format!("{zone}."),
    };
    if rest.ends_with(": got incremental response") {
        before.insert(zone, (Some(Kind::Ixfr), 0));
        return None;
    }
    if rest.ends_with(": got nonincremental response") {
        before.insert(zone, (Some(Kind::Axfr), 0));
        return None;
    }
    let (incoming, kind) = if rest.contains(": Transfer completed: ") {
        (true, before.remove(&zone).and_then(|(kind, _)| kind))
    } else if rest.starts_with(": IXFR ended: ") {
        (false, Some(Kind::Ixfr))
    } else if rest.starts_with(": AXFR ended: ") || rest.starts_with(": AXFR-style IXFR ended: ") {
        (false, Some(Kind::Axfr))
    } else {
        return None;
    };
    let serial = rest.rsplit_once("(serial ")?.1.strip_suffix(')')?.parse().ok()?;
    Some(Transfer { zone, incoming, kind, serial, octets: octets(rest)? })
}

/// `… [gov.] IXFR, outgoing, remote …, started, serial 4 -> 5` and later, for the same remote,
/// `finished, … 1 messages, 60 bytes`; when it receives, the serials come after that, in
/// `refresh, …, zone updated, … serial 4 -> 5`.
fn knotd(line: &str, before: &mut Before) -> Option<Transfer> {
    let (zone, rest) = line.split_once('[')?.1.split_once("] ")?;
    let remote = rest.split_once("remote ").map_or("", |(_, remote)| remote.split(',').next().unwrap_or_default());
    let key = format!("{zone} {remote}");
    let serial = |text: &str| -> Option<u64> {
        let serials = text.split_once(" serial ")?.1.split(',').next()?.split(" -> ");
        serials.last()?.trim().parse().ok()
    };
    let kind = match rest.split(',').next()? {
        "IXFR" => Some(Kind::Ixfr),
        "AXFR" | "AXFR-style-IXFR" => Some(Kind::Axfr),
        _ => None,
    };
    if rest.contains(", outgoing, ") && rest.contains(", started, ") {
        before.insert(key, (kind, serial(rest)?));
        return None;
    }
    if rest.contains(", incoming, ") && rest.contains(", finished, ") {
        before.insert(key, (kind, octets(rest)?));
        return None;
    }
    if rest.contains(", outgoing, ") && rest.contains(", finished, ") {
        let (kind, serial) = before.remove(&key)?;
        let serial = u32::try_from(serial).ok()?;
        return Some(Transfer { zone: zone.into(), incoming: false, kind, serial, octets: octets(rest)? });
    }
    if rest.contains(", zone updated, ") {
        let (kind, octets) = before.remove(&key)?;
        let serial = u32::try_from(serial(rest)?).ok()?;
        return Some(Transfer { zone: zone.into(), incoming: true, kind, serial, octets });
    }
    None
}

/// `… zone gov. received update to serial 5 at … of 1507 bytes in …`.
fn nsd(line: &str, _: &mut Before) -> Option<Transfer> {
    let (before, rest) = line.split_once(" received update to serial ")?;
    let zone = before.rsplit_once("info: zone ")?.1.to_owned();
    let serial = rest.split(' ').next()?.parse().ok()?;
    Some(Transfer { zone, incoming: true, kind: None, serial, octets: octets(rest)? })
}

/// The number before ` bytes`.
fn octets(text: &str) -> Option<u64> {
    text.split_once(" bytes")?.0.rsplit(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transfer(zone: &str, incoming: bool, kind: Option<Kind>, serial: u32, octets: u64) -> Transfer {
        Transfer { zone: zone.into(), incoming, kind, serial, octets }
    }

    #[test]
    fn the_log_of_named_is_read() {
        let log = "\
            22-Nov-2026 19:21:25.523 client @0x7f 127.0.0.1#44489/key k (gov): transfer of 'gov/IN': IXFR started: TSIG k (serial 4 -> 5)\n\
            22-Nov-2026 19:21:25.527 client @0x7f 127.0.0.1#44489/key k (gov): transfer of 'gov/IN': IXFR ended: 1 messages, 60 records, 1589 bytes, 0.004 secs (397250 bytes/sec) (serial 5)\n\
            22-Nov-2026 19:21:26.527 client @0x7f 127.0.0.1#44489 (.): transfer of './IN': AXFR ended: 9 messages, 60 records, 99 bytes, 0.004 secs (397250 bytes/sec) (serial 7)\n\
            22-Nov-2026 19:22:02.039 transfer of 'gov/IN' from 127.0.0.1#15301: got incremental response\n\
            22-Nov-2026 19:22:02.055 transfer of 'gov/IN' from 127.0.0.1#15301: Transfer status: success\n\
            22-Nov-2026 19:22:02.055 transfer of 'gov/IN' from 127.0.0.1#15301: Transfer completed: 1 messages, 69 records, 2692 bytes, 0.016 secs (168250 bytes/sec) (serial 6)\n";
        let expected = [
            transfer("gov.", false, Some(Kind::Ixfr), 5, 1589),
            transfer(".", false, Some(Kind::Axfr), 7, 99),
            transfer("gov.", true, Some(Kind::Ixfr), 6, 2692),
        ];
        assert_eq!(read(PeerKind::Named, log), expected);
    }

    #[test]
    fn the_log_of_knotd_is_read() {
        let log = "\
            2026-11-22T19:21:58+0000 info: [gov.] IXFR, outgoing, remote 127.0.0.1@44409, started, serial 4 -> 5\n\
            2026-11-22T19:21:58+0000 info: [gov.] IXFR, outgoing, remote 127.0.0.1@44409, finished, 0.00 seconds, 1 messages, 10921 bytes\n\
            2026-11-22T19:21:22+0000 info: [gov.] AXFR, incoming, remote 127.0.0.1@15301, started\n\
            2026-11-22T19:21:22+0000 info: [gov.] AXFR, incoming, remote 127.0.0.1@15301, finished, 0.18 seconds, 75 messages, 842537 bytes\n\
            2026-11-22T19:21:22+0000 info: [gov.] refresh, remote 127.0.0.1@15301, zone updated, 0.22 seconds, serial none -> 4, expires in 604800 seconds\n\
            2026-11-22T19:21:25+0000 info: [gov.] refresh, remote 127.0.0.1@15301, remote serial 5, zone is outdated\n";
        let expected = [
            transfer("gov.", false, Some(Kind::Ixfr), 5, 10_921),
            transfer("gov.", true, Some(Kind::Axfr), 4, 842_537),
        ];
        assert_eq!(read(PeerKind::Knotd, log), expected);
    }

    #[test]
    fn the_log_of_nsd_is_read() {
        let log = "\
            [2026-11-22 19:21:25.534] nsd[28287]: info: xfrd: zone gov. committed \"received update to serial 5 at 2026-11-22T19:21:25 from 127.0.0.1@15301 TSIG verified with key k.\"\n\
            [2026-11-22 19:21:25.535] nsd[28290]: info: zone gov. received update to serial 5 at 2026-11-22T19:21:25 from 127.0.0.1@15301 TSIG verified with key k. of 1507 bytes in 3.1e-05 seconds\n";
        assert_eq!(read(PeerKind::Nsd, log), [transfer("gov.", true, None, 5, 1507)]);
    }
}
