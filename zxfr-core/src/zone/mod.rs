//! A zone kept as the messages that transfer it.
//!
//! | module | holds |
//! |---|---|
//! | [`page`] | a page: one message without question, its records in canonical order, compressed within itself |
//! | [`directory`] | a sorted run of pages, in two levels, shared between versions |
//! | `head` | the apex node, rendered with the question as the first message(s); small zones whole |
//! | [`version`] | an immutable zone: head and two runs; iteration and look-up |
//! | [`builder`] | from records in any order to a version |
//! | [`delta`] | what has to be deleted and added to make another version |
//! | `diff`, [`condense`] | the delta between two versions; several deltas as one |
//! | [`update`] | from the events of a transfer to the next version |
//! | `sorter`, `arena`, `run`, `merge` | its parts: records put in order, kept aside, written as a run, runs merged |
//! | `key` | sort keys: records as octet strings that compare as the records do |
//!
//! Order within a zone: names as RFC 4034 §6.1, types by number, RDATA as §6.3. NSEC3 records and their RRSIGs have a run of
//! their own: they sort among hashed names.

mod arena;
pub mod builder;
pub mod condense;
pub mod delta;
mod diff;
pub mod directory;
mod head;
mod key;
mod merge;
pub mod page;
mod run;
mod sorter;
pub mod update;
pub mod version;

pub use builder::{BuildError, BuildFault, BuildLimits, Builder, Pushed, Summary};
pub use condense::ChainError;
pub use delta::{Delta, DeltaBuilder, DeltaRecords};
pub use page::Page;
pub use update::{Change, Style, Update, UpdateError};
pub use version::{PagePosition, RecordIter, Rrset, Version};
