//! The RDATA tokens of one entry, as our own field readers and the `domain` crate's want them.

use std::borrow::Cow;
use std::fmt;

use domain::base::charstr::CharStr;
use domain::base::name::Name;
use domain::base::scan::{ConvertSymbols, EntrySymbol, Scanner, ScannerError, Symbol};
use domain::dep::octseq::array::Array;
use domain::dep::octseq::str::Str;

use super::lexer::Token;
use super::names;

/// Why an RDATA cannot be read, in words.
#[derive(Debug)]
pub(super) struct Refusal(pub(super) Cow<'static, str>);

impl Refusal {
    /// For what is only known at run time.
    pub(super) fn new(what: impl Into<Cow<'static, str>>) -> Self {
        Self(what.into())
    }
}

impl From<&'static str> for Refusal {
    fn from(what: &'static str) -> Self {
        Self(Cow::Borrowed(what))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refusal {}

impl ScannerError for Refusal {
    fn custom(msg: &'static str) -> Self {
        msg.into()
    }

    fn end_of_entry() -> Self {
        "the record ends too early: a field is missing".into()
    }

    fn short_buf() -> Self {
        Self::end_of_entry()
    }

    fn trailing_tokens() -> Self {
        "there is more behind the record's last field".into()
    }
}

/// A cursor over the tokens of an entry.
pub(super) struct Tokens<'a> {
    text: &'a [u8],
    tokens: &'a [Token],
    next: usize,
    origin: Option<&'a [u8]>,
}

impl<'a> Tokens<'a> {
    /// Begins at the first of `tokens`, ranges of `text`.
    pub(super) fn new(text: &'a [u8], tokens: &'a [Token], origin: Option<&'a [u8]>) -> Self {
        Self { text, tokens, next: 0, origin }
    }

    /// What completes relative names.
    pub(super) fn origin(&self) -> Option<&'a [u8]> {
        self.origin
    }

    /// Whether no token is left.
    pub(super) fn is_empty(&self) -> bool {
        self.next >= self.tokens.len()
    }

    /// How many tokens have been taken.
    pub(super) fn taken(&self) -> usize {
        self.next
    }

    /// The next token's octets, escapes and all, without taking it.
    pub(super) fn peek(&self) -> Option<&'a [u8]> {
        self.tokens.get(self.next).map(|token| &self.text[token.range.clone()])
    }

    /// Takes the next token's octets, escapes and all.
    pub(super) fn raw(&mut self) -> Result<&'a [u8], Refusal> {
        let raw = self.peek().ok_or_else(Refusal::end_of_entry)?;
        self.next += 1;
        Ok(raw)
    }

    /// Takes the next token as text without escapes: numbers, addresses, mnemonics.
    pub(super) fn word(&mut self) -> Result<Cow<'a, str>, Refusal> {
        let raw = self.raw()?;
        if raw.is_ascii() && !raw.contains(&b'\\') {
            return Ok(String::from_utf8_lossy(raw));
        }
        let mut octets = Vec::with_capacity(raw.len());
        unescape_into(raw, &mut octets)?;
        if !octets.is_ascii() {
            return Err("a printable ASCII word is needed here".into());
        }
        Ok(Cow::Owned(String::from_utf8_lossy(&octets).into_owned()))
    }

    /// Takes the next token with its escapes resolved.
    pub(super) fn octets(&mut self, out: &mut Vec<u8>) -> Result<(), Refusal> {
        unescape_into(self.raw()?, out)
    }

    /// Takes all tokens left as one piece of text, without escapes (base 64, hexadecimal).
    pub(super) fn rest(&mut self, out: &mut Vec<u8>) -> Result<(), Refusal> {
        while !self.is_empty() {
            out.extend_from_slice(self.raw()?);
        }
        Ok(())
    }

    /// Takes a SvcParam: a token, and the quoted one glued to it.
    pub(super) fn parameter(&mut self) -> Result<(&'a [u8], Option<&'a [u8]>), Refusal> {
        let first = self.raw()?;
        let is_value = self.tokens.get(self.next).is_some_and(|token| token.glued && token.quoted);
        Ok((first, if is_value { Some(self.raw()?) } else { None }))
    }

    /// Takes RFC 3597's `\#` if it comes next.
    pub(super) fn take_generic_marker(&mut self) -> bool {
        let is_marker = self.tokens.get(self.next).is_some_and(|token| !token.quoted) && self.peek() == Some(b"\\#");
        self.next += usize::from(is_marker);
        is_marker
    }

    /// Hands each symbol of the next token to `op`.
    fn symbols(&mut self, mut op: impl FnMut(Symbol) -> Result<(), Refusal>) -> Result<(), Refusal> {
        let raw = self.raw()?;
        let mut at = 0;
        while at < raw.len() {
            let (octet, used) = names::unescape(&raw[at..])?;
            op(match used {
                1 if octet.is_ascii() => Symbol::Char(char::from(octet)),
                2 if octet.is_ascii() => Symbol::SimpleEscape(octet),
                // Zone files are octets: one beyond ASCII stands for itself.
                _ => Symbol::DecimalEscape(octet),
            })?;
            at += used;
        }
        Ok(())
    }
}

