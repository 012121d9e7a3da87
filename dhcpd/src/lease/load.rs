//! From leases read to a table that gives addresses out in the order in which the original would.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::clients::Place;
use super::fresh::BUCKETS;
use super::record::Lease;
use super::states::State;
use super::table::Table;
use crate::config::model::{Config, PoolId};

/// Collects leases while they are read: of several records for an address the last counts.
#[derive(Debug)]
pub struct Load {
    table: Table,
    /// In the order in which the original walks its table of leases.
    leases: BTreeMap<(u32, Reverse<u32>), Lease>,
}

impl Load {
    /// Nothing read yet, for the pools of a configuration.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        Self {
            table: Table::new(config),
            leases: BTreeMap::new(),
        }
    }

    /// Takes a lease; false if its address is in no range, so that it is dropped.
    pub fn accept(&mut self, lease: Lease) -> bool {
        if self.table.pool_of(lease.address).is_none() {
            return false;
        }
        let bits = lease.address.to_bits();
        self.leases.insert((bits % BUCKETS, Reverse(bits)), lease);
        true
    }

    /// The table of everything read.
    #[must_use]
    pub fn finish(mut self) -> Table {
        let mut line = Line::default();
        let mut age = 0;
        let mut previous = None;
        for mut lease in self.leases.into_values() {
            let Some(pool) = self.table.pool_of(lease.address) else {
                continue;
            };
            retire_backup(&mut lease);
            if previous.is_some_and(|it| self.table.address_behind(it) != Some(lease.address)) {
                line.interrupt();
            }
            previous = Some(lease.address);
            lease.order = line.place(pool, &lease);
            age -= 1;
            lease.place = Place::of(&lease, age);
            self.table.place(lease);
        }
        self.table.continue_order_below(line.run);
        self.table
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
struct Line {
    run: i64,
    order: i64,
    last: Option<(PoolId, State, u32)>,
}

/// More than there can be leases in a run.
const RUN: i64 = 1 << 32;

impl Line {
    /// An address that was never leased went to its own list in between.
    fn interrupt(&mut self) {
        self.last = None;
    }

    fn place(&mut self, pool: PoolId, lease: &Lease) -> i64 {
        let here = (pool, lease.state, lease.ends);
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
