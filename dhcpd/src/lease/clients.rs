//! Leases by a key that clients choose: client identifier or hardware address.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasher, BuildHasherDefault, Hash, Hasher, RandomState};
use std::net::Ipv4Addr;

use super::record::Lease;
use super::records::Records;
use super::states::State;
use crate::config::model::PoolId;

/// Finds the leases of a client, the one it would rather have back first.
///
/// Clients are told apart by a keyed hash, so that none can aim at another's place; whoever asks compares the key itself.
/// Nearly all clients have one lease, so that its address is enough. One client may come to own any number: the best one of a
/// pool must be found without walking the others.
#[derive(Debug)]
pub(super) struct Clients {
    hasher: RandomState,
    /// What a lease has to do with a client that it is found by.
    holding: fn(&Lease) -> Holding,
    /// The lease of each client that has one.
    single: HashMap<u64, u32, BuildHasherDefault<Hashed>>,
    /// The leases of all others.
    crowds: HashMap<u64, BTreeSet<Entry>, BuildHasherDefault<Hashed>>,
}

/// A hasher for what is a keyed hash already.
#[derive(Clone, Copy, Debug, Default)]
struct Hashed(u64);

impl Hasher for Hashed {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0 << 8 | u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// The original puts a lease among those of its client by what the lease was before: renewed ones by the end they had,
/// others by when their client was heard before, the latest first. A new lease therefore comes last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
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
    /// Of clients that go by client identifier.
    pub(super) fn by_uid() -> Self {
        Self::by(holding_of)
    }

    /// Of clients that go by hardware address.
    pub(super) fn by_hardware() -> Self {
        Self::by(hardware_holding_of)
    }

    fn by(holding: fn(&Lease) -> Holding) -> Self {
        Self {
            hasher: RandomState::new(),
            holding,
            single: HashMap::default(),
            crowds: HashMap::default(),
        }
    }

    /// Adds a lease under its key.
    pub(super) fn insert(&mut self, key: impl Hash, pool: PoolId, lease: &Lease, known: &Records) {
        let key = self.hasher.hash_one(key);
        let entry = self.entry(pool, lease);
        if let Some(crowd) = self.crowds.get_mut(&key) {
            crowd.insert(entry);
            return;
        }
        let Some(other) = self.single.insert(key, entry.address) else {
            return;
        };
        let other = self.known_entry(other, known);
        self.single.remove(&key);
        let crowd = other.into_iter().chain([entry]).collect();
        self.crowds.insert(key, crowd);
    }

    /// Removes what `insert` added; the lease must be as it was then.
    pub(super) fn remove(&mut self, key: impl Hash, pool: PoolId, lease: &Lease) {
        let key = self.hasher.hash_one(key);
        if self.single.get(&key) == Some(&lease.address.to_bits()) {
            self.single.remove(&key);
            return;
        }
        let entry = self.entry(pool, lease);
        if let Some(crowd) = self.crowds.get_mut(&key) {
            crowd.remove(&entry);
            if crowd.is_empty() {
                self.crowds.remove(&key);
            }
        }
    }

    /// Leases of the client in some pools, the best first, as far as they have to be looked at one by one: of each pool at
    /// most one that it has and one that it had.
    pub(super) fn best(&self, key: impl Hash, pools: &[PoolId], known: &Records) -> Vec<Ipv4Addr> {
        let key = self.hasher.hash_one(key);
        let head = |holding, pool| self.held_by(key, holding, pool, known).next();
        let heads = |pool: &PoolId| {
            let pool = *pool;
            [Holding::Held, Holding::Past].map(|holding| head(holding, pool))
        };
        let mut found: Vec<Entry> = pools.iter().flat_map(heads).flatten().collect();
        found.sort_unstable_by_key(|entry| entry.place);
        found.into_iter().map(address_of).collect()
    }

    /// All leases of one pool that the client holds, the best first; as [`best`](Self::best) without those of somebody with an
    /// identifier.
    pub(super) fn held_in(&self, key: impl Hash, pool: PoolId, known: &Records) -> Vec<Ipv4Addr> {
        let key = self.hasher.hash_one(key);
        let held = self.held_by(key, Holding::Held, pool, known);
        held.map(address_of).collect()
    }

    /// All leases of the client, the best first.
    pub(super) fn all(&self, key: impl Hash, known: &Records) -> Vec<Ipv4Addr> {
        let key = self.hasher.hash_one(key);
        let from = self.from(key, lowest(Holding::Held, 0), known);
        let mut all: Vec<Entry> = from.collect();
        all.sort_unstable_by_key(|entry| entry.place);
        all.into_iter().map(address_of).collect()
    }

    /// The leases that the client holds, on all networks.
    pub(super) fn held(&self, key: impl Hash, known: &Records) -> Vec<Ipv4Addr> {
        let key = self.hasher.hash_one(key);
        let of_kind = |holding| {
            let entries = self.from(key, lowest(holding, 0), known);
            entries.take_while(move |entry| entry.holding == holding)
        };
        let held = of_kind(Holding::Held).chain(of_kind(Holding::Identified));
        held.map(address_of).collect()
    }

    /// Leases of one pool that have the same to do with the client, the best first.
    fn held_by(
        &self,
        key: u64,
        holding: Holding,
        pool: PoolId,
        known: &Records,
    ) -> impl Iterator<Item = Entry> {
        let from = self.from(key, lowest(holding, pool.0), known);
        from.take_while(move |entry| entry.holding == holding && entry.pool == pool.0)
    }

