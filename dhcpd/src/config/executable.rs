//! Statements that are executed for a packet: assignments, `if`, `log` and so on.

use std::rc::Rc;

use common::diag::nearest;
use common::log::Level;
use common::syntax::{Cursor, Document, FileId, Kind, Place};

use super::keywords::{Keyword, allow_key, is_reserved, keyword, keywords};
use super::parser::{Failure, Parsed, Parser};
use super::words;
use crate::eval::ast::{Action, Assignment, Block, Boolean, Data, Statement};
use crate::options::{OptionId, SpaceId};

/// Words of `log` with the level that each means.
const LOG_LEVELS: &[(&str, Option<Level>)] = &[
    ("fatal", None),
    ("error", Some(Level::Error)),
    ("info", Some(Level::Info)),
    ("debug", Some(Level::Debug)),
];

impl Parser<'_> {
    /// One statement; `None` for one that leaves nothing to execute. [`Failure::Unreported`] if it is no such statement.
    pub(super) fn executable(&mut self) -> Parsed<Option<Statement>> {
        let place = self.place();
        let token = self.peek();
        let action = match self.keyword_of(&token) {
            Some(Keyword::If) => self.conditional()?,
            Some(Keyword::Break) => self.break_action()?,
            Some(Keyword::DbTimeFormat) => return self.db_time_format().map(|()| None),
            Some(Keyword::Option | Keyword::Send | Keyword::Supersede) => {
                return self.named_assignment(Assignment::Replace, place).map(Some);
            }
            Some(Keyword::Default) => return self.default_statement(place).map(Some),
            Some(Keyword::Append) => {
                return self.named_assignment(Assignment::Append, place).map(Some);
            }
            Some(Keyword::Prepend) => {
                return self.named_assignment(Assignment::Prepend, place).map(Some);
            }
            Some(Keyword::Allow) => self.allow_or_deny(1)?,
            Some(Keyword::Deny) => self.allow_or_deny(0)?,
            Some(Keyword::Ignore) => self.allow_or_deny(2)?,
            Some(Keyword::Log) => self.log_action()?,
            Some(Keyword::Key) => return self.key().map(|()| None),
            Some(Keyword::Zone) => return self.zone().map(|()| None),
            Some(Keyword::Case) => self.case_action()?,
            Some(Keyword::Set) => self.set_action()?,
            Some(Keyword::Unset) => self.unset_action()?,
            Some(Keyword::Define) => self.define_action()?,
            Some(Keyword::Eval) => return self.eval_statement(place),
            Some(Keyword::Return) => self.return_action()?,
            Some(Keyword::Switch) => self.switch_action()?,
            Some(Keyword::On) => self.on_action()?,
            Some(Keyword::Execute) => return self.execute_statement(place),
            Some(Keyword::Add) => self.add_action()?,
            Some(Keyword::ParseVendorOption) => self.vendor_action()?,
            _ => return self.parameter_or_variable(place),
        };
        Ok(Some(Statement { place, action }))
    }

    /// All statements of a text in a lease file; `None` if there is anything else.
    pub(super) fn statements_of(&mut self, text: &[u8]) -> Option<Block> {
        let document = Document::read(FileId(0), "", text.to_vec());
        self.cursor = Cursor::new(Rc::new(document));
        self.in_lease_file = true;
        let block = self.executables().ok()?;
        let ended = self.peek().kind == Kind::End && self.diagnostics.errors() == 0;
        ended.then_some(block)
    }

    /// Statements up to something that is none.
    pub(super) fn executables(&mut self) -> Parsed<Block> {
        let mut block = Vec::new();
        loop {
            match self.executable() {
                Ok(statement) => block.extend(statement),
                Err(Failure::Unreported) => return Ok(block),
                Err(failure) => return Err(failure),
            }
        }
    }

    fn conditional(&mut self) -> Parsed<Action> {
        self.nested(|parser| {
            parser.take();
            let mut branches = vec![parser.branch()?];
            loop {
                if parser.accept_word("elsif") {
                    branches.push(parser.branch()?);
                } else if !parser.accept_word("else") {
                    break;
                } else if parser.accept_word("if") {
                    branches.push(parser.branch()?);
                } else {
                    let otherwise = parser.otherwise()?;
                    return Ok(Action::If {
                        branches,
                        otherwise,
                    });
                }
            }
            let otherwise = Vec::new();
            Ok(Action::If {
                branches,
                otherwise,
            })
        })
    }

    /// A condition and its block. A parenthesis at the start must close behind the whole condition.
    fn branch(&mut self) -> Parsed<(Boolean, Block)> {
        let in_parentheses = self.accept('(');
        let condition = match self.boolean_expression() {
            Err(Failure::Unreported) => return self.fail(words::BOOLEAN_CONDITION),
            other => other?,
        };
        if in_parentheses && !self.take().is(')') {
            return self.fail(words::EXPECTING_RIGHT_PAREN);
        }
        self.expect('{', words::LEFT_BRACE_EXPECTED)?;
        Ok((condition, self.inner_block()?))
    }

    fn otherwise(&mut self) -> Parsed<Block> {
        if !self.accept('{') {
            return self.fail_and_skip(words::LEFT_BRACE_OR_IF);
        }
        // Unlike behind a condition, nothing is skipped after an error.
        let block = self.statements_within(None)?;
        self.expect('}', words::RIGHT_BRACE)?;
        Ok(block)
    }

    pub(super) fn skip_to_right_brace(&mut self) {
        loop {
            let token = self.take();
            if token.is('}') || token.kind == Kind::End {
                return;
            }
        }
    }

    fn break_action(&mut self) -> Parsed<Action> {
        self.take();
        self.expect_semicolon()?;
        Ok(Action::Break)
    }

    /// `db-time-format default;` or `local`: how times are written to the lease file, wherever the statement stands.
    fn db_time_format(&mut self) -> Parsed<()> {
        self.take();
        let token = self.take();
        let is_local = self.is_word(&token, "local");
        if !is_local && !self.is_word(&token, "default") {
            return self.fail_behind(&token, words::TIME_FORMAT);
        }
        self.build.config.local_times = is_local;
        if !self.take().is(';') {
            return self.fail(words::EXPECTING_A_SEMICOLON);
        }
        Ok(())
    }

    fn named_assignment(&mut self, how: Assignment, place: Place) -> Parsed<Statement> {
        self.take();
        let option = self.known_option()?;
        self.assignment(option, how, place)
    }

    /// `default OPTION value;`, or the label of a switch.
    fn default_statement(&mut self, place: Place) -> Parsed<Statement> {
        self.take();
        if self.peek().is(':') {
            self.take();
            if self.cases.is_none() {
                return self.fail(words::SWITCH_DEFAULT);
            }
            let action = Action::DefaultCase;
            return Ok(Statement { place, action });
        }
        let option = self.known_option()?;
        self.assignment(option, Assignment::Default, place)
    }

    /// The value of an option whose name has been taken, and the semicolon.
    pub(super) fn assignment(
        &mut self,
        option: OptionId,
        how: Assignment,
        place: Place,
    ) -> Parsed<Statement> {
        let value = self.assigned_value(option)?;
        self.semicolon_of_assignment()?;
        let action = Action::Assign { option, how, value };
        Ok(Statement { place, action })
    }

    /// A wrong end is reported, and then the whole statement is found to be wrong once more.
    fn semicolon_of_assignment(&mut self) -> Parsed<()> {
        self.expect_semicolon().map_err(|_| Failure::Unreported)
    }

    fn assigned_value(&mut self, option: OptionId) -> Parsed<Data> {
        let token = self.peek();
        if token.is(';') && !self.is_empty_option(option) {
            // The original takes the semicolon here and then misses it.
            self.take();
            return Ok(Data::Constant(Box::default()));
        }
        if !token.is('=') {
            return self.option_value(option).map_err(|_| Failure::Unreported);
        }
        self.take();
        let value = self.data_expression();
        if value == Err(Failure::Unreported) && self.in_block {
            self.error(words::A_DATA_EXPRESSION);
            self.skip_statement();
        }
        value.map_err(|_| Failure::Unreported)
    }

    fn allow_or_deny(&mut self, value: u8) -> Parsed<Action> {
        self.take();
        let token = self.take();
        let name = allow_key(self.cursor.text_of(&token));
        let options = &self.build.config.options;
        let Some(option) = name.and_then(|name| options.option(SpaceId::SERVER, name)) else {
            self.error(words::ALLOW_KEY);
            self.skip_statement();
            return Err(Failure::Unreported);
        };
        self.semicolon_of_assignment()?;
        Ok(Action::Assign {
            option,
            how: Assignment::Replace,
            value: Data::Constant([value].into()),
        })
    }

    fn log_action(&mut self) -> Parsed<Action> {
        self.take();
        self.expect('(', words::LEFT_PARENTHESIS)?;
        let level = self.log_level()?;
        let text = self.log_text()?;
        self.expect(')', words::RIGHT_PARENTHESIS)?;
        self.expect(';', words::SEMICOLON)?;
        Ok(match level {
            Some(level) => Action::Log { level, text },
            None => Action::Fatal(text),
        })
    }

    /// The original passes over a missing text without a word.
    fn log_text(&mut self) -> Parsed<Data> {
        let text = self.data_expression();
        if text.is_err() {
            self.skip_statement();
        }
        text.map_err(|_| Failure::Reported)
    }

    /// `None` is `fatal`.
    fn log_level(&mut self) -> Parsed<Option<Level>> {
        let token = self.peek();
        let found = LOG_LEVELS.iter().find(|row| self.is_word(&token, row.0));
        let Some((_, level)) = found else {
            return Ok(Some(Level::Debug));
        };
        self.take();
        self.expect(',', words::COMMA)?;
        Ok(*level)
    }

    /// A parameter by its name. Any other word names a variable, and is evaluated for nothing: most often it is a
    /// parameter with a typing error, and the message is about the semicolon that is missed behind it.
    fn parameter_or_variable(&mut self, place: Place) -> Parsed<Option<Statement>> {
        let token = self.peek();
        if !token.is_identifier() {
            return Err(Failure::Unreported);
        }
        let name = self.text(&token);
        let options = &self.build.config.options;
        let Some(found) = options.definition_named(SpaceId::SERVER, &name) else {
            return self.evaluation(&name, place);
        };
        let option = found.id;
        self.take();
        let statement = self.assignment(option, Assignment::Replace, place)?;
        self.note_unserved(&statement, &name);
        Ok(Some(statement))
    }

    /// The keyword or parameter that a word may have been meant to be.
    fn nearest_statement(&self, word: &str) -> Option<String> {
        let parameters = self.build.config.options.definitions(SpaceId::SERVER);
        let mut names: Vec<&str> = keywords().collect();
        names.extend(parameters.map(|definition| &*definition.name));
        nearest(word, names.into_iter()).map(str::to_owned)
    }

    fn evaluation(&mut self, first: &str, place: Place) -> Parsed<Option<Statement>> {
        if is_reserved(first) || keyword(first).is_some() {
            return Err(Failure::Unreported);
        }
        let errors = self.diagnostics.errors();
        let word = self.cursor.upcoming();
        let value = self.value_of_statement(words::FUNCTION_CALL);
        let ended = value.and_then(|value| self.expect_semicolon().map(|()| value));
        if self.diagnostics.errors() > errors {
            if let Some(meant) = self.nearest_statement(first) {
                self.help(words::did_you_mean(&meant));
                self.point_at(&word);
            }
        }
        let action = Action::Evaluate(ended?);
        Ok(Some(Statement { place, action }))
    }
}
