//! RDATA as clients write it: content and priority, or members by name.

use serde_json::{Map, Value};
use zxfr_core::name::NameRef;
use zxfr_core::wire::Rtype;

use super::content::{FIELDS, Form, WITH_PRIORITY};
use crate::catalog::{Fault, code};
use crate::zonefile::{RdataProblem, parse_rdata};

/// What a client gives of a record's RDATA.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Given {
    /// As in a zone file, but the priority; names are absolute, with a last dot or without.
    pub content: Option<String>,
    /// The fields by name, of types that have several. They go before the content.
    pub data: Option<Map<String, Value>>,
    /// Of MX, SRV and URI.
    pub priority: Option<u16>,
}

impl Given {
    /// Whether nothing is given.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.content.is_none() && self.data.is_none() && self.priority.is_none()
    }
}

type Fields = &'static [(&'static str, Form)];

/// The RDATA that is meant.
///
/// # Errors
/// What is wrong, and with which member.
pub fn rdata(apex: NameRef<'_>, rtype: Rtype, given: &Given) -> Result<Vec<u8>, Fault> {
    let fields = FIELDS.iter().find(|(of, _)| *of == rtype).map(|(_, fields)| *fields);
    match (fields.zip(given.data.as_ref()), &given.content) {
        (Some((fields, data)), _) => of_data(apex, rtype, fields, data, given.priority),
        (None, Some(content)) => of_content(apex, rtype, content, given.priority),
        (None, None) if fields.is_some() => {
            Err(wrong("data", format!("data is missing: a record of type {rtype} needs it, or content")))
        }
        (None, None) => Err(wrong("content", format!("content is missing: a record of type {rtype} needs it"))),
    }
}

fn wrong(member: &str, message: String) -> Fault {
    Fault::invalid(code::RECORD_CONTENT, member, message)
}

fn of_content(apex: NameRef<'_>, rtype: Rtype, content: &str, priority: Option<u16>) -> Result<Vec<u8>, Fault> {
    let content = content.trim();
    let mut text = match rtype {
        Rtype::TXT | Rtype::SPF if !content.starts_with(['"', '\\']) => quoted(content.as_bytes()),
        _ => content.to_owned(),
    };
    let generic = content.starts_with("\\#");
    let mut before = 0;
    if WITH_PRIORITY.contains(&rtype) && !generic {
        // As in a zone file, priority and all, it may be, too, where none is given by itself.
        let words = content.split_ascii_whitespace().count();
        let all = FIELDS.iter().find(|(of, _)| *of == rtype).map_or(2, |(_, fields)| fields.len());
        match priority {
            Some(priority) => {
                text = format!("{priority} {text}");
                before = 1;
            }
            None if words < all => {
                return Err(wrong("priority", format!("priority is missing: a record of type {rtype} needs it")));
            }
            None => {}
        }
    }
    // Names are absolute, but for the one that stands for the apex.
    let at_apex = text.split_ascii_whitespace().next_back() == Some("@");
    let origin = if at_apex { apex.as_octets() } else { &[0][..] };
    parse_rdata(rtype.0, &text, origin).map_err(|RdataProblem { field, message }| {
        let member = if field < before { "priority" } else { "content" };
        let code = if rtype == Rtype::A { code::RECORD_IPV4 } else { code::RECORD_CONTENT };
        Fault::invalid(code, member, format!("{member} of a record of type {rtype}: {message}"))
    })
}

/// A text in character-strings of 255 octets at most (RFC 1035 §3.3), in quotes.
fn quoted(octets: &[u8]) -> String {
    let mut text = String::with_capacity(octets.len() + 2);
    for piece in octets.chunks(255) {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push('"');
        for &octet in piece {
            match octet {
                b'"' | b'\\' => text.extend(['\\', octet.into()]),
                b' '..=b'~' => text.push(octet.into()),
                _ => text.push_str(&format!("\\{octet:03}")),
            }
        }
        text.push('"');
    }
    if text.is_empty() { "\"\"".to_owned() } else { text }
}

