//! Points in time as the lease file writes them: seconds since the epoch in UTC, spelled out.

/// The end of a lease without end, which is written as `never`. Leases may end after that; when they are read again, they are
/// without end.
pub const NEVER: u32 = 0x7fff_ffff;

const DAY: u32 = 86_400;

/// Appends `5 2026/11/20 09:01:44;`, or `never;`.
pub(super) fn write_date(text: &mut Vec<u8>, seconds: u32) {
    if seconds == NEVER {
        text.extend_from_slice(b"never;");
        return;
    }
    let (day, clock) = (seconds / DAY, seconds % DAY);
    let (year, month, date) = civil(day);
    let (hour, minute, second) = (clock / 3600, clock / 60 % 60, clock % 60);
    let [_, weekday] = digits((day + 4) % 7);
    let ([y3, y2], [y1, y0]) = (digits(year / 100), digits(year % 100));
    let [[m1, m0], [d1, d0]] = [month, date].map(digits);
    let [[h1, h0], [n1, n0], [s1, s0]] = [hour, minute, second].map(digits);
    text.extend_from_slice(&[
        weekday, b' ', y3, y2, y1, y0, b'/', m1, m0, b'/', d1, d0, b' ', h1, h0, b':', n1, n0,
        b':', s1, s0, b';',
    ]);
}

/// The two digits of a number below 100.
fn digits(number: u32) -> [u8; 2] {
    [number / 10, number % 10].map(|digit| b'0' + u8::try_from(digit % 10).unwrap_or(0))
}

/// Reads a date that stands there exactly as [`write_date`] writes one that is not `never`.
pub(super) fn parse_written(text: &[u8; 22]) -> Option<u32> {
    let [
        weekday,
        b' ',
        y3,
        y2,
        y1,
        y0,
        b'/',
        m1,
        m0,
        b'/',
        d1,
        d0,
        b' ',
        h1,
        h0,
        b':',
        n1,
        n0,
        b':',
        s1,
        s0,
        b';',
    ] = *text
    else {
        return None;
    };
    number_of([b'0', weekday])?;
    let year = number_of([y3, y2])? * 100 + number_of([y1, y0])?;
    let (month, day) = (number_of([m1, m0])?, number_of([d1, d0])?);
    let clock = number_of([h1, h0])? * 60 + number_of([n1, n0])?;
    let clock = clock * 60 + number_of([s1, s0])?;
    Some(seconds_of(year, month, day, clock))
}

/// The number of two digits.
fn number_of(digits: [u8; 2]) -> Option<i64> {
    let [tens, ones] = digits.map(|digit| digit.wrapping_sub(b'0'));
    (tens < 10 && ones < 10).then(|| i64::from(tens) * 10 + i64::from(ones))
}

/// Appends a number in decimal digits. Several times as fast as formatting, which counts where a million leases are written.
pub(super) fn push_number(text: &mut Vec<u8>, number: u32) {
    let mut digits = [b'0'; 10];
    let mut rest = number;
    let mut length = 0;
    for digit in digits.iter_mut().rev() {
        if rest == 0 && length > 0 {
            break;
        }
        *digit += u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
        length += 1;
    }
    text.extend_from_slice(digits.get(digits.len() - length..).unwrap_or_default());
}

/// Seconds since the epoch of a date taken apart. As the original computes it: a year of 2038 or later is never, and fields
/// out of range are counted on, not refused.
pub(super) fn seconds_of(year: i64, month: i64, day: i64, clock: i64) -> u32 {
    const BEFORE_MONTH: [i64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    let year = if year > 1900 { year - 1900 } else { year };
    if year >= 138 {
        return NEVER;
    }
    let in_year = usize::try_from(month - 1)
        .ok()
        .and_then(|index| BEFORE_MONTH.get(index))
        .copied()
        .unwrap_or(0);
    let leap_day = i64::from(month > 2 && (year - 72) & 3 == 0);
    let days = 365 * (year - 70) + (year - 69) / 4 + in_year + leap_day + day - 1;
    let seconds = days.saturating_mul(i64::from(DAY)).saturating_add(clock);
    u32::try_from(seconds.clamp(0, i64::from(NEVER))).unwrap_or(NEVER)
}

/// The first of March of 2100, a year without a leap day.
const MARCH_2100: u32 = 47_541;

/// Year, month and day of a day since the epoch, of those that 32 bits of seconds can say.
fn civil(day: u32) -> (u32, u32, u32) {
    // Counting from March 1968 puts the leap day at the end of a four-year cycle.
    let shifted = day + 671 + u32::from(day >= MARCH_2100);
    let (cycle, in_cycle) = (shifted / 1461, shifted % 1461);
    let year = (in_cycle / 365).min(3);
    let in_year = in_cycle - year * 365;
    let month = (5 * in_year + 2) / 153;
    let date = in_year - (153 * month + 2) / 5 + 1;
    let start = 1968 + cycle * 4 + year;
    if month < 10 {
        (start, month + 3, date)
    } else {
        (start + 1, month - 9, date)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(seconds: u32) -> String {
        let mut text = Vec::new();
        write_date(&mut text, seconds);
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn dates_are_written_with_the_day_of_the_week_first() {
        assert_eq!(text(1), "4 1970/01/01 00:00:01;");
        assert_eq!(text(1_795_167_118), "5 2026/11/20 09:31:58;");
        assert_eq!(text(951_782_400), "2 2000/02/29 00:00:00;");
        assert_eq!(text(NEVER - 1), "2 2038/01/19 03:14:06;");
        assert_eq!(text(NEVER), "never;");
        assert_eq!(text(NEVER + 1), "2 2038/01/19 03:14:08;");
        assert_eq!(text(4_107_542_399), "0 2100/02/28 23:59:59;");
        assert_eq!(text(4_107_542_400), "1 2100/03/01 00:00:00;");
        assert_eq!(text(u32::MAX), "0 2106/02/07 06:28:15;");
    }

    #[test]
    fn numbers_are_written_as_they_are_formatted() {
        for number in [0, 7, 10, 123, u32::MAX] {
            let mut text = Vec::new();
            push_number(&mut text, number);
            assert_eq!(text, number.to_string().into_bytes());
        }
    }

    #[test]
    fn every_day_is_read_back_as_it_was_written() {
        for day in 0..24_800 {
            let (year, month, date) = civil(day);
            let read = seconds_of(i64::from(year), i64::from(month), i64::from(date), 7);
            assert_eq!(read, day * DAY + 7, "{year}/{month}/{date}");
            let written = text(read);
            let written = written.as_bytes().try_into().unwrap();
            assert_eq!(parse_written(written), Some(read));
        }
    }

    #[test]
    fn what_is_not_written_by_us_is_left_to_who_knows_more() {
        for text in [
            b"x 2026/11/20 09:01:44;",
            b"5 2026-11-20 09:01:44;",
            b"5 2026/11/20 09:01:4a;",
            b"5 2026/ 1/20 09:01:44;",
            b"5 2026/11/20 09:01:44 ",
        ] {
            assert_eq!(parse_written(text), None);
        }
    }

    #[test]
    fn years_from_2038_on_are_never() {
        assert_eq!(seconds_of(2038, 1, 1, 0), NEVER);
        assert_eq!(seconds_of(i64::MAX, 1, 1, 0), NEVER);
    }
}
