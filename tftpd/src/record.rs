//! One transfer as one line of JSON (RFC 8259), for programs (`--log-json`).

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

use common::json::push_string;
use common::time::Time;

use crate::session::Ending;
use crate::wire::{Direction, Mode};
use crate::words;

/// A name is cut at so many bytes: a line stays short whatever a client asks for.
const LONGEST_NAME: usize = 1024;

/// What there is to say about a transfer that is over.
#[derive(Clone, Debug)]
pub struct Record<'a> {
    /// When the request came.
    pub begun: Time,
    /// How long it took.
    pub duration: Duration,
    /// Who asked.
    pub client: SocketAddr,
    /// Which way the file travelled.
    pub direction: Direction,
    /// How its bytes travelled; `None` if the request did not say it in a way that is known.
    pub mode: Option<Mode>,
    /// The name in the request.
    pub asked: &'a [u8],
    /// The name after the rules of the map file.
    pub served: &'a [u8],
    /// Accepted options as they stand in the OACK: NUL-terminated names and values.
    pub options: &'a [u8],
    /// Bytes of the file whose arrival was confirmed: by the client (read), or to it (write).
    pub bytes: u64,
    /// Packets that were sent again.
    pub retransmissions: u64,
    /// How it ended.
    pub outcome: Outcome<'a>,
}

/// How a transfer, or the request for one, ended.
#[derive(Clone, Debug)]
pub enum Outcome<'a> {
    /// By the rules of the protocol.
    Ended(&'a Ending),
    /// The client's port was closed, or the network failed.
    Broken(&'a str),
    /// Its client asked for another one (`--single-port`), the service ended, or it had never answered and gave way to another client.
    Abandoned,
    /// Another transfer or program has the file; the client was not told.
    Locked,
    /// `hosts.allow` and `hosts.deny` do not let the client in; it was not told.
    Denied,
}

impl Record<'_> {
    /// The line, with its newline. Names are written as in the other log lines: bytes that are no text as octal escapes.
    #[must_use]
    pub fn line(&self) -> String {
        let mut line = format!("{{\"time\":\"{}\"", timestamp(self.begun));
        string(
            &mut line,
            "client",
            &self.client.ip().to_canonical().to_string(),
        );
        number(&mut line, "port", self.client.port());
        string(&mut line, "direction", direction(self.direction));
        match self.mode {
            Some(known) => string(&mut line, "mode", mode(known)),
            None => number(&mut line, "mode", "null"),
        }
        string(&mut line, "asked", &name(self.asked));
        string(&mut line, "served", &name(self.served));
        number(&mut line, "bytes", self.bytes);
        key(&mut line, "options");
        options(&mut line, self.options);
        number(
            &mut line,
            "seconds",
            format_args!("{:.6}", self.duration.as_secs_f64()),
        );
        number(&mut line, "retransmissions", self.retransmissions);
        self.outcome.write(&mut line);
        line.push_str("}\n");
        line
    }
}

impl Outcome<'_> {
    fn write(&self, line: &mut String) {
        let ending = match self {
            Self::Ended(ending) => ending,
            Self::Broken(reason) => {
                string(line, "outcome", "broken");
                return string(line, "text", reason);
            }
            Self::Abandoned => return string(line, "outcome", "abandoned"),
            Self::Locked => return string(line, "outcome", "locked"),
            Self::Denied => return string(line, "outcome", "denied"),
        };
        let word = match ending {
            Ending::Complete => "complete",
            Ending::OptionsDeclined => "options declined",
            Ending::ClientError => "client error",
            Ending::TimedOut => "timed out",
            Ending::Refused(_) => "refused",
        };
        string(line, "outcome", word);
        if let Ending::Refused(refusal) = ending {
            number(line, "code", refusal.code as u16);
            string(line, "text", &name(&refusal.text));
        }
    }
}

fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Read => "read",
        Direction::Write => "write",
    }
}

fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Netascii => "netascii",
        Mode::Octet => "octet",
    }
}

fn name(bytes: &[u8]) -> String {
    words::printable(bytes.get(..LONGEST_NAME).unwrap_or(bytes))
}

fn key(line: &mut String, key: &str) {
    line.push(',');
    push_string(line, key);
    line.push(':');
}

fn string(line: &mut String, name: &str, value: &str) {
    key(line, name);
    push_string(line, value);
}

fn number(line: &mut String, name: &str, value: impl std::fmt::Display) {
    key(line, name);
    // Writing to a string cannot fail.
    let _ = write!(line, "{value}");
}

/// Names of options are known ones, so they need no escapes; of one that was accepted twice the last value counts.
fn options(line: &mut String, accepted: &[u8]) {
    let words: Vec<&[u8]> = accepted.split(|&byte| byte == 0).collect();
    let mut pairs: Vec<(String, String)> = Vec::new();
    for pair in words.chunks_exact(2) {
        if let [name, value] = pair {
            let name = words::printable(name).to_ascii_lowercase();
            pairs.retain(|(earlier, _)| *earlier != name);
            pairs.push((name, words::printable(value)));
        }
    }
    let texts: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("\"{name}\":{value}"))
        .collect();
    let _ = write!(line, "{{{}}}", texts.join(","));
}

/// The time in UTC (RFC 3339), to the millisecond.
fn timestamp(time: Time) -> String {
    let (days, second) = (
        time.seconds().div_euclid(86_400),
        time.seconds().rem_euclid(86_400),
    );
    let (year, month, day) = date(days);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    let millisecond = time.micros().rem_euclid(1_000_000) / 1000;
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millisecond:03}Z")
}

