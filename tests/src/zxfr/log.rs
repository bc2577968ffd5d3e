//! The one line that each transfer gets in zxfrd's log.

/// A transfer, well ended or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// Whether zxfrd received it.
    pub incoming: bool,
    /// The zone's absolute name.
    pub zone: String,
    /// The other end's address.
    pub peer: String,
    /// `axfr`, `ixfr` or `uptodate`.
    pub kind: String,
    /// The serial before.
    pub from: Option<u32>,
    /// The serial after.
    pub to: Option<u32>,
    /// How many messages it took.
    pub messages: u64,
    /// How many records they held.
    pub records: u64,
    /// The octets of these messages.
    pub octets: u64,
    /// `ok`, or a word for why it failed.
    pub result: String,
    /// Why it failed, in words.
    pub reason: Option<String>,
}

/// The transfers in a log of text lines, oldest first.
pub fn transfers(log: &str) -> Vec<Transfer> {
    log.lines().filter_map(transfer).collect()
}

/// Reads `… transfer=in zone=… peer=… kind=… from=… to=… messages=… records=… octets=… seconds=… result=…
/// reason=…`.
fn transfer(line: &str) -> Option<Transfer> {
    let (_, fields) = line.split_once(" transfer=")?;
    let (fields, result) = fields.split_once(" result=")?;
    let (result, reason) = match result.split_once(" reason=") {
        Some((word, reason)) => (word, Some(reason.to_owned())),
        None => (result, None),
    };
    let mut fields = fields.split(' ');
    let incoming = match fields.next()? {
        "in" => true,
        "out" => false,
        _ => return None,
    };
    let mut field = |name: &str| fields.find_map(|field| field.strip_prefix(name)?.strip_prefix('='));
    Some(Transfer {
        incoming,
        zone: field("zone")?.into(),
        peer: field("peer")?.into(),
        kind: field("kind")?.into(),
        from: field("from")?.parse().ok(),
        to: field("to")?.parse().ok(),
        messages: field("messages")?.parse().ok()?,
        records: field("records")?.parse().ok()?,
        octets: field("octets")?.parse().ok()?,
        result: result.into(),
        reason,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read() {
        let line = "2026-11-22T19:21:58Z  INFO transfer=in zone=gov. peer=127.0.0.1:53 kind=ixfr from=4 to=5 \
                    messages=1 records=60 octets=1507 seconds=0.01 result=ok\nother";
        let expected = Transfer {
            incoming: true,
            zone: "gov.".into(),
            peer: "127.0.0.1:53".into(),
            kind: "ixfr".into(),
            from: Some(4),
            to: Some(5),
            messages: 1,
            records: 60,
            octets: 1507,
            result: "ok".into(),
            reason: None,
        };
        assert_eq!(transfers(line), std::slice::from_ref(&expected));
        let failed =
            line.replace("from=4 to=5", "from=- to=-").replace("result=ok", "result=unreachable reason=no way");
        let (result, reason) = ("unreachable".into(), Some("no way".into()));
        assert_eq!(transfers(&failed), [Transfer { from: None, to: None, result, reason, ..expected }]);
    }
}
