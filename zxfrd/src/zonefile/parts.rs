//! Large zone files, read in parts by several threads at once.
//!
//! A part ends where a line begins with another owner than the one before it, and begins with what `$ORIGIN` and `$TTL`
//! lines before it say. Whether all this was guessed right shows when the part before is read: it must end with an entry,
//! and with what was supposed. Where it doesn't, or a problem is found, or another file is included, nothing is given, and
//! the file has to be read from its start to its end.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::Record;
use super::entries::{Inherited, Part, Scope, Start, WARNINGS, Zone};
use super::entry::{Directive, read_directive};
use super::lexer::Lexer;
use super::reader::{Options, Summary, find_apex};
use super::source::Text;

/// Files with fewer octets are read in one go.
const LEAST_OCTETS: u64 = 1 << 20;
/// How many octets a part has, about.
const PART_OCTETS: usize = 2 << 20;

/// Reads the zone file at `path` in parts, as [`read()`](super::read()) reads it whole. `sink` makes a sink for each part,
/// given the apex, and `take` hands it a record. The sinks are given back in the order of the text.
///
/// `None` when the file is small or must be read whole: because of how it is written, or because there are problems.
pub fn read_in_parts<S: Send>(
    path: &Path,
    options: &Options<'_>,
    sink: impl Fn(&[u8]) -> S + Sync,
    take: impl Fn(&mut S, Record<'_>) -> Result<(), String> + Sync,
) -> Option<(Summary, Vec<S>)> {
    let text = Text::open(path, options.max_octets).ok().filter(|text| text.metadata.len() >= LEAST_OCTETS)?;
    let (metadata, threads) = (text.metadata.clone(), thread::available_parallelism().map_or(1, usize::from));
    let read = in_parts(text, path, options, PART_OCTETS, threads, sink, take)?;
    if let Some(files) = options.files {
        files.note(path, Some(metadata));
    }
    Some(read)
}

fn in_parts<S: Send>(
    text: Text,
    path: &Path,
    options: &Options<'_>,
    part_octets: usize,
    threads: usize,
    sink: impl Fn(&[u8]) -> S + Sync,
    take: impl Fn(&mut S, Record<'_>) -> Result<(), String> + Sync,
) -> Option<(Summary, Vec<S>)> {
    let options = Options { max_problems: 1, files: None, ..*options };
    let mut splitter = Splitter { text, part_octets, rest: Vec::new(), ended: false, parts: 0 };
    let mut first = Vec::new();
    splitter.next(&mut first)?;
    let apex = options.origin.map(<[u8]>::to_vec).or_else(|| find_apex(&first))?;

    // What the first part ends with is what the others begin with, but for their directives.
    let inherited = Inherited { apex: Some(apex.clone()), soa: None, default_ttl: None };
    let origin = options.origin.map(<[u8]>::to_vec);
    let start = Start { inherited, last_ttl: None, origin };
    let read = |start: Start, text: &[u8]| {
        let mut sink = sink(&apex);
        let mut scope = Scope::new(start.origin.as_deref());
        let mut zone = Zone::of_part(&options, path, &start, |record: Record<'_>| take(&mut sink, record));
        let ended = zone.read_file(text, &mut scope);
        let part = zone.finish_part().filter(|_| ended.is_continue())?;
        Some(ReadPart { start, part, origin: scope.origin, sink })
    };
    let first_read = read(start, &first)?;
    let start = Start {
        inherited: first_read.part.inherited.clone(),
        last_ttl: first_read.part.last_ttl,
        origin: first_read.origin.clone(),
    };
    drop(first);

    let queue = Mutex::new(Queue { splitter, start, failed: false });
    let done = Mutex::new(vec![(0, first_read)]);
    let work = || {
        let mut text = Vec::new();
        loop {
            // The lock is not kept while the part is read.
            let next = lock(&queue).next(&mut text);
            let Some((at, start)) = next else { break };
            match read(start, &text) {
                Some(part) => lock(&done).push((at, part)),
                None => lock(&queue).failed = true,
            }
        }
    };
    thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(work);
        }
        work();
    });
    if lock(&queue).failed {
        return None;
    }
    let mut parts = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    parts.sort_unstable_by_key(|&(at, _)| at);
    join(parts.into_iter().map(|(_, part)| part))
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A part that was read without a problem.
struct ReadPart<S> {
    /// What it was supposed to begin with.
    start: Start,
    part: Part,
    /// The origin at its end.
    origin: Option<Vec<u8>>,
    sink: S,
}

/// One after the other, if each part begins with what the one before ended with.
fn join<S>(mut parts: impl Iterator<Item = ReadPart<S>>) -> Option<(Summary, Vec<S>)> {
    let ReadPart { part: mut whole, mut origin, sink, .. } = parts.next()?;
    let mut sinks = vec![sink];
    for ReadPart { start, part, origin: origin_after, sink } in parts {
        let is_right = start.inherited == whole.inherited
            && start.origin == origin
            && (start.last_ttl == whole.last_ttl || !part.took_ttl_before);
        if !is_right {
            return None;
        }
        for mut warning in part.warnings {
            if whole.warnings.len() < WARNINGS {
                warning.line += whole.lines;
                whole.warnings.push(warning);
            }
        }
        whole.warning_count += part.warning_count;
        whole.records += part.records;
        whole.outside += part.outside;
        whole.lines += part.lines;
        whole.inherited = part.inherited;
        whole.last_ttl = part.last_ttl.or(whole.last_ttl);
        origin = origin_after;
        sinks.push(sink);
    }
    let Part { inherited, records, outside, warning_count, warnings, .. } = whole;
    let apex = inherited.apex.filter(|_| inherited.soa.is_some())?;
    Some((Summary { apex, records, outside, warning_count, warnings }, sinks))
}

/// Gives out parts.
struct Queue {
    splitter: Splitter,
    /// What the next part is supposed to begin with.
    start: Start,
    /// Whether reading in parts has failed.
    failed: bool,
}

impl Queue {
    /// Puts the next part into `text`. Gives its number, and what it is supposed to begin with.
    fn next(&mut self, text: &mut Vec<u8>) -> Option<(usize, Start)> {
        if self.failed || self.splitter.is_done() {
            return None;
        }
        let start = self.start.clone();
        let at = self.splitter.next(text);
        if at.is_none() || self.pass_directives(text).is_break() {
            self.failed = true;
        }
        Some((at?, start)).filter(|_| !self.failed)
    }

    /// Does what the directives of a part say. Breaks at those that can't be done here.
    fn pass_directives(&mut self, text: &[u8]) -> ControlFlow<()> {
        let mut tokens = Vec::new();
        for at in memchr::memmem::find_iter(text, b"\n$").map(|newline| newline + 1) {
            if !matches!(Lexer::new(&text[at..]).next_entry(&mut tokens), Ok(Some(_))) {
                return ControlFlow::Break(());
            }
            match read_directive(&text[at..], &tokens, self.start.origin.as_deref()) {
                Ok(Directive::Origin(name)) => self.start.origin = Some(name),
                Ok(Directive::Ttl(ttl)) => self.start.inherited.default_ttl = Some(ttl),
                _ => return ControlFlow::Break(()),
            }
        }
        ControlFlow::Continue(())
    }
}

/// Cuts a text into parts.
struct Splitter {
    text: Text,
    part_octets: usize,
    /// What was read and not given out.
    rest: Vec<u8>,
    ended: bool,
    parts: usize,
}

impl Splitter {
    fn is_done(&self) -> bool {
        self.ended && self.rest.is_empty()
    }

    /// Puts the next part into `part` and gives its number; `None` when the text can't be read.
    fn next(&mut self, part: &mut Vec<u8>) -> Option<usize> {
        part.clear();
        part.append(&mut self.rest);
        let mut octets = self.part_octets;
        while !self.ended {
            self.ended = self.text.read(octets, part).ok()?;
            if !self.ended
                && let Some(cut) = find_cut(part)
            {
                self.rest.extend_from_slice(&part[cut..]);
                part.truncate(cut);
                break;
            }
            octets = part.len().max(octets);
        }
        self.parts += 1;
        Some(self.parts - 1)
    }
}

/// The last place in the text where a line begins with an owner that is not the one before it.
fn find_cut(text: &[u8]) -> Option<usize> {
    let mut candidate: Option<(usize, &[u8])> = None;
    for newline in memchr::memrchr_iter(b'\n', text) {
        let line = &text[newline + 1..];
        if !line.first().is_some_and(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'_' | b'*' | b'-')) {
            continue;
        }
        let Some(end) = line.iter().position(|octet| matches!(octet, b' ' | b'\t')) else { continue };
        let owner = &line[..end];
        match candidate {
            Some((at, other)) if other != owner => return Some(at),
            _ => candidate = Some((newline + 1, owner)),
        }
    }
    None
}

#[cfg(test)]
mod tests;
