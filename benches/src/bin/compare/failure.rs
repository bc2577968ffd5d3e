//! Errors are texts for whoever runs the comparison.

use std::fmt::Display;

pub(crate) use zxfr_tests::Failure;

/// What everything here that can go wrong gives.
pub(crate) type Result<T> = std::result::Result<T, Failure>;

/// Puts what was being done before an error.
pub(crate) trait Because<T> {
    /// The error with `what` before it.
    fn because(self, what: impl Display) -> Result<T>;
}

impl<T, E: Display> Because<T> for std::result::Result<T, E> {
    fn because(self, what: impl Display) -> Result<T> {
        self.map_err(|error| Failure::new(format!("{what}: {error}")))
    }
}
