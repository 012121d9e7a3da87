//! What the rules make of a request.

use super::operation::{ABORT, EXIT, EXIT_IF_THERE, GLOBAL, INVERTED, JUMP, RESTART, REWRITE};
use super::{Groups, LONGEST_NAME, Map, Pattern, Query, Rule};

/// The rule that a restart goes on with. The original means the first one and misses it.
const RESTART_AT: usize = 1;

/// What the rules decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The file to serve.
    Name(Vec<u8>),
    /// The request is refused, with this text if the rule has one.
    Refused(Option<Vec<u8>>),
    /// The rules come to no end, or the name grows beyond [`LONGEST_NAME`]; with the name as it was last.
    Endless(Vec<u8>),
}

/// What happened on the way, for a talkative log. Rules are numbered from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The name before the first rule.
    Input(Vec<u8>),
    /// A rule has made this of the name.
    Rewrite(usize, Vec<u8>),
    /// A rule has found no file of that name and taken its change back.
    NotThere(usize, Vec<u8>),
    /// A rule has ended it.
    Exit(usize),
    /// A rule goes back to the start. The original always gives it number 0.
    Restart,
    /// A rule goes on with another one.
    Jump(usize),
    /// A rule has refused the name.
    Abort(usize, Vec<u8>),
    /// The last rule is done.
    Done,
}

/// How it goes on after a rule that acted.
enum Next {
    Rule(usize),
    End(Outcome),
}

/// A request on its way through the rules.
struct Run<'a> {
    query: &'a Query<'a>,
    name: Vec<u8>,
    /// Rules that may still be looked at.
    steps: u32,
    /// Repetitions that may still be done.
    repetitions: u32,
    can_open: &'a mut dyn FnMut(&[u8]) -> bool,
    trace: &'a mut dyn FnMut(Event),
}

/// Takes the name through the rules, at most `steps` of them. `can_open` tells whether the request could be served under
/// a name; `trace` hears what happens.
pub fn evaluate<P: Pattern>(
    map: &Map<P>,
    query: &Query<'_>,
    steps: u32,
    can_open: &mut dyn FnMut(&[u8]) -> bool,
    trace: &mut dyn FnMut(Event),
) -> Outcome {
    let mut run = Run {
        query,
        name: query.name.to_vec(),
        steps,
        repetitions: steps,
        can_open,
        trace,
    };
    (run.trace)(Event::Input(run.name.clone()));
    if run.name.len() > LONGEST_NAME {
        return Outcome::Endless(run.name);
    }
    run.go(map)
}

impl Run<'_> {
    fn go<P: Pattern>(&mut self, map: &Map<P>) -> Outcome {
        let mut number = 0;
        while let Some(rule) = map.rules.get(number) {
            if !rule
                .operation
                .applies(self.query.direction, self.query.client)
            {
                number += 1;
                continue;
            }
            let Some(left) = self.steps.checked_sub(1) else {
                return self.endless();
            };
            self.steps = left;
            match self.try_rule(rule, number) {
                Next::Rule(next) => number = next,
                Next::End(outcome) => return outcome,
            }
        }
        (self.trace)(Event::Done);
        self.name()
    }

    fn try_rule<P: Pattern>(&mut self, rule: &Rule<P>, number: usize) -> Next {
        let found = rule.pattern.find(&self.name);
        let acts = found.is_some() != rule.operation.has(INVERTED);
        if acts {
            self.act(rule, number, found)
        } else {
            Next::Rule(number + 1)
        }
    }

    fn act<P: Pattern>(&mut self, rule: &Rule<P>, number: usize, found: Option<Groups>) -> Next {
        let operation = rule.operation;
        if operation.has(ABORT) {
            return Next::End(self.refuse(rule, number, found));
        }
        let before = operation.has(EXIT_IF_THERE).then(|| self.name.clone());
        if operation.has(REWRITE) {
            if let Err(outcome) = self.rewrite(rule, number, found) {
                return Next::End(outcome);
            }
        }
        if let Some(before) = before {
            return self.exit_if_there(number, before);
        }
        if operation.has(EXIT) {
            return Next::End(self.exit(number));
        }
        if operation.has(JUMP) {
            (self.trace)(Event::Jump(number));
            return Next::Rule(rule.target);
        }
        if operation.has(RESTART) {
            (self.trace)(Event::Restart);
            return Next::Rule(RESTART_AT);
        }
        Next::Rule(number + 1)
    }

    /// The text of a refusal is the name with the match replaced; without a match it is the replacement alone.
    fn refuse<P: Pattern>(
        &mut self,
        rule: &Rule<P>,
        number: usize,
        found: Option<Groups>,
    ) -> Outcome {
        (self.trace)(Event::Abort(number, self.name.clone()));
        if rule.template.is_empty() {
            return Outcome::Refused(None);
        }
        let text = match found {
            Some(groups) => self.replaced(rule, &groups),
            None => rule
                .template
                .expand(&self.name, &Groups::default(), self.query.client),
        };
        Outcome::Refused(Some(text))
    }

    fn rewrite<P: Pattern>(
        &mut self,
        rule: &Rule<P>,
        number: usize,
        mut found: Option<Groups>,
    ) -> Result<(), Outcome> {
        while let Some(groups) = found {
            self.name = self.replaced(rule, &groups);
            (self.trace)(Event::Rewrite(number, self.name.clone()));
            if self.name.len() > LONGEST_NAME {
                return Err(self.endless());
            }
            if !rule.operation.has(GLOBAL) {
                break;
            }
            found = rule.pattern.find(&self.name);
            if found.is_some() {
                let left = self.repetitions.checked_sub(1);
                self.repetitions = left.ok_or_else(|| self.endless())?;
            }
        }
        Ok(())
    }

    fn exit_if_there(&mut self, number: usize, before: Vec<u8>) -> Next {
        if (self.can_open)(&self.name) {
            return Next::End(self.exit(number));
        }
        (self.trace)(Event::NotThere(number, self.name.clone()));
        self.name = before;
        Next::Rule(number + 1)
    }

    /// The name with the match replaced.
    fn replaced<P>(&self, rule: &Rule<P>, groups: &Groups) -> Vec<u8> {
        let whole = groups.first().copied().flatten();
        let (start, end) = whole.unwrap_or((0, self.name.len()));
        let before = self.name.get(..start).unwrap_or_default();
        let behind = self.name.get(end..).unwrap_or_default();
        let middle = rule.template.expand(&self.name, groups, self.query.client);
        [before, &middle, behind].concat()
    }

    fn exit(&mut self, number: usize) -> Outcome {
        (self.trace)(Event::Exit(number));
        self.name()
    }

    fn name(&mut self) -> Outcome {
        Outcome::Name(std::mem::take(&mut self.name))
    }

    fn endless(&mut self) -> Outcome {
        Outcome::Endless(std::mem::take(&mut self.name))
    }
}
