//! `$GENERATE`: many records from one line, as BIND reads it.

use super::entry::{Fault, quote};
use super::lexer::Token;

/// How many records one line may make.
const MOST: u64 = 1 << 20;

/// A `$GENERATE` line: `$GENERATE START-STOP[/STEP] OWNER [TTL] [CLASS] TYPE RDATA`. In what follows the range `$` is the number,
/// `${OFFSET,WIDTH,BASE}` is it with an offset, zeros before it and another base; `$$` and `\$` are a dollar sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Generate {
    start: u32,
    stop: u32,
    step: u32,
    /// Text with what stands between.
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(Vec<u8>),
    Number { offset: i64, width: usize, base: Base },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Base {
    Decimal,
    Octal,
    Hex,
    UpperHex,
    /// Hexadecimal digits in reverse, as labels, as in the names below ip6.arpa.
    Nibbles,
    UpperNibbles,
}

impl Generate {
    /// Reads the line.
    pub(super) fn read(text: &[u8], tokens: &[Token]) -> Result<Self, Fault> {
        let [_, range, first, .., last] = tokens else {
            let form = "$GENERATE needs START-STOP, an owner, a type and RDATA";
            return Err(Fault::new(tokens.len().saturating_sub(1), form));
        };
        let raw = &text[range.range.clone()];
        let (start, stop, step) = read_range(raw).map_err(|what| Fault::new(1, format!("{}: {what}", quote(raw))))?;
        let of = |token: &Token| token.range.start - usize::from(token.quoted);
        let template = &text[of(first)..last.range.end + usize::from(last.quoted)];
        if template.contains(&b'\n') {
            return Err(Fault::new(2, "$GENERATE stands on one line"));
        }
        let parts = read_parts(template).map_err(|what| Fault::new(2, what))?;
        Ok(Self { start, stop, step, parts })
    }

    /// The numbers.
    pub(super) fn numbers(&self) -> impl Iterator<Item = u32> + use<> {
        let step = usize::try_from(self.step).unwrap_or(usize::MAX);
        (self.start..=self.stop).step_by(step)
    }

    /// Writes the line of a record.
    pub(super) fn write_line(&self, number: u32, line: &mut Vec<u8>) -> Result<(), String> {
        line.clear();
        for part in &self.parts {
            match part {
                Part::Text(text) => line.extend_from_slice(text),
                Part::Number { offset, width, base } => {
                    let value = i32::try_from(i64::from(number) + offset)
                        .map_err(|_| format!("{number} with the offset {offset} is beyond 31 bits"))?;
                    write_number(value, *width, *base, line);
                }
            }
        }
        Ok(())
    }
}

fn read_range(raw: &[u8]) -> Result<(u32, u32, u32), &'static str> {
    const FORM: &str = "the range is START-STOP or START-STOP/STEP, of numbers up to 2147483647";
    let word = core::str::from_utf8(raw).map_err(|_| FORM)?;
    let number = |text: &str| text.parse().ok().filter(|number| *number <= i32::MAX as u32).ok_or(FORM);
    let (range, step) = word.split_once('/').unwrap_or((word, "1"));
    let (start, stop) = range.split_once('-').ok_or(FORM)?;
    let (start, stop, step) = (number(start)?, number(stop)?, number(step)?);
    if step == 0 {
        return Err("the step is 0");
    }
    if stop < start {
        return Err("the range ends before it begins");
    }
    if u64::from((stop - start) / step) >= MOST {
        return Err("the range has more than 1048576 numbers");
    }
    Ok((start, stop, step))
}

fn read_parts(template: &[u8]) -> Result<Vec<Part>, String> {
    let (mut parts, mut plain) = (Vec::new(), Vec::new());
    let mut rest = template;
    while let [octet, after @ ..] = rest {
        rest = after;
        match octet {
            b'\\' => {
                plain.push(b'\\');
                if let [escaped, after @ ..] = rest {
                    plain.push(*escaped);
                    rest = after;
                }
            }
            b'$' => {
                if let [b'$', after @ ..] = rest {
                    plain.push(b'$');
                    rest = after;
                    continue;
                }
                parts.push(Part::Text(std::mem::take(&mut plain)));
                let braced = rest.strip_prefix(b"{");
                let (number, after) = match braced {
                    None => (Part::Number { offset: 0, width: 0, base: Base::Decimal }, rest),
                    Some(inner) => {
                        let end = inner.iter().position(|octet| *octet == b'}').ok_or("${ has no closing brace")?;
                        let (inner, after) = inner.split_at(end);
                        (read_number(inner)?, after.get(1..).unwrap_or_default())
                    }
                };
                parts.push(number);
                rest = after;
            }
            other => plain.push(*other),
        }
    }
    parts.push(Part::Text(plain));
    Ok(parts)
}

