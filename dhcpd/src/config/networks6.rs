//! IPv6 subnets. They are read and checked for DHCPv6 only.

use std::net::Ipv6Addr;

use common::diag::Severity;
use common::syntax::{Kind, Place};

use super::builder::{Context, Enclosing};
use super::cidr::{bits, is_prefix};
use super::model::Subnet6;
use super::parser::{Parsed, Parser};
use super::{Family, words};

impl Parser<'_> {
    /// `subnet6 ADDRESS/BITS { … }`, its keyword taken.
    pub(super) fn subnet6(&mut self, context: Context) {
        if self.family != Family::Dhcpv6 {
            return self.refuse(words::SUBNET6);
        }
        let place = self.place();
        if let Ok((address, bits)) = self.subnet6_head() {
            // Whatever fails has been reported.
            let _ = self.subnet6_block(context, address, bits, place);
        }
    }

    fn subnet6_head(&mut self) -> Parsed<(Ipv6Addr, u8)> {
        let address = self.address6()?;
        if !self.take().is('/') {
            return self.fail_and_skip(words::SUBNET6_SLASH);
        }
        let token = self.take();
        if token.kind != Kind::Number {
            return self.fail_and_skip(words::SUBNET6_NUMBER);
        }
        let Some(bits) = bits(self.cursor.text_of(&token)) else {
            return self.fail_and_skip(words::SUBNET6_BITS);
        };
        if !is_prefix(address, bits) {
            return self.fail_and_skip(words::SUBNET6_SHORT);
        }
        Ok((address, bits))
    }

    fn subnet6_block(
        &mut self,
        context: Context,
        address: Ipv6Addr,
        bits: u8,
        place: Place,
    ) -> Parsed<()> {
        if !self.build.config.subnets.is_empty() {
            self.error(words::MIXED_FAMILIES);
        }
        self.warn_of_overlap6(address, bits);
        let scope = self.build.open_scope(context.scope, place);
        let network = context.network.unwrap_or_else(|| {
            let name = format!("{address}/{bits}");
            self.build.add_network(&name, scope)
        });
        let subnet = self.build.add_subnet6(Subnet6 {
            address,
            bits,
            network,
            scope,
            place,
        });
        let inside = Context {
            enclosing: Enclosing::Subnet,
            scope,
            network: Some(network),
            subnet: None,
            subnet6: Some(subnet),
            in_host: false,
        };
        self.network_block_body(inside, network)
    }

    fn warn_of_overlap6(&mut self, address: Ipv6Addr, bits: u8) {
        if let Some((other, other_bits)) = self.build.note_subnet6(address, bits) {
            let inner = format!("{address}/{bits}");
            let text = words::overlap(inner, format!("{other}/{other_bits}"));
            self.remark(Severity::Warning, text);
        }
    }
}
