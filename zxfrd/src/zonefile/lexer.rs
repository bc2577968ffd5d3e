//! Cuts zone text into entries and entries into tokens (RFC 1035 §5.1): comments, quotes, and parentheses
//! that carry an entry over lines. Tokens are ranges of the text; escapes are resolved by who reads them.

use core::ops::Range;

/// One token of an entry.
#[derive(Clone, Debug)]
pub(super) struct Token {
    /// Where its octets are in the text, without the quotes.
    pub(super) range: Range<usize>,
    /// Whether it stood in double quotes.
    pub(super) quoted: bool,
    /// Whether it follows the token before it without white space, as the value in `alpn="h2"` does.
    pub(super) glued: bool,
}

/// Where an entry begins.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    /// Offset of its first octet.
    pub(super) start: usize,
    /// Line of its first octet, from 1.
    pub(super) line: usize,
    /// Whether it begins with white space, so that the owner is the one of the entry before.
    pub(super) indented: bool,
}

/// Text that cannot be cut into tokens.
#[derive(Clone, Copy, Debug)]
pub(super) struct LexFault {
    /// Offset of the octet at fault.
    pub(super) at: usize,
    /// What is wrong.
    pub(super) what: &'static str,
}

/// What an octet does in zone text outside quotes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Word,
    Space,
    Newline,
    Comment,
    Open,
    Close,
    Quote,
    Escape,
}

/// The kind of each octet.
pub(super) static KINDS: [Kind; 256] = {
    let mut kinds = [Kind::Word; 256];
    kinds[b' ' as usize] = Kind::Space;
    kinds[b'\t' as usize] = Kind::Space;
    kinds[b'\r' as usize] = Kind::Space;
    kinds[b'\n' as usize] = Kind::Newline;
    kinds[b';' as usize] = Kind::Comment;
    kinds[b'(' as usize] = Kind::Open;
    kinds[b')' as usize] = Kind::Close;
    kinds[b'"' as usize] = Kind::Quote;
    kinds[b'\\' as usize] = Kind::Escape;
    kinds
};

/// Walks over the entries of one text.
pub(super) struct Lexer<'a> {
    text: &'a [u8],
    at: usize,
    line: usize,
}

impl<'a> Lexer<'a> {
    /// Starts at the beginning of the text, after a byte order mark if there is one.
    pub(super) fn new(text: &'a [u8]) -> Self {
        let at = if text.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        Self { text, at, line: 1 }
    }

    /// Starts at an entry, to read it again.
    pub(super) fn again(text: &'a [u8], entry: Entry) -> Self {
        Self { text, at: entry.start, line: entry.line }
    }

    /// The line of what comes next, from 1.
    pub(super) fn line(&self) -> usize {
        self.line
    }

    /// Passes lines that are empty, or a comment from their first octet on. Gives where the lexer stands.
    pub(super) fn pass_empty_lines(&mut self) -> usize {
        loop {
            match self.text.get(self.at) {
                Some(b'\n') => self.at += 1,
                Some(b';') => match memchr::memchr(b'\n', &self.text[self.at..]) {
                    Some(length) => self.at += length + 1,
                    None => return self.at,
                },
                _ => return self.at,
            }
            self.line += 1;
        }
    }

    /// Passes an entry of one line, which was read in another way and ends before `end`.
    pub(super) fn pass_line(&mut self, end: usize) -> Entry {
        let entry = self.entry();
        self.at = end;
        self.line += 1;
        entry
    }

    /// Puts the tokens of the next entry that has any into `tokens`; `None` at the end of the text.
    ///
    /// After a fault the lexer stands behind the line at fault, so that reading can go on.
    pub(super) fn next_entry(&mut self, tokens: &mut Vec<Token>) -> Result<Option<Entry>, (Entry, LexFault)> {
        while self.at < self.text.len() {
            tokens.clear();
            let entry = self.entry();
            if let Err(fault) = self.tokens(tokens) {
                self.resume_after(entry, fault.at);
                return Err((entry, fault));
            }
            if !tokens.is_empty() {
                return Ok(Some(entry));
            }
        }
        Ok(None)
    }

    /// The entry that begins here.
    fn entry(&self) -> Entry {
        let indented = matches!(self.text.get(self.at), Some(b' ' | b'\t'));
        Entry { start: self.at, line: self.line, indented }
    }