/// Reads what stands between braces.
fn read_number(inner: &[u8]) -> Result<Part, String> {
    let wrong = || format!("${{{}}}: between the braces are OFFSET[,WIDTH[,BASE]]", inner.escape_ascii());
    let word = core::str::from_utf8(inner).map_err(|_| wrong())?;
    let mut fields = word.split(',');
    let offset: i32 = fields.next().and_then(|offset| offset.parse().ok()).ok_or_else(wrong)?;
    // No label and no text is longer.
    let width = fields.next().map_or(Some(0), |width| width.parse().ok().filter(|width| *width <= 255));
    let base = match fields.next() {
        None | Some("d") => Base::Decimal,
        Some("o") => Base::Octal,
        Some("x") => Base::Hex,
        Some("X") => Base::UpperHex,
        Some("n") => Base::Nibbles,
        Some("N") => Base::UpperNibbles,
        Some(other) => return Err(format!("the base {other:?} is none of d, o, x, X, n and N")),
    };
    match (width, fields.next()) {
        (Some(width), None) => Ok(Part::Number { offset: offset.into(), width, base }),
        _ => Err(wrong()),
    }
}

fn write_number(value: i32, width: usize, base: Base, line: &mut Vec<u8>) {
    // But in decimal, what is below zero is as its 32 bits.
    let text = match base {
        Base::Decimal => format!("{value:0width$}"),
        Base::Octal => format!("{value:0width$o}"),
        Base::Hex => format!("{value:0width$x}"),
        Base::UpperHex => format!("{value:0width$X}"),
        Base::Nibbles => nibbles(value.cast_unsigned(), width),
        Base::UpperNibbles => nibbles(value.cast_unsigned(), width).to_ascii_uppercase(),
    };
    line.extend_from_slice(text.as_bytes());
}

/// The width is that of the text, dots included.
fn nibbles(mut value: u32, width: usize) -> String {
    let mut text = String::new();
    loop {
        text.push(char::from_digit(value & 15, 16).unwrap_or('0'));
        value >>= 4;
        if value == 0 && text.len() >= width {
            return text;
        }
        text.push('.');
        if value == 0 && text.len() >= width {
            return text;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::lexer::Lexer;
    use super::*;

    fn lines(text: &str) -> Result<Vec<String>, String> {
        let mut tokens = Vec::new();
        assert!(Lexer::new(text.as_bytes()).next_entry(&mut tokens).is_ok());
        let generate = Generate::read(text.as_bytes(), &tokens).map_err(|fault| fault.message)?;
        let mut line = Vec::new();
        generate
            .numbers()
            .map(|number| generate.write_line(number, &mut line).map(|()| String::from_utf8(line.clone()).unwrap()))
            .collect()
    }

    #[test]
    fn a_line_for_each_number() {
        for (text, expected) in [
            (
                "$GENERATE 1-3 host$ A 192.0.2.$ ; and so on",
                vec!["host1 A 192.0.2.1", "host2 A 192.0.2.2", "host3 A 192.0.2.3"],
            ),
            ("$GENERATE 0-5/4 $ 60 IN CNAME $.0", vec!["0 60 IN CNAME 0.0", "4 60 IN CNAME 4.0"]),
            ("$GENERATE 9-10 h${0,3} A 10.0.0.${-9}", vec!["h009 A 10.0.0.0", "h010 A 10.0.0.1"]),
            (
                "$GENERATE 10-10 ${1,4,x}.${0,0,X}.${0,3,o}.${0,2,d} TXT \"a $ $$ \\$\"",
                vec!["000b.A.012.10 TXT \"a 10 $ \\$\""],
            ),
            ("$GENERATE 18-18 ${0,0,n}.i ${0,7,N} ${0,2,n}x", vec!["2.1.i 2.1.0.0 2.1x"]),
            ("$GENERATE 1-1 ${0,2,n}x NS y", vec!["1.x NS y"]),
            ("$GENERATE 1-1 a${-3} NS ${-3,0,x}", vec!["a-2 NS fffffffe"]),
        ] {
            assert_eq!(
                lines(text).as_deref(),
                Ok(expected.iter().map(|&line| line.to_owned()).collect::<Vec<_>>().as_slice()),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_wrong_is_told() {
        for (text, what) in [
            ("$GENERATE 1-2 a", "needs START-STOP"),
            ("$GENERATE 1 a A 1", "the range is START-STOP"),
            ("$GENERATE 1-2/0 a A 1", "the step is 0"),
            ("$GENERATE 2-1 a A 1", "ends before it begins"),
            ("$GENERATE 0-2147483648 a A 1", "up to 2147483647"),
            ("$GENERATE 0-1048576 a A 1", "more than 1048576"),
            ("$GENERATE 1-2 a ( A\n 1 )", "on one line"),
            ("$GENERATE 1-2 a${0,1 A 1", "no closing brace"),
            ("$GENERATE 1-2 a${x} A 1", "OFFSET"),
            ("$GENERATE 1-2 a${0,1,q} A 1", "none of d"),
            ("$GENERATE 1-2 a${0,1,d,1} A 1", "OFFSET"),
            ("$GENERATE 1-2 a${0,256} A 1", "OFFSET"),
            ("$GENERATE 1-2 a${2147483647} A 1", "beyond 31 bits"),
        ] {
            let told = lines(text).unwrap_err();
            assert!(told.contains(what), "{text}: {told}");
        }
    }
}
