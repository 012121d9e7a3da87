//! Groups, shared networks and subnets.

use std::net::Ipv4Addr;

use common::diag::Severity;
use common::syntax::{Kind, Place};

use super::builder::{Context, Enclosing, prefix};
use super::model::{NetworkId, Subnet};
use super::parser::{Failure, Parsed, Parser};
use super::words;

impl Parser<'_> {
    /// `group [NAME] { … }`, its keyword taken.
    pub(super) fn group(&mut self, context: Context) {
        let place = self.place();
        let token = self.peek();
        let is_named = token.is_identifier() || token.kind == Kind::String;
        if is_named {
            self.take();
        }
        let scope = self.build.open_scope(context.scope, place);
        let inside = Context {
            enclosing: Enclosing::Group,
            scope,
            ..context
        };
        let name = is_named.then(|| self.text(&token));
        // Whatever failed has been reported.
        let _ = self.group_block(inside, name);
    }

    fn group_block(&mut self, inside: Context, name: Option<String>) -> Parsed<()> {
        self.expect_left_brace()?;
        let is_deleted = self.nested(|parser| Ok(parser.group_body(inside)))?;
        match name {
            Some(name) if is_deleted => {
                self.build.groups.remove(name.as_str());
            }
            Some(name) => {
                self.build.groups.insert(name.into(), inside.scope);
            }
            None => {}
        }
        Ok(())
    }

    /// True if the group says that it is deleted. Behind that, and behind `dynamic` and `static`, the original wants one
    /// more statement before the end of the group.
    fn group_body(&mut self, context: Context) -> bool {
        let mut after_declaration = false;
        let mut is_deleted = false;
        while !self.leave_block() {
            let word = ["deleted", "dynamic", "static"]
                .into_iter()
                .find(|word| self.accept_word(word));
            if let Some(word) = word {
                is_deleted |= word == "deleted";
                // A missing semicolon has been reported.
                let _ = self.expect_semicolon();
            }
            after_declaration = self.statement(context, after_declaration);
        }
        is_deleted
    }

    /// `shared-network NAME { … }`, its keyword taken.
    pub(super) fn shared_network(&mut self, context: Context) {
        let place = self.place();
        let Some(name) = self.network_name() else {
            self.error(words::NETWORK_NAME);
            return self.skip_statement();
        };
        let scope = self.build.open_scope(context.scope, place);
        let network = self.build.add_network(&name, scope);
        let inside = Context {
            enclosing: Enclosing::Network,
            scope,
            network: Some(network),
            ..context
        };
        // Whatever failed has been reported.
        let _ = self.network_block(inside, network);
    }

    fn network_name(&mut self) -> Option<String> {
        let token = self.peek();
        if token.kind != Kind::String {
            return self.host_name();
        }
        self.take();
        let name = self.text(&token);
        if name.is_empty() {
            self.error(words::NETWORK_NAME_EMPTY);
        }
        Some(name)
    }

    fn network_block(&mut self, context: Context, network: NetworkId) -> Parsed<()> {
        self.expect_left_brace()?;
        self.nested(|parser| {
            parser.network_body(context, network);
            if parser.network_is_empty(network) {
                parser.error(words::NETWORK_EMPTY);
            }
            Ok(())
        })
    }

    fn network_is_empty(&self, network: NetworkId) -> bool {
        !self.stopped && !self.build.has_subnet(network)
    }

    /// Statements of a shared network or a subnet, which both know `interface`.
    fn network_body(&mut self, context: Context, network: NetworkId) {
        let mut after_declaration = false;
        while !self.leave_block() {
            if !self.peek_is_word("interface") {
                after_declaration = self.statement(context, after_declaration);
            } else if self.interface(network).is_err() {
                return;
            }
        }
    }

    fn interface(&mut self, network: NetworkId) -> Parsed<()> {
        self.take();
        let token = self.take();
        let name = self.text(&token);
        let Some(found) = self.build.network_mut(network) else {
            return Err(Failure::Unreported);
        };
        if found.interface.is_none() {
            found.interface = Some(name.into());
        } else {
            self.error(words::TWO_INTERFACES);
        }
        self.expect_semicolon()
    }

    /// `subnet ADDRESS netmask MASK { … }`, its keyword taken.
    pub(super) fn subnet(&mut self, context: Context) {
        let place = self.place();
        if let Ok((address, mask)) = self.subnet_head() {
            // Whatever fails has been reported.
            let _ = self.subnet_block(context, address, mask, place);
        }
    }

    fn subnet_head(&mut self) -> Parsed<(Ipv4Addr, Ipv4Addr)> {
        let address = self.ip_address()?;
        let token = self.take();
        if !self.is_word(&token, "netmask") {
            return self.fail_and_skip(words::NETMASK);
        }
        let mask = self.ip_address()?;
        if address.to_bits() & !mask.to_bits() != 0 {
            return self.fail_and_skip(words::bad_subnet(address, mask));
        }
        Ok((address, mask))
    }

    fn subnet_block(
        &mut self,
        context: Context,
        address: Ipv4Addr,
        mask: Ipv4Addr,
        place: Place,
    ) -> Parsed<()> {
        if !self.build.config.subnets6.is_empty() {
            self.error(words::MIXED_FAMILIES);
        }
        self.warn_of_overlap(address, mask);
        let scope = self.build.open_scope(context.scope, place);
        let network = context
            .network
            .unwrap_or_else(|| self.build.add_network(&prefix(address, mask), scope));
        let subnet = self.build.add_subnet(Subnet {
            address,
            mask,
            network,
            scope,
            place,
        });
        let inside = Context {
            enclosing: Enclosing::Subnet,
            scope,
            network: Some(network),
            subnet: Some(subnet),
            subnet6: None,
            in_host: false,
        };
        self.network_block_body(inside, network)
    }

    /// The block of a subnet.
    pub(super) fn network_block_body(&mut self, inside: Context, network: NetworkId) -> Parsed<()> {
        self.expect_left_brace()?;
        self.nested(|parser| {
            parser.network_body(inside, network);
            Ok(())
        })
    }

    /// Subnets that hold each other are unusual; the most specific one counts for an address.
    fn warn_of_overlap(&mut self, address: Ipv4Addr, mask: Ipv4Addr) {
        let entry = (address.to_bits(), mask.to_bits());
        if let Some((other, other_mask)) = self.build.note_subnet(entry) {
            let outer = prefix(other.into(), other_mask.into());
            let text = words::overlap(prefix(address, mask), outer);
            self.remark(Severity::Warning, text);
        }
    }
}
