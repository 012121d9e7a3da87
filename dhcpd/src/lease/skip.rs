//! Pieces of a lease file that need no record around them: identifiers, numbers in names, and what is skipped.

use std::borrow::Cow;
use std::net::Ipv4Addr;

use super::lexer::{Lexer, Token};
use super::writer::{AGENT_NAMES, HARDWARE_TYPES, Shape};

/// True of a token that [`read_id`] may begin with.
pub(super) fn begins_id(token: &Token<'_>) -> bool {
    match token {
        Token::Text(_) => true,
        Token::Word(word) => word.iter().all(u8::is_ascii_hexdigit),
        _ => false,
    }
}

/// A string, or octets in hexadecimal.
pub(super) fn read_id<'a>(lexer: &mut Lexer<'a>) -> Option<Cow<'a, [u8]>> {
    if !matches!(lexer.peek(), Token::Text(_)) {
        return read_octets(lexer).map(Cow::Owned);
    }
    match lexer.next() {
        Token::Text(text) => Some(text),
        _ => None,
    }
}

pub(super) fn read_octets(lexer: &mut Lexer<'_>) -> Option<Vec<u8>> {
    // As many as a hardware address or most identifiers have.
    let mut octets = Vec::with_capacity(16);
    loop {
        let Token::Word(word) = *lexer.peek() else {
            return None;
        };
        octets.push(octet_of(word)?);
        lexer.next();
        if *lexer.peek() != Token::Mark(b':') {
            return Some(octets);
        }
        lexer.next();
    }
}

/// An address in decimal digits, the blank and the left brace behind it as [`write_lease`](super::write_lease) writes them, and how
/// long that is.
pub(super) fn address_and_brace(text: &[u8]) -> Option<(Ipv4Addr, usize)> {
    let mut octets = [0; 4];
    let mut rest = text;
    for (octet, mark) in octets.iter_mut().zip(b"... ") {
        let end = rest.iter().take(4).position(|digit| digit == mark)?;
        let (digits, behind) = rest.split_at_checked(end)?;
        *octet = decimal_octet(digits)?;
        rest = behind.strip_prefix(&[*mark])?;
    }
    let rest = rest.strip_prefix(b"{")?;
    Some((octets.into(), text.len() - rest.len()))
}

/// An octet in decimal digits.
fn decimal_octet(digits: &[u8]) -> Option<u8> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u8, |octet, digit| {
        let digit = digit.checked_sub(b'0').filter(|digit| *digit < 10)?;
        octet.checked_mul(10)?.checked_add(digit)
    })
}

/// An Ethernet address and its semicolon as [`write_lease`](super::write_lease) writes them.
pub(super) fn six_octets(text: &[u8; 18]) -> Option<[u8; 6]> {
    let mut octets = [0; 6];
    let marks = b":::::;";
    for ((octet, cell), mark) in octets.iter_mut().zip(text.chunks_exact(3)).zip(marks) {
        let (digits, behind) = cell.split_at_checked(2)?;
        *octet = octet_of(digits).filter(|_| behind == [*mark])?;
    }
    Some(octets)
}

/// An octet in hexadecimal, of any number of digits.
fn octet_of(word: &[u8]) -> Option<u8> {
    word.iter().try_fold(0_u8, |octet, digit| {
        let digit = char::from(*digit).to_digit(16)?;
        octet
            .checked_mul(16)?
            .checked_add(u8::try_from(digit).ok()?)
    })
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
    let named = |row: &&(u8, &str, Shape)| row.1.as_bytes().eq_ignore_ascii_case(word);
    if let Some((code, ..)) = AGENT_NAMES.iter().find(named) {
        return Some(*code);
    }
    number_behind(b"unknown-", word)
}

fn number_behind(prefix: &[u8], word: &[u8]) -> Option<u8> {
    let digits = word.strip_prefix(prefix)?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_a_lease_is_taken_at_once_only_as_it_is_written() {
        let address = Ipv4Addr::new(10, 255, 0, 7);
        let text = b"10.255.0.7 {\n  starts";
        assert_eq!(address_and_brace(text), Some((address, 12)));
        for text in [
            "10.256.0.7 {",
            "10.255.0.7  {",
            "10.255.0.7{",
            "10.255.0 {",
            "10.255.0. {",
            "10.255.0.7.1 {",
            "10.255.0.0007 {",
            "10.2:5.0.7 {",
            "10.255.0.7 ",
        ] {
            assert_eq!(address_and_brace(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn a_link_address_is_taken_at_once_only_as_it_is_written() {
        assert_eq!(
            six_octets(b"02:00:aB:f0:0f:99;"),
            Some([2, 0, 0xab, 0xf0, 0x0f, 0x99])
        );
        for text in [
            b"02:00:ab:f0:0f:99:",
            b"2:000:ab:f0:0f:99;",
            b"02:00:ab:f0:0f:9 ;",
            b"02:00:ab;f0:0f:99;",
            b"02:00:gb:f0:0f:99;",
        ] {
            assert_eq!(six_octets(text), None);
        }
    }
}
