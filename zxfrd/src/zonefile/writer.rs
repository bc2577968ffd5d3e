//! Records as lines of text.

use std::io::{self, Write};

use super::names::write_name;
use super::output::{push_number, write_rdata};
use super::types::write_type;
use super::{Record, entry};

/// A form that records are written in, one a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Absolute owner, TTL, class, type, RDATA, with tabs between.
    Zone,
    /// An object `{"name","ttl","class","type","rdata"}`.
    Json,
}

/// What a delta does with a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is deleted.
    Deleted,
    /// It is added.
    Added,
}

impl Change {
    /// What stands before the record: `-` or `+`.
    #[must_use]
    pub const fn sign(self) -> u8 {
        match self {
            Self::Deleted => b'-',
            Self::Added => b'+',
        }
    }
}

/// Appends the record as a line of a zone file.
pub fn write_record(record: Record<'_>, out: &mut Vec<u8>) {
    write_name(record.owner, out);
    out.push(b'\t');
    push_number(record.ttl.into(), out);
    out.push(b'\t');
    write_class(record.class, out);
    out.push(b'\t');
    write_type(record.rtype, out);
    out.push(b'\t');
    write_rdata(record.rtype, record.rdata, out);
    // An RDATA may be without any text (APL).
    if out.last() == Some(&b'\t') {
        out.pop();
    }
    out.push(b'\n');
}

/// Appends the record as a JSON object on a line. Names and RDATA are as in zone files, escapes and all.
pub fn write_json(record: Record<'_>, out: &mut Vec<u8>) {
    out.push(b'{');
    write_members(record, out);
}

/// Appends the record as [`write_json`] does, with a first member `"op"`, `"-"` or `"+"`.
pub fn write_json_change(change: Change, record: Record<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"op\":\"");
    out.push(change.sign());
    out.extend_from_slice(b"\",");
    write_members(record, out);
}

fn write_members(record: Record<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"\"name\":\"");
    escaped(out, |out| write_name(record.owner, out));
    out.extend_from_slice(b"\",\"ttl\":");
    push_number(record.ttl.into(), out);
    out.extend_from_slice(b",\"class\":\"");
    write_class(record.class, out);
    out.extend_from_slice(b"\",\"type\":\"");
    write_type(record.rtype, out);
    out.extend_from_slice(b"\",\"rdata\":\"");
    escaped(out, |out| write_rdata(record.rtype, record.rdata, out));
    out.extend_from_slice(b"\"}\n");
}

/// Lets `write` append printable ASCII, then escapes it for a JSON string.
fn escaped(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    write(out);
    let special = |octet: &u8| matches!(octet, b'"' | b'\\');
    let extra = out[start..].iter().filter(|octet| special(octet)).count();
    if extra == 0 {
        return;
    }
    // From the end to the front, so that nothing is copied twice.
    let mut read = out.len();
    out.resize(read + extra, 0);
    let mut write = out.len();
    while write > read {
        read -= 1;
        write -= 1;
        out[write] = out[read];
        if special(&out[read]) {
            write -= 1;
            out[write] = b'\\';
        }
    }
}

/// Appends `IN`, or `CLASSnnn`.
fn write_class(class: u16, out: &mut Vec<u8>) {
    if class == entry::IN {
        out.extend_from_slice(b"IN");
    } else {
        out.extend_from_slice(b"CLASS");
        push_number(class.into(), out);
    }
}

/// Writes records to a file or a pipe, in large pieces.
#[derive(Debug)]
pub struct Writer<W> {
    inner: W,
    format: Format,
    buffer: Vec<u8>,
}

impl<W: Write> Writer<W> {
    /// How many octets are gathered before they are written.
    const PIECE: usize = 64 * 1024;

    /// Writes to `inner`, which needs no buffer of its own.
    pub fn new(inner: W, format: Format) -> Self {
        Self { inner, format, buffer: Vec::with_capacity(Self::PIECE + 4096) }
    }

    /// Writes one record.
    ///
    /// # Errors
    /// Those of the inner writer.
    pub fn record(&mut self, record: Record<'_>) -> io::Result<()> {
        match self.format {
            Format::Zone => write_record(record, &mut self.buffer),
            Format::Json => write_json(record, &mut self.buffer),
        }
        self.pass_on()
    }

    /// Writes one record of a delta.
    ///
    /// # Errors
    /// Those of the inner writer.
    pub fn change(&mut self, change: Change, record: Record<'_>) -> io::Result<()> {
        match self.format {
            Format::Zone => {
                self.buffer.push(change.sign());
                write_record(record, &mut self.buffer);
            }
            Format::Json => write_json_change(change, record, &mut self.buffer),
        }
        self.pass_on()
    }

    /// Writes a piece when one is there.
    fn pass_on(&mut self) -> io::Result<()> {
        if self.buffer.len() >= Self::PIECE {
            self.inner.write_all(&self.buffer)?;
            self.buffer.clear();
        }
        Ok(())
    }

    /// Writes what is left and gives the inner writer back. A writer that is dropped instead loses its last piece.
    ///
    /// # Errors
    /// Those of the inner writer.
    pub fn finish(mut self) -> io::Result<W> {
        self.inner.write_all(&self.buffer)?;
        self.inner.flush()?;
        Ok(self.inner)
    }
}
