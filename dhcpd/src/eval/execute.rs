//! Statements in action, and the order of scopes.

use std::borrow::Cow;
use std::sync::Arc;

use common::log::Level;
use common::syntax::Place;

use super::ast::{
    Action, Assignment, Block, Boolean, Data, Events, Expression, Function, Handler, Statement,
    Subject,
};
use super::call::STEP_LIMIT;
use super::context::{Context, Effect, Evaluator};
use super::variables::Bound;
use super::words;
use crate::config::model::{Config, Scope, ScopeId};
use crate::options::{OptionId, OptionSet, Origin, Value};

/// Executes `block`: what it assigns goes into `set`; what it logs, and all else that it does, into the context.
pub fn execute<'c>(block: &'c Block, context: &Context<'_>, set: &mut OptionSet<'c>) {
    let mut execution = Execution {
        context,
        set,
        keep: Cow::Borrowed,
        function: None,
    };
    execution.run(block);
}

/// Executes a block that does not last as long as the set does.
pub fn execute_handler(block: &Block, context: &Context<'_>, set: &mut OptionSet<'_>) {
    let mut execution = Execution {
        context,
        set,
        keep: |value| Cow::Owned(value.clone()),
        function: None,
    };
    execution.run(block);
}

/// Executes the body of a function, whose variables are in place; what it returns, or null. Options that it sets are left
/// as effects for the statement that the call is part of.
pub(super) fn execute_function(function: &Function, caller: &Evaluator<'_>) -> Option<Bound> {
    let mut set = caller.set.clone();
    let mut execution = Execution {
        context: caller.context,
        set: &mut set,
        keep: |value| Cow::Owned(value.clone()),
        function: Some(Progress::default()),
    };
    execution.run(&function.body);
    let progress = execution.function.unwrap_or_default();
    caller.context.effects.borrow_mut().extend(progress.effects);
    progress.returned
}

/// What a function has done so far.
#[derive(Default)]
struct Progress {
    returned: Option<Bound>,
    effects: Vec<Effect>,
}

/// What goes on in a list of statements.
struct Execution<'r, 'b, 'c> {
    context: &'r Context<'r>,
    set: &'r mut OptionSet<'c>,
    /// Makes an expression last as long as the set does.
    keep: fn(&'b Data) -> Cow<'c, Data>,
    /// `None` outside of functions.
    function: Option<Progress>,
}

impl<'b> Execution<'_, 'b, '_> {
    fn run(&mut self, block: &'b [Statement]) {
        for statement in block {
            // Ends this block only; the one around it goes on.
            if statement.action == Action::Break || self.is_over() {
                return;
            }
            self.execute(statement);
        }
    }

    /// True if a function has returned something or has gone on for too long, or if the server ends.
    fn is_over(&self) -> bool {
        let Some(progress) = &self.function else {
            return self.context.ended.get();
        };
        let steps = &self.context.steps;
        steps.set(steps.get().saturating_add(1));
        progress.returned.is_some() || steps.get() > STEP_LIMIT || self.context.ended.get()
    }

    fn execute(&mut self, statement: &'b Statement) {
        match &statement.action {
            Action::Assign { option, how, value } => {
                self.assign(*option, *how, value, statement.place);
            }
            Action::If {
                branches,
                otherwise,
            } => self.choose(branches, otherwise),
            Action::Switch(subject, block) => self.switch(subject, block),
            Action::Log { level, text } => drop(self.log(*level, text)),
            Action::Fatal(text) => {
                let said = self.log(Level::Error, text);
                self.context.ended.set(said);
            }
            Action::Set(name, value) => {
                // It holds nothing any more when its new value is computed.
                self.context.frames.borrow_mut().set(name, None);
                let value = self.evaluate(value);
                self.context.frames.borrow_mut().set(name, value);
            }
            Action::Unset(name) => self.context.frames.borrow_mut().unset(name),
            Action::Define(name, function) => self.define(name, function),
            Action::Evaluate(value) => drop(self.evaluate(value)),
            Action::Return(value) => self.give_back(value),
            Action::On(events, handler) => self.attach(*events, handler.as_ref()),
            Action::Execute(program, arguments) => self.order(program, arguments),
            Action::AddClass(_, class) => self.context.added.borrow_mut().push(*class),
            Action::ParseVendorOption => self.with(|evaluator| evaluator.open_vendor_options()),
            Action::Break | Action::Case(_) | Action::DefaultCase => {}
        }
    }

    fn assign(&mut self, option: OptionId, how: Assignment, value: &'b Data, place: Place) {
        if let Some(progress) = &mut self.function {
            progress.effects.push(Effect {
                option,
                how,
                value: value.clone(),
                place,
            });
        }
        let value = Value::Expression((self.keep)(value));
        let origin = Origin::Statement(place);
        self.set.assign(option, how, value, origin);
    }

    fn choose(&mut self, branches: &'b [(Boolean, Block)], otherwise: &'b Block) {
        for (condition, block) in branches {
            if self.with(|evaluator| evaluator.holds(condition)) {
                return self.run(block);
            }
        }
        self.run(otherwise);
    }

    /// From the first case that equals the value, else from the default, to the end or a `break`.
    fn switch(&mut self, subject: &'b Subject, block: &'b [Statement]) {
        let value = self.with(|evaluator| evaluator.value_of(subject));
        let is_case = |statement: &&'b Statement| matches!(statement.action, Action::Case(_));
        let matching = value.and_then(|value| {
            let mut cases = block.iter().enumerate().filter(|row| is_case(&row.1));
            cases.find(|row| self.equals(row.1, subject, &value))
        });
        let default = || block.iter().position(|it| it.action == Action::DefaultCase);
        let start = matching.map(|row| row.0).or_else(default);
        self.run(
            start
                .and_then(|start| block.get(start..))
                .unwrap_or_default(),
        );
    }

