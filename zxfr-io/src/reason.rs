//! Why something failed that was asked of a peer: as a word for the machine, and in words for people.

use crate::client;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use zxfr_core::refresh::Failure;
use zxfr_core::transfer::{Limit, PeerFault};
use zxfr_core::zone::{ApplyError, ApplyFault, BuildFault, UpdateError};

/// Why something failed that was asked of a peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// What decided on what is tried next.
    pub failure: Failure,
    /// All that is known, in words.
    pub text: Arc<str>,
}

impl Reason {
    /// The reason of a failure of this kind, with what is known beyond it.
    pub(crate) fn new(failure: Failure, text: impl fmt::Display) -> Self {
        Self { failure, text: text.to_string().into() }
    }

    /// For what was not tried because this had happened a moment before.
    pub(crate) fn left_alone(self, since: Duration) -> Self {
        let Self { failure, text } = &self;
        Self::new(*failure, format_args!("not tried: {} s ago: {text}", since.as_secs_f32()))
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Reason {}

impl From<Failure> for Reason {
    fn from(failure: Failure) -> Self {
        Self::new(failure, failure)
    }
}

impl From<&UpdateError> for Reason {
    fn from(error: &UpdateError) -> Self {
        let failure = match error {
            UpdateError::Build(error) => of_zone(error.fault),
            UpdateError::Apply(ApplyError { fault: ApplyFault::Build(fault), .. }) => of_zone(*fault),
            UpdateError::Apply(ApplyError { fault: ApplyFault::FirstSerial { .. }, .. }) => Failure::WrongSerial,
            _ => Failure::Unapplicable,
        };
        Self::new(failure, error)
    }
}

const fn of_zone(fault: BuildFault) -> Failure {
    match fault {
        BuildFault::RrsetRecords(most) => Failure::Limit(Limit::RrsetRecords(most)),
        BuildFault::TypesPerName(most) => Failure::Limit(Limit::TypesPerName(most)),
        _ => Failure::NotZone,
    }
}

impl From<&client::Error> for Reason {
    fn from(error: &client::Error) -> Self {
        use client::Error;
        let failure = match error {
            Error::Connect(_) => Failure::Unreachable,
            // There was a connection, and perhaps another request is answered.
            Error::Io(_) | Error::Closed => Failure::Cut,
            Error::UnknownId(id) => Failure::Malformed(PeerFault::Id(*id)),
            Error::Timeout { .. } => Failure::TimedOut,
            Error::Transfer(error) => error.into(),
            Error::Sink(error) => match (error.downcast_ref::<UpdateError>(), error.downcast_ref::<Self>()) {
                (Some(error), _) => return error.into(),
                (_, Some(reason)) => return reason.clone(),
                (None, None) => Failure::Local,
            },
            _ => Failure::Local,
        };
        Self::new(failure, error)
    }
}
