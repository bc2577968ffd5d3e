//! RDATA as clients see it: content, priority, and members by name.

use serde_json::{Map, Number, Value};
use zxfr_core::wire::{Record, Rtype};

use crate::zonefile::write_rdata;

/// RDATA as clients see it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shown {
    /// The RDATA as in a zone file, but the priority of MX, SRV and URI, and the last dot of a name that it ends with.
    pub content: String,
    /// Of MX, SRV and URI.
    pub priority: Option<u16>,
    /// The RDATA's fields by name, of types that have several.
    pub data: Option<Value>,
}

/// How a field is written in JSON.
#[derive(Clone, Copy)]
pub(super) enum Form {
    Number,
    /// A word as it stands in the text.
    Word,
    /// A text, there in quotes.
    Quoted,
    /// A name, there with its last dot.
    Name,
    /// A length in metres, there with an `m`.
    Metres,
    /// All that follows.
    Rest,
}

use Form::{Metres, Name, Number as Int, Quoted, Rest, Word};

/// The fields of types that clients see by name, in the order of the text.
pub(super) const FIELDS: [(Rtype, &[(&str, Form)]); 13] = [
    (Rtype::SRV, &[("priority", Int), ("weight", Int), ("port", Int), ("target", Name)]),
    (Rtype::CAA, &[("flags", Int), ("tag", Word), ("value", Quoted)]),
    (Rtype::CERT, &[("type", Word), ("key_tag", Int), ("algorithm", Word), ("certificate", Word)]),
    (Rtype::DNSKEY, &[("flags", Int), ("protocol", Int), ("algorithm", Int), ("public_key", Word)]),
    (Rtype::DS, &[("key_tag", Int), ("algorithm", Int), ("digest_type", Int), ("digest", Word)]),
    (Rtype::TLSA, &[("usage", Int), ("selector", Int), ("matching_type", Int), ("certificate", Word)]),
    (Rtype::SMIMEA, &[("usage", Int), ("selector", Int), ("matching_type", Int), ("certificate", Word)]),
    (Rtype::SSHFP, &[("algorithm", Int), ("type", Int), ("fingerprint", Word)]),
    (
        Rtype::NAPTR,
        &[
            ("order", Int),
            ("preference", Int),
            ("flags", Quoted),
            ("service", Quoted),
            ("regex", Quoted),
            ("replacement", Name),
        ],
    ),
    (Rtype::SVCB, &[("priority", Int), ("target", Name), ("value", Rest)]),
    (Rtype::HTTPS, &[("priority", Int), ("target", Name), ("value", Rest)]),
    (Rtype::URI, &[("priority", Int), ("weight", Int), ("target", Quoted)]),
    (
        Rtype::LOC,
        &[
            ("lat_degrees", Int),
            ("lat_minutes", Int),
            ("lat_seconds", Int),
            ("lat_direction", Word),
            ("long_degrees", Int),
            ("long_minutes", Int),
            ("long_seconds", Int),
            ("long_direction", Word),
            ("altitude", Metres),
            ("size", Metres),
            ("precision_horz", Metres),
            ("precision_vert", Metres),
        ],
    ),
];

/// Those that begin with a priority, which clients see by itself.
pub(super) const WITH_PRIORITY: [Rtype; 3] = [Rtype::MX, Rtype::SRV, Rtype::URI];

impl Shown {
    /// What clients see of a record's RDATA.
    #[must_use]
    pub fn of(record: &Record<'_>) -> Self {
        let text = text(record);
        let fields = FIELDS.iter().find(|(rtype, _)| *rtype == record.rtype);
        // RDATA in RFC 3597's form has no fields.
        let data = fields.filter(|_| !text.starts_with("\\#")).and_then(|(_, fields)| members(fields, &text));
        let content = content(record.rtype, &text).to_owned();
        let priority = WITH_PRIORITY.contains(&record.rtype).then(|| priority(record.rdata)).flatten();
        Self { content, priority, data }
    }
}

/// The RDATA as in a zone file.
pub(super) fn text(record: &Record<'_>) -> String {
    let mut octets = Vec::new();
    write_rdata(record.rtype.0, record.rdata, &mut octets);
    // It is ASCII.
    String::from_utf8(octets).unwrap_or_default()
}

/// The part of the text that is the content.
pub(super) fn content(rtype: Rtype, text: &str) -> &str {
    let text = match text.split_once(' ') {
        Some((_, rest)) if WITH_PRIORITY.contains(&rtype) && !text.starts_with("\\#") => rest,
        _ => text,
    };
    let ends_with_name = matches!(rtype, Rtype::NS | Rtype::CNAME | Rtype::PTR | Rtype::DNAME | Rtype::MX | Rtype::SRV);
    if ends_with_name { without_dot(text) } else { text }
}

fn priority(rdata: &[u8]) -> Option<u16> {
    rdata.first_chunk().map(|octets| u16::from_be_bytes(*octets))
}

/// A name without its last dot; that of the root stays.
fn without_dot(text: &str) -> &str {
    match text.strip_suffix('.') {
        Some(rest) if !rest.is_empty() && !rest.ends_with([' ', '\\']) => rest,
        _ => text,
    }
}

fn members(fields: &[(&str, Form)], text: &str) -> Option<Value> {
    let mut members = Map::new();
    let mut rest = text;
    for (name, form) in fields {
        let token;
        (token, rest) = if matches!(form, Rest) { (rest, "") } else { split(rest) };
        let value = match form {
            Int => number(token)?,
            Metres => number(token.strip_suffix('m')?)?,
            Name => Value::from(without_dot(token)),
            Quoted => Value::from(unquoted(token)),
            Word | Rest => Value::from(token),
        };
        members.insert((*name).to_owned(), value);
    }
    Some(Value::Object(members))
}

