//! DHCPNAK (reference isc-dhcpd-behaviour.md, section 5, "NAK contents").

use std::net::Ipv4Addr;

use super::Engine;
use super::answer::echo;
use super::exchange::Exchange;
use super::fill::{configured_identifier, put_sent_identifier};
use super::outbox::{Outbox, Reply};
use super::route::{broadcast_route, to_relay};
use super::words;
use crate::config::model::ScopeId;
use crate::eval::{Context, Flag, execute_scope_chain};
use crate::options::{OptionSet, codes};
use crate::wire::{self, BROADCAST_FLAG, MessageType, ReplyKind};

impl Engine {
    /// Refuses `address`. `scope` is where to look for settings when the client's link is unknown. The reason of the last
    /// search becomes option 56; `known` is whether it found a declaration of the client. Of what is configured `echo-client-id` counts, and `server-identifier` outside of classes.
    pub(super) fn nak(
        &self,
        exchange: &Exchange<'_>,
        address: Ipv4Addr,
        scope: Option<ScopeId>,
        known: bool,
        outbox: &mut Outbox,
    ) {
        let context = exchange.global_context(None, known);
        let mut settings = OptionSet::new();
        execute_link(exchange, scope, &context, &mut settings);
        let configured = configured_identifier(&context, &settings);
        exchange.execute_classes(None, &context, &mut settings);
        let mut set = OptionSet::new();
        set.put(
            codes::DHCP_MESSAGE_TYPE,
            vec![MessageType::NAK.0],
            "message type",
        );
        if !self.refusal.is_empty() {
            let reason = self.refusal.as_bytes();
            set.put(codes::DHCP_MESSAGE, reason, "reason of the refusal");
        }
        let source = configured.unwrap_or(exchange.interface.address);
        let identifier = source.octets().to_vec();
        set.put(
            codes::DHCP_SERVER_IDENTIFIER,
            identifier,
            "configured identifier or address of the interface",
        );
        if context
            .over(&settings)
            .is_on(codes::ECHO_CLIENT_ID, Flag::Deny)
        {
            put_sent_identifier(exchange, &mut set);
        }
        let bytes = build(exchange, &context, &set);
        exchange.settle(&context, outbox);
        let Some(bytes) = bytes else {
            return;
        };
        let hardware = &exchange.request.hardware;
        outbox.info(words::nak(address, hardware, exchange.via()));
        outbox.replies.push(Reply {
            bytes,
            route: to_relay(exchange).unwrap_or_else(|| broadcast_route(exchange, source)),
            needs_durable: false,
        });
    }
}

/// Executes what holds on the client's link: its first subnet and its first pool, else `scope`, else the outermost scope.
fn execute_link<'x>(
    exchange: &Exchange<'x>,
    scope: Option<ScopeId>,
    context: &Context<'_>,
    set: &mut OptionSet<'x>,
) {
    let config = exchange.config();
    let Some(network) = exchange.network else {
        let scope = scope.unwrap_or(ScopeId(0));
        return execute_scope_chain(config, scope, None, context, set);
    };
    let outer = exchange.network_scope(network);
    let subnet = config.subnets_of(network).first();
    let first = subnet
        .and_then(|subnet| exchange.subnet_scope(*subnet))
        .or(outer);
    if let Some(first) = first {
        execute_scope_chain(config, first, None, context, set);
    }
    let pool = config.pools_of(network).first();
    let pool = pool.and_then(|pool| config.pools.get(usize::try_from(pool.0).ok()?));
    if let Some(pool) = pool {
        execute_scope_chain(config, pool.scope, outer, context, set);
    }
}

fn build(exchange: &Exchange<'_>, context: &Context<'_>, set: &OptionSet<'_>) -> Option<Vec<u8>> {
    let mut header = echo(exchange);
    header.ciaddr = Ipv4Addr::UNSPECIFIED;
    header.flags |= BROADCAST_FLAG;
    let reply = wire::Reply {
        kind: ReplyKind::Nak,
        header,
        chaddr: *exchange.request.view.chaddr(),
        file: &[],
        sname: &[],
    };
    let values = context.over(set);
    reply
        .build(&exchange.request, &values, &mut Vec::new())
        .ok()
}
