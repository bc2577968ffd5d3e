//! The walk over a message without nom: slices and offsets by hand, the checks and results of
//! [`Message::layout`](zxfr_core::wire::Message::layout). What nom costs is the difference.

use zxfr_core::error::{WireError, WireFault};
use zxfr_core::name::{MAX_LABEL, MAX_NAME};
use zxfr_core::wire::{HEADER_LEN, Layout, Rtype, Section};

/// The same as [`Message::layout`](zxfr_core::wire::Message::layout) says, faults included.
///
/// # Errors
/// When the framing doesn't hold.
pub fn layout(message: &[u8]) -> Result<Layout, WireError> {
    let [_, _, _, _, a, b, c, d, e, f, g, h] =
        *message.first_chunk::<HEADER_LEN>().ok_or(WireError { fault: WireFault::Cut, offset: message.len() })?;
    let [questions, answers, authorities, additionals] = [[a, b], [c, d], [e, f], [g, h]].map(u16::from_be_bytes);
    let mut at = HEADER_LEN;
    for _ in 0..questions {
        at = skip_name(message, at)?;
        octets_at::<4>(message, at)?;
        at += 4;
    }
    let mut layout = Layout { answers_at: at, last_answer: None, authorities_at: at, opt_at: None, tsig_at: None };
    for _ in 0..answers {
        at = skip_record(message, at, Section::Answer, &mut layout)?;
    }
    layout.authorities_at = at;
    for _ in 0..authorities {
        at = skip_record(message, at, Section::Authority, &mut layout)?;
    }
    for _ in 0..additionals {
        at = skip_record(message, at, Section::Additional, &mut layout)?;
    }
    match at < message.len() {
        true => Err(WireError { fault: WireFault::Trailing, offset: at }),
        false => Ok(layout),
    }
}

#[inline]
fn octets_at<const N: usize>(message: &[u8], at: usize) -> Result<[u8; N], WireError> {
    let rest = message.get(at..).unwrap_or_default();
    rest.first_chunk().copied().ok_or(WireError { fault: WireFault::Cut, offset: message.len() })
}

#[inline]
fn skip_name(message: &[u8], start: usize) -> Result<usize, WireError> {
    let wrong = |fault, offset| Err(WireError { fault, offset });
    let mut at = start;
    loop {
        match *message.get(at..).unwrap_or_default() {
            [0, ..] => return Ok(at + 1),
            [length, ..] if usize::from(length) <= MAX_LABEL => {
                at += usize::from(length) + 1;
                if at - start >= MAX_NAME {
                    return wrong(WireFault::LongName, start);
                }
            }
            [0xc0..=0xff, _, ..] => return Ok(at + 2),
            [] | [0xc0..=0xff] => return wrong(WireFault::Cut, at),
            _ => return wrong(WireFault::LabelKind, at),
        }
    }
}

#[inline]
fn skip_record(message: &[u8], start: usize, section: Section, layout: &mut Layout) -> Result<usize, WireError> {
    let wrong = |fault| WireError { fault, offset: start };
    if layout.tsig_at.is_some() {
        return Err(wrong(WireFault::TsigPlace));
    }
    let at = skip_name(message, start)?;
    let [a, b, _, _, _, _, _, _, i, j] = octets_at(message, at)?;
    let rtype = Rtype(u16::from_be_bytes([a, b]));
    let after = at + 10 + usize::from(u16::from_be_bytes([i, j]));
    if after > message.len() {
        return Err(WireError { fault: WireFault::Cut, offset: at + 10 });
    }
    match rtype {
        Rtype::TSIG if section == Section::Additional => layout.tsig_at = Some(start),
        Rtype::TSIG => return Err(wrong(WireFault::TsigPlace)),
        Rtype::OPT => {
            let root = message.get(start) == Some(&0);
            if section != Section::Additional || layout.opt_at.is_some() || !root {
                return Err(wrong(WireFault::Opt));
            }
            layout.opt_at = Some(start);
        }
        rtype if section == Section::Answer => layout.last_answer = Some(rtype),
        _ => {}
    }
    Ok(after)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::{Ends, messages, version};
    use crate::zone::Zone;
    use std::sync::Arc;
    use zxfr_core::tsig::Algorithm;
    use zxfr_core::wire::Message;

    /// Otherwise the comparison would say nothing.
    #[test]
    fn it_says_what_nom_says() {
        let zone = Arc::new(version(&Zone::signed(2_000).records()));
        let (mut right, mut wrong) = (0, 0);
        for message in messages(&zone, Ends::new(Some(Algorithm::HmacSha256))) {
            // Each message as it is, cut short, and with one octet changed.
            let cuts = (HEADER_LEN..message.len()).step_by(997).map(|length| message[..length].to_vec());
            let changes = (4..message.len()).step_by(61).map(|at| {
                let mut changed = message.clone();
                changed[at] ^= 0x55;
                changed
            });
            for octets in cuts.chain(changes).chain([message.clone()]) {
                let theirs = Message::new(&octets).unwrap().layout();
                assert_eq!(layout(&octets), theirs);
                *(if theirs.is_ok() { &mut right } else { &mut wrong }) += 1;
            }
        }
        assert!(right > 100 && wrong > 100, "{right} right, {wrong} wrong");
    }
}
