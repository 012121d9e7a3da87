//! The lease as it is after an answer, or the decision to leave it as it was (reference isc-dhcpd-behaviour.md,
//! section 5, "Lease re-use").

use super::answer::Answer;
use super::grant::Grant;
use super::handlers::{forget_handlers, keep_handlers, keep_variables};
use super::outbox::Outbox;
use super::times::Term;
use super::words;
use crate::eval::{Evaluator, Flag};
use crate::lease::{Account, Lease, Octets, State};
use crate::options::codes;

/// What is stored, and how it relates to what was.
pub(super) struct Renewal {
    pub(super) lease: Lease,
    pub(super) standing: Standing,
}

/// How a lease relates to the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// The same client's, unchanged: nothing is written.
    Reused,
    /// The same client's, begun anew.
    SameClient,
    /// Another client's.
    OtherClient,
}

/// Percent of a lease's time in which it is answered unchanged.
const CACHE_THRESHOLD: u8 = 25;

/// Decides what the lease becomes.
pub(super) fn renew(
    grant: &Grant<'_, '_>,
    term: Term,
    values: &Evaluator<'_>,
    outbox: &mut Outbox,
) -> Renewal {
    let old = &grant.candidate.lease;
    let mut new = begin_anew(grant, term);
    keep_variables(&mut new, &values.context.variables());
    keep_handlers(&mut new, &values.context.handlers());
    record_client(grant, values, &mut new);
    let mut changed = old.stale;
    if grant.answer.commits() || old.state == State::Active {
        changed |= grant.account.as_ref() != account_of(old);
        bill(&mut new, grant.account.clone());
    }
    changed |= take_hostname(grant, &mut new);
    if term.reserved && !old.reserved {
        outbox.debug(words::BECOMES_RESERVED);
        changed = true;
    }
    let same = is_same_client(old, &new);
    let mut standing = match same {
        true => Standing::SameClient,
        false => Standing::OtherClient,
    };
    if !grant.candidate.is_static() {
        if same && !changed && is_young(grant, values, outbox) {
            new = reuse(grant, new);
            standing = Standing::Reused;
        }
        new.stale = standing != Standing::Reused && grant.answer == Answer::Offer;
    }
    Renewal {
        lease: new,
        standing,
    }
}

/// Times, state and flags.
fn begin_anew(grant: &Grant<'_, '_>, term: Term) -> Lease {
    let (old, now) = (&grant.candidate.lease, grant.exchange.seconds());
    let mut new = Lease::fresh(old.address);
    new.starts = now;
    new.cltt = now;
    new.state = old.state;
    new.rewind = old.rewind;
    (new.ends, new.next) = match grant.answer {
        Answer::Offer => (grant.hold_until(), old.state),
        Answer::Ack | Answer::Bootp => (term.expiry, State::Active),
    };
    new.bootp = old.bootp || grant.answer == Answer::Bootp;
    new.reserved = old.reserved || term.reserved;
    new.host = grant.host;
    new.rare.clone_from(&old.rare);
    // What was to happen at the end of a lease that has ended does not hold for the next.
    if grant.answer != Answer::Offer && old.ends <= now {
        forget_handlers(&mut new);
    }
    new
}

fn account_of(lease: &Lease) -> Option<&Account> {
    lease.rare.as_ref()?.billing.as_ref()
}

fn bill(lease: &mut Lease, account: Option<Account>) {
    if account.is_some() || lease.rare.is_some() {
        lease.rare.get_or_insert_default().billing = account;
    }
    lease.drop_empty_rare();
}

fn record_client(grant: &Grant<'_, '_>, values: &Evaluator<'_>, new: &mut Lease) {
    let request = &grant.exchange.request;
    new.hardware = Some(request.hardware);
    if !values.is_on(codes::IGNORE_CLIENT_UIDS, Flag::Deny) {
        new.uid = request.client_identifier().map(Octets::from);
    }
    new.agent = agent_of(grant, values);
    if new.next != State::Active {
        new.agent = None;
    }
}

/// What the relay agent says is kept for the renewals that do not pass it.
fn agent_of(grant: &Grant<'_, '_>, values: &Evaluator<'_>) -> Option<Box<[u8]>> {
    let sent = grant.exchange.request.agent_information();
    let sent = sent.filter(|agent| !agent.is_empty() && !grant.exchange.stashed);
    match sent {
        Some(agent) if values.is_on(codes::STASH_AGENT_OPTIONS, Flag::Allow) => Some(agent.into()),
        _ => grant.candidate.lease.agent.clone(),
    }
}

/// Takes the client's name for itself; true if it is a new one. A fixed address is not remembered, and so has no name.
fn take_hostname(grant: &Grant<'_, '_>, new: &mut Lease) -> bool {
    let sent = grant.exchange.request.host_name();
    let Some(name) = sent.filter(|_| !grant.candidate.is_static()) else {
        return false;
    };
    let name = name.split(|octet| *octet == 0).next().unwrap_or_default();
    new.hostname = Some(name.into());
    new.hostname != grant.candidate.lease.hostname
}

fn is_same_client(old: &Lease, new: &Lease) -> bool {
    let uid = |lease: &Lease| lease.uid.clone().filter(|uid| !uid.is_empty());
    old.host == new.host && uid(old) == uid(new) && old.hardware == new.hardware
}

/// `dhcp-cache-threshold`: a lease this young need not be written again.
fn is_young(grant: &Grant<'_, '_>, values: &Evaluator<'_>, outbox: &mut Outbox) -> bool {
    let old = &grant.candidate.lease;
    if old.state != State::Active {
        return false;
    }
    let configured = values.uint8(codes::DHCP_CACHE_THRESHOLD);
    let threshold = configured
        .filter(|percent| *percent < 100)
        .unwrap_or(CACHE_THRESHOLD);
    let length = i64::from(old.ends) - i64::from(old.starts);
    let age = i64::from(grant.exchange.seconds()) - i64::from(old.starts);
    // The original counts in 31 bits: what lasts longer is never young.
    let fits = i32::try_from(length).is_ok();
    let young = threshold > 0 && fits && age <= length * i64::from(threshold) / 100;
    if young {
        outbox.debug(words::reuse(age, threshold, old.address));
    }
    young
}

/// The old lease with what the client said last; in memory only.
fn reuse(grant: &Grant<'_, '_>, new: Lease) -> Lease {
    let mut lease = grant.candidate.lease.clone();
    // Storing a lease moves it on: an active one stays active.
    lease.next = lease.state;
    lease.cltt = new.cltt;
    lease.host = new.host;
    lease.rare = new.rare;
    lease.hostname = new.hostname.or(lease.hostname);
    lease
}
