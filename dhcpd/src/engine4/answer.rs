//! The reply that goes with a lease: options, fields and route (reference isc-dhcpd-behaviour.md, section 7;
//! isc-dhcpd-options.md, sections 3 and 6).

use std::net::Ipv4Addr;

use common::log::Line;

use super::Engine;
use super::exchange::Exchange;
use super::grant::Grant;
use super::outbox::{Outbox, Reply, Route};
use super::times::Term;
use super::words;
use crate::config::model::SubnetId;
use crate::eval::{Evaluator, Flag};
use crate::lease::Lease;
use crate::options::{OptionSet, codes};
use crate::wire::{
    self, BROADCAST_FLAG, FILE_LENGTH, Header, MessageType, ReplyKind, SNAME_LENGTH,
};

/// What a client is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// It could have the lease.
    Offer,
    /// It has the lease.
    Ack,
    /// It has the lease, and speaks BOOTP.
    Bootp,
}

impl Answer {
    /// True if the lease must be on disk before the client hears of it.
    pub(super) fn commits(self) -> bool {
        self != Self::Offer
    }

    fn message_type(self) -> Option<MessageType> {
        match self {
            Self::Offer => Some(MessageType::OFFER),
            Self::Ack => Some(MessageType::ACK),
            Self::Bootp => None,
        }
    }
}

/// A reply and the lines that are logged when it goes out.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) reply: Reply,
    pub(super) lines: Vec<Line>,
    /// What `ping-check` says.
    pub(super) ping: Option<std::time::Duration>,
    /// `ping-cltt-secs`
    pub(super) ping_again_after: u32,
}

impl Draft {
    /// Lets it go.
    pub(super) fn send(self, outbox: &mut Outbox) {
        outbox.lines.extend(self.lines);
        outbox.replies.push(self.reply);
    }
}

impl Engine {
    /// Logs the request and makes the reply; `None` if the configuration makes it impossible.
    pub(super) fn answer<'x>(
        &self,
        grant: &Grant<'_, 'x>,
        lease: &Lease,
        term: Term,
        needs_durable: bool,
        mut set: OptionSet<'x>,
        outbox: &mut Outbox,
    ) -> Option<Draft> {
        let exchange = grant.exchange;
        let facts = exchange.facts(lease, grant.candidate.is_static());
        let context = exchange.context(Some(facts), grant.known);
        let source = fill_in(grant, lease, term, &context, &mut set);
        let values = context.over(&set);
        let mut header = echo(exchange);
        header.yiaddr = lease.address;
        header.siaddr = values
            .address(codes::NEXT_SERVER)
            .unwrap_or(Ipv4Addr::UNSPECIFIED);
        if values.is_on(codes::ALWAYS_BROADCAST, Flag::Deny) {
            header.flags |= BROADCAST_FLAG;
        }
        let kind = match grant.answer {
            Answer::Bootp => ReplyKind::DynamicBootp,
            Answer::Offer | Answer::Ack => ReplyKind::Lease,
        };
        let mut log = Outbox::default();
        let bytes = build(exchange, kind, header, &values, &mut log);
        let bytes = match bytes {
            Ok(bytes) => bytes,
            Err(line) => {
                outbox.error(line);
                return None;
            }
        };
        outbox.info(grant.prefix.clone());
        log.lines.splice(0..0, context.take_lines());
        log.info(outcome(grant, lease));
        let local = on_arrival_link(exchange, grant.candidate.subnet);
        let route = route(
            exchange,
            &header,
            grant.answer,
            local,
            lease.address,
            source,
        );
        let reply = Reply {
            bytes,
            route,
            needs_durable,
        };
        Some(Draft {
            reply,
            lines: log.lines,
            ping: super::ping::pause(&values),
            ping_again_after: super::ping::again_after(&values),
        })
    }
}

/// Puts in what the protocol and the lease ask for; returns the source address of the reply.
fn fill_in<'x>(
    grant: &Grant<'_, 'x>,
    lease: &Lease,
    term: Term,
    context: &crate::eval::Context<'_>,
    set: &mut OptionSet<'x>,
) -> Ipv4Addr {
    let exchange = grant.exchange;
    if let Some(selection) = exchange.request.options.get(codes::SUBNET_SELECTION) {
        set.put(
            codes::SUBNET_SELECTION,
            selection.to_vec(),
            "subnet selection",
        );
    }
    let mut source = exchange.interface.address;
    if let Some(kind) = grant.answer.message_type() {
        set.put(codes::DHCP_MESSAGE_TYPE, vec![kind.0], "message type");
        source = put_server_identifier(exchange, context, set);
        put_times(term.expiry, exchange.seconds(), context, set);
    }
    put_subnet_mask(exchange, grant.candidate.subnet, set);
    put_host_name(exchange, lease, context, set);
    put_client_identifier(exchange, context, set);
    let as_router = codes::USE_LEASE_ADDR_FOR_DEFAULT_ROUTE;
    if context.over(set).is_on(as_router, Flag::Deny) && !set.contains(codes::ROUTERS) {
        set.put(
            codes::ROUTERS,
            lease.address.octets().to_vec(),
            "leased address as router",
        );
    }
    source
}

