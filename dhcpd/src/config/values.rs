//! Values of options, parameters and declarations: typed words to bytes (reference isc-dhcpd-config.md, section 2.1).

use common::syntax::{Kind, Token};

use super::model::FixedAddress;
use super::parser::{Parsed, Parser};
use super::words;
use crate::eval::ast::{Data, Part};
use crate::options::{Enumeration, Field, Format, OptionId, Repeat, domain};

/// Words of a flag.
const FLAGS: &[(&str, u8)] = &[
    ("true", 1),
    ("on", 1),
    ("false", 0),
    ("off", 0),
    ("ignore", 2),
];

/// Names that stand for all of their addresses, or for one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Names {
    All,
    First,
}

impl Parser<'_> {
    /// The typed value of an option.
    pub(super) fn option_value(&mut self, option: OptionId) -> Parsed<Data> {
        let format = self.build.config.options.format(option).clone();
        let mut parts = Vec::new();
        self.fields(&format, &mut parts)?;
        match self.in_event && parts.len() > 1 {
            true => Ok(Data::Assembled(parts)),
            false => Ok(assemble(parts)),
        }
    }

    /// True for an option whose value is written as nothing.
    pub(super) fn is_empty_option(&self, option: OptionId) -> bool {
        let format = self.build.config.options.format(option);
        format.fields.first() == Some(&Field::Zero)
    }

    fn fields(&mut self, format: &Format, parts: &mut Vec<Part>) -> Parsed<()> {
        let names = match (format.fields.len(), format.repeat) {
            (1, Repeat::All | Repeat::Last) => Names::All,
            _ => Names::First,
        };
        loop {
            self.record(format, names, parts)?;
            if format.repeat != Repeat::All || !self.accept(',') {
                break;
            }
        }
        let Some(last) = format.fields.last() else {
            return Ok(());
        };
        while format.repeat == Repeat::Last && self.accept(',') {
            self.field(*last, Names::All, parts)?;
        }
        Ok(())
    }

    fn record(&mut self, format: &Format, names: Names, parts: &mut Vec<Part>) -> Parsed<()> {
        let last = format.fields.len().saturating_sub(1);
        for (index, field) in format.fields.iter().enumerate() {
            let is_optional = format.last_optional && index == last;
            if is_optional && self.peek().is(';') {
                break;
            }
            self.field(*field, names, parts)?;
            while format.rows.contains(&index) && self.accept(',') {
                self.field(*field, Names::All, parts)?;
            }
        }
        Ok(())
    }

    fn field(&mut self, field: Field, names: Names, parts: &mut Vec<Part>) -> Parsed<()> {
        if field == Field::Address {
            parts.push(self.address_part(names)?);
            return Ok(());
        }
        let bytes = match field {
            Field::Address | Field::Zero => self.nothing()?,
            Field::Address6 => self.address6()?.octets().to_vec(),
            Field::Int32 | Field::Uint32 => self.integer(32)?,
            Field::Int16 | Field::Uint16 => self.integer(16)?,
            Field::Int8 | Field::Uint8 => self.integer(8)?,
            Field::Seconds => self.seconds()?,
            Field::Flag => self.flag()?,
            Field::Text => self.word_or_string()?,
            Field::Opaque | Field::Encapsulate(_) => self.string_or_hex()?,
            Field::DomainName => self.domain_name()?,
            Field::DomainList { compressed } => self.domain_list(compressed)?,
            Field::Enumeration(set) => self.enumeration(set)?,
            Field::SpaceName => self.identifier()?,
            Field::KeyName => self.key_name_value()?,
        };
        parts.push(Part::Bytes(bytes.into()));
        Ok(())
    }

    fn nothing(&mut self) -> Parsed<Vec<u8>> {
        if !self.peek().is(';') {
            self.error(words::SEMICOLON);
            self.skip_statement();
        }
        Ok(Vec::new())
    }

    fn address_part(&mut self, names: Names) -> Parsed<Part> {
        Ok(match self.address_or_name()? {
            FixedAddress::Address(address) => Part::Bytes(address.octets().into()),
            FixedAddress::Name(name) if names == Names::All => Part::Addresses(name),
            FixedAddress::Name(name) => Part::FirstAddress(name),
        })
    }

    /// A dotted quad, or the name of a host.
    pub(super) fn address_or_name(&mut self) -> Parsed<FixedAddress> {
        let token = self.peek();
        if token.kind == Kind::Number && self.is_quad_ahead() {
            return self.ip_address().map(FixedAddress::Address);
        }
        if token.is_identifier() || token.kind == Kind::Number {
            let name = self.host_name().unwrap_or_default();
            return Ok(FixedAddress::Name(self.build.add_name(&name)));
        }
        let token = if token.is('{') || token.is('}') {
            token
        } else {
            self.take()
        };
        let text = self.text(&token);
        self.fail_behind(&token, words::not_an_address(&text, token_number(&token)))
    }

    /// The name of a host may be a number, but not two with a dot between them.
    fn is_quad_ahead(&self) -> bool {
        self.cursor.ahead(1).is('.') && self.cursor.ahead(2).kind == Kind::Number
    }

    fn flag(&mut self) -> Parsed<Vec<u8>> {
        let token = self.take();
        let found = FLAGS.iter().find(|row| self.is_word(&token, row.0));
        match found {
            Some((_, value)) => Ok(vec![*value]),
            None if token.is_identifier() => self.fail_behind(&token, words::BOOLEAN),
            None => self.fail_behind(&token, words::IDENTIFIER),
        }
    }

    fn word_or_string(&mut self) -> Parsed<Vec<u8>> {
        let token = self.take();
        if token.kind == Kind::String {
            return Ok(self.bytes(&token));
        }
        if token.is_identifier() {
            let letters = self.cursor.text_of(&token).chars();
            let bytes = letters.map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?'));
            return Ok(bytes.collect());
        }
        self.fail_behind(&token, words::STRING)
    }

    fn string_or_hex(&mut self) -> Parsed<Vec<u8>> {
        let token = self.peek();
        if token.is_numeric() {
            return self.hex_list();
        }
        self.take();
        if token.kind == Kind::String {
            return Ok(self.bytes(&token));
        }
        self.fail_behind(&token, words::STRING_OR_HEX)
    }

    fn identifier(&mut self) -> Parsed<Vec<u8>> {
        let token = self.take();
        if token.is_identifier() {
            return Ok(self.cursor.text_of(&token).as_bytes().to_vec());
        }
        self.fail_behind(&token, words::IDENTIFIER)
    }

    fn key_name_value(&mut self) -> Parsed<Vec<u8>> {
        let token = self.peek();
        if token.kind == Kind::String {
            self.take();
            return Ok(self.bytes(&token));
        }
        match self.host_name() {
            Some(name) => Ok(name.into_bytes()),
            None => self.fail_and_skip(words::IDENTIFIER),
        }
    }

    fn enumeration(&mut self, set: &'static Enumeration) -> Parsed<Vec<u8>> {
        let token = self.take();
        if !token.is_identifier() {
            return self.fail_behind(&token, words::ENUMERATION);
        }
        let Some(value) = set.value(self.cursor.text_of(&token)) else {
            return self.fail_and_skip(words::UNKNOWN_VALUE);
        };
        let mut bytes = vec![0; usize::from(set.width).saturating_sub(1)];
        bytes.push(value);
        Ok(bytes)
    }

    fn domain_name(&mut self) -> Parsed<Vec<u8>> {
        let Some(name) = self.host_name() else {
            return self.fail_and_skip(words::DOMAIN_NAME);
        };
        match domain::encode_name(name.as_bytes()) {
            Ok(labels) => Ok(labels),
            Err(_) => {
                self.error(words::DOMAIN_NAME_ENCODING);
                self.fail_and_skip(words::DOMAIN_NAME)
            }
        }
    }

    fn domain_list(&mut self, compressed: bool) -> Parsed<Vec<u8>> {
        let mut names = Vec::new();
        loop {
            let token = self.take();
            if token.kind != Kind::String {
                return self.fail_and_skip(words::DOMAIN_STRING);
            }
            names.push(self.bytes(&token));
            let list = names.iter().map(Vec::as_slice);
            let encoded = if compressed {
                domain::encode_compressed(list)
            } else {
                domain::encode_list(list)
            };
            let Ok(labels) = encoded else {
                return self.fail_and_skip(words::bad_domain_list(compressed));
            };
            if !self.accept(',') {
                return Ok(labels);
            }
        }
    }
}

/// Constant bytes if no name is in them.
fn assemble(parts: Vec<Part>) -> Data {
    let mut bytes = Vec::new();
    for part in &parts {
        let Part::Bytes(more) = part else {
            return Data::Assembled(parts);
        };
        bytes.extend_from_slice(more);
    }
    Data::Constant(bytes.into())
}

/// What the original calls a token in a message.
fn token_number(token: &Token) -> u32 {
    match token.kind {
        Kind::Mark(mark) => u32::from(mark),
        Kind::String => 262,
        _ => 607,
    }
}
