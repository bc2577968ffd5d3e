//! `/zones`

use std::cmp::Ordering;
use std::sync::Arc;

use axum::extract::State;
use utoipa::ToSchema;
use zxfr_core::name::Name;

use crate::api::Api;
use crate::api::body::{Members, NoBody};
use crate::api::envelope::Success;
use crate::api::gate::Caller;
use crate::api::object::IdOnly;
use crate::api::query::Query;
use crate::api::refusal::Refusal;
use crate::api::scope::InZone;
use crate::api::zone_object::{self, Zone, ZoneStatusWord, ZoneTypeWord};
use crate::catalog::{self, Access, Account, Reach, Token, ZoneEdit, ZoneKind, ZoneWanted};
use crate::config::domain_name;

/// A zone that is wanted.
#[derive(ToSchema)]
#[expect(dead_code, reason = "tells the schema")]
pub(super) struct ZoneBody {
    /// Whose it is to be.
    account: Option<AccountBody>,
    /// Its name, with or without its last dot.
    #[schema(example = "example.com")]
    name: String,
    /// Its type; `full` if it isn't there.
    #[serde(rename = "type")]
    kind: Option<ZoneTypeWord>,
}

/// Which account.
#[derive(ToSchema)]
#[expect(dead_code, reason = "tells the schema")]
struct AccountBody {
    /// Its id.
    id: Option<String>,
}

/// What a zone is to be changed to: one of these.
#[derive(ToSchema)]
#[expect(dead_code, reason = "tells the schema")]
pub(super) struct ZoneEditBody {
    /// Whether it is paused.
    paused: Option<bool>,
    /// Its type.
    #[serde(rename = "type")]
    kind: Option<ZoneTypeWord>,
    /// Name servers that are named for it.
    vanity_name_servers: Option<Vec<String>>,
}

/// The zone as its caller sees it.
fn render(api: &Api, by: &Token, zone: &catalog::Zone) -> Result<Zone, Refusal> {
    let account = api.catalog().read().account(&Reach::All, zone.account).cloned();
    // A zone's account isn't taken away before the zone.
    let account = account.ok_or_else(Refusal::internal)?;
    Ok(Zone::new(zone, &account, by.access == Access::Write))
}

/// The zones of all accounts that the token opens
#[utoipa::path(get, path = "/zones", tag = "zones", operation_id = "zones-list",
    params(
        ("name" = Option<String>, Query, description = "Only zones of this name; or `contains:`, `starts_with:`, `ends_with:`, \
            `not_equal:` or `equal:`, and a text."),
        ("status" = Option<String>, Query, description = "Only zones of this status: `initializing`, `pending`, `active`, `moved`."),
        ("type" = Option<Vec<String>>, Query, description = "Only zones of these types: `full`, `partial`, `secondary`, `internal`. \
            Internal ones are left out unless asked for."),
        ("account.id" = Option<String>, Query, description = "Only zones of this account."),
        ("account.name" = Option<String>, Query, description = "Only zones of the account with this name, or with a text in it as for `name`."),
        ("order" = Option<String>, Query, description = "Sorted by `name`, `status`, `account.id` or `account.name`."),
        ("direction" = Option<String>, Query, description = "`asc` or `desc`."),
        ("match" = Option<String>, Query, description = "Whether `all` filters have to fit, or `any`."),
        ("page" = Option<usize>, Query, minimum = 1, description = "Which page, from 1. One past the end is empty."),
        ("per_page" = Option<usize>, Query, minimum = 1, description = "How many on a page: 20, and at most 50."),
    ),
    responses((status = 200, body = Success<Vec<Zone>>)))]
pub(super) async fn list(
    State(api): State<Api>,
    Caller(by): Caller,
    query: Query,
) -> Result<Success<Vec<Zone>>, Refusal> {
    let (paging, filter) = (query.paging(20, 50)?, Filter::read(&query)?);
    let order = query.word("order", &ORDERS, by_name as Order)?;
    let descending = query.word("direction", &[("asc", false), ("desc", true)], false)?;
    let mut found: Vec<Row> = {
        let objects = api.catalog().read();
        let accounts = objects.accounts(&by.accounts).cloned().collect::<Vec<_>>();
        let account = |zone: &catalog::Zone| accounts.iter().find(|account| account.id == zone.account).cloned();
        let rows = objects.zones(&by.accounts).filter_map(|zone| Some((zone.clone(), account(zone)?)));
        rows.filter(|row| filter.admits(row)).collect()
    };
    found.sort_by(|a, b| {
        let ordering = order(a, b);
        let ordering = if descending { ordering.reverse() } else { ordering };
        ordering.then_with(|| by_name(a, b))
    });
    let (zones, info) = paging.of(found);
    let writes = by.access == Access::Write;
    Ok(Success::new(zones.iter().map(|(zone, account)| Zone::new(zone, account, writes)).collect()).page(info))
}

