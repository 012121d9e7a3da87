//! All leases of a server: found by address, by client, and by what is free next. Every step is logarithmic in the number
//! of leases, and independent of the number of addresses.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::Ipv4Addr;

use common::net::HardwareAddress;

use super::clients::{Clients, Key};
use super::fresh::Fresh;
use super::load::Job;
use super::record::{Account, Lease};
use super::records::{Records, Slot};
use super::states::State;
use crate::config::model::{Config, NetworkId, PoolId};

/// The leases of all pools.
#[derive(Debug)]
pub struct Table {
    records: Records,
    pools: Vec<Pool>,
    by_uid: Clients,
    by_hardware: Clients,
    /// How many active leases each class or subclass is billed for.
    accounts: HashMap<Account, u32>,
    /// Leases that become something else when they end.
    ending: Queue,
    /// Falls with every lease stored: of leases with the same end the newest comes first.
    order: i64,
}

/// Leases by their end.
type Queue = BTreeSet<Turn>;

/// Where a lease stands in a queue: end, order and address in one number. Of equal ends the lower order comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Turn(u128);

impl Turn {
    fn of(lease: &Lease) -> Self {
        // With its sign turned, an order compares as it should without one.
        let order = u64::from_ne_bytes(lease.order.to_ne_bytes()) ^ 1 << 63;
        Self(
            u128::from(lease.ends) << 96
                | u128::from(order) << 32
                | u128::from(lease.address.to_bits()),
        )
    }

    fn ends(self) -> u32 {
        u32::try_from(self.0 >> 96).unwrap_or(u32::MAX)
    }

    fn address(self) -> Ipv4Addr {
        let bits = self.0 & u128::from(u32::MAX);
        Ipv4Addr::from_bits(u32::try_from(bits).unwrap_or(u32::MAX))
    }
}

#[derive(Debug)]
struct Pool {
    network: NetworkId,
    total: u64,
    fresh: Fresh,
    free: Queue,
    abandoned: Queue,
}

/// A lease and where it belongs. An address that nobody ever had yields a lease made on the spot.
#[derive(Clone, Debug)]
pub struct Found<'a> {
    /// The pool of its address.
    pub pool: PoolId,
    /// The link of that pool.
    pub network: NetworkId,
    /// What is known about it.
    pub lease: Cow<'a, Lease>,
}

/// How full a pool is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tally {
    /// Addresses that it has.
    pub total: u64,
    /// Addresses that nobody holds; one that is only offered counts as free.
    pub free: u64,
}

impl Tally {
    /// Addresses that somebody holds, or that nobody may have.
    #[must_use]
    pub fn used(self) -> u64 {
        self.total.saturating_sub(self.free)
    }

    /// So many percent of all addresses.
    #[must_use]
    pub fn percent(self, percent: u8) -> u64 {
        self.total.saturating_mul(u64::from(percent)) / 100
    }
}

