//! What requests say of records.

use serde_json::Value;
use zxfr_core::wire::Rtype;

use super::body::{Member, Members};
use super::refusal::Refusal;
use crate::catalog::{Fault, Id, code};
use crate::records::{Given, Wanted};
use crate::zonefile::parse_type;

/// The most characters that a comment has.
const COMMENT: usize = 500;
/// The most tags, and the most characters that each has.
const TAGS: (usize, usize) = (20, 133);
/// The most octets that settings have.
const SETTINGS: usize = 1_024;

/// The members of a record.
pub(super) fn wanted(members: &Members) -> Result<Wanted, Refusal> {
    if members.truth("proxied")?.given() == Some(true) {
        let message = "proxied is true: there is no proxy here, so that records say where they really lead";
        return Err(Fault::invalid(code::RECORD_PROXIED, "proxied", message).into());
    }
    let given = Given {
        content: members.text("content")?.given(),
        data: members.values("data")?.given(),
        priority: members.integer("priority")?.given().map(priority).transpose()?,
    };
    Ok(Wanted {
        name: members.text("name")?.given(),
        rtype: members.text("type")?.given().map(|text| rtype(&text)).transpose()?,
        given,
        ttl: members.integer("ttl")?.given().map(ttl).transpose()?,
        comment: comment(members)?,
        tags: tags(members)?,
        settings: settings(members)?,
    })
}

/// The id of the record that an entry of a batch is about.
pub(super) fn id(members: &Members) -> Result<Id, Refusal> {
    let text = members.needed_text("id")?;
    text.parse().map_err(|_| missing().into())
}

/// No record has this id.
pub(super) fn missing() -> Fault {
    Fault::not_found(code::RECORD_NOT_FOUND, "There is no record with this id in the zone")
}

fn rtype(text: &str) -> Result<Rtype, Refusal> {
    let wrong = || Fault::invalid(code::RECORD_TYPE, "type", format!("type: {text:?} is no type of records"));
    parse_type(text).map(Rtype).ok_or_else(|| wrong().into())
}

fn priority(number: i64) -> Result<u16, Refusal> {
    let message = || format!("priority is {number}: it has to be from 0 to 65535");
    number.try_into().map_err(|_| Fault::invalid(code::RECORD_CONTENT, "priority", message()).into())
}

fn ttl(number: i64) -> Result<u32, Refusal> {
    let message = || format!("ttl is {number}: it has to be 1, for automatic, or from 30 to 86400");
    number.try_into().map_err(|_| Fault::invalid(code::RECORD_TTL, "ttl", message()).into())
}

fn wrong(member: &str, message: String) -> Refusal {
    Fault::invalid(code::RECORD_NOTE, member, message).into()
}

fn comment(members: &Members) -> Result<Option<Option<String>>, Refusal> {
    Ok(match members.text("comment")? {
        Member::Missing => None,
        Member::Null => Some(None),
        Member::Value(text) if text.chars().count() > COMMENT => {
            return Err(wrong("comment", format!("comment is too long: it may have {COMMENT} characters")));
        }
        Member::Value(text) => Some(Some(text).filter(|text| !text.is_empty())),
    })
}

fn tags(members: &Members) -> Result<Option<Vec<String>>, Refusal> {
    let tags = match members.texts("tags")? {
        Member::Missing => return Ok(None),
        Member::Null => Vec::new(),
        Member::Value(tags) => tags,
    };
    let (most, longest) = TAGS;
    if tags.len() > most {
        return Err(wrong("tags", format!("there are {} tags: a record may have {most}", tags.len())));
    }
    for (at, tag) in tags.iter().enumerate() {
        if tag.is_empty() || tag.chars().count() > longest {
            let message = format!("tags: {tag:?} has to have 1 to {longest} characters");
            return Err(wrong(&format!("tags/{at}"), message));
        }
    }
    Ok(Some(tags))
}

fn settings(members: &Members) -> Result<Option<Option<String>>, Refusal> {
    let settings = match members.values("settings")? {
        Member::Missing => return Ok(None),
        Member::Null => return Ok(Some(None)),
        Member::Value(settings) => settings,
    };
    if let Some((name, _)) = settings.iter().find(|(_, value)| **value == Value::Bool(true)) {
        let message = format!("settings: {name} is true: there is no proxy here that would do it");
        return Err(wrong(&format!("settings/{name}"), message));
    }
    let text = Value::Object(settings).to_string();
    if text.len() > SETTINGS {
        return Err(wrong("settings", format!("settings are too large: {SETTINGS} octets are taken")));
    }
    Ok(Some((text != "{}").then_some(text)))
}
