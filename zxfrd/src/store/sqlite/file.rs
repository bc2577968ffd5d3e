//! The file: made, locked, opened, its schema brought up to date.

use super::StoreError;
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, SqlSafeStr};
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// The steps to the present schema.
const MIGRATIONS: [(i64, &str, &str); 6] = [
    (1, "first", include_str!("migrations/1_first.sql")),
    (2, "policy", include_str!("migrations/2_policy.sql")),
    (3, "alerts", include_str!("migrations/3_alerts.sql")),
    (4, "record_note", include_str!("migrations/4_record_note.sql")),
    (5, "settings", include_str!("migrations/5_settings.sql")),
    (6, "review", include_str!("migrations/6_review.sql")),
];

/// The octets of a page of the database: one of a version takes little more than one of these.
pub(super) const PAGE_OCTETS: u32 = 16_384;

/// The WAL is cut back to so many octets when it starts anew.
const WAL_OCTETS: &str = "67108864";

/// What a database is held to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// How long a lock that something else has on it is waited for.
    pub(super) busy: Duration,
    /// The most pages that it may have, if not as many as there is room for.
    pub(super) pages: Option<u32>,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { busy: Duration::from_secs(5), pages: None }
    }
}

/// A database file.
#[derive(Clone)]
pub(super) struct Database {
    path: Arc<Path>,
    bounds: Bounds,
    /// Held for as long as the store is open.
    lock: Option<Arc<File>>,
}

impl Database {
    /// Opens the file for nobody but this process, makes it if there is none, and brings its schema up to date.
    pub(super) async fn open(path: &Path, bounds: Bounds) -> Result<Self, StoreError> {
        let failed = |error: io::Error| StoreError::Open { path: path.to_owned(), what: error.to_string() };
        let lock = lock(path)?;
        create(path).map_err(failed)?;
        // SQLite would take this for a new database and remove the log. Its first page is durable before there is a log.
        if empty(path) && !empty(&beside(path, "-wal")) {
            let what = "it is empty, but the log beside it is not: restore it, or remove both to begin anew".into();
            return Err(StoreError::Open { path: path.to_owned(), what });
        }
        let database = Self { path: path.into(), bounds, lock: Some(Arc::new(lock)) };
        let mut connection = database.writer().await?;
        let migrated = migrator().run_direct(None, &mut connection, false).await;
        migrated.map_err(|error| database.migration(error))?;
        connection.close().await?;
        Ok(database)
    }

    /// A file that is there and only looked at; another process may have it open.
    pub(super) async fn look_at(path: &Path) -> Result<Self, StoreError> {
        let database = Self { path: path.into(), bounds: Bounds::default(), lock: None };
        File::open(path).map_err(|error| StoreError::Open { path: path.to_owned(), what: error.to_string() })?;
        let mut connection = database.reader().await?;
        let tables = sqlx::query_scalar("SELECT COUNT(*) FROM sqlite_master WHERE name = '_sqlx_migrations'");
        let tables: i64 = tables.fetch_one(&mut connection).await.map_err(|error| database.opened(error))?;
        if tables == 0 {
            return Err(StoreError::Open { path: path.to_owned(), what: "not a store of zxfrd".into() });
        }
        let newest = sqlx::query_scalar("SELECT MAX(version) FROM _sqlx_migrations");
        let found: i64 = newest.fetch_one(&mut connection).await?;
        if found > known() {
            return Err(StoreError::Newer { path: path.to_owned(), found, known: known() });
        }
        Ok(database)
    }

    /// Lets other processes open it.
    pub(super) fn unlock(&self) {
        if let Some(lock) = &self.lock {
            // If it fails, it ends with the process.
            let _ = lock.unlock();
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// A connection to write with.
    pub(super) async fn writer(&self) -> Result<SqliteConnection, StoreError> {
        let options = self.options().journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full);
        // The writer says when what is in the log goes into the database: not while somebody waits for a commit.
        let options = options.pragma("journal_size_limit", WAL_OCTETS).pragma("wal_autocheckpoint", "0");
        let options = match self.bounds.pages {
            Some(pages) => options.pragma("max_page_count", pages.to_string()),
            None => options,
        };
        options.connect().await.map_err(|error| self.opened(error))
    }

    /// A connection to read with.
    pub(super) async fn reader(&self) -> Result<SqliteConnection, StoreError> {
        self.options().pragma("query_only", "ON").connect().await.map_err(|error| self.opened(error))
    }

    fn options(&self) -> SqliteConnectOptions {
        let options = SqliteConnectOptions::new().filename(&self.path).create_if_missing(false).page_size(PAGE_OCTETS);
        let options = options.foreign_keys(true).busy_timeout(self.bounds.busy).thread_name(|_| "zxfrd-store".into());
        options.disable_statement_logging()
    }

    /// An error while opening names the file.
    fn opened(&self, error: sqlx::Error) -> StoreError {
        match StoreError::from(error) {
            StoreError::Damaged(what) | StoreError::Failed(what) => {
                StoreError::Open { path: PathBuf::from(&*self.path), what }
            }
            StoreError::ReadOnly => {
                StoreError::Open { path: PathBuf::from(&*self.path), what: "it can't be written to".into() }
            }
            error => error,
        }
    }

    fn migration(&self, error: MigrateError) -> StoreError {
        let path = PathBuf::from(&*self.path);
        match error {
            MigrateError::VersionMissing(found) => StoreError::Newer { path, found, known: known() },
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => self.opened(error),
            error => StoreError::Open { path, what: error.to_string() },
        }
    }
}

/// The newest schema that this program knows.
fn known() -> i64 {
    MIGRATIONS.iter().map(|(version, ..)| *version).max().unwrap_or_default()
}

fn migrator() -> Migrator {
    let migrations = MIGRATIONS.map(|(version, name, sql)| {
        Migration::new(version, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
    });
    Migrator::with_migrations(migrations.into())
}

/// The file beside the database that the process with the store has locked. It stays when the store is closed.
fn lock(path: &Path) -> Result<File, StoreError> {
    let name = beside(path, ".lock");
    let failed = |error: io::Error| StoreError::Open { path: name.clone(), what: error.to_string() };
    let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&name).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse(path.to_owned())),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

/// The file that has this path with something after it.
fn beside(path: &Path, after: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(after);
    name.into()
}

/// Whether there is no file, or nothing in it.
fn empty(path: &Path) -> bool {
    path.metadata().map_or(true, |found| found.len() == 0)
}

/// Makes the file if there is none. SQLite gives those beside it the same permissions.
fn create(path: &Path) -> io::Result<()> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(file) => file.sync_all()?,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
        Err(error) => return Err(error),
    }
    // Its name has to survive the loss of power, too.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    File::open(folder)?.sync_all()
}
