//! Numbers: of any base, in rows with separators, and as seconds (reference isc-dhcpd-config.md, section 1).

use std::net::Ipv4Addr;

use common::syntax::{Kind, Token};

use super::parser::{Failure, Parsed, Parser};
use super::words;

impl Parser<'_> {
    pub(super) fn ip_address(&mut self) -> Parsed<Ipv4Addr> {
        let octets = self.octets(4, '.', 10)?;
        let octets = <[u8; 4]>::try_from(octets.as_slice());
        octets.map(Ipv4Addr::from).map_err(|_| Failure::Reported)
    }

    /// Exactly `count` numbers of one octet between separators.
    pub(super) fn octets(&mut self, count: usize, separator: char, base: u32) -> Parsed<Vec<u8>> {
        let mut octets = Vec::new();
        loop {
            let token = self.numeric_token(base)?;
            octets.push(low_octet(self.number(&token, base, 8)));
            if octets.len() >= count {
                return Ok(octets);
            }
            let token = self.peek();
            if !token.is(separator) {
                return self.too_few_numbers(&token);
            }
            self.take();
        }
    }

    /// Hexadecimal octets with colons between them, as many as there are. What is wrong with one is reported behind the last,
    /// from the last to the first.
    pub(super) fn octet_list(&mut self) -> Parsed<Vec<u8>> {
        let mut tokens = Vec::new();
        loop {
            tokens.push(self.numeric_token(16)?);
            if !self.accept(':') {
                break;
            }
        }
        let values = tokens.iter().rev().map(|token| self.number(token, 16, 8));
        let mut octets: Vec<u8> = values.map(low_octet).collect();
        octets.reverse();
        Ok(octets)
    }

    fn numeric_token(&mut self, base: u32) -> Parsed<Token> {
        let token = self.take();
        if token.kind == Kind::End {
            return self.fail(words::END_OF_FILE);
        }
        if token.kind != Kind::Number && (base != 16 || token.kind != Kind::NumberOrName) {
            return self.fail_and_skip(words::NUMERIC);
        }
        Ok(token)
    }

    fn too_few_numbers<T>(&mut self, ahead: &Token) -> Parsed<T> {
        if !ahead.is('{') && !ahead.is('}') {
            self.take();
        }
        self.fail_behind(ahead, words::TOO_FEW_NUMBERS)
    }

    /// Hexadecimal octets with colons between them.
    pub(super) fn hex_list(&mut self) -> Parsed<Vec<u8>> {
        let mut octets = Vec::new();
        loop {
            let token = self.take();
            if !token.is_numeric() {
                return self.fail_and_skip(words::HEXADECIMAL);
            }
            octets.push(low_octet(self.number(&token, 16, 8)));
            if !self.accept(':') {
                return Ok(octets);
            }
        }
    }

    pub(super) fn integer(&mut self, bits: u32) -> Parsed<Vec<u8>> {
        let token = self.take();
        self.integer_of(&token, bits)
    }

    fn integer_of(&mut self, token: &Token, bits: u32) -> Parsed<Vec<u8>> {
        if !token.is_numeric() {
            return self.fail_behind(token, words::NUMBER);
        }
        let value = self.number(token, 0, bits).to_be_bytes();
        let width = usize::try_from(bits / 8).unwrap_or(value.len());
        Ok(value
            .get(value.len().saturating_sub(width)..)
            .unwrap_or_default()
            .to_vec())
    }

    pub(super) fn seconds(&mut self) -> Parsed<Vec<u8>> {
        let token = self.take();
        if self.is_word(&token, "infinite") {
            return Ok(vec![0xFF; 4]);
        }
        self.integer_of(&token, 32)
    }

    /// The value of a number; what is wrong with it is reported and does not end the statement. Base 0 means that the
    /// number's own prefix decides. Negative numbers come as their two's complement.
    pub(super) fn number(&mut self, token: &Token, base: u32, bits: u32) -> u32 {
        let text = self.cursor.text_of(token);
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (base, digits) = if base == 0 {
            split_base(digits)
        } else {
            (base, digits)
        };
        let (value, wrong) = read_digits(digits, base);
        if let Some(wrong) = wrong {
            let text = text.to_owned();
            self.error(match wrong {
                Wrong::Character => words::bogus_number(&text),
                Wrong::Digit(digit) => words::bogus_digit(&text, digit, base),
            });
        }
        let limit = limit_of(bits, negative);
        if value > limit {
            self.error(words::exceeds(negative, value, base, limit));
        }
        if negative {
            value.wrapping_neg()
        } else {
            value
        }
    }
}

/// The value of decimal digits and their sign, up to the first character that is none; too many digits stop at the end of
/// the range.
pub(super) fn leading_decimal(text: &str) -> i32 {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let digits = digits.chars().map_while(|c| c.to_digit(10));
    let value = digits.fold(0_i64, |value, digit| {
        value.saturating_mul(10).saturating_add(digit.into())
    });
    let value = if negative { -value } else { value };
    let [.., a, b, c, d] = value.to_be_bytes();
    i32::from_be_bytes([a, b, c, d])
}

/// What is wrong with a number.
enum Wrong {
    /// Something in it is no digit, or it has none.
    Character,
    /// This digit is too large for the base.
    Digit(u32),
}

/// The value up to the first wrong character. Numbers that are too large wrap.
fn read_digits(digits: &str, base: u32) -> (u32, Option<Wrong>) {
    let mut value = 0_u32;
    for character in digits.chars() {
        match character.to_digit(36) {
            None => return (value, Some(Wrong::Character)),
            Some(digit) if digit >= base => return (value, Some(Wrong::Digit(digit))),
            Some(digit) => value = value.wrapping_mul(base).wrapping_add(digit),
        }
    }
    (value, digits.is_empty().then_some(Wrong::Character))
}

/// C's prefixes: `0x` and `0`.
fn split_base(digits: &str) -> (u32, &str) {
    if let Some(hex) = digits.strip_prefix("0x") {
        return (16, hex);
    }
    match digits.strip_prefix('0') {
        Some(octal) if octal.starts_with(|c: char| c.is_ascii_digit()) => (8, octal),
        _ => (10, digits),
    }
}

fn limit_of(bits: u32, negative: bool) -> u32 {
    let half = 1_u32 << bits.saturating_sub(1).min(31);
    if negative {
        half
    } else {
        half.wrapping_sub(1).wrapping_add(half)
    }
}

fn low_octet(value: u32) -> u8 {
    let [.., low] = value.to_be_bytes();
    low
}
