//! All routes: one file for each kind of object.

mod accounts;
mod acls;
mod alerts;
mod dns_settings;
mod dnssec;
mod incoming;
mod open;
mod outgoing;
mod peers;
mod policy;
mod records;
mod review;
mod status;
mod tokens;
mod tsigs;
mod webhooks;
mod zones;

use axum::Router;
use axum::extract::{DefaultBodyLimit, OriginalUri, Request};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::get;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::document;
use super::gate;
use super::guard::guard;
use super::refusal::Refusal;
use super::requests::count;
use super::{Api, BASE};

/// All routes, and what holds for them.
pub(super) fn router(api: Api) -> Router {
    let (gated, gated_document) = gated(&api).split_for_parts();
    let (with_token, token_document) = with_token(&api).split_for_parts();
    let (open, open_document) = OpenApiRouter::new().routes(routes!(open::health)).split_for_parts();
    let document = document::complete(gated_document, token_document, open_document);
    open.merge(gated)
        .merge(with_token)
        .merge(open::document(document))
        .fallback(no_route)
        .method_not_allowed_fallback(no_method)
        // Bodies have limits of their own.
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn(guard))
        .layer(from_fn_with_state(api.clone(), count))
        .with_state(api)
}

/// What needs a token that is good for the method.
fn gated(api: &Api) -> OpenApiRouter<Api> {
    let routes = OpenApiRouter::new()
        .routes(routes!(accounts::list))
        .routes(routes!(tsigs::list, tsigs::create))
        .routes(routes!(tsigs::get, tsigs::update, tsigs::delete))
        .routes(routes!(peers::list, peers::create))
        .routes(routes!(peers::get, peers::update, peers::delete))
        .routes(routes!(acls::list, acls::create))
        .routes(routes!(acls::get, acls::update, acls::delete))
        .routes(routes!(zones::list, zones::create))
        .routes(routes!(zones::get, zones::edit, zones::delete))
        .routes(routes!(zones::activation_check))
        .routes(routes!(incoming::get, incoming::create, incoming::update, incoming::delete))
        .routes(routes!(incoming::force_axfr))
        .routes(routes!(outgoing::get, outgoing::create, outgoing::update, outgoing::delete))
        .routes(routes!(outgoing::enable))
        .routes(routes!(outgoing::disable))
        .routes(routes!(outgoing::force_notify))
        .routes(routes!(outgoing::status))
        .routes(routes!(status::get))
        .routes(routes!(policy::get, policy::edit))
        .routes(routes!(dns_settings::get, dns_settings::edit))
        .routes(routes!(dns_settings::use_apex_ns))
        .routes(routes!(dnssec::get, dnssec::edit, dnssec::delete))
        .routes(routes!(dnssec::zsk))
        .routes(routes!(records::export::export))
        .routes(routes!(records::list, records::change::create))
        .routes(routes!(records::get, records::change::update, records::change::edit, records::change::delete))
        .routes(routes!(records::change::batch))
        .routes(routes!(records::import::import))
        .routes(routes!(review::get))
        .routes(routes!(review::publish))
        .routes(routes!(review::reject))
        .routes(routes!(review::versions))
        .routes(routes!(review::rollback))
        .routes(routes!(webhooks::list, webhooks::create))
        .routes(routes!(webhooks::get, webhooks::update, webhooks::delete))
        .routes(routes!(alerts::list, alerts::create))
        .routes(routes!(alerts::get, alerts::update, alerts::delete))
        .routes(routes!(alerts::available))
        .routes(routes!(alerts::history))
        .routes(routes!(tokens::create))
        .routes(routes!(tokens::delete));
    let routes = routes
        .route(LEGACY[0].0, get(peers::list).post(peers::create))
        .route(LEGACY[1].0, get(peers::get).put(peers::update).delete(peers::delete))
        .route(LEGACY[2].0, get(incoming::get).post(incoming::create).put(incoming::update).delete(incoming::delete));
    OpenApiRouter::new().nest(BASE, routes).route_layer(from_fn_with_state(api.clone(), gate::gate))
}

/// Paths of older clients, and those that have taken their places.
pub(super) const LEGACY: [(&str, &str); 3] = [
    ("/accounts/{account_id}/secondary_dns/primaries", "/accounts/{account_id}/secondary_dns/peers"),
    ("/accounts/{account_id}/secondary_dns/primaries/{id}", "/accounts/{account_id}/secondary_dns/peers/{id}"),
    ("/zones/{zone_id}/secondary_dns", "/zones/{zone_id}/secondary_dns/incoming"),
];

/// What any token is good for.
fn with_token(api: &Api) -> OpenApiRouter<Api> {
    let verify = OpenApiRouter::new().routes(routes!(tokens::verify)).routes(routes!(tokens::verify_in_account));
    let verify = OpenApiRouter::new().nest(BASE, verify).route_layer(from_fn_with_state(api.clone(), gate::verify));
    let metrics = OpenApiRouter::new().routes(routes!(open::metrics));
    verify.merge(metrics.route_layer(from_fn_with_state(api.clone(), gate::any_token)))
}

async fn no_route(OriginalUri(uri): OriginalUri) -> Refusal {
    Refusal::no_route(uri.path())
}

async fn no_method(OriginalUri(uri): OriginalUri, request: Request) -> Refusal {
    Refusal::method(request.method(), uri.path())
}
