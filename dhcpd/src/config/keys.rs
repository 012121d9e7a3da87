//! Keys and zones: checked here, used by DNS updates and OMAPI.

use common::diag::Severity;
use common::syntax::{Kind, Token};

use super::parser::{Failure, Parsed, Parser};
use super::words;

/// What the block of a key has said so far.
#[derive(Default)]
struct Key {
    has_algorithm: bool,
    knows_algorithm: bool,
    has_secret: bool,
}

/// Algorithms of keys (RFC 2104 with the hash that each names).
const ALGORITHMS: &[&str] = &[
    "hmac-md5",
    "hmac-sha1",
    "hmac-sha224",
    "hmac-sha256",
    "hmac-sha384",
    "hmac-sha512",
];

/// What the block of a zone has said so far.
#[derive(Default)]
struct Zone {
    has_primary: bool,
    has_secondary: bool,
    has_primary6: bool,
    has_secondary6: bool,
}

impl Parser<'_> {
    /// `key NAME { algorithm …; secret …; };`
    pub(super) fn key(&mut self) -> Parsed<()> {
        self.take();
        let Some(name) = self.key_name() else {
            return self.fail_and_skip(words::KEY_NAME);
        };
        if !self.take().is('{') {
            return self.fail(words::BLOCK_LEFT_BRACE);
        }
        let mut key = Key::default();
        if self.key_body(&name, &mut key).is_err() {
            return self.leave_bad_block();
        }
        self.accept(';');
        self.check_key(&name, &key);
        self.build.config.keys.insert(name.to_ascii_lowercase());
        Ok(())
    }

    fn key_name(&mut self) -> Option<String> {
        let token = self.peek();
        if token.kind != Kind::String {
            return self.host_name();
        }
        self.take();
        Some(self.text(&token))
    }

    /// Goes out of the block of a key with an error that has been reported.
    fn leave_bad_block(&mut self) -> Parsed<()> {
        self.skip_blocks(1);
        Err(Failure::Reported)
    }

    fn key_body(&mut self, name: &str, key: &mut Key) -> Parsed<()> {
        loop {
            let token = self.take();
            if self.is_word(&token, "algorithm") {
                self.key_algorithm(name, key)?;
            } else if self.is_word(&token, "secret") {
                self.key_secret(name, key)?;
            } else if token.is('}') {
                return Ok(());
            } else {
                return self.fail(words::EXPECTING_RIGHT_BRACE);
            }
        }
    }

    fn key_algorithm(&mut self, name: &str, key: &mut Key) -> Parsed<()> {
        if key.has_algorithm {
            return self.fail(words::too_many_algorithms(name));
        }
        let Some(algorithm) = self.host_name() else {
            return self.fail(words::KEY_ALGORITHM);
        };
        key.has_algorithm = true;
        key.knows_algorithm = is_known_algorithm(&algorithm);
        self.expect_semicolon()
    }

    fn key_secret(&mut self, name: &str, key: &mut Key) -> Parsed<()> {
        if key.has_secret {
            return self.fail(words::too_many_secrets(name));
        }
        self.base64()?;
        key.has_secret = true;
        self.expect_semicolon()
    }

    /// Words, digits, strings and marks up to one that has another character in it; the first may be anything.
    fn base64(&mut self) -> Parsed<()> {
        let mut pieces = Vec::new();
        loop {
            let token = self.take();
            pieces.push(self.text(&token));
            let next = self.peek();
            let is_over = next.kind == Kind::End;
            if is_over || !self.text(&next).chars().all(is_base64_character) {
                break;
            }
        }
        self.check_base64(&pieces)
    }

    fn check_base64(&mut self, pieces: &[String]) -> Parsed<()> {
        let mut digits = Base64::default();
        for piece in pieces {
            for (at, character) in piece.char_indices() {
                if character == '=' {
                    digits.pad();
                } else if digits.is_padded {
                    let rest = piece.get(at..).unwrap_or_default();
                    return self.fail(words::base64_tail(rest));
                } else if let Some(value) = base64_value(character) {
                    digits.push(value);
                } else {
                    return self.fail(words::base64_character(u32::from(character)));
                }
            }
        }
        if let Some(rest) = digits.rest() {
            self.error(words::base64_rest(rest));
        }
        // Too few digits for one byte go unnoticed, and so does the key.
        if digits.bytes == 0 {
            return Err(Failure::Reported);
        }
        Ok(())
    }

    /// The original dies of a key without one of them.
    fn check_key(&mut self, name: &str, key: &Key) {
        if !key.has_algorithm {
            self.error(words::KEY_WITHOUT_ALGORITHM);
        } else if !key.has_secret {
            self.error(words::KEY_WITHOUT_SECRET);
        } else if !key.knows_algorithm {
            self.remark(Severity::Warning, words::unknown_algorithm(name));
        }
    }

    /// `zone NAME { primary …; key …; };`
    pub(super) fn zone(&mut self) -> Parsed<()> {
        self.take();
        if self.host_name().is_none() {
            return self.fail_and_skip(words::ZONE_NAME);
        }
        let body = self.zone_block();
        if body.is_err() {
            self.skip_statement();
        }
        body
    }

    fn zone_block(&mut self) -> Parsed<()> {
        if !self.take().is('{') {
            return self.fail(words::BLOCK_LEFT_BRACE);
        }
        self.zone_body(&mut Zone::default())
    }

    fn zone_body(&mut self, zone: &mut Zone) -> Parsed<()> {
        loop {
            let token = self.peek();
            if self.is_word(&token, "primary") {
                self.zone_servers(&mut zone.has_primary, words::ONE_PRIMARY)?;
            } else if self.is_word(&token, "secondary") {
                self.zone_servers(&mut zone.has_secondary, words::ONE_SECONDARY)?;
            } else if self.is_word(&token, "primary6") {
                self.zone_servers6(&mut zone.has_primary6, words::ONE_PRIMARY6)?;
            } else if self.is_word(&token, "secondary6") {
                self.zone_servers6(&mut zone.has_secondary6, words::ONE_SECONDARY6)?;
            } else if self.is_word(&token, "key") {
                self.zone_key()?;
            } else {
                self.take();
                return self.end_of_zone(&token);
            }
        }
    }

    fn end_of_zone(&mut self, token: &Token) -> Parsed<()> {
        if token.is('}') {
            return Ok(());
        }
        self.fail(words::EXPECTING_RIGHT_BRACE)
    }

    fn zone_servers(&mut self, present: &mut bool, again: &str) -> Parsed<()> {
        self.first_of_kind(present, again)?;
        loop {
            if self.address_or_name().is_err() {
                return self.fail_and_skip(words::ZONE_ADDRESS);
            }
            if !self.accept(',') {
                break;
            }
        }
        self.expect(';', words::EXPECTING_SEMICOLON)
    }

    /// Takes the keyword of servers that may be named once.
    fn first_of_kind(&mut self, present: &mut bool, again: &str) -> Parsed<()> {
        if *present {
            return self.fail_and_skip(again);
        }
        *present = true;
        self.take();
        Ok(())
    }

    fn zone_servers6(&mut self, present: &mut bool, again: &str) -> Parsed<()> {
        self.first_of_kind(present, again)?;
        loop {
            if self.address6().is_err() {
                return self.fail_and_skip(words::ZONE_ADDRESS6);
            }
            if !self.accept(',') {
                break;
            }
        }
        self.expect(';', words::EXPECTING_SEMICOLON)
    }

    fn zone_key(&mut self) -> Parsed<()> {
        self.take();
        let Some(name) = self.key_name() else {
            return self.fail_and_skip(words::KEY_NAME);
        };
        if !self.build.config.keys.contains(&name.to_ascii_lowercase()) {
            self.error(words::unknown_key(&name));
        }
        self.expect_semicolon()
    }
}

