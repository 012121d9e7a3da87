//! What is said about file name maps (reference tftpd-hpa.md, sections 7 and 12).

use std::fmt::Display;
use std::io;
use std::net::IpAddr;

use super::{printable, printed_address, refusal, system_text};
use crate::remap::{Event, LONGEST_NAME, Problem, ProblemKind};
use crate::wire::{Direction, ErrorCode, Refusal};

/// What a rule that refuses says if it has no text of its own.
const ACCESS_DENIED: &str = "Access denied";
/// The process that applies the rules is gone.
pub const MAPPER_DIED: &str = "remap: the process that applies the rules has died";
/// The rules of the file on a reload took too long to compile.
pub const RELOAD_OVERRUN: &str =
    "remap: the rules took too much time or memory: the old rules stay";
/// The rules of the file at the start took too long to compile.
pub const LOAD_OVERRUN: &str = "remap: the rules take too much time or memory";
/// A reload that found errors.
pub const OLD_RULES_STAY: &str = "remap: the map file has errors: the old rules stay";

/// The map file cannot be read.
#[must_use]
pub fn unopened(path: impl Display, error: &io::Error) -> String {
    format!("Cannot open map file: {path}: {}", system_text(error))
}

/// The same on a reload, where the server goes on.
#[must_use]
pub fn unopened_again(path: impl Display, error: &io::Error) -> String {
    format!("{}: the old rules stay", unopened(path, error))
}

/// One line for the log about what is wrong in a map file.
#[must_use]
pub fn problem(problem: &Problem) -> String {
    let line = problem.line;
    let shown = |bytes: &[u8]| printable(bytes.trim_ascii_end());
    match &problem.kind {
        ProblemKind::UnknownLetter { operation, letter } => format!(
            "Remap command \"{}\" on line {line} contains invalid char \"{}\"",
            printable(operation),
            printable(&[*letter])
        ),
        ProblemKind::InvertedRewrite(rest) => {
            format!("r rules cannot be inverted, line {line}: {}", shown(rest))
        }
        ProblemKind::Clash(one, other) => format!(
            "Remap command letters \"{}\" and \"{}\" on line {line} exclude each other",
            char::from(*one),
            char::from(*other)
        ),
        ProblemKind::NoPattern(rest) => format!("No regex on remap line {line}: {}", shown(rest)),
        ProblemKind::BadPattern(reason) => format!("Bad regex in remap line {line}: {reason}"),
        ProblemKind::UnknownLabel(label) => {
            format!("Unknown label \"{}\" on remap line {line}", shown(label))
        }
        ProblemKind::RepeatedLabel(label) => {
            format!(
                "Label \"{}\" on remap line {line} is there already",
                shown(label)
            )
        }
    }
}

/// Advice about what is wrong in a map file, for people at a terminal.
#[must_use]
pub fn advice(kind: &ProblemKind) -> Option<&'static str> {
    Some(match kind {
        ProblemKind::UnknownLetter { .. } => {
            "the letters are r g i e E s a j G P 4 6 and ~; a line is: letters, pattern, replacement"
        }
        ProblemKind::InvertedRewrite(_) => {
            "what does not match cannot be replaced: write the pattern so that it matches, without ~"
        }
        ProblemKind::NoPattern(_) => {
            "a pattern that always matches is ^; a # that belongs to the pattern is written \\#"
        }
        ProblemKind::UnknownLabel(_) => {
            "a label is a line of its own: a colon and the label's name"
        }
        ProblemKind::Clash(..) | ProblemKind::BadPattern(_) | ProblemKind::RepeatedLabel(_) => {
            return None;
        }
    })
}

/// What happened on the way through the rules.
#[must_use]
pub fn event(event: &Event) -> String {
    match event {
        Event::Input(name) => format!("remap: input: {}", printable(name)),
        Event::Rewrite(rule, name) => format!("remap: rule {rule}: rewrite: {}", printable(name)),
        Event::NotThere(rule, name) => format!("remap: rule {rule}: no file: {}", printable(name)),
        Event::Exit(rule) => format!("remap: rule {rule}: exit"),
        Event::Restart => "remap: rule 0: restart".to_owned(),
        Event::Jump(rule) => format!("remap: rule {rule}: jump"),
        Event::Abort(rule, name) => format!("remap: rule {rule}: abort: {}", printable(name)),
        Event::Done => "remap: done".to_owned(),
    }
}

/// The rules came to no end.
#[must_use]
pub fn endless(input: &[u8], last: &[u8]) -> String {
    let start = |name: &[u8]| printable(name.get(..LONGEST_NAME).unwrap_or(name));
    format!(
        "remap: Breaking loop, input = {}, last = {}",
        start(input),
        start(last)
    )
}

/// A regular expression took too long on this name.
#[must_use]
pub fn overrun(input: &[u8]) -> String {
    format!(
        "remap: the rules took too much time or memory, input = {}",
        printable(input)
    )
}

/// A request whose name has been changed.
#[must_use]
pub fn mapped_request(direction: Direction, client: IpAddr, asked: &[u8], made: &[u8]) -> String {
    format!(
        "{} from {} filename {} remapped to {}",
        super::request_name(direction),
        printed_address(client),
        printable(asked),
        printable(made)
    )
}

/// The ERROR of a rule that refuses, with its text if it has one.
#[must_use]
pub fn refuse(text: Option<&[u8]>) -> Refusal {
    Refusal {
        code: ErrorCode::AccessViolation,
        text: text.unwrap_or(ACCESS_DENIED.as_bytes()).to_vec(),
    }
}

/// The ERROR for a request that the rules make nothing of.
#[must_use]
pub fn refuse_failure() -> Refusal {
    refusal(ErrorCode::AccessViolation, "Remap table failure")
}
