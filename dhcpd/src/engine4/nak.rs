//! DHCPNAK (reference isc-dhcpd-behaviour.md, section 5, "NAK contents").

use std::net::Ipv4Addr;

use super::Engine;
use super::answer::{broadcast_route, echo, put_client_identifier, to_relay};
use super::exchange::Exchange;
use super::outbox::{Outbox, Reply};
use super::words;
use crate::config::model::ScopeId;
use crate::eval::{Context, execute_scope_chain};
use crate::options::{OptionId, OptionSet, codes};
use crate::wire::{self, BROADCAST_FLAG, MessageType, ReplyKind};

impl Engine {
    /// Refuses `address`. `scope` is where to look for settings when the client's link is unknown. The reason of the last search becomes option 56.
    pub(super) fn nak(
        &self,
        exchange: &Exchange<'_>,
        address: Ipv4Addr,
        scope: Option<ScopeId>,
        outbox: &mut Outbox,
    ) {
        let context = exchange.context(None, false);
        let mut settings = OptionSet::new();
        execute_link(exchange, scope, &context, &mut settings);
        let mut set = OptionSet::new();
        set.put(
            codes::DHCP_MESSAGE_TYPE,
            vec![MessageType::NAK.0],
            "message type",
        );
        if !self.refusal.is_empty() {
            set.put(
                codes::DHCP_MESSAGE,
                self.refusal.as_bytes(),
                "reason of the refusal",
            );
        }
        // The original does not look for a configured identifier here.
        let source = exchange.interface.address;
        set.put(
            codes::DHCP_SERVER_IDENTIFIER,
            source.octets().to_vec(),
            "address of the interface",
        );
        exchange.execute_classes(None, &context, &mut settings);
        put_client_identifier(exchange, &context, &mut settings);
        copy(&settings, codes::DHCP_CLIENT_IDENTIFIER, &context, &mut set);
        let Some(bytes) = build(exchange, &context, &set) else {
            return;
        };
        outbox.lines.extend(context.take_lines());
        outbox.info(words::nak(
            address,
            &exchange.request.hardware,
            &exchange.via(),
        ));
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

fn copy(from: &OptionSet<'_>, id: OptionId, context: &Context<'_>, to: &mut OptionSet<'_>) {
    let echoes = context
        .over(from)
        .is_on(codes::ECHO_CLIENT_ID, crate::eval::Flag::Deny);
    if let Some(value) = context.over(from).value(id).filter(|_| echoes) {
        to.put(id, value.into_owned(), "client identifier of the request");
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
