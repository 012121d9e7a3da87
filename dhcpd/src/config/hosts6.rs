//! What a host declaration says for DHCPv6, and identification by any option.

use std::net::Ipv6Addr;

use common::syntax::Kind;

use super::builder::Context;
use super::cidr::{bits, is_prefix};
use super::model::{HostIdentifier, RareOfHost};
use super::parser::{Failure, Parsed, Parser};
use super::statement::After;
use super::words;
use crate::eval::ast::Data;

impl Parser<'_> {
    /// `fixed-address6 ADDRESS, …;`
    pub(super) fn fixed_address6(&mut self, context: Context) -> After {
        self.take();
        let Ok(addresses) = self.address6_list() else {
            return After::Parameter;
        };
        match self.host.as_mut().filter(|_| context.in_host) {
            None => self.error(words::FIXED_ADDRESS_NOT_HERE),
            Some(host) if host.has_address() => self.error(words::ONE_FIXED_ADDRESS),
            Some(host) => rare(&mut host.rare).addresses6 = addresses,
        }
        After::Parameter
    }

    fn address6_list(&mut self) -> Parsed<Vec<Ipv6Addr>> {
        let mut list = vec![self.address6()?];
        while self.accept(',') {
            list.push(self.address6()?);
        }
        self.expect_semicolon()?;
        Ok(list)
    }

    /// `fixed-prefix6 ADDRESS/BITS;`
    pub(super) fn fixed_prefix6(&mut self, context: Context) -> After {
        self.take();
        if !context.in_host {
            self.refuse(words::FIXED_PREFIX6_NOT_HERE);
            return After::Parameter;
        }
        // Whatever fails has been reported.
        let _ = self.prefix_of_host();
        After::Parameter
    }

    fn prefix_of_host(&mut self) -> Parsed<()> {
        let address = self.address6()?;
        self.slash()?;
        let token = self.take();
        if token.kind != Kind::Number {
            return self.fail_behind(&token, words::PREFIX_NUMBER);
        }
        self.expect_semicolon()?;
        let Some(bits) = bits(self.cursor.text_of(&token)) else {
            return self.fail(words::MASK_BITS);
        };
        if !is_prefix(address, bits) {
            return self.fail(words::MASK_SHORT);
        }
        if let Some(host) = &mut self.host {
            rare(&mut host.rare).prefixes6.push((address, bits));
        }
        Ok(())
    }

    /// `host-identifier option NAME VALUE;` or `host-identifier v6relopt N NAME VALUE;`
    pub(super) fn host_identifier_statement(&mut self) -> Parsed<()> {
        let present = self.host.as_ref().and_then(|host| host.rare.as_ref());
        if present.is_some_and(|rare| rare.identifier.is_some()) {
            return self.fail_out_of_host(words::ONE_HOST_IDENTIFIER);
        }
        self.take();
        let relays = self.relays()?;
        let option = self.option_of_host()?;
        let Ok(value) = self.option_value(option) else {
            return self.leave_host();
        };
        if self.expect_semicolon().is_err() {
            return self.leave_host();
        }
        let Data::Constant(value) = value else {
            return Ok(());
        };
        self.note_identifier(HostIdentifier {
            relays,
            option,
            value,
        });
        Ok(())
    }

    fn relays(&mut self) -> Parsed<Option<u32>> {
        let token = self.take();
        if self.is_word(&token, "option") {
            return Ok(None);
        }
        if !self.is_word(&token, "v6relopt") {
            return self.fail_out_of_host(words::HOST_IDENTIFIER);
        }
        let token = self.take();
        if token.kind != Kind::Number {
            return self.fail_out_of_host(words::RELAY_NUMBER);
        }
        match self.cursor.text_of(&token).parse() {
            Ok(relays) => Ok(Some(relays)),
            Err(_) => self.fail_out_of_host(words::RELAY_POSITIVE),
        }
    }

    fn note_identifier(&mut self, identifier: HostIdentifier) {
        if let Some(host) = &mut self.host {
            rare(&mut host.rare).identifier = Some(identifier);
        }
    }

    pub(super) fn fail_out_of_host<T>(&mut self, text: impl Into<String>) -> Parsed<T> {
        self.error(text);
        self.leave_host()
    }

    /// Out of the host's block with an error that has been reported.
    fn leave_host<T>(&mut self) -> Parsed<T> {
        self.skip_blocks(1);
        Err(Failure::Reported)
    }
}

fn rare(slot: &mut Option<Box<RareOfHost>>) -> &mut RareOfHost {
    slot.get_or_insert_default()
}
