//! Leases by a key that clients choose: client identifier or hardware address.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::hash::{BuildHasher, RandomState};
use std::net::Ipv4Addr;

use super::record::Lease;
use super::states::State;
use crate::config::model::PoolId;

/// Finds the leases of a client, the one it would rather have back first.
///
/// The tree is ordered by a keyed hash, so that a client cannot aim at another's place in it; whoever asks compares the
/// key itself. Pool and state are part of the order because one client may come to own any number of leases: the best one
/// of a pool must be found without walking the others.
#[derive(Debug, Default)]
pub(super) struct Clients {
    hasher: RandomState,
    entries: BTreeSet<Entry>,
}

/// The original puts a lease among those of its client by what the lease was before: renewed ones by the end they had,
/// others by when their client was heard before, the latest first. A new lease therefore comes last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    key: u64,
    holding: Holding,
    pool: u32,
    place: Place,
    address: u32,
}

/// What the client has to do with a lease now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Holding {
    /// It has it.
    Held,
    /// It had it.
    Past,
    /// Found by hardware address, but somebody with a client identifier has it.
    Identified,
}

/// Where a lease stands among those of its client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    rank: Rank,
    time: Reverse<u32>,
    order: i64,
}

/// How near a lease was to its client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Active,
    Parting,
    Free,
    Abandoned,
}

impl Place {
    /// Of a lease that nobody ever had.
    pub(super) const FRESH: Self = Self {
        rank: Rank::Free,
        time: Reverse(0),
        order: 0,
    };

    /// By what a lease is; of equal ones the lower order comes first.
    pub(super) fn of(lease: &Lease, order: i64) -> Self {
        let (rank, time) = match lease.state {
            State::Active => (Rank::Active, lease.ends),
            State::Expired | State::Released => (Rank::Parting, lease.cltt),
            State::Free | State::Backup | State::Reset => (Rank::Free, lease.cltt),
            State::Abandoned => (Rank::Abandoned, lease.cltt),
        };
        Self {
            rank,
            time: Reverse(time),
            order,
        }
    }
}

impl Clients {
    /// Adds a lease under its client identifier.
    pub(super) fn insert_uid(&mut self, uid: &[u8], pool: PoolId, lease: &Lease) {
        let entry = self.entry(uid, holding_of(lease), pool, lease);
        self.entries.insert(entry);
    }

    /// Removes what `insert_uid` added; the lease must be as it was then.
    pub(super) fn remove_uid(&mut self, uid: &[u8], pool: PoolId, lease: &Lease) {
        let entry = self.entry(uid, holding_of(lease), pool, lease);
        self.entries.remove(&entry);
    }

    /// Adds a lease under its hardware address.
    pub(super) fn insert_hardware(&mut self, key: &[u8], pool: PoolId, lease: &Lease) {
        let entry = self.entry(key, hardware_holding_of(lease), pool, lease);
        self.entries.insert(entry);
    }

    /// Removes what `insert_hardware` added; the lease must be as it was then.
    pub(super) fn remove_hardware(&mut self, key: &[u8], pool: PoolId, lease: &Lease) {
        let entry = self.entry(key, hardware_holding_of(lease), pool, lease);
        self.entries.remove(&entry);
    }

    /// Leases of the client in some pools, the best first, as far as they have to be looked at one by one: of each pool at
    /// most one that it has and one that it had.
    pub(super) fn best(&self, key: &[u8], pools: &[PoolId]) -> Vec<Ipv4Addr> {
        let key = self.hasher.hash_one(key);
        let heads = |pool: &PoolId| {
            let pool = *pool;
            let both = [Holding::Held, Holding::Past].into_iter();
            both.filter_map(move |holding| self.head(key, holding, pool))
        };
        let mut found: Vec<Entry> = pools.iter().flat_map(heads).collect();
        found.sort_unstable_by_key(|entry| entry.place);
        found.into_iter().map(address_of).collect()
    }

    /// All leases of one pool that the client holds, the best first; as [`best`](Self::best) without those of somebody with an
    /// identifier.
    pub(super) fn held_in(&self, key: &[u8], pool: PoolId) -> Vec<Ipv4Addr> {
        let key = self.hasher.hash_one(key);
        let from = self.entries.range(lowest(key, Holding::Held, pool.0)..);
        let of_pool = from.take_while(|entry| {
            entry.key == key && entry.holding == Holding::Held && entry.pool == pool.0
        });
        of_pool.copied().map(address_of).collect()
    }

    /// All leases of the client, the best first.
    pub(super) fn all(&self, key: &[u8]) -> Vec<Ipv4Addr> {
        let key = self.hasher.hash_one(key);
        let from = self.entries.range(lowest(key, Holding::Held, 0)..);
        let mut all: Vec<Entry> = from.take_while(|entry| entry.key == key).copied().collect();
        all.sort_unstable_by_key(|entry| entry.place);
        all.into_iter().map(address_of).collect()
    }