/// An integer where it is one.
fn number(text: &str) -> Option<Value> {
    let whole = text.parse::<i64>().ok().map(Value::from);
    whole.or_else(|| text.parse().ok().and_then(Number::from_f64).map(Value::Number))
}

/// The first token, in quotes or not, and what follows the space behind it.
fn split(text: &str) -> (&str, &str) {
    let (mut quoted, mut escaped) = (false, false);
    let end = text.find(|char| match char {
        _ if escaped => {
            escaped = false;
            false
        }
        '\\' => {
            escaped = true;
            false
        }
        '"' => {
            quoted = !quoted;
            false
        }
        ' ' => !quoted,
        _ => false,
    });
    end.map_or((text, ""), |end| (&text[..end], &text[end + 1..]))
}

/// What stands in quotes, its escapes resolved as far as that is text.
fn unquoted(token: &str) -> String {
    let inner = token.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(token);
    inner.replace("\\\"", "\"").replace("\\\\", "\\")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zone::{LoadOptions, load_text};
    use serde_json::json;
    use std::path::Path;

    /// What is seen of the one record besides the SOA.
    fn shown(text: &str) -> Shown {
        let text = format!("$ORIGIN e.\n@ 60 SOA . . 1 1 1 1 1\nx 60 {text}\n");
        let version = load_text(text.as_bytes(), Path::new("z"), &LoadOptions::default()).unwrap().version;
        let mut records = version.records();
        records.next();
        Shown::of(&records.next().unwrap())
    }

    #[test]
    fn contents_are_as_in_zone_files_without_the_last_dot_of_a_name() {
        for (text, content) in [
            ("A 192.0.2.1", "192.0.2.1"),
            ("AAAA 2001:DB8::1", "2001:db8::1"),
            ("CNAME a.b.", "a.b"),
            ("NS .", "."),
            ("PTR a\\..", "a\\."),
            ("TXT \"one two\" three", "\"one two\" \"three\""),
            ("TYPE65280 \\# 2 0a0b", "\\# 2 0A0B"),
            ("OPENPGPKEY AAEC", "AAEC"),
        ] {
            let expected = Shown { content: content.to_owned(), ..Shown::default() };
            let found = shown(text);
            assert_eq!(found.content.to_ascii_lowercase(), expected.content.to_ascii_lowercase(), "{text}");
            assert_eq!((found.priority, found.data), (None, None), "{text}");
        }
    }

    #[test]
    fn a_priority_stands_by_itself() {
        assert_eq!(shown("MX 10 mail.e."), Shown { content: "mail.e".to_owned(), priority: Some(10), data: None });
        assert_eq!(shown("MX 0 ."), Shown { content: ".".to_owned(), priority: Some(0), data: None });
        let srv = shown("SRV 1 2 443 t.e.");
        assert_eq!((srv.content.as_str(), srv.priority), ("2 443 t.e", Some(1)));
        let uri = shown("URI 10 1 \"ftp://a.example/\"");
        assert_eq!((uri.content.as_str(), uri.priority), ("1 \"ftp://a.example/\"", Some(10)));
    }

    #[test]
    fn fields_have_names() {
        for (text, data) in [
            ("SRV 1 2 443 t.e.", json!({"priority": 1, "weight": 2, "port": 443, "target": "t.e"})),
            ("CAA 128 issue \"a b; \\\"c\\\"\"", json!({"flags": 128, "tag": "issue", "value": "a b; \"c\""})),
            ("DS 1 8 2 0A0B", json!({"key_tag": 1, "algorithm": 8, "digest_type": 2, "digest": "0a0b"})),
            ("DNSKEY 257 3 13 AAEC", json!({"flags": 257, "protocol": 3, "algorithm": 13, "public_key": "AAEC"})),
            ("TLSA 3 1 1 0A", json!({"usage": 3, "selector": 1, "matching_type": 1, "certificate": "0a"})),
            ("SSHFP 4 2 0A", json!({"algorithm": 4, "type": 2, "fingerprint": "0a"})),
            (
                "NAPTR 1 2 \"u\" \"sip+E2U\" \"!^.*$!x!\" .",
                json!({"order": 1, "preference": 2, "flags": "u", "service": "sip+E2U", "regex": "!^.*$!x!",
                       "replacement": "."}),
            ),
            ("HTTPS 1 . alpn=h2 port=8443", json!({"priority": 1, "target": ".", "value": "alpn=h2 port=8443"})),
            ("SVCB 0 t.e.", json!({"priority": 0, "target": "t.e", "value": ""})),
            ("URI 10 1 \"x:y\"", json!({"priority": 10, "weight": 1, "target": "x:y"})),
            (
                "LOC 52 22 23.5 N 4 53 32 E -2.00m 1m 10000m 10m",
                json!({"lat_degrees": 52, "lat_minutes": 22, "lat_seconds": 23.5, "lat_direction": "N",
                       "long_degrees": 4, "long_minutes": 53, "long_seconds": 32.0, "long_direction": "E",
                       "altitude": -2.0, "size": 1.0, "precision_horz": 10000.0, "precision_vert": 10.0}),
            ),
        ] {
            let found = shown(text).data.unwrap();
            let same = |a: &Value, b: &Value| a == b || a.as_f64().is_some_and(|number| Some(number) == b.as_f64());
            let (found, data) = (found.as_object().unwrap(), data.as_object().unwrap());
            assert_eq!(found.keys().collect::<Vec<_>>(), data.keys().collect::<Vec<_>>(), "{text}");
            for (name, value) in data {
                assert!(same(&found[name], value), "{text}: {name}: {} {value}", found[name]);
            }
        }
    }
}
