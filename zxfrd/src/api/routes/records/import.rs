//! `/zones/{zone_id}/dns_records/import`

use std::path::Path;

use axum::body::{Body, Bytes};
use axum::extract::multipart::{Multipart, MultipartError};
use axum::extract::{FromRequest, Request, State};
use serde::Serialize;
use utoipa::ToSchema;
use zxfr_core::wire::{Record, Rtype};

use super::change::perform;
use crate::api::Api;
use crate::api::body::octets;
use crate::api::envelope::Success;
use crate::api::refusal::Refusal;
use crate::api::scope::InZone;
use crate::catalog::{Fault, Zone, code};
use crate::records::{Change, Found};
use crate::zonefile::{self, Options, read_text};

/// The most records that a file makes: `$GENERATE` takes little text for many.
const RECORDS: usize = 20_000;
/// What a form has besides its file.
const FORM_OCTETS: usize = 16 << 10;
/// The TTL of records that have none: left to the server.
const AUTOMATIC: u32 = 1;

/// A form with a zone file.
#[derive(ToSchema)]
#[expect(dead_code, reason = "tells the schema")]
pub(in crate::api::routes) struct ImportBody {
    /// Text of a zone file, as a field or a file. An SOA in it doesn't matter, nor do records that are there already; TTLs that aren't
    /// said are left to the server. `$ORIGIN`, `$TTL` and `$GENERATE` are taken, `$INCLUDE` isn't.
    #[schema(example = "www 300 A 192.0.2.1")]
    file: String,
    /// `true` is refused: there is no proxy here.
    #[schema(example = "false")]
    proxied: Option<String>,
}

/// What became of a file.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api::routes) struct Imported {
    /// How many records weren't there before.
    recs_added: usize,
    /// How many records the file has, but SOAs.
    total_records_parsed: usize,
}

/// Makes the records of a zone file: all of them or none
#[utoipa::path(post, path = "/zones/{zone_id}/dns_records/import", tag = "records", operation_id = "records-import",
    request_body(content = ImportBody, content_type = "multipart/form-data"),
    responses((status = 200, body = Success<Imported>)))]
pub(in crate::api::routes) async fn import(
    State(api): State<Api>,
    scope: InZone,
    form: Form,
) -> Result<Success<Imported>, Refusal> {
    let changes = changes(&scope.zone, &form.file, api.settings().import_octets)?;
    let total_records_parsed = changes.len();
    let changed =
        if changes.is_empty() { Vec::new() } else { perform(&api, &scope, changes, |_| String::new()).await? };
    let recs_added = changed.iter().filter(|changed| changed.made).count();
    Ok(Success::new(Imported { recs_added, total_records_parsed }))
}

/// What a client sends.
pub(in crate::api::routes) struct Form {
    file: Bytes,
}

impl FromRequest<Api> for Form {
    type Rejection = Refusal;

    async fn from_request(request: Request, api: &Api) -> Result<Self, Refusal> {
        let (parts, body) = request.into_parts();
        let octets = octets(body, api.settings().import_octets.saturating_add(FORM_OCTETS)).await?;
        let request = Request::from_parts(parts, Body::from(octets));
        let mut form = Multipart::from_request(request, api)
            .await
            .map_err(|error| Refusal::body("", format!("The body is not a form (multipart/form-data): {error}")))?;
        let broken = |error: MultipartError| Refusal::body("", format!("The form is broken: {}", error.body_text()));
        let mut file = None;
        while let Some(field) = form.next_field().await.map_err(broken)? {
            let name = field.name().map(str::to_owned);
            let value = field.bytes().await.map_err(broken)?;
            match name.as_deref() {
                Some("file") => file = Some(value),
                Some("proxied") if value.eq_ignore_ascii_case(b"true") => {
                    let message = "proxied is true: there is no proxy here, so that records say where they really lead";
                    return Err(Fault::invalid(code::RECORD_PROXIED, "proxied", message).into());
                }
                _ => {}
            }
        }
        let file =
            file.ok_or_else(|| Refusal::body("/file", "file is missing: the form needs the text of a zone file"))?;
        Ok(Self { file })
    }
}

fn changes(zone: &Zone, text: &[u8], most: usize) -> Result<Vec<Change>, Refusal> {
    let name = zone.name.value().as_ref();
    let options = Options {
        origin: Some(name.as_octets()),
        max_octets: most.try_into().unwrap_or(u64::MAX),
        needs_soa: false,
        default_ttl: Some(AUTOMATIC),
        includes: false,
        ..Options::default()
    };
    let wrong = |message: String| Refusal::from(Fault::invalid(code::RECORD_IMPORT, "file", message));
    if text.len() > most {
        return Err(wrong(format!("file: it has {} octets: at most {most} are taken", text.len())));
    }
    let mut changes = Vec::new();
    let read = read_text(text, Path::new("file"), &options, |record: zonefile::Record<'_>| {
        let record = Record::try_from(record).map_err(|fault| fault.to_string())?;
        if record.rtype == Rtype::SOA {
            return Ok(());
        }
        if changes.len() == RECORDS {
            return Err(format!("there are more than {RECORDS} records"));
        }
        changes.push(Change::Import(Found::of(&record)));
        Ok(())
    });
    let summary = read.map_err(|error| wrong(error.to_string()))?;
    // Clients that send them want them made.
    match summary.warnings.first() {
        Some(warning) if summary.outside > 0 => Err(wrong(warning.to_string())),
        _ => Ok(changes),
    }
}
