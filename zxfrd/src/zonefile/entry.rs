//! The head of an entry: owner, TTL, class and type in their possible orders, or a directive.

use super::generate::Generate;
use super::lexer::Token;
use super::names::read_name;
use super::{time, types};

/// The class IN.
pub(super) const IN: u16 = 1;
/// The type SOA.
pub(super) const SOA: u16 = 6;

/// What is wrong with a token of an entry.
#[derive(Debug)]
pub(super) struct Fault {
    /// Which token, the last one when the entry ends too early; `None` when the whole entry is at fault and there is
    /// nothing to go on with.
    pub(super) token: Option<usize>,
    /// What is wrong, in words.
    pub(super) message: String,
}

impl Fault {
    pub(super) fn new(token: usize, message: impl Into<String>) -> Self {
        Self { token: Some(token), message: message.into() }
    }

    /// A fault that ends reading.
    pub(super) fn fatal(message: impl Into<String>) -> Self {
        Self { token: None, message: message.into() }
    }
}

/// The head of a record, up to its type.
#[derive(Debug)]
pub(super) struct Head {
    /// The TTL if there is one.
    pub(super) ttl: Option<u32>,
    /// The type.
    pub(super) rtype: u16,
    /// Which token is the first of the RDATA.
    pub(super) rdata: usize,
}

/// Reads TTL and class in either order, and the type (RFC 1035 §5.1), from the token at `first` on.
pub(super) fn read_head(text: &[u8], tokens: &[Token], first: usize) -> Result<Head, Fault> {
    let (mut ttl, mut class) = (None, false);
    for (at, token) in tokens.iter().enumerate().skip(first) {
        let raw = &text[token.range.clone()];
        // Types are tried first: no TTL and no class reads as one.
        if let Some(rtype) = types::by_mnemonic(raw).filter(|_| !token.quoted) {
            if types::is_meta(rtype) {
                return Err(Fault::new(at, format!("type {} cannot stand in a zone", quote(raw))));
            }
            return Ok(Head { ttl, rtype, rdata: at + 1 });
        }
        if ttl.is_none() && raw.first().is_some_and(u8::is_ascii_digit) {
            ttl = Some(read_ttl(raw).map_err(|what| Fault::new(at, what))?);
        } else if !class && let Some(code) = read_class(raw) {
            if code != IN {
                return Err(Fault::new(at, format!("class {}: only zones of class IN are served", quote(raw))));
            }
            class = true;
        } else {
            return Err(Fault::new(at, format!("{} is not a record type, a class or a TTL", quote(raw))));
        }
    }
    Err(Fault::new(tokens.len().saturating_sub(1), "the record ends before its type"))
}

/// Reads a TTL.
pub(super) fn read_ttl(raw: &[u8]) -> Result<u32, String> {
    let bad = |what: &str| format!("TTL {} is not a number of seconds or a time span: {what}", quote(raw));
    let word = core::str::from_utf8(raw).map_err(|_| bad("it has octets beyond ASCII"))?;
    time::read_period(word).map_err(bad)
}

/// The number of a class mnemonic or of `CLASSnnn` (RFC 3597 §5).
fn read_class(raw: &[u8]) -> Option<u16> {
    let word = core::str::from_utf8(raw).ok()?;
    for (mnemonic, code) in [("IN", IN), ("CS", 2), ("CH", 3), ("HS", 4), ("NONE", 254), ("ANY", 255)] {
        if word.eq_ignore_ascii_case(mnemonic) {
            return Some(code);
        }
    }
    let (prefix, digits) = word.split_at_checked(5)?;
    if prefix.eq_ignore_ascii_case("CLASS") { types::number(digits) } else { None }
}

/// A directive.
#[derive(Debug)]
pub(super) enum Directive {
    /// `$ORIGIN`: the wire name.
    Origin(Vec<u8>),
    /// `$TTL`.
    Ttl(u32),
    /// `$INCLUDE`: the path, and the origin inside.
    Include(Vec<u8>, Option<Vec<u8>>),
    /// `$GENERATE`.
    Generate(Generate),
}

/// Reads a directive.
pub(super) fn read_directive(text: &[u8], tokens: &[Token], origin: Option<&[u8]>) -> Result<Directive, Fault> {
    let raw = |at: usize| {
        let missing = || Fault::new(tokens.len() - 1, "the directive ends too early");
        tokens.get(at).map(|token| &text[token.range.clone()]).ok_or_else(missing)
    };
    let name = |at: usize| {
        let mut wire = Vec::new();
        let token = raw(at)?;
        match read_name(token, origin, &mut wire) {
            Ok(()) => Ok(wire),
            Err(what) => Err(Fault::new(at, format!("{}: {what}", quote(token)))),
        }
    };
    let keyword = raw(0)?;
    let (directive, used) = if keyword.eq_ignore_ascii_case(b"$ORIGIN") {
        (Directive::Origin(name(1)?), 2)
    } else if keyword.eq_ignore_ascii_case(b"$TTL") {
        (Directive::Ttl(read_ttl(raw(1)?).map_err(|what| Fault::new(1, what))?), 2)
    } else if keyword.eq_ignore_ascii_case(b"$INCLUDE") {
        let mut path = Vec::new();
        super::tokens::unescape_into(raw(1)?, &mut path).map_err(|what| Fault::new(1, what.to_string()))?;
        match tokens.len() {
            2 => (Directive::Include(path, None), 2),
            _ => (Directive::Include(path, Some(name(2)?)), 3),
        }
    } else if keyword.eq_ignore_ascii_case(b"$GENERATE") {
        return Generate::read(text, tokens).map(Directive::Generate);
    } else {
        let known =
            "known are $ORIGIN, $TTL, $INCLUDE and $GENERATE (write an owner that begins with a dollar sign as \\$)";
        return Err(Fault::new(0, format!("directive {} is not known: {known}", quote(keyword))));
    };
    if tokens.len() > used {
        return Err(Fault::new(used, format!("there is more behind the directive: {}", quote(raw(used)?))));
    }
    Ok(directive)
}

/// A token for a message: printable, in quotes, not too long.
pub(super) fn quote(raw: &[u8]) -> String {
    const MOST: usize = 60;
    let shown = &raw[..raw.len().min(MOST)];
    let dots = if raw.len() > MOST { "…" } else { "" };
    format!(
        "'{}{dots}'",
        shown.escape_ascii().to_string().replace("\\\\", "\\").replace("\\'", "'").replace("\\\"", "\"")
    )
}
