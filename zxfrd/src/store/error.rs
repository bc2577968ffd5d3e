//! Why something isn't stored.

use crate::catalog::Id;
use std::fmt;
use std::path::PathBuf;

/// Why something isn't stored, or can't be read back.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreError {
    /// The file can't be made or opened.
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        what: String,
    },
    /// Another process has the store open.
    InUse(PathBuf),
    /// A later version of the program wrote it.
    Newer {
        /// The file.
        path: PathBuf,
        /// The version of its schema.
        found: i64,
        /// The newest that this program knows.
        known: i64,
    },
    /// Something else has a lock on the database, and kept it for longer than is waited for.
    Locked,
    /// The disk is full, or the database has the size that it may have.
    Full,
    /// The database can't be written to.
    ReadOnly,
    /// What is there isn't what was written.
    Damaged(String),
    /// What is to be written contradicts what is there.
    Refused(String),
    /// The store was closed.
    Closed,
    /// Reading or writing failed otherwise.
    Failed(String),
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open { path, what } => write!(f, "store {}: {what}", path.display()),
            Self::InUse(path) => write!(f, "store {}: another process has it open", path.display()),
            Self::Newer { path, found, known } => write!(
                f,
                "store {}: written by a later version of zxfrd: its schema is {found}, and this one knows up to {known}",
                path.display()
            ),
            Self::Locked => f.write_str("the store is locked by something else"),
            Self::Full => f.write_str("no room for the store: the disk is full, or it has the size that it may have"),
            Self::ReadOnly => f.write_str("the store can't be written to"),
            Self::Damaged(what) => write!(f, "the store is damaged: {what}"),
            Self::Refused(what) => write!(f, "the store refuses: {what}"),
            Self::Closed => f.write_str("the store is closed"),
            Self::Failed(what) => write!(f, "the store failed: {what}"),
        }
    }
}

impl std::error::Error for StoreError {}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let sqlx::Error::Database(database) = &error else {
            return match error {
                sqlx::Error::WorkerCrashed => Self::Closed,
                sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => Self::Damaged(error.to_string()),
                _ => Self::Failed(error.to_string()),
            };
        };
        let code = database.code().and_then(|code| code.parse::<u32>().ok());
        // The primary result code is in the low octet: https://www.sqlite.org/rescode.html
        match code.map(|code| code & 0xff) {
            Some(5 | 6) => Self::Locked,
            Some(8) => Self::ReadOnly,
            Some(11 | 26) => Self::Damaged(database.message().to_owned()),
            Some(13) => Self::Full,
            _ => Self::Failed(error.to_string()),
        }
    }
}

/// Something that is wrong with a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The zone with which it is, if it is with one.
    pub zone: Option<Id>,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.zone {
            Some(zone) => write!(f, "zone {zone}: {}", self.what),
            None => f.write_str(&self.what),
        }
    }
}
