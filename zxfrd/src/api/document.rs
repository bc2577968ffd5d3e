//! The OpenAPI document: what the routes say of themselves, and what holds for all of them.

use axum::body::Bytes;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{
    Components, Content, Deprecated, Header, InfoBuilder, License, OpenApi, Ref, RefOr, Required, ResponseBuilder,
    SecurityRequirement,
};
use utoipa::{PartialSchema, ToSchema};

use super::BASE;
use super::envelope::{Failure, Message, ResultInfo, Source};
use super::routes::LEGACY;

/// What a route needs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Needs {
    /// A token that is good for the method.
    Access,
    /// Any token.
    Token,
    /// Nothing.
    Nothing,
}

/// The document of all routes: of those that need a token with access, of those that need any, and of open ones.
pub(super) fn complete(gated: OpenApi, with_token: OpenApi, open: OpenApi) -> Bytes {
    let mut all = gated;
    legacy(&mut all);
    each(&mut all, |path, method, operation| refusals(path, method, operation, Needs::Access));
    let mut with_token = with_token;
    each(&mut with_token, |path, method, operation| refusals(path, method, operation, Needs::Token));
    all.merge(with_token);
    let mut open = open;
    each(&mut open, |path, method, operation| refusals(path, method, operation, Needs::Nothing));
    all.merge(open);
    all.info = InfoBuilder::new()
        .title("zxfrd")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some("DNS zone transfers, managed in the form of Cloudflare's \"DNS Zone Transfers\" API."))
        .license(Some(License::new("MIT OR Apache-2.0")))
        .build();
    components(all.components.get_or_insert_with(Components::new));
    // Plain structures with text as keys: those always have a JSON form.
    serde_json::to_vec(&all).unwrap_or_default().into()
}

/// Paths of older clients are documented like those that have taken their places.
fn legacy(document: &mut OpenApi) {
    for (old, new) in LEGACY {
        let Some(mut item) = document.paths.paths.get(&format!("{BASE}{new}")).cloned() else { continue };
        let PathItem { get, put, post, delete, .. } = &mut item;
        for operation in [get, put, post, delete].into_iter().flatten() {
            operation.deprecated = Some(Deprecated::True);
            operation.operation_id = operation.operation_id.take().map(|id| format!("legacy-{id}"));
        }
        document.paths.paths.insert(format!("{BASE}{old}"), item);
    }
}

/// Does something with each operation, whose path's parameters are told first.
fn each(document: &mut OpenApi, mut what: impl FnMut(&str, &str, &mut Operation)) {
    for (path, item) in &mut document.paths.paths {
        let parameters: Vec<_> = path.split('/').filter_map(parameter).collect();
        let PathItem { get, put, post, delete, patch, .. } = item;
        let operations = [("get", get), ("put", put), ("post", post), ("delete", delete), ("patch", patch)];
        for (method, operation) in operations {
            if let Some(operation) = operation {
                operation.parameters.get_or_insert_default().extend(parameters.iter().cloned().map(RefOr::T));
                what(path, method, operation);
            }
        }
    }
}

/// The parameter that a part of a path is.
fn parameter(part: &str) -> Option<Parameter> {
    let name = part.strip_prefix('{')?.strip_suffix('}')?;
    let what = match name {
        "account_id" => "The id of an account that the token opens.",
        "zone_id" => "The id of a zone in an account that the token opens.",
        _ => "The id of the object.",
    };
    let id = ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[0-9a-f]{32}$")).build();
    let parameter = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Path).required(Required::True);
    Some(parameter.schema(Some(id)).description(Some(what)).build())
}

/// How an operation is refused, and what it needs.
fn refusals(path: &str, method: &str, operation: &mut Operation, needs: Needs) {
    let (changes, has_id) = (method != "get", path.contains('{'));
    let mut refused = |status: &str, what: &str, headers: &[(&str, &str, Type)]| {
        let mut response = ResponseBuilder::new()
            .description(what)
            .content("application/json", Content::new(Some(Ref::from_schema_name(Failure::name()))));
        for (name, what, kind) in headers {
            let mut header = Header::new(ObjectBuilder::new().schema_type(kind.clone()).build());
            header.description = Some((*what).to_owned());
            response = response.header(*name, header);
        }
        operation.responses.responses.entry(status.to_owned()).or_insert_with(|| response.build().into());
    };
    refused("500", "The server failed; its log says why.", &[]);
    refused("503", "The store doesn't take it just now, or it took too long.", &[]);
    if needs == Needs::Nothing {
        operation.security = Some(Vec::new());
        return;
    }
    refused("400", "The request breaks a rule, or has no credentials or malformed ones.", &[]);
    refused(
        "401",
        "No token is configured, or the token to be verified is none.",
        &[("www-authenticate", "`Bearer`", Type::String)],
    );
    refused(
        "403",
        "The token is none, or not good for this; or what is to be changed is declared in the configuration.",
        &[],
    );
    refused("429", "More requests than are taken.", &[("retry-after", "Seconds.", Type::Integer)]);
    if has_id {
        refused("404", "There is no such object, or the token doesn't open its account.", &[]);
    }
    if changes {
        refused("408", "The body did not come in time.", &[]);
        refused("409", "It is there already, or in use.", &[("x-should-retry", "`false`", Type::String)]);
        refused("413", "The body is too large.", &[]);
    }
    if changes && !has_id {
        refused("404", "There is no such object, or the token doesn't open its account.", &[]);
    }
    let none = Vec::<String>::new;
    let pair = SecurityRequirement::new("email", none()).add("key", none());
    operation.security = Some(vec![SecurityRequirement::new("token", none()), pair]);
}

/// Schemas that all answers share, and the schemes of credentials.
fn components(components: &mut Components) {
    let shared = [
        (Failure::name(), Failure::schema()),
        (Message::name(), Message::schema()),
        (Source::name(), Source::schema()),
        (ResultInfo::name(), ResultInfo::schema()),
    ];
    components.schemas.extend(shared.map(|(name, schema)| (name.into_owned(), schema)));
    components.add_security_scheme("token", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    for (name, header) in [("email", "X-Auth-Email"), ("key", "X-Auth-Key")] {
        components.add_security_scheme(name, SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new(header))));
    }
}
