//! `/zones/{zone_id}/dns_records/export`

use std::collections::HashMap;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::IntoResponse;
use hyper::body::{Body as HttpBody, Frame};
use zxfr_core::zone::{PagePosition, Version};

use crate::api::Api;
use crate::api::refusal::Refusal;
use crate::api::scope::{InZone, not_found};
use crate::catalog::{Id, code};
use crate::records::{Book, Note, derived_id};
use crate::zonefile::write_record;

/// A part of an export has so many octets, if not a few more.
const PART: usize = 64 * 1024;

/// The zone as a zone file: one record a line, names absolute; comments and tags of records behind a semicolon
#[utoipa::path(get, path = "/zones/{zone_id}/dns_records/export", tag = "records", operation_id = "records-export",
    responses((status = 200, description = "A zone file.", body = String, content_type = "text/plain")))]
pub(in crate::api::routes) async fn export(
    State(api): State<Api>,
    InZone { zone, .. }: InZone,
) -> Result<impl IntoResponse + use<>, Refusal> {
    let mut seen = None;
    api.live()
        .look(&zone, &mut |version, book| seen = version.map(|version| (version.clone(), remarks(version, book))));
    let (version, remarks) = seen.ok_or_else(|| not_found(code::ZONE_EMPTY, "Nothing is held of this zone yet"))?;
    let headers = [
        (CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"{}.txt\"", zone.id)),
    ];
    Ok((headers, Body::new(Export { zone: zone.id, version, remarks, position: Some(PagePosition::default()) })))
}

/// What the notes of records add to their lines, by the keys of the records.
fn remarks(version: &Version, book: &Book) -> HashMap<Id, String> {
    let remark = |note: &Note| {
        let tags = (!note.tags.is_empty()).then(|| format!("cf_tags={}", note.tags.join(",")));
        let words: Vec<_> = note.comment.iter().cloned().chain(tags).collect();
        // All of it has to stay on the line.
        words.join(" ").replace(char::is_control, " ")
    };
    let remarks = book.notes().map(|note| (note.key(version.apex()), remark(note)));
    remarks.filter(|(_, remark)| !remark.is_empty()).collect()
}

/// A version as text, made part by part as it is sent.
struct Export {
    zone: Id,
    version: Arc<Version>,
    remarks: HashMap<Id, String>,
    /// After the page that was written last; none once all are.
    position: Option<PagePosition>,
}

impl HttpBody for Export {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.next().map(|part| Ok(Frame::data(part))))
    }

    fn is_end_stream(&self) -> bool {
        self.position.is_none()
    }
}

impl Export {
    fn next(&mut self) -> Option<Bytes> {
        let mut records = self.version.records_from(self.position.take()?);
        let mut text = Vec::with_capacity(PART + PART / 8);
        while let Some(record) = records.next() {
            write_record(record.into(), &mut text);
            if !self.remarks.is_empty()
                && let Some(remark) = self.remarks.get(&derived_id(self.zone, self.version.apex(), &record))
            {
                text.truncate(text.trim_ascii_end().len());
                text.extend_from_slice(format!(" ; {remark}\n").as_bytes());
            }
            if text.len() >= PART
                && let Some(position) = records.position()
            {
                self.position = Some(position);
                break;
            }
        }
        (!text.is_empty()).then(|| text.into())
    }
}
