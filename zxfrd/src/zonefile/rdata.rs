//! The text of one RDATA, outside a zone file.

use std::fmt;

use super::entry::quote;
use super::input::read_rdata;
use super::lexer::Lexer;
use super::tokens::Tokens;

/// What is wrong with the text of an RDATA.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RdataProblem {
    /// Which of its fields, words or texts in quotes, from 0.
    pub field: usize,
    /// What is wrong, in words.
    pub message: String,
}

impl fmt::Display for RdataProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for RdataProblem {}

/// Reads the RDATA of a type from text as it stands behind the type in a zone file, on one line and without a comment. Names that
/// don't end with a dot are completed by `origin`, in wire octets.
///
/// # Errors
/// What is wrong, and with which field.
pub fn parse_rdata(rtype: u16, text: &str, origin: &[u8]) -> Result<Vec<u8>, RdataProblem> {
    let problem = |field: usize, message: &str| RdataProblem { field, message: message.to_owned() };
    let text = text.trim_matches([' ', '\t']).as_bytes();
    if text.contains(&b'\n') || text.contains(&b'\r') {
        return Err(problem(0, "a line break: all of it has to be on one line"));
    }
    let mut tokens = Vec::new();
    if let Err((_, fault)) = Lexer::new(text).next_entry(&mut tokens) {
        return Err(problem(tokens.len(), fault.what));
    }
    // A comment would be passed over in silence.
    let behind = tokens.last().map_or(0, |token| token.range.end + usize::from(token.quoted));
    if text[behind..].contains(&b';') {
        return Err(problem(tokens.len(), "a semicolon begins a comment: put what has it in double quotes"));
    }
    let (mut cursor, mut rdata) = (Tokens::new(text, &tokens, Some(origin)), Vec::new());
    if let Err(what) = read_rdata(rtype, &mut cursor, &mut rdata) {
        let what = what.to_string();
        // What is left over is at fault itself; else what was taken last.
        let trailing = !cursor.is_empty() && what.contains("behind the record's last field");
        let field = if trailing { cursor.taken() } else { cursor.taken().saturating_sub(1) };
        let token = tokens.get(field).filter(|_| !what.contains("ends too early"));
        let message =
            token.map_or_else(|| what.clone(), |token| format!("{}: {what}", quote(&text[token.range.clone()])));
        return Err(RdataProblem { field, message });
    }
    if rdata.len() > usize::from(u16::MAX) {
        return Err(problem(0, "the RDATA is longer than 65535 octets"));
    }
    Ok(rdata)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zonefile::write_rdata;

    fn again(rtype: u16, text: &str) -> Result<String, (usize, String)> {
        let rdata = parse_rdata(rtype, text, b"\x01e\0").map_err(|problem| (problem.field, problem.message))?;
        let mut out = Vec::new();
        write_rdata(rtype, &rdata, &mut out);
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn fields_are_read_as_in_zone_files() {
        assert_eq!(again(1, " 192.0.2.1 ").unwrap(), "192.0.2.1");
        assert_eq!(again(15, "10 mail").unwrap(), "10 mail.e.");
        assert_eq!(again(16, "\"a;b\" c").unwrap(), "\"a;b\" \"c\"");
        assert_eq!(again(257, "0 issue \"a.b; c\"").unwrap(), "0 issue \"a.b; c\"");
    }

    #[test]
    fn what_is_wrong_is_told_with_its_field() {
        for (rtype, text, field, what) in [
            (1, "192.0.2.256", 0, "192.0.2.256"),
            (1, "192.0.2.1 2", 1, "'2'"),
            (1, "", 0, "ends too early"),
            (15, "ten mail", 0, "'ten'"),
            (16, "a ; b", 1, "semicolon"),
            (16, "a\nb", 0, "line break"),
            (16, "\"a", 0, "quot"),
        ] {
            let (found, message) = again(rtype, text).unwrap_err();
            assert!(found == field && message.contains(what), "{rtype} {text:?}: {found} {message}");
        }
    }
}
