//! From a lease to an answer: who may have it, for how long, and with which options (reference
//! isc-dhcpd-behaviour.md, sections 4 and 5).

use std::net::Ipv4Addr;

use common::time::Time;

use super::Engine;
use super::answer::Answer;
use super::exchange::Exchange;
use super::find::Candidate;
use super::handlers::variables_of;
use super::outbox::Outbox;
use super::renew::{Renewal, Standing, renew};
use super::times::{Closed, Question, Term};
use super::words;
use crate::config::model::HostId;
use crate::eval::{Bound, Context, Evaluator, Flag, LeaseFacts, execute_handler};
use crate::lease::{Account, Lease};
use crate::options::{OptionSet, codes};

/// The variable that holds a client's vendor class.
const VENDOR_CLASS: &str = "vendor-class-identifier";

/// What is asked for a client.
pub(super) struct Grant<'g, 'x> {
    pub(super) exchange: &'g Exchange<'x>,
    pub(super) candidate: Candidate,
    /// The declaration that a BOOTP client was already found under.
    pub(super) host: Option<HostId>,
    /// A declaration matched the client, for permits and `known`.
    pub(super) known: bool,
    pub(super) answer: Answer,
    /// The log line about the request, which a suffix may follow.
    pub(super) prefix: String,
    /// What the lease is billed to, once that is known.
    pub(super) account: Option<Account>,
}

impl Engine {
    /// Gives the lease to the client, or says why not.
    pub(super) fn grant(&mut self, mut grant: Grant<'_, '_>, outbox: &mut Outbox) {
        if self.parked.holds(grant.candidate.lease.address) {
            return;
        }
        grant.find_host();
        let exchange = grant.exchange;
        // The declaration found just now goes into the lease later: statements do not see its name yet.
        let facts = exchange.facts(&grant.candidate.lease, grant.candidate.is_static());
        let mut context = exchange.context(Some(facts), grant.known);
        if !grant.forgets_variables() {
            context.put_variables(variables_of(&grant.candidate.lease));
        }
        let mut set = OptionSet::new();
        exchange.execute_for_lease(&grant.candidate, &context, &mut set);
        self.release_others(&grant, &context.over(&set), outbox);
        let refusal = grant.is_too_early(&context.over(&set));
        if let Some(line) = refusal {
            outbox.collect(&context);
            return outbox.info(line);
        }
        if let Some(host) = grant.host {
            let until = exchange.inner_scope(&grant.candidate);
            exchange.execute_host(host, until, &context, &mut set);
        }
        outbox.collect(&context);
        if let Some(refusal) = grant.refusal(&context.over(&set)) {
            return refusal.into_iter().for_each(|line| outbox.info(line));
        }
        match self.bill(&grant) {
            Ok(account) => grant.account = account,
            Err(line) => return outbox.info(line),
        }
        match self.decide_term(&grant, &context, &set, outbox) {
            Ok(term) => {
                note_vendor_class(exchange, &context);
                if grant.answer.commits() {
                    context.lease = Some(grant.facts_then(term));
                    run_commit(&context, &mut set);
                    outbox.collect(&context);
                }
                self.commit(&grant, term, &context, set, outbox);
            }
            Err(Closed) => {
                let scope = exchange.subnet_scope(grant.candidate.subnet);
                self.nak(
                    exchange,
                    grant.candidate.lease.address,
                    scope,
                    grant.known,
                    outbox,
                );
            }
        }
    }

    fn decide_term(
        &mut self,
        grant: &Grant<'_, '_>,
        context: &Context<'_>,
        set: &OptionSet<'_>,
        outbox: &mut Outbox,
    ) -> Result<Term, Closed> {
        let pool = grant.candidate.pool();
        let question = Question {
            exchange: grant.exchange,
            values: context.over(set),
            lease: &grant.candidate.lease,
            pool: pool.map(|pool| (pool, self.table.tally(pool))),
        };
        if grant.answer == Answer::Bootp {
            return Ok(question.bootp_term());
        }
        let term = question.term(outbox);
        if grant.answer == Answer::Ack {
            let address = grant.candidate.lease.address;
            let found = self.table.find(address);
            let network = found.map_or("", |found| grant.exchange.network_name(found.network));
            self.watermark.check(&question, network, outbox);
        }
        term
    }

    /// Stores the lease as it is now and answers.
    fn commit(
        &mut self,
        grant: &Grant<'_, '_>,
        mut term: Term,
        context: &Context<'_>,
        set: OptionSet<'_>,
        outbox: &mut Outbox,
    ) {
        let Renewal { lease, standing } = renew(grant, term, &context.over(&set), outbox);
        let before = &grant.candidate.lease;
        let reused = standing == Standing::Reused;
        if reused {
            term.expiry = before.ends;
        }
        let stored = match grant.candidate.is_static() {
            true => lease,
            false if reused => self.touch(lease),
            false => self.keep(lease, grant.answer.commits(), outbox),
        };
        // A lease that is reused may have been written a moment ago and not be on disk yet.
        let needs_durable = grant.answer.commits() && !grant.candidate.is_static();
        let Some(draft) = self.answer(grant, &stored, term, needs_durable, set, outbox) else {
            return;
        };
        let same_client = standing != Standing::OtherClient;
        match self.ping_pause(grant, same_client, &draft) {
            Some(pause) => self.park(
                stored.address,
                grant.exchange.now.after(pause),
                draft,
                outbox,
            ),
            None => draft.send(outbox),
        }
    }

