//! The objects that the API manages and the configuration declares, and the rules that they keep.
//!
//! | module | holds |
//! |---|---|
//! | `object` | the objects: plain data |
//! | `written` | texts as clients wrote them, and what they mean |
//! | `id`, `time` | ids and times |
//! | `settings` | what is set for a zone besides its records: plain data |
//! | `objects` | [`Objects`]: all of them, and what is looked up |
//! | `declared` | what the configuration declares, beside what is managed |
//! | `change` | [`Catalog`]: changes, one at a time |
//! | `tsig`, `peer`, `acl`, `zones`, `link`, `incoming`, `outgoing`, `policy`, `dns_settings`, `dnssec`, `token` | the rules of each |
//! | `publishing` | what holds for versions that come from elsewhere |
//! | `alerting` | webhooks, policies, what was sent, and the trouble that was told of |
//! | `webhooks`, `alert_policies` | the rules of each |
//! | `fault` | [`Fault`]: why something is not done; warnings |

mod acl;
mod alert_policies;
mod alerting;
mod change;
mod declared;
mod dns_settings;
mod dnssec;
mod fault;
mod id;
mod incoming;
mod link;
mod object;
mod objects;
mod outgoing;
mod peer;
mod policy;
mod publishing;
mod settings;
mod time;
mod token;
mod tsig;
mod webhooks;
mod written;
mod zones;

#[cfg(test)]
mod tests;

pub use acl::AclWanted;
pub use alert_policies::AlertPolicyWanted;
pub(crate) use alert_policies::Told;
pub use alerting::{AlertPolicy, AlertType, Alerting, AlertingKey, Incident, SentAlert, Webhook, WebhookSecret};
pub use change::{Applied, Catalog, Effect};
pub use dns_settings::{DnsSettingsEdit, NAME_SERVERS, SoaEdit};
pub use dnssec::DnssecEdit;
pub use fault::{Done, Fault, FaultKind, Warning, code};
pub use id::{Id, IdError};
pub use incoming::IncomingWanted;
pub use object::{
    Access, Account, Acl, Audit, DeclaredZone, Incoming, Object, ObjectKey, Origin, Outgoing, Peer, Reach, Token, Tsig,
    Zone, ZoneKind, ZonePolicy,
};
pub use objects::Objects;
pub use outgoing::OutgoingWanted;
pub use peer::PeerWanted;
pub use policy::{HoldIfEdit, PolicyEdit, SERIAL_WORDS, serial_word};
pub use publishing::{HoldIf, Publish, Publishing, Review, ReviewState, ZonemdCheck};
pub use settings::{SoaSettings, ZoneMode, ZoneSettings};
pub use time::Time;
pub use token::{NewToken, TokenWanted, new_secret};
pub use tsig::TsigWanted;
pub use webhooks::{SecretWanted, WebhookWanted};
pub(crate) use written::not_mapped;
pub use written::{Meaning, TsigSecret, Written};
pub use zones::{ZoneEdit, ZoneWanted};
