//! Reading a scenario, and writing it back with what really happened.

use crate::failure::{Failure, Result};
use crate::subject::Subject;

/// Marks of the lines that may follow a step.
const MARKS: [&str; 5] = ["< ", ". ", "| ", "x ", "= "];

/// A whole scenario.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scenario {
    /// The lines before the first step, as they stand.
    pub head: String,
    /// The lines of the head that say something, blocks joined to one.
    pub setup: Vec<String>,
    /// Words of the developers' list of differences, one entry a `differs` line.
    pub differs: Vec<String>,
    /// What happens, in order.
    pub steps: Vec<Step>,
}

/// One step and what must follow it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Comments and blank lines before it, as they stand.
    pub remarks: String,
    /// The line without its `>`.
    pub text: String,
    /// The lines that must follow.
    pub expected: Vec<Line>,
}

/// An expected line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Who is expected to do this.
    pub audience: Audience,
    /// The line itself.
    pub text: String,
}

/// Of whom something is expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Of both.
    Both,
    /// Of one alone; the other differs on purpose.
    Only(Subject),
}

impl Audience {
    const PREFIXES: [(&str, Self); 2] = [
        ("original: ", Self::Only(Subject::Original)),
        ("ours: ", Self::Only(Subject::Ours)),
    ];

    fn prefix(self) -> &'static str {
        let row = Self::PREFIXES
            .iter()
            .find(|(_, audience)| *audience == self);
        row.map_or("", |(prefix, _)| prefix)
    }

    fn includes(self, subject: Subject) -> bool {
        matches!(self, Self::Both) || self == Self::Only(subject)
    }
}

impl Step {
    /// The lines that must follow with this subject.
    #[must_use]
    pub fn expected_of(&self, subject: Subject) -> Vec<String> {
        self.expected
            .iter()
            .filter(|line| line.audience.includes(subject))
            .map(|line| line.text.clone())
            .collect()
    }

    /// Whether the two subjects differ here.
    #[must_use]
    pub fn differs(&self) -> bool {
        self.expected
            .iter()
            .any(|line| line.audience != Audience::Both)
    }

    /// The expected lines again, with `happened` as what `subject` does. Where the step knows no difference, what the original does
    /// is expected of both.
    fn recorded(&self, subject: Subject, happened: &[String]) -> Vec<Line> {
        let other = match subject {
            Subject::Original => Subject::Ours,
            Subject::Ours => Subject::Original,
        };
        if !self.differs() {
            return all(Audience::Both, happened);
        }
        merge((subject, happened), (other, &self.expected_of(other)))
    }
}

fn all(audience: Audience, lines: &[String]) -> Vec<Line> {
    let line = |text: &String| Line {
        audience,
        text: text.clone(),
    };
    lines.iter().map(line).collect()
}

/// Lines that both have stand once; before each of them what only the original has, then what only ours has.
fn merge(one: (Subject, &[String]), other: (Subject, &[String])) -> Vec<Line> {
    let (original, ours) = match one.0 {
        Subject::Original => (one.1, other.1),
        Subject::Ours => (other.1, one.1),
    };
    let mut merged = Vec::new();
    let mut behind = 0;
    let mut next = 0;
    for (index, line) in original.iter().enumerate() {
        let rest = ours.get(next..).unwrap_or_default();
        let Some(found) = rest.iter().position(|text| text == line) else {
            continue;
        };
        merged.extend(all(
            Audience::Only(Subject::Original),
            original.get(behind..index).unwrap_or_default(),
        ));
        merged.extend(all(
            Audience::Only(Subject::Ours),
            rest.get(..found).unwrap_or_default(),
        ));
        merged.extend(all(Audience::Both, std::slice::from_ref(line)));
        behind = index + 1;
        next += found + 1;
    }
    merged.extend(all(
        Audience::Only(Subject::Original),
        original.get(behind..).unwrap_or_default(),
    ));
    merged.extend(all(
        Audience::Only(Subject::Ours),
        ours.get(next..).unwrap_or_default(),
    ));
    merged
}

impl Scenario {
    /// The text as it stands.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = self.head.clone();
        for step in &self.steps {
            text.push_str(&format!("{}> {}\n", step.remarks, step.text));
            for line in &step.expected {
                text.push_str(&format!("{}{}\n", line.audience.prefix(), line.text));
            }
        }
        text
    }

    /// The same scenario with what `subject` really did, one list a step. Only the steps that know a difference take what ours does.
    #[must_use]
    pub fn recorded(&self, subject: Subject, happened: &[Vec<String>]) -> Self {
        let mut recorded = self.clone();
        for (step, lines) in recorded.steps.iter_mut().zip(happened) {
            if subject == Subject::Original || step.differs() {
                step.expected = step.recorded(subject, lines);
            }
        }
        recorded
    }

    /// The same scenario with what each of the two did.
    #[must_use]
    pub fn contrasted(&self, original: &[Vec<String>], ours: &[Vec<String>]) -> Self {
        let mut contrasted = self.clone();
        let happened = original.iter().zip(ours);
        for (step, (original, ours)) in contrasted.steps.iter_mut().zip(happened) {
            step.expected = merge((Subject::Original, original), (Subject::Ours, ours));
        }
        contrasted
    }

    /// What one subject is expected to do, as text to compare: each step and its lines.
    #[must_use]
    pub fn shown(&self, lines_of: impl Fn(usize, &Step) -> Vec<String>) -> String {
        let show = |(index, step): (usize, &Step)| {
            format!("> {}\n{}\n", step.text, lines_of(index, step).join("\n"))
        };
        self.steps.iter().enumerate().map(show).collect()
    }
}

