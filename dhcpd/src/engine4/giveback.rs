//! Leases that come back: released, declined, abandoned (reference isc-dhcpd-behaviour.md, section 6).

use std::net::Ipv4Addr;
use std::sync::Arc;

use common::time::Time;

use super::Engine;
use super::exchange::Exchange;
use super::handlers::{forget_handlers, run_block, run_expiry};
use super::outbox::Outbox;
use super::words;
use crate::eval::Flag;
use crate::lease::{Found, Lease, NEVER, State, write_lease};
use crate::options::{OptionSet, codes};

impl Engine {
    /// DHCPRELEASE: by the address that the client has; its hardware address must be the one of the lease.
    pub(super) fn handle_release(&mut self, exchange: &Exchange<'_>, outbox: &mut Outbox) {
        let request = &exchange.request;
        if request.options.contains(codes::DHCP_REQUESTED_ADDRESS) {
            outbox.info(words::release_names_address(&request.hardware));
        }
        let address = exchange.ciaddr();
        let ours = |found: &Found<'_>| found.lease.hardware.as_ref() == Some(&request.hardware);
        let found = self.table.find(address).filter(ours);
        let who = exchange.who(found.as_ref().map(|found| &*found.lease));
        let line = words::release(address, &who, found.is_some());
        let now = exchange.seconds();
        if found.is_some_and(|found| found.lease.ends > now) {
            self.release(exchange, address, outbox);
        }
        outbox.info(line);
    }

    /// DHCPDECLINE: whoever says that an address is in use is believed.
    pub(super) fn handle_decline(&mut self, exchange: &Exchange<'_>, outbox: &mut Outbox) {
        let Some(address) = exchange.request.requested_address() else {
            return;
        };
        let found = self.table.find(address);
        let who = exchange.who(found.as_ref().map(|found| &*found.lease));
        let is_known = found.is_some();
        let outcome = match self.declines(exchange, address, is_known, outbox) {
            Flag::Ignore => return,
            Flag::Deny => "ignored",
            Flag::Allow if is_known => {
                self.abandon(address, exchange.seconds(), words::DECLINED, outbox);
                "abandoned"
            }
            Flag::Allow => "not found",
        };
        outbox.info(words::decline(address, &who, outcome));
    }

    /// What `allow declines` says where the address is.
    fn declines(
        &self,
        exchange: &Exchange<'_>,
        address: Ipv4Addr,
        is_known: bool,
        outbox: &mut Outbox,
    ) -> Flag {
        let context = exchange.global_context(None, false);
        let mut set = OptionSet::new();
        let subnet = exchange.config().subnet_of(address).filter(|_| is_known);
        let scope = subnet.and_then(|subnet| exchange.subnet_scope(subnet));
        if let Some(scope) = scope {
            crate::eval::execute_scope_chain(exchange.config(), scope, None, &context, &mut set);
        }
        exchange.execute_classes(scope, &context, &mut set);
        let flag = context.over(&set).flag(codes::DECLINES);
        exchange.settle(&context, outbox);
        flag.unwrap_or(Flag::Allow)
    }

    /// Ends a lease that somebody holds. A free one stays as it is, but what an offer wanted to happen is over.
    pub(super) fn release(
        &mut self,
        exchange: &Exchange<'_>,
        address: Ipv4Addr,
        outbox: &mut Outbox,
    ) {
        let Some(found) = self.table.find(address) else {
            return;
        };
        let mut lease = found.lease.into_owned();
        self.run_release(exchange, &mut lease, outbox);
        let had_rare = lease.rare.is_some();
        forget_handlers(&mut lease);
        if !lease.state.is_in_use() {
            if had_rare {
                self.table.amend(lease);
            }
            return;
        }
        lease.release(exchange.seconds());
        let format = self.world.id_format();
        if let Some(stored) = self.table.move_on(lease) {
            write_lease(&mut outbox.journal, stored, format);
        }
    }

    fn run_release(&mut self, exchange: &Exchange<'_>, lease: &mut Lease, outbox: &mut Outbox) {
        let block = lease.rare.as_ref().and_then(|rare| rare.on_release.clone());
        let config = exchange.config();
        let handler = block.and_then(|it| self.blocks.of(&it, lease.address, config, outbox));
        if let Some(handler) = handler {
            let facts = exchange.facts(lease, false);
            let context = exchange.context(Some(facts), false);
            run_block(&handler.body, &context, lease, outbox);
        }
    }

    /// Keeps an address from everybody for a while.
    pub(super) fn abandon(&mut self, address: Ipv4Addr, now: u32, why: &str, outbox: &mut Outbox) {
        let Some(found) = self.table.find(address) else {
            return;
        };
        let mut lease = found.lease.into_owned();
        lease.clear_variables();
        lease.ends = now.saturating_add(self.world.abandon_lease_time).min(NEVER);
        lease.next = State::Abandoned;
        lease.agent = None;
        lease.hardware = None;
        lease.uid = None;
        outbox.error(words::abandoning(address, why));
        if lease.state == State::Active {
            let world = Arc::clone(&self.world);
            let facts = (world.config(), &world.setup.names);
            let time = Time::from_seconds(i64::from(now));
            run_expiry(&mut lease, &mut self.blocks, facts, time, outbox);
        }
        let format = self.world.id_format();
        if let Some(stored) = self.table.store(lease) {
            write_lease(&mut outbox.journal, stored, format);
        }
    }
}
