//! LOC: latitude, longitude, altitude and precisions (RFC 1876).

use super::input::push_u32;
use super::output::{Unfit, Wire, push_number};
use super::tokens::{Refusal, Tokens};

/// The equator and the prime meridian, in thousandths of a second of arc.
const MIDDLE: u32 = 1 << 31;
/// Thousandths of a second in a degree.
const DEGREE: u32 = 3_600_000;
/// Altitude 0 is this many centimetres above the base.
const BASE: i64 = 10_000_000;

/// Reads a whole LOC.
pub(super) fn read(tokens: &mut Tokens<'_>, out: &mut Vec<u8>) -> Result<(), Refusal> {
    let latitude = read_angle(tokens, 90, [b'N', b'S'])?;
    let longitude = read_angle(tokens, 180, [b'E', b'W'])?;
    let altitude = read_metres(tokens)? + BASE;
    let altitude =
        u32::try_from(altitude).map_err(|_| "the altitude is not within -100000.00 to 42849672.95 metres")?;
    // Version 0, then size and precisions with the defaults of RFC 1876 §3.
    out.push(0);
    for default in [0x12, 0x16, 0x13] {
        out.push(if tokens.is_empty() { default } else { read_size(tokens)? });
    }
    push_u32(latitude, out);
    push_u32(longitude, out);
    push_u32(altitude, out);
    Ok(())
}

/// Reads `degrees [minutes [seconds]] direction`.
fn read_angle(tokens: &mut Tokens<'_>, most: u32, [plus, minus]: [u8; 2]) -> Result<u32, Refusal> {
    let mut parts = [0_u32; 3];
    for at in 0..=3 {
        let word = tokens.word()?;
        let sign = match word.as_bytes() {
            [letter] if letter.eq_ignore_ascii_case(&plus) => Some(true),
            [letter] if letter.eq_ignore_ascii_case(&minus) => Some(false),
            _ => None,
        };
        if let Some(positive) = sign.filter(|_| at > 0) {
            let angle = parts[0] * DEGREE + parts[1] * 60_000 + parts[2];
            if angle > most * DEGREE {
                return Err(Refusal::new(format!("the angle is larger than {most} degrees")));
            }
            return Ok(if positive { MIDDLE + angle } else { MIDDLE - angle });
        }
        let limit = match at {
            0 => most,
            1 => 59,
            2 => 59_999,
            _ => break,
        };
        let value = if at == 2 { decimal(&word, 3) } else { decimal(&word, 0) };
        parts[at] = value
            .and_then(|value| u32::try_from(value).ok())
            .filter(|&value| value <= limit)
            .ok_or("this is not a part of an angle: degrees, minutes, seconds")?;
    }
    Err(Refusal::new(format!("the direction is missing: {} or {}", char::from(plus), char::from(minus))))
}

/// Reads metres as centimetres, with or without an `m`.
fn read_metres(tokens: &mut Tokens<'_>) -> Result<i64, Refusal> {
    let word = tokens.word()?;
    let number = word.strip_suffix(['m', 'M']).unwrap_or(&word);
    let (negative, digits) = match number.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, number),
    };
    let value = decimal(digits, 2).ok_or("this is not a number of metres")?;
    Ok(if negative { -value } else { value })
}

/// Reads a size or precision as mantissa and exponent of ten, in centimetres.
fn read_size(tokens: &mut Tokens<'_>) -> Result<u8, Refusal> {
    let mut mantissa = read_metres(tokens)?;
    if !(0..=9_000_000_000).contains(&mantissa) {
        return Err("a size is from 0 to 90000000.00 metres".into());
    }
    let mut exponent = 0;
    while mantissa > 9 {
        mantissa /= 10;
        exponent += 1;
    }
    Ok((mantissa as u8) << 4 | exponent)
}

/// Reads a decimal fraction as an integer of so many places.
fn decimal(word: &str, places: usize) -> Option<i64> {
    let (whole, fraction) = word.split_once('.').unwrap_or((word, ""));
    let digits = |text: &str| text.bytes().all(|octet| octet.is_ascii_digit());
    if whole.is_empty() || whole.len() > 10 || fraction.len() > places || !digits(whole) || !digits(fraction) {
        return None;
    }
    format!("{whole}{fraction:0<places$}").parse().ok()
}

/// Writes a whole LOC.
pub(super) fn write(wire: &mut Wire<'_>, out: &mut Vec<u8>) -> Result<(), Unfit> {
    let [version, sizes @ ..] = wire.array::<4>()?;
    let (latitude, longitude, altitude) = (wire.u32()?, wire.u32()?, wire.u32()?);
    if version != 0 {
        return Err(Unfit::NoText);
    }
    write_angle(latitude, 90, *b"NS", out)?;
    write_angle(longitude, 180, *b"EW", out)?;
    let altitude = i64::from(altitude) - BASE;
    if altitude < 0 {
        out.push(b'-');
    }
    write_metres(altitude.unsigned_abs(), out);
    for size in sizes {
        let (mantissa, exponent) = (size >> 4, size & 15);
        // Zero has one form only.
        if mantissa > 9 || exponent > 9 || (mantissa == 0 && exponent > 0) {
            return Err(Unfit::NoText);
        }
        out.push(b' ');
        write_metres(u64::from(mantissa) * 10_u64.pow(exponent.into()), out);
    }
    Ok(())
}

fn write_angle(value: u32, most: u32, [plus, minus]: [u8; 2], out: &mut Vec<u8>) -> Result<(), Unfit> {
    let angle = value.abs_diff(MIDDLE);
    if angle > most * DEGREE {
        return Err(Unfit::NoText);
    }
    push_number((angle / DEGREE).into(), out);
    out.push(b' ');
    push_number((angle / 60_000 % 60).into(), out);
    out.push(b' ');
    push_fraction((angle % 60_000).into(), 3, out);
    out.extend_from_slice(&[b' ', if value >= MIDDLE { plus } else { minus }, b' ']);
    Ok(())
}

fn write_metres(centimetres: u64, out: &mut Vec<u8>) {
    push_fraction(centimetres, 2, out);
    out.push(b'm');
}

/// Appends an integer of so many decimal places.
fn push_fraction(value: u64, places: u32, out: &mut Vec<u8>) {
    push_number(value / 10_u64.pow(places), out);
    out.push(b'.');
    for place in (0..places).rev() {
        out.push(b'0' + (value / 10_u64.pow(place) % 10) as u8);
    }
}
