//! The entries of a zone in order: what they inherit from each other, included files, and what makes it a zone.

use std::fmt::Display;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use super::entry::{Directive, Fault, Head, IN, SOA, quote, read_directive, read_head};
use super::generate::Generate;
use super::input::read_rdata;
use super::lexer::{Entry, Lexer, Token, newlines};
use super::line::Usual;
use super::names::{is_within, read_name, write_name};
use super::problem::{Problem, ReadError};
use super::reader::{Options, Remark, Summary};
use super::tokens::Tokens;
use super::{Record, source, types};

/// How many files may include each other in a row.
const INCLUDE_DEPTH: usize = 10;
/// How many `$INCLUDE` lines a zone may have, all files together.
const INCLUDES: usize = 10_000;
/// How many warnings are kept; all are counted.
pub(super) const WARNINGS: usize = 20;

/// A zone while it is read.
pub(super) struct Zone<'o, S> {
    options: &'o Options<'o>,
    sink: S,
    inherited: Inherited,
    /// The last TTL that a record had (RFC 1035 §5.1).
    last_ttl: Option<u32>,
    /// The last one before this part of the zone's text.
    ttl_before: Option<u32>,
    /// Whether a record took that.
    took_ttl_before: bool,
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

/// What all records inherit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Inherited {
    /// The zone's apex.
    pub(super) apex: Option<Vec<u8>>,
    /// The SOA's RDATA once it is there.
    pub(super) soa: Option<Vec<u8>>,
    /// From `$TTL`, or the SOA's MINIMUM when the SOA itself has no TTL.
    pub(super) default_ttl: Option<u32>,
}

/// What the first entries of a part of a zone's text inherit.
#[derive(Clone, Debug)]
pub(super) struct Start {
    pub(super) inherited: Inherited,
    /// The last TTL that a record had.
    pub(super) last_ttl: Option<u32>,
    pub(super) origin: Option<Vec<u8>>,
}

/// What was read of a part of a zone's text.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) inherited: Inherited,
    /// The last TTL that a record of the part had.
    pub(super) last_ttl: Option<u32>,
    /// Whether a record has the last TTL of the part before.
    pub(super) took_ttl_before: bool,
    pub(super) records: u64,
    pub(super) outside: u64,
    pub(super) warning_count: u64,
    /// The first 20 warnings; their lines count from the start of the part.
    pub(super) warnings: Vec<Problem>,
    /// How many lines the part has.
    pub(super) lines: usize,
}

/// What one file's entries inherit from each other.
pub(super) struct Scope {
    pub(super) origin: Option<Vec<u8>>,
    /// The last owner; empty before the first.
    owner: Vec<u8>,
    /// Whether it is in the zone, once that was looked at.
    is_within: Option<bool>,
}

impl Scope {
    /// For the first entry.
    pub(super) fn new(origin: Option<&[u8]>) -> Self {
        Self { origin: origin.map(<[u8]>::to_vec), owner: Vec::new(), is_within: None }
    }
}