    /// Puts a lease into the table, and into the journal if it must last.
    fn keep(&mut self, lease: Lease, lasting: bool, outbox: &mut Outbox) -> Lease {
        let format = self.world.id_format();
        let stored = match self.table.store(lease.clone()) {
            Some(stored) => stored,
            None => &lease,
        };
        if lasting {
            crate::lease::write_lease(&mut outbox.journal, stored, format);
        }
        stored.clone()
    }

    /// Notes in memory what the client said with a request that changes nothing.
    fn touch(&mut self, lease: Lease) -> Lease {
        let stored = self.table.move_on(lease.clone()).cloned();
        stored.unwrap_or(lease)
    }

    /// `one-lease-per-client`: a client that asks for a lease gives up all others, on all networks.
    fn release_others(
        &mut self,
        grant: &Grant<'_, '_>,
        values: &Evaluator<'_>,
        outbox: &mut Outbox,
    ) {
        if grant.answer != Answer::Ack || !values.is_on(codes::ONE_LEASE_PER_CLIENT, Flag::Deny) {
            return;
        }
        let lease = &grant.candidate.lease;
        let mut held: Vec<Ipv4Addr> = Vec::new();
        if let Some(uid) = lease.uid.as_deref().filter(|uid| !uid.is_empty()) {
            held.extend(self.table.held_by_uid(uid));
        }
        if lease.uid.is_none() || grant.denies_duplicates(values) {
            let hardware = lease.hardware.as_ref();
            held.extend(hardware.map_or_else(Vec::new, |it| self.table.held_by_hardware(it)));
        }
        for address in held.into_iter().filter(|address| *address != lease.address) {
            self.release(grant.exchange, address, outbox);
        }
    }
}

/// Puts the client's vendor class among the variables of its lease: behind those that statements have set, before those of
/// `on commit`.
fn note_vendor_class(exchange: &Exchange<'_>, context: &Context<'_>) {
    let class = exchange.request.vendor_class();
    if let Some(class) = class.filter(|class| !class.is_empty()) {
        let mut variables = context.take_variables();
        variables.set(VENDOR_CLASS, Some(Bound::Data(class.to_vec().into())));
        context.put_variables(variables);
    }
}

/// Does what `on commit` asks for.
pub(super) fn run_commit<'x>(context: &Context<'_>, set: &mut OptionSet<'x>) {
    if let Some(Some(handler)) = context.handlers().commit {
        execute_handler(&handler.body, context, set);
    }
}

impl<'x> Grant<'_, 'x> {
    /// A declaration without an address adds its options to whatever lease the client gets.
    fn find_host(&mut self) {
        let exchange = self.exchange;
        self.host = (self.host.or(self.candidate.lease.host))
            .or_else(|| exchange.addressless(exchange.hosts_by_uid()))
            .or_else(|| exchange.addressless(exchange.hosts_by_hardware()))
            .or_else(|| exchange.addressless(exchange.hosts_by_option()));
    }

    /// What will be known about the lease once the client has it.
    fn facts_then(&self, term: Term) -> LeaseFacts<'x> {
        let (lease, is_static) = (&self.candidate.lease, self.candidate.is_static());
        let mut facts = self.exchange.facts_under(self.host, lease, is_static);
        facts.ends = Time::from_seconds(i64::from(term.expiry));
        facts
    }

    /// `min-secs`: another server is to answer first. The line says so.
    fn is_too_early(&self, values: &Evaluator<'_>) -> Option<String> {
        if self.answer != Answer::Offer {
            return None;
        }
        let secs = self.exchange.request.view.header().secs;
        let wanted = values.uint8(codes::MIN_SECS)?;
        (secs < u16::from(wanted)).then(|| words::too_early(&self.prefix, wanted, secs))
    }

    /// Only a declaration that goes by hardware address can say so.
    fn denies_duplicates(&self, values: &Evaluator<'_>) -> bool {
        let host = self
            .candidate
            .lease
            .host
            .and_then(|id| self.exchange.host(id));
        let by_hardware = host.is_some_and(|host| host.uid.is_none());
        by_hardware && !values.is_on(codes::DUPLICATES, Flag::Allow)
    }

    /// Why the client gets nothing: outer `None` if it may, inner `None` if nothing is said about it.
    fn refusal(&self, values: &Evaluator<'_>) -> Option<Option<String>> {
        let is_bootp = self.answer == Answer::Bootp;
        let rules = [
            (
                self.host.is_none(),
                codes::BOOT_UNKNOWN_CLIENTS,
                words::unknown_client as fn(&str) -> String,
            ),
            (is_bootp, codes::ALLOW_BOOTP, words::bootp_disallowed),
            (true, codes::ALLOW_BOOTING, words::booting_disallowed),
        ];
        let broken = rules.into_iter().find_map(|(applies, id, line)| {
            let flag = values.flag(id).filter(|_| applies)?;
            (flag != Flag::Allow).then_some((flag, line))
        });
        broken.map(|(flag, line)| (flag == Flag::Deny).then(|| line(&self.prefix)))
    }
}