/// Reads a scenario.
///
/// # Errors
/// The first line that is not understood, with its number.
pub fn read(text: &str) -> Result<Scenario> {
    let mut reader = Reader::default();
    for (index, line) in text.lines().enumerate() {
        reader
            .take(line)
            .map_err(|cause| Failure::new(format!("line {}: {cause}", index + 1)))?;
    }
    match reader.block {
        None => Ok(reader.scenario),
        Some(_) => Err(Failure::new("a block has no end")),
    }
}

#[derive(Default)]
struct Reader {
    scenario: Scenario,
    /// The rules of a map that has no end yet.
    block: Option<String>,
    remarks: String,
}

impl Reader {
    fn take(&mut self, line: &str) -> Result<()> {
        if let Some(block) = &mut self.block {
            if line == "end" {
                self.scenario.setup.extend(self.block.take());
            } else {
                block.push_str(line.strip_prefix("  ").unwrap_or(line));
                block.push('\n');
            }
            self.keep_head(line);
            return Ok(());
        }
        if let Some(text) = line.strip_prefix("> ") {
            self.begin_step(text);
            return Ok(());
        }
        if line.is_empty() || line.starts_with('#') {
            self.remarks.push_str(line);
            self.remarks.push('\n');
            return Ok(());
        }
        match expectation(line) {
            Some(line) => self.expect(line),
            None => self.set_up(line),
        }
    }

    fn begin_step(&mut self, text: &str) {
        self.scenario.steps.push(Step {
            remarks: std::mem::take(&mut self.remarks),
            text: text.to_owned(),
            expected: Vec::new(),
        });
    }

    fn expect(&mut self, line: Line) -> Result<()> {
        let step = self.scenario.steps.last_mut();
        let step = step.ok_or_else(|| Failure::new("an expectation before the first step"))?;
        step.expected.push(line);
        Ok(())
    }

    fn set_up(&mut self, line: &str) -> Result<()> {
        if !self.scenario.steps.is_empty() {
            return Err(Failure::new(format!("not understood: {line}")));
        }
        self.keep_head(line);
        if line == "map" {
            self.block = Some("map ".to_owned());
        } else if let Some(words) = line.strip_prefix("differs ") {
            self.scenario.differs.push(words.to_owned());
        } else {
            self.scenario.setup.push(line.to_owned());
        }
        Ok(())
    }

    fn keep_head(&mut self, line: &str) {
        let head = &mut self.scenario.head;
        head.push_str(&std::mem::take(&mut self.remarks));
        head.push_str(line);
        head.push('\n');
    }
}

fn expectation(line: &str) -> Option<Line> {
    let found = Audience::PREFIXES
        .iter()
        .find_map(|(prefix, audience)| Some((*audience, line.strip_prefix(prefix)?)));
    let (audience, text) = found.unwrap_or((Audience::Both, line));
    let text = text.to_owned();
    MARKS
        .iter()
        .any(|mark| text.starts_with(mark))
        .then_some(Line { audience, text })
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    const TEXT: &str = "\
# About.
differs a directory read in netascii
map
  r ^x y
end

# First.
> rrq x
original: < 1 data 1 \"\"
ours: < 1 error 0 \"Is a directory\"
. notice RRQ

> ack 1
x 1
";

    fn lines(text: &[&str]) -> Vec<String> {
        text.iter().map(|line| (*line).to_owned()).collect()
    }

    #[test]
    fn a_scenario_comes_back_as_it_was_written() {
        let scenario = read(TEXT).unwrap();
        assert_eq!(scenario.text(), TEXT);
        assert_eq!(scenario.setup, ["map r ^x y\n"]);
        assert_eq!(scenario.differs, ["a directory read in netascii"]);
    }

    #[test]
    fn each_subject_has_its_own_lines_and_the_common_ones() {
        let scenario = read(TEXT).unwrap();
        let step = &scenario.steps[0];
        assert_eq!(
            step.expected_of(Subject::Ours),
            ["< 1 error 0 \"Is a directory\"", ". notice RRQ"]
        );
        assert_eq!(
            step.expected_of(Subject::Original),
            ["< 1 data 1 \"\"", ". notice RRQ"]
        );
    }

    #[test]
    fn recording_ours_changes_only_the_steps_that_differ() {
        let happened = [lines(&["< 1 ack 7", ". notice RRQ"]), lines(&["x 9"])];
        let recorded = read(TEXT).unwrap().recorded(Subject::Ours, &happened);
        assert_eq!(
            recorded.text(),
            TEXT.replace("1 error 0 \"Is a directory\"", "1 ack 7")
        );
    }

    #[test]
    fn recording_the_original_is_expected_of_both_where_nothing_differs() {
        let happened = [lines(&["< 1 ack 0", ". notice RRQ"]), lines(&["x 9"])];
        let recorded = read(TEXT).unwrap().recorded(Subject::Original, &happened);
        assert_eq!(
            recorded.text(),
            TEXT.replace("1 data 1 \"\"", "1 ack 0")
                .replace("x 1", "x 9")
        );
    }

    #[test]
    fn a_line_that_is_not_understood_is_named() {
        let error = read("> ack 1\nperhaps\n").unwrap_err();
        assert_eq!(error.to_string(), "line 2: not understood: perhaps");
    }
}
