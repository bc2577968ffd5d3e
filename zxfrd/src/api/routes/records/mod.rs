//! `/zones/{zone_id}/dns_records`

pub(super) mod export;

use axum::extract::{Path, State};
use zxfr_core::wire::Rtype;

use crate::api::Api;
use crate::api::envelope::{ResultInfo, Success};
use crate::api::query::Query;
use crate::api::record_object::Record;
use crate::api::refusal::Refusal;
use crate::api::scope::{InZone, not_found};
use crate::catalog::{Id, code};
use crate::records::{Compared, Field, Order, Selection, Text, find};
use crate::zonefile::parse_type;

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
        ("comment.present" = Option<String>, Query, description = "Only records with a comment, of which there are none; also \
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
    let (selection, paging) = (selection(&query)?, query.paging(PER_PAGE.0, PER_PAGE.1)?);
    let Some(version) = api.live().version(&zone) else {
        return Ok(Success::new(Vec::new()).page(paging.info(0, 0)));
    };
    // A large zone takes long.
    let reading = tokio::task::spawn_blocking(move || {
        let (found, count) = selection.page(&version, paging.skip(), paging.take());
        let records: Vec<_> = found.iter().map(|found| Record::new(&zone, version.apex(), found)).collect();
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
    let version = api.live().version(&zone).ok_or_else(missing)?;
    let looking = tokio::task::spawn_blocking(move || {
        find(&version, zone.id, id).map(|found| Record::new(&zone, version.apex(), &found))
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
    // No record has a comment or a tag, and none is proxied.
    let words = ["present", "exact", "contains", "startswith", "endswith"];
    let wanted = ["comment", "tag"].iter().flat_map(|of| words.iter().map(move |word| format!("{of}.{word}")));
    let mut nothing = truth("proxied")? == Some(true) || query.one("comment").is_some() || query.one("tag").is_some();
    for name in wanted {
        nothing |= query.one(&name).is_some();
    }
    Ok(Selection {
        texts,
        any: query.word("match", &[("all", false), ("any", true)], false)?,
        rtype,
        search: query.one("search").map(str::to_ascii_lowercase),
        nothing,
        order: query.word("order", &ORDERS, None)?,
        descending: query.word("direction", &[("asc", false), ("desc", true)], false)?,
    })
}
