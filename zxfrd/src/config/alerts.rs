//! `[alerts]`: how webhooks are posted to.

use std::path::PathBuf;

use super::check::Checker;
use super::raw;

/// How webhooks are posted to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alerts {
    /// PEM file with the certificates that those of webhooks lead to; those that browsers trust if there is none.
    pub cacert: Option<PathBuf>,
    /// For how many seconds trouble has to be over until that is told. What comes back within them is the same trouble; and
    /// transfers of a zone are told no more often.
    pub settle_seconds: u64,
    /// How many seconds later is tried again what a webhook didn't take; each time four times as many.
    pub retry_seconds: u64,
}

impl Default for Alerts {
    fn default() -> Self {
        Self { cacert: None, settle_seconds: 60, retry_seconds: 2 }
    }
}

impl Checker<'_> {
    pub(super) fn alerts(&mut self, raw: &raw::Alerts) -> Alerts {
        let default = Alerts::default();
        Alerts {
            cacert: raw.cacert.as_ref().map(|file| self.relative(file.get_ref())),
            settle_seconds: self.limit(raw.settle_seconds.as_ref(), default.settle_seconds),
            retry_seconds: self.limit(raw.retry_seconds.as_ref(), default.retry_seconds),
        }
    }
}
