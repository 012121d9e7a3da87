//! Options that the server puts into a reply by itself (reference isc-dhcpd-options.md, section 3.2).

use std::net::Ipv4Addr;

use super::exchange::Exchange;
use super::grant::Grant;
use super::outbox::Outbox;
use super::times::Term;
use super::words;
use crate::config::model::SubnetId;
use crate::eval::{Context, Flag};
use crate::lease::Lease;
use crate::options::{OptionSet, codes};

/// Puts in what the protocol and the lease ask for; returns the source address of the reply.
pub(super) fn fill_in<'x>(
    grant: &Grant<'_, 'x>,
    lease: &Lease,
    term: Term,
    context: &Context<'_>,
    set: &mut OptionSet<'x>,
) -> Ipv4Addr {
    let exchange = grant.exchange;
    put_selection(exchange, set);
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

/// The subnet that the client asked for (option 118, RFC 3011).
pub(super) fn put_selection(exchange: &Exchange<'_>, set: &mut OptionSet<'_>) {
    let id = codes::SUBNET_SELECTION;
    if let Some(selection) = exchange.request.options.get(id) {
        set.put(id, selection.to_vec(), "subnet selection");
    }
}

/// The configured identifier, else the address of the interface.
pub(super) fn put_server_identifier(
    exchange: &Exchange<'_>,
    context: &Context<'_>,
    set: &mut OptionSet<'_>,
) -> Ipv4Addr {
    if let Some(identifier) = configured_identifier(context, set) {
        return identifier;
    }
    let address = exchange.interface.address;
    set.put(
        codes::DHCP_SERVER_IDENTIFIER,
        address.octets().to_vec(),
        "address of the interface",
    );
    address
}

/// `server-identifier`
pub(super) fn configured_identifier(
    context: &Context<'_>,
    set: &OptionSet<'_>,
) -> Option<Ipv4Addr> {
    let value = context.over(set).value(codes::DHCP_SERVER_IDENTIFIER)?;
    let octets = <[u8; 4]>::try_from(&*value).ok()?;
    Some(octets.into())
}

/// Renewal and rebinding times must lie within the lease.
fn put_times(expiry: u32, now: u32, context: &Context<'_>, set: &mut OptionSet<'_>) {
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
    context: &Context<'_>,
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

/// `get-lease-hostnames`: the name that the system knows for the leased address. It is asked for each time; what is known by
/// then from the last time goes into the reply, which waits for nothing.
pub(super) fn put_found_name(
    exchange: &Exchange<'_>,
    lease: &Lease,
    context: &Context<'_>,
    set: &mut OptionSet<'_>,
    outbox: &mut Outbox,
) {
    let wanted = codes::GET_LEASE_HOSTNAMES;
    if !context.over(set).is_on(wanted, Flag::Deny) || set.contains(codes::HOST_NAME) {
        return;
    }
    outbox.lookups.push(lease.address);
    match exchange.world.setup.names.hosts.get(&lease.address) {
        None => {}
        Some(None) => outbox.error(words::no_host_name(lease.address)),
        Some(Some(name)) => {
            // The original sends the end of its string too.
            let octets = [name.as_bytes(), &[0]].concat();
            set.put(codes::HOST_NAME, octets, "name of the leased address");
        }
    }
}

/// `echo-client-id` (RFC 6842).
fn put_client_identifier(exchange: &Exchange<'_>, context: &Context<'_>, set: &mut OptionSet<'_>) {
    if context.over(set).is_on(codes::ECHO_CLIENT_ID, Flag::Deny) {
        put_sent_identifier(exchange, set);
    }
}

/// The client's identifier as it sent it.
pub(super) fn put_sent_identifier(exchange: &Exchange<'_>, set: &mut OptionSet<'_>) {
    if let Some(uid) = exchange.request.client_identifier() {
        let id = codes::DHCP_CLIENT_IDENTIFIER;
        set.put(id, uid.to_vec(), "client identifier of the request");
    }
}