/// Base 64 on its way to bytes (RFC 4648, section 4).
#[derive(Default)]
struct Base64 {
    bytes: usize,
    characters: usize,
    /// Bits that make no whole byte yet.
    remainder: u32,
    is_padded: bool,
}

impl Base64 {
    fn push(&mut self, value: u32) {
        let all = self.remainder << 6 | value;
        self.remainder = match self.characters % 4 {
            0 => all,
            1 => all & 0x0F,
            2 => all & 0x03,
            _ => 0,
        };
        self.bytes += usize::from(self.characters % 4 != 0);
        self.characters += 1;
    }

    fn pad(&mut self) {
        self.is_padded = true;
        self.characters += 1;
    }

    /// Bits that are left over and are not all zero.
    fn rest(&self) -> Option<u32> {
        (self.characters % 4 != 0 && self.remainder != 0).then_some(self.remainder)
    }
}

fn is_base64_character(character: char) -> bool {
    character == '=' || base64_value(character).is_some()
}

fn base64_value(character: char) -> Option<u32> {
    let code = u32::from(character);
    match character {
        'A'..='Z' => Some(code - 0x41),
        'a'..='z' => Some(code - 0x61 + 26),
        '0'..='9' => Some(code - 0x30 + 52),
        '+' => Some(62),
        '/' => Some(63),
        _ => None,
    }
}

/// True for an algorithm that keys can be made for: with or without the domain that RFC 2845 puts it in.
fn is_known_algorithm(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let bare = match name.split_once('.') {
        None => Some(name.as_str()),
        Some((bare, "sig-alg.reg.int" | "sig-alg.reg.int.")) => Some(bare),
        Some(_) => None,
    };
    bare.is_some_and(|bare| ALGORITHMS.contains(&bare))
}
