//! BOOTP requests (reference isc-dhcpd-behaviour.md, section 6; isc-dhcpd-options.md, section 6).

use std::net::Ipv4Addr;

use super::Engine;
use super::allocate::allocate;
use super::answer::{Answer, echo};
use super::exchange::Exchange;
use super::fill::{put_host_name, put_subnet_mask};
use super::find::Candidate;
use super::grant::{Grant, run_commit};
use super::outbox::{Outbox, Reply, Route};
use super::route::to_relay;
use super::words;
use crate::config::model::HostId;
use crate::eval::{Context, Evaluator, Flag};
use crate::options::{OptionSet, codes};
use crate::wire::{self, BROADCAST_FLAG, Header, ReplyKind};

impl Engine {
    /// Answers with the address of a host declaration, or with one from a pool that is open to BOOTP.
    pub(super) fn handle_bootp(&mut self, exchange: &Exchange<'_>, outbox: &mut Outbox) {
        let mut who = exchange.who(None);
        who.client = exchange.request.hardware.to_string();
        let prefix = words::bootp(&who);
        let Some(network) = exchange.network else {
            return outbox.info(words::network_unknown(&prefix));
        };
        let search = self.search(exchange, network, outbox);
        let candidate = search
            .chosen
            .or_else(|| allocate(&self.table, exchange, network, search.known, outbox));
        let Some(candidate) = candidate else {
            return outbox.info(words::no_dynamic_leases(&prefix));
        };
        if candidate.is_static() {
            return reply_static(exchange, &candidate, &prefix, outbox);
        }
        let host = exchange.addressless(exchange.hosts_by_hardware());
        let grant = Grant {
            exchange,
            host: candidate.lease.host.or(host),
            candidate,
            known: search.known,
            answer: Answer::Bootp,
            prefix,
            account: None,
        };
        self.grant(grant, outbox);
    }
}

fn reply_static(exchange: &Exchange<'_>, candidate: &Candidate, prefix: &str, outbox: &mut Outbox) {
    let host = candidate.lease.host;
    let context = exchange.context(Some(exchange.facts(&candidate.lease, true)), true);
    let mut set = OptionSet::new();
    collect(exchange, candidate, host, &context, &mut set);
    outbox.collect(&context);
    if let Some(refusal) = refusal(&context.over(&set), prefix) {
        outbox.collect(&context);
        return refusal.into_iter().for_each(|line| outbox.info(line));
    }
    put_subnet_mask(exchange, candidate.subnet, &mut set);
    put_host_name(exchange, &candidate.lease, &context, &mut set);
    let values = context.over(&set);
    let header = header(exchange, candidate.lease.address, &values);
    let built = build(exchange, header, &values, outbox);
    run_commit(&context, &mut set);
    outbox.collect(&context);
    let bytes = match built {
        Ok(bytes) => bytes,
        Err(line) => return outbox.error(line),
    };
    outbox.info(prefix);
    let name = host
        .and_then(|id| exchange.host(id))
        .map_or("unknown", |host| &*host.name);
    let mut who = exchange.who(None);
    who.client = exchange.request.hardware.to_string();
    outbox.info(words::boot_reply_to_host(
        candidate.lease.address,
        name,
        &who,
    ));
    outbox.replies.push(Reply {
        bytes,
        route: route(exchange, &header),
        needs_durable: false,
    });
}

fn collect<'x>(
    exchange: &Exchange<'x>,
    candidate: &Candidate,
    host: Option<HostId>,
    context: &Context<'_>,
    set: &mut OptionSet<'x>,
) {
    exchange.execute_for_lease(candidate, context, set);
    if let Some(host) = host {
        exchange.execute_host(host, exchange.inner_scope(candidate), context, set);
    }
}

fn refusal(values: &Evaluator<'_>, prefix: &str) -> Option<Option<String>> {
    let rules = [
        (
            codes::ALLOW_BOOTP,
            words::bootp_disallowed as fn(&str) -> String,
        ),
        (codes::ALLOW_BOOTING, words::booting_disallowed),
    ];
    let broken = rules.into_iter().find_map(|(id, line)| {
        let flag = values.flag(id)?;
        (flag != Flag::Allow).then_some((flag, line))
    });
    broken.map(|(flag, line)| (flag == Flag::Deny).then(|| line(prefix)))
}

/// Unlike in DHCP, the server names itself when no other is to be asked next.
fn header(exchange: &Exchange<'_>, address: Ipv4Addr, values: &Evaluator<'_>) -> Header {
    let mut header = echo(exchange);
    header.yiaddr = address;
    header.siaddr = values
        .address(codes::NEXT_SERVER)
        .unwrap_or(exchange.interface.address);
    if values.is_on(codes::ALWAYS_BROADCAST, Flag::Deny) {
        header.flags |= BROADCAST_FLAG;
    }
    header
}

/// The client's own file name comes back when none is configured, and its vendor area when it is not one of options.
fn build(
    exchange: &Exchange<'_>,
    header: Header,
    values: &Evaluator<'_>,
    outbox: &mut Outbox,
) -> Result<Vec<u8>, String> {
    let view = &exchange.request.view;
    let file = values.value(codes::FILENAME);
    let sname = values.value(codes::SERVER_NAME).unwrap_or_default();
    let reply = wire::Reply {
        kind: ReplyKind::StaticBootp,
        header,
        chaddr: *view.chaddr(),
        file: file.as_deref().unwrap_or(view.file()),
        sname: &sname,
    };
    let speaks_options = view.options().is_some();
    if !speaks_options && !values.is_on(codes::ALWAYS_REPLY_RFC1048, Flag::Deny) {
        return Ok(reply.build_with_vendor_area_of(&exchange.request));
    }
    let mut notes = Vec::new();
    let built = reply.build(&exchange.request, values, &mut notes);
    notes
        .iter()
        .for_each(|note| outbox.error(words::reply_note(note)));
    built.map_err(|error| words::reply_error(&error))
}

/// A client that wants a broadcast gets it in a frame to itself, unlike in DHCP.
fn route(exchange: &Exchange<'_>, header: &Header) -> Route {
    if let Some(route) = to_relay(exchange) {
        return route;
    }
    let setup = &exchange.world.setup;
    let destination = match header.flags & BROADCAST_FLAG {
        0 => header.yiaddr,
        _ => setup.limited_broadcast,
    };
    Route::Raw {
        interface: exchange.interface_id,
        link: exchange.link(),
        source: exchange.interface.address,
        destination,
        port: setup.remote_port,
    }
}
