//! The management API, in the form of Cloudflare's "DNS Zone Transfers": HTTP and nothing else. What may be, and what comes of
//! it, the [`Catalog`] says.
//!
//! ```text
//!  guard ─► gate ─► scope, body, query ─► Catalog ─► object ─► envelope
//! ```
//!
//! | module | holds |
//! |---|---|
//! | `guard` | every request is done whole, within a time, and no panic reaches the client |
//! | `requests` | [`Requests`]: how many were answered, and how |
//! | `gate`, `credentials`, `rates` | who may pass, and how often |
//! | `scope` | the account, object or zone that a path is about, if the caller's token opens it |
//! | `body`, `query` | what requests say |
//! | `routes` | one file for each kind of object |
//! | `object`, `alert_object`, `zone_object`, `status` | what answers say |
//! | `envelope`, `refusal` | the form of answers; statuses and codes |
//! | `document` | the OpenAPI document |
//! | `live` | [`Live`]: what is needed of the node that runs |
//! | `listener` | [`Listener`]: the sockets, TLS |

mod alert_object;
mod body;
mod credentials;
mod dnssec_object;
mod document;
mod envelope;
mod gate;
mod guard;
mod listener;
mod live;
mod object;
mod query;
mod rates;
mod record_body;
mod record_object;
mod refusal;
mod requests;
mod review_object;
mod routes;
mod scope;
mod settings_object;
mod status;
#[cfg(test)]
mod tests;
mod zone_object;

use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;

use crate::catalog::{Catalog, Id};
use rates::Buckets;

pub use listener::{Listener, Tls};
pub use live::{Decision, HeldVersion, Live, Received, Sent};
pub use rates::Rate;
pub use requests::{Answered, Requests};
pub use status::{FailureStatus, IncomingStatus, OutgoingStatus, PeerStatus, Progress, ProgressKind, ZoneStatus};
pub(crate) use zone_object::name as shown_name;

/// Where the API's paths begin.
pub const BASE: &str = "/client/v4";

/// The API. Cloned cheaply: all clones are one.
#[derive(Clone)]
pub struct Api(Arc<Shared>);

struct Shared {
    catalog: Catalog,
    live: Arc<dyn Live>,
    settings: Settings,
    rates: Buckets<Id>,
    guesses: Buckets<IpAddr>,
    requests: Requests,
}

/// What is taken from clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The most octets that the body of a request may have.
    pub body_octets: usize,
    /// The most records that a request may change, but for an import.
    pub records_at_once: usize,
    /// The most octets that a file of records may have.
    pub import_octets: usize,
    /// The requests that each token may make.
    pub rate: Rate,
    /// The wrong tokens that may come from each address, or each /64 of IPv6.
    pub guesses: Rate,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            body_octets: 1 << 20,
            records_at_once: 3_500,
            import_octets: 256 << 10,
            rate: Rate { burst: 1200, per_second: 200 },
            guesses: Rate { burst: 1200, per_second: 200 },
        }
    }
}

impl Api {
    /// The API to these objects and this node.
    #[must_use]
    pub fn new(catalog: Catalog, live: Arc<dyn Live>, settings: Settings) -> Self {
        let (rates, guesses) = (Buckets::new(settings.rate), Buckets::new(settings.guesses));
        Self(Arc::new(Shared { catalog, live, settings, rates, guesses, requests: Requests::default() }))
    }

    /// All routes.
    pub fn router(self) -> Router {
        routes::router(self)
    }

    fn catalog(&self) -> &Catalog {
        &self.0.catalog
    }

    fn live(&self) -> &dyn Live {
        &*self.0.live
    }

    fn settings(&self) -> &Settings {
        &self.0.settings
    }

    fn rates(&self) -> &Buckets<Id> {
        &self.0.rates
    }

    fn requests(&self) -> &Requests {
        &self.0.requests
    }

    fn guesses(&self) -> &Buckets<IpAddr> {
        &self.0.guesses
    }
}