/// A zone and whose it is.
type Row = (Arc<catalog::Zone>, Arc<Account>);
type Order = fn(&Row, &Row) -> Ordering;

const ORDERS: [(&str, Order); 4] =
    [("name", by_name), ("status", by_status), ("account.id", by_account_id), ("account.name", by_account_name)];

fn by_name(a: &Row, b: &Row) -> Ordering {
    let name =
        |row: &'_ Row| zone_object::name(&row.0).bytes().map(|octet| octet.to_ascii_lowercase()).collect::<Vec<_>>();
    name(a).cmp(&name(b))
}

fn by_status(a: &Row, b: &Row) -> Ordering {
    let pending = |row: &Row| zone_object::status(&row.0) == ZoneStatusWord::Pending;
    pending(a).cmp(&pending(b))
}

fn by_account_id(a: &Row, b: &Row) -> Ordering {
    a.1.id.cmp(&b.1.id)
}

fn by_account_name(a: &Row, b: &Row) -> Ordering {
    a.1.name.cmp(&b.1.name)
}

/// Which zones are asked for.
struct Filter {
    any: bool,
    name: Option<NameText>,
    account: Option<String>,
    account_name: Option<Text>,
    status: Option<Option<ZoneStatusWord>>,
    kinds: Vec<ZoneKind>,
}

/// What a zone's name has to be: this one, however it is written; another; or one that a text fits.
enum NameText {
    /// A text that is no name is that of no zone.
    Is(Option<Name>),
    IsNot(Option<Name>),
    Fits(Text),
}

impl NameText {
    fn read(value: &str) -> Self {
        let name = |text| domain_name(text).ok();
        match value.split_once(':') {
            Some(("equal", text)) => Self::Is(name(text)),
            Some(("not_equal", text)) => Self::IsNot(name(text)),
            Some(("contains" | "starts_with" | "ends_with", _)) => {
                Self::Fits(Text::read(value.strip_suffix('.').unwrap_or(value)))
            }
            _ => Self::Is(name(value)),
        }
    }

    fn fits(&self, zone: &catalog::Zone) -> bool {
        match self {
            Self::Is(name) => name.as_ref() == Some(zone.name.value()),
            Self::IsNot(name) => name.as_ref() != Some(zone.name.value()),
            Self::Fits(text) => text.fits(zone_object::name(zone)),
        }
    }
}

/// A text that another has to be, to hold, or not to be; without case.
struct Text {
    fits: Fits,
    text: String,
}

/// Whether a text fits a whole one.
type Fits = fn(&str, &str) -> bool;

impl Text {
    fn read(value: &str) -> Self {
        let operators: [(&str, Fits); 5] = [
            ("equal:", |whole, text| whole == text),
            ("not_equal:", |whole, text| whole != text),
            ("contains:", |whole, text| whole.contains(text)),
            ("starts_with:", |whole, text| whole.starts_with(text)),
            ("ends_with:", |whole, text| whole.ends_with(text)),
        ];
        for (operator, fits) in operators {
            if let Some(text) = value.strip_prefix(operator) {
                return Self { fits, text: text.to_ascii_lowercase() };
            }
        }
        Self { fits: operators[0].1, text: value.to_ascii_lowercase() }
    }

    fn fits(&self, whole: &str) -> bool {
        (self.fits)(&whole.to_ascii_lowercase(), &self.text)
    }
}

