//! From a map file's bytes to rules, or to everything that is wrong with it.

use common::syntax::map::{Field, fields};

use super::operation::{Flaw, IGNORE_CASE, JUMP};
use super::{Map, Operation, Rule, Template};

/// The original reads lines into a buffer of this size; the rest of a longer line is a line of its own.
const LONGEST_LINE: usize = 16 * 1024 - 1;

/// Something wrong in a map file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The line, from 1.
    pub line: u32,
    /// The column in bytes, from 1.
    pub column: u32,
    /// How many bytes it is about.
    pub width: u32,
    /// What it is.
    pub kind: ProblemKind,
}

/// What can be wrong in a map file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProblemKind {
    /// A letter of the operation means nothing.
    UnknownLetter {
        /// The whole field.
        operation: Vec<u8>,
        /// The letter.
        letter: u8,
    },
    /// `r` and `~` in one rule; with the rest of the line.
    InvertedRewrite(Vec<u8>),
    /// Two letters exclude each other.
    Clash(u8, u8),
    /// There is no pattern; with the rest of the line.
    NoPattern(Vec<u8>),
    /// The pattern is no regular expression; with the library's words.
    BadPattern(String),
    /// A jump names no label.
    UnknownLabel(Vec<u8>),
    /// A label stands there twice.
    RepeatedLabel(Vec<u8>),
}

/// A rule before its pattern is compiled.
struct RuleText {
    operation: Operation,
    pattern: Field,
    replacement: Option<Field>,
}

/// What a line says.
enum Statement {
    Rule(RuleText),
    Label(Field),
}

/// The labels and jumps met so far.
#[derive(Default)]
struct Jumps {
    labels: Vec<(Vec<u8>, usize)>,
    /// Number of the rule, number of its line, its label.
    jumps: Vec<(usize, u32, Field)>,
}

/// Reads a whole file. `compile` makes patterns of regular expressions, given whether letters of both cases are the
/// same; its errors are words for the user.
///
/// # Errors
/// Every [`Problem`], in the order of the lines.
pub fn read<P>(
    file: &[u8],
    mut compile: impl FnMut(&[u8], bool) -> Result<P, String>,
) -> Result<Map<P>, Vec<Problem>> {
    let mut rules = Vec::new();
    let mut problems = Vec::new();
    let mut jumps = Jumps::default();
    for (line, number) in lines(file).zip(1..) {
        match parse_line(line, number) {
            Ok(None) => {}
            Ok(Some(Statement::Label(label))) => {
                problems.extend(jumps.define(label, rules.len(), number));
            }
            Ok(Some(Statement::Rule(text))) => {
                jumps.note(&text, rules.len(), number);
                match compile_rule(text, number, &mut compile) {
                    Ok(rule) => rules.push(rule),
                    Err(problem) => problems.push(problem),
                }
            }
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() {
        problems = jumps.resolve(&mut rules);
    }
    if problems.is_empty() {
        Ok(Map { rules })
    } else {
        Err(problems)
    }
}

/// The lines as the original's C strings hold them: with the newline, without what follows a NUL.
fn lines(file: &[u8]) -> impl Iterator<Item = &[u8]> {
    let pieces = file
        .split_inclusive(|&byte| byte == b'\n')
        .flat_map(|line| line.chunks(LONGEST_LINE));
    pieces.map(|line| line.split(|&byte| byte == 0).next().unwrap_or_default())
}

fn parse_line(line: &[u8], number: u32) -> Result<Option<Statement>, Problem> {
    let mut fields = fields(line).into_iter();
    let Some(letters) = fields.next() else {
        return Ok(None);
    };
    if letters.text.starts_with(b":") {
        return Ok(Some(Statement::Label(letters)));
    }
    let rest = line.get(letters.end()..).unwrap_or_default();
    let operation =
        Operation::parse(&letters.text).map_err(|flaw| flawed(flaw, &letters, rest, number))?;
    let pattern = fields.next();
    let pattern = pattern.ok_or_else(|| {
        ProblemKind::NoPattern(rest.trim_ascii_start().to_vec()).at(number, &letters)
    })?;
    Ok(Some(Statement::Rule(RuleText {
        operation,
        pattern,
        replacement: fields.next(),
    })))
}

fn flawed(flaw: Flaw, letters: &Field, rest: &[u8], line: u32) -> Problem {
    let kind = match flaw {
        Flaw::Unknown(letter, place) => {
            let only = Field {
                text: vec![letter],
                start: letters.start.saturating_add(place),
            };
            let operation = letters.text.clone();
            return ProblemKind::UnknownLetter { operation, letter }.at(line, &only);
        }
        Flaw::InvertedRewrite => ProblemKind::InvertedRewrite(rest.to_vec()),
        Flaw::Clash(one, other) => ProblemKind::Clash(one, other),
    };
    kind.at(line, letters)
}

fn compile_rule<P>(
    text: RuleText,
    line: u32,
    mut compile: impl FnMut(&[u8], bool) -> Result<P, String>,
) -> Result<Rule<P>, Problem> {
    let ignores_case = text.operation.has(IGNORE_CASE);
    let pattern = compile(&text.pattern.text, ignores_case)
        .map_err(|reason| ProblemKind::BadPattern(reason).at(line, &text.pattern))?;
    let replacement = text.replacement.map(|field| field.text);
    Ok(Rule {
        operation: text.operation,
        pattern,
        template: Template::parse(&replacement.unwrap_or_default()),
        target: 0,
    })
}

impl ProblemKind {
    fn at(self, line: u32, field: &Field) -> Problem {
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Problem {
            line,
            column: count(field.start).saturating_add(1),
            width: count(field.text.len()),
            kind: self,
        }
    }
}

impl Jumps {
    /// The label stands before the rule with number `place`.
    fn define(&mut self, mut label: Field, place: usize, line: u32) -> Option<Problem> {
        let name = label.text.split_off(1);
        if self.place(&name).is_some() {
            label.text.extend_from_slice(&name);
            return Some(ProblemKind::RepeatedLabel(name).at(line, &label));
        }
        self.labels.push((name, place));
        None
    }

    fn note(&mut self, text: &RuleText, rule: usize, line: u32) {
        if text.operation.has(JUMP) {
            let label = text.replacement.as_ref().unwrap_or(&text.pattern);
            self.jumps.push((rule, line, label.clone()));
        }
    }

    fn place(&self, name: &[u8]) -> Option<usize> {
        let label = self.labels.iter().find(|(label, _)| label == name);
        label.map(|&(_, place)| place)
    }

    /// Tells the rules where they jump to. Labels may stand behind the jumps to them.
    fn resolve<P>(&self, rules: &mut [Rule<P>]) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (number, line, label) in &self.jumps {
            match (self.place(&label.text), rules.get_mut(*number)) {
                (Some(place), Some(rule)) => rule.target = place,
                _ => problems.push(ProblemKind::UnknownLabel(label.text.clone()).at(*line, label)),
            }
        }
        problems
    }
}
