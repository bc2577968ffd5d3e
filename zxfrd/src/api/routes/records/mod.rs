//! `/zones/{zone_id}/dns_records`

pub(super) mod change;
pub(super) mod export;
pub(super) mod import;

use std::collections::HashSet;
use std::sync::Arc;

use axum::extract::{Path, State};
use zxfr_core::wire::Rtype;
use zxfr_core::zone::Version;

use crate::api::Api;
use crate::api::envelope::{ResultInfo, Success};
use crate::api::query::Query;
use crate::api::record_object::Record;
use crate::api::refusal::Refusal;
use crate::api::scope::{InZone, not_found};
use crate::catalog::{Id, Zone, code};
use crate::records::{Among, Book, Compared, Field, Note, Order, Selection, Text, look_up};
use crate::zonefile::parse_type;

/// How often a page is looked up anew when another version has come meanwhile.
const ATTEMPTS: usize = 3;

/// How many records a page has, and at most.
const PER_PAGE: (usize, usize) = (100, 5_000);

const COMPARED: [(&str, Compared); 4] = [
    ("exact", Compared::Exact),
    ("contains", Compared::Contains),
    ("startswith", Compared::StartsWith),
    ("endswith", Compared::EndsWith),
];

const ORDERS: [(&str, Option<Order>); 5] = [
    ("type", Some(Order::Type)),
    ("name", Some(Order::Name)),
    ("content", Some(Order::Content)),
    ("ttl", Some(Order::Ttl)),
    // None is.
    ("proxied", None),
];

/// The records of the zone, but its SOA
#[utoipa::path(get, path = "/zones/{zone_id}/dns_records", tag = "records", operation_id = "records-list",
    params(
        ("name" = Option<String>, Query, description = "Only records of this name; also `name.exact`, and `name.contains`, \
            `name.startswith`, `name.endswith` with a part of it."),
        ("content" = Option<String>, Query, description = "Only records with this content; also `content.exact`, and \
            `content.contains`, `content.startswith`, `content.endswith` with a part of it."),
        ("type" = Option<String>, Query, description = "Only records of this type: a mnemonic, or `TYPE` and a number."),
        ("search" = Option<String>, Query, description = "Only records with this text in their name or content."),
        ("comment.present" = Option<String>, Query, description = "Only records with a comment, whatever its value; also \
            `comment.absent`, `comment.exact`, `comment.contains`, `comment.startswith`, `comment.endswith`, and the same of `tag`."),
        ("proxied" = Option<bool>, Query, description = "Only records that are proxied, of which there are none, or not."),
        ("match" = Option<String>, Query, description = "Whether `all` filters of names and contents have to fit, or `any`."),
        ("order" = Option<String>, Query, description = "Sorted by `type`, `name`, `content`, `ttl` or `proxied`; else in the order \
            of the zone (RFC 4034 §6.1)."),
        ("direction" = Option<String>, Query, description = "`asc` or `desc`."),
        ("page" = Option<usize>, Query, minimum = 1, description = "Which page, from 1. One past the end is empty."),
        ("per_page" = Option<usize>, Query, minimum = 1, description = "How many on a page: 100, and at most 5,000."),
    ),
    responses((status = 200, body = Success<Vec<Record>>)))]
pub(super) async fn list(
    State(api): State<Api>,
    InZone { zone, .. }: InZone,
    query: Query,
) -> Result<Success<Vec<Record>>, Refusal> {
    let (selection, noted, paging) = (selection(&query)?, noted(&query)?, query.paging(PER_PAGE.0, PER_PAGE.1)?);
    // A large zone takes long.
    let reading = tokio::task::spawn_blocking(move || {
        let mut answer = None;
        for attempt in 0..ATTEMPTS {
            // What is asked for, of the version that is there.
            let mut seen = None;
            api.live().look(&zone, &mut |version, book| {
                seen = version
                    .map(|version| (version.clone(), noted.as_ref().map(|noted| noted.among(&zone, version, book))));
            });
            let Some((version, among)) = seen else { break };
            let selection = Selection { among: among.or_else(|| selection.among.clone()), ..selection.clone() };
            let (found, count) = selection.page(&version, paging.skip(), paging.take());
            // Its notes, if it still is there: else of another one.
            api.live().look(&zone, &mut |now, book| {
                if attempt + 1 == ATTEMPTS || now.is_some_and(|now| Arc::ptr_eq(now, &version)) {
                    let shown = |found| Record::new(&zone, version.apex(), found, book);
                    answer = Some((found.iter().map(shown).collect::<Vec<_>>(), count));
                }
            });
            if answer.is_some() {
                break;
            }
        }
        let (records, count) = answer.unwrap_or_default();
        let info: ResultInfo = paging.info(records.len(), count);
        Success::new(records).page(info)
    });
    reading.await.map_err(|_| Refusal::internal())
}

