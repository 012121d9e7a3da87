//! Reading a scenario, and writing it back with what really happened.

use std::collections::BTreeMap;

use nix::sys::signal::Signal;

use super::links::{Link, Links};
use super::request::Request;
use crate::failure::{Failure, Result};

/// A whole scenario.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scenario {
    /// The lines before the first step, as they stand.
    pub head: String,
    /// The server's configuration.
    pub config: String,
    /// Other configurations by name, for `start NAME`.
    pub others: BTreeMap<String, String>,
    /// The server's interfaces (`link NAME ADDRESS/LENGTH…`), `srv0` with 10.9.0.1/24 if nothing else is said.
    pub links: Links,
    /// The lease file that the server finds, if not an empty one.
    pub leases: String,
    /// Words whose values change from run to run (`mask 51`: option 51, shown roughly; `mask age`: ages and ends of leases in log lines; `mask dates`: dates of lease records; `mask about`: the same, shown roughly; `mask order`: the order of records of different addresses).
    pub masks: Vec<String>,
    /// Whether the kernel's network takes part in it, so that it means nothing in virtual time (`only live`).
    pub only_live: bool,
    /// Whether so much time passes in it that it is played live only to be recorded (`only recorded`), and in virtual time always.
    pub only_recorded: bool,
    /// What happens, in order.
    pub steps: Vec<Step>,
}

/// One step and what must follow it.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Comments and blank lines before it, as they stand.
    pub remarks: String,
    /// The line without its `>`.
    pub text: String,
    /// What to do.
    pub deed: Deed,
    /// The lines that must follow.
    pub expected: Vec<String>,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq)]
pub enum Deed {
    /// Sends a request. With `until TEXT` at the end, waits for that log line before looking at what came.
    Send(Box<Request>, Option<String>),
    /// Lets time pass, in seconds.
    Pass(u64),
    /// Kills the server if it runs, and starts it (again), with another configuration if one is named.
    Start(Option<String>),
    /// Sends the server a signal and shows how it ends (`= signal 15`, `= exit 1`).
    Stop(Signal),
    /// Shows the records of the lease file.
    Leases,
    /// Shows all of the lease file, or of the copy that its last rewriting left (`file ~`).
    File(String),
    /// Lets a machine answer pings at this address from now on.
    Alive(std::net::Ipv4Addr),
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
        Block::None => Ok(reader.scenario),
        _ => Err(Failure::new("a block has no end")),
    }
}

impl Scenario {
    /// The configuration of this name.
    ///
    /// # Errors
    /// If there is none.
    pub fn config_named(&self, name: &str) -> Result<&str> {
        let found = self.others.get(name);
        let found = found.ok_or_else(|| Failure::new(format!("no configuration {name}")))?;
        Ok(found)
    }

    /// The text again, with `happened` in the place of the expected lines, one list a step.
    #[must_use]
    pub fn with(&self, happened: &[Vec<String>]) -> String {
        let mut text = self.head.clone();
        for (step, lines) in self.steps.iter().zip(happened) {
            text.push_str(&step.remarks);
            text.push_str(&format!("> {}\n", step.text));
            for line in lines {
                text.push_str(line);
                text.push('\n');
            }
        }
        text
    }

    /// The text as it stands.
    #[must_use]
    pub fn text(&self) -> String {
        let expected: Vec<_> = self
            .steps
            .iter()
            .map(|step| step.expected.clone())
            .collect();
        self.with(&expected)
    }
}

#[derive(Default)]
enum Block {
    #[default]
    None,
    Config,
    Other(String),
    Leases,
}

#[derive(Default)]
struct Reader {
    scenario: Scenario,
    block: Block,
    remarks: String,
}

impl Reader {
    fn take(&mut self, line: &str) -> Result<()> {
        match &self.block {
            Block::None => self.take_outside(line),
            _ => {
                self.take_inside(line);
                Ok(())
            }
        }
    }

    fn take_inside(&mut self, line: &str) {
        self.keep_head(line);
        if line == "end" {
            self.block = Block::None;
            return;
        }
        let target = match &self.block {
            Block::Leases => &mut self.scenario.leases,
            Block::Other(name) => self.scenario.others.entry(name.clone()).or_default(),
            _ => &mut self.scenario.config,
        };
        target.push_str(line.strip_prefix("  ").unwrap_or(line));
        target.push('\n');
    }

