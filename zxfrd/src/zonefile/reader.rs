//! Reads a zone: entries in order, what they inherit from each other, included files, and what makes it a zone.

use std::fmt::Display;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use super::entry::{Directive, Fault, IN, quote, read_directive, read_head};
use super::input::read_rdata;
use super::lexer::{Entry, Lexer, Token, newlines};
use super::names::{is_within, read_name, write_name};
use super::problem::{Problem, ReadError};
use super::source::Files;
use super::tokens::Tokens;
use super::{Record, source, types};

/// How many files may include each other in a row.
const INCLUDE_DEPTH: usize = 10;
/// How many `$INCLUDE` lines a zone may have, all files together.
const INCLUDES: usize = 10_000;
/// How many warnings are kept; all are counted.
const WARNINGS: usize = 20;
/// The type SOA.
const SOA: u16 = 6;

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
}

impl Default for Options<'_> {
    /// To load a zone: ends at the first problem, takes 4 GiB of text.
    fn default() -> Self {
        Self { origin: None, max_problems: 1, max_octets: 1 << 32, files: None }
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
    let mut zone = Zone {
        options,
        sink,
        apex: options.origin.map(<[u8]>::to_vec).or_else(|| find_apex(text)),
        soa: None,
        default_ttl: None,
        last_ttl: None,
        files: vec![(path.to_owned(), 0)],
        includes: 0,
        records: 0,
        outside: 0,
        warning_count: 0,
        warnings: Vec::new(),
        problems: Vec::new(),
        rdata: Vec::new(),
    };
    let ended = zone.read_file(text, options.origin.map(<[u8]>::to_vec));
    if zone.soa.is_none() && zone.problems.is_empty() {
        let of = zone.apex.as_deref().map_or_else(String::new, |apex| format!(" {}", name_text(apex)));
        zone.push_problem(0, 0, format!("the zone{of} has no SOA record"));
    }
    match zone.apex {
        Some(apex) if zone.problems.is_empty() => Ok(Summary {
            apex,
            records: zone.records,
            outside: zone.outside,
            warning_count: zone.warning_count,
            warnings: zone.warnings,
        }),
        _ => Err(ReadError { problems: zone.problems, more: ended.is_break() }),
    }
}

/// A zone while it is read.
struct Zone<'o, S> {
    options: &'o Options<'o>,
    sink: S,
    apex: Option<Vec<u8>>,
    /// The SOA's RDATA once it is there.
    soa: Option<Vec<u8>>,
    /// From `$TTL`, or the SOA's MINIMUM when the SOA itself has no TTL.
    default_ttl: Option<u32>,
    /// The last TTL that a record had (RFC 1035 §5.1).
    last_ttl: Option<u32>,
    /// The files being read, the innermost last, each with the line that it has reached.
    files: Vec<(PathBuf, usize)>,
    includes: usize,
    records: u64,
    outside: u64,
    warning_count: u64,
    warnings: Vec<Problem>,
    problems: Vec<Problem>,
    rdata: Vec<u8>,
}

/// What one file's entries inherit from each other.
struct Scope<'a> {
    text: &'a [u8],
    origin: Option<Vec<u8>>,
    /// The last owner; empty before the first.
    owner: Vec<u8>,
}