/// The date so many days after 1970-01-01. Years are counted from March, so that a leap day is the last of its year.
fn date(days: i64) -> (i64, i64, i64) {
    const DAYS_IN_400_YEARS: i64 = 146_097;
    /// From 0000-03-01 to 1970-01-01.
    const EPOCH: i64 = 719_468;
    let days = days + EPOCH;
    let (era, day) = (
        days.div_euclid(DAYS_IN_400_YEARS),
        days.rem_euclid(DAYS_IN_400_YEARS),
    );
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    (era * 400 + year + next, month, day)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use pretty_assertions::assert_eq;

    use super::*;
    use crate::wire::{ErrorCode, Refusal};

    const RECORD: Record<'_> = Record {
        begun: Time::from_micros(1_700_000_000_123_456),
        duration: Duration::from_millis(1500),
        client: SocketAddr::new(
            std::net::IpAddr::V4(std::net::Ipv4Addr::new(10, 77, 0, 2)),
            4096,
        ),
        direction: Direction::Read,
        mode: Some(Mode::Octet),
        asked: b"boot",
        served: b"/srv/boot",
        options: b"TSize\x00512\0blksize\x008\0blksize\x001468\0",
        bytes: 512,
        retransmissions: 3,
        outcome: Outcome::Abandoned,
    };

    #[test]
    fn a_transfer_is_one_line_with_all_its_facts() {
        let record = Record {
            outcome: Outcome::Ended(&Ending::Complete),
            ..RECORD
        };
        let expected = r#"{"time":"2023-11-14T22:13:20.123Z","client":"10.77.0.2","port":4096,"direction":"read","mode":"octet","asked":"boot","served":"/srv/boot","bytes":512,"options":{"tsize":512,"blksize":1468},"seconds":1.500000,"retransmissions":3,"outcome":"complete"}"#;
        assert_eq!(record.line(), format!("{expected}\n"));
    }

    #[test]
    fn the_manual_page_has_every_member_and_outcome_and_no_other() {
        let endings = [
            Ending::Complete,
            Ending::OptionsDeclined,
            Ending::ClientError,
            Ending::TimedOut,
            Ending::Refused(Refusal::from(ErrorCode::NotFound)),
        ];
        let mut outcomes: Vec<Outcome<'_>> = endings.iter().map(Outcome::Ended).collect();
        outcomes.extend([Outcome::Broken("x"), Outcome::Abandoned]);
        outcomes.extend([Outcome::Locked, Outcome::Denied]);
        let mut written = BTreeSet::from(["lost_lines".to_owned()]);
        for outcome in outcomes {
            let line = Record { outcome, ..RECORD }.line();
            let (members, options) = line.split_once(r#","options":{"#).unwrap();
            let (_, others) = options.split_once('}').unwrap();
            let words: Vec<&str> = others.split('"').collect();
            let at = words.iter().position(|word| *word == "outcome").unwrap();
            written.extend([words[at + 2].to_owned(), "options".to_owned()]);
            let keys = format!("{members}{others}");
            let keys = keys
                .split(r#"":"#)
                .filter_map(|part| part.rsplit('"').next());
            let is_key = |key: &&str| !key.is_empty() && !key.contains('}');
            written.extend(keys.filter(is_key).map(str::to_owned));
        }
        let page = include_str!("../../man/rtftpd.8");
        let (_, section) = page.split_once(".Sh TRANSFER LOG").unwrap();
        let (section, _) = section.split_once("\n.Sh ").unwrap();
        let items = section
            .lines()
            .filter_map(|line| line.strip_prefix(".It Cm "));
        let documented: BTreeSet<String> = items
            .flat_map(|item| item.split(" , "))
            .map(|word| word.trim_matches('"').to_owned())
            .collect();
        assert_eq!(documented, written);
    }

    #[test]
    fn a_refusal_tells_code_and_text() {
        let ending = Ending::Refused(Refusal::from(ErrorCode::NotFound));
        let record = Record {
            outcome: Outcome::Ended(&ending),
            options: b"",
            ..RECORD
        };
        let end = r#""options":{},"seconds":1.500000,"retransmissions":3,"outcome":"refused","code":1,"text":"File not found"}"#;
        assert!(record.line().ends_with(&format!("{end}\n")));
    }

    #[test]
    fn whatever_a_client_writes_the_line_stays_one_and_short() {
        let nasty: Vec<u8> = (0..=255).cycle().take(60_000).collect();
        let record = Record {
            asked: &nasty,
            served: b"a\"b\\c\n\xe9",
            outcome: Outcome::Broken("x\ty"),
            ..RECORD
        };
        let line = record.line();
        assert!(line.contains(r#""served":"a\"b\\c\\012\\351""#), "{line}");
        assert!(line.len() < 10_000);
        assert_eq!(line.matches('\n').count(), 1);
        assert!(
            line.trim_end()
                .chars()
                .all(|character| !character.is_control())
        );
    }

    #[test]
    fn dates_are_right_around_leap_days() {
        let text = |seconds| timestamp(Time::from_seconds(seconds));
        assert_eq!(text(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(text(951_782_400), "2000-02-29T00:00:00.000Z");
        assert_eq!(text(1_709_251_199), "2024-02-29T23:59:59.000Z");
        assert_eq!(text(4_107_542_400), "2100-03-01T00:00:00.000Z");
    }
}
