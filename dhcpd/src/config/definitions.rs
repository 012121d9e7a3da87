//! Definitions of options and option spaces.

use common::syntax::{Kind, Token};

use super::builder::{Context, Enclosing};
use super::options::Named;
use super::parser::{Failure, Parsed, Parser};
use super::statement::After;
use super::words;
use crate::options::{Field, Format, OptionId, Repeat};

/// How many letters the original has room for in a definition.
const MAX_LETTERS: usize = 128;

impl Parser<'_> {
    pub(super) fn definition(&mut self, named: Named, context: Context) -> After {
        if context.enclosing != Enclosing::Root {
            self.error(words::OPTION_SCOPED);
            self.skip_statement();
            return After::Parameter;
        }
        self.take();
        // Whatever fails has been reported.
        let _ = self.code_and_type(named);
        After::AsBefore
    }

    fn code_and_type(&mut self, named: Named) -> Parsed<()> {
        let token = self.take();
        if token.kind != Kind::Number {
            return self.fail_and_skip(words::OPTION_CODE);
        }
        let digits = self.cursor.text_of(&token).trim_start_matches('-');
        let code = digits.parse().unwrap_or(u32::MAX);
        self.expect('=', words::EQUALS)?;
        let format = self.option_type()?;
        self.semicolon_of_definition()?;
        if format.repeat == Repeat::All && format.fields.last().is_some_and(encapsulates) {
            return self.fail(words::NO_ENCAPSULATION_ARRAYS);
        }
        let (space, name) = match named {
            Named::New { space, name } => (space, name),
            Named::Known(id) => {
                let name = self.build.config.options.name(id).into_owned();
                (id.space, name)
            }
        };
        let key = (space, name.to_ascii_lowercase());
        if let Some(number) = self.build.missing_options.remove(&key) {
            let place = self.cursor.excerpt().place;
            self.diagnostics
                .help_to(number, words::defined_later(place));
        }
        let id = OptionId { space, code };
        // The space exists: its name was looked up.
        let _ = self.build.config.options.define(id, &name, format);
        Ok(())
    }

    /// The original reports a missing semicolon twice here.
    fn semicolon_of_definition(&mut self) -> Parsed<()> {
        match self.expect_semicolon() {
            Ok(()) => Ok(()),
            Err(_) => self.fail_and_skip(words::SEMICOLON),
        }
    }

    fn option_type(&mut self) -> Parsed<Format> {
        let is_array = self.accept_array()?;
        let mut format = Format::default();
        if is_array {
            format.repeat = Repeat::All;
        }
        if self.accept('{') {
            self.record_type(&mut format)?;
        } else {
            let token = self.take();
            let field = self.field_type(&token, is_array, 0)?;
            self.add_field(&mut format, field, 0)?;
        }
        Ok(format)
    }

    fn accept_array(&mut self) -> Parsed<bool> {
        if !self.accept_word("array") {
            return Ok(false);
        }
        let token = self.take();
        if !self.is_word(&token, "of") {
            return self.fail_and_skip(words::ARRAY_OF);
        }
        Ok(true)
    }

    fn record_type(&mut self, format: &mut Format) -> Parsed<()> {
        let in_array = format.repeat == Repeat::All;
        loop {
            if format.fields.last().is_some_and(encapsulates) {
                self.take();
                return self.fail_and_skip(words::ENCAPSULATION_ENDS);
            }
            let last_repeats = self.array_in_record(in_array)?;
            let token = self.take();
            let field = self.field_type(&token, in_array || last_repeats, 1)?;
            self.add_field(format, field, 1)?;
            let token = self.take();
            if last_repeats && self.letters(format) == MAX_LETTERS {
                return self.fail_out_of(1, words::TOO_MANY_TYPES);
            }
            if token.is('}') {
                if last_repeats {
                    format.repeat = Repeat::Last;
                }
                return Ok(());
            }
            if !token.is(',') {
                return self.fail_out_of(1, words::EXPECTING_RIGHT_BRACE);
            }
            if let Some(kind) = ends_record(field) {
                return self.fail_out_of(1, words::not_last_in_record(kind));
            }
            if last_repeats {
                format.rows.push(format.fields.len().saturating_sub(1));
            }
        }
    }

    /// Adds a field as long as the original has room for the letters that stand for them.
    fn add_field(&mut self, format: &mut Format, field: Field, blocks: usize) -> Parsed<()> {
        format.fields.push(field);
        if self.letters(format) > MAX_LETTERS {
            return self.fail_out_of(blocks, words::TOO_MANY_TYPES);
        }
        Ok(())
    }

    /// How many letters the original keeps for a record: one for each field and for each row of them, and the name of a space.
    fn letters(&self, format: &Format) -> usize {
        let spaces = &self.build.config.options;
        let letters = |field: &Field| match field {
            Field::DomainList { compressed: true } => 2,
            Field::Encapsulate(Some(space)) => {
                2 + spaces.space(*space).map_or(0, |space| space.name.len())
            }
            _ => 1,
        };
        format.fields.iter().map(letters).sum::<usize>() + format.rows.len()
    }

    fn array_in_record(&mut self, in_array: bool) -> Parsed<bool> {
        if !self.peek_is_word("array") {
            return Ok(false);
        }
        if in_array {
            self.take();
            return self.fail_out_of(1, words::NO_NESTED_ARRAYS);
        }
        self.accept_array()?;
        if self.peek().is('{') {
            self.take();
            return self.fail_out_of(2, words::UNIFORM_ARRAY);
        }
        Ok(true)
    }

    fn fail_out_of<T>(&mut self, blocks: usize, text: impl Into<String>) -> Parsed<T> {
        self.error(text);
        self.skip_blocks(blocks);
        if blocks > 0 {
            self.skip_statement();
        }
        Err(Failure::Reported)
    }

    fn field_type(&mut self, token: &Token, in_array: bool, blocks: usize) -> Parsed<Field> {
        let word = self.text(token).to_ascii_lowercase();
        let field = match word.as_str() {
            "array" => return self.fail_out_of(blocks, words::NO_NESTED_ARRAYS),
            "boolean" => Field::Flag,
            "integer" => return self.integer_type(blocks, signed),
            "signed" => return self.integer_keyword(blocks, signed),
            "unsigned" => return self.integer_keyword(blocks, unsigned),
            "ip-address" => Field::Address,
            "ip6-address" => Field::Address6,
            "domain-name" => Field::DomainName,
            "domain-list" => Field::DomainList {
                compressed: self.accept_word("compressed"),
            },
            "text" => Field::Text,
            "string" => Field::Opaque,
            "encapsulate" => return self.encapsulation(),
            "zerolen" => Field::Zero,
            _ => return self.fail_out_of(blocks, words::unknown_type(&word)),
        };
        if in_array && ends_record(field).is_some() {
            let text = match field {
                Field::Zero => words::NO_EMPTY_ARRAYS,
                _ => words::NO_TEXT_ARRAYS,
            };
            return self.fail_out_of(blocks, text);
        }
        Ok(field)
    }

    fn integer_keyword(&mut self, blocks: usize, of: fn(&str) -> Option<Field>) -> Parsed<Field> {
        let token = self.take();
        if !self.is_word(&token, "integer") {
            return self.fail_out_of(blocks, words::INTEGER);
        }
        self.integer_type(blocks, of)
    }

    fn integer_type(&mut self, blocks: usize, of: fn(&str) -> Option<Field>) -> Parsed<Field> {
        let token = self.take();
        if token.kind != Kind::Number {
            return self.fail_out_of(blocks, words::NUMBER);
        }
        let bits = self.text(&token);
        match of(&bits) {
            Some(field) => Ok(field),
            None => self.fail_out_of(blocks, words::precision(&bits)),
        }
    }

    fn encapsulation(&mut self) -> Parsed<Field> {
        let token = self.take();
        if !token.is_identifier() {
            return self.fail_and_skip(words::SPACE_IDENTIFIER);
        }
        let name = self.text(&token);
        match self.build.config.options.space_named(&name) {
            Some(space) => Ok(Field::Encapsulate(Some(space))),
            None => self.fail_and_skip(words::unknown_space(&name)),
        }
    }

    /// `option space NAME …;`, at its word `space`.
    pub(super) fn option_space(&mut self, context: Context) -> After {
        if context.enclosing != Enclosing::Root {
            self.error(words::SPACE_SCOPED);
            self.skip_statement();
            return After::Parameter;
        }
        self.take();
        // Whatever fails has been reported.
        let _ = self.define_space();
        After::AsBefore
    }

    fn define_space(&mut self) -> Parsed<()> {
        let token = self.take();
        if !token.is_identifier() {
            return self.fail_and_skip(words::IDENTIFIER);
        }
        let name = self.text(&token);
        let (code, length) = self.space_widths()?;
        let options = &mut self.build.config.options;
        if options.define_space(&name, code, length).is_err() {
            self.error(words::TOO_MANY_SPACES);
        }
        Ok(())
    }

    fn space_widths(&mut self) -> Parsed<(u8, u8)> {
        let (mut code, mut length) = (1, 1);
        loop {
            let token = self.take();
            if token.is(';') || token.kind == Kind::End {
                return Ok((code, length));
            }
            if self.is_word(&token, "code") {
                code = self.width(&[1, 2, 4], words::code_width)?;
            } else if self.is_word(&token, "length") {
                length = self.width(&[1, 2], words::length_width)?;
            } else if self.is_word(&token, "hash") {
                self.hash_size()?;
            } else {
                self.error(words::UNEXPECTED);
            }
        }
    }

    fn width(&mut self, allowed: &[u8], wrong: fn(&str) -> String) -> Parsed<u8> {
        let token = self.take();
        if !self.is_word(&token, "width") {
            return self.fail(words::WIDTH);
        }
        let token = self.take();
        if token.kind != Kind::Number {
            return self.fail(words::SPACE_WIDTH);
        }
        let text = self.text(&token);
        let width = text.parse().ok().filter(|width| allowed.contains(width));
        match width {
            Some(width) => Ok(width),
            None => {
                // The end of the statement belongs to what is shown.
                self.peek();
                self.fail(wrong(&text))
            }
        }
    }

    /// The size of the original's hash table, of no use here.
    fn hash_size(&mut self) -> Parsed<()> {
        let token = self.take();
        if !self.is_word(&token, "size") {
            return self.fail(words::SIZE);
        }
        let token = self.take();
        if token.kind != Kind::Number {
            return self.fail(words::HASH_SIZE);
        }
        Ok(())
    }
}

fn encapsulates(field: &Field) -> bool {
    matches!(field, Field::Encapsulate(_))
}

/// What a field that takes all the rest of a value is called.
fn ends_record(field: Field) -> Option<&'static str> {
    match field {
        Field::Text => Some("text"),
        Field::Opaque | Field::DomainName | Field::DomainList { .. } | Field::Zero => {
            Some("string")
        }
        _ => None,
    }
}

fn signed(bits: &str) -> Option<Field> {
    match bits {
        "8" => Some(Field::Int8),
        "16" => Some(Field::Int16),
        "32" => Some(Field::Int32),
        _ => None,
    }
}

fn unsigned(bits: &str) -> Option<Field> {
    match bits {
        "8" => Some(Field::Uint8),
        "16" => Some(Field::Uint16),
        "32" => Some(Field::Uint32),
        _ => None,
    }
}
