//! Pieces of a lease file that need no record around them: identifiers, numbers in names, and what is skipped.

use super::lexer::{Lexer, Token};
use super::writer::{AGENT_NAMES, HARDWARE_TYPES};

/// A string, or octets in hexadecimal.
pub(super) fn read_id(lexer: &mut Lexer<'_>) -> Option<Box<[u8]>> {
    if let Token::Text(text) = lexer.peek() {
        let id = Box::from(&**text);
        lexer.next();
        return Some(id);
    }
    read_octets(lexer)
}

pub(super) fn read_octets(lexer: &mut Lexer<'_>) -> Option<Box<[u8]>> {
    let mut octets = Vec::new();
    loop {
        let Token::Word(word) = *lexer.peek() else {
            return None;
        };
        let text = std::str::from_utf8(word).ok()?;
        octets.push(u8::from_str_radix(text, 16).ok()?);
        lexer.next();
        if *lexer.peek() != Token::Mark(b':') {
            return Some(octets.into_boxed_slice());
        }
        lexer.next();
    }
}

/// Skips to behind the semicolon, or behind the block, that ends a statement at this depth.
pub(super) fn skip_statement(lexer: &mut Lexer<'_>) {
    let mut depth = 0_usize;
    loop {
        match lexer.next() {
            Token::End => return,
            Token::Mark(b';') if depth == 0 => return,
            Token::Mark(b'{') => depth += 1,
            Token::Mark(b'}') if depth <= 1 => return,
            Token::Mark(b'}') => depth -= 1,
            _ => {}
        }
    }
}

/// Skips to behind the semicolon that ends a field; the brace that ends the record stays.
pub(super) fn skip_field(lexer: &mut Lexer<'_>) {
    let mut depth = 0_usize;
    loop {
        match lexer.peek() {
            Token::End => return,
            Token::Mark(b'}') if depth == 0 => return,
            Token::Mark(b';') if depth == 0 => {
                lexer.next();
                return;
            }
            Token::Mark(b'{') => depth += 1,
            Token::Mark(b'}') if depth == 1 => {
                lexer.next();
                return;
            }
            Token::Mark(b'}') => depth -= 1,
            _ => {}
        }
        lexer.next();
    }
}

/// The hardware type of that name.
pub(super) fn hardware_type(word: &[u8]) -> Option<u8> {
    let named = |row: &&(u8, &str)| row.1.as_bytes().eq_ignore_ascii_case(word);
    if let Some((kind, _)) = HARDWARE_TYPES.iter().find(named) {
        return Some(*kind);
    }
    number_behind(b"unknown-", word)
}

/// The sub-option of option 82 of that name.
pub(super) fn agent_code(word: &[u8]) -> Option<u8> {
    let named = |row: &&(u8, &str)| row.1.as_bytes().eq_ignore_ascii_case(word);
    if let Some((code, _)) = AGENT_NAMES.iter().find(named) {
        return Some(*code);
    }
    number_behind(b"unknown-", word)
}

fn number_behind(prefix: &[u8], word: &[u8]) -> Option<u8> {
    let digits = word.strip_prefix(prefix)?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}
