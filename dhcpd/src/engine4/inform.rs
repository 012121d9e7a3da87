//! DHCPINFORM: options for a client that has an address (reference isc-dhcpd-behaviour.md, section 6).

use std::net::Ipv4Addr;

use super::Engine;
use super::answer::{Texts, build_as, echo, plan};
use super::exchange::Exchange;
use super::fill::{put_selection, put_server_identifier, put_subnet_mask};
use super::locate::Selection;
use super::outbox::{Outbox, Reply, Route};
use super::words;
use crate::config::model::{HostId, SubnetId};
use crate::eval::{Context, Evaluator, execute_scope_chain};
use crate::options::{OptionSet, codes};
use crate::wire::{BROADCAST_FLAG, Header, MessageType, ReplyKind};

/// The advice about authority is given again after so many refusals.
const ADVICE_AGAIN: u8 = 101;

/// Where an informing client is.
struct Position {
    /// Its own address.
    client: Ipv4Addr,
    /// The address that tells its subnet, and what that address is called.
    located_by: (Ipv4Addr, &'static str),
}

impl Engine {
    /// Answers with options, if the server has authority over the client's subnet.
    pub(super) fn handle_inform(&mut self, exchange: &Exchange<'_>, outbox: &mut Outbox) {
        let ciaddr = exchange.ciaddr();
        let client = if ciaddr.is_unspecified() {
            exchange.peer
        } else {
            ciaddr
        };
        let prefix = words::inform(client, exchange.via());
        if client.is_unspecified() {
            return outbox.info(words::null_source(&prefix));
        }
        let Some(position) = locate(exchange, client) else {
            return outbox.info(words::invalid_selection(&prefix));
        };
        let (address, role) = position.located_by;
        let Some(subnet) = exchange.config().subnet_of(address) else {
            return outbox.info(words::subnet_unknown_for(&prefix, role, address));
        };
        if !exchange.is_authoritative(exchange.subnet_scope(subnet)) {
            return self.refuse_to_inform(exchange, subnet, &prefix, outbox);
        }
        self.inform(exchange, &position, subnet, prefix, outbox);
    }

    fn refuse_to_inform(
        &mut self,
        exchange: &Exchange<'_>,
        subnet: SubnetId,
        prefix: &str,
        outbox: &mut Outbox,
    ) {
        let network = exchange
            .subnet(subnet)
            .map_or(Ipv4Addr::UNSPECIFIED, |it| it.address);
        outbox.info(words::not_authoritative_for(prefix, network));
        if self.informs_refused == 0 {
            words::AUTHORITATIVE_ADVICE
                .iter()
                .for_each(|line| outbox.info(*line));
        }
        self.informs_refused = (self.informs_refused + 1) % ADVICE_AGAIN;
    }

    fn inform(
        &self,
        exchange: &Exchange<'_>,
        position: &Position,
        subnet: SubnetId,
        prefix: String,
        outbox: &mut Outbox,
    ) {
        let context = exchange.global_context(None, false);
        let mut set = OptionSet::new();
        if !exchange.has_link_selection() {
            put_selection(exchange, &mut set);
        }
        self.execute_for_inform(exchange, position.client, subnet, &context, &mut set);
        set.put(
            codes::DHCP_MESSAGE_TYPE,
            vec![MessageType::ACK.0],
            "message type",
        );
        put_server_identifier(exchange, &context, &mut set);
        put_subnet_mask(exchange, subnet, &mut set);
        for id in [
            codes::DHCP_LEASE_TIME,
            codes::DHCP_RENEWAL_TIME,
            codes::DHCP_REBINDING_TIME,
        ] {
            set.remove(id);
        }
        let values = context.over(&set);
        let by_relay = exchange.ciaddr().is_unspecified() && exchange.is_relayed();
        let texts = Texts::of(&values);
        outbox.collect(&context);
        texts.complain(outbox);
        let mut message = texts.reply(exchange, ReplyKind::Inform, echo(exchange));
        let Some(plan) = plan(&message, exchange, &context, &values, outbox) else {
            return exchange.settle(&context, outbox);
        };
        outbox.info(prefix);
        message.header = header_of(exchange, by_relay, &values);
        let bytes = build_as(&message, &plan, exchange, &values, outbox);
        exchange.settle(&context, outbox);
        reply(exchange, position.client, by_relay, bytes, outbox);
    }

