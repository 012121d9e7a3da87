//! A lease for a client that has none (reference isc-dhcpd-behaviour.md, section 4, "Allocation").

use super::exchange::Exchange;
use super::find::{Candidate, Seat};
use super::outbox::Outbox;
use super::words;
use crate::config::model::NetworkId;
use crate::lease::{Lease, State, Table};

/// The best lease of all pools that the client may use.
pub(super) fn allocate(
    table: &Table,
    exchange: &Exchange<'_>,
    network: NetworkId,
    known: bool,
    outbox: &mut Outbox,
) -> Option<Candidate> {
    let pools = exchange.config().pools_of(network).iter();
    let found = pools
        .filter(|pool| exchange.may_use(**pool, known))
        .filter_map(|pool| table.candidate(*pool))
        .filter(|found| !is_held(&found.lease, exchange.seconds()))
        .reduce(|best, found| match is_better(&found.lease, &best.lease) {
            true => found,
            false => best,
        })?;
    let subnet = exchange.config().subnet_of(found.lease.address)?;
    let mut lease = found.lease.into_owned();
    if lease.state == State::Abandoned {
        outbox.error(words::reclaiming(lease.address));
    }
    // The client of an offer that nobody took up.
    let stale = lease.host.take().and_then(|id| exchange.host(id));
    if let Some(host) = stale {
        outbox.debug(words::stale_host(&host.name, lease.address));
    }
    Some(Candidate {
        lease,
        seat: Seat::Pool(found.pool),
        subnet,
    })
}

/// True of a free lease that was offered to somebody a moment ago. It is the one free for longest, so there is none other.
fn is_held(lease: &Lease, now: u32) -> bool {
    lease.state != State::Abandoned && lease.ends > now
}

/// Free before abandoned, never used before used, then what ended first.
fn is_better(candidate: &Lease, best: &Lease) -> bool {
    let is_abandoned = |lease: &Lease| lease.state == State::Abandoned;
    let is_used = |lease: &Lease| lease.uid.is_some() || lease.hardware.is_some();
    let sooner = candidate.ends < best.ends;
    match (is_abandoned(candidate), is_abandoned(best)) {
        (false, true) => return true,
        (true, true) => return sooner,
        (true, false) => return false,
        (false, false) => {}
    }
    match (is_used(candidate), is_used(best)) {
        (false, true) => true,
        (true, false) => false,
        _ => sooner,
    }
}
