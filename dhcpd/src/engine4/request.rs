//! DHCPREQUEST (reference isc-dhcpd-behaviour.md, section 5).

use std::net::Ipv4Addr;

use super::Engine;
use super::answer::Answer;
use super::exchange::Exchange;
use super::find::{Search, find};
use super::grant::Grant;
use super::outbox::Outbox;
use super::words;
use crate::config::model::{NetworkId, SubnetId};

/// What a request is refused for.
enum Misplaced {
    /// The client is told.
    Refused,
    /// Nobody is told; the line says why.
    Ignored(String),
}

impl Engine {
    /// Grants, refuses or ignores a request.
    pub(super) fn handle_request(&mut self, exchange: &Exchange<'_>, outbox: &mut Outbox) {
        let requested = exchange.request.requested_address();
        let address = requested.unwrap_or(exchange.ciaddr());
        let subnet = exchange.config().subnet_of(address);
        let search = self.search_for_request(exchange, subnet, outbox);
        let found = search.chosen.as_ref().map(|candidate| &candidate.lease);
        let server = exchange.request.server_identifier();
        let prefix = words::request(address, server, &exchange.who(found));
        match misplaced(exchange, address, subnet, &prefix) {
            Some(Misplaced::Ignored(line)) => outbox.info(line),
            Some(Misplaced::Refused) => {
                outbox.info(words::wrong_network(&prefix));
                self.nak(exchange, address, None, search.known, outbox);
            }
            None => self.decide_request(exchange, (address, subnet), search, prefix, outbox),
        }
    }

    fn decide_request(
        &mut self,
        exchange: &Exchange<'_>,
        (address, subnet): (Ipv4Addr, Option<SubnetId>),
        search: Search,
        prefix: String,
        outbox: &mut Outbox,
    ) {
        if let Some(candidate) = search.chosen {
            let grant = Grant {
                exchange,
                candidate,
                host: None,
                known: search.known,
                answer: Answer::Ack,
                prefix,
                account: None,
            };
            return self.grant(grant, outbox);
        }
        if !search.ours {
            return outbox.info(words::unknown_lease(&prefix, address));
        }
        outbox.info(words::unavailable(&prefix, address));
        let scope = subnet.and_then(|subnet| exchange.subnet_scope(subnet));
        self.nak(exchange, address, scope, search.known, outbox);
    }

    /// Searches where the address is, not where the client is.
    fn search_for_request(
        &mut self,
        exchange: &Exchange<'_>,
        subnet: Option<SubnetId>,
        outbox: &mut Outbox,
    ) -> Search {
        let network = subnet.and_then(|subnet| exchange.config().network_of(subnet));
        let Some(network) = network else {
            return Search::default();
        };
        self.search(exchange, network, outbox)
    }

    /// Searches a lease for the client, and lets go of those that it gives up thereby.
    pub(super) fn search(
        &mut self,
        exchange: &Exchange<'_>,
        network: NetworkId,
        outbox: &mut Outbox,
    ) -> Search {
        let search = find(&self.table, exchange, network, outbox);
        for address in &search.released {
            self.release(exchange, *address, outbox);
        }
        if let Some(refusal) = search.refusal {
            self.refusal = refusal;
        }
        search
    }
}

/// Compares the address asked for with the link that the message came from. A client that renews its address without a relay is
/// not checked: it may be anywhere.
fn misplaced(
    exchange: &Exchange<'_>,
    address: Ipv4Addr,
    subnet: Option<SubnetId>,
    prefix: &str,
) -> Option<Misplaced> {
    let Some(network) = exchange.network else {
        let scope = subnet.and_then(|subnet| exchange.subnet_scope(subnet));
        let line = match subnet {
            Some(_) if exchange.is_authoritative(scope) => return Some(Misplaced::Refused),
            Some(_) => words::not_authoritative(prefix),
            None => words::unknown_subnet(prefix),
        };
        return Some(Misplaced::Ignored(line));
    };
    let has_address = !exchange.ciaddr().is_unspecified();
    let asks = exchange.request.requested_address().is_some() && !has_address;
    let is_checked = asks || (has_address && exchange.is_relayed());
    if !is_checked || exchange.subnet_on(network, address).is_some() {
        return None;
    }
    Some(
        match exchange.is_authoritative(exchange.network_scope(network)) {
            true => Misplaced::Refused,
            false => Misplaced::Ignored(words::not_authoritative(prefix)),
        },
    )
}
