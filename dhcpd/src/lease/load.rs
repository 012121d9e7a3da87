//! From leases read to a table that gives addresses out in the order in which the original would.

use std::collections::HashMap;
use std::net::Ipv4Addr;

use common::log::Line;

use super::clients::{Nearness, Places};
use super::fresh::BUCKETS;
use super::record::{Account, Lease};
use super::states::State;
use super::table::{Table, writing_rank};
use super::words;
use crate::config::model::{Class, Config, PoolId};

/// Work that can be done while other work is.
pub type Job<'t> = Box<dyn FnOnce() + Send + 't>;

/// Collects leases while they are read: of several records for an address the last counts.
#[derive(Debug)]
pub struct Load<'c> {
    table: Table,
    budget: Budget<'c>,
    /// What to log about the leases taken so far.
    pub lines: Vec<Line>,
    /// Where there are leases.
    steps: Vec<Step>,
}

impl<'c> Load<'c> {
    /// Nothing read yet, for the pools of a configuration.
    #[must_use]
    pub fn new(config: &'c Config) -> Self {
        Self {
            table: Table::new(config),
            budget: Budget::new(config),
            lines: Vec::new(),
            steps: Vec::new(),
        }
    }

    /// Takes a lease; false if its address is in no range, so that it is dropped.
    pub fn accept(&mut self, mut lease: Lease) -> bool {
        if self.table.pool_of(lease.address).is_none() {
            return false;
        }
        self.drop_unknown_account(&mut lease);
        let address = lease.address;
        if self.table.stow(lease).is_none() {
            self.steps.push(Step::of(address));
        }
        true
    }

    /// Nobody counts what is billed to a class that is not declared any more.
    fn drop_unknown_account(&mut self, lease: &mut Lease) {
        let is_unknown = |it: &mut Account| !self.budget.classes.contains_key(&*it.class);
        let rare = lease.rare.as_mut();
        if let Some(account) = rare.and_then(|rare| rare.billing.take_if(is_unknown)) {
            self.lines
                .push(words::plain(words::unknown_class(&account.class)));
            lease.drop_empty_rare();
        }
    }

    /// The table of everything read.
    #[must_use]
    pub fn finish(self) -> Table {
        self.finish_by(|jobs| jobs.into_iter().for_each(|job| job()))
    }

    /// As [`finish`](Self::finish); `run` does the jobs in which most of the work lies.
    #[must_use]
    pub fn finish_by(mut self, run: impl FnOnce([Job<'_>; 3])) -> Table {
        let mut row = Row::default();
        let mut count = 0_u32;
        let mut previous = None;
        self.steps.sort_unstable();
        for address in self.steps.iter().map(|step| step.address()) {
            if previous.is_some_and(|it| self.table.address_behind(it) != Some(address)) {
                row.interrupt();
            }
            previous = Some(address);
            self.table.prepare(address, |pool, lease| {
                retire_backup(lease);
                self.budget.bill(lease);
                lease.order = row.place(pool, lease);
                lease.places = Places::at_start(Nearness::of(lease), count);
            });
            count = count.saturating_add(1);
        }
        self.table.continue_order_below(row.run);
        self.table.admit_all(run);
        order_fresh(&mut self.table, &self.steps);
        self.table
    }
}

/// A place on the original's walk through its table of leases: by bucket, within it the highest address first. One number,
/// since a million of them are sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Step(u64);

impl Step {
    fn of(address: Ipv4Addr) -> Self {
        let bits = address.to_bits();
        Self(u64::from(bits % BUCKETS) << 32 | u64::from(!bits))
    }

    fn address(self) -> Ipv4Addr {
        let bits = self.0 & u64::from(u32::MAX);
        Ipv4Addr::from_bits(!u32::try_from(bits).unwrap_or(0))
    }
}

/// What may be billed to classes, and what is so far.
#[derive(Debug)]
struct Budget<'c> {
    /// Classes that leases can be billed to, by name.
    classes: HashMap<&'c str, &'c Class>,
    /// How many leases each account is billed for.
    billed: HashMap<Account, u32>,
}

impl<'c> Budget<'c> {
    fn new(config: &'c Config) -> Self {
        let classes = config.classes.iter();
        Self {
            classes: classes.map(|class| (&*class.name, class)).collect(),
            billed: HashMap::new(),
        }
    }

    /// Bills a lease to its account, if the lease is not free and the account has room.
    fn bill(&mut self, lease: &mut Lease) {
        let Some(account) = lease.rare.as_mut().and_then(|rare| rare.billing.take()) else {
            return;
        };
        let limit = self.limit_of(&account);
        let count = self.billed.entry(account.clone()).or_default();
        if *count < limit && !lease.state.is_free() {
            *count += 1;
            lease.rare.get_or_insert_default().billing = Some(account);
        }
        lease.drop_empty_rare();
    }

    /// How many leases may be billed to an account.
    fn limit_of(&self, account: &Account) -> u32 {
        let class = self.classes.get(&*account.class);
        let value = account.value.as_deref();
        class.map_or(0, |class| {
            let subclass = value.and_then(|value| class.subclasses.get(value));
            subclass.map_or(class.limit, |subclass| subclass.limit)
        })
    }
}

/// Orders the addresses that were never leased: each time the walk comes to them from an address of another list, one of those
/// in `leased` or of another pool, they go before those that were put there earlier. Pools whose intervals share buckets are
/// taken one interval after the other.
fn order_fresh(table: &mut Table, leased: &[Step]) {
    let step_of = |start: u32| Step::of(Ipv4Addr::from_bits(start));
    let mut fresh = table.fresh_starts();
    fresh.sort_unstable_by_key(|(_, start)| step_of(*start));
    let mut leased = leased.iter().peekable();
    let mut block = 0;
    let mut last = None;
    for (pool, start) in fresh {
        while leased.next_if(|step| **step < step_of(start)).is_some() {
            last = None;
        }
        if last != Some(pool) {
            block -= 1;
        }
        last = Some(pool);
        table.set_fresh_block(pool, start, block);
    }
}

/// Without a failover peer nobody gives out what was set aside for it.
fn retire_backup(lease: &mut Lease) {
    if lease.state == State::Backup {
        (lease.state, lease.next, lease.rewind) = (State::Free, State::Free, State::Free);
    }
}

/// Where the original's sorted lists put leases with the same end while it starts: behind the one put there just before if
/// that went to the same list, otherwise before all of them.
#[derive(Debug, Default)]
struct Row {
    run: i64,
    order: i64,
    last: Option<(PoolId, u8, u32)>,
}

/// More than there can be leases in a run.
const RUN: i64 = 1 << 32;

impl Row {
    /// An address that was never leased went to its own list in between.
    fn interrupt(&mut self) {
        self.last = None;
    }

    fn place(&mut self, pool: PoolId, lease: &Lease) -> i64 {
        let here = (pool, writing_rank(lease), lease.ends);
        if self.last == Some(here) {
            self.order = self.order.saturating_add(1);
        } else {
            self.run = self.run.saturating_sub(RUN);
            self.order = self.run;
        }
        self.last = Some(here);
        self.order
    }
}
