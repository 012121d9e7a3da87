//! Records of a lease file that say how and beside whom it was written: the byte order, and what became of failover
//! peers. The complaints are the original's.

use super::lexer::{Lexer, Token};
use super::reader::begins_record;
use super::skip::skip_statement;
use super::words;

/// Where a complaint goes: it is about the token that was taken last.
pub(super) type Complain<'c> = &'c mut dyn FnMut(&Lexer<'_>, &str);

/// Reads the rest of `authoring-byte-order ORDER;`. True if that is this server's own; `None` if it cannot be read.
pub(super) fn read_byte_order(lexer: &mut Lexer<'_>, complain: Complain<'_>) -> Option<bool> {
    let own = match take(lexer) {
        Token::Word(word) if word.eq_ignore_ascii_case(b"little-endian") => true,
        Token::Word(word) if word.eq_ignore_ascii_case(b"big-endian") => false,
        other => {
            complain(lexer, words::BYTE_ORDER_INVALID);
            finish(lexer, &other);
            return None;
        }
    };
    let end = take(lexer);
    if end != Token::Mark(b';') {
        complain(lexer, words::BYTE_ORDER_SEMICOLON);
    }
    finish(lexer, &end);
    Some(own)
}

/// Reads the rest of `failover peer NAME state { … }`, where NAME should be one of `peers`.
pub(super) fn read_peer(lexer: &mut Lexer<'_>, peers: &[&str], complain: Complain<'_>) {
    let word = take(lexer);
    if !matches!(word, Token::Word(word) if word.eq_ignore_ascii_case(b"peer")) {
        complain(lexer, words::PEER);
        return finish(lexer, &word);
    }
    let name = match take(lexer) {
        Token::Word(word) if !word.iter().all(u8::is_ascii_digit) => word.to_vec(),
        Token::Text(text) => text.into_owned(),
        other => {
            complain(lexer, words::PEER_NAME);
            return finish(lexer, &other);
        }
    };
    let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
    let name = String::from_utf8_lossy(name);
    if !peers.contains(&&*name) {
        complain(lexer, &words::unknown_peer(&name));
    }
    skip_statement(lexer);
}

/// Takes the next token, unless the next record begins with it: that one is not to be lost.
fn take<'a>(lexer: &mut Lexer<'a>) -> Token<'a> {
    match begins_record(lexer.peek()) {
        true => Token::End,
        false => lexer.next(),
    }
}

/// Skips what is left of a statement whose last token taken is `token`.
fn finish(lexer: &mut Lexer<'_>, token: &Token<'_>) {
    if !matches!(token, Token::End | Token::Mark(b';')) {
        skip_statement(lexer);
    }
}