    /// Subnet, pool of the client's address, classes, host.
    fn execute_for_inform<'x>(
        &self,
        exchange: &Exchange<'x>,
        client: Ipv4Addr,
        subnet: SubnetId,
        context: &Context<'_>,
        set: &mut OptionSet<'x>,
    ) {
        let scope = exchange.subnet_scope(subnet);
        if let Some(scope) = scope {
            execute_scope_chain(exchange.config(), scope, None, context, set);
        }
        let address = exchange.ciaddr();
        let pool = self.table.pool_of(address);
        let pool = pool.and_then(|id| exchange.config().pools.get(usize::try_from(id.0).ok()?));
        if let Some(pool) = pool {
            let outer = exchange.network_scope(pool.network);
            execute_scope_chain(exchange.config(), pool.scope, outer, context, set);
        }
        exchange.join_added(context);
        exchange.execute_classes(scope, context, set);
        if let Some(host) = host_for(exchange, client) {
            exchange.execute_host(host, scope, context, set);
        }
    }
}

/// A relay agent that knows no address of the client must broadcast.
fn header_of(exchange: &Exchange<'_>, by_relay: bool, values: &Evaluator<'_>) -> Header {
    let mut header = echo(exchange);
    let next = values.address(codes::NEXT_SERVER);
    header.siaddr = next.unwrap_or(Ipv4Addr::UNSPECIFIED);
    if by_relay {
        header.flags |= BROADCAST_FLAG;
    }
    header
}

/// `None` if the message selects a subnet, but not by an address.
fn locate(exchange: &Exchange<'_>, client: Ipv4Addr) -> Option<Position> {
    let has_own = !exchange.ciaddr().is_unspecified();
    let by_relay = !has_own && exchange.is_relayed();
    let located_by = match exchange.selection() {
        Selection::Invalid => return None,
        Selection::Address(address) if by_relay => (address, "relay link select"),
        Selection::Address(address) => (address, "selected"),
        Selection::None if by_relay => (exchange.giaddr(), "relay"),
        Selection::None if has_own => (client, "client"),
        Selection::None => (client, "source"),
    };
    Some(Position { client, located_by })
}

/// A declaration that has the client's address, by identifier or by hardware address; else one without any.
fn host_for(exchange: &Exchange<'_>, client: Ipv4Addr) -> Option<HostId> {
    let lists = [exchange.hosts_by_uid(), exchange.hosts_by_hardware()];
    let has_address = |id: &&HostId| {
        let host = exchange.host(**id);
        host.is_some_and(|host| exchange.addresses_of(host).contains(&client))
    };
    let with_address = lists
        .iter()
        .find_map(|hosts| hosts.iter().find(has_address));
    with_address
        .copied()
        .or_else(|| lists.iter().find_map(|hosts| exchange.addressless(hosts)))
}

fn reply(
    exchange: &Exchange<'_>,
    client: Ipv4Addr,
    by_relay: bool,
    bytes: Vec<u8>,
    outbox: &mut Outbox,
) {
    let setup = &exchange.world.setup;
    let hardware = &exchange.request.hardware;
    let name = match hardware.kind() == 0 || hardware.octets().is_empty() {
        true => words::NO_HARDWARE.to_owned(),
        false => hardware.to_string(),
    };
    let (destination, port, via) = match by_relay {
        true => (
            exchange.giaddr(),
            setup.local_port,
            exchange.giaddr().to_string(),
        ),
        false => (client, setup.remote_port, exchange.interface.name.clone()),
    };
    outbox.info(words::ack_inform(client, &name, &via));
    outbox.replies.push(Reply {
        bytes,
        route: Route::Datagram { destination, port },
        needs_durable: false,
    });
}
