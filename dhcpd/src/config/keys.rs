//! Keys and zones: checked here, used by DNS updates and OMAPI.

use common::syntax::{Kind, Token};

use super::parser::{Failure, Parsed, Parser};
use super::words;

/// What the block of a key has said so far.
#[derive(Default)]
struct Key {
    has_algorithm: bool,
    has_secret: bool,
}

/// What the block of a zone has said so far.
#[derive(Default)]
struct Zone {
    has_primary: bool,
    has_secondary: bool,
}

impl Parser<'_> {
    /// `key NAME { algorithm …; secret …; };`
    pub(super) fn key(&mut self) -> Parsed<()> {
        self.take();
        let Some(name) = self.key_name() else {
            self.error(words::KEY_NAME);
            return self.leave_bad_block();
        };
        self.expect_left_brace()?;
        let mut key = Key::default();
        if self.key_body(&name, &mut key).is_err() {
            return self.leave_bad_block();
        }
        self.accept(';');
        self.check_key(&key);
        self.build.keys.insert(name.to_ascii_lowercase());
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

    /// Goes out of the block of a key or a zone with an error that has been reported.
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
        if self.host_name().is_none() {
            return self.fail(words::KEY_ALGORITHM);
        }
        key.has_algorithm = true;
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

    /// A string, or words, digits, `+`, `/` and `=` in a row.
    fn base64(&mut self) -> Parsed<()> {
        let mut text = String::new();
        loop {
            let token = self.peek();
            if !is_base64_token(&token) {
                break;
            }
            self.take();
            text.push_str(&self.text(&token));
        }
        self.check_base64(&text)
    }

    fn check_base64(&mut self, text: &str) -> Parsed<()> {
        let digits = text.trim_start_matches(is_base64_digit);
        let Some(wrong) = digits.chars().next().filter(|c| *c != '=') else {
            let tail = digits.trim_start_matches('=');
            if tail.is_empty() {
                return Ok(());
            }
            return self.fail(words::base64_tail(tail));
        };
        self.fail(words::base64_character(u32::from(wrong)))
    }

    /// The original dies of a key without one of them.
    fn check_key(&mut self, key: &Key) {
        if !key.has_algorithm {
            self.error(words::KEY_WITHOUT_ALGORITHM);
        } else if !key.has_secret {
            self.error(words::KEY_WITHOUT_SECRET);
        }
    }

    /// `zone NAME { primary …; key …; };`
    pub(super) fn zone(&mut self) -> Parsed<()> {
        self.take();
        if self.host_name().is_none() {
            return self.fail_and_skip(words::ZONE_NAME);
        }
        self.expect_left_brace()?;
        self.zone_body(&mut Zone::default())?;
        self.accept(';');
        Ok(())
    }

    fn zone_body(&mut self, zone: &mut Zone) -> Parsed<()> {
        loop {
            let token = self.peek();
            if self.is_word(&token, "primary") {
                self.zone_servers(&mut zone.has_primary, words::ONE_PRIMARY)?;
            } else if self.is_word(&token, "secondary") {
                self.zone_servers(&mut zone.has_secondary, words::ONE_SECONDARY)?;
            } else if self.is_word(&token, "primary6") || self.is_word(&token, "secondary6") {
                return self.refuse_later();
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
        self.fail_and_skip(words::EXPECTING_RIGHT_BRACE)
    }

    fn zone_servers(&mut self, present: &mut bool, again: &str) -> Parsed<()> {
        if *present {
            self.error(again);
            return self.leave_bad_block();
        }
        *present = true;
        self.take();
        loop {
            self.address_or_name()?;
            if !self.accept(',') {
                break;
            }
        }
        self.expect_semicolon()
    }

    fn zone_key(&mut self) -> Parsed<()> {
        self.take();
        let name = self.key_name().unwrap_or_default();
        if !self.build.keys.contains(&name.to_ascii_lowercase()) {
            // The end of the statement belongs to what is shown.
            self.peek();
            self.error(words::unknown_key(&name));
            return self.leave_bad_block();
        }
        self.expect_semicolon()
    }
}

fn is_base64_token(token: &Token) -> bool {
    token.is_identifier()
        || matches!(
            token.kind,
            Kind::String | Kind::Number | Kind::Mark('+' | '/' | '=')
        )
}

fn is_base64_digit(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '+' || character == '/'
}