impl Table {
    /// The leases of a server that has not given out any address yet.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        let mut table = Self {
            records: Records::default(),
            pools: Vec::new(),
            by_uid: Clients::by_uid(),
            by_hardware: Clients::by_hardware(),
            accounts: HashMap::new(),
            ending: Queue::new(),
            order: 0,
        };
        for (id, pool) in (0..).map(PoolId).zip(&config.pools) {
            let mut fresh = Fresh::default();
            for (first, last) in &pool.ranges {
                let (first, last) = (first.to_bits(), last.to_bits());
                fresh.add_range(first, last);
                table.records.add_range(first, last, id);
            }
            table.pools.push(Pool {
                network: pool.network,
                total: fresh.len(),
                fresh,
                free: Queue::new(),
                abandoned: Queue::new(),
            });
        }
        table
    }

    /// The lease of an address; `None` if it is in no range.
    #[must_use]
    pub fn find(&self, address: Ipv4Addr) -> Option<Found<'_>> {
        let pool = self.pool_of(address)?;
        let network = self.pool(pool)?.network;
        let lease = match self.records.get(address) {
            Some(lease) => Cow::Borrowed(lease),
            None => Cow::Owned(Lease::fresh(address)),
        };
        Some(Found {
            pool,
            network,
            lease,
        })
    }

    /// Leases under a client identifier in some pools, the best first: of each pool those that are worth a look.
    #[must_use]
    pub fn of_uid(&self, uid: &[u8], pools: &[PoolId]) -> Vec<Found<'_>> {
        let same = |found: &Found<'_>| found.lease.uid.as_deref() == Some(uid);
        self.known(
            self.by_uid.best(Key::of_uid(uid), pools, &self.records),
            same,
        )
    }

    /// Leases under a hardware address in some pools, as [`of_uid`](Self::of_uid), without those that somebody holds under
    /// a client identifier.
    #[must_use]
    pub fn of_hardware(&self, hardware: &HardwareAddress, pools: &[PoolId]) -> Vec<Found<'_>> {
        let same = |found: &Found<'_>| found.lease.hardware.as_ref() == Some(hardware);
        self.known(
            self.by_hardware
                .best(Key::of_hardware(hardware), pools, &self.records),
            same,
        )
    }

    /// All leases of a pool that are held under a client identifier, the best first.
    #[must_use]
    pub fn held_in_by_uid(&self, uid: &[u8], pool: PoolId) -> Vec<Found<'_>> {
        let same = |found: &Found<'_>| found.lease.uid.as_deref() == Some(uid);
        self.known(
            self.by_uid.held_in(Key::of_uid(uid), pool, &self.records),
            same,
        )
    }

    /// All leases of a pool that are held under a hardware address, the best first, without those that somebody holds under
    /// a client identifier.
    #[must_use]
    pub fn held_in_by_hardware(&self, hardware: &HardwareAddress, pool: PoolId) -> Vec<Found<'_>> {
        let same = |found: &Found<'_>| found.lease.hardware.as_ref() == Some(hardware);
        self.known(
            self.by_hardware
                .held_in(Key::of_hardware(hardware), pool, &self.records),
            same,
        )
    }

    /// All leases under a client identifier, the best first. Walks them all: a client may own any number.
    #[must_use]
    pub fn all_of_uid(&self, uid: &[u8]) -> Vec<Found<'_>> {
        let same = |found: &Found<'_>| found.lease.uid.as_deref() == Some(uid);
        self.known(self.by_uid.all(Key::of_uid(uid), &self.records), same)
    }

    /// All leases under a hardware address, as [`all_of_uid`](Self::all_of_uid).
    #[must_use]
    pub fn all_of_hardware(&self, hardware: &HardwareAddress) -> Vec<Found<'_>> {
        let same = |found: &Found<'_>| found.lease.hardware.as_ref() == Some(hardware);
        self.known(
            self.by_hardware
                .all(Key::of_hardware(hardware), &self.records),
            same,
        )
    }

    /// Addresses that are held under a client identifier, on all networks.
    #[must_use]
    pub fn held_by_uid(&self, uid: &[u8]) -> Vec<Ipv4Addr> {
        let mut held = self.by_uid.held(Key::of_uid(uid), &self.records);
        held.retain(|address| self.is_held(*address, |lease| lease.uid.as_deref() == Some(uid)));
        held
    }

    /// Addresses that are held under a hardware address, on all networks.
    #[must_use]
    pub fn held_by_hardware(&self, hardware: &HardwareAddress) -> Vec<Ipv4Addr> {
        let mut held = self
            .by_hardware
            .held(Key::of_hardware(hardware), &self.records);
        held.retain(|address| {
            self.is_held(*address, |lease| lease.hardware.as_ref() == Some(hardware))
        });
        held
    }

    /// The lease that a pool would give a new client: fresh ones first, then the one that ended longest ago; when none is
    /// left, the abandoned one that ends first.
    #[must_use]
    pub fn candidate(&self, pool: PoolId) -> Option<Found<'_>> {
        let queues = self.pool(pool)?;
        let of_queue = |queue: &Queue| queue.first().map(|turn| turn.address());
        let address = (queues.fresh.first().map(Ipv4Addr::from_bits))
            .or_else(|| of_queue(&queues.free))
            .or_else(|| of_queue(&queues.abandoned))?;
        self.find(address)
    }

    /// Puts a lease in place of what was known about its address, moves it to its next state and returns it. A lease
    /// outside every range is dropped.
    pub fn store(&mut self, mut lease: Lease) -> Option<&Lease> {
        let known = &self.records;
        if lease.uid.is_some() {
            lease.places.uid = self.by_uid.place_for(&lease, known);
        }
        if lease.hardware.is_some() {
            lease.places.hardware = self.by_hardware.place_for(&lease, known);
        }
        self.move_on(lease)
    }

    /// As [`store`](Self::store) for a lease that stays its client's, or stops being so by itself.
    pub fn move_on(&mut self, mut lease: Lease) -> Option<&Lease> {
        lease.settle();
        self.order = self.order.saturating_sub(1);
        lease.order = self.order;
        self.place(lease)
    }

    /// Replaces what is known about a lease that neither moves to another state nor loses its place among others.
    pub fn amend(&mut self, lease: Lease) {
        self.place(lease);
    }

    /// A lease whose time has come, to be moved on; `None` when there is none left.
    #[must_use]
    pub fn due(&self, now: u32) -> Option<Lease> {
        let turn = self.ending.first().filter(|turn| turn.ends() <= now)?;
        self.records.get(turn.address()).cloned()
    }

    /// How many leases are billed to an account.
    #[must_use]
    pub fn billed(&self, account: &Account) -> u32 {
        self.accounts.get(account).copied().unwrap_or(0)
    }

    /// When the next lease ends.
    #[must_use]
    pub fn next_end(&self) -> Option<u32> {
        self.ending.first().map(|turn| turn.ends())
    }

    /// How full a pool is.
    #[must_use]
    pub fn tally(&self, pool: PoolId) -> Tally {
        let Some(pool) = self.pool(pool) else {
            return Tally { total: 0, free: 0 };
        };
        let used = u64::try_from(pool.free.len()).unwrap_or(u64::MAX);
        Tally {
            total: pool.total,
            free: pool.fresh.len().saturating_add(used),
        }
    }

    /// The leases that a rewrite of the file keeps, in the original's order: by network, the one declared last first, by
    /// pool, by state, by end.
    pub fn kept(&self) -> impl Iterator<Item = &Lease> {
        self.in_written_order(self.records.all())
    }

    /// As [`kept`](Self::kept), of the next `count` addresses from `first` on that have a lease; and where the rest begins.
    #[must_use]
    pub fn kept_from(&self, first: u32, count: usize) -> (Vec<&Lease>, Option<u32>) {
        let mut rest = self.records.from(first);
        let kept = self.in_written_order(rest.by_ref().take(count));
        let kept = kept.collect();
        (kept, rest.next().map(|lease| lease.address.to_bits()))
    }

    /// Sorts turns and not leases: a million of them would be fetched from everywhere, again and again.
    fn in_written_order<'a>(
        &'a self,
        leases: impl Iterator<Item = &'a Lease>,
    ) -> impl Iterator<Item = &'a Lease> {
        let mut lists: BTreeMap<_, Vec<Turn>> = BTreeMap::new();
        for lease in leases.filter(|lease| lease.is_worth_keeping()) {
            if let Some(id) = self.pool_of(lease.address) {
                let network = self.pool(id).map_or(0, |pool| pool.network.0);
                let list = (Reverse(network), id.0, writing_rank(lease));
                lists.entry(list).or_default().push(Turn::of(lease));
            }
        }
        let turns = lists.into_values().flat_map(|mut list| {
            list.sort_unstable();
            list
        });
        turns.filter_map(|turn| self.records.get(turn.address()))
    }

    /// The pool that an address is in.
    #[must_use]
    pub fn pool_of(&self, address: Ipv4Addr) -> Option<PoolId> {
        self.records.pool_of(address)
    }

    /// The next higher address that is in any range.
    pub(super) fn address_behind(&self, address: Ipv4Addr) -> Option<Ipv4Addr> {
        self.records.address_behind(address)
    }

    /// Puts a lease whose order is set where it belongs.
    pub(super) fn place(&mut self, lease: Lease) -> Option<&Lease> {
        let address = lease.address;
        let pool = self.pool_of(address)?;
        let old = self.records.replace(lease);
        let slot = self.records.slot_of(address)?;
        match old {
            Some(old) => self.unlink(pool, slot, &old),
            None => self.take_fresh(pool, address.to_bits()),
        }
        self.link(pool, slot);
        self.records.at(slot)
    }

    /// Keeps a lease that was read, to be admitted when all are there; returns what was kept for its address before.
    pub(super) fn stow(&mut self, lease: Lease) -> Option<Lease> {
        self.records.replace(lease)
    }

    /// Makes a lease that was stowed ready to be admitted.
    pub(super) fn prepare(&mut self, address: Ipv4Addr, ready: impl FnOnce(PoolId, &mut Lease)) {
        let (pool, slot) = (self.pool_of(address), self.records.slot_of(address));
        let lease = slot.and_then(|slot| self.records.at_mut(slot));
        if let (Some(pool), Some(lease)) = (pool, lease) {
            ready(pool, lease);
        }
    }

    /// Gives all leases that were stowed their places, in three jobs that do not touch each other's parts of the table.
    pub(super) fn admit_all(&mut self, run: impl FnOnce([Job<'_>; 3])) {
        let known = &self.records;
        let (by_uid, by_hardware) = (&mut self.by_uid, &mut self.by_hardware);
        let (pools, ending, accounts) = (&mut self.pools, &mut self.ending, &mut self.accounts);
        run([
            Box::new(|| by_uid.insert_all(known)),
            Box::new(|| by_hardware.insert_all(known)),
            Box::new(|| {
                *accounts = count_accounts(known);
                *ending = queue_all(pools, known);
            }),
        ]);
    }

    /// Makes later stores come before everything placed so far.
    pub(super) fn continue_order_below(&mut self, order: i64) {
        self.order = order;
    }

    /// Where intervals of fresh addresses begin, with their pools.
    pub(super) fn fresh_starts(&self) -> Vec<(PoolId, u32)> {
        let pools = (0..).map(PoolId).zip(&self.pools);
        pools
            .flat_map(|(id, pool)| pool.fresh.starts().map(move |start| (id, start)))
            .collect()
    }

    /// Puts the interval of fresh addresses that begins at `start` into a block; of two blocks the lower is given out first.
    pub(super) fn set_fresh_block(&mut self, pool: PoolId, start: u32, block: i64) {
        if let Some(pool) = pool_mut(&mut self.pools, pool) {
            pool.fresh.set_block(start, block);
        }
    }

    fn take_fresh(&mut self, pool: PoolId, address: u32) {
        if let Some(pool) = pool_mut(&mut self.pools, pool) {
            pool.fresh.take(address);
        }
    }

    fn link(&mut self, pool: PoolId, slot: Slot) {
        self.index(slot);
        let Some(lease) = self.records.at(slot) else {
            return;
        };
        if let (Some(list), Some(pool)) = (List::of(lease), pool_mut(&mut self.pools, pool)) {
            pool.queue(list).insert(Turn::of(lease));
        }
        if lease.ends_by_itself() {
            self.ending.insert(Turn::of(lease));
        }
    }

    /// Counts a lease, and lets it be found by its client.
    fn index(&mut self, slot: Slot) {
        if let Some(account) = self.records.at(slot).and_then(account_of) {
            *self.accounts.entry(account.clone()).or_default() += 1;
        }
        self.by_uid.insert(slot, &self.records);
        self.by_hardware.insert(slot, &self.records);
    }

    fn unlink(&mut self, pool: PoolId, slot: Slot, lease: &Lease) {
        if let Some(account) = account_of(lease) {
            self.take_from(account);
        }
        self.by_uid.remove(pool, slot, lease);
        self.by_hardware.remove(pool, slot, lease);
        if let (Some(list), Some(pool)) = (List::of(lease), pool_mut(&mut self.pools, pool)) {
            pool.queue(list).remove(&Turn::of(lease));
        }
        if lease.ends_by_itself() {
            self.ending.remove(&Turn::of(lease));
        }
    }

    fn take_from(&mut self, account: &Account) {
        let Some(count) = self.accounts.get_mut(account) else {
            return;
        };
        *count = count.saturating_sub(1);
        if *count == 0 {
            self.accounts.remove(account);
        }
    }

    /// Leases of addresses that an index gave, without those of a client that only hashes alike.
    fn known(
        &self,
        addresses: Vec<Ipv4Addr>,
        is_same: impl Fn(&Found<'_>) -> bool,
    ) -> Vec<Found<'_>> {
        let found = addresses
            .into_iter()
            .filter_map(|address| self.find(address));
        found.filter(is_same).collect()
    }

    fn is_held(&self, address: Ipv4Addr, by: impl Fn(&Lease) -> bool) -> bool {
        let lease = self.records.get(address);
        lease.is_some_and(|lease| lease.state.is_in_use() && by(lease))
    }

    fn pool(&self, id: PoolId) -> Option<&Pool> {
        self.pools.get(usize::try_from(id.0).ok()?)
    }
}

impl Pool {
    fn queue(&mut self, list: List) -> &mut Queue {
        match list {
            List::Free => &mut self.free,
            List::Abandoned => &mut self.abandoned,
        }
    }
}

/// The queues of a pool in which leases wait to be given to somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum List {
    Free,
    Abandoned,
}

