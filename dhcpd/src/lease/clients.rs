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

/// Preference of the original: active leases by their end, all others by when their client was last heard, the latest
/// first, of equal ones the newest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    key: u64,
    rank: Rank,
    pool: u32,
    time: Reverse<u32>,
    order: i64,
    address: u32,
}

/// How near a lease is to its client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Active,
    Parting,
    Free,
    Abandoned,
    /// Found by hardware address, but somebody with a client identifier has it.
    Identified,
}

/// Ranks that a client may be given back, from the best to the worst.
const RETURNING: [Rank; 4] = [Rank::Active, Rank::Parting, Rank::Free, Rank::Abandoned];

impl Clients {
    /// Adds a lease under its client identifier.
    pub(super) fn insert_uid(&mut self, uid: &[u8], pool: PoolId, lease: &Lease) {
        let entry = self.entry(uid, rank_of(lease), pool, lease);
        self.entries.insert(entry);
    }

    /// Removes what `insert_uid` added; the lease must be as it was then.
    pub(super) fn remove_uid(&mut self, uid: &[u8], pool: PoolId, lease: &Lease) {
        let entry = self.entry(uid, rank_of(lease), pool, lease);
        self.entries.remove(&entry);
    }

    /// Adds a lease under its hardware address.
    pub(super) fn insert_hardware(&mut self, key: &[u8], pool: PoolId, lease: &Lease) {
        let entry = self.entry(key, hardware_rank_of(lease), pool, lease);
        self.entries.insert(entry);
    }

    /// Removes what `insert_hardware` added; the lease must be as it was then.
    pub(super) fn remove_hardware(&mut self, key: &[u8], pool: PoolId, lease: &Lease) {
        let entry = self.entry(key, hardware_rank_of(lease), pool, lease);
        self.entries.remove(&entry);
    }

    /// Leases of the client in some pools, the best first, as far as they have to be looked at one by one: at most one for
    /// each pool and rank.
    pub(super) fn best(&self, key: &[u8], pools: &[PoolId]) -> Vec<Ipv4Addr> {
        let key = self.hasher.hash_one(key);
        let heads = |rank| {
            pools
                .iter()
                .filter_map(move |pool| self.head(key, rank, *pool))
        };
        let mut found: Vec<Entry> = RETURNING.into_iter().flat_map(heads).collect();
        found.sort_unstable_by_key(|entry| (entry.rank, entry.time, entry.order));
        found.into_iter().map(address_of).collect()
    }

    /// The leases that the client holds, on all networks.
    pub(super) fn held(&self, key: &[u8]) -> Vec<Ipv4Addr> {
        let key = self.hasher.hash_one(key);
        let of_rank = |rank| {
            let from = lowest(key, rank, 0);
            let entries = self.entries.range(from..);
            entries.take_while(move |entry| entry.key == key && entry.rank == rank)
        };
        let held = of_rank(Rank::Active).chain(of_rank(Rank::Identified));
        held.copied().map(address_of).collect()
    }

    fn head(&self, key: u64, rank: Rank, pool: PoolId) -> Option<Entry> {
        let next = self.entries.range(lowest(key, rank, pool.0)..).next()?;
        let ours = next.key == key && next.rank == rank && next.pool == pool.0;
        ours.then_some(*next)
    }

    fn entry(&self, key: &[u8], rank: Rank, pool: PoolId, lease: &Lease) -> Entry {
        let time = match lease.state {
            State::Active => lease.ends,
            _ => lease.cltt,
        };
        Entry {
            key: self.hasher.hash_one(key),
            rank,
            pool: pool.0,
            time: Reverse(time),
            order: lease.order,
            address: lease.address.to_bits(),
        }
    }
}

fn rank_of(lease: &Lease) -> Rank {
    match lease.state {
        State::Active => Rank::Active,
        State::Expired | State::Released => Rank::Parting,
        State::Free | State::Backup | State::Reset => Rank::Free,
        State::Abandoned => Rank::Abandoned,
    }
}

/// By its hardware address a client gets back only what is free or what has no client identifier; what has its own it is
/// found by that.
fn hardware_rank_of(lease: &Lease) -> Rank {
    if lease.uid.is_some() && !lease.state.is_free() {
        return Rank::Identified;
    }
    rank_of(lease)
}

/// What sorts before every entry of a key, rank and pool.
fn lowest(key: u64, rank: Rank, pool: u32) -> Entry {
    Entry {
        key,
        rank,
        pool,
        time: Reverse(u32::MAX),
        order: i64::MIN,
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
        lease
    }

    fn lasts(found: &[Ipv4Addr]) -> Vec<u8> {
        found.iter().map(|address| address.octets()[3]).collect()
    }

    #[test]
    fn the_active_lease_that_ends_last_is_preferred_then_the_latest_used() {
        let mut clients = Clients::default();
        let (first, second) = (PoolId(0), PoolId(1));
        clients.insert_uid(b"me", first, &lease(1, State::Free, 0, 50));
        clients.insert_uid(b"me", second, &lease(2, State::Active, 100, 1));
        clients.insert_uid(b"me", first, &lease(3, State::Active, 200, 1));
        clients.insert_uid(b"me", first, &lease(4, State::Abandoned, 900, 90));
        clients.insert_uid(b"other", first, &lease(5, State::Active, 900, 90));
        assert_eq!(lasts(&clients.best(b"me", &[first, second])), [3, 2, 1, 4]);
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
