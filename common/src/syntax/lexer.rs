//! From bytes to words.

use std::borrow::Cow;

use pest::Parser as _;

use super::token::ReadPoint;
use super::{FileId, Kind, Token};

mod grammar {
    #[derive(pest_derive::Parser)]
    #[grammar = "syntax/dhcpd.pest"]
    pub(super) struct Grammar;
}

use grammar::{Grammar, Rule};

/// A source file as words.
#[derive(Clone, Debug)]
pub struct Document {
    /// Its number.
    pub file: FileId,
    /// Its name as the user wrote it.
    pub name: Box<str>,
    text: Box<str>,
    tokens: Vec<Token>,
}

impl Document {
    /// Reads `bytes`. Every byte is a character of its own (Latin-1), so that any file can be read and columns count
    /// bytes, as in the original. No input is refused; of a file over 2 GiB the rest is not read.
    ///
    /// The grammar has no recursion and every rule moves on, so pest's call limit is not needed.
    #[must_use]
    pub fn read(file: FileId, name: &str, bytes: &[u8]) -> Self {
        let bytes = bytes.get(..MOST_BYTES).unwrap_or(bytes);
        let text = decode(bytes);
        let tokens = split(&text);
        Self {
            file,
            name: name.into(),
            text: text.into(),
            tokens,
        }
    }

    /// The text: one character for each byte of the file.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Its words; the last is [`Kind::End`].
    #[must_use]
    pub fn tokens(&self) -> &[Token] {
        &self.tokens
    }

    /// The text of a token as written, quotes and escapes included.
    #[must_use]
    pub fn text_of(&self, token: &Token) -> &str {
        self.between(token.start, token.end)
    }

    /// How far the original's lexer reads when it looks for the end of the blanks behind a token.
    pub(super) fn read_past_blank(&self, token: &Token) -> ReadPoint {
        let rest = self.text.get(to_usize(token.end)..).unwrap_or_default();
        let behind = rest.trim_start_matches(is_blank);
        let seen = behind.chars().next().map_or(0, char::len_utf8);
        let read = rest.len().saturating_sub(behind.len()).saturating_add(seen);
        let passed = rest.get(..read).unwrap_or_default();
        let breaks = passed.bytes().filter(|c| *c == b'\n').count();
        ReadPoint {
            offset: token.end.saturating_add(to_u32(read)),
            line: token.line.saturating_add(to_u32(breaks)),
        }
    }

    /// The text from one offset to another; empty if there is none.
    pub(super) fn between(&self, start: u32, end: u32) -> &str {
        self.text
            .get(to_usize(start)..to_usize(end))
            .unwrap_or_default()
    }
}

/// Offsets are 32 bits, and a byte over 0x7F takes two in UTF-8.
const MOST_BYTES: usize = (i32::MAX / 2) as usize;

fn decode(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) if text.is_ascii() => Cow::Borrowed(text),
        _ => Cow::Owned(bytes.iter().copied().map(char::from).collect()),
    }
}

fn split(text: &str) -> Vec<Token> {
    let mut reader = Reader::new(text);
    if let Ok(pairs) = Grammar::parse(Rule::file, text) {
        for pair in pairs.flatten() {
            let span = pair.as_span();
            reader.take(pair.as_rule(), span.start(), span.end());
        }
    }
    reader.finish()
}

/// Counts lines and columns on the way through the text.
struct Reader<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    /// Everything before has been counted.
    offset: usize,
    line: u32,
    column: u32,
    /// The original's lexer has looked at the character before it knew the last token's end.
    took_back: bool,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text,
            tokens: Vec::new(),
            offset: 0,
            line: 1,
            column: 1,
            took_back: false,
        }
    }

    fn take(&mut self, rule: Rule, start: usize, end: usize) {
        match rule {
            Rule::comment => {
                self.advance(end);
                self.took_back = false;
            }
            Rule::number | Rule::name | Rule::string | Rule::unterminated | Rule::mark => {
                self.push(rule, start, end);
            }
            _ => {}
        }
    }

    fn push(&mut self, rule: Rule, start: usize, end: usize) {
        self.skip_blank(start);
        let kind = kind_of(rule, self.text.get(start..end).unwrap_or_default());
        let (line, column) = (self.line, self.column);
        let noted_column = column.saturating_add(u32::from(self.took_back));
        self.advance(end);
        self.took_back = matches!(kind, Kind::Name | Kind::Number | Kind::NumberOrName);
        self.tokens.push(Token {
            kind,
            start: to_u32(start),
            end: to_u32(end),
            line,
            column,
            read: self.read_point(),
            noted_column,
        });
    }

    fn finish(mut self) -> Vec<Token> {
        self.skip_blank(self.text.len());
        let end = to_u32(self.text.len());
        let read = ReadPoint {
            offset: end,
            line: self.line,
        };
        self.tokens.push(Token {
            kind: Kind::End,
            start: end,
            end,
            line: self.line,
            column: self.column,
            read,
            noted_column: self.column,
        });
        self.tokens
    }

    fn skip_blank(&mut self, until: usize) {
        if until > self.offset {
            self.advance(until);
            self.took_back = true;
        }
    }

    fn advance(&mut self, until: usize) {
        let passed = self.text.get(self.offset..until).unwrap_or_default();
        for character in passed.chars() {
            if character == '\n' {
                self.line = self.line.saturating_add(1);
                self.column = 1;
            } else {
                self.column = self.column.saturating_add(1);
            }
        }
        self.offset = until;
    }

    /// A name or a number ends only where another character has been seen.
    fn read_point(&self) -> ReadPoint {
        let next = self.text.get(self.offset..).and_then(|r| r.chars().next());
        let Some(seen) = next.filter(|_| self.took_back) else {
            return ReadPoint {
                offset: to_u32(self.offset),
                line: self.line,
            };
        };
        let offset = to_u32(self.offset.saturating_add(seen.len_utf8()));
        let line = self.line.saturating_add(u32::from(seen == '\n'));
        ReadPoint { offset, line }
    }
}

fn kind_of(rule: Rule, text: &str) -> Kind {
    match rule {
        Rule::number => number_kind(text),
        Rule::name => name_kind(text),
        Rule::string | Rule::unterminated => Kind::String,
        _ => Kind::Mark(text.chars().next().unwrap_or('\0')),
    }
}

fn number_kind(text: &str) -> Kind {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.bytes().all(|c| c.is_ascii_digit()) {
        return Kind::Number;
    }
    let hex = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    let hex = hex.filter(|rest| !rest.is_empty()).unwrap_or(digits);
    if hex.bytes().all(|c| c.is_ascii_hexdigit()) {
        return Kind::NumberOrName;
    }
    Kind::Name
}

/// The original does not look at the first letter: `x` and `zface` count as hexadecimal.
fn name_kind(text: &str) -> Kind {
    if text.bytes().skip(1).all(|c| c.is_ascii_hexdigit()) {
        return Kind::NumberOrName;
    }
    Kind::Name
}

fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\r' | '\u{0B}' | '\u{0C}')
}

fn to_u32(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}

fn to_usize(offset: u32) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}
