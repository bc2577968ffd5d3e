//! Zone text in and out (RFC 1035 §5, RFC 2308 §4, RFC 3597 §5).
//!
//! [`read()`] hands each record of a zone file to a caller's closure as plain octets; [`write_record()`],
//! [`write_json()`] and [`Writer`] make text of such records. Reading back what was written gives the same records.
//!
//! RDATA is read by the `domain` crate ([`domain::rdata::ZoneRecordData::scan`]) for every type that it knows. Its
//! whole-file reader, `domain::zonefile::inplace::Zonefile`, ends at the first error, refuses types that it does not
//! know unless they are in RFC 3597's form, and has no time spans with units. So this module is a
//! [`domain::base::scan::Scanner`] of its own, which lets the tokens of the other types be had, too:
//!
//! | module | holds |
//! |---|---|
//! | `source` | files, gzip and xz |
//! | `lexer`, `tokens` | text to entries to tokens, and the `Scanner` over them |
//! | `parts` | large files, on several cores |
//! | `line` | usual records, read in one pass over their line |
//! | `reader`, `entries`, `entry` | directives, owners, TTLs, classes, types; what makes a zone; problems with their lines |
//! | `generate` | `$GENERATE` |
//! | `rdata` | one RDATA by itself |
//! | `types` | the table of types and their fields |
//! | `input`, `output`, `odd`, `location`, `svc`, `time`, `encodings`, `names` | fields from text and to text |
//! | `writer` | records as lines or JSON |

mod encodings;
mod entries;
mod entry;
mod generate;
mod input;
mod lexer;
mod line;
mod location;
mod names;
mod odd;
mod output;
mod parts;
mod problem;
mod rdata;
mod reader;
mod source;
mod svc;
mod time;
mod tokens;
mod types;
mod writer;

#[cfg(test)]
mod tests;

pub use names::{parse_name, write_name};
pub use output::write_rdata;
pub use parts::read_in_parts;
pub use problem::{Problem, ReadError};
pub use rdata::{RdataProblem, parse_rdata};
pub use reader::{Options, Remark, Summary, read, read_text};
pub use source::{FileRead, Files};
pub use types::{parse_type, write_type};
pub use writer::{Change, Format, Writer, write_json, write_json_change, write_record};

/// A record as plain octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// The owner: uncompressed wire octets, its case kept.
    pub owner: &'a [u8],
    /// The type.
    pub rtype: u16,
    /// The class; [`read()`] yields IN only.
    pub class: u16,
    /// The TTL in seconds, below 2³¹ (RFC 2181 §8).
    pub ttl: u32,
    /// The RDATA: uncompressed wire octets, at most 65,535.
    pub rdata: &'a [u8],
}

impl<'a> From<zxfr_core::wire::Record<'a>> for Record<'a> {
    fn from(record: zxfr_core::wire::Record<'a>) -> Self {
        let zxfr_core::wire::Record { owner, rtype, class, ttl, rdata } = record;
        Self { owner: owner.as_octets(), rtype: rtype.0, class: class.0, ttl, rdata }
    }
}

impl<'a> TryFrom<Record<'a>> for zxfr_core::wire::Record<'a> {
    type Error = zxfr_core::name::NameFault;

    fn try_from(record: Record<'a>) -> Result<Self, Self::Error> {
        use zxfr_core::name::NameRef;
        use zxfr_core::wire::{Class, Rtype};
        let Record { owner, rtype, class, ttl, rdata } = record;
        Ok(Self { owner: NameRef::from_octets(owner)?, rtype: Rtype(rtype), class: Class(class), ttl, rdata })
    }
}
