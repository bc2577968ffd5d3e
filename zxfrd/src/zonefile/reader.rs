//! Reads a zone from a file or from text.

use std::fmt::Display;
use std::path::Path;

use super::entries::{Scope, Zone};
use super::entry::{Directive, SOA, read_directive, read_head};
use super::lexer::Lexer;
use super::names::read_name;
use super::problem::{Problem, ReadError};
use super::source::Files;
use super::{Record, source};

/// How a zone is read.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    /// The zone's name in wire octets: the apex, and the origin at the start. Without it the owner of the file's SOA
    /// is the apex; it has to be absolute or below an `$ORIGIN`, and before all other records if it is included.
    pub origin: Option<&'a [u8]>,
    /// Reading ends at this many problems: 1 to load a zone, more to check it.
    pub max_problems: usize,
    /// The most octets of text that one file may have, decompressed.
    pub max_octets: u64,
    /// Where each file that is read, included ones too, is noted.
    pub files: Option<&'a Files>,
    /// Whether it is a whole zone, so that it has to have an SOA.
    pub needs_soa: bool,
    /// The TTL of records that have none, as if `$TTL` had said it.
    pub default_ttl: Option<u32>,
    /// Whether `$INCLUDE` is taken.
    pub includes: bool,
}

impl Default for Options<'_> {
    /// To load a zone: ends at the first problem, takes 4 GiB of text.
    fn default() -> Self {
        Self {
            origin: None,
            max_problems: 1,
            max_octets: 1 << 32,
            files: None,
            needs_soa: true,
            default_ttl: None,
            includes: true,
        }
    }
}

/// What was read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Summary {
    /// The apex in wire octets, in the case of the SOA's owner.
    pub apex: Vec<u8>,
    /// How many records the closure was given.
    pub records: u64,
    /// How many records were left out because they are not in the zone.
    pub outside: u64,
    /// How many warnings there were, records outside the zone among them.
    pub warning_count: u64,
    /// The first 20 of them.
    pub warnings: Vec<Problem>,
}

/// What a sink may give back about a record that it took.
pub trait Remark {
    /// A warning about the record, reported with its line.
    fn into_warning(self) -> Option<String>;
}

impl Remark for () {
    fn into_warning(self) -> Option<String> {
        None
    }
}

impl Remark for Option<String> {
    fn into_warning(self) -> Self {
        self
    }
}

/// Reads the zone file at `path`, plain, gzip or xz, and hands each record of the zone to `sink` in the order of the
/// text. An error of the sink ends reading and is reported with the record's line; so is a warning, which doesn't.
///
/// # Errors
/// The problems of the file. The sink may have been given records before the first one, so what it gathered is
/// worth nothing then.
pub fn read<R: Remark, E: Display>(
    path: &Path,
    options: &Options<'_>,
    sink: impl FnMut(Record<'_>) -> Result<R, E>,
) -> Result<Summary, ReadError> {
    match source::load(path, options.max_octets, options.files) {
        Ok(text) => read_text(&text, path, options, sink),
        Err(error) => {
            let problem = Problem {
                path: path.to_owned(),
                line: 0,
                column: 0,
                included_from: Vec::new(),
                message: format!("cannot read the zone file: {error}"),
            };
            Err(ReadError { problems: vec![problem], more: false })
        }
    }
}

/// Reads a zone from text as [`read()`] does; `path` is its name in problems and where included files are looked for.
///
/// # Errors
/// As [`read()`].
pub fn read_text<R: Remark, E: Display>(
    text: &[u8],
    path: &Path,
    options: &Options<'_>,
    sink: impl FnMut(Record<'_>) -> Result<R, E>,
) -> Result<Summary, ReadError> {
    let apex = options.origin.map(<[u8]>::to_vec).or_else(|| find_apex(text));
    let mut zone = Zone::new(options, path, apex, sink);
    let ended = zone.read_file(text, &mut Scope::new(options.origin));
    zone.finish(ended)
}

/// The owner of the first SOA in the text itself, if it can be told without the zone's name.
pub(super) fn find_apex(text: &[u8]) -> Option<Vec<u8>> {
    let mut lexer = Lexer::new(text);
    let mut tokens = Vec::new();
    let mut origin: Option<Vec<u8>> = None;
    let mut owner = None;
    loop {
        let Ok(entry) = lexer.next_entry(&mut tokens) else { continue };
        let indented = entry?.indented;
        let raw = &text[tokens[0].range.clone()];
        if !indented && raw.starts_with(b"$") {
            if let Ok(Directive::Origin(name)) = read_directive(text, &tokens, origin.as_deref()) {
                origin = Some(name);
            }
            continue;
        }
        if !indented {
            owner = Some((raw, origin.clone()));
        }
        if read_head(text, &tokens, usize::from(!indented)).is_ok_and(|head| head.rtype == SOA) {
            let (raw, origin) = owner?;
            let mut name = Vec::new();
            return read_name(raw, origin.as_deref(), &mut name).ok().map(|()| name);
        }
    }
}