/// Appends the octets of `raw` with its escapes resolved.
pub(super) fn unescape_into(raw: &[u8], out: &mut Vec<u8>) -> Result<(), Refusal> {
    if !raw.contains(&b'\\') {
        out.extend_from_slice(raw);
        return Ok(());
    }
    let mut at = 0;
    while at < raw.len() {
        let (octet, used) = names::unescape(&raw[at..])?;
        out.push(octet);
        at += used;
    }
    Ok(())
}

impl Scanner for Tokens<'_> {
    type Octets = Vec<u8>;
    type OctetsBuilder = Vec<u8>;
    type Name = Name<Array<255>>;
    type Error = Refusal;

    fn has_space(&self) -> bool {
        self.tokens.get(self.next).is_some_and(|token| !token.glued)
    }

    fn continues(&mut self) -> bool {
        !self.is_empty()
    }

    fn scan_symbols<F>(&mut self, op: F) -> Result<(), Refusal>
    where
        F: FnMut(Symbol) -> Result<(), Refusal>,
    {
        self.symbols(op)
    }

    fn scan_entry_symbols<F>(&mut self, mut op: F) -> Result<(), Refusal>
    where
        F: FnMut(EntrySymbol) -> Result<(), Refusal>,
    {
        loop {
            self.symbols(|symbol| op(symbol.into()))?;
            op(EntrySymbol::EndOfToken)?;
            if self.is_empty() {
                return Ok(());
            }
        }
    }

    fn convert_token<C: ConvertSymbols<Symbol, Refusal>>(&mut self, mut convert: C) -> Result<Vec<u8>, Refusal> {
        let mut out = Vec::new();
        self.symbols(|symbol| {
            out.extend_from_slice(convert.process_symbol(symbol)?.unwrap_or_default());
            Ok(())
        })?;
        out.extend_from_slice(convert.process_tail()?.unwrap_or_default());
        Ok(out)
    }

    fn convert_entry<C: ConvertSymbols<EntrySymbol, Refusal>>(&mut self, mut convert: C) -> Result<Vec<u8>, Refusal> {
        let mut out = Vec::with_capacity(self.peek().map_or(0, <[u8]>::len));
        while !self.is_empty() {
            self.symbols(|symbol| {
                out.extend_from_slice(convert.process_symbol(symbol.into())?.unwrap_or_default());
                Ok(())
            })?;
        }
        out.extend_from_slice(convert.process_tail()?.unwrap_or_default());
        Ok(out)
    }

    fn scan_octets(&mut self) -> Result<Vec<u8>, Refusal> {
        let mut out = Vec::new();
        self.octets(&mut out)?;
        Ok(out)
    }

    fn scan_svcb_octets(&mut self) -> Result<Vec<u8>, Refusal> {
        let mut out = self.scan_octets()?;
        if self.tokens.get(self.next).is_some_and(|token| token.glued && token.quoted) {
            self.octets(&mut out)?;
        }
        Ok(out)
    }

    fn scan_ascii_str<F, T>(&mut self, op: F) -> Result<T, Refusal>
    where
        F: FnOnce(&str) -> Result<T, Refusal>,
    {
        op(&self.word()?)
    }

    fn scan_name(&mut self) -> Result<Self::Name, Refusal> {
        let mut wire = Vec::with_capacity(255);
        names::read_name(self.raw()?, self.origin, &mut wire)?;
        let octets = Array::try_from(wire.as_slice()).map_err(|_| "the name is longer than 255 octets")?;
        Name::from_octets(octets).map_err(|_| "this is not a domain name".into())
    }

    fn scan_charstr(&mut self) -> Result<CharStr<Vec<u8>>, Refusal> {
        CharStr::from_octets(self.scan_octets()?).map_err(|_| TEXT_TOO_LONG.into())
    }

    fn scan_string(&mut self) -> Result<Str<Vec<u8>>, Refusal> {
        Str::from_utf8(self.scan_octets()?).map_err(|_| "this is not UTF-8 text".into())
    }

    fn scan_charstr_entry(&mut self) -> Result<Vec<u8>, Refusal> {
        let mut out = Vec::new();
        loop {
            character_string(self, &mut out)?;
            if self.is_empty() {
                return Ok(out);
            }
        }
    }

    fn scan_opt_unknown_marker(&mut self) -> Result<bool, Refusal> {
        Ok(self.take_generic_marker())
    }

    fn octets_builder(&mut self) -> Result<Vec<u8>, Refusal> {
        Ok(Vec::new())
    }
}

const TEXT_TOO_LONG: &str = "a character-string is longer than 255 octets";

/// Takes one token as a character-string: a length octet and the octets (RFC 1035 §3.3).
pub(super) fn character_string(tokens: &mut Tokens<'_>, out: &mut Vec<u8>) -> Result<(), Refusal> {
    let length = out.len();
    out.push(0);
    tokens.octets(out)?;
    out[length] = u8::try_from(out.len() - length - 1).map_err(|_| TEXT_TOO_LONG)?;
    Ok(())
}