fn of_data(
    apex: NameRef<'_>,
    rtype: Rtype,
    fields: Fields,
    data: &Map<String, Value>,
    priority: Option<u16>,
) -> Result<Vec<u8>, Fault> {
    let mut text = String::new();
    let mut origin = &[0][..];
    for (name, form) in fields {
        let member = format!("data/{name}");
        let found = data.get(*name).filter(|value| !value.is_null()).cloned();
        let found = found.or_else(|| (*name == "priority").then(|| priority.map(Value::from)).flatten());
        let Some(value) = found.or_else(|| default(rtype, name)) else {
            return Err(wrong(&member, format!("{name} is missing in data: a record of type {rtype} needs it")));
        };
        let token = token(*form, &value)
            .map_err(|what| wrong(&member, format!("{name} of a record of type {rtype} has to be {what}")))?;
        if matches!(form, Form::Name) && token == "@" {
            origin = apex.as_octets();
        }
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(&token);
    }
    parse_rdata(rtype.0, &text, origin).map_err(|RdataProblem { field, message }| {
        let name = fields.get(field).or_else(|| fields.last()).map_or("", |(name, _)| name);
        wrong(&format!("data/{name}"), format!("{name} of a record of type {rtype}: {message}"))
    })
}

/// What clients leave out: of a LOC what RFC 1876 §3 has for that.
fn default(rtype: Rtype, name: &str) -> Option<Value> {
    match (rtype, name) {
        (Rtype::SVCB | Rtype::HTTPS, "value") => Some(Value::from("")),
        (Rtype::LOC, "lat_minutes" | "lat_seconds" | "long_minutes" | "long_seconds" | "altitude") => Some(0.into()),
        (Rtype::LOC, "size") => Some(1.into()),
        (Rtype::LOC, "precision_horz") => Some(10_000.into()),
        (Rtype::LOC, "precision_vert") => Some(10.into()),
        _ => None,
    }
}

