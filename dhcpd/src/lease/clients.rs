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
    /// Where a lease stands in the list of its client.
    place: fn(&Lease) -> i64,
    /// The highest place so far.
    last: i64,
    /// The lease of each client that has one.
    single: HashMap<Key, u32, BuildHasherDefault<Hashed>>,
    /// The leases of all others.
    crowds: HashMap<u64, BTreeSet<Entry>, BuildHasherDefault<Hashed>>,
}

/// The keyed hash of a client, in halves: an entry with its address takes twelve bytes and not sixteen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Key {
    high: u32,
    low: u32,
}

impl Key {
    fn of(hash: u64) -> Self {
        let half = |bits: u64| u32::try_from(bits).unwrap_or(u32::MAX);
        Self {
            high: half(hash >> 32),
            low: half(hash & u64::from(u32::MAX)),
        }
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(u64::from(self.high) << 32 | u64::from(self.low));
    }
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

/// A lease of a client. The original keeps the leases of a client in a list: see [`Clients::place_for`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    holding: Holding,
    pool: u32,
    place: i64,
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

/// Where a lease stands in the lists of its client, the first lowest: in that of its client identifier, and in that of its
/// hardware address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Places {
    pub(super) uid: i64,
    pub(super) hardware: i64,
}

/// How near a lease is to its client; the nearest is the least. Those that are as near are told apart by their end if they
/// are held, and else by when their client was heard, the latest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Nearness {
    rank: Rank,
    time: Reverse<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Active,
    Parting,
    Free,
    Abandoned,
}

impl Nearness {
    /// Of a lease that nobody ever had.
    const FRESH: Self = Self {
        rank: Rank::Free,
        time: Reverse(0),
    };

    pub(super) fn of(lease: &Lease) -> Self {
        let (rank, time) = match lease.state {
            State::Active => (Rank::Active, lease.ends),
            State::Expired | State::Released => (Rank::Parting, lease.cltt),
            State::Free | State::Backup | State::Reset => (Rank::Free, lease.cltt),
            State::Abandoned => (Rank::Abandoned, lease.cltt),
        };
        Self {
            rank,
            time: Reverse(time),
        }
    }

    /// Of the lease of an address as it is known.
    pub(super) fn known(address: Ipv4Addr, known: &Records) -> Self {
        known.get(address).map_or(Self::FRESH, Self::of)
    }
}

impl Places {
    /// Of a lease that is read at the start, the `index`-th one: then all lists are in order, and of leases that are as near the one
    /// read last comes first.
    pub(super) fn at_start(nearness: Nearness, index: u32) -> Self {
        const INDEX_BITS: u32 = 29;
        const TIME_BITS: u32 = 32;
        let Reverse(time) = nearness.time;
        let rank = match nearness.rank {
            Rank::Active => 0_i64,
            Rank::Parting => 1,
            Rank::Free => 2,
            Rank::Abandoned => 3,
        } << (TIME_BITS + INDEX_BITS);
        let time = i64::from(u32::MAX - time) << INDEX_BITS;
        let index = (1_i64 << INDEX_BITS)
            .saturating_sub(i64::from(index))
            .max(0);
        // Below all that come later, which begin at 0.
        let place = i64::MIN + rank + time + index;
        Self {
            uid: place,
            hardware: place,
        }
    }
}

/// Between the places of two leases that come one behind the other: room for others between them.
const GAP: i64 = 1 << 20;
/// So many leases of a client are looked at for a place; with more, a new one goes behind all others.
const WALK: usize = 32;

impl Clients {
    /// Of clients that go by client identifier.
    pub(super) fn by_uid() -> Self {
        Self::by(holding_of, |lease| lease.places.uid)
    }

    /// Of clients that go by hardware address.
    pub(super) fn by_hardware() -> Self {
        Self::by(hardware_holding_of, |lease| lease.places.hardware)
    }

    fn by(holding: fn(&Lease) -> Holding, place: fn(&Lease) -> i64) -> Self {
        Self {
            hasher: RandomState::new(),
            holding,
            place,
            last: 0,
            single: HashMap::default(),
            crowds: HashMap::default(),
        }
    }

