//! Dates in permits: `never`, `epoch N`, or a day of the week with date and time.

use common::syntax::Kind;

use super::parser::{Failure, Parsed, Parser};
use super::words;

/// The end of time in the original.
const NEVER: u32 = 0x7FFF_FFFF;

impl Parser<'_> {
    /// Seconds since the epoch.
    pub(super) fn date(&mut self) -> Parsed<u32> {
        if self.accept_word("never") {
            return Ok(NEVER);
        }
        if self.accept_word("epoch") {
            return self.date_number(words::EPOCH_SECONDS).map(to_seconds);
        }
        self.date_number(words::WEEKDAY)?;
        let year = self.date_number(words::YEAR)?;
        self.date_mark('/', words::DATE_SLASH)?;
        let month = self.date_number(words::MONTH)?;
        self.date_mark('/', words::DATE_SLASH_DAY)?;
        let day = self.date_number(words::DAY)?;
        let hour = self.date_number(words::HOUR)?;
        self.date_mark(':', words::DATE_COLON)?;
        let minute = self.date_number(words::MINUTE)?;
        self.date_mark(':', words::DATE_COLON_SECOND)?;
        let second = self.date_number(words::SECOND)?;
        let offset = self.zone_offset()?;
        if year >= 2038 {
            return Ok(NEVER);
        }
        let days = days_before_year(year) + days_before_month(year, month) + (day - 1);
        Ok(to_seconds(
            ((days * 24 + hour) * 60 + minute) * 60 + second + offset,
        ))
    }

    fn zone_offset(&mut self) -> Parsed<i64> {
        let token = self.peek();
        let plus = self.accept('+');
        if plus || token.kind == Kind::Number {
            return self.date_number(words::TIME_ZONE);
        }
        Ok(0)
    }

    fn date_number(&mut self, text: &str) -> Parsed<i64> {
        let token = self.take();
        if token.kind != Kind::Number {
            return self.fail_behind_date(token.is(';'), text);
        }
        let value: i64 = self.cursor.text_of(&token).parse().unwrap_or(0);
        Ok(value.clamp(-i64::from(NEVER), i64::from(u32::MAX)))
    }

    fn date_mark(&mut self, mark: char, text: &str) -> Parsed<()> {
        let token = self.take();
        if token.is(mark) {
            return Ok(());
        }
        self.fail_behind_date(token.is(';'), text)
    }

    fn fail_behind_date<T>(&mut self, at_end: bool, text: &str) -> Parsed<T> {
        self.error(text);
        if !at_end {
            self.skip_statement();
        }
        Err(Failure::Reported)
    }
}

fn to_seconds(value: i64) -> u32 {
    u32::try_from(value).unwrap_or(0).min(NEVER)
}

/// Days from 1970 to the first day of a year.
fn days_before_year(year: i64) -> i64 {
    let leaps = |year: i64| year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    365 * (year - 1970) + leaps(year - 1) - leaps(1969)
}

fn days_before_month(year: i64, month: i64) -> i64 {
    const BEFORE: [i64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    let index = usize::try_from(month - 1).unwrap_or(0);
    let days = BEFORE.get(index).copied().unwrap_or(0);
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    days + i64::from(is_leap && month > 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_over_leap_years() {
        let day =
            |year, month, day| days_before_year(year) + days_before_month(year, month) + day - 1;
        assert_eq!(day(1970, 1, 1), 0);
        assert_eq!(day(2000, 3, 1), 11_017);
        assert_eq!(day(2026, 11, 20), 20_777);
    }
}