    /// Reads tokens up to and with the newline that ends the entry.
    fn tokens(&mut self, tokens: &mut Vec<Token>) -> Result<(), LexFault> {
        let text = self.text;
        let mut at = self.at;
        let mut opened: Vec<usize> = Vec::new();
        let mut newlines = 0;
        let mut touching = false;
        while let Some(&octet) = text.get(at) {
            match KINDS[usize::from(octet)] {
                Kind::Space => {
                    at += 1;
                    touching = false;
                }
                Kind::Newline => {
                    at += 1;
                    newlines += 1;
                    touching = false;
                    if opened.is_empty() {
                        self.at = at;
                        self.line += newlines;
                        return Ok(());
                    }
                }
                Kind::Comment => {
                    at = memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |length| at + length);
                    touching = false;
                }
                Kind::Open => {
                    opened.push(at);
                    at += 1;
                    touching = false;
                }
                Kind::Close => {
                    if opened.pop().is_none() {
                        return Err(LexFault { at, what: "')' without a '(' before it" });
                    }
                    at += 1;
                    touching = false;
                }
                Kind::Quote => {
                    let end = quoted_end(text, at)?;
                    tokens.push(Token { range: at + 1..end, quoted: true, glued: touching });
                    at = end + 1;
                    touching = true;
                }
                Kind::Word | Kind::Escape => {
                    let start = at;
                    at = word_end(text, at);
                    tokens.push(Token { range: start..at, quoted: false, glued: touching });
                    touching = true;
                }
            }
        }
        if let Some(&at) = opened.first() {
            return Err(LexFault { at, what: "'(' is never closed" });
        }
        self.at = at;
        self.line += newlines;
        Ok(())
    }

    /// Goes on behind the line that holds `at`.
    fn resume_after(&mut self, entry: Entry, at: usize) {
        let end = memchr::memchr(b'\n', &self.text[at..]).map_or(self.text.len(), |n| at + n + 1);
        self.line = entry.line + newlines(&self.text[entry.start..end]);
        self.at = end;
    }
}

/// How many newlines there are.
pub(super) fn newlines(text: &[u8]) -> usize {
    memchr::memchr_iter(b'\n', text).count()
}

/// The end of the unquoted token at `at`.
fn word_end(text: &[u8], mut at: usize) -> usize {
    while let Some(&octet) = text.get(at) {
        match KINDS[usize::from(octet)] {
            Kind::Word => at += 1,
            // What follows a backslash belongs to the token, unless the line ends there.
            Kind::Escape => at += if matches!(text.get(at + 1), None | Some(b'\n' | b'\r')) { 1 } else { 2 },
            _ => break,
        }
    }
    at
}

/// The position of the quote that closes the one at `open`. A quoted token ends on its line: were it not so, a
/// forgotten quote would swallow the rest of the file.
fn quoted_end(text: &[u8], open: usize) -> Result<usize, LexFault> {
    let fault = LexFault { at: open, what: "the quote is not closed on its line (write a line feed as \\010)" };
    let mut at = open + 1;
    while let Some(&octet) = text.get(at) {
        match octet {
            b'"' => return Ok(at),
            b'\n' => return Err(fault),
            b'\\' if text.get(at + 1).is_some_and(|&next| next != b'\n') => at += 2,
            _ => at += 1,
        }
    }
    Err(fault)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Entries as `line token|token`, with a `+` before those that are indented, or the fault's text.
    fn entries(text: &str) -> Vec<String> {
        let mut lexer = Lexer::new(text.as_bytes());
        let mut tokens = Vec::new();
        let mut seen = Vec::new();
        loop {
            match lexer.next_entry(&mut tokens) {
                Ok(None) => return seen,
                Ok(Some(entry)) => {
                    let tokens: Vec<&str> = tokens.iter().map(|token| &text[token.range.clone()]).collect();
                    let indent = if entry.indented { "+" } else { "" };
                    seen.push(format!("{indent}{} {}", entry.line, tokens.join("|")));
                }
                Err((_, fault)) => seen.push(fault.what.to_owned()),
            }
        }
    }

    #[test]
    fn comments_parentheses_and_quotes() {
        let seen = entries("; only a comment\n\na A 1 ; c ( \n  b ( c ; d )\n e\n) f\r\n\"x ; ( y\" z\\;\\\"q");
        assert_eq!(seen, ["3 a|A|1", "+4 b|c|e|f", "7 x ; ( y|z\\;\\\"q",]);
    }

    #[test]
    fn reading_goes_on_behind_a_fault() {
        let seen = entries("a )\nb \"x\nc\nd (\ne");
        assert_eq!(
            seen,
            [
                "')' without a '(' before it",
                "the quote is not closed on its line (write a line feed as \\010)",
                "3 c",
                "'(' is never closed",
                "5 e",
            ]
        );
    }

    #[test]
    fn a_quote_behind_a_word_is_glued() {
        let mut tokens = Vec::new();
        Lexer::new(b"alpn=\"h2\" \"x\"").next_entry(&mut tokens).unwrap();
        assert_eq!(tokens.iter().map(|token| token.glued).collect::<Vec<_>>(), [false, true, false]);
    }
}
