//! Time spans and signature times in zone text.

/// Reads seconds, or a span with units as BIND has them: `1w2d3h4m5s`.
pub(super) fn read_period(word: &str) -> Result<u32, &'static str> {
    const BAD: &str = "this is not a number of seconds, nor a time span such as 1h30m";
    let mut total = 0_u64;
    let mut number: Option<u64> = None;
    let mut has_units = false;
    for octet in word.bytes() {
        if octet.is_ascii_digit() {
            let value = number.unwrap_or(0) * 10 + u64::from(octet - b'0');
            if value > u64::from(u32::MAX) {
                return Err("the time span does not fit in 32 bits");
            }
            number = Some(value);
            continue;
        }
        let unit = match octet.to_ascii_lowercase() {
            b'w' => 604_800,
            b'd' => 86_400,
            b'h' => 3_600,
            b'm' => 60,
            b's' => 1,
            _ => return Err(BAD),
        };
        has_units = true;
        total += number.take().ok_or(BAD)? * unit;
        if total > u64::from(u32::MAX) {
            return Err("the time span does not fit in 32 bits");
        }
    }
    match number {
        // Either units all the way, or none.
        Some(seconds) if !has_units => total = seconds,
        None if has_units => {}
        _ => return Err(BAD),
    }
    u32::try_from(total).map_err(|_| "the time span does not fit in 32 bits")
}

/// Reads a signature's time (RFC 4034 §3.2): 14 digits are a calendar time in UTC, fewer are seconds.
pub(super) fn read_time(word: &str) -> Result<u32, &'static str> {
    const BAD: &str = "this is not a time YYYYMMDDHHmmSS";
    if word.is_empty() || !word.bytes().all(|octet| octet.is_ascii_digit()) {
        return Err(BAD);
    }
    if word.len() != 14 {
        return word.parse().map_err(|_| BAD);
    }
    let number = |range: core::ops::Range<usize>| word[range].parse::<i64>().map_err(|_| BAD);
    let (year, month, day) = (number(0..4)?, number(4..6)?, number(6..8)?);
    let (hour, minute, second) = (number(8..10)?, number(10..12)?, number(12..14)?);
    let days_in_month = match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return Err(BAD),
    };
    if year < 1970 || !(1..=days_in_month).contains(&day) || hour > 23 || minute > 59 || second > 59 {
        return Err(BAD);
    }
    let seconds = days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second;
    // Serial arithmetic (RFC 4034 §3.1.5): times past 2106 wrap.
    Ok((seconds & 0xffff_ffff) as u32)
}

/// Days from 1970-01-01 in the Gregorian calendar, with March as the first month of a year.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let shifted = (month + 9) % 12;
    let year = if month <= 2 { year - 1 } else { year };
    365 * year + year / 4 - year / 100 + year / 400 + (153 * shifted + 2) / 5 + day - 719_469
}

/// Appends a time as 14 digits, UTC.
pub(super) fn write_time(seconds: u32, out: &mut Vec<u8>) {
    let days_since = i64::from(seconds) / 86_400;
    let second = seconds % 86_400;
    // Guess the year, then correct: at most once each way.
    let mut year = 1970 + days_since / 366;
    while days(year + 1, 1, 1) <= days_since {
        year += 1;
    }
    let mut month = 1;
    while month < 12 && days(year, month + 1, 1) <= days_since {
        month += 1;
    }
    let day = days_since - days(year, month, 1) + 1;
    let mut digits = |value: i64, count: u32| {
        for place in (0..count).rev() {
            out.push(b'0' + (value / 10_i64.pow(place) % 10) as u8);
        }
    };
    digits(year, 4);
    digits(month, 2);
    digits(day, 2);
    digits(i64::from(second / 3_600), 2);
    digits(i64::from(second / 60 % 60), 2);
    digits(i64::from(second % 60), 2);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans() {
        assert_eq!(read_period("3600"), Ok(3600));
        assert_eq!(read_period("1h30M"), Ok(5400));
        assert_eq!(read_period("1w1d1h1m1s"), Ok(694_861));
        assert_eq!(read_period("4294967295"), Ok(u32::MAX));
        assert_eq!(read_period("1s1m1m"), Ok(121));
        for bad in ["", "x", "1x", "h", "1h2", "4294967296", "7102w", "-1", "+1", "1 "] {
            assert!(read_period(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn times() {
        assert_eq!(read_time("19700101000000"), Ok(0));
        assert_eq!(read_time("20040509183619"), Ok(1_084_127_779));
        assert_eq!(read_time("20000229235959"), Ok(951_868_799));
        assert_eq!(read_time("1084127779"), Ok(1_084_127_779));
        assert_eq!(read_time("21060207062816"), Ok(0), "wraps");
        for bad in [
            "",
            "x",
            "20010229000000",
            "20040001000000",
            "20041301000000",
            "20040509240000",
            "19691231235959",
            "4294967296",
        ] {
            assert!(read_time(bad).is_err(), "{bad}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_time_round_trips(seconds in 0u32..) {
            let mut text = Vec::new();
            write_time(seconds, &mut text);
            proptest::prop_assert_eq!(text.len(), 14);
            proptest::prop_assert_eq!(read_time(core::str::from_utf8(&text).unwrap()), Ok(seconds));
        }
    }
}
