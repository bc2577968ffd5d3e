//! A zone kept as the messages that transfer it.
//!
//! | module | holds |
//! |---|---|
//! | [`version`], `parts`, `records` | an immutable zone: head and two runs; its pages, its records |
//! | `find` | names and RRsets looked for, by key and by block |
//! | `head` | the apex node, rendered with the question as the first message(s); small zones whole |
//! | `directory` | a sorted run, found by key in two levels, leaves of slots; leaves are shared between versions |
//! | `slot`, `edits` | a slot: a page, or a page and what is to be changed about it, sealed when it is asked for |
//! | [`page`], `blocks` | a page: one message without question, its records in canonical order, compressed within itself; where each of its blocks starts |
//! | [`builder`] | from records in any order to a version |
//! | `sorter`, `arena`, `run`, `merge`, `noticed` | its parts: records put in order, kept aside, written as a run, runs merged; what was odd |
//! | [`delta`] | what has to be deleted and added to make another version |
//! | `diff`, `twins`, [`condense`] | the delta between two versions; records of two pages that are the same; several deltas as one |
//! | [`apply`] | a version and a delta make the next version |
//! | `portion`, `change`, `revision`, `editor`, `merged`, `numbered`, `checks` | its parts: halves for two threads, a record's change, a run's, a slot's; edits read together with their page; a page's records by number; RRsets to look at afterwards |
//! | [`update`] | from the events of a transfer to the next version |
//! | [`stored`] | what a host writes to a store and reads back: pages and deltas as octets |
//! | [`zonemd`] | the digest of a version (RFC 8976): computed, verified, made |
//! | `key` | sort keys: records as octet strings that compare as the records do |
//!
//! Order within a zone: names as RFC 4034 §6.1, types by number, RDATA as §6.3. NSEC3 records and their RRSIGs have a run of
//! their own: they sort among hashed names.

pub mod apply;
mod arena;
mod blocks;
pub mod builder;
mod change;
mod checks;
pub mod condense;
pub mod delta;
mod diff;
mod directory;
mod editor;
mod edits;
mod find;
mod head;
mod key;
mod likeness;
mod merge;
mod merged;
mod noticed;
mod numbered;
pub mod page;
mod parts;
mod portion;
mod records;
mod revision;
mod run;
mod slot;
mod sorter;
pub mod stored;
#[cfg(test)]
mod testing;
mod twins;
pub mod update;
pub mod version;
pub mod zonemd;

pub use apply::{Applied, ApplyError, ApplyFault};
pub use builder::{BuildError, BuildFault, BuildLimits, Builder, Pushed, Summary};
pub use condense::ChainError;
pub use delta::{Delta, DeltaBuilder, DeltaRecords};
pub(crate) use find::{Among, Spot};
pub use page::Page;
pub use portion::{Both, Work};
pub use records::{RecordIter, Rrset};
pub use stored::{Part, Restored, StoredError, StoredFault};
pub use update::{Change, Style, Update, UpdateError};
pub use version::{PagePosition, Version};
