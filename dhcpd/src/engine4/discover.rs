//! DHCPDISCOVER (reference isc-dhcpd-behaviour.md, section 4).

use super::Engine;
use super::allocate::allocate;
use super::answer::Answer;
use super::exchange::Exchange;
use super::find::Candidate;
use super::grant::Grant;
use super::outbox::Outbox;
use super::words;
use crate::config::model::NetworkId;

/// How long an offered lease is kept for the client, in seconds.
const HOLD: u32 = 120;

impl Engine {
    /// Offers the client a lease: the one it had, or a new one.
    pub(super) fn handle_discover(
        &mut self,
        exchange: &Exchange<'_>,
        network: NetworkId,
        outbox: &mut Outbox,
    ) {
        let search = self.search(exchange, network, outbox);
        let found = search.chosen.as_ref().map(|candidate| &candidate.lease);
        let prefix = words::discover(&exchange.who(found));
        let candidate: Option<Candidate> = search
            .chosen
            .or_else(|| allocate(&self.table, exchange, network, search.known, outbox));
        let Some(candidate) = candidate else {
            let name = exchange.network_name(network);
            return outbox.error(words::no_free_leases(&prefix, name));
        };
        let grant = Grant {
            exchange,
            candidate,
            host: None,
            known: search.known,
            answer: Answer::Offer,
            prefix,
            account: None,
        };
        self.grant(grant, outbox);
    }
}

impl Grant<'_, '_> {
    /// Until when an offered lease is held: two minutes, or as long as the client has it anyway.
    pub(super) fn hold_until(&self) -> u32 {
        let held = self.exchange.seconds().saturating_add(HOLD);
        held.max(self.candidate.lease.ends)
    }

    /// A lease that ended and is offered again begins without variables.
    pub(super) fn forgets_variables(&self) -> bool {
        let ended = self.candidate.lease.ends < self.exchange.seconds();
        self.answer == Answer::Offer && ended
    }
}