impl<'o, R: Remark, E: Display, S: FnMut(Record<'_>) -> Result<R, E>> Zone<'o, S> {
    /// Begins with a zone of this apex, if it is known.
    pub(super) fn new(options: &'o Options<'o>, path: &Path, apex: Option<Vec<u8>>, sink: S) -> Self {
        Self {
            options,
            sink,
            inherited: Inherited { apex, soa: None, default_ttl: options.default_ttl },
            last_ttl: None,
            ttl_before: None,
            took_ttl_before: false,
            files: vec![(path.to_owned(), 0)],
            includes: 0,
            records: 0,
            outside: 0,
            warning_count: 0,
            warnings: Vec::new(),
            problems: Vec::new(),
            rdata: Vec::new(),
        }
    }

    /// What was read, when reading has ended as `ended` says.
    pub(super) fn finish(mut self, ended: ControlFlow<()>) -> Result<Summary, ReadError> {
        if self.options.needs_soa && self.inherited.soa.is_none() && self.problems.is_empty() {
            let of = self.inherited.apex.as_deref().map_or_else(String::new, |apex| format!(" {}", name_text(apex)));
            self.push_problem(0, 0, format!("the zone{of} has no SOA record"));
        }
        match self.inherited.apex {
            Some(apex) if self.problems.is_empty() => Ok(Summary {
                apex,
                records: self.records,
                outside: self.outside,
                warning_count: self.warning_count,
                warnings: self.warnings,
            }),
            _ => Err(ReadError { problems: self.problems, more: ended.is_break() }),
        }
    }

    /// Begins with a part of a zone's text that is not the first.
    pub(super) fn of_part(options: &'o Options<'o>, path: &Path, start: &Start, sink: S) -> Self {
        let mut zone = Self::new(options, path, None, sink);
        zone.inherited = start.inherited.clone();
        zone.ttl_before = start.last_ttl;
        zone
    }

    /// What was read of a part, unless there are problems or other files.
    pub(super) fn finish_part(self) -> Option<Part> {
        let Self { inherited, last_ttl, took_ttl_before, records, outside, warning_count, warnings, .. } = self;
        let lines = self.files.first()?.1.saturating_sub(1);
        (self.problems.is_empty() && self.includes == 0).then_some(Part {
            inherited,
            last_ttl,
            took_ttl_before,
            records,
            outside,
            warning_count,
            warnings,
            lines,
        })
    }

    /// Reads the entries of one file. Breaks when reading is to end.
    pub(super) fn read_file(&mut self, text: &[u8], scope: &mut Scope) -> ControlFlow<()> {
        let mut lexer = Lexer::new(text);
        let mut usual = Usual::new();
        let mut tokens = Vec::new();
        loop {
            let at = lexer.pass_empty_lines();
            let origin = scope.origin.as_deref();
            if let Some(line) = usual.read(text, at, origin, &mut scope.owner, &mut self.rdata) {
                let entry = lexer.pass_line(line.end);
                self.set_line(entry.line);
                if !line.same_owner {
                    scope.is_within = None;
                }
                if let Err(fault) = self.take(scope, &line.head) {
                    Lexer::again(text, entry).next_entry(&mut tokens).ok();
                    self.refuse(text, entry, &tokens, fault)?;
                }
                continue;
            }
            usual.forget_owner();
            match lexer.next_entry(&mut tokens) {
                Ok(None) => {
                    self.set_line(lexer.line());
                    return ControlFlow::Continue(());
                }
                Ok(Some(entry)) => {
                    self.set_line(entry.line);
                    self.read_entry(text, scope, entry, &tokens)?;
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
    fn read_entry(&mut self, text: &[u8], scope: &mut Scope, entry: Entry, tokens: &[Token]) -> ControlFlow<()> {
        let is_directive = !entry.indented && !tokens[0].quoted && text[tokens[0].range.clone()].starts_with(b"$");
        let outcome = if is_directive {
            match read_directive(text, tokens, scope.origin.as_deref()) {
                Ok(Directive::Origin(name)) => {
                    scope.origin = Some(name);
                    Ok(())
                }
                Ok(Directive::Ttl(ttl)) => {
                    self.inherited.default_ttl = Some(ttl);
                    Ok(())
                }
                Ok(Directive::Generate(generate)) => return self.generate(text, scope, entry, tokens, &generate),
                Ok(Directive::Include(..)) if !self.options.includes => {
                    Err(Fault::new(0, "$INCLUDE is not taken here"))
                }
                Ok(Directive::Include(path, origin)) => {
                    return self.include(&path, origin.or_else(|| scope.origin.clone()));
                }
                Err(fault) => Err(fault),
            }
        } else {
            self.read_record(text, scope, entry, tokens)
        };
        match outcome {
            Ok(()) => ControlFlow::Continue(()),
            Err(fault) => self.refuse(text, entry, tokens, fault),
        }
    }

    /// Notes what is wrong with an entry. Breaks when reading is to end.
    fn refuse(&mut self, text: &[u8], entry: Entry, tokens: &[Token], fault: Fault) -> ControlFlow<()> {
        let Some(token) = fault.token else {
            self.push_problem(entry.line, 0, fault.message);
            return ControlFlow::Break(());
        };
        let at = tokens.get(token).map_or(entry.start, |token| token.range.start);
        let (line, column) = position(text, entry, at);
        self.fail(line, column, fault.message)
    }

    /// Reads a record and gives it to the sink if it belongs to the zone.
    fn read_record(&mut self, text: &[u8], scope: &mut Scope, entry: Entry, tokens: &[Token]) -> Result<(), Fault> {
        if !entry.indented {
            scope.owner.clear();
            scope.is_within = None;
            let raw = &text[tokens[0].range.clone()];
            if let Err(what) = read_name(raw, scope.origin.as_deref(), &mut scope.owner) {
                scope.owner.clear();
                return Err(Fault::new(0, format!("owner {}: {what}", quote(raw))));
            }
        } else if scope.owner.is_empty() {
            return Err(Fault::new(0, "the line begins with white space, but there is no owner before it"));
        }
        let head = read_head(text, tokens, usize::from(!entry.indented))?;

        let mut cursor = Tokens::new(text, &tokens[head.rdata..], scope.origin.as_deref());
        self.rdata.clear();
        if let Err(what) = read_rdata(head.rtype, &mut cursor, &mut self.rdata) {
            return Err(rdata_fault(head.rtype, &head, &cursor, text, tokens, &what.to_string()));
        }
        if self.rdata.len() > usize::from(u16::MAX) {
            return Err(Fault::new(head.rdata, "the RDATA is longer than 65535 octets"));
        }
        self.take(scope, &head)
    }

    /// Gives a record to the sink, of which owner, head and RDATA are read, if it belongs to the zone.
    fn take(&mut self, scope: &mut Scope, head: &Head) -> Result<(), Fault> {
        let ttl = self.ttl(head.ttl, head.rtype)?;
        if !self.belongs(scope, head.rtype)? {
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
        let ttl = match own.or(self.inherited.default_ttl).or_else(|| self.ttl_of_last()) {
            Some(ttl) => ttl,
            None => match self.rdata.last_chunk() {
                Some(minimum) if rtype == SOA => {
                    let minimum = u32::from_be_bytes(*minimum);
                    self.inherited.default_ttl = Some(minimum);
                    minimum
                }
                _ => {
                    return Err(Fault::new(0, "the record has no TTL, and there is no $TTL and no TTL before it"));
                }
            },
        };
        if own.is_some() {
            self.last_ttl = own;
        }
        if ttl > i32::MAX as u32 {
            self.warn(format!("TTL {ttl} is above 2147483647 and counts as 0 (RFC 2181 section 8)"));
            return Ok(0);
        }
        Ok(ttl)
    }

    fn ttl_of_last(&mut self) -> Option<u32> {
        if self.last_ttl.is_none() {
            self.took_ttl_before = true;
            return self.ttl_before;
        }
        self.last_ttl
    }

    /// Whether the record is part of the zone. Keeps the apex and the SOA.
    fn belongs(&mut self, scope: &mut Scope, rtype: u16) -> Result<bool, Fault> {
        let owner = scope.owner.as_slice();
        let Inherited { apex, soa, .. } = &mut self.inherited;
        let Some(apex) = apex else {
            if rtype != SOA {
                let what = "the first record is not the SOA: put it first, or say which zone this is";
                return Err(Fault::fatal(what));
            }
            *apex = Some(owner.to_vec());
            *soa = Some(self.rdata.clone());
            return Ok(true);
        };
        if !*scope.is_within.get_or_insert_with(|| is_within(owner, apex)) {
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
        match soa {
            None => {
                apex.copy_from_slice(owner);
                *soa = Some(self.rdata.clone());
                Ok(true)
            }
            Some(soa) if *soa == self.rdata => {
                self.warn("the same SOA again, as behind a printed transfer: left out".to_owned());
                Ok(false)
            }
            Some(_) => Err(Fault::new(0, "a second SOA, and it differs from the first")),
        }
    }

    /// Reads the records of a `$GENERATE` line.
    fn generate(
        &mut self,
        text: &[u8],
        scope: &mut Scope,
        entry: Entry,
        tokens: &[Token],
        generate: &Generate,
    ) -> ControlFlow<()> {
        let (mut line, mut of_line) = (Vec::new(), Vec::new());
        for number in generate.numbers() {
            let outcome = match generate.write_line(number, &mut line) {
                Err(what) => Err(Fault::new(2, what)),
                Ok(()) => match Lexer::new(&line).next_entry(&mut of_line) {
                    Ok(Some(made)) => self.read_record(&line, scope, made, &of_line),
                    Ok(None) => Ok(()),
                    Err((_, fault)) => Err(Fault::new(2, fault.what)),
                },
            };
            if let Err(Fault { token, message }) = outcome {
                let message = format!("$GENERATE at {number}: {message}");
                // The others would be as wrong.
                return self.refuse(text, entry, tokens, Fault { token: token.map(|_| 2), message });
            }
        }
        ControlFlow::Continue(())
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
                let flow = self.read_file(&text, &mut Scope::new(origin.as_deref()));
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

/// A fault of the RDATA: at the token taken last, which is named unless the entry ended too early.
fn rdata_fault(rtype: u16, head: &Head, cursor: &Tokens<'_>, text: &[u8], tokens: &[Token], what: &str) -> Fault {
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