    /// The leases that the client holds, on all networks.
    pub(super) fn held(&self, key: &[u8]) -> Vec<Ipv4Addr> {
        let key = self.hasher.hash_one(key);
        let of_kind = |holding| {
            let entries = self.entries.range(lowest(key, holding, 0)..);
            entries.take_while(move |entry| entry.key == key && entry.holding == holding)
        };
        let held = of_kind(Holding::Held).chain(of_kind(Holding::Identified));
        held.copied().map(address_of).collect()
    }

    fn head(&self, key: u64, holding: Holding, pool: PoolId) -> Option<Entry> {
        let next = self.entries.range(lowest(key, holding, pool.0)..).next()?;
        let ours = next.key == key && next.holding == holding && next.pool == pool.0;
        ours.then_some(*next)
    }

    fn entry(&self, key: &[u8], holding: Holding, pool: PoolId, lease: &Lease) -> Entry {
        Entry {
            key: self.hasher.hash_one(key),
            holding,
            pool: pool.0,
            place: lease.place,
            address: lease.address.to_bits(),
        }
    }
}

fn holding_of(lease: &Lease) -> Holding {
    match lease.state.is_in_use() {
        true => Holding::Held,
        false => Holding::Past,
    }
}

/// By its hardware address a client gets back only what is free or what has no client identifier; what has its own it is
/// found by that.
fn hardware_holding_of(lease: &Lease) -> Holding {
    if lease.uid.is_some() && !lease.state.is_free() {
        return Holding::Identified;
    }
    holding_of(lease)
}

/// What sorts before every entry of a key, holding and pool.
fn lowest(key: u64, holding: Holding, pool: u32) -> Entry {
    let place = Place {
        rank: Rank::Active,
        time: Reverse(u32::MAX),
        order: i64::MIN,
    };
    Entry {
        key,
        holding,
        pool,
        place,
        address: 0,
    }
}

fn address_of(entry: Entry) -> Ipv4Addr {
    Ipv4Addr::from_bits(entry.address)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lease(last: u8, state: State, ends: u32, cltt: u32) -> Lease {
        let mut lease = Lease::fresh(Ipv4Addr::new(10, 0, 0, last));
        (lease.state, lease.ends, lease.cltt) = (state, ends, cltt);
        lease.place = Place::of(&lease, i64::from(last));
        lease
    }

    fn lasts(found: &[Ipv4Addr]) -> Vec<u8> {
        found.iter().map(|address| address.octets()[3]).collect()
    }

    #[test]
    fn of_each_pool_the_best_that_a_client_has_and_had_is_looked_at() {
        let mut clients = Clients::default();
        let (first, second) = (PoolId(0), PoolId(1));
        clients.insert_uid(b"me", first, &lease(1, State::Free, 0, 50));
        clients.insert_uid(b"me", second, &lease(2, State::Active, 100, 1));
        clients.insert_uid(b"me", first, &lease(3, State::Active, 200, 1));
        clients.insert_uid(b"me", first, &lease(4, State::Free, 900, 20));
        clients.insert_uid(b"other", first, &lease(5, State::Active, 900, 90));
        assert_eq!(lasts(&clients.best(b"me", &[first, second])), [3, 2, 1]);
        assert_eq!(lasts(&clients.best(b"me", &[second])), [2]);
    }

    #[test]
    fn what_a_client_holds_is_found_on_all_networks() {
        let mut clients = Clients::default();
        clients.insert_uid(b"me", PoolId(7), &lease(1, State::Active, 5, 0));
        clients.insert_uid(b"me", PoolId(3), &lease(2, State::Active, 9, 0));
        clients.insert_uid(b"me", PoolId(3), &lease(3, State::Free, 9, 0));
        assert_eq!(lasts(&clients.held(b"me")), [2, 1]);
        clients.remove_uid(b"me", PoolId(7), &lease(1, State::Active, 5, 0));
        assert_eq!(lasts(&clients.held(b"me")), [2]);
    }

    #[test]
    fn a_lease_held_under_a_client_identifier_is_not_given_back_by_hardware_address() {
        let mut clients = Clients::default();
        let mut identified = lease(1, State::Active, 5, 0);
        identified.uid = Some(Box::from(*b"x"));
        clients.insert_hardware(b"hw", PoolId(0), &identified);
        clients.insert_hardware(b"hw", PoolId(0), &lease(2, State::Active, 4, 0));
        assert_eq!(lasts(&clients.best(b"hw", &[PoolId(0)])), [2]);
        assert_eq!(lasts(&clients.held(b"hw")), [2, 1]);
    }
}
