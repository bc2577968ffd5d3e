//! TSIG keys as the client tool is given them: BIND key files (`-k`) and `[ALGO:]NAME:SECRET` (`-y`).

use std::path::Path;

use zeroize::Zeroizing;
use zxfr_core::tsig::Algorithm;

use super::secret::{ALGORITHMS, Secret, TsigKey};
use super::{Problem, domain_name, read_text};

/// Reads the one key of a BIND key file: `key "name" { algorithm hmac-sha256; secret "…"; };` with comments.
///
/// # Errors
/// What is wrong and where; never a secret.
pub fn load(path: &Path) -> Result<TsigKey, Problem> {
    parse(&read_text(path)?, path)
}

/// Reads the one key of a BIND key file from its text; `path` names it in problems.
///
/// # Errors
/// As [`load()`].
pub fn parse(text: &str, path: &Path) -> Result<TsigKey, Problem> {
    let mut words = Words { text, at: 0 };
    read_key(&mut words).map_err(|Fault { at, what }| Problem::at(path, text, at, what))
}

/// Reads `[ALGO:]NAME:SECRET`; without an algorithm it is hmac-sha256.
///
/// # Errors
/// What is wrong, in words; never the secret.
pub fn parse_argument(text: &str) -> Result<TsigKey, String> {
    let (rest, secret) = text.rsplit_once(':').ok_or("a key is [ALGO:]NAME:SECRET")?;
    let (algorithm, name) = match rest.split_once(':') {
        None => (Algorithm::HmacSha256, rest),
        Some((algorithm, name)) => {
            let unknown = || format!("{algorithm:?} is not an algorithm: use {}", ALGORITHMS);
            (algorithm.parse().map_err(|_| unknown())?, name)
        }
    };
    Ok(TsigKey {
        name: domain_name(name).map_err(|what| format!("{name:?} is not a key name: {what}"))?,
        algorithm,
        secret: Secret::from_base64(secret)?,
    })
}

/// What is wrong, and the offset.
struct Fault {
    at: usize,
    what: String,
}

/// The words of a key file: names, quoted text, and braces and semicolons on their own.
struct Words<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Words<'a> {
    /// The next word and its offset; `None` at the end.
    fn next(&mut self) -> Result<Option<(&'a str, usize)>, Fault> {
        self.skip()?;
        let rest = &self.text[self.at..];
        let start = self.at;
        let Some(first) = rest.chars().next() else { return Ok(None) };
        if first == '"' {
            let Some(end) = rest[1..].find(['"', '\n']).filter(|&end| rest[1 + end..].starts_with('"')) else {
                return Err(Fault { at: start, what: "the quote is not closed on its line".to_owned() });
            };
            self.at += end + 2;
            return Ok(Some((&rest[1..=end], start)));
        }
        let length = match first {
            '{' | '}' | ';' => 1,
            _ => rest.find(|c: char| c.is_whitespace() || "{};\"".contains(c)).unwrap_or(rest.len()),
        };
        self.at += length;
        Ok(Some((&rest[..length], start)))
    }

    /// Goes over white space and comments: `//`, `#` and `/* */`.
    fn skip(&mut self) -> Result<(), Fault> {
        loop {
            let rest = &self.text[self.at..];
            let trimmed = rest.trim_start();
            self.at += rest.len() - trimmed.len();
            if trimmed.starts_with('#') || trimmed.starts_with("//") {
                self.at += trimmed.find('\n').unwrap_or(trimmed.len());
            } else if let Some(inside) = trimmed.strip_prefix("/*") {
                match inside.find("*/") {
                    Some(end) => self.at += end + 4,
                    None => return Err(Fault { at: self.at, what: "the comment is not closed".to_owned() }),
                }
            } else {
                return Ok(());
            }
        }
    }

    /// The next word, which has to be there.
    fn word(&mut self, what: &str) -> Result<(&'a str, usize), Fault> {
        let missing = || format!("the file ends where {what} should be");
        self.next()?.ok_or_else(|| Fault { at: self.text.len(), what: missing() })
    }

    /// Takes this word; says what is missing otherwise, but does not quote what is there: it may be a secret.
    fn expect(&mut self, expected: &str) -> Result<(), Fault> {
        let (word, at) = self.word(&format!("'{expected}'"))?;
        if word.eq_ignore_ascii_case(expected) {
            return Ok(());
        }
        Err(Fault { at, what: format!("'{expected}' is needed here") })
    }
}

/// Reads one `key` statement and the end of the file.
fn read_key(words: &mut Words<'_>) -> Result<TsigKey, Fault> {
    words.expect("key")?;
    let (name, at) = words.word("the key's name")?;
    let name = domain_name(name).map_err(|what| Fault { at, what: format!("{name:?} is not a key name: {what}") })?;
    words.expect("{")?;
    let (mut algorithm, mut secret) = (None, None);
    let end = loop {
        let (word, at) = words.word("'}'")?;
        match word.to_ascii_lowercase().as_str() {
            "}" => break at,
            "algorithm" if algorithm.is_none() => {
                let (value, at) = words.word("the algorithm")?;
                let what = || format!("{value:?} is not an algorithm: use {}", ALGORITHMS);
                algorithm = Some(value.parse::<Algorithm>().map_err(|_| Fault { at, what: what() })?);
            }
            "secret" if secret.is_none() => {
                let (value, at) = words.word("the secret")?;
                let value = Zeroizing::new(value.to_owned());
                secret = Some(Secret::from_base64(&value).map_err(|what| Fault { at, what: what.to_owned() })?);
            }
            _ => return Err(Fault { at, what: "'algorithm', 'secret' or '}' is needed here, each once".to_owned() }),
        }
        words.expect(";")?;
    };
    words.expect(";")?;
    if let Some((_, at)) = words.next()? {
        return Err(Fault {
            at,
            what: "the file holds more than one key statement: give a file with one key".to_owned(),
        });
    }
    match (algorithm, secret) {
        (Some(algorithm), Some(secret)) => Ok(TsigKey { name, algorithm, secret }),
        (None, _) => Err(Fault { at: end, what: "the key has no algorithm".to_owned() }),
        (_, None) => Err(Fault { at: end, what: "the key has no secret".to_owned() }),
    }
}
