//! The records of a request. They aren't those of a zone: class and TTL say what is meant, and RDATA may be missing.

use crate::error::{WireError, WireFault};
use crate::name::{Name, NameRef};
use crate::wire::cursor::{Cursor, failed};
use crate::wire::rdata::{self, Expanded};
use crate::wire::{Class, Record, Rtype, grammar};

/// A record of a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row<'s> {
    /// Its number in its section, from 0.
    pub(super) number: u16,
    pub(super) owner: NameRef<'s>,
    pub(super) rtype: Rtype,
    pub(super) class: Class,
    /// As it stands in the message.
    pub(super) ttl: u32,
    /// Expanded and of its type's shape; as it stands in the message where the class is ANY; or nothing.
    pub(super) rdata: &'s [u8],
}

impl<'s> Row<'s> {
    /// The record of the zone that is meant. A TTL of 2³¹ or more is 0 (RFC 2181 §8).
    pub(super) const fn record(&self) -> Record<'s> {
        let ttl = if self.ttl < 1 << 31 { self.ttl } else { 0 };
        Record { owner: self.owner, rtype: self.rtype, class: Class::IN, ttl, rdata: self.rdata }
    }
}

/// The records of a section, one by one: each borrows from here until the next is read.
pub(super) struct Rows<'m> {
    message: &'m [u8],
    at: usize,
    count: u16,
    number: u16,
    owner: Name,
    expanded: Expanded,
}

impl<'m> Rows<'m> {
    /// So many records, that start at `at`.
    pub(super) fn new(message: &'m [u8], at: usize, count: u16) -> Self {
        Self { message, at, count, number: 0, owner: Name::root(), expanded: Expanded::new() }
    }

    /// The next record.
    ///
    /// # Errors
    /// When a name or RDATA is malformed. Nothing more is to be read then.
    pub(super) fn next(&mut self) -> Result<Option<Row<'_>>, WireError> {
        let number = self.number;
        if number >= self.count {
            return Ok(None);
        }
        self.number = number.saturating_add(1);
        let start = Cursor::new(self.message, self.at);
        let read = grammar::name(start, &mut self.owner).and_then(|(rest, _)| grammar::record_fixed(rest));
        let (rest, fixed) = read.map_err(|error| failed(error, start.at))?;
        let length = usize::from(fixed.rdata_length);
        self.at = rest.at.saturating_add(length);
        let octets = self.message.get(rest.at..self.at);
        let octets = octets.ok_or(WireError { fault: WireFault::Cut, offset: rest.at })?;
        let rdata = match fixed.class {
            Class::ANY => octets,
            Class::NONE if octets.is_empty() => octets,
            _ => rdata::read(fixed.rtype, self.message, rest.at, length, &mut self.expanded)?,
        };
        let (rtype, class, ttl) = (fixed.rtype, fixed.class, fixed.ttl);
        Ok(Some(Row { number, owner: self.owner.as_ref(), rtype, class, ttl, rdata }))
    }
}