    fn take_outside(&mut self, line: &str) -> Result<()> {
        if let Some(text) = line.strip_prefix("> ") {
            return self.begin_step(text);
        }
        if line.is_empty() || line.starts_with('#') {
            self.remark(line);
            return Ok(());
        }
        if is_expectation(line) {
            return self.expect(line);
        }
        self.keep_head(line);
        match line.split_once(' ').unwrap_or((line, "")) {
            ("config", "") => self.block = Block::Config,
            ("config", name) => self.block = Block::Other(name.to_owned()),
            ("link", words) => self.scenario.links.set(Link::read(words)?),
            ("only", "live") => self.scenario.only_live = true,
            ("only", "recorded") => self.scenario.only_recorded = true,
            ("leases", "") => self.block = Block::Leases,
            ("mask", what) => self.scenario.masks.push(what.to_owned()),
            _ => return Err(Failure::new(format!("not understood: {line}"))),
        }
        Ok(())
    }

    fn begin_step(&mut self, text: &str) -> Result<()> {
        let step = Step {
            remarks: std::mem::take(&mut self.remarks),
            text: text.to_owned(),
            deed: read_deed(text)?,
            expected: Vec::new(),
        };
        self.scenario.steps.push(step);
        Ok(())
    }

    fn expect(&mut self, line: &str) -> Result<()> {
        let step = self.scenario.steps.last_mut();
        let step = step.ok_or_else(|| Failure::new("an expectation before the first step"))?;
        step.expected.push(line.to_owned());
        Ok(())
    }

    fn remark(&mut self, line: &str) {
        if self.scenario.steps.is_empty() && !self.scenario.config.is_empty() {
            self.remarks.push_str(line);
            self.remarks.push('\n');
        } else if self.scenario.steps.is_empty() {
            self.keep_head(line);
        } else {
            self.remarks.push_str(line);
            self.remarks.push('\n');
        }
    }

    fn keep_head(&mut self, line: &str) {
        self.scenario
            .head
            .push_str(&std::mem::take(&mut self.remarks));
        self.scenario.head.push_str(line);
        self.scenario.head.push('\n');
    }
}

fn is_expectation(line: &str) -> bool {
    ["< ", ". ", "| ", "= ", "  "]
        .iter()
        .any(|mark| line.starts_with(mark))
        || line == "."
        || line == "|"
}

fn read_deed(text: &str) -> Result<Deed> {
    let (verb, rest) = text.split_once(' ').unwrap_or((text, ""));
    let bad = || Failure::new(format!("not understood: {rest}"));
    match verb {
        "pass" => Ok(Deed::Pass(rest.parse().map_err(|_| bad())?)),
        "start" => Ok(Deed::Start((!rest.is_empty()).then(|| rest.to_owned()))),
        "stop" => Ok(Deed::Stop(format!("SIG{rest}").parse().map_err(|_| bad())?)),
        "leases" => Ok(Deed::Leases),
        "file" => Ok(Deed::File(rest.to_owned())),
        "alive" => Ok(Deed::Alive(rest.parse().map_err(|_| bad())?)),
        _ => {
            let (request, until) = match text.split_once(" until ") {
                Some((request, until)) => (request, Some(until.to_owned())),
                None => (text, None),
            };
            Ok(Deed::Send(Box::new(request.parse()?), until))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
# About.

config
  subnet;
end

# First.
> discover mac=02:00:00:00:00:01
. DHCPDISCOVER

> pass 2
";

    #[test]
    fn a_scenario_comes_back_as_it_was_written() {
        let scenario = read(TEXT).unwrap();
        assert_eq!(scenario.text(), TEXT);
        assert_eq!(scenario.config, "subnet;\n");
        assert_eq!(scenario.steps.len(), 2);
    }

    #[test]
    fn a_line_that_is_not_understood_is_named() {
        let error = read("config\nend\nperhaps\n").unwrap_err();
        assert_eq!(error.to_string(), "line 3: not understood: perhaps");
    }
}