impl List {
    fn of(lease: &Lease) -> Option<Self> {
        match lease.state {
            State::Free | State::Backup if !lease.reserved => Some(Self::Free),
            State::Abandoned => Some(Self::Abandoned),
            _ => None,
        }
    }
}

fn pool_mut(pools: &mut [Pool], id: PoolId) -> Option<&mut Pool> {
    pools.get_mut(usize::try_from(id.0).ok()?)
}

/// How many leases each account is billed for.
fn count_accounts(known: &Records) -> HashMap<Account, u32> {
    let mut accounts = HashMap::new();
    for account in known.all().filter_map(account_of) {
        *accounts.entry(account.clone()).or_default() += 1;
    }
    accounts
}

/// Fills the queues of the pools, and gives that of the leases that end by themselves. They are made as wholes: built lease by
/// lease they would take longer, and more room.
fn queue_all(pools: &mut [Pool], known: &Records) -> Queue {
    for pool in &mut *pools {
        pool.fresh
            .take_all(|first, last| known.addresses(first, last));
    }
    let mut ending = Vec::new();
    let mut waiting: BTreeMap<_, Vec<Turn>> = BTreeMap::new();
    for lease in known.all() {
        if let Some((pool, list)) = known.pool_of(lease.address).zip(List::of(lease)) {
            let turns = waiting.entry((pool.0, list)).or_default();
            turns.push(Turn::of(lease));
        }
        if lease.ends_by_itself() {
            ending.push(Turn::of(lease));
        }
    }
    for ((pool, list), turns) in waiting {
        if let Some(pool) = pool_mut(pools, PoolId(pool)) {
            *pool.queue(list) = Queue::from_iter(turns);
        }
    }
    Queue::from_iter(ending)
}

/// Only a lease that somebody has counts.
fn account_of(lease: &Lease) -> Option<&Account> {
    let rare = lease.rare.as_ref()?;
    rare.billing
        .as_ref()
        .filter(|_| lease.state == State::Active)
}

/// The original's lists in the order in which it writes them.
pub(super) fn writing_rank(lease: &Lease) -> u8 {
    match lease.state {
        State::Free | State::Backup if lease.reserved => 5,
        State::Free => 0,
        State::Active => 1,
        State::Expired | State::Released | State::Reset => 2,
        State::Abandoned => 3,
        State::Backup => 4,
    }
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