/// One record of the zone
#[utoipa::path(get, path = "/zones/{zone_id}/dns_records/{dns_record_id}", tag = "records", operation_id = "records-get",
    params(("dns_record_id" = String, Path, description = "The record's id.")),
    responses((status = 200, body = Success<Record>)))]
pub(super) async fn get(
    State(api): State<Api>,
    InZone { zone, .. }: InZone,
    Path((_, id)): Path<(String, String)>,
) -> Result<Success<Record>, Refusal> {
    let missing = || not_found(code::RECORD_NOT_FOUND, "There is no record with this id in the zone");
    let id: Id = id.parse().map_err(|_| missing())?;
    let looking = tokio::task::spawn_blocking(move || {
        let mut found = None;
        api.live().look(&zone, &mut |version, book| {
            found = version.and_then(|version| {
                let (found, _) = look_up(version, book, zone.id, id)?;
                Some(Record::new(&zone, version.apex(), &found, book))
            });
        });
        found
    });
    let found = looking.await.map_err(|_| Refusal::internal())?;
    found.map(Success::new).ok_or_else(missing)
}

fn selection(query: &Query) -> Result<Selection, Refusal> {
    let mut texts = Vec::new();
    for (field, name) in [(Field::Name, "name"), (Field::Content, "content")] {
        let mut put = |compared, value: &str| {
            let with = value.to_ascii_lowercase();
            let is_name = field == Field::Name && compared == Compared::Exact && with != ".";
            let with = if is_name { with.strip_suffix('.').map(str::to_owned).unwrap_or(with) } else { with };
            texts.push((field, Text { compared, with }));
        };
        query.one(name).into_iter().for_each(|value| put(Compared::Exact, value));
        for (word, compared) in COMPARED {
            query.one(&format!("{name}.{word}")).into_iter().for_each(|value| put(compared, value));
        }
    }
    let rtype = match query.one("type") {
        None => None,
        Some(word) => {
            let code = parse_type(word).ok_or_else(|| {
                Refusal::query(format!("The query parameter type is {word:?}, which is no type of records"))
            })?;
            Some(Rtype(code))
        }
    };
    let truth = |name: &str| query.word(name, &[("true", Some(true)), ("false", Some(false))], None);
    // None is proxied.
    let nothing = truth("proxied")? == Some(true);
    Ok(Selection {
        texts,
        any: query.word("match", &[("all", false), ("any", true)], false)?,
        rtype,
        search: query.one("search").map(str::to_ascii_lowercase),
        among: None,
        nothing,
        order: query.word("order", &ORDERS, None)?,
        descending: query.word("direction", &[("asc", false), ("desc", true)], false)?,
    })
}

/// What the notes of records have to be.
struct Noted {
    comment: Vec<Test>,
    tag: Vec<Test>,
}

/// What a comment or a tag has to be.
enum Test {
    Present(bool),
    Text(Text),
}

/// What is asked of comments and tags, if anything is.
fn noted(query: &Query) -> Result<Option<Noted>, Refusal> {
    let tests = |of: &str| -> Result<Vec<Test>, Refusal> {
        let mut tests = Vec::new();
        let mut put = |compared, value: &str| {
            tests.push(Test::Text(Text { compared, with: value.to_lowercase() }));
        };
        query.one(of).into_iter().for_each(|value| put(Compared::Exact, value));
        for (word, compared) in COMPARED {
            query.one(&format!("{of}.{word}")).into_iter().for_each(|value| put(compared, value));
        }
        for (word, present) in [("present", true), ("absent", false)] {
            // It is enough that it is there.
            if query.one(&format!("{of}.{word}")).is_some() {
                tests.push(Test::Present(present));
            }
        }
        Ok(tests)
    };
    let noted = Noted { comment: tests("comment")?, tag: tests("tag")? };
    Ok((!noted.comment.is_empty() || !noted.tag.is_empty()).then_some(noted))
}

impl Noted {
    /// The records that are asked for, as far as their notes tell. Only those that were edited have one.
    fn among(&self, zone: &Zone, version: &Version, book: &Book) -> Among {
        // A record without a note is asked for where nothing has to be there.
        let others = self.comment.iter().chain(&self.tag).all(|test| matches!(test, Test::Present(false)));
        let listed = book.notes().filter(|note| self.fits(note) != others);
        let keys: HashSet<_> = listed.map(|note| note.key(version.apex())).collect();
        Among::new(zone.id, version.apex().to_name(), keys, others)
    }

    fn fits(&self, note: &Note) -> bool {
        let of = |tests: &[Test], texts: &[&str]| {
            tests.iter().all(|test| match test {
                Test::Present(present) => *present != texts.is_empty(),
                Test::Text(text) => texts.iter().any(|there| text.fits(&there.to_lowercase())),
            })
        };
        let (comment, tags): (Vec<_>, Vec<_>) =
            (note.comment.as_deref().into_iter().collect(), note.tags.iter().map(String::as_str).collect());
        of(&self.comment, &comment) && of(&self.tag, &tags)
    }
}
