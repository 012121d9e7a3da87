//! Figures and what they prove: printed as they come, kept for a JSON file, judged at the end.

use std::fmt::Write as _;

/// Everything that was measured, in order.
#[derive(Clone, Debug, Default)]
pub struct Report {
    figures: Vec<Figure>,
    verdicts: Vec<Verdict>,
    unproven: Vec<String>,
    unjudged: Vec<(String, f64)>,
}

/// One number.
#[derive(Clone, Debug)]
struct Figure {
    subject: String,
    name: String,
    value: f64,
}

/// A target and how far it was met.
#[derive(Clone, Debug)]
struct Verdict {
    what: String,
    value: f64,
    bound: Bound,
}

/// What a value must be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// This or more.
    AtLeast(f64),
    /// This or less.
    AtMost(f64),
}

impl Bound {
    fn holds(self, value: f64) -> bool {
        match self {
            Self::AtLeast(least) => value >= least,
            Self::AtMost(most) => value <= most,
        }
    }
}

impl Report {
    /// Notes a number about a subject.
    pub fn note(&mut self, subject: &str, name: &str, value: f64) {
        self.figures.push(Figure {
            subject: subject.to_owned(),
            name: name.to_owned(),
            value,
        });
    }

    /// The number noted about a subject.
    pub fn figure(&self, subject: &str, name: &str) -> Option<f64> {
        let mut all = self.figures.iter().rev();
        let found = all.find(|figure| figure.subject == subject && figure.name == name)?;
        Some(found.value)
    }

    /// Compares with a target; where a figure is missing, nothing is proven.
    pub fn judge(&mut self, what: &str, value: Option<f64>, bound: Bound) {
        match value.filter(|value| value.is_finite()) {
            Some(value) => self.verdicts.push(Verdict {
                what: what.to_owned(),
                value,
                bound,
            }),
            None => self.not_proven(what),
        }
    }

    /// Shows a comparison that decides nothing, since something else than the server was its limit, as `what` says.
    pub fn show_unjudged(&mut self, what: &str, value: Option<f64>) {
        self.unjudged
            .extend(value.map(|value| (what.to_owned(), value)));
    }

    /// Notes what could not be shown.
    pub fn not_proven(&mut self, what: &str) {
        self.unproven.push(what.to_owned());
    }

    /// True if everything was shown and every target met.
    pub fn is_met(&self) -> bool {
        let met = |verdict: &Verdict| verdict.bound.holds(verdict.value);
        self.unproven.is_empty() && self.verdicts.iter().all(met)
    }

    /// Targets and what was reached, a line each.
    pub fn verdicts(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        for verdict in &self.verdicts {
            let word = match verdict.bound.holds(verdict.value) {
                true => "met   ",
                false => "MISSED",
            };
            let (side, bound) = match verdict.bound {
                Bound::AtLeast(least) => ("at least", least),
                Bound::AtMost(most) => ("at most", most),
            };
            let (what, value) = (&verdict.what, verdict.value);
            let _ = writeln!(text, "{word} {what}: {value:.2} ({side} {bound})");
        }
        for (what, value) in &self.unjudged {
            let _ = writeln!(text, "shown  {what}: {value:.2}");
        }
        for what in &self.unproven {
            let _ = writeln!(text, "NOT PROVEN {what}");
        }
        text
    }

    /// All of it for programs: figures by subject and name, verdicts, and what is not proven.
    pub fn json(&self) -> String {
        let figures = self.figures.iter().map(|figure| {
            let (subject, name) = (quoted(&figure.subject), quoted(&figure.name));
            let value = number(figure.value);
            format!("{{\"subject\": {subject}, \"name\": {name}, \"value\": {value}}}")
        });
        let verdicts = self.verdicts.iter().map(|verdict| {
            let met = verdict.bound.holds(verdict.value);
            let (side, bound) = match verdict.bound {
                Bound::AtLeast(least) => ("at_least", least),
                Bound::AtMost(most) => ("at_most", most),
            };
            let (what, value) = (quoted(&verdict.what), number(verdict.value));
            format!(
                "{{\"target\": {what}, \"value\": {value}, \"{side}\": {bound}, \"met\": {met}}}"
            )
        });
        let unproven = self.unproven.iter().map(|what| quoted(what));
        format!(
            "{{\n\"figures\": {},\n\"verdicts\": {},\n\"not_proven\": {}\n}}\n",
            list(figures),
            list(verdicts),
            list(unproven)
        )
    }
}

fn list(items: impl Iterator<Item = String>) -> String {
    let items: Vec<String> = items.collect();
    format!("[\n  {}\n]", items.join(",\n  "))
}

/// JSON has no infinity and no "not a number".
fn number(value: f64) -> String {
    match value.is_finite() {
        true => value.to_string(),
        false => "null".to_owned(),
    }
}

fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            control if control.is_control() => quoted.push(' '),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}
