//! Test zones as text files that every peer can be given.
//!
//! All names are absolute and each record stands on one line, so that a small reader
//! can load them, too.

mod changing;
mod corpus;
pub mod every_type;
mod small;
pub mod tld;

use std::fs;
use std::path::{Path, PathBuf};

use crate::Failure;

pub use changing::Changing;
pub use corpus::{gov, signed_root};
pub use small::{addresses, big_record, big_rrset, large_rrset, mixed, three};
pub use tld::tld;

/// What a zone is for; which peers can carry it depends on this
/// (see [`carries`](crate::peer::carries)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Content {
    /// SOA, NS and A: nothing more.
    Three,
    /// Mixed case and odd octets in owner names and RDATA, wildcards.
    Mixed,
    /// Every RR type but MD and MF.
    EveryType,
    /// Those types that a server does not make itself when it signs.
    PlainTypes,
    /// MD and MF.
    ObsoleteTypes,
    /// A TXT record with 60,000 octets of RDATA.
    BigRecord,
    /// 20,000 A records of one owner.
    BigRrset,
    /// 4,000 A records of one owner.
    LargeRrset,
    /// The signed root zone (NSEC, ZONEMD).
    SignedRoot,
    /// .gov: 47,807 records, not signed.
    Gov,
    /// Generated delegations.
    Tld,
    /// A version of a real zone over years.
    History,
}

impl Content {
    /// Every content.
    pub const ALL: [Self; 12] = [
        Self::Three,
        Self::Mixed,
        Self::EveryType,
        Self::PlainTypes,
        Self::ObsoleteTypes,
        Self::BigRecord,
        Self::BigRrset,
        Self::LargeRrset,
        Self::SignedRoot,
        Self::Gov,
        Self::Tld,
        Self::History,
    ];
}

/// A zone in a file.
#[derive(Clone, Debug)]
pub struct Zone {
    /// Its absolute name.
    pub name: String,
    /// Its file.
    pub path: PathBuf,
    /// Its SOA serial.
    pub serial: u32,
    /// What is in it.
    pub content: Content,
    /// Whether it holds DNSSEC signatures.
    pub signed: bool,
}

impl Zone {
    fn write(dir: &Path, content: Content, name: &str, serial: u32, text: &str) -> Result<Self, Failure> {
        let file = match name.trim_end_matches('.') {
            "" => "root",
            name => name,
        };
        let path = dir.join(format!("{file}.zone"));
        fs::write(&path, text).map_err(|error| Failure::because(path.display(), error))?;
        Ok(Self { name: name.into(), path, serial, content, signed: content == Content::SignedRoot })
    }
}

/// Writes a zone with a record of each RR type of a selection.
///
/// # Errors
/// When the file can't be written.
pub fn every_type(
    dir: &Path,
    selection: every_type::Selection,
    spelling: every_type::Spelling,
) -> Result<Zone, Failure> {
    let content = match selection {
        every_type::Selection::Every => Content::EveryType,
        every_type::Selection::Plain => Content::PlainTypes,
        every_type::Selection::Obsolete => Content::ObsoleteTypes,
    };
    let text = every_type::text(selection, spelling);
    Zone::write(dir, content, selection.zone(), every_type::SERIAL, &text)
}