/// A field as it stands in a zone file, or what it has to be.
fn token(form: Form, value: &Value) -> Result<String, &'static str> {
    let number = |value: &Value| match value {
        Value::String(text) => text.trim().parse::<f64>().ok(),
        other => other.as_f64(),
    };
    // Without an exponent, and without a point where there is nothing behind it.
    let plain = |value: &Value| number(value).filter(|number| number.is_finite()).map(|number| format!("{number}"));
    let word = |text: &str| {
        let one = !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_graphic() && !b"\"();".contains(&octet));
        one.then(|| text.to_owned())
    };
    match (form, value) {
        (Form::Number, value) => plain(value).ok_or("a number"),
        (Form::Metres, value) => plain(value).map(|number| number + "m").ok_or("a number of metres"),
        (Form::Word, Value::Number(number)) => Ok(number.to_string()),
        // Long keys are often in several pieces.
        (Form::Word, Value::String(text)) => {
            let joined: String = text.split_ascii_whitespace().collect();
            word(&joined).ok_or("a word without quotes and parentheses")
        }
        (Form::Name, Value::String(text)) => word(text).ok_or("a name"),
        (Form::Quoted, Value::String(text)) => {
            let mut token = String::from("\"");
            for octet in text.bytes() {
                match octet {
                    b'"' | b'\\' => token.extend(['\\', octet.into()]),
                    b' '..=b'~' => token.push(octet.into()),
                    _ => token.push_str(&format!("\\{octet:03}")),
                }
            }
            token.push('"');
            Ok(token)
        }
        (Form::Rest, Value::String(text)) if !text.contains(['\n', '\r']) => Ok(text.clone()),
        (Form::Word | Form::Name | Form::Quoted | Form::Rest, _) => Err("a string on one line"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::Shown;
    use serde_json::json;
    use zxfr_core::name::Name;
    use zxfr_core::wire::{Class, Record};

    fn read(rtype: Rtype, given: Value) -> Result<Shown, (String, String)> {
        let apex: Name = "e.test.".parse().unwrap();
        let text = |name: &str| given[name].as_str().map(str::to_owned);
        let priority = given["priority"].as_u64().and_then(|number| number.try_into().ok());
        let given = Given { content: text("content"), data: given["data"].as_object().cloned(), priority };
        let rdata = rdata(apex.as_ref(), rtype, &given).map_err(|fault| (fault.pointer.unwrap(), fault.message))?;
        let record = Record { owner: apex.as_ref(), rtype, class: Class::IN, ttl: 1, rdata: &rdata };
        Ok(Shown::of(&record))
    }

    #[test]
    fn contents() {
        for (rtype, content, shown) in [
            (Rtype::A, "192.0.2.1", "192.0.2.1"),
            (Rtype::CNAME, "a.b", "a.b"),
            (Rtype::CNAME, "a.b.", "a.b"),
            (Rtype::CNAME, "@", "e.test"),
            (Rtype::TXT, "v=spf1 a -all; \"x\"", "\"v=spf1 a -all; \\\"x\\\"\""),
            (Rtype::TXT, "\"a\" \"b\"", "\"a\" \"b\""),
            (Rtype::TXT, "", "\"\""),
            (Rtype::CAA, "0 issue \"a.b; c\"", "0 issue \"a.b; c\""),
            (Rtype(65280), "\\# 1 0a", "\\# 1 0a"),
        ] {
            let found = read(rtype, json!({ "content": content })).unwrap();
            assert_eq!(found.content.to_ascii_lowercase(), shown.to_ascii_lowercase(), "{rtype} {content}");
        }
        let long = read(Rtype::TXT, json!({"content": "x".repeat(300)})).unwrap();
        assert_eq!(long.content, format!("\"{}\" \"{}\"", "x".repeat(255), "x".repeat(45)));
        let mx = read(Rtype::MX, json!({"content": "mail.e.test", "priority": 5})).unwrap();
        assert_eq!((mx.content.as_str(), mx.priority), ("mail.e.test", Some(5)));
        assert_eq!(read(Rtype::MX, json!({"content": "5 mail.e.test"})).unwrap(), mx);
    }

    #[test]
    fn what_is_shown_may_be_given_back() {
        for (rtype, data) in [
            (Rtype::SRV, json!({"priority": 1, "weight": 2, "port": 443, "target": "t.e"})),
            (Rtype::CAA, json!({"flags": 128, "tag": "issue", "value": "a b; \"c\""})),
            (Rtype::DS, json!({"key_tag": 1, "algorithm": 8, "digest_type": 2, "digest": "0a0b"})),
            (Rtype::TLSA, json!({"usage": 3, "selector": 1, "matching_type": 1, "certificate": "0a"})),
            (Rtype::SSHFP, json!({"algorithm": 4, "type": 2, "fingerprint": "0a"})),
            (
                Rtype::NAPTR,
                json!({"order": 1, "preference": 2, "flags": "u", "service": "sip+E2U", "regex": "!^.*$!x!", "replacement": "."}),
            ),
            (Rtype::HTTPS, json!({"priority": 1, "target": ".", "value": "alpn=h2 port=8443"})),
            (Rtype::SVCB, json!({"priority": 0, "target": "t.e", "value": ""})),
            (Rtype::URI, json!({"priority": 10, "weight": 1, "target": "x:y"})),
            (
                Rtype::LOC,
                json!({"lat_degrees": 52, "lat_minutes": 22, "lat_seconds": 23.5, "lat_direction": "N", "long_degrees": 4,
                       "long_minutes": 53, "long_seconds": 32, "long_direction": "E", "altitude": -2}),
            ),
        ] {
            let first = read(rtype, json!({ "data": data })).unwrap_or_else(|fault| panic!("{rtype}: {fault:?}"));
            let again = read(rtype, json!({ "data": first.data.clone().unwrap() })).unwrap();
            assert_eq!(again, first, "{rtype}: by data");
            let (content, priority) = (&first.content, first.priority);
            let again = read(rtype, json!({ "content": content, "priority": priority })).unwrap();
            assert_eq!(again, first, "{rtype}: by content");
        }
        let uri = read(Rtype::URI, json!({"data": {"weight": 1, "target": "x:y"}, "priority": 7})).unwrap();
        assert_eq!(uri.priority, Some(7));
    }

    #[test]
    fn faults_name_the_member() {
        for (rtype, given, pointer, what) in [
            (Rtype::A, json!({"content": "192.0.2.300"}), "/content", "192.0.2.300"),
            (Rtype::A, json!({}), "/content", "missing"),
            (Rtype::TXT, json!({"content": "\"a\" ; b"}), "/content", "semicolon"),
            (Rtype::MX, json!({"content": "mail.e"}), "/priority", "missing"),
            (Rtype::SRV, json!({}), "/data", "missing"),
            (Rtype::SRV, json!({"data": {"priority": 1, "weight": 2, "port": 3}}), "/data/target", "missing"),
            (
                Rtype::SRV,
                json!({"data": {"priority": 1, "weight": 2, "port": 65536, "target": "t"}}),
                "/data/port",
                "65536",
            ),
            (
                Rtype::SRV,
                json!({"data": {"priority": 1, "weight": 2, "port": 3, "target": "a b"}}),
                "/data/target",
                "a name",
            ),
            (Rtype::CAA, json!({"data": {"flags": 0, "tag": "a b (", "value": ""}}), "/data/tag", "a word"),
            (
                Rtype::DS,
                json!({"data": {"key_tag": 1, "algorithm": 8, "digest_type": 2, "digest": "0g"}}),
                "/data/digest",
                "0g",
            ),
        ] {
            let (at, message) = read(rtype, given.clone()).unwrap_err();
            assert!(at == pointer && message.contains(what), "{rtype} {given}: {at} {message}");
        }
    }
}