    fn equals(&mut self, case: &'b Statement, subject: &Subject, value: &Bound) -> bool {
        let Action::Case(expression) = &case.action else {
            return false;
        };
        let found = self.with(|evaluator| evaluator.case_value(expression, subject));
        found.as_ref() == Some(value)
    }

    /// True if there was anything to log.
    fn log(&mut self, level: Level, text: &'b Data) -> bool {
        let line = self.with(|evaluator| Some(words::printable(&evaluator.data(text)?)));
        line.map(|line| self.context.log(level, line)).is_some()
    }

    fn evaluate(&mut self, value: &'b Expression) -> Option<Bound> {
        self.with(|evaluator| evaluator.evaluate(value))
    }

    fn define(&mut self, name: &str, function: &Arc<Function>) {
        let value = Bound::Function(Arc::clone(function));
        self.context.frames.borrow_mut().set(name, Some(value));
    }

    fn give_back(&mut self, value: &'b Expression) {
        let value = self.evaluate(value);
        if let Some(progress) = &mut self.function {
            progress.returned = value;
        }
    }

    /// Without a lease there is nothing that it could happen to.
    fn attach(&mut self, events: Events, handler: Option<&Arc<Handler>>) {
        if self.context.lease.is_none() {
            return;
        }
        let handlers = &mut *self.context.handlers.borrow_mut();
        let slots = [
            (events.commit, &mut handlers.commit),
            (events.expiry, &mut handlers.expiry),
            (events.release, &mut handlers.release),
        ];
        for (_, slot) in slots.into_iter().filter(|row| row.0) {
            *slot = Some(handler.cloned());
        }
    }

    /// An argument that is null stops it.
    fn order(&mut self, program: &[u8], arguments: &'b [Data]) {
        let mut line = Vec::new();
        self.put_argument(&mut line, program);
        for (index, argument) in (1..).zip(arguments) {
            let value = self.with(|evaluator| evaluator.data(argument).map(|value| value.to_vec()));
            let Some(value) = value else {
                let text = words::bad_argument(index);
                return self.context.log(Level::Error, text);
            };
            self.put_argument(&mut line, &value);
        }
        self.context.run(line);
    }

    /// An argument ends at its first NUL.
    fn put_argument(&self, line: &mut Vec<Vec<u8>>, value: &[u8]) {
        let value = value.split(|byte| *byte == 0).next().unwrap_or_default();
        let text = words::argument(line.len(), &words::printable(value));
        self.context.log(Level::Debug, text);
        line.push(value.to_vec());
    }

    /// Evaluates something, and then sets the options that functions in it set.
    fn with<T>(&mut self, evaluate: impl FnOnce(Evaluator<'_>) -> T) -> T {
        let value = evaluate(self.context.over(self.set));
        for effect in self.context.effects.take() {
            let expression = Value::Expression(Cow::Owned(effect.value.clone()));
            let origin = Origin::Statement(effect.place);
            self.set
                .assign(effect.option, effect.how, expression, origin);
            if let Some(progress) = &mut self.function {
                progress.effects.push(effect);
            }
        }
        value
    }
}

impl<'e> Evaluator<'e> {
    fn value_of(&self, subject: &'e Subject) -> Option<Bound> {
        match subject {
            Subject::Data(data) => Some(Bound::Data(self.data(data)?.into_owned())),
            Subject::Number(number) => self.number(number).map(Bound::Number),
            Subject::Boolean(condition) => {
                let line = words::truth_for_number(condition);
                self.context.log(Level::Error, line);
                None
            }
        }
    }

    /// What a case is worth where the switch looks at a number.
    fn case_value(&self, case: &'e Expression, subject: &Subject) -> Option<Bound> {
        match (subject, case) {
            (Subject::Number(_), Expression::Data(data)) => {
                let line = words::data_for_number(data);
                self.context.log(Level::Error, line);
                None
            }
            (Subject::Data(_), Expression::Number(number)) => {
                let line = words::number_for_data(number);
                self.context.log(Level::Error, line);
                None
            }
            _ => self.evaluate(case),
        }
    }
}

/// Executes the scopes from the outermost to `scope`, without those that `until` lies in or is (reference
/// isc-dhcpd-config.md, section 7).
pub fn execute_scope_chain<'c>(
    config: &'c Config,
    scope: ScopeId,
    until: Option<ScopeId>,
    context: &Context<'_>,
    set: &mut OptionSet<'c>,
) {
    let done: Vec<ScopeId> = until.map_or_else(Vec::new, |limit| {
        ancestry(config, limit).map(|(id, _)| id).collect()
    });
    let chain: Vec<&'c Scope> = ancestry(config, scope)
        .take_while(|(id, _)| !done.contains(id))
        .map(|(_, scope)| scope)
        .collect();
    for scope in chain.into_iter().rev() {
        execute(&scope.statements, context, set);
    }
}

/// `scope`, its parent, and so on up to the root.
fn ancestry(config: &Config, scope: ScopeId) -> impl Iterator<Item = (ScopeId, &Scope)> {
    let find = |id: ScopeId| {
        let index = usize::try_from(id.0).ok()?;
        config.scopes.get(index).map(|scope| (id, scope))
    };
    std::iter::successors(find(scope), move |(_, scope)| scope.parent.and_then(find))
        .take(config.scopes.len())
}