impl Filter {
    fn read(query: &Query) -> Result<Self, Refusal> {
        // A zone is never initializing or moved here: none fits.
        let statuses = [
            ("initializing", Some(None)),
            ("pending", Some(Some(ZoneStatusWord::Pending))),
            ("active", Some(Some(ZoneStatusWord::Active))),
            ("moved", Some(None)),
        ];
        let kinds = query.many("type").into_iter().map(|word| {
            let types = "full, partial, secondary, internal";
            word.parse().map_err(|_| Refusal::query(format!("The query parameter type is none of {types}")))
        });
        Ok(Self {
            any: query.word("match", &[("all", false), ("any", true)], false)?,
            name: query.one("name").map(NameText::read),
            account: query.one("account.id").map(str::to_owned),
            account_name: query.one("account.name").map(Text::read),
            status: query.word("status", &statuses, None)?,
            kinds: kinds.collect::<Result<_, _>>()?,
        })
    }

    fn admits(&self, (zone, account): &Row) -> bool {
        if self.kinds.is_empty() && zone.kind == ZoneKind::Internal {
            return false;
        }
        let filters = [
            self.name.as_ref().map(|text| text.fits(zone)),
            self.account.as_ref().map(|id| *id == account.id.to_string()),
            self.account_name.as_ref().map(|text| text.fits(&account.name)),
            self.status.map(|status| status == Some(zone_object::status(zone))),
            (!self.kinds.is_empty()).then(|| self.kinds.contains(&zone.kind)),
        ];
        let mut given = filters.into_iter().flatten().peekable();
        if self.any && given.peek().is_some() { given.any(|fits| fits) } else { given.all(|fits| fits) }
    }
}

/// Makes a zone
#[utoipa::path(post, path = "/zones", tag = "zones", operation_id = "zones-create",
    request_body = ZoneBody, responses((status = 200, body = Success<Zone>)))]
pub(super) async fn create(
    State(api): State<Api>,
    Caller(by): Caller,
    members: Members,
) -> Result<Success<Zone>, Refusal> {
    let account = members.object("account")?.given();
    let wanted = ZoneWanted {
        account: account.map(|account| account.text("id")).transpose()?.and_then(|id| id.given()),
        name: members.needed_text("name")?,
        kind: members.text("type")?.given(),
    };
    let done = api.catalog().create_zone(&by, wanted).await?;
    let zone = render(&api, &by, &done.result)?;
    Ok(Success::of(done, |_| zone))
}

/// A zone
#[utoipa::path(get, path = "/zones/{zone_id}", tag = "zones", operation_id = "zones-get",
    responses((status = 200, body = Success<Zone>)))]
pub(super) async fn get(State(api): State<Api>, InZone { by, zone }: InZone) -> Result<Success<Zone>, Refusal> {
    Ok(Success::new(render(&api, &by, &zone)?))
}

/// Changes one of a zone's members
#[utoipa::path(patch, path = "/zones/{zone_id}", tag = "zones", operation_id = "zones-edit",
    request_body = ZoneEditBody, responses((status = 200, body = Success<Zone>)))]
pub(super) async fn edit(
    State(api): State<Api>,
    InZone { by, zone }: InZone,
    members: Members,
) -> Result<Success<Zone>, Refusal> {
    let wanted = ZoneEdit {
        paused: members.truth("paused")?.given(),
        kind: members.text("type")?.given(),
        vanity_name_servers: members.texts("vanity_name_servers")?.given(),
    };
    let done = api.catalog().edit_zone(&by, zone.id, wanted).await?;
    let zone = render(&api, &by, &done.result)?;
    Ok(Success::of(done, |_| zone))
}

/// Deletes a zone and all that is held of it
#[utoipa::path(delete, path = "/zones/{zone_id}", tag = "zones", operation_id = "zones-delete",
    responses((status = 200, body = Success<IdOnly>)))]
pub(super) async fn delete(State(api): State<Api>, InZone { by, zone }: InZone) -> Result<Success<IdOnly>, Refusal> {
    let done = api.catalog().delete_zone(&by, zone.id).await?;
    Ok(Success::of(done, IdOnly::from))
}

/// Asks whether the zone is active; there is nothing to wait for
#[utoipa::path(put, path = "/zones/{zone_id}/activation_check", tag = "zones", operation_id = "zones-activation-check",
    responses((status = 200, body = Success<IdOnly>)))]
pub(super) async fn activation_check(InZone { zone, .. }: InZone, NoBody: NoBody) -> Success<IdOnly> {
    Success::new(IdOnly::from(zone.id))
}