impl<R: Remark, E: Display, S: FnMut(Record<'_>) -> Result<R, E>> Zone<'_, S> {
    /// Reads the entries of one file. Breaks when reading is to end.
    fn read_file(&mut self, text: &[u8], origin: Option<Vec<u8>>) -> ControlFlow<()> {
        let mut scope = Scope { text, origin, owner: Vec::new() };
        let mut lexer = Lexer::new(text);
        let mut tokens = Vec::new();
        loop {
            match lexer.next_entry(&mut tokens) {
                Ok(None) => return ControlFlow::Continue(()),
                Ok(Some(entry)) => {
                    self.set_line(entry.line);
                    self.read_entry(&mut scope, entry, &tokens)?;
                }
                Err((entry, fault)) => {
                    let (line, column) = position(text, entry, fault.at);
                    self.fail(line, column, fault.what.to_owned())?;
                }
            }
        }
    }

    /// Notes the line that the innermost file has reached.
    fn set_line(&mut self, line: usize) {
        if let Some((_, at)) = self.files.last_mut() {
            *at = line;
        }
    }

    /// Reads one entry.
    fn read_entry(&mut self, scope: &mut Scope<'_>, entry: Entry, tokens: &[Token]) -> ControlFlow<()> {
        let is_directive =
            !entry.indented && !tokens[0].quoted && scope.text[tokens[0].range.clone()].starts_with(b"$");
        let outcome = if is_directive {
            match read_directive(scope.text, tokens, scope.origin.as_deref()) {
                Ok(Directive::Origin(name)) => {
                    scope.origin = Some(name);
                    Ok(())
                }
                Ok(Directive::Ttl(ttl)) => {
                    self.default_ttl = Some(ttl);
                    Ok(())
                }
                Ok(Directive::Include(path, origin)) => {
                    return self.include(&path, origin.or_else(|| scope.origin.clone()));
                }
                Err(fault) => Err(fault),
            }
        } else {
            self.read_record(scope, entry, tokens)
        };
        match outcome {
            Ok(()) => ControlFlow::Continue(()),
            Err(Fault { token: Some(token), message }) => {
                let at = tokens.get(token).map_or(entry.start, |token| token.range.start);
                let (line, column) = position(scope.text, entry, at);
                self.fail(line, column, message)
            }
            Err(Fault { token: None, message }) => {
                self.push_problem(entry.line, 0, message);
                ControlFlow::Break(())
            }
        }
    }

    /// Reads a record and gives it to the sink if it belongs to the zone.
    fn read_record(&mut self, scope: &mut Scope<'_>, entry: Entry, tokens: &[Token]) -> Result<(), Fault> {
        if !entry.indented {
            scope.owner.clear();
            let raw = &scope.text[tokens[0].range.clone()];
            if let Err(what) = read_name(raw, scope.origin.as_deref(), &mut scope.owner) {
                scope.owner.clear();
                return Err(Fault::new(0, format!("owner {}: {what}", quote(raw))));
            }
        } else if scope.owner.is_empty() {
            return Err(Fault::new(0, "the line begins with white space, but there is no owner before it"));
        }
        let head = read_head(scope.text, tokens, usize::from(!entry.indented))?;

        let mut cursor = Tokens::new(scope.text, &tokens[head.rdata..], scope.origin.as_deref());
        self.rdata.clear();
        if let Err(what) = read_rdata(head.rtype, &mut cursor, &mut self.rdata) {
            return Err(rdata_fault(head.rtype, &head, &cursor, scope.text, tokens, &what.to_string()));
        }
        if self.rdata.len() > usize::from(u16::MAX) {
            return Err(Fault::new(head.rdata, "the RDATA is longer than 65535 octets"));
        }
        let ttl = self.ttl(head.ttl, head.rtype)?;
        if !self.belongs(&scope.owner, head.rtype)? {
            return Ok(());
        }
        self.records += 1;
        let record = Record { owner: &scope.owner, rtype: head.rtype, class: IN, ttl, rdata: &self.rdata };
        let remark = (self.sink)(record).map_err(|error| Fault::fatal(error.to_string()))?;
        if let Some(warning) = remark.into_warning() {
            self.warn(warning);
        }
        Ok(())
    }

    /// The TTL of a record: its own; `$TTL` (RFC 2308 §4); the last one of a record (RFC 1035 §5.1); for an SOA that
    /// comes first its MINIMUM, which then is the default, as in BIND.
    fn ttl(&mut self, own: Option<u32>, rtype: u16) -> Result<u32, Fault> {
        let ttl = match (own, self.default_ttl, self.last_ttl) {
            (Some(ttl), _, _) => {
                self.last_ttl = Some(ttl);
                ttl
            }
            (None, Some(ttl), _) | (None, None, Some(ttl)) => ttl,
            (None, None, None) => match self.rdata.last_chunk() {
                Some(minimum) if rtype == SOA => {
                    let minimum = u32::from_be_bytes(*minimum);
                    self.default_ttl = Some(minimum);
                    minimum
                }
                _ => {
                    return Err(Fault::new(0, "the record has no TTL, and there is no $TTL and no TTL before it"));
                }
            },
        };
        if ttl > i32::MAX as u32 {
            self.warn(format!("TTL {ttl} is above 2147483647 and counts as 0 (RFC 2181 section 8)"));
            return Ok(0);
        }
        Ok(ttl)
    }

    /// Whether the record is part of the zone. Keeps the apex and the SOA.
    fn belongs(&mut self, owner: &[u8], rtype: u16) -> Result<bool, Fault> {
        let Some(apex) = &mut self.apex else {
            if rtype != SOA {
                let what = "the first record is not the SOA: put it first, or say which zone this is";
                return Err(Fault::fatal(what));
            }
            self.apex = Some(owner.to_vec());
            self.soa = Some(self.rdata.clone());
            return Ok(true);
        };
        if !is_within(owner, apex) {
            self.outside += 1;
            let message = format!("{} is outside the zone {}: left out", name_text(owner), name_text(apex));
            self.warn(message);
            return Ok(false);
        }
        if rtype != SOA {
            return Ok(true);
        }
        if owner.len() != apex.len() {
            let message = format!("an SOA at {}, which is not the apex {}", name_text(owner), name_text(apex));
            return Err(Fault::new(0, message));
        }
        match &self.soa {
            None => {
                apex.copy_from_slice(owner);
                self.soa = Some(self.rdata.clone());
                Ok(true)
            }
            Some(soa) if *soa == self.rdata => {
                self.warn("the same SOA again, as behind a printed transfer: left out".to_owned());
                Ok(false)
            }
            Some(_) => Err(Fault::new(0, "a second SOA, and it differs from the first")),
        }
    }

    /// Reads an included file.
    fn include(&mut self, path: &[u8], origin: Option<Vec<u8>>) -> ControlFlow<()> {
        let (including, line) = self.files.last().cloned().unwrap_or_default();
        let Ok(named) = core::str::from_utf8(path) else {
            return self.fail(line, 0, format!("$INCLUDE {}: the path is not UTF-8", quote(path)));
        };
        let path = including.parent().map_or_else(|| PathBuf::from(named), |folder| folder.join(named));
        self.includes += 1;
        let refusal = if self.files.len() > INCLUDE_DEPTH {
            Some(format!("files include each other more than {INCLUDE_DEPTH} deep"))
        } else if self.includes > INCLUDES {
            Some(format!("there are more than {INCLUDES} $INCLUDE lines"))
        } else if self.files.iter().any(|(open, _)| *open == path) {
            Some("the file includes itself".to_owned())
        } else {
            None
        };
        let loaded = match refusal {
            Some(refusal) => Err(refusal),
            None => source::load(&path, self.options.max_octets, self.options.files).map_err(|error| error.to_string()),
        };
        match loaded {
            Ok(text) => {
                self.files.push((path, 0));
                let flow = self.read_file(&text, origin);
                self.files.pop();
                flow
            }
            Err(error) => self.fail(line, 0, format!("$INCLUDE {}: {error}", path.display())),
        }
    }

    /// Notes a problem. Breaks when there are as many as wanted, and behind those that leave nothing to go on with.
    fn fail(&mut self, line: usize, column: usize, message: String) -> ControlFlow<()> {
        self.push_problem(line, column, message);
        if self.problems.len() >= self.options.max_problems.max(1) {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }

    fn push_problem(&mut self, line: usize, column: usize, message: String) {
        let problem = self.problem(line, column, message);
        self.problems.push(problem);
    }

    /// Notes a warning at the line reached.
    fn warn(&mut self, message: String) {
        self.warning_count += 1;
        if self.warnings.len() < WARNINGS {
            let line = self.files.last().map_or(0, |&(_, line)| line);
            let warning = self.problem(line, 0, message);
            self.warnings.push(warning);
        }
    }

    fn problem(&self, line: usize, column: usize, message: String) -> Problem {
        let mut files = self.files.iter().rev().cloned();
        let (path, _) = files.next().unwrap_or_default();
        Problem { path, line, column, included_from: files.collect(), message }
    }
}

/// The owner of the first SOA in the text itself, if it can be told without the zone's name.
fn find_apex(text: &[u8]) -> Option<Vec<u8>> {
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

/// A fault of the RDATA: at the token taken last, which is named unless the entry ended too early.
fn rdata_fault(
    rtype: u16,
    head: &super::entry::Head,
    cursor: &Tokens<'_>,
    text: &[u8],
    tokens: &[Token],
    what: &str,
) -> Fault {
    let mut message = Vec::new();
    types::write_type(rtype, &mut message);
    let mut message = String::from_utf8_lossy(&message).into_owned();
    message.push_str(": ");
    // A token left over is at fault itself; else the last one taken.
    let trailing = !cursor.is_empty() && what.contains("behind the record's last field");
    let at = head.rdata + if trailing { cursor.taken() } else { cursor.taken().saturating_sub(1) };
    if let Some(token) = tokens.get(at).filter(|_| !what.contains("ends too early")) {
        message.push_str(&quote(&text[token.range.clone()]));
        message.push_str(": ");
    }
    message.push_str(what);
    Fault::new(at.min(tokens.len() - 1), message)
}

/// Line and column of an offset within an entry.
fn position(text: &[u8], entry: Entry, at: usize) -> (usize, usize) {
    let before = &text[entry.start..at.max(entry.start)];
    let column = before.iter().rposition(|&octet| octet == b'\n').map_or(before.len(), |n| before.len() - n - 1);
    (entry.line + newlines(before), column + 1)
}

/// A name for a message.
fn name_text(wire: &[u8]) -> String {
    let mut text = Vec::new();
    write_name(wire, &mut text);
    String::from_utf8_lossy(&text).into_owned()
}