    /// A place for the lease of `address` in the list of its client: before the first other one that is no nearer to the
    /// client than it is. Leases change without moving in the list, so the list need not be in order.
    pub(super) fn place_for(&mut self, key: impl Hash, address: Ipv4Addr, known: &Records) -> i64 {
        self.last = self.last.saturating_add(GAP);
        let from = self.from(self.hasher.hash_one(key), lowest(Holding::Held, 0), known);
        let others = from.filter(|entry| entry.address != address.to_bits());
        let mut others: Vec<Entry> = others.take(WALK + 1).collect();
        others.sort_unstable_by_key(|entry| entry.place);
        let nearness = Nearness::known(address, known);
        let is_further = |entry: &Entry| nearness <= Nearness::known(address_of(*entry), known);
        let place_at = |index: usize| others.get(index).map(|entry| entry.place);
        let index = others.iter().position(is_further);
        let after = index.and_then(place_at);
        let Some(after) = after.filter(|_| others.len() <= WALK) else {
            return self.last;
        };
        let before = index.and_then(|index| place_at(index.checked_sub(1)?));
        before.map_or_else(|| after.saturating_sub(GAP), |it| between(it, after))
    }

    /// Adds a lease under its key.
    pub(super) fn insert(&mut self, key: impl Hash, pool: PoolId, lease: &Lease, known: &Records) {
        let key = self.hasher.hash_one(key);
        let entry = self.entry(pool, lease);
        if let Some(crowd) = self.crowds.get_mut(&key) {
            crowd.insert(entry);
            return;
        }
        let Some(other) = self.single.insert(Key::of(key), entry.address) else {
            return;
        };
        let other = self.known_entry(other, known);
        self.single.remove(&Key::of(key));
        let crowd = other.into_iter().chain([entry]).collect();
        self.crowds.insert(key, crowd);
    }

    /// Removes what `insert` added; the lease must be as it was then.
    pub(super) fn remove(&mut self, key: impl Hash, pool: PoolId, lease: &Lease) {
        let key = self.hasher.hash_one(key);
        if self.single.get(&Key::of(key)) == Some(&lease.address.to_bits()) {
            self.single.remove(&Key::of(key));
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
        if !self.single.contains_key(&Key::of(key)) && !self.crowds.contains_key(&key) {
            return Vec::new();
        }
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
        let single = self.single.get(&Key::of(key));
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
            place: (self.place)(lease),
            address: lease.address.to_bits(),
        }
    }
}

/// Half way from one place to a higher one.
fn between(before: i64, after: i64) -> i64 {
    let distance = before.abs_diff(after) / 2;
    before.saturating_add_unsigned(distance)
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
    Entry {
        holding,
        pool,
        place: i64::MIN,
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
        lease.places = Places::at_start(Nearness::of(&lease), u32::from(last));
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

    #[test]
    fn a_lease_takes_its_place_by_what_the_others_are_by_now() {
        let mut bench = Bench::new(Clients::by_uid());
        let place = |bench: &mut Bench, last| {
            let address = Ipv4Addr::new(10, 0, 0, last);
            bench
                .clients
                .place_for(b"me".as_slice(), address, &bench.known)
        };
        let mut first = lease([0, 1], State::Active, 9, 9);
        first.places.uid = place(&mut bench, 1);
        bench.add(b"me", first.clone());
        // Nobody ever had it, so it goes behind what is held.
        assert!(place(&mut bench, 2) > first.places.uid);
        let mut third = lease([0, 3], State::Active, 10, 0);
        bench.known.replace(third.clone());
        third.places.uid = place(&mut bench, 3);
        assert!(third.places.uid < first.places.uid);
        bench.add(b"me", third.clone());
        // What is free by now lets go before it what is held.
        third.state = State::Free;
        bench.known.replace(third.clone());
        let again = place(&mut bench, 1);
        assert!(again < third.places.uid);
    }

    #[test]
    fn what_is_read_at_the_start_stands_in_order_before_what_comes_later() {
        let place = |state, time, index| {
            let lease = lease([0, 1], state, time, time);
            Places::at_start(Nearness::of(&lease), index).uid
        };
        let places = [
            place(State::Active, u32::MAX, 9),
            place(State::Active, 5, 9),
            place(State::Active, 5, 8),
            place(State::Free, 7, 8),
            place(State::Abandoned, 0, 0),
            0,
        ];
        assert!(places.is_sorted(), "{places:?}");
    }
}
