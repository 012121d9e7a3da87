//! The value of a string in quotes.

use super::{Document, Kind, Token};

/// Longest string, in bytes of its value.
const LONGEST: usize = 1499;

/// Something wrong inside a string; the original reports each and goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StringFlaw {
    /// The file ended before the string.
    Unterminated,
    /// This character is no hexadecimal digit.
    HexDigit(u8),
    /// This character is no octal digit.
    OctalDigit(u8),
    /// Longer than the original's buffer.
    TooLong,
}

/// A flaw, and the offset in the file behind the character that shows it.
pub type FlawAt = (StringFlaw, u32);

/// The bytes that a string token stands for, with what is wrong in it; empty for any other token.
#[must_use]
pub fn decode_string(document: &Document, token: &Token) -> (Vec<u8>, Vec<FlawAt>) {
    if token.kind != Kind::String {
        return (Vec::new(), Vec::new());
    }
    let mut decoder = Decoder::default();
    let mut offset = token.start.saturating_add(1);
    for character in document.text_of(token).chars().skip(1) {
        offset = offset.saturating_add(if character.is_ascii() { 1 } else { 2 });
        decoder.take(character, offset);
    }
    if !decoder.closed {
        decoder.flaws.push((StringFlaw::Unterminated, offset));
    }
    if decoder.value.len() > LONGEST {
        decoder.value.truncate(LONGEST);
        decoder.flaws.push((StringFlaw::TooLong, offset));
    }
    (decoder.value, decoder.flaws)
}

#[derive(Clone, Copy, Default)]
enum State {
    #[default]
    Plain,
    Backslash,
    /// Digits still to come, value of those seen.
    Octal(u8, u8),
    Hex(u8, u8),
}

#[derive(Default)]
struct Decoder {
    state: State,
    value: Vec<u8>,
    flaws: Vec<FlawAt>,
    closed: bool,
}

impl Decoder {
    fn take(&mut self, character: char, offset: u32) {
        let byte = u8::try_from(u32::from(character)).unwrap_or(b'?');
        match self.state {
            State::Plain => self.take_plain(byte),
            State::Backslash => self.take_escaped(byte),
            State::Octal(left, value) => self.take_octal(left, value, byte, offset),
            State::Hex(left, value) => self.take_hex(left, value, byte, offset),
        }
    }

    fn take_plain(&mut self, byte: u8) {
        match byte {
            b'\\' => self.state = State::Backslash,
            b'"' => self.closed = true,
            _ => self.value.push(byte),
        }
    }

    fn take_escaped(&mut self, byte: u8) {
        self.state = State::Plain;
        match byte {
            b't' => self.value.push(b'\t'),
            b'r' => self.value.push(b'\r'),
            b'n' => self.value.push(b'\n'),
            b'b' => self.value.push(0x08),
            b'0'..=b'3' => self.state = State::Octal(2, byte - b'0'),
            b'x' => self.state = State::Hex(2, 0),
            _ => self.value.push(byte),
        }
    }

    fn take_octal(&mut self, left: u8, value: u8, byte: u8, offset: u32) {
        if !(b'0'..=b'7').contains(&byte) {
            self.flaws.push((StringFlaw::OctalDigit(byte), offset));
            return;
        }
        let value = (value << 3) | (byte - b'0');
        self.state = self.after_digit(left, value, State::Octal);
    }

    fn take_hex(&mut self, left: u8, value: u8, byte: u8, offset: u32) {
        let Some(digit) = char::from(byte).to_digit(16) else {
            self.flaws.push((StringFlaw::HexDigit(byte), offset));
            self.state = State::Plain;
            return;
        };
        let value = (value << 4) | u8::try_from(digit).unwrap_or(0);
        self.state = self.after_digit(left, value, State::Hex);
    }

    fn after_digit(&mut self, left: u8, value: u8, more: fn(u8, u8) -> State) -> State {
        if left > 1 {
            return more(left - 1, value);
        }
        self.value.push(value);
        State::Plain
    }
}
