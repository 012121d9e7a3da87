//! `server-duid`: the server's identity in DHCPv6 (RFC 8415, section 11). It is checked in both families.

use common::syntax::{Kind, Token};

use super::parser::{Parsed, Parser};
use super::statement::After;
use super::words;

/// Hardware types that a DUID can be made of.
const HARDWARE_TYPES: [&str; 3] = ["ethernet", "token-ring", "fddi"];

impl Parser<'_> {
    /// `server-duid LLT|LL [TYPE [TIME] ADDRESS];`, `server-duid EN NUMBER STRING;` or `server-duid NUMBER STRING;`
    pub(super) fn server_duid(&mut self) -> After {
        self.take();
        if self.duid().is_ok() && !self.take().is(';') {
            self.error(words::DUID_SEMICOLON);
            self.skip_statement();
        }
        After::Parameter
    }

    fn duid(&mut self) -> Parsed<()> {
        let token = self.take();
        if self.is_word(&token, "en") {
            self.expect_kind(Kind::Number, words::DUID_ENTERPRISE)?;
            self.expect_kind(Kind::String, words::DUID_IDENTIFIER)?;
        } else if token.kind == Kind::Number {
            self.expect_kind(Kind::String, words::DUID_IDENTIFIER)?;
        } else if self.is_word(&token, "ll") || self.is_word(&token, "llt") {
            if !self.peek().is(';') {
                self.link_layer_duid(&token)?;
            }
        } else {
            return self.fail_and_skip(words::DUID_TYPE);
        }
        Ok(())
    }

    fn link_layer_duid(&mut self, kind: &Token) -> Parsed<()> {
        let hardware = self.take();
        let mut known = HARDWARE_TYPES.iter();
        if !known.any(|word| self.is_word(&hardware, word)) {
            return self.fail_and_skip(words::DUID_HARDWARE);
        }
        if self.is_word(kind, "llt") {
            self.expect_kind(Kind::Number, words::DUID_TIME)?;
        }
        self.hex_list().map(|_| ())
    }

    fn expect_kind(&mut self, kind: Kind, text: &str) -> Parsed<()> {
        if self.take().kind == kind {
            return Ok(());
        }
        self.fail_and_skip(text)
    }
}
