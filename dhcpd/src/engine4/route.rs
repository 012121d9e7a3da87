//! How a reply travels (reference isc-dhcpd-behaviour.md, section 7).

use std::net::Ipv4Addr;

use super::answer::Answer;
use super::exchange::Exchange;
use super::outbox::Route;
use crate::config::model::SubnetId;
use crate::options::codes;
use crate::wire::{BROADCAST_FLAG, Header};

/// True if a lease is on the link that the request came in on.
pub(super) fn on_arrival_link(exchange: &Exchange<'_>, subnet: SubnetId) -> bool {
    exchange.config().network_of(subnet) == Some(exchange.interface.network)
}

/// How a reply with a lease travels. `local` is true if the lease is on the link that the request came in on.
pub(super) fn route(
    exchange: &Exchange<'_>,
    header: &Header,
    answer: Answer,
    local: bool,
    source: Ipv4Addr,
) -> Route {
    if let Some(route) = to_relay(exchange) {
        return route;
    }
    let broadcast = header.flags & BROADCAST_FLAG != 0;
    let named_server = exchange
        .request
        .options
        .contains(codes::DHCP_SERVER_IDENTIFIER);
    let confused = (named_server || broadcast) && local;
    if answer == Answer::Ack && !header.ciaddr.is_unspecified() && !confused {
        return Route::Datagram {
            destination: header.ciaddr,
            port: exchange.world.setup.remote_port,
        };
    }
    match broadcast {
        true => broadcast_route(exchange, source),
        false => Route::Raw {
            interface: exchange.interface_id,
            link: exchange.link(),
            source,
            destination: header.yiaddr,
            port: exchange.world.setup.remote_port,
        },
    }
}

/// To everybody on the link of the request.
pub(super) fn broadcast_route(exchange: &Exchange<'_>, source: Ipv4Addr) -> Route {
    Route::Raw {
        interface: exchange.interface_id,
        link: None,
        source,
        destination: exchange.world.setup.limited_broadcast,
        port: exchange.world.setup.remote_port,
    }
}

/// To the relay agent, if there is one. One at 127.0.0.1 is a test client.
pub(super) fn to_relay(exchange: &Exchange<'_>) -> Option<Route> {
    let destination = exchange.giaddr();
    let setup = &exchange.world.setup;
    let port = match destination == Ipv4Addr::LOCALHOST {
        true => setup.remote_port,
        false => setup.local_port,
    };
    exchange
        .is_relayed()
        .then_some(Route::Datagram { destination, port })
}