    /// Leases of the client that do not sort before `least`, in order.
    fn from(&self, key: u64, least: Entry, known: &Records) -> impl Iterator<Item = Entry> {
        let single = self.single.get(&key);
        let single = single.and_then(|address| self.known_entry(*address, known));
        let crowd = self.crowds.get(&key).into_iter();
        let crowd = crowd.flat_map(move |crowd| crowd.range(least..)).copied();
        single
            .filter(|entry| *entry >= least)
            .into_iter()
            .chain(crowd)
    }

    fn known_entry(&self, address: u32, known: &Records) -> Option<Entry> {
        let lease = known.get(Ipv4Addr::from_bits(address))?;
        Some(self.entry(known.pool_of(lease.address)?, lease))
    }

    fn entry(&self, pool: PoolId, lease: &Lease) -> Entry {
        Entry {
            holding: (self.holding)(lease),
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

/// What sorts before every entry of a holding and pool.
fn lowest(holding: Holding, pool: u32) -> Entry {
    let place = Place {
        rank: Rank::Active,
        time: Reverse(u32::MAX),
        order: i64::MIN,
    };
    Entry {
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

    /// Leases 10.0.POOL.LAST, and one index of them.
    struct Bench {
        known: Records,
        clients: Clients,
    }

    impl Bench {
        fn new(clients: Clients) -> Self {
            let mut known = Records::default();
            for pool in 0..8 {
                let first = Ipv4Addr::from([10, 0, pool, 0]).to_bits();
                known.add_range(first, first + 255, PoolId(pool.into()));
            }
            Self { known, clients }
        }

        fn add(&mut self, key: &[u8], lease: Lease) {
            let pool = self.known.pool_of(lease.address).unwrap();
            self.known.replace(lease.clone());
            self.clients.insert(key, pool, &lease, &self.known);
        }

        fn remove(&mut self, key: &[u8], lease: &Lease) {
            let pool = self.known.pool_of(lease.address).unwrap();
            self.clients.remove(key, pool, lease);
        }

        fn best(&self, key: &[u8], pools: &[u32]) -> Vec<u8> {
            let pools: Vec<PoolId> = pools.iter().copied().map(PoolId).collect();
            lasts(&self.clients.best(key, &pools, &self.known))
        }

        fn held(&self, key: &[u8]) -> Vec<u8> {
            lasts(&self.clients.held(key, &self.known))
        }
    }

    fn lease([pool, last]: [u8; 2], state: State, ends: u32, cltt: u32) -> Lease {
        let mut lease = Lease::fresh(Ipv4Addr::new(10, 0, pool, last));
        (lease.state, lease.ends, lease.cltt) = (state, ends, cltt);
        lease.place = Place::of(&lease, i64::from(last));
        lease
    }

    fn lasts(found: &[Ipv4Addr]) -> Vec<u8> {
        found.iter().map(|address| address.octets()[3]).collect()
    }

    #[test]
    fn of_each_pool_the_best_that_a_client_has_and_had_is_looked_at() {
        let mut bench = Bench::new(Clients::by_uid());
        bench.add(b"me", lease([0, 1], State::Free, 0, 50));
        bench.add(b"me", lease([1, 2], State::Active, 100, 1));
        bench.add(b"me", lease([0, 3], State::Active, 200, 1));
        bench.add(b"me", lease([0, 4], State::Free, 900, 20));
        bench.add(b"other", lease([0, 5], State::Active, 900, 90));
        assert_eq!(bench.best(b"me", &[0, 1]), [3, 2, 1]);
        assert_eq!(bench.best(b"me", &[1]), [2]);
        assert_eq!(bench.best(b"other", &[0, 1]), [5]);
        assert_eq!(bench.best(b"other", &[1]), []);
    }

    #[test]
    fn what_a_client_holds_is_found_on_all_networks() {
        let mut bench = Bench::new(Clients::by_uid());
        let gone = lease([7, 1], State::Active, 5, 0);
        bench.add(b"me", gone.clone());
        assert_eq!(bench.held(b"me"), [1]);
        bench.add(b"me", lease([3, 2], State::Active, 9, 0));
        bench.add(b"me", lease([3, 3], State::Free, 9, 0));
        assert_eq!(bench.held(b"me"), [2, 1]);
        bench.remove(b"me", &gone);
        assert_eq!(bench.held(b"me"), [2]);
    }

    #[test]
    fn a_client_that_has_lost_its_only_lease_has_none() {
        let mut bench = Bench::new(Clients::by_uid());
        let only = lease([0, 1], State::Active, 5, 0);
        bench.add(b"me", only.clone());
        bench.remove(b"me", &lease([0, 2], State::Active, 5, 0));
        assert_eq!(bench.held(b"me"), [1]);
        bench.remove(b"me", &only);
        assert_eq!(bench.held(b"me"), []);
    }

    #[test]
    fn a_lease_held_under_a_client_identifier_is_not_given_back_by_hardware_address() {
        let mut bench = Bench::new(Clients::by_hardware());
        let mut identified = lease([0, 1], State::Active, 5, 0);
        identified.uid = Some(Box::from(*b"x"));
        bench.add(b"hw", identified);
        assert_eq!(bench.best(b"hw", &[0]), []);
        bench.add(b"hw", lease([0, 2], State::Active, 4, 0));
        assert_eq!(bench.best(b"hw", &[0]), [2]);
        assert_eq!(bench.held(b"hw"), [2, 1]);
    }
}
