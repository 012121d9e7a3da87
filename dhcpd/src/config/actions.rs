//! Statements that do more than to set an option: variables, functions, `switch`, `on`, `execute`, `add`.

use std::sync::Arc;

use common::syntax::{Kind, Place};

use super::expression::{Wanted, is_variable_name};
use super::parser::{Failure, Parsed, Parser};
use super::words;
use crate::eval::ast::{
    Action, Block, Data, Events, Expression, Function, Handler, Name, Number, Statement, Subject,
};
use crate::eval::print_block;

/// Where the lease file has the statements of an `on` block.
const HANDLER_INDENT: usize = 4;

impl Parser<'_> {
    /// `set NAME = value;`
    pub(super) fn set_action(&mut self) -> Parsed<Action> {
        self.take();
        let name = self.variable_name()?;
        self.expect('=', words::SET_EQUALS)?;
        self.set_value(name)
    }

    fn set_value(&mut self, name: Name) -> Parsed<Action> {
        let value = self.value_of_statement(words::EXPECTING_EXPRESSION)?;
        self.expect_semicolon()?;
        Ok(Action::Set(name, value))
    }

    /// `unset NAME;`
    pub(super) fn unset_action(&mut self) -> Parsed<Action> {
        self.take();
        let name = self.variable_name()?;
        self.expect_semicolon()?;
        Ok(Action::Unset(name))
    }

    /// `define NAME(parameters) { … }`; without parameters it is a `set`.
    pub(super) fn define_action(&mut self) -> Parsed<Action> {
        self.take();
        let name = self.variable_name()?;
        if !self.accept('(') {
            self.expect('=', words::DEFINE_EQUALS)?;
            return self.set_value(name);
        }
        let parameters = self.parameters()?;
        self.expect('{', words::SWITCH_BRACE)?;
        // A function within a switch may hold some of its cases.
        let body = self.statements_within(self.cases);
        if body.is_err() {
            self.skip_statement();
        }
        let body = body?;
        self.expect('}', words::DEFINE_BRACE)?;
        let function = Function { parameters, body };
        Ok(Action::Define(name, Arc::new(function)))
    }

    fn parameters(&mut self) -> Parsed<Vec<Name>> {
        let mut names = Vec::new();
        loop {
            let token = self.take();
            if token.is(')') {
                return Ok(names);
            }
            let word = self.text(&token);
            if !is_variable_name(&token, &word) {
                return self.fail_and_skip(words::ARGUMENT_NAME);
            }
            names.push(word.into());
            if self.accept(',') {
                continue;
            }
            self.expect(')', words::DEFINE_PAREN)?;
            return Ok(names);
        }
    }

    /// `eval value;`
    pub(super) fn eval_statement(&mut self, place: Place) -> Parsed<Option<Statement>> {
        self.take();
        let value = self.value_of_statement(words::DATA_EXPRESSION)?;
        Ok(self.closed(place, Action::Evaluate(value)))
    }

    /// A statement and its semicolon. One without is reported and left out, and its block goes on.
    fn closed(&mut self, place: Place, action: Action) -> Option<Statement> {
        let ended = self.expect_semicolon();
        ended.ok().map(|()| Statement { place, action })
    }

    /// `return value;`, of which a lease file has `return;`
    pub(super) fn return_action(&mut self) -> Parsed<Action> {
        self.take();
        if self.in_lease_file && self.accept(';') {
            return Ok(Action::Return(Expression::Data(Data::Null)));
        }
        let value = self.value_of_statement(words::DATA_EXPRESSION)?;
        self.expect_semicolon()?;
        Ok(Action::Return(value))
    }

    /// Any expression. Whatever is wrong with it, a statement is skipped, though that may have been done already.
    pub(super) fn value_of_statement(&mut self, missing: &str) -> Parsed<Expression> {
        let value = self.expression(Wanted::Data);
        if value == Err(Failure::Unreported) {
            self.error(missing);
        }
        if value.is_err() {
            self.skip_statement();
        }
        value
    }

    /// `switch (value) { … }`
    pub(super) fn switch_action(&mut self) -> Parsed<Action> {
        self.take();
        self.expect('(', words::SWITCH_BRACE)?;
        let subject = match self.expression(Wanted::Either) {
            Err(Failure::Unreported) => return self.fail_and_skip(words::SWITCH_SUBJECT),
            other => other?,
        };
        let subject = match subject {
            Expression::Data(data) => Subject::Data(data),
            Expression::Number(number) => Subject::Number(number),
            Expression::Variable(name) => Subject::Number(Number::Variable(name)),
            Expression::Call(call) => Subject::Number(Number::Call(call.into())),
            Expression::Boolean(boolean) => Subject::Boolean(boolean),
        };
        self.expect(')', words::SWITCH_PAREN)?;
        self.expect('{', words::LEFT_BRACE_EXPECTED)?;
        let cases = match subject {
            Subject::Data(_) => Wanted::Data,
            Subject::Number(_) | Subject::Boolean(_) => Wanted::Number,
        };
        let block = self.statements_within(Some(cases));
        if block.is_err() {
            self.skip_blocks(1);
        }
        let block = block?;
        self.expect('}', words::RIGHT_BRACE)?;
        Ok(Action::Switch(subject, block))
    }

    /// `case value:`
    pub(super) fn case_action(&mut self) -> Parsed<Action> {
        self.take();
        let Some(wanted) = self.cases else {
            return self.fail_and_skip(words::CASE);
        };
        let value = match self.expression(wanted) {
            Err(Failure::Unreported) => return self.fail_and_skip(case_missing(wanted)),
            Err(failure) => {
                self.skip_statement();
                return Err(failure);
            }
            Ok(value) => value,
        };
        self.expect(':', words::CASE_COLON)?;
        Ok(Action::Case(value))
    }

    /// `on EVENT or EVENT { … }`; a semicolon or an empty block for nothing.
    pub(super) fn on_action(&mut self) -> Parsed<Action> {
        self.take();
        let mut events = Events::default();
        loop {
            self.event(&mut events)?;
            if !self.accept_word("or") {
                break;
            }
        }
        if self.accept(';') {
            return Ok(Action::On(events, None));
        }
        self.expect('{', words::LEFT_BRACE_EXPECTED)?;
        let body = self.event_block()?;
        let options = &self.build.config.options;
        let text = print_block(&body, options, HANDLER_INDENT);
        let text = Arc::from(text.into_bytes());
        let handler = (!body.is_empty()).then(|| Arc::new(Handler { body, text }));
        Ok(Action::On(events, handler))
    }

    fn event_block(&mut self) -> Parsed<Block> {
        let around = std::mem::replace(&mut self.in_event, true);
        let body = self.inner_block();
        self.in_event = around;
        body
    }

    /// Only a client has transmissions.
    fn event(&mut self, events: &mut Events) -> Parsed<()> {
        let token = self.take();
        let word = self.text(&token).to_ascii_lowercase();
        match word.as_str() {
            "commit" => events.commit = true,
            "expiry" => events.expiry = true,
            "release" => events.release = true,
            "transmission" => {}
            _ => return self.fail_and_skip(words::EVENT),
        }
        Ok(())
    }

    /// `execute("PROGRAM", arguments…);`
    pub(super) fn execute_statement(&mut self, place: Place) -> Parsed<Option<Statement>> {
        self.take();
        self.expect('(', words::LEFT_PARENTHESIS)?;
        let token = self.take();
        if token.kind != Kind::String {
            return self.fail_and_skip(words::QUOTED_PROGRAM);
        }
        let program = self.bytes(&token).into();
        let mut arguments: Vec<Data> = Vec::new();
        while self.accept(',') {
            match self.data_expression() {
                Err(Failure::Unreported) => return self.fail_and_skip(words::EXPECTING_EXPRESSION),
                Err(failure) => {
                    self.skip_statement();
                    return Err(failure);
                }
                Ok(argument) => arguments.push(argument),
            }
        }
        self.expect(')', words::RIGHT_PARENTHESIS)?;
        self.build.config.runs_programs = true;
        Ok(self.closed(place, Action::Execute(program, arguments)))
    }

    /// `add "CLASS";`
    pub(super) fn add_action(&mut self) -> Parsed<Action> {
        self.take();
        let token = self.take();
        if token.kind != Kind::String {
            return self.fail_and_skip(words::ADD_CLASS);
        }
        let name = self.text(&token);
        let Some(class) = self.build.classes.get(name.as_str()).copied() else {
            return self.fail_and_skip(words::class_not_found(&name));
        };
        self.expect_semicolon()?;
        Ok(Action::AddClass(name.into(), class))
    }

    /// `parse-vendor-option;`
    pub(super) fn vendor_action(&mut self) -> Parsed<Action> {
        self.take();
        self.expect_semicolon()?;
        Ok(Action::ParseVendorOption)
    }

    /// Statements and a right brace, the left one taken. After an error the next right brace is taken for theirs.
    pub(super) fn inner_block(&mut self) -> Parsed<Block> {
        let block = self.statements_within(None);
        if block.is_err() {
            self.skip_to_right_brace();
        }
        let block = block?;
        self.expect('}', words::RIGHT_BRACE)?;
        Ok(block)
    }

    /// Statements up to something that is none; `cases` is what those of a switch compare.
    pub(super) fn statements_within(&mut self, cases: Option<Wanted>) -> Parsed<Block> {
        let outer = std::mem::replace(&mut self.cases, cases);
        let was_in_block = std::mem::replace(&mut self.in_block, true);
        let block = self.nested(Self::executables);
        self.in_block = was_in_block;
        self.cases = outer;
        block
    }
}

fn case_missing(wanted: Wanted) -> &'static str {
    match wanted {
        Wanted::Number => words::NUMERIC_EXPRESSION,
        _ => words::DATA_EXPRESSION,
    }
}
