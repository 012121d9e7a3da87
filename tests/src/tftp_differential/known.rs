//! What may differ, since it differs on purpose: rows of the developers' list of differences.

/// One step, and what followed it with the one and with the other.
pub(super) struct Outcome<'a> {
    pub(super) step: &'a str,
    pub(super) original: &'a [String],
    pub(super) ours: &'a [String],
}

/// Words of a row of `differences.md`, and whether that row explains an outcome.
pub(super) type Row = (&'static str, fn(&Outcome) -> bool);

/// Behind a difference both servers are in different states, so nothing more is compared.
pub(super) const ROWS: [Row; 12] = [
    ("a request whose last NUL is missing", |outcome| {
        outcome.original_says("Request not null-terminated")
            || outcome.original_says("Missing mode") && outcome.step.contains("raw ")
    }),
    ("a datagram of no or one byte", |outcome| {
        outcome.step.ends_with("raw 00") && outcome.original_says("Missing mode")
    }),
    ("`blksize2` above the limit", |outcome| {
        outcome.is_same_but_for("blksize2=")
    }),
    ("a wrong ACK to an OACK", |outcome| {
        !outcome.is_request() && outcome.ours_says(" oack ")
    }),
    ("a directory read in netascii", |outcome| {
        outcome.ours_says("Is a directory") && outcome.step.contains("rrq ")
    }),
    ("an upload's block longer than agreed", |outcome| {
        outcome.step.contains("data ") && outcome.ours_says("Illegal TFTP operation")
    }),
    ("an upload with a bad option empties the file", |outcome| {
        outcome.step.starts_with("show ") && outcome.original_says(" = \"\"")
    }),
    ("leaves an empty file and refuses it", |outcome| {
        outcome.step.contains("wrq ")
            && outcome.original_says("File must have global write permissions")
            && outcome
                .ours
                .iter()
                .any(|line| line.contains(" ack 0") || line.contains(" oack "))
    }),
    ("`-c -U 022` leaves an empty file", |outcome| {
        outcome.step.starts_with("show ") && outcome.original_says("absent")
    }),
    ("on SIGHUP a map file with errors", |outcome| {
        outcome.step == "signal HUP" && outcome.ours_says("the old rules stay")
    }),
    ("an ACK that comes before its block", |outcome| {
        outcome.step.contains("ack ") && outcome.original.len() > outcome.ours.len()
    }),
    ("a packet of less than four bytes", |outcome| {
        outcome.step.contains("raw 00")
    }),
];

impl Outcome<'_> {
    fn original_says(&self, text: &str) -> bool {
        self.original.iter().any(|line| line.contains(text))
    }

    fn ours_says(&self, text: &str) -> bool {
        self.ours.iter().any(|line| line.contains(text))
    }

    /// Whether the number behind `text`, in any case, is all that differs.
    fn is_same_but_for(&self, text: &str) -> bool {
        let plain = |lines: &[String]| -> Vec<String> {
            let lines = lines.iter().map(|line| line.to_ascii_lowercase());
            lines.map(|line| without_numbers(&line, text)).collect()
        };
        plain(self.original) == plain(self.ours)
    }

    fn is_request(&self) -> bool {
        self.step.contains("rrq ") || self.step.contains("wrq ")
    }
}

fn without_numbers(line: &str, before: &str) -> String {
    let mut pieces = line.split(before);
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |text, piece| {
        text + before + piece.trim_start_matches(|letter: char| letter.is_ascii_digit())
    })
}

/// The row that explains why these differ.
pub(super) fn row(outcome: &Outcome) -> Option<&'static str> {
    let found = ROWS.iter().find(|(_, explains)| explains(outcome));
    found.map(|(words, _)| *words)
}

/// So much of a log line is compared: ours cuts what is longer than twice that.
const COMPARED: usize = 4000;

/// A line without what ours writes otherwise on purpose: escapes in log lines, and lines of its own.
pub(super) fn plain(line: &str) -> Option<String> {
    const OWN: [&str; 1] = ["file is in use"];
    if OWN.iter().any(|own| line.contains(own)) {
        return None;
    }
    let is_log = line.starts_with(". ");
    let length = if is_log { COMPARED } else { line.len() };
    let line: String = line.chars().take(length).collect();
    Some(match is_log {
        // The original ends lines with a newline of its own, which cannot be told from a name's.
        true => unescaped(&line).trim_end_matches('?').to_owned(),
        false => line,
    })
}

/// One `?` for each run of escapes and of letters that are no ASCII.
fn unescaped(line: &str) -> String {
    let mut text = String::new();
    let mut rest = line.chars().peekable();
    while let Some(letter) = rest.next() {
        if letter == '\\' {
            skip_escape(&mut rest);
        }
        if letter.is_ascii() && letter != '\\' {
            text.push(letter);
        } else if !text.ends_with('?') {
            text.push('?');
        }
    }
    text
}

/// Skips what follows a backslash: `u{1b}`, `x1b`, `033`, or one letter.
fn skip_escape(rest: &mut std::iter::Peekable<std::str::Chars>) {
    match rest.next() {
        Some('u') if rest.peek() == Some(&'{') => {
            rest.by_ref()
                .take_while(|letter| *letter != '}')
                .for_each(drop);
        }
        Some('x') => rest.by_ref().take(2).for_each(drop),
        Some(digit) if digit.is_digit(8) => rest.by_ref().take(2).for_each(drop),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_in_the_list_of_differences() {
        let list = include_str!("../../developers/differences.md");
        for (words, _) in ROWS {
            assert!(list.contains(words), "{words}");
        }
    }

    #[test]
    fn a_number_may_differ_where_nothing_else_does() {
        let line = |text: &str| [format!("< 1 oack {text}")];
        let is_known = |original: &str, ours: &str| {
            let (original, ours) = (line(original), line(ours));
            let outcome = Outcome {
                step: "rrq a",
                original: &original,
                ours: &ours,
            };
            row(&outcome).is_some()
        };
        assert!(is_known("BLKSIZE2=600 tsize=5", "BLKSIZE2=512 tsize=5"));
        assert!(!is_known("blksize2=600 tsize=5", "blksize2=512 tsize=6"));
    }

    #[test]
    fn all_ways_to_escape_a_name_look_alike() {
        let shown = [
            ". notice RRQ filename a\\u{1b}b",
            ". notice RRQ filename a\\x1bb\\n",
            ". notice RRQ filename a\\033b",
            ". notice RRQ filename a\u{e9}b",
        ];
        for line in shown {
            assert_eq!(plain(line).unwrap(), ". notice RRQ filename a?b", "{line}");
        }
        assert_eq!(
            plain("< 1 data 1 \"\\x1b\"").unwrap(),
            "< 1 data 1 \"\\x1b\""
        );
    }
}
