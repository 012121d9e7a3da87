//! Taking out of log lines and lease files what differs between two runs of the same scenario: dates, ages and paths.

/// What stands in a log line before a number of seconds that depends on the clock.
const AGES: [&str; 2] = ["lease age ", "Ends: "];

/// Replaces such a number by `*`.
#[must_use]
pub fn mask_age(line: &str) -> String {
    let end_of = |mark: &&str| line.find(*mark).map(|at| at + mark.len());
    let Some(at) = AGES.iter().find_map(end_of) else {
        return line.to_owned();
    };
    let (head, tail) = line.split_at(at);
    let rest = tail.trim_start_matches(|letter: char| letter == '-' || letter.is_ascii_digit());
    format!("{head}*{rest}")
}

/// Replaces the distance in a line of [`lease_records`] by `*`, or the date that has no start to be told from.
#[must_use]
pub fn mask_distance(line: &str) -> String {
    match line.split_once(" +") {
        Some((field, distance)) if distance.ends_with(';') => format!("{field} +*;"),
        _ => mask_date(line),
    }
}

fn mask_date(line: &str) -> String {
    let words = line.trim_start().split_once(' ');
    match words.filter(|(_, date)| seconds(date).is_some()) {
        Some((field, _)) => format!("  {field} *;"),
        None => line.to_owned(),
    }
}

/// Shows the distance in a line of [`lease_records`] roughly: a second more or less does not change it, and nothing is left of years.
#[must_use]
pub fn round_distance(line: &str) -> String {
    const YEARS: i64 = 100_000_000;
    let parsed = line.split_once(" +").and_then(|(field, distance)| {
        let distance: i64 = distance.strip_suffix(';')?.parse().ok()?;
        Some((field, distance))
    });
    match parsed {
        Some((field, distance)) if distance.abs() < YEARS => {
            format!("{field} +~{};", (distance + 5).div_euclid(10) * 10)
        }
        _ => mask_distance(line),
    }
}

/// The lines of a whole lease file, dates written as in [`lease_records`], and the server's own identifier, which the clock is part of, as `*`.
#[must_use]
pub fn whole_file(file: &str) -> Vec<String> {
    let mut start = None;
    let show = |line: &str| {
        if let Some(date) = line.strip_prefix("  starts ") {
            start = seconds(date);
        }
        match line.split_once(' ') {
            Some(("server-duid", _)) => "server-duid *;".to_owned(),
            _ => relative_date(line, start),
        }
    };
    file.lines().map(show).collect()
}

/// The lease records of a lease file in their order, dates written as seconds after the start of their own record.
#[must_use]
pub fn lease_records(file: &str) -> Vec<String> {
    let mut shown = Vec::new();
    let mut start = None;
    let mut inside = false;
    for line in file.lines() {
        inside |= line.starts_with("lease ");
        if !inside {
            continue;
        }
        if let Some(date) = line.strip_prefix("  starts ") {
            start = seconds(date);
        }
        shown.push(relative_date(line, start));
        if line == "}" {
            inside = false;
            start = None;
        }
    }
    shown
}

/// The same records, those of each address together in their order, the lowest text first.
#[must_use]
pub fn by_address(records: &[String]) -> Vec<String> {
    let mut each: Vec<&[String]> = records
        .chunk_by(|_, next| !next.starts_with("lease "))
        .collect();
    each.sort_by_key(|record| record.first());
    each.concat()
}

fn relative_date(line: &str, start: Option<i64>) -> String {
    let words = line.trim_start().split_once(' ');
    let (Some((field, date)), Some(start)) = (words, start) else {
        return line.to_owned();
    };
    match (field, seconds(date)) {
        ("starts" | "ends" | "tstp" | "cltt" | "tsfp" | "atsfp", Some(time)) => {
            format!("  {field} +{};", time - start)
        }
        _ => line.to_owned(),
    }
}

/// Seconds since the epoch of `5 2026/11/20 09:01:44;`, if it is such a date with the right day of the week.
fn seconds(date: &str) -> Option<i64> {
    let mut words = date.strip_suffix(';')?.split(' ');
    let weekday: i64 = words.next()?.parse().ok()?;
    let day = numbers::<3>(words.next()?, '/')?;
    let time = numbers::<3>(words.next()?, ':')?;
    let days = days_since_epoch(day);
    // 1970-01-01 was a Thursday.
    ((days + 4).rem_euclid(7) == weekday)
        .then_some(days * 86_400 + time[0] * 3600 + time[1] * 60 + time[2])
}

fn numbers<const COUNT: usize>(text: &str, separator: char) -> Option<[i64; COUNT]> {
    let parts: Option<Vec<i64>> = text
        .split(separator)
        .map(|part| part.parse().ok())
        .collect();
    parts?.try_into().ok()
}

/// Days from 1970-01-01, by the Gregorian calendar with years that begin in March.
fn days_since_epoch([year, month, day]: [i64; 3]) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year
        - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_become_distances_from_the_start_of_the_lease() {
        let file = "# head\n\nlease 10.9.0.10 {\n  starts 5 2026/11/20 09:01:44;\n  ends 5 2026/11/20 09:11:44;\n  binding state active;\n}\nserver-duid \"x\";\n";
        assert_eq!(
            lease_records(file),
            [
                "lease 10.9.0.10 {",
                "  starts +0;",
                "  ends +600;",
                "  binding state active;",
                "}"
            ]
        );
    }

    #[test]
    fn a_distance_shown_roughly_says_nothing_of_one_second() {
        assert_eq!(round_distance("  ends +601;"), "  ends +~600;");
        assert_eq!(round_distance("  tstp +-3;"), "  tstp +~0;");
        assert_eq!(round_distance("  ends +2147483647;"), "  ends +*;");
        assert_eq!(round_distance("  ends never;"), "  ends never;");
        assert_eq!(round_distance("  ends 4 1970/01/01 00:00:01;"), "  ends *;");
    }

    #[test]
    fn a_whole_file_shows_everything_but_its_dates_and_the_own_identifier() {
        let file = "# head\nlease 10.9.0.10 {\n  starts 5 2026/11/20 09:01:44;\n  cltt 5 2026/11/20 09:01:45;\n}\nserver-duid \"x\";\n\n";
        let shown = [
            "# head",
            "lease 10.9.0.10 {",
            "  starts +0;",
            "  cltt +1;",
            "}",
            "server-duid *;",
            "",
        ];
        assert_eq!(whole_file(file), shown);
    }

    #[test]
    fn records_in_any_order_come_out_by_address() {
        let records = [
            "lease b {",
            "1",
            "}",
            "lease a {",
            "}",
            "lease b {",
            "2",
            "}",
        ];
        let sorted = [
            "lease a {",
            "}",
            "lease b {",
            "1",
            "}",
            "lease b {",
            "2",
            "}",
        ];
        assert_eq!(by_address(&records.map(str::to_owned)), sorted);
    }

    #[test]
    fn a_wrong_day_of_the_week_stays_visible() {
        assert_eq!(seconds("4 2026/11/20 09:01:44;"), None);
        assert_eq!(seconds("4 1970/01/01 00:00:01;"), Some(1));
    }

    #[test]
    fn the_age_of_a_lease_is_hidden() {
        assert_eq!(
            mask_age("reuse_lease: lease age 12 (secs) under"),
            "reuse_lease: lease age * (secs) under"
        );
        assert_eq!(mask_age("Ends: -17, Fill: 4"), "Ends: *, Fill: 4");
    }
}
