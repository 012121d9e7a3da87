//! Statements that are executed for a packet: assignments, `if`, `log` and so on.

use common::log::Level;
use common::syntax::{Kind, Place};

use super::expression::Wanted;
use super::keywords::{Keyword, allow_key, is_reserved};
use super::parser::{Failure, Parsed, Parser};
use super::words;
use crate::eval::ast::{Action, Assignment, Block, Boolean, Data, Statement};
use crate::options::{OptionId, SpaceId};

/// Words of `log` with the level that each means.
const LOG_LEVELS: &[(&str, Level)] = &[
    ("error", Level::Error),
    ("info", Level::Info),
    ("debug", Level::Debug),
];

impl Parser<'_> {
    /// One statement; `None` for one that leaves nothing to execute. [`Failure::Unreported`] if it is no such statement.
    pub(super) fn executable(&mut self) -> Parsed<Option<Statement>> {
        let place = self.place();
        let token = self.peek();
        let action = match self.keyword_of(&token) {
            Some(Keyword::If) => self.conditional()?,
            Some(Keyword::Break) => self.break_action()?,
            Some(Keyword::Option | Keyword::Send | Keyword::Supersede) => {
                return self.named_assignment(Assignment::Replace, place).map(Some);
            }
            Some(Keyword::Default) => return self.default_assignment(place).map(Some),
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
            Some(Keyword::Case) => return self.refuse_case(words::CASE),
            Some(Keyword::Later) => return self.refuse_later(),
            _ => return self.parameter_or_variable(place),
        };
        Ok(Some(Statement { place, action }))
    }

    /// Statements up to something that is none.
    fn executables(&mut self) -> Parsed<Block> {
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
        Ok((condition, self.branch_body()?))
    }

    fn otherwise(&mut self) -> Parsed<Block> {
        if !self.accept('{') {
            return self.fail_and_skip(words::LEFT_BRACE_OR_IF);
        }
        self.branch_body()
    }

    fn branch_body(&mut self) -> Parsed<Block> {
        match self.executables() {
            Ok(block) => {
                self.expect('}', words::RIGHT_BRACE)?;
                Ok(block)
            }
            Err(failure) => {
                self.skip_to_right_brace();
                Err(failure)
            }
        }
    }

    fn skip_to_right_brace(&mut self) {
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

    fn named_assignment(&mut self, how: Assignment, place: Place) -> Parsed<Statement> {
        self.take();
        let option = self.known_option()?;
        self.assignment(option, how, place)
    }

    fn default_assignment(&mut self, place: Place) -> Parsed<Statement> {
        self.take();
        if self.peek().is(':') {
            self.take();
            return self.fail(words::SWITCH_DEFAULT);
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
        self.data_expression().map_err(|_| Failure::Unreported)
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
        Ok(Action::Log { level, text })
    }

    /// The original passes over a missing text without a word.
    fn log_text(&mut self) -> Parsed<Data> {
        let text = self.data_expression();
        match text {
            Err(Failure::Unreported) => return self.fail_and_skip(words::DATA_EXPRESSION),
            Err(Failure::Reported) => self.skip_statement(),
            Ok(_) => {}
        }
        text
    }

    fn log_level(&mut self) -> Parsed<Level> {
        let token = self.peek();
        if self.is_word(&token, "fatal") {
            return self.refuse_later();
        }
        let found = LOG_LEVELS.iter().find(|row| self.is_word(&token, row.0));
        let Some((_, level)) = found else {
            return Ok(Level::Debug);
        };
        self.take();
        self.expect(',', words::COMMA)?;
        Ok(*level)
    }

    fn refuse_case<T>(&mut self, text: &str) -> Parsed<T> {
        self.take();
        self.fail_and_skip(text)
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
            return self.evaluation(&name);
        };
        let option = found.id;
        self.take();
        let statement = self.assignment(option, Assignment::Replace, place)?;
        self.note_unserved(&statement, &name);
        Ok(Some(statement))
    }

    fn evaluation(&mut self, first: &str) -> Parsed<Option<Statement>> {
        if is_reserved(first) {
            return Err(Failure::Unreported);
        }
        self.expression(Wanted::Data)?;
        self.expect_semicolon()?;
        Ok(None)
    }
}
