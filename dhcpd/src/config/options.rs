//! Names of options, and `option` as a declaration.

use common::diag::{Severity, nearest};

use super::builder::Context;
use super::parser::{Failure, Parsed, Parser};
use super::statement::After;
use super::words;
use crate::eval::ast::Assignment;
use crate::options::{OptionId, SpaceId};

/// What a name after `option` stands for.
pub(super) enum Named {
    Known(OptionId),
    /// It is in no table yet: good for a definition only.
    New {
        space: SpaceId,
        name: String,
    },
}

impl Parser<'_> {
    /// `option …;` as a declaration: a value, a definition, or an option space.
    pub(super) fn option_or_definition(&mut self, context: Context) -> After {
        let place = self.place();
        self.take();
        if self.peek_is_word("space") {
            return self.option_space(context);
        }
        let Ok(named) = self.option_name() else {
            return After::AsBefore;
        };
        if self.peek_is_word("code") {
            return self.definition(named, context);
        }
        match named {
            Named::Known(option) => {
                if let Ok(statement) = self.assignment(option, Assignment::Replace, place) {
                    self.build.add_statement(context.scope, statement);
                }
            }
            Named::New { space: id, name } => {
                let space = self.space_name(id);
                self.error(words::unknown_option(&space, &name));
                self.advise_on_option(id, &name);
                self.skip_statement();
            }
        }
        After::AsBefore
    }

    /// What may have been meant by an option that does not exist; or, when it is defined later, where.
    fn advise_on_option(&mut self, space: SpaceId, name: &str) {
        let options = self.build.config.options.definitions(space);
        let meant = nearest(name, options.map(|definition| &*definition.name));
        if let Some(meant) = meant.map(words::did_you_mean) {
            self.help(meant);
        }
        let number = self.diagnostics.messages().len().saturating_sub(1);
        let key = (space, name.to_ascii_lowercase());
        self.build.missing_options.entry(key).or_insert(number);
    }

    /// The name of an option that exists.
    pub(super) fn known_option(&mut self) -> Parsed<OptionId> {
        match self.option_name()? {
            Named::Known(option) => Ok(option),
            Named::New { space: id, name } => {
                let space = self.space_name(id);
                self.error(words::no_option(&space, &name));
                self.advise_on_option(id, &name);
                self.skip_statement();
                Err(Failure::Reported)
            }
        }
    }

    /// The option that identifies a host. A space that does not exist ends the statement, an option that does not the
    /// host.
    pub(super) fn option_of_host(&mut self) -> Parsed<OptionId> {
        match self.option_name()? {
            Named::Known(option) => Ok(option),
            Named::New { space, name } => {
                // The value belongs to what is shown.
                self.peek();
                let space = self.space_name(space);
                self.fail_out_of_host(words::unknown_option(&space, &name))
            }
        }
    }

    fn option_name(&mut self) -> Parsed<Named> {
        let token = self.take();
        if !token.is_identifier() {
            return self.fail_behind(&token, words::OPTION_IDENTIFIER);
        }
        if !self.accept('.') {
            let name = self.text(&token);
            return self.option_in(SpaceId::DHCP, name);
        }
        let space_name = self.text(&token);
        let token = self.take();
        if !token.is_identifier() {
            return self.fail_behind(&token, words::OPTION_AFTER_DOT);
        }
        let name = self.text(&token);
        match self.build.config.options.space_named(&space_name) {
            Some(space) => self.option_in(space, name),
            None => self.fail_and_skip(words::no_space(&space_name)),
        }
    }

    fn option_in(&mut self, space: SpaceId, name: String) -> Parsed<Named> {
        let options = &self.build.config.options;
        if let Some(found) = options.definition_named(space, &name) {
            return Ok(Named::Known(found.id));
        }
        let Some(code) = code_of_unknown(&name) else {
            return Ok(Named::New { space, name });
        };
        let last = Self::last_code(space);
        if code == 0 || Some(code) == last {
            let space = self.space_name(space);
            return self.fail_and_skip(words::illegal_codes(last.unwrap_or(0), &space));
        }
        let id = OptionId { space, code };
        if options.definition(id).is_some() {
            let known = options.name(id).into_owned();
            self.remark(Severity::Warning, words::redefined(&name, &known));
        }
        Ok(Named::Known(id))
    }

    /// The code that marks the end of a list of options (RFC 2132, section 3.2), in the space that has one.
    fn last_code(space: SpaceId) -> Option<u32> {
        (space == SpaceId::DHCP).then_some(0xFF)
    }

    pub(super) fn space_name(&self, space: SpaceId) -> String {
        let found = self.build.config.options.space(space);
        found.map_or(String::new(), |space| space.name.to_string())
    }
}

/// N of `unknown-N`.
fn code_of_unknown(name: &str) -> Option<u32> {
    let (prefix, digits) = name.split_at_checked("unknown-".len())?;
    if !prefix.eq_ignore_ascii_case("unknown-") {
        return None;
    }
    let digits = digits.split(|c: char| !c.is_ascii_digit()).next()?;
    Some(digits.parse().unwrap_or(0))
}
