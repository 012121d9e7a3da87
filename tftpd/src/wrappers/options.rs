//! What stands behind the lists of a rule (hosts_options(5)).

use super::Verdict;

/// How severe a log line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// `err` and above.
    Error,
    /// `warning`
    Warning,
    /// `notice`
    Notice,
    /// `info`
    Info,
    /// `debug`
    Debug,
}

/// The options of a rule that has matched.
#[derive(Debug, Default)]
pub(super) struct Options {
    decision: Option<bool>,
    severity: Option<Severity>,
    complaint: Option<String>,
}

/// Whether an option has a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Value {
    None,
    Needed,
    Possible,
}

/// What an option does here.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Effect {
    Decide(bool),
    SetSeverity,
    /// Nothing that a datagram service would notice.
    Nothing,
    /// What it does cannot be done in a process that serves all: the client is refused.
    Impossible,
}

const OPTIONS: [(&str, Value, Effect); 15] = [
    ("allow", Value::None, Effect::Decide(true)),
    ("deny", Value::None, Effect::Decide(false)),
    ("severity", Value::Needed, Effect::SetSeverity),
    ("keepalive", Value::None, Effect::Nothing),
    ("linger", Value::Needed, Effect::Nothing),
    ("rfc931", Value::Possible, Effect::Nothing),
    ("banners", Value::Needed, Effect::Nothing),
    ("nice", Value::Possible, Effect::Nothing),
    ("setenv", Value::Needed, Effect::Nothing),
    ("umask", Value::Needed, Effect::Impossible),
    ("user", Value::Needed, Effect::Impossible),
    ("group", Value::Needed, Effect::Impossible),
    ("spawn", Value::Needed, Effect::Impossible),
    ("twist", Value::Needed, Effect::Impossible),
    ("aclexec", Value::Needed, Effect::Impossible),
];

const SEVERITIES: [(&str, Severity); 11] = [
    ("emerg", Severity::Error),
    ("alert", Severity::Error),
    ("crit", Severity::Error),
    ("err", Severity::Error),
    ("error", Severity::Error),
    ("warning", Severity::Warning),
    ("warn", Severity::Warning),
    ("notice", Severity::Notice),
    ("info", Severity::Info),
    ("debug", Severity::Debug),
    ("panic", Severity::Error),
];

const FACILITIES: [&str; 20] = [
    "kern", "user", "mail", "daemon", "auth", "authpriv", "lpr", "news", "uucp", "cron", "ftp",
    "syslog", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
];

impl Options {
    /// Reads the options of the rule on this line. The first one with an error refuses the client, as in the original.
    pub(super) fn parse(text: Option<&str>, path: &str, line: u32) -> Self {
        let mut options = Self::default();
        let fields = text.map(split).unwrap_or_default();
        let last = fields.len().saturating_sub(1);
        for (number, field) in fields.iter().enumerate() {
            if let Err(error) = options.add(field, number == last) {
                options.complaint = Some(format!("error: {path}, line {line}: {error}"));
                options.decision = Some(false);
                return options;
            }
        }
        options
    }

    fn add(&mut self, field: &str, is_last: bool) -> Result<(), String> {
        let (name, value) = name_and_value(field);
        if name.is_empty() {
            return Err("missing option name".to_owned());
        }
        let row = OPTIONS.iter().find(|row| row.0.eq_ignore_ascii_case(name));
        let &(known, has_value, effect) =
            row.ok_or_else(|| format!("bad option name: \"{name}\""))?;
        match has_value {
            Value::None if !value.is_empty() => {
                return Err(format!("option \"{name}\" requires no value"));
            }
            Value::Needed if value.is_empty() => {
                return Err(format!("option \"{name}\" requires value"));
            }
            _ => {}
        }
        if !is_last && (matches!(effect, Effect::Decide(_)) || known == "twist") {
            return Err(format!("option \"{name}\" must be at end"));
        }
        match effect {
            Effect::Decide(decision) => self.decision = Some(decision),
            Effect::SetSeverity => self.severity = Some(parse_severity(value)?),
            Effect::Nothing => {}
            Effect::Impossible => return Err(format!("option \"{name}\" is not supported")),
        }
        Ok(())
    }

    /// Makes the verdict of a rule in a file that grants or refuses.
    pub(super) fn apply(self, grants: bool, verdict: &mut Verdict) {
        verdict.is_granted = self.decision.unwrap_or(grants);
        verdict.severity = self.severity;
        verdict.complaints.extend(self.complaint);
    }
}

/// At colons that no backslash quotes.
fn split(text: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let quotes = letter == '\\' && letters.peek() == Some(&':');
        match fields.last_mut() {
            Some(field) if quotes => field.extend(letters.next()),
            Some(field) if letter != ':' => field.push(letter),
            _ => fields.push(String::new()),
        }
    }
    fields
}

/// A blank or an equals sign, perhaps with blanks around it, stands between the two.
fn name_and_value(field: &str) -> (&str, &str) {
    let field = field.trim_ascii();
    let end = field.find(|letter: char| letter.is_ascii_whitespace() || letter == '=');
    let (name, rest) = field.split_at(end.unwrap_or(field.len()));
    let rest = rest.trim_ascii_start();
    let value = rest.strip_prefix('=').unwrap_or(rest);
    (name, value.trim_ascii())
}

/// `severity` or `facility.severity`; the facility stays what it is for all lines.
fn parse_severity(value: &str) -> Result<Severity, String> {
    let wrong = |word: &str| format!("bad syslog facility or severity: \"{word}\"");
    let level = match value.split_once('.') {
        None => value,
        Some((facility, level)) => {
            let known = FACILITIES
                .iter()
                .any(|known| known.eq_ignore_ascii_case(facility));
            if !known {
                return Err(wrong(facility));
            }
            level
        }
    };
    let row = SEVERITIES
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(level));
    row.map(|row| row.1).ok_or_else(|| wrong(level))
}
