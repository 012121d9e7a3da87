//! Pools of IPv6 addresses and prefixes. They are read and checked for DHCPv6 only.

use std::net::Ipv6Addr;

use common::diag::Severity;
use common::syntax::{Kind, Place};

use super::builder::{Context, Enclosing};
use super::cidr::{ADDRESS_BITS, bits, is_prefix, network, prefixes_between};
use super::model::{Block6, Lends, Pool6, Subnet6};
use super::parser::{Parsed, Parser};
use super::pools::Permits;
use super::{Family, words};

/// Free bits of a range for temporary addresses (RFC 4941), which is written without its length.
const TEMPORARY_BITS: u8 = 64;

impl Parser<'_> {
    /// `pool6 { … }`, its keyword taken.
    pub(super) fn pool6(&mut self, context: Context) {
        let place = self.place();
        if self.expect_left_brace().is_err() {
            return;
        }
        let scope = self.build.open_scope(context.scope, place);
        let mut permits = Permits::default();
        let mut blocks = Vec::new();
        // Whatever fails has been reported.
        let _ = self.nested(|parser| {
            let inside = Context {
                enclosing: Enclosing::Pool,
                scope,
                in_host: false,
                ..context
            };
            parser.pool6_body(context, inside, &mut permits, &mut blocks);
            Ok(())
        });
        if blocks.is_empty() && !self.stopped {
            self.error(words::POOL6_WITHOUT_RANGE);
            for line in words::POOL6_NEEDS_RANGE {
                self.remark(Severity::Error, line);
            }
        }
        if let Some(network) = context.network {
            self.build.config.pools6.push(Pool6 {
                network,
                scope,
                permits: permits.allowed.into(),
                prohibits: permits.denied.into(),
                blocks,
                place,
            });
        }
    }

    fn pool6_body(
        &mut self,
        of_subnet: Context,
        inside: Context,
        permits: &mut Permits,
        blocks: &mut Vec<Block6>,
    ) {
        let mut after_declaration = false;
        while !self.leave_block() {
            if self.accept_word("range6") {
                blocks.extend(self.range6_blocks(of_subnet));
            } else if self.accept_word("prefix6") {
                blocks.extend(self.prefix6_blocks());
            } else if !self.accept_permit(permits) {
                after_declaration = self.statement(inside, after_declaration);
            }
        }
    }

    /// `range6 …;` outside of pools, its keyword taken.
    pub(super) fn range6(&mut self, context: Context) {
        let place = self.place();
        let blocks = self.range6_blocks(context);
        self.add_loose_blocks(context, place, blocks);
    }

    /// `prefix6 …;` outside of pools, its keyword taken.
    pub(super) fn prefix6(&mut self, context: Context) {
        let place = self.place();
        let blocks = self.prefix6_blocks();
        self.add_loose_blocks(context, place, blocks);
    }

    /// What stands outside of pools makes one pool for each run of it. Its scope is the shared network's.
    fn add_loose_blocks(&mut self, context: Context, place: Place, blocks: Vec<Block6>) {
        let Some(network) = context.network.filter(|_| !blocks.is_empty()) else {
            return;
        };
        let of_network = self.build.network(network);
        let scope = of_network.map_or(context.scope, |found| found.scope);
        let pools = &mut self.build.config.pools6;
        match pools.last_mut() {
            Some(last) if last.network == network && last.scope == scope => {
                last.blocks.extend(blocks);
            }
            _ => pools.push(Pool6 {
                network,
                scope,
                permits: Box::default(),
                prohibits: Box::default(),
                blocks,
                place,
            }),
        }
    }

    fn range6_blocks(&mut self, context: Context) -> Vec<Block6> {
        if self.family != Family::Dhcpv6 {
            self.refuse(words::RANGE6_FAMILY);
            return Vec::new();
        }
        let subnet = context.subnet6.and_then(|id| self.build.subnet6(id));
        let Some(subnet) = subnet.cloned() else {
            self.refuse(words::RANGE6_IN_IPV4);
            return Vec::new();
        };
        self.range6_in(&subnet).unwrap_or_default()
    }

    /// `LOW HIGH`, `LOW/BITS [temporary]` or `LOW temporary`, and the semicolon.
    fn range6_in(&mut self, subnet: &Subnet6) -> Parsed<Vec<Block6>> {
        let low = self.address6()?;
        if network(low, subnet.bits) != subnet.address {
            return self.fail_and_skip(words::RANGE6_START);
        }
        let token = self.peek();
        let blocks = if token.is('/') {
            self.take();
            vec![self.prefix_of_range6(low, subnet)?]
        } else if self.accept_word("temporary") {
            if !is_prefix(low, TEMPORARY_BITS) {
                return self.fail_and_skip(words::MASK_SHORT);
            }
            vec![Block6 {
                address: low,
                bits: TEMPORARY_BITS,
                lends: Lends::TemporaryAddresses,
            }]
        } else {
            self.range6_up_to(low, subnet)?
        };
        // Without its semicolon the statement counts all the same.
        let _ = self.expect_semicolon();
        Ok(blocks)
    }

    fn prefix_of_range6(&mut self, low: Ipv6Addr, subnet: &Subnet6) -> Parsed<Block6> {
        let token = self.take();
        if token.kind != Kind::Number {
            return self.fail_and_skip(words::PREFIX_NUMBER);
        }
        let Some(bits) = bits(self.cursor.text_of(&token)) else {
            return self.fail_and_skip(words::MASK_BITS);
        };
        if bits < subnet.bits {
            return self.fail_and_skip(words::MASK_SMALLER);
        }
        if !is_prefix(low, bits) {
            return self.fail_and_skip(words::MASK_SHORT);
        }
        let mut lends = Lends::Addresses;
        if self.peek_is_word("temporary") {
            if bits < TEMPORARY_BITS {
                self.error(words::TEMPORARY_SHORT);
            }
            if bits == ADDRESS_BITS {
                self.error(words::TEMPORARY_SINGLE);
            }
            self.take();
            lends = Lends::TemporaryAddresses;
        }
        Ok(Block6 {
            address: low,
            bits,
            lends,
        })
    }

    fn range6_up_to(&mut self, low: Ipv6Addr, subnet: &Subnet6) -> Parsed<Vec<Block6>> {
        let high = self.address6()?;
        if network(high, subnet.bits) != subnet.address {
            return self.fail_and_skip(words::RANGE6_END);
        }
        Ok(blocks_of(low, high, Lends::Addresses))
    }

    fn prefix6_blocks(&mut self) -> Vec<Block6> {
        if self.family != Family::Dhcpv6 {
            self.refuse(words::PREFIX6_FAMILY);
            return Vec::new();
        }
        self.prefix6_value().unwrap_or_default()
    }

    /// `LOW HIGH /BITS;` Prefixes need not be in the subnet.
    fn prefix6_value(&mut self) -> Parsed<Vec<Block6>> {
        let low = self.address6()?;
        let high = self.address6()?;
        self.slash()?;
        let length = self.prefix_length()?;
        let Some(bits) = length.filter(|bits| (1..ADDRESS_BITS).contains(bits)) else {
            return self.fail(words::PREFIX6_BITS);
        };
        if !is_prefix(low, bits) || !is_prefix(high, bits) {
            return self.fail_and_skip(words::MASK_SHORT);
        }
        self.expect_semicolon()?;
        let last = low.max(high).to_bits() | free_bits(bits);
        let last = Ipv6Addr::from_bits(last);
        Ok(blocks_of(low.min(high), last, Lends::Prefixes { bits }))
    }
}

/// The bits of an address behind the first `bits`.
fn free_bits(bits: u8) -> u128 {
    u128::MAX.checked_shr(u32::from(bits)).unwrap_or(0)
}

fn blocks_of(one: Ipv6Addr, other: Ipv6Addr, lends: Lends) -> Vec<Block6> {
    let prefixes = prefixes_between(one, other).into_iter();
    let block = |(address, bits)| Block6 {
        address,
        bits,
        lends,
    };
    prefixes.map(block).collect()
}