/// The configured identifier, else the address of the interface.
pub(super) fn put_server_identifier(
    exchange: &Exchange<'_>,
    context: &crate::eval::Context<'_>,
    set: &mut OptionSet<'_>,
) -> Ipv4Addr {
    let id = codes::DHCP_SERVER_IDENTIFIER;
    let configured = context.over(set).value(id);
    let configured = configured.and_then(|value| <[u8; 4]>::try_from(&*value).ok());
    if let Some(octets) = configured {
        return octets.into();
    }
    let address = exchange.interface.address;
    set.put(id, address.octets().to_vec(), "address of the interface");
    address
}

/// Renewal and rebinding times must lie within the lease.
fn put_times(expiry: u32, now: u32, context: &crate::eval::Context<'_>, set: &mut OptionSet<'_>) {
    let mut limit = expiry.saturating_sub(now);
    set.put(
        codes::DHCP_LEASE_TIME,
        limit.to_be_bytes().to_vec(),
        "lease time",
    );
    for id in [codes::DHCP_REBINDING_TIME, codes::DHCP_RENEWAL_TIME] {
        let Some(time) = context.over(set).seconds(id) else {
            continue;
        };
        if time >= limit {
            set.remove(id);
        } else {
            limit = time;
        }
    }
}

pub(super) fn put_subnet_mask(exchange: &Exchange<'_>, subnet: SubnetId, set: &mut OptionSet<'_>) {
    let Some(subnet) = exchange.subnet(subnet) else {
        return;
    };
    if !set.contains(codes::SUBNET_MASK) {
        set.put(
            codes::SUBNET_MASK,
            subnet.mask.octets().to_vec(),
            "subnet mask of the lease",
        );
    }
}

pub(super) fn put_host_name(
    exchange: &Exchange<'_>,
    lease: &Lease,
    context: &crate::eval::Context<'_>,
    set: &mut OptionSet<'_>,
) {
    let host = lease.host.and_then(|id| exchange.host(id));
    let wanted = context
        .over(set)
        .is_on(codes::USE_HOST_DECL_NAMES, Flag::Deny);
    let Some(host) = host.filter(|_| wanted && !set.contains(codes::HOST_NAME)) else {
        return;
    };
    set.put(
        codes::HOST_NAME,
        host.name.as_bytes().to_vec(),
        "name of the host declaration",
    );
}

pub(super) fn put_client_identifier(
    exchange: &Exchange<'_>,
    context: &crate::eval::Context<'_>,
    set: &mut OptionSet<'_>,
) {
    let wanted = context.over(set).is_on(codes::ECHO_CLIENT_ID, Flag::Deny);
    let uid = exchange.request.client_identifier().filter(|_| wanted);
    if let Some(uid) = uid {
        set.put(
            codes::DHCP_CLIENT_IDENTIFIER,
            uid.to_vec(),
            "client identifier of the request",
        );
    }
}

/// The fixed fields that a reply has from its request.
pub(super) fn echo(exchange: &Exchange<'_>) -> Header {
    let mut header = exchange.request.view.header();
    header.op = wire::BOOTREPLY;
    header.yiaddr = Ipv4Addr::UNSPECIFIED;
    header.siaddr = Ipv4Addr::UNSPECIFIED;
    header
}

/// Builds the message; the error is a line to log instead.
pub(super) fn build(
    exchange: &Exchange<'_>,
    kind: ReplyKind,
    header: Header,
    values: &Evaluator<'_>,
    outbox: &mut Outbox,
) -> Result<Vec<u8>, String> {
    let file = values.value(codes::FILENAME).unwrap_or_default();
    let sname = values.value(codes::SERVER_NAME).unwrap_or_default();
    if file.len() >= FILE_LENGTH {
        outbox.info(words::name_cut("file", FILE_LENGTH, &file));
    }
    if sname.len() >= SNAME_LENGTH {
        outbox.info(words::name_cut("server", SNAME_LENGTH, &sname));
    }
    let reply = wire::Reply {
        kind,
        header,
        chaddr: *exchange.request.view.chaddr(),
        file: &file,
        sname: &sname,
    };
    let mut notes = Vec::new();
    let built = reply.build(&exchange.request, values, &mut notes);
    notes
        .iter()
        .for_each(|note| outbox.error(words::reply_note(note)));
    built.map_err(|error| words::reply_error(&error))
}

fn outcome(grant: &Grant<'_, '_>, lease: &Lease) -> String {
    let mut who = grant.exchange.who(Some(lease));
    // The original prints the hardware address here even where there is none.
    who.client = grant.exchange.request.hardware.to_string();
    let line = match grant.answer {
        Answer::Offer => words::offer,
        Answer::Ack => words::ack,
        Answer::Bootp => words::boot_reply,
    };
    line(lease.address, &who)
}

fn on_arrival_link(exchange: &Exchange<'_>, subnet: SubnetId) -> bool {
    exchange.config().network_of(subnet) == Some(exchange.interface.network)
}

/// How a reply with a lease travels. `local` is true if the lease is on the link that the request came in on.
fn route(
    exchange: &Exchange<'_>,
    header: &Header,
    answer: Answer,
    local: bool,
    address: Ipv4Addr,
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
            destination: address,
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

/// To the relay agent, if there is one. One on this machine is a test client.
pub(super) fn to_relay(exchange: &Exchange<'_>) -> Option<Route> {
    let destination = exchange.giaddr();
    let setup = &exchange.world.setup;
    let port = match destination.is_loopback() {
        true => setup.remote_port,
        false => setup.local_port,
    };
    exchange
        .is_relayed()
        .then_some(Route::Datagram { destination, port })
}
