//! The access files of the TCP wrappers, `hosts.allow` and `hosts.deny` (hosts_access(5), hosts_options(5)): which clients
//! are served at all. Measured with libwrap 7.6 (tests/developers/differences.md lists what is not done).
//!
//! The texts of the files are arguments; names of hosts, which take time to find, are asked of the caller.

mod options;
mod pattern;

#[cfg(test)]
mod tests;

use std::net::IpAddr;

pub use options::Severity;

use options::Options;
use pattern::{client_matches, daemon_matches};

/// The original's line buffer, without its NUL and the newline.
const LONGEST_LINE: usize = 2046;
/// What separates the patterns of a list.
const SEPARATORS: &[char] = &[',', ' ', '\t', '\r', '\n'];

/// Who asks whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parties {
    /// The last part of the path that the program was started as.
    pub daemon: String,
    /// An IPv4 client always by its IPv4 address.
    pub client: IpAddr,
    /// The address that was asked.
    pub server: IpAddr,
}

/// What is known of a host's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostName {
    /// It is this, and the name leads back to the address.
    Known(String),
    /// There is none.
    Unknown,
    /// It does not lead back to the address.
    Paranoid,
}

/// What only the system knows.
pub trait System {
    /// The name of a host.
    fn name_of(&mut self, address: IpAddr) -> HostName;
    /// The contents of a file of patterns.
    fn pattern_file(&mut self, path: &str) -> Option<String>;
}

/// An access file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccessFile<'a> {
    /// Its path, for messages.
    pub path: &'a str,
    /// Its text; a file that is not there is an empty one.
    pub text: &'a str,
}

/// Whether the client is served.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// True if it is.
    pub is_granted: bool,
    /// How severe the log line about it is, if a rule says so.
    pub severity: Option<Severity>,
    /// What is wrong in the files as far as they were read: lines for the log.
    pub complaints: Vec<String>,
}

/// Decides by the first rule that matches: one in `allow` grants, one in `deny` refuses, unless its options say otherwise.
/// Without a match access is granted.
pub fn decide(
    allow: AccessFile<'_>,
    deny: AccessFile<'_>,
    parties: &Parties,
    system: &mut dyn System,
) -> Verdict {
    let mut verdict = Verdict::default();
    for (file, grants) in [(allow, true), (deny, false)] {
        if let Some(options) = find(file, parties, system, &mut verdict.complaints) {
            options.apply(grants, &mut verdict);
            return verdict;
        }
    }
    verdict.is_granted = true;
    verdict
}

/// True if no rule can match anybody: the file holds nothing but comments.
#[must_use]
pub fn is_without_rules(text: &str) -> bool {
    text.lines().all(is_blank)
}

/// The options of the first rule that matches.
fn find(
    file: AccessFile<'_>,
    parties: &Parties,
    system: &mut dyn System,
    complaints: &mut Vec<String>,
) -> Option<Options> {
    let mut lines = Lines {
        rest: file.text,
        number: 0,
    };
    while let Some(line) = lines.next() {
        let number = lines.number;
        let complain = |text: &str| format!("warning: {}, line {number}: {text}", file.path);
        let Ok(line) = line else {
            complaints.push(complain("missing newline or line too long"));
            complaints.push(complain("all the subsequent rules will be ignored"));
            return None;
        };
        if is_blank(&line) {
            continue;
        }
        let Some((daemons, rest)) = split_at_colon(&line) else {
            complaints.push(complain("missing \":\" separator"));
            continue;
        };
        let (clients, options) = match split_at_colon(rest) {
            Some((clients, options)) => (clients, Some(options)),
            None => (rest, None),
        };
        let matches = list_matches(daemons, &mut |token| daemon_matches(token, parties, system))
            && list_matches(clients, &mut |token| client_matches(token, parties, system));
        if matches {
            return Some(Options::parse(options, file.path, number));
        }
    }
    None
}

fn is_blank(line: &str) -> bool {
    line.starts_with('#') || line.trim_matches(SEPARATORS).is_empty()
}

/// True if something before the first EXCEPT matches, and not what is excepted.
fn list_matches(list: &str, matches: &mut dyn FnMut(&str) -> bool) -> bool {
    let tokens: Vec<&str> = list
        .split(SEPARATORS)
        .filter(|token| !token.is_empty())
        .collect();
    let mut parts = tokens.split(|token| token.eq_ignore_ascii_case("EXCEPT"));
    // The parts match in turn, and each takes the one before it back.
    let depth = parts
        .by_ref()
        .take_while(|part| part.iter().any(|token| matches(token)))
        .count();
    depth % 2 == 1
}

/// At the first colon that stands in no bracket: those hold IPv6 addresses.
fn split_at_colon(text: &str) -> Option<(&str, &str)> {
    let mut is_inside = false;
    let colon = text.find(|letter| {
        match letter {
            '[' => is_inside = true,
            ']' => is_inside = false,
            _ => {}
        }
        letter == ':' && !is_inside
    })?;
    let (before, behind) = text.split_at(colon);
    Some((before, behind.get(1..).unwrap_or_default()))
}

/// Lines with those that a backslash continues joined, counted as the original counts them.
struct Lines<'a> {
    rest: &'a str,
    number: u32,
}

/// A line without a newline at its end, or one that does not fit the original's buffer.
struct Unfit;

impl Lines<'_> {
    fn next(&mut self) -> Option<Result<String, Unfit>> {
        if self.rest.is_empty() {
            return None;
        }
        let mut joined = String::new();
        loop {
            let Some((line, rest)) = self.rest.split_once('\n') else {
                return Some(Err(Unfit));
            };
            self.rest = rest;
            self.number = self.number.saturating_add(1);
            let continued = line.strip_suffix('\\');
            joined.push_str(continued.unwrap_or(line));
            if joined.len() > LONGEST_LINE {
                return Some(Err(Unfit));
            }
            if continued.is_none() {
                return Some(Ok(joined));
            }
        }
    }
}
