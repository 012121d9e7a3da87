//! From bytes to words.

use std::collections::VecDeque;

use pest::Parser as _;

use super::token::ReadPoint;
use super::{FileId, Kind, Token};

mod grammar {
    #[derive(pest_derive::Parser)]
    #[grammar = "syntax/dhcpd.pest"]
    pub(super) struct Grammar;
}

use grammar::{Grammar, Rule};

/// A source file.
#[derive(Clone, Debug)]
pub struct Document {
    /// Its number.
    pub file: FileId,
    /// Its name as the user wrote it.
    pub name: Box<str>,
    text: String,
    /// Offset of the first byte of each line.
    lines: Vec<u32>,
}

impl Document {
    /// Takes the bytes of a file. Every byte is a character of its own (Latin-1), so that any file can be read and
    /// columns count bytes, as in the original. No input is refused; of a file over 2 GiB the rest is not read.
    #[must_use]
    pub fn read(file: FileId, name: &str, mut bytes: Vec<u8>) -> Self {
        bytes.truncate(MOST_BYTES);
        let text = decode(bytes);
        let breaks = text.bytes().zip(1..).filter(|(byte, _)| *byte == b'\n');
        let lines = std::iter::once(0).chain(breaks.map(|(_, behind)| behind));
        Self {
            file,
            name: name.into(),
            lines: lines.collect(),
            text,
        }
    }

    /// The text: one character for each byte of the file.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text of a line, from 1, without its end; empty if there is no such line.
    #[must_use]
    pub fn line(&self, number: u32) -> &str {
        let start = self.line_start(number);
        let rest = self.text.get(to_usize(start)..).unwrap_or_default();
        rest.split(['\n', '\r']).next().unwrap_or_default()
    }

    /// Offset of the first byte of a line, from 1; the end of the text if there is no such line.
    pub(super) fn line_start(&self, number: u32) -> u32 {
        let index = number.checked_sub(1).map(to_usize);
        let start = index.and_then(|index| self.lines.get(index));
        start.copied().unwrap_or(to_u32(self.text.len()))
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

fn decode(bytes: Vec<u8>) -> String {
    if !bytes.is_ascii() {
        return bytes.into_iter().map(char::from).collect();
    }
    String::from_utf8(bytes).unwrap_or_default()
}

/// Bytes that the grammar is run over at once. pest keeps several times their size for the words in them, so a large
/// file must not be parsed in one piece.
const SLICE: usize = 2 * 1024;

/// Makes words of a text from its start to its end, and counts lines and columns on the way.
///
/// The grammar has no recursion and every rule moves on, so pest's call limit is not needed.
#[derive(Clone, Debug)]
pub(super) struct Lexer {
    /// Everything before has been counted.
    offset: usize,
    line: u32,
    column: u32,
    /// The original's lexer has looked at the character before it knew the last token's end.
    took_back: bool,
    is_done: bool,
}

impl Lexer {
    pub(super) fn new() -> Self {
        Self {
            offset: 0,
            line: 1,
            column: 1,
            took_back: false,
            is_done: false,
        }
    }

    /// Appends at least one more word to `words`; the last of a text is [`Kind::End`], and behind it there is nothing.
    pub(super) fn read_on(&mut self, text: &str, words: &mut VecDeque<Token>) {
        let before = words.len();
        let mut size = SLICE;
        while !self.is_done && words.len() == before {
            self.read_slice(text, size, words);
            size = size.saturating_mul(2);
        }
    }

    /// The words in the next `size` bytes. One that reaches their end may go on behind it, and is left for the next time.
    fn read_slice(&mut self, text: &str, size: usize, words: &mut VecDeque<Token>) {
        let start = self.offset;
        let end = character_boundary(text, start.saturating_add(size));
        let slice = text.get(start..end).unwrap_or_default();
        let is_last = end == text.len();
        let Ok(pairs) = Grammar::parse(Rule::file, slice) else {
            return;
        };
        for pair in pairs {
            let rule = pair.as_rule();
            if rule == Rule::EOI {
                break;
            }
            let span = pair.as_span();
            if !is_last && span.end() == slice.len() {
                return;
            }
            let (from, to) = (start + span.start(), start + span.end());
            if rule == Rule::comment {
                self.advance(text, to);
                self.took_back = false;
            } else {
                words.push_back(self.word(text, rule, from, to));
            }
        }
        if is_last {
            words.push_back(self.end(text));
            self.is_done = true;
        }
    }

    fn word(&mut self, text: &str, rule: Rule, start: usize, end: usize) -> Token {
        self.skip_blank(text, start);
        let kind = kind_of(rule, text.get(start..end).unwrap_or_default());
        let (line, column) = (self.line, self.column);
        let noted_column = column.saturating_add(u32::from(self.took_back));
        self.advance(text, end);
        self.took_back = matches!(kind, Kind::Name | Kind::Number | Kind::NumberOrName);
        Token {
            kind,
            start: to_u32(start),
            end: to_u32(end),
            line,
            column,
            read: self.read_point(text),
            noted_column,
        }
    }

    fn end(&mut self, text: &str) -> Token {
        self.skip_blank(text, text.len());
        let end = to_u32(text.len());
        let read = ReadPoint {
            offset: end,
            line: self.line,
        };
        Token {
            kind: Kind::End,
            start: end,
            end,
            line: self.line,
            column: self.column,
            read,
            noted_column: self.column,
        }
    }

    fn skip_blank(&mut self, text: &str, until: usize) {
        if until > self.offset {
            self.advance(text, until);
            self.took_back = true;
        }
    }

    fn advance(&mut self, text: &str, until: usize) {
        let passed = text.get(self.offset..until).unwrap_or_default();
        for byte in passed.bytes() {
            if byte == b'\n' {
                self.line = self.line.saturating_add(1);
                self.column = 1;
            } else {
                let begins_character = u32::from(byte & 0xC0 != 0x80);
                self.column = self.column.saturating_add(begins_character);
            }
        }
        self.offset = until;
    }

    /// A name or a number ends only where another character has been seen.
    fn read_point(&self, text: &str) -> ReadPoint {
        let next = text.get(self.offset..).and_then(|r| r.chars().next());
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

/// The first offset from `offset` on where a character begins.
fn character_boundary(text: &str, offset: usize) -> usize {
    (offset..text.len())
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(text.len())
}

fn kind_of(rule: Rule, text: &str) -> Kind {
    match rule {
        Rule::string | Rule::unterminated => Kind::String,
        Rule::word => word_kind(text),
        _ => mark_kind(text),
    }
}

/// `-` alone is a number, too: there is no subtraction.
fn word_kind(text: &str) -> Kind {
    match text.as_bytes().first() {
        Some(b'0'..=b'9' | b'-') => number_kind(text),
        Some(b'a'..=b'z' | b'A'..=b'Z') => name_kind(text),
        _ => mark_kind(text),
    }
}

fn mark_kind(text: &str) -> Kind {
    Kind::Mark(text.chars().next().unwrap_or('\0'))
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
